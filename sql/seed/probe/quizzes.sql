-- One row of every kind of quizzes, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, is_published, is_required)
    SELECT s.tenant_id, gen_random_uuid(), s.course_id, s.id, 'QUIZ', current_setting('probe.word'), 1 + coalesce((SELECT max(l.position) FROM lesson l WHERE l.tenant_id = s.tenant_id AND l.section_id = s.id), 0), true, false
    FROM section s WHERE s.tenant_id = app.tenant_id() AND s.position = 1;

INSERT INTO question_pool (tenant_id, id, course_id, name)
    SELECT q.tenant_id, gen_random_uuid(), q.course_id, current_setting('probe.word') FROM quiz q WHERE q.tenant_id = app.tenant_id();

INSERT INTO question (tenant_id, id, course_id, quiz_id, position, kind, prompt)
    SELECT q.tenant_id, gen_random_uuid(), q.course_id, q.id, 1, 'SINGLE', current_setting('probe.word') FROM quiz q WHERE q.tenant_id = app.tenant_id();
INSERT INTO question (tenant_id, id, course_id, pool_id, kind, prompt)
    SELECT p.tenant_id, gen_random_uuid(), p.course_id, p.id, 'SHORT_TEXT', current_setting('probe.word') FROM question_pool p WHERE p.tenant_id = app.tenant_id();

INSERT INTO question_option (tenant_id, question_id, position, text)
    SELECT q.tenant_id, q.id, n, w.word || n FROM question q CROSS JOIN generate_series(1, 2) AS n CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE q.tenant_id = app.tenant_id() AND q.kind = 'SINGLE';

INSERT INTO question_key (tenant_id, question_id, option_ids, texts, explanation)
    SELECT q.tenant_id, q.id, CASE WHEN q.kind = 'SINGLE' THEN ARRAY(SELECT o.id FROM question_option o WHERE o.tenant_id = q.tenant_id AND o.question_id = q.id AND o.position = 1) END,
           CASE WHEN q.kind = 'SHORT_TEXT' THEN ARRAY[w.word] END, w.word
    FROM question q CROSS JOIN current_setting('probe.word') AS w(word) WHERE q.tenant_id = app.tenant_id();

INSERT INTO quiz_draw (tenant_id, quiz_id, pool_id, course_id, position, count, points)
    SELECT q.tenant_id, q.id, p.id, q.course_id, 1, 1, 1 FROM quiz q JOIN question_pool p ON p.tenant_id = q.tenant_id AND p.course_id = q.course_id WHERE q.tenant_id = app.tenant_id();

INSERT INTO quiz_attempt (tenant_id, id, quiz_id, course_id, user_id, number, status, marking, wrong_penalty, submitted_at, score, max_score, percent, is_passed)
    SELECT e.tenant_id, gen_random_uuid(), q.id, q.course_id, e.user_id, 1, 'SUBMITTED', 'PARTIAL', 1, now(), 0, 1, 0, false
    FROM enrollment e JOIN quiz q ON q.tenant_id = e.tenant_id AND q.course_id = e.course_id WHERE e.tenant_id = app.tenant_id();

INSERT INTO attempt_question (tenant_id, attempt_id, question_id, position, points, option_ids, answer_options, score, is_correct)
    SELECT a.tenant_id, a.id, q.id, 1, 1, o.ids, o.ids[2:2], 0, false FROM quiz_attempt a JOIN question q ON q.tenant_id = a.tenant_id AND q.quiz_id = a.quiz_id
    CROSS JOIN LATERAL (SELECT array_agg(n.id ORDER BY n.position) AS ids FROM question_option n WHERE n.tenant_id = q.tenant_id AND n.question_id = q.id) AS o
    WHERE a.tenant_id = app.tenant_id();

INSERT INTO regrade (tenant_id, id, question_id, course_id, by_id, reason)
    SELECT q.tenant_id, gen_random_uuid(), q.id, q.course_id, u.id, current_setting('probe.word') FROM question q JOIN app_user u ON u.tenant_id = q.tenant_id AND u.name LIKE 'INSTRUCTOR %'
    WHERE q.tenant_id = app.tenant_id() AND q.quiz_id IS NOT NULL;

INSERT INTO score_change (tenant_id, id, attempt_id, cause, score, reason)
    SELECT a.tenant_id, gen_random_uuid(), a.id, 'REGRADE', 0, current_setting('probe.word') FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id();
