-- Doors: who is let in. Every scan is written down; of those of one ticket (and day) one is ADMITTED, whichever came first.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   check_in_program  no such program for this person

-- Writes down scans of one device, and answers them in the order in which they were given; what was written before is answered as it is. They count in the order
-- of when they were made. The tickets' turns are taken first, in the order of ids, so that doors wait for each other at one ticket alone. Reveals: to who checks
-- people in, whose ticket a code is.
CREATE OR REPLACE FUNCTION app.check_in(of_program uuid, clients text[], hashes bytea[], moments timestamptz[], stations text[]) RETURNS SETOF check_in
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    zone   text;
BEGIN
    IF NOT app.can('ATTENDEE_CHECK_IN') THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s door';
    END IF;
    IF NOT app.sees_program(of_program) THEN
        PERFORM app.refuse('check_in_program');
    END IF;
    SELECT t.time_zone INTO zone FROM tenant t WHERE t.tenant_id = school;
    PERFORM FROM ticket t WHERE t.tenant_id = school AND t.code_hash = ANY (hashes) ORDER BY t.id FOR NO KEY UPDATE;

    WITH scan AS (
        -- The same twice in one batch is once: the earlier.
        SELECT DISTINCT ON (s.client) s.client, s.hash, s.at, s.station, s.place
        FROM unnest(clients, hashes, moments, stations) WITH ORDINALITY AS s(client, hash, at, station, place)
        WHERE NOT EXISTS (SELECT FROM check_in k WHERE k.tenant_id = school AND k.program_id = of_program AND k.client_id = s.client)
        ORDER BY s.client, s.at, s.place
    ), shown AS (
        SELECT s.*, t.id AS ticket_id, a.name AS attendee_name, l.name AS product_name,
               CASE WHEN t.id IS NULL THEN 'UNKNOWN'
                    WHEN t.program_id <> of_program THEN 'WRONG_PROGRAM'
                    WHEN t.status = 'CANCELLED' THEN 'CANCELLED'
                    WHEN t.status = 'HELD' THEN 'UNPAID'
                    WHEN s.at < t.valid_from OR s.at >= t.valid_until THEN 'NOT_VALID_NOW' END AS refusal,
               CASE t.admission WHEN 'DAILY' THEN (s.at AT TIME ZONE zone)::date ELSE '-infinity'::date END AS day
        FROM scan s
        LEFT JOIN ticket t ON t.tenant_id = school AND t.code_hash = s.hash
        LEFT JOIN attendee a ON a.tenant_id = school AND a.id = t.attendee_id
        LEFT JOIN order_line l ON l.tenant_id = school AND l.id = t.order_line_id
    ), judged AS (
        SELECT v.*, coalesce(v.refusal, CASE
                   WHEN row_number() OVER (PARTITION BY v.ticket_id, v.day, v.refusal ORDER BY v.at, v.place) > 1
                        OR EXISTS (SELECT FROM check_in k WHERE k.tenant_id = school AND k.ticket_id = v.ticket_id AND k.outcome = 'ADMITTED'
                                   AND (k.admits_on = v.day OR v.day = '-infinity'))
                   THEN 'DUPLICATE' ELSE 'ADMITTED' END) AS outcome
        FROM shown v
    ), kept AS (
        INSERT INTO check_in (tenant_id, id, program_id, client_id, outcome, ticket_id, attendee_name, product_name, station, admits_on, scanned_at, by_id)
            SELECT school, app.uuid_v7(), of_program, j.client, j.outcome, j.ticket_id, j.attendee_name, j.product_name, j.station,
                   CASE WHEN j.refusal IS NULL THEN j.day END, j.at, app.user_id()
            FROM judged j ORDER BY j.at, j.place
            ON CONFLICT ON CONSTRAINT check_in_client_key DO NOTHING RETURNING ticket_id, outcome, scanned_at
    )
    UPDATE ticket t SET checked_in_at = least(t.checked_in_at, f.at)
        FROM (SELECT k.ticket_id, min(k.scanned_at) AS at FROM kept k WHERE k.outcome IN ('ADMITTED', 'DUPLICATE') GROUP BY k.ticket_id) AS f
        WHERE t.tenant_id = school AND t.id = f.ticket_id AND (t.checked_in_at IS NULL OR t.checked_in_at > f.at);

    RETURN QUERY
        SELECT k.* FROM unnest(clients) WITH ORDINALITY AS s(client, place)
        JOIN check_in k ON k.tenant_id = school AND k.program_id = of_program AND k.client_id = s.client ORDER BY s.place;
