-- One row of every kind of jobs, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO job (tenant_id, id, kind, key, lane, state, is_spared, payload, subject, correlation, attempts, max_attempts, finished_at, last_error)
    SELECT app.tenant_id(), gen_random_uuid(), 'purge.jobs', w.word, 'DEFAULT', 'DEAD', false, jsonb_build_object('word', w.word), w.word, w.word, 8, 8, now(), w.word
    FROM current_setting('probe.word') AS w(word);
