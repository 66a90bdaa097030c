-- A demo school's work: in the first course with lessons an assignment with a rubric and one without, a third whose grades are held; work that waits, that is
-- graded (one of it badly), that was given back, and that came late. Runs after lessons.sql. Neither is required: no `progress` follows from them.
CREATE TEMPORARY TABLE seed_asked ON COMMIT DROP AS
    SELECT t.key AS course, w.place, w.kind, pg_temp.id('lesson:' || t.key || ':work:' || w.place) AS lesson_id
    FROM seed_taught t CROSS JOIN (VALUES (1, 'rubric'), (2, 'points'), (3, 'held')) AS w(place, kind) WHERE NOT t.is_sequential;

INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, duration_minutes, weight, is_required, is_published, created_at, updated_at)
    SELECT pg_temp.id('tenant'), a.lesson_id, pg_temp.id('course:' || a.course), pg_temp.id('section:' || a.course || ':1'), 'ASSIGNMENT',
           CASE a.kind WHEN 'rubric' THEN 'In your own words' WHEN 'points' THEN 'A page of notes' ELSE 'What you take along' END, 3 + a.place, 45,
           CASE a.kind WHEN 'rubric' THEN 2 ELSE 1 END, false, true, now() - interval '20 days', now() - interval '20 days'
    FROM seed_asked a ORDER BY a.place;

INSERT INTO lesson_content (tenant_id, lesson_id, course_id, body)
    SELECT pg_temp.id('tenant'), a.lesson_id, pg_temp.id('course:' || a.course),
           CASE a.kind WHEN 'rubric' THEN E'Tell a friend, who was not there, what this part is about.\n\n- One page at most\n- One example of your own'
                       WHEN 'points' THEN 'Hand in what you have noted so far, as a text or a file.' ELSE 'One sentence is enough.' END
    FROM seed_asked a;

UPDATE assignment n SET pass_mark = CASE a.kind WHEN 'rubric' THEN 50 END, max_attempts = CASE a.kind WHEN 'rubric' THEN 3 END, points = CASE a.kind WHEN 'held' THEN 10 ELSE 20 END,
       due_at = CASE a.kind WHEN 'rubric' THEN date_trunc('hour', now()) - interval '2 days' WHEN 'points' THEN date_trunc('hour', now()) + interval '5 days' END,
       late_policy = CASE a.kind WHEN 'rubric' THEN 'PENALTY' ELSE 'ACCEPT' END, penalty_percent_per_day = 10, hold_grades = a.kind = 'held'
    FROM seed_asked a WHERE n.tenant_id = pg_temp.id('tenant') AND n.lesson_id = a.lesson_id;

INSERT INTO rubric_criterion (tenant_id, id, assignment_id, position, title, description, points)
    SELECT n.tenant_id, pg_temp.id('criterion:' || a.course || ':' || c.position), n.id, c.position, c.title, c.description, c.points
    FROM seed_asked a JOIN assignment n ON n.tenant_id = pg_temp.id('tenant') AND n.lesson_id = a.lesson_id
    CROSS JOIN (VALUES (1, 'Understanding', 'The idea is right, and nothing is missing.', 10), (2, 'Example', 'It is one''s own, and it fits.', 6), (3, 'Language', NULL, 4))
        AS c(position, title, description, points) WHERE a.kind = 'rubric';

-- Who hands in what: the learner who signs in has something of each; some are late by a day or two, the last ones wait.
CREATE TEMPORARY TABLE seed_work ON COMMIT DROP AS
    SELECT a.course, a.kind, n.id AS assignment_id, n.points AS total, e.id AS enrollment_id, e.user_id, e.course_id, a.lesson_id, p.key AS person, p.place, t.teacher,
           CASE WHEN a.kind = 'rubric' AND p.place % 4 = 2 THEN n.due_at + make_interval(hours => 5 + 11 * p.place) ELSE date_trunc('hour', now()) - make_interval(days => 3 + p.place % 5, hours => p.place) END AS at,
           CASE WHEN a.kind = 'held' THEN 'HELD' WHEN a.kind = 'points' THEN CASE WHEN p.place % 3 = 0 THEN 'GRADED' ELSE 'SUBMITTED' END
                WHEN p.place % 5 = 4 THEN 'RETURNED' WHEN p.place % 5 = 3 THEN 'SUBMITTED' ELSE 'GRADED' END AS state,
           pg_temp.id('submission:' || a.course || ':' || a.place || ':' || p.key) AS id
    FROM seed_asked a JOIN seed_taught t ON t.key = a.course
    JOIN assignment n ON n.tenant_id = pg_temp.id('tenant') AND n.lesson_id = a.lesson_id
    JOIN LATERAL (SELECT w.person AS key, (row_number() OVER (ORDER BY w.person <> 'learner', w.person) - 1)::integer AS place FROM seed_way w WHERE w.course = a.course AND w.steps > 0) AS p
        ON p.place < CASE a.kind WHEN 'rubric' THEN 9 WHEN 'points' THEN 4 ELSE 2 END
    JOIN enrollment e ON e.tenant_id = pg_temp.id('tenant') AND e.id = pg_temp.id('enrollment:' || a.course || ':' || p.key);

