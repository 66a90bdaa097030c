-- Attendees: who comes with an application, whose address turns out to be whose, and what follows for places and tickets.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   attendee_editable   the application is REJECTED or WITHDRAWN
--   attendee_children   there are as many children as there may be
--   attendee_leader     MEMBERs are for the leader of the group that the application is for
--   attendee_group_full a group has as many MEMBERs in a program as it may
--   attendee_main       the MAIN attendee stays
--   attendee_in_use     somebody with a live ticket stays

-- Counts the MEMBERs of a group in a program. For triggers.
CREATE OR REPLACE FUNCTION app.count_members(program uuid, for_group uuid, more integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    held record;
BEGIN
    INSERT INTO program_group_places (tenant_id, program_id, group_id) VALUES (app.tenant_id(), count_members.program, for_group)
        ON CONFLICT (tenant_id, program_id, group_id) DO NOTHING;
    UPDATE program_group_places g SET members = g.members + more
        WHERE g.tenant_id = app.tenant_id() AND g.program_id = count_members.program AND g.group_id = for_group
          AND (more <= 0 OR g.max_members IS NULL OR g.members + more <= g.max_members);
    IF NOT FOUND THEN
        SELECT g.max_members, g.members INTO held FROM program_group_places g
            WHERE g.tenant_id = app.tenant_id() AND g.program_id = count_members.program AND g.group_id = for_group;
        PERFORM app.refuse('attendee_group_full', jsonb_build_object('limit', held.max_members, 'used', held.members)::text);
    END IF;
END
$$;

-- The counters follow a party that grows or shrinks; one that waits may fit then. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_party() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    one  CONSTANT attendee := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    more CONSTANT integer := CASE TG_OP WHEN 'DELETE' THEN -1 ELSE 1 END;
    a    application;
BEGIN
    IF app.erases(one.tenant_id) THEN
        RETURN NULL;
    END IF;
    PERFORM app.enter_tenant(one.tenant_id);
    SELECT * INTO a FROM application o WHERE o.tenant_id = one.tenant_id AND o.id = one.application_id;
    IF one.kind = 'MEMBER' AND a.group_id IS NOT NULL AND a.status NOT IN ('REJECTED', 'WITHDRAWN') THEN
        PERFORM app.count_members(a.program_id, a.group_id, more);
    END IF;
    IF app.holds_places(a.status, a.offer_expires_at) THEN
        PERFORM app.count_places(a.program_id, more, 0);
    ELSIF TG_OP = 'DELETE' AND a.status = 'WAITLISTED' AND current_setting('app.audit', true) IS DISTINCT FROM 'off' THEN
        PERFORM app.advance_places(a.program_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER attendee_follow AFTER INSERT OR DELETE ON attendee FOR EACH ROW EXECUTE FUNCTION app.follow_party();

-- How many tickets of an attendee are paid: who is checked in is found by it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.count_issued_tickets() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    before CONSTANT uuid := CASE WHEN TG_OP = 'UPDATE' AND OLD.status = 'ISSUED' THEN OLD.attendee_id END;
    after  CONSTANT uuid := CASE WHEN NEW.status = 'ISSUED' THEN NEW.attendee_id END;
BEGIN
    IF before IS NOT DISTINCT FROM after THEN
        RETURN NULL;
    END IF;
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE attendee t SET issued_tickets = t.issued_tickets + CASE t.id WHEN after THEN 1 ELSE -1 END
        WHERE t.tenant_id = NEW.tenant_id AND t.id IN (before, after);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER ticket_count_new AFTER INSERT ON ticket FOR EACH ROW EXECUTE FUNCTION app.count_issued_tickets();
CREATE OR REPLACE TRIGGER ticket_count AFTER UPDATE OF status, attendee_id ON ticket FOR EACH ROW EXECUTE FUNCTION app.count_issued_tickets();

-- The application of an attendee, with its program's turn; none that is not the actor's to change. For the functions below.
CREATE OR REPLACE FUNCTION app.open_party(wanted uuid) RETURNS application
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a application := app.take_turn(wanted);
BEGIN
    IF a.id IS NULL OR NOT app.acts_for(a) THEN
        RETURN NULL;
    ELSIF a.status IN ('REJECTED', 'WITHDRAWN') THEN
        PERFORM app.refuse('attendee_editable');
    END IF;
    RETURN a;
END
$$;

-- Somebody more comes with an application that the actor acts for. Reveals: whether it was theirs.
CREATE OR REPLACE FUNCTION app.add_attendee(wanted uuid, made uuid, sort text, called text, address text, address_key text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a     application := app.open_party(wanted);
    among integer;
BEGIN
    IF a.id IS NULL THEN
        RETURN false;
    ELSIF sort = 'CHILD' THEN
        SELECT count(*) INTO among FROM attendee t WHERE t.tenant_id = a.tenant_id AND t.application_id = a.id AND t.kind = 'CHILD';
        IF among >= 10 THEN
            PERFORM app.refuse('attendee_children', jsonb_build_object('limit', 10, 'used', among)::text);
        END IF;
    ELSIF sort = 'MEMBER' AND NOT EXISTS (
        SELECT FROM group_member m WHERE m.tenant_id = a.tenant_id AND m.group_id = a.group_id AND m.user_id = a.user_id AND m.is_leader) THEN
        PERFORM app.refuse('attendee_leader');
    END IF;
    INSERT INTO attendee (tenant_id, id, application_id, program_id, kind, name, email, email_key)
        VALUES (a.tenant_id, made, a.id, a.program_id, sort, called, address, address_key);
    RETURN true;
END
$$;

-- Another name, another address. NULL: as it is; `clears`: no address. Who is not the MAIN is nobody's after that, until the address is proven, and their tickets have other codes.
-- Reveals: whether it has changed hands, and the service must make other codes; NULL where it was not the actor's to change.
CREATE OR REPLACE FUNCTION app.change_attendee(wanted uuid, called text, address text, address_key text, clears boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a     application;
    was   attendee;
    hands boolean;
BEGIN
    SELECT p.* INTO a FROM attendee t CROSS JOIN LATERAL app.open_party(t.application_id) AS p WHERE t.tenant_id = app.tenant_id() AND t.id = wanted;
    IF a.id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT * INTO was FROM attendee t WHERE t.tenant_id = a.tenant_id AND t.id = wanted;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    hands := was.kind <> 'MAIN' AND CASE WHEN clears THEN was.email_key IS NOT NULL ELSE address IS NOT NULL AND address_key IS DISTINCT FROM was.email_key END;
    UPDATE attendee t SET name = coalesce(called, t.name),
            email = CASE WHEN clears THEN NULL ELSE coalesce(address, t.email) END,
            email_key = CASE WHEN clears THEN NULL WHEN address IS NOT NULL THEN address_key ELSE t.email_key END,
            user_id = CASE WHEN NOT hands THEN t.user_id END,
            code_generation = t.code_generation + hands::integer
        WHERE t.tenant_id = a.tenant_id AND t.id = wanted;
    RETURN hands;
END
$$;

-- Somebody does not come. Reveals: whether it was the actor's to say.
CREATE OR REPLACE FUNCTION app.remove_attendee(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a   application;
    was attendee;
BEGIN
    SELECT p.* INTO a FROM attendee t CROSS JOIN LATERAL app.open_party(t.application_id) AS p WHERE t.tenant_id = app.tenant_id() AND t.id = wanted;
    IF a.id IS NULL THEN
        RETURN false;
    END IF;
    SELECT * INTO was FROM attendee t WHERE t.tenant_id = a.tenant_id AND t.id = wanted;
    IF NOT FOUND THEN
        RETURN false;
    ELSIF was.kind = 'MAIN' THEN
        PERFORM app.refuse('attendee_main');
    END IF;
    PERFORM app.expire_overdue(a.id);
    IF app.attendee_has_live_tickets(wanted) THEN
        PERFORM app.refuse('attendee_in_use');
    END IF;
    DELETE FROM attendee t WHERE t.tenant_id = a.tenant_id AND t.id = wanted;
    RETURN true;
END
$$;

-- A person has proven an address, which is their own: who is expected under it and is nobody's yet is they. For the functions that spend a mailed code or link. Does nothing after a lapse, and where the address is not the person's. Reveals nothing.
CREATE OR REPLACE FUNCTION app.link_attendees(person uuid, proven_email text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    proven text;
    expected uuid;
BEGIN
    SELECT u.email_key INTO proven FROM app_user u
        WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.deleted_at IS NULL AND u.status = 'ACTIVE' AND lower(u.email) = lower(proven_email);
    IF proven IS NULL OR NOT app.is_subscribed() THEN
        RETURN;
    END IF;
    FOR expected IN SELECT t.id FROM attendee t WHERE t.tenant_id = app.tenant_id() AND t.email_key = proven AND t.user_id IS NULL ORDER BY t.id LOOP
        UPDATE attendee t SET user_id = person WHERE t.tenant_id = app.tenant_id() AND t.id = expected AND t.email_key = proven AND t.user_id IS NULL;
        IF FOUND THEN
            PERFORM app.on_linked(expected);
        END IF;
    END LOOP;
END
$$;

-- Addresses of attendees: of those whose application the actor sees, and their own. Reveals: these.
CREATE OR REPLACE FUNCTION app.attendee_emails(wanted uuid[]) RETURNS TABLE (attendee_id uuid, email text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT t.id, t.email FROM attendee t JOIN application a ON a.tenant_id = t.tenant_id AND a.id = t.application_id
        WHERE t.tenant_id = app.tenant_id() AND t.id = ANY (wanted) AND t.email IS NOT NULL
          AND (t.user_id = app.user_id() OR a.user_id = app.user_id() OR app.can('APPLICATION_READ_ALL') OR app.can('APPLICATION_MANAGE')
               OR (a.status <> 'DRAFT' AND a.submitted_at IS NOT NULL AND a.program_id IN (SELECT app.reviewed_programs())));
END
$$;

-- The attendees that are the actor, or come with the own applications. Reveals: to the actor, these ids.
CREATE OR REPLACE FUNCTION app.my_attendees() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT t.id FROM attendee t WHERE t.tenant_id = app.tenant_id() AND t.user_id = app.user_id()
        UNION
        SELECT t.id FROM application a JOIN attendee t ON t.tenant_id = a.tenant_id AND t.application_id = a.id
            WHERE a.tenant_id = app.tenant_id() AND a.user_id = app.user_id();
END
$$;

-- Attendees found by the beginnings of words in their names; and in their addresses, where the actor sees these. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_attendee(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted   CONSTANT tsquery := app.prefix_query(words);
    sees_all CONSTANT boolean := app.can('APPLICATION_READ_ALL') OR app.can('APPLICATION_MANAGE');
    -- Beginnings of words, as public.search_words splits what is nothing but ASCII: to split each name again takes ten times as long.
    begins   CONSTANT text[] := ARRAY(SELECT '[^a-z0-9]' || w FROM unnest(public.search_words(words)) AS w);
    own      uuid[];
    reviewed uuid[];
BEGIN
    IF NOT sees_all THEN
        own := ARRAY(SELECT app.own_applications());
        reviewed := ARRAY(SELECT app.reviewed_programs());
    END IF;
    -- What is dear comes last: whether the words are in the name alone.
    RETURN QUERY
        SELECT t.id FROM attendee t
        WHERE t.tenant_id = app.tenant_id() AND t.search @@ wanted
          AND (sees_all OR t.email IS NULL OR t.user_id = app.user_id() OR t.application_id = ANY (own)
               OR CASE WHEN octet_length(t.name) = length(t.name) THEN (' ' || lower(t.name COLLATE "C")) ~ ALL (begins)
                       ELSE array_to_tsvector(public.search_words(t.name)) @@ wanted END
               OR (t.program_id = ANY (reviewed) AND EXISTS (
                   SELECT FROM application a WHERE a.tenant_id = t.tenant_id AND a.id = t.application_id AND a.status <> 'DRAFT' AND a.submitted_at IS NOT NULL)));
END
$$;

CREATE OR REPLACE TRIGGER attendee_touch BEFORE UPDATE ON attendee FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER attendee_announce AFTER INSERT OR UPDATE OR DELETE ON attendee FOR EACH ROW EXECUTE FUNCTION app.announce_row('application', 'application_id', 'program_id');
CREATE OR REPLACE TRIGGER attendee_audit AFTER INSERT OR UPDATE OR DELETE ON attendee FOR EACH ROW EXECUTE FUNCTION app.audit('Attendee', 'id', 'email');

GRANT EXECUTE ON FUNCTION app.add_attendee(uuid, uuid, text, text, text, text), app.change_attendee(uuid, text, text, text, boolean), app.remove_attendee(uuid),
    app.attendee_emails(uuid[]), app.my_attendees(), app.search_attendee(text) TO lectern_app;
