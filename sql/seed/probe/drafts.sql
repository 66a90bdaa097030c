-- One row of every kind of drafts, for schools that are there to be attacked; identity.sql says what may be relied on. The generation still runs, under a job that there is none of.
-- Nobody but who asked for them sees them: whoever teaches has one, a learner, and whoever may do all else.
INSERT INTO generation (tenant_id, id, kind, state, requested_by_id, client_request_id, request_digest, topic, audience, language, instructions, model, worker, course_id, section_id)
    SELECT s.tenant_id, gen_random_uuid(), 'SECTION', 'RUNNING', c.instructor_id, 'probe', sha256(convert_to(w.word, 'UTF8')), w.word, w.word, w.word, w.word, 'default', gen_random_uuid(), c.id, s.id
    FROM section s JOIN course c ON c.tenant_id = s.tenant_id AND c.id = s.course_id CROSS JOIN current_setting('probe.word') AS w(word)
    WHERE s.tenant_id = app.tenant_id() AND c.instructor_id IS NOT NULL ORDER BY s.id LIMIT 1;
INSERT INTO generation (tenant_id, id, kind, state, requested_by_id, client_request_id, request_digest, topic, audience, language, instructions, model, worker, course_id, section_id)
    SELECT g.tenant_id, gen_random_uuid(), g.kind, g.state, u.id, 'other', g.request_digest, g.topic, g.audience, g.language, g.instructions, g.model, gen_random_uuid(),
           g.course_id, g.section_id
    FROM generation g JOIN app_user u ON u.tenant_id = g.tenant_id AND (u.name LIKE 'LEARNER %' OR u.name LIKE 'ADMIN %') WHERE g.tenant_id = app.tenant_id() AND g.client_request_id = 'probe';

INSERT INTO generation_source (tenant_id, generation_id, document_id, place)
    SELECT g.tenant_id, g.id, d.id, 1 FROM generation g JOIN document d ON d.tenant_id = g.tenant_id WHERE g.tenant_id = app.tenant_id();
INSERT INTO generation_call (tenant_id, generation_id, place, content) SELECT g.tenant_id, g.id, 0, g.topic FROM generation g WHERE g.tenant_id = app.tenant_id() AND g.client_request_id = 'probe';

INSERT INTO provenance (tenant_id, id, course_id, section_id, generation_id, model)
    SELECT g.tenant_id, gen_random_uuid(), g.course_id, g.section_id, g.id, current_setting('probe.word') FROM generation g WHERE g.tenant_id = app.tenant_id() AND g.client_request_id = 'probe';
