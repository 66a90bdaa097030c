-- One row of every kind of courses, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO course (tenant_id, id, title, description, instructor_id, status, tags, enrollment_key)
    SELECT u.tenant_id, gen_random_uuid(), w.word, w.word, u.id, 'PUBLISHED', ARRAY[w.word], w.word
    FROM app_user u CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';

INSERT INTO section (tenant_id, id, course_id, title, position)
    SELECT c.tenant_id, gen_random_uuid(), c.id, current_setting('probe.word'), 1 FROM course c WHERE c.tenant_id = app.tenant_id();
INSERT INTO section (tenant_id, id, course_id, title, position, drip_kind, drip_after_id)
    SELECT s.tenant_id, gen_random_uuid(), s.course_id, s.title, 2, 'AFTER_SECTION', s.id FROM section s WHERE s.tenant_id = app.tenant_id();

INSERT INTO course_instructor (tenant_id, course_id, user_id)
    SELECT c.tenant_id, c.id, u.id FROM course c JOIN app_user u ON u.tenant_id = c.tenant_id WHERE c.tenant_id = app.tenant_id() AND u.name LIKE 'ADMIN %';
