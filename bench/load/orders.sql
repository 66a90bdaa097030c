-- What C3 asks for, beside what `lectern seed` makes: in the first school a program with 110,000 applications, of which 100,000 have an order of one or two lines, bought in a year: 85 of 100
-- paid, 5 refunded, 5 pending, 5 expired; one of five with a discount. With payments, tickets, the books and invoices, as Lectern writes them. Loaded once.
SET session_replication_role = replica;
SET app.audit = 'off';
CREATE TEMPORARY TABLE fair AS SELECT t.tenant_id, gen_random_uuid() AS program_id FROM tenant t
    WHERE t.slug = 'scale-0001' AND NOT EXISTS (SELECT FROM program p WHERE p.tenant_id = t.tenant_id AND p.slug = 'measured-large');
INSERT INTO program (tenant_id, id, slug, name, status, currencies, ends_at) SELECT tenant_id, program_id, 'measured-large', 'Measured, large', 'ACTIVE', '{EUR}', now() + interval '5 years' FROM fair;
INSERT INTO program_currency (tenant_id, program_id, currency, position) SELECT tenant_id, program_id, 'EUR', 1 FROM fair;
-- 19 % of tax, included in the price of every second.
CREATE TEMPORARY TABLE ware AS
    SELECT f.tenant_id, f.program_id, gen_random_uuid() AS id, n, CASE WHEN n < 4 THEN 'TICKET' ELSE 'MERCH' END AS kind, 1000 * n AS price, n % 2 = 1 AS is_included
    FROM fair f, generate_series(1, 10) AS n;
INSERT INTO product (tenant_id, id, program_id, name, kind, duration, tax_percent, tax_included, position)
    SELECT tenant_id, id, program_id, 'Product ' || n, kind, CASE kind WHEN 'TICKET' THEN 'FULL' END, 1900, is_included, n FROM ware;
INSERT INTO product_price (tenant_id, product_id, currency, program_id, amount, position) SELECT tenant_id, id, 'EUR', program_id, price, 1 FROM ware;

CREATE TEMPORARY TABLE party AS
    SELECT f.tenant_id, f.program_id, n, gen_random_uuid() AS user_id, gen_random_uuid() AS id, gen_random_uuid() AS attendee_id, gen_random_uuid() AS order_id, gen_random_uuid() AS payment_id,
           gen_random_uuid() AS refund_id, gen_random_uuid() AS paid_id, gen_random_uuid() AS sale_id, gen_random_uuid() AS back_id, now() - make_interval(days => 2, mins => n * 5) AS at,
           CASE n % 20 WHEN 17 THEN 'REFUNDED' WHEN 18 THEN 'PENDING' WHEN 19 THEN 'EXPIRED' ELSE 'PAID' END AS status, CASE n % 3 WHEN 0 THEN 'MANUAL' ELSE 'TEST' END AS provider,
           CASE WHEN n > 100000 THEN (ARRAY['DRAFT', 'IN_REVIEW', 'WAITLISTED', 'REJECTED', 'WITHDRAWN'])[1 + n % 5] ELSE 'ACCEPTED' END AS stage
    FROM fair f, generate_series(1, 110000) AS n;
ANALYZE party;
INSERT INTO app_user (tenant_id, id, name, email) SELECT tenant_id, user_id, 'Buyer ' || n, 'buyer' || n || '@scale-0001.example' FROM party;
INSERT INTO application (tenant_id, id, program_id, user_id, status, submitted_at, waitlisted_at, accepted_at, created_at)
    SELECT tenant_id, id, program_id, user_id, stage, CASE WHEN stage <> 'DRAFT' THEN at END, CASE stage WHEN 'WAITLISTED' THEN at END, CASE stage WHEN 'ACCEPTED' THEN at END, at FROM party;
INSERT INTO attendee (tenant_id, id, application_id, program_id, kind, name, user_id, created_at) SELECT tenant_id, attendee_id, id, program_id, 'MAIN', 'Buyer ' || n, user_id, at FROM party;
INSERT INTO program_places (tenant_id, program_id, taken, waiting)
    SELECT tenant_id, program_id, count(*) FILTER (WHERE stage = 'ACCEPTED'), count(*) FILTER (WHERE stage = 'WAITLISTED') FROM party GROUP BY 1, 2;

