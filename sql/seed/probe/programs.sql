-- One row of every kind of programs, for schools that are there to be attacked; identity.sql says what may be relied on. Currencies and counters follow by trigger.
INSERT INTO program (tenant_id, id, slug, name, description, kind, capacity, currencies, fee_amount, fee_currency, review_strategy, has_directory, form_version)
    SELECT app.tenant_id(), gen_random_uuid(), 'probe', w.word, w.word, 'CAMP', 50, '{EUR,CHF}', 2500, 'EUR', 'ANY_REVIEWER', true, 1 FROM current_setting('probe.word') AS w(word);
UPDATE program p SET status = 'ACTIVE' WHERE p.tenant_id = app.tenant_id() AND p.slug = 'probe';

INSERT INTO program_form_key (tenant_id, program_id, key, type)
    SELECT p.tenant_id, p.id, k.key, k.type FROM program p CROSS JOIN (VALUES ('diet', 'TEXT'), ('allergies', 'TEXTAREA')) AS k(key, type) WHERE p.tenant_id = app.tenant_id();

INSERT INTO program_form_field (tenant_id, program_id, version, position, key, label, type, help, in_directory, sensitive)
    SELECT k.tenant_id, k.program_id, 1, row_number() OVER (PARTITION BY k.program_id ORDER BY k.key DESC), k.key, w.word, k.type, w.word, k.key = 'diet', k.key = 'allergies'
    FROM program_form_key k CROSS JOIN current_setting('probe.word') AS w(word) WHERE k.tenant_id = app.tenant_id();

INSERT INTO program_reviewer (tenant_id, program_id, user_id, is_required, position)
    SELECT p.tenant_id, p.id, u.id, true, row_number() OVER (PARTITION BY p.id ORDER BY u.id) FROM program p JOIN app_user u ON u.tenant_id = p.tenant_id AND u.name LIKE 'INSTRUCTOR %'
    WHERE p.tenant_id = app.tenant_id();

INSERT INTO program_course (tenant_id, program_id, course_id)
    SELECT p.tenant_id, p.id, c.id FROM program p JOIN course c ON c.tenant_id = p.tenant_id WHERE p.tenant_id = app.tenant_id();

INSERT INTO program_link_group (tenant_id, program_id, group_id)
    SELECT p.tenant_id, p.id, g.id FROM program p JOIN user_group g ON g.tenant_id = p.tenant_id WHERE p.tenant_id = app.tenant_id();

INSERT INTO program_group (tenant_id, program_id, group_id, percent_off, max_members, auto_accept)
    SELECT p.tenant_id, p.id, g.id, 1250, 20, true FROM program p JOIN user_group g ON g.tenant_id = p.tenant_id WHERE p.tenant_id = app.tenant_id();
