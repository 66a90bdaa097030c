-- What S1 to S3 ask for, beside what `lectern seed` makes: in the first school 200 instructors who are open from eight to four every day, a booking type of an hour of all of
-- them and one of five, and 400 learners, who have booked two fifths of the hours of the 14 days from tomorrow on. Loaded once.
SET session_replication_role = replica;
SET app.audit = 'off';
CREATE TEMPORARY TABLE school AS SELECT t.tenant_id, date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + interval '1 day' AS first FROM tenant t
    WHERE t.slug = 'scale-0001' AND NOT EXISTS (SELECT FROM booking_type y WHERE y.tenant_id = t.tenant_id AND y.name = 'Measured, of 200');
CREATE TEMPORARY TABLE staff AS SELECT s.tenant_id, gen_random_uuid() AS id, n - 1 AS n FROM school s, generate_series(1, 200) AS n;
CREATE TEMPORARY TABLE pupil AS SELECT s.tenant_id, gen_random_uuid() AS id, n - 1 AS n FROM school s, generate_series(1, 400) AS n;
INSERT INTO app_user (tenant_id, id, name, email, is_instructor) SELECT tenant_id, id, 'Instructor ' || n, 'staff' || n || '@scale-0001.example', true FROM staff;
INSERT INTO app_user (tenant_id, id, name, email) SELECT tenant_id, id, 'Pupil ' || n, 'pupil' || n || '@scale-0001.example' FROM pupil;
INSERT INTO user_role (tenant_id, user_id, role_id) SELECT p.tenant_id, p.id, r.id FROM staff p JOIN role r ON r.tenant_id = p.tenant_id AND r.key = 'INSTRUCTOR';
INSERT INTO user_role (tenant_id, user_id, role_id) SELECT p.tenant_id, p.id, r.id FROM pupil p JOIN role r ON r.tenant_id = p.tenant_id AND r.key = 'LEARNER';
INSERT INTO availability_rule (tenant_id, id, instructor_id, weekdays, from_time, until_time, time_zone, valid_from)
    SELECT tenant_id, gen_random_uuid(), id, '{MONDAY,TUESDAY,WEDNESDAY,THURSDAY,FRIDAY,SATURDAY,SUNDAY}', '08:00', '16:00', 'UTC', '2020-01-01' FROM staff;
CREATE TEMPORARY TABLE type AS SELECT s.tenant_id, gen_random_uuid() AS id, n FROM school s, unnest('{200,5}'::integer[]) AS n;
INSERT INTO booking_type (tenant_id, id, name, durations, slot_step_minutes, reminder_minutes) SELECT tenant_id, id, 'Measured, of ' || n, '{60}', 60, '{}' FROM type;
INSERT INTO booking_type_instructor (tenant_id, type_id, instructor_id, place)
    SELECT y.tenant_id, y.id, p.id, p.n + 1 FROM type y JOIN staff p ON p.tenant_id = y.tenant_id AND p.n < y.n;
CREATE TEMPORARY TABLE taken AS
    SELECT s.tenant_id, gen_random_uuid() AS id, y.id AS type_id, i.id AS instructor_id, p.id AS student_id, s.first + make_interval(days => d, hours => 8 + h) AS at
    FROM school s JOIN type y ON y.tenant_id = s.tenant_id AND y.n = 200 JOIN staff i ON i.tenant_id = s.tenant_id
    CROSS JOIN generate_series(0, 13) AS d CROSS JOIN generate_series(0, 7) AS h
    JOIN pupil p ON p.tenant_id = s.tenant_id AND p.n = (i.n + h * 53 + d * 17) % 400 -- for each hour another one
    WHERE (i.n * 7 + d * 3 + h * 4) % 5 < 2;
INSERT INTO booking (tenant_id, id, booking_type_id, student_id, instructor_id, starts_at, ends_at, status, created_at)
    SELECT tenant_id, id, type_id, student_id, instructor_id, at, at + interval '1 hour', 'ASSIGNED', now() - interval '10 days' FROM taken;
INSERT INTO time_claim (tenant_id, id, kind, party_id, booking_id, starts_at, ends_at)
    SELECT t.tenant_id, gen_random_uuid(), c.kind, c.party_id, t.id, t.at, t.at + interval '1 hour'
    FROM taken t CROSS JOIN LATERAL (VALUES ('LEARNER', t.student_id), ('INSTRUCTOR', t.instructor_id)) AS c(kind, party_id);
