-- Drafts of models: the way of a generation, what it leaves in a course, and whether a person has changed that since.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   generation_state       no such step leads on from the generation's state

-- It moves by the rows of generation_transition alone.
CREATE OR REPLACE FUNCTION app.move_generation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.generation_transition t WHERE t.from_state = OLD.state AND t.to_state = NEW.state) THEN
        PERFORM app.refuse('generation_state');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER generation_move BEFORE UPDATE OF state ON generation FOR EACH ROW WHEN (NEW.state <> OLD.state) EXECUTE FUNCTION app.move_generation();

-- What is asked for is done by a job, as the person who asked. Reveals nothing.
CREATE OR REPLACE FUNCTION app.await_generation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.enqueue('generation.run', NEW.id::text, jsonb_build_object('generation', NEW.id), subject => app.type_id('generation', NEW.id));
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER generation_await AFTER INSERT ON generation FOR EACH ROW WHEN (NEW.state = 'PENDING') EXECUTE FUNCTION app.await_generation();

-- Whether the actor may have a model draft, a suggestion of a grade included: nothing, or the name of the rule that is in the way. Their role is compared when they ask:
-- the job acts in the largest that grants what it needs. Reveals: to the actor, that. The argument is of the version before, and says nothing any more.
CREATE OR REPLACE FUNCTION app.draft_obstacle(is_course boolean DEFAULT true) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.can('AGENT_EXECUTE') AND EXISTS (
        SELECT FROM app.assistant_policy() AS p WHERE p.is_enabled AND p.generates_courses
            AND (app.may_use_assistant() OR current_setting('app.operation', true) = 'system:generation.run')) THEN
        RETURN NULL;
    END IF;
    RETURN 'assistant_policy';
END
$$;

