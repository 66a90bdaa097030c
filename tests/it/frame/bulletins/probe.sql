-- A bulletin of every school that is there to be attacked.
INSERT INTO bulletin (tenant_id, id, course_id, author_id, title, body)
    SELECT c.tenant_id, gen_random_uuid(), c.id, c.instructor_id, w.word, w.word FROM course c CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE c.tenant_id = app.tenant_id();
