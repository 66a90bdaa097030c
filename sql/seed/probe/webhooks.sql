-- One row of every kind of webhooks, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO webhook_endpoint (tenant_id, id, url, description, event_types, state, secret)
    SELECT app.tenant_id(), gen_random_uuid(), 'https://example.invalid/' || w.word, w.word, '{course.created}', 'PAUSED', convert_to(w.word, 'UTF8')
    FROM current_setting('probe.word') AS w(word);
INSERT INTO webhook_event (tenant_id, id, type, body, at)
    SELECT app.tenant_id(), gen_random_uuid(), 'course.created', json_build_object('word', w.word), now() FROM current_setting('probe.word') AS w(word);
INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, event_id, event_type, state, next_attempt_at, attempts)
    SELECT e.tenant_id, gen_random_uuid(), e.id, v.id, v.type, 'FAILED', NULL, jsonb_build_array(jsonb_build_object('at', '2026-11-20T09:30:00Z', 'durationMs', 1, 'error', current_setting('probe.word')))
    FROM webhook_endpoint e JOIN webhook_event v ON v.tenant_id = e.tenant_id WHERE e.tenant_id = app.tenant_id();
