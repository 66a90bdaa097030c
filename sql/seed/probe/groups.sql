-- One row of every kind of groups, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO user_group (tenant_id, id, name, description)
    SELECT app.tenant_id(), gen_random_uuid(), current_setting('probe.word'), current_setting('probe.word');

INSERT INTO group_member (tenant_id, group_id, user_id)
    SELECT g.tenant_id, g.id, u.id FROM user_group g JOIN app_user u ON u.tenant_id = g.tenant_id
    WHERE g.tenant_id = app.tenant_id() AND u.name LIKE 'VIEWER %';

INSERT INTO group_course (tenant_id, group_id, course_id)
    SELECT g.tenant_id, g.id, c.id FROM user_group g JOIN course c ON c.tenant_id = g.tenant_id WHERE g.tenant_id = app.tenant_id();
