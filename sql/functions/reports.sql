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
    factor CONSTANT double precision := app.time_factor_of(school, me);
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
        LEFT JOIN quiz q ON q.tenant_id = school AND q.id = w.quiz_id
        LEFT JOIN extension x ON x.tenant_id = school AND x.lesson_id = w.lesson_id AND x.user_id = me
        LEFT JOIN LATERAL (SELECT s.status, s.again_until_at FROM submission s
                           WHERE s.tenant_id = school AND s.assignment_id = w.assignment_id AND s.user_id = me ORDER BY s.number DESC LIMIT 1) AS latest ON true
        CROSS JOIN LATERAL (SELECT CASE WHEN latest.status = 'RETURNED' THEN latest.again_until_at
                                        ELSE least(coalesce(x.due_at, w.due_at), coalesce(x.closes_at, w.closes_at)
                                                   + make_interval(secs => coalesce(q.time_limit_minutes, 0) * 60 * (factor - 1))) END AS at) AS d
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
    sees_all CONSTANT boolean := app.can('ENROLLMENT_READ_ALL') OR app.can('COURSE_UPDATE_ALL');
    grades_all CONSTANT boolean := app.can('GRADE_READ_ALL') OR (app.can('GRADE_MANAGE') AND app.can('COURSE_UPDATE_ALL'));
    longest  CONSTANT double precision := coalesce((SELECT max(f.time_factor) FROM accommodation f WHERE f.tenant_id = school), 1);
    patience CONSTANT interval := make_interval(days => coalesce((SELECT s.risk_inactive_days FROM tenant_settings s WHERE s.tenant_id = school), 14));
