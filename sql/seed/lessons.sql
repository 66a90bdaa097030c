-- A demo school's courses with lessons, and how far people are in them. Runs after files.sql; every `progress` is that of its lessons.
INSERT INTO course (tenant_id, id, title, subtitle, description, code, instructor_id, status, tags, is_sequential, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('course:' || t.key), t.title, t.subtitle, t.description, t.code, pg_temp.id('user:' || t.teacher), 'PUBLISHED', t.tags, t.is_sequential,
           now() - make_interval(days => t.created_days_ago), now() - make_interval(days => t.created_days_ago / 2)
    FROM seed_taught t ORDER BY t.created_days_ago DESC;

INSERT INTO course_instructor (tenant_id, course_id, user_id, added_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('course:' || t.key), pg_temp.id('user:' || i.key), now() - make_interval(days => t.created_days_ago - 1)
    FROM seed_taught t CROSS JOIN LATERAL unnest(t.together) AS i(key);

INSERT INTO section (tenant_id, id, course_id, title, position, drip_kind, drip_at, drip_after_id, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('section:' || p.course || ':' || p.position), pg_temp.id('course:' || p.course), p.title, p.position,
           CASE WHEN p.opens_in_days IS NOT NULL THEN 'ON_DATE' WHEN p.after IS NOT NULL THEN 'AFTER_SECTION' ELSE 'NONE' END,
           date_trunc('hour', now()) + make_interval(days => p.opens_in_days), pg_temp.id('section:' || p.course || ':' || p.after),
           now() - make_interval(days => t.created_days_ago)
    FROM seed_part p JOIN seed_taught t ON t.key = p.course;

-- `extras`: a preview, one that is not required, one that takes half a minute, one that is not published yet.
INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, duration_minutes, min_seconds, is_required, is_preview, is_published, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('lesson:' || s.course || ':' || s.part || ':' || s.position), pg_temp.id('course:' || s.course),
           pg_temp.id('section:' || s.course || ':' || s.part), s.kind, s.title, s.position, s.minutes, CASE s.extras WHEN 'slow' THEN 30 END, s.extras <> 'extra',
           s.extras = 'preview', s.extras <> 'draft', now() - make_interval(days => t.created_days_ago), now() - make_interval(days => t.created_days_ago)
    FROM seed_step s JOIN seed_taught t ON t.key = s.course;

INSERT INTO lesson_content (tenant_id, lesson_id, course_id, body, url, media_seconds, file_id, starts_at, ends_at)
    SELECT l.tenant_id, l.id, l.course_id, s.body, s.url, s.media_seconds, CASE WHEN s.file IS NOT NULL THEN pg_temp.id('file:' || s.file) END,
           date_trunc('hour', now()) + make_interval(days => s.in_days), date_trunc('hour', now()) + make_interval(days => s.in_days, mins => s.minutes)
    FROM seed_step s JOIN lesson l ON l.tenant_id = pg_temp.id('tenant') AND l.id = pg_temp.id('lesson:' || s.course || ':' || s.part || ':' || s.position);

-- The handbook goes with each course, a page with its first lesson.
INSERT INTO course_material (tenant_id, id, course_id, title, file_id, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('material:' || t.key), pg_temp.id('course:' || t.key), 'Handbook', pg_temp.id('file:handbook'), now() - make_interval(days => t.created_days_ago)
    FROM seed_taught t;
INSERT INTO course_material (tenant_id, id, course_id, lesson_id, title, url, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('material:' || t.key || ':1'), pg_temp.id('course:' || t.key), pg_temp.id('lesson:' || t.key || ':1:1'), 'Where we are',
           'https://www.openstreetmap.org/', now() - make_interval(days => t.created_days_ago)
    FROM seed_taught t;

-- Who is in which course, and how many of its lessons they have completed in order: as many as luck, time and locks let them. The learner who signs in is
-- under way in the first course.
CREATE TEMPORARY TABLE seed_way ON COMMIT DROP AS
    SELECT t.key AS course, p.key AS person, greatest(2, least(t.created_days_ago, p.joined_days_ago) * (20 + pg_temp.chance('since:' || t.key || p.key) * 7 / 10) / 100) AS days,
           CASE WHEN p.key = 'learner' THEN 2 ELSE pg_temp.chance('way:' || t.key || p.key) * 10 / 100 END AS steps
    FROM seed_taught t JOIN seed_person p ON p.role = 'LEARNER'
    WHERE pg_temp.chance('learns:' || t.key || p.key) < t.popularity OR (p.key = 'learner' AND NOT t.is_sequential);

INSERT INTO enrollment (tenant_id, id, course_id, user_id, enrolled_at, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('enrollment:' || w.course || ':' || w.person), pg_temp.id('course:' || w.course), pg_temp.id('user:' || w.person),
           now() - make_interval(days => w.days), now() - make_interval(days => w.days)
    FROM seed_way w ORDER BY w.days DESC, w.person, w.course;

-- Nobody gets past a part that opens in the future; the lesson after the last completed one is open before them.
INSERT INTO lesson_progress (tenant_id, enrollment_id, lesson_id, user_id, course_id, opened_at, last_opened_at, completed_at, position_seconds)
    SELECT e.tenant_id, e.id, n.lesson_id, e.user_id, e.course_id, o.opened_at, o.opened_at, CASE WHEN n.place <= w.steps THEN o.opened_at + interval '25 minutes' END,
           CASE WHEN n.media_seconds IS NOT NULL THEN n.media_seconds / CASE WHEN n.place <= w.steps THEN 1 ELSE 2 END END
    FROM seed_way w
    JOIN enrollment e ON e.tenant_id = pg_temp.id('tenant') AND e.id = pg_temp.id('enrollment:' || w.course || ':' || w.person)
    JOIN LATERAL (SELECT pg_temp.id('lesson:' || s.course || ':' || s.part || ':' || s.position) AS lesson_id, s.media_seconds,
                         row_number() OVER (ORDER BY s.part, s.position) AS place
                  FROM seed_step s JOIN seed_part p ON p.course = s.course AND p.position = s.part
                  WHERE s.course = w.course AND s.extras <> 'draft' AND p.opens_in_days IS NULL AND s.kind <> 'LIVE') AS n ON n.place <= w.steps + 1 AND w.steps > 0
    CROSS JOIN LATERAL (SELECT e.enrolled_at + (now() - e.enrolled_at) * (n.place::float8 / (w.steps + 3)) AS opened_at) AS o;

UPDATE enrollment e SET lessons_completed = n.done, recorded_progress = 0, started_at = n.began, last_active_at = n.latest,
       status = CASE WHEN n.done = e.lessons_total THEN 'COMPLETED' ELSE 'IN_PROGRESS' END, completed_at = CASE WHEN n.done = e.lessons_total THEN n.latest END,
       progress = CASE WHEN n.done = e.lessons_total THEN 100 ELSE e.progress END
    FROM (SELECT p.enrollment_id, count(p.completed_at) FILTER (WHERE l.is_required) AS done, min(p.opened_at) AS began, max(coalesce(p.completed_at, p.opened_at)) AS latest
          FROM lesson_progress p JOIN lesson l ON l.tenant_id = p.tenant_id AND l.id = p.lesson_id WHERE p.tenant_id = pg_temp.id('tenant') GROUP BY p.enrollment_id) AS n
    WHERE e.tenant_id = pg_temp.id('tenant') AND e.id = n.enrollment_id;

-- Somebody may go ahead to the part with a date.
INSERT INTO unlock_override (tenant_id, id, course_id, section_id, user_id, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('unlock:' || w.course), pg_temp.id('course:' || w.course), pg_temp.id('section:' || p.course || ':' || p.position), pg_temp.id('user:' || min(w.person)),
           now() - interval '2 days'
    FROM seed_way w JOIN seed_part p ON p.course = w.course AND p.opens_in_days IS NOT NULL WHERE w.person <> 'learner' GROUP BY w.course, p.course, p.position;

-- It all happened before anybody listened.
DELETE FROM job j WHERE j.tenant_id = pg_temp.id('tenant') AND j.kind = 'event.fan_out';
