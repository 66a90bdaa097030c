-- What the learners of a demo school book without being asked about it. Runs after scheduling.sql.
INSERT INTO booking_type (tenant_id, id, name, description, location, course_id, durations, slot_step_minutes, buffer_before_minutes, buffer_after_minutes, min_notice_minutes,
        max_horizon_days, seats, needs_instructor, strategy, needs_approval, holds_while_requested, per_learner, cancel_notice_minutes, reminder_minutes, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('bookingtype:' || y.key), y.name, y.description, y.location, CASE WHEN y.course IS NOT NULL THEN pg_temp.id('course:' || y.course) END, y.durations,
           y.step, y.before, y.after, y.notice, y.horizon, y.seats, cardinality(y.teachers) > 0, y.strategy, y.needs_approval, y.holds, y.per_learner, y.cancel_notice, '{1440,60}',
           now() - make_interval(days => 120 - 3 * y.nth::integer), now() - interval '12 days'
    FROM (SELECT s.*, row_number() OVER (ORDER BY s.key) AS nth FROM seed_booking_type s) AS y;
INSERT INTO booking_type_instructor (tenant_id, type_id, instructor_id, place, weight)
    SELECT pg_temp.id('tenant'), pg_temp.id('bookingtype:' || y.key), pg_temp.id('user:' || w.teacher), w.nth, w.weight
    FROM seed_booking_type y CROSS JOIN LATERAL unnest(y.teachers, y.weights) WITH ORDINALITY AS w(teacher, weight, nth);
INSERT INTO booking_type_requirement (tenant_id, type_id, place, name)
    SELECT pg_temp.id('tenant'), pg_temp.id('bookingtype:' || y.key), w.nth, w.thing ->> 0
    FROM seed_booking_type y CROSS JOIN LATERAL jsonb_array_elements(y.things) WITH ORDINALITY AS w(thing, nth);
INSERT INTO booking_type_resource (tenant_id, type_id, resource_id, requirement, place)
    SELECT pg_temp.id('tenant'), pg_temp.id('bookingtype:' || y.key), pg_temp.id('resource:' || k.key), w.nth, k.nth - 1
    FROM seed_booking_type y CROSS JOIN LATERAL jsonb_array_elements(y.things) WITH ORDINALITY AS w(thing, nth)
    CROSS JOIN LATERAL jsonb_array_elements_text(w.thing) WITH ORDINALITY AS k(key, nth) WHERE k.nth > 1;
INSERT INTO booking_type_rule (tenant_id, type_id, place, kind, subject_ids, subjects, max_count)
    SELECT pg_temp.id('tenant'), pg_temp.id('bookingtype:' || y.key), 1, y.asks,
           CASE WHEN y.asked_course IS NULL THEN '{}' ELSE ARRAY[pg_temp.id('course:' || y.asked_course)] END,
           CASE WHEN y.asked_course IS NULL THEN '{}' ELSE ARRAY[app.type_id('course', pg_temp.id('course:' || y.asked_course))] END,
           CASE WHEN y.asked_course IS NULL THEN 2 END
    FROM seed_booking_type y WHERE y.asks IS NOT NULL;

-- The lessons that take a thing were booked as the first type that needs that thing and has their instructor.
UPDATE booking b SET booking_type_id = k.type_id
    FROM (SELECT DISTINCT ON (l.booking_id) l.booking_id, x.type_id
          FROM booking_resource l
          JOIN booking_type_resource x ON x.tenant_id = l.tenant_id AND x.resource_id = l.resource_id
          JOIN booking_type t ON t.tenant_id = x.tenant_id AND t.id = x.type_id AND t.seats = 1 AND t.per_learner IS NULL
          JOIN booking o ON o.tenant_id = l.tenant_id AND o.id = l.booking_id
          JOIN booking_type_instructor i ON i.tenant_id = x.tenant_id AND i.type_id = x.type_id AND i.instructor_id = o.instructor_id
          WHERE l.tenant_id = pg_temp.id('tenant') ORDER BY l.booking_id, t.created_at, t.id) AS k
    WHERE b.tenant_id = pg_temp.id('tenant') AND b.id = k.booking_id;
UPDATE booking_type_instructor i SET assigned_count = c.count, last_assigned_at = c.last
    FROM (SELECT b.booking_type_id, b.instructor_id, count(*)::integer AS count, max(b.created_at) AS last FROM booking b
          WHERE b.tenant_id = pg_temp.id('tenant') AND b.booking_type_id IS NOT NULL AND b.status IN ('ASSIGNED', 'COMPLETED') GROUP BY 1, 2) AS c
    WHERE i.tenant_id = pg_temp.id('tenant') AND i.type_id = c.booking_type_id AND i.instructor_id = c.instructor_id;
