-- Group sessions: one instructor and the resources, claimed once; their seats are bookings, which claim their learners.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   group_session_places   (a constraint) more seats are taken than there are
--   group_session_party    it is not the actor's to change
--   group_session_over     it is cancelled, or has begun
--   resource_too_small     a resource takes fewer people than there are seats
--   booking_seat           a seat is not assigned or approved by itself: its session says who and what

-- What a session claims: its instructor's time with the buffers, its resources' with setup and teardown.
CREATE OR REPLACE FUNCTION app.claims_of_session(s public.group_session) RETURNS TABLE (kind text, party_id uuid, starts_at timestamptz, ends_at timestamptz)
    LANGUAGE sql STABLE AS $$
    SELECT 'INSTRUCTOR', s.instructor_id, s.starts_at - make_interval(mins => s.buffer_before_minutes), s.ends_at + make_interval(mins => s.buffer_after_minutes)
    WHERE s.instructor_id IS NOT NULL AND s.status = 'SCHEDULED'
  UNION ALL
    SELECT 'RESOURCE', l.resource_id, s.starts_at - make_interval(mins => l.setup_minutes), s.ends_at + make_interval(mins => l.teardown_minutes)
    FROM public.group_session_resource l
    WHERE l.tenant_id = s.tenant_id AND l.group_session_id = s.id AND s.status = 'SCHEDULED'
$$;

-- Claims the time that a session holds, and gives back what it no longer does, whoever changes it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.claim_time_of_session(s public.group_session) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM time_claim c
        WHERE c.tenant_id = s.tenant_id AND c.session_id = s.id
          AND (c.kind, c.party_id, c.starts_at, c.ends_at) NOT IN (SELECT w.kind, w.party_id, w.starts_at, w.ends_at FROM app.claims_of_session(s) AS w);
    -- What was held and is over gives way.
    DELETE FROM time_claim c USING app.claims_of_session(s) AS w
        WHERE c.tenant_id = s.tenant_id AND c.party_id = w.party_id AND c.hold_id IS NOT NULL AND c.starts_at < w.ends_at AND c.ends_at > w.starts_at
          AND c.starts_at > w.starts_at - interval '40 hours' AND NOT app.is_held(c.hold_id);
    INSERT INTO time_claim (tenant_id, id, kind, party_id, session_id, starts_at, ends_at)
        SELECT s.tenant_id, app.uuid_v7(), w.kind, w.party_id, s.id, w.starts_at, w.ends_at
        FROM app.claims_of_session(s) AS w
        WHERE NOT EXISTS (SELECT FROM time_claim c
                          WHERE c.tenant_id = s.tenant_id AND c.session_id = s.id AND c.kind = w.kind AND c.party_id = w.party_id);
END
$$;
CREATE OR REPLACE FUNCTION app.claim_session_time() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.claim_time_of_session(NEW);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER group_session_claim_new AFTER INSERT ON group_session FOR EACH ROW EXECUTE FUNCTION app.claim_session_time();
CREATE OR REPLACE TRIGGER group_session_claim AFTER UPDATE OF status, instructor_id, starts_at, ends_at ON group_session FOR EACH ROW
    WHEN ((OLD.status, OLD.instructor_id, OLD.starts_at, OLD.ends_at) IS DISTINCT FROM (NEW.status, NEW.instructor_id, NEW.starts_at, NEW.ends_at))
    EXECUTE FUNCTION app.claim_session_time();
-- Resources come after their session.
CREATE OR REPLACE FUNCTION app.claim_session_resource() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    l CONSTANT group_session_resource := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    s group_session;
BEGIN
    IF TG_OP = 'DELETE' AND app.erases(l.tenant_id) THEN
        RETURN NULL;
    END IF;
    PERFORM app.enter_tenant(l.tenant_id);
    SELECT * INTO s FROM group_session g WHERE g.tenant_id = l.tenant_id AND g.id = l.group_session_id;
    IF FOUND THEN
        PERFORM app.claim_time_of_session(s);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER group_session_resource_claim AFTER INSERT OR UPDATE OR DELETE ON group_session_resource FOR EACH ROW EXECUTE FUNCTION app.claim_session_resource();

-- A session counts once for whoever takes it, however many seats are taken (of bookings, see app.count_assigned). Reveals nothing.
CREATE OR REPLACE FUNCTION app.count_led() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    was    uuid;
    is_now CONSTANT uuid := CASE WHEN NEW.status = 'SCHEDULED' THEN NEW.instructor_id END;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status = 'SCHEDULED' THEN
        was := OLD.instructor_id;
    END IF;
    IF was IS DISTINCT FROM is_now THEN
        PERFORM app.enter_tenant(NEW.tenant_id);
        UPDATE booking_type_instructor i
            SET assigned_count = greatest(i.assigned_count + CASE WHEN i.instructor_id = is_now THEN 1 ELSE -1 END, 0),
                last_assigned_at = CASE WHEN i.instructor_id = is_now THEN clock_timestamp() ELSE i.last_assigned_at END
            WHERE i.tenant_id = NEW.tenant_id AND i.type_id = NEW.booking_type_id AND i.instructor_id IN (was, is_now);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER group_session_count AFTER INSERT OR UPDATE OF status, instructor_id ON group_session FOR EACH ROW EXECUTE FUNCTION app.count_led();