-- The lines, with what is taken off and the tax of the rest.
CREATE TEMPORARY TABLE bought AS
    SELECT p.tenant_id, p.program_id, p.id, p.attendee_id, p.order_id, p.sale_id, p.back_id, p.refund_id, p.status, p.at, p.n, l.place, w.id AS product_id, w.n AS ware, w.kind, w.price, w.is_included,
           gen_random_uuid() AS line_id, c.discount, t.tax, w.price - c.discount + CASE WHEN w.is_included THEN 0 ELSE t.tax END AS total
    FROM party p CROSS JOIN LATERAL (VALUES (1, 1 + p.n % 10), (2, CASE p.n % 2 WHEN 0 THEN 1 + (p.n + 3) % 10 END)) AS l(place, ware)
    JOIN ware w ON w.n = l.ware
    CROSS JOIN LATERAL (SELECT CASE p.n % 5 WHEN 0 THEN w.price / 10 ELSE 0 END AS discount) AS c
    CROSS JOIN LATERAL (SELECT CASE WHEN w.is_included THEN (2 * (w.price - c.discount) * 1900 + 11900) / (2 * 11900) ELSE ((w.price - c.discount) * 1900 + 5000) / 10000 END AS tax) AS t
    WHERE p.stage = 'ACCEPTED';
CREATE TEMPORARY TABLE sale AS
    SELECT p.*, s.subtotal, s.discount, s.tax, s.total, translate(upper(lpad(to_hex(p.n), 8, 'z')), '01', 'XY') AS reference
    FROM party p JOIN (SELECT order_id, sum(price) AS subtotal, sum(discount) AS discount, sum(tax) AS tax, sum(total) AS total FROM bought GROUP BY order_id) AS s ON s.order_id = p.order_id;
ANALYZE bought, sale;
INSERT INTO sales_order (tenant_id, id, reference, kind, program_id, application_id, buyer_id, status, currency, subtotal, discount, discount_source, discount_label, discount_percent, tax, total,
        paid, refunded, provider, expires_at, paid_at, created_at)
    SELECT tenant_id, order_id, reference, 'PURCHASE', program_id, id, user_id, status, 'EUR', subtotal, discount, CASE WHEN discount > 0 THEN 'ASSIGNED' END,
        CASE WHEN discount > 0 THEN 'Assigned discount' END, CASE WHEN discount > 0 THEN 1000 END, tax, total, CASE WHEN status IN ('PAID', 'REFUNDED') THEN total ELSE 0 END,
        CASE status WHEN 'REFUNDED' THEN total ELSE 0 END, provider, CASE status WHEN 'PENDING' THEN now() + interval '1 year' WHEN 'EXPIRED' THEN at + interval '7 days' END,
        CASE WHEN status IN ('PAID', 'REFUNDED') THEN at END, at
    FROM sale;
INSERT INTO order_line (tenant_id, id, order_id, position, product_id, attendee_id, name, kind, quantity, unit_price, subtotal, discount, tax_percent, tax_included, tax, total)
    SELECT tenant_id, line_id, order_id, place - 1, product_id, attendee_id, 'Product ' || ware, kind, 1, price, price, discount, 1900, is_included, tax, total FROM bought;
INSERT INTO ticket (tenant_id, id, order_id, order_line_id, program_id, application_id, product_id, attendee_id, status, price, currency, kind, checked_in_at, issued_at, created_at)
    SELECT tenant_id, gen_random_uuid(), order_id, line_id, program_id, id, product_id, attendee_id,
        CASE status WHEN 'PAID' THEN 'ISSUED' WHEN 'PENDING' THEN 'HELD' ELSE 'CANCELLED' END, total, 'EUR', kind, CASE WHEN status = 'PAID' AND n % 4 = 0 THEN at + interval '1 hour' END,
        CASE WHEN status IN ('PAID', 'REFUNDED') THEN at END, at
    FROM bought;
INSERT INTO product_stock (tenant_id, product_id, held) SELECT w.tenant_id, w.id, (SELECT count(*) FROM bought b WHERE b.product_id = w.id AND b.status IN ('PAID', 'PENDING')) FROM ware w;
INSERT INTO payment (tenant_id, id, order_id, provider, status, amount, currency, refunded, reference, settled_at, created_at)
    SELECT tenant_id, payment_id, order_id, provider, CASE status WHEN 'PAID' THEN 'APPROVED' ELSE status END, total, 'EUR', CASE status WHEN 'REFUNDED' THEN total ELSE 0 END, reference,
        CASE WHEN status <> 'PENDING' THEN at END, at
    FROM sale;
