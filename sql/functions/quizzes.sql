-- Quizzes: making them, attempts at them, and who may read what is right.
--
-- Keys (question_key) are read by three functions alone: app.question_keys for those who write the course, app.attempt_sheets for whom an attempt may be
-- reviewed by, app.mark_answers to mark; and app.copy_quizzes copies them into a course's copy, unseen.
--
-- Turns: whoever writes questions, or grades anew, takes the course's turn of its keys (app.lock_for('keys', course)); whoever starts, saves, submits,
-- closes or voids an attempt shares it, then takes the person's enrollment, then the attempt. So each attempt is marked by the old key and graded anew, or by
-- the new one.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   question_count            a quiz or a pool would have more questions than 500
--   question_pool_count       a course would have more pools than 100
--   question_in_use           what is to be taken away is drawn, or is all that a published quiz has
--   question_option_in_use    an option that is to be taken away stands in a key or in an answer
--   question_option_missing   an option is not one of the question
--   question_key_empty        a question that is marked would have no key
--   quiz_empty                a published quiz would ask nothing
--   quiz_pool_small           more is drawn from a pool than it has
--   quiz_draw_count           an attempt would hold more questions than 500
--   quiz_mode_fixed           something was submitted, or is asked, under another mode
--   quiz_not_open, quiz_closed, quiz_attempts     it is too early, too late, or often enough
--   quiz_attempt_over         the time of the attempt is over
--   quiz_attempt_submitted    it was submitted
--   quiz_attempt_transition   no such step leads on from its state
--   quiz_answer_question, quiz_answer_option, quiz_answer_kind, quiz_answer_single   an answer is none to this question

-- Whether the actor writes a course. Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.writes_course(wanted uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN app.can('COURSE_UPDATE_ALL') OR (app.can('COURSE_UPDATE') AND app.is_staff_of(wanted));
END
$$;

-- A lesson of the kind QUIZ has its quiz. Reveals nothing.
CREATE OR REPLACE FUNCTION app.make_quiz() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    INSERT INTO quiz (tenant_id, id, lesson_id, course_id) VALUES (NEW.tenant_id, app.uuid_v7(), NEW.id, NEW.course_id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER lesson_make_quiz AFTER INSERT ON lesson FOR EACH ROW WHEN (NEW.kind = 'QUIZ') EXECUTE FUNCTION app.make_quiz();

-- Refuses a quiz that asks nothing, and one that draws more than there is. For the functions below, which have the turn.
CREATE OR REPLACE FUNCTION app.check_quiz_filled(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM question q WHERE q.tenant_id = app.tenant_id() AND q.quiz_id = wanted AND q.retired_at IS NULL)
       AND NOT EXISTS (SELECT FROM quiz_draw d WHERE d.tenant_id = app.tenant_id() AND d.quiz_id = wanted) THEN
        PERFORM app.refuse('quiz_empty');
    END IF;
    IF EXISTS (SELECT FROM quiz_draw d WHERE d.tenant_id = app.tenant_id() AND d.quiz_id = wanted
               AND d.count > (SELECT count(*) FROM question q WHERE q.tenant_id = d.tenant_id AND q.pool_id = d.pool_id AND q.retired_at IS NULL)) THEN
        PERFORM app.refuse('quiz_pool_small');
    END IF;
END
$$;

-- A quiz asks something when it is published.
CREATE OR REPLACE FUNCTION app.check_quiz_published() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id), app.lock_for('keys', NEW.course_id);
    PERFORM app.check_quiz_filled(q.id) FROM quiz q WHERE q.tenant_id = NEW.tenant_id AND q.lesson_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER lesson_filled_quiz AFTER UPDATE OF is_published ON lesson FOR EACH ROW
    WHEN (NEW.kind = 'QUIZ' AND NEW.is_published AND NOT OLD.is_published) EXECUTE FUNCTION app.check_quiz_published();

-- What a quiz draws, after it was set: no more than each pool has, 500 questions at most in all, and something as long as it is published.
CREATE OR REPLACE FUNCTION app.check_quiz_draws(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found_quiz record;
    small      integer;
BEGIN
    SELECT q.id, q.mode, l.is_published,
           (SELECT count(*) FROM question s WHERE s.tenant_id = q.tenant_id AND s.quiz_id = q.id AND s.retired_at IS NULL)
           + coalesce((SELECT sum(d.count) FROM quiz_draw d WHERE d.tenant_id = q.tenant_id AND d.quiz_id = q.id), 0) AS size
        INTO found_quiz FROM quiz q JOIN lesson l ON l.tenant_id = q.tenant_id AND l.id = q.lesson_id
        WHERE q.tenant_id = app.tenant_id() AND q.id = wanted AND app.writes_course(q.course_id);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT min(d.position) INTO small FROM quiz_draw d WHERE d.tenant_id = app.tenant_id() AND d.quiz_id = wanted
        AND d.count > (SELECT count(*) FROM question q WHERE q.tenant_id = d.tenant_id AND q.pool_id = d.pool_id AND q.retired_at IS NULL);
    IF small IS NOT NULL THEN
        PERFORM app.refuse('quiz_pool_small', jsonb_build_object('place', small - 1)::text);
    ELSIF found_quiz.size > 500 THEN
        PERFORM app.refuse('quiz_draw_count', '{"limit": 500}');
    ELSIF found_quiz.is_published AND found_quiz.size = 0 THEN
        PERFORM app.refuse('quiz_empty');
    END IF;
END
$$;

-- Takes the turn of a course's keys, in which nothing is started, saved or submitted. For who writes or grades it; for anybody else it does nothing.
CREATE OR REPLACE FUNCTION app.lock_keys(course uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.writes_course(course) OR app.grades_course(course) THEN
        PERFORM app.lock_for('keys', course);
    END IF;
END
$$;

-- 500 questions at most in a quiz or a pool. Whoever adds one has the turn.
CREATE OR REPLACE FUNCTION app.check_question_count() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN SELECT DISTINCT n.tenant_id, n.course_id, n.quiz_id, n.pool_id FROM new_rows n ORDER BY n.course_id LOOP
        PERFORM app.enter_tenant(wanted.tenant_id), app.lock_for('keys', wanted.course_id);
        IF (SELECT count(*) FROM question q WHERE q.tenant_id = wanted.tenant_id AND q.retired_at IS NULL
            AND (q.quiz_id = wanted.quiz_id OR q.pool_id = wanted.pool_id))
           + coalesce((SELECT sum(d.count) FROM quiz_draw d WHERE d.tenant_id = wanted.tenant_id AND d.quiz_id = wanted.quiz_id), 0) > 500 THEN
            PERFORM app.refuse('question_count', '{"limit": 500}');
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER question_count AFTER INSERT ON question REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app.check_question_count();

CREATE OR REPLACE FUNCTION app.check_pool_count() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id), app.lock_for('keys', NEW.course_id);
    IF (SELECT count(*) FROM question_pool p WHERE p.tenant_id = NEW.tenant_id AND p.course_id = NEW.course_id) > 100 THEN
        PERFORM app.refuse('question_pool_count', '{"limit": 100}');
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER question_pool_count AFTER INSERT ON question_pool FOR EACH ROW EXECUTE FUNCTION app.check_pool_count();

-- The mode of a quiz is fixed once something was submitted; and surveys, which have no keys, become nothing else as long as something is asked, nor
-- anything else a survey.
CREATE OR REPLACE FUNCTION app.check_quiz_mode() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id), app.lock_for('keys', NEW.course_id);
    IF EXISTS (SELECT FROM quiz_attempt a WHERE a.tenant_id = NEW.tenant_id AND a.quiz_id = NEW.id AND (a.submitted_at IS NOT NULL OR a.status = 'IN_PROGRESS'))
       OR ('SURVEY' IN (OLD.mode, NEW.mode)
           AND (EXISTS (SELECT FROM question q WHERE q.tenant_id = NEW.tenant_id AND q.quiz_id = NEW.id)
                OR EXISTS (SELECT FROM quiz_draw d WHERE d.tenant_id = NEW.tenant_id AND d.quiz_id = NEW.id))) THEN
        PERFORM app.refuse('quiz_mode_fixed');
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER quiz_mode AFTER UPDATE OF mode ON quiz FOR EACH ROW WHEN (NEW.mode <> OLD.mode) EXECUTE FUNCTION app.check_quiz_mode();

-- What a person's terms in a quiz are: when it closes for them (a factor of time above 1 moves that by the minutes that it adds), how many minutes they
-- have, how often they may try (NULL: no limit). For the functions below.
CREATE OR REPLACE FUNCTION app.terms_of(wanted uuid, person uuid) RETURNS TABLE (closes_at timestamptz, minutes double precision, attempts integer, factor double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT coalesce(x.closes_at, q.closes_at) + make_interval(secs => coalesce(q.time_limit_minutes, 0) * 60 * (f.factor - 1)),
               q.time_limit_minutes * f.factor + coalesce(x.extra_minutes, 0), q.max_attempts + coalesce(x.extra_attempts, 0), f.factor
        FROM quiz q
        LEFT JOIN extension x ON x.tenant_id = q.tenant_id AND x.lesson_id = q.lesson_id AND x.user_id = person
        LEFT JOIN accommodation o ON o.tenant_id = q.tenant_id AND o.user_id = person
        CROSS JOIN LATERAL (SELECT greatest(coalesce(o.time_factor, 1), 1)) AS f(factor)
        WHERE q.tenant_id = app.tenant_id() AND q.id = wanted;
END
$$;

-- When a quiz is closed for everybody: the latest extension and the greatest factor of those who are in the course count in. NULL where it never closes.
CREATE OR REPLACE FUNCTION app.quiz_over_at(wanted uuid) RETURNS timestamptz
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT greatest(q.closes_at, (SELECT max(x.closes_at) FROM extension x WHERE x.tenant_id = q.tenant_id AND x.lesson_id = q.lesson_id))
                   + make_interval(secs => coalesce(q.time_limit_minutes, 0) * 60 * (greatest(1, (
                       SELECT max(o.time_factor) FROM accommodation o JOIN enrollment e ON e.tenant_id = o.tenant_id AND e.user_id = o.user_id AND e.course_id = q.course_id
                       WHERE o.tenant_id = q.tenant_id)) - 1))
            FROM quiz q WHERE q.tenant_id = app.tenant_id() AND q.id = wanted AND q.closes_at IS NOT NULL);
END
$$;

-- When an attempt of a person ends that began then, with that factor of time; NULL: never. For the functions below.
CREATE OR REPLACE FUNCTION app.attempt_end(quiz uuid, person uuid, began timestamptz, began_with double precision) RETURNS timestamptz
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT least(began + make_interval(secs => 60 * (q.time_limit_minutes * began_with + coalesce(x.extra_minutes, 0))),
                         coalesce(x.closes_at, q.closes_at) + make_interval(secs => coalesce(q.time_limit_minutes, 0) * 60 * (began_with - 1)))
            FROM quiz q LEFT JOIN extension x ON x.tenant_id = q.tenant_id AND x.lesson_id = q.lesson_id AND x.user_id = person
            WHERE q.tenant_id = app.tenant_id() AND q.id = quiz);
