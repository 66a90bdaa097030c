-- policies/agents.sql: which agents an actor sees and changes, and who reads what they are told.

CALL app.raise_wall('agent', searched => true);
-- Of the school by whoever converses, or makes such things; of a project by who is in it. An inactive one by those who may change it.
CREATE POLICY agent_read ON agent FOR SELECT TO lectern_app USING (
    (deleted_at IS NULL OR deleted_at = now())
    AND ((project_id IS NULL AND (SELECT app.sees_school_wide())) OR project_id IN (SELECT app.entered_projects()))
    AND (is_active OR (project_id IS NULL AND (SELECT app.can('AGENT_MANAGE')))
         OR (project_id IN (SELECT app.managed_projects()) AND ((SELECT app.can('AGENT_CREATE')) OR (SELECT app.can('AGENT_MANAGE'))))));
CREATE POLICY agent_create ON agent FOR INSERT TO lectern_app WITH CHECK (
    created_by_id = (SELECT app.user_id())
    AND ((project_id IS NULL AND (SELECT app.can('AGENT_MANAGE')))
         OR (project_id IN (SELECT app.managed_projects()) AND ((SELECT app.can('AGENT_CREATE')) OR (SELECT app.can('AGENT_MANAGE'))))));
CREATE POLICY agent_change ON agent FOR UPDATE TO lectern_app USING (
    deleted_at IS NULL
    AND ((project_id IS NULL AND (SELECT app.can('AGENT_MANAGE')))
         OR (project_id IN (SELECT app.managed_projects()) AND ((SELECT app.can('AGENT_CREATE')) OR (SELECT app.can('AGENT_MANAGE'))))))
    WITH CHECK (true);
CREATE POLICY definer_all ON agent TO lectern_definer USING (true) WITH CHECK (true);
-- What it is told is read as a part of its version, by those who may change it.
GRANT SELECT (tenant_id, id, project_id, name, description, kind, is_active, version, model, temperature, max_tokens, tools, knowledge_base_ids, starters, created_by_id,
        deleted_at, created_at, updated_at),
    INSERT (tenant_id, id, project_id, name, description, kind, is_active, model, temperature, max_tokens, system_prompt, tools, knowledge_base_ids, starters, created_by_id),
    UPDATE (name, description, is_active, version, model, temperature, max_tokens, system_prompt, tools, knowledge_base_ids, starters, deleted_at) ON agent TO lectern_app;
GRANT SELECT, INSERT, DELETE ON agent TO lectern_definer;

CALL app.raise_wall('agent_version');
CREATE POLICY agent_version_read ON agent_version FOR SELECT TO lectern_app USING (agent_id IN (SELECT app.changeable_agents()));
CREATE POLICY definer_all ON agent_version TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT ON agent_version TO lectern_app;
GRANT SELECT, INSERT, DELETE ON agent_version TO lectern_definer;

CALL app.raise_wall('agent_knowledge_base');
-- With the agent. (Which of the bases one sees, their own policy says.)
CREATE POLICY agent_knowledge_base_read ON agent_knowledge_base FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM agent a WHERE a.tenant_id = agent_knowledge_base.tenant_id AND a.id = agent_knowledge_base.agent_id));
CREATE POLICY definer_all ON agent_knowledge_base TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT ON agent_knowledge_base TO lectern_app;
GRANT SELECT, INSERT, DELETE ON agent_knowledge_base TO lectern_definer;

CALL app.raise_wall('assistant_policy');
-- Others read it by app.assistant_policy, of which the service shows them what is for everybody.
CREATE POLICY assistant_policy_read ON assistant_policy FOR SELECT TO lectern_app USING ((SELECT app.can('ASSISTANT_MANAGE')));
CREATE POLICY assistant_policy_set ON assistant_policy FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('ASSISTANT_MANAGE')));
CREATE POLICY assistant_policy_change ON assistant_policy FOR UPDATE TO lectern_app USING ((SELECT app.can('ASSISTANT_MANAGE')));
CREATE POLICY definer_read ON assistant_policy FOR SELECT TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, is_enabled, role_keys, models, default_model, daily_token_limit_per_user, monthly_token_limit, retention_days, audits_content,
        generates_courses, silent_during_quizzes, allowed_image_hosts, blocked_phrases, uses_provider_moderation, response_timeout_seconds),
    UPDATE (is_enabled, role_keys, models, default_model, daily_token_limit_per_user, monthly_token_limit, retention_days, audits_content,
        generates_courses, silent_during_quizzes, allowed_image_hosts, blocked_phrases, uses_provider_moderation, response_timeout_seconds) ON assistant_policy TO lectern_app;
GRANT SELECT ON assistant_policy TO lectern_definer;
