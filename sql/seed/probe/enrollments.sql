-- One row of every kind of enrollments, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO enrollment (tenant_id, id, course_id, user_id)
    SELECT c.tenant_id, gen_random_uuid(), c.id, u.id FROM course c JOIN app_user u ON u.tenant_id = c.tenant_id
    WHERE c.tenant_id = app.tenant_id() AND u.name LIKE 'LEARNER %';
