-- A demo school's files, out of the facts in seed_file. The setting seed.assets holds size and SHA-256 of each asset, by its name.
INSERT INTO file (tenant_id, id, upload_id, expires_at, owner_id, name, content_type, size, sha256, folder, visibility, object, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('file:' || f.key), CASE WHEN f.folder <> 'exports' THEN pg_temp.id('upload:' || f.key) END,
           CASE WHEN f.folder = 'exports' THEN now() + interval '6 days' END, pg_temp.id('user:' || f.owner), f.name, f.content_type,
           (a.value ->> 'size')::bigint, a.value ->> 'sha256', f.folder, f.visibility,
           format('schools/%s/%s/%s_%s', pg_temp.id('tenant'), f.folder, pg_temp.id('upload:' || f.key), regexp_replace(f.name, '[^A-Za-z0-9._-]', '_', 'g')),
           now() - make_interval(days => f.created_days_ago), now() - make_interval(days => f.created_days_ago)
    FROM seed_file f JOIN jsonb_each(current_setting('seed.assets')::jsonb) AS a(name, value) ON a.name = f.asset
    ORDER BY f.created_days_ago DESC, f.key;

INSERT INTO file_audience (tenant_id, file_id, user_id, group_id, course_id, added_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('file:' || f.key),
           CASE WHEN s.what LIKE 'user:%' THEN pg_temp.id(s.what) END, CASE WHEN s.what LIKE 'group:%' THEN pg_temp.id(s.what) END,
           CASE WHEN s.what LIKE 'course:%' THEN pg_temp.id(s.what) END, now() - make_interval(days => f.created_days_ago)
    FROM seed_file f CROSS JOIN LATERAL unnest(f.shared) AS s(what);

INSERT INTO audit_entry (tenant_id, id, actor_id, operation, outcome, resource, resource_id, before, after, correlation_id, at)
    SELECT f.tenant_id, pg_temp.id('audit:completeUpload:' || f.id), f.owner_id, 'completeUpload', 'CHANGED', 'File', f.id, NULL,
           pg_temp.kept(to_jsonb(f)) || '{"visibility": "PRIVATE"}', substr(md5('completeUpload' || f.id), 1, 16), f.created_at
    FROM file f WHERE f.tenant_id = pg_temp.id('tenant') AND f.upload_id IS NOT NULL;
