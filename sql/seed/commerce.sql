-- What a demo school sells places in: four programs, what they ask, what they sell, and on which terms. The files commerce-*.sql go on with who applies, who buys and
-- who comes.
CREATE TEMPORARY TABLE seed_program ON COMMIT DROP AS
    SELECT w.key, w.slug, w.name, w.description, w.kind, w.status, now() + make_interval(days => w.begins) AS starts_at, now() + make_interval(days => w.ends) AS ends_at,
           now() + make_interval(days => w.opens) AS opens_at, now() + make_interval(days => w.closes) AS closes_at, w.capacity, w.strategy, w.created
    FROM (VALUES
        ('alpha-flight-school', 'summer', 'mountain-camp', 'Mountain Flying Camp', 'Two weeks in the Rockies: short strips, thin air, and weather that changes its mind.', 'CAMP', 'ACTIVE', 60, 74, -40, 20, 14, 'THRESHOLD', 50),
        ('alpha-flight-school', 'open', 'fly-in', 'Autumn Fly-In', 'Pancakes, spot landings, and a tour of the tower. Everybody is welcome.', 'EVENT', 'ACTIVE', 25, 26, -15, 24, NULL, 'AUTO_ACCEPT', 20),
        ('alpha-flight-school', 'past', 'glider-week', 'Glider Week', 'A week without engines.', 'TERM', 'ENDED', -40, -33, -120, -45, 40, 'AUTO_ACCEPT', 130),
        ('alpha-flight-school', 'next', 'instructor-residency', 'Instructor Residency', 'A year with us, for those who want to teach. The terms are still being written.', 'RESIDENCY', 'DRAFT', 200, 560, 30, 120, 4, NULL, 3),
        ('bravo-academy', 'summer', 'chamber-music-weeks', 'Chamber Music Weeks', 'Two weeks of quartets by the lake, with a concert at the end of each.', 'CAMP', 'ACTIVE', 60, 74, -40, 20, 14, 'THRESHOLD', 50),
        ('bravo-academy', 'open', 'open-day', 'Open Day', 'Listen in everywhere, and try whatever can be tried.', 'EVENT', 'ACTIVE', 25, 26, -15, 24, NULL, 'AUTO_ACCEPT', 20),
        ('bravo-academy', 'past', 'spring-term', 'Spring Term', 'Evenings of languages and mathematics.', 'TERM', 'ENDED', -40, -33, -120, -45, 40, 'AUTO_ACCEPT', 130),
        ('bravo-academy', 'next', 'composers-residency', 'Composers in Residence', 'Four rooms, four pianos, one year. The terms are still being written.', 'RESIDENCY', 'DRAFT', 200, 560, 30, 120, 4, NULL, 3)
    ) AS w(school, key, slug, name, description, kind, status, begins, ends, opens, closes, capacity, strategy, created)
    WHERE w.school = current_setting('seed.slug');

