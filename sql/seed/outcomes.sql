-- What became of a demo school's bookings, and what has waited too long. Runs after scheduling.sql and slots.sql. The service has nothing to catch up on when it begins.

-- Of those that took place, each outcome at least once.
UPDATE booking b SET outcome = o.outcome, minutes_late = CASE WHEN o.outcome = 'LATE' THEN 5 + pg_temp.chance('late:' || b.id) / 4 END
    FROM (SELECT c.id, CASE WHEN c.nth <= 4 THEN (ARRAY['ATTENDED', 'LATE', 'NO_SHOW', 'INSTRUCTOR_NO_SHOW'])[c.nth]
                            WHEN c.luck < 82 THEN 'ATTENDED' WHEN c.luck < 91 THEN 'LATE' WHEN c.luck < 97 THEN 'NO_SHOW' ELSE 'INSTRUCTOR_NO_SHOW' END AS outcome
          FROM (SELECT x.id, row_number() OVER (ORDER BY x.starts_at DESC, x.id)::integer AS nth, pg_temp.chance('outcome:' || x.id) AS luck FROM booking x
                WHERE x.tenant_id = pg_temp.id('tenant') AND x.status = 'COMPLETED') AS c) AS o
    WHERE b.tenant_id = pg_temp.id('tenant') AND b.id = o.id;

-- Called off by their learners, some of them late.
UPDATE booking b SET cancelled_at = least(b.starts_at - make_interval(hours => 2 + pg_temp.chance('off:' || b.id) / 2), now() - interval '1 hour'), cancelled_by_id = b.student_id
    WHERE b.tenant_id = pg_temp.id('tenant') AND b.status = 'CANCELLED';

-- Requests that have waited for a day were brought up a little later.
UPDATE booking b SET escalated_at = b.created_at + interval '24 hours 4 minutes'
    WHERE b.tenant_id = pg_temp.id('tenant') AND b.status = 'REQUESTED' AND b.ends_at > now() AND b.created_at < now() - interval '24 hours 5 minutes';

-- Who learns or teaches within a day knows of it.
INSERT INTO booking_reminder (tenant_id, booking_id, user_id, starts_at, minutes)
    SELECT b.tenant_id, b.id, p.id, b.starts_at, 1440 FROM booking b
    CROSS JOIN LATERAL (SELECT b.student_id UNION SELECT b.instructor_id WHERE b.instructor_id IS NOT NULL) AS p(id)
    WHERE b.tenant_id = pg_temp.id('tenant') AND b.status IN ('APPROVED', 'ASSIGNED') AND b.starts_at > now() AND b.starts_at <= now() + interval '24 hours';

-- One instructor is not to be booked for more than six hours a day.
INSERT INTO instructor_limit (tenant_id, user_id, max_minutes_per_day, max_minutes_per_week)
    SELECT pg_temp.id('tenant'), pg_temp.id('user:' || p.key), 360, 1800 FROM seed_person p WHERE p.role = 'INSTRUCTOR' ORDER BY p.joined_days_ago, p.key LIMIT 1
    ON CONFLICT DO NOTHING;
