SELECT json_build_object('courses', json_build_object('nodes', coalesce(json_agg(json_build_object('id', c.id, 'title', c.title, 'status', c.status)
    ORDER BY c.title COLLATE "und-x-icu", c.id), '[]')))
FROM (SELECT c.id, c.title, c.status FROM course c
      WHERE c.tenant_id = $1 AND c.deleted_at IS NULL AND c.id IN (SELECT app.search_course($2)) ORDER BY c.title COLLATE "und-x-icu", c.id LIMIT 10) AS c
