-- Providers, accounts and sign-ins that have begun, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO sign_in_provider (tenant_id, id, key, name, issuer, client_id, client_secret, redirect_uris, email_domains, role_key)
    SELECT app.tenant_id(), gen_random_uuid(), lower(w.word), w.word, 'https://' || lower(w.word) || '.example', w.word, sha256(w.word::bytea),
           ARRAY['https://' || lower(w.word) || '.example/back'], ARRAY[lower(w.word) || '.example'], NULL
    FROM (SELECT current_setting('probe.word')) AS w(word);

INSERT INTO provider_account (tenant_id, provider_id, account, user_id)
    SELECT p.tenant_id, p.id, current_setting('probe.word'), u.id FROM sign_in_provider p JOIN app_user u ON u.tenant_id = p.tenant_id AND u.name LIKE 'VIEWER %'
    WHERE p.tenant_id = app.tenant_id();

-- The attack holds the hash of the id, and would complete by it what has begun.
INSERT INTO provider_sign_in (tenant_id, state_hash, provider_id, secrets, redirect_uri, expires_at)
    SELECT p.tenant_id, sha256(uuid_send(p.id)), p.id, sha256(p.key::bytea), p.redirect_uris[1], now() + interval '1 day'
    FROM sign_in_provider p WHERE p.tenant_id = app.tenant_id();
