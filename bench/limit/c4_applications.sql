SELECT json_build_object('applications', json_build_object('nodes', coalesce(json_agg(json_build_object('id', a.id, 'status', a.status, 'createdAt', a.created_at,
    'applicant', CASE WHEN u.id IS NOT NULL THEN json_build_object('id', u.id, 'name', u.name) END, 'attendees', t.people) ORDER BY a.created_at DESC, a.id DESC), '[]')))
FROM (SELECT a.id, a.status, a.created_at, a.user_id FROM application a WHERE a.tenant_id = $1 AND a.program_id = $2 ORDER BY a.created_at DESC, a.id DESC LIMIT 100) AS a
LEFT JOIN app_user u ON u.tenant_id = $1 AND u.id = a.user_id
LEFT JOIN LATERAL (SELECT json_agg(json_build_object('id', t.id, 'name', t.name, 'kind', t.kind) ORDER BY t.created_at, t.id) AS people
                   FROM attendee t WHERE t.tenant_id = $1 AND t.application_id = a.id) AS t ON true
