-- policies/paths.sql: what courses ask for, which paths an actor may see and change, and who is in them.

CALL app.raise_wall('course_prerequisite');
-- Seen with the course that asks; changed by its authors, who name courses that they see.
CREATE POLICY course_prerequisite_read ON course_prerequisite FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM course c WHERE c.tenant_id = course_prerequisite.tenant_id AND c.id = course_prerequisite.course_id AND c.deleted_at IS NULL));
CREATE POLICY course_prerequisite_add ON course_prerequisite FOR INSERT TO lectern_app WITH CHECK (
    ((SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())))
    AND EXISTS (SELECT FROM course r WHERE r.tenant_id = course_prerequisite.tenant_id AND r.id = course_prerequisite.requires_id AND r.deleted_at IS NULL));
CREATE POLICY course_prerequisite_change ON course_prerequisite FOR UPDATE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY course_prerequisite_remove ON course_prerequisite FOR DELETE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY definer_read ON course_prerequisite FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON course_prerequisite FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (min_grade, position), DELETE ON course_prerequisite TO lectern_app;
GRANT SELECT, DELETE ON course_prerequisite TO lectern_definer;

CALL app.raise_wall('learning_path', searched => true);
-- Published and archived ones are seen by the whole school, drafts by PATH_MANAGE, which changes them. (A deletion must still be able to read its row.)
CREATE POLICY learning_path_read ON learning_path FOR SELECT TO lectern_app USING (
    (deleted_at IS NULL OR deleted_at = now()) AND (status <> 'DRAFT' OR (SELECT app.can('PATH_MANAGE'))));
CREATE POLICY learning_path_create ON learning_path FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('PATH_MANAGE')) AND status = 'DRAFT');
CREATE POLICY learning_path_change ON learning_path FOR UPDATE TO lectern_app USING (deleted_at IS NULL AND (SELECT app.can('PATH_MANAGE')))
    WITH CHECK ((SELECT app.can('PATH_MANAGE')));
CREATE POLICY definer_read ON learning_path FOR SELECT TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, title, description, status, deleted_at, created_at, updated_at), INSERT (tenant_id, id, title, description),
    UPDATE (title, description, status, deleted_at) ON learning_path TO lectern_app;
GRANT SELECT ON learning_path TO lectern_definer;

CALL app.raise_wall('path_course');
-- Seen with the path; written by app.set_path_courses alone.
CREATE POLICY path_course_read ON path_course FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM learning_path p WHERE p.tenant_id = path_course.tenant_id AND p.id = path_course.path_id AND p.deleted_at IS NULL));
CREATE POLICY definer_all ON path_course TO lectern_definer USING (true);
GRANT SELECT ON path_course TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (position, unlock, after_course_id, min_score) ON path_course TO lectern_definer;

CALL app.raise_wall('path_enrollment');
-- The own, and all for those who manage paths or read all enrollments; written by functions alone.
CREATE POLICY path_enrollment_read ON path_enrollment FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('PATH_MANAGE')) OR (SELECT app.can('ENROLLMENT_READ_ALL')));
CREATE POLICY definer_all ON path_enrollment TO lectern_definer USING (true);
GRANT SELECT ON path_enrollment TO lectern_app;
GRANT SELECT, INSERT, UPDATE (status, progress, completed_at) ON path_enrollment TO lectern_definer;

CALL app.raise_wall('path_step');
-- With the part in the path that it belongs to; written by functions alone.
CREATE POLICY path_step_read ON path_step FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM path_enrollment pe WHERE pe.tenant_id = path_step.tenant_id AND pe.id = path_step.path_enrollment_id));
CREATE POLICY definer_all ON path_step TO lectern_definer USING (true);
GRANT SELECT ON path_step TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (obstacle, tried_at) ON path_step TO lectern_definer;
