-- One row of every kind of answers, for schools that are there to be attacked; identity.sql says what may be relied on. The run is heard of for ever.
INSERT INTO answer_run (tenant_id, message_id, conversation_id, user_id, session_id, token_version, beat_at)
    SELECT m.tenant_id, m.id, m.conversation_id, m.owner_id, gen_random_uuid(), 1, '2099-01-01T00:00Z' FROM message m
    WHERE m.tenant_id = app.tenant_id() AND m.role = 'ASSISTANT';
INSERT INTO message_delta (tenant_id, message_id, position, text)
    SELECT r.tenant_id, r.message_id, 0, w.word FROM answer_run r CROSS JOIN current_setting('probe.word') AS w(word) WHERE r.tenant_id = app.tenant_id();

INSERT INTO assistant_provider (tenant_id, base_url, key, key_set_at, last_failed_at, last_failure_reason)
    SELECT app.tenant_id(), 'https://' || w.word || '.example.invalid/v1', convert_to(w.word, 'UTF8'), now(), now(), w.word FROM current_setting('probe.word') AS w(word);
INSERT INTO assistant_usage (tenant_id, id, user_id, project_id, agent_id, model, purpose, has_failed, prompt_tokens, completion_tokens, is_estimated)
    SELECT r.tenant_id, gen_random_uuid(), r.user_id, a.project_id, a.id, w.word, 'ANSWER', false, 10, 5, false
    FROM answer_run r JOIN agent a ON a.tenant_id = r.tenant_id CROSS JOIN current_setting('probe.word') AS w(word) WHERE r.tenant_id = app.tenant_id();
INSERT INTO token_counter (tenant_id, scope, user_id, period, used)
    SELECT r.tenant_id, 'PERSON', r.user_id, '2099-01-01', 15 FROM answer_run r WHERE r.tenant_id = app.tenant_id();
INSERT INTO token_reservation (tenant_id, holder, user_id, tokens, day, month)
    SELECT r.tenant_id, r.message_id, r.user_id, 0, '2099-01-01', '2099-01-01' FROM answer_run r WHERE r.tenant_id = app.tenant_id();