INSERT INTO refund (tenant_id, id, order_id, payment_id, amount, currency, to_credit, status, reason, settled_at, created_at)
    SELECT tenant_id, refund_id, order_id, payment_id, total, 'EUR', false, 'SUCCEEDED', 'Not wanted any more', at + interval '1 day', at + interval '1 day' FROM sale WHERE status = 'REFUNDED';
INSERT INTO line_reversal (tenant_id, id, order_id, order_line_id, refund_id, amount, tax)
    SELECT tenant_id, gen_random_uuid(), order_id, line_id, refund_id, total, tax FROM bought WHERE status = 'REFUNDED';
INSERT INTO invoice (tenant_id, id, kind, number, code, order_id, refund_id, total, tax, currency, document, issued_at)
    SELECT s.tenant_id, gen_random_uuid(), k.kind, coalesce(c.last, 0) + row_number() OVER (PARTITION BY k.kind ORDER BY s.at), 'LARGE-' || k.kind || '-' || s.n, s.order_id, k.refund_id, s.total,
        s.tax, 'EUR', '{}', s.at
    FROM sale s CROSS JOIN LATERAL (VALUES ('INVOICE', NULL), ('CREDIT_NOTE', s.refund_id)) AS k(kind, refund_id) LEFT JOIN invoice_counter c ON c.tenant_id = s.tenant_id AND c.kind = k.kind
    WHERE s.status = 'REFUNDED' OR (s.status = 'PAID' AND k.kind = 'INVOICE');
INSERT INTO invoice_counter (tenant_id, kind, last) SELECT i.tenant_id, i.kind, max(i.number) FROM invoice i JOIN fair f ON f.tenant_id = i.tenant_id GROUP BY 1, 2
    ON CONFLICT ON CONSTRAINT invoice_counter_pkey DO UPDATE SET last = excluded.last;

INSERT INTO ledger_entry (tenant_id, id, kind, application_id, program_id, order_id, payment_id, refund_id, at)
    SELECT s.tenant_id, e.id, e.kind, s.id, s.program_id, s.order_id, e.payment_id, e.refund_id, e.at
    FROM sale s CROSS JOIN LATERAL (VALUES (s.paid_id, 'PAYMENT', s.payment_id, NULL, s.at), (s.sale_id, 'SALE', NULL, NULL, s.at),
        (s.back_id, 'REFUND', s.payment_id, s.refund_id, s.at + interval '1 day')) AS e(id, kind, payment_id, refund_id, at)
    WHERE s.status = 'REFUNDED' OR (s.status = 'PAID' AND e.kind <> 'REFUND');
INSERT INTO ledger_posting (tenant_id, entry_id, n, account, amount, currency, program_id, product_id, at)
    SELECT s.tenant_id, e.id, e.n, e.account, e.amount, 'EUR', s.program_id, NULL, e.at
    FROM sale s CROSS JOIN LATERAL (VALUES (s.paid_id, 1, 'CASH_' || s.provider, s.total, s.at), (s.paid_id, 2, 'CUSTOMER', -s.total, s.at), (s.sale_id, 1, 'CUSTOMER', s.total, s.at),
        (s.sale_id, 2, 'TAX', -s.tax, s.at), (s.back_id, 1, 'TAX', s.tax, s.at + interval '1 day'), (s.back_id, 2, 'CASH_' || s.provider, -s.total, s.at + interval '1 day'))
        AS e(id, n, account, amount, at)
    WHERE s.status = 'REFUNDED' OR (s.status = 'PAID' AND e.id <> s.back_id);
INSERT INTO ledger_posting (tenant_id, entry_id, n, account, amount, currency, program_id, product_id, at)
    SELECT b.tenant_id, e.id, 2 + b.place, 'REVENUE', e.amount, 'EUR', b.program_id, b.product_id, e.at
    FROM bought b CROSS JOIN LATERAL (VALUES (b.sale_id, b.tax - b.total, b.at), (b.back_id, b.total - b.tax, b.at + interval '1 day')) AS e(id, amount, at)
    WHERE b.status = 'REFUNDED' OR (b.status = 'PAID' AND e.id <> b.back_id);
