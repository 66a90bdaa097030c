-- What C1 and C4 ask for, beside what `lectern seed` makes: in the first school a program with five products and 2,000 accepted applications of two people each, of whom every
-- second has a discount. Loaded once.
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
INSERT INTO product_stock (tenant_id, product_id, stock) SELECT tenant_id, id, 100000 FROM ware;
CREATE TEMPORARY TABLE party AS
    SELECT s.tenant_id, s.program_id, u.id AS user_id, u.name, gen_random_uuid() AS id, row_number() OVER (ORDER BY u.id) AS n
    FROM shop s CROSS JOIN LATERAL (SELECT o.id, o.name FROM app_user o WHERE o.tenant_id = s.tenant_id AND o.deleted_at IS NULL ORDER BY o.id LIMIT 2000) AS u;
INSERT INTO program_places (tenant_id, program_id, taken) SELECT s.tenant_id, s.program_id, (SELECT 2 * count(*) FROM party) FROM shop s;
INSERT INTO application (tenant_id, id, program_id, user_id, status, discount_percent, submitted_at, accepted_at, created_at)
    SELECT tenant_id, id, program_id, user_id, 'ACCEPTED', CASE n % 2 WHEN 0 THEN 1250 END, now() - make_interval(mins => n::integer), now(), now() - make_interval(mins => n::integer) FROM party;
INSERT INTO attendee (tenant_id, id, application_id, program_id, kind, name, user_id, created_at)
    SELECT p.tenant_id, gen_random_uuid(), p.id, p.program_id, k.kind, p.name, CASE k.n WHEN 1 THEN p.user_id END, now() + make_interval(secs => k.n)
    FROM party p CROSS JOIN (VALUES (1, 'MAIN'), (2, 'SPOUSE')) AS k(n, kind);
