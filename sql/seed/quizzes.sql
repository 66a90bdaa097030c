-- A demo school's quiz: its questions, a pool, and attempts from nothing to everything right. Runs after assignments.sql. `right_one`: which option, or the number.
CREATE TEMPORARY TABLE seed_question (
    course text NOT NULL, position integer NOT NULL, is_of_pool boolean NOT NULL, kind text NOT NULL, prompt text NOT NULL, options text[] NOT NULL, right_one integer NOT NULL,
    explanation text, PRIMARY KEY (course, position)) ON COMMIT DROP;
INSERT INTO seed_question VALUES
    ('cockpit', 1, false, 'SINGLE', 'Which instrument tells you how fast you climb?', '{Altimeter,Variometer,Attitude indicator,Compass}', 2, 'The altimeter says how high, the variometer how fast that changes.'),
    ('cockpit', 2, false, 'SINGLE', 'Where do you look most of the time in visual flight?', '{"At the panel","At the map","Outside"}', 3, 'Nine seconds outside, one inside.'),
    ('cockpit', 3, false, 'NUMERIC', 'How many instruments does the basic panel have?', '{}', 6, NULL),
    ('cockpit', 4, true, 'SINGLE', 'What comes before a stall?', '{"The warning","Silence"}', 1, 'Listen for it.'),
    ('cockpit', 5, true, 'SINGLE', 'Who has the right of way?', '{"The glider","The one with an engine"}', 1, NULL),
    ('cockpit', 6, true, 'NUMERIC', 'What does the compass show when you fly due east, in degrees?', '{}', 90, NULL),
    ('vienna', 1, false, 'SINGLE', 'What sort of tenant was Beethoven?', '{"A quiet one","A difficult one"}', 2, 'Ask his landlords.'),
    ('vienna', 2, false, 'SINGLE', 'Which hall is golden?', '{Konzerthaus,Musikverein,"Staatsoper"}', 2, NULL),
    ('vienna', 3, false, 'NUMERIC', 'In which year did he write the Heiligenstadt Testament?', '{}', 1802, NULL),
    ('vienna', 4, true, 'SINGLE', 'What do you say when you enter a shop?', '{"Grüß Gott","Servas, Oida"}', 1, NULL),
    ('vienna', 5, true, 'SINGLE', 'What is a Verlängerter?', '{"A coffee with more water","A longer evening"}', 1, NULL),
    ('vienna', 6, true, 'NUMERIC', 'How many keys has a modern piano?', '{}', 88, NULL);
DELETE FROM seed_question q WHERE NOT EXISTS (SELECT FROM seed_taught t WHERE t.key = q.course);

INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, duration_minutes, is_required, is_published, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('lesson:' || t.key || ':quiz'), pg_temp.id('course:' || t.key), pg_temp.id('section:' || t.key || ':1'), 'QUIZ', 'What do you remember?',
           1 + (SELECT max(l.position) FROM lesson l WHERE l.tenant_id = pg_temp.id('tenant') AND l.section_id = pg_temp.id('section:' || t.key || ':1')), 10, false, true,
           now() - make_interval(days => t.created_days_ago), now() - make_interval(days => t.created_days_ago)
    FROM seed_taught t WHERE EXISTS (SELECT FROM seed_question q WHERE q.course = t.key);
INSERT INTO lesson_content (tenant_id, lesson_id, course_id, body)
    SELECT l.tenant_id, l.id, l.course_id, 'Take your time, and as many attempts as you like.' FROM lesson l WHERE l.tenant_id = pg_temp.id('tenant') AND l.kind = 'QUIZ';
UPDATE quiz q SET marking = 'ALL_OR_NOTHING', shuffle_options = true, review = 'AFTER_SUBMISSION' WHERE q.tenant_id = pg_temp.id('tenant');

INSERT INTO question_pool (tenant_id, id, course_id, name, created_at)
    SELECT q.tenant_id, pg_temp.id('pool:' || q.course_id), q.course_id, 'Around it', q.created_at FROM quiz q WHERE q.tenant_id = pg_temp.id('tenant');
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
    SELECT q.tenant_id, q.id, pg_temp.id('pool:' || q.course_id), q.course_id, 1, 1, 2 FROM quiz q WHERE q.tenant_id = pg_temp.id('tenant');

-- Everybody under way has tried: the first with nothing right, the next with one more, and so on. One is still at it, not the learner who signs in.
CREATE TEMPORARY TABLE seed_try ON COMMIT DROP AS
    SELECT t.*, CASE WHEN t.person = 'learner' THEN 3 ELSE (t.nth - 1) % 5 END AS right_ones FROM (
        SELECT w.course, w.person, z.id AS quiz_id, z.course_id, e.user_id, e.id AS enrollment_id, z.lesson_id,
               row_number() OVER (PARTITION BY w.course ORDER BY w.person = 'learner', w.person) AS nth,
               row_number() OVER (PARTITION BY w.course ORDER BY w.person = 'learner', w.person) = 7 AND w.person <> 'learner' AS is_open,
               greatest(e.enrolled_at, now() - make_interval(days => 2 + pg_temp.chance('try:' || w.person) / 10)) AS began
        FROM seed_way w
        JOIN quiz z ON z.tenant_id = pg_temp.id('tenant') AND z.course_id = pg_temp.id('course:' || w.course)
        JOIN enrollment e ON e.tenant_id = z.tenant_id AND e.id = pg_temp.id('enrollment:' || w.course || ':' || w.person)
        WHERE w.steps > 0) AS t;
