-- One row of every kind of group sessions, for schools that are there to be attacked; identity.sql says what may be relied on. It claims its instructor: a row of
-- time_claim.
INSERT INTO group_session (tenant_id, id, booking_type_id, instructor_id, starts_at, ends_at, buffer_before_minutes, buffer_after_minutes, seats, is_opened)
    SELECT t.tenant_id, gen_random_uuid(), t.id, u.id, '2099-03-09T08:00Z', '2099-03-09T09:00Z', 0, 0, 5, true
    FROM (SELECT DISTINCT ON (y.tenant_id) y.* FROM booking_type y WHERE y.tenant_id = app.tenant_id() ORDER BY y.tenant_id, y.id) AS t
    JOIN app_user u ON u.tenant_id = t.tenant_id AND u.name LIKE 'INSTRUCTOR %';

INSERT INTO group_session_resource (tenant_id, group_session_id, resource_id, place, setup_minutes, teardown_minutes)
    SELECT s.tenant_id, s.id, r.id, 1, 0, 0 FROM group_session s JOIN resource r ON r.tenant_id = s.tenant_id WHERE s.tenant_id = app.tenant_id();

-- A booking is a seat of it, and a seat is held.
INSERT INTO booking (tenant_id, id, student_id, starts_at, ends_at, status, instructor_id, booking_type_id, group_session_id, notes)
    SELECT s.tenant_id, gen_random_uuid(), u.id, s.starts_at, s.ends_at, 'ASSIGNED', s.instructor_id, s.booking_type_id, s.id, current_setting('probe.word')
    FROM group_session s JOIN app_user u ON u.tenant_id = s.tenant_id AND u.name LIKE 'LEARNER %' WHERE s.tenant_id = app.tenant_id();
UPDATE slot_hold h SET group_session_id = s.id FROM group_session s WHERE h.tenant_id = app.tenant_id() AND s.tenant_id = h.tenant_id AND h.booking_id IS NULL;
