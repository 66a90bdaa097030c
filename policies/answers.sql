-- policies/answers.sql: an answer on its way is its owner's, as the conversation is. What asking models takes is seen by whom it concerns.

CALL app.raise_wall('answer_run', searched => true);
-- Nobody reads it: the functions do, for a run's own person and for the sweep of all.
CREATE POLICY definer_all ON answer_run TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE,
    UPDATE (process, claimed_at, beat_at, heard_at, call_prompt, call_from, prompt_tokens, completion_tokens, is_estimated) ON answer_run TO lectern_definer;

CALL app.raise_wall('message_delta');
-- Seen with its message, by its owner alone.
CREATE POLICY message_delta_read ON message_delta FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM message m WHERE m.tenant_id = message_delta.tenant_id AND m.id = message_delta.message_id AND m.owner_id = (SELECT app.user_id()))
    AND (SELECT app.viewed_by()) IS NULL);
CREATE POLICY definer_all ON message_delta TO lectern_definer USING (true);
GRANT SELECT ON message_delta TO lectern_app;
GRANT SELECT, INSERT, DELETE ON message_delta TO lectern_definer;

CALL app.raise_wall('assistant_provider');
-- For whoever manages assistants; the key for nobody.
CREATE POLICY assistant_provider_read ON assistant_provider FOR SELECT TO lectern_app USING ((SELECT app.can('ASSISTANT_MANAGE')));
CREATE POLICY definer_all ON assistant_provider TO lectern_definer USING (true);
GRANT SELECT (tenant_id, base_url, key_set_at, last_answered_at, last_failed_at, last_failure_reason) ON assistant_provider TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (base_url, key, key_set_at, last_answered_at, last_failed_at, last_failure_reason) ON assistant_provider TO lectern_definer;

CALL app.raise_wall('assistant_usage');
-- One's own; everybody's for whoever manages assistants.
CREATE POLICY assistant_usage_read ON assistant_usage FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('ASSISTANT_MANAGE')));
CREATE POLICY definer_all ON assistant_usage TO lectern_definer USING (true);
GRANT SELECT ON assistant_usage TO lectern_app;
GRANT SELECT, INSERT ON assistant_usage TO lectern_definer;

CALL app.raise_wall('token_counter');
CREATE POLICY definer_all ON token_counter TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (used, reserved, warned_at) ON token_counter TO lectern_definer;

CALL app.raise_wall('token_reservation');
CREATE POLICY definer_all ON token_reservation TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (tokens) ON token_reservation TO lectern_definer;
