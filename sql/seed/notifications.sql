-- What the people who sign in to a demo school were told, the oldest first. Runs after life.sql and mail.sql.
INSERT INTO notification (tenant_id, id, recipient_id, kind, subject, hour, event_id, actor_id, course_id, facts, in_app, mail, count, read_at, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('notification:' || w.person || w.place), pg_temp.id('user:' || w.person), w.kind,
           CASE WHEN b.id IS NOT NULL THEN app.type_id('booking', b.id) WHEN c.id IS NOT NULL THEN app.type_id('course', c.id)
                ELSE app.type_id('user', pg_temp.id('user:' || w.person)) END,
           date_trunc('hour', w.at, 'UTC'), pg_temp.id('told:' || w.person || w.place),
           CASE WHEN w.kind <> 'BOOKING_ESCALATED' THEN CASE w.person WHEN 'admin' THEN b.student_id ELSE pg_temp.id('user:admin') END END,
           coalesce(b.course_id, c.id),
           CASE WHEN b.id IS NULL THEN '{}' ELSE jsonb_build_object('from', app.rfc3339(b.starts_at), 'until', app.rfc3339(b.ends_at)) END,
           true, 'NONE', w.count, CASE WHEN w.is_read THEN w.at + interval '40 minutes' END, w.at, w.at
    FROM (SELECT v.*, now() - make_interval(hours => v.hours) AS at FROM (VALUES
            ('learner', 1, 'ENROLLED', 600, 1, true), ('learner', 2, 'COURSE_PUBLISHED', 290, 1, true), ('learner', 3, 'BOOKING_APPROVED', 80, 1, true),
            ('learner', 4, 'BOOKING_ASSIGNED', 52, 1, true), ('learner', 5, 'BOOKING_RESCHEDULED', 20, 2, false), ('learner', 6, 'BOOKING_ASSIGNED', 3, 1, false),
            ('instructor', 1, 'BOOKING_REQUESTED', 95, 1, true), ('instructor', 2, 'BOOKING_ASSIGNED', 71, 1, true),
            ('instructor', 3, 'BOOKING_CANCELLED', 30, 1, true), ('instructor', 4, 'BOOKING_ASSIGNED', 4, 1, false),
            ('admin', 1, 'ROLE_CHANGED', 500, 1, true), ('admin', 2, 'BOOKING_REQUESTED', 60, 1, true),
            ('admin', 3, 'BOOKING_ESCALATED', 26, 1, false), ('admin', 4, 'BOOKING_REQUESTED', 2, 1, false)
        ) AS v(person, place, kind, hours, count, is_read)) AS w
    LEFT JOIN LATERAL (
        SELECT o.* FROM booking o
        WHERE w.kind LIKE 'BOOKING%' AND o.tenant_id = pg_temp.id('tenant')
          AND (w.person <> 'learner' OR o.student_id = pg_temp.id('user:learner'))
          AND (w.person <> 'instructor' OR o.instructor_id = pg_temp.id('user:instructor'))
        ORDER BY o.created_at DESC, o.id OFFSET w.place LIMIT 1) AS b ON true
    LEFT JOIN LATERAL (
        SELECT o.id FROM course o WHERE w.kind IN ('ENROLLED', 'COURSE_PUBLISHED') AND o.tenant_id = pg_temp.id('tenant') AND o.status = 'PUBLISHED'
        ORDER BY o.title, o.id OFFSET w.place LIMIT 1) AS c ON true
    ORDER BY w.at;

-- Two of the mails are notifications.
UPDATE mail m SET template = 'enrolled', parameters = jsonb_build_object('course', c.title), subject = left('Enrolled: ' || c.title, 150)
    FROM notification n JOIN course c ON c.tenant_id = n.tenant_id AND c.id = n.course_id
    WHERE m.tenant_id = pg_temp.id('tenant') AND m.id = pg_temp.id('mail:4') AND n.tenant_id = m.tenant_id AND n.id = pg_temp.id('notification:learner1');
UPDATE mail m SET template = 'booking_assigned', parameters = n.facts || jsonb_build_object('course', NULL), subject = NULL
    FROM notification n
    WHERE m.tenant_id = pg_temp.id('tenant') AND m.id = pg_temp.id('mail:10') AND n.tenant_id = m.tenant_id AND n.id = pg_temp.id('notification:learner6');
-- The instructor reads German.
INSERT INTO notification_settings (tenant_id, id, locale) VALUES (pg_temp.id('tenant'), pg_temp.id('user:instructor'), 'de');
