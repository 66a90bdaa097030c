-- Somebody looks in a learner's place, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO view_as (tenant_id, id, actor_id, session_id, user_id, role_id, reason, expires_at)
    SELECT a.tenant_id, gen_random_uuid(), a.id, s.id, u.id, ur.role_id, current_setting('probe.word') || ' probe', now() + interval '15 minutes'
    FROM app_user a
    JOIN LATERAL (SELECT s.id FROM session s WHERE s.tenant_id = a.tenant_id AND s.user_id = a.id LIMIT 1) AS s ON true
    JOIN app_user u ON u.tenant_id = a.tenant_id AND u.name LIKE 'LEARNER %'
    JOIN user_role ur ON ur.tenant_id = u.tenant_id AND ur.user_id = u.id
    WHERE a.tenant_id = app.tenant_id() AND a.name LIKE 'ADMIN %' LIMIT 1;
