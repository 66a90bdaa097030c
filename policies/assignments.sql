-- policies/assignments.sql: which assignments and whose work an actor may see and change.

CALL app.raise_wall('assignment');
-- As what its lesson holds: its staff, and those for whom it is open. Whoever reads all grades reads what they are of.
CREATE POLICY assignment_read ON assignment FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM lesson l WHERE l.tenant_id = assignment.tenant_id AND l.id = assignment.lesson_id)
    AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR (SELECT app.can('GRADE_READ_ALL')) OR course_id IN (SELECT app.taught_courses()) OR app.is_lesson_open(lesson_id)));
CREATE POLICY assignment_change ON assignment FOR UPDATE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY definer_all ON assignment TO lectern_definer USING (true);
GRANT SELECT, UPDATE (accepts, points, pass_mark, due_at, closes_at, late_policy, penalty_percent_per_day, max_penalty_percent, max_attempts, max_files, hold_grades)
    ON assignment TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (accepts, points, pass_mark, due_at, closes_at, late_policy, penalty_percent_per_day, max_penalty_percent, max_attempts, max_files,
    hold_grades, released_at) ON assignment TO lectern_definer;

CALL app.raise_wall('rubric_criterion');
-- With their assignment; and with what they gave, which stays its author's when the lesson closes.
CREATE POLICY rubric_criterion_read ON rubric_criterion FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM assignment a WHERE a.tenant_id = rubric_criterion.tenant_id AND a.id = rubric_criterion.assignment_id)
    OR EXISTS (SELECT FROM rubric_score r WHERE r.tenant_id = rubric_criterion.tenant_id AND r.criterion_id = rubric_criterion.id));
CREATE POLICY definer_all ON rubric_criterion TO lectern_definer USING (true);
GRANT SELECT ON rubric_criterion TO lectern_app;
GRANT SELECT, INSERT, DELETE ON rubric_criterion TO lectern_definer;

CALL app.raise_wall('submission');
-- The own, that of the courses whose work one grades, and all for GRADE_READ_ALL.
CREATE POLICY submission_read ON submission FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('GRADE_READ_ALL'))
    OR ((SELECT app.can('GRADE_MANAGE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses()))));
CREATE POLICY definer_all ON submission TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, assignment_id, lesson_id, course_id, enrollment_id, user_id, number, status, text, submitted_at, is_again, version, returned_at, again_until_at) ON submission TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (status, version, returned_at, return_note, again_until_at) ON submission TO lectern_definer;

CALL app.raise_wall('submission_file');
CREATE POLICY submission_file_read ON submission_file FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM submission s WHERE s.tenant_id = submission_file.tenant_id AND s.id = submission_file.submission_id));
CREATE POLICY definer_all ON submission_file TO lectern_definer USING (true);
GRANT SELECT ON submission_file TO lectern_app;
GRANT SELECT, INSERT, DELETE ON submission_file TO lectern_definer;

CALL app.raise_wall('submission_grade');
-- The own ones once they are released, also for somebody who grades the course: nobody sees a grade of theirs that is held.
CREATE POLICY submission_grade_read ON submission_grade FOR SELECT TO lectern_app USING (
    CASE WHEN user_id = (SELECT app.user_id()) THEN released_at IS NOT NULL
         ELSE (SELECT app.can('GRADE_READ_ALL'))
              OR ((SELECT app.can('GRADE_MANAGE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses()))) END);
CREATE POLICY definer_all ON submission_grade TO lectern_definer USING (true);
GRANT SELECT ON submission_grade TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (version, points, feedback, graded_at, graded_by_id, released_at) ON submission_grade TO lectern_definer;

CALL app.raise_wall('rubric_score');
CREATE POLICY rubric_score_read ON rubric_score FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM submission_grade g WHERE g.tenant_id = rubric_score.tenant_id AND g.submission_id = rubric_score.submission_id));
CREATE POLICY definer_all ON rubric_score TO lectern_definer USING (true);
GRANT SELECT ON rubric_score TO lectern_app;
GRANT SELECT, INSERT, DELETE ON rubric_score TO lectern_definer;

CALL app.raise_wall('submission_event');
-- As the grades.
CREATE POLICY submission_event_read ON submission_event FOR SELECT TO lectern_app USING (
    CASE WHEN user_id = (SELECT app.user_id()) THEN NOT is_held
         ELSE (SELECT app.can('GRADE_READ_ALL'))
              OR ((SELECT app.can('GRADE_MANAGE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses()))) END);
CREATE POLICY definer_all ON submission_event TO lectern_definer USING (true);
GRANT SELECT ON submission_event TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (is_held) ON submission_event TO lectern_definer;

CALL app.raise_wall('deadline_reminder');
-- By functions alone.
CREATE POLICY definer_all ON deadline_reminder TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (due_at) ON deadline_reminder TO lectern_definer;
