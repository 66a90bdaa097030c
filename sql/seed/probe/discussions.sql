-- One row of every kind of what is said, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO announcement (tenant_id, id, course_id, author_id, title, body, told_at)
    SELECT c.tenant_id, gen_random_uuid(), c.id, c.instructor_id, w.word, w.word, now() FROM course c CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE c.tenant_id = app.tenant_id();

INSERT INTO thread (tenant_id, id, course_id, lesson_id, author_id, title, body)
    SELECT c.tenant_id, gen_random_uuid(), c.id, l.id, c.instructor_id, w.word, w.word
    FROM course c JOIN lesson l ON l.tenant_id = c.tenant_id AND l.course_id = c.id CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE c.tenant_id = app.tenant_id();

INSERT INTO post (tenant_id, id, course_id, thread_id, author_id, body, is_staff)
    SELECT t.tenant_id, gen_random_uuid(), t.course_id, t.id, t.author_id, current_setting('probe.word'), true FROM thread t WHERE t.tenant_id = app.tenant_id();

INSERT INTO course_review (tenant_id, id, course_id, user_id, rating, text)
    SELECT c.tenant_id, gen_random_uuid(), c.id, u.id, 4, current_setting('probe.word') FROM course c JOIN app_user u ON u.tenant_id = c.tenant_id AND u.name LIKE 'LEARNER %'
    WHERE c.tenant_id = app.tenant_id();
