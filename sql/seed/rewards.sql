-- What people of a demo school have earned: by lessons, work and courses, by signing in, by hand. Runs after paths.sql and discussions.sql; balances follow by trigger.
INSERT INTO level (tenant_id, number, name, min_points)
    SELECT pg_temp.id('tenant'), n, (ARRAY['Curious', 'Newcomer', 'Beginner', 'Listener', 'Reader', 'Student', 'Apprentice', 'Companion', 'Practitioner', 'Adept',
           'Experienced', 'Skilled', 'Expert', 'Mentor', 'Veteran', 'Master', 'Grand master', 'Scholar', 'Sage', 'Legend'])[n], 50 * n * (n - 1)
    FROM generate_series(1, 20) AS n;

INSERT INTO points_entry (tenant_id, id, user_id, rule, points, source, course_id, at)
    SELECT p.tenant_id, pg_temp.id('points:lesson:' || p.enrollment_id || ':' || p.lesson_id), p.user_id, 'LESSON_COMPLETED', 10, p.lesson_id::text, p.course_id, p.completed_at
    FROM lesson_progress p WHERE p.tenant_id = pg_temp.id('tenant') AND p.completed_at IS NOT NULL
    UNION ALL
    SELECT e.tenant_id, pg_temp.id('points:course:' || e.id), e.user_id, 'COURSE_COMPLETED', 100, e.course_id::text, e.course_id, e.completed_at
    FROM enrollment e WHERE e.tenant_id = pg_temp.id('tenant') AND e.status = 'COMPLETED'
    UNION ALL
    SELECT t.tenant_id, pg_temp.id('points:quiz:' || q.lesson_id || ':' || t.user_id), t.user_id, 'QUIZ_PASSED', 25, q.lesson_id::text, t.course_id, min(t.submitted_at)
    FROM quiz_attempt t JOIN quiz q ON q.tenant_id = t.tenant_id AND q.id = t.quiz_id AND q.mode = 'GRADED'
    WHERE t.tenant_id = pg_temp.id('tenant') AND t.status = 'SUBMITTED' AND t.is_passed GROUP BY t.tenant_id, q.lesson_id, t.user_id, t.course_id
    UNION ALL
    SELECT g.tenant_id, pg_temp.id('points:assignment:' || g.enrollment_id || ':' || g.lesson_id), g.user_id, 'ASSIGNMENT_PASSED', 25, g.lesson_id::text, g.course_id, g.graded_at
    FROM lesson_grade g JOIN assignment a ON a.tenant_id = g.tenant_id AND a.lesson_id = g.lesson_id AND g.percent >= coalesce(a.pass_mark, 0)
    WHERE g.tenant_id = pg_temp.id('tenant')
    UNION ALL
    SELECT p.tenant_id, pg_temp.id('points:path:' || p.id), p.user_id, 'PATH_COMPLETED', 250, p.path_id::text, NULL, p.completed_at
    FROM path_enrollment p WHERE p.tenant_id = pg_temp.id('tenant') AND p.status = 'COMPLETED'
    UNION ALL
    SELECT pg_temp.id('tenant'), pg_temp.id('points:day:' || s.key || ':' || d), pg_temp.id('user:' || s.key), 'SIGN_IN', 10, (now()::date - d)::text, NULL,
           date_trunc('day', now()) - make_interval(days => d) + interval '9 hours'
    FROM seed_person s CROSS JOIN generate_series(1, 9) AS d WHERE s.role = 'LEARNER' AND s.joined_days_ago > d AND (s.key = 'learner' OR pg_temp.chance('in:' || s.key || d) < 40);

INSERT INTO points_entry (tenant_id, id, user_id, rule, points, source, reason, at)
    SELECT pg_temp.id('tenant'), i.id, pg_temp.id('user:learner'), 'MANUAL', 50, i.id::text, 'For helping on the open day', now() - interval '8 days'
    FROM (SELECT pg_temp.id('points:hand') AS id) AS i;

