-- Sessions of a demo school's class, who waits for one, and a weekly series of the learner who signs in. Runs after slots.sql and outcomes.sql, in weeks in which nothing else is
-- booked. The service has nothing to catch up on when it begins.
CREATE TEMPORARY TABLE seed_morning ON COMMIT DROP AS
    SELECT t.id AS type_id, t.durations[1] AS minutes, t.seats, t.buffer_before_minutes AS before, t.buffer_after_minutes AS after, i.instructor_id,
           (d.date + r.from_time::time) AT TIME ZONE r.time_zone AS starts, row_number() OVER (ORDER BY d.date) AS nth
    FROM booking_type t
    JOIN booking_type_instructor i ON i.tenant_id = t.tenant_id AND i.type_id = t.id AND i.place = 1
    JOIN tenant s ON s.tenant_id = t.tenant_id
    CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE s.time_zone)::date + n FROM generate_series(16, 60) AS n) AS d(date)
    CROSS JOIN LATERAL (SELECT a.from_time, a.time_zone FROM availability_rule a
                        WHERE a.tenant_id = t.tenant_id AND a.instructor_id = i.instructor_id
                          AND (ARRAY['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'])[extract(isodow FROM d.date)::integer] = ANY (a.weekdays)
                        ORDER BY a.from_time LIMIT 1) AS r
    WHERE t.tenant_id = pg_temp.id('tenant') AND t.seats > 1
      AND NOT EXISTS (SELECT FROM time_off o WHERE o.tenant_id = t.tenant_id AND o.instructor_id = i.instructor_id
                      AND o.starts_at < (d.date + 1)::timestamp AT TIME ZONE s.time_zone AND o.ends_at > d.date::timestamp AT TIME ZONE s.time_zone);
DELETE FROM seed_morning WHERE nth NOT IN (1, 4, 7);

