-- Flags, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO feature_flag (tenant_id, id, key, is_on, role_keys)
    SELECT app.tenant_id(), gen_random_uuid(), lower(current_setting('probe.word')), true, '{LEARNER}';
