-- What servers that make their API out of tables need beside Lectern's own: computed columns and reports, written the way
-- their documentation recommends. Everything runs as the caller, under the same policies as everything else.
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;
GRANT USAGE ON SCHEMA bench TO lectern_app;

-- Lectern makes ids itself; these servers leave that to the database.
ALTER TABLE booking ALTER COLUMN id SET DEFAULT gen_random_uuid();

-- Courses with their count. (A computed column would be a function of the whole row, and a course has a column that no
-- request may read.) The count is only made where it is asked for. Titles have the collation of the index by which they are listed.
CREATE VIEW bench.catalogue WITH (security_invoker = true) AS
    SELECT c.tenant_id, c.id, c.title COLLATE "und-x-icu" AS title, c.status, c.instructor_id,
           (SELECT count(*)::integer FROM public.enrollment e WHERE e.tenant_id = c.tenant_id AND e.course_id = c.id
              AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED')) AS enrollment_count
    FROM public.course c WHERE c.deleted_at IS NULL;
COMMENT ON VIEW bench.catalogue IS E'@primaryKey tenant_id,id\n@foreignKey (tenant_id, instructor_id) references public.app_user (tenant_id, id)';

-- In the order of their start; the lower bound is there because no booking is longer than a day.
CREATE FUNCTION bench.bookings_between(since timestamptz, until timestamptz) RETURNS SETOF public.booking LANGUAGE sql STABLE AS $$
    SELECT b.* FROM public.booking b
    WHERE b.tenant_id = (SELECT app.tenant_id()) AND b.starts_at < until AND b.ends_at > since AND b.starts_at > since - interval '24 hours'
    ORDER BY b.starts_at, b.id
$$;

CREATE FUNCTION bench.search_courses(words text) RETURNS SETOF bench.catalogue LANGUAGE sql STABLE AS $$
    SELECT c.* FROM bench.catalogue c
    WHERE c.tenant_id = (SELECT app.tenant_id()) AND c.id IN (SELECT app.search_course(words)) ORDER BY c.title COLLATE "und-x-icu", c.id
$$;

CREATE TYPE bench.overview_counts AS (users integer, courses integer, published_courses integer, groups integer, enrollments integer,
    completed_enrollments integer, bookings integer);
CREATE FUNCTION bench.overview() RETURNS bench.overview_counts LANGUAGE sql STABLE AS $$
    SELECT (SELECT count(*)::integer FROM public.app_user u WHERE u.tenant_id = (SELECT app.tenant_id()) AND u.deleted_at IS NULL),
        c.everything, c.published,
        (SELECT count(*)::integer FROM public.user_group g WHERE g.tenant_id = (SELECT app.tenant_id()) AND g.deleted_at IS NULL),
        e.everything, e.completed,
        (SELECT count(*)::integer FROM public.booking b WHERE b.tenant_id = (SELECT app.tenant_id()))
    FROM (SELECT count(*)::integer AS everything, (count(*) FILTER (WHERE c.status = 'PUBLISHED'))::integer AS published
          FROM public.course c WHERE c.tenant_id = (SELECT app.tenant_id()) AND c.deleted_at IS NULL) AS c,
         (SELECT count(*)::integer AS everything, (count(*) FILTER (WHERE e.status = 'COMPLETED'))::integer AS completed
          FROM public.enrollment e WHERE e.tenant_id = (SELECT app.tenant_id())) AS e
$$;

CREATE TYPE bench.status_count AS (status text, count integer);
CREATE FUNCTION bench.enrollments_by_status() RETURNS SETOF bench.status_count LANGUAGE sql STABLE AS $$
    SELECT e.status, count(*)::integer FROM public.enrollment e WHERE e.tenant_id = (SELECT app.tenant_id()) GROUP BY e.status
$$;

CREATE TYPE bench.progress_of_course AS (course_id uuid, title text, enrollments integer, average_progress double precision, completion_rate double precision);
CREATE FUNCTION bench.course_progress(top integer) RETURNS SETOF bench.progress_of_course LANGUAGE sql STABLE AS $$
    SELECT c.id, c.title, p.enrollments::integer, round(p.progress::numeric, 2)::double precision, round(p.completed::numeric / p.enrollments, 4)::double precision
    FROM (SELECT e.course_id, count(*) AS enrollments, avg(e.progress) AS progress, count(*) FILTER (WHERE e.status = 'COMPLETED') AS completed
          FROM public.enrollment e WHERE e.tenant_id = (SELECT app.tenant_id()) GROUP BY e.course_id) AS p
    LEFT JOIN public.course c ON c.tenant_id = (SELECT app.tenant_id()) AND c.id = p.course_id AND c.deleted_at IS NULL
    ORDER BY p.enrollments DESC, c.title COLLATE "und-x-icu", p.course_id LIMIT top
$$;

-- The last 30 days of the school's own time zone, today included.
CREATE TYPE bench.day_count AS (day date, count integer);
CREATE FUNCTION bench.bookings_per_day() RETURNS SETOF bench.day_count LANGUAGE sql STABLE AS $$
    WITH zone AS MATERIALIZED (
        SELECT t.time_zone AS name, (now() AT TIME ZONE t.time_zone)::date AS today FROM public.tenant t WHERE t.tenant_id = (SELECT app.tenant_id())
    ), counted AS MATERIALIZED (
        SELECT (b.starts_at AT TIME ZONE (SELECT z.name FROM zone z))::date AS day, count(*) AS count FROM public.booking b
        WHERE b.tenant_id = (SELECT app.tenant_id()) AND b.status = ANY ('{REQUESTED,APPROVED,ASSIGNED,COMPLETED,CANCELLED}')
          AND b.starts_at >= (SELECT (z.today - 29)::timestamp AT TIME ZONE z.name FROM zone z)
          AND b.starts_at < (SELECT (z.today + 1)::timestamp AT TIME ZONE z.name FROM zone z)
        GROUP BY 1
    )
    SELECT d.day, coalesce(c.count, 0)::integer
    FROM (SELECT z.today - back AS day FROM zone z, generate_series(0, 29) AS back) AS d LEFT JOIN counted c ON c.day = d.day
    ORDER BY d.day
$$;
-- A course's lessons with what locks them and the own progress, in their order.
CREATE TYPE bench.outlined AS (section_id uuid, section_title text, section_lock text, lesson_id uuid, title text, kind text, position integer, is_required boolean,
    lock_reason text, unlocks_at timestamptz, status text, position_seconds integer);
CREATE FUNCTION bench.outline(course_id uuid) RETURNS SETOF bench.outlined LANGUAGE sql STABLE AS $$
    SELECT s.id, s.title, g.reason, l.id, l.title, l.kind, l.position, l.is_required, k.reason, k.unlocks_at,
        CASE WHEN p.completed_at IS NOT NULL THEN 'COMPLETED' WHEN p.opened_at IS NOT NULL THEN 'IN_PROGRESS' WHEN p.lesson_id IS NOT NULL THEN 'NOT_STARTED' END, p.position_seconds
    FROM public.section s JOIN public.lesson l ON l.tenant_id = s.tenant_id AND l.section_id = s.id
    LEFT JOIN app.section_locks(ARRAY(SELECT o.id FROM public.section o WHERE o.tenant_id = (SELECT app.tenant_id()) AND o.course_id = outline.course_id)) AS g ON g.section_id = s.id
    LEFT JOIN app.lesson_locks(ARRAY(SELECT o.id FROM public.lesson o WHERE o.tenant_id = (SELECT app.tenant_id()) AND o.course_id = outline.course_id)) AS k ON k.lesson_id = l.id
    LEFT JOIN public.lesson_progress p ON p.tenant_id = l.tenant_id AND p.lesson_id = l.id AND p.user_id = (SELECT app.user_id())
    WHERE s.tenant_id = (SELECT app.tenant_id()) AND s.course_id = outline.course_id ORDER BY s.position, l.position
$$;

-- Completing a lesson is a function of Lectern's, because no request may write progress by itself.
CREATE TYPE bench.completion AS (lesson_id uuid, title text, completed_at timestamptz);
CREATE FUNCTION bench.complete_lesson(lesson uuid) RETURNS bench.completion LANGUAGE sql VOLATILE AS $$
    SELECT l.id, l.title, t.completed_at FROM public.lesson l CROSS JOIN LATERAL app.complete_lesson(l.id, NULL) AS t
    WHERE l.tenant_id = (SELECT app.tenant_id()) AND l.id = complete_lesson.lesson
$$;

-- The starts of a booking type of an hour that can be had, and how many could take each. What is open and taken is a function of Lectern's, because no request may read
-- whose time is claimed.
CREATE TYPE bench.free_slot AS (starts_at timestamptz, instructor_count integer);
CREATE FUNCTION bench.free_slots(kind uuid, since timestamptz, until timestamptz) RETURNS SETOF bench.free_slot LANGUAGE sql STABLE AS $$
    WITH f AS MATERIALIZED (
        SELECT f.what, f.party_id, f.starts_at, f.ends_at
        FROM app.slot_facts(free_slots.kind, ARRAY(SELECT i.instructor_id FROM public.booking_type_instructor i
                                                   WHERE i.tenant_id = (SELECT app.tenant_id()) AND i.type_id = free_slots.kind), '{}', NULL, app.user_id(),
                            since, until, 60, '{}', '{}') AS f
    ), busy AS MATERIALIZED (
        SELECT f.party_id, range_agg(tstzrange(f.starts_at, f.ends_at)) AS spans FROM f WHERE f.what IN ('OFF', 'CLAIMED') GROUP BY f.party_id
    )
    SELECT s.at, count(*)::integer
    FROM (SELECT f.party_id, range_agg(tstzrange(f.starts_at, f.ends_at)) AS spans FROM f WHERE f.what = 'GIVEN' GROUP BY f.party_id) AS o
    CROSS JOIN LATERAL unnest(o.spans) AS p(span)
    CROSS JOIN LATERAL generate_series(lower(p.span), upper(p.span) - interval '1 hour', interval '1 hour') AS s(at)
    LEFT JOIN busy b ON b.party_id = o.party_id
    WHERE s.at >= since AND s.at < until AND s.at >= now() AND (b.spans && tstzrange(s.at, s.at + interval '1 hour')) IS NOT TRUE
    GROUP BY s.at ORDER BY s.at
$$;

-- What a cart comes to: a function of Lectern's, because rules of discounts and taxes are no tables.
CREATE FUNCTION bench.quote(application uuid, lines json) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('currency', q.quote -> 'currency', 'source', q.quote -> 'source', 'subtotal', q.quote -> 'subtotal', 'discount', q.quote -> 'discount',
        'tax', q.quote -> 'tax', 'total', q.quote -> 'total', 'lines', (
            SELECT json_agg(json_build_object('quantity', l.line -> 'quantity', 'subtotal', l.line -> 'subtotal', 'discount', l.line -> 'discount', 'tax', l.line -> 'tax',
                                              'total', l.line -> 'total') ORDER BY l.n)
            FROM jsonb_array_elements(q.quote -> 'lines') WITH ORDINALITY AS l(line, n)))
    FROM app.preview_order(quote.application, 'EUR', quote.lines::jsonb, '{}', NULL, true, false) AS p(answer) CROSS JOIN LATERAL jsonb_extract_path(p.answer, 'quote') AS q(quote)
$$;

-- A grade book in the order of its names, with the grades of each in the order of the lessons.
CREATE TYPE bench.book_grade AS (percent double precision, is_missing boolean);
CREATE TYPE bench.book_row AS (enrollment_id uuid, current_grade double precision, final_grade double precision, grades bench.book_grade[]);
CREATE FUNCTION bench.grade_book(course_id uuid, top integer) RETURNS SETOF bench.book_row LANGUAGE sql STABLE AS $$
    WITH book AS MATERIALIZED (
        SELECT b.enrollment_id, b.name, b.current_grade, b.final_grade FROM app.grade_book() AS b
        WHERE b.tenant_id = (SELECT app.tenant_id()) AND b.course_id = grade_book.course_id ORDER BY b.name COLLATE "und-x-icu", b.enrollment_id LIMIT top
    ), work AS MATERIALIZED (
        SELECT g.enrollment_id, array_agg(ROW(g.percent, g.is_missing)::bench.book_grade ORDER BY s.position, l.position, l.id) AS grades
        FROM app.grades_of(ARRAY(SELECT b.enrollment_id FROM book b)) AS g
        JOIN public.lesson l ON l.tenant_id = (SELECT app.tenant_id()) AND l.id = g.lesson_id
        JOIN public.section s ON s.tenant_id = l.tenant_id AND s.id = l.section_id GROUP BY g.enrollment_id
    )
    SELECT b.enrollment_id, b.current_grade, b.final_grade, coalesce(w.grades, '{}') FROM book b LEFT JOIN work w ON w.enrollment_id = b.enrollment_id
    ORDER BY b.name COLLATE "und-x-icu", b.enrollment_id
$$;

-- Taking a quiz is functions of Lectern's, because no request may write attempts by itself.
CREATE TYPE bench.asked_option AS (id uuid, text text);
CREATE TYPE bench.asked AS (question_id uuid, kind text, prompt text, points double precision, options bench.asked_option[]);
CREATE TYPE bench.sheet AS (id uuid, status text, questions bench.asked[]);
CREATE TYPE bench.outcome AS (status text, score double precision, max_score double precision, percent double precision, is_passed boolean);
CREATE FUNCTION bench.start_quiz(quiz uuid) RETURNS bench.sheet LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made  CONSTANT uuid := app.start_quiz_attempt(quiz);
    sheet bench.sheet;
BEGIN
    SELECT a.id, a.status, q.questions INTO sheet FROM public.quiz_attempt a CROSS JOIN LATERAL (
        SELECT array_agg(ROW(s.question_id, s.kind, s.prompt, s.points, o.options)::bench.asked ORDER BY s.nth) AS questions
        FROM app.attempt_sheets(ARRAY[a.id]) WITH ORDINALITY AS s(attempt_id, question_id, kind, prompt, points, option_ids, option_texts, answer_options, answer_number, answer_text,
            score, is_correct, has_key, key_options, key_number, key_tolerance, key_texts, explanation, nth)
        CROSS JOIN LATERAL (SELECT coalesce(array_agg(ROW(u.id, u.text)::bench.asked_option ORDER BY u.nth), '{}') AS options
                            FROM unnest(s.option_ids, s.option_texts) WITH ORDINALITY AS u(id, text, nth)) AS o) AS q
        WHERE a.tenant_id = (SELECT app.tenant_id()) AND a.id = made;
    RETURN sheet;
END
$$;
CREATE FUNCTION bench.save_quiz(attempt uuid, answers jsonb) RETURNS uuid LANGUAGE sql VOLATILE AS $$ SELECT app.save_quiz_answers(attempt, answers) $$;
CREATE FUNCTION bench.submit_quiz(attempt uuid) RETURNS bench.outcome LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    outcome bench.outcome;
BEGIN
    PERFORM app.submit_quiz_attempt(attempt);
    SELECT a.status, a.score, a.max_score, a.percent, a.is_passed INTO outcome FROM public.quiz_attempt a WHERE a.tenant_id = (SELECT app.tenant_id()) AND a.id = attempt;
    RETURN outcome;
END
$$;

-- The same by hand: all of it in one call, which no server can ask for that shows the questions before it takes the answers.
CREATE FUNCTION bench.take_quiz(quiz uuid, answers jsonb) RETURNS json LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made    CONSTANT uuid := app.start_quiz_attempt(quiz);
    started json;
BEGIN
    SELECT json_build_object('status', a.status, 'questions', (
            SELECT json_agg(json_build_object('questionId', s.question_id, 'kind', s.kind, 'prompt', s.prompt, 'points', s.points, 'options', (
                SELECT coalesce(json_agg(json_build_object('id', u.id, 'text', u.text) ORDER BY u.nth), '[]')
                FROM unnest(s.option_ids, s.option_texts) WITH ORDINALITY AS u(id, text, nth)))) FROM app.attempt_sheets(ARRAY[a.id]) AS s)) INTO started
        FROM public.quiz_attempt a WHERE a.tenant_id = (SELECT app.tenant_id()) AND a.id = made;
    PERFORM app.save_quiz_answers(made, answers);
    PERFORM app.submit_quiz_attempt(made);
    RETURN (SELECT json_build_object('started', started, 'submitted', json_build_object(
            'status', a.status, 'score', a.score, 'maxScore', a.max_score, 'percent', a.percent, 'isPassed', a.is_passed))
        FROM public.quiz_attempt a WHERE a.tenant_id = (SELECT app.tenant_id()) AND a.id = made);
END
$$;
GRANT SELECT ON bench.catalogue TO lectern_app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA bench TO lectern_app;
