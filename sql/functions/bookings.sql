-- Bookings: the steps they may take, who may take them, and who is busy when.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   booking_transition    no such step leads on from the booking's state
--   booking_party         there is one, but it is not the actor's to take
--   booking_instructor    the person who is to be assigned is no active instructor
--   booking_own           they are one, and the booking's own learner
--   booking_suspended     the learner whose request is to be granted is suspended
--   booking_unseated      it is of a type with several seats, and to be assigned outside a session
--   booking_not_started   what is to be completed has not begun
--   booking_availability  that instructor is not open all the while (app.is_available)
--   resource_unbookable   a resource that it is to take is not to be booked
--   resource_closed       such a resource is not open all the while

-- The states that the actor may take a booking to now: the rows of booking_transition that lead on from its state, by a
-- permission of the actor's role and the hand that the row names. Nothing is completed before it begins.
CREATE OR REPLACE FUNCTION app.booking_steps(status text, student uuid, instructor uuid, starts_at timestamptz DEFAULT '-infinity')
    RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT DISTINCT t.to_status FROM public.booking_transition t
    WHERE t.from_status = booking_steps.status AND app.can(t.permission)
      AND (t.party = 'ANYONE' OR (t.party = 'STUDENT' AND student = app.user_id()) OR (t.party = 'INSTRUCTOR' AND instructor = app.user_id()))
      AND (t.to_status <> 'COMPLETED' OR booking_steps.starts_at <= now())
$$;

-- Whether somebody is an active instructor; if so, they stay one until the transaction ends. Reveals: that one bit, which
-- the whole school may know.
CREATE OR REPLACE FUNCTION app.hold_instructor(person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.is_instructor FOR SHARE;
    RETURN FOUND;
END
$$;

-- Whether a person is suspended, for those who grant requests. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.is_suspended(person uuid) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN app.can('BOOKING_MANAGE')
       AND EXISTS (SELECT FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.status = 'SUSPENDED');
END
$$;

-- A booking moves by the rows of booking_transition alone, whoever moves it. The service, moreover, moves it only by the
-- hand that the row names, never to where it is already, grants nothing to whoever is suspended, assigns only instructors who are
-- available, and completes nothing that has not begun; what a person's deletion and an operator do is not measured by that.
CREATE OR REPLACE FUNCTION app.check_booking_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.status <> OLD.status OR current_user = 'lectern_app')
        AND NOT EXISTS (SELECT FROM public.booking_transition t WHERE t.from_status = OLD.status AND t.to_status = NEW.status)
    THEN
        PERFORM app.refuse('booking_transition');
    END IF;
    IF current_user <> 'lectern_app' THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT FROM app.booking_steps(OLD.status, OLD.student_id, OLD.instructor_id) AS step WHERE step = NEW.status) THEN
        PERFORM app.refuse('booking_party');
    END IF;
    IF OLD.status = 'REQUESTED' AND NEW.status = 'APPROVED' AND app.is_suspended(NEW.student_id) THEN
        PERFORM app.refuse('booking_suspended');
    ELSIF OLD.status = 'ASSIGNED' AND NEW.status = 'APPROVED' AND NEW.holds_while_requested THEN
        NEW.requested_instructor_id := OLD.instructor_id; -- it goes on holding whoever had it: whom it wished for may be taken by now
    END IF;
    IF NEW.status = 'ASSIGNED' AND NEW.booking_type_id IS NOT NULL AND NEW.group_session_id IS NULL
        AND EXISTS (SELECT FROM public.booking_type y WHERE y.tenant_id = NEW.tenant_id AND y.id = NEW.booking_type_id AND y.seats > 1)
    THEN
        PERFORM app.refuse('booking_unseated');
    END IF;
    IF NEW.status = 'ASSIGNED' AND NEW.needs_no_instructor IS NULL THEN
        IF NOT app.hold_instructor(NEW.instructor_id) THEN
            PERFORM app.refuse('booking_instructor');
        END IF;
        IF NEW.instructor_id = NEW.student_id THEN
            PERFORM app.refuse('booking_own');
        END IF;
        IF NOT app.is_available(NEW.instructor_id, NEW.starts_at, NEW.ends_at) THEN
            PERFORM app.refuse('booking_availability');
        END IF;
    ELSIF NEW.status IN ('COMPLETED', 'CANCELLED') AND NEW.instructor_id IS DISTINCT FROM OLD.instructor_id THEN
        PERFORM app.refuse('booking_transition'); -- completing and cancelling leave the instructor as they find them
    END IF;
    IF NEW.status = 'COMPLETED' AND NEW.starts_at > now() THEN
        PERFORM app.refuse('booking_not_started');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER booking_move BEFORE UPDATE OF status, instructor_id ON booking FOR EACH ROW EXECUTE FUNCTION app.check_booking_move();

-- Another time, by the learner's own hand or a manager's. What was asked for or approved stays so; what was assigned goes
-- back to being approved, for its instructor was asked about the old time: unless that is what it stays at. What is over can't be
-- had at another time.
CREATE OR REPLACE FUNCTION app.reschedule_booking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status NOT IN ('REQUESTED', 'APPROVED', 'ASSIGNED') THEN
        PERFORM app.refuse('booking_transition');
    END IF;
    IF NOT app.can('BOOKING_MANAGE') AND NOT (OLD.student_id = app.user_id() AND app.can('BOOKING_REQUEST')) THEN
        PERFORM app.refuse('booking_party');
    END IF;
    IF OLD.status = 'ASSIGNED' AND (NEW.starts_at, NEW.ends_at) IS DISTINCT FROM (OLD.starts_at, OLD.ends_at) THEN
        IF NOT EXISTS (SELECT FROM app.booking_steps(OLD.status, OLD.student_id, OLD.instructor_id) AS step WHERE step = 'APPROVED') THEN
            PERFORM app.refuse('booking_party');
        END IF;
        NEW.status := 'APPROVED';
        NEW.instructor_id := NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER booking_reschedule BEFORE UPDATE OF starts_at, ends_at ON booking FOR EACH ROW
    WHEN (current_user = 'lectern_app') EXECUTE FUNCTION app.reschedule_booking();