INSERT INTO group_session (tenant_id, id, booking_type_id, instructor_id, starts_at, ends_at, buffer_before_minutes, buffer_after_minutes, seats, is_opened, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('groupsession:' || m.nth), m.type_id, m.instructor_id, m.starts, m.starts + make_interval(mins => m.minutes), m.before, m.after, m.seats, true,
           now() - interval '9 days', now() - interval '9 days'
    FROM seed_morning m;
INSERT INTO group_session_resource (tenant_id, group_session_id, resource_id, place, setup_minutes, teardown_minutes)
    SELECT s.tenant_id, s.id, x.resource_id, x.requirement, r.setup_minutes, r.teardown_minutes
    FROM group_session s
    JOIN booking_type_resource x ON x.tenant_id = s.tenant_id AND x.type_id = s.booking_type_id AND x.place = 1
    JOIN resource r ON r.tenant_id = x.tenant_id AND r.id = x.resource_id
    WHERE s.tenant_id = pg_temp.id('tenant');

-- The first is full, the second has the learner who signs in and two others, the third nobody yet.
INSERT INTO booking (tenant_id, id, student_id, instructor_id, course_id, starts_at, ends_at, status, booking_type_id, buffer_before_minutes, buffer_after_minutes, group_session_id, created_at, updated_at)
    SELECT s.tenant_id, pg_temp.id('seat:' || m.nth || ':' || p.key), pg_temp.id('user:' || p.key), s.instructor_id, t.course_id, s.starts_at, s.ends_at, 'ASSIGNED', t.id, m.before, m.after, s.id,
           now() - make_interval(hours => 20 + 5 * p.nth::integer), now() - make_interval(hours => 20 + 5 * p.nth::integer)
    FROM seed_morning m
    JOIN group_session s ON s.tenant_id = pg_temp.id('tenant') AND s.id = pg_temp.id('groupsession:' || m.nth)
    JOIN booking_type t ON t.tenant_id = s.tenant_id AND t.id = s.booking_type_id
    JOIN (SELECT k.key, row_number() OVER (ORDER BY (k.key <> 'learner'), k.joined_days_ago DESC, k.key) - 1 AS nth FROM seed_person k WHERE k.role = 'LEARNER') AS p
        ON CASE m.nth WHEN 1 THEN p.nth BETWEEN 1 AND m.seats WHEN 4 THEN p.nth <= 2 ELSE false END;
INSERT INTO booking_resource (tenant_id, booking_id, resource_id, place, setup_minutes, teardown_minutes)
    SELECT b.tenant_id, b.id, l.resource_id, l.place, l.setup_minutes, l.teardown_minutes
    FROM booking b JOIN group_session_resource l ON l.tenant_id = b.tenant_id AND l.group_session_id = b.group_session_id WHERE b.tenant_id = pg_temp.id('tenant');
INSERT INTO waitlist_entry (tenant_id, id, learner_id, booking_type_id, group_session_id, starts_at, ends_at, created_at, updated_at)
    SELECT s.tenant_id, pg_temp.id('waitlist:' || p.key), pg_temp.id('user:' || p.key), s.booking_type_id, s.id, s.starts_at, s.ends_at,
           now() - make_interval(hours => 15 - 4 * p.nth::integer), now() - make_interval(hours => 15 - 4 * p.nth::integer)
    FROM group_session s
    JOIN (SELECT k.key, row_number() OVER (ORDER BY (k.key <> 'learner'), k.joined_days_ago, k.key) - 1 AS nth FROM seed_person k WHERE k.role = 'LEARNER') AS p ON p.nth <= 1
    WHERE s.tenant_id = pg_temp.id('tenant') AND s.id = pg_temp.id('groupsession:1');

-- Six weeks of the learner who signs in with the instructor who signs in, in the afternoon: the third was taken, the fifth is an hour later.
CREATE TEMPORARY TABLE seed_afternoon ON COMMIT DROP AS
    SELECT t.id AS type_id, t.durations[1] AS minutes, t.buffer_before_minutes AS before, t.buffer_after_minutes AS after, r.time_zone, w.nth,
           (d.date + 7 * (w.nth - 1) + r.from_time::time) AT TIME ZONE r.time_zone AS starts
    FROM tenant s
    JOIN booking_type t ON t.tenant_id = s.tenant_id AND t.seats = 1 AND t.per_learner IS NULL AND NOT t.needs_approval
        AND NOT EXISTS (SELECT FROM booking_type_resource x WHERE x.tenant_id = t.tenant_id AND x.type_id = t.id)
        AND EXISTS (SELECT FROM booking_type_instructor i WHERE i.tenant_id = t.tenant_id AND i.type_id = t.id AND i.instructor_id = pg_temp.id('user:instructor'))
    CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE s.time_zone)::date + n AS date FROM generate_series(16, 23) AS n) AS d
    CROSS JOIN LATERAL (SELECT a.from_time, a.time_zone FROM availability_rule a
                        WHERE a.tenant_id = t.tenant_id AND a.instructor_id = pg_temp.id('user:instructor')
                          AND (ARRAY['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'])[extract(isodow FROM d.date)::integer] = ANY (a.weekdays)
                        ORDER BY a.from_time DESC LIMIT 1) AS r
    CROSS JOIN generate_series(1, 6) AS w(nth)
    WHERE s.tenant_id = pg_temp.id('tenant')
      AND (t.id, d.date) = (SELECT k.id, e.date FROM booking_type k
                            CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE s.time_zone)::date + n AS date FROM generate_series(16, 23) AS n) AS e
                            WHERE k.tenant_id = t.tenant_id AND k.seats = 1 AND k.per_learner IS NULL AND NOT k.needs_approval
                              AND NOT EXISTS (SELECT FROM booking_type_resource x WHERE x.tenant_id = k.tenant_id AND x.type_id = k.id)
                              AND EXISTS (SELECT FROM booking_type_instructor i WHERE i.tenant_id = k.tenant_id AND i.type_id = k.id AND i.instructor_id = pg_temp.id('user:instructor'))
                              AND EXISTS (SELECT FROM availability_rule a WHERE a.tenant_id = k.tenant_id AND a.instructor_id = pg_temp.id('user:instructor')
                                          AND (ARRAY['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'])[extract(isodow FROM e.date)::integer] = ANY (a.weekdays))
                            ORDER BY k.created_at, k.id, e.date LIMIT 1);
INSERT INTO booking_series (tenant_id, id, booking_type_id, learner_id, recurrence, time_zone, skipped, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('series'), a.type_id, pg_temp.id('user:learner'), 'FREQ=WEEKLY;COUNT=6', a.time_zone,
           jsonb_build_array(jsonb_build_object('startsAt', app.rfc3339(a.starts), 'endsAt', app.rfc3339(a.starts + make_interval(mins => a.minutes)), 'reason', 'BOOKING_CONFLICT')),
           now() - interval '3 days', now() - interval '3 days'
    FROM seed_afternoon a WHERE a.nth = 3;
INSERT INTO booking (tenant_id, id, student_id, instructor_id, starts_at, ends_at, status, booking_type_id, buffer_before_minutes, buffer_after_minutes, series_id, series_starts_at, reschedule_count,
       created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('series:' || a.nth), pg_temp.id('user:learner'), pg_temp.id('user:instructor'), m.starts, m.starts + make_interval(mins => a.minutes), 'ASSIGNED', a.type_id,
           a.before, a.after, pg_temp.id('series'), a.starts, CASE a.nth WHEN 5 THEN 1 END, now() - interval '3 days', now() - interval '3 days'
    FROM seed_afternoon a CROSS JOIN LATERAL (SELECT a.starts + CASE a.nth WHEN 5 THEN interval '1 hour' ELSE '0' END) AS m(starts)
    WHERE a.nth <> 3;
