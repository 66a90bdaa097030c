SELECT json_build_object('courses', json_build_object('nodes', coalesce(json_agg(json_build_object('id', c.id, 'title', c.title,
    'enrollments', json_build_object('nodes', e.nodes)) ORDER BY c.title COLLATE "und-x-icu", c.id), '[]')))
FROM (SELECT c.id, c.title FROM course c WHERE c.tenant_id = $1 AND c.deleted_at IS NULL ORDER BY c.title COLLATE "und-x-icu", c.id LIMIT 20) AS c
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object('id', e.id, 'status', e.status, 'progress', e.progress,
        'user', CASE WHEN u.id IS NOT NULL THEN json_build_object('id', u.id, 'name', u.name) END) ORDER BY e.enrolled_at DESC, e.id DESC), '[]') AS nodes
    FROM (SELECT e.id, e.status, e.progress, e.user_id, e.enrolled_at FROM enrollment e
          WHERE e.tenant_id = $1 AND e.course_id = c.id ORDER BY e.enrolled_at DESC, e.id DESC LIMIT 10) AS e
    LEFT JOIN app_user u ON u.tenant_id = $1 AND u.id = e.user_id) AS e
