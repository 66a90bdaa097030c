-- A demo school's learning path, what some of its courses ask for, and its certificates: valid, expired and revoked ones. Runs after lessons.sql.
INSERT INTO course_prerequisite (tenant_id, course_id, requires_id, position)
    SELECT pg_temp.id('tenant'), pg_temp.id('course:' || w.course), pg_temp.id('course:' || w.requires), 1 FROM seed_wanted w;

INSERT INTO learning_path (tenant_id, id, title, description, status, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('path:' || w.key), w.title, w.description, 'PUBLISHED', now() - interval '60 days', now() - interval '60 days' FROM seed_way_through w;
-- Each course after the first opens after the one before it.
INSERT INTO path_course (tenant_id, path_id, course_id, position, unlock, after_course_id)
    SELECT pg_temp.id('tenant'), pg_temp.id('path:' || w.key), pg_temp.id('course:' || c.key), c.place, CASE WHEN c.place = 1 THEN 'NONE' ELSE 'AFTER_COURSE' END,
           CASE WHEN c.place > 1 THEN pg_temp.id('course:' || w.courses[c.place - 1]) END
    FROM seed_way_through w CROSS JOIN LATERAL unnest(w.courses) WITH ORDINALITY AS c(key, place);

-- Some of those who are in the first course take the path, the learner who signs in among them.
INSERT INTO path_enrollment (tenant_id, id, path_id, user_id, enrolled_at)
    SELECT e.tenant_id, pg_temp.id('part:' || w.key || ':' || p.key), pg_temp.id('path:' || w.key), e.user_id, now() - interval '30 days'
    FROM seed_way_through w JOIN seed_person p ON p.role = 'LEARNER' AND (p.key = 'learner' OR pg_temp.chance('path:' || p.key) < 40)
    JOIN enrollment e ON e.tenant_id = pg_temp.id('tenant') AND e.user_id = pg_temp.id('user:' || p.key) AND e.course_id = pg_temp.id('course:' || w.courses[1])
        AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED');
-- The first course is open to all of them, each other one to whoever has completed the one before it; they are enrolled in what is open.
INSERT INTO path_step (tenant_id, path_enrollment_id, course_id, opened_at)
    SELECT pe.tenant_id, pe.id, pc.course_id, coalesce(b.completed_at, pe.enrolled_at) FROM path_enrollment pe
    JOIN path_course pc ON pc.tenant_id = pe.tenant_id AND pc.path_id = pe.path_id
    LEFT JOIN enrollment b ON b.tenant_id = pe.tenant_id AND b.user_id = pe.user_id AND b.course_id = pc.after_course_id AND b.status = 'COMPLETED'
    WHERE pe.tenant_id = pg_temp.id('tenant') AND (pc.unlock = 'NONE' OR b.id IS NOT NULL);
INSERT INTO enrollment (tenant_id, id, course_id, user_id, enrolled_at, created_at)
    SELECT s.tenant_id, pg_temp.id('enrollment:' || s.course_id || ':' || pe.user_id), s.course_id, pe.user_id, s.opened_at, s.opened_at
    FROM path_step s JOIN path_enrollment pe ON pe.tenant_id = s.tenant_id AND pe.id = s.path_enrollment_id WHERE s.tenant_id = pg_temp.id('tenant')
    ON CONFLICT (tenant_id, user_id, course_id) DO NOTHING;
UPDATE path_enrollment pe SET progress = n.done * 100.0 / n.wanted,
       status = CASE WHEN n.done = n.wanted THEN 'COMPLETED' WHEN n.begun THEN 'IN_PROGRESS' ELSE 'NOT_STARTED' END, completed_at = CASE WHEN n.done = n.wanted THEN n.latest END
    FROM (SELECT o.id, count(*) AS wanted, count(*) FILTER (WHERE e.status = 'COMPLETED') AS done, bool_or(e.status IN ('IN_PROGRESS', 'COMPLETED')) IS TRUE AS begun,
                 max(e.completed_at) AS latest
          FROM path_enrollment o JOIN path_course pc ON pc.tenant_id = o.tenant_id AND pc.path_id = o.path_id
          LEFT JOIN enrollment e ON e.tenant_id = o.tenant_id AND e.user_id = o.user_id AND e.course_id = pc.course_id
          WHERE o.tenant_id = pg_temp.id('tenant') GROUP BY o.id) AS n
    WHERE pe.tenant_id = pg_temp.id('tenant') AND pe.id = n.id;

-- What is certified, and to those who had completed it before: the oldest has expired, the next was revoked.
INSERT INTO course_certificate (tenant_id, course_id, is_enabled, title, text, signatory, valid_months)
    SELECT pg_temp.id('tenant'), pg_temp.id('course:' || c.course), true, c.title, c.text, c.signatory, c.valid_months FROM seed_certificate c;
INSERT INTO path_certificate (tenant_id, path_id, is_enabled) SELECT pg_temp.id('tenant'), pg_temp.id('path:' || w.key), true FROM seed_way_through w;

INSERT INTO certificate (tenant_id, id, code, user_id, course_id, learner_name, title, text, signatory, school_name, issued_at, expires_at, revoked_at, revoke_reason)
    SELECT e.tenant_id, pg_temp.id('certificate:' || c.course || ':' || e.user_id),
           translate(upper(substr(md5('certificate:' || c.course || ':' || e.user_id || current_setting('seed.slug')), 1, 16)), 'ILOU', '1100'),
           e.user_id, e.course_id, u.name, c.title, c.text, c.signatory, t.name, e.completed_at - CASE WHEN m.place = 1 THEN make_interval(months => c.valid_months) ELSE interval '0' END,
           e.completed_at + CASE WHEN m.place = 1 THEN interval '0' ELSE make_interval(months => c.valid_months) END,
           CASE WHEN m.place = 2 THEN e.completed_at + interval '2 days' END, CASE WHEN m.place = 2 THEN 'The examination was taken by somebody else.' END
    FROM seed_certificate c
    JOIN enrollment e ON e.tenant_id = pg_temp.id('tenant') AND e.course_id = pg_temp.id('course:' || c.course) AND e.status = 'COMPLETED'
    JOIN app_user u ON u.tenant_id = e.tenant_id AND u.id = e.user_id AND u.deleted_at IS NULL
    JOIN tenant t ON t.tenant_id = e.tenant_id
    CROSS JOIN LATERAL (SELECT count(*) + 1 AS place FROM enrollment o WHERE o.tenant_id = e.tenant_id AND o.course_id = e.course_id AND o.status = 'COMPLETED'
                        AND o.user_id <> pg_temp.id('user:learner') AND e.user_id <> pg_temp.id('user:learner') AND (o.completed_at, o.id) < (e.completed_at, e.id)) AS n(place0)
    CROSS JOIN LATERAL (SELECT CASE WHEN e.user_id = pg_temp.id('user:learner') THEN 3 ELSE n.place0 END) AS m(place)
    ON CONFLICT DO NOTHING;
