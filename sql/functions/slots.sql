-- Slots: the facts by which the service says what can be booked, and the writing of holds and bookings under the turns of all whose time they take.
-- The rules themselves stand in the service (one code for offering, explaining and booking); what is written here the constraints have the last word on.

-- What a booking type is made of, in one row: its rules, its instructors as they stand, its requirements. Under row security: the whole school sees types.
CREATE OR REPLACE FUNCTION app.slot_type(wanted uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT to_jsonb(t) - 'search' || jsonb_build_object(
        'instructors', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('id', i.instructor_id, 'weight', i.weight, 'assigned', i.assigned_count, 'last', i.last_assigned_at,
                                                         'day', l.max_minutes_per_day, 'week', l.max_minutes_per_week) ORDER BY i.place), '[]')
            FROM public.booking_type_instructor i
            JOIN public.app_user u ON u.tenant_id = i.tenant_id AND u.id = i.instructor_id AND u.is_instructor
            LEFT JOIN public.instructor_limit l ON l.tenant_id = i.tenant_id AND l.user_id = i.instructor_id
            WHERE i.tenant_id = t.tenant_id AND i.type_id = t.id),
        'requirements', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('name', q.name, 'resources', (
                SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'mode', r.mode, 'setup', r.setup_minutes, 'teardown', r.teardown_minutes, 'zone', r.time_zone,
                                                             'capacity', r.capacity, 'ruled', EXISTS (SELECT FROM public.availability_rule a
                                                                 WHERE a.tenant_id = r.tenant_id AND a.resource_id = r.id)) ORDER BY x.place), '[]')
                FROM public.booking_type_resource x JOIN public.resource r ON r.tenant_id = x.tenant_id AND r.id = x.resource_id AND r.deleted_at IS NULL
                WHERE x.tenant_id = q.tenant_id AND x.type_id = q.type_id AND x.requirement = q.place)) ORDER BY q.place), '[]')
            FROM public.booking_type_requirement q WHERE q.tenant_id = t.tenant_id AND q.type_id = t.id))
    FROM public.booking_type t WHERE t.tenant_id = app.tenant_id() AND t.id = wanted AND t.deleted_at IS NULL
$$;

