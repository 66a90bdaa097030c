-- A second factor that nobody confirmed, recovery codes, requests for another password, for schools that are there to be attacked; identity.sql says
-- what may be relied on.
INSERT INTO second_factor (tenant_id, user_id, secret, expires_at)
    SELECT u.tenant_id, u.id, sha256(w.word::bytea), now() + interval '1 day'
    FROM app_user u CROSS JOIN (SELECT current_setting('probe.word')) AS w(word) WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'VIEWER %';

INSERT INTO recovery_code (tenant_id, user_id, code_hash)
    SELECT u.tenant_id, u.id, sha256(uuid_send(u.id)) FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'VIEWER %';

INSERT INTO password_change_request (tenant_id, id, user_id, note, decided_by_id, decision_note, expires_at)
    SELECT u.tenant_id, gen_random_uuid(), u.id, w.word, u.id, w.word, now() + interval '1 day'
    FROM app_user u CROSS JOIN (SELECT current_setting('probe.word')) AS w(word) WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'LEARNER %';

INSERT INTO password_change_credential (tenant_id, request_id, password_hash)
    SELECT p.tenant_id, p.id, '$argon2id$v=19$m=19456,t=2,p=1$YXVkaXRhdWRpdGF1ZGl0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    FROM password_change_request p WHERE p.tenant_id = app.tenant_id();