-- Seats that are taken of sessions: bookings that hold one, and holds that last. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.session_seats(sessions uuid[]) RETURNS TABLE (group_session_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT t.id, count(*) FROM (
            SELECT b.group_session_id AS id FROM booking b
            WHERE b.tenant_id = app.tenant_id() AND b.group_session_id = ANY (sessions) AND b.status IN ('APPROVED', 'ASSIGNED', 'COMPLETED')
          UNION ALL
            SELECT h.group_session_id FROM slot_hold h
            WHERE h.tenant_id = app.tenant_id() AND h.group_session_id = ANY (sessions) AND h.booking_id IS NULL AND h.expires_at > now()) AS t
        GROUP BY t.id;
END
$$;

-- The sessions of a type that take place in a range, but for those of somebody who is no active instructor: what they take, and how many seats are left, a
-- holder's own holds and the given bookings not counted. For app.slot_facts' reader. Reveals: what the whole school sees.
CREATE OR REPLACE FUNCTION app.slot_sessions(wanted_type uuid, holder uuid, range_start timestamptz, range_end timestamptz, except_bookings uuid[])
    RETURNS TABLE (id uuid, starts_at timestamptz, ends_at timestamptz, instructor_id uuid, resources uuid[], seats_left bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT s.id, s.starts_at, s.ends_at, s.instructor_id,
               ARRAY(SELECT l.resource_id FROM group_session_resource l WHERE l.tenant_id = s.tenant_id AND l.group_session_id = s.id ORDER BY l.place),
               s.seats - (SELECT count(*) FROM booking b WHERE b.tenant_id = s.tenant_id AND b.group_session_id = s.id AND b.status IN ('APPROVED', 'ASSIGNED', 'COMPLETED')
                          AND b.id <> ALL (except_bookings))
                       - (SELECT count(*) FROM slot_hold h WHERE h.tenant_id = s.tenant_id AND h.group_session_id = s.id AND h.booking_id IS NULL AND h.expires_at > now()
                          AND h.owner_id IS DISTINCT FROM holder)
        FROM group_session s
        WHERE s.tenant_id = app.tenant_id() AND s.booking_type_id = wanted_type AND s.status = 'SCHEDULED' AND s.starts_at >= range_start AND s.starts_at <= range_end
          AND (s.instructor_id IS NULL OR EXISTS (SELECT FROM app_user u WHERE u.tenant_id = s.tenant_id AND u.id = s.instructor_id AND u.is_instructor))
        ORDER BY s.starts_at, s.id;
END
$$;

-- Sessions that take place and have a seat left; holds that expired since somebody last wrote hold none. Reveals: their ids, which the whole school sees.
CREATE OR REPLACE FUNCTION app.sessions_with_seats() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT s.id FROM group_session s WHERE s.tenant_id = app.tenant_id() AND s.status = 'SCHEDULED' AND s.seats_taken < s.seats
        UNION ALL
        -- Full ones are counted anew only where a hold of theirs has expired: these are few.
        SELECT s.id FROM (
            SELECT DISTINCT h.group_session_id AS id FROM slot_hold h
            WHERE h.tenant_id = app.tenant_id() AND h.group_session_id IS NOT NULL AND h.booking_id IS NULL AND h.expires_at <= now()) AS e
        JOIN group_session s ON s.tenant_id = app.tenant_id() AND s.id = e.id AND s.status = 'SCHEDULED' AND s.seats_taken >= s.seats
        WHERE s.seats > (SELECT coalesce(sum(n.count), 0) FROM app.session_seats(ARRAY[s.id]) AS n);
END
$$;

-- Ends a session that a booking made and of which no seat is taken any more; but as long as somebody waits for one, it stays. Reveals nothing.
CREATE OR REPLACE FUNCTION app.end_empty_session(s public.group_session) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT s.is_opened AND s.starts_at > now() THEN
        UPDATE group_session g SET status = 'CANCELLED'
            WHERE g.tenant_id = s.tenant_id AND g.id = s.id AND g.status = 'SCHEDULED' AND g.seats_taken = 0 AND NOT EXISTS (
                SELECT FROM waitlist_entry w WHERE w.tenant_id = s.tenant_id AND w.group_session_id = s.id AND w.status IN ('WAITING', 'OFFERED'));
    END IF;
END
$$;

-- Counts the seats of a session anew, with the session locked: the constraint refuses one too many. Reveals nothing.
CREATE OR REPLACE FUNCTION app.recount_session(session uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    s    group_session;
    used integer;
BEGIN
    SELECT * INTO s FROM group_session g WHERE g.tenant_id = app.tenant_id() AND g.id = session FOR UPDATE;
    IF NOT FOUND OR s.status = 'CANCELLED' THEN
        RETURN;
    END IF;
    used := coalesce((SELECT n.count FROM app.session_seats(ARRAY[session]) AS n), 0);
    IF used <> s.seats_taken THEN
        UPDATE group_session g SET seats_taken = used WHERE g.tenant_id = s.tenant_id AND g.id = s.id;
    END IF;
    IF used < s.seats_taken AND used = 0 THEN
        PERFORM app.end_empty_session(s);
    END IF;
END
$$;
CREATE OR REPLACE FUNCTION app.recount_seats() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' AND app.erases(OLD.tenant_id) THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.group_session_id IS NOT NULL THEN
        PERFORM app.enter_tenant(OLD.tenant_id);
        PERFORM app.recount_session(OLD.group_session_id);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.group_session_id IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.group_session_id IS DISTINCT FROM OLD.group_session_id) THEN
        PERFORM app.enter_tenant(NEW.tenant_id);
        PERFORM app.recount_session(NEW.group_session_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER booking_seats_new AFTER INSERT ON booking FOR EACH ROW WHEN (NEW.group_session_id IS NOT NULL) EXECUTE FUNCTION app.recount_seats();
CREATE OR REPLACE TRIGGER booking_seats AFTER UPDATE OF status, group_session_id ON booking FOR EACH ROW
    WHEN ((OLD.group_session_id IS NOT NULL OR NEW.group_session_id IS NOT NULL)
          AND (OLD.status, OLD.group_session_id) IS DISTINCT FROM (NEW.status, NEW.group_session_id)) EXECUTE FUNCTION app.recount_seats();
CREATE OR REPLACE TRIGGER slot_hold_seats_new AFTER INSERT ON slot_hold FOR EACH ROW WHEN (NEW.group_session_id IS NOT NULL) EXECUTE FUNCTION app.recount_seats();
CREATE OR REPLACE TRIGGER slot_hold_seats AFTER UPDATE OF expires_at, booking_id ON slot_hold FOR EACH ROW
    WHEN (NEW.group_session_id IS NOT NULL AND (OLD.expires_at, OLD.booking_id) IS DISTINCT FROM (NEW.expires_at, NEW.booking_id)) EXECUTE FUNCTION app.recount_seats();
CREATE OR REPLACE TRIGGER slot_hold_seats_gone AFTER DELETE ON slot_hold FOR EACH ROW WHEN (OLD.group_session_id IS NOT NULL) EXECUTE FUNCTION app.recount_seats();

-- Who is where in a session is the session's business: by itself a seat is completed or cancelled, nothing else. (Named to run before the others.)
CREATE OR REPLACE FUNCTION app.check_seat_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status NOT IN ('COMPLETED', 'CANCELLED') THEN
        PERFORM app.refuse('booking_seat');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER booking_as_seat BEFORE UPDATE OF status, instructor_id, starts_at, ends_at ON booking FOR EACH ROW
    WHEN (current_user = 'lectern_app' AND OLD.group_session_id IS NOT NULL) EXECUTE FUNCTION app.check_seat_move();

-- Refuses a session with more seats than one of these resources takes people. Reveals: that bit, of what the whole school sees.
CREATE OR REPLACE FUNCTION app.check_session_fits(resources uuid[], places integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    smallest CONSTANT integer := (SELECT min(r.capacity) FROM public.resource r WHERE r.tenant_id = app.tenant_id() AND r.id = ANY (resources));
BEGIN
    IF smallest < places THEN
        PERFORM app.refuse('resource_too_small', jsonb_build_object('limit', smallest)::text);
    END IF;
END
$$;

-- Makes a session: its row, its resources, its claims. Whoever calls has looked under the turns of all parties. Reveals nothing.
CREATE OR REPLACE FUNCTION app.make_session(new_id uuid, t public.booking_type, span_start timestamptz, span_end timestamptz, instructor uuid, resources uuid[],
        places integer, by_hand boolean) RETURNS group_session
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    s group_session;
BEGIN
    IF by_hand THEN
        PERFORM app.check_session_fits(resources, places);
    ELSE -- as many as its resources take
        places := least(places, (SELECT min(r.capacity) FROM resource r WHERE r.tenant_id = t.tenant_id AND r.id = ANY (resources)));
    END IF;
    INSERT INTO group_session (tenant_id, id, booking_type_id, instructor_id, starts_at, ends_at, buffer_before_minutes, buffer_after_minutes, seats, is_opened)
        VALUES (t.tenant_id, new_id, t.id, instructor, span_start, span_end, t.buffer_before_minutes, t.buffer_after_minutes, places, by_hand) RETURNING * INTO s;
    INSERT INTO group_session_resource (tenant_id, group_session_id, resource_id, place, setup_minutes, teardown_minutes)
        SELECT t.tenant_id, new_id, r.id, w.place, r.setup_minutes, r.teardown_minutes
        FROM unnest(resources) WITH ORDINALITY AS w(id, place) JOIN resource r ON r.tenant_id = t.tenant_id AND r.id = w.id AND r.deleted_at IS NULL;
    RETURN s;
END
$$;

-- Whether a session may be made, changed or called off by the actor.
CREATE OR REPLACE FUNCTION app.may_lead(instructor uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT app.can('BOOKING_MANAGE') OR (app.can('AVAILABILITY_MANAGE') AND instructor IS NOT DISTINCT FROM app.user_id())
$$;

-- Opens sessions of a type by hand: `wanted` holds id, starts, ends, instructor and resources of each. The service has judged them under the turns of all
-- parties; the constraints have the last word. Reveals nothing.
CREATE OR REPLACE FUNCTION app.open_group_sessions(wanted_type uuid, places integer, wanted jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    t booking_type;
    w record;
BEGIN
    SELECT * INTO t FROM booking_type y WHERE y.tenant_id = app.tenant_id() AND y.id = wanted_type AND y.deleted_at IS NULL AND y.is_active AND y.seats > 1 FOR SHARE;
    IF NOT FOUND THEN
        PERFORM app.refuse('slot_type');
    END IF;
    FOR w IN SELECT * FROM jsonb_to_recordset(wanted) AS o(id uuid, starts timestamptz, ends timestamptz, instructor uuid, resources uuid[]) ORDER BY o.starts LOOP
        IF NOT app.may_lead(w.instructor) THEN
            PERFORM app.refuse('group_session_party');
        END IF;
        -- Own holds never stand in one's own way.
        PERFORM app.make_room(app.user_id(), NULL, NULL, NULL, w.instructor, w.resources, w.starts, w.ends, t.buffer_before_minutes, t.buffer_after_minutes);
        PERFORM app.make_session(w.id, t, w.starts, w.ends, w.instructor, w.resources, coalesce(places, t.seats), true);
    END LOOP;
END
$$;

-- The seats of a session whose instructor, resources and time are what the session says. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_session(s public.group_session, seat uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM booking_resource l WHERE l.tenant_id = s.tenant_id AND l.booking_id = seat
        AND NOT EXISTS (SELECT FROM group_session_resource r WHERE r.tenant_id = s.tenant_id AND r.group_session_id = s.id AND r.resource_id = l.resource_id);
    INSERT INTO booking_resource AS l (tenant_id, booking_id, resource_id, place, setup_minutes, teardown_minutes)
        SELECT s.tenant_id, seat, r.resource_id, r.place, r.setup_minutes, r.teardown_minutes FROM group_session_resource r
        WHERE r.tenant_id = s.tenant_id AND r.group_session_id = s.id
        ON CONFLICT (tenant_id, booking_id, resource_id) DO UPDATE SET place = excluded.place WHERE l.place <> excluded.place;
END
$$;

-- The session of a type that stands at that very time with that instructor (or, where it needs none, one of these resources), locked; NULL where there is none. Reveals:
-- what the whole school sees.
CREATE OR REPLACE FUNCTION app.session_at(t public.booking_type, span_start timestamptz, span_end timestamptz, instructor uuid, resources uuid[]) RETURNS group_session
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    s group_session;
BEGIN
    SELECT * INTO s FROM group_session g
        WHERE g.tenant_id = t.tenant_id AND g.booking_type_id = t.id AND g.starts_at = span_start AND g.ends_at = span_end AND g.status = 'SCHEDULED'
          AND g.instructor_id IS NOT DISTINCT FROM instructor
          AND (instructor IS NOT NULL OR EXISTS (
              SELECT FROM group_session_resource l WHERE l.tenant_id = g.tenant_id AND l.group_session_id = g.id AND l.resource_id = ANY (resources)))
        ORDER BY g.id LIMIT 1 FOR UPDATE;
    RETURN s;
END
$$;

-- The same to take a seat in, made where there is none. Reveals nothing.
CREATE OR REPLACE FUNCTION app.seat_at(t public.booking_type, span_start timestamptz, span_end timestamptz, instructor uuid, resources uuid[]) RETURNS group_session
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    s group_session := app.session_at(t, span_start, span_end, instructor, resources);
BEGIN
    IF s.id IS NULL THEN
        s := app.make_session(app.uuid_v7(), t, span_start, span_end, instructor, resources, t.seats, false);
    END IF;
    RETURN s;
END
$$;

-- The same to hold a seat in, made where there is none: whoever else comes for that slot sits beside. But where the school answers first, a session is made when it does;
-- then it is NULL, and all that the booking would take is held. Reveals nothing.
CREATE OR REPLACE FUNCTION app.seat_to_hold(t public.booking_type, span_start timestamptz, span_end timestamptz, instructor uuid, resources uuid[]) RETURNS group_session
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    s group_session := app.session_at(t, span_start, span_end, instructor, resources);
BEGIN
    IF s.id IS NULL AND (app.can('BOOKING_MANAGE') OR NOT (t.needs_approval OR EXISTS (
        SELECT FROM resource r WHERE r.tenant_id = t.tenant_id AND r.id = ANY (resources) AND r.mode = 'APPROVAL_REQUIRED')))
    THEN
        s := app.make_session(app.uuid_v7(), t, span_start, span_end, instructor, resources, t.seats, false);
    END IF;
    RETURN s;
END
$$;

-- Grants a request for a type of several seats: REQUESTED, then APPROVED, then ASSIGNED, in the session at its time with that instructor and these resources, made where there
-- is none. For app.confirm_booking. Only who manages bookings may; the service has judged it under the turns of all parties. Reveals nothing.
CREATE OR REPLACE FUNCTION app.confirm_seat(wanted_booking uuid, instructor uuid, resources uuid[], chosen jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    b      booking;
    t      booking_type;
    s      group_session;
    before CONSTANT text := current_setting('app.notify', true);
BEGIN
    IF NOT app.can('BOOKING_MANAGE') THEN
        PERFORM app.refuse('booking_party');
    END IF;
    SELECT * INTO b FROM booking o WHERE o.tenant_id = app.tenant_id() AND o.id = wanted_booking FOR UPDATE;
    IF b.status IS NULL OR b.status NOT IN ('REQUESTED', 'APPROVED') THEN
        PERFORM app.refuse(CASE WHEN b.group_session_id IS NULL THEN 'booking_transition' ELSE 'booking_seat' END);
    END IF;
    SELECT * INTO STRICT t FROM booking_type y WHERE y.tenant_id = b.tenant_id AND y.id = b.booking_type_id FOR SHARE;
    IF b.status = 'REQUESTED' THEN
        PERFORM set_config('app.notify', 'off', true); -- people are told of the assignment alone
        UPDATE booking o SET status = 'APPROVED' WHERE o.tenant_id = b.tenant_id AND o.id = b.id;
        PERFORM set_config('app.notify', coalesce(before, ''), true);
    END IF;
    s := app.seat_at(t, b.starts_at, b.ends_at, instructor, resources);
    UPDATE booking o SET status = 'ASSIGNED', instructor_id = s.instructor_id, group_session_id = s.id WHERE o.tenant_id = b.tenant_id AND o.id = b.id;
    PERFORM app.follow_session(s, b.id), app.note_assignment(b.id, chosen);
END
$$;

-- Moves a seat to another session, or to a slot of the type, for which this makes one. Whether there is time the service has judged under the turns of all parties, and what its
-- terms say of moving; `why` and `onward` as of app.move_booking, for which this is. Reveals nothing.
CREATE OR REPLACE FUNCTION app.move_seat(wanted_booking uuid, span_start timestamptz, span_end timestamptz, instructor uuid, resources uuid[], chosen jsonb,
        why text, onward uuid, onward_start timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    b booking;
    t booking_type;
    s group_session;
BEGIN
    SELECT * INTO b FROM booking o WHERE o.tenant_id = app.tenant_id() AND o.id = wanted_booking FOR UPDATE;
    IF b.group_session_id IS NULL OR b.status NOT IN ('APPROVED', 'ASSIGNED') THEN
        PERFORM app.refuse('booking_transition');
    ELSIF NOT (app.can('BOOKING_MANAGE') OR (app.can('BOOKING_REQUEST') AND b.student_id = app.user_id())) THEN
        PERFORM app.refuse('booking_party');
    END IF;
    SELECT * INTO STRICT t FROM booking_type y WHERE y.tenant_id = b.tenant_id AND y.id = b.booking_type_id FOR SHARE;
    s := app.seat_at(t, span_start, span_end, instructor, resources);
    UPDATE booking o SET starts_at = s.starts_at, ends_at = s.ends_at, instructor_id = s.instructor_id, group_session_id = s.id, status = 'ASSIGNED', reschedule_reason = why,
            series_id = coalesce(onward, o.series_id), series_starts_at = coalesce(onward_start, o.series_starts_at)
        WHERE o.tenant_id = b.tenant_id AND o.id = b.id;
    PERFORM app.follow_session(s, b.id), app.note_assignment(b.id, chosen);
END
$$;

-- Waits for the turns of those who have a seat in a session, and of others whose time a change of it takes. Reveals nothing.
CREATE OR REPLACE FUNCTION app.take_session_turns(session uuid, others uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.take_time_turns(others || ARRAY(SELECT b.student_id FROM booking b
        WHERE b.tenant_id = app.tenant_id() AND b.group_session_id = session AND b.status IN ('APPROVED', 'ASSIGNED')));
END
$$;

-- Locks a session that the actor is to change, and its seats before it: whoever cancels one holds its booking when they come to the session. Reveals nothing.
CREATE OR REPLACE FUNCTION app.lock_session(session uuid) RETURNS group_session
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    s group_session;
BEGIN
    SELECT * INTO s FROM group_session g WHERE g.tenant_id = app.tenant_id() AND g.id = session;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF NOT app.may_lead(s.instructor_id) THEN
        PERFORM app.refuse('group_session_party');
    END IF;
    PERFORM app.lock_for('slots', s.booking_type_id); -- no seat is taken meanwhile
    PERFORM FROM booking b WHERE b.tenant_id = s.tenant_id AND b.group_session_id = s.id AND b.status IN ('APPROVED', 'ASSIGNED') ORDER BY b.id FOR UPDATE;
    SELECT * INTO s FROM group_session g WHERE g.tenant_id = s.tenant_id AND g.id = s.id FOR UPDATE;
    IF s.status = 'CANCELLED' OR s.starts_at <= now() THEN
        PERFORM app.refuse('group_session_over');
    END IF;
    RETURN s;
END
$$;

-- Ends what is held of a session, offers first: their learners are told. Reveals nothing.
CREATE OR REPLACE FUNCTION app.end_holds_of_session(session uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE waitlist_entry w SET status = 'EXPIRED' WHERE w.tenant_id = app.tenant_id() AND w.group_session_id = session AND w.status = 'OFFERED';
    DELETE FROM time_claim c USING slot_hold h
        WHERE h.tenant_id = app.tenant_id() AND h.group_session_id = session AND h.booking_id IS NULL AND c.tenant_id = h.tenant_id AND c.hold_id = h.id;
    UPDATE slot_hold h SET expires_at = now()
        WHERE h.tenant_id = app.tenant_id() AND h.group_session_id = session AND h.booking_id IS NULL AND h.expires_at > now();
END
$$;

-- What is held of a session is held with the instructor and the resources that it has now; why another instructor was chosen is void. Reveals nothing.
CREATE OR REPLACE FUNCTION app.lead_holds(s public.group_session) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE slot_hold h SET instructor_id = s.instructor_id, assignment = NULL
        WHERE h.tenant_id = s.tenant_id AND h.group_session_id = s.id AND h.booking_id IS NULL AND h.instructor_id IS DISTINCT FROM s.instructor_id;
    DELETE FROM slot_hold_resource l USING slot_hold h
        WHERE h.tenant_id = s.tenant_id AND h.group_session_id = s.id AND h.booking_id IS NULL AND l.tenant_id = h.tenant_id AND l.hold_id = h.id;
    INSERT INTO slot_hold_resource (tenant_id, hold_id, resource_id, place, setup_minutes, teardown_minutes)
        SELECT h.tenant_id, h.id, r.resource_id, r.place, r.setup_minutes, r.teardown_minutes
        FROM slot_hold h JOIN group_session_resource r ON r.tenant_id = h.tenant_id AND r.group_session_id = h.group_session_id
        WHERE h.tenant_id = s.tenant_id AND h.group_session_id = s.id AND h.booking_id IS NULL;
END
$$;

-- Another time, instructor, resources or number of seats for a session and all its seats, all or none. The service has judged it under the turns of all parties.
-- `resources` NULL: those that it has. Reveals nothing.
CREATE OR REPLACE FUNCTION app.change_group_session(session uuid, span_start timestamptz, span_end timestamptz, instructor uuid, resources uuid[], places integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    s   group_session := app.lock_session(session);
    old group_session := s;
    has  uuid[];
    kept uuid[];
BEGIN
    IF s.id IS NULL THEN
        RETURN;
    ELSIF NOT app.may_lead(instructor) THEN
        PERFORM app.refuse('group_session_party');
    END IF;
    kept := ARRAY(SELECT l.resource_id FROM group_session_resource l WHERE l.tenant_id = s.tenant_id AND l.group_session_id = s.id);
    has := coalesce(resources, kept);
    PERFORM app.check_session_fits(has, places);
    PERFORM set_config('app.told_as', 'session', true); -- learners are told of their seats, the instructor once
    IF places < s.seats THEN
        PERFORM app.recount_session(s.id); -- holds that expired take none
    END IF;
    IF resources IS NOT NULL THEN
        DELETE FROM group_session_resource l WHERE l.tenant_id = s.tenant_id AND l.group_session_id = s.id AND l.resource_id <> ALL (resources);
    END IF;
    -- Other resources alone are a change as well.
    UPDATE group_session g SET starts_at = span_start, ends_at = span_end, instructor_id = instructor, seats = places,
            updated_at = CASE WHEN (g.starts_at, g.ends_at, g.instructor_id, g.seats) IS DISTINCT FROM (span_start, span_end, instructor, places) OR NOT (has <@ kept AND kept <@ has)
                              THEN now() ELSE g.updated_at END
        WHERE g.tenant_id = s.tenant_id AND g.id = s.id RETURNING * INTO s;
    IF resources IS NOT NULL THEN
        INSERT INTO group_session_resource AS l (tenant_id, group_session_id, resource_id, place, setup_minutes, teardown_minutes)
            SELECT s.tenant_id, s.id, r.id, w.place, r.setup_minutes, r.teardown_minutes
            FROM unnest(resources) WITH ORDINALITY AS w(id, place) JOIN resource r ON r.tenant_id = s.tenant_id AND r.id = w.id AND r.deleted_at IS NULL
            ON CONFLICT (tenant_id, group_session_id, resource_id) DO UPDATE SET place = excluded.place WHERE l.place <> excluded.place;
    END IF;
    -- What is held of it is held at its time: such holds end with that, and follow everything else.
    IF (s.starts_at, s.ends_at) <> (old.starts_at, old.ends_at) THEN
        PERFORM app.end_holds_of_session(s.id);
        UPDATE waitlist_entry w SET starts_at = s.starts_at, ends_at = s.ends_at
            WHERE w.tenant_id = s.tenant_id AND w.group_session_id = s.id AND w.status = 'WAITING';
    ELSE
        PERFORM app.lead_holds(s);
    END IF;
    UPDATE booking b SET starts_at = s.starts_at, ends_at = s.ends_at, instructor_id = s.instructor_id,
            status = CASE WHEN s.instructor_id IS NULL THEN b.status ELSE 'ASSIGNED' END
        WHERE b.tenant_id = s.tenant_id AND b.group_session_id = s.id AND b.status IN ('APPROVED', 'ASSIGNED')
          AND (b.starts_at, b.ends_at, b.instructor_id) IS DISTINCT FROM (s.starts_at, s.ends_at, s.instructor_id);
    IF resources IS NOT NULL THEN
        PERFORM app.follow_session(s, b.id) FROM booking b
            WHERE b.tenant_id = s.tenant_id AND b.group_session_id = s.id AND b.status IN ('APPROVED', 'ASSIGNED');
    END IF;
    PERFORM set_config('app.told_as', '', true);
    IF s.instructor_id IS NOT NULL AND (s.starts_at, s.ends_at, s.instructor_id) IS DISTINCT FROM (old.starts_at, old.ends_at, old.instructor_id)
        AND app.notifies('notify.session_changed')
    THEN
        PERFORM app.emit('notify.session_changed', app.type_id('groupsession', s.id), NULL,
                         jsonb_build_object('instructor', s.instructor_id, 'facts', jsonb_build_object('from', s.starts_at, 'until', s.ends_at)));
    END IF;
    PERFORM app.ask_for_offers(s.starts_at, s.ends_at); -- there may be more seats
END
$$;

-- Calls a session off, with all its seats; what is held of it ends. Everybody is told of the session, and not of their booking. Reveals nothing.
CREATE OR REPLACE FUNCTION app.cancel_group_session(session uuid, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    s group_session := app.lock_session(session);
BEGIN
    IF s.id IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('app.told_as', 'nothing', true);
    UPDATE group_session g SET status = 'CANCELLED', cancel_reason = reason, seats_taken = 0 WHERE g.tenant_id = s.tenant_id AND g.id = s.id;
    UPDATE booking b SET status = 'CANCELLED', cancel_reason = reason
        WHERE b.tenant_id = s.tenant_id AND b.group_session_id = s.id AND b.status IN ('APPROVED', 'ASSIGNED');
    PERFORM app.end_holds_of_session(s.id);
    UPDATE waitlist_entry w SET status = 'EXPIRED' WHERE w.tenant_id = s.tenant_id AND w.group_session_id = s.id AND w.status = 'WAITING';
    PERFORM set_config('app.told_as', '', true);
END
$$;

-- The calendar entry of a seat as it is a moment later, when it is cancelled with its session.
CREATE OR REPLACE FUNCTION app.cancelled_invite_of(b public.booking) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    b.status := 'CANCELLED';
    b.revision := coalesce(b.revision, 0) + 1;
    b.updated_at := now();
    RETURN app.invite_of(b);
END
$$;

-- Tells of a session that was opened, changed or called off. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_session() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    type CONSTANT text := CASE WHEN TG_OP = 'INSERT' THEN 'group_session.opened'
                               WHEN NEW.status = 'CANCELLED' THEN 'group_session.cancelled' ELSE 'group_session.changed' END;
    data jsonb;
    note jsonb;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.webhooks_want(type) THEN
        data := jsonb_build_object(
            'id', app.type_id('groupsession', NEW.id), 'bookingTypeId', app.type_id('bookingtype', NEW.booking_type_id),
            'instructorId', app.type_id('user', NEW.instructor_id), 'startsAt', app.rfc3339(NEW.starts_at), 'endsAt', app.rfc3339(NEW.ends_at),
            'seats', NEW.seats, 'status', NEW.status);
    END IF;
    IF type = 'group_session.cancelled' AND app.notifies(type) THEN
        note := jsonb_build_object('people', (
                SELECT coalesce(jsonb_agg(p.id), '[]') FROM (
                    SELECT b.student_id AS id FROM booking b
                    WHERE b.tenant_id = NEW.tenant_id AND b.group_session_id = NEW.id AND b.status IN ('APPROVED', 'ASSIGNED')
                  -- What ends by itself is told to nobody.
                  UNION SELECT NEW.instructor_id WHERE NEW.instructor_id IS NOT NULL AND (NEW.is_opened OR OLD.seats_taken > 0)) AS p),
            -- Each learner takes their own seat out of their calendar.
            'attachments', (
                SELECT coalesce(jsonb_object_agg(b.student_id, jsonb_build_array(app.cancelled_invite_of(b))), '{}') FROM booking b
                WHERE b.tenant_id = NEW.tenant_id AND b.group_session_id = NEW.id AND b.status IN ('APPROVED', 'ASSIGNED')),
            'facts', jsonb_build_object('from', NEW.starts_at, 'until', NEW.ends_at));
    END IF;
    IF data IS NOT NULL OR note IS NOT NULL THEN
        PERFORM app.emit(type, app.type_id('groupsession', NEW.id), data, note);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER group_session_tell_new AFTER INSERT ON group_session FOR EACH ROW EXECUTE FUNCTION app.tell_of_session();
CREATE OR REPLACE TRIGGER group_session_tell AFTER UPDATE OF starts_at, ends_at, instructor_id, seats, status, updated_at ON group_session FOR EACH ROW
    WHEN ((OLD.starts_at, OLD.ends_at, OLD.instructor_id, OLD.seats, OLD.status, OLD.updated_at)
          IS DISTINCT FROM (NEW.starts_at, NEW.ends_at, NEW.instructor_id, NEW.seats, NEW.status, NEW.updated_at)) EXECUTE FUNCTION app.tell_of_session();

-- A deleted person leaves their coming sessions (their seats became APPROVED with them), and every list that they wait in. Reveals nothing.
CREATE OR REPLACE FUNCTION app.leave_sessions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE group_session s SET instructor_id = NULL
        WHERE s.tenant_id = NEW.tenant_id AND s.instructor_id = NEW.id AND s.status = 'SCHEDULED' AND s.starts_at > now();
    DELETE FROM waitlist_entry w WHERE w.tenant_id = NEW.tenant_id AND w.learner_id = NEW.id;
    UPDATE waitlist_entry w SET status = 'EXPIRED'
        WHERE w.tenant_id = NEW.tenant_id AND w.instructor_id = NEW.id AND w.status IN ('WAITING', 'OFFERED');
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_leave_sessions AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.leave_sessions();

CREATE OR REPLACE TRIGGER group_session_touch BEFORE UPDATE ON group_session FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER group_session_audit AFTER INSERT OR UPDATE OR DELETE ON group_session FOR EACH ROW EXECUTE FUNCTION app.audit('GroupSession', 'id');
CREATE OR REPLACE TRIGGER group_session_resource_audit AFTER INSERT OR UPDATE OR DELETE ON group_session_resource FOR EACH ROW
    EXECUTE FUNCTION app.audit('GroupSession', 'group_session_id');

GRANT EXECUTE ON FUNCTION app.session_seats(uuid[]), app.slot_sessions(uuid, uuid, timestamptz, timestamptz, uuid[]), app.sessions_with_seats(), app.open_group_sessions(uuid, integer, jsonb),
    app.change_group_session(uuid, timestamptz, timestamptz, uuid, uuid[], integer), app.cancel_group_session(uuid, text),
    app.take_session_turns(uuid, uuid[]) TO lectern_app;
