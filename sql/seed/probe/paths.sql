-- One row of every kind of paths, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO course (tenant_id, id, title, instructor_id, status)
    SELECT u.tenant_id, gen_random_uuid(), current_setting('probe.word'), u.id, 'PUBLISHED' FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';
INSERT INTO course_prerequisite (tenant_id, course_id, requires_id, position)
    SELECT a.tenant_id, a.id, b.id, 1 FROM course a JOIN course b ON b.tenant_id = a.tenant_id AND b.id > a.id WHERE a.tenant_id = app.tenant_id() ORDER BY a.id, b.id LIMIT 1;

INSERT INTO learning_path (tenant_id, id, title, description, status)
    SELECT app.tenant_id(), gen_random_uuid(), w.word, w.word, 'PUBLISHED' FROM current_setting('probe.word') AS w(word);

INSERT INTO path_course (tenant_id, path_id, course_id, position, unlock)
    SELECT p.tenant_id, p.id, c.id, row_number() OVER (ORDER BY c.id), 'NONE' FROM learning_path p JOIN course c ON c.tenant_id = p.tenant_id WHERE p.tenant_id = app.tenant_id();

INSERT INTO path_enrollment (tenant_id, id, path_id, user_id)
    SELECT p.tenant_id, gen_random_uuid(), p.id, e.user_id FROM learning_path p JOIN (SELECT DISTINCT o.tenant_id, o.user_id FROM enrollment o) AS e ON e.tenant_id = p.tenant_id
    WHERE p.tenant_id = app.tenant_id();

INSERT INTO path_step (tenant_id, path_enrollment_id, course_id, obstacle)
    SELECT pe.tenant_id, pe.id, pc.course_id, 'COURSE_FULL' FROM path_enrollment pe JOIN path_course pc ON pc.tenant_id = pe.tenant_id AND pc.path_id = pe.path_id
    WHERE pe.tenant_id = app.tenant_id();
