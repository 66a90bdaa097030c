-- What L2 and L4 ask for, beside what `lectern seed` makes. Loaded once.
--
-- L2: in each school a course of 50 graded lessons, quizzes and assignments by turns, and a hundred people in it; of each ten pieces of work eight are there,
-- and what is not there is missing where it was due.
-- L4: a course with a quiz of 30 questions of every kind, and a lesson that nobody completes, so that the course is never over. In it are the learners that sign in.
SET session_replication_role = replica;
SET app.audit = 'off';
CREATE TEMPORARY TABLE added AS
    SELECT t.tenant_id, gen_random_uuid() AS id, w.title, u.id AS instructor_id
    FROM tenant t JOIN app_user u ON u.tenant_id = t.tenant_id AND u.email LIKE 'instructor@scale-%' CROSS JOIN (VALUES ('Zoology, Graded'), ('Zoology, Questioned')) AS w(title)
    WHERE NOT EXISTS (SELECT FROM course c WHERE c.tenant_id = t.tenant_id AND c.title = w.title);
INSERT INTO course (tenant_id, id, title, instructor_id, status, created_at)
    SELECT a.tenant_id, a.id, a.title, a.instructor_id, 'PUBLISHED', now() - interval '300 days' FROM added a;
CREATE TEMPORARY TABLE graded AS SELECT a.tenant_id, a.id FROM added a WHERE a.title = 'Zoology, Graded';
CREATE TEMPORARY TABLE questioned AS SELECT a.tenant_id, a.id FROM added a WHERE a.title = 'Zoology, Questioned';
INSERT INTO section (tenant_id, id, course_id, title, position)
    SELECT g.tenant_id, gen_random_uuid(), g.id, 'Part ' || n, n FROM graded g, generate_series(1, 5) AS n
    UNION ALL SELECT q.tenant_id, gen_random_uuid(), q.id, 'The only part', 1 FROM questioned q;

-- L2
INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, is_published, is_graded, weight)
    SELECT s.tenant_id, gen_random_uuid(), s.course_id, s.id, CASE n % 2 WHEN 0 THEN 'QUIZ' ELSE 'ASSIGNMENT' END, 'Work ' || n, n, true, true, 1 + n % 3
    FROM graded g JOIN section s ON s.tenant_id = g.tenant_id AND s.course_id = g.id, generate_series(1, 10) AS n;
CREATE TEMPORARY TABLE work AS
    SELECT l.tenant_id, l.id, l.course_id, l.kind, (s.position - 1) * 10 + l.position AS nth, now() + make_interval(days => (s.position - 5) * 20 + 10) AS due_at
    FROM graded g JOIN section s ON s.tenant_id = g.tenant_id AND s.course_id = g.id JOIN lesson l ON l.tenant_id = s.tenant_id AND l.section_id = s.id;
INSERT INTO quiz (tenant_id, id, lesson_id, course_id, closes_at) SELECT w.tenant_id, gen_random_uuid(), w.id, w.course_id, w.due_at FROM work w WHERE w.kind = 'QUIZ';
INSERT INTO assignment (tenant_id, id, lesson_id, course_id, due_at) SELECT w.tenant_id, gen_random_uuid(), w.id, w.course_id, w.due_at FROM work w WHERE w.kind = 'ASSIGNMENT';
CREATE TEMPORARY TABLE learns AS
    SELECT g.tenant_id, g.id AS course_id, gen_random_uuid() AS id, u.id AS user_id, u.nth FROM graded g CROSS JOIN LATERAL (
        SELECT u.id, row_number() OVER (ORDER BY u.id) AS nth FROM app_user u WHERE u.tenant_id = g.tenant_id AND u.email ~ '^person(1[0-9][0-9])@') AS u;
INSERT INTO enrollment (tenant_id, id, course_id, user_id, status, enrolled_at, started_at, last_active_at, lessons_total)
    SELECT l.tenant_id, l.id, l.course_id, l.user_id, 'IN_PROGRESS', now() - interval '200 days', now() - interval '199 days', now() - interval '1 day', 50 FROM learns l;
CREATE TEMPORARY TABLE done AS
    SELECT l.tenant_id, l.id AS enrollment_id, l.user_id, w.id AS lesson_id, w.course_id, w.kind, w.due_at, gen_random_uuid() AS submission_id, 40 + (l.nth * 13 + w.nth * 17) % 61 AS percent
    FROM learns l JOIN work w ON w.tenant_id = l.tenant_id WHERE (l.nth * 3 + w.nth * 7) % 10 < 8;
INSERT INTO submission (tenant_id, id, assignment_id, lesson_id, course_id, enrollment_id, user_id, number, status, text, submitted_at)
    SELECT d.tenant_id, d.submission_id, a.id, d.lesson_id, d.course_id, d.enrollment_id, d.user_id, 1, 'GRADED', 'Generated for measuring.', least(d.due_at, now()) - interval '1 day'
    FROM done d JOIN assignment a ON a.tenant_id = d.tenant_id AND a.lesson_id = d.lesson_id WHERE d.kind = 'ASSIGNMENT';
