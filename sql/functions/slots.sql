-- Slots: the facts by which the service says what can be booked, and the writing of holds and bookings under the turns of all whose time they take.
-- The rules themselves stand in the service (one code for offering, explaining and booking); what is written here the constraints have the last word on.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   slot_party             it is not the actor's to hold, or to book
--   slot_type              the type is gone, or takes no new bookings
--   slot_hold_places       somebody holds as many slots as they may
--   slot_hold_unknown      there is no such hold of the actor
--   slot_hold_expired      there was, and it is over
--   booking_type_in_use    what has bookings, or a session, is not deleted, and stays one to one or of several

-- What a booking type is made of, in one value: its rules, its instructors as they stand, its requirements. NULL where there is none. Reveals: what the
-- whole school may see, and to the service alone how much its instructors may be booked for.
CREATE OR REPLACE FUNCTION app.slot_type(wanted uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    t booking_type;
BEGIN
    SELECT * INTO t FROM booking_type y WHERE y.tenant_id = app.tenant_id() AND y.id = wanted AND y.deleted_at IS NULL;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN to_jsonb(t) - '{search,description,created_at,updated_at}'::text[] || jsonb_build_object(
        'zone', (SELECT s.time_zone FROM tenant s WHERE s.tenant_id = t.tenant_id),
        'instructors', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('id', i.instructor_id, 'weight', i.weight, 'assigned', i.assigned_count, 'last', i.last_assigned_at,
                                                         'day', l.max_minutes_per_day, 'week', l.max_minutes_per_week) ORDER BY i.place), '[]')
            FROM booking_type_instructor i
            JOIN app_user u ON u.tenant_id = i.tenant_id AND u.id = i.instructor_id AND u.is_instructor
            LEFT JOIN instructor_limit l ON l.tenant_id = i.tenant_id AND l.user_id = i.instructor_id
            WHERE i.tenant_id = t.tenant_id AND i.type_id = t.id),
        'requirements', (
            SELECT coalesce(jsonb_agg(coalesce(x.resources, '[]') ORDER BY q.place), '[]')
            FROM booking_type_requirement q
            LEFT JOIN (SELECT x.requirement, jsonb_agg(jsonb_build_object('id', r.id, 'mode', r.mode, 'setup', r.setup_minutes, 'teardown', r.teardown_minutes,
                                  'zone', r.time_zone, 'capacity', r.capacity, 'ruled', EXISTS (SELECT FROM availability_rule a WHERE a.tenant_id = r.tenant_id AND a.resource_id = r.id)) ORDER BY x.place) AS resources
                       FROM booking_type_resource x JOIN resource r ON r.tenant_id = x.tenant_id AND r.id = x.resource_id AND r.deleted_at IS NULL
                       WHERE x.tenant_id = t.tenant_id AND x.type_id = t.id GROUP BY x.requirement) AS x ON x.requirement = q.place
            WHERE q.tenant_id = t.tenant_id AND q.type_id = t.id),
        'eligibility', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('kind', e.kind, 'subjects', e.subject_ids, 'most', e.max_count) ORDER BY e.place), '[]')
            FROM booking_type_rule e WHERE e.tenant_id = t.tenant_id AND e.type_id = t.id));
END
$$;

-- The same where there is no type: everybody who teaches, by LEAST_BUSY, and nothing else is asked. Reveals: likewise.
CREATE OR REPLACE FUNCTION app.slot_anybody() RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN jsonb_build_object('zone', (SELECT s.time_zone FROM tenant s WHERE s.tenant_id = app.tenant_id()), 'instructors', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'weight', 1, 'assigned', 0, 'last', NULL,
                                                     'day', l.max_minutes_per_day, 'week', l.max_minutes_per_week) ORDER BY u.id), '[]')
        FROM app_user u LEFT JOIN instructor_limit l ON l.tenant_id = u.tenant_id AND l.user_id = u.id
        WHERE u.tenant_id = app.tenant_id() AND u.is_instructor));
END
$$;

-- What is known of these instructors, resources and of a learner (NULL: of none) for starts from range_start to range_end and bookings of so many minutes:
--   GIVEN, OFF        when a party is open by rules and single openings, and what is taken off; from a day before to a day after
--   CLAIMED           when a party is taken, with all that is claimed around it; but not by expired holds, by the holder's own, or by the given bookings
--   EVER, OPEN, DAY   the learner's bookings of the type: in all, those that are not over, and by dates
--   TYPE              each instructor's bookings of the type, by dates
--   MINUTES           and their booked minutes over all types and none
--   LED               and the group sessions of the type within the range that are among these bookings
--   TAKEN             and their claimed minutes
--   SHARE             how many bookings of the type each was given, and when the last: as of now, for whoever has waited for the type's turn
--   MET               whether the learner meets each rule of eligibility, in their order
-- Dates are the school's, from the Monday before the range to the Sunday after it. `wants` says which of TYPE, MINUTES, LED, TAKEN and SHARE are asked for.
-- Reveals: these spans and numbers, and nothing of what is behind them.
CREATE OR REPLACE FUNCTION app.slot_facts(wanted_type uuid, instructors uuid[], resources uuid[], learner uuid, holder uuid, range_start timestamptz, range_end timestamptz,
        minutes integer, except_bookings uuid[], wants text[], except_session uuid DEFAULT NULL)
    RETURNS TABLE (what text, party_id uuid, starts_at timestamptz, ends_at timestamptz, day date, number bigint)
    LANGUAGE plpgsql STABLE ROWS 1000 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    tenant  CONSTANT uuid := app.tenant_id();
    parties CONSTANT uuid[] := instructors || resources || learner;
    length  CONSTANT interval := make_interval(mins => minutes);
    margin  CONSTANT interval := '8 hours'; -- the most that is claimed before or after
    zone    CONSTANT text := (SELECT t.time_zone FROM public.tenant t WHERE t.tenant_id = app.tenant_id());
    first   CONSTANT timestamptz := app.wall_moment(zone, date_trunc('week', range_start AT TIME ZONE zone));
    last    CONSTANT timestamptz := app.wall_moment(zone, date_trunc('week', range_end AT TIME ZONE zone) + interval '7 days');
