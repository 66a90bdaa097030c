-- One row of every kind of lessons, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, is_published, is_required)
    SELECT s.tenant_id, gen_random_uuid(), s.course_id, s.id, 'LIVE', current_setting('probe.word'), 1, true, false FROM section s
    WHERE s.tenant_id = app.tenant_id() AND s.position = 1;

INSERT INTO lesson_content (tenant_id, lesson_id, course_id, body, file_id)
    SELECT l.tenant_id, l.id, l.course_id, current_setting('probe.word'), f.id FROM lesson l JOIN file f ON f.tenant_id = l.tenant_id AND f.visibility = 'PRIVATE'
    WHERE l.tenant_id = app.tenant_id() ORDER BY f.id LIMIT 1;

INSERT INTO course_material (tenant_id, id, course_id, lesson_id, title, url)
    SELECT l.tenant_id, gen_random_uuid(), l.course_id, l.id, w.word, 'https://example.invalid/' || w.word FROM lesson l CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE l.tenant_id = app.tenant_id();

INSERT INTO course_material (tenant_id, id, course_id, title, file_id)
    SELECT l.tenant_id, gen_random_uuid(), l.course_id, current_setting('probe.word'), f.id FROM lesson l JOIN file f ON f.tenant_id = l.tenant_id AND f.visibility = 'PRIVATE'
    WHERE l.tenant_id = app.tenant_id() ORDER BY f.id LIMIT 1;

INSERT INTO unlock_override (tenant_id, id, course_id, section_id, user_id, group_id)
    SELECT e.tenant_id, gen_random_uuid(), e.course_id, s.id, e.user_id, NULL::uuid FROM enrollment e JOIN section s ON s.tenant_id = e.tenant_id AND s.course_id = e.course_id
    WHERE e.tenant_id = app.tenant_id()
    UNION ALL
    SELECT c.tenant_id, gen_random_uuid(), c.id, NULL, NULL, g.id FROM course c JOIN user_group g ON g.tenant_id = c.tenant_id WHERE c.tenant_id = app.tenant_id();

INSERT INTO lesson_progress (tenant_id, enrollment_id, lesson_id, user_id, course_id, opened_at, last_opened_at, position_seconds)
    SELECT e.tenant_id, e.id, l.id, e.user_id, e.course_id, now(), now(), 7 FROM enrollment e JOIN lesson l ON l.tenant_id = e.tenant_id AND l.course_id = e.course_id
    WHERE e.tenant_id = app.tenant_id();

-- A section that nothing speaks of.
INSERT INTO section (tenant_id, id, course_id, title, position)
    SELECT s.tenant_id, gen_random_uuid(), s.course_id, s.title, 3 FROM section s WHERE s.tenant_id = app.tenant_id() AND s.position = 2;
