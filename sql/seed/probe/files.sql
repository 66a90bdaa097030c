-- One row of every kind of files, for schools that are there to be attacked; identity.sql says what may be relied on.
INSERT INTO file (tenant_id, id, upload_id, owner_id, name, content_type, size, sha256, folder, visibility, object)
    SELECT u.tenant_id, gen_random_uuid(), gen_random_uuid(), u.id, current_setting('probe.word'), 'text/plain', 4,
           encode(sha256(convert_to(u.name, 'UTF8')), 'hex'), 'general', v.visibility,
           format('schools/%s/general/%s_probe.txt', u.tenant_id, gen_random_uuid())
    FROM app_user u CROSS JOIN (VALUES ('PRIVATE'), ('SHARED'), ('TENANT')) AS v(visibility)
    WHERE u.tenant_id = app.tenant_id() AND u.name LIKE 'INSTRUCTOR %';

INSERT INTO file_audience (tenant_id, file_id, user_id, group_id, course_id)
    SELECT f.tenant_id, f.id, CASE a.kind WHEN 1 THEN u.id END, CASE a.kind WHEN 2 THEN g.id END, CASE a.kind WHEN 3 THEN c.id END
    FROM file f JOIN user_group g USING (tenant_id) JOIN course c USING (tenant_id) JOIN app_user u USING (tenant_id)
        CROSS JOIN generate_series(1, 3) AS a(kind)
    WHERE f.tenant_id = app.tenant_id() AND f.visibility = 'SHARED' AND u.name LIKE 'VIEWER %';

INSERT INTO upload (tenant_id, id, user_id, name, content_type, size, sha256, folder)
    SELECT u.tenant_id, gen_random_uuid(), u.id, current_setting('probe.word'), 'text/plain', 4,
           encode(sha256(convert_to(u.name, 'UTF8')), 'hex'), 'general'
    FROM app_user u WHERE u.tenant_id = app.tenant_id();

INSERT INTO upload (tenant_id, id, user_id, name, content_type, size, sha256, folder, completed_at, file_id)
    SELECT f.tenant_id, f.upload_id, f.owner_id, f.name, f.content_type, f.size, f.sha256, f.folder, now(), f.id
    FROM file f WHERE f.tenant_id = app.tenant_id() AND f.visibility = 'TENANT';
