-- One row of every kind of slots, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO booking_type (tenant_id, id, name, description, location, course_id, durations, reminder_minutes)
    SELECT c.tenant_id, gen_random_uuid(), w.word, w.word, w.word, c.id, '{60}', '{1440}'
    FROM current_setting('probe.word') AS w(word) JOIN course c ON c.tenant_id = app.tenant_id() LIMIT 1;
INSERT INTO booking_type_instructor (tenant_id, type_id, instructor_id, place)
    SELECT t.tenant_id, t.id, u.id, 1 FROM booking_type t JOIN app_user u ON u.tenant_id = t.tenant_id
    WHERE t.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';
INSERT INTO booking_type_requirement (tenant_id, type_id, place, name)
    SELECT t.tenant_id, t.id, 1, current_setting('probe.word') FROM booking_type t WHERE t.tenant_id = app.tenant_id();
INSERT INTO booking_type_resource (tenant_id, type_id, resource_id, requirement, place)
    SELECT t.tenant_id, t.id, r.id, 1, 1 FROM booking_type t JOIN resource r ON r.tenant_id = t.tenant_id WHERE t.tenant_id = app.tenant_id();
INSERT INTO booking_type_rule (tenant_id, type_id, place, kind, max_count)
    SELECT t.tenant_id, t.id, 1, 'MAX_NO_SHOWS', 3 FROM booking_type t WHERE t.tenant_id = app.tenant_id();
INSERT INTO instructor_limit (tenant_id, user_id, max_minutes_per_day)
    SELECT u.tenant_id, u.id, 1440 FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';

-- The booking is one of the type, chosen by a strategy; that it was called off by somebody once is no matter for what it is.
UPDATE booking b SET booking_type_id = t.id, cancelled_by_id = b.student_id FROM booking_type t WHERE b.tenant_id = app.tenant_id() AND t.tenant_id = b.tenant_id;
INSERT INTO booking_assignment (tenant_id, booking_id, strategy, reason, at, candidates)
    SELECT b.tenant_id, b.id, 'FIXED', current_setting('probe.word'), now(), '[]' FROM booking b WHERE b.tenant_id = app.tenant_id();

-- A hold that lasts, with what it claims, and one that became the booking.
INSERT INTO slot_hold (tenant_id, id, booking_type_id, owner_id, learner_id, starts_at, ends_at, instructor_id, buffer_before_minutes, buffer_after_minutes, expires_at)
    SELECT t.tenant_id, gen_random_uuid(), t.id, l.id, l.id, '2099-03-02T16:00Z', '2099-03-02T17:00Z', i.id, 0, 0, now() + interval '7 days'
    FROM booking_type t JOIN app_user l ON l.tenant_id = t.tenant_id AND l.name LIKE 'LEARNER %' JOIN app_user i ON i.tenant_id = t.tenant_id AND i.name LIKE 'INSTRUCTOR %'
    WHERE t.tenant_id = app.tenant_id();
INSERT INTO slot_hold_resource (tenant_id, hold_id, resource_id, place, setup_minutes, teardown_minutes)
    SELECT h.tenant_id, h.id, r.id, 1, 0, 0 FROM slot_hold h JOIN resource r ON r.tenant_id = h.tenant_id WHERE h.tenant_id = app.tenant_id();
INSERT INTO time_claim (tenant_id, id, kind, party_id, hold_id, starts_at, ends_at)
    SELECT h.tenant_id, gen_random_uuid(), 'INSTRUCTOR', h.instructor_id, h.id, h.starts_at, h.ends_at FROM slot_hold h WHERE h.tenant_id = app.tenant_id();
INSERT INTO slot_hold (tenant_id, id, booking_type_id, owner_id, learner_id, starts_at, ends_at, instructor_id, buffer_before_minutes, buffer_after_minutes, expires_at, booking_id)
    SELECT b.tenant_id, gen_random_uuid(), b.booking_type_id, b.student_id, b.student_id, b.starts_at, b.ends_at, NULL, 0, 0, now() + interval '7 days', b.id
    FROM booking b WHERE b.tenant_id = app.tenant_id();
