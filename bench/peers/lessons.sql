-- What L1 and L3 ask for, beside what `lectern seed` makes: in each school a course of 20 sections with 10 lessons each, of which the last five open in
-- 30 days. A hundred people are in it, with 60 to 139 lessons completed each: a million rows of progress in a hundred schools. Loaded once.
SET session_replication_role = replica;
SET app.audit = 'off';
INSERT INTO course (tenant_id, id, title, instructor_id, status, created_at)
    SELECT t.tenant_id, gen_random_uuid(), 'Zoology, Lesson by Lesson', u.id, 'PUBLISHED', now() - interval '300 days'
    FROM tenant t JOIN app_user u ON u.tenant_id = t.tenant_id AND u.email LIKE 'instructor@%'
    WHERE NOT EXISTS (SELECT FROM lesson l WHERE l.tenant_id = t.tenant_id);
CREATE TEMPORARY TABLE taught AS SELECT c.tenant_id, c.id FROM course c
    WHERE c.title = 'Zoology, Lesson by Lesson' AND NOT EXISTS (SELECT FROM section s WHERE s.tenant_id = c.tenant_id AND s.course_id = c.id);
INSERT INTO section (tenant_id, id, course_id, title, position, drip_kind, drip_at)
    SELECT t.tenant_id, gen_random_uuid(), t.id, 'Part ' || n, n, CASE WHEN n > 15 THEN 'ON_DATE' ELSE 'NONE' END, CASE WHEN n > 15 THEN now() + interval '30 days' END
    FROM taught t, generate_series(1, 20) AS n;
INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, duration_minutes, is_published)
    SELECT s.tenant_id, gen_random_uuid(), s.course_id, s.id, 'TEXT', 'Lesson ' || n, n, 10, true FROM taught t
    JOIN section s ON s.tenant_id = t.tenant_id AND s.course_id = t.id, generate_series(1, 10) AS n;
INSERT INTO lesson_content (tenant_id, lesson_id, course_id, body)
    SELECT l.tenant_id, l.id, l.course_id, 'Generated for measuring.' FROM taught t JOIN lesson l ON l.tenant_id = t.tenant_id AND l.course_id = t.id;
CREATE TEMPORARY TABLE learns AS
    SELECT t.tenant_id, t.id AS course_id, gen_random_uuid() AS id, u.id AS user_id, 60 + (row_number() OVER (PARTITION BY t.tenant_id ORDER BY u.id) * 7 % 80)::integer AS done
    FROM taught t CROSS JOIN LATERAL (
        SELECT u.id FROM app_user u WHERE u.tenant_id = t.tenant_id AND u.email ~ '^(learner|person[0-9]*00|person1[0-9][0-9])@' ORDER BY u.email !~ '^(learner|person(100|300|500|700|900))@', u.id LIMIT 100) AS u;
INSERT INTO enrollment (tenant_id, id, course_id, user_id, status, enrolled_at, started_at, last_active_at, lessons_total, lessons_completed, progress)
    SELECT tenant_id, id, course_id, user_id, 'IN_PROGRESS', now() - interval '200 days', now() - interval '199 days', now() - interval '1 day', 200, done, done / 2.0 FROM learns;
INSERT INTO lesson_progress (tenant_id, enrollment_id, lesson_id, user_id, course_id, opened_at, last_opened_at, completed_at)
    SELECT e.tenant_id, e.id, l.id, e.user_id, e.course_id, now() - interval '100 days', now() - interval '100 days', now() - interval '99 days'
    FROM learns e JOIN section s ON s.tenant_id = e.tenant_id AND s.course_id = e.course_id
    JOIN lesson l ON l.tenant_id = s.tenant_id AND l.section_id = s.id AND (s.position - 1) * 10 + l.position <= e.done;
