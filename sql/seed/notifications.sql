-- What the people who sign in to a demo school were told, the oldest first. Runs after life.sql and mail.sql.
-- Each booking stood then as its notification says, and most are still ahead.
INSERT INTO notification (tenant_id, id, recipient_id, kind, subject, hour, event_id, actor_id, course_id, facts, in_app, mail, count, read_at, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('notification:' || w.person || w.place), pg_temp.id('user:' || w.person), w.kind,
           CASE WHEN b.id IS NOT NULL THEN app.type_id('booking', b.id) WHEN c.id IS NOT NULL THEN app.type_id('course', c.id)
                ELSE app.type_id('user', pg_temp.id('user:' || w.person)) END,
           date_trunc('hour', t.at, 'UTC'), pg_temp.id('told:' || w.person || w.place),
           CASE WHEN w.kind IN ('BOOKING_REQUESTED', 'BOOKING_CANCELLED') THEN b.student_id
                WHEN w.kind <> 'BOOKING_ESCALATED' THEN pg_temp.id('user:admin') END,
           coalesce(b.course_id, c.id),
           CASE WHEN b.id IS NULL THEN '{}' ELSE jsonb_build_object('from', app.rfc3339(b.starts_at), 'until', app.rfc3339(b.ends_at)) END,
           true, 'NONE', w.count, CASE WHEN w.is_read THEN least(t.at + interval '40 minutes', now()) END, t.at, t.at
    FROM (VALUES -- of those in that state the nth: by their beginning, or (-1) the latest, or (1) the earliest request first
            ('learner', 1, 'ENROLLED', 600, 1, true, NULL, 1, 0), ('learner', 2, 'COURSE_PUBLISHED', 290, 1, true, NULL, 0, 0),
            ('learner', 3, 'BOOKING_APPROVED', 80, 1, true, 'ASSIGNED', 0, 0), ('learner', 4, 'BOOKING_ASSIGNED', 52, 1, true, 'ASSIGNED', 0, 0),
            ('learner', 5, 'BOOKING_RESCHEDULED', 20, 2, false, 'APPROVED', 0, 0), ('learner', 6, 'BOOKING_ASSIGNED', 3, 1, false, 'ASSIGNED', 1, 0),
            ('instructor', 1, 'BOOKING_REQUESTED', 95, 1, true, 'ASSIGNED', 2, 1), ('instructor', 2, 'BOOKING_ASSIGNED', 52, 1, true, 'ASSIGNED', 0, 0),
            ('instructor', 3, 'BOOKING_CANCELLED', 30, 1, true, 'CANCELLED', 0, 0), ('instructor', 4, 'BOOKING_ASSIGNED', 3, 1, false, 'ASSIGNED', 1, 0),
            ('admin', 1, 'ROLE_CHANGED', 500, 1, true, NULL, 0, 0), ('admin', 2, 'BOOKING_REQUESTED', 60, 1, true, 'ASSIGNED', 1, -1),
            ('admin', 3, 'BOOKING_ESCALATED', 26, 1, false, 'REQUESTED', 0, 1), ('admin', 4, 'BOOKING_REQUESTED', 2, 1, false, 'REQUESTED', 0, -1)
        ) AS w(person, place, kind, hours, count, is_read, status, nth, age)
    LEFT JOIN LATERAL (
        SELECT o.* FROM booking o
        WHERE w.kind LIKE 'BOOKING%' AND o.tenant_id = pg_temp.id('tenant')
          AND (w.person = 'admin' OR w.status = 'CANCELLED' OR o.student_id = pg_temp.id('user:learner'))
          AND (w.person <> 'instructor' OR pg_temp.id('user:instructor') IN (o.instructor_id, o.requested_instructor_id))
        ORDER BY o.status = w.status DESC, o.starts_at > now() DESC, o.created_at < now() - make_interval(hours => w.hours) DESC,
            w.age * extract(epoch FROM o.created_at), o.starts_at, o.id OFFSET w.nth LIMIT 1) AS b ON true
    LEFT JOIN LATERAL (
        SELECT o.id FROM course o WHERE w.kind IN ('ENROLLED', 'COURSE_PUBLISHED') AND o.tenant_id = pg_temp.id('tenant') AND o.status = 'PUBLISHED'
        ORDER BY CASE w.kind
            WHEN 'ENROLLED' THEN EXISTS (
                SELECT FROM enrollment e WHERE e.tenant_id = o.tenant_id AND e.course_id = o.id AND e.user_id = pg_temp.id('user:' || w.person))
            ELSE EXISTS (
                SELECT FROM group_course g JOIN group_member m ON m.tenant_id = g.tenant_id AND m.group_id = g.group_id
                WHERE g.tenant_id = o.tenant_id AND g.course_id = o.id AND m.user_id = pg_temp.id('user:' || w.person)) END DESC,
            o.title, o.id OFFSET w.nth LIMIT 1) AS c ON true
    -- A request is told at once, a lesson is cancelled before it begins, and nothing is told of what was not there yet.
    CROSS JOIN LATERAL (SELECT CASE w.kind WHEN 'BOOKING_REQUESTED' THEN b.created_at
        WHEN 'BOOKING_CANCELLED' THEN least(b.starts_at - interval '20 hours', now() - make_interval(hours => w.hours))
        ELSE now() - make_interval(hours => w.hours) END AS at) AS usual
    CROSS JOIN LATERAL (SELECT CASE WHEN usual.at < b.created_at THEN b.created_at + (least(b.starts_at, now()) - b.created_at) / 2
        ELSE usual.at END AS at) AS t
    ORDER BY t.at;

-- Two of the mails are notifications.
UPDATE mail m SET template = 'enrolled', parameters = jsonb_build_object('course', c.title), subject = left('Enrolled: ' || c.title, 150)
    FROM notification n JOIN course c ON c.tenant_id = n.tenant_id AND c.id = n.course_id
    WHERE m.tenant_id = pg_temp.id('tenant') AND m.id = pg_temp.id('mail:4') AND n.tenant_id = m.tenant_id AND n.id = pg_temp.id('notification:learner1');
UPDATE mail m SET template = 'booking_assigned', subject = NULL,
        parameters = n.facts || jsonb_build_object('course', (SELECT c.title FROM course c WHERE c.tenant_id = n.tenant_id AND c.id = n.course_id))
    FROM notification n
    WHERE m.tenant_id = pg_temp.id('tenant') AND m.id = pg_temp.id('mail:10') AND n.tenant_id = m.tenant_id AND n.id = pg_temp.id('notification:learner6');
-- These two read German.
INSERT INTO notification_settings (tenant_id, id, locale)
    VALUES (pg_temp.id('tenant'), pg_temp.id('user:instructor'), 'de'), (pg_temp.id('tenant'), pg_temp.id('user:viewer'), 'de');