INSERT INTO submission (tenant_id, id, assignment_id, lesson_id, course_id, enrollment_id, user_id, number, status, text, submitted_at, version, returned_at, return_note)
    SELECT pg_temp.id('tenant'), w.id, w.assignment_id, w.lesson_id, w.course_id, w.enrollment_id, w.user_id, 1, CASE w.state WHEN 'HELD' THEN 'SUBMITTED' ELSE w.state END,
           CASE w.kind WHEN 'rubric' THEN E'It is about looking first and acting then.\n\nFor example: I looked twice, and the second time it was clear.'
                       WHEN 'points' THEN E'1. Look\n2. Listen\n3. Write it down' ELSE 'To look twice.' END,
           w.at, CASE w.state WHEN 'RETURNED' THEN 2 ELSE 1 END, CASE w.state WHEN 'RETURNED' THEN w.at + interval '20 hours' END,
           CASE w.state WHEN 'RETURNED' THEN 'The idea is there. Please add an example of your own, and hand in again.' END
    FROM seed_work w ORDER BY w.at, w.person;

INSERT INTO submission_grade (tenant_id, submission_id, user_id, course_id, version, points, feedback, graded_at, graded_by_id, released_at)
    SELECT pg_temp.id('tenant'), w.id, w.user_id, w.course_id, 2, g.points, CASE WHEN g.points >= 0.7 * w.total THEN 'Well seen.' ELSE 'Have another look at the first part.' END,
           w.at + interval '1 day', pg_temp.id('user:' || w.teacher), CASE w.state WHEN 'GRADED' THEN w.at + interval '1 day' END
    FROM seed_work w CROSS JOIN LATERAL (SELECT CASE WHEN w.kind = 'rubric' AND w.place = 5 THEN 7 WHEN w.kind = 'rubric' THEN (10 - w.place % 4) + (6 - w.place % 3) + (4 - w.place % 2) ELSE w.total - w.place % 4 END AS points) AS g
    WHERE w.state IN ('GRADED', 'HELD');

INSERT INTO rubric_score (tenant_id, submission_id, criterion_id, points, comment)
    SELECT pg_temp.id('tenant'), w.id, pg_temp.id('criterion:' || w.course || ':' || c.position), CASE w.place WHEN 5 THEN c.low ELSE c.points - w.place % c.step END, CASE WHEN w.place % c.step > 0 THEN 'Almost.' END
    FROM seed_work w CROSS JOIN (VALUES (1, 10, 4, 3), (2, 6, 3, 2), (3, 4, 2, 2)) AS c(position, points, step, low) WHERE w.kind = 'rubric' AND w.state = 'GRADED';

INSERT INTO submission_event (tenant_id, id, submission_id, user_id, course_id, kind, points, feedback, by_id, is_held, at)
    SELECT pg_temp.id('tenant'), pg_temp.id('event:' || w.id), w.id, w.user_id, w.course_id, 'SUBMITTED', NULL, NULL, w.user_id, false, w.at FROM seed_work w
    UNION ALL
    SELECT g.tenant_id, pg_temp.id('grade:' || w.id), w.id, w.user_id, w.course_id, 'GRADED', g.points, g.feedback, g.graded_by_id, g.released_at IS NULL, g.graded_at
    FROM seed_work w JOIN submission_grade g ON g.tenant_id = pg_temp.id('tenant') AND g.submission_id = w.id
    UNION ALL
    SELECT s.tenant_id, pg_temp.id('return:' || w.id), w.id, w.user_id, w.course_id, 'RETURNED', NULL, s.return_note, pg_temp.id('user:' || w.teacher), false, s.returned_at
    FROM seed_work w JOIN submission s ON s.tenant_id = pg_temp.id('tenant') AND s.id = w.id WHERE w.state = 'RETURNED';

-- Somebody has more time; one person takes half as long again in whatever is timed.
INSERT INTO extension (tenant_id, id, lesson_id, course_id, user_id, due_at, extra_attempts, reason, granted_by_id, created_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('extension:' || w.course), w.lesson_id, w.course_id, w.user_id, date_trunc('hour', now()) + interval '3 days', 1, 'Was ill last week',
           pg_temp.id('user:' || w.teacher), now() - interval '2 days'
    FROM seed_work w WHERE w.kind = 'rubric' AND w.place = 6;
INSERT INTO accommodation (tenant_id, user_id, time_factor) SELECT pg_temp.id('tenant'), w.user_id, 1.5 FROM seed_work w WHERE w.kind = 'rubric' AND w.place = 1;

-- What was handed in is completed, where that is enough; else by its grade.
INSERT INTO lesson_progress (tenant_id, enrollment_id, lesson_id, user_id, course_id, opened_at, last_opened_at, completed_at)
    SELECT pg_temp.id('tenant'), w.enrollment_id, w.lesson_id, w.user_id, w.course_id, w.at - interval '2 hours', w.at - interval '2 hours',
           CASE WHEN w.kind <> 'rubric' THEN w.at WHEN w.state = 'GRADED' AND w.place <> 5 THEN w.at + interval '1 day' END
    FROM seed_work w;

-- What it is all worth follows.
UPDATE assignment n SET max_penalty_percent = 30 FROM seed_asked a WHERE n.tenant_id = pg_temp.id('tenant') AND n.lesson_id = a.lesson_id;
