-- policies/webhooks.sql: whoever manages webhooks sees and changes endpoints; deliveries are made and moved by functions alone.

CALL app.raise_wall('webhook_endpoint');
CREATE POLICY webhook_endpoint_manage ON webhook_endpoint TO lectern_app USING ((SELECT app.can('WEBHOOK_MANAGE')));
CREATE POLICY definer_all ON webhook_endpoint TO lectern_definer USING (true);
-- Secrets are read by app.begin_delivery alone.
GRANT SELECT (tenant_id, id, url, description, event_types, state, disabled_reason, previous_secret_expires_at, failing_at, failures, last_delivered_at,
        replayed_from_at, replayed_at, created_at),
    INSERT (tenant_id, id, url, description, event_types, secret), UPDATE (url, description, event_types, state), DELETE ON webhook_endpoint TO lectern_app;
GRANT SELECT,
    UPDATE (state, disabled_reason, secret, previous_secret, previous_secret_expires_at, failures, failing_at, last_delivered_at, replayed_from_at, replayed_at)
    ON webhook_endpoint TO lectern_definer;

CALL app.raise_wall('webhook_event');
CREATE POLICY webhook_event_read ON webhook_event FOR SELECT TO lectern_app USING ((SELECT app.can('WEBHOOK_MANAGE')));
CREATE POLICY definer_all ON webhook_event TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, body) ON webhook_event TO lectern_app;
GRANT SELECT, INSERT, DELETE ON webhook_event TO lectern_definer;

CALL app.raise_wall('webhook_delivery');
CREATE POLICY webhook_delivery_read ON webhook_delivery FOR SELECT TO lectern_app USING ((SELECT app.can('WEBHOOK_MANAGE')));
CREATE POLICY definer_all ON webhook_delivery TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, endpoint_id, event_id, event_type, state, attempts, failures, jobs, job_id, in_flight, next_attempt_at, delivered_at, created_at)
    ON webhook_delivery TO lectern_app;
GRANT SELECT, INSERT, DELETE,
    UPDATE (state, attempts, failures, jobs, job_id, in_flight, next_attempt_at, delivered_at) ON webhook_delivery TO lectern_definer;
