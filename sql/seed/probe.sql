-- One row of every kind for a school that is there to be attacked: `lectern audit` fills its two disposable schools with
-- it, the isolation test its two. A table without a row here fails both, so that none is ever left uncovered.
--
-- Expects the school (setting app.tenant_id) with people who are called ADMIN, INSTRUCTOR, LEARNER and VIEWER (and
-- something after it), audit off, and in the setting probe.word the word that stands in every text.
INSERT INTO role (tenant_id, id, key, name, permissions)
    SELECT app.tenant_id(), gen_random_uuid(), 'EXTRA', current_setting('probe.word'), '{COURSE_READ}';

-- A well-formed hash to which nobody knows a password.
INSERT INTO credential (tenant_id, user_id, password_hash)
    SELECT u.tenant_id, u.id, '$argon2id$v=19$m=19456,t=2,p=1$YXVkaXRhdWRpdGF1ZGl0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' FROM app_user u WHERE u.tenant_id = app.tenant_id()
    ON CONFLICT DO NOTHING;

INSERT INTO session (tenant_id, id, user_id)
    SELECT u.tenant_id, gen_random_uuid(), u.id FROM app_user u WHERE u.tenant_id = app.tenant_id();

INSERT INTO refresh_token (tenant_id, token_hash, session_id, expires_at)
    SELECT s.tenant_id, sha256(uuid_send(s.id)), s.id, now() + interval '1 hour' FROM session s
    WHERE s.tenant_id = app.tenant_id() AND NOT EXISTS (SELECT FROM refresh_token t WHERE t.tenant_id = s.tenant_id AND t.session_id = s.id);

INSERT INTO course (tenant_id, id, title, description, instructor_id, status, tags, enrollment_key)
    SELECT u.tenant_id, gen_random_uuid(), w.word, w.word, u.id, 'PUBLISHED', ARRAY[w.word], w.word
    FROM app_user u CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';

INSERT INTO section (tenant_id, id, course_id, title, position)
    SELECT c.tenant_id, gen_random_uuid(), c.id, current_setting('probe.word'), 1 FROM course c WHERE c.tenant_id = app.tenant_id();

INSERT INTO enrollment (tenant_id, id, course_id, user_id)
    SELECT c.tenant_id, gen_random_uuid(), c.id, u.id FROM course c JOIN app_user u ON u.tenant_id = c.tenant_id
    WHERE c.tenant_id = app.tenant_id() AND u.name LIKE 'LEARNER %';

INSERT INTO user_group (tenant_id, id, name, description)
    SELECT app.tenant_id(), gen_random_uuid(), current_setting('probe.word'), current_setting('probe.word');

INSERT INTO group_member (tenant_id, group_id, user_id)
    SELECT g.tenant_id, g.id, u.id FROM user_group g JOIN app_user u ON u.tenant_id = g.tenant_id
    WHERE g.tenant_id = app.tenant_id() AND u.name LIKE 'VIEWER %';

INSERT INTO group_course (tenant_id, group_id, course_id)
    SELECT g.tenant_id, g.id, c.id FROM user_group g JOIN course c ON c.tenant_id = g.tenant_id WHERE g.tenant_id = app.tenant_id();

INSERT INTO availability (tenant_id, id, instructor_id, starts_at, ends_at)
    SELECT u.tenant_id, gen_random_uuid(), u.id, '2099-03-02T08:00Z', '2099-03-02T18:00Z' FROM app_user u
    WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';

INSERT INTO booking (tenant_id, id, student_id, course_id, starts_at, ends_at, status, notes)
    SELECT u.tenant_id, gen_random_uuid(), u.id, c.id, '2099-03-02T14:00Z', '2099-03-02T15:00Z', 'APPROVED', current_setting('probe.word')
    FROM app_user u JOIN course c ON c.tenant_id = u.tenant_id WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'LEARNER %';

INSERT INTO failed_sign_in (tenant_id, subject, at, last_at) SELECT app.tenant_id(), sha256(uuid_send(app.tenant_id())), ARRAY[now()], now();

INSERT INTO known_network (tenant_id, subject, seen_at) SELECT app.tenant_id(), sha256(uuid_send(app.tenant_id())), now();

INSERT INTO used_budget (tenant_id, subject, minute, used) SELECT app.tenant_id(), sha256(uuid_send(app.tenant_id())), 1, 1;

-- Where the school has none yet.
INSERT INTO access_version (tenant_id, version) SELECT app.tenant_id(), 1 ON CONFLICT DO NOTHING;