-- Waits for the turns of all whose time is to be claimed, people and resources, one after the other in the order of their ids. Without it
-- two claims of the same time could each wait for the other inside the exclusion constraint, until one is shot as a deadlock.
CREATE OR REPLACE FUNCTION app.take_time_turns(parties uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    party uuid;
BEGIN
    FOR party IN SELECT DISTINCT p FROM unnest(parties) AS p WHERE p IS NOT NULL ORDER BY p LOOP
        PERFORM app.lock_for('time', party);
    END LOOP;
END
$$;

-- Whoever moves a booking to where it claims time takes the turns of all of it first.
CREATE OR REPLACE FUNCTION app.take_booking_turns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM app.take_time_turns(
        ARRAY(SELECT l.resource_id FROM public.booking_resource l WHERE l.tenant_id = NEW.tenant_id AND l.booking_id = NEW.id)
        || NEW.student_id || CASE WHEN NEW.status <> 'APPROVED' THEN NEW.instructor_id WHEN NEW.holds_while_requested THEN NEW.requested_instructor_id END);
    RETURN NEW;
END
$$;
-- Named to run after the triggers above, which may change the row.
CREATE OR REPLACE TRIGGER booking_turns BEFORE UPDATE OF status, instructor_id, starts_at, ends_at ON booking FOR EACH ROW
    WHEN (current_user = 'lectern_app' AND (NEW.status IN ('APPROVED', 'ASSIGNED', 'COMPLETED') OR (NEW.status = 'REQUESTED' AND NEW.holds_while_requested)))
    EXECUTE FUNCTION app.take_booking_turns();

-- Whose time a booking holds, by its state: the learner's once it is granted, the instructor's once they are assigned.
CREATE OR REPLACE FUNCTION app.claims_of(status text, student uuid, instructor uuid) RETURNS TABLE (kind text, party_id uuid) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT c.kind, c.party_id
    FROM (VALUES ('LEARNER', student, '{APPROVED,ASSIGNED,COMPLETED}'::text[]), ('INSTRUCTOR', instructor, '{ASSIGNED,COMPLETED}'::text[])) AS c(kind, party_id, states)
    WHERE claims_of.status = ANY (c.states) AND c.party_id IS NOT NULL
$$;

-- What a booking claims, from when to when: the learner's time as it stands, the instructor's with its buffers, that of resources with their setup and
-- teardown. One that holds while it is requested claims all that it asks for, from the request on. Of a type with several seats it is the session that claims
-- instructor and resources, once there is one.
CREATE OR REPLACE FUNCTION app.claims_of_booking(b public.booking) RETURNS TABLE (kind text, party_id uuid, starts_at timestamptz, ends_at timestamptz)
    LANGUAGE sql STABLE AS $$
    SELECT 'LEARNER', b.student_id, b.starts_at, b.ends_at
    WHERE b.status IN ('APPROVED', 'ASSIGNED', 'COMPLETED') OR (b.status = 'REQUESTED' AND b.holds_while_requested)
  UNION ALL
    SELECT 'INSTRUCTOR', i.id, b.starts_at - make_interval(mins => coalesce(b.buffer_before_minutes, 0)), b.ends_at + make_interval(mins => coalesce(b.buffer_after_minutes, 0))
    FROM (SELECT CASE WHEN b.status IN ('ASSIGNED', 'COMPLETED') THEN b.instructor_id
                      WHEN b.status IN ('REQUESTED', 'APPROVED') AND b.holds_while_requested THEN b.requested_instructor_id END) AS i(id)
    WHERE i.id IS NOT NULL AND b.group_session_id IS NULL -- a session claims once for all its seats
  UNION ALL
    SELECT 'RESOURCE', l.resource_id, b.starts_at - make_interval(mins => l.setup_minutes), b.ends_at + make_interval(mins => l.teardown_minutes)
    FROM public.booking_resource l
    WHERE l.tenant_id = b.tenant_id AND l.booking_id = b.id AND b.group_session_id IS NULL
      AND NOT EXISTS (SELECT FROM public.booking_type y WHERE y.tenant_id = b.tenant_id AND y.id = b.booking_type_id AND y.seats > 1)
      AND (b.status IN ('APPROVED', 'ASSIGNED', 'COMPLETED') OR (b.status = 'REQUESTED' AND b.holds_while_requested))
$$;

-- Claims the time that a booking holds, and gives back what it no longer does, whoever changes it. Where somebody is elsewhere
-- then, in whatever role, claim_person_overlap refuses; where a resource is taken, claim_resource_overlap. Reveals nothing.
CREATE OR REPLACE FUNCTION app.claim_time_of(b public.booking, is_new boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT is_new THEN
        DELETE FROM time_claim c
            WHERE c.tenant_id = b.tenant_id AND c.booking_id = b.id
              AND (c.kind, c.party_id, c.starts_at, c.ends_at) NOT IN (SELECT w.kind, w.party_id, w.starts_at, w.ends_at FROM app.claims_of_booking(b) AS w);
    END IF;
    -- What was held and is over gives way.
    DELETE FROM time_claim c USING app.claims_of_booking(b) AS w
        WHERE c.tenant_id = b.tenant_id AND c.party_id = w.party_id AND c.hold_id IS NOT NULL AND c.starts_at < w.ends_at AND c.ends_at > w.starts_at
          AND c.starts_at > w.starts_at - interval '40 hours' AND NOT app.is_held(c.hold_id);
    INSERT INTO time_claim (tenant_id, id, kind, party_id, booking_id, starts_at, ends_at)
        SELECT b.tenant_id, app.uuid_v7(), w.kind, w.party_id, b.id, w.starts_at, w.ends_at
        FROM app.claims_of_booking(b) AS w
        WHERE NOT EXISTS (SELECT FROM time_claim c
                          WHERE c.tenant_id = b.tenant_id AND c.booking_id = b.id AND c.kind = w.kind AND c.party_id = w.party_id);
END
$$;
CREATE OR REPLACE FUNCTION app.claim_booking_time() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.claim_time_of(NEW, TG_OP = 'INSERT');
    RETURN NULL;
END
$$;
-- A request holds nobody's time, unless its type says so.
CREATE OR REPLACE TRIGGER booking_claim_new AFTER INSERT ON booking FOR EACH ROW
    WHEN (NEW.status IN ('APPROVED', 'ASSIGNED', 'COMPLETED') OR NEW.holds_while_requested) EXECUTE FUNCTION app.claim_booking_time();
CREATE OR REPLACE TRIGGER booking_claim AFTER UPDATE OF status, student_id, instructor_id, requested_instructor_id, starts_at, ends_at ON booking FOR EACH ROW
    WHEN ((OLD.status, OLD.student_id, OLD.instructor_id, OLD.requested_instructor_id, OLD.starts_at, OLD.ends_at)
          IS DISTINCT FROM (NEW.status, NEW.student_id, NEW.instructor_id, NEW.requested_instructor_id, NEW.starts_at, NEW.ends_at))
    EXECUTE FUNCTION app.claim_booking_time();

-- What a booking takes of the school's resources: these, in this order, in place of those before; those that it keeps stay as they were
-- booked. Claims follow at once. Only who manages bookings may; which resources there are, they see. Reveals nothing.
CREATE OR REPLACE FUNCTION app.set_booking_resources(wanted_booking uuid, wanted uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    b booking;
BEGIN
    IF NOT app.can('BOOKING_MANAGE') THEN
        PERFORM app.refuse('booking_party');
    END IF;
    SELECT * INTO b FROM booking o WHERE o.tenant_id = app.tenant_id() AND o.id = wanted_booking;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM app.take_time_turns(wanted || b.student_id || b.instructor_id
        || ARRAY(SELECT l.resource_id FROM booking_resource l WHERE l.tenant_id = b.tenant_id AND l.booking_id = b.id));
    SELECT * INTO b FROM booking o WHERE o.tenant_id = b.tenant_id AND o.id = b.id FOR UPDATE; -- as it is now that it is our turn
    IF b.status <> 'APPROVED' THEN
        RETURN; -- there is no step from there that takes resources, and the step itself is refused
    END IF;
    IF EXISTS (SELECT FROM resource r WHERE r.tenant_id = b.tenant_id AND r.id = ANY (wanted) AND r.mode = 'UNBOOKABLE') THEN
        PERFORM app.refuse('resource_unbookable');
    END IF;
    DELETE FROM booking_resource l WHERE l.tenant_id = b.tenant_id AND l.booking_id = b.id AND l.resource_id <> ALL (wanted);
    INSERT INTO booking_resource AS l (tenant_id, booking_id, resource_id, place, setup_minutes, teardown_minutes)
        SELECT b.tenant_id, b.id, r.id, w.place, r.setup_minutes, r.teardown_minutes
        FROM unnest(wanted) WITH ORDINALITY AS w(id, place) JOIN resource r ON r.tenant_id = b.tenant_id AND r.id = w.id AND r.deleted_at IS NULL
        ON CONFLICT (tenant_id, booking_id, resource_id) DO UPDATE SET place = excluded.place WHERE l.place <> excluded.place;
    PERFORM app.claim_time_of(b);
    IF EXISTS (SELECT FROM booking_resource l WHERE l.tenant_id = b.tenant_id AND l.booking_id = b.id AND NOT app.is_open(l.resource_id, b.starts_at, b.ends_at)) THEN
        PERFORM app.refuse('resource_closed');
    END IF;
END
$$;

-- When one of the given people is busy within a span, as learner or as instructor: by a booking, or by what somebody else holds. `before` and `after`: minutes
-- around the span that are claimed as well; `holder`: whose holds don't count; `except_session`: a session that does not. Reveals: the span of what takes them, without what is
-- claimed around it, and nothing of what is behind it.
CREATE OR REPLACE FUNCTION app.busy_span(instructor uuid, student uuid, span_start timestamptz, span_end timestamptz, except_booking uuid, before integer DEFAULT 0, after integer DEFAULT 0,
        holder uuid DEFAULT NULL, except_session uuid DEFAULT NULL)
    RETURNS TABLE (starts_at timestamptz, ends_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT coalesce(b.starts_at, h.starts_at, g.starts_at), coalesce(b.ends_at, h.ends_at, g.ends_at) FROM time_claim c
        LEFT JOIN booking b ON b.tenant_id = c.tenant_id AND b.id = c.booking_id
        LEFT JOIN slot_hold h ON h.tenant_id = c.tenant_id AND h.id = c.hold_id
        LEFT JOIN group_session g ON g.tenant_id = c.tenant_id AND g.id = c.session_id
        WHERE c.tenant_id = app.tenant_id() AND c.party_id IN (instructor, student)
          AND c.starts_at < span_end + make_interval(mins => after) AND c.ends_at > span_start - make_interval(mins => before)
          AND c.starts_at > span_start - interval '48 hours' AND (c.booking_id IS NULL OR c.booking_id IS DISTINCT FROM except_booking)
          AND (c.session_id IS NULL OR c.session_id IS DISTINCT FROM except_session)
          AND (c.hold_id IS NULL OR (h.expires_at > now() AND h.owner_id IS DISTINCT FROM holder))
        ORDER BY 1, 2 LIMIT 1;
END
$$;

-- When one of the given resources is taken from its setup before a span to its teardown after it. Reveals: the span of what takes it, without what is
-- claimed before and after, and nothing else of it.
CREATE OR REPLACE FUNCTION app.taken_span(resources uuid[], span_start timestamptz, span_end timestamptz, except_booking uuid, holder uuid DEFAULT NULL, except_session uuid DEFAULT NULL)
    RETURNS TABLE (starts_at timestamptz, ends_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT coalesce(b.starts_at, h.starts_at, g.starts_at), coalesce(b.ends_at, h.ends_at, g.ends_at) FROM resource r
        JOIN time_claim c ON c.tenant_id = r.tenant_id AND c.party_id = r.id AND c.kind = 'RESOURCE'
        LEFT JOIN booking b ON b.tenant_id = c.tenant_id AND b.id = c.booking_id
        LEFT JOIN slot_hold h ON h.tenant_id = c.tenant_id AND h.id = c.hold_id
        LEFT JOIN group_session g ON g.tenant_id = c.tenant_id AND g.id = c.session_id
        LEFT JOIN booking_resource l ON l.tenant_id = r.tenant_id AND l.resource_id = r.id AND l.booking_id = except_booking
        WHERE r.tenant_id = app.tenant_id() AND r.id = ANY (resources) AND (c.booking_id IS NULL OR c.booking_id IS DISTINCT FROM except_booking)
          AND (c.session_id IS NULL OR c.session_id IS DISTINCT FROM except_session)
          AND c.starts_at < span_end + make_interval(mins => coalesce(l.teardown_minutes, r.teardown_minutes))
          AND c.ends_at > span_start - make_interval(mins => coalesce(l.setup_minutes, r.setup_minutes))
          AND c.starts_at > span_start - interval '48 hours' AND (c.hold_id IS NULL OR (h.expires_at > now() AND h.owner_id IS DISTINCT FROM holder))
        ORDER BY 1, 2 LIMIT 1;
END
$$;

-- When an instructor, or where none is named every instructor, is busy within a range, as instructor, as learner or by a calendar elsewhere: for what
-- is left free of their availability. Reveals: these spans.
CREATE OR REPLACE FUNCTION app.busy_spans(instructor uuid, range_start timestamptz, range_end timestamptz)
    RETURNS TABLE (instructor_id uuid, starts_at timestamptz, ends_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF instructor IS NOT NULL THEN
        RETURN QUERY
            SELECT c.party_id, c.starts_at, c.ends_at FROM time_claim c
            WHERE c.tenant_id = app.tenant_id() AND c.party_id = instructor
              AND c.starts_at < range_end AND c.ends_at > range_start AND c.starts_at > range_start - interval '40 hours'
              AND (c.hold_id IS NULL OR app.is_held(c.hold_id))
              AND EXISTS (SELECT FROM app_user u WHERE u.tenant_id = c.tenant_id AND u.id = c.party_id AND u.is_instructor);
    ELSE -- a statement of its own, so that each has the plan that suits it
        RETURN QUERY
            SELECT c.party_id, c.starts_at, c.ends_at FROM time_claim c
            JOIN app_user u ON u.tenant_id = c.tenant_id AND u.id = c.party_id AND u.is_instructor
            WHERE c.tenant_id = app.tenant_id()
              AND c.starts_at < range_end AND c.ends_at > range_start AND c.starts_at > range_start - interval '40 hours'
              AND (c.hold_id IS NULL OR app.is_held(c.hold_id));
    END IF;
    RETURN QUERY SELECT k.instructor_id, k.starts_at, k.ends_at
        FROM app.blocked_spans(CASE WHEN instructor IS NOT NULL THEN ARRAY[instructor] END, range_start, range_end) AS k;
END
$$;

-- Who is in two places at once, of whatever school: a line for each pair of bookings that say so, in words for the operator. One
-- booking, where it is somebody's as learner and as instructor. The time of such bookings can't be claimed.
CREATE OR REPLACE FUNCTION app.time_clashes() RETURNS SETOF text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
        WITH held AS (
            SELECT b.tenant_id, w.party_id, w.kind, b.id, b.starts_at, b.ends_at,
                   -- Whoever is never in two places has nothing to be compared with.
                   b.starts_at < max(b.ends_at) OVER (PARTITION BY b.tenant_id, w.party_id ORDER BY b.starts_at, b.id, w.kind
                                                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS is_late
            FROM public.booking b CROSS JOIN LATERAL app.claims_of(b.status, b.student_id, CASE WHEN b.group_session_id IS NULL THEN b.instructor_id END) AS w
        )
        SELECT format('%s: %s is %s of %s (%s) and %s of %s (%s)', t.slug, app.type_id('user', one.party_id),
                      lower(one.kind), app.type_id('booking', one.id), to_char(one.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'),
                      lower(two.kind), app.type_id('booking', two.id), to_char(two.starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'))
        FROM held two
        JOIN held one ON one.tenant_id = two.tenant_id AND one.party_id = two.party_id AND (one.starts_at, one.id, one.kind) < (two.starts_at, two.id, two.kind)
                     AND one.ends_at > two.starts_at
        JOIN public.tenant t ON t.tenant_id = two.tenant_id
        WHERE two.is_late
        ORDER BY t.slug, two.starts_at, two.id;
END
$$;

-- Some of the time that bookings hold and that nobody has claimed for them, but where another claim or an earlier booking stands in
-- the way. Where nothing else is left, refuses: what stands in the way is counted and named.
CREATE OR REPLACE FUNCTION app.unclaimed_time(most integer)
    RETURNS TABLE (tenant_id uuid, kind text, party_id uuid, booking_id uuid, starts_at timestamptz, ends_at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    clashes text[];
BEGIN
    RETURN QUERY
        SELECT b.tenant_id, w.kind, w.party_id, b.id, b.starts_at, b.ends_at
        FROM public.booking b CROSS JOIN LATERAL app.claims_of(b.status, b.student_id, CASE WHEN b.group_session_id IS NULL THEN b.instructor_id END) AS w
        WHERE NOT EXISTS (SELECT FROM public.time_claim c WHERE c.tenant_id = b.tenant_id AND c.booking_id = b.id AND c.kind = w.kind)
          AND NOT EXISTS (SELECT FROM public.time_claim c WHERE c.tenant_id = b.tenant_id AND c.party_id = w.party_id
                          AND c.starts_at < b.ends_at AND c.ends_at > b.starts_at)
          AND NOT EXISTS (
              SELECT FROM public.booking o CROSS JOIN LATERAL app.claims_of(o.status, o.student_id, CASE WHEN o.group_session_id IS NULL THEN o.instructor_id END) AS h
              WHERE o.tenant_id = b.tenant_id AND (o.student_id = w.party_id OR o.instructor_id = w.party_id) AND h.party_id = w.party_id
                AND o.starts_at < b.ends_at AND o.ends_at > b.starts_at AND (o.starts_at, o.id, h.kind) < (b.starts_at, b.id, w.kind))
        LIMIT most;
    IF NOT FOUND THEN
        clashes := ARRAY(SELECT app.time_clashes());
        IF cardinality(clashes) > 0 THEN
            RAISE EXCEPTION USING ERRCODE = 'exclusion_violation', MESSAGE = format(
                'nobody can be in two places at once, and %s of bookings say that somebody is: move or cancel one of each, then migrate again. %s%s',
                CASE cardinality(clashes) WHEN 1 THEN '1 pair' ELSE cardinality(clashes) || ' pairs' END,
                array_to_string(clashes[:100], '; '), CASE WHEN cardinality(clashes) > 100 THEN '; and others' ELSE '' END);
        END IF;
    END IF;
END
$$;

-- What a deleted person leaves: no memberships, no seats held, no open bookings. Called with the deletion. Reveals nothing.
CREATE OR REPLACE FUNCTION app.retire_user() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM credential c WHERE c.tenant_id = NEW.tenant_id AND c.user_id = NEW.id;
    DELETE FROM user_role r WHERE r.tenant_id = NEW.tenant_id AND r.user_id = NEW.id;
    DELETE FROM group_member m WHERE m.tenant_id = NEW.tenant_id AND m.user_id = NEW.id;
    UPDATE enrollment e SET status = 'DROPPED' WHERE e.tenant_id = NEW.tenant_id AND e.user_id = NEW.id AND e.status IN ('NOT_STARTED', 'IN_PROGRESS');
    UPDATE booking b SET status = 'CANCELLED' WHERE b.tenant_id = NEW.tenant_id AND b.student_id = NEW.id AND b.status IN ('REQUESTED', 'APPROVED', 'ASSIGNED');
    -- One that would hold whom it wished for wishes for nobody any more: they may be taken by now.
    UPDATE booking b SET status = 'APPROVED', instructor_id = NULL,
            requested_instructor_id = CASE WHEN b.holds_while_requested IS NOT TRUE THEN b.requested_instructor_id END
        WHERE b.tenant_id = NEW.tenant_id AND b.instructor_id = NEW.id AND b.status = 'ASSIGNED' AND b.starts_at > now();
    DELETE FROM availability a WHERE a.tenant_id = NEW.tenant_id AND a.instructor_id = NEW.id AND a.starts_at > now();
    DELETE FROM availability_rule r WHERE r.tenant_id = NEW.tenant_id AND r.instructor_id = NEW.id;
    DELETE FROM time_off o WHERE o.tenant_id = NEW.tenant_id AND o.instructor_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_retire AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_user();

CREATE OR REPLACE TRIGGER booking_touch BEFORE UPDATE ON booking FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER booking_audit AFTER INSERT OR UPDATE OR DELETE ON booking FOR EACH ROW EXECUTE FUNCTION app.audit('Booking', 'id');
CREATE OR REPLACE TRIGGER availability_audit AFTER INSERT OR UPDATE OR DELETE ON availability FOR EACH ROW EXECUTE FUNCTION app.audit('Availability', 'id');

CREATE OR REPLACE TRIGGER booking_announce AFTER INSERT OR UPDATE ON booking FOR EACH ROW EXECUTE FUNCTION app.announce_row('booking', 'id');

CREATE OR REPLACE TRIGGER booking_resource_audit AFTER INSERT OR UPDATE OR DELETE ON booking_resource FOR EACH ROW
    EXECUTE FUNCTION app.audit('Booking', 'booking_id');

GRANT EXECUTE ON FUNCTION app.set_booking_resources(uuid, uuid[]), app.taken_span(uuid[], timestamptz, timestamptz, uuid, uuid, uuid),
    app.busy_span(uuid, uuid, timestamptz, timestamptz, uuid, integer, integer, uuid, uuid), app.busy_spans(uuid, timestamptz, timestamptz), app.hold_instructor(uuid), app.is_suspended(uuid)
    TO lectern_app;
-- What people do is the school's own business; only who migrates asks for all of them.
-- Tells of a booking that is new or has moved. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_booking() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    type CONSTANT text := CASE
        WHEN TG_OP = 'INSERT' THEN 'booking.' || lower(NEW.status)
        WHEN (OLD.starts_at, OLD.ends_at) IS DISTINCT FROM (NEW.starts_at, NEW.ends_at) THEN 'booking.rescheduled'
        WHEN OLD.status <> NEW.status THEN 'booking.' || lower(NEW.status)
        ELSE 'booking.escalated' END;
    data jsonb;
    note jsonb;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.webhooks_want(type) THEN
        data := jsonb_build_object(
            'id', app.type_id('booking', NEW.id), 'status', NEW.status, 'studentId', app.type_id('user', NEW.student_id),
            'instructorId', app.type_id('user', NEW.instructor_id), 'courseId', app.type_id('course', NEW.course_id),
            'startsAt', app.rfc3339(NEW.starts_at), 'endsAt', app.rfc3339(NEW.ends_at));
    END IF;
    -- What several are part of is told as one.
    IF app.notifies(type) AND coalesce(current_setting('app.told_as', true), '') <> 'nothing' THEN
        -- What there is nothing to say of is left out.
        note := jsonb_strip_nulls(jsonb_build_object(
            'student', NEW.student_id, 'wished', NEW.requested_instructor_id, 'course', NEW.course_id,
            -- Whom it is assigned to, or was until it was moved.
            'instructor', CASE WHEN current_setting('app.told_as', true) IS DISTINCT FROM 'session'
                               THEN coalesce(NEW.instructor_id, CASE WHEN TG_OP = 'UPDATE' THEN OLD.instructor_id END) END,
            'former', CASE WHEN TG_OP = 'UPDATE' AND current_setting('app.told_as', true) IS DISTINCT FROM 'session' THEN OLD.instructor_id END,
            'facts', jsonb_build_object('from', NEW.starts_at, 'until', NEW.ends_at)));
        IF type IN ('booking.assigned', 'booking.rescheduled', 'booking.cancelled') THEN
            note := note || jsonb_build_object('attachments', jsonb_build_array(app.invite_of(NEW)));
        END IF;
        IF TG_OP = 'INSERT' AND NEW.status = 'ASSIGNED' THEN
            note := note || '{"is_booked": true}'; -- it is the learner's confirmation
        END IF;
    END IF;
    IF data IS NOT NULL OR note IS NOT NULL THEN
        PERFORM app.emit(type, app.type_id('booking', NEW.id), data, note);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER booking_tell_new AFTER INSERT ON booking FOR EACH ROW WHEN (NEW.status IN ('REQUESTED', 'ASSIGNED')) EXECUTE FUNCTION app.tell_of_booking();
CREATE OR REPLACE TRIGGER booking_tell AFTER UPDATE ON booking FOR EACH ROW
    WHEN (OLD.status <> NEW.status OR OLD.starts_at <> NEW.starts_at OR OLD.ends_at <> NEW.ends_at OR (OLD.escalated_at IS NULL AND NEW.escalated_at IS NOT NULL))
    EXECUTE FUNCTION app.tell_of_booking();

GRANT EXECUTE ON FUNCTION app.time_clashes(), app.unclaimed_time(integer) TO lectern_platform;

-- ---- What learners are held to, what became of a booking, what instructors may be booked for ----
--
--   booking_reason        the booking's type asks for a reason, and none is given
--   booking_notice        it is too late for the learner to do this
--   booking_moves         it was moved as often as its learner may
--   booking_limit         the instructor is booked for as many minutes as they may be

-- Refuses a cancellation that is not the learner's any more, by the booking's type (without notice: once it began), or by the school where it has none; answers
-- whether it is late all the same. Managers are bound by none of it.
CREATE OR REPLACE FUNCTION app.check_cancel_terms(b public.booking, reason text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    terms record;
    late  boolean;
BEGIN
    IF app.can('BOOKING_MANAGE') THEN
        RETURN false;
    END IF;
    IF b.booking_type_id IS NULL THEN
        SELECT false AS wants_reason, false AS allows_late, s.booking_cancel_notice_minutes AS notice INTO terms FROM public.tenant_settings s WHERE s.tenant_id = b.tenant_id;
    ELSE
        SELECT y.requires_reason AS wants_reason, y.allows_late_cancel AS allows_late, y.cancel_notice_minutes AS notice INTO terms
            FROM public.booking_type y WHERE y.tenant_id = b.tenant_id AND y.id = b.booking_type_id;
    END IF;
    IF terms.wants_reason AND reason IS NULL THEN
        PERFORM app.refuse('booking_reason');
    END IF;
    late := coalesce((b.booking_type_id IS NOT NULL OR terms.notice > 0) AND now() > b.starts_at - make_interval(mins => terms.notice), false);
    IF late AND NOT terms.allows_late THEN
        PERFORM app.refuse('booking_notice');
    END IF;
    RETURN late;
END
$$;

-- Refuses a move that is not the learner's any more, by the booking's type (without notice: once it began). `b` is as it was before.
CREATE OR REPLACE FUNCTION app.check_move_terms(b public.booking, reason text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
    terms record;
BEGIN
    IF b.booking_type_id IS NULL OR app.can('BOOKING_MANAGE') THEN
        RETURN;
    END IF;
    SELECT y.requires_reason, y.reschedule_notice_minutes AS notice, y.max_reschedules INTO terms
        FROM public.booking_type y WHERE y.tenant_id = b.tenant_id AND y.id = b.booking_type_id;
    IF terms.requires_reason AND reason IS NULL THEN
        PERFORM app.refuse('booking_reason');
    ELSIF now() > b.starts_at - make_interval(mins => terms.notice) THEN
        PERFORM app.refuse('booking_notice');
    ELSIF coalesce(b.reschedule_count, 0) >= terms.max_reschedules THEN
        PERFORM app.refuse('booking_moves', jsonb_build_object('limit', terms.max_reschedules, 'used', coalesce(b.reschedule_count, 0))::text);
    END IF;
END
$$;

-- A cancellation is stamped, whoever cancels; the service's own is held to what the learner agreed to.
CREATE OR REPLACE FUNCTION app.note_cancellation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'lectern_app' THEN
        NEW.is_late_cancel := nullif(app.check_cancel_terms(OLD, NEW.cancel_reason), false);
    END IF;
    NEW.cancelled_at := now();
    NEW.cancelled_by_id := nullif(nullif(current_setting('app.user_id', true), ''), '00000000-0000-0000-0000-000000000000')::uuid;
    RETURN NEW;
END
$$;
-- Named to run after app.check_booking_move, which knows whether there is such a step.
CREATE OR REPLACE TRIGGER booking_move_terms BEFORE UPDATE OF status ON booking FOR EACH ROW
    WHEN (NEW.status = 'CANCELLED' AND OLD.status <> 'CANCELLED') EXECUTE FUNCTION app.note_cancellation();

-- A move is counted, whoever moves it; likewise.
CREATE OR REPLACE FUNCTION app.note_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'lectern_app' THEN
        PERFORM app.check_move_terms(OLD, NEW.reschedule_reason);
    END IF;
    NEW.reschedule_count := coalesce(OLD.reschedule_count, 0) + 1;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER booking_reschedule_terms BEFORE UPDATE OF starts_at, ends_at ON booking FOR EACH ROW
    WHEN ((OLD.starts_at, OLD.ends_at) IS DISTINCT FROM (NEW.starts_at, NEW.ends_at)) EXECUTE FUNCTION app.note_move();

-- What takes place without a word of what became of it was attended.
CREATE OR REPLACE FUNCTION app.note_attendance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.outcome := 'ATTENDED';
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER booking_attended BEFORE UPDATE OF status ON booking FOR EACH ROW
    WHEN (NEW.status = 'COMPLETED' AND OLD.status <> 'COMPLETED' AND NEW.outcome IS NULL) EXECUTE FUNCTION app.note_attendance();

-- What became of a booking is said of one that has begun, by its instructor or a manager, and is corrected by them.
CREATE OR REPLACE FUNCTION app.check_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> 'COMPLETED' THEN
        PERFORM app.refuse('booking_transition');
    ELSIF NOT app.can('BOOKING_MANAGE') AND NOT (app.can('BOOKING_COMPLETE') AND coalesce(NEW.instructor_id = app.user_id(), false)) THEN
        PERFORM app.refuse('booking_party');
    ELSIF NEW.starts_at > now() THEN
        PERFORM app.refuse('booking_not_started');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER booking_outcome BEFORE UPDATE OF outcome, minutes_late ON booking FOR EACH ROW
    WHEN (current_user = 'lectern_app') EXECUTE FUNCTION app.check_outcome();

-- Tells of an outcome that was recorded as such: what is merely completed is told as that. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_outcome() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.webhooks_want('booking.outcome_recorded') THEN
        PERFORM app.emit('booking.outcome_recorded', app.type_id('booking', NEW.id), jsonb_build_object(
            'id', app.type_id('booking', NEW.id), 'status', NEW.status, 'outcome', NEW.outcome, 'minutesLate', NEW.minutes_late,
            'studentId', app.type_id('user', NEW.student_id), 'instructorId', app.type_id('user', NEW.instructor_id),
            'courseId', app.type_id('course', NEW.course_id), 'startsAt', app.rfc3339(NEW.starts_at), 'endsAt', app.rfc3339(NEW.ends_at)), NULL);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER booking_tell_outcome AFTER UPDATE OF outcome, minutes_late ON booking FOR EACH ROW
    WHEN ((OLD.outcome, OLD.minutes_late) IS DISTINCT FROM (NEW.outcome, NEW.minutes_late)) EXECUTE FUNCTION app.tell_of_outcome();

-- Which of an instructor's limits a further span would exceed, and how many minutes are used: those of ASSIGNED and COMPLETED bookings of its date, or of
-- its week from Monday, in the school's zone; several in the same span (seats of one session) once, and so the further span where it is one of them. No row
-- where none would be. Reveals: to those who assign, these numbers.
CREATE OR REPLACE FUNCTION app.exceeded_limit(instructor uuid, span_start timestamptz, span_end timestamptz, except_booking uuid)
    RETURNS TABLE (cap integer, used integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    caps   record;
    zone   text;
    date   date;
    monday date;
    length CONSTANT numeric := extract(epoch FROM span_end - span_start) / 60;
    of_day     numeric;
    of_week    numeric;
    is_counted boolean;
BEGIN
    IF NOT app.can('BOOKING_MANAGE') THEN
        RETURN; -- nobody else assigns
    END IF;
    SELECT l.max_minutes_per_day, l.max_minutes_per_week INTO caps FROM instructor_limit l WHERE l.tenant_id = app.tenant_id() AND l.user_id = instructor;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT t.time_zone INTO zone FROM tenant t WHERE t.tenant_id = app.tenant_id();
    date := (span_start AT TIME ZONE zone)::date;
    monday := date_trunc('week', date::timestamp)::date;
    SELECT coalesce(sum(s.minutes) FILTER (WHERE s.day = date), 0), coalesce(sum(s.minutes), 0), bool_or(s.starts_at = span_start) INTO of_day, of_week, is_counted
        FROM (SELECT DISTINCT b.starts_at, extract(epoch FROM b.ends_at - b.starts_at) / 60 AS minutes, (b.starts_at AT TIME ZONE zone)::date AS day
              FROM booking b WHERE b.tenant_id = app.tenant_id() AND b.instructor_id = instructor AND b.status IN ('ASSIGNED', 'COMPLETED')
                AND b.starts_at > span_start - interval '9 days' AND b.starts_at < span_start + interval '9 days' AND b.id IS DISTINCT FROM except_booking) AS s
        WHERE s.day BETWEEN monday AND monday + 6;
    IF is_counted THEN
        RETURN;
    ELSIF of_day + length > caps.max_minutes_per_day THEN
        RETURN QUERY SELECT caps.max_minutes_per_day, ceil(of_day)::integer;
    ELSIF of_week + length > caps.max_minutes_per_week THEN
        RETURN QUERY SELECT caps.max_minutes_per_week, ceil(of_week)::integer;
    END IF;
END
$$;

-- Nobody is assigned beyond their limits, whoever assigns.
CREATE OR REPLACE FUNCTION app.check_instructor_limit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    over record;
BEGIN
    SELECT * INTO over FROM app.exceeded_limit(NEW.instructor_id, NEW.starts_at, NEW.ends_at, NEW.id);
    IF FOUND THEN
        PERFORM app.refuse('booking_limit', jsonb_build_object('limit', over.cap, 'used', over.used)::text);
    END IF;
    RETURN NEW;
END
$$;
-- Named to run once the instructor's turn is taken.
CREATE OR REPLACE TRIGGER booking_within_limits BEFORE UPDATE OF status, instructor_id ON booking FOR EACH ROW
    WHEN (current_user = 'lectern_app' AND NEW.status = 'ASSIGNED' AND NEW.instructor_id IS NOT NULL) EXECUTE FUNCTION app.check_instructor_limit();

-- Gives a booking to an instructor (none, where it needs nobody), and these resources to it: what was requested is approved on the way, what is assigned
-- goes back and forth; people are told of the assignment alone. `chosen`: why somebody was chosen; NULL: a person chose. Reveals nothing.
CREATE OR REPLACE FUNCTION app.confirm_booking(wanted uuid, instructor uuid, resources uuid[], chosen jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    b       booking;
    t       booking_type;
    had     uuid;
    wished  uuid;
    over    record;
    is_seat boolean;
    before  CONSTANT text := current_setting('app.notify', true);
BEGIN
    IF NOT app.can('BOOKING_MANAGE') THEN
        PERFORM app.refuse('booking_party');
    END IF;
    SELECT * INTO b FROM booking o WHERE o.tenant_id = app.tenant_id() AND o.id = wanted;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM app.take_slot_turns(resources || b.student_id || b.instructor_id || instructor
        || ARRAY(SELECT l.resource_id FROM booking_resource l WHERE l.tenant_id = b.tenant_id AND l.booking_id = b.id), app.user_id());
    SELECT * INTO b FROM booking o WHERE o.tenant_id = b.tenant_id AND o.id = b.id FOR UPDATE; -- as it is now that it is our turn
    IF b.status NOT IN ('REQUESTED', 'APPROVED', 'ASSIGNED') THEN
        PERFORM app.refuse('booking_transition');
    ELSIF b.status = 'REQUESTED' AND app.is_suspended(b.student_id) THEN
        PERFORM app.refuse('booking_suspended');
    ELSIF b.group_session_id IS NOT NULL THEN
        PERFORM app.refuse('booking_seat');
    END IF;
    SELECT * INTO t FROM booking_type y WHERE y.tenant_id = b.tenant_id AND y.id = b.booking_type_id;
    is_seat := coalesce(t.seats > 1, false);
    IF is_seat AND (app.session_at(t, b.starts_at, b.ends_at, instructor, resources)).id IS NOT NULL THEN
        SELECT * INTO over FROM app.exceeded_limit(instructor, b.starts_at, b.ends_at, b.id);
        IF FOUND THEN
            PERFORM app.refuse('booking_limit', jsonb_build_object('limit', over.cap, 'used', over.used)::text);
        END IF;
        PERFORM app.confirm_seat(b.id, instructor, resources, chosen); -- who and what it takes was looked at when it was made
        RETURN;
    END IF;
    IF b.needs_no_instructor IS NOT TRUE THEN
        IF instructor IS NULL OR NOT app.hold_instructor(instructor) THEN
            PERFORM app.refuse('booking_instructor');
        ELSIF instructor = b.student_id THEN
            PERFORM app.refuse('booking_own');
        ELSIF NOT app.is_available(instructor, b.starts_at, b.ends_at) THEN
            PERFORM app.refuse('booking_availability');
        END IF;
        SELECT * INTO over FROM app.exceeded_limit(instructor, b.starts_at, b.ends_at, b.id);
        IF FOUND THEN
            PERFORM app.refuse('booking_limit', jsonb_build_object('limit', over.cap, 'used', over.used)::text);
        END IF;
    ELSIF instructor IS NOT NULL THEN
        PERFORM app.refuse('booking_instructor');
    END IF;
    had := b.instructor_id;
    wished := b.requested_instructor_id;
    -- What it holds already stays, though nobody is to book it any more.
    IF EXISTS (SELECT FROM resource r WHERE r.tenant_id = b.tenant_id AND r.id = ANY (resources) AND r.mode = 'UNBOOKABLE'
               AND (b.status = 'REQUESTED' OR NOT EXISTS (SELECT FROM booking_resource l WHERE l.tenant_id = b.tenant_id AND l.booking_id = b.id AND l.resource_id = r.id)))
    THEN
        PERFORM app.refuse('resource_unbookable');
    END IF;
    IF is_seat THEN
        IF EXISTS (SELECT FROM unnest(resources) AS r(id) WHERE NOT app.is_open(r.id, b.starts_at, b.ends_at)) THEN
            PERFORM app.refuse('resource_closed');
        END IF;
        PERFORM app.confirm_seat(b.id, instructor, resources, chosen);
        RETURN;
    END IF;
    PERFORM app.make_room(app.user_id(), NULL, NULL, b.student_id, instructor, resources, b.starts_at, b.ends_at,
        coalesce(b.buffer_before_minutes, 0), coalesce(b.buffer_after_minutes, 0));
    -- Whom and what it is not to take is not claimed on the way.
    DELETE FROM booking_resource l WHERE l.tenant_id = b.tenant_id AND l.booking_id = b.id AND l.resource_id <> ALL (resources);
    IF b.status <> 'APPROVED' THEN
        PERFORM set_config('app.notify', 'off', true);
        UPDATE booking o SET status = 'APPROVED', instructor_id = NULL,
                requested_instructor_id = CASE WHEN o.holds_while_requested THEN instructor ELSE o.requested_instructor_id END
            WHERE o.tenant_id = b.tenant_id AND o.id = b.id RETURNING * INTO b;
        PERFORM set_config('app.notify', coalesce(before, ''), true);
    END IF;
    PERFORM app.take_resources(b, resources);
    IF EXISTS (SELECT FROM booking_resource l WHERE l.tenant_id = b.tenant_id AND l.booking_id = b.id AND NOT app.is_open(l.resource_id, b.starts_at, b.ends_at)) THEN
        PERFORM app.refuse('resource_closed');
    END IF;
    UPDATE booking o SET status = 'ASSIGNED', instructor_id = instructor, requested_instructor_id = wished WHERE o.tenant_id = b.tenant_id AND o.id = b.id;
    IF had IS DISTINCT FROM instructor THEN
        PERFORM app.note_assignment(b.id, chosen);
    END IF;
END
$$;

-- Why somebody was chosen is forgotten with them: whoever is assigned next by hand was not. Reveals nothing.
CREATE OR REPLACE FUNCTION app.forget_assignment() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM booking_assignment a WHERE a.tenant_id = NEW.tenant_id AND a.booking_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER booking_unassigned AFTER UPDATE ON booking FOR EACH ROW
    WHEN (current_user = 'lectern_app' AND OLD.instructor_id IS NOT NULL AND NEW.instructor_id IS NULL) EXECUTE FUNCTION app.forget_assignment();

-- Moves a booking of a type, to where the service has looked under the turns of all whose time it takes. `state` is what it is then: what it was, or APPROVED
-- where its school is to assign it anew. `chosen`: why somebody else was chosen than took it before. `redeemed`: a hold of the actor whose slot it takes.
-- `onward`: the series that it belongs to from now on, and when it begins there (NULL: as before). Reveals nothing.
CREATE OR REPLACE FUNCTION app.move_booking(wanted uuid, span_start timestamptz, span_end timestamptz, state text, instructor uuid, resources uuid[], why text,
        chosen jsonb, redeemed uuid, onward uuid DEFAULT NULL, onward_start timestamptz DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    b booking;
    t booking_type;
    h slot_hold;
BEGIN
    SELECT * INTO b FROM booking o WHERE o.tenant_id = app.tenant_id() AND o.id = wanted FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    ELSIF NOT app.can('BOOKING_MANAGE') AND NOT (b.student_id = app.user_id() AND app.can('BOOKING_REQUEST')) THEN
        PERFORM app.refuse('booking_party');
    ELSIF b.status NOT IN ('REQUESTED', 'APPROVED', 'ASSIGNED') OR NOT (state = b.status OR (state = 'APPROVED' AND b.status = 'ASSIGNED')) THEN
        PERFORM app.refuse('booking_transition');
    END IF;
    PERFORM app.check_move_terms(b, why);
    SELECT * INTO t FROM booking_type y WHERE y.tenant_id = b.tenant_id AND y.id = b.booking_type_id;
    IF redeemed IS NOT NULL THEN
        SELECT * INTO h FROM slot_hold o WHERE o.tenant_id = b.tenant_id AND o.id = redeemed AND o.owner_id = app.user_id() FOR UPDATE;
        IF NOT FOUND OR h.booking_id IS NOT NULL THEN
            PERFORM app.refuse('slot_hold_unknown');
        ELSIF h.expires_at <= now() THEN
            PERFORM app.refuse('slot_hold_expired');
        END IF;
        -- Its claims become the booking's; until we commit they are there for everybody else.
        DELETE FROM time_claim c WHERE c.tenant_id = b.tenant_id AND c.hold_id = redeemed;
    END IF;
    PERFORM app.make_room(app.user_id(), NULL, redeemed, b.student_id, instructor, resources, span_start, span_end, t.buffer_before_minutes, t.buffer_after_minutes);
    IF b.group_session_id IS NOT NULL AND state = 'ASSIGNED' THEN
        UPDATE slot_hold o SET group_session_id = NULL WHERE o.tenant_id = b.tenant_id AND o.id = redeemed AND o.group_session_id IS NOT NULL; -- its seat is not counted twice
        PERFORM app.move_seat(b.id, span_start, span_end, instructor, resources, chosen, why, onward, onward_start);
        UPDATE slot_hold o SET booking_id = b.id WHERE o.tenant_id = b.tenant_id AND o.id = redeemed;
        RETURN;
    END IF;
    DELETE FROM booking_resource l WHERE l.tenant_id = b.tenant_id AND l.booking_id = b.id AND l.resource_id <> ALL (resources);
    IF b.instructor_id IS DISTINCT FROM (CASE WHEN state = 'ASSIGNED' THEN instructor END) THEN
        PERFORM app.note_assignment(b.id, chosen);
    END IF;
    UPDATE booking o SET starts_at = span_start, ends_at = span_end, status = state, instructor_id = CASE WHEN state = 'ASSIGNED' THEN instructor END,
            group_session_id = CASE WHEN state = 'ASSIGNED' THEN o.group_session_id END,
            requested_instructor_id = CASE WHEN state = 'REQUESTED' OR (state = 'APPROVED' AND o.holds_while_requested)
                                           THEN coalesce(instructor, o.requested_instructor_id) ELSE o.requested_instructor_id END,
            buffer_before_minutes = t.buffer_before_minutes, buffer_after_minutes = t.buffer_after_minutes,
            reschedule_reason = CASE WHEN (o.starts_at, o.ends_at) = (span_start, span_end) THEN o.reschedule_reason ELSE why END,
            series_id = coalesce(onward, o.series_id), series_starts_at = coalesce(onward_start, o.series_starts_at)
        WHERE o.tenant_id = b.tenant_id AND o.id = b.id RETURNING * INTO b;
    PERFORM app.take_resources(b, resources);
    UPDATE slot_hold o SET booking_id = b.id WHERE o.tenant_id = b.tenant_id AND o.id = redeemed;
END
$$;

-- ---- Time that passes ----

-- Marks some requests that have waited too long for their answer and are not over; each once, ever. Reveals: how many, where more may be left.
CREATE OR REPLACE FUNCTION app.escalate_bookings(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    patience CONSTANT interval := make_interval(hours => coalesce((SELECT s.booking_escalation_hours FROM tenant_settings s WHERE s.tenant_id = app.tenant_id()), 24));
    marked integer;
BEGIN
    UPDATE booking b SET escalated_at = now()
        WHERE b.tenant_id = app.tenant_id() AND b.status = 'REQUESTED' AND b.escalated_at IS NULL AND b.id IN (
            SELECT o.id FROM booking o WHERE o.tenant_id = app.tenant_id() AND o.status = 'REQUESTED' AND o.escalated_at IS NULL
              AND o.ends_at > now() AND o.created_at <= now() - patience
            ORDER BY o.ends_at LIMIT at_most);
    GET DIAGNOSTICS marked = ROW_COUNT;
    RETURN marked;
END
$$;

-- Who is to be reminded of what begins soon: by the minutes of the booking's type, or of the school where it has none, each once for a start. What was
-- due before the booking was made is not told, nor what was due more than a day ago.
CREATE OR REPLACE FUNCTION app.due_reminders(school uuid) RETURNS TABLE (booking_id uuid, user_id uuid, starts_at timestamptz, minutes integer) LANGUAGE sql STABLE AS $$
    SELECT b.id, p.id, b.starts_at, m.minutes
    FROM (SELECT coalesce((SELECT s.booking_reminder_minutes FROM public.tenant_settings s WHERE s.tenant_id = school), '{1440}') AS minutes) AS usual
    CROSS JOIN LATERAL (SELECT DISTINCT unnest(w.minutes) AS minutes
          FROM (SELECT usual.minutes UNION SELECT y.reminder_minutes FROM public.booking_type y WHERE y.tenant_id = school) AS w(minutes)) AS m
    JOIN public.booking b ON b.tenant_id = school AND b.status IN ('APPROVED', 'ASSIGNED')
         AND b.starts_at > now() AND b.starts_at <= now() + make_interval(mins => m.minutes)
         AND b.starts_at > now() + make_interval(mins => m.minutes) - interval '24 hours'
         AND b.starts_at >= b.created_at + make_interval(mins => m.minutes)
    LEFT JOIN public.booking_type y ON y.tenant_id = school AND y.id = b.booking_type_id
    CROSS JOIN LATERAL (SELECT b.student_id UNION SELECT b.instructor_id WHERE b.instructor_id IS NOT NULL) AS p(id)
    WHERE m.minutes = ANY (CASE WHEN b.booking_type_id IS NULL THEN usual.minutes ELSE y.reminder_minutes END)
      AND NOT EXISTS (SELECT FROM public.booking_reminder r WHERE r.tenant_id = school AND r.booking_id = b.id AND r.user_id = p.id
                      AND r.starts_at = b.starts_at AND r.minutes = m.minutes)
$$;

-- Reminds some people of bookings that begin soon (app.due_reminders). Reveals: how many, where more may be left.
CREATE OR REPLACE FUNCTION app.remind_of_bookings(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    due    record;
    count  integer := 0;
BEGIN
    DELETE FROM booking_reminder r WHERE r.tenant_id = school AND (r.booking_id, r.user_id, r.starts_at, r.minutes) IN (
        SELECT o.booking_id, o.user_id, o.starts_at, o.minutes FROM booking_reminder o WHERE o.tenant_id = school AND o.starts_at <= now() LIMIT at_most);
    FOR due IN
        WITH told AS (
            INSERT INTO booking_reminder (tenant_id, booking_id, user_id, starts_at, minutes)
                SELECT school, d.booking_id, d.user_id, d.starts_at, d.minutes FROM app.due_reminders(school) AS d
                ORDER BY d.booking_id, d.user_id, d.minutes LIMIT at_most
                ON CONFLICT ON CONSTRAINT booking_reminder_pkey DO NOTHING RETURNING booking_id, user_id)
        SELECT b.id, b.course_id, b.starts_at, b.ends_at, array_agg(DISTINCT t.user_id) AS people, count(*)::integer AS times
        FROM told t JOIN booking b ON b.tenant_id = school AND b.id = t.booking_id GROUP BY b.id, b.course_id, b.starts_at, b.ends_at
    LOOP
        IF app.notifies('notify.booking_reminder') THEN
            PERFORM app.emit('notify.booking_reminder', app.type_id('booking', due.id), NULL,
                jsonb_build_object('people', due.people, 'course', due.course_id, 'facts', jsonb_build_object('from', due.starts_at, 'until', due.ends_at)));
        END IF;
        count := count + due.times;
    END LOOP;
    RETURN count;
END
$$;

GRANT EXECUTE ON FUNCTION app.confirm_booking(uuid, uuid, uuid[], jsonb),
    app.move_booking(uuid, timestamptz, timestamptz, text, uuid, uuid[], text, jsonb, uuid, uuid, timestamptz), app.exceeded_limit(uuid, timestamptz, timestamptz, uuid), app.escalate_bookings(integer), app.remind_of_bookings(integer) TO lectern_app;
