-- Applications: their steps, what is answered, places and who waits for one. Reviews and what rules decide stand in reviews.sql, who comes in attendees.sql.
--
-- Turns: whatever changes a state, a party or what is held takes the program's turn first, which is the row of program_places (app.lock_places), then the application's row,
-- then orders and their counters. What neither moves an application nor its party (saving answers, paying) takes the application's row alone (app.lock_application). Nobody who
-- has an application asks for a turn afterwards.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   application_transition    no such step leads on from the application's state, for this actor
--   application_closed        the program takes no applications now, or admits none: it does not run, or is over
--   application_fee           the fee is not paid
--   application_editable      answers of a submitted application are not its applicant's to change
--   application_answers_size  the answers are larger than the service lets in, as the database writes them
--   application_file_owner    an answer names no file of the applicant's
--   application_form          the form has changed since it was read: the document runs again
--   application_person        there is no such person, or no more
--   application_group         the applicant is no member of the group
--   application_in_use        somebody of the party has a live ticket
--   application_full          the party does not fit
--   application_no_offer      nothing is offered
--   application_offer_over    the offer has expired

-- ---- Who ----

-- The programs that name the actor as a reviewer, while they hold APPLICATION_REVIEW. Reveals: to the actor, these ids.
CREATE OR REPLACE FUNCTION app.reviewed_programs() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.can('APPLICATION_REVIEW') THEN
        RETURN QUERY SELECT r.program_id FROM program_reviewer r WHERE r.tenant_id = app.tenant_id() AND r.user_id = app.user_id();
    END IF;
END
$$;

-- Whether an application is the actor's own. Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.is_applicant(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM application a WHERE a.tenant_id = app.tenant_id() AND a.id = wanted AND a.user_id = app.user_id());
END
$$;

-- Whether the actor sees an application, its answers and its party, as the policy of `application` says. Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.sees_application(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM application a WHERE a.tenant_id = app.tenant_id() AND a.id = wanted
          AND (a.user_id = app.user_id() OR app.can('APPLICATION_READ_ALL') OR app.can('APPLICATION_MANAGE')
               OR (a.status <> 'DRAFT' AND a.submitted_at IS NOT NULL AND a.program_id IN (SELECT app.reviewed_programs()))));
END
$$;

-- Whether the actor acts for an application: its applicant, or whoever manages applications. For the functions below.
CREATE OR REPLACE FUNCTION app.acts_for(a public.application) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN app.can('APPLICATION_MANAGE') OR (a.user_id = app.user_id() AND app.can('APPLICATION_SUBMIT'));
END
$$;

-- The actor's own applications. Reveals: to the actor, these ids.
CREATE OR REPLACE FUNCTION app.own_applications() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 5 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT a.id FROM application a WHERE a.tenant_id = app.tenant_id() AND a.user_id = app.user_id();
END
$$;

-- Whether an application was handed in, and is no draft again: before that it is nobody's business. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.is_handed_in(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM application a WHERE a.tenant_id = app.tenant_id() AND a.id = wanted AND a.status <> 'DRAFT' AND a.submitted_at IS NOT NULL);
END
$$;

-- Applications found by the beginnings of words in the names and addresses of who is to come. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_application(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words);
BEGIN
    RETURN QUERY SELECT DISTINCT t.application_id FROM attendee t WHERE t.tenant_id = app.tenant_id() AND t.search @@ wanted;
END
$$;

-- ---- Turns ----

