-- policies/ledger.sql: who sees the books, and whose invoices an actor may see. Both are written by functions alone, and the books are never changed.

CALL app.raise_wall('ledger_entry');
CREATE POLICY ledger_entry_read ON ledger_entry FOR SELECT TO lectern_app USING ((SELECT app.can('ORDER_READ_ALL')));
CREATE POLICY definer_read ON ledger_entry FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_add ON ledger_entry FOR INSERT TO lectern_definer WITH CHECK (true);
GRANT SELECT (tenant_id, id, kind, program_id, order_id, payment_id, refund_id, at) ON ledger_entry TO lectern_app;
GRANT SELECT, INSERT ON ledger_entry TO lectern_definer;
-- Nor does the operator's role change what is written.
REVOKE UPDATE ON ledger_entry FROM lectern_platform;

CALL app.raise_wall('ledger_posting');
CREATE POLICY ledger_posting_read ON ledger_posting FOR SELECT TO lectern_app USING ((SELECT app.can('ORDER_READ_ALL')));
CREATE POLICY definer_read ON ledger_posting FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_add ON ledger_posting FOR INSERT TO lectern_definer WITH CHECK (true);
GRANT SELECT (tenant_id, entry_id, n, account, amount, currency, program_id, product_id, at) ON ledger_posting TO lectern_app;
GRANT SELECT, INSERT ON ledger_posting TO lectern_definer;
REVOKE UPDATE ON ledger_posting FROM lectern_platform;

-- Read by nobody but functions.
CALL app.raise_wall('line_reversal');
CREATE POLICY definer_read ON line_reversal FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_add ON line_reversal FOR INSERT TO lectern_definer WITH CHECK (true);
GRANT SELECT, INSERT ON line_reversal TO lectern_definer;

CALL app.raise_wall('invoice_counter');
CREATE POLICY definer_all ON invoice_counter TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (last) ON invoice_counter TO lectern_definer;

CALL app.raise_wall('invoice');
-- With their order: the buyer's own; all for those who read orders or manage payments.
CREATE POLICY invoice_read ON invoice FOR SELECT TO lectern_app USING (
    (SELECT app.can('ORDER_READ_ALL')) OR (SELECT app.can('PAYMENT_MANAGE'))
    OR EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = invoice.tenant_id AND o.id = invoice.order_id AND o.buyer_id = (SELECT app.user_id())));
CREATE POLICY definer_all ON invoice TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, kind, number, code, order_id, refund_id, total, tax, currency, document, file_id, issued_at) ON invoice TO lectern_app;
GRANT SELECT, INSERT, UPDATE (file_id) ON invoice TO lectern_definer;
