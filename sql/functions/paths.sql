-- Paths: what is asked of whoever enrolls by themselves, which courses of a path are open to whom, and what follows from what they complete.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   course_prerequisite_cycle  courses would ask for each other in a circle
--   path_cycle                 courses of a path would wait for each other in a circle
--   path_published             the path takes nobody in
--   path_enrolled              the person is in the path already
--   path_transition            what is completed is not left
--   learning_path_in_use       people are in the path

-- Of some courses, for each that it asks for whether a person has it: completed, or with the grade that is wanted. What was deleted is asked for no more.
-- For the functions below.
CREATE OR REPLACE FUNCTION app.prerequisites_of(person uuid, courses uuid[]) RETURNS TABLE (course_id uuid, requires_id uuid, is_met boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT q.course_id, q.requires_id, coalesce(CASE WHEN q.min_grade IS NULL THEN e.status = 'COMPLETED' ELSE g.final_grade >= q.min_grade END, false)
        FROM course_prerequisite q
        JOIN course r ON r.tenant_id = q.tenant_id AND r.id = q.requires_id AND r.deleted_at IS NULL
        LEFT JOIN enrollment e ON e.tenant_id = q.tenant_id AND e.user_id = person AND e.course_id = q.requires_id
        LEFT JOIN enrollment_grade g ON g.tenant_id = e.tenant_id AND g.enrollment_id = e.id
        WHERE q.tenant_id = app.tenant_id() AND q.course_id = ANY (courses);
END
$$;

-- Of some courses, what they ask for, and whether the actor has it. Reveals: to the actor, that.
CREATE OR REPLACE FUNCTION app.own_prerequisites(courses uuid[]) RETURNS TABLE (course_id uuid, requires_id uuid, is_met boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT p.course_id, p.requires_id, p.is_met FROM app.prerequisites_of(app.user_id(), courses) AS p;
END
$$;

-- Of some paths, which of their courses are open to a person: once open always open; what waits for a deleted course waits for nothing. For the
-- functions below.
CREATE OR REPLACE FUNCTION app.path_locks_of(person uuid, paths uuid[]) RETURNS TABLE (path_id uuid, course_id uuid, is_locked boolean, obstacle text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT pc.path_id, pc.course_id,
               NOT (pc.unlock = 'NONE' OR s.course_id IS NOT NULL OR a.deleted_at IS NOT NULL
                    OR coalesce(CASE pc.unlock WHEN 'AFTER_COURSE' THEN e.status = 'COMPLETED' ELSE g.final_grade >= pc.min_score END, false)),
               s.obstacle
        FROM path_course pc
        LEFT JOIN course a ON a.tenant_id = pc.tenant_id AND a.id = pc.after_course_id
        LEFT JOIN enrollment e ON e.tenant_id = pc.tenant_id AND e.user_id = person AND e.course_id = pc.after_course_id
        LEFT JOIN enrollment_grade g ON g.tenant_id = e.tenant_id AND g.enrollment_id = e.id
        LEFT JOIN path_enrollment pe ON pe.tenant_id = pc.tenant_id AND pe.user_id = person AND pe.path_id = pc.path_id AND pe.status <> 'DROPPED'
        LEFT JOIN path_step s ON s.tenant_id = pe.tenant_id AND s.path_enrollment_id = pe.id AND s.course_id = pc.course_id
        WHERE pc.tenant_id = app.tenant_id() AND pc.path_id = ANY (paths);
END
$$;

-- The same for the actor. Reveals: to the actor, that.
CREATE OR REPLACE FUNCTION app.path_locks(paths uuid[]) RETURNS TABLE (path_id uuid, course_id uuid, is_locked boolean, obstacle text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT l.path_id, l.course_id, l.is_locked, l.obstacle FROM app.path_locks_of(app.user_id(), paths) AS l;
END
$$;

-- Why the actor, who enrolls by themselves, is not taken into some courses yet: PREREQUISITES_MISSING, PATH_LOCKED (a path of theirs keeps the course
-- locked, and none has it open), or both. Reveals: to the actor, that.
CREATE OR REPLACE FUNCTION app.own_obstacles(courses uuid[]) RETURNS TABLE (course_id uuid, reason text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT DISTINCT p.course_id, 'PREREQUISITES_MISSING' FROM app.prerequisites_of(app.user_id(), courses) AS p WHERE NOT p.is_met
        UNION ALL
        SELECT l.course_id, 'PATH_LOCKED'
        FROM app.path_locks_of(app.user_id(), ARRAY(
            SELECT DISTINCT pe.path_id FROM path_enrollment pe JOIN path_course pc ON pc.tenant_id = pe.tenant_id AND pc.path_id = pe.path_id AND pc.course_id = ANY (courses)
            WHERE pe.tenant_id = app.tenant_id() AND pe.user_id = app.user_id() AND pe.status <> 'DROPPED')) AS l
        WHERE l.course_id = ANY (courses) GROUP BY l.course_id HAVING bool_and(l.is_locked);
END
$$;

-- Whether one of these keeps the actor out of a course. Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.is_kept_out(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM app.own_obstacles(ARRAY[wanted]));
END
$$;

-- All reasons, but for the key, for which the actor would not be enrolled in some courses now, in the order in which they are shown. Of whoever manages a course
-- less is asked. Reveals: to the actor, these reasons.
CREATE OR REPLACE FUNCTION app.enroll_obstacles(courses uuid[]) RETURNS TABLE (course_id uuid, reasons text[])
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT c.id, array_remove(ARRAY[
            CASE WHEN c.status <> 'PUBLISHED' THEN 'COURSE_NOT_PUBLISHED' END,
            CASE WHEN e.status <> 'DROPPED' THEN 'ALREADY_ENROLLED' END,
            CASE WHEN NOT c.self_enroll AND NOT m.manages THEN 'ENROLLMENT_CLOSED' END,
            CASE WHEN 'PREREQUISITES_MISSING' = ANY (o.reasons) AND NOT m.manages THEN 'PREREQUISITES_MISSING' END,
            CASE WHEN 'PATH_LOCKED' = ANY (o.reasons) AND NOT m.manages THEN 'PATH_LOCKED' END,
            CASE WHEN NOT app.has_seats(c.id, c.capacity) THEN 'COURSE_FULL' END], NULL)
        FROM course c
        LEFT JOIN enrollment e ON e.tenant_id = c.tenant_id AND e.user_id = app.user_id() AND e.course_id = c.id
        LEFT JOIN (SELECT k.course_id, array_agg(k.reason) AS reasons FROM app.own_obstacles(courses) AS k GROUP BY k.course_id) AS o ON o.course_id = c.id
        CROSS JOIN LATERAL (SELECT app.manages_course(c.id)) AS m(manages)
        WHERE c.tenant_id = app.tenant_id() AND c.id = ANY (courses) AND c.deleted_at IS NULL;
END
$$;

-- Courses never ask for each other in a circle. Whoever adds to what one asks for waits for the school's turn.
CREATE OR REPLACE FUNCTION app.check_prerequisite_circle() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed record;
BEGIN
    FOR changed IN SELECT DISTINCT n.tenant_id, n.course_id FROM new_rows n ORDER BY 1, 2 LOOP
        PERFORM app.enter_tenant(changed.tenant_id);
        PERFORM app.lock_for('prerequisites', changed.tenant_id);
        IF EXISTS (
            WITH RECURSIVE behind AS (
                SELECT q.requires_id AS id FROM course_prerequisite q WHERE q.tenant_id = changed.tenant_id AND q.course_id = changed.course_id
                UNION
                SELECT q.requires_id FROM behind b JOIN course_prerequisite q ON q.tenant_id = changed.tenant_id AND q.course_id = b.id)
            SELECT FROM behind b WHERE b.id = changed.course_id) THEN
            PERFORM app.refuse('course_prerequisite_cycle');
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER course_prerequisite_circle AFTER INSERT ON course_prerequisite REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.check_prerequisite_circle();

-- Enrolls a person in a course because a path says so: without key, prerequisites or `self_enroll`. Answers GIVEN, THERE for who has a seat already, or
-- why the course can't take them now. For the functions below.
CREATE OR REPLACE FUNCTION app.give_course(person uuid, wanted uuid, tells boolean) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    offered course;
    own     record;
BEGIN
    PERFORM app.lock_for('course', wanted);
    SELECT c.* INTO offered FROM course c WHERE c.tenant_id = app.tenant_id() AND c.id = wanted;
    SELECT e.id, e.status, e.progress INTO own FROM enrollment e WHERE e.tenant_id = app.tenant_id() AND e.user_id = person AND e.course_id = wanted FOR NO KEY UPDATE;
    IF own.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED') THEN
        RETURN 'THERE';
    ELSIF own.status IN ('FAILED', 'EXPIRED') THEN
        RETURN 'ALREADY_ENROLLED';
    ELSIF offered.status <> 'PUBLISHED' OR offered.deleted_at IS NOT NULL THEN
        RETURN 'COURSE_NOT_PUBLISHED';
    ELSIF NOT app.has_seats(wanted, offered.capacity) THEN
        RETURN 'COURSE_FULL';
    END IF;
    -- The path goes on where it is; and who is told of an unlocked course is not told that somebody has enrolled them, too.
    PERFORM set_config('app.advances', 'on', true), set_config('app.publishes', CASE WHEN tells THEN 'on' ELSE 'off' END, true);
    IF own.id IS NULL THEN
        INSERT INTO enrollment (tenant_id, id, course_id, user_id) VALUES (app.tenant_id(), app.uuid_v7(), wanted, person);
    ELSE
        UPDATE enrollment e SET status = CASE WHEN own.progress > 0 THEN 'IN_PROGRESS' ELSE 'NOT_STARTED' END WHERE e.tenant_id = app.tenant_id() AND e.id = own.id;
    END IF;
    PERFORM set_config('app.advances', 'off', true), set_config('app.publishes', 'off', true);
    RETURN 'GIVEN';
END
$$;

-- Counts how far somebody is in a path, whose row is locked. What is completed stays so. For the functions below.
CREATE OR REPLACE FUNCTION app.count_path(enrolled uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE path_enrollment pe
        SET progress = n.progress, status = n.status, completed_at = CASE WHEN n.status = 'COMPLETED' THEN coalesce(pe.completed_at, now()) END
        FROM (SELECT app.share_done(c.done, c.wanted) * sign(c.wanted) AS progress,
                     CASE WHEN c.wanted > 0 AND c.done = c.wanted THEN 'COMPLETED' WHEN c.is_begun OR o.status = 'IN_PROGRESS' THEN 'IN_PROGRESS' ELSE 'NOT_STARTED' END AS status
              FROM path_enrollment o CROSS JOIN LATERAL (
                  SELECT count(*)::integer AS wanted, count(*) FILTER (WHERE e.status = 'COMPLETED')::integer AS done,
                         coalesce(bool_or(e.status IN ('IN_PROGRESS', 'COMPLETED')), false) AS is_begun
                  FROM path_course pc
                  JOIN course c ON c.tenant_id = pc.tenant_id AND c.id = pc.course_id AND c.deleted_at IS NULL
                  LEFT JOIN enrollment e ON e.tenant_id = pc.tenant_id AND e.user_id = o.user_id AND e.course_id = pc.course_id
                  WHERE pc.tenant_id = o.tenant_id AND pc.path_id = o.path_id) AS c
              WHERE o.tenant_id = app.tenant_id() AND o.id = enrolled AND o.status IN ('NOT_STARTED', 'IN_PROGRESS')) AS n
        WHERE pe.tenant_id = app.tenant_id() AND pe.id = enrolled AND (pe.progress, pe.status) IS DISTINCT FROM (n.progress, n.status);
END
$$;

-- Enrolls somebody in the courses of a path that have opened to them, and counts how far they are. A course that can't take them stops nothing: why stands
-- beside it, and a job tries again. One at a time for each part in a path: of two changes at once the one that comes later sees both. For the functions below.
CREATE OR REPLACE FUNCTION app.advance_path(enrolled uuid, tells boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own     path_enrollment;
    step    record;
    outcome text;
    again   boolean := true;
BEGIN
    -- What somebody has earned first, as whoever completes a lesson has it already; then their part in the path.
    PERFORM FROM path_enrollment pe JOIN reward_standing s ON s.tenant_id = pe.tenant_id AND s.user_id = pe.user_id
        WHERE pe.tenant_id = app.tenant_id() AND pe.id = enrolled FOR NO KEY UPDATE OF s;
    SELECT pe.* INTO own FROM path_enrollment pe WHERE pe.tenant_id = app.tenant_id() AND pe.id = enrolled FOR NO KEY UPDATE;
    IF own.status IS NULL OR own.status NOT IN ('NOT_STARTED', 'IN_PROGRESS') THEN
        RETURN;
    END IF;
    IF NOT app.hold_person(own.user_id) THEN
        RETURN;
    END IF;
    WHILE again LOOP
        again := false;
        FOR step IN
            SELECT l.course_id FROM app.path_locks_of(own.user_id, ARRAY[own.path_id]) AS l
            WHERE NOT l.is_locked
              AND NOT EXISTS (SELECT FROM path_step s WHERE s.tenant_id = app.tenant_id() AND s.path_enrollment_id = enrolled AND s.course_id = l.course_id AND s.obstacle IS NULL)
            ORDER BY l.course_id
        LOOP
            outcome := app.give_course(own.user_id, step.course_id, tells);
            INSERT INTO path_step AS s (tenant_id, path_enrollment_id, course_id, obstacle)
                VALUES (app.tenant_id(), enrolled, step.course_id, CASE WHEN outcome NOT IN ('GIVEN', 'THERE') THEN outcome END)
                ON CONFLICT ON CONSTRAINT path_step_pkey DO UPDATE SET obstacle = excluded.obstacle WHERE s.obstacle IS DISTINCT FROM excluded.obstacle;
            IF outcome = 'THERE' THEN
                again := true; -- completed meanwhile, it may open another
            ELSIF outcome = 'GIVEN' AND tells AND app.notifies('notify.path_course_unlocked') THEN
                PERFORM app.emit('notify.path_course_unlocked', app.type_id('course', step.course_id), NULL,
                    jsonb_build_object('person', own.user_id, 'course', step.course_id));
            END IF;
        END LOOP;
    END LOOP;
    PERFORM app.count_path(enrolled);
END
$$;

-- How somebody stands in a course has changed, or their grade in it: their paths go on, in the same transaction. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_paths() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own record;
BEGIN
    IF current_setting('app.advances', true) = 'on' THEN
        RETURN NULL;
    END IF;
    PERFORM app.enter_tenant(NEW.tenant_id);
    FOR own IN
        SELECT pe.id FROM path_enrollment pe JOIN path_course pc ON pc.tenant_id = pe.tenant_id AND pc.path_id = pe.path_id AND pc.course_id = NEW.course_id
        WHERE pe.tenant_id = NEW.tenant_id AND pe.user_id = NEW.user_id AND pe.status IN ('NOT_STARTED', 'IN_PROGRESS') ORDER BY pe.id
    LOOP
        PERFORM app.advance_path(own.id, true);
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER enrollment_follow_paths AFTER UPDATE ON enrollment FOR EACH ROW
    WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION app.follow_paths();
CREATE OR REPLACE TRIGGER enrollment_follow_paths_new AFTER INSERT ON enrollment FOR EACH ROW
    WHEN (NEW.status IN ('IN_PROGRESS', 'COMPLETED')) EXECUTE FUNCTION app.follow_paths();
CREATE OR REPLACE TRIGGER enrollment_grade_follow_paths_new AFTER INSERT ON enrollment_grade FOR EACH ROW EXECUTE FUNCTION app.follow_paths();
CREATE OR REPLACE TRIGGER enrollment_grade_follow_paths AFTER UPDATE ON enrollment_grade FOR EACH ROW
    WHEN (NEW.final_grade <> OLD.final_grade) EXECUTE FUNCTION app.follow_paths();

-- Sets the courses of a path, the whole list in its order; everybody in it goes on. Reveals: to PATH_MANAGE, whether there is such a path.
CREATE OR REPLACE FUNCTION app.set_path_courses(wanted uuid, courses uuid[], unlocks text[], afters uuid[], scores double precision[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    own    record;
BEGIN
    IF NOT app.can('PATH_MANAGE') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s path';
    END IF;
    PERFORM app.lock_for('path', wanted);
    IF NOT EXISTS (SELECT FROM learning_path p WHERE p.tenant_id = school AND p.id = wanted AND p.deleted_at IS NULL) THEN
        RETURN false;
    END IF;
    DELETE FROM path_course pc WHERE pc.tenant_id = school AND pc.path_id = wanted AND pc.course_id <> ALL (courses);
    DELETE FROM path_step s USING path_enrollment pe
        WHERE s.tenant_id = school AND pe.tenant_id = school AND pe.id = s.path_enrollment_id AND pe.path_id = wanted AND s.course_id <> ALL (courses);
    INSERT INTO path_course AS pc (tenant_id, path_id, course_id, position, unlock, after_course_id, min_score)
        SELECT school, wanted, l.course_id, l.position, l.unlock, l.after_id, l.score
        FROM ROWS FROM (unnest(courses), unnest(unlocks), unnest(afters), unnest(scores)) WITH ORDINALITY AS l(course_id, unlock, after_id, score, position)
        ON CONFLICT ON CONSTRAINT path_course_pkey DO UPDATE
            SET position = excluded.position, unlock = excluded.unlock, after_course_id = excluded.after_course_id, min_score = excluded.min_score
            WHERE (pc.position, pc.unlock, pc.after_course_id, pc.min_score)
                  IS DISTINCT FROM (excluded.position, excluded.unlock, excluded.after_course_id, excluded.min_score);
    IF EXISTS (
        WITH RECURSIVE behind AS (
            SELECT pc.course_id, pc.after_course_id AS id FROM path_course pc WHERE pc.tenant_id = school AND pc.path_id = wanted AND pc.after_course_id IS NOT NULL
            UNION
            SELECT b.course_id, pc.after_course_id FROM behind b JOIN path_course pc ON pc.tenant_id = school AND pc.path_id = wanted AND pc.course_id = b.id
            WHERE pc.after_course_id IS NOT NULL)
        SELECT FROM behind b WHERE b.id = b.course_id) THEN
        PERFORM app.refuse('path_cycle');
    END IF;
    FOR own IN SELECT pe.id FROM path_enrollment pe WHERE pe.tenant_id = school AND pe.path_id = wanted AND pe.status IN ('NOT_STARTED', 'IN_PROGRESS') ORDER BY pe.id LOOP
        PERFORM app.advance_path(own.id, true);
    END LOOP;
    RETURN true;
END
$$;

-- Takes a person into a path, or back into it, and into its open courses: the actor themselves, or anybody by the word of PATH_MANAGE. Reveals: the id of
-- their part in it.
CREATE OR REPLACE FUNCTION app.enroll_in_path(wanted uuid, person uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    stands text;
    own    uuid;
BEGIN
    IF NOT (app.can('PATH_MANAGE') OR (app.can('ENROLLMENT_SELF') AND person = app.user_id())) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s to enroll';
    END IF;
    PERFORM app.lock_for('path', wanted);
    SELECT p.status INTO stands FROM learning_path p WHERE p.tenant_id = school AND p.id = wanted AND p.deleted_at IS NULL;
    IF stands IS NULL THEN
        RETURN NULL;
    ELSIF EXISTS (SELECT FROM path_enrollment pe WHERE pe.tenant_id = school AND pe.user_id = person AND pe.path_id = wanted AND pe.status <> 'DROPPED') THEN
        PERFORM app.refuse('path_enrolled');
    ELSIF stands <> 'PUBLISHED' THEN
        PERFORM app.refuse('path_published');
    END IF;
    PERFORM app.check_people_are_here(school, ARRAY[person]);
    INSERT INTO path_enrollment AS pe (tenant_id, id, path_id, user_id) VALUES (school, app.uuid_v7(), wanted, person)
        ON CONFLICT ON CONSTRAINT path_enrollment_key DO UPDATE SET status = 'NOT_STARTED' RETURNING pe.id INTO own;
    DELETE FROM path_step s WHERE s.tenant_id = school AND s.path_enrollment_id = own;
    PERFORM app.advance_path(own, false);
    RETURN own;
END
$$;

-- Takes a person out of a path; the courses stay. Reveals: whether it was the actor's to do (NULL: they see no such part in a path).
CREATE OR REPLACE FUNCTION app.leave_path(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own path_enrollment;
BEGIN
    SELECT pe.* INTO own FROM path_enrollment pe WHERE pe.tenant_id = app.tenant_id() AND pe.id = wanted FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF NOT (app.can('PATH_MANAGE') OR (app.can('ENROLLMENT_SELF') AND own.user_id = app.user_id())) THEN
        RETURN false;
    ELSIF own.status = 'COMPLETED' THEN
        PERFORM app.refuse('path_transition');
    END IF;
    UPDATE path_enrollment pe SET status = 'DROPPED' WHERE pe.tenant_id = app.tenant_id() AND pe.id = wanted AND pe.status <> 'DROPPED';
    RETURN true;
END
$$;

-- Tries again what kept courses from taking people of their paths, and was not tried just now. Reveals: of how many people, where more may be left.
CREATE OR REPLACE FUNCTION app.retry_paths(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own   uuid;
    count integer := 0;
BEGIN
    FOR own IN
        SELECT s.path_enrollment_id FROM path_step s
        JOIN path_enrollment pe ON pe.tenant_id = s.tenant_id AND pe.id = s.path_enrollment_id AND pe.status IN ('NOT_STARTED', 'IN_PROGRESS')
        WHERE s.tenant_id = app.tenant_id() AND s.obstacle IS NOT NULL AND s.tried_at <= now() - interval '5 minutes'
        GROUP BY s.path_enrollment_id ORDER BY 1 LIMIT at_most
    LOOP
        UPDATE path_step s SET tried_at = now() WHERE s.tenant_id = app.tenant_id() AND s.path_enrollment_id = own AND s.obstacle IS NOT NULL;
        PERFORM app.advance_path(own, true);
        count := count + 1;
    END LOOP;
    RETURN count;
END
$$;

-- A path with people in it is archived, not deleted. Whoever enrolls in it waits for its turn as well.
CREATE OR REPLACE FUNCTION app.check_path_unused() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('path', NEW.id);
    IF EXISTS (SELECT FROM path_enrollment pe WHERE pe.tenant_id = NEW.tenant_id AND pe.path_id = NEW.id AND pe.status <> 'DROPPED') THEN
        PERFORM app.refuse('learning_path_in_use');
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER learning_path_unused AFTER UPDATE ON learning_path FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.check_path_unused();

-- A course is deleted, or restored: what waited for it in its paths waits no more, or again, and what is left is counted anew. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_course_in_paths() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own record;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    FOR own IN
        SELECT pe.id FROM path_course pc JOIN path_enrollment pe ON pe.tenant_id = pc.tenant_id AND pe.path_id = pc.path_id AND pe.status IN ('NOT_STARTED', 'IN_PROGRESS')
        WHERE pc.tenant_id = NEW.tenant_id AND pc.course_id = NEW.id ORDER BY pe.id
    LOOP
        PERFORM app.advance_path(own.id, true);
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER course_follow_in_paths AFTER UPDATE ON course FOR EACH ROW
    WHEN ((NEW.deleted_at IS NULL) <> (OLD.deleted_at IS NULL)) EXECUTE FUNCTION app.follow_course_in_paths();

-- Paths found by the beginnings of words in title and description. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_learning_path(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words); -- once, not for every row that is compared
BEGIN
    RETURN QUERY SELECT p.id FROM learning_path p WHERE p.tenant_id = app.tenant_id() AND p.search @@ wanted AND p.deleted_at IS NULL;
END
$$;

-- What a copy of a course takes along beside its lessons: what it asks for, and what it certifies. By the actor's own rights, for app.copy_course.
CREATE OR REPLACE FUNCTION app.copy_course_rules(wanted uuid, copy uuid) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO course_prerequisite (tenant_id, course_id, requires_id, min_grade, position)
        SELECT q.tenant_id, copy, q.requires_id, q.min_grade, q.position FROM course_prerequisite q
        JOIN course r ON r.tenant_id = q.tenant_id AND r.id = q.requires_id AND r.deleted_at IS NULL
        WHERE q.tenant_id = app.tenant_id() AND q.course_id = wanted;
    INSERT INTO course_certificate (tenant_id, course_id, is_enabled, title, text, signatory, valid_months)
        SELECT s.tenant_id, copy, s.is_enabled, s.title, s.text, s.signatory, s.valid_months FROM course_certificate s
        WHERE s.tenant_id = app.tenant_id() AND s.course_id = wanted;
END
$$;

-- A course goes for good: nobody asks for it any more, it leaves its paths, and what waited for it there waits for nothing. For app.purge_course.
CREATE OR REPLACE FUNCTION app.purge_from_paths(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    gone   record;
    own    record;
BEGIN
    DELETE FROM course_prerequisite q WHERE q.tenant_id = school AND wanted IN (q.course_id, q.requires_id);
    DELETE FROM path_step s WHERE s.tenant_id = school AND s.course_id = wanted;
    UPDATE path_course pc SET unlock = 'NONE', after_course_id = NULL, min_score = NULL WHERE pc.tenant_id = school AND pc.after_course_id = wanted;
    FOR gone IN DELETE FROM path_course pc WHERE pc.tenant_id = school AND pc.course_id = wanted RETURNING pc.path_id, pc.position LOOP
        UPDATE path_course pc SET position = pc.position - 1 WHERE pc.tenant_id = school AND pc.path_id = gone.path_id AND pc.position > gone.position;
        FOR own IN SELECT pe.id FROM path_enrollment pe WHERE pe.tenant_id = school AND pe.path_id = gone.path_id AND pe.status IN ('NOT_STARTED', 'IN_PROGRESS') ORDER BY pe.id LOOP
            PERFORM app.advance_path(own.id, true);
        END LOOP;
    END LOOP;
END
$$;

CREATE OR REPLACE TRIGGER course_prerequisite_audit AFTER INSERT OR UPDATE OR DELETE ON course_prerequisite FOR EACH ROW EXECUTE FUNCTION app.audit('Course', 'course_id');
CREATE OR REPLACE TRIGGER learning_path_touch BEFORE UPDATE ON learning_path FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER learning_path_audit AFTER INSERT OR UPDATE OR DELETE ON learning_path FOR EACH ROW EXECUTE FUNCTION app.audit('LearningPath', 'id');
CREATE OR REPLACE TRIGGER path_course_audit AFTER INSERT OR UPDATE OR DELETE ON path_course FOR EACH ROW EXECUTE FUNCTION app.audit('LearningPath', 'path_id');
CREATE OR REPLACE TRIGGER path_enrollment_audit AFTER INSERT OR DELETE ON path_enrollment FOR EACH ROW EXECUTE FUNCTION app.audit('PathEnrollment', 'id');
-- Not progress, which merely follows.
CREATE OR REPLACE TRIGGER path_enrollment_audit_change AFTER UPDATE ON path_enrollment FOR EACH ROW
    WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION app.audit('PathEnrollment', 'id');

GRANT EXECUTE ON FUNCTION app.own_prerequisites(uuid[]), app.path_locks(uuid[]), app.is_kept_out(uuid), app.own_obstacles(uuid[]), app.enroll_obstacles(uuid[]),
    app.set_path_courses(uuid, uuid[], text[], uuid[], double precision[]), app.enroll_in_path(uuid, uuid), app.leave_path(uuid), app.retry_paths(integer),
    app.search_learning_path(text) TO lectern_app;
