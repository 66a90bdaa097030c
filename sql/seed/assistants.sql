-- What a demo school has of assistants: projects, agents, knowledge bases, documents, conversations, thirty days of usage, a course that was drafted. Nobody needs to be asked
-- for any of it. Runs after discussions.sql. What follows are the words of both schools.
CREATE TEMPORARY TABLE seed_word ON COMMIT DROP AS
    SELECT w.key, CASE WHEN current_setting('seed.slug') LIKE 'alpha%' THEN w.alpha ELSE w.bravo END AS text FROM (VALUES
        ('project 1', 'Winter syllabus', 'Spring recital'), ('project 1 about', 'What we teach while the field is closed.', 'Pieces, rooms and rehearsals for May.'),
        ('project 2', 'Safety review', 'New course books'), ('project 2 about', 'What went wrong last season, and what follows from it.', 'Which of them we keep.'),
        ('own agent', 'Syllabus writer', 'Programme writer'), ('base 1', 'Flying handbooks', 'Course handbooks'), ('base 2', 'Notes of the project', 'Notes of the project'),
        ('document 1', 'Landing technique', 'Sight-reading'),
        ('document 1 text', E'# Crosswind landings\n\nIn a crosswind the aeroplane is kept straight with the rudder and level with the ailerons. Approach with the wing low on the side of the wind, or crab and straighten before the wheels touch.\n\n# Gusts\n\nAdd half of the gust to the approach speed. Go around as soon as the centre line can''t be held.',
            E'# A first reading\n\nRead the key, the metre and the fastest note before you begin. Keep the pulse, and leave out what you can''t play.\n\n# Looking ahead\n\nThe eyes are one bar ahead of the hands. Cover the bar that is played with a card.'),
        ('document 2', 'Weather minima', 'House rules'),
        ('document 2 text', E'# For students\n\nSolo flights need ten kilometres of visibility and a ceiling of two thousand feet. The instructor of the day decides about wind.',
            E'# Rooms\n\nPractice rooms are open from eight to ten. Pianos are closed after use, and windows before.'),
        ('document 3', 'How to book', 'How to enrol'),
        ('document 3 text', E'# Booking\n\nLessons are booked in the calendar. What is cancelled less than a day before is late.', E'# Enrolling\n\nCourses are open until their first evening. A waiting list is kept for those that are full.'),
        ('document 4', 'Notes of the first meeting', 'Notes of the first meeting'),
        ('document 4 text', E'# Decided\n\nWe begin with navigation. Everybody sends three questions by Friday.', E'# Decided\n\nThe choir opens the evening. Everybody proposes one piece by Friday.'),
        ('scan', 'Scanned checklist', 'Scanned score'),
        ('ask', 'How do I land in a crosswind?', 'How do I read a score that I have never seen?'),
        ('told', 'Keep it straight with the rudder and level with the ailerons [1]. Which of the two do you find harder?', 'Look for the key, the metre and the fastest note first [1]. Which of them do you forget?'),
        ('ask other', 'How do I land when it gusts?', 'How do I keep reading when I am lost?'), ('told other', 'Begin with the speed: what does half of the gust add to yours?', 'Where were your eyes when you lost it?'),
        ('plan', 'Propose an outline for three evenings of navigation.', 'Propose an order for the pieces of the evening.'),
        ('plan one', 'First the chart, then the log, then a flight on paper.', 'Choir, strings, soloists, choir.'),
        ('plan two', 'Evening one: the chart. Evening two: wind and the log. Evening three: the whole flight on paper, in pairs.', 'Open with the choir, put the soloists in the middle, and end with all of them.'),
        ('write', 'Write a paragraph on booking for the handbook.', 'Write a paragraph on enrolling for the handbook.'),
        ('written', 'Lessons are booked in the calendar. Cancel a day before, or it counts as late [1].', 'Courses are open until their first evening; for full ones there is a waiting list [1].'),
        ('course', 'Weather for Student Pilots', 'Listening to Chamber Music'), ('course tag', 'weather', 'chamber music'), ('course about', 'What clouds, wind and charts say before a flight.', 'Four hands, four strings, and how they listen to one another.'),
        ('lesson 1', 'Clouds and what they promise', 'Who leads?'), ('lesson 1 text', 'Cumulus in the morning is a promise of bumps in the afternoon.', 'The lead goes round. Follow it through the first minute.'),
        ('lesson 2', 'Reading a wind chart', 'Endings'), ('lesson 2 text', 'Barbs point to where the wind comes from; each long one is ten knots.', 'Listen to how four people stop together.')) AS w(key, alpha, bravo);
