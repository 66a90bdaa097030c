-- One school's worth of generated data, by arithmetic: 2,000 people, 50 courses with 300 sections, 10,000 enrollments,
-- 100 groups, 3,000 bookings. Runs with app.tenant_id, seed.slug, seed.number and seed.hash set.
--
-- Person 1 is the administrator, 2 an instructor, 3 a learner, 4 a viewer, and these four sign in; 5 to 42 are
-- instructors, the rest learners.

INSERT INTO tenant (tenant_id, slug, name, time_zone, is_listed, subscription_start, created_at)
    SELECT pg_temp.id('tenant'), s.slug, 'Generated School ' || right(s.slug, 4),
           (ARRAY['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'UTC'])[1 + s.number % 4], false, now() - interval '2 years', now() - interval '2 years'
    FROM (SELECT current_setting('seed.slug'), current_setting('seed.number')::integer) AS s(slug, number);
SELECT app.create_system_roles(pg_temp.id('tenant'));

INSERT INTO app_user (tenant_id, id, name, email, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('user:' || n),
           (ARRAY['Ada', 'Ben', 'Clara', 'David', 'Elif', 'Felix', 'Grace', 'Hamid', 'Ines', 'Jonas', 'Kim', 'Lea', 'Marco', 'Nadia', 'Omar', 'Paula', 'Quinn', 'Rosa',
                  'Stefan', 'Tara', 'Uma', 'Viktor', 'Wanda', 'Xaver', 'Yara', 'Zeno', 'Alma', 'Boris', 'Cleo', 'Dario', 'Edith', 'Fadi', 'Gloria', 'Henry', 'Ida', 'Jan'])
               [1 + n % 36] || ' ' ||
           (ARRAY['Abel', 'Bauer', 'Castro', 'Dupont', 'Eriksen', 'Fontana', 'Gupta', 'Hansen', 'Ivanov', 'Jansen', 'Kaya', 'Lopez', 'Meyer', 'Nguyen', 'Olsen', 'Park',
                  'Quint', 'Rossi', 'Silva', 'Tanaka', 'Urban', 'Vogel', 'Weber', 'Xu', 'Yilmaz', 'Zhang', 'Adler', 'Brown', 'Clark', 'Diaz', 'Evans', 'Fuchs', 'Green',
                  'Huber', 'Ito', 'Jones', 'Klein', 'Lang', 'Moreau', 'Novak', 'Ortiz', 'Popov', 'Reyes', 'Sato', 'Thomas', 'Ueda', 'Varga', 'Wolf', 'Young', 'Zeman'])
               [1 + n / 36 % 50],
           coalesce((ARRAY['admin', 'instructor', 'learner', 'viewer'])[n], 'person' || n) || '@' || current_setting('seed.slug') || '.example',
           now() - make_interval(hours => 17000 - n * 8)
    FROM generate_series(1, 2000) AS n;
INSERT INTO credential (tenant_id, user_id, password_hash)
    SELECT pg_temp.id('tenant'), pg_temp.id('user:' || n), current_setting('seed.hash') FROM generate_series(1, 4) AS n;
INSERT INTO user_role (tenant_id, user_id, role_id)
    SELECT pg_temp.id('tenant'), pg_temp.id('user:' || n), r.id
    FROM generate_series(1, 2000) AS n
    JOIN role r ON r.tenant_id = pg_temp.id('tenant')
     AND r.key = CASE WHEN n = 1 THEN 'ADMIN' WHEN n = 4 THEN 'VIEWER' WHEN n = 3 OR n > 42 THEN 'LEARNER' ELSE 'INSTRUCTOR' END;

-- Courses 1 to 45 stay published, 46 and 47 are archived below, 48 to 50 are drafts.
INSERT INTO course (tenant_id, id, title, description, instructor_id, status, capacity, tags, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('course:' || n),
           (ARRAY['Algebra', 'Biology', 'Chemistry', 'Drawing', 'Economics', 'French', 'Geography', 'History', 'Italian', 'Journalism'])[1 + n % 10]
               || (ARRAY[' for Beginners', ' in Practice', ' and Society', ', Advanced', ' Workshop'])[1 + n / 10 % 5],
           'Generated for measuring. ' || repeat('An ordinary description has a few sentences about what is taught and to whom. ', 1 + n % 6),
           pg_temp.id('user:' || (ARRAY[2, 5, 6, 7, 8, 9, 10, 11, 12, 13])[1 + n % 10]),
           CASE WHEN n > 47 THEN 'DRAFT' ELSE 'PUBLISHED' END, CASE WHEN n % 3 = 0 THEN 1000 END,
           ARRAY[(ARRAY['science', 'language', 'arts', 'society'])[1 + n % 4], 'level ' || 1 + n % 3], now() - make_interval(days => 700 - n * 14)
    FROM generate_series(1, 50) AS n;
INSERT INTO section (tenant_id, id, course_id, title, position)
    SELECT pg_temp.id('tenant'), pg_temp.id('section:' || c || ':' || p), pg_temp.id('course:' || c), 'Part ' || p, p
    FROM generate_series(1, 50) AS c, generate_series(1, 6) AS p;

-- The early courses are the popular ones, by a factor of five; each takes its learners in steps of 7 around the ring of
-- 1,958 (7 and 1,958 share no factor), so that nobody comes twice.
INSERT INTO enrollment (tenant_id, id, course_id, user_id, status, progress, enrolled_at, completed_at, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('enrollment:' || c || ':' || k), pg_temp.id('course:' || c), pg_temp.id('user:' || s.person), s.status,
           CASE s.status WHEN 'NOT_STARTED' THEN 0 WHEN 'COMPLETED' THEN 100 ELSE 1 + (c * 31 + k * 17) % 99 END,
           s.at, CASE s.status WHEN 'COMPLETED' THEN s.at + (now() - s.at) / 2 END, s.at
    FROM generate_series(1, 47) AS c
    CROSS JOIN LATERAL generate_series(1, 371 - c * 371 * 4 / (47 * 5)) AS k
    CROSS JOIN LATERAL (SELECT
        CASE WHEN k = 1 AND c <= 12 THEN 3 ELSE 43 + (c * 211 + k * 7) % 1958 END,
        (ARRAY['COMPLETED', 'IN_PROGRESS', 'IN_PROGRESS', 'NOT_STARTED', 'COMPLETED', 'DROPPED', 'IN_PROGRESS', 'NOT_STARTED', 'FAILED', 'EXPIRED'])[1 + (c + k) % 10],
        now() - make_interval(hours => 1 + (c * 97 + k * 29) % 4000)) AS s(person, status, at);
UPDATE course c SET status = 'ARCHIVED' WHERE c.tenant_id = pg_temp.id('tenant') AND c.id IN (pg_temp.id('course:46'), pg_temp.id('course:47'));

-- The first group is the learner's who signs in, and a tenth of the groups enroll by themselves.
INSERT INTO user_group (tenant_id, id, name, description, capacity, auto_enroll, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('group:' || n), 'Cohort ' || n, 'Generated for measuring.', CASE WHEN n % 4 = 0 THEN 50 END, n % 10 = 0,
           now() - make_interval(days => 400 - n * 3)
    FROM generate_series(1, 100) AS n;
INSERT INTO group_member (tenant_id, group_id, user_id, is_leader, joined_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('group:' || g), pg_temp.id('user:' || CASE WHEN g = 1 AND m = 1 THEN 3 ELSE 43 + (g * 20 + m) % 1958 END), m = 1,
           now() - make_interval(hours => 1000 - m * 3)
    FROM generate_series(1, 100) AS g, generate_series(1, 20) AS m;
INSERT INTO group_course (tenant_id, group_id, course_id)
    SELECT pg_temp.id('tenant'), pg_temp.id('group:' || g), pg_temp.id('course:' || 1 + (g * 3 + c) % 45)
    FROM generate_series(1, 100) AS g, generate_series(0, 1) AS c WHERE g % 10 <> 0;
-- A group that enrolls by itself is given a course that its members are in already, as it would have seen to.
INSERT INTO enrollment (tenant_id, id, course_id, user_id)
    SELECT m.tenant_id, pg_temp.id('gift:' || m.group_id || m.user_id), pg_temp.id('course:1'), m.user_id
    FROM group_member m JOIN user_group g ON g.tenant_id = m.tenant_id AND g.id = m.group_id AND g.auto_enroll
    WHERE m.tenant_id = pg_temp.id('tenant')
    ON CONFLICT (tenant_id, user_id, course_id) DO NOTHING;
INSERT INTO group_course (tenant_id, group_id, course_id)
    SELECT g.tenant_id, g.id, pg_temp.id('course:1') FROM user_group g WHERE g.tenant_id = pg_temp.id('tenant') AND g.auto_enroll;

-- Forty instructors work eight hours on each of sixty days around today.
CREATE TEMPORARY TABLE scale_day ON COMMIT DROP AS
    SELECT i, CASE i WHEN 0 THEN 2 WHEN 39 THEN 1 ELSE 4 + i END AS person, d, ((now() AT TIME ZONE t.time_zone)::date + d + time '09:00') AT TIME ZONE t.time_zone AS opens
    FROM tenant t, generate_series(0, 39) AS i, generate_series(-29, 30) AS d WHERE t.tenant_id = pg_temp.id('tenant');
INSERT INTO availability (tenant_id, id, instructor_id, starts_at, ends_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('availability:' || i || ':' || d), pg_temp.id('user:' || person), opens, opens + interval '8 hours'
    FROM scale_day;
-- Each has 75 lessons of an hour. Those of one hour are taken by learners side by side on the ring, so nobody is in two.
INSERT INTO booking (tenant_id, id, student_id, requested_instructor_id, instructor_id, course_id, starts_at, ends_at, status, notes, cancel_reason, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('booking:' || w.i || ':' || k), pg_temp.id('user:' || CASE WHEN w.i = 0 AND k % 5 = 0 THEN 3 ELSE 43 + (k * 97 + w.i) % 1958 END),
           CASE WHEN k % 2 = 0 THEN pg_temp.id('user:' || w.person) END, CASE WHEN l.status IN ('ASSIGNED', 'COMPLETED') THEN pg_temp.id('user:' || w.person) END,
           CASE WHEN k % 3 > 0 THEN pg_temp.id('course:' || 1 + (k + w.i) % 45) END, l.starts_at, l.starts_at + interval '1 hour', l.status,
           CASE WHEN k % 4 = 0 THEN 'Generated for measuring.' END, CASE l.status WHEN 'CANCELLED' THEN 'Generated for measuring.' END,
           least(l.starts_at - interval '5 days', now() - make_interval(hours => 1 + k))
    FROM generate_series(0, 74) AS k
    JOIN scale_day w ON w.d = k % 60 - 29
    CROSS JOIN LATERAL (SELECT w.opens + make_interval(hours => k * 3 % 8)) AS h(starts_at)
    CROSS JOIN LATERAL (SELECT h.starts_at, CASE
        WHEN h.starts_at < now() THEN (ARRAY['COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED', 'CANCELLED'])[1 + (k * 7 + w.i) % 5]
        ELSE (ARRAY['REQUESTED', 'APPROVED', 'ASSIGNED', 'ASSIGNED', 'CANCELLED'])[1 + (k * 7 + w.i) % 5] END) AS l(starts_at, status);
