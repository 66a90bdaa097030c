-- API keys, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO api_key (tenant_id, id, owner_id, role_id, name, permissions, is_read_only, hint, expires_at)
    SELECT u.tenant_id, gen_random_uuid(), u.id, ur.role_id, w.word, '{COURSE_READ}', true, 'abcd', now() + interval '1 day'
    FROM app_user u JOIN user_role ur ON ur.tenant_id = u.tenant_id AND ur.user_id = u.id CROSS JOIN (SELECT current_setting('probe.word')) AS w(word)
    WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';

-- The attack holds the hash of the id, and would act by it in the owner's place.
INSERT INTO api_key_secret (tenant_id, secret_hash, key_id) SELECT k.tenant_id, sha256(uuid_send(k.id)), k.id FROM api_key k WHERE k.tenant_id = app.tenant_id();
