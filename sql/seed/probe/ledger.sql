-- One row of every kind of the books, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO ledger_entry (tenant_id, id, kind, application_id, program_id, order_id, payment_id, note)
    SELECT p.tenant_id, gen_random_uuid(), 'PAYMENT', o.application_id, o.program_id, o.id, p.id, current_setting('probe.word')
    FROM payment p JOIN sales_order o ON o.tenant_id = p.tenant_id AND o.id = p.order_id WHERE p.tenant_id = app.tenant_id();

INSERT INTO ledger_posting (tenant_id, entry_id, n, account, amount, currency, program_id)
    SELECT e.tenant_id, e.id, w.n, w.account, w.amount, 'EUR', e.program_id
    FROM ledger_entry e CROSS JOIN (VALUES (1, 'CASH_STRIPE', 100), (2, 'CUSTOMER', -100)) AS w(n, account, amount) WHERE e.tenant_id = app.tenant_id();

INSERT INTO line_reversal (tenant_id, id, order_id, order_line_id, refund_id, amount, tax)
    SELECT r.tenant_id, gen_random_uuid(), r.order_id, l.id, r.id, 50, 0
    FROM refund r JOIN order_line l ON l.tenant_id = r.tenant_id AND l.order_id = r.order_id WHERE r.tenant_id = app.tenant_id();

INSERT INTO line_reversal (tenant_id, id, order_id, order_line_id, by_order_id, amount, tax)
    SELECT r.tenant_id, gen_random_uuid(), r.order_id, l.id, r.order_id, 50, 0
    FROM refund r JOIN order_line l ON l.tenant_id = r.tenant_id AND l.order_id = r.order_id WHERE r.tenant_id = app.tenant_id();

INSERT INTO invoice_counter (tenant_id, kind, last) VALUES (app.tenant_id(), 'INVOICE', 1), (app.tenant_id(), 'CREDIT_NOTE', 1);

INSERT INTO invoice (tenant_id, id, kind, number, code, order_id, total, tax, currency, document)
    SELECT o.tenant_id, gen_random_uuid(), 'INVOICE', row_number() OVER (ORDER BY o.id), left(w.word, 34) || '000001', o.id, 100, 0, o.currency, jsonb_build_object('seller', w.word)
    FROM sales_order o CROSS JOIN current_setting('probe.word') AS w(word) WHERE o.tenant_id = app.tenant_id();

INSERT INTO invoice (tenant_id, id, kind, number, code, order_id, refund_id, total, tax, currency, document)
    SELECT r.tenant_id, gen_random_uuid(), 'CREDIT_NOTE', row_number() OVER (ORDER BY r.id), left(w.word, 34) || '000001', r.order_id, r.id, 50, 0, r.currency,
        jsonb_build_object('seller', w.word)
    FROM refund r CROSS JOIN current_setting('probe.word') AS w(word) WHERE r.tenant_id = app.tenant_id();
