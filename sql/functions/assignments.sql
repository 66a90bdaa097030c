-- Assignments: handing in, grading, giving back, releasing.
--
-- Turns are taken in this order: the assignment's (shared by those who hand in and grade, alone by what changes it for everybody), the enrollment's row, the
-- rows of the submission.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   submission_empty, submission_text, submission_files    nothing was handed in, or what the assignment does not accept
--   submission_closed         the time for it is over
--   submission_limit          as many are there as may be
--   submission_own            nobody grades their own work
--   submission_stale          somebody else has changed it since it was read
--   submission_transition     a submission that was given back takes nothing more
--   submission_points         points beyond the total, none, or beside a rubric
--   submission_rubric         not each criterion once, or points beyond its own
--   assignment_graded         the total is fixed, because something is graded
--   assignment_rubric_total   the rubric says the total
--   extension_kind            the lesson is neither a quiz nor an assignment
--   extension_person          the person is not enrolled
--   extension_due, extension_closes   not later than for everybody, or the one not before the other

-- How much of the points is lost, in percent: for each day begun after the due date, at most so much.
CREATE OR REPLACE FUNCTION app.penalty_of(policy text, is_again boolean, submitted_at timestamptz, due_at timestamptz, per_day double precision, most double precision)
    RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN policy = 'PENALTY' AND NOT is_again AND submitted_at > due_at
                THEN least(most::numeric, per_day::numeric * ceil(extract(epoch FROM submitted_at - due_at) / 86400)) ELSE 0 END;

