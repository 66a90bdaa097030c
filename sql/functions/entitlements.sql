-- Entitlements: the courses and groups that attendees of a program get, once they have earned it and are known; and what becomes of that when their claim ends.
--
-- Everything here runs under the lock of the attendee's application, which whoever changes it has taken (app.lock_application).

-- Of some attendees, those who have a claim to what their program gives, and who they are: accepted, or accepted and holding an issued ticket, as the program
-- says; and linked to a person who is there. For the functions below.
CREATE OR REPLACE FUNCTION app.claims_of(attendees uuid[]) RETURNS TABLE (attendee_id uuid, program_id uuid, user_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT a.id, a.program_id, a.user_id
        FROM attendee a
        JOIN application ap ON ap.tenant_id = a.tenant_id AND ap.id = a.application_id AND ap.status = 'ACCEPTED'
        JOIN program p ON p.tenant_id = a.tenant_id AND p.id = a.program_id
        JOIN app_user u ON u.tenant_id = a.tenant_id AND u.id = a.user_id AND u.deleted_at IS NULL
        WHERE a.tenant_id = app.tenant_id() AND a.id = ANY (attendees)
          AND (p.enroll_when = 'ACCEPTED' OR EXISTS (
              SELECT FROM ticket t WHERE t.tenant_id = a.tenant_id AND t.attendee_id = a.id AND t.status = 'ISSUED' AND t.kind = 'TICKET'));
END
$$;

-- What programs give: courses and groups. For the functions below.
CREATE OR REPLACE FUNCTION app.links_of(programs uuid[]) RETURNS TABLE (program_id uuid, course_id uuid, group_id uuid)
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT pc.program_id, pc.course_id, NULL::uuid FROM program_course pc WHERE pc.tenant_id = app.tenant_id() AND pc.program_id = ANY (programs)
        UNION ALL
        SELECT pg.program_id, NULL, pg.group_id FROM program_link_group pg WHERE pg.tenant_id = app.tenant_id() AND pg.program_id = ANY (programs);
END
$$;

-- Gives a person a course or a group, in a savepoint. Answers GIVEN, THERE for who has it already, or why it can't be had now. A lost race is no such reason:
-- the whole transaction is tried again. For the functions below.
CREATE OR REPLACE FUNCTION app.try_grant(person uuid, course uuid, of_group uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    outcome text;
    rule    text;
BEGIN
    IF NOT app.holds(person, 'ENROLLMENT_SELF') THEN
        INSERT INTO user_role (tenant_id, user_id, role_id)
            SELECT r.tenant_id, person, r.id FROM role r WHERE r.tenant_id = app.tenant_id() AND r.key = 'LEARNER' AND r.is_system ON CONFLICT DO NOTHING;
    END IF;
    IF course IS NOT NULL THEN
        outcome := app.give_course(person, course, false);
        RETURN CASE outcome WHEN 'ALREADY_ENROLLED' THEN 'THERE' ELSE outcome END;
    END IF;
    INSERT INTO group_member (tenant_id, group_id, user_id) VALUES (app.tenant_id(), of_group, person) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'THERE';
    END IF;
    PERFORM app.enroll_members(of_group, ARRAY[person], NULL, true);
    RETURN 'GIVEN';
EXCEPTION WHEN integrity_constraint_violation OR insufficient_privilege OR raise_exception THEN
    GET STACKED DIAGNOSTICS rule = CONSTRAINT_NAME;
    RETURN CASE rule
        WHEN 'course_seats' THEN 'COURSE_FULL'
        WHEN 'enrollment_course_published' THEN 'COURSE_NOT_PUBLISHED'
        WHEN 'user_group_places' THEN 'GROUP_FULL'
        ELSE 'NOT_AVAILABLE' END;
END
$$;

-- Takes back what a grant gave: a seat of a course that is not completed, a place in a group. Where another grant of the same person stands on it, that one
-- has it from now on. For the functions below.
CREATE OR REPLACE FUNCTION app.revoke_grant(attendee uuid, target uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    own attendee_grant;
BEGIN
    SELECT g.* INTO own FROM attendee_grant g WHERE g.tenant_id = app.tenant_id() AND g.attendee_id = attendee AND g.target_id = target AND g.state <> 'REVOKED' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE attendee_grant g SET state = 'REVOKED', reason = NULL, is_given = false
        WHERE g.tenant_id = own.tenant_id AND g.attendee_id = own.attendee_id AND g.target_id = own.target_id;
    IF NOT own.is_given THEN
        RETURN;
    END IF;
    UPDATE attendee_grant g SET is_given = true
        WHERE g.tenant_id = own.tenant_id AND (g.attendee_id, g.target_id) = (
            SELECT o.attendee_id, o.target_id FROM attendee_grant o
            WHERE o.tenant_id = own.tenant_id AND o.user_id = own.user_id AND o.target_id = own.target_id AND o.state = 'DONE'
            ORDER BY o.attendee_id LIMIT 1 FOR UPDATE);
    IF FOUND THEN
        RETURN;
    END IF;
    IF own.course_id IS NOT NULL THEN
        UPDATE enrollment e SET status = 'DROPPED'
            WHERE e.tenant_id = own.tenant_id AND e.user_id = own.user_id AND e.course_id = own.course_id AND e.status IN ('NOT_STARTED', 'IN_PROGRESS');
    ELSE
        DELETE FROM group_member m WHERE m.tenant_id = own.tenant_id AND m.group_id = own.group_id AND m.user_id = own.user_id;
    END IF;
END
$$;

-- Brings the grants of some attendees to what they have a claim to: what is claimed no more is taken back, what is new is given, what failed is tried again
-- where `again`. Nothing of it stops the transaction. Groups come before courses, each in the order of ids. Reveals nothing.
CREATE OR REPLACE FUNCTION app.settle_grants(attendees uuid[], again boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    step    record;
    outcome text;
BEGIN
    FOR step IN
        SELECT g.attendee_id, g.target_id
        FROM attendee_grant g
        LEFT JOIN app.claims_of(attendees) AS c ON c.attendee_id = g.attendee_id AND c.user_id = g.user_id
        WHERE g.tenant_id = app.tenant_id() AND g.attendee_id = ANY (attendees) AND g.state <> 'REVOKED' AND c.attendee_id IS NULL
        ORDER BY g.group_id, g.course_id, g.attendee_id
    LOOP
        PERFORM app.revoke_grant(step.attendee_id, step.target_id);
    END LOOP;
    FOR step IN
        WITH claim AS MATERIALIZED (SELECT c.* FROM app.claims_of(attendees) AS c)
        SELECT c.attendee_id, c.user_id, l.course_id, l.group_id
        FROM claim c
        JOIN app.links_of(ARRAY(SELECT DISTINCT o.program_id FROM claim o)) AS l ON l.program_id = c.program_id
        LEFT JOIN attendee_grant g ON g.tenant_id = app.tenant_id() AND g.attendee_id = c.attendee_id AND g.target_id = coalesce(l.course_id, l.group_id)
        WHERE g.state IS NULL OR g.state = 'REVOKED' OR (again AND g.state = 'FAILED')
        ORDER BY l.group_id, l.course_id, c.attendee_id
    LOOP
        outcome := app.try_grant(step.user_id, step.course_id, step.group_id);
        INSERT INTO attendee_grant AS g (tenant_id, attendee_id, course_id, group_id, user_id, state, reason, is_given)
            VALUES (app.tenant_id(), step.attendee_id, step.course_id, step.group_id, step.user_id, CASE WHEN outcome IN ('GIVEN', 'THERE') THEN 'DONE' ELSE 'FAILED' END,
                    CASE WHEN outcome NOT IN ('GIVEN', 'THERE') THEN outcome END, outcome = 'GIVEN')
            ON CONFLICT ON CONSTRAINT attendee_grant_pkey DO UPDATE
                SET user_id = excluded.user_id, state = excluded.state, reason = excluded.reason, is_given = excluded.is_given, tried_at = now();
    END LOOP;
END
$$;

-- An application was accepted: its attendees get what their program gives them then, and a fee that is to be credited is. Its row is locked. Reveals nothing.
CREATE OR REPLACE FUNCTION app.on_accepted(application uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.settle_grants(ARRAY(SELECT a.id FROM attendee a WHERE a.tenant_id = app.tenant_id() AND a.application_id = on_accepted.application));
    PERFORM app.credit_fee(on_accepted.application);
END
$$;

-- An order was paid: those whom its tickets are for, and those who gave tickets back for it. Its application is locked. Reveals nothing.
CREATE OR REPLACE FUNCTION app.on_paid(paid uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.settle_grants(ARRAY(
        SELECT t.attendee_id FROM ticket t WHERE t.tenant_id = app.tenant_id() AND t.order_id = paid
        UNION
        SELECT t.attendee_id FROM order_return r JOIN ticket t ON t.tenant_id = r.tenant_id AND t.id = r.ticket_id
        WHERE r.tenant_id = app.tenant_id() AND r.order_id = paid));
END
$$;

-- Tickets of these attendees were cancelled. Their application is locked. Reveals nothing.
CREATE OR REPLACE FUNCTION app.on_tickets_ended(attendees uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.settle_grants(attendees);
END
$$;

-- An attendee became somebody's. Reveals nothing.
CREATE OR REPLACE FUNCTION app.on_linked(attendee uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.settle_grants(ARRAY[attendee]);
END
$$;

-- An application is accepted no more: what its attendees got by it is taken back. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_lost_place() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.settle_grants(ARRAY(SELECT a.id FROM attendee a WHERE a.tenant_id = NEW.tenant_id AND a.application_id = NEW.id));
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER application_lost_place AFTER UPDATE OF status ON application FOR EACH ROW
    WHEN (OLD.status = 'ACCEPTED' AND NEW.status <> 'ACCEPTED') EXECUTE FUNCTION app.follow_lost_place();

-- An attendee is handed over to somebody else, or to nobody yet: whoever they were loses what they got. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_hand_over() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.settle_grants(ARRAY[NEW.id]);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER attendee_handed_over AFTER UPDATE OF user_id ON attendee FOR EACH ROW
    WHEN (OLD.user_id IS NOT NULL AND OLD.user_id IS DISTINCT FROM NEW.user_id) EXECUTE FUNCTION app.follow_hand_over();

-- An attendee is removed, and with them their grants: what these gave goes first. A school that is erased takes everything along. Reveals nothing.
CREATE OR REPLACE FUNCTION app.before_attendee_removed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.erases(OLD.tenant_id) THEN
        PERFORM app.enter_tenant(OLD.tenant_id);
        PERFORM app.revoke_grant(g.attendee_id, g.target_id) FROM attendee_grant g WHERE g.tenant_id = OLD.tenant_id AND g.attendee_id = OLD.id;
    END IF;
    RETURN OLD;
END
$$;
CREATE OR REPLACE TRIGGER attendee_before_removed BEFORE DELETE ON attendee FOR EACH ROW EXECUTE FUNCTION app.before_attendee_removed();

-- Applications of attendees with a claim to something of their program that was never tried, because it was linked after they had earned it; or with something that they have
-- earned no more, because the program asks for more now. For the functions below.
CREATE OR REPLACE FUNCTION app.unsettled(of_program uuid, most integer) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT DISTINCT a.application_id
        FROM attendee a
        JOIN app.links_of(ARRAY[of_program]) AS l ON true
        JOIN application ap ON ap.tenant_id = a.tenant_id AND ap.id = a.application_id AND ap.status = 'ACCEPTED'
        JOIN program p ON p.tenant_id = a.tenant_id AND p.id = a.program_id
        JOIN app_user u ON u.tenant_id = a.tenant_id AND u.id = a.user_id AND u.deleted_at IS NULL
        WHERE a.tenant_id = app.tenant_id() AND a.program_id = of_program
          AND NOT EXISTS (SELECT FROM attendee_grant g WHERE g.tenant_id = a.tenant_id AND g.attendee_id = a.id AND g.target_id = coalesce(l.course_id, l.group_id) AND g.state <> 'REVOKED')
          AND (p.enroll_when = 'ACCEPTED' OR EXISTS (
              SELECT FROM ticket t WHERE t.tenant_id = a.tenant_id AND t.attendee_id = a.id AND t.status = 'ISSUED' AND t.kind = 'TICKET'))
        UNION
        SELECT a.application_id
        FROM attendee a
        JOIN program p ON p.tenant_id = a.tenant_id AND p.id = a.program_id AND p.enroll_when = 'PAID'
        WHERE a.tenant_id = app.tenant_id() AND a.program_id = of_program
          AND EXISTS (SELECT FROM attendee_grant g WHERE g.tenant_id = a.tenant_id AND g.attendee_id = a.id AND g.state <> 'REVOKED')
          AND NOT EXISTS (SELECT FROM ticket t WHERE t.tenant_id = a.tenant_id AND t.attendee_id = a.id AND t.status = 'ISSUED' AND t.kind = 'TICKET')
        ORDER BY 1 LIMIT most;
END
$$;

-- Gives the attendees of a program what was linked to it after they had earned it, and takes back what they have earned no more; of at most so many applications. Answers of how many. Reveals: that.
CREATE OR REPLACE FUNCTION app.settle_program(of_program uuid, most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    parties CONSTANT uuid[] := ARRAY(SELECT app.unsettled(of_program, most));
    party   uuid;
BEGIN
    -- All of them before any seat: whoever pays has their application when they come to a course.
    FOREACH party IN ARRAY parties LOOP
        PERFORM app.lock_application(party);
    END LOOP;
    FOREACH party IN ARRAY parties LOOP
        PERFORM app.settle_grants(ARRAY(SELECT a.id FROM attendee a WHERE a.tenant_id = app.tenant_id() AND a.application_id = party));
    END LOOP;
    RETURN cardinality(parties);
END
$$;

-- Settles a program at once as far as twenty applications, and has a job do the rest. For the triggers below.
CREATE OR REPLACE FUNCTION app.settle_now(of_program uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.settle_program(of_program, 20) = 20 THEN
        PERFORM app.enqueue('grant.settle', of_program::text || ':' || pg_current_xact_id()::text, jsonb_build_object('program', of_program));
    END IF;
END
$$;

-- Something was linked to a program: those who have earned it get it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_links() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed record;
BEGIN
    IF current_setting('app.audit', true) = 'off' THEN
        RETURN NULL; -- of a seed
    END IF;
    FOR changed IN SELECT DISTINCT n.tenant_id, n.program_id FROM new_rows n ORDER BY 1, 2 LOOP
        PERFORM app.enter_tenant(changed.tenant_id);
        PERFORM app.settle_now(changed.program_id);
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER program_course_linked AFTER INSERT ON program_course REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.follow_links();
CREATE OR REPLACE TRIGGER program_link_group_linked AFTER INSERT ON program_link_group REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.follow_links();

-- A program gives what it gives earlier, or later: claims begin or end by that. (By its name it runs after program_follow, which takes the turn of places.) Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_enroll_when() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.settle_now(NEW.id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER program_settle AFTER UPDATE OF enroll_when ON program FOR EACH ROW
    WHEN (OLD.enroll_when <> NEW.enroll_when) EXECUTE FUNCTION app.follow_enroll_when();

-- Tries again what courses and groups have refused, of at most so many applications; each at most once in five minutes. Answers of how many. Reveals: that.
CREATE OR REPLACE FUNCTION app.retry_grants(most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    parties CONSTANT uuid[] := ARRAY(
        SELECT DISTINCT a.application_id
        FROM attendee_grant g JOIN attendee a ON a.tenant_id = g.tenant_id AND a.id = g.attendee_id
        WHERE g.tenant_id = app.tenant_id() AND g.state = 'FAILED' AND g.tried_at <= now() - interval '5 minutes'
        ORDER BY a.application_id LIMIT most);
    party   uuid;
BEGIN
    -- As above.
    FOREACH party IN ARRAY parties LOOP
        PERFORM app.lock_application(party);
    END LOOP;
    FOREACH party IN ARRAY parties LOOP
        UPDATE attendee_grant g SET tried_at = now() FROM attendee a
            WHERE g.tenant_id = app.tenant_id() AND g.state = 'FAILED' AND a.tenant_id = g.tenant_id AND a.id = g.attendee_id
              AND a.application_id = party;
        PERFORM app.settle_grants(ARRAY(SELECT a.id FROM attendee a WHERE a.tenant_id = app.tenant_id() AND a.application_id = party), true);
    END LOOP;
    RETURN cardinality(parties);
END
$$;

-- What some attendees get beside their tickets, and how that stands: what was never tried is PENDING. What was given stays shown when its link goes. Reveals:
-- to whoever sees the attendee's application, and to the attendee.
CREATE OR REPLACE FUNCTION app.grants_of(attendees uuid[]) RETURNS TABLE (attendee_id uuid, course_id uuid, group_id uuid, state text, reason text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        WITH seen AS MATERIALIZED (
            SELECT a.id, a.program_id FROM attendee a
            WHERE a.tenant_id = app.tenant_id() AND a.id = ANY (attendees) AND (a.user_id = app.user_id() OR app.sees_application(a.application_id))
        ), link AS (
            SELECT s.id, l.course_id, l.group_id FROM seen s
            JOIN app.links_of(ARRAY(SELECT DISTINCT o.program_id FROM seen o)) AS l ON l.program_id = s.program_id
            UNION
            SELECT g.attendee_id, g.course_id, g.group_id FROM attendee_grant g WHERE g.tenant_id = app.tenant_id() AND g.attendee_id IN (SELECT s.id FROM seen s)
        )
        SELECT k.id, k.course_id, k.group_id, coalesce(g.state, 'PENDING'), g.reason
        FROM link k
        LEFT JOIN attendee_grant g ON g.tenant_id = app.tenant_id() AND g.attendee_id = k.id AND g.target_id = coalesce(k.course_id, k.group_id)
        ORDER BY k.id, k.course_id, k.group_id;
END
$$;

-- Who of a program is shown to the actor, and what they chose to share: MAIN, SPOUSE and MEMBER of accepted applications, for participants of the same program
-- and whoever reads all applications; answers of the MAIN alone. `words`: beginnings of words of names. Reveals: that, where the program has a directory.
CREATE OR REPLACE FUNCTION app.program_participants(of_program uuid, words text)
    RETURNS TABLE (attendee_id uuid, name text, email text, answers jsonb, is_viewer boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    me     CONSTANT uuid := app.user_id();
    wanted CONSTANT tsquery := CASE WHEN words IS NOT NULL THEN app.prefix_query(words) END;
BEGIN
    IF NOT EXISTS (SELECT FROM program p WHERE p.tenant_id = app.tenant_id() AND p.id = of_program AND p.has_directory)
       OR NOT (app.can('APPLICATION_READ_ALL') OR EXISTS (
           SELECT FROM attendee a JOIN application ap ON ap.tenant_id = a.tenant_id AND ap.id = a.application_id AND ap.status = 'ACCEPTED'
           WHERE a.tenant_id = app.tenant_id() AND a.program_id = of_program AND a.kind <> 'CHILD' AND a.user_id = me)) THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT a.id, a.name, CASE WHEN NOT 'email' = ANY (ap.not_shared) THEN a.email END,
               CASE WHEN a.kind = 'MAIN' THEN coalesce((
                   SELECT jsonb_object_agg(f.key, ap.answers -> f.key ORDER BY f.position) FROM program_form_field f
                   WHERE f.tenant_id = ap.tenant_id AND f.program_id = ap.program_id AND f.version = ap.form_version
                     AND f.in_directory AND NOT f.sensitive AND ap.answers ? f.key AND NOT f.key = ANY (ap.not_shared)), '{}') ELSE '{}' END,
               coalesce(a.user_id = me, false)
        FROM application ap
        JOIN attendee a ON a.tenant_id = ap.tenant_id AND a.application_id = ap.id AND a.kind <> 'CHILD'
        WHERE ap.tenant_id = app.tenant_id() AND ap.program_id = of_program AND ap.status = 'ACCEPTED' AND NOT 'name' = ANY (ap.not_shared)
          AND a.name <> '' AND (wanted IS NULL OR array_to_tsvector(public.search_words(a.name)) @@ wanted);
END
$$;

CREATE OR REPLACE TRIGGER attendee_grant_audit AFTER INSERT OR DELETE ON attendee_grant FOR EACH ROW EXECUTE FUNCTION app.audit('Attendee', 'attendee_id');
CREATE OR REPLACE TRIGGER attendee_grant_audit_change AFTER UPDATE ON attendee_grant FOR EACH ROW
    WHEN ((OLD.state, OLD.reason, OLD.user_id) IS DISTINCT FROM (NEW.state, NEW.reason, NEW.user_id)) EXECUTE FUNCTION app.audit('Attendee', 'attendee_id');

GRANT EXECUTE ON FUNCTION app.grants_of(uuid[]), app.program_participants(uuid, text), app.retry_grants(integer), app.settle_program(uuid, integer) TO lectern_app;
