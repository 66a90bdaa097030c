-- Requests, links, codes, sign-ups and invitations, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO account_request (tenant_id, id, kind, school, email, email_key, name, role_key, message)
    SELECT app.tenant_id(), gen_random_uuid(), 'SIGN_UP', w.word, w.word || '@x.example', lower(w.word) || '@x.example', w.word, 'LEARNER', w.word
    FROM (SELECT current_setting('probe.word')) AS w(word);

INSERT INTO invitation (tenant_id, id, email, email_key, name, role_keys, invited_by_id, expires_at)
    SELECT u.tenant_id, gen_random_uuid(), w.word || '@i.example', lower(w.word) || '@i.example', w.word, '{LEARNER}', u.id, now() + interval '1 day'
    FROM app_user u CROSS JOIN (SELECT current_setting('probe.word')) AS w(word) WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'ADMIN %';

INSERT INTO sign_up_request (tenant_id, id, email, email_key, name, role_key, message, note)
    SELECT app.tenant_id(), gen_random_uuid(), w.word || '@s.example', lower(w.word) || '@s.example', w.word, 'LEARNER', w.word, w.word
    FROM (SELECT current_setting('probe.word')) AS w(word);

INSERT INTO sign_up_credential (tenant_id, sign_up_id, password_hash)
    SELECT s.tenant_id, s.id, '$argon2id$v=19$m=19456,t=2,p=1$YXVkaXRhdWRpdGF1ZGl0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' FROM sign_up_request s WHERE s.tenant_id = app.tenant_id();

-- The attack holds the hash of the id, and would be told by it what the link says.
INSERT INTO mailed_token (tenant_id, token_hash, id, kind, subject, user_id, email, email_key, name, message, expires_at)
    SELECT u.tenant_id, sha256(uuid_send(u.id)), gen_random_uuid(), 'EMAIL_REVERT', u.id::text, u.id, w.word || '@m.example', lower(w.word) || '@m.example', w.word, w.word,
           now() + interval '1 day'
    FROM app_user u CROSS JOIN (SELECT current_setting('probe.word')) AS w(word) WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'VIEWER %';

INSERT INTO sign_in_code (tenant_id, email_key, email, code_mac, name, expires_at)
    SELECT app.tenant_id(), lower(w.word) || '@c.example', w.word || '@c.example', sha256(w.word::bytea), w.word, now() + interval '1 day'
    FROM (SELECT current_setting('probe.word')) AS w(word);
