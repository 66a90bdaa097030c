-- One row of every kind of attendees, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO attendee (tenant_id, id, application_id, program_id, kind, name, email, user_id)
    SELECT a.tenant_id, gen_random_uuid(), a.id, a.program_id, 'MAIN', u.name, u.email, u.id FROM application a JOIN app_user u ON u.tenant_id = a.tenant_id AND u.id = a.user_id
    WHERE a.tenant_id = app.tenant_id() AND a.status = 'ACCEPTED';
INSERT INTO attendee (tenant_id, id, application_id, program_id, kind, name, email)
    SELECT a.tenant_id, gen_random_uuid(), a.id, a.program_id, 'CHILD', current_setting('probe.word'), 'child@example.org' FROM application a
    WHERE a.tenant_id = app.tenant_id() AND a.status = 'ACCEPTED';
