-- policies/courses.sql: which courses and sections an actor may see and change.

CALL app.raise_wall('course', searched => true);
-- A published course is seen by the whole school, a draft by its instructor and by those who may edit every course.
-- A deleted course is gone for all, except inside the very transaction that deletes it (an UPDATE that is to be
-- reported must still be able to read its row).
CREATE POLICY course_read ON course FOR SELECT TO lectern_app USING (
    (deleted_at IS NULL OR deleted_at = now())
    AND (status <> 'DRAFT' OR instructor_id = (SELECT app.user_id()) OR (SELECT app.can('COURSE_UPDATE_ALL'))));
-- One's own, unless one may edit every course.
CREATE POLICY course_create ON course FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('COURSE_CREATE')) AND status = 'DRAFT'
    AND (instructor_id = (SELECT app.user_id()) OR (SELECT app.can('COURSE_UPDATE_ALL'))));
CREATE POLICY course_change ON course FOR UPDATE TO lectern_app USING (
    deleted_at IS NULL
    AND ((SELECT app.can('COURSE_UPDATE_ALL'))
         OR (instructor_id = (SELECT app.user_id()) AND ((SELECT app.can('COURSE_UPDATE')) OR (SELECT app.can('COURSE_DELETE'))))))
    WITH CHECK ((SELECT app.can('COURSE_UPDATE_ALL')) OR instructor_id = (SELECT app.user_id()));
CREATE POLICY definer_read ON course FOR SELECT TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, title, description, instructor_id, status, capacity, tags, deleted_at, created_at, updated_at),
    INSERT (tenant_id, id, title, description, instructor_id, capacity, enrollment_key, tags),
    UPDATE (title, description, instructor_id, status, capacity, enrollment_key, tags, deleted_at) ON course TO lectern_app;
GRANT SELECT ON course TO lectern_definer;

CALL app.raise_wall('section');
-- Sections are seen and changed with their course, and gone with it. (A policy for all verbs would show them, too.)
CREATE POLICY section_read ON section FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM course c WHERE c.tenant_id = section.tenant_id AND c.id = section.course_id AND c.deleted_at IS NULL));
CREATE POLICY section_add ON section FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('COURSE_UPDATE_ALL'))
    OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (
        SELECT c.id FROM course c WHERE c.tenant_id = (SELECT app.tenant_id()) AND c.instructor_id = (SELECT app.user_id()))));
CREATE POLICY section_change ON section FOR UPDATE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL'))
    OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (
        SELECT c.id FROM course c WHERE c.tenant_id = (SELECT app.tenant_id()) AND c.instructor_id = (SELECT app.user_id()))));
CREATE POLICY section_remove ON section FOR DELETE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL'))
    OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (
        SELECT c.id FROM course c WHERE c.tenant_id = (SELECT app.tenant_id()) AND c.instructor_id = (SELECT app.user_id()))));
GRANT SELECT (tenant_id, id, course_id, title, position, created_at), INSERT (tenant_id, id, course_id, title, position), DELETE,
    UPDATE (title, position) ON section TO lectern_app;
