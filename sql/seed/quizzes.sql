-- A demo school's quizzes: their questions, a pool, and attempts from nothing to everything right. Runs after assignments.sql; the lessons are there, and who has
-- passed them.
UPDATE quiz q SET marking = 'ALL_OR_NOTHING', shuffle_options = true, review = 'AFTER_SUBMISSION' WHERE q.tenant_id = pg_temp.id('tenant');

INSERT INTO question_pool (tenant_id, id, course_id, name, created_at)
    SELECT q.tenant_id, pg_temp.id('pool:' || q.course_id), q.course_id, 'Around it', q.created_at FROM quiz q
    WHERE q.tenant_id = pg_temp.id('tenant') AND EXISTS (SELECT FROM seed_question s WHERE s.is_of_pool AND pg_temp.id('course:' || s.course) = q.course_id);
INSERT INTO question (tenant_id, id, course_id, quiz_id, pool_id, position, kind, prompt, points, created_at)
    SELECT z.tenant_id, pg_temp.id('question:' || s.course || ':' || s.position), z.course_id, CASE WHEN NOT s.is_of_pool THEN z.id END,
           CASE WHEN s.is_of_pool THEN pg_temp.id('pool:' || z.course_id) END, CASE WHEN NOT s.is_of_pool THEN s.position END, s.kind, s.prompt,
           CASE WHEN s.is_of_pool THEN 1 ELSE 2 END, z.created_at + make_interval(secs => s.position)
    FROM seed_question s JOIN quiz z ON z.tenant_id = pg_temp.id('tenant') AND z.course_id = pg_temp.id('course:' || s.course) ORDER BY s.position;
INSERT INTO question_option (tenant_id, id, question_id, position, text)
    SELECT pg_temp.id('tenant'), overlay(overlay(pg_temp.id('option:' || s.course || ':' || s.position || ':' || o.text)::text PLACING substr(md5(o.text), 1, 8) FROM 1) PLACING '4' FROM 15)::uuid,
           pg_temp.id('question:' || s.course || ':' || s.position), o.nth, o.text
    FROM seed_question s CROSS JOIN LATERAL unnest(s.options) WITH ORDINALITY AS o(text, nth);
INSERT INTO question_key (tenant_id, question_id, option_ids, number, tolerance, explanation)
    SELECT pg_temp.id('tenant'), k.id, CASE WHEN s.kind = 'SINGLE' THEN ARRAY(SELECT o.id FROM question_option o WHERE o.tenant_id = pg_temp.id('tenant') AND o.question_id = k.id AND o.position = s.right_one) END,
           CASE WHEN s.kind = 'NUMERIC' THEN s.right_one END, CASE WHEN s.kind = 'NUMERIC' THEN 0 END, s.explanation
    FROM seed_question s CROSS JOIN LATERAL (SELECT pg_temp.id('question:' || s.course || ':' || s.position) AS id) AS k;
INSERT INTO quiz_draw (tenant_id, quiz_id, pool_id, course_id, position, count, points)
    SELECT q.tenant_id, q.id, p.id, q.course_id, 1, 1, 2 FROM question_pool p JOIN quiz q ON q.tenant_id = p.tenant_id AND q.course_id = p.course_id
    WHERE p.tenant_id = pg_temp.id('tenant');

-- Whoever has got as far as the quiz has tried: those who have passed with half of it right, or more, the others with nothing, or one. One is still at it,
-- not the learner who signs in.
CREATE TEMPORARY TABLE seed_try ON COMMIT DROP AS
    SELECT t.*, CASE WHEN t.is_passed THEN 2 + t.nth % (t.asked - 1) ELSE (t.nth - 1) % 2 END AS right_ones FROM (
        SELECT s.course, z.id AS quiz_id, z.course_id, z.lesson_id, p.user_id, p.enrollment_id, p.opened_at, p.completed_at IS NOT NULL AS is_passed,
               least(4, (SELECT count(*) FROM seed_question q WHERE q.course = s.course))::integer AS asked,
               row_number() OVER (PARTITION BY z.id, p.completed_at IS NULL ORDER BY p.opened_at)::integer AS nth,
               w.goes_on AND row_number() OVER (PARTITION BY w.goes_on ORDER BY p.opened_at DESC) = 1 AS is_open
        FROM seed_step s
        JOIN quiz z ON z.tenant_id = pg_temp.id('tenant') AND s.kind = 'QUIZ' AND z.lesson_id = pg_temp.id('lesson:' || s.course || ':' || s.part || ':' || s.position)
        JOIN lesson_progress p ON p.tenant_id = z.tenant_id AND p.lesson_id = z.lesson_id
        JOIN enrollment e ON e.tenant_id = p.tenant_id AND e.id = p.enrollment_id
        CROSS JOIN LATERAL (SELECT p.completed_at IS NULL AND e.status = 'IN_PROGRESS' AND e.user_id <> pg_temp.id('user:learner') AS goes_on) AS w) AS t;