-- When these people and resources are taken within a range, with all that is claimed around it; but not by expired holds, by the own ones, or by the
-- booking that is to be moved. Reveals: these spans, of parties that the caller names, and nothing of what is behind them.
CREATE OR REPLACE FUNCTION app.claimed_spans(parties uuid[], range_start timestamptz, range_end timestamptz, except_booking uuid DEFAULT NULL)
    RETURNS TABLE (party_id uuid, starts_at timestamptz, ends_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT c.party_id, c.starts_at, c.ends_at FROM time_claim c
        WHERE c.tenant_id = app.tenant_id() AND c.party_id = ANY (parties)
          AND c.starts_at < range_end AND c.ends_at > range_start AND c.starts_at > range_start - interval '40 hours'
          AND c.booking_id IS DISTINCT FROM except_booking
          AND (c.hold_id IS NULL OR EXISTS (SELECT FROM slot_hold h WHERE h.tenant_id = c.tenant_id AND h.id = c.hold_id
                                            AND h.expires_at > now() AND h.owner_id <> app.user_id()));
END
$$;

-- What counts towards limits: of a type, by learner; of its instructors, by type and by minutes over all; by the school's local dates, which weeks are made of.
-- `what`: LEARNER_EVER, LEARNER_OPEN, LEARNER_DAY, INSTRUCTOR_DAY, INSTRUCTOR_MINUTES. Dates from the Monday before the range to the Sunday after it.
-- Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.slot_counts(wanted_type uuid, learner uuid, instructors uuid[], range_start timestamptz, range_end timestamptz, except_booking uuid DEFAULT NULL)
    RETURNS TABLE (what text, party_id uuid, day date, number bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    zone   CONSTANT text := (SELECT t.time_zone FROM tenant t WHERE t.tenant_id = app.tenant_id());
    monday CONSTANT date := date_trunc('week', range_start AT TIME ZONE zone)::date;
    sunday CONSTANT date := date_trunc('week', range_end AT TIME ZONE zone)::date + 7;
    first  CONSTANT timestamptz := app.wall_moment(zone, monday::timestamp);
    last   CONSTANT timestamptz := app.wall_moment(zone, sunday::timestamp);
BEGIN
    RETURN QUERY
        SELECT 'LEARNER_EVER', learner, NULL::date, count(*) FROM booking b
        WHERE b.tenant_id = app.tenant_id() AND b.student_id = learner AND b.booking_type_id = wanted_type AND b.status <> 'CANCELLED' AND b.id IS DISTINCT FROM except_booking
      UNION ALL
        SELECT 'LEARNER_OPEN', learner, NULL::date, count(*) FROM booking b
        WHERE b.tenant_id = app.tenant_id() AND b.student_id = learner AND b.booking_type_id = wanted_type AND b.status IN ('REQUESTED', 'APPROVED', 'ASSIGNED')
          AND b.ends_at > now() AND b.id IS DISTINCT FROM except_booking
      UNION ALL
        SELECT 'LEARNER_DAY', learner, (b.starts_at AT TIME ZONE zone)::date, count(*) FROM booking b
        WHERE b.tenant_id = app.tenant_id() AND b.student_id = learner AND b.booking_type_id = wanted_type AND b.status <> 'CANCELLED' AND b.id IS DISTINCT FROM except_booking
          AND b.starts_at >= first AND b.starts_at < last GROUP BY 3
      UNION ALL
        SELECT 'INSTRUCTOR_DAY', b.instructor_id, (b.starts_at AT TIME ZONE zone)::date, count(*) FROM booking b
        WHERE b.tenant_id = app.tenant_id() AND b.instructor_id = ANY (instructors) AND b.booking_type_id = wanted_type AND b.status IN ('ASSIGNED', 'COMPLETED')
          AND b.id IS DISTINCT FROM except_booking AND b.starts_at >= first AND b.starts_at < last GROUP BY 2, 3
      UNION ALL
        SELECT 'INSTRUCTOR_MINUTES', b.instructor_id, (b.starts_at AT TIME ZONE zone)::date, sum(extract(epoch FROM b.ends_at - b.starts_at) / 60)::bigint FROM booking b
        WHERE b.tenant_id = app.tenant_id() AND b.instructor_id = ANY (instructors) AND b.status IN ('ASSIGNED', 'COMPLETED')
          AND b.id IS DISTINCT FROM except_booking AND b.starts_at >= first AND b.starts_at < last GROUP BY 2, 3;
END
$$;

-- Which rules of eligibility a learner meets, in their order. Reveals: these bits, of oneself or to BOOKING_MANAGE.
CREATE OR REPLACE FUNCTION app.eligibility(wanted_type uuid, learner uuid) RETURNS TABLE (place integer, kind text, is_met boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF learner <> app.user_id() AND NOT app.can('BOOKING_MANAGE') THEN
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
            WHEN 'GROUP_MEMBER' THEN EXISTS (SELECT FROM group_member m WHERE m.tenant_id = r.tenant_id AND m.user_id = learner AND m.group_id = ANY (r.subject_ids))
            WHEN 'MAX_NO_SHOWS' THEN (SELECT count(*) FROM booking b WHERE b.tenant_id = r.tenant_id AND b.student_id = learner AND b.outcome = 'NO_SHOW'
                                      AND b.starts_at > now() - interval '90 days') <= r.max_count
            ELSE false END -- lessons are learning's
        FROM booking_type_rule r WHERE r.tenant_id = app.tenant_id() AND r.type_id = wanted_type ORDER BY r.place;
END
$$;

-- Deletes the claims of holds that have expired, of these parties within a span: whoever writes does it first, under the parties' turns. Reveals nothing.
CREATE OR REPLACE FUNCTION app.drop_expired_claims(parties uuid[], span_start timestamptz, span_end timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM time_claim c USING slot_hold h
        WHERE c.tenant_id = app.tenant_id() AND c.party_id = ANY (parties) AND c.hold_id = h.id AND h.tenant_id = c.tenant_id AND h.expires_at <= now()
          AND c.starts_at < span_end AND c.ends_at > span_start AND c.starts_at > span_start - interval '40 hours';
END
$$;

-- Holds a slot for its owner: the row, what it takes of resources, its claims, in place of the owner's hold of the same type. The service has looked under
-- the turns of all parties (app.take_time_turns); the constraints have the last word. Reveals nothing.
CREATE OR REPLACE FUNCTION app.hold_slot(hold uuid, wanted_type uuid, learner uuid, span_start timestamptz, span_end timestamptz, instructor uuid,
        resources uuid[], chosen jsonb, minutes integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    t booking_type;
BEGIN
    IF NOT (app.can('BOOKING_MANAGE') OR (app.can('BOOKING_REQUEST') AND learner = app.user_id())) THEN
        PERFORM app.refuse('booking_party');
    END IF;
    SELECT * INTO STRICT t FROM booking_type b WHERE b.tenant_id = app.tenant_id() AND b.id = wanted_type AND b.deleted_at IS NULL AND b.is_active FOR SHARE;
    PERFORM app.lock_for('holds', app.user_id());
    -- The one before gives back what it claims, and stays for a day.
    DELETE FROM time_claim c USING slot_hold h
        WHERE h.tenant_id = app.tenant_id() AND h.owner_id = app.user_id() AND h.booking_type_id = wanted_type AND h.booking_id IS NULL
          AND c.tenant_id = h.tenant_id AND c.hold_id = h.id;
    UPDATE slot_hold h SET expires_at = least(h.expires_at, now())
        WHERE h.tenant_id = app.tenant_id() AND h.owner_id = app.user_id() AND h.booking_type_id = wanted_type AND h.booking_id IS NULL;
    IF (SELECT count(*) FROM slot_hold h WHERE h.tenant_id = app.tenant_id() AND h.owner_id = app.user_id() AND h.booking_id IS NULL AND h.expires_at > now()) >= 3 THEN
        PERFORM app.refuse('slot_hold_places', jsonb_build_object('limit', 3, 'used', 3)::text);
    END IF;
    INSERT INTO slot_hold (tenant_id, id, booking_type_id, owner_id, learner_id, starts_at, ends_at, instructor_id, buffer_before_minutes, buffer_after_minutes, assignment, expires_at)
        VALUES (app.tenant_id(), hold, t.id, app.user_id(), learner, span_start, span_end, instructor, t.buffer_before_minutes, t.buffer_after_minutes, chosen,
                now() + make_interval(mins => minutes));
    INSERT INTO slot_hold_resource (tenant_id, hold_id, resource_id, place, setup_minutes, teardown_minutes)
        SELECT app.tenant_id(), hold, r.id, w.place, r.setup_minutes, r.teardown_minutes
        FROM unnest(resources) WITH ORDINALITY AS w(id, place) JOIN resource r ON r.tenant_id = app.tenant_id() AND r.id = w.id AND r.deleted_at IS NULL;
    INSERT INTO time_claim (tenant_id, id, kind, party_id, hold_id, starts_at, ends_at)
        SELECT app.tenant_id(), app.uuid_v7(), 'LEARNER', learner, hold, span_start, span_end
      UNION ALL
        SELECT app.tenant_id(), app.uuid_v7(), 'INSTRUCTOR', instructor, hold, span_start - make_interval(mins => t.buffer_before_minutes),
               span_end + make_interval(mins => t.buffer_after_minutes) WHERE instructor IS NOT NULL
      UNION ALL
        SELECT l.tenant_id, app.uuid_v7(), 'RESOURCE', l.resource_id, hold, span_start - make_interval(mins => l.setup_minutes), span_end + make_interval(mins => l.teardown_minutes)
        FROM slot_hold_resource l WHERE l.tenant_id = app.tenant_id() AND l.hold_id = hold;
END
$$;

-- Books a slot: the row of a booking, what it takes of resources, its claims, or those of the hold that it redeems, which change hands. `state` is ASSIGNED, or
-- REQUESTED where approval is asked for; then the instructor is a wish, and held where the type says so. The service has looked under the turns of all parties. Answers
-- the booking's id: that of before, where the hold was redeemed already. Reveals nothing.
CREATE OR REPLACE FUNCTION app.book_slot(new_id uuid, wanted_type uuid, learner uuid, span_start timestamptz, span_end timestamptz, state text, instructor uuid,
        resources uuid[], course uuid, words text, chosen jsonb, overridden text[], redeemed uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    t      booking_type;
    h      slot_hold;
    b      booking;
    waits  CONSTANT boolean := state = 'REQUESTED';
BEGIN
    IF NOT (app.can('BOOKING_MANAGE') OR (app.can('BOOKING_REQUEST') AND learner = app.user_id() AND overridden IS NULL)) OR state NOT IN ('REQUESTED', 'ASSIGNED') THEN
        PERFORM app.refuse('booking_party');
    END IF;
    SELECT * INTO t FROM booking_type y WHERE y.tenant_id = app.tenant_id() AND y.id = wanted_type AND y.deleted_at IS NULL AND y.is_active FOR SHARE;
    IF NOT FOUND THEN
        PERFORM app.refuse('booking_type_inactive');
    END IF;
    IF redeemed IS NOT NULL THEN
        SELECT * INTO h FROM slot_hold o WHERE o.tenant_id = app.tenant_id() AND o.id = redeemed AND (o.owner_id = app.user_id() OR app.can('BOOKING_MANAGE')) FOR UPDATE;
        IF NOT FOUND THEN
            PERFORM app.refuse('slot_hold_unknown');
        ELSIF h.booking_id IS NOT NULL THEN
            RETURN h.booking_id; -- a retry books nothing twice
        ELSIF h.expires_at <= now() THEN
            PERFORM app.refuse('slot_hold_expired');
        END IF;
    END IF;
    -- Its claims become the booking's: nobody slips in between, for until we commit they are there for everybody else.
    DELETE FROM time_claim c WHERE c.tenant_id = t.tenant_id AND c.hold_id = redeemed;
    INSERT INTO booking (tenant_id, id, student_id, requested_instructor_id, instructor_id, course_id, starts_at, ends_at, status, notes, booking_type_id, needs_instructor,
                         holds_while_requested, buffer_before_minutes, buffer_after_minutes, assignment, override)
        VALUES (t.tenant_id, new_id, learner, CASE WHEN waits THEN instructor END, CASE WHEN NOT waits THEN instructor END, coalesce(t.course_id, course), span_start, span_end, state,
                words, t.id, t.needs_instructor, t.holds_while_requested, t.buffer_before_minutes, t.buffer_after_minutes, chosen, overridden)
        RETURNING * INTO b;
    INSERT INTO booking_resource (tenant_id, booking_id, resource_id, place, setup_minutes, teardown_minutes)
        SELECT t.tenant_id, new_id, r.id, w.place, coalesce(l.setup_minutes, r.setup_minutes), coalesce(l.teardown_minutes, r.teardown_minutes)
        FROM unnest(resources) WITH ORDINALITY AS w(id, place)
        JOIN resource r ON r.tenant_id = t.tenant_id AND r.id = w.id AND r.deleted_at IS NULL
        LEFT JOIN slot_hold_resource l ON l.tenant_id = t.tenant_id AND l.hold_id = redeemed AND l.resource_id = r.id;
    PERFORM app.claim_time_of(b); -- what the trigger could not know yet: resources
    UPDATE slot_hold o SET booking_id = new_id WHERE o.tenant_id = t.tenant_id AND o.id = redeemed;
    RETURN new_id;
END
$$;

GRANT EXECUTE ON FUNCTION app.claimed_spans(uuid[], timestamptz, timestamptz, uuid), app.slot_counts(uuid, uuid, uuid[], timestamptz, timestamptz, uuid), app.eligibility(uuid, uuid),
    app.drop_expired_claims(uuid[], timestamptz, timestamptz), app.hold_slot(uuid, uuid, uuid, timestamptz, timestamptz, uuid, uuid[], jsonb, integer),
    app.book_slot(uuid, uuid, uuid, timestamptz, timestamptz, text, uuid, uuid[], uuid, text, jsonb, text[], uuid) TO lectern_app;
