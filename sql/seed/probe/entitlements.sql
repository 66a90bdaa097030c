-- One row of every kind of entitlements, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO attendee_grant (tenant_id, attendee_id, course_id, user_id, state, reason)
    SELECT a.tenant_id, a.id, c.course_id, u.id, 'FAILED', 'COURSE_FULL'
    FROM attendee a JOIN program_course c ON c.tenant_id = a.tenant_id AND c.program_id = a.program_id
    JOIN app_user u ON u.tenant_id = a.tenant_id AND u.name LIKE 'LEARNER %' WHERE a.tenant_id = app.tenant_id()
    ON CONFLICT DO NOTHING;
INSERT INTO attendee_grant (tenant_id, attendee_id, group_id, user_id, state)
    SELECT a.tenant_id, a.id, g.group_id, u.id, 'DONE'
    FROM attendee a JOIN program_link_group g ON g.tenant_id = a.tenant_id AND g.program_id = a.program_id
    JOIN app_user u ON u.tenant_id = a.tenant_id AND u.name LIKE 'LEARNER %' WHERE a.tenant_id = app.tenant_id()
    ON CONFLICT DO NOTHING;