INSERT INTO quiz_attempt (tenant_id, id, quiz_id, course_id, user_id, number, status, marking, wrong_penalty, started_at, submitted_at, score, max_score, percent, is_passed)
    SELECT pg_temp.id('tenant'), pg_temp.id('attempt:' || t.course || ':' || t.user_id), t.quiz_id, t.course_id, t.user_id, 1, CASE WHEN t.is_open THEN 'IN_PROGRESS' ELSE 'SUBMITTED' END,
           'ALL_OR_NOTHING', 1, CASE WHEN t.is_open THEN now() - interval '5 minutes' ELSE t.opened_at END, CASE WHEN NOT t.is_open THEN t.opened_at + interval '25 minutes' END,
           CASE WHEN NOT t.is_open THEN 2 * t.right_ones END, 2 * t.asked, CASE WHEN NOT t.is_open THEN round(100.0 * t.right_ones / t.asked, 2) END, CASE WHEN NOT t.is_open THEN t.is_passed END
    FROM seed_try t;
INSERT INTO attempt_question (tenant_id, attempt_id, question_id, position, points, option_ids, answer_options, answer_number, score, is_correct)
    SELECT pg_temp.id('tenant'), pg_temp.id('attempt:' || t.course || ':' || t.user_id), k.id, a.nth, 2, o.ids,
           CASE WHEN s.kind = 'SINGLE' AND NOT t.is_open THEN ARRAY[o.ids[CASE WHEN a.nth <= t.right_ones THEN s.right_one ELSE s.right_one % cardinality(o.ids) + 1 END]] END,
           CASE WHEN s.kind = 'NUMERIC' AND NOT t.is_open THEN s.right_one + CASE WHEN a.nth <= t.right_ones THEN 0 ELSE 1 END END,
           CASE WHEN NOT t.is_open THEN CASE WHEN a.nth <= t.right_ones THEN 2 ELSE 0 END END, CASE WHEN NOT t.is_open THEN a.nth <= t.right_ones END
    FROM seed_try t
    CROSS JOIN LATERAL (SELECT n AS nth, CASE WHEN n < 4 THEN n ELSE 4 + t.nth % 3 END AS position FROM generate_series(1, t.asked) AS n) AS a
    JOIN seed_question s ON s.course = t.course AND s.position = a.position
    CROSS JOIN LATERAL (SELECT pg_temp.id('question:' || s.course || ':' || s.position) AS id) AS k
    CROSS JOIN LATERAL (SELECT coalesce(array_agg(q.id ORDER BY q.position), '{}') AS ids FROM question_option q WHERE q.tenant_id = pg_temp.id('tenant') AND q.question_id = k.id) AS o;
INSERT INTO score_change (tenant_id, id, attempt_id, cause, score, by_id, changed_at)
    SELECT a.tenant_id, pg_temp.id('score:' || a.id), a.id, 'SUBMISSION', a.score, a.user_id, a.submitted_at FROM quiz_attempt a WHERE a.tenant_id = pg_temp.id('tenant') AND a.score IS NOT NULL;

-- What follows: it counts in the grade book.
INSERT INTO lesson_grade (tenant_id, enrollment_id, lesson_id, user_id, course_id, percent, graded_at)
    SELECT pg_temp.id('tenant'), t.enrollment_id, t.lesson_id, t.user_id, t.course_id, a.percent, a.submitted_at
    FROM seed_try t JOIN quiz_attempt a ON a.tenant_id = pg_temp.id('tenant') AND a.quiz_id = t.quiz_id AND a.user_id = t.user_id AND a.percent IS NOT NULL;
UPDATE lesson l SET weight = 2 WHERE l.tenant_id = pg_temp.id('tenant') AND l.kind = 'QUIZ'; -- the grades of the enrollments follow