BEGIN
    RETURN QUERY
        WITH live AS MATERIALIZED (
            SELECT e.id, e.user_id, e.course_id, e.last_active_at, e.enrolled_at, e.expires_at, e.progress, e.status
            FROM enrollment e JOIN course c ON c.tenant_id = e.tenant_id AND c.id = e.course_id AND c.deleted_at IS NULL
            WHERE e.tenant_id = school AND (of_course IS NULL OR e.course_id = of_course) AND (sees_all OR e.course_id = ANY (taught))
              AND e.status IN ('NOT_STARTED', 'IN_PROGRESS') AND app.is_live(e.status, e.expires_at)
        ), due AS MATERIALIZED ( -- the work of these courses: whether it is over for those to whom nothing else was granted
            SELECT w.*, coalesce(least(w.due_at, w.closes_at) < now(), false) AS is_over, coalesce(q.time_limit_minutes, 0) * 60 AS seconds
            FROM app.due_work(ARRAY(SELECT DISTINCT v.course_id FROM live v)) AS w LEFT JOIN quiz q ON q.tenant_id = school AND q.id = w.quiz_id
        ), expected AS MATERIALIZED (
            SELECT d.course_id, count(*) AS works, array_remove(array_agg(d.assignment_id), NULL) AS assignments, array_remove(array_agg(d.quiz_id), NULL) AS quizzes
            FROM due d WHERE d.is_over GROUP BY 1
        ), handed_in AS MATERIALIZED ( -- counted course by course along indexes: what is missing is what is left of all of it, and need not be looked for
            SELECT p.course_id, h.user_id, h.works FROM expected p CROSS JOIN LATERAL (
                SELECT o.user_id, count(*) AS works FROM (
                    SELECT u.user_id FROM submission u WHERE u.tenant_id = school AND u.assignment_id = ANY (p.assignments) AND u.number = 1
                    UNION ALL
                    SELECT t.user_id FROM unnest(p.quizzes) AS q(id) CROSS JOIN LATERAL (
                        SELECT DISTINCT a.user_id FROM quiz_attempt a WHERE a.tenant_id = school AND a.quiz_id = q.id AND a.status = 'SUBMITTED') AS t
                ) AS o GROUP BY 1) AS h
        ), apart AS ( -- whom something else was granted; and who takes more time in a quiz that has closed, while it may still be open to somebody
            SELECT d.lesson_id, x.user_id, x.due_at, x.closes_at FROM due d JOIN extension x ON x.tenant_id = school AND x.lesson_id = d.lesson_id
            UNION ALL
            SELECT d.lesson_id, f.user_id, NULL, NULL FROM due d JOIN accommodation f ON f.tenant_id = school AND f.time_factor > 1
            WHERE d.is_over AND d.seconds > 0 AND d.closes_at + make_interval(secs => d.seconds * (longest - 1)) >= now()
              AND NOT EXISTS (SELECT FROM extension x WHERE x.tenant_id = school AND x.lesson_id = d.lesson_id AND x.user_id = f.user_id)
        ), granted AS ( -- what is over for some only, or not over for them
            SELECT d.course_id, x.user_id, sum(CASE WHEN d.is_over THEN -1 ELSE 1 END) AS works
            FROM due d JOIN apart x ON x.lesson_id = d.lesson_id
            LEFT JOIN accommodation f ON f.tenant_id = school AND f.user_id = x.user_id
            WHERE d.is_over <> coalesce(least(coalesce(x.due_at, d.due_at),
                                              coalesce(x.closes_at, d.closes_at) + make_interval(secs => d.seconds * (coalesce(f.time_factor, 1) - 1))) < now(), false)
              AND NOT EXISTS (SELECT FROM submission u WHERE u.tenant_id = school AND u.assignment_id = d.assignment_id AND u.user_id = x.user_id)
              AND NOT EXISTS (SELECT FROM quiz_attempt a WHERE a.tenant_id = school AND a.quiz_id = d.quiz_id AND a.user_id = x.user_id AND a.status = 'SUBMITTED')
            GROUP BY 1, 2
        )
        SELECT r.id, r.why, r.last_active_at, r.works, r.grade FROM (
            SELECT v.id, v.last_active_at, v.enrolled_at, m.works, g.current_grade AS grade,
                   array_remove(ARRAY[CASE WHEN coalesce(v.last_active_at, v.enrolled_at) < now() - patience THEN 'INACTIVE' END, CASE WHEN m.works > 0 THEN 'OVERDUE' END,
                       CASE WHEN g.current_grade < 50 THEN 'FAILING' END,
                       CASE WHEN v.expires_at < now() + interval '168 hours' AND v.progress < 50 THEN 'EXPIRES_SOON' END], NULL) AS why
            FROM live v
            LEFT JOIN expected p ON p.course_id = v.course_id
            LEFT JOIN handed_in h ON h.course_id = v.course_id AND h.user_id = v.user_id
            LEFT JOIN granted x ON x.course_id = v.course_id AND x.user_id = v.user_id
            CROSS JOIN LATERAL (SELECT (coalesce(p.works, 0) - coalesce(h.works, 0) + coalesce(x.works, 0))::integer AS works) AS m
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

-- Revenue and paid orders by the day of a zone, in each currency, of what the actor sees of the books; within a range that may be open at either end.
CREATE OR REPLACE FUNCTION app.revenue_days(range_start timestamptz, range_end timestamptz, of_program uuid, zone text)
    RETURNS TABLE (day date, currency text, orders bigint, revenue bigint) LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
        SELECT d.day, d.currency, sum(d.orders)::bigint, sum(d.revenue)::bigint FROM (
            SELECT (p.at AT TIME ZONE zone)::date AS day, p.currency, 0 AS orders, -p.amount AS revenue FROM public.ledger_posting p
            WHERE p.tenant_id = app.tenant_id() AND p.account = 'REVENUE' AND (of_program IS NULL OR p.program_id = of_program)
              AND p.at >= coalesce(range_start, '-infinity') AND p.at < coalesce(range_end, 'infinity')
            UNION ALL
            SELECT (o.paid_at AT TIME ZONE zone)::date, o.currency, 1, 0 FROM public.sales_order o
            WHERE o.tenant_id = app.tenant_id() AND o.status IN ('PAID', 'REFUNDED') AND (of_program IS NULL OR o.program_id = of_program)
              AND o.paid_at >= coalesce(range_start, '-infinity') AND o.paid_at < coalesce(range_end, 'infinity')) AS d
        GROUP BY d.day, d.currency ORDER BY d.day, d.currency;
EXCEPTION WHEN invalid_parameter_value THEN
    PERFORM app.refuse('zone_unknown');
END
$$;

-- How far applications come that were started within a range: all, submitted ever, IN_REVIEW, WAITLISTED, ACCEPTED, REJECTED, WITHDRAWN, with a paid purchase, with
-- somebody who came in. Reveals: to ORDER_READ_ALL, these numbers.
CREATE OR REPLACE FUNCTION app.application_funnel(range_start timestamptz, range_end timestamptz, of_program uuid) RETURNS bigint[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('ORDER_READ_ALL') THEN
        RETURN NULL;
    END IF;
    RETURN (
        SELECT ARRAY[count(*), count(*) FILTER (WHERE a.submitted_at IS NOT NULL OR a.status NOT IN ('DRAFT', 'WITHDRAWN')),
                     count(*) FILTER (WHERE a.status = 'IN_REVIEW'), count(*) FILTER (WHERE a.status = 'WAITLISTED'), count(*) FILTER (WHERE a.status = 'ACCEPTED'),
                     count(*) FILTER (WHERE a.status = 'REJECTED'), count(*) FILTER (WHERE a.status = 'WITHDRAWN'), count(o.application_id), count(t.application_id)]
        FROM application a
        LEFT JOIN (SELECT DISTINCT s.application_id FROM sales_order s
                   WHERE s.tenant_id = app.tenant_id() AND s.kind = 'PURCHASE' AND s.status = 'PAID') AS o ON o.application_id = a.id
        LEFT JOIN (SELECT DISTINCT k.application_id FROM ticket k WHERE k.tenant_id = app.tenant_id() AND k.checked_in_at IS NOT NULL) AS t ON t.application_id = a.id
        WHERE a.tenant_id = app.tenant_id() AND (of_program IS NULL OR a.program_id = of_program)
          AND a.created_at >= coalesce(range_start, '-infinity') AND a.created_at < coalesce(range_end, 'infinity'));
END
$$;

-- How many tickets let somebody in, and with how many somebody came. Reveals: to ORDER_READ_ALL, these numbers.
CREATE OR REPLACE FUNCTION app.program_attendance(of_program uuid) RETURNS bigint[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('ORDER_READ_ALL') THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT ARRAY[count(*), count(t.checked_in_at)] FROM ticket t
            WHERE t.tenant_id = app.tenant_id() AND t.status = 'ISSUED' AND (of_program IS NULL OR t.program_id = of_program));
END
$$;

-- How many were let in on each day of a zone on which somebody was, within a range. Reveals: to ORDER_READ_ALL, these numbers.
CREATE OR REPLACE FUNCTION app.entry_days(range_start timestamptz, range_end timestamptz, of_program uuid, zone text) RETURNS TABLE (day date, entries bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.can('ORDER_READ_ALL') THEN
        RETURN QUERY
            SELECT (k.scanned_at AT TIME ZONE zone)::date AS on_day, count(*) FROM check_in k
            WHERE k.tenant_id = app.tenant_id() AND k.outcome = 'ADMITTED' AND (of_program IS NULL OR k.program_id = of_program)
              AND k.scanned_at >= coalesce(range_start, '-infinity') AND k.scanned_at < coalesce(range_end, 'infinity')
            GROUP BY on_day ORDER BY on_day;
    END IF;
EXCEPTION WHEN invalid_parameter_value THEN
    PERFORM app.refuse('zone_unknown');
END
$$;

-- The referrals that were named most, and how often. Reveals: to ORDER_READ_ALL, that.
CREATE OR REPLACE FUNCTION app.top_referrals(of_program uuid, most bigint) RETURNS TABLE (referral_id uuid, uses integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.can('ORDER_READ_ALL') THEN
        RETURN QUERY
            SELECT r.id, u.uses FROM referral r JOIN referral_uses u ON u.tenant_id = r.tenant_id AND u.referral_id = r.id
            WHERE r.tenant_id = app.tenant_id() AND (of_program IS NULL OR r.program_id = of_program) ORDER BY u.uses DESC, r.code, r.id LIMIT most;
    END IF;
END
$$;

-- Whether the books say what orders, payments, refunds, credit and tickets say, each added up anew. What is wrong is counted to the end, and not looked for: a plan for the first
-- row that is found asks all books again for each order. Reveals: to ORDER_READ_ALL, that one bit.
CREATE OR REPLACE FUNCTION app.is_reconciled(of_program uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET work_mem = '64MB' AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    wrong  bigint;
BEGIN
    IF NOT app.can('ORDER_READ_ALL') THEN
        RETURN NULL;
    END IF;
    -- Every entry balances.
    SELECT count(*) INTO wrong FROM (
        SELECT FROM ledger_posting p WHERE p.tenant_id = school AND (of_program IS NULL OR p.program_id = of_program)
        GROUP BY p.entry_id, p.currency HAVING sum(p.amount) <> 0) AS w;
    IF wrong > 0 THEN
        RETURN false;
    END IF;
    -- Money: what came by each provider, less what went back by it.
    SELECT count(*) INTO wrong FROM (
        SELECT FROM (
            SELECT p.account, p.currency, p.amount FROM ledger_posting p
            WHERE p.tenant_id = school AND p.account IN ('CASH_MANUAL', 'CASH_STRIPE', 'CASH_TEST') AND (of_program IS NULL OR p.program_id = of_program)
            UNION ALL
            SELECT 'CASH_' || y.provider, y.currency, -y.amount FROM payment y JOIN sales_order o ON o.tenant_id = y.tenant_id AND o.id = y.order_id
            WHERE y.tenant_id = school AND y.status IN ('APPROVED', 'REFUNDED') AND (of_program IS NULL OR o.program_id = of_program)
            UNION ALL
            SELECT 'CASH_' || y.provider, r.currency, r.amount FROM refund r JOIN payment y ON y.tenant_id = r.tenant_id AND y.id = r.payment_id
            JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
            WHERE r.tenant_id = school AND r.status = 'SUCCEEDED' AND NOT r.to_credit AND (of_program IS NULL OR o.program_id = of_program)) AS c
        GROUP BY c.account, c.currency HAVING sum(c.amount) <> 0) AS w;
    IF wrong > 0 THEN
        RETURN false;
    END IF;
    -- Credit: of each application what its balance says.
    SELECT count(*) INTO wrong FROM (
        SELECT FROM (
            SELECT e.application_id, p.currency, p.amount FROM ledger_posting p JOIN ledger_entry e ON e.tenant_id = p.tenant_id AND e.id = p.entry_id
            WHERE p.tenant_id = school AND p.account = 'CREDIT' AND (of_program IS NULL OR p.program_id = of_program)
            UNION ALL
            SELECT b.application_id, b.currency, b.amount FROM credit_balance b JOIN application a ON a.tenant_id = b.tenant_id AND a.id = b.application_id
            WHERE b.tenant_id = school AND (of_program IS NULL OR a.program_id = of_program)) AS c
        GROUP BY c.application_id, c.currency HAVING sum(c.amount) <> 0) AS w;
    IF wrong > 0 THEN
        RETURN false;
    END IF;
    -- Each order: what was sold and what went back of it; CUSTOMER is 0 once it is not PENDING, until then what was paid; SUSPENSE holds late money that is on its way back.
    SELECT count(*) INTO wrong FROM sales_order o
        LEFT JOIN (
            SELECT e.order_id,
                   sum(p.amount) FILTER (WHERE p.account IN ('REVENUE', 'TAX') AND e.kind = 'SALE') AS sold,
                   sum(p.amount) FILTER (WHERE p.account IN ('REVENUE', 'TAX') AND e.kind = 'REFUND') AS refunded,
                   sum(p.amount) FILTER (WHERE p.account = 'CUSTOMER') AS customer,
                   sum(p.amount) FILTER (WHERE p.account = 'SUSPENSE') AS suspense
            FROM ledger_entry e JOIN ledger_posting p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
            WHERE e.tenant_id = school AND e.order_id IS NOT NULL AND (of_program IS NULL OR e.program_id = of_program) GROUP BY e.order_id) AS b ON b.order_id = o.id
        LEFT JOIN (SELECT l.order_id, sum(l.total) AS total FROM order_line l WHERE l.tenant_id = school GROUP BY l.order_id) AS l ON l.order_id = o.id
        LEFT JOIN (
            SELECT r.order_id, sum(r.amount) FILTER (WHERE NOT r.is_late AND r.status = 'SUCCEEDED') AS refunded, sum(r.amount) FILTER (WHERE r.is_late AND r.status = 'PENDING') AS late
            FROM refund r WHERE r.tenant_id = school GROUP BY r.order_id) AS r ON r.order_id = o.id
        WHERE o.tenant_id = school AND (of_program IS NULL OR o.program_id = of_program)
          AND (coalesce(b.sold, 0) <> CASE WHEN o.status IN ('PAID', 'REFUNDED') THEN o.returned - coalesce(l.total, o.total) ELSE 0 END
               OR coalesce(b.refunded, 0) <> coalesce(r.refunded, 0)
               OR coalesce(b.customer, 0) <> CASE WHEN o.status = 'PENDING' THEN -o.paid ELSE 0 END
               OR coalesce(b.suspense, 0) <> -coalesce(r.late, 0)
               OR (o.status IN ('PAID', 'REFUNDED') AND o.total + o.credit_applied - o.credit_granted <> coalesce(l.total, o.total) - o.returned));
    IF wrong > 0 THEN
        RETURN false;
    END IF;
    -- Tickets: of each line as many as were bought, together for what it costs; and as many live ones as the product counts.
    SELECT count(*) INTO wrong FROM (
        SELECT FROM (
            SELECT t.order_line_id AS line, 1 AS tickets, t.price AS amount FROM ticket t WHERE t.tenant_id = school AND (of_program IS NULL OR t.program_id = of_program)
            UNION ALL
            SELECT l.id, -l.quantity, -l.total FROM order_line l JOIN product d ON d.tenant_id = l.tenant_id AND d.id = l.product_id
            WHERE l.tenant_id = school AND (of_program IS NULL OR d.program_id = of_program)) AS c
        GROUP BY c.line HAVING sum(c.tickets) <> 0 OR sum(c.amount) <> 0) AS w;
    IF wrong > 0 THEN
        RETURN false;
    END IF;
    SELECT count(*) INTO wrong FROM product d JOIN product_stock s ON s.tenant_id = d.tenant_id AND s.product_id = d.id
        LEFT JOIN (SELECT t.product_id, count(*) AS live FROM ticket t WHERE t.tenant_id = school AND t.status IN ('HELD', 'ISSUED') GROUP BY t.product_id) AS t ON t.product_id = d.id
        WHERE d.tenant_id = school AND (of_program IS NULL OR d.program_id = of_program) AND s.held <> coalesce(t.live, 0);
    RETURN wrong = 0;
END
$$;

GRANT EXECUTE ON FUNCTION app.own_deadlines(integer), app.learners_at_risk(uuid, integer), app.application_funnel(timestamptz, timestamptz, uuid),
    app.program_attendance(uuid), app.entry_days(timestamptz, timestamptz, uuid, text), app.top_referrals(uuid, bigint), app.is_reconciled(uuid) TO lectern_app;
