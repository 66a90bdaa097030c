SELECT json_build_object('course', (
    SELECT json_build_object('id', c.id, 'title', c.title, 'description', c.description, 'status', c.status, 'capacity', c.capacity,
        'tags', c.tags, 'createdAt', c.created_at, 'instructor', CASE WHEN i.id IS NOT NULL THEN json_build_object('id', i.id, 'name', i.name) END)
    FROM course c LEFT JOIN app_user i ON i.tenant_id = $1 AND i.id = c.instructor_id
    WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL))
