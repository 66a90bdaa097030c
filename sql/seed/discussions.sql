-- What is said in a demo school's courses with lessons: announcements (one of them yet to come), threads with answers, reviews. Runs after paths.sql.
INSERT INTO announcement (tenant_id, id, course_id, author_id, title, body, publish_at, told_at, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('announcement:' || t.key || ':' || a.n), pg_temp.id('course:' || t.key), pg_temp.id('user:' || t.teacher), a.title, a.body,
           date_trunc('hour', now()) - make_interval(days => a.days_ago), CASE WHEN a.days_ago > 0 THEN date_trunc('hour', now()) - make_interval(days => a.days_ago) END,
           now() - make_interval(days => greatest(a.days_ago, 1)), now() - make_interval(days => greatest(a.days_ago, 1))
    FROM seed_taught t CROSS JOIN (VALUES
        (1, 20, 'Welcome', E'Good to have you here. Begin with the **first lesson**, and ask whatever you like in the threads.'),
        (2, 4, 'Office hours', 'On Thursdays somebody of us is there for questions, from four to six.'),
        (3, -5, 'What comes next', 'From this week on the last part is open, too. Take your time for it.')) AS a(n, days_ago, title, body)
    WHERE t.created_days_ago > a.days_ago;

-- Who asks: the learner who signs in, and two others of the course.
CREATE TEMPORARY TABLE seed_voice ON COMMIT DROP AS
    SELECT w.course, w.person, row_number() OVER (PARTITION BY w.course ORDER BY w.person <> 'learner', w.person) AS n FROM seed_way w;

INSERT INTO thread (tenant_id, id, course_id, lesson_id, author_id, title, body, is_pinned, is_closed, listed_at, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('thread:' || t.key || ':' || q.n), pg_temp.id('course:' || t.key),
           CASE WHEN q.of_lesson THEN pg_temp.id('lesson:' || t.key || ':1:1') END,
           pg_temp.id('user:' || CASE WHEN q.voice = 0 THEN t.teacher ELSE v.person END), q.title, q.body, q.is_pinned, q.is_closed, now(),
           now() - make_interval(days => q.days_ago, hours => 3)
    FROM seed_taught t CROSS JOIN (VALUES
        (1, 0, 'Introduce yourselves', 'Who are you, and what brings you here?', true, false, false, 18),
        (2, 1, 'How long do you take for a lesson?', 'It says five minutes. I take *fifteen*, and feel slow. How is it for you?', false, false, false, 6),
        (3, 2, 'I did not understand the last paragraph', 'Does it mean both at once, or one after the other?', false, false, true, 3),
        (4, 3, 'Where do we meet?', 'I could not find the room.', false, true, false, 9)) AS q(n, voice, title, body, is_pinned, is_closed, of_lesson, days_ago)
    LEFT JOIN seed_voice v ON v.course = t.key AND v.n = q.voice
    WHERE q.voice = 0 OR v.person IS NOT NULL;

-- Before a thread is closed its posts are written.
UPDATE thread h SET is_closed = false WHERE h.tenant_id = pg_temp.id('tenant') AND h.is_closed;
INSERT INTO post (tenant_id, id, course_id, thread_id, author_id, body, is_staff, created_at)
    SELECT h.tenant_id, pg_temp.id('post:' || t.key || ':' || a.thread || ':' || a.n), h.course_id, h.id, pg_temp.id('user:' || CASE WHEN a.voice = 0 THEN t.teacher ELSE v.person END),
           a.body, a.voice = 0, h.created_at + make_interval(hours => a.n * 2)
    FROM seed_taught t CROSS JOIN (VALUES
        (1, 1, 1, 'I always wanted to, and now there is time.'), (1, 2, 2, 'My brother did this course last year.'),
        (2, 1, 2, 'So do I. It gets less.'), (2, 2, 0, 'The minutes are those of whoever reads it the third time. Take as long as you need.'),
        (3, 1, 0, 'One after the other. I will write it more clearly.'), (4, 1, 0, 'On the first floor, opposite the stairs.')) AS a(thread, n, voice, body)
    JOIN thread h ON h.tenant_id = pg_temp.id('tenant') AND h.id = pg_temp.id('thread:' || t.key || ':' || a.thread)
    LEFT JOIN seed_voice v ON v.course = t.key AND v.n = a.voice
    WHERE a.voice = 0 OR v.person IS NOT NULL;
UPDATE thread h SET answer_id = pg_temp.id('post:' || t.key || ':2:2') FROM seed_taught t
    WHERE h.tenant_id = pg_temp.id('tenant') AND h.id = pg_temp.id('thread:' || t.key || ':2')
      AND EXISTS (SELECT FROM post p WHERE p.tenant_id = h.tenant_id AND p.thread_id = h.id AND p.id = pg_temp.id('post:' || t.key || ':2:2'));
UPDATE thread h SET is_closed = true FROM seed_taught t WHERE h.tenant_id = pg_temp.id('tenant') AND h.id = pg_temp.id('thread:' || t.key || ':4');

-- Most of those who have completed a course think well of it.
INSERT INTO course_review (tenant_id, id, course_id, user_id, rating, text, created_at, updated_at)
    SELECT e.tenant_id, pg_temp.id('review:' || e.id), e.course_id, e.user_id, 3 + pg_temp.chance('stars:' || e.id) * 3 / 100,
           CASE WHEN pg_temp.chance('words:' || e.id) < 50 THEN (ARRAY['Clear and calm. I would do it again.', 'A little long, but worth it.', 'The best evenings of my autumn.'])
               [1 + pg_temp.chance('which:' || e.id) * 3 / 100] END, e.completed_at + interval '1 day', e.completed_at + interval '1 day'
    FROM enrollment e WHERE e.tenant_id = pg_temp.id('tenant') AND e.status = 'COMPLETED' AND e.completed_at < now() - interval '1 day' AND pg_temp.chance('reviews:' || e.id) < 60;

-- It all happened before anybody listened.
DELETE FROM job j WHERE j.tenant_id = pg_temp.id('tenant') AND j.kind = 'event.fan_out';
