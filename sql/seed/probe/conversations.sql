-- One row of every kind of conversations, for schools that are there to be attacked; identity.sql says what may be relied on. Nobody but their owner sees them: the owner of the
-- project has one, a learner, and whoever may do all else.
INSERT INTO conversation (tenant_id, id, owner_id, agent_id, project_id, title, context)
    SELECT a.tenant_id, gen_random_uuid(), u.id, a.id, CASE WHEN u.id = p.owner_id THEN p.id END, w.word, jsonb_build_object('about', w.word)
    FROM agent a JOIN project p ON p.tenant_id = a.tenant_id JOIN app_user u ON u.tenant_id = p.tenant_id AND (u.id = p.owner_id OR u.name LIKE 'LEARNER %' OR u.name LIKE 'ADMIN %')
    CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE a.tenant_id = app.tenant_id() ORDER BY u.id <> p.owner_id;

INSERT INTO message (tenant_id, id, conversation_id, owner_id, depth, role, state, is_active, content, client_message_id, metadata, author_id)
    SELECT c.tenant_id, gen_random_uuid(), c.id, c.owner_id, 0, 'USER', 'COMPLETED', true, w.word, 'probe', to_jsonb(w.word), c.owner_id
    FROM conversation c CROSS JOIN current_setting('probe.word') AS w(word) WHERE c.tenant_id = app.tenant_id();
INSERT INTO message (tenant_id, id, conversation_id, owner_id, parent_id, depth, role, state, is_active, content, agent_id, agent_version, model, finished_at)
    SELECT m.tenant_id, gen_random_uuid(), m.conversation_id, m.owner_id, m.id, 1, 'ASSISTANT', 'COMPLETED', true, m.content, c.agent_id, 1, 'default', now()
    FROM message m JOIN conversation c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id WHERE m.tenant_id = app.tenant_id();
-- One after the other: where the rows lie, and so which of them is copied by an attack, is then no choice of the planner's.
DO $$
DECLARE
    ended record;
BEGIN
    FOR ended IN SELECT c.id, m.id AS leaf FROM conversation c
        JOIN message m ON m.tenant_id = c.tenant_id AND m.conversation_id = c.id AND m.role = 'ASSISTANT'
        WHERE c.tenant_id = app.tenant_id() ORDER BY c.project_id IS NULL, c.id
    LOOP
        UPDATE conversation c SET active_leaf_id = ended.leaf WHERE c.tenant_id = app.tenant_id() AND c.id = ended.id;
    END LOOP;
END
$$;

INSERT INTO message_feedback (tenant_id, id, message_id, owner_id, agent_id, agent_version, rating, comment)
    SELECT m.tenant_id, gen_random_uuid(), m.id, m.owner_id, m.agent_id, m.agent_version, 'HELPFUL', m.content FROM message m
    WHERE m.tenant_id = app.tenant_id() AND m.role = 'ASSISTANT';