CREATE OR REPLACE FUNCTION pg_temp.word(wanted text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT w.text FROM seed_word w WHERE w.key = wanted $$;

INSERT INTO project (tenant_id, id, name, description, owner_id, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('project:' || p.n), pg_temp.word('project ' || p.n), pg_temp.word('project ' || p.n || ' about'), pg_temp.id('user:' || p.owner),
           now() - make_interval(days => p.days_ago), now() - make_interval(days => p.days_ago)
    FROM (VALUES (1, 'instructor', 40), (2, 'admin', 25)) AS p(n, owner, days_ago);
INSERT INTO project_member (tenant_id, project_id, user_id, role, joined_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('project:' || m.n), pg_temp.id('user:' || m.person), m.role, now() - make_interval(days => 20)
    FROM (VALUES (1, 'learner', 'MEMBER'), (1, 'admin', 'MANAGER'), (2, 'instructor', 'VIEWER')) AS m(n, person, role);

INSERT INTO knowledge_base (tenant_id, id, project_id, name, created_by_id, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('base:' || b.n), CASE WHEN b.n = 2 THEN pg_temp.id('project:1') END, pg_temp.word('base ' || b.n), pg_temp.id('user:' || b.person),
           now() - make_interval(days => 39), now() - make_interval(days => 39)
    FROM (VALUES (1, 'admin'), (2, 'instructor')) AS b(n, person);

-- What was read, in passages; and one that holds nothing that could be read.
INSERT INTO document (tenant_id, id, title, project_id, text, media_type, byte_size, state, failure_reason, attempts, character_count, passage_count, created_by_id, created_at, updated_at, processed_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('document:' || d.n), pg_temp.word('document ' || d.n), CASE WHEN d.n = 4 THEN pg_temp.id('project:1') END, pg_temp.word('document ' || d.n || ' text'),
           'text/markdown', octet_length(pg_temp.word('document ' || d.n || ' text')), 'COMPLETED', NULL, 1, length(pg_temp.word('document ' || d.n || ' text')),
           cardinality(regexp_split_to_array(pg_temp.word('document ' || d.n || ' text'), '(^|\n\n)# ')) - 1,
           pg_temp.id('user:' || CASE WHEN d.n = 4 THEN 'instructor' ELSE 'admin' END), now() - make_interval(days => 38 - d.n), now() - make_interval(days => 38 - d.n), now() - make_interval(days => 38 - d.n)
    FROM generate_series(1, 4) AS d(n);
INSERT INTO document (tenant_id, id, title, text, media_type, byte_size, state, failure_reason, attempts, character_count, created_by_id, created_at, updated_at, processed_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('document:scan'), pg_temp.word('scan'), '<img src="scan.png">', 'text/html', 20, 'FAILED', 'NO_TEXT', 1, 0, pg_temp.id('user:admin'),
           now() - interval '12 days', now() - interval '12 days', now() - interval '12 days';
INSERT INTO passage (tenant_id, document_id, position, revision, heading, text)
    SELECT d.tenant_id, d.id, p.place - 1, d.revision, split_part(p.part, E'\n\n', 1), substr(p.part, position(E'\n\n' IN p.part) + 2)
    FROM document d CROSS JOIN LATERAL regexp_split_to_table(d.text, '(^|\n\n)# ') WITH ORDINALITY AS p(part, place)
    WHERE d.tenant_id = pg_temp.id('tenant') AND d.state = 'COMPLETED' AND p.place > 1;
INSERT INTO knowledge_base_document (tenant_id, knowledge_base_id, document_id, added_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('base:' || k.base), pg_temp.id('document:' || k.document), now() - interval '30 days'
    FROM (VALUES (1, 1), (1, 2), (1, 3), (2, 4), (2, 1)) AS k(base, document);

INSERT INTO agent (tenant_id, id, project_id, name, description, kind, is_active, temperature, max_tokens, system_prompt, tools, knowledge_base_ids, starters, created_by_id, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('agent:' || a.key), CASE WHEN a.key = 'own' THEN pg_temp.id('project:1') END, CASE WHEN a.key = 'own' THEN pg_temp.word('own agent') ELSE a.name END,
           a.description, a.kind, a.key <> 'hr', 0.3, 1000, a.prompt, a.tools::text[], CASE a.key WHEN 'own' THEN ARRAY[pg_temp.id('base:1'), pg_temp.id('base:2')] WHEN 'hr' THEN '{}' ELSE ARRAY[pg_temp.id('base:1')] END,
           a.starters, pg_temp.id('user:' || CASE WHEN a.key = 'own' THEN 'instructor' ELSE 'admin' END), now() - interval '38 days', now() - interval '38 days'
    FROM (VALUES
        ('tutor', 'Tutor', 'Helps you to find out by yourself.', 'TUTOR', 'You are a tutor. First a hint, then a targeted hint, then a similar worked example; never the answer to graded work.',
         '{SEARCH_COURSES,COURSE_OUTLINE,MY_PROGRESS,SEARCH_DOCUMENTS}', '{Explain it to me with an example,What should I learn next?}'::text[]),
        ('author', 'Course author', 'Helps to write courses.', 'COURSE_AUTHOR', 'You help instructors to write courses: aims first, then sections, then lessons.', '{SEARCH_COURSES,COURSE_OUTLINE}', '{Propose an outline}'::text[]),
        ('documentation', 'Writer', 'Writes handbooks.', 'DOCUMENTATION', 'You write documentation out of the documents at hand, and name the passages.', '{SEARCH_DOCUMENTS}', '{}'::text[]),
        ('hr', 'Office', 'Answers questions about working here.', 'HR', 'You answer from the documents at hand, and decide nothing.', '{}', '{}'::text[]),
        ('own', '', 'Writes for the project.', 'CUSTOM', 'You write for this project, out of its notes.', '{SEARCH_DOCUMENTS}', '{}'::text[])) AS a(key, name, description, kind, prompt, tools, starters);

-- Conversations. `after`: what a message follows; `is_on`: whether it lies on the active branch.
INSERT INTO conversation (tenant_id, id, owner_id, agent_id, project_id, title, last_message_at, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('conversation:' || c.person), pg_temp.id('user:' || c.person), pg_temp.id('agent:' || c.agent), CASE WHEN c.agent = 'own' THEN pg_temp.id('project:1') END,
           left(pg_temp.word(c.first), 60), now() - make_interval(days => c.days_ago), now() - make_interval(days => c.days_ago, hours => 1), now() - make_interval(days => c.days_ago)
    FROM (VALUES ('learner', 'tutor', 'ask', 2), ('instructor', 'own', 'plan', 5), ('admin', 'documentation', 'write', 9)) AS c(person, agent, first, days_ago);
CREATE TEMPORARY TABLE seed_said ON COMMIT DROP AS
    SELECT * FROM (VALUES
        ('learner', 'ask', NULL, 0, 'USER', true, 1), ('learner', 'told', 'ask', 1, 'ASSISTANT', true, 2), ('learner', 'ask other', NULL, 0, 'USER', false, 3), ('learner', 'told other', 'ask other', 1, 'ASSISTANT', false, 4),
        ('instructor', 'plan', NULL, 0, 'USER', true, 1), ('instructor', 'plan one', 'plan', 1, 'ASSISTANT', false, 2), ('instructor', 'plan two', 'plan', 1, 'ASSISTANT', true, 3),
        ('admin', 'write', NULL, 0, 'USER', true, 1), ('admin', 'written', 'write', 1, 'ASSISTANT', true, 2)) AS s(person, key, after, depth, role, is_on, n);
INSERT INTO message (tenant_id, id, conversation_id, owner_id, parent_id, depth, role, state, is_active, content, agent_id, agent_version, model, prompt_tokens, completion_tokens, is_estimated,
                     finish_reason, omitted_messages, client_message_id, author_id, created_at, finished_at)
    SELECT c.tenant_id, pg_temp.id('message:' || s.key), c.id, c.owner_id, CASE WHEN s.after IS NOT NULL THEN pg_temp.id('message:' || s.after) END, s.depth, s.role, 'COMPLETED', s.is_on, pg_temp.word(s.key),
           CASE WHEN s.role = 'ASSISTANT' THEN c.agent_id END, CASE WHEN s.role = 'ASSISTANT' THEN 1 END, CASE WHEN s.role = 'ASSISTANT' THEN 'small' END,
           CASE WHEN s.role = 'ASSISTANT' THEN 420 + 60 * s.n END, CASE WHEN s.role = 'ASSISTANT' THEN 80 + 10 * s.n END, CASE WHEN s.role = 'ASSISTANT' THEN false END,
           CASE WHEN s.role = 'ASSISTANT' THEN 'STOP' END, CASE WHEN s.role = 'ASSISTANT' THEN 0 END, CASE WHEN s.role = 'USER' THEN 'demo-' || s.n END,
           CASE WHEN s.role = 'USER' THEN c.owner_id END, c.created_at + make_interval(mins => s.n * 5), CASE WHEN s.role = 'ASSISTANT' THEN c.created_at + make_interval(mins => s.n * 5, secs => 9) END
    FROM seed_said s JOIN conversation c ON c.tenant_id = pg_temp.id('tenant') AND c.id = pg_temp.id('conversation:' || s.person) ORDER BY s.depth, s.n;
INSERT INTO message (tenant_id, id, conversation_id, owner_id, parent_id, depth, role, state, is_active, content, tool, arguments, outcome, created_at)
    SELECT m.tenant_id, pg_temp.id('message:tool'), m.conversation_id, m.owner_id, m.id, m.depth + 1, 'TOOL', 'COMPLETED', false, '{"enrollments":[]}', 'MY_PROGRESS', '{}', 'ANSWERED', m.created_at + interval '2 seconds'
    FROM message m WHERE m.tenant_id = pg_temp.id('tenant') AND m.id = pg_temp.id('message:told');
UPDATE conversation c SET active_leaf_id = m.id FROM message m
    WHERE c.tenant_id = pg_temp.id('tenant') AND m.tenant_id = c.tenant_id AND m.conversation_id = c.id AND m.is_active AND m.role = 'ASSISTANT';
INSERT INTO message_citation (tenant_id, message_id, marker, is_cited, title, heading, document_id, position, revision)
    SELECT p.tenant_id, pg_temp.id('message:' || c.said), c.marker, c.marker = 1, d.title, p.heading, d.id, p.position, p.revision
    FROM (VALUES ('told', 1, 1, 1), ('told', 2, 1, 2), ('written', 1, 3, 1)) AS c(said, marker, document, place)
    JOIN document d ON d.tenant_id = pg_temp.id('tenant') AND d.id = pg_temp.id('document:' || c.document)
    JOIN passage p ON p.tenant_id = d.tenant_id AND p.document_id = d.id AND p.position = c.place;
INSERT INTO message_feedback (tenant_id, id, message_id, owner_id, agent_id, agent_version, rating, comment, created_at)
    SELECT m.tenant_id, pg_temp.id('feedback:' || r.said), m.id, m.owner_id, m.agent_id, m.agent_version, r.rating, r.comment, m.finished_at + interval '1 minute'
    FROM (VALUES ('told', 'HELPFUL', NULL), ('plan one', 'UNHELPFUL', 'Too short to work with.'), ('written', 'HELPFUL', 'Went in as it is.')) AS r(said, rating, comment)
    JOIN message m ON m.tenant_id = pg_temp.id('tenant') AND m.id = pg_temp.id('message:' || r.said);

-- Thirty days of three people and two models, with the prices of those days; and what the counters say of it, by the school's clock.
INSERT INTO assistant_usage (tenant_id, id, at, user_id, project_id, agent_id, model, purpose, has_failed, prompt_tokens, completion_tokens, is_estimated, input_price, output_price, currency)
    SELECT pg_temp.id('tenant'), pg_temp.id('usage:' || day || ':' || w.person || ':' || w.model || ':' || n), now() - make_interval(days => day, mins => 30 + 7 * n), pg_temp.id('user:' || w.person),
           CASE WHEN w.agent = 'own' THEN pg_temp.id('project:1') END, pg_temp.id('agent:' || w.agent), w.model, w.purpose, pg_temp.chance('fails:' || day || w.person || n) < 4,
           400 + 9 * pg_temp.chance('asks:' || day || w.person || n), 60 + 3 * pg_temp.chance('says:' || day || w.person || n), pg_temp.chance('guess:' || day || w.person || n) < 10,
           w.input_price, w.output_price, 'EUR'
    FROM generate_series(0, 29) AS day
    CROSS JOIN (VALUES ('learner', 'tutor', 'small', 'ANSWER', 15, 60), ('instructor', 'own', 'small', 'ANSWER', 15, 60), ('instructor', 'author', 'large', 'GENERATION', 250, 1000),
                       ('admin', 'documentation', 'large', 'ANSWER', 250, 1000)) AS w(person, agent, model, purpose, input_price, output_price)
    CROSS JOIN LATERAL generate_series(1, 1 + pg_temp.chance('calls:' || day || w.person) / 25) AS n;
INSERT INTO token_counter (tenant_id, scope, user_id, period, used)
    SELECT u.tenant_id, s.scope, CASE s.scope WHEN 'PERSON' THEN u.user_id ELSE '00000000-0000-0000-0000-000000000000' END,
           CASE s.scope WHEN 'PERSON' THEN (u.at AT TIME ZONE t.time_zone)::date ELSE date_trunc('month', u.at AT TIME ZONE t.time_zone)::date END, sum(u.prompt_tokens + u.completion_tokens)
    FROM assistant_usage u JOIN tenant t ON t.tenant_id = u.tenant_id CROSS JOIN (VALUES ('SCHOOL'), ('PERSON')) AS s(scope)
    WHERE u.tenant_id = pg_temp.id('tenant') GROUP BY 1, 2, 3, 4;

-- A course that was drafted, and that nobody has touched yet.
INSERT INTO course (tenant_id, id, title, description, instructor_id, status, tags, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('course:drafted'), pg_temp.word('course'), pg_temp.word('course about'), pg_temp.id('user:instructor'), 'DRAFT', ARRAY[pg_temp.word('course tag')], now() - interval '3 days', now() - interval '3 days';
INSERT INTO section (tenant_id, id, course_id, title, position, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('section:drafted'), pg_temp.id('course:drafted'), pg_temp.word('course'), 1, now() - interval '3 days';
INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, is_published, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('lesson:drafted:' || n), pg_temp.id('course:drafted'), pg_temp.id('section:drafted'), 'TEXT', pg_temp.word('lesson ' || n), n, true, now() - interval '3 days', now() - interval '3 days'
    FROM generate_series(1, 2) AS n;
INSERT INTO lesson_content (tenant_id, lesson_id, course_id, body)
    SELECT pg_temp.id('tenant'), pg_temp.id('lesson:drafted:' || n), pg_temp.id('course:drafted'), pg_temp.word('lesson ' || n || ' text') FROM generate_series(1, 2) AS n;
INSERT INTO generation (tenant_id, id, kind, state, requested_by_id, client_request_id, request_digest, topic, section_count, lessons_per_section, questions_per_section, knowledge_base_ids, model,
                        prompt_tokens, completion_tokens, course_id, created_at, updated_at, finished_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('generation:course'), 'COURSE', 'COMPLETED', pg_temp.id('user:instructor'), 'demo', sha256('demo'), pg_temp.word('course'), 1, 2, 0, ARRAY[pg_temp.id('base:1')], 'large',
           1840, 960, pg_temp.id('course:drafted'), now() - interval '3 days', now() - interval '3 days', now() - interval '3 days' + interval '40 seconds';
INSERT INTO generation_source (tenant_id, generation_id, document_id, place) SELECT pg_temp.id('tenant'), pg_temp.id('generation:course'), pg_temp.id('document:2'), 1;
INSERT INTO provenance (tenant_id, id, course_id, section_id, generation_id, model, generated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('provenance:' || p.of), pg_temp.id('course:drafted'), CASE p.of WHEN 'section' THEN pg_temp.id('section:drafted') END, pg_temp.id('generation:course'), 'large',
           now() - interval '3 days' FROM (VALUES ('course'), ('section')) AS p(of);

-- It all happened before anybody listened.
DELETE FROM job j WHERE j.tenant_id = pg_temp.id('tenant') AND j.kind IN ('event.fan_out', 'document.process', 'generation.run', 'assistant.purge');