-- Some have learned for days; the learner who signs in since Monday, so to speak.
UPDATE reward_standing s SET streak = d.days, longest_streak = d.days + pg_temp.chance('longest:' || s.user_id) / 15, active_on = now()::date - 1
    FROM (SELECT o.user_id, CASE WHEN o.user_id = pg_temp.id('user:learner') THEN 5 ELSE 1 + pg_temp.chance('streak:' || o.user_id) / 12 END AS days
          FROM reward_standing o WHERE o.tenant_id = pg_temp.id('tenant')) AS d
    WHERE s.tenant_id = pg_temp.id('tenant') AND s.user_id = d.user_id
      AND (s.user_id = pg_temp.id('user:learner') OR pg_temp.chance('learns:' || s.user_id) < 50);

INSERT INTO badge (tenant_id, id, name, description, rule, threshold, created_at, updated_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('badge:' || b.key), b.name, b.description, b.rule, b.threshold, now() - interval '60 days', now() - interval '60 days'
    FROM (VALUES ('hundred', 'The first hundred', 'A hundred points.', 'POINTS', 100), ('week', 'A week of learning', 'Seven days in a row.', 'STREAK_DAYS', 7),
                 ('finisher', 'Finisher', 'A course, to the end.', 'COURSES_COMPLETED', 1), ('helper', 'Helping hand', 'Given to those who help others.', 'MANUAL', NULL))
         AS b(key, name, description, rule, threshold);
INSERT INTO badge_award (tenant_id, badge_id, user_id, awarded_at, reason)
    SELECT s.tenant_id, pg_temp.id('badge:hundred'), s.user_id, now() - interval '6 days', NULL FROM reward_standing s WHERE s.tenant_id = pg_temp.id('tenant') AND s.points >= 100
    UNION ALL
    SELECT s.tenant_id, pg_temp.id('badge:week'), s.user_id, now() - interval '2 days', NULL FROM reward_standing s WHERE s.tenant_id = pg_temp.id('tenant') AND s.longest_streak >= 7
    UNION ALL
    SELECT e.tenant_id, pg_temp.id('badge:finisher'), e.user_id, min(e.first_completed_at), NULL FROM enrollment e
    WHERE e.tenant_id = pg_temp.id('tenant') AND e.first_completed_at IS NOT NULL GROUP BY e.tenant_id, e.user_id
    UNION ALL
    SELECT pg_temp.id('tenant'), pg_temp.id('badge:helper'), pg_temp.id('user:learner'), now() - interval '8 days', 'For helping on the open day';

-- One of them does not want to be shown.
INSERT INTO leaderboard_absence (tenant_id, user_id, hidden_at)
    SELECT pg_temp.id('tenant'), pg_temp.id('user:' || min(w.person)), now() - interval '3 days' FROM seed_way w WHERE w.person <> 'learner';

-- At risk: somebody who has done nothing for a month, and somebody whose time runs out.
UPDATE enrollment e SET last_active_at = now() - interval '30 days' FROM (
    SELECT DISTINCT ON (w.course) w.course, w.person FROM seed_way w JOIN enrollment o ON o.tenant_id = pg_temp.id('tenant') AND o.id = pg_temp.id('enrollment:' || w.course || ':' || w.person)
    WHERE o.status = 'IN_PROGRESS' AND w.person <> 'learner' ORDER BY w.course, w.person DESC) AS q
    WHERE e.tenant_id = pg_temp.id('tenant') AND e.id = pg_temp.id('enrollment:' || q.course || ':' || q.person);
UPDATE enrollment e SET expires_at = date_trunc('hour', now()) + interval '5 days', is_expiry_fixed = true, expiry_reason = 'The season ends' FROM (
    SELECT DISTINCT ON (w.course) w.course, w.person FROM seed_way w JOIN enrollment o ON o.tenant_id = pg_temp.id('tenant') AND o.id = pg_temp.id('enrollment:' || w.course || ':' || w.person)
    WHERE o.status IN ('NOT_STARTED', 'IN_PROGRESS') AND o.progress < 50 AND w.person <> 'learner' ORDER BY w.course, w.person) AS q
    WHERE e.tenant_id = pg_temp.id('tenant') AND e.id = pg_temp.id('enrollment:' || q.course || ':' || q.person);

-- It all happened before anybody listened.
DELETE FROM job j WHERE j.tenant_id = pg_temp.id('tenant') AND j.kind IN ('event.fan_out', 'badge.award');
