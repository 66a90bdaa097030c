-- One row of every kind of people, for schools that are there to be attacked: `lectern audit` fills its two disposable schools with
-- it, the isolation test its two. A table without a row fails both, so that none is ever left uncovered. The files of the
-- domains run in the order of `ALL` in src/domains/mod.rs.
--
-- Expects the school (setting app.tenant_id) with people who are called ADMIN, INSTRUCTOR, LEARNER and VIEWER (and
-- something after it), audit off, and in the setting probe.word the word that stands in every text.
INSERT INTO role (tenant_id, id, key, name, permissions)
    SELECT app.tenant_id(), gen_random_uuid(), 'EXTRA', current_setting('probe.word'), '{COURSE_READ}';

INSERT INTO role_manages (tenant_id, role_id, managed_role_id)
    SELECT own.tenant_id, own.id, below.id FROM role own JOIN role below ON below.tenant_id = own.tenant_id AND below.key = 'LEARNER'
    WHERE own.tenant_id = app.tenant_id() AND own.key = 'EXTRA';

INSERT INTO user_permission (tenant_id, user_id, effect, permission)
    SELECT u.tenant_id, u.id, e.effect, 'GROUP_READ' FROM app_user u CROSS JOIN (VALUES ('GRANT'), ('DENY')) AS e(effect)
    WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'VIEWER %';

-- A well-formed hash to which nobody knows a password.
INSERT INTO credential (tenant_id, user_id, password_hash)
    SELECT u.tenant_id, u.id, '$argon2id$v=19$m=19456,t=2,p=1$YXVkaXRhdWRpdGF1ZGl0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' FROM app_user u WHERE u.tenant_id = app.tenant_id()
    ON CONFLICT DO NOTHING;

INSERT INTO session (tenant_id, id, user_id)
    SELECT u.tenant_id, gen_random_uuid(), u.id FROM app_user u WHERE u.tenant_id = app.tenant_id();

INSERT INTO refresh_token (tenant_id, token_hash, session_id, expires_at)
    SELECT s.tenant_id, sha256(uuid_send(s.id)), s.id, now() + interval '1 hour' FROM session s
    WHERE s.tenant_id = app.tenant_id() AND NOT EXISTS (SELECT FROM refresh_token t WHERE t.tenant_id = s.tenant_id AND t.session_id = s.id);

INSERT INTO failed_sign_in (tenant_id, subject, at, last_at) SELECT app.tenant_id(), sha256(uuid_send(app.tenant_id())), ARRAY[now()], now();

INSERT INTO known_network (tenant_id, subject, seen_at) SELECT app.tenant_id(), sha256(uuid_send(app.tenant_id())), now();

INSERT INTO used_budget (tenant_id, subject, minute, used) SELECT app.tenant_id(), sha256(uuid_send(app.tenant_id())), 1, 1;

-- Where the school has none yet.
INSERT INTO access_version (tenant_id, version) SELECT app.tenant_id(), 1 ON CONFLICT DO NOTHING;

-- A picture of somebody, by a file of their own.
INSERT INTO file (tenant_id, id, upload_id, owner_id, name, content_type, size, sha256, folder, visibility, object)
    SELECT u.tenant_id, gen_random_uuid(), gen_random_uuid(), u.id, current_setting('probe.word'), 'image/png', 4,
           encode(sha256(convert_to(u.name, 'UTF8')), 'hex'), 'general', 'PRIVATE', format('schools/%s/general/%s_probe.png', u.tenant_id, gen_random_uuid())
    FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'VIEWER %';
INSERT INTO user_avatar (tenant_id, user_id, file_id)
    SELECT f.tenant_id, f.owner_id, f.id FROM file f JOIN app_user u ON u.tenant_id = f.tenant_id AND u.id = f.owner_id AND u.name LIKE 'VIEWER %'
    WHERE f.tenant_id = app.tenant_id() AND f.content_type = 'image/png';
