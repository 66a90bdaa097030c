-- Reports and the dashboard: what is due, and who is at risk. Both look at work that row security hides from the learner while it is locked, or asks of row by
-- row; they say no more of it than when it is due.

-- Whether the actor reports on a course: its staff, and whoever reads all grades or all enrollments. Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.reports_course(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.course c WHERE c.tenant_id = app.tenant_id() AND c.id = wanted)
       AND (app.can('ENROLLMENT_READ_ALL') OR app.can('GRADE_READ_ALL') OR app.is_staff_of(wanted));
END
$$;

-- The work of published lessons that is due at some time, with when it is due and taken by those to whom nothing else was granted. For the functions below.
CREATE OR REPLACE FUNCTION app.due_work(courses uuid[]) RETURNS TABLE (lesson_id uuid, course_id uuid, assignment_id uuid, quiz_id uuid, due_at timestamptz, closes_at timestamptz)
    LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT l.id, l.course_id, a.id, NULL::uuid, a.due_at, a.closes_at FROM assignment a JOIN lesson l ON l.tenant_id = a.tenant_id AND l.id = a.lesson_id AND l.is_published
            WHERE a.tenant_id = app.tenant_id() AND a.course_id = ANY (courses)
        UNION ALL
        SELECT l.id, l.course_id, NULL, q.id, NULL, q.closes_at FROM quiz q JOIN lesson l ON l.tenant_id = q.tenant_id AND l.id = q.lesson_id AND l.is_published
            WHERE q.tenant_id = app.tenant_id() AND q.course_id = ANY (courses);
END
$$;

