-- Bookings: the steps they may take, who may take them, and who is busy when.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   booking_transition    no such step leads on from the booking's state
--   booking_party         there is one, but it is not the actor's to take
--   booking_instructor    the person who is to be assigned is no active instructor
--   booking_own           they are one, and the booking's own learner
--   booking_suspended     the learner whose request is to be granted is suspended
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
    ELSIF NEW.status <> 'APPROVED' AND NEW.instructor_id IS DISTINCT FROM OLD.instructor_id THEN
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
-- teardown. One that holds while it is requested claims all that it asks for, from the request on.
CREATE OR REPLACE FUNCTION app.claims_of_booking(b public.booking) RETURNS TABLE (kind text, party_id uuid, starts_at timestamptz, ends_at timestamptz)
    LANGUAGE sql STABLE AS $$
    SELECT 'LEARNER', b.student_id, b.starts_at, b.ends_at
    WHERE b.status IN ('APPROVED', 'ASSIGNED', 'COMPLETED') OR (b.status = 'REQUESTED' AND b.holds_while_requested)
  UNION ALL
    SELECT 'INSTRUCTOR', i.id, b.starts_at - make_interval(mins => coalesce(b.buffer_before_minutes, 0)), b.ends_at + make_interval(mins => coalesce(b.buffer_after_minutes, 0))
    FROM (SELECT CASE WHEN b.status IN ('ASSIGNED', 'COMPLETED') THEN b.instructor_id
                      WHEN b.status IN ('REQUESTED', 'APPROVED') AND b.holds_while_requested THEN b.requested_instructor_id END) AS i(id)
    WHERE i.id IS NOT NULL
  UNION ALL
    SELECT 'RESOURCE', l.resource_id, b.starts_at - make_interval(mins => l.setup_minutes), b.ends_at + make_interval(mins => l.teardown_minutes)
    FROM public.booking_resource l
    WHERE l.tenant_id = b.tenant_id AND l.booking_id = b.id
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
-- around the span that are claimed as well; `holder`: whose holds don't count. Reveals: the span of what takes them, without what is claimed around it, and nothing of what is behind it.
CREATE OR REPLACE FUNCTION app.busy_span(instructor uuid, student uuid, span_start timestamptz, span_end timestamptz, except_booking uuid, before integer DEFAULT 0, after integer DEFAULT 0,
        holder uuid DEFAULT NULL)
    RETURNS TABLE (starts_at timestamptz, ends_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT coalesce(b.starts_at, h.starts_at), coalesce(b.ends_at, h.ends_at) FROM time_claim c
        LEFT JOIN booking b ON b.tenant_id = c.tenant_id AND b.id = c.booking_id
        LEFT JOIN slot_hold h ON h.tenant_id = c.tenant_id AND h.id = c.hold_id
        WHERE c.tenant_id = app.tenant_id() AND c.party_id IN (instructor, student)
          AND c.starts_at < span_end + make_interval(mins => after) AND c.ends_at > span_start - make_interval(mins => before)
          AND c.starts_at > span_start - interval '48 hours' AND (c.booking_id IS NULL OR c.booking_id IS DISTINCT FROM except_booking)
          AND (c.hold_id IS NULL OR (h.expires_at > now() AND h.owner_id IS DISTINCT FROM holder))
        ORDER BY 1, 2 LIMIT 1;
END
$$;

-- When one of the given resources is taken from its setup before a span to its teardown after it. Reveals: the span of what takes it, without what is
-- claimed before and after, and nothing else of it.
CREATE OR REPLACE FUNCTION app.taken_span(resources uuid[], span_start timestamptz, span_end timestamptz, except_booking uuid, holder uuid DEFAULT NULL)
    RETURNS TABLE (starts_at timestamptz, ends_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT coalesce(b.starts_at, h.starts_at), coalesce(b.ends_at, h.ends_at) FROM resource r
        JOIN time_claim c ON c.tenant_id = r.tenant_id AND c.party_id = r.id AND c.kind = 'RESOURCE'
        LEFT JOIN booking b ON b.tenant_id = c.tenant_id AND b.id = c.booking_id
        LEFT JOIN slot_hold h ON h.tenant_id = c.tenant_id AND h.id = c.hold_id
        LEFT JOIN booking_resource l ON l.tenant_id = r.tenant_id AND l.resource_id = r.id AND l.booking_id = except_booking
        WHERE r.tenant_id = app.tenant_id() AND r.id = ANY (resources) AND (c.booking_id IS NULL OR c.booking_id IS DISTINCT FROM except_booking)
          AND c.starts_at < span_end + make_interval(mins => coalesce(l.teardown_minutes, r.teardown_minutes))
          AND c.ends_at > span_start - make_interval(mins => coalesce(l.setup_minutes, r.setup_minutes))
          AND c.starts_at > span_start - interval '48 hours' AND (c.hold_id IS NULL OR (h.expires_at > now() AND h.owner_id IS DISTINCT FROM holder))
        ORDER BY 1, 2 LIMIT 1;
END
$$;

-- When an instructor, or where none is named every instructor, is busy within a range, as instructor or as learner: for what is
-- left free of their availability. Reveals: these spans.
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
            FROM public.booking b CROSS JOIN LATERAL app.claims_of(b.status, b.student_id, b.instructor_id) AS w
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
        FROM public.booking b CROSS JOIN LATERAL app.claims_of(b.status, b.student_id, b.instructor_id) AS w
        WHERE NOT EXISTS (SELECT FROM public.time_claim c WHERE c.tenant_id = b.tenant_id AND c.booking_id = b.id AND c.kind = w.kind)
          AND NOT EXISTS (SELECT FROM public.time_claim c WHERE c.tenant_id = b.tenant_id AND c.party_id = w.party_id
                          AND c.starts_at < b.ends_at AND c.ends_at > b.starts_at)
          AND NOT EXISTS (
              SELECT FROM public.booking o CROSS JOIN LATERAL app.claims_of(o.status, o.student_id, o.instructor_id) AS h
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
    UPDATE booking b SET status = 'APPROVED', instructor_id = NULL
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

GRANT EXECUTE ON FUNCTION app.set_booking_resources(uuid, uuid[]), app.taken_span(uuid[], timestamptz, timestamptz, uuid, uuid),
    app.busy_span(uuid, uuid, timestamptz, timestamptz, uuid, integer, integer, uuid), app.busy_spans(uuid, timestamptz, timestamptz), app.hold_instructor(uuid), app.is_suspended(uuid)
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
    IF app.notifies(type) THEN
        note := jsonb_build_object(
            'student', NEW.student_id, 'wished', NEW.requested_instructor_id, 'course', NEW.course_id,
            -- Whom it is assigned to, or was until it was moved.
            'instructor', coalesce(NEW.instructor_id, CASE WHEN TG_OP = 'UPDATE' THEN OLD.instructor_id END),
            'facts', jsonb_build_object('from', NEW.starts_at, 'until', NEW.ends_at));
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