-- Graded submissions of a lesson and what each is worth in percent, unrounded: those of some people, or of all (NULL). For the functions of grades.
CREATE OR REPLACE FUNCTION app.graded_submissions(p_tenant uuid, p_lesson uuid, p_users uuid[])
    RETURNS TABLE (user_id uuid, percent numeric, is_released boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT s.user_id,
            g.points::numeric * (100 - app.penalty_of(a.late_policy, s.is_again, s.submitted_at, coalesce(x.due_at, a.due_at), a.penalty_percent_per_day, a.max_penalty_percent))
            / a.points::numeric, g.released_at IS NOT NULL
        FROM assignment a
        JOIN submission s ON s.tenant_id = a.tenant_id AND s.course_id = a.course_id AND s.lesson_id = a.lesson_id AND s.assignment_id = a.id
        JOIN submission_grade g ON g.tenant_id = s.tenant_id AND g.submission_id = s.id
        LEFT JOIN extension x ON x.tenant_id = s.tenant_id AND x.lesson_id = s.lesson_id AND x.user_id = s.user_id
        WHERE a.tenant_id = p_tenant AND a.lesson_id = p_lesson AND (p_users IS NULL OR s.user_id = ANY (p_users));
END
$$;

-- What an assignment is worth to some people (NULL: to all who have handed in), after something that it follows from has changed: the best released one
-- counts, and completes the lesson where it reaches the pass mark. Completions are never taken back. For the functions below.
CREATE OR REPLACE FUNCTION app.follow_assignment(p_tenant uuid, p_lesson uuid, p_users uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    asked    record;
    people   uuid[];
    percents numeric[];
    passing  uuid[];
    passed   record;
BEGIN
    SELECT a.course_id, a.pass_mark INTO asked FROM assignment a WHERE a.tenant_id = p_tenant AND a.lesson_id = p_lesson;
    PERFORM FROM enrollment e WHERE e.tenant_id = p_tenant AND e.course_id = asked.course_id AND e.user_id IN (
        SELECT s.user_id FROM submission s WHERE s.tenant_id = p_tenant AND s.course_id = asked.course_id AND s.lesson_id = p_lesson AND (p_users IS NULL OR s.user_id = ANY (p_users)))
        ORDER BY e.id FOR NO KEY UPDATE;
    SELECT array_agg(w.user_id), array_agg(w.percent) INTO people, percents FROM (
        SELECT s.user_id, max(b.percent) AS percent
        FROM (SELECT DISTINCT o.user_id FROM submission o WHERE o.tenant_id = p_tenant AND o.course_id = asked.course_id AND o.lesson_id = p_lesson
              AND (p_users IS NULL OR o.user_id = ANY (p_users))) AS s
        LEFT JOIN app.graded_submissions(p_tenant, p_lesson, p_users) AS b ON b.user_id = s.user_id AND b.is_released
        GROUP BY s.user_id) AS w;
    IF people IS NULL THEN
        RETURN;
    END IF;
    -- Who had passed before and was given no grade just now passes by nothing new: what a manager has reopened stays open. What stands at the mark may have been
    -- rounded up to it, unless it still is the grade.
    passing := ARRAY(SELECT k.user_id FROM lesson_grade k JOIN unnest(people, percents) AS w(user_id, percent) ON w.user_id = k.user_id
        WHERE k.tenant_id = p_tenant AND k.course_id = asked.course_id AND k.lesson_id = p_lesson
          AND (k.percent > asked.pass_mark + 0.005 OR k.percent >= asked.pass_mark AND k.percent::numeric = w.percent)
          AND NOT EXISTS (SELECT FROM submission s JOIN submission_grade g ON g.tenant_id = s.tenant_id AND g.submission_id = s.id
              WHERE s.tenant_id = p_tenant AND s.course_id = asked.course_id AND s.lesson_id = p_lesson AND s.user_id = k.user_id
                AND now() IN (g.graded_at, g.released_at)));
    PERFORM app.set_lesson_grades(p_tenant, p_lesson, people, percents);
    IF asked.pass_mark IS NOT NULL THEN
        FOR passed IN SELECT e.id, e.user_id, e.course_id FROM unnest(people, percents) AS w(user_id, percent)
            JOIN enrollment e ON e.tenant_id = p_tenant AND e.user_id = w.user_id AND e.course_id = asked.course_id AND app.is_live(e.status, e.expires_at)
            WHERE w.percent >= asked.pass_mark::numeric AND w.user_id <> ALL (passing) AND NOT EXISTS (
                SELECT FROM lesson_progress p WHERE p.tenant_id = p_tenant AND p.enrollment_id = e.id AND p.lesson_id = p_lesson AND p.completed_at IS NOT NULL)
            ORDER BY e.id
        LOOP
            PERFORM app.note_completion(p_lesson, passed.course_id, passed.id, passed.user_id);
            -- Where the grade that stands there was rounded up to the mark before, it does not change, and its trigger is not called.
            PERFORM app.earn(passed.user_id, 'ASSIGNMENT_PASSED', p_lesson::text, passed.course_id);
        END LOOP;
    END IF;
END
$$;

-- An assignment comes with its lesson. Reveals nothing.
CREATE OR REPLACE FUNCTION app.make_assignment() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    INSERT INTO assignment (tenant_id, id, lesson_id, course_id) VALUES (NEW.tenant_id, app.uuid_v7(), NEW.id, NEW.course_id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER lesson_makes_assignment AFTER INSERT ON lesson FOR EACH ROW WHEN (NEW.kind = 'ASSIGNMENT') EXECUTE FUNCTION app.make_assignment();

-- Grades that are to be held again are held from now on.
CREATE OR REPLACE FUNCTION app.hold_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.released_at := NULL;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER assignment_hold_again BEFORE UPDATE ON assignment FOR EACH ROW WHEN (NEW.hold_grades AND NOT OLD.hold_grades) EXECUTE FUNCTION app.hold_again();

-- The total is what graders gave points of, and what a rubric adds up to: it changes while nothing is graded, and by the rubric alone where there is one.
CREATE OR REPLACE FUNCTION app.check_assignment_total() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF EXISTS (SELECT FROM submission s JOIN submission_grade g ON g.tenant_id = s.tenant_id AND g.submission_id = s.id
               WHERE s.tenant_id = NEW.tenant_id AND s.assignment_id = NEW.id) THEN
        PERFORM app.refuse('assignment_graded');
    ELSIF NEW.points IS DISTINCT FROM (SELECT sum(c.points::numeric)::double precision FROM rubric_criterion c WHERE c.tenant_id = NEW.tenant_id AND c.assignment_id = NEW.id HAVING count(*) > 0)
          AND EXISTS (SELECT FROM rubric_criterion c WHERE c.tenant_id = NEW.tenant_id AND c.assignment_id = NEW.id) THEN
        PERFORM app.refuse('assignment_rubric_total');
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER assignment_total AFTER UPDATE ON assignment FOR EACH ROW WHEN (NEW.points <> OLD.points) EXECUTE FUNCTION app.check_assignment_total();

-- Lateness and penalties are never stored: what they give follows them. Who passes by a lower mark, or because none is left, does so first: they complete the lesson
-- and no more. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_changed_assignment() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    people uuid[];
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF NEW.pass_mark IS DISTINCT FROM OLD.pass_mark THEN
        SELECT coalesce(array_agg(w.user_id), '{}') INTO people FROM (
            SELECT s.user_id, coalesce(max(b.percent), -1) AS best
            FROM (SELECT DISTINCT o.user_id FROM submission o WHERE o.tenant_id = NEW.tenant_id AND o.course_id = NEW.course_id AND o.lesson_id = NEW.lesson_id) AS s
            LEFT JOIN app.graded_submissions(NEW.tenant_id, NEW.lesson_id, NULL) AS b ON b.user_id = s.user_id AND b.is_released
            GROUP BY s.user_id) AS w
            WHERE w.best < OLD.pass_mark::numeric AND w.best >= coalesce(NEW.pass_mark::numeric, -1);
        PERFORM app.note_passes(NEW.tenant_id, NEW.course_id, NEW.lesson_id, people);
        PERFORM app.earn(g.user_id, 'ASSIGNMENT_PASSED', NEW.lesson_id::text, NEW.course_id) FROM lesson_grade g
            WHERE g.tenant_id = NEW.tenant_id AND g.course_id = NEW.course_id AND g.lesson_id = NEW.lesson_id AND g.user_id = ANY (people);
    END IF;
    IF (NEW.due_at, NEW.late_policy, NEW.penalty_percent_per_day, NEW.max_penalty_percent)
       IS DISTINCT FROM (OLD.due_at, OLD.late_policy, OLD.penalty_percent_per_day, OLD.max_penalty_percent) THEN
        PERFORM app.follow_assignment(NEW.tenant_id, NEW.lesson_id, NULL);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER assignment_follow AFTER UPDATE ON assignment FOR EACH ROW
    WHEN ((NEW.due_at, NEW.late_policy, NEW.penalty_percent_per_day, NEW.max_penalty_percent, NEW.pass_mark)
          IS DISTINCT FROM (OLD.due_at, OLD.late_policy, OLD.penalty_percent_per_day, OLD.max_penalty_percent, OLD.pass_mark))
    EXECUTE FUNCTION app.follow_changed_assignment();

-- A lesson has changed where its assignment has. Reveals nothing.
CREATE OR REPLACE FUNCTION app.touch_assignment() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE lesson l SET updated_at = now() WHERE l.tenant_id = NEW.tenant_id AND l.id = NEW.lesson_id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER assignment_touch AFTER UPDATE ON assignment FOR EACH ROW WHEN (NEW.* IS DISTINCT FROM OLD.*) EXECUTE FUNCTION app.touch_assignment();

-- An assignment of a published lesson that the actor sees the outline of: its lesson and course. For the functions below.
CREATE OR REPLACE FUNCTION app.seen_assignment(wanted uuid) RETURNS TABLE (lesson_id uuid, course_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT a.lesson_id, a.course_id FROM assignment a JOIN lesson l ON l.tenant_id = a.tenant_id AND l.id = a.lesson_id
        WHERE a.tenant_id = app.tenant_id() AND a.id = wanted AND app.reads_course(a.course_id) AND (l.is_published OR app.is_staff_of(a.course_id));
END
$$;

-- Tells of a submission: endpoints, the author or the course's graders. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_submission(wanted uuid, happened text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    type CONSTANT text := 'submission.' || happened;
    own  record;
BEGIN
    IF NOT app.wants_event(type) THEN
        RETURN;
    END IF;
    SELECT s.*, l.title AS lesson_title, g.points, c.instructor_id INTO own FROM submission s
        JOIN lesson l ON l.tenant_id = s.tenant_id AND l.id = s.lesson_id
        JOIN course c ON c.tenant_id = s.tenant_id AND c.id = s.course_id
        LEFT JOIN submission_grade g ON g.tenant_id = s.tenant_id AND g.submission_id = s.id AND g.released_at IS NOT NULL
        WHERE s.tenant_id = app.tenant_id() AND s.id = wanted;
    PERFORM app.emit(type, app.type_id('submission', wanted),
        jsonb_build_object('id', app.type_id('submission', wanted), 'status', own.status, 'number', own.number, 'assignmentId', app.type_id('assignment', own.assignment_id),
            'courseId', app.type_id('course', own.course_id), 'userId', app.type_id('user', own.user_id)) || CASE WHEN happened = 'graded' THEN jsonb_build_object('points', own.points) ELSE '{}' END,
        CASE WHEN app.notifies(type) THEN jsonb_build_object('person', own.user_id, 'course', own.course_id, 'facts', jsonb_build_object('lesson', own.lesson_title),
            'staff', (SELECT coalesce(jsonb_agg(p.id), '[]') FROM (
                SELECT own.instructor_id AS id WHERE own.instructor_id IS NOT NULL
                UNION SELECT i.user_id FROM course_instructor i WHERE i.tenant_id = app.tenant_id() AND i.course_id = own.course_id) AS p
                WHERE p.id <> own.user_id AND app.holds(p.id, 'GRADE_MANAGE'))) END);
END
$$;

-- The actor hands something in. Reveals: to them, the id of what is there now; nothing where they don't see the assignment's lesson.
CREATE OR REPLACE FUNCTION app.hand_in(wanted uuid, words text, files uuid[]) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school   CONSTANT uuid := app.tenant_id();
    person   CONSTANT uuid := app.user_id();
    made     CONSTANT uuid := app.uuid_v7();
    seen     record;
    asked    assignment;
    granted  record;
    enrolled uuid;
    former   record;
    is_again boolean;
    most     integer;
BEGIN
    SELECT a.lesson_id, a.course_id INTO seen FROM app.seen_assignment(wanted) AS a;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM app.share_lock_for('assignment', wanted);
    enrolled := app.lock_live_enrollment(seen.course_id, person);
    PERFORM app.check_lesson_open(seen.lesson_id);
    SELECT a.* INTO asked FROM assignment a WHERE a.tenant_id = school AND a.id = wanted;
    SELECT x.* INTO granted FROM app.extension_of(school, seen.lesson_id, person) AS x;
    IF words IS NULL AND files = '{}' THEN
        PERFORM app.refuse('submission_empty');
    ELSIF words IS NOT NULL AND NOT 'TEXT' = ANY (asked.accepts) THEN
        PERFORM app.refuse('submission_text');
    ELSIF files <> '{}' AND (NOT 'FILE' = ANY (asked.accepts) OR cardinality(files) > asked.max_files) THEN
        PERFORM app.refuse('submission_files', jsonb_build_object('limit', CASE WHEN 'FILE' = ANY (asked.accepts) THEN asked.max_files ELSE 0 END)::text);
    END IF;
    -- Each return allows one more: those that came first were used by what was handed in again since.
    SELECT count(*) FILTER (WHERE s.status <> 'RETURNED') AS used, coalesce(max(s.number), 0) AS last,
           coalesce(bool_or(s.status = 'RETURNED' AND s.nth > s.agains AND (s.again_until_at IS NULL OR now() <= s.again_until_at)), false) AS again
        INTO former FROM (SELECT o.*, row_number() OVER (PARTITION BY o.status = 'RETURNED' ORDER BY o.returned_at, o.number) AS nth, count(*) FILTER (WHERE o.is_again) OVER () AS agains
                          FROM submission o WHERE o.tenant_id = school AND o.assignment_id = wanted AND o.user_id = person) AS s;
    is_again := former.again;
    IF NOT is_again AND (now() > coalesce(granted.closes_at, asked.closes_at)
                         OR (asked.late_policy = 'REFUSE' AND now() > coalesce(granted.due_at, asked.due_at))) THEN
        PERFORM app.refuse('submission_closed');
    END IF;
    most := asked.max_attempts + granted.extra_attempts;
    IF former.used >= most THEN
        PERFORM app.refuse('submission_limit', jsonb_build_object('limit', most, 'used', former.used)::text);
    END IF;
    INSERT INTO submission (tenant_id, id, assignment_id, lesson_id, course_id, enrollment_id, user_id, number, text, is_again)
        VALUES (school, made, wanted, seen.lesson_id, seen.course_id, enrolled, person, 1 + former.last, words, is_again);
    INSERT INTO submission_file (tenant_id, submission_id, file_id, position)
        SELECT school, made, f.id, f.position FROM unnest(files) WITH ORDINALITY AS f(id, position);
    INSERT INTO submission_event (tenant_id, id, submission_id, user_id, course_id, kind, by_id)
        VALUES (school, app.uuid_v7(), made, person, seen.course_id, 'SUBMITTED', person);
    UPDATE enrollment e SET last_active_at = now() WHERE e.tenant_id = school AND e.id = enrolled AND e.last_active_at IS DISTINCT FROM now();
    IF asked.pass_mark IS NULL THEN
        PERFORM app.note_completion(seen.lesson_id, seen.course_id, enrolled, person);
    ELSE
        PERFORM app.follow_act(enrolled, false);
    END IF;
    PERFORM app.tell_of_submission(made, 'submitted');
    RETURN made;
END
$$;

-- A submission that the actor may grade, locked with the enrollment that it belongs to: refused where it is their own, or not theirs to grade, or not as
-- they read it. No row where they don't see it. For the functions below.
CREATE OR REPLACE FUNCTION app.lock_submission(wanted uuid, read_version integer)
    RETURNS TABLE (assignment_id uuid, lesson_id uuid, course_id uuid, user_id uuid, version integer, released_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    own    record;
    stands record;
BEGIN
    SELECT s.assignment_id, s.lesson_id, s.course_id, s.user_id, s.enrollment_id, app.grades_course(s.course_id) AS is_grader INTO own
        FROM submission s WHERE s.tenant_id = school AND s.id = wanted;
    IF NOT FOUND OR NOT (own.is_grader OR own.user_id = app.user_id() OR app.can('GRADE_READ_ALL')) THEN
        RETURN;
    ELSIF own.user_id = app.user_id() THEN
        PERFORM app.refuse('submission_own');
    ELSIF NOT own.is_grader THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s course';
    END IF;
    PERFORM app.share_lock_for('assignment', own.assignment_id);
    PERFORM FROM enrollment e WHERE e.tenant_id = school AND e.id = own.enrollment_id FOR NO KEY UPDATE;
    SELECT s.status, coalesce(g.version, s.version) AS version, g.released_at INTO stands FROM submission s
        LEFT JOIN submission_grade g ON g.tenant_id = s.tenant_id AND g.submission_id = s.id
        WHERE s.tenant_id = school AND s.id = wanted;
    IF stands.version <> read_version THEN
        PERFORM app.refuse('submission_stale', jsonb_build_object('version', stands.version)::text);
    ELSIF stands.status = 'RETURNED' THEN
        PERFORM app.refuse('submission_transition');
    END IF;
    RETURN QUERY SELECT own.assignment_id, own.lesson_id, own.course_id, own.user_id, stands.version, stands.released_at;
END
$$;

-- The actor grades a submission: by points, or by what each criterion of the rubric gives. While grades are held, nothing follows. Reveals: to whoever
-- grades the course, whether there is such a one.
CREATE OR REPLACE FUNCTION app.grade_submission(wanted uuid, read_version integer, given double precision, criteria uuid[], scores double precision[], comments text[], note text)
    RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school   CONSTANT uuid := app.tenant_id();
    own      record;
    asked    assignment;
    has_rubric boolean;
    worth    double precision := given;
    released timestamptz;
BEGIN
    SELECT s.* INTO own FROM app.lock_submission(wanted, read_version) AS s;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    SELECT a.* INTO asked FROM assignment a WHERE a.tenant_id = school AND a.id = own.assignment_id;
    has_rubric := EXISTS (SELECT FROM rubric_criterion c WHERE c.tenant_id = school AND c.assignment_id = asked.id);
    IF has_rubric THEN
        IF given IS NOT NULL THEN
            PERFORM app.refuse('submission_points', '{"rubric": 1}');
        ELSIF (SELECT count(*) FROM rubric_criterion c WHERE c.tenant_id = school AND c.assignment_id = asked.id) <> cardinality(criteria)
           OR (SELECT count(DISTINCT w.id) FROM unnest(criteria, scores) AS w(id, points)
               JOIN rubric_criterion c ON c.tenant_id = school AND c.assignment_id = asked.id AND c.id = w.id AND w.points BETWEEN 0 AND c.points) <> cardinality(criteria) THEN
            PERFORM app.refuse('submission_rubric');
        END IF;
        SELECT sum(w.points::numeric)::double precision INTO worth FROM unnest(scores) AS w(points);
    ELSIF criteria <> '{}' THEN
        PERFORM app.refuse('submission_rubric');
    ELSIF given IS NULL OR NOT given BETWEEN 0 AND asked.points THEN
        PERFORM app.refuse('submission_points', '{}');
    END IF;
    released := CASE WHEN own.released_at IS NOT NULL THEN own.released_at WHEN NOT asked.hold_grades OR asked.released_at IS NOT NULL THEN now() END;
    INSERT INTO submission_grade AS g (tenant_id, submission_id, user_id, course_id, version, points, feedback, graded_by_id, released_at)
        VALUES (school, wanted, own.user_id, own.course_id, own.version + 1, worth, note, app.user_id(), released)
        ON CONFLICT ON CONSTRAINT submission_grade_pkey DO UPDATE SET version = excluded.version, points = excluded.points, feedback = excluded.feedback,
            graded_at = now(), graded_by_id = excluded.graded_by_id, released_at = excluded.released_at;
    DELETE FROM rubric_score r WHERE r.tenant_id = school AND r.submission_id = wanted;
    INSERT INTO rubric_score (tenant_id, submission_id, criterion_id, points, comment)
        SELECT school, wanted, w.id, w.points, w.comment FROM unnest(criteria, scores, comments) AS w(id, points, comment);
    INSERT INTO submission_event (tenant_id, id, submission_id, user_id, course_id, kind, points, feedback, by_id, is_held)
        VALUES (school, app.uuid_v7(), wanted, own.user_id, own.course_id, 'GRADED', worth, note, app.user_id(), released IS NULL);
    IF released IS NOT NULL THEN
        UPDATE submission s SET status = 'GRADED' WHERE s.tenant_id = school AND s.id = wanted AND s.status <> 'GRADED';
        IF NOT FOUND THEN
            PERFORM app.announce('submission', wanted); -- graded anew
        END IF;
        PERFORM app.follow_assignment(school, own.lesson_id, ARRAY[own.user_id]);
        PERFORM app.tell_of_submission(wanted, 'graded');
    END IF;
    RETURN true;
END
$$;

-- The actor gives a submission back: it may be handed in again, until a moment or without end, and takes its grade along. Reveals: as above.
CREATE OR REPLACE FUNCTION app.return_submission(wanted uuid, read_version integer, note text, until timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    own    record;
BEGIN
    SELECT s.* INTO own FROM app.lock_submission(wanted, read_version) AS s;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM submission_grade g WHERE g.tenant_id = school AND g.submission_id = wanted;
    UPDATE submission s SET status = 'RETURNED', returned_at = now(), return_note = note, again_until_at = until, version = own.version + 1
        WHERE s.tenant_id = school AND s.id = wanted;
    INSERT INTO submission_event (tenant_id, id, submission_id, user_id, course_id, kind, feedback, by_id)
        VALUES (school, app.uuid_v7(), wanted, own.user_id, own.course_id, 'RETURNED', note, app.user_id());
    PERFORM app.follow_assignment(school, own.lesson_id, ARRAY[own.user_id]);
    PERFORM app.tell_of_submission(wanted, 'returned');
    RETURN true;
END
$$;

-- The actor releases the grades of an assignment that are held, and those to come. Reveals: to whoever grades the course, whether there is such a one.
CREATE OR REPLACE FUNCTION app.release_grades(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    asked  assignment;
    held   uuid[];
    people uuid[];
BEGIN
    SELECT a.* INTO asked FROM assignment a WHERE a.tenant_id = school AND a.id = wanted;
    IF NOT FOUND THEN
        RETURN false;
    ELSIF NOT app.grades_course(asked.course_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s course';
    END IF;
    PERFORM app.lock_for('assignment', wanted);
    UPDATE assignment a SET released_at = now() WHERE a.tenant_id = school AND a.id = wanted AND a.released_at IS NULL;
    PERFORM FROM enrollment e WHERE e.tenant_id = school AND e.id IN (
        SELECT s.enrollment_id FROM submission s JOIN submission_grade g ON g.tenant_id = s.tenant_id AND g.submission_id = s.id
        WHERE s.tenant_id = school AND s.assignment_id = wanted AND g.released_at IS NULL) ORDER BY e.id FOR NO KEY UPDATE;
    WITH released AS (
        UPDATE submission_grade g SET released_at = now() FROM submission s
            WHERE s.tenant_id = school AND s.assignment_id = wanted AND g.tenant_id = school AND g.submission_id = s.id AND g.released_at IS NULL
            RETURNING g.submission_id, g.user_id)
        SELECT array_agg(r.submission_id ORDER BY r.submission_id), array_agg(DISTINCT r.user_id) INTO held, people FROM released r;
    IF held IS NULL THEN
        RETURN true;
    END IF;
    UPDATE submission s SET status = 'GRADED' WHERE s.tenant_id = school AND s.id = ANY (held);
    UPDATE submission_event v SET is_held = false WHERE v.tenant_id = school AND v.submission_id = ANY (held) AND v.is_held;
    INSERT INTO submission_event (tenant_id, id, submission_id, user_id, course_id, kind, points, by_id)
        SELECT school, app.uuid_v7(), g.submission_id, g.user_id, g.course_id, 'RELEASED', g.points, app.user_id()
        FROM submission_grade g WHERE g.tenant_id = school AND g.submission_id = ANY (held);
    PERFORM app.follow_assignment(school, asked.lesson_id, people);
    PERFORM app.tell_of_submission(s.id, 'graded') FROM unnest(held) AS s(id);
    RETURN true;
END
$$;

-- The actor says what an assignment is graded by: its criteria, in their order, add up to its total. None: by points alone. Reveals: to whoever changes
-- the course, whether there is such a one.
CREATE OR REPLACE FUNCTION app.set_rubric(wanted uuid, titles text[], descriptions text[], totals double precision[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    asked  assignment;
BEGIN
    SELECT a.* INTO asked FROM assignment a WHERE a.tenant_id = school AND a.id = wanted;
    IF NOT FOUND THEN
        RETURN false;
    ELSIF NOT app.can('COURSE_UPDATE_ALL') AND NOT (app.can('COURSE_UPDATE') AND app.is_staff_of(asked.course_id)) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s course';
    END IF;
    PERFORM app.lock_for('assignment', wanted);
    IF EXISTS (SELECT FROM submission s JOIN submission_grade g ON g.tenant_id = s.tenant_id AND g.submission_id = s.id
               WHERE s.tenant_id = school AND s.assignment_id = wanted) THEN
        PERFORM app.refuse('assignment_graded');
    END IF;
    DELETE FROM rubric_criterion c WHERE c.tenant_id = school AND c.assignment_id = wanted;
    INSERT INTO rubric_criterion (tenant_id, id, assignment_id, position, title, description, points)
        SELECT school, app.uuid_v7(), wanted, w.position, w.title, w.description, w.points
        FROM unnest(titles, descriptions, totals) WITH ORDINALITY AS w(title, description, points, position);
    UPDATE assignment a SET points = t.points FROM (SELECT sum(w.points::numeric)::double precision AS points FROM unnest(totals) AS w(points)) AS t
        WHERE a.tenant_id = school AND a.id = wanted AND t.points IS NOT NULL;
    RETURN true;
END
$$;

-- The actor gives a person more time or more tries in a lesson, in place of what they had; it reaches work that is there. Reveals: to whoever grades the
-- course, its id; nothing where they don't see the lesson.
CREATE OR REPLACE FUNCTION app.grant_extension(lesson uuid, person uuid, due timestamptz, closes timestamptz, attempts integer, minutes integer, why text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    known  record;
    usual  record;
    made   uuid;
BEGIN
    SELECT l.kind, l.course_id, a.id AS assignment_id INTO known FROM lesson l LEFT JOIN assignment a ON a.tenant_id = l.tenant_id AND a.lesson_id = l.id
        WHERE l.tenant_id = school AND l.id = lesson AND app.reads_course(l.course_id) AND (l.is_published OR app.is_staff_of(l.course_id));
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF NOT app.grades_course(known.course_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s course';
    ELSIF known.kind NOT IN ('QUIZ', 'ASSIGNMENT') THEN
        PERFORM app.refuse('extension_kind');
    END IF;
    IF known.assignment_id IS NOT NULL THEN
        PERFORM app.share_lock_for('assignment', known.assignment_id);
    END IF;
    PERFORM FROM enrollment e WHERE e.tenant_id = school AND e.course_id = known.course_id AND e.user_id = person AND e.status <> 'DROPPED' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM app.refuse('extension_person');
    END IF;
    SELECT t.due_at, t.closes_at INTO usual FROM app.usual_times(school, lesson) AS t;
    IF due IS NOT NULL AND due > usual.due_at IS NOT TRUE THEN
        PERFORM app.refuse('extension_due');
    ELSIF (closes IS NOT NULL AND closes > usual.closes_at IS NOT TRUE) OR coalesce(due, usual.due_at) > coalesce(closes, usual.closes_at) THEN
        PERFORM app.refuse('extension_closes');
    END IF;
    INSERT INTO extension AS x (tenant_id, id, lesson_id, course_id, user_id, due_at, closes_at, extra_attempts, extra_minutes, reason, granted_by_id)
        VALUES (school, app.uuid_v7(), lesson, known.course_id, person, due, closes, attempts, minutes, why, app.user_id())
        ON CONFLICT ON CONSTRAINT extension_key DO UPDATE SET due_at = excluded.due_at, closes_at = excluded.closes_at, extra_attempts = excluded.extra_attempts,
            extra_minutes = excluded.extra_minutes, reason = excluded.reason, granted_by_id = excluded.granted_by_id
        RETURNING x.id INTO made;
    IF known.kind = 'ASSIGNMENT' THEN
        PERFORM app.follow_assignment(school, lesson, ARRAY[person]);
    END IF;
    IF app.notifies('notify.extension_granted') THEN
        PERFORM app.emit('notify.extension_granted', app.type_id('lesson', lesson), NULL, jsonb_build_object('person', person, 'course', known.course_id,
            'facts', jsonb_strip_nulls(jsonb_build_object('lesson', (SELECT l.title FROM lesson l WHERE l.tenant_id = school AND l.id = lesson), 'until', coalesce(to_jsonb(coalesce(due, closes)), '""')))));
    END IF;
    RETURN made;
END
$$;

-- The actor takes back what was granted; what follows from it is computed anew. Reveals: to whoever grades the course, whether there was such a one.
CREATE OR REPLACE FUNCTION app.revoke_extension(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    known  record;
BEGIN
    SELECT x.lesson_id, x.course_id, x.user_id, a.id AS assignment_id INTO known FROM extension x
        LEFT JOIN assignment a ON a.tenant_id = x.tenant_id AND a.lesson_id = x.lesson_id WHERE x.tenant_id = school AND x.id = wanted;
    IF NOT FOUND OR NOT (app.grades_course(known.course_id) OR app.can('GRADE_READ_ALL') OR known.user_id = app.user_id()) THEN
        RETURN false;
    ELSIF NOT app.grades_course(known.course_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s course';
    END IF;
    IF known.assignment_id IS NOT NULL THEN
        PERFORM app.share_lock_for('assignment', known.assignment_id);
    END IF;
    PERFORM FROM enrollment e WHERE e.tenant_id = school AND e.course_id = known.course_id AND e.user_id = known.user_id FOR NO KEY UPDATE;
    DELETE FROM extension x WHERE x.tenant_id = school AND x.id = wanted;
    IF NOT FOUND THEN -- somebody has taken it back meanwhile
        RETURN false;
    END IF;
    IF known.assignment_id IS NOT NULL THEN
        PERFORM app.follow_assignment(school, known.lesson_id, ARRAY[known.user_id]);
    END IF;
    RETURN true;
END
$$;

-- What of some submissions is computed or may be held. Reveals: to their author, what is released; to whoever grades the course, and to GRADE_READ_ALL,
-- all of it, but for work of their own.
CREATE OR REPLACE FUNCTION app.submission_marks(submissions uuid[])
    RETURNS TABLE (submission_id uuid, is_late boolean, penalty_percent double precision, points double precision, final_points double precision, percent double precision,
                   is_passed boolean, feedback text, graded_at timestamptz, graded_by_id uuid, released_at timestamptz, version integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    taught   CONSTANT uuid[] := ARRAY(SELECT app.taught_courses());
    sees_all CONSTANT boolean := app.can('GRADE_READ_ALL') OR (app.can('GRADE_MANAGE') AND app.can('COURSE_UPDATE_ALL'));
    grades   CONSTANT boolean := app.can('GRADE_MANAGE');
    person   CONSTANT uuid := app.user_id();
BEGIN
    RETURN QUERY
        SELECT s.id, NOT s.is_again AND coalesce(s.submitted_at > d.due_at, false), d.penalty::double precision,
               g.points, round(g.points::numeric * (100 - d.penalty) / 100, 2)::double precision, round(w.percent, 2)::double precision, w.percent >= a.pass_mark::numeric,
               coalesce(g.feedback, s.return_note), g.graded_at, g.graded_by_id, g.released_at, CASE WHEN r.is_reader THEN coalesce(g.version, s.version) END
        FROM submission s
        JOIN assignment a ON a.tenant_id = s.tenant_id AND a.id = s.assignment_id
        LEFT JOIN extension x ON x.tenant_id = s.tenant_id AND x.lesson_id = s.lesson_id AND x.user_id = s.user_id
        CROSS JOIN LATERAL (SELECT s.user_id <> person AND (sees_all OR (grades AND s.course_id = ANY (taught))) AS is_reader) AS r
        LEFT JOIN submission_grade g ON g.tenant_id = s.tenant_id AND g.submission_id = s.id AND (r.is_reader OR g.released_at IS NOT NULL)
        CROSS JOIN LATERAL (SELECT coalesce(x.due_at, a.due_at) AS due_at, app.penalty_of(a.late_policy, s.is_again, s.submitted_at, coalesce(x.due_at, a.due_at),
                                                                                          a.penalty_percent_per_day, a.max_penalty_percent) AS penalty) AS d
        CROSS JOIN LATERAL (SELECT g.points::numeric * (100 - d.penalty) / a.points::numeric AS percent) AS w
        WHERE s.tenant_id = app.tenant_id() AND s.id = ANY (submissions) AND (r.is_reader OR s.user_id = person);
END
$$;

-- Whether something was handed in late, by the present due date of its author. Reveals: of work that the actor sees, that one bit.
CREATE OR REPLACE FUNCTION app.is_late(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE COST 1000 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT m.is_late FROM app.submission_marks(ARRAY[wanted]) AS m), false);
END
$$;

-- Of some assignments: when the actor's work is due, and how often they may still hand in (NULL: as often as they like). Reveals: to the actor, that.
CREATE OR REPLACE FUNCTION app.own_assignments(assignments uuid[]) RETURNS TABLE (assignment_id uuid, due_at timestamptz, attempts_left integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT a.id, coalesce(x.due_at, a.due_at), greatest(0, a.max_attempts + coalesce(x.extra_attempts, 0) - u.used)::integer
        FROM assignment a LEFT JOIN extension x ON x.tenant_id = a.tenant_id AND x.lesson_id = a.lesson_id AND x.user_id = app.user_id()
        CROSS JOIN LATERAL (SELECT count(*) AS used FROM submission s
            WHERE s.tenant_id = a.tenant_id AND s.assignment_id = a.id AND s.user_id = app.user_id() AND s.status <> 'RETURNED') AS u
        WHERE a.tenant_id = app.tenant_id() AND a.id = ANY (assignments);
END
$$;

-- Copies the assignments of a course with their rubrics, into lessons that are there already, its dates moved: for app.copy_course, by the right to change
-- both. Reveals nothing.
CREATE OR REPLACE FUNCTION app.copy_assignments(wanted uuid, copy uuid, lessons jsonb, moved interval) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
BEGIN
    IF NOT (app.is_staff_of(wanted) AND app.is_staff_of(copy)) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s course';
    END IF;
    INSERT INTO rubric_criterion (tenant_id, id, assignment_id, position, title, description, points)
        SELECT school, app.uuid_v7(), n.id, c.position, c.title, c.description, c.points
        FROM assignment o JOIN rubric_criterion c ON c.tenant_id = o.tenant_id AND c.assignment_id = o.id
        JOIN assignment n ON n.tenant_id = school AND n.course_id = copy AND n.lesson_id = (lessons ->> o.lesson_id::text)::uuid
        WHERE o.tenant_id = school AND o.course_id = wanted ORDER BY n.id, c.position;
    UPDATE assignment n SET accepts = o.accepts, points = o.points, pass_mark = o.pass_mark, due_at = o.due_at + moved, closes_at = o.closes_at + moved,
            late_policy = o.late_policy, penalty_percent_per_day = o.penalty_percent_per_day, max_penalty_percent = o.max_penalty_percent,
            max_attempts = o.max_attempts, max_files = o.max_files, hold_grades = o.hold_grades
        FROM assignment o WHERE o.tenant_id = school AND o.course_id = wanted AND n.tenant_id = school AND n.course_id = copy
          AND n.lesson_id = (lessons ->> o.lesson_id::text)::uuid;
END
$$;

-- Removes what was handed in in a course that is removed for good. For app.purge_course.
CREATE OR REPLACE FUNCTION app.purge_submissions(course uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM submission s WHERE s.tenant_id = app.tenant_id() AND s.course_id = course;
END
$$;

-- Reminds some people of work that is due within 24 hours, by their own date, and that is not handed in: once for each date. Reveals: how many, where more
-- may be left.
CREATE OR REPLACE FUNCTION app.remind_of_deadlines(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    due   record;
    count integer := 0;
BEGIN
    FOR due IN
        SELECT w.lesson_id, w.user_id, w.due_at, w.course_id, w.title FROM (
            SELECT a.lesson_id, e.user_id, coalesce(x.due_at, a.due_at, x.closes_at, a.closes_at) AS due_at, a.course_id, l.title
            FROM assignment a
            JOIN lesson l ON l.tenant_id = a.tenant_id AND l.id = a.lesson_id AND l.is_published
            JOIN enrollment e ON e.tenant_id = a.tenant_id AND e.course_id = a.course_id AND app.is_live(e.status, e.expires_at)
            LEFT JOIN extension x ON x.tenant_id = a.tenant_id AND x.lesson_id = a.lesson_id AND x.user_id = e.user_id
            WHERE a.tenant_id = app.tenant_id() AND a.lesson_id IN ( -- whatever ends within these hours, for everybody or for somebody
                    SELECT o.lesson_id FROM assignment o WHERE o.tenant_id = app.tenant_id() AND o.due_at > now() AND o.due_at <= now() + interval '24 hours'
                    UNION SELECT o.lesson_id FROM assignment o WHERE o.tenant_id = app.tenant_id() AND o.closes_at > now() AND o.closes_at <= now() + interval '24 hours'
                    UNION SELECT o.lesson_id FROM extension o WHERE o.tenant_id = app.tenant_id() AND o.due_at > now() AND o.due_at <= now() + interval '24 hours'
                    UNION SELECT o.lesson_id FROM extension o WHERE o.tenant_id = app.tenant_id() AND o.closes_at > now() AND o.closes_at <= now() + interval '24 hours')
              AND NOT EXISTS (SELECT FROM submission s WHERE s.tenant_id = a.tenant_id AND s.assignment_id = a.id AND s.user_id = e.user_id)
            UNION ALL -- what was given back
            SELECT s.lesson_id, s.user_id, s.again_until_at, s.course_id, l.title
            FROM submission s
            JOIN lesson l ON l.tenant_id = s.tenant_id AND l.id = s.lesson_id AND l.is_published
            JOIN enrollment e ON e.tenant_id = s.tenant_id AND e.id = s.enrollment_id AND app.is_live(e.status, e.expires_at)
            WHERE s.tenant_id = app.tenant_id() AND s.status = 'RETURNED' AND s.again_until_at > now() AND s.again_until_at <= now() + interval '24 hours'
              AND NOT EXISTS (SELECT FROM submission n WHERE n.tenant_id = s.tenant_id AND n.assignment_id = s.assignment_id AND n.user_id = s.user_id AND n.number > s.number)
            UNION ALL -- a quiz that closes; a factor of time moves that by days at most
            SELECT q.lesson_id, e.user_id, t.closes_at, q.course_id, l.title
            FROM quiz q
            JOIN lesson l ON l.tenant_id = q.tenant_id AND l.id = q.lesson_id AND l.is_published
            JOIN enrollment e ON e.tenant_id = q.tenant_id AND e.course_id = q.course_id AND app.is_live(e.status, e.expires_at)
            CROSS JOIN LATERAL app.terms_of(q.id, e.user_id) AS t
            WHERE q.tenant_id = app.tenant_id() AND q.lesson_id IN (
                    SELECT o.lesson_id FROM quiz o WHERE o.tenant_id = app.tenant_id() AND o.closes_at > now() - interval '10 days' AND o.closes_at <= now() + interval '24 hours'
                    UNION SELECT o.lesson_id FROM extension o WHERE o.tenant_id = app.tenant_id() AND o.closes_at > now() - interval '10 days' AND o.closes_at <= now() + interval '24 hours')
              AND NOT EXISTS (SELECT FROM quiz_attempt h WHERE h.tenant_id = q.tenant_id AND h.quiz_id = q.id AND h.user_id = e.user_id AND h.status = 'SUBMITTED')) AS w
        WHERE w.due_at > now() AND w.due_at <= now() + interval '24 hours'
          AND NOT EXISTS (SELECT FROM app.locks_of(w.user_id, ARRAY[w.lesson_id]) AS k WHERE k.reason IS NOT NULL)
          AND NOT EXISTS (SELECT FROM deadline_reminder r WHERE r.tenant_id = app.tenant_id() AND r.lesson_id = w.lesson_id AND r.user_id = w.user_id AND r.due_at = w.due_at)
        ORDER BY w.lesson_id, w.user_id LIMIT at_most
    LOOP
        INSERT INTO deadline_reminder AS r (tenant_id, lesson_id, user_id, due_at) VALUES (app.tenant_id(), due.lesson_id, due.user_id, due.due_at)
            ON CONFLICT ON CONSTRAINT deadline_reminder_pkey DO UPDATE SET due_at = excluded.due_at WHERE r.due_at <> excluded.due_at;
        IF FOUND AND app.notifies('notify.deadline_soon') THEN
            PERFORM app.emit('notify.deadline_soon', app.type_id('lesson', due.lesson_id), NULL,
                jsonb_build_object('person', due.user_id, 'course', due.course_id, 'facts', jsonb_build_object('lesson', due.title, 'until', due.due_at)));
        END IF;
        count := count + 1;
    END LOOP;
    RETURN count;
END
$$;

CREATE OR REPLACE TRIGGER assignment_audit AFTER INSERT OR UPDATE OR DELETE ON assignment FOR EACH ROW EXECUTE FUNCTION app.audit('Assignment', 'id');
CREATE OR REPLACE TRIGGER rubric_criterion_audit AFTER INSERT OR UPDATE OR DELETE ON rubric_criterion FOR EACH ROW EXECUTE FUNCTION app.audit('RubricCriterion', 'id');
-- What somebody wrote is said as set and changed, and so is what was said to them.
CREATE OR REPLACE TRIGGER submission_audit AFTER INSERT OR UPDATE OR DELETE ON submission FOR EACH ROW EXECUTE FUNCTION app.audit('Submission', 'id', 'text,return_note');
CREATE OR REPLACE TRIGGER submission_file_audit AFTER INSERT OR UPDATE OR DELETE ON submission_file FOR EACH ROW EXECUTE FUNCTION app.audit('Submission', 'submission_id');
CREATE OR REPLACE TRIGGER submission_grade_audit AFTER INSERT OR UPDATE OR DELETE ON submission_grade FOR EACH ROW EXECUTE FUNCTION app.audit('Submission', 'submission_id', 'feedback');
CREATE OR REPLACE TRIGGER rubric_score_audit AFTER INSERT OR UPDATE OR DELETE ON rubric_score FOR EACH ROW EXECUTE FUNCTION app.audit('Submission', 'submission_id', 'comment');

-- A grade that is held changes no submission, and so nobody hears of it.
CREATE OR REPLACE TRIGGER submission_announce AFTER INSERT OR UPDATE ON submission FOR EACH ROW EXECUTE FUNCTION app.announce_row('submission', 'id');

GRANT EXECUTE ON FUNCTION app.hand_in(uuid, text, uuid[]), app.grade_submission(uuid, integer, double precision, uuid[], double precision[], text[], text),
    app.return_submission(uuid, integer, text, timestamptz), app.release_grades(uuid), app.set_rubric(uuid, text[], text[], double precision[]),
    app.grant_extension(uuid, uuid, timestamptz, timestamptz, integer, integer, text), app.revoke_extension(uuid), app.submission_marks(uuid[]), app.is_late(uuid),
    app.own_assignments(uuid[]), app.copy_assignments(uuid, uuid, jsonb, interval), app.remind_of_deadlines(integer) TO lectern_app;
