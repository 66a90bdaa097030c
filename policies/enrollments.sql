-- policies/enrollments.sql: which enrollments an actor may see and change.

CALL app.raise_wall('enrollment');
-- The own ones; all for those who may read or manage all; those of the courses that the actor is staff of.
CREATE POLICY enrollment_read ON enrollment FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('ENROLLMENT_READ_ALL'))
    OR ((SELECT app.can('ENROLLMENT_MANAGE')) AND (SELECT app.can('COURSE_UPDATE_ALL')))
    OR course_id IN (SELECT app.taught_courses()));
-- Oneself, or anybody in the courses that one manages.
CREATE POLICY enrollment_create ON enrollment FOR INSERT TO lectern_app WITH CHECK (
    (user_id = (SELECT app.user_id()) AND (SELECT app.can('ENROLLMENT_SELF')) AND status = 'NOT_STARTED')
    OR ((SELECT app.can('ENROLLMENT_MANAGE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses()))));
CREATE POLICY enrollment_change ON enrollment FOR UPDATE TO lectern_app USING (
    (user_id = (SELECT app.user_id()) AND (SELECT app.can('ENROLLMENT_SELF')))
    OR ((SELECT app.can('ENROLLMENT_MANAGE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses()))));
CREATE POLICY definer_read ON enrollment FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_enroll ON enrollment FOR INSERT TO lectern_definer WITH CHECK (true);
CREATE POLICY definer_change ON enrollment FOR UPDATE TO lectern_definer USING (true);
CREATE POLICY definer_remove ON enrollment FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, id, course_id, user_id), UPDATE (status, progress, completed_at, expires_at, is_expiry_fixed, expiry_reason) ON enrollment TO lectern_app;
GRANT SELECT, INSERT, DELETE,
    UPDATE (status, progress, completed_at, started_at, last_active_at, expires_at, reminded_days, lessons_completed, lessons_total, recorded_progress) ON enrollment
    TO lectern_definer;
