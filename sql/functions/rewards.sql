-- Points, levels, streaks, badges, leaderboards: what is earned, by triggers on what is learned. (What other domains' tables earn stands here as well.)
--
-- The ledger is written by app.earn and app.adjust_points alone; balances follow by trigger. Nothing is earned by what is loaded with the audit log off.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   badge_count  a school would have more badges than 200

-- The rules: what each earns, and whether it does, as the school has decided or as everybody gets it. Reveals nothing that is not the school's.
CREATE OR REPLACE FUNCTION app.points_rules() RETURNS TABLE (key text, points integer, is_active boolean)
    LANGUAGE plpgsql STABLE ROWS 6 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT u.key, coalesce(r.points, u.points), coalesce(r.is_active, true)
        FROM (VALUES ('SIGN_IN', 10, 1), ('LESSON_COMPLETED', 10, 2), ('QUIZ_PASSED', 25, 3), ('ASSIGNMENT_PASSED', 25, 4), ('COURSE_COMPLETED', 100, 5),
                     ('PATH_COMPLETED', 250, 6)) AS u(key, points, place)
        LEFT JOIN points_rule r ON r.tenant_id = app.tenant_id() AND r.key = u.key ORDER BY u.place;
END
$$;

-- The levels: the school's own, or those that everybody has: level n from 50 × n × (n − 1) points on. Reveals nothing that is not the school's.
CREATE OR REPLACE FUNCTION app.levels() RETURNS TABLE (number integer, name text, min_points integer)
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT l.number, l.name, l.min_points FROM level l WHERE l.tenant_id = app.tenant_id() ORDER BY l.number;
    IF NOT FOUND THEN
        RETURN QUERY SELECT n, 'Level ' || n, 50 * n * (n - 1) FROM generate_series(1, 20) AS n;
    END IF;
END
$$;

-- Sets what a rule earns from now on; what is NULL stays as it is. For GAMIFICATION_MANAGE. Reveals nothing.
CREATE OR REPLACE FUNCTION app.set_points_rule(of_key text, worth integer, active boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('GAMIFICATION_MANAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to set';
    END IF;
    PERFORM app.lock_for('rewards', app.tenant_id());
    INSERT INTO points_rule AS r (tenant_id, key, points, is_active)
        SELECT app.tenant_id(), k.key, coalesce(worth, k.points), coalesce(active, k.is_active) FROM app.points_rules() AS k WHERE k.key = of_key
        ON CONFLICT ON CONSTRAINT points_rule_pkey DO UPDATE SET points = excluded.points, is_active = excluded.is_active
        WHERE (r.points, r.is_active) IS DISTINCT FROM (excluded.points, excluded.is_active);
END
$$;

-- Sets all levels. For GAMIFICATION_MANAGE. Reveals nothing.
CREATE OR REPLACE FUNCTION app.set_levels(names text[], points integer[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('GAMIFICATION_MANAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to set';
    END IF;
    PERFORM app.lock_for('rewards', app.tenant_id());
    DELETE FROM level l WHERE l.tenant_id = app.tenant_id();
    INSERT INTO level (tenant_id, number, name, min_points)
        SELECT app.tenant_id(), w.place::integer, w.name, w.min_points FROM unnest(names, points) WITH ORDINALITY AS w(name, min_points, place);
END
$$;

-- Whether people of this school earn anything now. For the functions below.
CREATE OR REPLACE FUNCTION app.rewards_run() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN current_setting('app.audit', true) IS DISTINCT FROM 'off'
       AND coalesce((SELECT s.gamification FROM tenant_settings s WHERE s.tenant_id = app.tenant_id()), true);
END
$$;

-- Awards the badges of a rule that somebody has reached so much of, or whose course or path it is; each once, and none that was taken away from them.
-- For the functions below.
CREATE OR REPLACE FUNCTION app.award_badges(person uuid, by_rule text, reached bigint, course uuid DEFAULT NULL, path uuid DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.rewards_run() THEN
        RETURN;
    END IF;
    INSERT INTO badge_award (tenant_id, badge_id, user_id)
        SELECT b.tenant_id, b.id, person FROM badge b
        WHERE b.tenant_id = app.tenant_id() AND b.rule = by_rule AND (b.threshold IS NULL OR b.threshold <= reached)
          AND (by_rule <> 'COURSE_COMPLETED' OR b.course_id = course) AND (by_rule <> 'PATH_COMPLETED' OR b.path_id = path)
          AND NOT EXISTS (SELECT FROM badge_award a WHERE a.tenant_id = b.tenant_id AND a.badge_id = b.id AND a.user_id = person)
        ORDER BY b.id ON CONFLICT ON CONSTRAINT badge_award_pkey DO NOTHING;
END
$$;

-- Somebody has earned the points of a rule, by what is said; once. For the triggers below.
CREATE OR REPLACE FUNCTION app.earn(person uuid, by_rule text, by_source text, in_course uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    worth integer;
BEGIN
    IF NOT app.rewards_run() THEN
        RETURN;
    END IF;
    SELECT r.points INTO worth FROM app.points_rules() AS r WHERE r.key = by_rule AND r.is_active;
    IF worth > 0 THEN
        INSERT INTO points_entry (tenant_id, id, user_id, rule, points, source, course_id)
            VALUES (app.tenant_id(), app.uuid_v7(), person, by_rule, worth, by_source, in_course)
            ON CONFLICT ON CONSTRAINT points_entry_once_key DO NOTHING;
    END IF;
END
$$;

-- Balances are the sums of the ledger; who has reached as many points as a badge asks for has it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.add_points() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    balance bigint;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    INSERT INTO reward_standing AS s (tenant_id, user_id, points) VALUES (NEW.tenant_id, NEW.user_id, NEW.points)
        ON CONFLICT ON CONSTRAINT reward_standing_pkey DO UPDATE SET points = s.points + excluded.points RETURNING s.points INTO balance;
    IF NEW.course_id IS NOT NULL THEN
        INSERT INTO course_points AS p (tenant_id, course_id, user_id, points) VALUES (NEW.tenant_id, NEW.course_id, NEW.user_id, NEW.points)
            ON CONFLICT ON CONSTRAINT course_points_pkey DO UPDATE SET points = p.points + excluded.points;
    END IF;
    IF NEW.points > 0 THEN
        PERFORM app.award_badges(NEW.user_id, 'POINTS', balance);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER points_entry_add AFTER INSERT ON points_entry FOR EACH ROW EXECUTE FUNCTION app.add_points();

-- Gives or takes points by hand. For GAMIFICATION_MANAGE. Reveals: the new entry's id; nothing where there is no such person.
CREATE OR REPLACE FUNCTION app.adjust_points(person uuid, by integer, why text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    entry CONSTANT uuid := app.uuid_v7();
BEGIN
    IF NOT app.can('GAMIFICATION_MANAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to give';
    END IF;
    PERFORM FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.deleted_at IS NULL FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO points_entry (tenant_id, id, user_id, rule, points, source, reason) VALUES (app.tenant_id(), entry, person, 'MANUAL', by, entry::text, why);
    RETURN entry;
END
$$;

-- Somebody has learned something today, by the school's clock: a day more of their streak, or the first of another. For the triggers below.
CREATE OR REPLACE FUNCTION app.note_activity(person uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    today CONSTANT date := (now() AT TIME ZONE (SELECT t.time_zone FROM tenant t WHERE t.tenant_id = app.tenant_id()))::date;
    days  integer;
BEGIN
    IF current_setting('app.audit', true) = 'off'
       OR EXISTS (SELECT FROM reward_standing s WHERE s.tenant_id = app.tenant_id() AND s.user_id = person AND s.active_on >= today) THEN
        RETURN;
    END IF;
    INSERT INTO reward_standing AS s (tenant_id, user_id, streak, longest_streak, active_on) VALUES (app.tenant_id(), person, 1, 1, today)
        ON CONFLICT ON CONSTRAINT reward_standing_pkey DO UPDATE
            SET streak = CASE WHEN s.active_on = today - 1 THEN s.streak + 1 ELSE 1 END,
                longest_streak = greatest(s.longest_streak, CASE WHEN s.active_on = today - 1 THEN s.streak + 1 ELSE 1 END), active_on = today
            WHERE s.active_on IS NULL OR s.active_on < today
        RETURNING s.longest_streak INTO days;
    IF days IS NOT NULL THEN
        PERFORM app.award_badges(person, 'STREAK_DAYS', days);
    END IF;
END
$$;

-- A sign-in earns points, once a day of the school, for whoever may learn; nothing while the subscription does not run. Reveals nothing.
CREATE OR REPLACE FUNCTION app.earn_by_sign_in() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    today text;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    SELECT (now() AT TIME ZONE t.time_zone)::date::text INTO today FROM tenant t WHERE t.tenant_id = NEW.tenant_id;
    IF app.is_subscribed() AND NOT EXISTS (SELECT FROM points_entry e WHERE e.tenant_id = NEW.tenant_id AND e.user_id = NEW.user_id AND e.rule = 'SIGN_IN' AND e.source = today)
       AND app.holds(NEW.user_id, 'ENROLLMENT_SELF') THEN
        PERFORM app.earn(NEW.user_id, 'SIGN_IN', today, NULL);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER session_earn AFTER INSERT ON session FOR EACH ROW EXECUTE FUNCTION app.earn_by_sign_in();

-- So does a lesson that is completed; opening it is a day of learning, as completing it is. Reveals nothing.
CREATE OR REPLACE FUNCTION app.earn_by_lesson() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id), app.note_activity(NEW.user_id);
    IF NEW.completed_at IS NOT NULL THEN
        PERFORM app.earn(NEW.user_id, 'LESSON_COMPLETED', NEW.lesson_id::text, NEW.course_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER lesson_progress_earn_new AFTER INSERT ON lesson_progress FOR EACH ROW EXECUTE FUNCTION app.earn_by_lesson();
CREATE OR REPLACE TRIGGER lesson_progress_earn AFTER UPDATE ON lesson_progress FOR EACH ROW
    WHEN (NEW.last_opened_at IS DISTINCT FROM OLD.last_opened_at OR (NEW.completed_at IS NOT NULL AND OLD.completed_at IS NULL)) EXECUTE FUNCTION app.earn_by_lesson();

-- So does a course that is completed, with its badges. Its person is told of it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.earn_by_course() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id), app.earn(NEW.user_id, 'COURSE_COMPLETED', NEW.course_id::text, NEW.course_id);
    PERFORM app.award_badges(NEW.user_id, 'COURSE_COMPLETED', 1, NEW.course_id);
    PERFORM app.award_badges(NEW.user_id, 'COURSES_COMPLETED', (
        SELECT count(*) FROM enrollment e WHERE e.tenant_id = NEW.tenant_id AND e.user_id = NEW.user_id AND e.first_completed_at IS NOT NULL));
    IF app.notifies('notify.course_completed') THEN
        PERFORM app.emit('notify.course_completed', app.type_id('enrollment', NEW.id), NULL, jsonb_build_object('person', NEW.user_id, 'course', NEW.course_id));
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER enrollment_earn AFTER UPDATE ON enrollment FOR EACH ROW
    WHEN (NEW.status = 'COMPLETED' AND OLD.status <> 'COMPLETED') EXECUTE FUNCTION app.earn_by_course();

-- So does a graded quiz that is passed, by an attempt or by a regrade of it; beginning an attempt and submitting it are days of learning. Reveals nothing.
CREATE OR REPLACE FUNCTION app.earn_by_attempt() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    lesson uuid;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF TG_OP = 'INSERT' OR (OLD.status = 'IN_PROGRESS' AND NEW.status = 'SUBMITTED' AND NOT NEW.is_auto_submitted) THEN
        PERFORM app.note_activity(NEW.user_id);
    END IF;
    IF NEW.status = 'SUBMITTED' THEN
        SELECT q.lesson_id INTO lesson FROM quiz q WHERE q.tenant_id = NEW.tenant_id AND q.id = NEW.quiz_id AND q.mode = 'GRADED';
        IF FOUND AND NEW.is_passed IS NOT FALSE THEN
            PERFORM app.earn(NEW.user_id, 'QUIZ_PASSED', lesson::text, NEW.course_id);
        END IF;
        IF lesson IS NOT NULL AND NEW.percent = 100 THEN
            PERFORM app.award_badges(NEW.user_id, 'PERFECT_QUIZ', 1);
        END IF;
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER quiz_attempt_earn_new AFTER INSERT ON quiz_attempt FOR EACH ROW EXECUTE FUNCTION app.earn_by_attempt();
CREATE OR REPLACE TRIGGER quiz_attempt_earn AFTER UPDATE ON quiz_attempt FOR EACH ROW
    WHEN (NEW.status = 'SUBMITTED' AND (OLD.status <> 'SUBMITTED' OR (OLD.is_passed IS FALSE AND NEW.is_passed IS NOT FALSE)
                                        OR (NEW.percent = 100 AND OLD.percent IS DISTINCT FROM 100))) EXECUTE FUNCTION app.earn_by_attempt();

-- Handing something in is a day of learning. Reveals nothing.
CREATE OR REPLACE FUNCTION app.note_submission() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id), app.note_activity(NEW.user_id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER submission_note AFTER INSERT ON submission FOR EACH ROW EXECUTE FUNCTION app.note_submission();

-- An assignment is passed by a released grade that reaches its pass mark, or by any where it has none. What stands there is rounded: of one that is rounded
-- up to the mark its work is asked. Reveals nothing.
CREATE OR REPLACE FUNCTION app.earn_by_grade() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    mark double precision;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    SELECT a.pass_mark INTO mark FROM assignment a WHERE a.tenant_id = NEW.tenant_id AND a.lesson_id = NEW.lesson_id;
    IF FOUND AND NEW.percent >= coalesce(mark, 0) AND (mark IS NULL OR NEW.percent > mark + 0.005 OR EXISTS (
        SELECT FROM app.graded_submissions(NEW.tenant_id, NEW.lesson_id, ARRAY[NEW.user_id]) AS w WHERE w.is_released AND w.percent >= mark::numeric)) THEN
        PERFORM app.earn(NEW.user_id, 'ASSIGNMENT_PASSED', NEW.lesson_id::text, NEW.course_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER lesson_grade_earn_new AFTER INSERT ON lesson_grade FOR EACH ROW EXECUTE FUNCTION app.earn_by_grade();
CREATE OR REPLACE TRIGGER lesson_grade_earn AFTER UPDATE ON lesson_grade FOR EACH ROW WHEN (NEW.percent > OLD.percent) EXECUTE FUNCTION app.earn_by_grade();

-- So does a learning path that is completed, with its badges. Reveals nothing.
CREATE OR REPLACE FUNCTION app.earn_by_path() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id), app.earn(NEW.user_id, 'PATH_COMPLETED', NEW.path_id::text, NULL);
    PERFORM app.award_badges(NEW.user_id, 'PATH_COMPLETED', 1, path => NEW.path_id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER path_enrollment_earn AFTER UPDATE ON path_enrollment FOR EACH ROW
    WHEN (NEW.status = 'COMPLETED' AND OLD.status <> 'COMPLETED') EXECUTE FUNCTION app.earn_by_path();

-- So many at most of those who have earned a badge and do not have it. For the function below.
CREATE OR REPLACE FUNCTION app.earned_badges(at_most integer) RETURNS TABLE (badge_id uuid, user_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT b.id, w.user_id FROM badge b CROSS JOIN LATERAL (
            SELECT s.user_id FROM reward_standing s WHERE b.rule = 'POINTS' AND s.tenant_id = b.tenant_id AND s.points >= b.threshold
            UNION ALL
            SELECT s.user_id FROM reward_standing s WHERE b.rule = 'STREAK_DAYS' AND s.tenant_id = b.tenant_id AND s.longest_streak >= b.threshold
            UNION ALL
            SELECT e.user_id FROM enrollment e WHERE b.rule = 'COURSES_COMPLETED' AND e.tenant_id = b.tenant_id AND e.first_completed_at IS NOT NULL
                GROUP BY e.user_id HAVING count(*) >= b.threshold
            UNION ALL
            SELECT e.user_id FROM enrollment e WHERE b.rule = 'COURSE_COMPLETED' AND e.tenant_id = b.tenant_id AND e.course_id = b.course_id AND e.first_completed_at IS NOT NULL
            UNION ALL
            SELECT p.user_id FROM path_enrollment p WHERE b.rule = 'PATH_COMPLETED' AND p.tenant_id = b.tenant_id AND p.path_id = b.path_id AND p.status = 'COMPLETED'
            UNION ALL
            SELECT DISTINCT t.user_id FROM quiz_attempt t JOIN quiz q ON q.tenant_id = t.tenant_id AND q.id = t.quiz_id AND q.mode = 'GRADED'
                WHERE b.rule = 'PERFECT_QUIZ' AND t.tenant_id = b.tenant_id AND t.percent = 100 AND t.status = 'SUBMITTED'
        ) AS w
        JOIN app_user u ON u.tenant_id = b.tenant_id AND u.id = w.user_id AND u.deleted_at IS NULL
        WHERE b.tenant_id = app.tenant_id()
          AND NOT EXISTS (SELECT FROM badge_award a WHERE a.tenant_id = b.tenant_id AND a.badge_id = b.id AND a.user_id = w.user_id)
        ORDER BY b.id, w.user_id LIMIT at_most;
END
$$;

-- Awards badges to some of those who have earned them before there were any. Reveals: how many, where more may be left.
CREATE OR REPLACE FUNCTION app.award_late_badges(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    awarded integer := 0;
BEGIN
    IF app.rewards_run() THEN
        INSERT INTO badge_award (tenant_id, badge_id, user_id) SELECT app.tenant_id(), w.badge_id, w.user_id FROM app.earned_badges(at_most) AS w
            ON CONFLICT ON CONSTRAINT badge_award_pkey DO NOTHING;
        GET DIAGNOSTICS awarded = ROW_COUNT;
    END IF;
    RETURN awarded;
END
$$;

-- A badge that is new reaches those who have earned it by a job. Reveals nothing.
CREATE OR REPLACE FUNCTION app.await_badge() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id), app.lock_for('rewards', NEW.tenant_id);
    IF (SELECT count(*) FROM badge b WHERE b.tenant_id = NEW.tenant_id) > 200 THEN
        PERFORM app.refuse('badge_count', '{"limit": 200}');
    END IF;
    IF NEW.rule <> 'MANUAL' THEN
        PERFORM app.enqueue('badge.award', NEW.id::text, subject => app.type_id('badge', NEW.id));
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER badge_await AFTER INSERT ON badge FOR EACH ROW EXECUTE FUNCTION app.await_badge();

-- Gives somebody a badge by hand; again changes nothing. For GAMIFICATION_MANAGE. Reveals: whether there are such a badge and such a person.
CREATE OR REPLACE FUNCTION app.award_badge(wanted uuid, person uuid, why text) RETURNS TABLE (has_badge boolean, has_person boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('GAMIFICATION_MANAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to give';
    END IF;
    SELECT EXISTS (SELECT FROM badge b WHERE b.tenant_id = app.tenant_id() AND b.id = wanted),
           EXISTS (SELECT FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.deleted_at IS NULL) INTO has_badge, has_person;
    IF has_badge AND has_person THEN
        INSERT INTO badge_award AS a (tenant_id, badge_id, user_id, reason) VALUES (app.tenant_id(), wanted, person, why)
            ON CONFLICT ON CONSTRAINT badge_award_pkey DO UPDATE SET awarded_at = now(), reason = excluded.reason, revoked_at = NULL, revoke_reason = NULL
            WHERE a.revoked_at IS NOT NULL;
    END IF;
    RETURN NEXT;
END
$$;

-- Takes a badge away from somebody. For GAMIFICATION_MANAGE. Reveals: whether they had it.
CREATE OR REPLACE FUNCTION app.revoke_badge(wanted uuid, person uuid, why text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('GAMIFICATION_MANAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to take';
    END IF;
    UPDATE badge_award a SET revoked_at = now(), revoke_reason = why
        WHERE a.tenant_id = app.tenant_id() AND a.badge_id = wanted AND a.user_id = person AND a.revoked_at IS NULL;
    RETURN FOUND;
END
$$;

-- Tells people of badges that they have from now on: one event for each badge, however many have it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_badges() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    won record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        FOR won IN SELECT n.tenant_id, n.badge_id, array_agg(n.user_id ORDER BY n.user_id) AS people FROM new_rows n WHERE n.revoked_at IS NULL GROUP BY 1, 2 ORDER BY 2 LOOP
            PERFORM app.tell_of_badge(won.tenant_id, won.badge_id, won.people);
        END LOOP;
    ELSE
        FOR won IN SELECT n.tenant_id, n.badge_id, array_agg(n.user_id ORDER BY n.user_id) AS people FROM new_rows n
            JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.badge_id = n.badge_id AND o.user_id = n.user_id
            WHERE n.revoked_at IS NULL AND o.revoked_at IS NOT NULL GROUP BY 1, 2 ORDER BY 2 LOOP
            PERFORM app.tell_of_badge(won.tenant_id, won.badge_id, won.people);
        END LOOP;
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER badge_award_tell_new AFTER INSERT ON badge_award REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.tell_of_badges();
CREATE OR REPLACE TRIGGER badge_award_tell AFTER UPDATE ON badge_award REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.tell_of_badges();

-- The same of one badge. For the function above.
CREATE OR REPLACE FUNCTION app.tell_of_badge(school uuid, won uuid, people uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(school);
    IF app.notifies('notify.badge_awarded') THEN
        PERFORM app.emit('notify.badge_awarded', app.type_id('badge', won), NULL,
            jsonb_build_object('people', people, 'facts', jsonb_build_object('badge', (SELECT b.name FROM badge b WHERE b.tenant_id = school AND b.id = won))));
    END IF;
END
$$;

-- How many people have each badge. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.award_counts(badges uuid[]) RETURNS TABLE (badge_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT a.badge_id, count(*) FROM badge_award a
        WHERE a.tenant_id = app.tenant_id() AND a.badge_id = ANY (badges) AND a.revoked_at IS NULL GROUP BY a.badge_id;
END
$$;

-- What the actor has earned. Reveals: to the actor, that.
CREATE OR REPLACE FUNCTION app.own_standing() RETURNS TABLE (points bigint, streak integer, longest_streak integer, active_on date, is_shown boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    today CONSTANT date := (now() AT TIME ZONE (SELECT t.time_zone FROM tenant t WHERE t.tenant_id = app.tenant_id()))::date;
BEGIN
    RETURN QUERY SELECT coalesce(s.points, 0), CASE WHEN s.active_on >= today - 1 THEN s.streak ELSE 0 END, coalesce(s.longest_streak, 0), s.active_on,
            NOT EXISTS (SELECT FROM leaderboard_absence a WHERE a.tenant_id = app.tenant_id() AND a.user_id = app.user_id())
        FROM (SELECT 1) AS one LEFT JOIN reward_standing s ON s.tenant_id = app.tenant_id() AND s.user_id = app.user_id();
END
$$;

-- Whether the actor sees the leaderboard of a course or a group: its learners and staff, its members and GROUP_READ; nobody while the school shows none.
-- Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.sees_leaderboard(of_course uuid, of_group uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT s.leaderboards FROM tenant_settings s WHERE s.tenant_id = app.tenant_id()), true) AND CASE
        WHEN of_course IS NOT NULL THEN app.talks_in(of_course)
        ELSE EXISTS (SELECT FROM user_group g WHERE g.tenant_id = app.tenant_id() AND g.id = of_group AND g.deleted_at IS NULL
                     AND (app.can('GROUP_READ') OR EXISTS (SELECT FROM group_member m WHERE m.tenant_id = g.tenant_id AND m.group_id = g.id AND m.user_id = app.user_id()))) END;
END
$$;

-- When a period of a leaderboard began, by the school's clock; weeks begin on Monday.
CREATE OR REPLACE FUNCTION app.period_start(period text) RETURNS timestamptz
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    zone CONSTANT text := (SELECT t.time_zone FROM tenant t WHERE t.tenant_id = app.tenant_id());
BEGIN
    RETURN CASE period WHEN 'THIS_MONTH' THEN date_trunc('month', now() AT TIME ZONE zone) AT TIME ZONE zone
                       WHEN 'THIS_WEEK' THEN date_trunc('week', now() AT TIME ZONE zone) AT TIME ZONE zone END;
END
$$;

-- A leaderboard: so many of its learners at most, those with most points first, and the actor among them wherever they stand; equal points, equal rank.
-- Nobody who is deleted, none of the staff, and nobody who does not want to be shown, but for the actor. A course counts the points earned in it, a
-- group all. Reveals: to whom app.sees_leaderboard lets, names and points, whether or not they see the people; and how many take part.
CREATE OR REPLACE FUNCTION app.leaderboard(of_course uuid, of_group uuid, period text, most integer)
    RETURNS TABLE (rank bigint, user_id uuid, name text, points bigint, is_viewer boolean, participants bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    me     CONSTANT uuid := app.user_id();
    since  CONSTANT timestamptz := app.period_start(period);
    people uuid[];
BEGIN
    IF NOT app.sees_leaderboard(of_course, of_group) THEN
        RETURN;
    END IF;
    IF of_course IS NOT NULL THEN
        people := ARRAY(
            SELECT e.user_id FROM enrollment e JOIN course c ON c.tenant_id = school AND c.id = e.course_id
            WHERE e.tenant_id = school AND e.course_id = of_course AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED') AND app.is_live(e.status, e.expires_at)
              AND e.user_id IS DISTINCT FROM c.instructor_id
              AND NOT EXISTS (SELECT FROM course_instructor i WHERE i.tenant_id = school AND i.course_id = of_course AND i.user_id = e.user_id)
            EXCEPT SELECT app.holders_of('COURSE_UPDATE_ALL'));
    ELSE
        people := ARRAY(
            SELECT m.user_id FROM group_member m JOIN app_user u ON u.tenant_id = school AND u.id = m.user_id AND NOT u.is_instructor
            WHERE m.tenant_id = school AND m.group_id = of_group);
    END IF;
    RETURN QUERY
        WITH earned AS MATERIALIZED (
            SELECT s.user_id, s.points FROM reward_standing s WHERE since IS NULL AND of_group IS NOT NULL AND s.tenant_id = school AND s.user_id = ANY (people)
            UNION ALL
            SELECT p.user_id, p.points FROM course_points p WHERE since IS NULL AND p.tenant_id = school AND p.course_id = of_course
            UNION ALL
            SELECT e.user_id, sum(e.points) FROM points_entry e WHERE e.tenant_id = school AND e.course_id = of_course AND e.at >= since GROUP BY e.user_id
            UNION ALL
            SELECT e.user_id, sum(e.points) FROM points_entry e WHERE of_group IS NOT NULL AND e.tenant_id = school AND e.user_id = ANY (people) AND e.at >= since
                GROUP BY e.user_id
        ), ranked AS (
            SELECT rank() OVER (ORDER BY coalesce(e.points, 0) DESC) AS place, u.id, u.name AS called, coalesce(e.points, 0) AS worth, count(*) OVER () AS others,
                   row_number() OVER (ORDER BY coalesce(e.points, 0) DESC, u.name COLLATE "und-x-icu", u.id) AS line
            FROM unnest(people) AS w(id)
            JOIN app_user u ON u.tenant_id = school AND u.id = w.id AND u.deleted_at IS NULL
            LEFT JOIN earned e ON e.user_id = u.id
            WHERE u.id = me OR NOT EXISTS (SELECT FROM leaderboard_absence a WHERE a.tenant_id = school AND a.user_id = u.id)
        )
        SELECT r.place, r.id, r.called, r.worth::bigint, r.id = me, r.others FROM ranked r WHERE r.line <= most OR r.id = me ORDER BY r.line;
END
$$;

-- The audit log shows rules and levels with the settings of the school, an absence and an award with their person and their badge.
CREATE OR REPLACE TRIGGER points_rule_audit AFTER INSERT OR UPDATE OR DELETE ON points_rule FOR EACH ROW EXECUTE FUNCTION app.audit('TenantSettings', 'tenant_id');
CREATE OR REPLACE TRIGGER level_audit AFTER INSERT OR UPDATE OR DELETE ON level FOR EACH ROW EXECUTE FUNCTION app.audit('TenantSettings', 'tenant_id');
CREATE OR REPLACE TRIGGER leaderboard_absence_audit AFTER INSERT OR UPDATE OR DELETE ON leaderboard_absence FOR EACH ROW EXECUTE FUNCTION app.audit('User', 'user_id');
CREATE OR REPLACE TRIGGER badge_touch BEFORE UPDATE ON badge FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER badge_audit AFTER INSERT OR UPDATE OR DELETE ON badge FOR EACH ROW EXECUTE FUNCTION app.audit('Badge', 'id');
CREATE OR REPLACE TRIGGER badge_award_audit AFTER INSERT OR UPDATE OR DELETE ON badge_award FOR EACH ROW EXECUTE FUNCTION app.audit('Badge', 'badge_id');

GRANT EXECUTE ON FUNCTION app.points_rules(), app.levels(), app.set_points_rule(text, integer, boolean), app.set_levels(text[], integer[]), app.adjust_points(uuid, integer, text),
    app.award_late_badges(integer), app.award_badge(uuid, uuid, text), app.revoke_badge(uuid, uuid, text), app.award_counts(uuid[]), app.own_standing(),
    app.sees_leaderboard(uuid, uuid), app.leaderboard(uuid, uuid, text, integer)
    TO lectern_app;
