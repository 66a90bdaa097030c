-- Grades: what of somebody's work counts, and what was granted to them.
--
-- What a lesson is worth to a person is set by app.set_lesson_grade alone, in the transaction that causes it, and stands in lesson_grade; the two grades of
-- an enrollment follow from it, and from the lessons that count, in app.follow_grades. Whoever sets one locks the enrollment first: what two people grade
-- at once is counted by the later one.

-- Whether the actor grades the work of a course. Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.grades_course(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN app.can('GRADE_MANAGE') AND app.is_staff_of(wanted);
END
$$;

-- What was granted to a person in a lesson: one row, empty where nothing was. For the functions of work.
CREATE OR REPLACE FUNCTION app.extension_of(p_tenant uuid, p_lesson uuid, p_user uuid)
    RETURNS TABLE (due_at timestamptz, closes_at timestamptz, extra_attempts integer, extra_minutes integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT x.due_at, x.closes_at, coalesce(x.extra_attempts, 0), coalesce(x.extra_minutes, 0) FROM (SELECT 1) AS one
        LEFT JOIN extension x ON x.tenant_id = p_tenant AND x.lesson_id = p_lesson AND x.user_id = p_user;
END
$$;

-- Until when the work of a lesson is due, and until when it is taken, for those to whom nothing else was granted. For the functions of work.
CREATE OR REPLACE FUNCTION app.usual_times(p_tenant uuid, p_lesson uuid) RETURNS TABLE (due_at timestamptz, closes_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT a.due_at, a.closes_at FROM assignment a WHERE a.tenant_id = p_tenant AND a.lesson_id = p_lesson
        UNION ALL SELECT NULL, q.closes_at FROM quiz q WHERE q.tenant_id = p_tenant AND q.lesson_id = p_lesson;
END
$$;

-- When a person's work in a lesson is due; NULL for never. For the functions of work.
CREATE OR REPLACE FUNCTION app.learner_due(p_tenant uuid, p_lesson uuid, p_user uuid) RETURNS timestamptz
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT x.due_at FROM extension x WHERE x.tenant_id = p_tenant AND x.lesson_id = p_lesson AND x.user_id = p_user),
                    (SELECT t.due_at FROM app.usual_times(p_tenant, p_lesson) AS t));
END
$$;

-- When a lesson takes no more work of a person; NULL for never. For the functions of work.
CREATE OR REPLACE FUNCTION app.learner_closing(p_tenant uuid, p_lesson uuid, p_user uuid) RETURNS timestamptz
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT x.closes_at FROM extension x WHERE x.tenant_id = p_tenant AND x.lesson_id = p_lesson AND x.user_id = p_user),
                    (SELECT t.closes_at FROM app.usual_times(p_tenant, p_lesson) AS t));
END
$$;

-- How much more time a person takes: 1 where nothing was said. For the functions of work.
CREATE OR REPLACE FUNCTION app.time_factor_of(p_tenant uuid, p_user uuid) RETURNS double precision
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT a.time_factor FROM accommodation a WHERE a.tenant_id = p_tenant AND a.user_id = p_user), 1);
END
$$;