BEGIN
    RETURN QUERY
        SELECT CASE WHEN p.is_off THEN 'OFF' ELSE 'GIVEN' END, coalesce(p.instructor_id, p.resource_id), p.starts_at, p.ends_at, NULL::date, NULL::bigint
        FROM app.open_pieces(instructors, resources, range_start - interval '1 day', range_end + length + interval '1 day') AS p;
    RETURN QUERY
        SELECT 'CLAIMED', c.party_id, c.starts_at, c.ends_at, NULL::date, NULL::bigint FROM time_claim c
        WHERE c.tenant_id = tenant AND c.party_id = ANY (parties)
          AND c.starts_at < range_end + length + margin AND c.ends_at > range_start - margin AND c.starts_at > range_start - margin - interval '40 hours'
          AND (c.booking_id IS NULL OR c.booking_id <> ALL (except_bookings)) AND (except_session IS NULL OR c.session_id IS DISTINCT FROM except_session)
          AND (c.hold_id IS NULL OR app.is_held(c.hold_id, holder));
    IF learner IS NOT NULL THEN
        RETURN QUERY
            SELECT 'EVER', learner, NULL::timestamptz, NULL::timestamptz, NULL::date, count(*) FROM booking b
            WHERE b.tenant_id = tenant AND b.student_id = learner AND b.booking_type_id = wanted_type AND b.status <> 'CANCELLED' AND b.id <> ALL (except_bookings)
          UNION ALL
            SELECT 'OPEN', learner, NULL, NULL, NULL, count(*) FROM booking b
            WHERE b.tenant_id = tenant AND b.student_id = learner AND b.booking_type_id = wanted_type AND b.status IN ('REQUESTED', 'APPROVED', 'ASSIGNED')
              AND b.ends_at > now() AND b.id <> ALL (except_bookings)
          UNION ALL
            SELECT 'DAY', learner, NULL, NULL, (b.starts_at AT TIME ZONE zone)::date, count(*) FROM booking b
            WHERE b.tenant_id = tenant AND b.student_id = learner AND b.booking_type_id = wanted_type AND b.status <> 'CANCELLED' AND b.id <> ALL (except_bookings)
              AND b.starts_at >= first AND b.starts_at < last GROUP BY 5;
        RETURN QUERY
            SELECT 'MET', learner, NULL::timestamptz, NULL::timestamptz, NULL::date, e.is_met::integer::bigint FROM app.eligibility(wanted_type, learner) AS e ORDER BY e.place;
    END IF;
    IF 'TYPE' = ANY (wants) THEN
        RETURN QUERY
            SELECT 'TYPE', b.instructor_id, NULL::timestamptz, NULL::timestamptz, (b.starts_at AT TIME ZONE zone)::date, count(DISTINCT b.starts_at) FROM booking b -- a session once
            WHERE b.tenant_id = tenant AND b.instructor_id = ANY (instructors) AND b.booking_type_id = wanted_type AND b.status IN ('ASSIGNED', 'COMPLETED')
              AND b.id <> ALL (except_bookings) AND (except_session IS NULL OR b.group_session_id IS DISTINCT FROM except_session)
              AND b.starts_at >= first AND b.starts_at < last GROUP BY 2, 5;
    END IF;
    IF 'MINUTES' = ANY (wants) THEN
        RETURN QUERY
            SELECT 'MINUTES', b.instructor_id, NULL::timestamptz, NULL::timestamptz, (b.starts_at AT TIME ZONE zone)::date,
                   sum(extract(epoch FROM b.ends_at - b.starts_at) / 60)::bigint
            FROM (SELECT DISTINCT o.instructor_id, o.starts_at, o.ends_at FROM booking o -- a session once
                  WHERE o.tenant_id = tenant AND o.instructor_id = ANY (instructors) AND o.status IN ('ASSIGNED', 'COMPLETED')
                    AND o.id <> ALL (except_bookings) AND (except_session IS NULL OR o.group_session_id IS DISTINCT FROM except_session)
                    AND o.starts_at >= first AND o.starts_at < last) AS b GROUP BY 2, 5;
    END IF;
    IF 'LED' = ANY (wants) THEN
        RETURN QUERY
            SELECT DISTINCT 'LED', b.instructor_id, b.starts_at, b.ends_at, NULL::date, NULL::bigint FROM booking b
            WHERE b.tenant_id = tenant AND b.instructor_id = ANY (instructors) AND b.booking_type_id = wanted_type AND b.group_session_id IS NOT NULL
              AND b.status IN ('ASSIGNED', 'COMPLETED') AND b.id <> ALL (except_bookings) AND b.starts_at >= range_start AND b.starts_at <= range_end;
    END IF;
    IF 'TAKEN' = ANY (wants) THEN
        RETURN QUERY
            SELECT 'TAKEN', c.party_id, NULL::timestamptz, NULL::timestamptz, (c.starts_at AT TIME ZONE zone)::date,
                   sum(extract(epoch FROM c.ends_at - c.starts_at) / 60)::bigint FROM time_claim c
            WHERE c.tenant_id = tenant AND c.party_id = ANY (instructors) AND c.starts_at >= first AND c.starts_at < last
              AND (c.booking_id IS NULL OR c.booking_id <> ALL (except_bookings)) AND (except_session IS NULL OR c.session_id IS DISTINCT FROM except_session) AND (c.hold_id IS NULL OR app.is_held(c.hold_id, holder)) GROUP BY 2, 5;
    END IF;
    IF 'SHARE' = ANY (wants) THEN
        RETURN QUERY
            SELECT 'SHARE', i.instructor_id, i.last_assigned_at, NULL::timestamptz, NULL::date, i.assigned_count::bigint FROM booking_type_instructor i
            WHERE i.tenant_id = tenant AND i.type_id = wanted_type AND i.instructor_id = ANY (instructors);
    END IF;
