WITH b AS (
    INSERT INTO booking AS b (tenant_id, id, student_id, course_id, starts_at, ends_at, notes)
    SELECT $1, gen_random_uuid(), $2, c.id, $4, $5, $6 FROM course c
    WHERE c.tenant_id = $1 AND c.id = $3 AND c.deleted_at IS NULL AND c.status <> 'DRAFT'
    RETURNING b.id, b.starts_at, b.ends_at, b.status, b.notes, b.student_id, b.course_id
)
SELECT json_build_object('requestBooking', json_build_object('id', b.id, 'startsAt', b.starts_at, 'endsAt', b.ends_at, 'status', b.status, 'notes', b.notes,
    'student', (SELECT json_build_object('id', s.id, 'name', s.name) FROM app_user s WHERE s.tenant_id = $1 AND s.id = b.student_id),
    'course', (SELECT json_build_object('id', c.id, 'title', c.title) FROM course c WHERE c.tenant_id = $1 AND c.id = b.course_id AND c.deleted_at IS NULL)))
FROM b
