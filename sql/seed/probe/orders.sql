-- One row of every kind of orders, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO sales_order (tenant_id, id, reference, kind, program_id, application_id, buyer_id, status, currency, subtotal, discount, discount_source, discount_label,
        coupon_id, coupon_code, total, paid, billing_name, billing_address, billing_tax_id, provider, paid_at)
    SELECT a.tenant_id, gen_random_uuid(), 'PRBEAAAA', 'PURCHASE', a.program_id, a.id, a.user_id, 'PAID', 'EUR', 1000, 100, 'COUPON', k.code, k.id, k.code, 900, 900,
           w.word, w.word, w.word, 'MANUAL', now()
    FROM application a JOIN coupon k ON k.tenant_id = a.tenant_id AND k.program_id = a.program_id CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE a.tenant_id = app.tenant_id() AND a.status = 'ACCEPTED';

INSERT INTO order_line (tenant_id, id, order_id, position, product_id, attendee_id, name, kind, quantity, unit_price, subtotal, discount, tax_percent, tax, total)
    SELECT o.tenant_id, gen_random_uuid(), o.id, 0, d.id, t.id, d.name, d.kind, 1, 1000, 1000, 100, 1900, 144, 900
    FROM sales_order o JOIN product d ON d.tenant_id = o.tenant_id AND d.program_id = o.program_id AND d.kind = 'TICKET'
    JOIN attendee t ON t.tenant_id = o.tenant_id AND t.application_id = o.application_id AND t.kind = 'MAIN' WHERE o.tenant_id = app.tenant_id();

INSERT INTO ticket (tenant_id, id, order_id, order_line_id, program_id, application_id, product_id, attendee_id, status, price, currency, kind, is_exclusive, code_hash, issued_at)
    SELECT l.tenant_id, gen_random_uuid(), l.order_id, l.id, o.program_id, o.application_id, l.product_id, l.attendee_id, 'ISSUED', l.total, o.currency, l.kind, true,
           sha256(uuid_send(l.id)), now()
    FROM order_line l JOIN sales_order o ON o.tenant_id = l.tenant_id AND o.id = l.order_id WHERE l.tenant_id = app.tenant_id();
UPDATE product_stock s SET held = 1 FROM ticket t WHERE s.tenant_id = app.tenant_id() AND t.tenant_id = s.tenant_id AND t.product_id = s.product_id;

-- Another that was to exchange it, and has expired.
INSERT INTO sales_order (tenant_id, id, reference, kind, program_id, application_id, buyer_id, status, currency, subtotal, returned, total)
    SELECT o.tenant_id, gen_random_uuid(), 'PRBEBBBB', o.kind, o.program_id, o.application_id, o.buyer_id, 'EXPIRED', o.currency, 0, 900, 0
    FROM sales_order o WHERE o.tenant_id = app.tenant_id();
INSERT INTO order_return (tenant_id, order_id, ticket_id, amount)
    SELECT o.tenant_id, o.id, t.id, 900 FROM sales_order o JOIN ticket t ON t.tenant_id = o.tenant_id WHERE o.tenant_id = app.tenant_id() AND o.status = 'EXPIRED';

INSERT INTO credit_balance (tenant_id, application_id, currency, amount) SELECT a.tenant_id, a.id, 'EUR', 500 FROM application a WHERE a.tenant_id = app.tenant_id() AND a.status = 'ACCEPTED';
INSERT INTO order_key (tenant_id, user_id, mutation, key, request_digest, object_id)
    SELECT o.tenant_id, o.buyer_id, 'placeOrder', 'probe-key', sha256(uuid_send(o.id)), o.id FROM sales_order o WHERE o.tenant_id = app.tenant_id() AND o.status = 'PAID';
-- A sealed key that nobody opens.
INSERT INTO ticket_key (tenant_id, sealed) SELECT app.tenant_id(), sha256(uuid_send(app.tenant_id())) || sha256('probe') ON CONFLICT (tenant_id) DO NOTHING;
