WITH enrolled AS (
    SELECT e.course_id, e.status, count(*) AS count, sum(e.progress) AS progress FROM enrollment e WHERE e.tenant_id = $1 GROUP BY e.course_id, e.status
), zone AS (
    SELECT t.time_zone AS name, (now() AT TIME ZONE t.time_zone)::date AS today FROM tenant t WHERE t.tenant_id = $1
), booked AS MATERIALIZED (
    SELECT (b.starts_at AT TIME ZONE (SELECT z.name FROM zone z))::date AS day, count(*) AS count FROM booking b
    WHERE b.tenant_id = $1 AND b.status = ANY ('{REQUESTED,APPROVED,ASSIGNED,COMPLETED,CANCELLED}')
      AND b.starts_at >= (SELECT (z.today - 29)::timestamp AT TIME ZONE z.name FROM zone z)
      AND b.starts_at < (SELECT (z.today + 1)::timestamp AT TIME ZONE z.name FROM zone z)
    GROUP BY 1
)
SELECT json_build_object(
    'overview', (SELECT json_build_object(
        'users', (SELECT count(*) FROM app_user u WHERE u.tenant_id = $1 AND u.deleted_at IS NULL),
        'courses', c.everything, 'publishedCourses', c.published,
        'groups', (SELECT count(*) FROM user_group g WHERE g.tenant_id = $1 AND g.deleted_at IS NULL),
        'enrollments', (SELECT sum(e.count) FROM enrolled e), 'completedEnrollments', (SELECT sum(e.count) FROM enrolled e WHERE e.status = 'COMPLETED'),
        'bookings', (SELECT count(*) FROM booking b WHERE b.tenant_id = $1))
        FROM (SELECT count(*) AS everything, count(*) FILTER (WHERE c.status = 'PUBLISHED') AS published
              FROM course c WHERE c.tenant_id = $1 AND c.deleted_at IS NULL) AS c),
    'enrollmentsByStatus', (SELECT json_agg(json_build_object('status', s.status, 'count', s.count))
        FROM (SELECT e.status, sum(e.count) AS count FROM enrolled e GROUP BY e.status) AS s),
    'courseProgress', (SELECT json_agg(json_build_object('course', CASE WHEN p.id IS NOT NULL THEN json_build_object('id', p.id, 'title', p.title) END,
            'enrollments', p.enrollments, 'averageProgress', round((p.progress / p.enrollments)::numeric, 2), 'completionRate', round(p.completed / p.enrollments, 4))
            ORDER BY p.enrollments DESC, p.title COLLATE "und-x-icu", p.course_id)
        FROM (SELECT e.course_id, c.id, c.title, sum(e.count) AS enrollments, sum(e.progress) AS progress,
                     coalesce(sum(e.count) FILTER (WHERE e.status = 'COMPLETED'), 0) AS completed
              FROM enrolled e LEFT JOIN course c ON c.tenant_id = $1 AND c.id = e.course_id AND c.deleted_at IS NULL
              GROUP BY e.course_id, c.id, c.title ORDER BY sum(e.count) DESC, c.title COLLATE "und-x-icu", e.course_id LIMIT 10) AS p),
    'bookingsPerDay', (SELECT json_agg(json_build_object('date', d.day, 'count', coalesce(b.count, 0)) ORDER BY d.day)
        FROM (SELECT z.today - back AS day FROM zone z, generate_series(0, 29) AS back) AS d LEFT JOIN booked b ON b.day = d.day))
