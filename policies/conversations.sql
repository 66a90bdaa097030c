-- policies/conversations.sql: conversations are their owner's, and of others what was shared. No permission opens them, nor does a viewing.

CALL app.raise_wall('conversation', searched => true);
CREATE POLICY conversation_read ON conversation FOR SELECT TO lectern_app USING (
    (owner_id = (SELECT app.user_id()) OR (shared_at IS NOT NULL AND deleted_at IS NULL AND project_id IN (SELECT app.entered_projects())))
    AND (SELECT app.viewed_by()) IS NULL);
-- In a project as MANAGER or MEMBER.
CREATE POLICY conversation_begin ON conversation FOR INSERT TO lectern_app WITH CHECK (
    owner_id = (SELECT app.user_id()) AND (SELECT app.can('AGENT_EXECUTE')) AND (project_id IS NULL OR project_id IN (SELECT app.joined_projects())));
CREATE POLICY conversation_change ON conversation FOR UPDATE TO lectern_app USING (owner_id = (SELECT app.user_id()) AND deleted_at IS NULL);
CREATE POLICY definer_all ON conversation TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, id, owner_id, agent_id, project_id, course_id, title, context, is_archived, shared_at, active_leaf_id, last_message_at, deleted_at, created_at, updated_at),
    INSERT (tenant_id, id, owner_id, agent_id, project_id, course_id, title, context), UPDATE (agent_id, course_id, title, context, is_archived) ON conversation TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (title, active_leaf_id, last_message_at, shared_at, deleted_at) ON conversation TO lectern_definer;

CALL app.raise_wall('message', searched => true);
-- One's own; of others what was shared, as long as it is.
CREATE POLICY message_read ON message FOR SELECT TO lectern_app USING (
    (owner_id = (SELECT app.user_id())
     OR (is_shared AND EXISTS (SELECT FROM conversation c WHERE c.tenant_id = message.tenant_id AND c.id = message.conversation_id AND c.shared_at IS NOT NULL)))
    AND (SELECT app.viewed_by()) IS NULL);
CREATE POLICY definer_all ON message TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, id, conversation_id, owner_id, parent_id, branches_at, depth, role, state, is_active, is_shared, content, tool, arguments, outcome, agent_id, agent_version,
    model, prompt_tokens, completion_tokens, is_estimated, finish_reason, failure_reason, omitted_messages, external_hosts, client_message_id, metadata, document_ids, author_id,
    created_at, finished_at) ON message TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (state, is_active, is_shared, content, prompt_tokens, completion_tokens, is_estimated, finish_reason, failure_reason, omitted_messages,
    external_hosts, finished_at) ON message TO lectern_definer;

REVOKE ALL ON message_transition FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk;
GRANT SELECT ON message_transition TO lectern_app, lectern_definer, lectern_platform, lectern_desk;

CALL app.raise_wall('message_feedback');
-- By its owner; by those who may change the agent, whom nothing in it tells whose it is.
CREATE POLICY message_feedback_read ON message_feedback FOR SELECT TO lectern_app USING (
    (owner_id = (SELECT app.user_id()) OR agent_id IN (SELECT app.changeable_agents())) AND (SELECT app.viewed_by()) IS NULL);
CREATE POLICY definer_all ON message_feedback TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, id, message_id, agent_id, agent_version, rating, comment, created_at) ON message_feedback TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (rating, comment) ON message_feedback TO lectern_definer;