END
$$;

-- The same of one start, as whoever books asks for it: to plan these queries for each booking anew costs more than to run them. Reveals: likewise.
CREATE OR REPLACE FUNCTION app.slot_facts_at(wanted_type uuid, instructors uuid[], resources uuid[], learner uuid, holder uuid, moment timestamptz, minutes integer,
        except_bookings uuid[], wants text[], except_session uuid)
    RETURNS TABLE (what text, party_id uuid, starts_at timestamptz, ends_at timestamptz, day date, number bigint)
    LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY SELECT f.* FROM app.slot_facts(wanted_type, instructors, resources, learner, holder, moment, moment, minutes, except_bookings, wants, except_session) AS f;
END
$$;

-- Whether a hold keeps others than its holder away. Reveals: that bit.
CREATE OR REPLACE FUNCTION app.is_held(hold uuid, holder uuid DEFAULT NULL) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM slot_hold h WHERE h.tenant_id = app.tenant_id() AND h.id = hold AND h.expires_at > now() AND h.owner_id IS DISTINCT FROM holder);
END
$$;

-- Which rules of eligibility a learner meets, in their order. Reveals: these bits, of oneself, to who manages bookings, and to jobs of nobody's.
CREATE OR REPLACE FUNCTION app.eligibility(wanted_type uuid, learner uuid) RETURNS TABLE (place integer, kind text, is_met boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF learner <> app.user_id() AND NOT app.can('BOOKING_MANAGE') AND app.user_id() <> '00000000-0000-0000-0000-000000000000' THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT r.place, r.kind, CASE r.kind
            WHEN 'COURSE_ENROLLED' THEN EXISTS (SELECT FROM enrollment e WHERE e.tenant_id = r.tenant_id AND e.user_id = learner AND e.course_id = ANY (r.subject_ids)
                                                AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED'))
            WHEN 'COURSE_IN_PROGRESS' THEN EXISTS (SELECT FROM enrollment e WHERE e.tenant_id = r.tenant_id AND e.user_id = learner AND e.course_id = ANY (r.subject_ids)
                                                   AND e.status IN ('IN_PROGRESS', 'COMPLETED'))
            WHEN 'COURSE_COMPLETED' THEN EXISTS (SELECT FROM enrollment e WHERE e.tenant_id = r.tenant_id AND e.user_id = learner AND e.course_id = ANY (r.subject_ids)
                                                 AND e.status = 'COMPLETED')
            WHEN 'LESSON_COMPLETED' THEN EXISTS (SELECT FROM lesson_progress p WHERE p.tenant_id = r.tenant_id AND p.user_id = learner AND p.lesson_id = ANY (r.subject_ids)
                                                 AND p.completed_at IS NOT NULL)
            WHEN 'GROUP_MEMBER' THEN EXISTS (SELECT FROM group_member m WHERE m.tenant_id = r.tenant_id AND m.user_id = learner AND m.group_id = ANY (r.subject_ids))
            ELSE (SELECT count(*) FROM booking b WHERE b.tenant_id = r.tenant_id AND b.student_id = learner AND b.outcome = 'NO_SHOW'
                  AND b.starts_at > now() - interval '90 days') <= r.max_count END
        FROM booking_type_rule r WHERE r.tenant_id = app.tenant_id() AND r.type_id = wanted_type ORDER BY r.place;
END
$$;

-- What a booking of a type claims, from when to when.
CREATE OR REPLACE FUNCTION app.claims_of_slot(learner uuid, instructor uuid, resources uuid[], span_start timestamptz, span_end timestamptz, before integer, after integer)
    RETURNS TABLE (kind text, party_id uuid, starts_at timestamptz, ends_at timestamptz) LANGUAGE sql STABLE AS $$
    SELECT 'LEARNER', learner, span_start, span_end WHERE learner IS NOT NULL
  UNION ALL
    SELECT 'INSTRUCTOR', instructor, span_start - make_interval(mins => before), span_end + make_interval(mins => after) WHERE instructor IS NOT NULL
  UNION ALL
    SELECT 'RESOURCE', r.id, span_start - make_interval(mins => r.setup_minutes), span_end + make_interval(mins => r.teardown_minutes)
    FROM public.resource r WHERE r.tenant_id = app.tenant_id() AND r.id = ANY (resources)
$$;

-- Waits for the turns of all whose time is to be claimed, and of all whose time the holder's own holds give back for it: whoever waits for what is given back waits here,
-- in the order of ids, and not inside a constraint. Reveals nothing.
CREATE OR REPLACE FUNCTION app.take_slot_turns(parties uuid[], holder uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.take_time_turns(parties || ARRAY(
        SELECT c.party_id FROM slot_hold h JOIN time_claim c ON c.tenant_id = h.tenant_id AND c.hold_id = h.id
        WHERE h.tenant_id = app.tenant_id() AND h.owner_id = holder AND h.booking_id IS NULL));
END
$$;

-- Makes room for what is to be claimed, under the turns of all whose time it is: expired holds give back what they claim, and so do those of the holder that
-- stand in the way, or are of the type that they book now (but for offers of a waitlist). Reveals nothing.
CREATE OR REPLACE FUNCTION app.make_room(holder uuid, wanted_type uuid, kept uuid, learner uuid, instructor uuid, resources uuid[],
        span_start timestamptz, span_end timestamptz, before integer, after integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE slot_hold h SET expires_at = now()
        WHERE h.tenant_id = app.tenant_id() AND h.owner_id = holder AND h.booking_id IS NULL AND h.expires_at > now() AND h.id IS DISTINCT FROM kept
          AND ((h.booking_type_id = wanted_type AND NOT h.is_offer)
               OR EXISTS (SELECT FROM time_claim c JOIN app.claims_of_slot(learner, instructor, resources, span_start, span_end, before, after) AS w ON w.party_id = c.party_id
                          WHERE c.tenant_id = h.tenant_id AND c.hold_id = h.id AND c.starts_at < w.ends_at AND c.ends_at > w.starts_at));
    DELETE FROM time_claim c USING slot_hold h
        WHERE h.tenant_id = app.tenant_id() AND h.owner_id = holder AND h.booking_id IS NULL AND h.expires_at <= now() AND h.id IS DISTINCT FROM kept
          AND c.tenant_id = h.tenant_id AND c.hold_id = h.id;
    DELETE FROM time_claim c USING app.claims_of_slot(learner, instructor, resources, span_start, span_end, before, after) AS w, slot_hold h
        WHERE c.tenant_id = app.tenant_id() AND c.party_id = w.party_id AND c.hold_id IS NOT NULL AND c.starts_at < w.ends_at AND c.ends_at > w.starts_at
          AND c.starts_at > w.starts_at - interval '40 hours' AND h.tenant_id = c.tenant_id AND h.id = c.hold_id AND h.expires_at <= now();
END
$$;

-- Holds a slot for the actor, in place of their hold of the same type: the row, what it takes of resources, its claims. The service has looked under the turns
-- of all parties (app.take_slot_turns); the constraints have the last word. Reveals nothing.
CREATE OR REPLACE FUNCTION app.hold_slot(hold uuid, wanted_type uuid, learner uuid, span_start timestamptz, span_end timestamptz, instructor uuid,
        resources uuid[], chosen jsonb, minutes integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    t    booking_type;
    seat group_session;
    used bigint;
    most CONSTANT integer := 3;
    until_ CONSTANT timestamptz := now() + make_interval(mins => coalesce(minutes, (SELECT s.slot_hold_minutes FROM tenant_settings s WHERE s.tenant_id = app.tenant_id()), 5));
BEGIN
    IF NOT (app.can('BOOKING_MANAGE') OR (app.can('BOOKING_REQUEST') AND learner = app.user_id())) THEN
        PERFORM app.refuse('slot_party');
    END IF;
    t := app.share_slot_type(wanted_type);
    PERFORM app.lock_for('holds', app.user_id());
    PERFORM app.make_room(app.user_id(), wanted_type, NULL, learner, instructor, resources, span_start, span_end, t.buffer_before_minutes, t.buffer_after_minutes);
    SELECT count(*) INTO used FROM slot_hold h
        WHERE h.tenant_id = app.tenant_id() AND h.owner_id = app.user_id() AND h.booking_id IS NULL AND h.expires_at > now() AND NOT h.is_offer;
    IF used >= most THEN
        PERFORM app.refuse('slot_hold_places', jsonb_build_object('limit', most, 'used', used)::text);
    END IF;
    IF t.seats > 1 THEN
        seat := app.seat_to_hold(t, span_start, span_end, instructor, resources);
    END IF;
    INSERT INTO slot_hold (tenant_id, id, booking_type_id, owner_id, learner_id, starts_at, ends_at, instructor_id, buffer_before_minutes, buffer_after_minutes, assignment, expires_at,
                           group_session_id)
        VALUES (app.tenant_id(), hold, t.id, app.user_id(), learner, span_start, span_end, instructor, t.buffer_before_minutes, t.buffer_after_minutes, chosen, until_, seat.id);
    PERFORM app.claim_hold(hold, resources);
    IF NOT seat.is_opened THEN
        PERFORM app.enqueue('hold.tidy', hold::text, '{}', until_); -- it may be the last seat of its session then
    END IF;
END
$$;

-- What a hold takes of resources, and what it claims. Reveals nothing.
CREATE OR REPLACE FUNCTION app.claim_hold(hold uuid, resources uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO slot_hold_resource (tenant_id, hold_id, resource_id, place, setup_minutes, teardown_minutes)
        SELECT app.tenant_id(), hold, r.id, w.place, r.setup_minutes, r.teardown_minutes
        FROM unnest(resources) WITH ORDINALITY AS w(id, place) JOIN resource r ON r.tenant_id = app.tenant_id() AND r.id = w.id AND r.deleted_at IS NULL;
    INSERT INTO time_claim (tenant_id, id, kind, party_id, hold_id, starts_at, ends_at)
        SELECT h.tenant_id, app.uuid_v7(), w.kind, w.party_id, h.id, w.starts_at, w.ends_at FROM slot_hold h
        CROSS JOIN LATERAL app.claims_of_slot(h.learner_id, CASE WHEN h.group_session_id IS NULL THEN h.instructor_id END, CASE WHEN h.group_session_id IS NULL THEN resources ELSE '{}' END,
                                              h.starts_at, h.ends_at, h.buffer_before_minutes, h.buffer_after_minutes) AS w
        WHERE h.tenant_id = app.tenant_id() AND h.id = hold;
END
$$;

-- A type that takes new bookings, which stays as it is until the transaction ends. Reveals: what the whole school sees of it.
CREATE OR REPLACE FUNCTION app.share_slot_type(wanted uuid) RETURNS booking_type
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    t booking_type;
BEGIN
    SELECT * INTO t FROM booking_type y WHERE y.tenant_id = app.tenant_id() AND y.id = wanted AND y.deleted_at IS NULL AND y.is_active FOR SHARE;
    IF NOT FOUND THEN
        PERFORM app.refuse('slot_type');
    END IF;
    RETURN t;
END
$$;

-- Gives back a hold. Answers whether there was one that lasts, and is the actor's, or anybody's to who manages bookings. Reveals that.
CREATE OR REPLACE FUNCTION app.release_slot(hold uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE slot_hold h SET expires_at = now()
        WHERE h.tenant_id = app.tenant_id() AND h.id = hold AND h.booking_id IS NULL AND h.expires_at > now() AND (h.owner_id = app.user_id() OR app.can('BOOKING_MANAGE'));
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM time_claim c WHERE c.tenant_id = app.tenant_id() AND c.hold_id = hold;
    RETURN true;
END
$$;

-- Books a slot: the row of a booking, what it takes of resources, its claims, or those of the hold that it redeems, which change hands. `state` is ASSIGNED, or
-- REQUESTED where approval is asked for; then the instructor is a wish, and held where the type says so. The service has looked under the turns of all parties.
-- Reveals nothing.
CREATE OR REPLACE FUNCTION app.book_slot(new_id uuid, wanted_type uuid, learner uuid, span_start timestamptz, span_end timestamptz, state text, instructor uuid,
        resources uuid[], course uuid, words text, chosen jsonb, overridden text[], redeemed uuid, series uuid DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    t     booking_type;
    h     slot_hold;
    b     booking;
    s     group_session;
    waits CONSTANT boolean := state = 'REQUESTED';
BEGIN
    IF NOT (app.can('BOOKING_MANAGE') OR (app.can('BOOKING_REQUEST') AND learner = app.user_id() AND overridden IS NULL)) OR state NOT IN ('REQUESTED', 'ASSIGNED') THEN
        PERFORM app.refuse('slot_party');
    END IF;
    t := app.share_slot_type(wanted_type);
    IF redeemed IS NULL AND series IS NULL THEN -- what is offered to the actor, and booked as it is offered, is accepted by that
        SELECT o.id INTO redeemed FROM slot_hold o
            WHERE o.tenant_id = t.tenant_id AND o.owner_id = app.user_id() AND o.is_offer AND o.booking_id IS NULL AND o.expires_at > now() AND o.learner_id = learner
              AND o.booking_type_id = t.id AND (o.starts_at, o.ends_at) = (span_start, span_end) AND o.instructor_id IS NOT DISTINCT FROM instructor
            ORDER BY o.id LIMIT 1;
    END IF;
    IF redeemed IS NOT NULL THEN
        SELECT * INTO h FROM slot_hold o WHERE o.tenant_id = t.tenant_id AND o.id = redeemed AND o.owner_id = app.user_id() FOR UPDATE;
        IF NOT FOUND OR h.booking_id IS NOT NULL THEN
            PERFORM app.refuse('slot_hold_unknown');
        ELSIF h.expires_at <= now() THEN
            PERFORM app.refuse('slot_hold_expired');
        END IF;
        -- Its claims become the booking's. Nobody slips in between: until we commit they are there for everybody else.
        DELETE FROM time_claim c WHERE c.tenant_id = t.tenant_id AND c.hold_id = redeemed;
        -- Nor is its seat counted twice.
        UPDATE slot_hold o SET group_session_id = NULL WHERE o.tenant_id = t.tenant_id AND o.id = redeemed AND o.group_session_id IS NOT NULL;
    END IF;
    PERFORM app.make_room(app.user_id(), wanted_type, redeemed, learner, instructor, resources, span_start, span_end, t.buffer_before_minutes, t.buffer_after_minutes);
    IF t.seats > 1 AND NOT waits THEN
        s := app.seat_at(t, span_start, span_end, instructor, resources);
    END IF;
    INSERT INTO booking (tenant_id, id, student_id, requested_instructor_id, instructor_id, course_id, starts_at, ends_at, status, notes, booking_type_id, needs_no_instructor,
                         holds_while_requested, buffer_before_minutes, buffer_after_minutes, override,
                         group_session_id, series_id, series_starts_at)
        VALUES (t.tenant_id, new_id, learner, CASE WHEN waits THEN instructor END, CASE WHEN NOT waits THEN instructor END, coalesce(t.course_id, course), span_start, span_end,
                state, words, t.id, nullif(NOT t.needs_instructor, false), nullif(t.holds_while_requested AND t.seats = 1, false), t.buffer_before_minutes, t.buffer_after_minutes, overridden,
                s.id, series, CASE WHEN series IS NOT NULL THEN span_start END)
        RETURNING * INTO b;
    IF s.id IS NULL THEN
        PERFORM app.take_resources(b, resources);
    ELSE
        PERFORM app.follow_session(s, b.id);
    END IF;
    PERFORM app.note_assignment(new_id, coalesce(chosen, h.assignment));
    UPDATE slot_hold o SET booking_id = new_id WHERE o.tenant_id = t.tenant_id AND o.id = redeemed;
END
$$;

-- What a booking takes of resources: these, in this order, in place of those before; those that it keeps stay as they were booked. Claims follow at once. Reveals nothing.
CREATE OR REPLACE FUNCTION app.take_resources(b public.booking, wanted uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM booking_resource l WHERE l.tenant_id = b.tenant_id AND l.booking_id = b.id AND l.resource_id <> ALL (wanted);
    INSERT INTO booking_resource AS l (tenant_id, booking_id, resource_id, place, setup_minutes, teardown_minutes)
        SELECT b.tenant_id, b.id, r.id, w.place, r.setup_minutes, r.teardown_minutes
        FROM unnest(wanted) WITH ORDINALITY AS w(id, place) JOIN resource r ON r.tenant_id = b.tenant_id AND r.id = w.id AND r.deleted_at IS NULL
        ON CONFLICT (tenant_id, booking_id, resource_id) DO UPDATE SET place = excluded.place WHERE l.place <> excluded.place;
    IF cardinality(wanted) > 0 OR EXISTS (SELECT FROM time_claim c WHERE c.tenant_id = b.tenant_id AND c.booking_id = b.id AND c.kind = 'RESOURCE') THEN
        PERFORM app.claim_time_of(b);
    END IF;
END
$$;

-- Notes who was chosen for a booking, and why; NULL: a person chose. `chosen`: {"strategy", "reason", "candidates"}. Reveals nothing.
CREATE OR REPLACE FUNCTION app.note_assignment(wanted_booking uuid, chosen jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM booking_assignment a WHERE a.tenant_id = app.tenant_id() AND a.booking_id = wanted_booking;
    INSERT INTO booking_assignment (tenant_id, booking_id, strategy, reason, at, candidates)
        SELECT app.tenant_id(), wanted_booking, chosen ->> 'strategy', chosen ->> 'reason', now(), chosen -> 'candidates' WHERE chosen IS NOT NULL;
END
$$;

-- What was noted of a choice is void once a person gives the booking to somebody else. Reveals nothing.
CREATE OR REPLACE FUNCTION app.void_assignment() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM booking_assignment a WHERE a.tenant_id = NEW.tenant_id AND a.booking_id = NEW.id
        AND NOT EXISTS (SELECT FROM jsonb_array_elements(a.candidates) AS c WHERE (c ->> 'is_chosen')::boolean AND c ->> 'instructor' = NEW.instructor_id::text);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER booking_void_assignment AFTER UPDATE OF instructor_id ON booking FOR EACH ROW
    WHEN (NEW.instructor_id IS NOT NULL AND NEW.instructor_id IS DISTINCT FROM OLD.instructor_id) EXECUTE FUNCTION app.void_assignment();

-- How many bookings of its type an instructor was given: raised where one is assigned, lowered where it is called off or given to somebody else. The row is locked
-- until the end, so that two who are chosen at once are counted one after the other. Reveals nothing.
CREATE OR REPLACE FUNCTION app.count_assigned() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    was uuid;
    is_now uuid := CASE WHEN NEW.status IN ('ASSIGNED', 'COMPLETED') THEN NEW.instructor_id END;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        was := CASE WHEN OLD.status IN ('ASSIGNED', 'COMPLETED') THEN OLD.instructor_id END;
    END IF;
    IF was IS NOT DISTINCT FROM is_now THEN
        RETURN NULL;
    END IF;
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE booking_type_instructor i
        SET assigned_count = greatest(i.assigned_count + CASE WHEN i.instructor_id = is_now THEN 1 ELSE -1 END, 0),
            last_assigned_at = CASE WHEN i.instructor_id = is_now THEN clock_timestamp() ELSE i.last_assigned_at END
        WHERE i.tenant_id = NEW.tenant_id AND i.type_id = NEW.booking_type_id AND i.instructor_id IN (was, is_now);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER booking_count_new AFTER INSERT ON booking FOR EACH ROW WHEN (NEW.booking_type_id IS NOT NULL AND NEW.instructor_id IS NOT NULL AND NEW.group_session_id IS NULL)
    EXECUTE FUNCTION app.count_assigned();
CREATE OR REPLACE TRIGGER booking_count AFTER UPDATE OF status, instructor_id ON booking FOR EACH ROW
    WHEN (NEW.booking_type_id IS NOT NULL AND NEW.group_session_id IS NULL AND (OLD.status, OLD.instructor_id) IS DISTINCT FROM (NEW.status, NEW.instructor_id)) EXECUTE FUNCTION app.count_assigned();

-- Whoever is added to a type begins at the smallest share of the others. Reveals nothing.
CREATE OR REPLACE FUNCTION app.begin_share() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF coalesce(current_setting('app.tenant_id', true), '') <> NEW.tenant_id::text THEN
        RETURN NEW; -- an operator's or a seed's, which says it itself
    END IF;
    NEW.assigned_count := greatest(NEW.assigned_count, coalesce(
        (SELECT floor(min(i.assigned_count::numeric / i.weight) * NEW.weight)::integer FROM booking_type_instructor i
         WHERE i.tenant_id = NEW.tenant_id AND i.type_id = NEW.type_id AND i.instructor_id <> NEW.instructor_id), 0));
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER booking_type_instructor_share BEFORE INSERT ON booking_type_instructor FOR EACH ROW EXECUTE FUNCTION app.begin_share();

-- A type without reminders of its own takes those of the school. Reveals nothing.
CREATE OR REPLACE FUNCTION app.give_reminders() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.reminder_minutes IS NOT NULL OR coalesce(current_setting('app.tenant_id', true), '') <> NEW.tenant_id::text THEN
        NEW.reminder_minutes := coalesce(NEW.reminder_minutes, '{1440}');
        RETURN NEW;
    END IF;
    NEW.reminder_minutes := coalesce((SELECT s.booking_reminder_minutes FROM tenant_settings s WHERE s.tenant_id = NEW.tenant_id), '{1440}');
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER booking_type_reminders BEFORE INSERT ON booking_type FOR EACH ROW EXECUTE FUNCTION app.give_reminders();

-- What has bookings is not deleted, and stays one to one or of several. Reveals: that there are some.
CREATE OR REPLACE FUNCTION app.check_type_unused() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF EXISTS (SELECT FROM booking b WHERE b.tenant_id = NEW.tenant_id AND b.booking_type_id = NEW.id)
        OR EXISTS (SELECT FROM group_session s WHERE s.tenant_id = NEW.tenant_id AND s.booking_type_id = NEW.id)
        OR EXISTS (SELECT FROM waitlist_entry w WHERE w.tenant_id = NEW.tenant_id AND w.booking_type_id = NEW.id)
    THEN
        PERFORM app.refuse('booking_type_in_use', jsonb_build_object('field', CASE WHEN NEW.deleted_at IS NULL THEN 'seats' ELSE 'id' END)::text);
    END IF;
    -- What is held of it is given back.
    DELETE FROM time_claim c USING slot_hold h WHERE h.tenant_id = NEW.tenant_id AND h.booking_type_id = NEW.id AND h.booking_id IS NULL AND c.tenant_id = h.tenant_id AND c.hold_id = h.id;
    UPDATE slot_hold h SET expires_at = now() WHERE h.tenant_id = NEW.tenant_id AND h.booking_type_id = NEW.id AND h.booking_id IS NULL AND h.expires_at > now();
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER booking_type_unused AFTER UPDATE ON booking_type FOR EACH ROW
    WHEN ((NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) OR (OLD.seats = 1) <> (NEW.seats = 1)) EXECUTE FUNCTION app.check_type_unused();

-- Types found by the beginnings of words in name, description and location. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_booking_type(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words); -- once, not for every row that is compared
BEGIN
    RETURN QUERY SELECT t.id FROM booking_type t WHERE t.tenant_id = app.tenant_id() AND t.search @@ wanted AND t.deleted_at IS NULL;
END
$$;

-- Deletes some holds that are a day over, redeemed or not; those of offers once these have ended, for they tell what was offered. And ends sessions that bookings
-- made and of which the last seat was a hold that is over. Answers how many holds it deleted. For the job that does so; nobody's doing. Reveals that.
CREATE OR REPLACE FUNCTION app.tidy_holds(most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    session uuid;
    gone    integer;
BEGIN
    PERFORM set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true), set_config('app.permissions', '', true);
    FOR session IN
        SELECT DISTINCT s.id FROM slot_hold h JOIN group_session s ON s.tenant_id = h.tenant_id AND s.id = h.group_session_id
            WHERE h.tenant_id = app.tenant_id() AND h.booking_id IS NULL AND h.expires_at <= now() AND s.status = 'SCHEDULED' AND NOT s.is_opened
              AND s.seats_taken > coalesce((SELECT n.count FROM app.session_seats(ARRAY[s.id]) AS n), 0)
            ORDER BY s.id
    LOOP
        DELETE FROM time_claim c USING slot_hold h
            WHERE h.tenant_id = app.tenant_id() AND h.group_session_id = session AND h.booking_id IS NULL AND h.expires_at <= now()
              AND c.tenant_id = h.tenant_id AND c.hold_id = h.id;
        PERFORM app.recount_session(session);
    END LOOP;
    DELETE FROM slot_hold h WHERE h.tenant_id = app.tenant_id() AND h.id IN (
        SELECT o.id FROM slot_hold o WHERE o.tenant_id = app.tenant_id() AND o.expires_at < now() - interval '1 day' AND NOT EXISTS (
            SELECT FROM waitlist_entry w WHERE w.tenant_id = o.tenant_id AND w.hold_id = o.id AND w.status = 'OFFERED')
        ORDER BY o.expires_at LIMIT most);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;

-- What a deleted person leaves of slots: no holds, no places in booking types. Called with the deletion. Reveals nothing.
CREATE OR REPLACE FUNCTION app.retire_from_slots() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- What is offered with them ends first: its learner is told what it was.
    UPDATE waitlist_entry w SET status = 'EXPIRED' FROM slot_hold h
        WHERE h.tenant_id = NEW.tenant_id AND h.instructor_id = NEW.id AND w.tenant_id = h.tenant_id AND w.hold_id = h.id AND w.status = 'OFFERED';
    DELETE FROM slot_hold h WHERE h.tenant_id = NEW.tenant_id AND h.booking_id IS NULL AND NEW.id IN (h.owner_id, h.learner_id, h.instructor_id);
    DELETE FROM booking_type_instructor i WHERE i.tenant_id = NEW.tenant_id AND i.instructor_id = NEW.id;
    DELETE FROM instructor_limit l WHERE l.tenant_id = NEW.tenant_id AND l.user_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_retire_slots AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_from_slots();

-- A resource that a type requires is not deleted. Reveals: that one does.
CREATE OR REPLACE FUNCTION app.check_resource_unrequired() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF EXISTS (SELECT FROM booking_type_resource x JOIN booking_type t ON t.tenant_id = x.tenant_id AND t.id = x.type_id AND t.deleted_at IS NULL
               WHERE x.tenant_id = NEW.tenant_id AND x.resource_id = NEW.id)
       OR EXISTS (SELECT FROM slot_hold_resource l JOIN slot_hold h ON h.tenant_id = l.tenant_id AND h.id = l.hold_id AND h.booking_id IS NULL AND h.expires_at > now()
                  WHERE l.tenant_id = NEW.tenant_id AND l.resource_id = NEW.id)
    THEN
        PERFORM app.refuse('resource_in_use');
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER resource_unrequired AFTER UPDATE ON resource FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.check_resource_unrequired();

CREATE OR REPLACE TRIGGER booking_type_touch BEFORE UPDATE ON booking_type FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER booking_type_audit AFTER INSERT OR UPDATE OR DELETE ON booking_type FOR EACH ROW EXECUTE FUNCTION app.audit('BookingType', 'id');
CREATE OR REPLACE TRIGGER booking_type_instructor_audit AFTER INSERT OR UPDATE OR DELETE ON booking_type_instructor FOR EACH ROW EXECUTE FUNCTION app.audit('BookingType', 'type_id');
CREATE OR REPLACE TRIGGER booking_type_requirement_audit AFTER INSERT OR UPDATE OR DELETE ON booking_type_requirement FOR EACH ROW EXECUTE FUNCTION app.audit('BookingType', 'type_id');
CREATE OR REPLACE TRIGGER booking_type_resource_audit AFTER INSERT OR UPDATE OR DELETE ON booking_type_resource FOR EACH ROW EXECUTE FUNCTION app.audit('BookingType', 'type_id');
CREATE OR REPLACE TRIGGER booking_type_rule_audit AFTER INSERT OR UPDATE OR DELETE ON booking_type_rule FOR EACH ROW EXECUTE FUNCTION app.audit('BookingType', 'type_id');
CREATE OR REPLACE TRIGGER instructor_limit_audit AFTER INSERT OR UPDATE OR DELETE ON instructor_limit FOR EACH ROW EXECUTE FUNCTION app.audit('User', 'user_id');

GRANT EXECUTE ON FUNCTION app.slot_type(uuid), app.slot_anybody(), app.slot_facts(uuid, uuid[], uuid[], uuid, uuid, timestamptz, timestamptz, integer, uuid[], text[], uuid),
    app.slot_facts_at(uuid, uuid[], uuid[], uuid, uuid, timestamptz, integer, uuid[], text[], uuid), app.eligibility(uuid, uuid),
    app.hold_slot(uuid, uuid, uuid, timestamptz, timestamptz, uuid, uuid[], jsonb, integer), app.release_slot(uuid), app.take_slot_turns(uuid[], uuid), app.tidy_holds(integer),
    app.book_slot(uuid, uuid, uuid, timestamptz, timestamptz, text, uuid, uuid[], uuid, text, jsonb, text[], uuid, uuid), app.search_booking_type(text) TO lectern_app;
