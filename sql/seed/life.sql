-- What happens in a demo school: people learn, instructors are free, lessons are booked. Runs after school.sql.

-- Who is in which course: by the course's popularity, and through the groups that enroll by themselves. The learner who
-- signs in has something of everything.
INSERT INTO enrollment (tenant_id, id, course_id, user_id, status, progress, enrolled_at, completed_at, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('enrollment:' || e.course || ':' || e.person), pg_temp.id('course:' || e.course), pg_temp.id('user:' || e.person),
           e.status,
           CASE e.status
               WHEN 'NOT_STARTED' THEN 0 WHEN 'COMPLETED' THEN 100
               WHEN 'IN_PROGRESS' THEN 5 + pg_temp.chance('progress:' || e.course || e.person) * 9 / 10
               ELSE pg_temp.chance('progress:' || e.course || e.person) * 6 / 10 END,
           e.enrolled_at,
           CASE e.status WHEN 'COMPLETED' THEN e.enrolled_at + (now() - e.enrolled_at) * (0.4 + pg_temp.chance('speed:' || e.course || e.person) / 200.0) END,
           e.enrolled_at
    FROM (
        SELECT c.key AS course, p.key AS person,
               -- Sign-in order: the least of the two ages, earlier for most, some of it within the last weeks.
               now() - make_interval(days => greatest(1, least(c.created_days_ago, p.joined_days_ago) * (10 + pg_temp.chance('since:' || c.key || p.key) * 9 / 10) / 100),
                                     mins => pg_temp.chance('minute:' || c.key || p.key) * 7) AS enrolled_at,
               CASE
                   WHEN p.key = 'learner' THEN (ARRAY['IN_PROGRESS', 'COMPLETED', 'NOT_STARTED', 'IN_PROGRESS'])[1 + (row_number() OVER (PARTITION BY p.key ORDER BY c.created_days_ago DESC))::integer % 4]
                   WHEN luck < 26 THEN 'COMPLETED' WHEN luck < 62 THEN 'IN_PROGRESS' WHEN luck < 80 THEN 'NOT_STARTED'
                   WHEN luck < 88 THEN 'DROPPED' WHEN luck < 94 THEN 'FAILED' ELSE 'EXPIRED' END AS status
        FROM seed_course c
        JOIN seed_person p ON p.role = 'LEARNER'
        CROSS JOIN LATERAL (SELECT pg_temp.chance('luck:' || c.key || p.key)) AS l(luck)
        WHERE c.status <> 'DRAFT'
          AND (pg_temp.chance('joins:' || c.key || p.key) < c.popularity
               OR (p.key = 'learner' AND c.enrollment_key IS NULL AND c.status = 'PUBLISHED')
               OR EXISTS (SELECT FROM seed_group g WHERE g.auto_enroll AND c.key = ANY (g.courses) AND p.key = ANY (g.leader || g.members)))
    ) AS e
    ORDER BY e.enrolled_at;

-- The one who left had begun two courses.
INSERT INTO enrollment (tenant_id, id, course_id, user_id, status, progress, enrolled_at, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('enrollment:' || c.key || ':gone'), pg_temp.id('course:' || c.key), pg_temp.id('user:gone'), 'DROPPED', 15,
           now() - interval '60 days', now() - interval '60 days'
    FROM seed_course c WHERE c.status = 'PUBLISHED' ORDER BY c.created_days_ago DESC LIMIT 2;

UPDATE course c SET status = 'ARCHIVED' FROM seed_course s
    WHERE c.tenant_id = pg_temp.id('tenant') AND c.id = pg_temp.id('course:' || s.key) AND s.status = 'ARCHIVED';

-- One published course without a limit in the facts is full: it has as many seats as people who hold one.
UPDATE course c SET capacity = (
        SELECT count(*) FROM enrollment e
        WHERE e.tenant_id = c.tenant_id AND e.course_id = c.id AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED'))
    WHERE c.tenant_id = pg_temp.id('tenant') AND c.status = 'PUBLISHED' AND c.capacity IS NULL;

-- Four weeks around today, by the clock on the school's wall. Each instructor has two days off a week.
CREATE TEMPORARY TABLE seed_day ON COMMIT DROP AS
    SELECT i.place, i.key, day.number AS day, (now() AT TIME ZONE t.time_zone)::date + day.number AS date, t.time_zone
    FROM tenant t
    CROSS JOIN (SELECT row_number() OVER (ORDER BY (p.key <> 'instructor'), p.joined_days_ago DESC) - 1, p.key
                FROM seed_person p WHERE p.role = 'INSTRUCTOR') AS i(place, key)
    CROSS JOIN generate_series(-14, 14) AS day(number)
    WHERE t.tenant_id = pg_temp.id('tenant')
      AND extract(isodow FROM (now() AT TIME ZONE t.time_zone)::date + day.number)::integer NOT IN (1 + (i.place * 2 + 5) % 7, 1 + (i.place * 2 + 6) % 7);

INSERT INTO availability (tenant_id, id, instructor_id, starts_at, ends_at, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('availability:' || d.key || ':' || d.date || ':' || s.starts), pg_temp.id('user:' || d.key),
           (d.date + s.starts) AT TIME ZONE d.time_zone, (d.date + s.ends) AT TIME ZONE d.time_zone, now() - interval '20 days'
    FROM seed_day d CROSS JOIN seed_shift s
    ORDER BY d.date, d.key, s.starts;

-- Lessons: the instructor's slot, and a learner who is in no other lesson then (places count learners, so that those of
-- different instructors differ). `step` is where the lesson stands: chance, but for what the time already decides.
CREATE TEMPORARY TABLE seed_lesson ON COMMIT DROP AS
    WITH learner AS (
        SELECT p.key, row_number() OVER (ORDER BY (p.key <> 'learner'), p.joined_days_ago DESC, p.key) - 1 AS place, count(*) OVER () AS count
        FROM seed_person p WHERE p.role = 'LEARNER'
    ), slot AS (
        SELECT s.starts, s.ends, row_number() OVER (ORDER BY s.starts) - 1 AS place FROM seed_slot s
    ), fixed AS ( -- the first slots of the instructor and the learner who sign in: five lessons behind them, of which the last
        -- two wait to be completed, and five ahead
        SELECT d.day, row_number() OVER (PARTITION BY d.day > 0 ORDER BY abs(d.day)) AS turn
        FROM seed_day d WHERE d.key = 'instructor' AND d.day <> 0
    )
    SELECT d.key AS instructor, l.key AS learner, d.day, (d.date + s.starts) AT TIME ZONE d.time_zone AS starts_at, (d.date + s.ends) AT TIME ZONE d.time_zone AS ends_at,
           CASE WHEN f.day < 0 THEN CASE WHEN f.turn <= 2 THEN 'ASSIGNED' ELSE 'COMPLETED' END ELSE (ARRAY['ASSIGNED', 'ASSIGNED', 'APPROVED', 'REQUESTED', 'ASSIGNED'])[f.turn] END AS status,
           (f.day > 0) AS is_fixed, d.key || ':' || d.date || ':' || s.place AS name
    FROM fixed f JOIN seed_day d ON d.day = f.day AND d.key = 'instructor' JOIN slot s ON s.place = 0 JOIN learner l ON l.place = 0
    WHERE f.turn <= 5
  UNION ALL
    SELECT d.key, l.key, d.day, (d.date + s.starts) AT TIME ZONE d.time_zone, (d.date + s.ends) AT TIME ZONE d.time_zone,
           CASE
               WHEN (d.date + s.ends) AT TIME ZONE d.time_zone < now() THEN
                   CASE WHEN luck < 78 THEN 'COMPLETED' WHEN luck < 94 THEN 'CANCELLED' ELSE 'REQUESTED' END
               WHEN (d.date + s.starts) AT TIME ZONE d.time_zone < now() THEN 'ASSIGNED'
               WHEN luck < 45 THEN 'ASSIGNED' WHEN luck < 66 THEN 'APPROVED' WHEN luck < 90 THEN 'REQUESTED' ELSE 'CANCELLED' END,
           false, d.key || ':' || d.date || ':' || s.place
    FROM seed_day d
    CROSS JOIN slot s
    CROSS JOIN LATERAL (SELECT pg_temp.chance('lesson:' || d.key || d.day || s.place), pg_temp.chance('step:' || d.key || d.day || s.place)) AS c(booked, luck)
    JOIN learner l ON l.place = 1 + (((d.day + 14) * 4 + s.place) * 5 + d.place) % (l.count - 1) -- never the one who signs in
    WHERE c.booked < 28 AND NOT (d.key = 'instructor' AND s.place = 0 AND d.day <> 0);

INSERT INTO booking (tenant_id, id, student_id, requested_instructor_id, instructor_id, course_id, starts_at, ends_at, status, notes, cancel_reason, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('booking:' || b.name), pg_temp.id('user:' || b.learner),
           -- Whatever the date: what is called off concerns the instructor who signs in.
           CASE WHEN b.is_fixed OR (b.status = 'CANCELLED' AND b.instructor = 'instructor') OR pg_temp.chance('wish:' || b.name) < 60 THEN pg_temp.id('user:' || b.instructor) END,
           CASE WHEN b.status IN ('ASSIGNED', 'COMPLETED') THEN pg_temp.id('user:' || b.instructor) END,
           CASE WHEN pg_temp.chance('about:' || b.name) < 70 THEN (
               SELECT e.course_id FROM enrollment e
               WHERE e.tenant_id = pg_temp.id('tenant') AND e.user_id = pg_temp.id('user:' || b.learner) AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED')
               ORDER BY md5(e.id::text || b.day) LIMIT 1) END,
           b.starts_at, b.ends_at, b.status,
           (ARRAY['Please plan ten minutes for questions.', 'First lesson after the holidays.', 'I would like to go over last week''s mistakes.'])
               [1 + pg_temp.chance('note:' || b.name) / 8],
           CASE b.status WHEN 'CANCELLED' THEN (ARRAY['Ill, sorry.', 'The weather did not hold.', 'Double-booked at work.', 'Moved to next week.'])
               [1 + pg_temp.chance('why:' || b.name) / 25] END,
           -- A request that nobody has answered for days is among them.
           least(b.starts_at - make_interval(days => 3 + pg_temp.chance('ahead:' || b.name) / 15),
                 now() - make_interval(hours => CASE WHEN b.is_fixed THEN CASE b.status WHEN 'REQUESTED' THEN 76 ELSE 100 + pg_temp.chance('age:' || b.name) / 2 END
                                            ELSE 2 + pg_temp.chance('age:' || b.name) / 2 END))
    FROM seed_lesson b
    ORDER BY b.starts_at, b.instructor;

-- A job that has failed for good, for whoever looks after the school to see, and to run anew.
INSERT INTO job (tenant_id, id, kind, key, lane, state, is_spared, payload, correlation, run_at, attempts, max_attempts, started_at, finished_at, last_error, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('job:dead'), 'purge.sessions', 'demo', 'DEFAULT', 'DEAD', false, '{}', substr(md5('dead'), 1, 16),
           now() - interval '3 days', 8, 8, now() - interval '3 days', now() - interval '3 days',
           'UNAVAILABLE: The service can''t answer right now. Try again in a moment.', now() - interval '4 days';
