-- policies/courses.sql: which courses and sections an actor may see and change, and who teaches them.

CALL app.raise_wall('course', searched => true);
-- A published course is seen by the whole school; one that is private by those who are or were enrolled in it and by ENROLLMENT_READ_ALL; a draft, as
-- everything else, by its staff: owner, co-instructors, COURSE_UPDATE_ALL. The owner is asked for by the row itself, because a function does not see a
-- row that is being inserted.
-- A deleted course is gone for all, except inside the very transaction that deletes it (an UPDATE that is to be
-- reported must still be able to read its row).
CREATE POLICY course_read ON course FOR SELECT TO lectern_app USING (
    (deleted_at IS NULL OR deleted_at = now())
    AND ((status <> 'DRAFT' AND NOT is_private) OR instructor_id = (SELECT app.user_id()) OR (SELECT app.can('COURSE_UPDATE_ALL'))
         OR (status <> 'DRAFT' AND (SELECT app.can('ENROLLMENT_READ_ALL')))
         OR (status <> 'DRAFT' AND id IN (SELECT app.enrolled_courses()))
         OR id IN (SELECT app.taught_courses())));
-- One's own, unless one may edit every course.
CREATE POLICY course_create ON course FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('COURSE_CREATE')) AND status = 'DRAFT'
    AND (instructor_id = (SELECT app.user_id()) OR (SELECT app.can('COURSE_UPDATE_ALL'))));
-- Who deletes it is its owner; who changes it may be a co-instructor, but course_owner keeps them from changing the owner.
CREATE POLICY course_change ON course FOR UPDATE TO lectern_app USING (
    deleted_at IS NULL
    AND ((SELECT app.can('COURSE_UPDATE_ALL'))
         OR (instructor_id = (SELECT app.user_id()) AND ((SELECT app.can('COURSE_UPDATE')) OR (SELECT app.can('COURSE_DELETE'))))
         OR ((SELECT app.can('COURSE_UPDATE')) AND id IN (SELECT app.taught_courses()))))
    WITH CHECK ((SELECT app.can('COURSE_UPDATE_ALL')) OR instructor_id = (SELECT app.user_id())
                OR (deleted_at IS NULL AND id IN (SELECT app.taught_courses())));
CREATE POLICY definer_read ON course FOR SELECT TO lectern_definer USING (true);
-- A deletion is undone, or made for good.
CREATE POLICY definer_restore ON course FOR UPDATE TO lectern_definer USING (true);
CREATE POLICY definer_purge ON course FOR DELETE TO lectern_definer USING (deleted_at IS NOT NULL);
GRANT SELECT (tenant_id, id, title, description, instructor_id, status, capacity, tags, deleted_at, created_at, updated_at, subtitle, code, version,
        previous_version_id, series_id, intro_video_url, intro_video_seconds, intro_video_poster_id, is_private, self_enroll, is_sequential, access_days, access_until_at),
    INSERT (tenant_id, id, title, description, instructor_id, capacity, enrollment_key, tags, subtitle, previous_version_id, intro_video_url, intro_video_seconds,
        intro_video_poster_id, is_private, self_enroll, is_sequential, access_days, access_until_at),
    UPDATE (title, description, instructor_id, status, capacity, enrollment_key, tags, deleted_at, subtitle, code, intro_video_url, intro_video_seconds,
        intro_video_poster_id, is_private, self_enroll, is_sequential, access_days, access_until_at) ON course TO lectern_app;
GRANT SELECT, DELETE, UPDATE (deleted_at, set_aside) ON course TO lectern_definer;
-- What follows from its reviews.
GRANT SELECT (mean_rating, review_count) ON course TO lectern_app;
GRANT UPDATE (mean_rating, review_count) ON course TO lectern_definer;

CALL app.raise_wall('course_instructor');
-- Seen with their course, and changed by its owner or by COURSE_UPDATE_ALL.
CREATE POLICY course_instructor_read ON course_instructor FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM course c WHERE c.tenant_id = course_instructor.tenant_id AND c.id = course_instructor.course_id AND c.deleted_at IS NULL));
CREATE POLICY course_instructor_add ON course_instructor FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('COURSE_UPDATE_ALL'))
    OR ((SELECT app.can('COURSE_UPDATE')) AND EXISTS (
        SELECT FROM course c WHERE c.tenant_id = course_instructor.tenant_id AND c.id = course_instructor.course_id AND c.instructor_id = (SELECT app.user_id()))));
CREATE POLICY course_instructor_remove ON course_instructor FOR DELETE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL'))
    OR ((SELECT app.can('COURSE_UPDATE')) AND EXISTS (
        SELECT FROM course c WHERE c.tenant_id = course_instructor.tenant_id AND c.id = course_instructor.course_id AND c.instructor_id = (SELECT app.user_id()))));
CREATE POLICY definer_read ON course_instructor FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON course_instructor FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, course_id, user_id), DELETE ON course_instructor TO lectern_app;
GRANT SELECT, DELETE ON course_instructor TO lectern_definer;

CALL app.raise_wall('section');
-- Sections are seen and changed with their course, and gone with it. (A policy for all verbs would show them, too.)
CREATE POLICY section_read ON section FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM course c WHERE c.tenant_id = section.tenant_id AND c.id = section.course_id AND c.deleted_at IS NULL));
CREATE POLICY section_add ON section FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY section_change ON section FOR UPDATE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY section_remove ON section FOR DELETE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY definer_read ON section FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON section FOR DELETE TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, course_id, title, position, created_at, drip_kind, drip_days, drip_at, drip_after_id),
    INSERT (tenant_id, id, course_id, title, position, drip_kind, drip_days, drip_at, drip_after_id), DELETE,
    UPDATE (title, position, drip_kind, drip_days, drip_at, drip_after_id) ON section TO lectern_app;
GRANT SELECT, DELETE ON section TO lectern_definer;
