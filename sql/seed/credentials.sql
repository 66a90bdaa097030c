-- What people of a demo school have asked for: another password; and a key that has ended. Runs after admissions.sql, in a school that has sign-ups.
INSERT INTO password_change_request (tenant_id, id, user_id, note, created_at, expires_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('passwordrequest:' || w.key), pg_temp.id('user:' || w.key), w.note, now() - make_interval(hours => w.hours_ago),
           now() - make_interval(hours => w.hours_ago) + interval '7 days'
    FROM seed_password_wish w;
INSERT INTO password_change_credential (tenant_id, request_id, password_hash)
    SELECT p.tenant_id, p.id, everybody.hash FROM password_change_request p
    JOIN jsonb_each_text(current_setting('seed.hashes')::jsonb) AS everybody(key, hash) ON everybody.key = '*'
    WHERE p.tenant_id = pg_temp.id('tenant') AND p.state = 'PENDING';

-- The hash of what nobody knows.
INSERT INTO api_key (tenant_id, id, owner_id, role_id, name, permissions, is_read_only, hint, created_at, expires_at, last_used_at, reminded_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('apikey:' || k.key), pg_temp.id('user:' || k.owner), ur.role_id, k.name, k.permissions, true, k.hint,
           now() - make_interval(days => k.ended_days_ago + 30), now() - make_interval(days => k.ended_days_ago),
           now() - make_interval(days => k.ended_days_ago, hours => 2), now() - make_interval(days => k.ended_days_ago + 7)
    FROM seed_api_key k JOIN user_role ur ON ur.tenant_id = pg_temp.id('tenant') AND ur.user_id = pg_temp.id('user:' || k.owner);
INSERT INTO api_key_secret (tenant_id, secret_hash, key_id)
    SELECT k.tenant_id, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), k.id FROM api_key k WHERE k.tenant_id = pg_temp.id('tenant');
