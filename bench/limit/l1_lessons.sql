WITH l AS MATERIALIZED (
    SELECT l.id, l.section_id, l.title, l.kind, l.position, l.is_required FROM lesson l WHERE l.tenant_id = $1 AND l.course_id = $2
), p AS MATERIALIZED (
    SELECT p.lesson_id, p.position_seconds, CASE WHEN p.completed_at IS NOT NULL THEN 'COMPLETED' WHEN p.opened_at IS NOT NULL THEN 'IN_PROGRESS' ELSE 'NOT_STARTED' END AS status
    FROM lesson_progress p WHERE p.tenant_id = $1 AND p.user_id = (SELECT app.user_id()) AND p.lesson_id = ANY (ARRAY(SELECT l.id FROM l))
), part AS MATERIALIZED (
    SELECT l.section_id, json_agg(json_build_object('id', l.id, 'title', l.title, 'kind', l.kind, 'position', l.position, 'isRequired', l.is_required,
        'isLocked', k.lesson_id IS NOT NULL, 'lockReason', k.reason, 'unlocksAt', k.unlocks_at,
        'viewerProgress', CASE WHEN p.lesson_id IS NOT NULL THEN json_build_object('status', p.status, 'positionSeconds', p.position_seconds) END) ORDER BY l.position) AS lessons
    FROM l LEFT JOIN app.lesson_locks(ARRAY(SELECT l.id FROM l)) AS k ON k.lesson_id = l.id LEFT JOIN p ON p.lesson_id = l.id GROUP BY l.section_id
)
SELECT json_build_object('course', (SELECT json_build_object('id', c.id, 'title', c.title,
    'lessonCount', (SELECT n.count FROM app.lesson_counts(ARRAY[c.id]) AS n),
    'sections', (SELECT json_agg(json_build_object('id', s.id, 'title', s.title, 'isLocked', k.section_id IS NOT NULL, 'lockReason', k.reason,
                    'lessons', coalesce(part.lessons, '[]')) ORDER BY s.position)
                 FROM section s LEFT JOIN part ON part.section_id = s.id
                 LEFT JOIN app.section_locks(ARRAY(SELECT o.id FROM section o WHERE o.tenant_id = $1 AND o.course_id = $2)) AS k ON k.section_id = s.id
                 WHERE s.tenant_id = $1 AND s.course_id = c.id))
    FROM course c WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL))
