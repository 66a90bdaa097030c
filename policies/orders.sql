-- policies/orders.sql: orders are their buyer's, and ORDER_READ_ALL's and PAYMENT_MANAGE's; tickets their holder's, too. Functions alone write them.

CALL app.raise_wall('sales_order');
CREATE POLICY sales_order_read ON sales_order FOR SELECT TO lectern_app USING (
    buyer_id = (SELECT app.user_id()) OR (SELECT app.can('ORDER_READ_ALL')) OR (SELECT app.can('PAYMENT_MANAGE')));
CREATE POLICY definer_all ON sales_order TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, reference, kind, program_id, application_id, buyer_id, status, currency, subtotal, discount, discount_source, discount_label, discount_percent,
    coupon_id, coupon_code, returned, credit_applied, tax, total, credit_granted, paid, refunded, billing_name, billing_address, billing_tax_id, provider, expires_at, paid_at,
    created_at) ON sales_order TO lectern_app;
GRANT SELECT, INSERT, UPDATE (status, paid, refunded, provider, expires_at, paid_at) ON sales_order TO lectern_definer;

CALL app.raise_wall('order_line');
CREATE POLICY order_line_read ON order_line FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = order_line.tenant_id AND o.id = order_line.order_id));
CREATE POLICY definer_all ON order_line TO lectern_definer USING (true);
GRANT SELECT ON order_line TO lectern_app;
GRANT SELECT, INSERT ON order_line TO lectern_definer;

CALL app.raise_wall('ticket');
-- The holder's, the applicant's, and those of whoever reads orders or applications; whoever checks people in sees what admits.
CREATE POLICY ticket_read ON ticket FOR SELECT TO lectern_app USING (
    attendee_id IN (SELECT app.attendees_of_mine()) OR application_id IN (SELECT app.applications_of_mine())
    OR (SELECT app.can('ORDER_READ_ALL')) OR (SELECT app.can('PAYMENT_MANAGE')) OR (SELECT app.can('APPLICATION_READ_ALL')) OR (SELECT app.can('APPLICATION_MANAGE'))
    OR (status = 'ISSUED' AND (SELECT app.can('ATTENDEE_CHECK_IN'))));
CREATE POLICY definer_all ON ticket TO lectern_definer USING (true);
-- Hashes are read by functions alone.
GRANT SELECT (tenant_id, id, order_id, order_line_id, program_id, application_id, product_id, attendee_id, status, price, currency, kind, is_exclusive, admission,
    valid_from, valid_until, generation, return_order_id, checked_in_at, issued_at, created_at) ON ticket TO lectern_app;
GRANT SELECT, INSERT, UPDATE (status, generation, code_hash, return_order_id, checked_in_at, issued_at) ON ticket TO lectern_definer;

CALL app.raise_wall('order_return');
CREATE POLICY order_return_read ON order_return FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = order_return.tenant_id AND o.id = order_return.order_id));
CREATE POLICY definer_all ON order_return TO lectern_definer USING (true);
GRANT SELECT ON order_return TO lectern_app;
GRANT SELECT, INSERT ON order_return TO lectern_definer;

CALL app.raise_wall('credit_balance');
-- The applicant's, and those of whoever reads orders or applications.
CREATE POLICY credit_balance_read ON credit_balance FOR SELECT TO lectern_app USING (
    application_id IN (SELECT app.applications_of_mine())
    OR (SELECT app.can('ORDER_READ_ALL')) OR (SELECT app.can('PAYMENT_MANAGE')) OR (SELECT app.can('APPLICATION_READ_ALL')) OR (SELECT app.can('APPLICATION_MANAGE')));
CREATE POLICY definer_all ON credit_balance TO lectern_definer USING (true);
GRANT SELECT (tenant_id, application_id, currency, amount) ON credit_balance TO lectern_app;
GRANT SELECT, INSERT, UPDATE (amount, held) ON credit_balance TO lectern_definer;

-- What was asked for under which key, functions alone know.
CALL app.raise_wall('order_key');
CREATE POLICY definer_all ON order_key TO lectern_definer USING (true);
GRANT SELECT, INSERT ON order_key TO lectern_definer;

CALL app.raise_wall('ticket_key');
CREATE POLICY definer_all ON ticket_key TO lectern_definer USING (true);
GRANT SELECT, INSERT ON ticket_key TO lectern_definer;

-- The steps themselves belong to no tenant and are nobody's secret.
REVOKE ALL ON order_transition FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk;
GRANT SELECT ON order_transition TO lectern_app, lectern_definer, lectern_platform, lectern_desk;
