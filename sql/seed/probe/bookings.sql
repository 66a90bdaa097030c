-- One row of every kind of bookings, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO availability (tenant_id, id, instructor_id, starts_at, ends_at)
    SELECT u.tenant_id, gen_random_uuid(), u.id, '2099-03-02T08:00Z', '2099-03-02T18:00Z' FROM app_user u
    WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';

-- It claims its learner's time: the row of time_claim.
INSERT INTO booking (tenant_id, id, student_id, course_id, starts_at, ends_at, status, notes)
    SELECT u.tenant_id, gen_random_uuid(), u.id, c.id, '2099-03-02T14:00Z', '2099-03-02T15:00Z', 'APPROVED', current_setting('probe.word')
    FROM app_user u JOIN course c ON c.tenant_id = u.tenant_id WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'LEARNER %';

-- Its learner was reminded of it.
INSERT INTO booking_reminder (tenant_id, booking_id, user_id, starts_at, minutes)
    SELECT b.tenant_id, b.id, b.student_id, b.starts_at, 1440 FROM booking b WHERE b.tenant_id = app.tenant_id();
