-- policies/payments.sql: whose payments and refunds an actor may see. They are made and moved by functions alone; settings by whoever manages payments.

-- The steps themselves belong to no tenant and are nobody's secret.
REVOKE ALL ON payment_transition FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk;
GRANT SELECT ON payment_transition TO lectern_app, lectern_definer, lectern_platform, lectern_desk;

CALL app.raise_wall('payment_settings');
CREATE POLICY payment_settings_manage ON payment_settings TO lectern_app USING ((SELECT app.can('PAYMENT_MANAGE')));
CREATE POLICY definer_read ON payment_settings FOR SELECT TO lectern_definer USING (true);
-- The secrets are read by functions alone.
GRANT SELECT (tenant_id, providers, transfer_instructions, has_stripe_secret_key, has_stripe_webhook_secret, has_test_webhook_secret, return_origins, seller_name, seller_address,
        seller_tax_id, invoice_prefix),
    INSERT (tenant_id, providers, transfer_instructions, stripe_secret_key, stripe_webhook_secret, test_webhook_secret, return_origins, seller_name, seller_address, seller_tax_id,
        invoice_prefix),
    UPDATE (providers, transfer_instructions, stripe_secret_key, stripe_webhook_secret, test_webhook_secret, return_origins, seller_name, seller_address, seller_tax_id,
        invoice_prefix) ON payment_settings TO lectern_app;
GRANT SELECT ON payment_settings TO lectern_definer;

CALL app.raise_wall('payment');
-- With their order: the buyer's own; all for those who read orders or manage payments.
CREATE POLICY payment_read ON payment FOR SELECT TO lectern_app USING (
    (SELECT app.can('ORDER_READ_ALL')) OR (SELECT app.can('PAYMENT_MANAGE'))
    OR EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = payment.tenant_id AND o.id = payment.order_id AND o.buyer_id = (SELECT app.user_id())));
CREATE POLICY definer_all ON payment TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, order_id, provider, status, amount, currency, refunded, reference, provider_id, intent_id, checkout_url, return_url, failure, attention, note,
        settled_at, created_at)
    ON payment TO lectern_app;
GRANT SELECT, INSERT, UPDATE (status, amount, refunded, provider_id, intent_id, checkout_url, failure, attention, note, settled_at, asked_at, is_checked, updated_at)
    ON payment TO lectern_definer;

CALL app.raise_wall('refund');
CREATE POLICY refund_read ON refund FOR SELECT TO lectern_app USING (
    (SELECT app.can('ORDER_READ_ALL')) OR (SELECT app.can('PAYMENT_MANAGE'))
    OR EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = refund.tenant_id AND o.id = refund.order_id AND o.buyer_id = (SELECT app.user_id())));
CREATE POLICY definer_all ON refund TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, order_id, payment_id, amount, currency, to_credit, status, reason, is_late, provider_id, failure, settled_at, created_at)
    ON refund TO lectern_app;
GRANT SELECT, INSERT, UPDATE (status, provider_id, failure, asked_at, settled_at) ON refund TO lectern_definer;

-- Read by nobody but functions.
CALL app.raise_wall('refund_ticket');
CREATE POLICY definer_all ON refund_ticket TO lectern_definer USING (true);
GRANT SELECT, INSERT ON refund_ticket TO lectern_definer;

CALL app.raise_wall('payment_event');
CREATE POLICY payment_event_read ON payment_event FOR SELECT TO lectern_app USING ((SELECT app.can('ORDER_READ_ALL')) OR (SELECT app.can('PAYMENT_MANAGE')));
CREATE POLICY definer_all ON payment_event TO lectern_definer USING (true);
GRANT SELECT (tenant_id, provider, event_id, type, payment_id, outcome, received_at) ON payment_event TO lectern_app;
GRANT SELECT, INSERT, UPDATE (payment_id, outcome) ON payment_event TO lectern_definer;
