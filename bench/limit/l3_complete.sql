SELECT json_build_object('completeLesson', json_build_object('status', 'COMPLETED', 'completedAt', t.completed_at,
    'lesson', json_build_object('id', l.id, 'title', l.title)))
FROM lesson l CROSS JOIN LATERAL app.complete_lesson(l.id, NULL) AS t WHERE l.tenant_id = $1 AND l.id = $2