INSERT INTO submission_grade (tenant_id, submission_id, user_id, course_id, version, points, graded_at, graded_by_id, released_at)
    SELECT d.tenant_id, d.submission_id, d.user_id, d.course_id, 2, d.percent, now() - interval '1 day', a.instructor_id, now() - interval '1 day'
    FROM done d JOIN added a ON a.tenant_id = d.tenant_id AND a.id = d.course_id WHERE d.kind = 'ASSIGNMENT';
INSERT INTO lesson_grade (tenant_id, enrollment_id, lesson_id, user_id, course_id, percent, graded_at)
    SELECT d.tenant_id, d.enrollment_id, d.lesson_id, d.user_id, d.course_id, d.percent, now() - interval '1 day' FROM done d;
INSERT INTO enrollment_grade (tenant_id, enrollment_id, user_id, course_id, current_grade, final_grade)
    SELECT l.tenant_id, l.id, l.user_id, l.course_id, round(m.sum / nullif(m.counted, 0), 2), round(m.sum / m.most, 2)
    FROM learns l CROSS JOIN LATERAL (
        SELECT coalesce(sum(o.weight::numeric * g.percent::numeric), 0) AS sum, sum(o.weight::numeric) FILTER (WHERE g.percent IS NOT NULL) AS counted, sum(o.weight::numeric) AS most
        FROM lesson o LEFT JOIN lesson_grade g ON g.tenant_id = o.tenant_id AND g.enrollment_id = l.id AND g.lesson_id = o.id
        WHERE o.tenant_id = l.tenant_id AND o.course_id = l.course_id) AS m;

-- L4
INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, is_published, is_graded)
    SELECT s.tenant_id, gen_random_uuid(), s.course_id, s.id, w.kind, w.title, w.position, true, w.kind = 'QUIZ'
    FROM questioned q JOIN section s ON s.tenant_id = q.tenant_id AND s.course_id = q.id, (VALUES ('QUIZ', 'The quiz', 1), ('TEXT', 'Left open', 2)) AS w(kind, title, position);
INSERT INTO lesson_content (tenant_id, lesson_id, course_id, body)
    SELECT l.tenant_id, l.id, l.course_id, 'Generated for measuring.' FROM questioned q JOIN lesson l ON l.tenant_id = q.tenant_id AND l.course_id = q.id AND l.kind = 'TEXT';
INSERT INTO quiz (tenant_id, id, lesson_id, course_id)
    SELECT l.tenant_id, gen_random_uuid(), l.id, l.course_id FROM questioned q JOIN lesson l ON l.tenant_id = q.tenant_id AND l.course_id = q.id AND l.kind = 'QUIZ';
INSERT INTO question (tenant_id, id, course_id, quiz_id, position, kind, prompt, points)
    SELECT z.tenant_id, gen_random_uuid(), z.course_id, z.id, n, (ARRAY['NUMERIC', 'SINGLE', 'SINGLE', 'SHORT_TEXT', 'MULTIPLE', 'SINGLE'])[1 + n % 6], 'Question ' || n, 1 + n % 3
    FROM questioned q JOIN quiz z ON z.tenant_id = q.tenant_id AND z.course_id = q.id, generate_series(1, 30) AS n;
INSERT INTO question_option (tenant_id, id, question_id, position, text)
    SELECT a.tenant_id, gen_random_uuid(), a.id, n, 'Option ' || n FROM questioned q JOIN question a ON a.tenant_id = q.tenant_id AND a.course_id = q.id, generate_series(1, 4) AS n
    WHERE a.kind IN ('SINGLE', 'MULTIPLE');
INSERT INTO question_key (tenant_id, question_id, option_ids, number, tolerance, texts)
    SELECT a.tenant_id, a.id, o.ids, CASE a.kind WHEN 'NUMERIC' THEN 2 END, CASE a.kind WHEN 'NUMERIC' THEN 0.5 END, CASE a.kind WHEN 'SHORT_TEXT' THEN ARRAY['Right', 'Correct'] END
    FROM questioned q JOIN question a ON a.tenant_id = q.tenant_id AND a.course_id = q.id
    CROSS JOIN LATERAL (SELECT array_agg(o.id) AS ids FROM question_option o WHERE o.tenant_id = a.tenant_id AND o.question_id = a.id
                        AND o.position <= CASE a.kind WHEN 'SINGLE' THEN 1 ELSE 2 END) AS o;
INSERT INTO enrollment (tenant_id, id, course_id, user_id, status, enrolled_at, started_at, last_active_at, lessons_total)
    SELECT q.tenant_id, gen_random_uuid(), q.id, u.id, 'IN_PROGRESS', now() - interval '200 days', now() - interval '199 days', now() - interval '1 day', 2
    FROM questioned q JOIN app_user u ON u.tenant_id = q.tenant_id AND u.email ~ '^(learner|person(100|300|500|700|900))@';
