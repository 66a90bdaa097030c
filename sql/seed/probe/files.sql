-- One row of every kind of files, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO file (tenant_id, id, upload_id, owner_id, name, content_type, size, sha256, folder, visibility, object)
    SELECT u.tenant_id, gen_random_uuid(), gen_random_uuid(), u.id, current_setting('probe.word'), 'text/plain', 4,
           encode(sha256(convert_to(u.name, 'UTF8')), 'hex'), 'general', v.visibility,
           format('schools/%s/general/%s_probe.txt', u.tenant_id, gen_random_uuid())
    FROM app_user u CROSS JOIN (VALUES ('SHARED'), ('TENANT')) AS v(visibility)
    WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';

INSERT INTO file_audience (tenant_id, file_id, group_id)
    SELECT f.tenant_id, f.id, g.id FROM file f JOIN user_group g ON g.tenant_id = f.tenant_id
    WHERE f.tenant_id = app.tenant_id() AND f.visibility = 'SHARED';

INSERT INTO upload (tenant_id, id, user_id, name, content_type, size, sha256, folder)
    SELECT u.tenant_id, gen_random_uuid(), u.id, current_setting('probe.word'), 'text/plain', 4,
           encode(sha256(convert_to(u.name, 'UTF8')), 'hex'), 'general'
    FROM app_user u WHERE u.tenant_id = app.tenant_id();