END
$$;

-- Somebody was let in. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_check_in() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    whose uuid;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.wants_event('attendee.checked_in') THEN
        SELECT t.attendee_id INTO whose FROM ticket t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.ticket_id;
        PERFORM app.emit('attendee.checked_in', app.type_id('attendee', whose), jsonb_build_object(
            'id', app.type_id('attendee', whose), 'programId', app.type_id('program', NEW.program_id), 'ticketId', app.type_id('ticket', NEW.ticket_id),
            'checkInId', app.type_id('checkin', NEW.id), 'scannedAt', app.rfc3339(NEW.scanned_at)));
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER check_in_tell AFTER INSERT ON check_in FOR EACH ROW WHEN (NEW.outcome = 'ADMITTED') EXECUTE FUNCTION app.tell_of_check_in();

-- A name that is taken from an attendee, because its person is deleted, is taken from what was written at the door. Reveals nothing.
CREATE OR REPLACE FUNCTION app.forget_at_doors() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE check_in k SET attendee_name = NULL
        WHERE k.tenant_id = NEW.tenant_id AND k.attendee_name IS NOT NULL
          AND k.ticket_id IN (SELECT t.id FROM ticket t WHERE t.tenant_id = NEW.tenant_id AND t.attendee_id = NEW.id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER attendee_forget_at_doors AFTER UPDATE OF name ON attendee FOR EACH ROW WHEN (NEW.name = '' AND OLD.name <> '')
    EXECUTE FUNCTION app.forget_at_doors();

-- When what some scans stand for was first shown at a door: the ticket, or the ticket on that day. Reveals: these moments.
CREATE OR REPLACE FUNCTION app.first_scans(scans uuid[]) RETURNS TABLE (check_in_id uuid, at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT k.id, min(o.scanned_at) FROM check_in k
        JOIN check_in o ON o.tenant_id = k.tenant_id AND o.ticket_id = k.ticket_id AND o.admits_on = k.admits_on
        WHERE k.tenant_id = app.tenant_id() AND k.id = ANY (scans) GROUP BY k.id;
END
$$;

-- When attendees first came in, by any of their tickets. Reveals: these moments.
CREATE OR REPLACE FUNCTION app.first_entries(attendees uuid[]) RETURNS TABLE (attendee_id uuid, at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT t.attendee_id, min(t.checked_in_at) FROM ticket t
        WHERE t.tenant_id = app.tenant_id() AND t.attendee_id = ANY (attendees) AND t.checked_in_at IS NOT NULL GROUP BY t.attendee_id;
END
$$;

-- The attendees of a program who came in by any of their tickets; NULL: of all programs. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.admitted_attendees(of_program uuid) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- Two statements, so that each has a plan that looks into ticket_admitted_idx.
    IF of_program IS NULL THEN
        RETURN QUERY
            SELECT t.attendee_id FROM ticket t
            WHERE t.tenant_id = app.tenant_id() AND t.checked_in_at IS NOT NULL AND t.attendee_id IS NOT NULL;
    ELSE
        RETURN QUERY
            SELECT t.attendee_id FROM ticket t
            WHERE t.tenant_id = app.tenant_id() AND t.program_id = of_program AND t.checked_in_at IS NOT NULL AND t.attendee_id IS NOT NULL;
    END IF;
END
$$;

-- What a door without network knows of issued tickets: whose they are, and the hash of their code. Reveals: to who checks people in, that.
CREATE OR REPLACE FUNCTION app.roster_of(tickets uuid[]) RETURNS TABLE (ticket_id uuid, attendee_name text, product_name text, code_hash text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.can('ATTENDEE_CHECK_IN') THEN
        RETURN QUERY
            SELECT t.id, a.name, l.name, encode(t.code_hash, 'hex')
            FROM ticket t
            JOIN attendee a ON a.tenant_id = t.tenant_id AND a.id = t.attendee_id
            JOIN order_line l ON l.tenant_id = t.tenant_id AND l.id = t.order_line_id
            WHERE t.tenant_id = app.tenant_id() AND t.id = ANY (tickets) AND t.status = 'ISSUED';
    END IF;
END
$$;

GRANT EXECUTE ON FUNCTION app.check_in(uuid, text[], bytea[], timestamptz[], text[]), app.first_scans(uuid[]), app.first_entries(uuid[]),
    app.admitted_attendees(uuid), app.roster_of(uuid[]) TO lectern_app;
