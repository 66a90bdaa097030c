-- policies/discussions.sql: what is said in a course is read and written by its staff and by those whose enrollment is live.

CALL app.raise_wall('announcement');
-- By its staff at any time, by the others from its moment on.
CREATE POLICY announcement_read ON announcement FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM course c WHERE c.tenant_id = announcement.tenant_id AND c.id = announcement.course_id AND c.deleted_at IS NULL)
    AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses())
         OR (publish_at <= now() AND course_id IN (SELECT app.live_courses()))));
CREATE POLICY announcement_add ON announcement FOR INSERT TO lectern_app WITH CHECK (
    author_id = (SELECT app.user_id())
    AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses()))));
CREATE POLICY announcement_change ON announcement FOR UPDATE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY announcement_remove ON announcement FOR DELETE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY definer_read ON announcement FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_tell ON announcement FOR UPDATE TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, course_id, author_id, title, body, publish_at, told_at, created_at, updated_at),
    INSERT (tenant_id, id, course_id, author_id, title, body, publish_at), UPDATE (title, body, publish_at), DELETE ON announcement TO lectern_app;
GRANT SELECT, UPDATE (told_at) ON announcement TO lectern_definer;

CALL app.raise_wall('thread', searched => true);
-- A lesson's with the lesson: of one that is locked, nobody but the staff.
CREATE POLICY thread_read ON thread FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM course c WHERE c.tenant_id = thread.tenant_id AND c.id = thread.course_id AND c.deleted_at IS NULL)
    AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses())
         OR (course_id IN (SELECT app.live_courses())
             AND CASE WHEN lesson_id IS NULL THEN true
                      ELSE EXISTS (SELECT FROM lesson l WHERE l.tenant_id = thread.tenant_id AND l.id = thread.lesson_id) AND app.is_lesson_open(lesson_id) END)));
CREATE POLICY thread_add ON thread FOR INSERT TO lectern_app WITH CHECK (
    author_id = (SELECT app.user_id())
    AND ((SELECT app.can('ENROLLMENT_SELF')) OR (SELECT app.can('COURSE_UPDATE')) OR (SELECT app.can('COURSE_UPDATE_ALL')))
    AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses())
         OR (course_id IN (SELECT app.live_courses()) AND CASE WHEN lesson_id IS NULL THEN true ELSE app.is_lesson_open(lesson_id) END)));
-- By its author; pinned, closed and answered by the staff, too. Which of them may write which column is app.check_thread_change's.
CREATE POLICY thread_change ON thread FOR UPDATE TO lectern_app USING (
    author_id = (SELECT app.user_id()) OR (SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses()));
CREATE POLICY thread_remove ON thread FOR DELETE TO lectern_app USING (
    author_id = (SELECT app.user_id())
    OR ((SELECT app.can('DISCUSSION_MODERATE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses()))));
CREATE POLICY definer_read ON thread FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_count ON thread FOR UPDATE TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, course_id, lesson_id, author_id, title, body, is_pinned, is_closed, answer_id, post_count, last_post_at, listed_at, created_at),
    INSERT (tenant_id, id, course_id, lesson_id, author_id, title, body), UPDATE (title, body, is_pinned, is_closed, answer_id), DELETE ON thread TO lectern_app;
GRANT SELECT, UPDATE (post_count, last_post_at, answer_id) ON thread TO lectern_definer;

CALL app.raise_wall('post');
-- With its thread.
CREATE POLICY post_read ON post FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM thread t WHERE t.tenant_id = post.tenant_id AND t.id = post.thread_id));
CREATE POLICY post_add ON post FOR INSERT TO lectern_app WITH CHECK (
    author_id = (SELECT app.user_id())
    AND ((SELECT app.can('ENROLLMENT_SELF')) OR (SELECT app.can('COURSE_UPDATE')) OR (SELECT app.can('COURSE_UPDATE_ALL')))
    AND is_staff = app.is_staff_of(course_id)
    AND EXISTS (SELECT FROM thread t WHERE t.tenant_id = post.tenant_id AND t.id = post.thread_id));
-- Its author writes it anew, or takes its words away; a moderator only the latter.
CREATE POLICY post_change ON post FOR UPDATE TO lectern_app USING (
    author_id = (SELECT app.user_id())
    OR ((SELECT app.can('DISCUSSION_MODERATE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses()))))
    WITH CHECK (author_id = (SELECT app.user_id()) OR body IS NULL);
CREATE POLICY definer_read ON post FOR SELECT TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, id, course_id, thread_id, author_id, body, is_staff), UPDATE (body, edited_at, deleted_at) ON post TO lectern_app;
GRANT SELECT ON post TO lectern_definer;

CALL app.raise_wall('course_review');
-- With the course.
CREATE POLICY course_review_read ON course_review FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM course c WHERE c.tenant_id = course_review.tenant_id AND c.id = course_review.course_id AND c.deleted_at IS NULL));
CREATE POLICY course_review_add ON course_review FOR INSERT TO lectern_app WITH CHECK (
    user_id = (SELECT app.user_id()) AND (SELECT app.can('ENROLLMENT_SELF')) AND app.has_completed(course_id));
CREATE POLICY course_review_change ON course_review FOR UPDATE TO lectern_app USING (user_id = (SELECT app.user_id()) AND (SELECT app.can('ENROLLMENT_SELF')));
CREATE POLICY course_review_remove ON course_review FOR DELETE TO lectern_app USING (
    (user_id = (SELECT app.user_id()) AND (SELECT app.can('ENROLLMENT_SELF'))) OR (SELECT app.can('COURSE_UPDATE_ALL')));
CREATE POLICY definer_read ON course_review FOR SELECT TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, id, course_id, user_id, rating, text), UPDATE (rating, text), DELETE ON course_review TO lectern_app;
GRANT SELECT ON course_review TO lectern_definer;
