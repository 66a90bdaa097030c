-- How people come into a demo school: only one that has sign-ups lets them in. Runs after mail.sql.
UPDATE tenant_settings s SET sign_up = 'APPROVAL', sign_up_role_keys = '{LEARNER,INSTRUCTOR}', code_sign_in = 'PARTICIPANTS'
    WHERE s.tenant_id = pg_temp.id('tenant') AND EXISTS (SELECT FROM seed_sign_up);

INSERT INTO sign_up_request (tenant_id, id, email, email_key, name, role_key, message, state, decided_by_id, note, created_at, decided_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('signup:' || a.key), a.key || '@mail.example', a.key || '@mail.example', a.name, a.role, a.message, a.state,
           CASE WHEN a.state <> 'PENDING' THEN pg_temp.id('user:admin') END, a.note, now() - make_interval(hours => a.hours_ago),
           CASE WHEN a.state <> 'PENDING' THEN now() - make_interval(hours => a.hours_ago / 2) END
    FROM seed_sign_up a;
INSERT INTO sign_up_credential (tenant_id, sign_up_id, password_hash)
    SELECT s.tenant_id, s.id, everybody.hash FROM sign_up_request s JOIN jsonb_each_text(current_setting('seed.hashes')::jsonb) AS everybody(key, hash) ON everybody.key = '*'
    WHERE s.tenant_id = pg_temp.id('tenant') AND s.state = 'PENDING';

-- What is over is told by the clock.
INSERT INTO invitation (tenant_id, id, email, email_key, name, role_keys, state, invited_by_id, user_id, created_at, sent_at, expires_at, accepted_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('invitation:' || i.key), i.key || '@' || a.domain, i.key || '@' || a.domain, i.name, ARRAY[i.role],
           CASE i.state WHEN 'EXPIRED' THEN 'PENDING' ELSE i.state END, pg_temp.id('user:admin'), p.id, now() - make_interval(hours => i.hours_ago),
           now() - make_interval(hours => i.hours_ago), now() - make_interval(hours => i.hours_ago) + interval '7 days',
           CASE WHEN i.state = 'ACCEPTED' THEN p.created_at END
    FROM seed_invitation i
    CROSS JOIN LATERAL (SELECT CASE i.state WHEN 'ACCEPTED' THEN current_setting('seed.domain') ELSE 'mail.example' END) AS a(domain)
    LEFT JOIN app_user p ON p.tenant_id = pg_temp.id('tenant') AND i.state = 'ACCEPTED' AND p.id = pg_temp.id('user:' || i.key);
