-- policies/certificates.sql: what is certified, and which certificates an actor may see.

CALL app.raise_wall('course_certificate');
-- Seen with the course, written by its authors.
CREATE POLICY course_certificate_read ON course_certificate FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM course c WHERE c.tenant_id = course_certificate.tenant_id AND c.id = course_certificate.course_id AND c.deleted_at IS NULL));
CREATE POLICY course_certificate_add ON course_certificate FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY course_certificate_change ON course_certificate FOR UPDATE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY definer_read ON course_certificate FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON course_certificate FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (is_enabled, title, text, signatory, valid_months) ON course_certificate TO lectern_app;
GRANT SELECT, DELETE ON course_certificate TO lectern_definer;

CALL app.raise_wall('path_certificate');
-- Seen with the path, written by PATH_MANAGE.
CREATE POLICY path_certificate_read ON path_certificate FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM learning_path p WHERE p.tenant_id = path_certificate.tenant_id AND p.id = path_certificate.path_id AND p.deleted_at IS NULL));
CREATE POLICY path_certificate_add ON path_certificate FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('PATH_MANAGE')));
CREATE POLICY path_certificate_change ON path_certificate FOR UPDATE TO lectern_app USING ((SELECT app.can('PATH_MANAGE')));
CREATE POLICY definer_read ON path_certificate FOR SELECT TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (is_enabled, title, text, signatory, valid_months) ON path_certificate TO lectern_app;
GRANT SELECT ON path_certificate TO lectern_definer;

CALL app.raise_wall('certificate');
-- The own ones; those of the courses that the actor is staff of; all for those who manage certificates or read all enrollments. Written by functions alone.
CREATE POLICY certificate_read ON certificate FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('CERTIFICATE_MANAGE')) OR (SELECT app.can('ENROLLMENT_READ_ALL'))
    OR ((SELECT app.can('COURSE_UPDATE_ALL')) AND course_id IS NOT NULL)
    OR course_id IN (SELECT app.taught_courses()));
CREATE POLICY definer_all ON certificate TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, code, user_id, course_id, path_id, learner_name, title, grade, issued_at, expires_at, revoked_at, revoke_reason) ON certificate TO lectern_app;
GRANT SELECT, INSERT, UPDATE (learner_name, course_id, revoked_at, revoke_reason, superseded_at, reminded_at) ON certificate TO lectern_definer;
