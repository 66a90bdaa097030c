-- One row of every kind of agents, for schools that are there to be attacked; identity.sql says what may be relied on. Its version comes with the agent, and what it
-- knows with a knowledge base. Both are the school's: administrators see them by no more than the wall.
INSERT INTO knowledge_base (tenant_id, id, name, description)
    SELECT app.tenant_id(), gen_random_uuid(), w.word, w.word FROM current_setting('probe.word') AS w(word);

INSERT INTO agent (tenant_id, id, name, description, kind, temperature, max_tokens, system_prompt, knowledge_base_ids, starters, created_by_id)
    SELECT p.tenant_id, gen_random_uuid(), w.word, w.word, 'CUSTOM', 0.3, 1000, w.word, ARRAY[b.id], ARRAY[w.word], p.owner_id
    FROM project p JOIN knowledge_base b ON b.tenant_id = p.tenant_id CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE p.tenant_id = app.tenant_id();

INSERT INTO assistant_policy (tenant_id, blocked_phrases) SELECT app.tenant_id(), ARRAY[current_setting('probe.word')];
