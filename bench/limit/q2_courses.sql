WITH c AS MATERIALIZED (SELECT c.id, c.title, c.status, c.instructor_id FROM course c
      WHERE c.tenant_id = $1 AND c.deleted_at IS NULL ORDER BY c.title COLLATE "und-x-icu", c.id LIMIT 20)
SELECT json_build_object('courses', json_build_object('nodes', coalesce(json_agg(json_build_object('id', c.id, 'title', c.title, 'status', c.status,
    'instructor', CASE WHEN i.id IS NOT NULL THEN json_build_object('id', i.id, 'name', i.name) END,
    'enrollmentCount', coalesce(n.count, 0)) ORDER BY c.title COLLATE "und-x-icu", c.id), '[]')))
FROM c LEFT JOIN app_user i ON i.tenant_id = $1 AND i.id = c.instructor_id
LEFT JOIN app.enrollment_counts(ARRAY(SELECT c.id FROM c)) AS n ON n.course_id = c.id