END
$$;

-- The quiz's own times, or an extension, have changed: attempts under way end accordingly. Who closes one at this moment holds its row: that decides.
CREATE OR REPLACE FUNCTION app.refit_attempts(of_lesson uuid, person uuid DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE quiz_attempt a SET ends_at = app.attempt_end(a.quiz_id, a.user_id, a.started_at, a.time_factor)
        FROM quiz q WHERE q.tenant_id = app.tenant_id() AND q.lesson_id = of_lesson AND a.tenant_id = q.tenant_id AND a.quiz_id = q.id
          AND a.status = 'IN_PROGRESS' AND (person IS NULL OR a.user_id = person)
          AND a.ends_at IS DISTINCT FROM app.attempt_end(a.quiz_id, a.user_id, a.started_at, a.time_factor);
END
$$;

CREATE OR REPLACE FUNCTION app.follow_extension() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM tenant t WHERE t.tenant_id = OLD.tenant_id) THEN
            PERFORM app.enter_tenant(OLD.tenant_id), app.refit_attempts(OLD.lesson_id, OLD.user_id);
        END IF;
    ELSE
        PERFORM app.enter_tenant(NEW.tenant_id), app.refit_attempts(NEW.lesson_id, NEW.user_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER extension_refit AFTER INSERT OR UPDATE OR DELETE ON extension FOR EACH ROW EXECUTE FUNCTION app.follow_extension();

-- Brings the grades of people in a quiz to the grade book: the percent of their submitted attempts that counts, none where there is none. For the functions
-- below.
CREATE OR REPLACE FUNCTION app.grade_people(wanted uuid, people uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    graded record;
BEGIN
    SELECT q.lesson_id, q.attempt_grading INTO graded FROM quiz q WHERE q.tenant_id = app.tenant_id() AND q.id = wanted AND q.mode = 'GRADED';
    IF FOUND AND people IS NOT NULL THEN
        PERFORM app.set_lesson_grades(app.tenant_id(), graded.lesson_id, array_agg(n.user_id), array_agg(n.percent)) FROM (
            SELECT p.user_id, CASE graded.attempt_grading WHEN 'HIGHEST' THEN max(a.percent)::numeric
                                                          WHEN 'AVERAGE' THEN floor(avg(a.percent::numeric) * 100 + 0.5) / 100
                                                          ELSE (array_agg(a.percent ORDER BY a.number DESC))[1]::numeric END AS percent
            FROM unnest(people) AS p(user_id)
            LEFT JOIN quiz_attempt a ON a.tenant_id = app.tenant_id() AND a.quiz_id = wanted AND a.user_id = p.user_id AND a.status = 'SUBMITTED'
            GROUP BY p.user_id) AS n;
    END IF;
END
$$;

-- A quiz has changed: its attempts under way end by its new times, those that were submitted pass by its new mark (which completes the lesson of whoever passes
-- only now; completions stay), and the grade book counts by its new rule.
CREATE OR REPLACE FUNCTION app.follow_quiz() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF NEW.pass_mark IS DISTINCT FROM OLD.pass_mark THEN
        -- Enrollments before attempts and points, as whoever completes a lesson does.
        PERFORM app.lock_for('keys', NEW.course_id), app.lock_for('course', NEW.course_id);
        PERFORM FROM enrollment e WHERE e.tenant_id = NEW.tenant_id AND e.course_id = NEW.course_id ORDER BY e.id FOR NO KEY UPDATE;
    END IF;
    IF (NEW.time_limit_minutes, NEW.closes_at) IS DISTINCT FROM (OLD.time_limit_minutes, OLD.closes_at) THEN
        PERFORM app.lock_for('keys', NEW.course_id), app.refit_attempts(NEW.lesson_id);
    END IF;
    IF NEW.pass_mark IS DISTINCT FROM OLD.pass_mark THEN
        UPDATE quiz_attempt a SET is_passed = app.has_passed(a.score::numeric, a.max_score::numeric, NEW.pass_mark::numeric)
            WHERE a.tenant_id = NEW.tenant_id AND a.quiz_id = NEW.id AND a.score IS NOT NULL;
        PERFORM app.note_passes(NEW.tenant_id, NEW.course_id, NEW.lesson_id, ARRAY(
            SELECT DISTINCT a.user_id FROM quiz_attempt a
            WHERE a.tenant_id = NEW.tenant_id AND a.quiz_id = NEW.id AND a.status = 'SUBMITTED'
              AND app.has_passed(a.score::numeric, a.max_score::numeric, OLD.pass_mark::numeric) IS FALSE AND a.is_passed IS NOT FALSE));
    END IF;
    IF NEW.attempt_grading <> OLD.attempt_grading THEN
        PERFORM app.lock_for('keys', NEW.course_id);
        PERFORM app.grade_people(NEW.id, ARRAY(SELECT DISTINCT a.user_id FROM quiz_attempt a
            WHERE a.tenant_id = NEW.tenant_id AND a.quiz_id = NEW.id AND a.status = 'SUBMITTED'));
    END IF;
    IF NEW.mode <> OLD.mode THEN
        UPDATE lesson l SET is_graded = NEW.mode = 'GRADED' WHERE l.tenant_id = NEW.tenant_id AND l.id = NEW.lesson_id;
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER quiz_follow AFTER UPDATE ON quiz FOR EACH ROW EXECUTE FUNCTION app.follow_quiz();

-- Whether so much passes; compared before anything is rounded. NULL where nothing is asked for.
CREATE OR REPLACE FUNCTION app.has_passed(score numeric, max_score numeric, pass_mark numeric) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN score * 100 >= pass_mark * max_score;

-- A text as answers are compared: in Unicode's form KC, trimmed, one blank for many, without case.
CREATE OR REPLACE FUNCTION app.plain_answer(answer text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN btrim(regexp_replace(lower(upper(normalize(answer, NFKC) COLLATE "und-x-icu") COLLATE "und-x-icu"), '\s+', ' ', 'g'));

-- Marks the answers of attempts, or those to one question in them: half up to two places, by decimal arithmetic. Reads keys. For app.finish_attempt and
-- app.regrade_question alone.
CREATE OR REPLACE FUNCTION app.mark_answers(attempts uuid[], asked_alone uuid) RETURNS TABLE (attempt_id uuid, question_id uuid, score double precision, is_correct boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        WITH asked AS MATERIALIZED (
            SELECT q.id, q.kind, q.is_void, k.option_ids, k.number, k.tolerance, cardinality(k.option_ids) AS all_right,
                   ARRAY(SELECT app.plain_answer(t) FROM unnest(k.texts) AS t) AS texts
            FROM question q JOIN question_key k ON k.tenant_id = q.tenant_id AND k.question_id = q.id
            WHERE q.tenant_id = app.tenant_id() AND q.id IN (
                SELECT h.question_id FROM attempt_question h WHERE h.tenant_id = app.tenant_id() AND asked_alone IS NULL AND h.attempt_id = ANY (attempts) UNION ALL SELECT asked_alone WHERE asked_alone IS NOT NULL)
        )
        SELECT h.attempt_id, h.question_id,
               CASE WHEN q.is_void THEN h.points
                    ELSE (floor(CASE WHEN c.is_correct THEN p.points
                                     WHEN c.is_blank OR a.marking = 'ALL_OR_NOTHING' THEN 0
                                     WHEN q.kind = 'MULTIPLE' AND a.marking = 'PARTIAL' THEN greatest(0, (n.good - n.bad) * p.points / q.all_right)
                                     WHEN q.kind = 'MULTIPLE' THEN greatest(- p.points, (n.good - n.bad) * p.points / q.all_right)
                                     WHEN a.marking = 'NEGATIVE' THEN - p.penalty * p.points
                                     ELSE 0 END * 100 + 0.5) / 100)::double precision END,
               CASE WHEN NOT q.is_void THEN c.is_correct END
        FROM attempt_question h
        JOIN quiz_attempt a ON a.tenant_id = h.tenant_id AND a.id = h.attempt_id
        JOIN asked q ON q.id = h.question_id
        CROSS JOIN LATERAL (SELECT h.points::numeric AS points, a.wrong_penalty::numeric AS penalty) AS p
        CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE o = ANY (q.option_ids))::numeric AS good, count(*) FILTER (WHERE o <> ALL (q.option_ids))::numeric AS bad
                            FROM unnest(h.answer_options) AS o) AS n
        CROSS JOIN LATERAL (SELECT num_nonnulls(h.answer_options, h.answer_number, h.answer_text) = 0 AS is_blank,
                                   coalesce(CASE q.kind WHEN 'NUMERIC' THEN abs(h.answer_number - q.number) <= q.tolerance
                                                        WHEN 'SHORT_TEXT' THEN app.plain_answer(h.answer_text) = ANY (q.texts)
                                                        ELSE n.good = q.all_right AND n.bad = 0 END, false) AS is_correct) AS c
        WHERE h.tenant_id = app.tenant_id() AND h.attempt_id = ANY (attempts) AND (asked_alone IS NULL OR h.question_id = asked_alone);
END
$$;

-- What attempts are worth by their marks: a sum that is not below 0, of the points of what was asked. For the functions below.
CREATE OR REPLACE FUNCTION app.sum_marks(attempts uuid[]) RETURNS TABLE (attempt_id uuid, score double precision, max_score double precision, percent double precision, is_passed boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT s.id, s.score::double precision, s.most::double precision,
               least(100, CASE WHEN s.most > 0 THEN floor(s.score * 10000 / s.most + 0.5) / 100 ELSE 0 END)::double precision,
               app.has_passed(s.score, s.most, q.pass_mark::numeric)
        FROM (SELECT h.attempt_id AS id, greatest(0, sum(h.score::numeric)) AS score, sum(h.points::numeric) AS most
              FROM attempt_question h WHERE h.tenant_id = app.tenant_id() AND h.attempt_id = ANY (attempts) GROUP BY h.attempt_id) AS s
        JOIN quiz_attempt a ON a.tenant_id = app.tenant_id() AND a.id = s.id
        JOIN quiz q ON q.tenant_id = a.tenant_id AND q.id = a.quiz_id;
END
$$;

-- Brings an attempt of a person to its end at a moment: marks it, and follows on (grades, then completion and progress: a certificate prints the grade). For
-- the functions below, which hold the turn, the enrollment and the attempt.
CREATE OR REPLACE FUNCTION app.finish_attempt(wanted uuid, at timestamptz, by_itself boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own       record;
    result    record;
    -- Of a survey, and of a quiz without a mark to reach, whoever hands in.
    completes boolean := true;
BEGIN
    SELECT a.user_id, a.course_id, a.quiz_id, q.lesson_id, q.mode, q.pass_mark, e.id AS enrollment_id, coalesce(app.is_live(e.status, e.expires_at), false) AS is_live INTO own
        FROM quiz_attempt a JOIN quiz q ON q.tenant_id = a.tenant_id AND q.id = a.quiz_id
        LEFT JOIN enrollment e ON e.tenant_id = a.tenant_id AND e.user_id = a.user_id AND e.course_id = a.course_id
        WHERE a.tenant_id = app.tenant_id() AND a.id = wanted;
    IF own.mode <> 'SURVEY' THEN
        UPDATE attempt_question h SET score = m.score, is_correct = m.is_correct FROM app.mark_answers(ARRAY[wanted], NULL) AS m
            WHERE h.tenant_id = app.tenant_id() AND h.attempt_id = wanted AND h.question_id = m.question_id;
        SELECT s.score, s.max_score, s.percent, s.is_passed INTO result FROM app.sum_marks(ARRAY[wanted]) AS s;
        UPDATE quiz_attempt a SET status = 'SUBMITTED', submitted_at = at, is_auto_submitted = by_itself,
                score = result.score, max_score = result.max_score, percent = result.percent, is_passed = result.is_passed
            WHERE a.tenant_id = app.tenant_id() AND a.id = wanted;
        INSERT INTO score_change (tenant_id, id, attempt_id, cause, score, by_id)
            VALUES (app.tenant_id(), app.uuid_v7(), wanted, 'SUBMISSION', result.score, CASE WHEN NOT by_itself THEN own.user_id END);
        completes := own.pass_mark IS NULL OR result.is_passed;
    ELSE
        UPDATE quiz_attempt a SET status = 'SUBMITTED', submitted_at = at, is_auto_submitted = by_itself WHERE a.tenant_id = app.tenant_id() AND a.id = wanted;
    END IF;
    PERFORM app.grade_people(own.quiz_id, ARRAY[own.user_id]);
    IF own.is_live THEN
        IF completes THEN
            PERFORM app.note_completion(own.lesson_id, own.course_id, own.enrollment_id, own.user_id);
        ELSE
            PERFORM app.follow_act(own.enrollment_id, false);
        END IF;
    END IF;
END
$$;

-- Locks the enrollment of a person in a course, and answers whether it gives access. For the functions below.
CREATE OR REPLACE FUNCTION app.hold_enrollment(course uuid, person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own record;
BEGIN
    SELECT app.is_live(e.status, e.expires_at) AS is_live INTO own FROM enrollment e
        WHERE e.tenant_id = app.tenant_id() AND e.user_id = person AND e.course_id = course FOR NO KEY UPDATE;
    RETURN coalesce(own.is_live, false);
END
$$;

-- This, saving and submitting plan each statement once a connection: planning by values took half of their time, and gave the same plans.
-- The actor starts an attempt at a quiz, or goes on with the one that is open. Questions, their order and that of the options are drawn now. Reveals: to the
-- actor, the attempt's id; NULL where there is no such quiz for them.
CREATE OR REPLACE FUNCTION app.start_quiz_attempt(wanted uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    asked    record;
    terms    record;
    drawn    record;
    under_way record;
    used     bigint;
    highest  integer;
    made     CONSTANT uuid := app.uuid_v7();
    enrolled uuid;
    me       CONSTANT uuid := app.user_id();
BEGIN
    SELECT q.course_id INTO asked FROM quiz q JOIN lesson l ON l.tenant_id = q.tenant_id AND l.id = q.lesson_id
        WHERE q.tenant_id = app.tenant_id() AND q.id = wanted AND app.reads_course(q.course_id) AND (l.is_published OR app.is_staff_of(q.course_id));
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM app.share_lock_for('keys', asked.course_id);
    enrolled := app.lock_live_enrollment(asked.course_id, me);
    SELECT a.id, a.ends_at INTO under_way FROM quiz_attempt a
        WHERE a.tenant_id = app.tenant_id() AND a.quiz_id = wanted AND a.user_id = me AND a.status = 'IN_PROGRESS' FOR NO KEY UPDATE;
    IF FOUND AND (under_way.ends_at IS NULL OR under_way.ends_at >= now()) THEN
        RETURN under_way.id;
    ELSIF FOUND THEN
        PERFORM app.finish_attempt(under_way.id, under_way.ends_at, true);
    END IF;

    SELECT q.*, l.is_published INTO asked FROM quiz q JOIN lesson l ON l.tenant_id = q.tenant_id AND l.id = q.lesson_id
        WHERE q.tenant_id = app.tenant_id() AND q.id = wanted;
    IF NOT asked.is_published THEN
        PERFORM app.refuse('lesson_locked');
    END IF;
    PERFORM app.check_lesson_open(asked.lesson_id);
    SELECT t.* INTO terms FROM app.terms_of(wanted, me) AS t;
    IF asked.opens_at > now() THEN
        PERFORM app.refuse('quiz_not_open');
    ELSIF terms.closes_at < now() THEN
        PERFORM app.refuse('quiz_closed');
    END IF;
    SELECT count(*) FILTER (WHERE a.status <> 'VOID'), coalesce(max(a.number), 0) INTO used, highest FROM quiz_attempt a
        WHERE a.tenant_id = app.tenant_id() AND a.quiz_id = wanted AND a.user_id = me;
    IF used >= terms.attempts THEN
        PERFORM app.refuse('quiz_attempts', jsonb_build_object('limit', terms.attempts, 'used', used)::text);
    END IF;

    SELECT array_agg(s.id ORDER BY s.chosen, s.part, s.place, s.chance) AS ids, array_agg(s.points ORDER BY s.chosen, s.part, s.place, s.chance) AS points,
           sum(s.points::numeric)::double precision AS most INTO drawn
        FROM (SELECT n.*, CASE WHEN asked.shuffle_questions THEN random() END AS chosen FROM (
                SELECT q.id, 0 AS part, q.position AS place, 0::double precision AS chance, q.points FROM question q
                WHERE q.tenant_id = app.tenant_id() AND q.quiz_id = wanted AND q.retired_at IS NULL
                UNION ALL
                SELECT r.id, 1, d.position, r.chance, d.points FROM quiz_draw d
                CROSS JOIN LATERAL (SELECT q.id, random() AS chance FROM question q
                                    WHERE q.tenant_id = d.tenant_id AND q.pool_id = d.pool_id AND q.retired_at IS NULL ORDER BY random() LIMIT d.count) AS r
                WHERE d.tenant_id = app.tenant_id() AND d.quiz_id = wanted) AS n) AS s;
    IF drawn.ids IS NULL THEN
        PERFORM app.refuse('quiz_empty');
    END IF;
    INSERT INTO quiz_attempt (tenant_id, id, quiz_id, course_id, user_id, number, marking, wrong_penalty, time_factor, ends_at, max_score)
        VALUES (app.tenant_id(), made, wanted, asked.course_id, me, highest + 1, asked.marking, asked.wrong_penalty, terms.factor,
                app.attempt_end(wanted, me, now(), terms.factor), CASE WHEN asked.mode = 'SURVEY' THEN 0 ELSE drawn.most END);
    INSERT INTO attempt_question (tenant_id, attempt_id, question_id, position, points, option_ids)
        SELECT app.tenant_id(), made, s.id, s.nth, s.points,
               ARRAY(SELECT o.id FROM question_option o WHERE o.tenant_id = app.tenant_id() AND o.question_id = s.id
                     ORDER BY CASE WHEN asked.shuffle_options THEN random() END, o.position)
        FROM unnest(drawn.ids, drawn.points) WITH ORDINALITY AS s(id, points, nth);
    UPDATE enrollment e SET last_active_at = now() WHERE e.tenant_id = app.tenant_id() AND e.id = enrolled AND e.last_active_at IS DISTINCT FROM now();
    PERFORM app.follow_act(enrolled, false);
    RETURN made;
END
$$;

-- Takes an attempt of the actor's that can still be worked at. Refuses one that is over. NULL where they have none of this id. For the two functions below.
CREATE OR REPLACE FUNCTION app.hold_attempt(wanted uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own record;
    is_live boolean;
BEGIN
    SELECT a.course_id INTO own FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.id = wanted AND a.user_id = app.user_id();
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM app.share_lock_for('keys', own.course_id);
    is_live := app.hold_enrollment(own.course_id, app.user_id());
    SELECT a.status, a.ends_at, a.is_auto_submitted INTO own FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.id = wanted FOR NO KEY UPDATE;
    IF own.status = 'VOID' THEN
        PERFORM app.refuse('quiz_attempt_transition');
    ELSIF own.is_auto_submitted OR (own.status = 'IN_PROGRESS' AND own.ends_at < now()) THEN
        PERFORM app.refuse('quiz_attempt_over');
    ELSIF own.status = 'SUBMITTED' THEN
        PERFORM app.refuse('quiz_attempt_submitted');
    ELSIF NOT is_live THEN
        PERFORM app.refuse('lesson_not_enrolled');
    END IF;
    RETURN wanted;
END
$$;

-- Saves answers of the actor's in place of those that were given: [{"question", "options", "number", "text"}]. Reveals: to the actor, the attempt's id; NULL
-- where they have none of this id; never whether an answer is right.
CREATE OR REPLACE FUNCTION app.save_quiz_answers(wanted uuid, answers jsonb) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    wrong record;
BEGIN
    IF app.hold_attempt(wanted) IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT g.place, h.question_id IS NULL AS is_foreign, q.kind,
           CASE WHEN q.kind IN ('SINGLE', 'MULTIPLE') THEN CASE WHEN g.answer ? 'number' THEN 'number' WHEN g.answer ? 'text' THEN 'text' END
                WHEN g.answer ? 'options' THEN 'optionIds'
                WHEN q.kind = 'NUMERIC' AND g.answer ? 'text' THEN 'text'
                WHEN q.kind = 'SHORT_TEXT' AND g.answer ? 'number' THEN 'number' END AS what,
           (SELECT min(o.nth) - 1 FROM jsonb_array_elements_text(g.answer -> 'options') WITH ORDINALITY AS o(id, nth) WHERE o.id::uuid <> ALL (h.option_ids)) AS option_place,
           q.kind = 'SINGLE' AND jsonb_array_length(g.answer -> 'options') > 1 AS is_many
        INTO wrong
        FROM (SELECT a.answer, a.nth - 1 AS place FROM jsonb_array_elements(answers) WITH ORDINALITY AS a(answer, nth)) AS g
        LEFT JOIN attempt_question h ON h.tenant_id = app.tenant_id() AND h.attempt_id = wanted AND h.question_id = (g.answer ->> 'question')::uuid
        LEFT JOIN question q ON q.tenant_id = h.tenant_id AND q.id = h.question_id
        WHERE h.question_id IS NULL
           OR CASE WHEN q.kind IN ('SINGLE', 'MULTIPLE')
                   THEN g.answer ? 'number' OR g.answer ? 'text'
                        OR EXISTS (SELECT FROM jsonb_array_elements_text(g.answer -> 'options') AS o(id) WHERE o.id::uuid <> ALL (h.option_ids))
                        OR (q.kind = 'SINGLE' AND jsonb_array_length(g.answer -> 'options') > 1)
                   ELSE g.answer ? 'options' OR (q.kind = 'NUMERIC' AND g.answer ? 'text') OR (q.kind = 'SHORT_TEXT' AND g.answer ? 'number') END
        ORDER BY g.place LIMIT 1;
    IF FOUND THEN
        IF wrong.is_foreign THEN
            PERFORM app.refuse('quiz_answer_question', jsonb_build_object('place', wrong.place)::text);
        ELSIF wrong.what IS NOT NULL THEN
            PERFORM app.refuse('quiz_answer_kind', jsonb_build_object('place', wrong.place, 'what', wrong.what)::text);
        ELSIF wrong.option_place IS NOT NULL THEN
            PERFORM app.refuse('quiz_answer_option', jsonb_build_object('place', wrong.place, 'option', wrong.option_place)::text);
        ELSE
            PERFORM app.refuse('quiz_answer_single', jsonb_build_object('place', wrong.place)::text);
        END IF;
    END IF;
    UPDATE attempt_question h
        SET answer_options = CASE WHEN jsonb_array_length(g.answer -> 'options') > 0
                                  THEN ARRAY(SELECT o.id::uuid FROM jsonb_array_elements_text(g.answer -> 'options') AS o(id) ORDER BY array_position(h.option_ids, o.id::uuid)) END,
            answer_number = (g.answer ->> 'number')::numeric, answer_text = g.answer ->> 'text'
        FROM jsonb_array_elements(answers) AS g(answer)
        WHERE h.tenant_id = app.tenant_id() AND h.attempt_id = wanted AND h.question_id = (g.answer ->> 'question')::uuid;
    RETURN wanted;
END
$$;

-- The actor hands in an attempt. Reveals: to the actor, the attempt's id; NULL where they have none of this id.
CREATE OR REPLACE FUNCTION app.submit_quiz_attempt(wanted uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    IF app.hold_attempt(wanted) IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE enrollment e SET last_active_at = now() FROM quiz_attempt a
        WHERE a.tenant_id = app.tenant_id() AND a.id = wanted AND e.tenant_id = a.tenant_id AND e.user_id = a.user_id AND e.course_id = a.course_id
          AND e.last_active_at IS DISTINCT FROM now();
    PERFORM app.finish_attempt(wanted, now(), false);
    RETURN wanted;
END
$$;

-- Closes an attempt whose time is over, with what was saved. Reveals: when it ends, where that is still to come; NULL otherwise.
CREATE OR REPLACE FUNCTION app.close_quiz_attempt(wanted uuid) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own record;
BEGIN
    SELECT a.course_id, a.user_id INTO own FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.id = wanted AND a.status = 'IN_PROGRESS';
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM app.share_lock_for('keys', own.course_id), app.hold_enrollment(own.course_id, own.user_id);
    SELECT a.ends_at INTO own FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.id = wanted AND a.status = 'IN_PROGRESS' FOR NO KEY UPDATE;
    IF NOT FOUND OR own.ends_at IS NULL THEN
        RETURN NULL;
    ELSIF own.ends_at >= now() THEN
        RETURN own.ends_at;
    END IF;
    PERFORM app.finish_attempt(wanted, own.ends_at, true);
    RETURN NULL;
END
$$;

-- Closes some of the school's attempts that were over 5 seconds ago: those that no job has closed. Reveals: how many, where more may be left.
CREATE OR REPLACE FUNCTION app.close_overdue_attempts(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    due   record;
    count integer := 0;
BEGIN
    FOR due IN SELECT o.id FROM (
            SELECT a.id, a.user_id, a.course_id FROM quiz_attempt a
            WHERE a.tenant_id = app.tenant_id() AND a.status = 'IN_PROGRESS' AND a.ends_at < now() - interval '5 seconds' ORDER BY a.ends_at LIMIT at_most) AS o
        LEFT JOIN enrollment e ON e.tenant_id = app.tenant_id() AND e.user_id = o.user_id AND e.course_id = o.course_id
        ORDER BY o.course_id, e.id, o.id LOOP
        PERFORM app.close_quiz_attempt(due.id);
        count := count + 1;
    END LOOP;
    RETURN count;
END
$$;

-- An attempt that has an end is closed soon after it.
CREATE OR REPLACE FUNCTION app.await_attempt_end() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id),
        app.enqueue('quiz.close', NEW.id::text || ':' || extract(epoch FROM NEW.ends_at)::text, jsonb_build_object('attempt_id', NEW.id),
                    run_at => NEW.ends_at + interval '5 seconds', subject => app.type_id('attempt', NEW.id));
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER quiz_attempt_await_new AFTER INSERT ON quiz_attempt FOR EACH ROW
    WHEN (NEW.status = 'IN_PROGRESS' AND NEW.ends_at IS NOT NULL) EXECUTE FUNCTION app.await_attempt_end();
CREATE OR REPLACE TRIGGER quiz_attempt_await AFTER UPDATE OF ends_at ON quiz_attempt FOR EACH ROW
    WHEN (NEW.status = 'IN_PROGRESS' AND NEW.ends_at IS NOT NULL AND NEW.ends_at IS DISTINCT FROM OLD.ends_at) EXECUTE FUNCTION app.await_attempt_end();

-- An attempt moves by the rows of quiz_attempt_transition alone, whoever moves it.
CREATE OR REPLACE FUNCTION app.check_attempt_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.quiz_attempt_transition t WHERE t.from_status = OLD.status AND t.to_status = NEW.status) THEN
        PERFORM app.refuse('quiz_attempt_transition');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER quiz_attempt_move BEFORE UPDATE OF status ON quiz_attempt FOR EACH ROW WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION app.check_attempt_move();

-- Takes an attempt out of what counts, by the word of whoever grades the course; what it completed stays completed. Reveals: to them, its id; NULL where there
-- is none for them.
CREATE OR REPLACE FUNCTION app.void_quiz_attempt(wanted uuid, why text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own record;
BEGIN
    SELECT a.course_id, a.quiz_id, a.user_id INTO own FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.id = wanted;
    IF NOT FOUND OR NOT app.grades_course(own.course_id) THEN
        RETURN NULL;
    END IF;
    PERFORM app.share_lock_for('keys', own.course_id), app.hold_enrollment(own.course_id, own.user_id);
    IF (SELECT a.status FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.id = wanted FOR NO KEY UPDATE) = 'VOID' THEN
        PERFORM app.refuse('quiz_attempt_transition');
    END IF;
    UPDATE quiz_attempt a SET status = 'VOID', void_reason = why WHERE a.tenant_id = app.tenant_id() AND a.id = wanted;
    PERFORM app.grade_people(own.quiz_id, ARRAY[own.user_id]);
    RETURN wanted;
END
$$;

-- What a person was at when they are deleted counts nowhere. Reveals nothing.
CREATE OR REPLACE FUNCTION app.void_attempts_of_deleted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE quiz_attempt a SET status = 'VOID' WHERE a.tenant_id = NEW.tenant_id AND a.user_id = NEW.id AND a.status = 'IN_PROGRESS';
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_void_attempts AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.void_attempts_of_deleted();

-- Whether an attempt may be reviewed by whose it is, by the rule of its quiz: only what was submitted and counts; after the last one as long as nothing is
-- under way and nothing more can be started, whatever becomes of the enrollment; after the quiz has closed for everybody. For the functions below.
CREATE OR REPLACE FUNCTION app.is_reviewable(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own   record;
    terms record;
BEGIN
    SELECT a.quiz_id, a.user_id, a.status, q.review INTO own FROM quiz_attempt a JOIN quiz q ON q.tenant_id = a.tenant_id AND q.id = a.quiz_id
        WHERE a.tenant_id = app.tenant_id() AND a.id = wanted;
    IF own.status IS DISTINCT FROM 'SUBMITTED' OR own.review = 'NEVER' THEN
        RETURN false;
    ELSIF own.review = 'AFTER_SUBMISSION' THEN
        RETURN true;
    ELSIF own.review = 'AFTER_CLOSE' THEN
        RETURN coalesce(app.quiz_over_at(own.quiz_id) < now(), false)
            AND NOT EXISTS (SELECT FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.quiz_id = own.quiz_id AND a.status = 'IN_PROGRESS');
    END IF;
    SELECT t.* INTO terms FROM app.terms_of(own.quiz_id, own.user_id) AS t;
    RETURN NOT EXISTS (SELECT FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.quiz_id = own.quiz_id AND a.user_id = own.user_id AND a.status = 'IN_PROGRESS')
        AND (coalesce(terms.closes_at < now(), false)
             OR coalesce((SELECT count(*) FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.quiz_id = own.quiz_id AND a.user_id = own.user_id
                          AND a.status <> 'VOID') >= terms.attempts, false));
END
$$;

-- Of some attempts, those that may be reviewed by whose they are. Reveals: to those whom quiz_attempt_read in policies/quizzes.sql shows an attempt, that.
CREATE OR REPLACE FUNCTION app.reviewable_attempts(attempts uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT a.id FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.id = ANY (attempts)
        AND (a.user_id = app.user_id() OR app.can('GRADE_READ_ALL') OR app.grades_course(a.course_id)) AND app.is_reviewable(a.id);
END
$$;

-- What attempts ask and what was answered; and, with the marks, what is right: to whose attempt it is once it may be reviewed, to who grades the course once
-- it is submitted. Reads keys. Reveals: to these two, that; to anybody else nothing.
CREATE OR REPLACE FUNCTION app.attempt_sheets(attempts uuid[])
    RETURNS TABLE (attempt_id uuid, question_id uuid, kind text, prompt text, points double precision, option_ids uuid[], option_texts text[],
                   answer_options uuid[], answer_number double precision, answer_text text, score double precision, is_correct boolean,
                   has_key boolean, key_options uuid[], key_number double precision, key_tolerance double precision, key_texts text[], explanation text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        WITH shown AS MATERIALIZED (
            SELECT a.id, (g.grades AND a.submitted_at IS NOT NULL) OR (a.user_id = app.user_id() AND app.is_reviewable(a.id)) AS reveals
            FROM quiz_attempt a CROSS JOIN LATERAL (SELECT app.grades_course(a.course_id)) AS g(grades)
            WHERE a.tenant_id = app.tenant_id() AND a.id = ANY (attempts) AND (a.user_id = app.user_id() OR g.grades)
        )
        SELECT s.id, q.id, q.kind, q.prompt, h.points, o.ids, o.texts, h.answer_options, h.answer_number::double precision, h.answer_text,
               CASE WHEN s.reveals THEN h.score END, CASE WHEN s.reveals THEN h.is_correct END,
               s.reveals AND num_nonnulls(k.option_ids, k.number, k.texts) > 0,
               CASE WHEN s.reveals THEN k.option_ids END, CASE WHEN s.reveals THEN k.number::double precision END,
               CASE WHEN s.reveals THEN k.tolerance::double precision END, CASE WHEN s.reveals THEN k.texts END, CASE WHEN s.reveals THEN k.explanation END
        FROM shown s
        JOIN attempt_question h ON h.tenant_id = app.tenant_id() AND h.attempt_id = s.id
        JOIN question q ON q.tenant_id = h.tenant_id AND q.id = h.question_id
        JOIN question_key k ON k.tenant_id = q.tenant_id AND k.question_id = q.id
        CROSS JOIN LATERAL (SELECT coalesce(array_agg(p.id ORDER BY u.nth), '{}') AS ids, coalesce(array_agg(p.text ORDER BY u.nth), '{}') AS texts
                            FROM unnest(h.option_ids) WITH ORDINALITY AS u(id, nth)
                            JOIN question_option p ON p.tenant_id = h.tenant_id AND p.id = u.id) AS o
        ORDER BY s.id, h.position;
END
$$;

-- What is right, and why. Reads keys. Reveals: to those who write the course, that.
CREATE OR REPLACE FUNCTION app.question_keys(questions uuid[])
    RETURNS TABLE (question_id uuid, has_key boolean, option_ids uuid[], number double precision, tolerance double precision, texts text[], explanation text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT k.question_id, num_nonnulls(k.option_ids, k.number, k.texts) > 0, k.option_ids, k.number::double precision, k.tolerance::double precision, k.texts, k.explanation
        FROM question q JOIN question_key k ON k.tenant_id = q.tenant_id AND k.question_id = q.id
        WHERE q.tenant_id = app.tenant_id() AND q.id = ANY (questions) AND app.writes_course(q.course_id);
END
$$;

-- How many questions an attempt at some quizzes would hold now, and what it would be worth. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.quiz_sizes(quizzes uuid[]) RETURNS TABLE (quiz_id uuid, questions bigint, max_score double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT q.id, s.count + d.count, CASE WHEN q.mode = 'SURVEY' THEN 0 ELSE (s.points + d.points)::double precision END
        FROM quiz q
        CROSS JOIN LATERAL (SELECT count(*) AS count, coalesce(sum(n.points::numeric), 0) AS points FROM question n
                            WHERE n.tenant_id = q.tenant_id AND n.quiz_id = q.id AND n.retired_at IS NULL) AS s
        CROSS JOIN LATERAL (SELECT coalesce(sum(w.count), 0)::bigint AS count, coalesce(sum(w.count * w.points::numeric), 0) AS points FROM quiz_draw w
                            WHERE w.tenant_id = q.tenant_id AND w.quiz_id = q.id) AS d
        WHERE q.tenant_id = app.tenant_id() AND q.id = ANY (quizzes);
END
$$;

-- What the actor's own terms in some quizzes are, and how many attempts they have left (NULL: any number). Reveals: to the actor, that.
CREATE OR REPLACE FUNCTION app.quiz_terms(quizzes uuid[]) RETURNS TABLE (quiz_id uuid, closes_at timestamptz, minutes double precision, attempts_left integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT w.id, t.closes_at, t.minutes, CASE WHEN t.attempts IS NOT NULL THEN greatest(0, t.attempts - (
                   SELECT count(*) FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.quiz_id = w.id AND a.user_id = app.user_id() AND a.status <> 'VOID')::integer) END
        FROM unnest(quizzes) AS w(id) CROSS JOIN LATERAL app.terms_of(w.id, app.user_id()) AS t;
END
$$;

-- How the questions of quizzes were answered, in attempts that were submitted: how often at all, how often blank, how often each option in the author's
-- order, the mean mark, and the correlation of the mark with the rest of the attempt (NULL under five attempts, and where one of the two is always the
-- same). Reveals: to those who grade the course, these numbers.
CREATE OR REPLACE FUNCTION app.quiz_statistics(quizzes uuid[])
    RETURNS TABLE (quiz_id uuid, question_id uuid, answers integer, blanks integer, choices integer[], average double precision, discrimination double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        WITH allowed AS MATERIALIZED (
            SELECT q.id FROM quiz q WHERE q.tenant_id = app.tenant_id() AND q.id = ANY (quizzes) AND app.grades_course(q.course_id)
        ), held AS MATERIALIZED (
            SELECT a.quiz_id, h.question_id, h.attempt_id, h.answer_options, h.score, num_nonnulls(h.answer_options, h.answer_number, h.answer_text) = 0 AS is_blank,
                   sum(h.score) OVER (PARTITION BY h.attempt_id) - h.score AS rest
            FROM allowed w JOIN quiz_attempt a ON a.tenant_id = app.tenant_id() AND a.quiz_id = w.id AND a.status = 'SUBMITTED'
            JOIN attempt_question h ON h.tenant_id = a.tenant_id AND h.attempt_id = a.id
        ), counted AS (
            SELECT d.quiz_id, d.question_id, count(*) FILTER (WHERE NOT d.is_blank) AS answers, count(*) FILTER (WHERE d.is_blank) AS blanks, avg(d.score) AS average,
                   CASE WHEN count(*) >= 5 THEN corr(d.score, d.rest) END AS discrimination
            FROM held d GROUP BY d.quiz_id, d.question_id
        ), chosen AS MATERIALIZED (
            SELECT d.quiz_id, o.id, count(*) AS count FROM held d CROSS JOIN LATERAL unnest(d.answer_options) AS o(id) GROUP BY d.quiz_id, o.id
        )
        SELECT c.quiz_id, c.question_id, c.answers::integer, c.blanks::integer,
               ARRAY(SELECT coalesce(n.count, 0)::integer FROM question_option o LEFT JOIN chosen n ON n.quiz_id = c.quiz_id AND n.id = o.id
                     WHERE o.tenant_id = app.tenant_id() AND o.question_id = c.question_id ORDER BY o.position),
               c.average, c.discrimination
        FROM counted c JOIN question q ON q.tenant_id = app.tenant_id() AND q.id = c.question_id
        ORDER BY c.quiz_id, q.position NULLS LAST, q.created_at, q.id;
END
$$;

-- What was graded anew in quizzes, the first time first: their own questions, and those of pools that stand in what was submitted. Reveals: to whoever grades the course, these ids.
CREATE OR REPLACE FUNCTION app.quiz_regrades(quizzes uuid[]) RETURNS TABLE (quiz_id uuid, regrade_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT q.id, r.id FROM quiz q JOIN regrade r ON r.tenant_id = q.tenant_id AND r.course_id = q.course_id
        WHERE q.tenant_id = app.tenant_id() AND q.id = ANY (quizzes) AND app.grades_course(q.course_id)
          AND (r.quiz_id = q.id OR (r.quiz_id IS NULL AND EXISTS (
              SELECT FROM attempt_question h JOIN quiz_attempt a ON a.tenant_id = h.tenant_id AND a.id = h.attempt_id
              WHERE h.tenant_id = q.tenant_id AND h.question_id = r.question_id AND a.quiz_id = q.id AND a.status = 'SUBMITTED')))
        ORDER BY q.id, r.graded_at, r.id;
END
$$;

-- Takes a question away: one that stands in attempts, or was graded anew, stays there and is asked no more. Reveals: to those who write the course,
-- whether there is such a question.
CREATE OR REPLACE FUNCTION app.remove_question(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    asked record;
BEGIN
    SELECT q.course_id INTO asked FROM question q WHERE q.tenant_id = app.tenant_id() AND q.id = wanted;
    IF NOT FOUND OR NOT app.writes_course(asked.course_id) THEN
        RETURN false;
    END IF;
    PERFORM app.lock_for('keys', asked.course_id);
    SELECT q.* INTO asked FROM question q WHERE q.tenant_id = app.tenant_id() AND q.id = wanted AND q.retired_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    ELSIF EXISTS (SELECT FROM quiz_draw d WHERE d.tenant_id = app.tenant_id() AND d.pool_id = asked.pool_id
               AND d.count >= (SELECT count(*) FROM question q WHERE q.tenant_id = app.tenant_id() AND q.pool_id = asked.pool_id AND q.retired_at IS NULL)) THEN
        PERFORM app.refuse('question_in_use');
    ELSIF EXISTS (SELECT FROM quiz z JOIN lesson l ON l.tenant_id = z.tenant_id AND l.id = z.lesson_id WHERE z.tenant_id = app.tenant_id() AND z.id = asked.quiz_id AND l.is_published
                  AND NOT EXISTS (SELECT FROM quiz_draw d WHERE d.tenant_id = z.tenant_id AND d.quiz_id = z.id)
                  AND NOT EXISTS (SELECT FROM question q WHERE q.tenant_id = z.tenant_id AND q.quiz_id = z.id AND q.id <> wanted AND q.retired_at IS NULL)) THEN
        PERFORM app.refuse('question_in_use');
    END IF;
    IF EXISTS (SELECT FROM attempt_question h WHERE h.tenant_id = app.tenant_id() AND h.question_id = wanted)
       OR EXISTS (SELECT FROM regrade r WHERE r.tenant_id = app.tenant_id() AND r.question_id = wanted) THEN
        UPDATE question q SET retired_at = now(), position = NULL WHERE q.tenant_id = app.tenant_id() AND q.id = wanted;
    ELSE
        DELETE FROM question q WHERE q.tenant_id = app.tenant_id() AND q.id = wanted;
    END IF;
    UPDATE question q SET position = q.position - 1 WHERE q.tenant_id = app.tenant_id() AND q.quiz_id = asked.quiz_id AND q.position > asked.position;
    RETURN true;
END
$$;

-- Removes a pool with its questions, unless something draws upon it or holds one of them. Reveals: to those who write the course, whether there is such
-- a pool.
CREATE OR REPLACE FUNCTION app.remove_question_pool(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found_pool record;
BEGIN
    SELECT p.course_id INTO found_pool FROM question_pool p WHERE p.tenant_id = app.tenant_id() AND p.id = wanted;
    IF NOT FOUND OR NOT app.writes_course(found_pool.course_id) THEN
        RETURN false;
    END IF;
    PERFORM app.lock_for('keys', found_pool.course_id);
    IF EXISTS (SELECT FROM quiz_draw d WHERE d.tenant_id = app.tenant_id() AND d.pool_id = wanted)
       OR EXISTS (SELECT FROM question q WHERE q.tenant_id = app.tenant_id() AND q.pool_id = wanted
                  AND (EXISTS (SELECT FROM attempt_question h WHERE h.tenant_id = q.tenant_id AND h.question_id = q.id)
                       OR EXISTS (SELECT FROM regrade r WHERE r.tenant_id = q.tenant_id AND r.question_id = q.id))) THEN
        PERFORM app.refuse('question_in_use');
    END IF;
    DELETE FROM question q WHERE q.tenant_id = app.tenant_id() AND q.pool_id = wanted;
    DELETE FROM question_pool p WHERE p.tenant_id = app.tenant_id() AND p.id = wanted;
    RETURN FOUND; -- not where somebody has removed it meanwhile
END
$$;

-- Sets the options of a question, in their order: those with an id are kept with their words, those without are new and wrong, all others go. Reveals: to
-- those who write the course, whether there is such a question.
CREATE OR REPLACE FUNCTION app.set_question_options(wanted uuid, kept uuid[], words text[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    asked   record;
    foreign_place integer;
BEGIN
    SELECT q.course_id INTO asked FROM question q WHERE q.tenant_id = app.tenant_id() AND q.id = wanted;
    IF NOT FOUND OR NOT app.writes_course(asked.course_id) THEN
        RETURN false;
    END IF;
    PERFORM app.lock_for('keys', asked.course_id);
    SELECT k.nth - 1 INTO foreign_place FROM unnest(kept) WITH ORDINALITY AS k(id, nth)
        WHERE k.id IS NOT NULL AND NOT EXISTS (SELECT FROM question_option o WHERE o.tenant_id = app.tenant_id() AND o.question_id = wanted AND o.id = k.id)
        ORDER BY k.nth LIMIT 1;
    IF foreign_place IS NOT NULL THEN
        PERFORM app.refuse('question_option_missing', jsonb_build_object('place', foreign_place)::text);
    END IF;
    IF EXISTS (SELECT FROM question_option o WHERE o.tenant_id = app.tenant_id() AND o.question_id = wanted AND NOT EXISTS (SELECT FROM unnest(kept) AS k WHERE k = o.id)
               AND (EXISTS (SELECT FROM question_key k WHERE k.tenant_id = o.tenant_id AND k.question_id = wanted AND o.id = ANY (k.option_ids))
                    OR EXISTS (SELECT FROM attempt_question h WHERE h.tenant_id = o.tenant_id AND h.question_id = wanted AND o.id = ANY (h.answer_options)))) THEN
        PERFORM app.refuse('question_option_in_use');
    END IF;
    DELETE FROM question_option o WHERE o.tenant_id = app.tenant_id() AND o.question_id = wanted AND NOT EXISTS (SELECT FROM unnest(kept) AS k WHERE k = o.id);
    -- Nobody chooses one that is gone.
    UPDATE attempt_question h SET option_ids = ARRAY(SELECT o.id FROM unnest(h.option_ids) WITH ORDINALITY AS o(id, nth) WHERE o.id = ANY (kept) ORDER BY o.nth)
        FROM quiz_attempt a WHERE h.tenant_id = app.tenant_id() AND h.question_id = wanted AND a.tenant_id = h.tenant_id AND a.id = h.attempt_id
          AND a.status = 'IN_PROGRESS' AND NOT h.option_ids <@ kept;
    UPDATE question_option o SET text = n.text, position = n.nth FROM unnest(kept, words) WITH ORDINALITY AS n(id, text, nth)
        WHERE o.tenant_id = app.tenant_id() AND o.question_id = wanted AND o.id = n.id AND (o.text, o.position) IS DISTINCT FROM (n.text, n.nth::integer);
    INSERT INTO question_option (tenant_id, question_id, position, text)
        SELECT app.tenant_id(), wanted, n.nth, n.text FROM unnest(kept, words) WITH ORDINALITY AS n(id, text, nth) WHERE n.id IS NULL;
    RETURN true;
END
$$;

-- What those who grade a course must know of a question to grade it anew. Reveals: to them, its kind, and where it stands.
CREATE OR REPLACE FUNCTION app.question_to_grade(wanted uuid) RETURNS TABLE (kind text, is_of_pool boolean, is_of_survey boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT q.kind, q.pool_id IS NOT NULL, coalesce(z.mode = 'SURVEY', false)
        FROM question q LEFT JOIN quiz z ON z.tenant_id = q.tenant_id AND z.id = q.quiz_id
        WHERE q.tenant_id = app.tenant_id() AND q.id = wanted AND app.reads_course(q.course_id) AND app.grades_course(q.course_id);
END
$$;

-- Sets what is right, what a question is worth, or that everybody has its points, and marks anew every attempt that was submitted and holds it. Nobody
-- falls at the question unless it may lower. What is not given stays. Reads keys, by app.mark_answers. Reveals: to those who grade the course, what
-- it did.
CREATE OR REPLACE FUNCTION app.regrade_question(
        wanted uuid, made uuid, new_options uuid[], new_number numeric, new_tolerance numeric, new_texts text[],
        new_points double precision, voided boolean, may_lower boolean, why text)
    RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    asked  record;
    held   uuid[];
    moved  record;
    counts record;
BEGIN
    SELECT q.course_id, q.quiz_id INTO asked FROM question q WHERE q.tenant_id = app.tenant_id() AND q.id = wanted;
    IF NOT FOUND OR NOT app.grades_course(asked.course_id) THEN
        RETURN false;
    END IF;
    PERFORM app.lock_for('keys', asked.course_id);
    SELECT o.nth - 1 AS place INTO moved FROM unnest(new_options) WITH ORDINALITY AS o(id, nth)
        WHERE NOT EXISTS (SELECT FROM question_option p WHERE p.tenant_id = app.tenant_id() AND p.question_id = wanted AND p.id = o.id) ORDER BY o.nth LIMIT 1;
    IF FOUND THEN
        PERFORM app.refuse('question_option_missing', jsonb_build_object('place', moved.place)::text);
    END IF;
    IF num_nonnulls(new_options, new_number, new_tolerance, new_texts) > 0 THEN
        UPDATE question_key k SET option_ids = coalesce(new_options, k.option_ids), number = coalesce(new_number, k.number),
                tolerance = coalesce(new_tolerance, k.tolerance), texts = coalesce(new_texts, k.texts)
            WHERE k.tenant_id = app.tenant_id() AND k.question_id = wanted;
    END IF;
    UPDATE question q SET points = coalesce(new_points, q.points), is_void = coalesce(voided, q.is_void) WHERE q.tenant_id = app.tenant_id() AND q.id = wanted;

    IF new_points IS NOT NULL THEN
        UPDATE attempt_question h SET points = new_points FROM quiz_attempt a
            WHERE h.tenant_id = app.tenant_id() AND h.question_id = wanted AND a.tenant_id = h.tenant_id AND a.id = h.attempt_id AND a.status <> 'VOID';
        UPDATE quiz_attempt a SET max_score = (SELECT sum(h.points::numeric) FROM attempt_question h WHERE h.tenant_id = a.tenant_id AND h.attempt_id = a.id)::double precision
            WHERE a.tenant_id = app.tenant_id() AND a.status = 'IN_PROGRESS'
              AND a.id IN (SELECT h.attempt_id FROM attempt_question h WHERE h.tenant_id = app.tenant_id() AND h.question_id = wanted);
    END IF;
    SELECT coalesce(array_agg(a.id ORDER BY a.id), '{}') INTO held FROM attempt_question h JOIN quiz_attempt a ON a.tenant_id = h.tenant_id AND a.id = h.attempt_id
        WHERE h.tenant_id = app.tenant_id() AND h.question_id = wanted AND a.status = 'SUBMITTED' AND a.score IS NOT NULL;
    PERFORM FROM enrollment e WHERE e.tenant_id = app.tenant_id() AND e.course_id = asked.course_id
        AND e.user_id IN (SELECT a.user_id FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.id = ANY (held)) ORDER BY e.id FOR NO KEY UPDATE;
    UPDATE attempt_question h SET score = CASE WHEN may_lower THEN m.score ELSE greatest(h.score, m.score) END, is_correct = m.is_correct
        FROM app.mark_answers(held, wanted) AS m
        WHERE h.tenant_id = app.tenant_id() AND h.attempt_id = m.attempt_id AND h.question_id = wanted;

    WITH was AS MATERIALIZED (
        SELECT a.id, a.score, a.is_passed FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.id = ANY (held)
    ), is_now AS MATERIALIZED (
        SELECT s.* FROM app.sum_marks(held) AS s
    ), noted AS (
        INSERT INTO score_change (tenant_id, id, attempt_id, cause, score, reason, by_id)
            SELECT app.tenant_id(), app.uuid_v7(), n.attempt_id, 'REGRADE', n.score, why, app.user_id()
            FROM is_now n JOIN was w ON w.id = n.attempt_id AND w.score <> n.score
    ), written AS (
        UPDATE quiz_attempt a SET score = n.score, max_score = n.max_score, percent = n.percent, is_passed = n.is_passed FROM is_now n
            WHERE a.tenant_id = app.tenant_id() AND a.id = n.attempt_id
              AND (a.score, a.max_score, a.percent, a.is_passed) IS DISTINCT FROM (n.score, n.max_score, n.percent, n.is_passed)
    )
    SELECT count(*) AS attempts, count(*) FILTER (WHERE n.score > w.score) AS raised, count(*) FILTER (WHERE n.score < w.score) AS lowered,
           count(*) FILTER (WHERE n.is_passed AND NOT w.is_passed) AS newly_passed,
           array_agg(n.attempt_id) FILTER (WHERE n.score <> w.score) AS moved,
           array_agg(n.attempt_id) FILTER (WHERE n.is_passed AND NOT w.is_passed) AS passed
        INTO counts FROM is_now n JOIN was w ON w.id = n.attempt_id;
    INSERT INTO regrade (tenant_id, id, question_id, quiz_id, course_id, by_id, reason, attempts, raised, lowered, newly_passed)
        VALUES (app.tenant_id(), made, wanted, asked.quiz_id, asked.course_id, app.user_id(), why, counts.attempts, counts.raised, counts.lowered, counts.newly_passed);

    -- What follows: grades, and completions of those who pass now.
    PERFORM app.grade_people(p.quiz_id, array_agg(p.user_id))
        FROM (SELECT DISTINCT a.quiz_id, a.user_id FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.id = ANY (held)) AS p GROUP BY p.quiz_id ORDER BY p.quiz_id;
    FOR moved IN SELECT DISTINCT e.id AS enrollment_id, e.user_id, q.lesson_id FROM quiz_attempt a
            JOIN quiz q ON q.tenant_id = a.tenant_id AND q.id = a.quiz_id
            JOIN enrollment e ON e.tenant_id = a.tenant_id AND e.user_id = a.user_id AND e.course_id = a.course_id
            WHERE a.tenant_id = app.tenant_id() AND a.id = ANY (counts.passed) AND app.is_live(e.status, e.expires_at) ORDER BY e.id LOOP
        PERFORM app.note_completion(moved.lesson_id, asked.course_id, moved.enrollment_id, moved.user_id);
    END LOOP;
    IF app.notifies('notify.quiz_regraded') THEN
        FOR moved IN SELECT a.quiz_id, array_agg(DISTINCT a.user_id) AS people FROM quiz_attempt a
                WHERE a.tenant_id = app.tenant_id() AND a.id = ANY (counts.moved) GROUP BY a.quiz_id LOOP
            PERFORM app.emit('notify.quiz_regraded', app.type_id('quiz', moved.quiz_id), NULL,
                jsonb_build_object('course', asked.course_id, 'people', moved.people));
        END LOOP;
    END IF;
    RETURN true;
END
$$;

-- Tells of an attempt that was submitted. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_attempt() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.wants_event('quiz_attempt.submitted') THEN
        PERFORM app.emit('quiz_attempt.submitted', app.type_id('attempt', NEW.id), jsonb_build_object(
            'id', app.type_id('attempt', NEW.id), 'status', NEW.status, 'quizId', app.type_id('quiz', NEW.quiz_id), 'courseId', app.type_id('course', NEW.course_id),
            'userId', app.type_id('user', NEW.user_id), 'number', NEW.number, 'score', NEW.score));
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER quiz_attempt_tell AFTER UPDATE OF status ON quiz_attempt FOR EACH ROW
    WHEN (NEW.status = 'SUBMITTED' AND OLD.status <> 'SUBMITTED') EXECUTE FUNCTION app.tell_of_attempt();

-- Removes what a course asks and what was answered, for app.purge_course alone. Reveals nothing.
CREATE OR REPLACE FUNCTION app.purge_quizzes(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM score_change s USING quiz_attempt a WHERE s.tenant_id = app.tenant_id() AND a.tenant_id = s.tenant_id AND a.id = s.attempt_id AND a.course_id = wanted;
    DELETE FROM attempt_question h USING quiz_attempt a WHERE h.tenant_id = app.tenant_id() AND a.tenant_id = h.tenant_id AND a.id = h.attempt_id AND a.course_id = wanted;
    DELETE FROM quiz_attempt a WHERE a.tenant_id = app.tenant_id() AND a.course_id = wanted;
    DELETE FROM regrade r WHERE r.tenant_id = app.tenant_id() AND r.course_id = wanted;
    DELETE FROM quiz_draw d WHERE d.tenant_id = app.tenant_id() AND d.course_id = wanted;
    DELETE FROM question q WHERE q.tenant_id = app.tenant_id() AND q.course_id = wanted;
    DELETE FROM question_pool p WHERE p.tenant_id = app.tenant_id() AND p.course_id = wanted;
    DELETE FROM quiz q WHERE q.tenant_id = app.tenant_id() AND q.course_id = wanted;
END
$$;

-- Copies pools, quizzes, questions and keys into the copy of a course: `lessons` says which copy a lesson has. Copies keys, unseen. Reveals nothing, and does
-- nothing for who is not staff of both.
CREATE OR REPLACE FUNCTION app.copy_quizzes(wanted uuid, copy uuid, lessons jsonb, moved interval) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    -- The copies, by the originals.
    pools     jsonb;
    quizzes   jsonb;
    questions jsonb;
    options   jsonb;
BEGIN
    IF NOT app.can('COURSE_CREATE') OR NOT app.is_staff_of(wanted) OR NOT app.is_staff_of(copy) THEN
        RETURN;
    END IF;
    SELECT coalesce(jsonb_object_agg(p.id, app.uuid_v7()), '{}') INTO pools FROM question_pool p WHERE p.tenant_id = school AND p.course_id = wanted;
    -- A lesson of the kind has its quiz already.
    SELECT coalesce(jsonb_object_agg(q.id, c.id), '{}') INTO quizzes FROM quiz q
        JOIN quiz c ON c.tenant_id = school AND c.course_id = copy AND c.lesson_id = (lessons ->> q.lesson_id::text)::uuid
        WHERE q.tenant_id = school AND q.course_id = wanted;
    SELECT coalesce(jsonb_object_agg(q.id, app.uuid_v7()), '{}') INTO questions FROM question q WHERE q.tenant_id = school AND q.course_id = wanted AND q.retired_at IS NULL;
    SELECT coalesce(jsonb_object_agg(o.id, gen_random_uuid()), '{}') INTO options FROM question_option o WHERE o.tenant_id = school AND questions ? o.question_id::text;
    INSERT INTO question_pool (tenant_id, id, course_id, name)
        SELECT school, (pools ->> p.id::text)::uuid, copy, p.name FROM question_pool p WHERE p.tenant_id = school AND p.course_id = wanted ORDER BY p.created_at, p.id;
    UPDATE quiz c SET mode = q.mode, pass_mark = q.pass_mark, max_attempts = q.max_attempts, time_limit_minutes = q.time_limit_minutes, opens_at = q.opens_at + moved,
            closes_at = q.closes_at + moved, shuffle_questions = q.shuffle_questions, shuffle_options = q.shuffle_options, marking = q.marking,
            wrong_penalty = q.wrong_penalty, attempt_grading = q.attempt_grading, review = q.review
        FROM quiz q WHERE q.tenant_id = school AND q.course_id = wanted AND c.tenant_id = school AND c.id = (quizzes ->> q.id::text)::uuid;
    INSERT INTO question (tenant_id, id, course_id, quiz_id, pool_id, position, kind, prompt, points, is_void, created_at)
        SELECT school, (questions ->> q.id::text)::uuid, copy, (quizzes ->> q.quiz_id::text)::uuid, (pools ->> q.pool_id::text)::uuid, q.position, q.kind, q.prompt, q.points, q.is_void, q.created_at
        FROM question q WHERE q.tenant_id = school AND questions ? q.id::text;
    INSERT INTO question_option (tenant_id, id, question_id, position, text)
        SELECT school, (options ->> o.id::text)::uuid, (questions ->> o.question_id::text)::uuid, o.position, o.text FROM question_option o WHERE o.tenant_id = school AND options ? o.id::text;
    INSERT INTO question_key (tenant_id, question_id, option_ids, number, tolerance, texts, explanation)
        SELECT school, (questions ->> k.question_id::text)::uuid,
               CASE WHEN k.option_ids IS NOT NULL THEN ARRAY(SELECT (options ->> o::text)::uuid FROM unnest(k.option_ids) AS o) END, k.number, k.tolerance, k.texts, k.explanation
        FROM question_key k WHERE k.tenant_id = school AND questions ? k.question_id::text;
    INSERT INTO quiz_draw (tenant_id, quiz_id, pool_id, course_id, position, count, points)
        SELECT school, (quizzes ->> d.quiz_id::text)::uuid, (pools ->> d.pool_id::text)::uuid, copy, d.position, d.count, d.points
        FROM quiz_draw d WHERE d.tenant_id = school AND d.course_id = wanted;
END
$$;

CREATE OR REPLACE TRIGGER quiz_touch BEFORE UPDATE ON quiz FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER question_pool_touch BEFORE UPDATE ON question_pool FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER quiz_attempt_touch BEFORE UPDATE ON quiz_attempt FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER quiz_audit AFTER INSERT OR UPDATE OR DELETE ON quiz FOR EACH ROW EXECUTE FUNCTION app.audit('Quiz', 'id');
CREATE OR REPLACE TRIGGER quiz_draw_audit AFTER INSERT OR UPDATE OR DELETE ON quiz_draw FOR EACH ROW EXECUTE FUNCTION app.audit('Quiz', 'quiz_id');
CREATE OR REPLACE TRIGGER question_pool_audit AFTER INSERT OR UPDATE OR DELETE ON question_pool FOR EACH ROW EXECUTE FUNCTION app.audit('QuestionPool', 'id');
CREATE OR REPLACE TRIGGER question_audit AFTER INSERT OR DELETE ON question FOR EACH ROW EXECUTE FUNCTION app.audit('Question', 'id');
-- Not where it stands.
CREATE OR REPLACE TRIGGER question_audit_change AFTER UPDATE ON question FOR EACH ROW
    WHEN ((OLD.prompt, OLD.points, OLD.is_void, OLD.retired_at) IS DISTINCT FROM (NEW.prompt, NEW.points, NEW.is_void, NEW.retired_at)) EXECUTE FUNCTION app.audit('Question', 'id');
CREATE OR REPLACE TRIGGER question_option_audit AFTER INSERT OR DELETE ON question_option FOR EACH ROW EXECUTE FUNCTION app.audit('QuestionOption', 'id');
CREATE OR REPLACE TRIGGER question_option_audit_change AFTER UPDATE ON question_option FOR EACH ROW
    WHEN (OLD.text <> NEW.text) EXECUTE FUNCTION app.audit('QuestionOption', 'id');
-- That a key was set or has changed, never to what.
CREATE OR REPLACE TRIGGER question_key_audit AFTER INSERT OR UPDATE OR DELETE ON question_key FOR EACH ROW
    EXECUTE FUNCTION app.audit('Question', 'question_id', 'option_ids,number,tolerance,texts,explanation');
CREATE OR REPLACE TRIGGER quiz_attempt_audit AFTER INSERT OR UPDATE OR DELETE ON quiz_attempt FOR EACH ROW EXECUTE FUNCTION app.audit('QuizAttempt', 'id', 'marking,wrong_penalty,time_factor');
CREATE OR REPLACE TRIGGER regrade_audit AFTER INSERT OR UPDATE OR DELETE ON regrade FOR EACH ROW EXECUTE FUNCTION app.audit('Regrade', 'id', 'course_id');

GRANT EXECUTE ON FUNCTION app.check_quiz_draws(uuid), app.lock_keys(uuid), app.start_quiz_attempt(uuid), app.save_quiz_answers(uuid, jsonb), app.submit_quiz_attempt(uuid),
    app.close_quiz_attempt(uuid), app.close_overdue_attempts(integer), app.void_quiz_attempt(uuid, text), app.reviewable_attempts(uuid[]), app.attempt_sheets(uuid[]),
    app.question_keys(uuid[]), app.quiz_sizes(uuid[]), app.quiz_terms(uuid[]), app.quiz_statistics(uuid[]), app.quiz_regrades(uuid[]), app.remove_question(uuid), app.remove_question_pool(uuid),
    app.set_question_options(uuid, uuid[], text[]), app.copy_quizzes(uuid, uuid, jsonb, interval),
    app.question_to_grade(uuid),
    app.regrade_question(uuid, uuid, uuid[], numeric, numeric, text[], double precision, boolean, boolean, text)
    TO lectern_app;