-- The grades of some enrollments of a course (NULL: of all), out of what stands in lesson_grade. For the functions below, which have locked them.
CREATE OR REPLACE FUNCTION app.follow_grades(p_tenant uuid, p_course uuid, p_enrollments uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM lesson l WHERE l.tenant_id = p_tenant AND l.course_id = p_course AND l.is_published AND l.is_graded AND l.weight > 0) THEN
        DELETE FROM enrollment_grade g WHERE g.tenant_id = p_tenant AND g.course_id = p_course AND (p_enrollments IS NULL OR g.enrollment_id = ANY (p_enrollments));
        RETURN;
    END IF;
    INSERT INTO enrollment_grade AS g (tenant_id, enrollment_id, user_id, course_id, current_grade, final_grade)
        SELECT e.tenant_id, e.id, e.user_id, e.course_id, m.current_grade, m.final_grade
        FROM enrollment e
        CROSS JOIN LATERAL (
            SELECT round(sum(l.weight::numeric * o.percent::numeric) / nullif(sum(l.weight::numeric) FILTER (WHERE o.percent IS NOT NULL), 0), 2)::double precision AS current_grade,
                   round(coalesce(sum(l.weight::numeric * o.percent::numeric), 0) / sum(l.weight::numeric), 2)::double precision AS final_grade
            FROM lesson l LEFT JOIN lesson_grade o ON o.tenant_id = l.tenant_id AND o.enrollment_id = e.id AND o.lesson_id = l.id
            WHERE l.tenant_id = p_tenant AND l.course_id = p_course AND l.is_published AND l.is_graded AND l.weight > 0) AS m
        WHERE e.tenant_id = p_tenant AND e.course_id = p_course AND (p_enrollments IS NULL OR e.id = ANY (p_enrollments))
        ON CONFLICT ON CONSTRAINT enrollment_grade_pkey DO UPDATE SET current_grade = excluded.current_grade, final_grade = excluded.final_grade
            WHERE (g.current_grade, g.final_grade) IS DISTINCT FROM (excluded.current_grade, excluded.final_grade);
END
$$;

