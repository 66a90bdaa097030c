-- One row of every kind of grades, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO lesson_grade (tenant_id, enrollment_id, lesson_id, user_id, course_id, percent)
    SELECT e.tenant_id, e.id, l.id, e.user_id, e.course_id, 70 FROM enrollment e JOIN lesson l ON l.tenant_id = e.tenant_id AND l.course_id = e.course_id
    WHERE e.tenant_id = app.tenant_id();

INSERT INTO enrollment_grade (tenant_id, enrollment_id, user_id, course_id, current_grade, final_grade)
    SELECT e.tenant_id, e.id, e.user_id, e.course_id, 70, 70 FROM enrollment e WHERE e.tenant_id = app.tenant_id();

INSERT INTO extension (tenant_id, id, lesson_id, course_id, user_id, due_at, reason, granted_by_id)
    SELECT e.tenant_id, gen_random_uuid(), l.id, e.course_id, e.user_id, now() + interval '1 day', current_setting('probe.word'), c.instructor_id
    FROM enrollment e JOIN lesson l ON l.tenant_id = e.tenant_id AND l.course_id = e.course_id JOIN course c ON c.tenant_id = e.tenant_id AND c.id = e.course_id
    WHERE e.tenant_id = app.tenant_id();

INSERT INTO accommodation (tenant_id, user_id, time_factor)
    SELECT u.tenant_id, u.id, 1.5 FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'LEARNER %';
