-- How a demo school looks, what it has switched on, and names to sign in with. Runs after files.sql.
UPDATE tenant_settings s SET locale = l.locale, logo_file_id = pg_temp.id('file:logo'), primary_color = l.color, website = 'https://' || t.slug || '.example/',
        support_email = 'office@' || t.slug || '.example'
    FROM tenant t JOIN (VALUES ('alpha-flight-school', 'en', '#1f5fa8'), ('bravo-academy', 'de', '#7a3e8e')) AS l(slug, locale, color) ON l.slug = t.slug
    WHERE s.tenant_id = t.tenant_id AND t.tenant_id = pg_temp.id('tenant');

INSERT INTO feature_flag (tenant_id, id, key, is_on, role_keys, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('flag:' || f.key), f.key, f.is_on, f.role_keys, now() - interval '30 days', now() - interval '30 days'
    FROM (VALUES ('new-calendar', true, NULL::text[]), ('grade-book', true, '{ADMIN,INSTRUCTOR}'), ('chat', false, NULL)) AS f(key, is_on, role_keys);

UPDATE app_user u SET username = split_part(u.email, '@', 1)
    WHERE u.tenant_id = pg_temp.id('tenant') AND u.id IN (pg_temp.id('user:admin'), pg_temp.id('user:instructor'), pg_temp.id('user:learner'));