-- What a lesson is worth to some people from now on: to each the percent at their place, or none. The grades of their enrollments follow; whoever is not
-- enrolled gets none. What they complete by it is the caller's to note. For the functions of work.
CREATE OR REPLACE FUNCTION app.set_lesson_grades(p_tenant uuid, p_lesson uuid, p_users uuid[], p_percents numeric[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    course   uuid;
    enrolled uuid[];
BEGIN
    SELECT l.course_id INTO course FROM lesson l WHERE l.tenant_id = p_tenant AND l.id = p_lesson;
    SELECT array_agg(o.id) INTO enrolled FROM (
        SELECT e.id FROM enrollment e WHERE e.tenant_id = p_tenant AND e.course_id = course AND e.user_id = ANY (p_users) ORDER BY e.id FOR NO KEY UPDATE) AS o;
    IF enrolled IS NULL THEN
        RETURN;
    END IF;
    DELETE FROM lesson_grade g USING unnest(p_users, p_percents) AS w(user_id, percent)
        WHERE g.tenant_id = p_tenant AND g.course_id = course AND g.lesson_id = p_lesson AND g.user_id = w.user_id AND w.percent IS NULL;
    INSERT INTO lesson_grade AS g (tenant_id, enrollment_id, lesson_id, user_id, course_id, percent)
        SELECT e.tenant_id, e.id, p_lesson, e.user_id, e.course_id, round(w.percent, 2)::double precision
        FROM unnest(p_users, p_percents) AS w(user_id, percent)
        JOIN enrollment e ON e.tenant_id = p_tenant AND e.user_id = w.user_id AND e.course_id = course
        WHERE w.percent IS NOT NULL
        ON CONFLICT ON CONSTRAINT lesson_grade_pkey DO UPDATE SET percent = excluded.percent, graded_at = now() WHERE g.percent <> excluded.percent;
    PERFORM app.follow_grades(p_tenant, course, enrolled);
END
$$;

-- The same for one person (NULL: none any more). For the functions of work.
CREATE OR REPLACE FUNCTION app.set_lesson_grade(p_tenant uuid, p_lesson uuid, p_user uuid, p_percent numeric) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.set_lesson_grades(p_tenant, p_lesson, ARRAY[p_user], ARRAY[p_percent]);
END
$$;

-- What counts in a course has changed: the grades of everybody in it follow. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_graded_lessons() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed record;
BEGIN
    FOR changed IN EXECUTE CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT DISTINCT n.tenant_id, n.course_id FROM new_rows n WHERE n.is_published AND n.is_graded AND n.weight > 0 ORDER BY 1, 2'
        WHEN 'DELETE' THEN 'SELECT DISTINCT o.tenant_id, o.course_id FROM old_rows o WHERE o.is_published AND o.is_graded AND o.weight > 0 ORDER BY 1, 2'
        ELSE 'SELECT DISTINCT n.tenant_id, n.course_id FROM new_rows n JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id
              WHERE CASE WHEN n.is_published AND n.is_graded THEN n.weight ELSE 0 END <> CASE WHEN o.is_published AND o.is_graded THEN o.weight ELSE 0 END ORDER BY 1, 2' END
    LOOP
        PERFORM app.enter_tenant(changed.tenant_id), app.lock_for('course', changed.course_id);
        PERFORM FROM enrollment e WHERE e.tenant_id = changed.tenant_id AND e.course_id = changed.course_id ORDER BY e.id FOR NO KEY UPDATE;
        PERFORM app.follow_grades(changed.tenant_id, changed.course_id, NULL);
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER lesson_grades_new AFTER INSERT ON lesson REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.follow_graded_lessons();
CREATE OR REPLACE TRIGGER lesson_grades AFTER UPDATE ON lesson REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.follow_graded_lessons();
CREATE OR REPLACE TRIGGER lesson_grades_gone AFTER DELETE ON lesson REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.follow_graded_lessons();

-- Assignments are graded, and so are quizzes until their mode says otherwise.
CREATE OR REPLACE FUNCTION app.mark_graded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.is_graded := true;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER lesson_graded BEFORE INSERT ON lesson FOR EACH ROW WHEN (NEW.kind IN ('QUIZ', 'ASSIGNMENT')) EXECUTE FUNCTION app.mark_graded();

-- Who comes into a course has its grades from the beginning. Reveals nothing.
CREATE OR REPLACE FUNCTION app.begin_grades() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN SELECT n.tenant_id, n.course_id, array_agg(n.id) AS ids FROM new_rows n GROUP BY 1, 2 ORDER BY 1, 2 LOOP
        PERFORM app.enter_tenant(wanted.tenant_id);
        IF EXISTS (SELECT FROM lesson l WHERE l.tenant_id = wanted.tenant_id AND l.course_id = wanted.course_id AND l.is_published AND l.is_graded AND l.weight > 0) THEN
            PERFORM app.follow_grades(wanted.tenant_id, wanted.course_id, wanted.ids);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER enrollment_grades AFTER INSERT ON enrollment REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.begin_grades();

-- What was granted to a person who is deleted says nothing about them any more: their work keeps its times, the words and the factor go. Reveals nothing.
CREATE OR REPLACE FUNCTION app.retire_grants() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM accommodation a WHERE a.tenant_id = NEW.tenant_id AND a.user_id = NEW.id;
    UPDATE extension x SET reason = NULL WHERE x.tenant_id = NEW.tenant_id AND x.user_id = NEW.id AND x.reason IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_retire_grants AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_grants();

-- Nobody who is gone takes more time. Reveals nothing.
CREATE OR REPLACE FUNCTION app.check_accommodated() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.check_people_are_here(NEW.tenant_id, ARRAY[NEW.user_id]);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER accommodation_new AFTER INSERT ON accommodation FOR EACH ROW EXECUTE FUNCTION app.check_accommodated();

-- Why somebody has more time is said as set and changed.
CREATE OR REPLACE TRIGGER extension_audit AFTER INSERT OR UPDATE OR DELETE ON extension FOR EACH ROW EXECUTE FUNCTION app.audit('Extension', 'id', 'reason');
CREATE OR REPLACE TRIGGER accommodation_audit AFTER INSERT OR UPDATE OR DELETE ON accommodation FOR EACH ROW EXECUTE FUNCTION app.audit('User', 'user_id');

-- What the graded lessons of some enrollments are worth, in no order. Reveals: of the own enrollments what is released; to whoever grades the course, and to
-- GRADE_READ_ALL, also what is held. A quiz counts in percent.
CREATE OR REPLACE FUNCTION app.grades_of(enrollments uuid[])
    RETURNS TABLE (enrollment_id uuid, lesson_id uuid, percent double precision, points double precision, max_points double precision, weight double precision,
                   is_late boolean, is_missing boolean, is_released boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school   CONSTANT uuid := app.tenant_id();
    person   CONSTANT uuid := app.user_id();
    taught   CONSTANT uuid[] := ARRAY(SELECT app.taught_courses());
    sees_all CONSTANT boolean := app.can('GRADE_READ_ALL') OR (app.can('GRADE_MANAGE') AND app.can('COURSE_UPDATE_ALL'));
    grades   CONSTANT boolean := app.can('GRADE_MANAGE');
BEGIN
    RETURN QUERY
        WITH own AS MATERIALIZED (
            SELECT e.id, e.user_id, e.course_id, e.user_id <> person AS is_reader, coalesce(f.time_factor, 1) AS time_factor FROM enrollment e
            LEFT JOIN accommodation f ON f.tenant_id = school AND f.user_id = e.user_id
            WHERE e.tenant_id = school AND e.id = ANY (enrollments) AND (e.user_id = person OR sees_all OR (grades AND e.course_id = ANY (taught)))
        ), graded AS MATERIALIZED (
            SELECT l.id, l.course_id, l.kind, l.weight, t.due_at, t.closes_at, z.time_limit_minutes, a.points, a.id AS assignment_id, a.late_policy, a.penalty_percent_per_day,
                   a.max_penalty_percent
            FROM (SELECT DISTINCT o.course_id FROM own o) AS c
            JOIN lesson l ON l.tenant_id = school AND l.course_id = c.course_id AND l.is_published AND l.is_graded
            LEFT JOIN LATERAL app.usual_times(school, l.id) AS t ON true
            LEFT JOIN quiz z ON z.tenant_id = school AND z.lesson_id = l.id
            LEFT JOIN assignment a ON a.tenant_id = school AND a.lesson_id = l.id
        ), work AS MATERIALIZED ( -- each submission of these people, with what it is worth as the actor sees it
            SELECT s.enrollment_id, s.lesson_id, s.number, NOT s.is_again AND coalesce(s.submitted_at > d.due_at, false) AS is_late,
                   g.points::numeric * (100 - app.penalty_of(q.late_policy, s.is_again, s.submitted_at, d.due_at, q.penalty_percent_per_day, q.max_penalty_percent)) / 100 AS points,
                   g.released_at IS NOT NULL AS is_released
            FROM own o
            JOIN submission s ON s.tenant_id = school AND s.enrollment_id = o.id
            JOIN graded q ON q.id = s.lesson_id
            LEFT JOIN extension x ON x.tenant_id = school AND x.lesson_id = s.lesson_id AND x.user_id = s.user_id
            CROSS JOIN LATERAL (SELECT coalesce(x.due_at, q.due_at) AS due_at) AS d
            LEFT JOIN submission_grade g ON g.tenant_id = school AND g.submission_id = s.id AND (o.is_reader OR g.released_at IS NOT NULL)
        ), facts AS ( -- one below the other and not side by side: a join of so many cells is easily planned for few
            SELECT o.id AS enrollment_id, q.id AS lesson_id, NULL::boolean AS is_late, NULL::numeric AS points, NULL::double precision AS percent,
                   NULL::timestamptz AS due_at, NULL::timestamptz AS closes_at, q.time_limit_minutes * 60 * (o.time_factor - 1) AS seconds_more
            FROM own o JOIN graded q ON q.course_id = o.course_id
            UNION ALL -- the released submission that counts, else the best that is held, else the latest
            (SELECT DISTINCT ON (w.enrollment_id, w.lesson_id) w.enrollment_id, w.lesson_id, w.is_late, w.points, NULL, NULL, NULL, NULL FROM work w
             ORDER BY w.enrollment_id, w.lesson_id, w.is_released DESC, w.points DESC NULLS LAST, w.number DESC)
            UNION ALL
            SELECT k.enrollment_id, k.lesson_id, NULL, NULL, k.percent, NULL, NULL, NULL FROM own o JOIN lesson_grade k ON k.tenant_id = school AND k.enrollment_id = o.id
            UNION ALL
            SELECT o.id, x.lesson_id, NULL, NULL, NULL, x.due_at, x.closes_at, NULL
            FROM own o JOIN extension x ON x.tenant_id = school AND x.user_id = o.user_id AND x.course_id = o.course_id
        ), cells AS (
            SELECT f.enrollment_id, f.lesson_id, bool_or(f.is_late) AS is_late, max(f.points) AS points, max(f.percent) AS percent, max(f.due_at) AS due_at, max(f.closes_at) AS closes_at,
                   coalesce(max(f.seconds_more), 0) AS seconds_more
            FROM facts f GROUP BY f.enrollment_id, f.lesson_id
        )
        SELECT c.enrollment_id, q.id, CASE q.kind WHEN 'ASSIGNMENT' THEN round(100 * c.points / q.points::numeric, 2)::double precision ELSE c.percent END,
               CASE q.kind WHEN 'ASSIGNMENT' THEN round(c.points, 2)::double precision ELSE c.percent END,
               coalesce(q.points, 100), q.weight, coalesce(c.is_late, false),
               c.is_late IS NULL AND c.percent IS NULL AND coalesce(now() > least(coalesce(c.due_at, q.due_at), coalesce(c.closes_at, q.closes_at) + make_interval(secs => c.seconds_more)), false),
               c.percent IS NOT NULL
        FROM cells c JOIN graded q ON q.id = c.lesson_id;
END
$$;

-- The rows of grade books, for lists: of the courses whose work the actor grades, or of all for GRADE_READ_ALL. It runs by the actor's own rights, and is
-- written into the statement that asks it.
CREATE OR REPLACE FUNCTION app.grade_book()
    RETURNS TABLE (tenant_id uuid, enrollment_id uuid, course_id uuid, user_id uuid, status text, name text, current_grade double precision, final_grade double precision)
    LANGUAGE sql STABLE ROWS 100 AS $$
    SELECT e.tenant_id, e.id, e.course_id, e.user_id, e.status, coalesce(u.name, ''), g.current_grade, g.final_grade
    FROM enrollment e
    LEFT JOIN app_user u ON u.tenant_id = e.tenant_id AND u.id = e.user_id
    LEFT JOIN enrollment_grade g ON g.tenant_id = e.tenant_id AND g.enrollment_id = e.id
    WHERE (SELECT app.can('GRADE_READ_ALL'))
       OR ((SELECT app.can('GRADE_MANAGE')) AND ((SELECT app.can('COURSE_UPDATE_ALL')) OR e.course_id IN (SELECT app.taught_courses())))
$$;

-- How much work waits for the actor to grade it: handed in, by somebody else, and not graded yet. Reveals: to whoever grades, this number.
CREATE OR REPLACE FUNCTION app.submissions_to_grade() RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    taught CONSTANT uuid[] := ARRAY(SELECT app.taught_courses());
BEGIN
    IF NOT app.can('GRADE_MANAGE') THEN
        RETURN 0;
    END IF;
    IF app.can('COURSE_UPDATE_ALL') THEN
        RETURN (SELECT count(*) FROM submission s LEFT JOIN submission_grade g ON g.tenant_id = s.tenant_id AND g.submission_id = s.id
                WHERE s.tenant_id = app.tenant_id() AND s.status = 'SUBMITTED' AND s.user_id <> app.user_id() AND g.submission_id IS NULL);
    END IF;
    -- Course by course along the index of what waits.
    RETURN (SELECT coalesce(sum(n.count), 0) FROM unnest(taught) AS c(id) CROSS JOIN LATERAL (
                SELECT count(*) FROM submission s WHERE s.tenant_id = app.tenant_id() AND s.course_id = c.id AND s.status = 'SUBMITTED' AND s.user_id <> app.user_id()
                AND (SELECT g.version FROM submission_grade g WHERE g.tenant_id = s.tenant_id AND g.submission_id = s.id) IS NULL) AS n);
END
$$;

GRANT EXECUTE ON FUNCTION app.grades_of(uuid[]), app.submissions_to_grade() TO lectern_app;