INSERT INTO quiz_attempt (tenant_id, id, quiz_id, course_id, user_id, number, status, marking, wrong_penalty, started_at, submitted_at, score, max_score, percent, is_passed)
    SELECT pg_temp.id('tenant'), pg_temp.id('attempt:' || t.course || ':' || t.person), t.quiz_id, t.course_id, t.user_id, 1, CASE WHEN t.is_open THEN 'IN_PROGRESS' ELSE 'SUBMITTED' END,
           'ALL_OR_NOTHING', 1, CASE WHEN t.is_open THEN now() - interval '5 minutes' ELSE t.began END, CASE WHEN NOT t.is_open THEN least(now(), t.began + interval '7 minutes') END,
           CASE WHEN NOT t.is_open THEN 2 * t.right_ones END, 8, CASE WHEN NOT t.is_open THEN 25 * t.right_ones END, CASE WHEN NOT t.is_open THEN t.right_ones >= 2 END
    FROM seed_try t;
INSERT INTO attempt_question (tenant_id, attempt_id, question_id, position, points, option_ids, answer_options, answer_number, score, is_correct)
    SELECT pg_temp.id('tenant'), pg_temp.id('attempt:' || t.course || ':' || t.person), k.id, a.nth, 2, o.ids,
           CASE WHEN s.kind = 'SINGLE' AND NOT t.is_open THEN o.ids[CASE WHEN a.nth <= t.right_ones THEN s.right_one ELSE s.right_one % cardinality(o.ids) + 1 END:][1:1] END,
           CASE WHEN s.kind = 'NUMERIC' AND NOT t.is_open THEN s.right_one + CASE WHEN a.nth <= t.right_ones THEN 0 ELSE 1 END END,
           CASE WHEN NOT t.is_open THEN CASE WHEN a.nth <= t.right_ones THEN 2 ELSE 0 END END, CASE WHEN NOT t.is_open THEN a.nth <= t.right_ones END
    FROM seed_try t
    CROSS JOIN LATERAL (SELECT n AS nth, CASE WHEN n < 4 THEN n ELSE 4 + t.nth % 3 END AS position FROM generate_series(1, 4) AS n) AS a
    JOIN seed_question s ON s.course = t.course AND s.position = a.position
    CROSS JOIN LATERAL (SELECT pg_temp.id('question:' || s.course || ':' || s.position) AS id) AS k
    CROSS JOIN LATERAL (SELECT coalesce(array_agg(q.id ORDER BY q.position), '{}') AS ids FROM question_option q WHERE q.tenant_id = pg_temp.id('tenant') AND q.question_id = k.id) AS o;
INSERT INTO score_change (tenant_id, id, attempt_id, cause, score, by_id, changed_at)
    SELECT a.tenant_id, pg_temp.id('score:' || a.id), a.id, 'SUBMISSION', a.score, a.user_id, a.submitted_at FROM quiz_attempt a WHERE a.tenant_id = pg_temp.id('tenant') AND a.score IS NOT NULL;

-- What follows: the lesson is completed by whoever passes, and counts in the grade book.
INSERT INTO lesson_progress (tenant_id, enrollment_id, lesson_id, user_id, course_id, opened_at, last_opened_at, completed_at)
    SELECT pg_temp.id('tenant'), t.enrollment_id, t.lesson_id, t.user_id, t.course_id, a.started_at, a.started_at, CASE WHEN a.is_passed THEN a.submitted_at END
    FROM seed_try t JOIN quiz_attempt a ON a.tenant_id = pg_temp.id('tenant') AND a.quiz_id = t.quiz_id AND a.user_id = t.user_id;
INSERT INTO lesson_grade (tenant_id, enrollment_id, lesson_id, user_id, course_id, percent, graded_at)
    SELECT pg_temp.id('tenant'), t.enrollment_id, t.lesson_id, t.user_id, t.course_id, a.percent, a.submitted_at
    FROM seed_try t JOIN quiz_attempt a ON a.tenant_id = pg_temp.id('tenant') AND a.quiz_id = t.quiz_id AND a.user_id = t.user_id AND a.percent IS NOT NULL;
UPDATE lesson l SET weight = 2 WHERE l.tenant_id = pg_temp.id('tenant') AND l.kind = 'QUIZ'; -- the grades of the enrollments follow
