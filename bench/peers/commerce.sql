-- What C1 to C3 ask for, beside what `lectern seed` makes: in the first school a program with 2,000 accepted applications of two people each, who have bought a ticket and a shirt
-- each and paid by transfer. Loaded once.
SET session_replication_role = replica;
SET app.audit = 'off';
CREATE TEMPORARY TABLE shop AS SELECT t.tenant_id, gen_random_uuid() AS program_id FROM tenant t
    WHERE t.slug = 'scale-0001' AND NOT EXISTS (SELECT FROM program p WHERE p.tenant_id = t.tenant_id AND p.slug = 'measured');
INSERT INTO program (tenant_id, id, slug, name, status, currencies, ends_at) SELECT tenant_id, program_id, 'measured', 'Measured', 'ACTIVE', '{EUR}', now() + interval '5 years' FROM shop;
INSERT INTO program_currency (tenant_id, program_id, currency, position) SELECT tenant_id, program_id, 'EUR', 1 FROM shop;
CREATE TEMPORARY TABLE ware AS SELECT s.tenant_id, s.program_id, gen_random_uuid() AS id, n, CASE n WHEN 1 THEN 'TICKET' ELSE 'MERCH' END AS kind, 1000 * n AS price FROM shop s, generate_series(1, 5) AS n;
INSERT INTO product (tenant_id, id, program_id, name, kind, duration, tax_percent, tax_included, position)
    SELECT tenant_id, id, program_id, 'Product ' || n, kind, CASE n WHEN 1 THEN 'FULL' END, 1900, n % 2 = 1, n FROM ware;
INSERT INTO product_price (tenant_id, product_id, currency, program_id, amount, position) SELECT tenant_id, id, 'EUR', program_id, price, 1 FROM ware;
CREATE TEMPORARY TABLE party AS
    SELECT s.tenant_id, s.program_id, u.id AS user_id, u.name, gen_random_uuid() AS id, gen_random_uuid() AS main_id, gen_random_uuid() AS order_id, gen_random_uuid() AS payment_id,
           gen_random_uuid() AS sale_id, gen_random_uuid() AS paid_id, row_number() OVER (ORDER BY u.id) AS n
    FROM shop s CROSS JOIN LATERAL (SELECT o.id, o.name FROM app_user o WHERE o.tenant_id = s.tenant_id AND o.deleted_at IS NULL ORDER BY o.id LIMIT 2000) AS u;
INSERT INTO program_places (tenant_id, program_id, taken) SELECT s.tenant_id, s.program_id, (SELECT 2 * count(*) FROM party) FROM shop s;
INSERT INTO application (tenant_id, id, program_id, user_id, status, submitted_at, accepted_at, created_at)
    SELECT tenant_id, id, program_id, user_id, 'ACCEPTED', now() - make_interval(mins => n::integer), now(), now() - make_interval(mins => n::integer) FROM party;
INSERT INTO attendee (tenant_id, id, application_id, program_id, kind, name, user_id, issued_tickets, created_at)
    SELECT p.tenant_id, CASE k.n WHEN 1 THEN p.main_id ELSE gen_random_uuid() END, p.id, p.program_id, k.kind, p.name, CASE k.n WHEN 1 THEN p.user_id END, CASE k.n WHEN 1 THEN 2 ELSE 0 END,
           now() + make_interval(secs => k.n)
    FROM party p CROSS JOIN (VALUES (1, 'MAIN'), (2, 'SPOUSE')) AS k(n, kind);
-- 10.00, tax included; and 20.00 with 3.80 added.
INSERT INTO sales_order (tenant_id, id, reference, kind, program_id, application_id, buyer_id, status, currency, subtotal, tax, total, paid, provider, paid_at)
    SELECT tenant_id, order_id, translate(upper(lpad(to_hex(n), 8, 'A')), '01', 'XY'), 'PURCHASE', program_id, id, user_id, 'PAID', 'EUR', 3000, 540, 3380, 3380, 'MANUAL', now() FROM party;
CREATE TEMPORARY TABLE bought AS SELECT p.*, w.id AS product_id, w.n AS place, w.kind, w.price, gen_random_uuid() AS line_id FROM party p JOIN ware w ON w.n <= 2;
INSERT INTO order_line (tenant_id, id, order_id, position, product_id, attendee_id, name, kind, quantity, unit_price, subtotal, tax_percent, tax_included, tax, total)
    SELECT tenant_id, line_id, order_id, place, product_id, main_id, 'Product ' || place, kind, 1, price, price, 1900, place = 1, CASE place WHEN 1 THEN 160 ELSE 380 END, price + CASE place WHEN 1 THEN 0 ELSE 380 END
    FROM bought;
INSERT INTO ticket (tenant_id, id, order_id, order_line_id, program_id, application_id, product_id, attendee_id, status, price, currency, kind, issued_at)
    SELECT tenant_id, gen_random_uuid(), order_id, line_id, program_id, id, product_id, main_id, 'ISSUED', price + CASE place WHEN 1 THEN 0 ELSE 380 END, 'EUR', kind, now() FROM bought;
INSERT INTO product_stock (tenant_id, product_id, held) SELECT w.tenant_id, w.id, (SELECT count(*) FROM bought b WHERE b.product_id = w.id) FROM ware w;
INSERT INTO payment (tenant_id, id, order_id, provider, status, amount, currency, reference, settled_at)
    SELECT p.tenant_id, p.payment_id, p.order_id, 'MANUAL', 'APPROVED', 3380, 'EUR', o.reference, now() FROM party p JOIN sales_order o ON o.tenant_id = p.tenant_id AND o.id = p.order_id;
INSERT INTO ledger_entry (tenant_id, id, kind, application_id, program_id, order_id, payment_id)
    SELECT p.tenant_id, e.id, e.kind, p.id, p.program_id, p.order_id, e.payment_id FROM party p CROSS JOIN LATERAL (VALUES (p.paid_id, 'PAYMENT', p.payment_id), (p.sale_id, 'SALE', NULL)) AS e(id, kind, payment_id);
INSERT INTO ledger_posting (tenant_id, entry_id, n, account, amount, currency, program_id, product_id)
    SELECT p.tenant_id, e.entry, e.n, e.account, e.amount, 'EUR', p.program_id, w.id
    FROM party p
    CROSS JOIN LATERAL (VALUES (p.paid_id, 1, 'CASH_MANUAL', 3380, NULL), (p.paid_id, 2, 'CUSTOMER', -3380, NULL), (p.sale_id, 1, 'CUSTOMER', 3380, NULL),
        (p.sale_id, 2, 'REVENUE', -840, 1), (p.sale_id, 3, 'REVENUE', -2000, 2), (p.sale_id, 4, 'TAX', -540, NULL)) AS e(entry, n, account, amount, ware)
    LEFT JOIN ware w ON w.n = e.ware;
