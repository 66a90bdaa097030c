-- policies/quizzes.sql: which quizzes, questions and attempts an actor may see, who writes them, and that nobody reads what is right.

CALL app.raise_wall('quiz');
-- As the content of its lesson: by the course's staff, by those for whom the lesson is open, and by whoever reads all grades.
CREATE POLICY quiz_read ON quiz FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM lesson l WHERE l.tenant_id = quiz.tenant_id AND l.id = quiz.lesson_id)
    AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR (SELECT app.can('GRADE_READ_ALL')) OR course_id IN (SELECT app.taught_courses()) OR app.is_lesson_open(lesson_id)));
CREATE POLICY quiz_change ON quiz FOR UPDATE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY definer_all ON quiz TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, lesson_id, course_id, mode, pass_mark, max_attempts, time_limit_minutes, opens_at, closes_at, shuffle_questions, shuffle_options,
        marking, wrong_penalty, attempt_grading, review, created_at),
    UPDATE (mode, pass_mark, max_attempts, time_limit_minutes, opens_at, closes_at, shuffle_questions, shuffle_options, marking, wrong_penalty,
        attempt_grading, review) ON quiz TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (mode, pass_mark, max_attempts, time_limit_minutes, opens_at, closes_at, shuffle_questions, shuffle_options, marking,
    wrong_penalty, attempt_grading, review) ON quiz TO lectern_definer;

CALL app.raise_wall('question_pool');
-- By those who write the course.
CREATE POLICY question_pool_read ON question_pool FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM course c WHERE c.tenant_id = question_pool.tenant_id AND c.id = question_pool.course_id AND c.deleted_at IS NULL)
    AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses()))));
CREATE POLICY question_pool_add ON question_pool FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY question_pool_change ON question_pool FOR UPDATE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY definer_all ON question_pool TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, course_id, name, created_at), INSERT (tenant_id, id, course_id, name), UPDATE (name) ON question_pool TO lectern_app;
GRANT SELECT, INSERT, DELETE ON question_pool TO lectern_definer;

CALL app.raise_wall('quiz_draw');
CREATE POLICY quiz_draw_read ON quiz_draw FOR SELECT TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY quiz_draw_add ON quiz_draw FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY quiz_draw_remove ON quiz_draw FOR DELETE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY definer_all ON quiz_draw TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, quiz_id, pool_id, course_id, position, count, points), DELETE ON quiz_draw TO lectern_app;
GRANT SELECT, INSERT, DELETE ON quiz_draw TO lectern_definer;

CALL app.raise_wall('question');
-- By those who write the course, and by nobody else: learners meet questions in their own attempts alone (app.attempt_sheets).
CREATE POLICY question_read ON question FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM course c WHERE c.tenant_id = question.tenant_id AND c.id = question.course_id AND c.deleted_at IS NULL)
    AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses()))));
CREATE POLICY question_add ON question FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY question_change ON question FOR UPDATE TO lectern_app USING (
    (SELECT app.can('COURSE_UPDATE_ALL')) OR ((SELECT app.can('COURSE_UPDATE')) AND course_id IN (SELECT app.taught_courses())));
CREATE POLICY definer_all ON question TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, id, course_id, quiz_id, pool_id, position, kind, prompt, points), UPDATE (prompt, position) ON question TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (points, is_void, retired_at, position) ON question TO lectern_definer;

CALL app.raise_wall('question_option');
-- With its question. Changed by app.set_question_options alone, which knows keys and answers.
CREATE POLICY question_option_read ON question_option FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM question q WHERE q.tenant_id = question_option.tenant_id AND q.id = question_option.question_id));
CREATE POLICY question_option_add ON question_option FOR INSERT TO lectern_app WITH CHECK (
    EXISTS (SELECT FROM question q WHERE q.tenant_id = question_option.tenant_id AND q.id = question_option.question_id));
CREATE POLICY definer_all ON question_option TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, id, question_id, position, text) ON question_option TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (position, text) ON question_option TO lectern_definer;

CALL app.raise_wall('question_key');
-- With its question, and of it no column but which question it is of: the rest is written, and read by functions alone.
CREATE POLICY question_key_read ON question_key FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM question q WHERE q.tenant_id = question_key.tenant_id AND q.id = question_key.question_id));
CREATE POLICY question_key_add ON question_key FOR INSERT TO lectern_app WITH CHECK (
    EXISTS (SELECT FROM question q WHERE q.tenant_id = question_key.tenant_id AND q.id = question_key.question_id));
CREATE POLICY question_key_change ON question_key FOR UPDATE TO lectern_app USING (
    EXISTS (SELECT FROM question q WHERE q.tenant_id = question_key.tenant_id AND q.id = question_key.question_id));
CREATE POLICY definer_all ON question_key TO lectern_definer USING (true);
GRANT SELECT (tenant_id, question_id), INSERT (tenant_id, question_id, option_ids, number, tolerance, texts, explanation),
    UPDATE (explanation) ON question_key TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (option_ids, number, tolerance, texts) ON question_key TO lectern_definer;

CALL app.raise_wall('quiz_attempt');
-- The own, those of courses that one grades, and all for GRADE_READ_ALL. Written by functions alone.
CREATE POLICY quiz_attempt_read ON quiz_attempt FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('GRADE_READ_ALL'))
    OR ((SELECT app.can('GRADE_MANAGE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses()))));
CREATE POLICY definer_all ON quiz_attempt TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, quiz_id, course_id, user_id, number, status, started_at, ends_at, submitted_at, is_auto_submitted, score, max_score, percent, is_passed,
    void_reason) ON quiz_attempt TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (status, ends_at, submitted_at, is_auto_submitted, score, max_score, percent, is_passed, void_reason, updated_at)
    ON quiz_attempt TO lectern_definer;

CALL app.raise_wall('attempt_question');
-- What is asked, answered and marked is read by app.attempt_sheets and app.quiz_statistics alone: a policy could not hide single columns of a row.
CREATE POLICY definer_all ON attempt_question TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (points, option_ids, answer_options, answer_number, answer_text, score, is_correct) ON attempt_question TO lectern_definer;

CALL app.raise_wall('regrade');
CREATE POLICY regrade_read ON regrade FOR SELECT TO lectern_app USING (
    (SELECT app.can('GRADE_MANAGE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses())));
CREATE POLICY definer_all ON regrade TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, question_id, quiz_id, by_id, reason, attempts, raised, lowered, newly_passed, graded_at) ON regrade TO lectern_app;
GRANT SELECT, INSERT, DELETE ON regrade TO lectern_definer;

CALL app.raise_wall('score_change');
-- With its attempt. Append-only, for the functions as well, but for the purge of a course.
CREATE POLICY score_change_read ON score_change FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM quiz_attempt a WHERE a.tenant_id = score_change.tenant_id AND a.id = score_change.attempt_id));
CREATE POLICY definer_all ON score_change TO lectern_definer USING (true);
GRANT SELECT ON score_change TO lectern_app;
GRANT SELECT, INSERT, DELETE ON score_change TO lectern_definer;

-- Which steps there are: the same for everybody.
REVOKE ALL ON quiz_attempt_transition FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk;
GRANT SELECT ON quiz_attempt_transition TO lectern_app, lectern_definer, lectern_platform, lectern_desk;
