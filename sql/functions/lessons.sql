-- Lessons: when they open and for whom, and how progress follows from them.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   section_drip_cycle        sections would wait for each other in a circle
--   lesson_count              a course would have more lessons than 500
--   course_material_count     a course would have more materials than 100
--   lesson_not_enrolled       the person has no live enrollment in the course
--   lesson_locked             the lesson is not open to them yet
--   lesson_completed_by_work  no word of the learner's completes such a lesson
--   lesson_too_early          the lesson was opened too short a while ago
--   lesson_transition         the enrollment takes no progress

-- Whether an enrollment gives access now: a completed one for ever.
CREATE OR REPLACE FUNCTION app.is_live(status text, expires_at timestamptz) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN status = 'COMPLETED' OR (status IN ('NOT_STARTED', 'IN_PROGRESS') AND (expires_at IS NULL OR expires_at > now()));

-- The courses in which the actor has a live enrollment. Reveals: to the actor, these ids.
CREATE OR REPLACE FUNCTION app.live_courses() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT e.course_id FROM enrollment e
        WHERE e.tenant_id = app.tenant_id() AND e.user_id = app.user_id() AND app.is_live(e.status, e.expires_at);
END
$$;

-- What keeps sections closed for a person, and until when where that is only a matter of time: NOT_ENROLLED, ENROLLMENT_ENDED, NOT_YET or
-- AFTER_SECTION; NULL for what is open. An override replaces the drip: a person's before a group's, a section's before the course's, of several
-- groups the earliest. For the functions below.
CREATE OR REPLACE FUNCTION app.gates_of(person uuid, sections uuid[]) RETURNS TABLE (section_id uuid, reason text, opens_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT s.id,
               CASE WHEN e.id IS NULL THEN 'NOT_ENROLLED'
                    WHEN NOT app.is_live(e.status, e.expires_at) THEN 'ENROLLMENT_ENDED'
                    WHEN g.at > now() THEN 'NOT_YET'
                    WHEN o.id IS NULL AND s.drip_kind = 'AFTER_SECTION' AND EXISTS (
                        SELECT FROM lesson l WHERE l.tenant_id = s.tenant_id AND l.course_id = s.course_id AND l.section_id = s.drip_after_id AND l.is_published AND l.is_required
                        AND NOT EXISTS (SELECT FROM lesson_progress p WHERE p.tenant_id = l.tenant_id AND p.enrollment_id = e.id AND p.lesson_id = l.id AND p.completed_at IS NOT NULL))
                    THEN 'AFTER_SECTION' END,
               CASE WHEN g.at > now() AND e.id IS NOT NULL AND app.is_live(e.status, e.expires_at) THEN g.at END
        FROM section s
        LEFT JOIN enrollment e ON e.tenant_id = s.tenant_id AND e.user_id = person AND e.course_id = s.course_id
        LEFT JOIN LATERAL (
            SELECT u.id, u.opens_at FROM unlock_override u
            WHERE u.tenant_id = s.tenant_id AND u.course_id = s.course_id AND (u.section_id = s.id OR u.section_id IS NULL)
              AND (u.user_id = person OR u.group_id IN (SELECT m.group_id FROM group_member m WHERE m.tenant_id = s.tenant_id AND m.user_id = person))
            ORDER BY u.user_id IS NULL, u.section_id IS NULL, u.opens_at NULLS FIRST LIMIT 1) AS o ON true
        CROSS JOIN LATERAL (SELECT CASE WHEN o.id IS NOT NULL THEN o.opens_at
                                        WHEN s.drip_kind = 'DAYS_AFTER_ENROLLMENT' THEN e.enrolled_at + make_interval(hours => 24 * s.drip_days)
                                        WHEN s.drip_kind = 'ON_DATE' THEN s.drip_at END AS at) AS g
        WHERE s.tenant_id = app.tenant_id() AND s.id = ANY (sections);
END
$$;

-- The same of lessons, with AFTER_LESSON where a course goes on in order. A preview is open; what somebody has completed stays open to them. For the
-- functions below.
CREATE OR REPLACE FUNCTION app.locks_of(person uuid, lessons uuid[]) RETURNS TABLE (lesson_id uuid, course_id uuid, reason text, unlocks_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        WITH wanted AS MATERIALIZED (
            SELECT l.id, l.course_id, l.section_id, l.position, s.position AS section_position, l.is_preview, c.is_sequential, e.id AS enrollment_id,
                   p.completed_at IS NOT NULL AS is_completed
            FROM lesson l
            JOIN section s ON s.tenant_id = l.tenant_id AND s.id = l.section_id
            JOIN course c ON c.tenant_id = l.tenant_id AND c.id = l.course_id
            LEFT JOIN enrollment e ON e.tenant_id = l.tenant_id AND e.user_id = person AND e.course_id = l.course_id
            LEFT JOIN lesson_progress p ON p.tenant_id = e.tenant_id AND p.enrollment_id = e.id AND p.lesson_id = l.id
            WHERE l.tenant_id = app.tenant_id() AND l.id = ANY (lessons)
        ), first_open AS ( -- in each course that goes on in order: the first lesson that must be completed and is not
            SELECT DISTINCT ON (l.course_id) l.course_id, s.position AS section_position, l.position
            FROM (SELECT DISTINCT w.course_id, w.enrollment_id FROM wanted w WHERE w.is_sequential AND w.enrollment_id IS NOT NULL) AS q
            JOIN lesson l ON l.tenant_id = app.tenant_id() AND l.course_id = q.course_id AND l.is_published AND l.is_required
            JOIN section s ON s.tenant_id = l.tenant_id AND s.id = l.section_id
            WHERE NOT EXISTS (SELECT FROM lesson_progress p WHERE p.tenant_id = l.tenant_id AND p.enrollment_id = q.enrollment_id AND p.lesson_id = l.id AND p.completed_at IS NOT NULL)
            ORDER BY l.course_id, s.position, l.position
        )
        SELECT w.id, w.course_id,
               CASE WHEN w.is_preview THEN NULL
                    WHEN g.reason IN ('NOT_ENROLLED', 'ENROLLMENT_ENDED') THEN g.reason
                    WHEN w.is_completed THEN NULL
                    WHEN g.reason IS NOT NULL THEN g.reason
                    WHEN b.is_behind THEN 'AFTER_LESSON' END,
               CASE WHEN g.reason = 'NOT_YET' AND NOT w.is_preview AND NOT w.is_completed AND NOT b.is_behind THEN g.opens_at END
        FROM wanted w
        JOIN app.gates_of(person, ARRAY(SELECT DISTINCT s.section_id FROM wanted s)) AS g ON g.section_id = w.section_id
        LEFT JOIN first_open f ON f.course_id = w.course_id
        CROSS JOIN LATERAL (SELECT coalesce((f.section_position, f.position) < (w.section_position, w.position), false)) AS b(is_behind);
END
$$;

-- What keeps lessons closed for the actor; nothing keeps their staff out. Reveals: to the actor, that.
CREATE OR REPLACE FUNCTION app.lesson_locks(lessons uuid[]) RETURNS TABLE (lesson_id uuid, reason text, unlocks_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    taught CONSTANT uuid[] := ARRAY(SELECT app.taught_courses());
BEGIN
    IF NOT app.can('COURSE_UPDATE_ALL') THEN
        RETURN QUERY SELECT k.lesson_id, k.reason, k.unlocks_at FROM app.locks_of(app.user_id(), lessons) AS k
            WHERE k.course_id <> ALL (taught) AND k.reason IS NOT NULL;
    END IF;
END
$$;

-- The same of sections. Reveals: to the actor, that.
CREATE OR REPLACE FUNCTION app.section_locks(sections uuid[]) RETURNS TABLE (section_id uuid, reason text, unlocks_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    taught CONSTANT uuid[] := ARRAY(SELECT app.taught_courses());
BEGIN
    IF NOT app.can('COURSE_UPDATE_ALL') THEN
        RETURN QUERY SELECT g.section_id, g.reason, g.opens_at FROM app.gates_of(app.user_id(), sections) AS g
            JOIN section s ON s.tenant_id = app.tenant_id() AND s.id = g.section_id
            WHERE s.course_id <> ALL (taught) AND g.reason IS NOT NULL;
    END IF;
END
$$;

-- Whether a lesson is open to the actor as a learner: what the policies of content ask, of each row. Most lessons wait for nothing: those are told at a glance,
-- all others by app.locks_of. Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.is_lesson_open(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE COST 1000 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    glance record;
BEGIN
    SELECT l.is_preview, app.is_live(e.status, e.expires_at) AS is_live,
           s.drip_kind = 'NONE' AND NOT c.is_sequential
               AND NOT EXISTS (SELECT FROM unlock_override u WHERE u.tenant_id = c.tenant_id AND u.course_id = c.id AND u.opens_at > now()) AS waits_for_nothing
        INTO glance
        FROM lesson l
        JOIN section s ON s.tenant_id = l.tenant_id AND s.id = l.section_id
        JOIN course c ON c.tenant_id = l.tenant_id AND c.id = l.course_id
        LEFT JOIN enrollment e ON e.tenant_id = l.tenant_id AND e.user_id = app.user_id() AND e.course_id = l.course_id
        WHERE l.tenant_id = app.tenant_id() AND l.id = wanted;
    IF glance.is_preview THEN
        RETURN true;
    ELSIF glance.is_live IS NOT TRUE THEN
        RETURN false;
    ELSIF glance.waits_for_nothing THEN
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM app.locks_of(app.user_id(), ARRAY[wanted]) AS k WHERE k.reason IS NULL);
END
$$;

-- Of some files, those that are attached to what the actor may read: content and materials that are open to them, work, the posters of courses, the icons
-- of badges. It repeats
-- the policies of these tables. Reveals: to the actor, these files, whatever their own visibility.
CREATE OR REPLACE FUNCTION app.attached_files(files uuid[]) RETURNS SETOF file
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT f.* FROM file f WHERE f.tenant_id = app.tenant_id() AND f.id = ANY (files) AND (
        EXISTS (SELECT FROM lesson_content c JOIN lesson l ON l.tenant_id = c.tenant_id AND l.id = c.lesson_id
                WHERE c.tenant_id = f.tenant_id AND c.file_id = f.id AND app.reads_course(c.course_id)
                  AND (app.is_staff_of(c.course_id) OR (l.is_published AND app.is_lesson_open(c.lesson_id))))
        OR EXISTS (SELECT FROM course_material m LEFT JOIN lesson l ON l.tenant_id = m.tenant_id AND l.id = m.lesson_id
                   WHERE m.tenant_id = f.tenant_id AND m.file_id = f.id AND app.reads_course(m.course_id)
                     AND (app.is_staff_of(m.course_id) OR CASE WHEN m.lesson_id IS NULL THEN m.course_id IN (SELECT app.live_courses())
                                                               ELSE l.is_published AND app.is_lesson_open(m.lesson_id) END))
        OR EXISTS (SELECT FROM submission_file w JOIN submission s ON s.tenant_id = w.tenant_id AND s.id = w.submission_id
                   WHERE w.tenant_id = f.tenant_id AND w.file_id = f.id
                     AND (s.user_id = app.user_id() OR app.can('GRADE_READ_ALL') OR app.grades_course(s.course_id)))
        OR EXISTS (SELECT FROM course c WHERE c.tenant_id = f.tenant_id AND c.intro_video_poster_id = f.id AND app.reads_course(c.id))
        OR EXISTS (SELECT FROM badge b WHERE b.tenant_id = f.tenant_id AND b.icon_file_id = f.id));
END
$$;

-- Published lessons per course, and how many minutes they take. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.lesson_counts(courses uuid[]) RETURNS TABLE (course_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT l.course_id, count(*) FROM lesson l
        WHERE l.tenant_id = app.tenant_id() AND l.course_id = ANY (courses) AND l.is_published GROUP BY l.course_id;
END
$$;
CREATE OR REPLACE FUNCTION app.lesson_minutes(courses uuid[]) RETURNS TABLE (course_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT l.course_id, coalesce(sum(l.duration_minutes), 0) FROM lesson l
        WHERE l.tenant_id = app.tenant_id() AND l.course_id = ANY (courses) AND l.is_published GROUP BY l.course_id;
END
$$;

-- Sections never wait for each other in a circle. Whoever sets what one waits for waits for the turn of the course's sections.
CREATE OR REPLACE FUNCTION app.check_drip_circle() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    at uuid := NEW.drip_after_id;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('sections', NEW.course_id);
    WHILE at IS NOT NULL LOOP
        IF at = NEW.id THEN
            PERFORM app.refuse('section_drip_cycle');
        END IF;
        SELECT s.drip_after_id INTO at FROM section s WHERE s.tenant_id = NEW.tenant_id AND s.id = at;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER section_drip_circle AFTER UPDATE OF drip_after_id ON section FOR EACH ROW
    WHEN (NEW.drip_after_id IS NOT NULL) EXECUTE FUNCTION app.check_drip_circle();

-- A course has 500 lessons and 100 materials at most. Whoever adds some waits for the course's turn.
CREATE OR REPLACE FUNCTION app.check_course_count() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most   CONSTANT bigint := TG_ARGV[0];
    wanted record;
    used   bigint;
BEGIN
    FOR wanted IN SELECT DISTINCT n.tenant_id, n.course_id FROM new_rows n ORDER BY n.course_id LOOP
        PERFORM app.enter_tenant(wanted.tenant_id);
        PERFORM app.lock_for('sections', wanted.course_id);
        IF TG_TABLE_NAME = 'lesson' THEN
            SELECT count(*) INTO used FROM lesson l WHERE l.tenant_id = wanted.tenant_id AND l.course_id = wanted.course_id;
        ELSE
            SELECT count(*) INTO used FROM course_material m WHERE m.tenant_id = wanted.tenant_id AND m.course_id = wanted.course_id;
        END IF;
        IF used > most THEN
            PERFORM app.refuse(TG_TABLE_NAME || '_count', jsonb_build_object('limit', most)::text);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER lesson_count AFTER INSERT ON lesson REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.check_course_count('500');
CREATE OR REPLACE TRIGGER course_material_count AFTER INSERT ON course_material REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.check_course_count('100');

-- Progress out of completed lessons: exactly 100 when they are all.
CREATE OR REPLACE FUNCTION app.share_done(done integer, wanted integer) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN done >= wanted THEN 100 ELSE done * 100.0::double precision / wanted END;

-- What an enrollment keeps of its course: how many lessons it has, until when it gives access; and, where the course has lessons, the progress that
-- follows from them as long as it is under way. Runs last of all triggers before the row, when the course's turn has been taken.
CREATE OR REPLACE FUNCTION app.keep_with_lessons() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    opened_for CONSTANT text := current_setting('app.tenant_id', true);
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM app.enter_tenant(NEW.tenant_id);
        SELECT count(*) INTO NEW.lessons_total FROM lesson l
            WHERE l.tenant_id = NEW.tenant_id AND l.course_id = NEW.course_id AND l.is_published AND l.is_required;
        IF NOT NEW.is_expiry_fixed THEN
            SELECT app.expiry_of(NEW.enrolled_at, c.access_days, c.access_until_at) INTO NEW.expires_at FROM course c
                WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.course_id;
        END IF;
        NEW.reminded_days := app.days_left(NEW.expires_at);
        PERFORM set_config('app.tenant_id', coalesce(opened_for, ''), true); -- the wall is asked after this
        RETURN NEW;
    END IF;
    IF NEW.expires_at IS DISTINCT FROM OLD.expires_at THEN
        NEW.reminded_days := app.days_left(NEW.expires_at);
    END IF;
    IF NEW.lessons_total > 0 AND NEW.status IN ('NOT_STARTED', 'IN_PROGRESS') THEN
        NEW.progress := greatest(NEW.recorded_progress, app.share_done(NEW.lessons_completed, NEW.lessons_total));
    END IF;
    IF NEW.started_at IS NULL AND OLD.status = 'NOT_STARTED' AND NEW.status IN ('IN_PROGRESS', 'COMPLETED') THEN
        NEW.started_at := now();
    END IF;
    IF (NEW.status, NEW.progress) IS DISTINCT FROM (OLD.status, OLD.progress) AND NEW.user_id = nullif(current_setting('app.user_id', true), '')::uuid THEN
        NEW.last_active_at := now();
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER enrollment_with_lessons BEFORE INSERT OR UPDATE ON enrollment FOR EACH ROW EXECUTE FUNCTION app.keep_with_lessons();

-- Counts the lessons of a course anew for everybody in it, after its lessons have changed. It completes nobody; who has completed the course keeps status
-- and progress. The rows are locked before they are counted: what somebody completes at this moment is counted by one of the two.
CREATE OR REPLACE FUNCTION app.follow_lessons(tenant uuid, course uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.lock_for('course', course);
    PERFORM FROM enrollment e WHERE e.tenant_id = tenant AND e.course_id = course ORDER BY e.id FOR NO KEY UPDATE;
    UPDATE enrollment e
        SET lessons_completed = n.done, lessons_total = t.count, recorded_progress = CASE WHEN e.lessons_total = 0 THEN e.progress ELSE e.recorded_progress END
        FROM (SELECT count(*)::integer AS count FROM lesson l WHERE l.tenant_id = tenant AND l.course_id = course AND l.is_published AND l.is_required) AS t,
             LATERAL (SELECT o.id, count(l.id)::integer AS done FROM enrollment o
                      LEFT JOIN lesson_progress p ON p.tenant_id = o.tenant_id AND p.enrollment_id = o.id AND p.completed_at IS NOT NULL
                      LEFT JOIN lesson l ON l.tenant_id = p.tenant_id AND l.id = p.lesson_id AND l.is_published AND l.is_required
                      WHERE o.tenant_id = tenant AND o.course_id = course GROUP BY o.id) AS n
        WHERE e.tenant_id = tenant AND e.course_id = course AND e.id = n.id AND (e.lessons_completed, e.lessons_total) IS DISTINCT FROM (n.done, t.count);
END
$$;

-- Notes that people have completed a lesson because its pass mark asks for less. As when lessons change, it is counted, and completes no course before their next
-- act. For the triggers of quizzes and assignments.
CREATE OR REPLACE FUNCTION app.note_passes(tenant uuid, course uuid, passed uuid, people uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF people = '{}' THEN
        RETURN;
    END IF;
    PERFORM app.lock_for('course', course);
    PERFORM FROM enrollment e WHERE e.tenant_id = tenant AND e.course_id = course ORDER BY e.id FOR NO KEY UPDATE;
    INSERT INTO lesson_progress AS p (tenant_id, enrollment_id, lesson_id, user_id, course_id, completed_at)
        SELECT e.tenant_id, e.id, passed, e.user_id, e.course_id, now() FROM enrollment e
        WHERE e.tenant_id = tenant AND e.course_id = course AND e.user_id = ANY (people) AND app.is_live(e.status, e.expires_at) ORDER BY e.id
        ON CONFLICT ON CONSTRAINT lesson_progress_pkey DO UPDATE SET completed_at = now() WHERE p.completed_at IS NULL;
    PERFORM app.follow_lessons(tenant, course);
END
$$;

-- Which lessons count has changed: once a statement and course.
CREATE OR REPLACE FUNCTION app.follow_changed_lessons() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        FOR changed IN SELECT DISTINCT n.tenant_id, n.course_id FROM new_rows n WHERE n.is_published AND n.is_required ORDER BY 1, 2 LOOP
            PERFORM app.enter_tenant(changed.tenant_id), app.follow_lessons(changed.tenant_id, changed.course_id);
        END LOOP;
    ELSIF TG_OP = 'DELETE' THEN
        FOR changed IN SELECT DISTINCT o.tenant_id, o.course_id FROM old_rows o WHERE o.is_published AND o.is_required ORDER BY 1, 2 LOOP
            PERFORM app.enter_tenant(changed.tenant_id), app.follow_lessons(changed.tenant_id, changed.course_id);
        END LOOP;
    ELSE
        FOR changed IN SELECT DISTINCT n.tenant_id, n.course_id FROM new_rows n JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id
            WHERE (n.is_published AND n.is_required) <> (o.is_published AND o.is_required) ORDER BY 1, 2 LOOP
            PERFORM app.enter_tenant(changed.tenant_id), app.follow_lessons(changed.tenant_id, changed.course_id);
        END LOOP;
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER lesson_follow_new AFTER INSERT ON lesson REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.follow_changed_lessons();
CREATE OR REPLACE TRIGGER lesson_follow AFTER UPDATE ON lesson REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.follow_changed_lessons();
CREATE OR REPLACE TRIGGER lesson_follow_gone AFTER DELETE ON lesson REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.follow_changed_lessons();

-- Counts one person's lessons anew, whose enrollment is locked, after an act of theirs or a word of a manager's about them: with it comes COMPLETED. A
-- manager's `reopens` may take it back.
CREATE OR REPLACE FUNCTION app.follow_act(enrolled uuid, reopens boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own  enrollment;
    done integer;
    most integer;
    is_whole boolean;
BEGIN
    SELECT e.* INTO own FROM enrollment e WHERE e.tenant_id = app.tenant_id() AND e.id = enrolled;
    SELECT count(p.completed_at), count(*) INTO done, most FROM lesson l
        LEFT JOIN lesson_progress p ON p.tenant_id = l.tenant_id AND p.enrollment_id = enrolled AND p.lesson_id = l.id
        WHERE l.tenant_id = app.tenant_id() AND l.course_id = own.course_id AND l.is_published AND l.is_required;
    is_whole := most > 0 AND done = most;
    UPDATE enrollment e
        SET lessons_completed = done, lessons_total = most,
            recorded_progress = CASE WHEN own.lessons_total = 0 AND most > 0 THEN own.progress ELSE own.recorded_progress END,
            status = CASE WHEN is_whole THEN 'COMPLETED' WHEN own.status = 'NOT_STARTED' OR (own.status = 'COMPLETED' AND reopens) THEN 'IN_PROGRESS' ELSE own.status END,
            completed_at = CASE WHEN is_whole OR (own.status = 'COMPLETED' AND NOT reopens) THEN coalesce(own.completed_at, now()) END,
            progress = CASE WHEN is_whole THEN 100 ELSE own.progress END
        WHERE e.tenant_id = app.tenant_id() AND e.id = enrolled;
END
$$;

-- Locks the live enrollment of a person in the course of a lesson, and answers it; refuses where there is none. For the functions below.
CREATE OR REPLACE FUNCTION app.lock_live_enrollment(course uuid, person uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own record;
BEGIN
    SELECT e.id, app.is_live(e.status, e.expires_at) AS is_live INTO own FROM enrollment e
        WHERE e.tenant_id = app.tenant_id() AND e.user_id = person AND e.course_id = course FOR NO KEY UPDATE;
    IF own.is_live IS NOT TRUE THEN
        PERFORM app.refuse('lesson_not_enrolled');
    END IF;
    RETURN own.id;
END
$$;

-- Refuses a lesson that is not open to the actor. For the functions below.
CREATE OR REPLACE FUNCTION app.check_lesson_open(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    lock record;
BEGIN
    SELECT k.reason, k.unlocks_at INTO lock FROM app.lesson_locks(ARRAY[wanted]) AS k;
    IF lock.reason IS NOT NULL THEN
        PERFORM app.refuse('lesson_locked', jsonb_build_object('reason', lock.reason, 'unlocks_at', lock.unlocks_at)::text);
    END IF;
END
$$;

-- Whether the actor manages the enrollments of a course. Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.manages_course(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN app.can('ENROLLMENT_MANAGE') AND app.is_staff_of(wanted);
END
$$;

-- The actor opens a lesson, or goes on in it. Reveals: to the actor, how far they are in it.
CREATE OR REPLACE FUNCTION app.track_lesson(wanted uuid, place integer)
    RETURNS TABLE (lesson_id uuid, enrollment_id uuid, opened_at timestamptz, completed_at timestamptz, position_seconds integer)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found_lesson record;
    enrolled     uuid;
BEGIN
    SELECT l.id, l.course_id INTO found_lesson FROM lesson l WHERE l.tenant_id = app.tenant_id() AND l.id = wanted AND (l.is_published OR app.is_staff_of(l.course_id));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    enrolled := app.lock_live_enrollment(found_lesson.course_id, app.user_id());
    PERFORM app.check_lesson_open(wanted);
    INSERT INTO lesson_progress AS p (tenant_id, enrollment_id, lesson_id, user_id, course_id, opened_at, last_opened_at, position_seconds)
        VALUES (app.tenant_id(), enrolled, wanted, app.user_id(), found_lesson.course_id, now(), now(), place)
        ON CONFLICT ON CONSTRAINT lesson_progress_pkey DO UPDATE
            SET opened_at = coalesce(p.opened_at, now()), last_opened_at = now(), position_seconds = coalesce(place, p.position_seconds);
    UPDATE enrollment e SET last_active_at = now() WHERE e.tenant_id = app.tenant_id() AND e.id = enrolled AND e.last_active_at IS DISTINCT FROM now();
    PERFORM app.follow_act(enrolled, false);
    RETURN QUERY SELECT p.lesson_id, p.enrollment_id, p.opened_at, p.completed_at, p.position_seconds FROM lesson_progress p
        WHERE p.tenant_id = app.tenant_id() AND p.enrollment_id = enrolled AND p.lesson_id = wanted;
END
$$;

-- Notes that somebody has completed a lesson. For the functions below, which have locked the enrollment.
CREATE OR REPLACE FUNCTION app.note_completion(wanted uuid, course uuid, enrolled uuid, person uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO lesson_progress AS p (tenant_id, enrollment_id, lesson_id, user_id, course_id, completed_at)
        VALUES (app.tenant_id(), enrolled, wanted, person, course, now())
        ON CONFLICT ON CONSTRAINT lesson_progress_pkey DO UPDATE SET completed_at = now() WHERE p.completed_at IS NULL;
    PERFORM app.follow_act(enrolled, false);
END
$$;

-- Completes a lesson: by the learner's own act, where `person` is NULL, or by the word of whoever manages the course. Reveals: to the actor, how far the
-- person is in it; nothing where they are not enrolled.
CREATE OR REPLACE FUNCTION app.complete_lesson(wanted uuid, person uuid)
    RETURNS TABLE (lesson_id uuid, enrollment_id uuid, opened_at timestamptz, completed_at timestamptz, position_seconds integer)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found_lesson record;
    own          record;
    known        record;
BEGIN
    SELECT l.id, l.course_id, l.kind, l.min_seconds INTO found_lesson FROM lesson l
        WHERE l.tenant_id = app.tenant_id() AND l.id = wanted AND (l.is_published OR app.is_staff_of(l.course_id));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF person IS NULL THEN
        SELECT app.lock_live_enrollment(found_lesson.course_id, app.user_id()) AS id, app.user_id() AS user_id INTO own;
        SELECT p.opened_at, p.completed_at INTO known FROM lesson_progress p WHERE p.tenant_id = app.tenant_id() AND p.enrollment_id = own.id AND p.lesson_id = wanted;
        IF known.completed_at IS NULL THEN
            PERFORM app.check_lesson_open(wanted);
            IF found_lesson.kind NOT IN ('TEXT', 'VIDEO', 'AUDIO', 'FILE', 'LINK', 'EMBED') THEN
                PERFORM app.refuse('lesson_completed_by_work');
            END IF;
            -- Whose transaction began a moment before that of the opening is not early for a lesson that takes no time.
            IF found_lesson.min_seconds > 0 AND now() < coalesce(known.opened_at, now()) + make_interval(secs => found_lesson.min_seconds) THEN
                PERFORM app.refuse('lesson_too_early', jsonb_build_object('seconds',
                    ceil(extract(epoch FROM coalesce(known.opened_at, now()) + make_interval(secs => found_lesson.min_seconds) - now())))::text);
            END IF;
        END IF;
        UPDATE enrollment e SET last_active_at = now() WHERE e.tenant_id = app.tenant_id() AND e.id = own.id AND e.last_active_at IS DISTINCT FROM now();
    ELSE
        IF NOT app.manages_course(found_lesson.course_id) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s course';
        END IF;
        SELECT e.id, e.user_id, e.status INTO own FROM enrollment e
            WHERE e.tenant_id = app.tenant_id() AND e.user_id = person AND e.course_id = found_lesson.course_id FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RETURN;
        ELSIF own.status NOT IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED') THEN
            PERFORM app.refuse('lesson_transition');
        END IF;
    END IF;
    PERFORM app.note_completion(wanted, found_lesson.course_id, own.id, own.user_id);
    RETURN QUERY SELECT p.lesson_id, p.enrollment_id, p.opened_at, p.completed_at, p.position_seconds FROM lesson_progress p
        WHERE p.tenant_id = app.tenant_id() AND p.enrollment_id = own.id AND p.lesson_id = wanted;
END
$$;

-- Takes a completion back, by the word of whoever manages the course: a course that was completed by it is under way again. Reveals: to them, how far the
-- person is in it; nothing where they never got there.
CREATE OR REPLACE FUNCTION app.reopen_lesson(wanted uuid, person uuid)
    RETURNS TABLE (lesson_id uuid, enrollment_id uuid, opened_at timestamptz, completed_at timestamptz, position_seconds integer)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found_lesson record;
    own          record;
BEGIN
    SELECT l.id, l.course_id, l.is_published AND l.is_required AS counts INTO found_lesson FROM lesson l WHERE l.tenant_id = app.tenant_id() AND l.id = wanted;
    IF NOT FOUND THEN
        RETURN;
    ELSIF NOT app.manages_course(found_lesson.course_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s course';
    END IF;
    SELECT e.id, e.status INTO own FROM enrollment e
        WHERE e.tenant_id = app.tenant_id() AND e.user_id = person AND e.course_id = found_lesson.course_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    ELSIF own.status NOT IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED') THEN
        PERFORM app.refuse('lesson_transition');
    END IF;
    UPDATE lesson_progress p SET completed_at = NULL
        WHERE p.tenant_id = app.tenant_id() AND p.enrollment_id = own.id AND p.lesson_id = wanted AND p.completed_at IS NOT NULL;
    IF FOUND THEN
        PERFORM app.follow_act(own.id, found_lesson.counts);
    END IF;
    RETURN QUERY SELECT wanted, own.id, p.opened_at, p.completed_at, p.position_seconds FROM (SELECT 1) AS one
        LEFT JOIN lesson_progress p ON p.tenant_id = app.tenant_id() AND p.enrollment_id = own.id AND p.lesson_id = wanted;
END
$$;

-- Notes who was there at a LIVE lesson, by the word of whoever manages the course. Reveals: to them, which of the given people have a live enrollment.
CREATE OR REPLACE FUNCTION app.record_attendance(wanted uuid, people uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found_lesson record;
    own          record;
BEGIN
    SELECT l.course_id INTO found_lesson FROM lesson l WHERE l.tenant_id = app.tenant_id() AND l.id = wanted AND l.kind = 'LIVE';
    IF NOT FOUND THEN
        RETURN;
    ELSIF NOT app.manages_course(found_lesson.course_id) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s course';
    END IF;
    FOR own IN SELECT e.id, e.user_id FROM enrollment e
        WHERE e.tenant_id = app.tenant_id() AND e.course_id = found_lesson.course_id AND e.user_id = ANY (people) AND app.is_live(e.status, e.expires_at)
        ORDER BY e.id FOR NO KEY UPDATE LOOP
        PERFORM app.note_completion(wanted, found_lesson.course_id, own.id, own.user_id);
        RETURN NEXT own.user_id;
    END LOOP;
END
$$;

-- A booking of a LIVE lesson that has taken place completes it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.complete_booked_lesson() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own record;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    SELECT e.id, e.course_id INTO own FROM lesson l JOIN enrollment e ON e.tenant_id = l.tenant_id AND e.course_id = l.course_id AND e.user_id = NEW.student_id
        WHERE l.tenant_id = NEW.tenant_id AND l.id = NEW.lesson_id AND app.is_live(e.status, e.expires_at) FOR NO KEY UPDATE OF e;
    IF FOUND THEN
        PERFORM app.note_completion(NEW.lesson_id, own.course_id, own.id, NEW.student_id);
    END IF;
    RETURN NULL;
END
$$;
-- Unless somebody did not come; where that is corrected, then.
CREATE OR REPLACE TRIGGER booking_completes_lesson AFTER UPDATE OF status, outcome ON booking FOR EACH ROW
    WHEN (NEW.status = 'COMPLETED' AND NEW.lesson_id IS NOT NULL AND coalesce(NEW.outcome, 'ATTENDED') IN ('ATTENDED', 'LATE')
          AND (OLD.status <> 'COMPLETED' OR OLD.outcome IN ('NO_SHOW', 'INSTRUCTOR_NO_SHOW')))
    EXECUTE FUNCTION app.complete_booked_lesson();

-- Where the people of some enrollments go on: in the lesson that they opened last and have not completed, else in the first that is open to them and not
-- completed. Reveals: to those whom enrollment_read in policies/enrollments.sql shows an enrollment, that lesson.
CREATE OR REPLACE FUNCTION app.resume_lessons(enrollments uuid[]) RETURNS TABLE (enrollment_id uuid, lesson_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    taught CONSTANT uuid[] := ARRAY(SELECT app.taught_courses());
    sees_all CONSTANT boolean := app.can('ENROLLMENT_READ_ALL') OR app.can('COURSE_UPDATE_ALL');
    own record;
BEGIN
    FOR own IN SELECT e.id, e.user_id, e.course_id,
                      NOT c.is_sequential AND NOT EXISTS (SELECT FROM section s WHERE s.tenant_id = c.tenant_id AND s.course_id = c.id AND s.drip_kind <> 'NONE')
                          AND NOT EXISTS (SELECT FROM unlock_override u WHERE u.tenant_id = c.tenant_id AND u.course_id = c.id AND u.opens_at > now()) AS waits_for_nothing
        FROM enrollment e JOIN course c ON c.tenant_id = e.tenant_id AND c.id = e.course_id
        WHERE e.tenant_id = app.tenant_id() AND e.id = ANY (enrollments) AND app.is_live(e.status, e.expires_at)
          AND (sees_all OR e.user_id = app.user_id() OR e.course_id = ANY (taught)) LOOP
        IF own.waits_for_nothing THEN -- as most courses: no lock is asked for
            RETURN QUERY SELECT own.id, l.id FROM lesson_progress p
                JOIN lesson l ON l.tenant_id = p.tenant_id AND l.id = p.lesson_id AND l.is_published
                JOIN section s ON s.tenant_id = l.tenant_id AND s.id = l.section_id
                WHERE p.tenant_id = app.tenant_id() AND p.enrollment_id = own.id AND p.completed_at IS NULL AND p.last_opened_at IS NOT NULL
                ORDER BY p.last_opened_at DESC, s.position, l.position LIMIT 1;
            IF NOT FOUND THEN
                RETURN QUERY SELECT own.id, l.id FROM section s
                    JOIN lesson l ON l.tenant_id = s.tenant_id AND l.section_id = s.id AND l.is_published
                    WHERE s.tenant_id = app.tenant_id() AND s.course_id = own.course_id AND NOT EXISTS (
                        SELECT FROM lesson_progress p WHERE p.tenant_id = l.tenant_id AND p.enrollment_id = own.id AND p.lesson_id = l.id AND p.completed_at IS NOT NULL)
                    ORDER BY s.position, l.position LIMIT 1;
            END IF;
            CONTINUE;
        END IF;
        RETURN QUERY
            WITH left_over AS MATERIALIZED (
                SELECT l.id, s.position AS section_position, l.position, p.last_opened_at FROM lesson l
                JOIN section s ON s.tenant_id = l.tenant_id AND s.id = l.section_id
                LEFT JOIN lesson_progress p ON p.tenant_id = l.tenant_id AND p.enrollment_id = own.id AND p.lesson_id = l.id
                WHERE l.tenant_id = app.tenant_id() AND l.course_id = own.course_id AND l.is_published AND p.completed_at IS NULL
            )
            SELECT own.id, o.id FROM left_over o
            JOIN app.locks_of(own.user_id, ARRAY(SELECT i.id FROM left_over i)) AS k ON k.lesson_id = o.id AND k.reason IS NULL
            ORDER BY o.last_opened_at DESC NULLS LAST, o.section_position, o.position LIMIT 1;
    END LOOP;
END
$$;

-- What was set for a person or a group that is deleted is gone with them.
CREATE OR REPLACE FUNCTION app.retire_overrides() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM unlock_override o WHERE o.tenant_id = NEW.tenant_id AND NEW.id = CASE TG_TABLE_NAME WHEN 'app_user' THEN o.user_id ELSE o.group_id END;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_retire_overrides AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_overrides();
CREATE OR REPLACE TRIGGER user_group_retire_overrides AFTER UPDATE ON user_group FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_overrides();

-- A lesson has changed where its content has. Reveals nothing.
CREATE OR REPLACE FUNCTION app.touch_lesson() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE lesson l SET updated_at = now() WHERE l.tenant_id = NEW.tenant_id AND l.id = NEW.lesson_id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER lesson_content_touch AFTER UPDATE ON lesson_content FOR EACH ROW
    WHEN (NEW.* IS DISTINCT FROM OLD.*) EXECUTE FUNCTION app.touch_lesson();

CREATE OR REPLACE TRIGGER lesson_touch BEFORE UPDATE ON lesson FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER lesson_audit AFTER INSERT OR UPDATE OR DELETE ON lesson FOR EACH ROW EXECUTE FUNCTION app.audit('Lesson', 'id');
CREATE OR REPLACE TRIGGER lesson_content_audit AFTER INSERT OR UPDATE OR DELETE ON lesson_content FOR EACH ROW EXECUTE FUNCTION app.audit('Lesson', 'lesson_id');
CREATE OR REPLACE TRIGGER course_material_audit AFTER INSERT OR UPDATE OR DELETE ON course_material FOR EACH ROW EXECUTE FUNCTION app.audit('CourseMaterial', 'id');
CREATE OR REPLACE TRIGGER unlock_override_audit AFTER INSERT OR UPDATE OR DELETE ON unlock_override FOR EACH ROW EXECUTE FUNCTION app.audit('UnlockOverride', 'id');
-- Not where somebody is in a lesson, nor how often it was opened.
CREATE OR REPLACE TRIGGER lesson_progress_audit_new AFTER INSERT OR DELETE ON lesson_progress FOR EACH ROW EXECUTE FUNCTION app.audit('Enrollment', 'enrollment_id');
CREATE OR REPLACE TRIGGER lesson_progress_audit AFTER UPDATE ON lesson_progress FOR EACH ROW
    WHEN (NEW.completed_at IS DISTINCT FROM OLD.completed_at OR (NEW.opened_at IS NOT NULL AND OLD.opened_at IS NULL)) EXECUTE FUNCTION app.audit('Enrollment', 'enrollment_id');

-- A course has changed where its lessons have.
CREATE OR REPLACE TRIGGER lesson_announce AFTER INSERT OR UPDATE OR DELETE ON lesson FOR EACH ROW
    EXECUTE FUNCTION app.announce_row('course', 'course_id', 'course_id');

GRANT EXECUTE ON FUNCTION app.live_courses(), app.lesson_locks(uuid[]), app.section_locks(uuid[]), app.is_lesson_open(uuid), app.attached_files(uuid[]),
    app.lesson_counts(uuid[]), app.lesson_minutes(uuid[]), app.track_lesson(uuid, integer), app.complete_lesson(uuid, uuid), app.reopen_lesson(uuid, uuid),
    app.record_attendance(uuid, uuid[]), app.resume_lessons(uuid[])
    TO lectern_app;