-- What is due to the actor and not handed in: overdue work first, then the soonest. Reveals: to the actor, lessons of theirs and when they are due.
CREATE OR REPLACE FUNCTION app.own_deadlines(most integer) RETURNS TABLE (lesson_id uuid, enrollment_id uuid, due_at timestamptz, is_overdue boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    me     CONSTANT uuid := app.user_id();
BEGIN
    RETURN QUERY
        WITH live AS MATERIALIZED (
            SELECT e.id, e.course_id FROM enrollment e JOIN course c ON c.tenant_id = e.tenant_id AND c.id = e.course_id AND c.deleted_at IS NULL
            WHERE e.tenant_id = school AND e.user_id = me AND e.status IN ('NOT_STARTED', 'IN_PROGRESS') AND app.is_live(e.status, e.expires_at)
        ), due AS MATERIALIZED (
            SELECT w.* FROM app.due_work(ARRAY(SELECT o.course_id FROM live o)) AS w
        ), locked AS MATERIALIZED ( -- which says nothing but why
            SELECT k.lesson_id FROM app.locks_of(me, ARRAY(SELECT o.lesson_id FROM due o)) AS k WHERE k.reason IS NOT NULL
        )
        SELECT w.lesson_id, v.id, d.at, d.at < now()
        FROM due w
        JOIN live v ON v.course_id = w.course_id
        LEFT JOIN extension x ON x.tenant_id = school AND x.lesson_id = w.lesson_id AND x.user_id = me
        LEFT JOIN LATERAL (SELECT s.status, s.again_until_at FROM submission s
                           WHERE s.tenant_id = school AND s.assignment_id = w.assignment_id AND s.user_id = me ORDER BY s.number DESC LIMIT 1) AS latest ON true
        CROSS JOIN LATERAL (SELECT CASE WHEN latest.status = 'RETURNED' THEN latest.again_until_at
                                        ELSE least(coalesce(x.due_at, w.due_at), coalesce(x.closes_at, w.closes_at)) END AS at) AS d
        WHERE d.at IS NOT NULL
          AND w.lesson_id NOT IN (SELECT k.lesson_id FROM locked k)
          AND (latest.status IS NULL OR latest.status = 'RETURNED')
          AND NOT EXISTS (SELECT FROM quiz_attempt t WHERE t.tenant_id = school AND t.quiz_id = w.quiz_id AND t.user_id = me AND t.status = 'SUBMITTED')
        ORDER BY d.at, w.lesson_id LIMIT most;
END
$$;

-- Learners who may not reach the end of their course, those with most reasons first: of one course, or of all that the actor is staff of (with
-- ENROLLMENT_READ_ALL: of all). Reveals: to whoever sees these enrollments, why, how much of their work is overdue; their grade to whoever sees grades.
CREATE OR REPLACE FUNCTION app.learners_at_risk(of_course uuid, most integer)
    RETURNS TABLE (enrollment_id uuid, reasons text[], last_active_at timestamptz, overdue integer, current_grade double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school   CONSTANT uuid := app.tenant_id();
    taught   CONSTANT uuid[] := ARRAY(SELECT app.taught_courses());
    sees_all CONSTANT boolean := app.can('ENROLLMENT_READ_ALL') OR (app.can('ENROLLMENT_MANAGE') AND app.can('COURSE_UPDATE_ALL'));
    grades_all CONSTANT boolean := app.can('GRADE_READ_ALL') OR (app.can('GRADE_MANAGE') AND app.can('COURSE_UPDATE_ALL'));
    patience CONSTANT interval := make_interval(days => coalesce((SELECT s.risk_inactive_days FROM tenant_settings s WHERE s.tenant_id = school), 14));
BEGIN
    RETURN QUERY
        WITH live AS MATERIALIZED (
            SELECT e.id, e.user_id, e.course_id, e.last_active_at, e.enrolled_at, e.expires_at, e.progress, e.status
            FROM enrollment e JOIN course c ON c.tenant_id = e.tenant_id AND c.id = e.course_id AND c.deleted_at IS NULL
            WHERE e.tenant_id = school AND (of_course IS NULL OR e.course_id = of_course) AND (sees_all OR e.course_id = ANY (taught))
              AND e.status IN ('NOT_STARTED', 'IN_PROGRESS') AND app.is_live(e.status, e.expires_at)
        ), missing AS MATERIALIZED (
            SELECT o.id, count(*)::integer AS works FROM (
                SELECT v.id FROM assignment a
                JOIN lesson l ON l.tenant_id = school AND l.id = a.lesson_id AND l.is_published
                JOIN live v ON v.course_id = a.course_id
                LEFT JOIN extension x ON x.tenant_id = school AND x.lesson_id = a.lesson_id AND x.user_id = v.user_id
                LEFT JOIN (SELECT DISTINCT u.assignment_id, u.user_id FROM submission u WHERE u.tenant_id = school AND (of_course IS NULL OR u.course_id = of_course)) AS s
                    ON s.assignment_id = a.id AND s.user_id = v.user_id
                WHERE a.tenant_id = school AND (of_course IS NULL OR a.course_id = of_course) AND s.user_id IS NULL
                  AND least(coalesce(x.due_at, a.due_at), coalesce(x.closes_at, a.closes_at)) < now()
                UNION ALL
                SELECT v.id FROM quiz q
                JOIN lesson l ON l.tenant_id = school AND l.id = q.lesson_id AND l.is_published
                JOIN live v ON v.course_id = q.course_id
                LEFT JOIN extension x ON x.tenant_id = school AND x.lesson_id = q.lesson_id AND x.user_id = v.user_id
                LEFT JOIN (SELECT DISTINCT t.quiz_id, t.user_id FROM quiz_attempt t
                           WHERE t.tenant_id = school AND t.status = 'SUBMITTED' AND (of_course IS NULL OR t.course_id = of_course)) AS s
                    ON s.quiz_id = q.id AND s.user_id = v.user_id
                WHERE q.tenant_id = school AND (of_course IS NULL OR q.course_id = of_course) AND s.user_id IS NULL
                  AND least(x.due_at, coalesce(x.closes_at, q.closes_at)) < now()
            ) AS o GROUP BY o.id
        )
        SELECT r.id, r.why, r.last_active_at, r.works, r.grade FROM (
            SELECT v.id, v.last_active_at, v.enrolled_at, coalesce(m.works, 0) AS works, g.current_grade AS grade,
                   array_remove(ARRAY[CASE WHEN coalesce(v.last_active_at, v.enrolled_at) < now() - patience THEN 'INACTIVE' END, CASE WHEN m.works > 0 THEN 'OVERDUE' END,
                       CASE WHEN g.current_grade < 50 THEN 'FAILING' END,
                       CASE WHEN v.expires_at < now() + interval '168 hours' AND v.progress < 50 THEN 'EXPIRES_SOON' END], NULL) AS why
            FROM live v
            LEFT JOIN missing m ON m.id = v.id
            LEFT JOIN enrollment_grade g ON g.tenant_id = school AND g.enrollment_id = v.id AND (grades_all OR (app.can('GRADE_MANAGE') AND v.course_id = ANY (taught)))
        ) AS r
        WHERE cardinality(r.why) > 0
        ORDER BY cardinality(r.why) DESC, r.works DESC, coalesce(r.last_active_at, r.enrolled_at), r.id LIMIT most;
END
$$;

-- How many bookings that the actor sees begin in each hour of the week of a zone, from 0 for Monday's first, within a range that may be open at either end.
CREATE OR REPLACE FUNCTION app.booking_heat(range_start timestamptz, range_end timestamptz, zone text) RETURNS TABLE (place integer, bookings bigint)
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
        SELECT (extract(isodow FROM c.at) * 24 - 24 + extract(hour FROM c.at))::integer, count(*)
        FROM public.booking b CROSS JOIN LATERAL (SELECT b.starts_at AT TIME ZONE zone) AS c(at)
        WHERE b.tenant_id = app.tenant_id() AND b.starts_at >= coalesce(range_start, '-infinity') AND b.starts_at < coalesce(range_end, 'infinity')
        GROUP BY 1;
EXCEPTION WHEN invalid_parameter_value THEN
    PERFORM app.refuse('zone_unknown');
END
$$;

GRANT EXECUTE ON FUNCTION app.own_deadlines(integer), app.learners_at_risk(uuid, integer) TO lectern_app;
