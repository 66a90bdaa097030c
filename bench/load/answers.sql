-- What A3 and A4 look through, beside what `lectern seed` makes: in the first school 200 school-wide documents with 500 passages each, and of 20 learners 500 conversations each with ten
-- messages. Words are of three syllables, and as often as those of a language: the n-th is found about 1/n times as often as the first. Loaded once.
SET session_replication_role = replica;
SET app.audit = 'off';
CREATE TEMPORARY TABLE here AS SELECT t.tenant_id FROM tenant t
    WHERE t.slug = 'scale-0001' AND NOT EXISTS (SELECT FROM document d WHERE d.tenant_id = t.tenant_id AND d.title LIKE 'Measured, %');

-- The same as `word` in answers.js.
CREATE FUNCTION pg_temp.word(n integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(substr('bdfghjklmnpqrstvwxyz', 1 + s.n % 20, 1) || substr('aeiou', 1 + s.n / 20 % 5, 1), '' ORDER BY s.place)
    FROM (VALUES (1, n % 100), (2, n / 100 % 100), (3, n / 10000)) AS s(place, n)
$$;
CREATE TEMPORARY TABLE vocabulary AS SELECT n, pg_temp.word(n) AS word FROM generate_series(1, 20000) AS n;
CREATE UNIQUE INDEX ON vocabulary (n) INCLUDE (word);
ANALYZE vocabulary;

CREATE TEMPORARY TABLE book AS SELECT h.tenant_id, gen_random_uuid() AS id, n FROM here h, generate_series(1, 200) AS n;
INSERT INTO document (tenant_id, id, title, text, media_type, byte_size, state, attempts, character_count, passage_count, processed_at)
    SELECT tenant_id, id, 'Measured, ' || n, 'Measured.', 'text/plain', 9, 'COMPLETED', 1, 300000, 500, now() FROM book;
INSERT INTO passage (tenant_id, document_id, position, revision, text)
    SELECT b.tenant_id, b.id, p, 1, s.text
    FROM book b CROSS JOIN generate_series(1, 500) AS p CROSS JOIN LATERAL (
        SELECT string_agg(v.word, ' ') AS text FROM (SELECT floor(power(20000, random()))::integer AS n FROM generate_series(1, 90) AS w WHERE b.n + p > 0) AS r JOIN vocabulary v ON v.n = r.n) AS s;

CREATE TEMPORARY TABLE talk AS
    SELECT u.tenant_id, u.id AS owner_id, gen_random_uuid() AS id, gen_random_uuid() AS base, n FROM (
        SELECT u.tenant_id, u.id FROM app_user u JOIN here h ON h.tenant_id = u.tenant_id WHERE u.email ~ '^person(4[5-9]|5[0-9]|6[0-4])@' ORDER BY u.id) AS u, generate_series(1, 500) AS n;
INSERT INTO conversation (tenant_id, id, owner_id, title, last_message_at, created_at)
    SELECT tenant_id, id, owner_id, 'Measured ' || n, now() - make_interval(hours => n), now() - make_interval(hours => n + 1) FROM talk;
CREATE TEMPORARY TABLE said AS SELECT t.tenant_id, t.owner_id, t.id AS conversation_id, gen_random_uuid() AS id, d, t.n FROM talk t, generate_series(0, 9) AS d;
CREATE INDEX ON said (conversation_id, d);
ANALYZE said;
INSERT INTO message (tenant_id, id, conversation_id, owner_id, parent_id, depth, role, state, is_active, content, model, author_id, created_at, finished_at)
    SELECT s.tenant_id, s.id, s.conversation_id, s.owner_id, p.id, s.d, CASE s.d % 2 WHEN 0 THEN 'USER' ELSE 'ASSISTANT' END, 'COMPLETED', true, w.text, CASE s.d % 2 WHEN 1 THEN 'default' END,
           CASE s.d % 2 WHEN 0 THEN s.owner_id END, now() - make_interval(hours => s.n, mins => 10 - s.d), CASE s.d % 2 WHEN 1 THEN now() - make_interval(hours => s.n, mins => 10 - s.d) END
    FROM said s LEFT JOIN said p ON p.conversation_id = s.conversation_id AND p.d = s.d - 1 CROSS JOIN LATERAL (
        SELECT string_agg(v.word, ' ') AS text FROM (SELECT floor(power(20000, random()))::integer AS n FROM generate_series(1, 40) AS w WHERE s.d + s.n > 0) AS r JOIN vocabulary v ON v.n = r.n) AS w;
UPDATE conversation c SET active_leaf_id = s.id FROM said s WHERE s.d = 9 AND c.tenant_id = s.tenant_id AND c.id = s.conversation_id;