-- Takes a program's turn. Reveals nothing.
CREATE OR REPLACE FUNCTION app.lock_places(program uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM program_places p WHERE p.tenant_id = app.tenant_id() AND p.program_id = lock_places.program FOR NO KEY UPDATE;
END
$$;

-- Takes an application's row, before its orders' are taken. Reveals nothing.
CREATE OR REPLACE FUNCTION app.lock_application(application uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM application a WHERE a.tenant_id = app.tenant_id() AND a.id = lock_application.application FOR NO KEY UPDATE;
END
$$;

-- Takes the turn of an application's program, then the application. Reveals, to the functions below: the application as it is then.
CREATE OR REPLACE FUNCTION app.take_turn(wanted uuid) RETURNS application
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a application;
BEGIN
    PERFORM app.lock_places(o.program_id) FROM application o WHERE o.tenant_id = app.tenant_id() AND o.id = wanted;
    SELECT * INTO a FROM application o WHERE o.tenant_id = app.tenant_id() AND o.id = wanted FOR NO KEY UPDATE;
    RETURN a;
END
$$;

-- ---- Steps ----

-- An application moves by the rows of application_transition alone, whoever moves it.
CREATE OR REPLACE FUNCTION app.check_application_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status
       AND NOT EXISTS (SELECT FROM public.application_transition t WHERE t.from_status = OLD.status AND t.to_status = NEW.status) THEN
        PERFORM app.refuse('application_transition');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER application_move BEFORE UPDATE OF status ON application FOR EACH ROW EXECUTE FUNCTION app.check_application_move();

-- Writes down a step, with what was answered then; nobody's where nobody has asked for it. For the functions below.
CREATE OR REPLACE FUNCTION app.record_step(wanted uuid, from_status text, message text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    made   CONSTANT uuid := app.uuid_v7();
BEGIN
    INSERT INTO application_event (tenant_id, id, application_id, from_status, to_status, message, answers, form_version, actor_id)
        SELECT a.tenant_id, made, a.id, record_step.from_status, a.status, record_step.message, a.answers, coalesce(a.form_version, p.form_version),
               nullif(coalesce(nullif(current_setting('app.user_id', true), '')::uuid, nobody), nobody)
        FROM application a JOIN program p ON p.tenant_id = a.tenant_id AND p.id = a.program_id WHERE a.tenant_id = app.tenant_id() AND a.id = wanted;
    INSERT INTO application_event_secret (tenant_id, event_id, user_id, answers)
        SELECT s.tenant_id, made, s.user_id, s.answers FROM application_secret s WHERE s.tenant_id = app.tenant_id() AND s.application_id = wanted;
END
$$;

-- Takes a step, and all that follows from it. Whoever calls it has the turn. For the functions below.
CREATE OR REPLACE FUNCTION app.move_application(wanted uuid, target text, message text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    was application;
    is_handed_in boolean;
BEGIN
    SELECT * INTO was FROM application a WHERE a.tenant_id = app.tenant_id() AND a.id = wanted;
    is_handed_in := was.status = 'DRAFT' AND target <> 'WITHDRAWN';
    -- To stay is no step. What is none is said before what stands in its way.
    IF NOT EXISTS (SELECT FROM application_transition t WHERE t.from_status = was.status AND t.to_status = target) THEN
        PERFORM app.refuse('application_transition');
    END IF;
    -- However late the job is that ends programs.
    IF target = 'ACCEPTED' AND NOT app.program_sells(was.program_id) THEN
        PERFORM app.refuse('application_closed');
    END IF;
    IF was.status = 'ACCEPTED' THEN
        PERFORM app.expire_overdue(wanted);
        IF app.has_live_tickets(wanted) THEN
            PERFORM app.refuse('application_in_use');
        END IF;
    END IF;
    UPDATE application a SET status = target,
            submitted_at = CASE WHEN is_handed_in THEN now() ELSE a.submitted_at END,
            form_version = CASE WHEN is_handed_in THEN (SELECT p.form_version FROM program p WHERE p.tenant_id = a.tenant_id AND p.id = a.program_id) ELSE a.form_version END,
            waitlisted_at = CASE target WHEN 'WAITLISTED' THEN clock_timestamp() END,
            -- What was offered, and not taken in time, stays known.
            offered_at = CASE WHEN target = 'WITHDRAWN' AND a.offer_expires_at <= now() THEN a.offered_at END,
            offer_expires_at = CASE WHEN target = 'WITHDRAWN' AND a.offer_expires_at <= now() THEN a.offer_expires_at END,
            decided_at = CASE WHEN target IN ('ACCEPTED', 'REJECTED', 'WAITLISTED') THEN now() WHEN target = 'WITHDRAWN' THEN a.decided_at END,
            accepted_at = CASE target WHEN 'ACCEPTED' THEN now() END
        WHERE a.tenant_id = app.tenant_id() AND a.id = wanted;
    PERFORM app.record_step(wanted, was.status, message);
    IF target = 'ACCEPTED' THEN
        PERFORM app.on_accepted(wanted);
    END IF;
END
$$;

-- Starts an application in a person's name, with that person as its MAIN attendee. Whether the actor sees the program and the person, the service has asked. Reveals nothing.
CREATE OR REPLACE FUNCTION app.start_application(made uuid, program uuid, person uuid, for_group uuid, code text, plain jsonb, secret jsonb, files jsonb, hidden text[],
        form integer, main uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    named uuid;
BEGIN
    IF NOT app.can('APPLICATION_MANAGE') AND (person IS DISTINCT FROM app.user_id() OR NOT app.can('APPLICATION_SUBMIT')) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'nobody applies for somebody else';
    END IF;
    -- Whoever is being deleted is waited for: nothing is begun for them that nobody would empty.
    IF NOT app.hold_person(person) THEN
        PERFORM app.refuse('application_person');
    END IF;
    PERFORM app.enter_program(program);
    IF NOT app.program_is_open(program) THEN
        PERFORM app.refuse('application_closed');
    END IF;
    IF for_group IS NOT NULL AND NOT EXISTS (
        SELECT FROM group_member m JOIN user_group g ON g.tenant_id = m.tenant_id AND g.id = m.group_id
        WHERE m.tenant_id = app.tenant_id() AND m.group_id = for_group AND m.user_id = person AND g.deleted_at IS NULL) THEN
        PERFORM app.refuse('application_group');
    END IF;
    PERFORM app.check_form(program, form);
    INSERT INTO application (tenant_id, id, program_id, user_id, group_id, answers, not_shared)
        VALUES (app.tenant_id(), made, start_application.program, person, for_group, plain, coalesce(hidden, '{email}'));
    PERFORM app.write_answers(made, plain, secret, files);
    INSERT INTO attendee (tenant_id, id, application_id, program_id, kind, name, email, email_key, user_id)
        SELECT u.tenant_id, main, made, start_application.program, 'MAIN', u.name, u.email, u.email_key, u.id
        FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.deleted_at IS NULL;
    IF code IS NOT NULL THEN
        named := app.use_referral(start_application.program, code, person);
        UPDATE application a SET referral_id = named WHERE a.tenant_id = app.tenant_id() AND a.id = made;
    END IF;
    PERFORM app.record_step(made, NULL, NULL);
END
$$;

-- What the service needs to check answers: whose they are, by which form, and what was answered so far. Takes the application. No row for whom it is not
-- theirs to change. Reveals, to whoever may change them: that.
CREATE OR REPLACE FUNCTION app.open_application(wanted uuid)
    RETURNS TABLE (program_id uuid, user_id uuid, status text, form integer, plain jsonb, secret jsonb)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a application;
BEGIN
    PERFORM app.lock_application(wanted);
    SELECT * INTO a FROM application o WHERE o.tenant_id = app.tenant_id() AND o.id = wanted;
    IF a.id IS NULL OR NOT app.acts_for(a) THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT a.program_id, a.user_id, a.status, CASE WHEN a.status = 'DRAFT' THEN p.form_version ELSE coalesce(a.form_version, p.form_version) END,
               a.answers, coalesce((SELECT s.answers FROM application_secret s WHERE s.tenant_id = a.tenant_id AND s.application_id = a.id), '{}')
        FROM program p WHERE p.tenant_id = a.tenant_id AND p.id = a.program_id;
END
$$;

-- The form that answers were held against is still the program's, or the document runs again. For the functions below.
CREATE OR REPLACE FUNCTION app.check_form(program uuid, form integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF form IS DISTINCT FROM (SELECT p.form_version FROM program p WHERE p.tenant_id = app.tenant_id() AND p.id = check_form.program) THEN
        RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'the form has changed meanwhile';
    END IF;
END
$$;

-- Sets what is answered, in place of all that was. `files` are those of answers, by key: {"file", "sensitive"}. For the functions below.
CREATE OR REPLACE FUNCTION app.write_answers(wanted uuid, plain jsonb, secret jsonb, files jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    strange text;
BEGIN
    IF octet_length(plain::text) + octet_length(secret::text) > 131072 THEN
        PERFORM app.refuse('application_answers_size');
    END IF;
    UPDATE application a SET answers = plain WHERE a.tenant_id = app.tenant_id() AND a.id = wanted AND a.answers <> plain;
    IF secret = '{}' THEN
        DELETE FROM application_secret s WHERE s.tenant_id = app.tenant_id() AND s.application_id = wanted;
    ELSE
        INSERT INTO application_secret AS s (tenant_id, application_id, user_id, answers)
            SELECT a.tenant_id, a.id, a.user_id, secret FROM application a WHERE a.tenant_id = app.tenant_id() AND a.id = wanted
            ON CONFLICT (tenant_id, application_id) DO UPDATE SET answers = excluded.answers WHERE s.answers <> excluded.answers;
    END IF;
    SELECT w.key INTO strange FROM jsonb_each(files) AS w JOIN application a ON a.tenant_id = app.tenant_id() AND a.id = wanted
        WHERE NOT EXISTS (SELECT FROM file f WHERE f.tenant_id = a.tenant_id AND f.id = (w.value ->> 'file')::uuid AND f.owner_id = a.user_id
                          AND (f.expires_at IS NULL OR f.expires_at > now()))
        ORDER BY w.key LIMIT 1;
    IF FOUND THEN
        PERFORM app.refuse('application_file_owner', jsonb_build_object('key', strange)::text);
    END IF;
    DELETE FROM application_file f WHERE f.tenant_id = app.tenant_id() AND f.application_id = wanted AND NOT files ? f.key;
    INSERT INTO application_file AS f (tenant_id, application_id, key, file_id, is_sensitive)
        SELECT app.tenant_id(), wanted, w.key, (w.value ->> 'file')::uuid, (w.value ->> 'sensitive')::boolean FROM jsonb_each(files) AS w
        ON CONFLICT (tenant_id, application_id, key) DO UPDATE SET file_id = excluded.file_id, is_sensitive = excluded.is_sensitive
        WHERE (f.file_id, f.is_sensitive) IS DISTINCT FROM (excluded.file_id, excluded.is_sensitive);
END
$$;

-- A draft, and what was never handed in, shows the present form: what that calls sensitive is put away, also where it was answered before it was, and in the steps. Of a program whose form is replaced
-- (`draft` NULL), and of a draft that is opened again. For the functions that do so.
CREATE OR REPLACE FUNCTION app.hide_answers(of_program uuid, draft uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    hidden CONSTANT text[] := (
        SELECT array_agg(f.key) FROM program p JOIN program_form_field f ON f.tenant_id = p.tenant_id AND f.program_id = p.id AND f.version = p.form_version AND f.sensitive
        WHERE p.tenant_id = school AND p.id = of_program);
BEGIN
    IF hidden IS NULL THEN
        RETURN;
    END IF;
    -- Whoever is saving answers is waited for; who comes later meets the new form.
    PERFORM FROM application a WHERE a.tenant_id = school AND a.program_id = of_program AND (a.status = 'DRAFT' OR a.form_version IS NULL) AND (draft IS NULL OR a.id = draft)
        ORDER BY a.id FOR NO KEY UPDATE;
    INSERT INTO application_secret AS s (tenant_id, application_id, user_id, answers)
        SELECT a.tenant_id, a.id, a.user_id, (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(a.answers) AS e WHERE e.key = ANY (hidden))
        FROM application a
        WHERE a.tenant_id = school AND a.program_id = of_program AND (a.status = 'DRAFT' OR a.form_version IS NULL) AND (draft IS NULL OR a.id = draft) AND a.answers ?| hidden
        ON CONFLICT (tenant_id, application_id) DO UPDATE SET answers = s.answers || excluded.answers;
    UPDATE application_file f SET is_sensitive = true FROM application a
        WHERE a.tenant_id = school AND a.program_id = of_program AND (a.status = 'DRAFT' OR a.form_version IS NULL) AND (draft IS NULL OR a.id = draft) AND a.answers ?| hidden
          AND f.tenant_id = a.tenant_id AND f.application_id = a.id AND f.key = ANY (hidden) AND NOT f.is_sensitive;
    UPDATE application a SET answers = a.answers - hidden
        WHERE a.tenant_id = school AND a.program_id = of_program AND (a.status = 'DRAFT' OR a.form_version IS NULL) AND (draft IS NULL OR a.id = draft) AND a.answers ?| hidden;
    -- A step may say what the application does no more.
    INSERT INTO application_event_secret AS s (tenant_id, event_id, user_id, answers)
        SELECT v.tenant_id, v.id, a.user_id, (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(v.answers) AS e WHERE e.key = ANY (hidden))
        FROM application a JOIN application_event v ON v.tenant_id = a.tenant_id AND v.application_id = a.id
        WHERE a.tenant_id = school AND a.program_id = of_program AND (a.status = 'DRAFT' OR a.form_version IS NULL) AND (draft IS NULL OR a.id = draft) AND v.answers ?| hidden
        ON CONFLICT (tenant_id, event_id) DO UPDATE SET answers = s.answers || excluded.answers;
    UPDATE application_event v SET answers = v.answers - hidden FROM application a
        WHERE a.tenant_id = school AND a.program_id = of_program AND (a.status = 'DRAFT' OR a.form_version IS NULL) AND (draft IS NULL OR a.id = draft)
          AND v.tenant_id = a.tenant_id AND v.application_id = a.id AND v.answers ?| hidden;
END
$$;

-- Saves answers of an application that the actor acts for, and what the directory does not show; NULL: as it is. What was submitted is corrected by who manages applications
-- alone, and the correction is a step. Reveals: whether it was theirs to change.
CREATE OR REPLACE FUNCTION app.save_application(wanted uuid, form integer, plain jsonb, secret jsonb, files jsonb, hidden text[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a application;
BEGIN
    PERFORM app.lock_application(wanted);
    SELECT * INTO a FROM application o WHERE o.tenant_id = app.tenant_id() AND o.id = wanted;
    IF a.id IS NULL OR NOT app.acts_for(a) THEN
        RETURN false;
    END IF;
    IF plain IS NOT NULL THEN
        IF a.status <> 'DRAFT' AND NOT app.can('APPLICATION_MANAGE') THEN
            PERFORM app.refuse('application_editable');
        END IF;
        IF a.status = 'DRAFT' THEN
            PERFORM app.check_form(a.program_id, form);
        END IF;
        PERFORM app.write_answers(wanted, plain, secret, files);
        IF a.status <> 'DRAFT' THEN
            PERFORM app.record_step(wanted, a.status, NULL);
        END IF;
    END IF;
    UPDATE application o SET not_shared = coalesce(hidden, o.not_shared) WHERE o.tenant_id = app.tenant_id() AND o.id = wanted;
    RETURN true;
END
$$;

-- Hands in a draft, whose answers the service has held against the form, and decides what the rules decide. Reveals: whether it was theirs to hand in.
CREATE OR REPLACE FUNCTION app.submit_application(wanted uuid, form integer, plain jsonb, secret jsonb, files jsonb) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a application := app.take_turn(wanted);
BEGIN
    IF a.id IS NULL OR NOT app.acts_for(a) THEN
        RETURN false;
    END IF;
    PERFORM app.check_submission(a);
    PERFORM app.check_form(a.program_id, form);
    PERFORM app.write_answers(wanted, plain, secret, files);
    PERFORM app.decide_by_rules(wanted);
    RETURN true;
END
$$;

-- What stands in the way of handing in, but for the answers: asked before these are, and again. For the functions around it.
CREATE OR REPLACE FUNCTION app.check_submission(a application) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF a.status <> 'DRAFT' THEN
        PERFORM app.refuse('application_transition');
    ELSIF NOT app.program_is_open(a.program_id) THEN
        PERFORM app.refuse('application_closed');
    ELSIF a.fee_paid_at IS NULL AND EXISTS (SELECT FROM program p WHERE p.tenant_id = a.tenant_id AND p.id = a.program_id AND p.fee_amount > 0) THEN
        PERFORM app.refuse('application_fee');
    END IF;
END
$$;

-- The same as the first of submission, with what the service needs to check the answers. Reveals as app.open_application.
CREATE OR REPLACE FUNCTION app.open_submission(wanted uuid) RETURNS TABLE (program_id uuid, user_id uuid, status text, form integer, plain jsonb, secret jsonb)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a application := app.take_turn(wanted);
BEGIN
    IF a.id IS NOT NULL AND app.acts_for(a) THEN
        PERFORM app.check_submission(a);
    END IF;
    RETURN QUERY SELECT o.program_id, o.user_id, o.status, o.form, o.plain, o.secret FROM app.open_application(wanted) AS o;
END
$$;

-- Withdraws an application that the actor acts for. Reveals: whether it was theirs to withdraw.
CREATE OR REPLACE FUNCTION app.withdraw_application(wanted uuid, reason text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a application := app.take_turn(wanted);
BEGIN
    IF a.id IS NULL OR NOT app.acts_for(a) THEN
        RETURN false;
    END IF;
    PERFORM app.move_application(wanted, 'WITHDRAWN', reason);
    RETURN true;
END
$$;

-- Opens an application again: one that was withdrawn, by its applicant, as a draft; one that was rejected, by who manages applications, for review. Reveals: whether it was theirs.
CREATE OR REPLACE FUNCTION app.reopen_application(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a application;
BEGIN
    -- A form that is replaced meanwhile is waited for: a draft shows the present one.
    PERFORM app.enter_program(o.program_id) FROM application o WHERE o.tenant_id = app.tenant_id() AND o.id = wanted;
    a := app.take_turn(wanted);
    IF a.id IS NULL OR NOT app.acts_for(a) THEN
        RETURN false;
    END IF;
    IF a.status = 'WITHDRAWN' AND a.user_id = app.user_id() THEN
        IF NOT app.program_is_open(a.program_id) THEN
            PERFORM app.refuse('application_closed');
        END IF;
        PERFORM app.move_application(wanted, 'DRAFT', NULL);
        PERFORM app.hide_answers(a.program_id, wanted);
    ELSIF a.status = 'REJECTED' AND app.can('APPLICATION_MANAGE') THEN
        PERFORM app.move_application(wanted, 'IN_REVIEW', NULL);
    ELSE
        PERFORM app.refuse('application_transition');
    END IF;
    RETURN true;
END
$$;

-- Accepts what is offered to an application that the actor acts for. Reveals: whether it was theirs.
CREATE OR REPLACE FUNCTION app.accept_place(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a application := app.take_turn(wanted);
BEGIN
    IF a.id IS NULL OR NOT app.acts_for(a) THEN
        RETURN false;
    END IF;
    IF a.status NOT IN ('WAITLISTED', 'WITHDRAWN') OR a.offer_expires_at IS NULL THEN
        PERFORM app.refuse('application_no_offer');
    ELSIF a.offer_expires_at <= now() OR a.status = 'WITHDRAWN' THEN
        PERFORM app.refuse('application_offer_over');
    ELSIF NOT app.program_sells(a.program_id) THEN
        PERFORM app.refuse('application_closed');
    END IF;
    PERFORM app.move_application(wanted, 'ACCEPTED', NULL);
    RETURN true;
END
$$;

-- Decides, for who manages applications. Reveals: whether there is such an application.
CREATE OR REPLACE FUNCTION app.decide_application(wanted uuid, target text, message text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a application;
BEGIN
    IF NOT app.can('APPLICATION_MANAGE') THEN
        RETURN false;
    END IF;
    a := app.take_turn(wanted);
    IF a.id IS NULL THEN
        RETURN false;
    ELSIF a.status = 'DRAFT' THEN
        PERFORM app.refuse('application_transition');
    END IF;
    PERFORM app.move_application(wanted, target, message);
    RETURN true;
END
$$;

-- ---- Places ----

-- Whether a party's places are taken: it is accepted, or they are held for it.
CREATE OR REPLACE FUNCTION app.holds_places(status text, offer_expires_at timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN status = 'ACCEPTED' OR (status = 'WAITLISTED' AND offer_expires_at IS NOT NULL);

-- Whether a party fits, beside all that is taken. Whoever asks has the turn. For functions.
CREATE OR REPLACE FUNCTION app.party_fits(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM application a JOIN program_places p ON p.tenant_id = a.tenant_id AND p.program_id = a.program_id
        WHERE a.tenant_id = app.tenant_id() AND a.id = wanted
          AND (p.capacity IS NULL OR p.taken + (SELECT count(*) FROM attendee t WHERE t.tenant_id = a.tenant_id AND t.application_id = a.id) <= p.capacity));
END
$$;

-- Takes places of a program, or gives them back, and counts who waits. Its CHECK is the last word; what is known before is refused under a name of its own. For triggers.
CREATE OR REPLACE FUNCTION app.count_places(program uuid, places integer, parties integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE program_places p SET taken = p.taken + places, waiting = p.waiting + parties
        WHERE p.tenant_id = app.tenant_id() AND p.program_id = count_places.program AND (places <= 0 OR p.capacity IS NULL OR p.taken + places <= p.capacity);
    IF NOT FOUND THEN
        PERFORM app.refuse('application_full');
    END IF;
END
$$;

-- The counters follow an application: places, who waits, and the members of its group. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_application() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    before  CONSTANT boolean := TG_OP = 'UPDATE' AND app.holds_places(OLD.status, OLD.offer_expires_at);
    after   CONSTANT boolean := app.holds_places(NEW.status, NEW.offer_expires_at);
    waited  CONSTANT boolean := TG_OP = 'UPDATE' AND OLD.status = 'WAITLISTED';
    waits   CONSTANT boolean := NEW.status = 'WAITLISTED';
    counted CONSTANT boolean := TG_OP = 'UPDATE' AND OLD.status NOT IN ('REJECTED', 'WITHDRAWN');
    counts  CONSTANT boolean := NEW.status NOT IN ('REJECTED', 'WITHDRAWN');
    party   record;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF before = after AND waited = waits AND (counted = counts OR NEW.group_id IS NULL) THEN
        RETURN NULL;
    END IF;
    SELECT count(*)::integer AS size, (count(*) FILTER (WHERE t.kind = 'MEMBER'))::integer AS members INTO party
        FROM attendee t WHERE t.tenant_id = NEW.tenant_id AND t.application_id = NEW.id;
    IF party.members > 0 AND counted <> counts THEN
        PERFORM app.count_members(NEW.program_id, NEW.group_id, (counts::integer - counted::integer) * party.members);
    END IF;
    IF before <> after OR waited <> waits THEN
        PERFORM app.count_places(NEW.program_id, (after::integer - before::integer) * party.size, waits::integer - waited::integer);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER application_follow_new AFTER INSERT ON application FOR EACH ROW EXECUTE FUNCTION app.follow_application();
CREATE OR REPLACE TRIGGER application_follow AFTER UPDATE OF status, offer_expires_at ON application FOR EACH ROW EXECUTE FUNCTION app.follow_application();

-- Offers the free places of a program to the longest waiting parties that fit as a whole; who does not fit is passed over. Takes the turn. Reveals: how many offers were made.
CREATE OR REPLACE FUNCTION app.advance_places(program uuid) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    free  record;
    terms record;
    next  uuid;
    made  integer := 0;
BEGIN
    PERFORM app.lock_places(advance_places.program);
    IF NOT app.program_sells(advance_places.program) THEN
        RETURN 0;
    END IF;
    SELECT least(now() + make_interval(hours => p.offer_hours), p.ends_at) AS until INTO terms
        FROM program p WHERE p.tenant_id = app.tenant_id() AND p.id = advance_places.program;
    LOOP
        SELECT p.capacity - p.taken AS places INTO free FROM program_places p WHERE p.tenant_id = app.tenant_id() AND p.program_id = advance_places.program;
        EXIT WHEN free.places <= 0;
        SELECT a.id INTO next FROM application a
            WHERE a.tenant_id = app.tenant_id() AND a.program_id = advance_places.program AND a.status = 'WAITLISTED' AND a.offer_expires_at IS NULL
              AND (free.places IS NULL OR (SELECT count(*) FROM attendee t WHERE t.tenant_id = a.tenant_id AND t.application_id = a.id) <= free.places)
              AND NOT EXISTS (SELECT FROM red_flag f WHERE f.tenant_id = a.tenant_id AND f.user_id = a.user_id)
            ORDER BY a.waitlisted_at, a.id LIMIT 1;
        EXIT WHEN NOT FOUND;
        UPDATE application a SET offered_at = now(), offer_expires_at = terms.until WHERE a.tenant_id = app.tenant_id() AND a.id = next;
        PERFORM app.enqueue('place.advance', next::text || ':' || extract(epoch FROM terms.until)::bigint, '{}', terms.until);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- What comes free is offered in the transaction that frees it. (Of programs that grow, or sell again, app.follow_program says so.) Reveals nothing.
CREATE OR REPLACE FUNCTION app.offer_freed_places() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('app.audit', true) IS DISTINCT FROM 'off' THEN
        PERFORM app.enter_tenant(NEW.tenant_id);
        PERFORM app.advance_places(NEW.program_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER program_places_freed AFTER UPDATE ON program_places FOR EACH ROW
    WHEN (NEW.waiting > 0 AND (NEW.taken < OLD.taken OR NEW.capacity IS DISTINCT FROM OLD.capacity)) EXECUTE FUNCTION app.offer_freed_places();

-- Withdraws whose offer has lapsed, and who has not paid in time: at most so many. Answers how many. For the job that does so; nobody's doing. Reveals nothing else.
CREATE OR REPLACE FUNCTION app.lapse_places(most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    due   uuid;
    a     application;
    ended integer := 0;
BEGIN
    PERFORM set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true), set_config('app.permissions', '', true);
    FOR due IN
        SELECT w.id FROM (
            SELECT o.id, o.program_id FROM application o
                WHERE o.tenant_id = app.tenant_id() AND o.status = 'WAITLISTED' AND o.offer_expires_at <= now()
          UNION ALL
            SELECT o.id, o.program_id FROM app.unpaid_places() AS o) AS w
        ORDER BY w.program_id, w.id LIMIT most
    LOOP
        a := app.take_turn(due);
        IF a.status = 'ACCEPTED' THEN
            PERFORM app.expire_overdue(due);
        END IF;
        IF (a.status = 'WAITLISTED' AND a.offer_expires_at <= now()) OR (a.status = 'ACCEPTED' AND EXISTS (SELECT FROM app.unpaid_places() AS u WHERE u.id = due)) THEN
            PERFORM app.move_application(due, 'WITHDRAWN', NULL);
            ended := ended + 1;
        END IF;
    END LOOP;
    RETURN ended;
END
$$;

-- Accepted parties whose time to pay is over: without a ticket that is paid, or an order that is still to be paid. For app.lapse_places.
CREATE OR REPLACE FUNCTION app.unpaid_places() RETURNS TABLE (id uuid, program_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT a.id, a.program_id FROM program p JOIN application a ON a.tenant_id = p.tenant_id AND a.program_id = p.id
        WHERE p.tenant_id = app.tenant_id() AND p.pay_within_days IS NOT NULL AND a.status = 'ACCEPTED'
          AND a.accepted_at <= now() - make_interval(days => p.pay_within_days)
          AND NOT EXISTS (SELECT FROM ticket t WHERE t.tenant_id = a.tenant_id AND t.application_id = a.id AND t.status = 'ISSUED')
          AND NOT EXISTS (SELECT FROM sales_order o WHERE o.tenant_id = a.tenant_id AND o.application_id = a.id AND o.status = 'PENDING'
                          AND (o.expires_at IS NULL OR o.expires_at > now()));
END
$$;

-- Where applications stand in the waiting lists: how many came before, and one. Reveals, of those that the actor sees: these numbers.
CREATE OR REPLACE FUNCTION app.waiting_places(wanted uuid[]) RETURNS TABLE (application_id uuid, place bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- One pass over the lists that they stand in, however many are asked about.
    RETURN QUERY
        WITH asked AS MATERIALIZED (
            SELECT a.id, a.program_id FROM application a
            WHERE a.tenant_id = app.tenant_id() AND a.id = ANY (wanted) AND a.status = 'WAITLISTED' AND app.sees_application(a.id)
        )
        SELECT w.id, w.place FROM (
            SELECT o.id, row_number() OVER (PARTITION BY o.program_id ORDER BY o.waitlisted_at, o.id) AS place FROM application o
            WHERE o.tenant_id = app.tenant_id() AND o.status = 'WAITLISTED' AND o.program_id IN (SELECT k.program_id FROM asked k)) AS w
        WHERE w.id IN (SELECT k.id FROM asked k);
END
$$;

-- Until when accepted parties are to pay; none that have paid something, or have for ever. Reveals, of those that the actor sees: these moments.
CREATE OR REPLACE FUNCTION app.payment_ends(wanted uuid[]) RETURNS TABLE (application_id uuid, ends_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT a.id, a.accepted_at + make_interval(days => p.pay_within_days) FROM application a JOIN program p ON p.tenant_id = a.tenant_id AND p.id = a.program_id
        WHERE a.tenant_id = app.tenant_id() AND a.id = ANY (wanted) AND a.status = 'ACCEPTED' AND p.pay_within_days IS NOT NULL AND app.sees_application(a.id)
          AND NOT EXISTS (SELECT FROM ticket t WHERE t.tenant_id = a.tenant_id AND t.application_id = a.id AND t.status = 'ISSUED');
END
$$;

-- Of some applications, those that have tickets: issued, or held by an order that can still be paid. Reveals, of those that the actor sees: that.
CREATE OR REPLACE FUNCTION app.with_live_tickets(wanted uuid[]) RETURNS TABLE (application_id uuid)
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT a.id FROM application a
        WHERE a.tenant_id = app.tenant_id() AND a.id = ANY (wanted) AND app.sees_application(a.id)
          AND EXISTS (SELECT FROM ticket t JOIN sales_order o ON o.tenant_id = t.tenant_id AND o.id = t.order_id
                      WHERE t.tenant_id = a.tenant_id AND t.application_id = a.id
                        AND (t.status = 'ISSUED' OR (t.status = 'HELD' AND (o.expires_at IS NULL OR o.expires_at > now()))));
END
$$;

-- ---- What follows ----

-- Tells whoever wants to know of steps and offers. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_application() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    types CONSTANT text[] := array_remove(ARRAY[
        CASE WHEN OLD.status = 'DRAFT' AND NEW.status NOT IN ('DRAFT', 'WITHDRAWN') THEN 'application.submitted' END,
        CASE WHEN OLD.status <> NEW.status AND NEW.status IN ('ACCEPTED', 'REJECTED', 'WAITLISTED', 'WITHDRAWN') THEN 'application.' || lower(NEW.status) END,
        CASE WHEN NEW.status = 'WAITLISTED' AND OLD.offered_at IS NULL AND NEW.offered_at IS NOT NULL THEN 'application.offered' END], NULL);
    type  text;
    data  jsonb;
    note  jsonb;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    FOREACH type IN ARRAY types LOOP
        data := NULL;
        note := NULL;
        IF app.webhooks_want(type) THEN
            data := jsonb_build_object(
                'id', app.type_id('application', NEW.id), 'status', NEW.status, 'programId', app.type_id('program', NEW.program_id),
                'userId', app.type_id('user', NEW.user_id), 'groupId', app.type_id('group', NEW.group_id), 'offerExpiresAt', app.rfc3339(NEW.offer_expires_at));
        END IF;
        IF app.notifies(type) THEN
            SELECT jsonb_build_object('person', NEW.user_id, 'program', NEW.program_id, 'facts', jsonb_build_object('program', p.name)
                       || CASE type WHEN 'application.offered' THEN jsonb_build_object('expires', NEW.offer_expires_at)
                                    WHEN 'application.submitted' THEN '{}' ELSE jsonb_build_object('state', NEW.status) END) INTO note
                FROM program p WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.program_id;
        END IF;
        IF data IS NOT NULL OR note IS NOT NULL THEN
            PERFORM app.emit(type, app.type_id('application', NEW.id), data, note);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER application_tell AFTER UPDATE OF status, offered_at ON application FOR EACH ROW EXECUTE FUNCTION app.tell_of_application();

-- Whom a submitted application waits for: the required reviewers of its program who still hold the right; where there are none, who manages applications. Never the applicant.
-- For the notification. Reveals: these ids.
CREATE OR REPLACE FUNCTION app.told_of_submission(program uuid, applicant uuid) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT r.user_id FROM program_reviewer r
        WHERE r.tenant_id = app.tenant_id() AND r.program_id = told_of_submission.program AND r.is_required AND r.user_id <> applicant AND app.holds(r.user_id, 'APPLICATION_REVIEW');
    IF NOT FOUND THEN
        RETURN QUERY SELECT h FROM app.holders_of('APPLICATION_MANAGE') AS h WHERE h <> applicant;
    END IF;
END
$$;

-- A person who is deleted: their applications end, and nothing is left of what they answered and of who was to come. (Open orders and live tickets end before, by
-- app_user_a_close_orders.) Reveals nothing.
CREATE OR REPLACE FUNCTION app.forget_applications() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own uuid;
    a   application;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    FOR own IN SELECT o.id FROM application o WHERE o.tenant_id = NEW.tenant_id AND o.user_id = NEW.id ORDER BY o.program_id LOOP
        a := app.take_turn(own);
        IF a.status IN ('DRAFT', 'IN_REVIEW', 'WAITLISTED', 'ACCEPTED') THEN
            PERFORM app.move_application(own, 'WITHDRAWN', NULL);
        END IF;
        UPDATE application o SET answers = '{}' WHERE o.tenant_id = NEW.tenant_id AND o.id = own AND o.answers <> '{}';
        DELETE FROM application_secret s WHERE s.tenant_id = NEW.tenant_id AND s.application_id = own;
        DELETE FROM application_file f WHERE f.tenant_id = NEW.tenant_id AND f.application_id = own;
        DELETE FROM application_event_secret s USING application_event e
            WHERE e.tenant_id = NEW.tenant_id AND e.application_id = own AND s.tenant_id = e.tenant_id AND s.event_id = e.id;
        UPDATE application_event e SET answers = '{}', message = NULL WHERE e.tenant_id = NEW.tenant_id AND e.application_id = own;
        UPDATE attendee t SET name = '', email = NULL, email_key = NULL WHERE t.tenant_id = NEW.tenant_id AND t.application_id = own;
    END LOOP;
    DELETE FROM red_flag f WHERE f.tenant_id = NEW.tenant_id AND f.user_id = NEW.id;
    RETURN NULL;
END
$$;
-- Triggers go by their names: before app_user_forget, which empties the log.
CREATE OR REPLACE TRIGGER app_user_applications AFTER UPDATE OF deleted_at ON app_user FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION app.forget_applications();

-- A file that an answer names, of an application that the actor sees; of a sensitive one, for the applicant and who manages applications. Reveals: to the actor, this file.
CREATE OR REPLACE FUNCTION app.answered_file(wanted uuid) RETURNS SETOF file
    LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT o.* FROM file o WHERE o.tenant_id = app.tenant_id() AND o.id = wanted AND (o.expires_at IS NULL OR o.expires_at > now())
          AND EXISTS (SELECT FROM application_file f JOIN application a ON a.tenant_id = f.tenant_id AND a.id = f.application_id
                      WHERE f.tenant_id = o.tenant_id AND f.file_id = o.id AND app.sees_application(a.id)
                        AND (NOT f.is_sensitive OR ((a.user_id = app.user_id() OR app.can('APPLICATION_MANAGE')) AND app.viewed_by() IS NULL)));
END
$$;

CREATE OR REPLACE TRIGGER application_touch BEFORE UPDATE ON application FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER application_announce AFTER INSERT OR UPDATE ON application FOR EACH ROW EXECUTE FUNCTION app.announce_row('application', 'id', 'program_id');
CREATE OR REPLACE TRIGGER application_audit AFTER INSERT OR UPDATE OR DELETE ON application FOR EACH ROW EXECUTE FUNCTION app.audit('Application', 'id', 'answers');
CREATE OR REPLACE TRIGGER application_secret_audit AFTER INSERT OR UPDATE OR DELETE ON application_secret FOR EACH ROW
    EXECUTE FUNCTION app.audit('Application', 'application_id', 'answers');
CREATE OR REPLACE TRIGGER application_file_audit AFTER INSERT OR UPDATE OR DELETE ON application_file FOR EACH ROW EXECUTE FUNCTION app.audit('Application', 'application_id', 'file_id');

GRANT EXECUTE ON FUNCTION app.reviewed_programs(), app.is_applicant(uuid), app.sees_application(uuid), app.own_applications(), app.is_handed_in(uuid), app.search_application(text), app.answered_file(uuid),
    app.start_application(uuid, uuid, uuid, uuid, text, jsonb, jsonb, jsonb, text[], integer, uuid), app.open_application(uuid), app.open_submission(uuid),
    app.save_application(uuid, integer, jsonb, jsonb, jsonb, text[]), app.submit_application(uuid, integer, jsonb, jsonb, jsonb), app.withdraw_application(uuid, text),
    app.reopen_application(uuid), app.accept_place(uuid), app.decide_application(uuid, text, text), app.lapse_places(integer), app.waiting_places(uuid[]),
    app.payment_ends(uuid[]), app.with_live_tickets(uuid[]), app.told_of_submission(uuid, uuid) TO lectern_app;
