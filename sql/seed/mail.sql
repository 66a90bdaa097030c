-- What a demo school has written, and what became of it. Runs after life.sql.
UPDATE tenant_settings s SET mail_sender_name = t.name || ' · Office', mail_footer = t.name || E'\nThis school is made up: nothing is sent for it.'
    FROM tenant t WHERE s.tenant_id = t.tenant_id AND t.tenant_id = pg_temp.id('tenant');

INSERT INTO mail (tenant_id, id, key, template, locale, user_id, address, address_key, is_fixed, parameters, attachments, letterhead, subject, state,
                  attempts, error, created_at, sent_at)
    SELECT u.tenant_id, pg_temp.id('mail:' || w.place), 'demo:' || w.place, w.template, w.locale, u.id,
           CASE w.template WHEN 'email_changed' THEN 'old.' || u.email ELSE u.email END, CASE w.template WHEN 'email_changed' THEN 'old.' || u.email_key ELSE u.email_key END,
           w.template = 'email_changed', jsonb_build_object('at', now() - make_interval(hours => w.hours)), '[]',
           jsonb_build_object('school', t.name, 'sender', s.mail_sender_name, 'footer', s.mail_footer, 'timeZone', t.time_zone),
           CASE w.template || w.locale
               WHEN 'password_changeden' THEN 'Your password at ' || t.name || ' was changed' WHEN 'password_changedde' THEN 'Ihr Passwort bei ' || t.name || ' wurde geändert'
               WHEN 'email_changeden' THEN 'Your email address at ' || t.name || ' was changed' WHEN 'email_changedde' THEN 'Ihre E-Mail-Adresse bei ' || t.name || ' wurde geändert'
               WHEN 'testen' THEN 'Mail from ' || t.name || ' arrives' ELSE 'Post von ' || t.name || ' kommt an' END,
           w.state, w.attempts, w.error, now() - make_interval(hours => w.hours), CASE WHEN w.state = 'SENT' THEN now() - make_interval(hours => w.hours, secs => -3) END
    FROM (VALUES
        (1, 'admin', 'test', 'en', 'SENT', 1, NULL, 640), (2, 'admin', 'test', 'de', 'SUPPRESSED', 0, 'Called off.', 639),
        (3, 'instructor', 'password_changed', 'de', 'SENT', 1, NULL, 410), (4, 'learner', 'password_changed', 'en', 'SENT', 1, NULL, 600),
        (5, 'learner', 'email_changed', 'en', 'BOUNCED', 1, 'permanent error (550): 5.1.1 no such mailbox', 299), (6, 'viewer', 'password_changed', 'de', 'SENT', 2, NULL, 170),
        (7, 'instructor', 'email_changed', 'de', 'SENT', 1, NULL, 96), (8, 'admin', 'password_changed', 'en', 'SENT', 1, NULL, 51),
        (9, 'viewer', 'email_changed', 'de', 'FAILED', 8, 'transient error (451): 4.7.1 try again later', 49),
        (10, 'learner', 'password_changed', 'en', 'SENT', 1, NULL, 3)
    ) AS w(place, person, template, locale, state, attempts, error, hours)
    JOIN app_user u ON u.tenant_id = pg_temp.id('tenant') AND u.id = pg_temp.id('user:' || w.person)
    JOIN tenant t ON t.tenant_id = u.tenant_id JOIN tenant_settings s ON s.tenant_id = u.tenant_id;
