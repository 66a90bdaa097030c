-- policies/grades.sql: whose grades, extensions and accommodations an actor may see and change.

CALL app.raise_wall('lesson_grade');
-- The own, those of the courses whose work one grades, and all for GRADE_READ_ALL. Written by functions alone. An enrollment that one sees for
-- another reason shows no grade.
CREATE POLICY lesson_grade_read ON lesson_grade FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('GRADE_READ_ALL'))
    OR ((SELECT app.can('GRADE_MANAGE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses()))));
CREATE POLICY definer_all ON lesson_grade TO lectern_definer USING (true);
GRANT SELECT ON lesson_grade TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (percent, graded_at) ON lesson_grade TO lectern_definer;

CALL app.raise_wall('enrollment_grade');
CREATE POLICY enrollment_grade_read ON enrollment_grade FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('GRADE_READ_ALL'))
    OR ((SELECT app.can('GRADE_MANAGE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses()))));
CREATE POLICY definer_all ON enrollment_grade TO lectern_definer USING (true);
GRANT SELECT ON enrollment_grade TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (current_grade, final_grade) ON enrollment_grade TO lectern_definer;

CALL app.raise_wall('extension');
-- Seen as the grades are; granted by those who grade.
CREATE POLICY extension_read ON extension FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('GRADE_READ_ALL'))
    OR ((SELECT app.can('GRADE_MANAGE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses()))));
CREATE POLICY definer_all ON extension TO lectern_definer USING (true);
GRANT SELECT ON extension TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (due_at, closes_at, extra_attempts, extra_minutes, reason, granted_by_id) ON extension TO lectern_definer;

CALL app.raise_wall('accommodation');
-- The own; anybody's for whoever sets them.
CREATE POLICY accommodation_read ON accommodation FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('ACCOMMODATION_MANAGE')));
CREATE POLICY accommodation_add ON accommodation FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('ACCOMMODATION_MANAGE')));
CREATE POLICY accommodation_change ON accommodation FOR UPDATE TO lectern_app USING ((SELECT app.can('ACCOMMODATION_MANAGE')));
CREATE POLICY accommodation_remove ON accommodation FOR DELETE TO lectern_app USING ((SELECT app.can('ACCOMMODATION_MANAGE')));
CREATE POLICY definer_read ON accommodation FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON accommodation FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, user_id, time_factor), UPDATE (time_factor), DELETE ON accommodation TO lectern_app;
GRANT SELECT, DELETE ON accommodation TO lectern_definer;
