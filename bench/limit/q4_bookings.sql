SELECT json_build_object('bookings', json_build_object('nodes', coalesce(json_agg(json_build_object('id', b.id, 'startsAt', b.starts_at, 'endsAt', b.ends_at,
    'status', b.status, 'student', CASE WHEN s.id IS NOT NULL THEN json_build_object('id', s.id, 'name', s.name) END,
    'instructor', CASE WHEN i.id IS NOT NULL THEN json_build_object('id', i.id, 'name', i.name) END,
    'course', CASE WHEN c.id IS NOT NULL THEN json_build_object('id', c.id, 'title', c.title) END) ORDER BY b.starts_at, b.id), '[]')))
FROM (SELECT b.id, b.starts_at, b.ends_at, b.status, b.student_id, b.instructor_id, b.course_id FROM booking b
      WHERE b.tenant_id = $1 AND b.starts_at < $3 AND b.ends_at > $2 AND b.starts_at > $2::timestamptz - interval '24 hours'
      ORDER BY b.starts_at, b.id LIMIT 100) AS b
LEFT JOIN app_user s ON s.tenant_id = $1 AND s.id = b.student_id
LEFT JOIN app_user i ON i.tenant_id = $1 AND i.id = b.instructor_id
LEFT JOIN course c ON c.tenant_id = $1 AND c.id = b.course_id AND c.deleted_at IS NULL