INSERT INTO program (tenant_id, id, slug, name, description, kind, status, starts_at, ends_at, applications_open_at, applications_close_at, capacity, currencies, fee_amount,
        fee_currency, credit_fee_on_acceptance, review_strategy, veto, approvals_needed, offer_hours, pay_within_days, transfer_days, exchanges_until, has_directory,
        enroll_when, referrals_per_person, form_version, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('program:' || p.key), p.slug, p.name, p.description, p.kind, p.status, p.starts_at, p.ends_at, p.opens_at, p.closes_at, p.capacity,
           m.currencies, CASE p.key WHEN 'summer' THEN 2500 END, CASE p.key WHEN 'summer' THEN m.currencies[1] END, p.key = 'summer', p.strategy, 'STRONG_NO',
           CASE p.key WHEN 'summer' THEN 2 ELSE 1 END, 48, CASE p.key WHEN 'summer' THEN 30 END, 7, CASE p.key WHEN 'summer' THEN p.starts_at - interval '14 days' END,
           p.key IN ('summer', 'past'), CASE p.key WHEN 'open' THEN 'ACCEPTED' ELSE 'PAID' END, CASE p.key WHEN 'summer' THEN 2 ELSE 0 END,
           CASE p.key WHEN 'summer' THEN 1 ELSE 0 END, now() - make_interval(days => p.created)
    FROM seed_program p
    CROSS JOIN (SELECT CASE current_setting('seed.slug') WHEN 'bravo-academy' THEN '{EUR,CHF}'::text[] ELSE '{USD}' END AS currencies) AS m;

-- Eight fields: two for the directory, one that only the office sees.
CREATE TEMPORARY TABLE seed_field ON COMMIT DROP AS
    SELECT f.* FROM (VALUES
        (1, 'town', 'Where do you come from?', 'TEXT', true, 'About you', '{}'::text[], NULL, 100, true, false),
        (2, 'motivation', 'Why do you want to come?', 'TEXTAREA', true, 'About you', '{}', 'A few sentences will do.', 2000, false, false),
        (3, 'years', 'For how many years have you been learning?', 'NUMBER', true, 'About you', '{}', NULL, NULL, false, false),
        (4, 'level', 'How far are you?', 'SELECT', true, 'About you', '{Beginner,Intermediate,Advanced}', NULL, NULL, true, false),
        (5, 'topics', 'What interests you most?', 'MULTISELECT', false, 'Your stay', '{Practice,Theory,Company,Quiet}', NULL, NULL, false, false),
        (6, 'arrival', 'When will you arrive?', 'DATE', false, 'Your stay', '{}', NULL, NULL, false, false),
        (7, 'first_time', 'Is it your first time with us?', 'BOOLEAN', false, 'Your stay', '{}', NULL, NULL, false, false),
        (8, 'health', 'Is there anything that we should know about your health?', 'TEXTAREA', false, 'Your stay', '{}', 'Nobody but the office reads this.', 2000, false, true)
    ) AS f(position, key, label, type, required, section, options, help, max_length, in_directory, sensitive);
INSERT INTO program_form_key (tenant_id, program_id, key, type) SELECT pg_temp.id('tenant'), pg_temp.id('program:summer'), f.key, f.type FROM seed_field f;
INSERT INTO program_form_field (tenant_id, program_id, version, position, key, label, type, required, section, options, help, min, max, max_length, in_directory, sensitive)
    SELECT pg_temp.id('tenant'), pg_temp.id('program:summer'), 1, f.position, f.key, f.label, f.type, f.required, f.section, f.options, f.help,
           CASE f.key WHEN 'years' THEN 0 END, CASE f.key WHEN 'years' THEN 80 END, f.max_length, f.in_directory, f.sensitive
    FROM seed_field f;

INSERT INTO program_reviewer (tenant_id, program_id, user_id, is_required, position)
    SELECT pg_temp.id('tenant'), pg_temp.id('program:summer'), pg_temp.id('user:' || r.key), r.key = 'instructor', row_number() OVER (ORDER BY r.key = 'instructor' DESC, r.key)
    FROM seed_person r WHERE r.role = 'INSTRUCTOR' ORDER BY r.key = 'instructor' DESC, r.key LIMIT 3;

-- Who comes is enrolled in the most popular course; since this morning one group gets in on terms of its own.
INSERT INTO program_course (tenant_id, program_id, course_id)
    SELECT pg_temp.id('tenant'), pg_temp.id('program:summer'), pg_temp.id('course:' || c.key) FROM seed_course c WHERE c.status = 'PUBLISHED' ORDER BY c.popularity DESC, c.key LIMIT 1;
INSERT INTO program_group (tenant_id, program_id, group_id, percent_off, max_members, auto_accept, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('program:summer'), pg_temp.id('group:' || g.key), 1000, 10, false, now() - interval '6 hours' FROM seed_group g ORDER BY g.created_days_ago DESC, g.key LIMIT 1;

-- What is sold. `taxed` in hundredths of a percent.
CREATE TEMPORARY TABLE seed_product ON COMMIT DROP AS
    SELECT w.* FROM (VALUES
        ('summer', 'full', 'Both weeks', 'TICKET', 'FULL', 'ONCE', 89000, NULL::integer, 1900, true, true, NULL::text, 1),
        ('summer', 'week', 'One week', 'TICKET', 'WEEK', 'ONCE', 49000, 40, 1900, true, true, NULL, 2),
        ('summer', 'room', 'A bed in a double room', 'HOUSING', NULL, 'ONCE', 21000, 12, 700, true, false, NULL, 3),
        ('summer', 'shirt', 'T-shirt', 'MERCH', NULL, 'ONCE', 2200, 100, 1900, false, false, NULL, 4),
        ('summer', 'lesson', 'A private lesson', 'OTHER', NULL, 'ONCE', 6500, 20, 0, true, false, 'full', 5),
        ('open', 'day', 'Entry', 'TICKET', 'DAY', 'DAILY', 500, 300, 1900, true, false, NULL, 1),
        ('open', 'lunch', 'Lunch', 'OTHER', NULL, 'ONCE', 1250, 80, 700, false, false, NULL, 2),
        ('past', 'term', 'The whole week', 'TICKET', 'FULL', 'DAILY', 32000, 40, 1900, true, true, NULL, 1)
    ) AS w(program, key, name, kind, duration, admission, price, stock, taxed, is_included, is_exclusive, requires, position);
INSERT INTO product (tenant_id, id, program_id, name, kind, duration, admission, sale_ends_at, valid_from, valid_until, exclusive, requires_product_id, per_order_limit,
        tax_percent, tax_included, position, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('product:' || d.program || ':' || d.key), pg_temp.id('program:' || d.program), d.name, d.kind, d.duration, d.admission, p.starts_at,
           CASE d.kind WHEN 'TICKET' THEN p.starts_at - interval '6 hours' END, CASE d.kind WHEN 'TICKET' THEN p.ends_at END, d.is_exclusive,
           pg_temp.id('product:' || d.program || ':' || d.requires), CASE d.kind WHEN 'MERCH' THEN 5 END, d.taxed, d.is_included, d.position, now() - make_interval(days => p.created)
    FROM seed_product d JOIN seed_program p ON p.key = d.program ORDER BY d.requires NULLS FIRST;
INSERT INTO product_price (tenant_id, product_id, currency, program_id, amount, position)
    SELECT pg_temp.id('tenant'), pg_temp.id('product:' || d.program || ':' || d.key), c.currency, c.program_id, d.price, c.position
    FROM seed_product d JOIN program_currency c ON c.tenant_id = pg_temp.id('tenant') AND c.program_id = pg_temp.id('program:' || d.program);
UPDATE product_stock s SET stock = d.stock FROM seed_product d
    WHERE s.tenant_id = pg_temp.id('tenant') AND s.product_id = pg_temp.id('product:' || d.program || ':' || d.key) AND d.stock IS NOT NULL;

-- Three coupons: one for all, one that is used up, one that is over.
INSERT INTO coupon (tenant_id, id, program_id, code, percent_off, amount_off, currency, uses_per_person, ends_at, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('coupon:' || w.code), p.id, w.code, w.percent, w.amount, CASE WHEN w.amount IS NOT NULL THEN p.currencies[1] END, 1,
           now() + make_interval(days => w.days), now() - interval '45 days'
    FROM (VALUES ('EARLY', 1500, NULL::integer, 10), ('FRIENDS', NULL, 5000, 50), ('WINTER', 2000, NULL, -5)) AS w(code, percent, amount, days)
    JOIN program p ON p.tenant_id = pg_temp.id('tenant') AND p.id = pg_temp.id('program:summer');
UPDATE coupon_uses u SET max_uses = CASE u.coupon_id WHEN pg_temp.id('coupon:FRIENDS') THEN 1 ELSE 20 END, uses = CASE u.coupon_id WHEN pg_temp.id('coupon:WINTER') THEN 0 ELSE 1 END
    WHERE u.tenant_id = pg_temp.id('tenant');
INSERT INTO referral (tenant_id, id, program_id, owner_id, code, percent_off, created_at)
    VALUES (pg_temp.id('tenant'), pg_temp.id('referral:learner'), pg_temp.id('program:summer'), pg_temp.id('user:learner'), 'COMEALONG', 500, now() - interval '25 days');
UPDATE referral_uses u SET max_uses = 10, uses = 1 WHERE u.tenant_id = pg_temp.id('tenant');

-- Money comes by transfer, and by the provider that moves none.
INSERT INTO payment_settings (tenant_id, providers, transfer_instructions, test_webhook_secret, return_origins, seller_name, seller_address, invoice_prefix)
    SELECT t.tenant_id, '{MANUAL,TEST}', 'Please transfer the amount to ' || t.name || ', IBAN AT61 1904 3002 3457 3201, and name the reference.',
           decode(current_setting('seed.payment_secret'), 'hex'), '{http://localhost:3000}', t.name, E'1 Main Street\nAnytown', upper(left(t.slug, 1)) || '-'
    FROM tenant t WHERE t.tenant_id = pg_temp.id('tenant');
