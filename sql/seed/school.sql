-- A demo school's people, courses and groups, out of the facts in the temporary tables. Runs with app.tenant_id set.
-- A person's role SUSPENDED means a suspended learner.
SELECT app.create_system_roles(pg_temp.id('tenant'));
-- Their ids are fixed, and so is whom they manage.
DELETE FROM role_manages m WHERE m.tenant_id = pg_temp.id('tenant');
UPDATE role r SET id = pg_temp.id('role:' || r.key) WHERE r.tenant_id = pg_temp.id('tenant');
INSERT INTO role_manages (tenant_id, role_id, managed_role_id)
    SELECT pg_temp.id('tenant'), pg_temp.id('role:' || m.above), pg_temp.id('role:' || m.below)
    FROM (VALUES ('INSTRUCTOR', 'LEARNER'), ('INSTRUCTOR', 'PARTICIPANT'), ('DISPATCHER', 'LEARNER')) AS m(above, below)
    WHERE EXISTS (SELECT FROM role r WHERE r.tenant_id = pg_temp.id('tenant') AND r.key = m.above);

INSERT INTO app_user (tenant_id, id, name, email, status, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('user:' || p.key), p.name, p.key || '@' || current_setting('seed.domain'),
           CASE p.role WHEN 'SUSPENDED' THEN 'SUSPENDED' ELSE 'ACTIVE' END, now() - make_interval(days => p.joined_days_ago)
    FROM seed_person p ORDER BY p.joined_days_ago DESC, p.key;

INSERT INTO user_role (tenant_id, user_id, role_id, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('user:' || p.key), r.id, now() - make_interval(days => p.joined_days_ago)
    FROM seed_person p
    JOIN role r ON r.tenant_id = pg_temp.id('tenant') AND r.key = CASE p.role WHEN 'SUSPENDED' THEN 'LEARNER' ELSE p.role END;

-- Somebody takes part for three weeks.
INSERT INTO user_role (tenant_id, user_id, role_id, ends_at, granted_by_id)
    SELECT r.tenant_id, pg_temp.id('user:viewer'), r.id, date_trunc('day', now()) + interval '21 days', pg_temp.id('user:admin')
    FROM role r WHERE r.tenant_id = pg_temp.id('tenant') AND r.key = 'PARTICIPANT';

-- One who left: a nameless tombstone.
INSERT INTO app_user (tenant_id, id, name, email, created_at, deleted_at) VALUES
    (pg_temp.id('tenant'), pg_temp.id('user:gone'), 'Deleted user', NULL, now() - interval '170 days', now() - interval '25 days');

-- Whoever has no hash of the own has everybody's: the password is in the README.
INSERT INTO credential (tenant_id, user_id, password_hash)
    SELECT pg_temp.id('tenant'), pg_temp.id('user:' || p.key), coalesce(own.hash, everybody.hash)
    FROM seed_person p
    LEFT JOIN jsonb_each_text(current_setting('seed.hashes')::jsonb) AS own(key, hash) ON own.key = p.key
    JOIN jsonb_each_text(current_setting('seed.hashes')::jsonb) AS everybody(key, hash) ON everybody.key = '*';

-- Archived courses had people in them, and only a published course takes people in: life.sql archives them.
INSERT INTO course (tenant_id, id, title, description, instructor_id, status, capacity, enrollment_key, tags, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('course:' || c.key), c.title, c.description, pg_temp.id('user:' || c.teacher),
           CASE c.status WHEN 'ARCHIVED' THEN 'PUBLISHED' ELSE c.status END, c.capacity, c.enrollment_key, c.tags,
           now() - make_interval(days => c.created_days_ago), now() - make_interval(days => c.created_days_ago / 2)
    FROM seed_course c ORDER BY c.created_days_ago DESC;

INSERT INTO section (tenant_id, id, course_id, title, position, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('section:' || c.key || ':' || s.position), pg_temp.id('course:' || c.key), s.title, s.position,
           now() - make_interval(days => c.created_days_ago)
    FROM seed_course c CROSS JOIN LATERAL unnest(c.sections) WITH ORDINALITY AS s(title, position);

INSERT INTO user_group (tenant_id, id, name, description, capacity, auto_enroll, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('group:' || g.key), g.name, g.description, g.capacity, g.auto_enroll,
           now() - make_interval(days => g.created_days_ago)
    FROM seed_group g;

INSERT INTO group_member (tenant_id, group_id, user_id, is_leader, joined_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('group:' || g.key), pg_temp.id('user:' || m.key), m.key = g.leader,
           now() - make_interval(days => g.created_days_ago, mins => -m.place::integer)
    FROM seed_group g CROSS JOIN LATERAL unnest(g.leader || g.members) WITH ORDINALITY AS m(key, place);

INSERT INTO group_course (tenant_id, group_id, course_id, added_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('group:' || g.key), pg_temp.id('course:' || c.key), now() - make_interval(days => g.created_days_ago / 2)
    FROM seed_group g CROSS JOIN LATERAL unnest(g.courses) AS c(key);
