-- policies/lessons.sql: which lessons an actor may see, whose content is open to them, and who changes them.

CALL app.raise_wall('lesson');
-- The outline is seen with the course; what is not published by its staff alone.
CREATE POLICY lesson_read ON lesson FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM course c WHERE c.tenant_id = lesson.tenant_id AND c.id = lesson.course_id AND c.deleted_at IS NULL)
    AND (is_published OR (SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses())));
CREATE POLICY lesson_add ON lesson FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY lesson_change ON lesson FOR UPDATE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY lesson_remove ON lesson FOR DELETE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY definer_read ON lesson FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON lesson FOR DELETE TO lectern_definer USING (true);
-- Where its content has changed.
CREATE POLICY definer_touch ON lesson FOR UPDATE TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, course_id, section_id, kind, title, position, duration_minutes, min_seconds, weight, is_required, is_preview, is_published, is_graded, created_at, updated_at),
    INSERT (tenant_id, id, course_id, section_id, kind, title, position, duration_minutes, min_seconds, weight, is_required, is_preview, is_published), DELETE,
    UPDATE (section_id, title, position, duration_minutes, min_seconds, weight, is_required, is_preview, is_published) ON lesson TO lectern_app;
GRANT SELECT, DELETE, UPDATE (updated_at, is_graded) ON lesson TO lectern_definer;

CALL app.raise_wall('lesson_content');
-- Where the lesson is seen: by its staff, and by those for whom it is open. This is what a lock is.
CREATE POLICY lesson_content_read ON lesson_content FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM lesson l WHERE l.tenant_id = lesson_content.tenant_id AND l.id = lesson_content.lesson_id)
    AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses()) OR app.is_lesson_open(lesson_id)));
CREATE POLICY lesson_content_add ON lesson_content FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY lesson_content_change ON lesson_content FOR UPDATE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY definer_read ON lesson_content FOR SELECT TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, lesson_id, course_id, body, url, media_seconds, file_id, starts_at, ends_at),
    UPDATE (body, url, media_seconds, file_id, starts_at, ends_at) ON lesson_content TO lectern_app;
GRANT SELECT ON lesson_content TO lectern_definer;

CALL app.raise_wall('course_material');
-- Of the course as a whole: by its staff, and by whoever has a live enrollment. Of a lesson: as its content.
CREATE POLICY course_material_read ON course_material FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM course c WHERE c.tenant_id = course_material.tenant_id AND c.id = course_material.course_id AND c.deleted_at IS NULL)
    AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses())
         OR CASE WHEN lesson_id IS NULL THEN course_id IN (SELECT app.live_courses())
                 ELSE EXISTS (SELECT FROM lesson l WHERE l.tenant_id = course_material.tenant_id AND l.id = course_material.lesson_id)
                      AND app.is_lesson_open(lesson_id) END));
CREATE POLICY course_material_add ON course_material FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY course_material_remove ON course_material FOR DELETE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY definer_read ON course_material FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON course_material FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, id, course_id, lesson_id, title, file_id, url), DELETE ON course_material TO lectern_app;
GRANT SELECT, DELETE ON course_material TO lectern_definer;

CALL app.raise_wall('unlock_override');
-- Seen by the staff of the course, changed by whoever manages its enrollments.
CREATE POLICY unlock_override_read ON unlock_override FOR SELECT TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses()));
CREATE POLICY unlock_override_add ON unlock_override FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('ENROLLMENT_MANAGE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses())));
CREATE POLICY unlock_override_change ON unlock_override FOR UPDATE TO lectern_app USING (
    (SELECT app.can('ENROLLMENT_MANAGE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses())));
CREATE POLICY unlock_override_remove ON unlock_override FOR DELETE TO lectern_app USING (
    (SELECT app.can('ENROLLMENT_MANAGE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses())));
CREATE POLICY definer_read ON unlock_override FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON unlock_override FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, id, course_id, section_id, user_id, group_id, opens_at), UPDATE (opens_at), DELETE ON unlock_override TO lectern_app;
GRANT SELECT, DELETE ON unlock_override TO lectern_definer;

CALL app.raise_wall('lesson_progress');
-- The own, and that of people whose enrollments the actor sees; written by functions alone.
CREATE POLICY lesson_progress_read ON lesson_progress FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('ENROLLMENT_READ_ALL'))
    OR (SELECT app.can('COURSE_UPDATE_ALL'))
    OR course_id IN (SELECT app.taught_courses()));
CREATE POLICY definer_all ON lesson_progress TO lectern_definer USING (true);
GRANT SELECT ON lesson_progress TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (opened_at, last_opened_at, completed_at, position_seconds) ON lesson_progress TO lectern_definer;
