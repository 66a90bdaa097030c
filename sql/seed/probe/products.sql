-- One row of every kind of products, for schools that are there to be attacked; identity.sql says what may be relied on. Stock, uses and codes follow by trigger.
INSERT INTO product (tenant_id, id, program_id, name, description, kind, duration, tax_percent, exclusive)
    SELECT p.tenant_id, gen_random_uuid(), p.id, w.word, w.word, 'TICKET', 'FULL', 1900, true FROM program p CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE p.tenant_id = app.tenant_id() AND p.slug = 'probe';
INSERT INTO product (tenant_id, id, program_id, name, description, kind, requires_product_id, position)
    SELECT d.tenant_id, gen_random_uuid(), d.program_id, d.name, d.description, 'MERCH', d.id, 1 FROM product d WHERE d.tenant_id = app.tenant_id();

INSERT INTO product_price (tenant_id, product_id, program_id, currency, amount, position)
    SELECT d.tenant_id, d.id, d.program_id, c.currency, 1000, c.position FROM product d
    JOIN program_currency c ON c.tenant_id = d.tenant_id AND c.program_id = d.program_id WHERE d.tenant_id = app.tenant_id();
UPDATE product_stock s SET stock = 50 WHERE s.tenant_id = app.tenant_id();

INSERT INTO coupon (tenant_id, id, program_id, code, amount_off, currency)
    SELECT p.tenant_id, gen_random_uuid(), p.id, 'PROBE-1', 100, 'EUR' FROM program p WHERE p.tenant_id = app.tenant_id() AND p.slug = 'probe';
UPDATE coupon_uses u SET max_uses = 50, uses = 1 WHERE u.tenant_id = app.tenant_id();

INSERT INTO referral (tenant_id, id, program_id, owner_id, code, percent_off)
    SELECT p.tenant_id, gen_random_uuid(), p.id, u.id, 'PROBE-2', 500 FROM program p JOIN app_user u ON u.tenant_id = p.tenant_id AND u.name LIKE 'LEARNER %'
    WHERE p.tenant_id = app.tenant_id() AND p.slug = 'probe' ORDER BY u.id LIMIT 1;
UPDATE application a SET referral_id = r.id FROM referral r WHERE a.tenant_id = app.tenant_id() AND a.status = 'ACCEPTED' AND r.tenant_id = a.tenant_id;