-- What a grade may be suggested for: how it stands to the actor, its course, and the most points. No row for a submission that they can't see. Reveals: to the actor, that.
CREATE OR REPLACE FUNCTION app.submission_to_judge(wanted uuid) RETURNS TABLE (is_grader boolean, is_own boolean, course_id uuid, maximum double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT app.grades_course(s.course_id), s.user_id = app.user_id(), s.course_id, a.points
        FROM submission s JOIN assignment a ON a.tenant_id = s.tenant_id AND a.id = s.assignment_id
        WHERE s.tenant_id = app.tenant_id() AND s.id = wanted
          AND (app.grades_course(s.course_id) OR s.user_id = app.user_id() OR app.can('GRADE_READ_ALL'));
END
$$;

-- A job takes a generation of the actor's, anew where a worker of it has died. For that job alone. Reveals: whether it has it.
CREATE OR REPLACE FUNCTION app.take_generation(wanted uuid, by_job uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('app.operation', true) IS DISTINCT FROM 'system:generation.run' THEN
        RETURN false;
    END IF;
    UPDATE generation g SET state = 'RUNNING', worker = by_job
        WHERE g.tenant_id = app.tenant_id() AND g.id = wanted AND (g.state = 'PENDING' OR (g.state = 'RUNNING' AND g.worker = by_job));
    RETURN FOUND;
END
$$;

-- What a model has answered so far, for the job that has the generation. Reveals: to it, that.
CREATE OR REPLACE FUNCTION app.generation_calls(wanted uuid) RETURNS TABLE (place integer, content text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('app.operation', true) = 'system:generation.run' THEN
        RETURN QUERY SELECT c.place, c.content FROM generation_call c WHERE c.tenant_id = app.tenant_id() AND c.generation_id = wanted ORDER BY c.place;
    END IF;
END
$$;

-- Keeps an answer of a model, in the transaction that settles it. Answers whether the generation still runs. For its job. Reveals: to it, that.
CREATE OR REPLACE FUNCTION app.keep_generation_call(wanted uuid, by_job uuid, at_place integer, said text, prompt bigint, completion bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    still boolean;
BEGIN
    IF current_setting('app.operation', true) IS DISTINCT FROM 'system:generation.run' THEN
        RETURN false;
    END IF;
    -- A call was paid for, whatever became of the generation meanwhile.
    UPDATE generation g SET prompt_tokens = g.prompt_tokens + prompt, completion_tokens = g.completion_tokens + completion
        WHERE g.tenant_id = app.tenant_id() AND g.id = wanted RETURNING g.state = 'RUNNING' AND g.worker = by_job INTO still;
    IF still AND said IS NOT NULL THEN
        INSERT INTO generation_call (tenant_id, generation_id, place, content) VALUES (app.tenant_id(), wanted, at_place, said)
            ON CONFLICT ON CONSTRAINT generation_call_pkey DO UPDATE SET content = excluded.content;
    END IF;
    RETURN coalesce(still, false);
END
$$;

-- The documents whose passages a generation is given. For its job. Reveals nothing.
CREATE OR REPLACE FUNCTION app.note_sources(wanted uuid, documents uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('app.operation', true) = 'system:generation.run' THEN
        INSERT INTO generation_source (tenant_id, generation_id, document_id, place)
            SELECT d.tenant_id, wanted, d.id, min(w.place)::integer FROM unnest(documents) WITH ORDINALITY AS w(id, place)
            JOIN document d ON d.tenant_id = app.tenant_id() AND d.id = w.id GROUP BY d.tenant_id, d.id
            ON CONFLICT ON CONSTRAINT generation_source_pkey DO NOTHING;
    END IF;
END
$$;

-- A generation of the actor's ends: by its job, or because they call it off. What models have answered on the way goes. Answers whether it was still to be ended.
-- Reveals: to the actor, that.
CREATE OR REPLACE FUNCTION app.end_generation(wanted uuid, ends_as text, reason text, made_course uuid, made_section uuid, given double precision, most double precision, note text)
    RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF ends_as <> 'CANCELLED' AND current_setting('app.operation', true) IS DISTINCT FROM 'system:generation.run' THEN
        RETURN false;
    END IF;
    UPDATE generation g SET state = ends_as, failure_reason = reason, finished_at = now(), worker = NULL, course_id = coalesce(made_course, g.course_id),
            section_id = coalesce(made_section, g.section_id), points = given, maximum = most, feedback = note
        WHERE g.tenant_id = app.tenant_id() AND g.id = wanted AND g.state IN ('PENDING', 'RUNNING')
          AND (g.requested_by_id = app.user_id() OR current_setting('app.operation', true) = 'system:generation.run');
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM generation_call c WHERE c.tenant_id = app.tenant_id() AND c.generation_id = wanted;
    RETURN true;
END
$$;

-- A generation follows its job where that is called off or given up. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_generation_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted CONSTANT uuid := NEW.payload ->> 'generation';
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE generation g SET state = CASE NEW.state WHEN 'DEAD' THEN 'FAILED' ELSE 'CANCELLED' END, failure_reason = CASE NEW.state WHEN 'DEAD' THEN 'GAVE_UP' END,
            finished_at = now(), worker = NULL
        WHERE g.tenant_id = NEW.tenant_id AND g.id = wanted AND g.state IN ('PENDING', 'RUNNING');
    IF FOUND THEN
        DELETE FROM generation_call c WHERE c.tenant_id = NEW.tenant_id AND c.generation_id = wanted;
    END IF;
    PERFORM app.free_tokens(wanted); -- nobody settles it any more
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER job_generation_follow AFTER UPDATE ON job FOR EACH ROW
    WHEN (NEW.kind = 'generation.run' AND OLD.state <> NEW.state AND NEW.state IN ('CANCELLED', 'DEAD')) EXECUTE FUNCTION app.follow_generation_job();

-- What is called off while a model writes, its worker settles.
CREATE OR REPLACE TRIGGER generation_free AFTER UPDATE OF state ON generation FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND NEW.state IN ('COMPLETED', 'FAILED', 'CANCELLED') AND NOT (OLD.state = 'RUNNING' AND NEW.state = 'CANCELLED'))
    EXECUTE FUNCTION app.drop_reservation();
CREATE OR REPLACE TRIGGER generation_free_gone AFTER DELETE ON generation FOR EACH ROW EXECUTE FUNCTION app.drop_reservation();

-- Whether the school's log keeps the words of drafts. Reveals: that one bit, which everybody may read.
CREATE OR REPLACE FUNCTION app.audits_words() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT p.audits_content FROM app.assistant_policy() AS p);
END
$$;

-- Tells whoever asked that it is done, or can't be. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_generation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.notifies('notify.generation_finished') THEN
        PERFORM app.emit('notify.generation_finished', app.type_id('generation', NEW.id), NULL,
            jsonb_build_object('person', NEW.requested_by_id, 'course', NEW.course_id, 'facts', jsonb_build_object('outcome', NEW.state)));
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER generation_tell AFTER UPDATE ON generation FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND NEW.state IN ('COMPLETED', 'FAILED')) EXECUTE FUNCTION app.tell_of_generation();

-- What a deleted person asked for goes with them; what was made of it stays. Reveals nothing.
CREATE OR REPLACE FUNCTION app.forget_generations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM generation g WHERE g.tenant_id = NEW.tenant_id AND g.requested_by_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_forget_generations AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.forget_generations();

-- ---- where drafts come from ---------------------------------------------------------------------------------------------------------------------

-- A course, and sections of it, were drafted by a generation, and nobody has changed them yet. For its job. Reveals nothing.
CREATE OR REPLACE FUNCTION app.note_provenance(of_generation uuid, course uuid, sections uuid[], has_made_course boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('app.operation', true) IS DISTINCT FROM 'system:generation.run' THEN
        RETURN;
    END IF;
    INSERT INTO provenance (tenant_id, id, course_id, section_id, generation_id, model)
        SELECT g.tenant_id, app.uuid_v7(), course, w.section, g.id, g.model
        FROM generation g CROSS JOIN (SELECT unnest(sections) AS section UNION ALL SELECT NULL WHERE has_made_course) AS w
        WHERE g.tenant_id = app.tenant_id() AND g.id = of_generation AND g.requested_by_id = app.user_id()
        ON CONFLICT ON CONSTRAINT provenance_key DO UPDATE SET generation_id = excluded.generation_id, model = excluded.model, generated_at = now(), is_edited = false;
END
$$;

-- Whether a section holds work of a person: it was changed since it was drafted, or never was. Reveals: to whoever writes the course, that one bit.
CREATE OR REPLACE FUNCTION app.is_section_edited(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT p.is_edited FROM provenance p WHERE p.tenant_id = app.tenant_id() AND p.section_id = wanted), true);
END
$$;

-- Whoever changes what a model drafted in a section waits from here on, and was waited for. For its job. Reveals nothing.
CREATE OR REPLACE FUNCTION app.hold_section(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('app.operation', true) = 'system:generation.run' THEN
        PERFORM FROM provenance p WHERE p.tenant_id = app.tenant_id() AND p.section_id = wanted FOR UPDATE;
    END IF;
END
$$;

-- Somebody has changed what a model drafted: a section, or of the course what belongs to none. Reveals nothing.
CREATE OR REPLACE FUNCTION app.mark_edited(school uuid, course uuid, section uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE provenance p SET is_edited = true
        WHERE p.tenant_id = school AND p.course_id = course AND NOT p.is_edited AND (p.section_id IS NULL OR p.section_id = section);
END
$$;

-- Follows whatever people change of courses; what the job of a generation writes is no change. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_edit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed CONSTANT jsonb := to_jsonb(coalesce(NEW, OLD));
    school  CONSTANT uuid := changed ->> 'tenant_id';
BEGIN
    IF current_setting('app.operation', true) = 'system:generation.run' OR app.erases(school) THEN
        RETURN NULL;
    END IF;
    PERFORM app.enter_tenant(school);
    CASE TG_TABLE_NAME
        WHEN 'course' THEN
            PERFORM app.mark_edited(school, (changed ->> 'id')::uuid, NULL);
        WHEN 'section' THEN
            PERFORM app.mark_edited(school, (changed ->> 'course_id')::uuid, (changed ->> 'id')::uuid);
        WHEN 'lesson' THEN
            PERFORM app.mark_edited(school, (changed ->> 'course_id')::uuid, (changed ->> 'section_id')::uuid);
            IF TG_OP = 'UPDATE' THEN
                PERFORM app.mark_edited(school, OLD.course_id, OLD.section_id);
            END IF;
        WHEN 'course_material' THEN -- of a lesson, or of the course as a whole
            PERFORM app.mark_edited(school, (changed ->> 'course_id')::uuid,
                (SELECT l.section_id FROM lesson l WHERE l.tenant_id = school AND l.id = (changed ->> 'lesson_id')::uuid));
        WHEN 'lesson_content', 'quiz' THEN
            PERFORM app.mark_edited(school, l.course_id, l.section_id) FROM lesson l WHERE l.tenant_id = school AND l.id = (changed ->> 'lesson_id')::uuid;
        WHEN 'question', 'quiz_draw' THEN
            PERFORM app.mark_edited(school, l.course_id, l.section_id) FROM quiz q JOIN lesson l ON l.tenant_id = q.tenant_id AND l.id = q.lesson_id
                WHERE q.tenant_id = school AND q.id = (changed ->> 'quiz_id')::uuid;
        ELSE
            PERFORM app.mark_edited(school, l.course_id, l.section_id) FROM question n JOIN quiz q ON q.tenant_id = n.tenant_id AND q.id = n.quiz_id
                JOIN lesson l ON l.tenant_id = q.tenant_id AND l.id = q.lesson_id WHERE n.tenant_id = school AND n.id = (changed ->> 'question_id')::uuid;
    END CASE;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER course_edited AFTER UPDATE ON course FOR EACH ROW
    WHEN ((NEW.title, NEW.subtitle, NEW.description, NEW.tags) IS DISTINCT FROM (OLD.title, OLD.subtitle, OLD.description, OLD.tags)) EXECUTE FUNCTION app.follow_edit();
CREATE OR REPLACE TRIGGER section_edited AFTER INSERT OR DELETE ON section FOR EACH ROW EXECUTE FUNCTION app.follow_edit();
CREATE OR REPLACE TRIGGER section_edited_change AFTER UPDATE ON section FOR EACH ROW WHEN (NEW.title <> OLD.title) EXECUTE FUNCTION app.follow_edit();
CREATE OR REPLACE TRIGGER lesson_edited AFTER INSERT OR DELETE ON lesson FOR EACH ROW EXECUTE FUNCTION app.follow_edit();
CREATE OR REPLACE TRIGGER lesson_edited_change AFTER UPDATE ON lesson FOR EACH ROW
    WHEN ((NEW.title, NEW.section_id) IS DISTINCT FROM (OLD.title, OLD.section_id)) EXECUTE FUNCTION app.follow_edit();
CREATE OR REPLACE TRIGGER lesson_content_edited AFTER UPDATE ON lesson_content FOR EACH ROW
    WHEN ((NEW.body, NEW.url, NEW.file_id) IS DISTINCT FROM (OLD.body, OLD.url, OLD.file_id)) EXECUTE FUNCTION app.follow_edit();
CREATE OR REPLACE TRIGGER course_material_edited AFTER INSERT OR DELETE ON course_material FOR EACH ROW EXECUTE FUNCTION app.follow_edit();
CREATE OR REPLACE TRIGGER quiz_edited AFTER UPDATE ON quiz FOR EACH ROW
    WHEN ((NEW.mode, NEW.pass_mark, NEW.max_attempts, NEW.time_limit_minutes, NEW.opens_at, NEW.closes_at, NEW.shuffle_questions, NEW.shuffle_options, NEW.marking,
           NEW.wrong_penalty, NEW.attempt_grading, NEW.review)
          IS DISTINCT FROM (OLD.mode, OLD.pass_mark, OLD.max_attempts, OLD.time_limit_minutes, OLD.opens_at, OLD.closes_at, OLD.shuffle_questions, OLD.shuffle_options,
           OLD.marking, OLD.wrong_penalty, OLD.attempt_grading, OLD.review)) EXECUTE FUNCTION app.follow_edit();
CREATE OR REPLACE TRIGGER quiz_draw_edited AFTER INSERT OR DELETE ON quiz_draw FOR EACH ROW EXECUTE FUNCTION app.follow_edit();
CREATE OR REPLACE TRIGGER question_edited AFTER INSERT OR DELETE ON question FOR EACH ROW EXECUTE FUNCTION app.follow_edit();
CREATE OR REPLACE TRIGGER question_edited_change AFTER UPDATE ON question FOR EACH ROW
    WHEN ((NEW.prompt, NEW.points, NEW.retired_at) IS DISTINCT FROM (OLD.prompt, OLD.points, OLD.retired_at)) EXECUTE FUNCTION app.follow_edit();
CREATE OR REPLACE TRIGGER question_option_edited AFTER INSERT OR DELETE ON question_option FOR EACH ROW EXECUTE FUNCTION app.follow_edit();
CREATE OR REPLACE TRIGGER question_option_edited_change AFTER UPDATE ON question_option FOR EACH ROW
    WHEN (NEW.text <> OLD.text) EXECUTE FUNCTION app.follow_edit();
CREATE OR REPLACE TRIGGER question_key_edited AFTER UPDATE ON question_key FOR EACH ROW WHEN (NEW IS DISTINCT FROM OLD) EXECUTE FUNCTION app.follow_edit();

-- ---- what jobs write, by the actor's own rights -------------------------------------------------------------------------------------------------

-- Writes the lessons and the quiz of drafted sections, published, as the actor: what they may not write is refused by row security.
-- [{"id", "lessons": [{"id", "title", "body"}], "quiz": {"id", "title", "questions": [{"id", "kind", "prompt", "choices", "correct"}]}}]; no quiz where nothing is asked.
CREATE OR REPLACE FUNCTION app.write_drafted_lessons(course uuid, sections jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
BEGIN
    INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position, is_published)
        SELECT school, (l.said ->> 'id')::uuid, course, (s.said ->> 'id')::uuid, 'TEXT', l.said ->> 'title', l.place, true
        FROM jsonb_array_elements(sections) AS s(said) CROSS JOIN LATERAL jsonb_array_elements(s.said -> 'lessons') WITH ORDINALITY AS l(said, place);
    INSERT INTO lesson_content (tenant_id, lesson_id, course_id, body)
        SELECT school, (l.said ->> 'id')::uuid, course, l.said ->> 'body'
        FROM jsonb_array_elements(sections) AS s(said) CROSS JOIN LATERAL jsonb_array_elements(s.said -> 'lessons') AS l(said);
    -- A lesson that is a quiz has one by a trigger; it is published once it asks something.
    INSERT INTO lesson (tenant_id, id, course_id, section_id, kind, title, position)
        SELECT school, (s.said #>> '{quiz,id}')::uuid, course, (s.said ->> 'id')::uuid, 'QUIZ', s.said #>> '{quiz,title}', 1 + jsonb_array_length(s.said -> 'lessons')
        FROM jsonb_array_elements(sections) AS s(said) WHERE s.said #>> '{quiz,id}' IS NOT NULL;
    INSERT INTO lesson_content (tenant_id, lesson_id, course_id)
        SELECT school, (s.said #>> '{quiz,id}')::uuid, course FROM jsonb_array_elements(sections) AS s(said) WHERE s.said #>> '{quiz,id}' IS NOT NULL;
    INSERT INTO question (tenant_id, id, course_id, quiz_id, position, kind, prompt, points)
        SELECT school, (n.said ->> 'id')::uuid, course, q.id, n.place, n.said ->> 'kind', n.said ->> 'prompt', 1
        FROM jsonb_array_elements(sections) AS s(said) JOIN quiz q ON q.tenant_id = school AND q.lesson_id = (s.said #>> '{quiz,id}')::uuid
        CROSS JOIN LATERAL jsonb_array_elements(s.said #> '{quiz,questions}') WITH ORDINALITY AS n(said, place);
    INSERT INTO question_option (tenant_id, id, question_id, position, text)
        SELECT school, (c.said ->> 'id')::uuid, (n.said ->> 'id')::uuid, c.place, c.said ->> 'text'
        FROM jsonb_array_elements(sections) AS s(said) CROSS JOIN LATERAL jsonb_array_elements(s.said #> '{quiz,questions}') AS n(said)
        CROSS JOIN LATERAL jsonb_array_elements(n.said -> 'choices') WITH ORDINALITY AS c(said, place);
    INSERT INTO question_key (tenant_id, question_id, option_ids)
        SELECT school, (n.said ->> 'id')::uuid, ARRAY(SELECT (c.said ->> 'id')::uuid FROM jsonb_array_elements(n.said -> 'choices') AS c(said) WHERE (c.said ->> 'is_correct')::boolean)
        FROM jsonb_array_elements(sections) AS s(said) CROSS JOIN LATERAL jsonb_array_elements(s.said #> '{quiz,questions}') AS n(said);
    UPDATE lesson l SET is_published = true WHERE l.tenant_id = school AND l.course_id = course AND l.kind = 'QUIZ' AND NOT l.is_published
        AND l.id IN (SELECT (s.said #>> '{quiz,id}')::uuid FROM jsonb_array_elements(sections) AS s(said));
END
$$;

-- Writes a whole drafted course, as a draft of the actor's. {"title", "description", "tags", "sections": […]}, each section with "title", and as above.
CREATE OR REPLACE FUNCTION app.write_drafted_course(course uuid, draft jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
BEGIN
    INSERT INTO course (tenant_id, id, title, description, instructor_id, tags)
        VALUES (school, course, draft ->> 'title', draft ->> 'description', app.user_id(), ARRAY(SELECT jsonb_array_elements_text(draft -> 'tags')));
    INSERT INTO section (tenant_id, id, course_id, title, position)
        SELECT school, (s.said ->> 'id')::uuid, course, s.said ->> 'title', s.place FROM jsonb_array_elements(draft -> 'sections') WITH ORDINALITY AS s(said, place);
    PERFORM app.write_drafted_lessons(course, draft -> 'sections');
END
$$;

-- Writes a drafted section in place of what it held, as the actor. {"title", …} as above.
CREATE OR REPLACE FUNCTION app.write_drafted_section(course uuid, wanted uuid, draft jsonb) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE section s SET title = draft ->> 'title' WHERE s.tenant_id = app.tenant_id() AND s.id = wanted;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM lesson l WHERE l.tenant_id = app.tenant_id() AND l.section_id = wanted;
    PERFORM app.write_drafted_lessons(course, jsonb_build_array(draft));
    RETURN true;
END
$$;

CREATE OR REPLACE TRIGGER generation_touch BEFORE UPDATE ON generation FOR EACH ROW EXECUTE FUNCTION app.touch();
-- Without words, unless the school says that its log keeps them.
CREATE OR REPLACE TRIGGER generation_audit AFTER INSERT OR UPDATE OR DELETE ON generation FOR EACH ROW
    WHEN (NOT app.audits_words()) EXECUTE FUNCTION app.audit('Generation', 'id', 'topic,audience,instructions,feedback,request_digest,client_request_id');
CREATE OR REPLACE TRIGGER generation_audit_words AFTER INSERT OR UPDATE OR DELETE ON generation FOR EACH ROW
    WHEN (app.audits_words()) EXECUTE FUNCTION app.audit('Generation', 'id', 'request_digest,client_request_id');

GRANT EXECUTE ON FUNCTION app.audits_words(), app.draft_obstacle(boolean), app.submission_to_judge(uuid), app.take_generation(uuid, uuid), app.generation_calls(uuid),
    app.keep_generation_call(uuid, uuid, integer, text, bigint, bigint), app.note_sources(uuid, uuid[]),
    app.end_generation(uuid, text, text, uuid, uuid, double precision, double precision, text), app.note_provenance(uuid, uuid, uuid[], boolean),
    app.is_section_edited(uuid), app.hold_section(uuid), app.write_drafted_lessons(uuid, jsonb), app.write_drafted_course(uuid, jsonb),
    app.write_drafted_section(uuid, uuid, jsonb) TO lectern_app;
-- The log's triggers ask it, whoever writes.
GRANT EXECUTE ON FUNCTION app.audits_words() TO lectern_platform, lectern_desk;
