SELECT json_build_object('enrollments', json_build_object(
    'nodes', coalesce(json_agg(json_build_object('id', e.id, 'status', e.status, 'progress', e.progress, 'enrolledAt', e.enrolled_at,
        'user', CASE WHEN u.id IS NOT NULL THEN json_build_object('id', u.id, 'name', u.name) END,
        'course', CASE WHEN c.id IS NOT NULL THEN json_build_object('id', c.id, 'title', c.title) END)
        ORDER BY e.enrolled_at DESC, e.id DESC) FILTER (WHERE e.number <= 20), '[]'),
    'pageInfo', json_build_object('hasNextPage', count(*) > 20)))
FROM (SELECT e.id, e.status, e.progress, e.enrolled_at, e.user_id, e.course_id, row_number() OVER (ORDER BY e.enrolled_at DESC, e.id DESC) AS number
      FROM enrollment e WHERE e.tenant_id = $1 AND (e.enrolled_at, e.id) < ($2::timestamptz, $3::uuid)
      ORDER BY e.enrolled_at DESC, e.id DESC LIMIT 21) AS e
LEFT JOIN app_user u ON u.tenant_id = $1 AND u.id = e.user_id
LEFT JOIN course c ON c.tenant_id = $1 AND c.id = e.course_id AND c.deleted_at IS NULL
