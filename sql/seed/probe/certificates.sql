-- One row of every kind of certificates, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO course_certificate (tenant_id, course_id, title, text, signatory)
    SELECT c.tenant_id, c.id, w.word, w.word, w.word FROM course c CROSS JOIN current_setting('probe.word') AS w(word) WHERE c.tenant_id = app.tenant_id();

INSERT INTO path_certificate (tenant_id, path_id, title, text, signatory)
    SELECT p.tenant_id, p.id, w.word, w.word, w.word FROM learning_path p CROSS JOIN current_setting('probe.word') AS w(word) WHERE p.tenant_id = app.tenant_id();

INSERT INTO certificate (tenant_id, id, code, user_id, course_id, learner_name, title, text, signatory, school_name)
    SELECT e.tenant_id, gen_random_uuid(), app.certificate_code(), e.user_id, e.course_id, w.word, w.word, w.word, w.word, w.word
    FROM enrollment e CROSS JOIN current_setting('probe.word') AS w(word) WHERE e.tenant_id = app.tenant_id();
