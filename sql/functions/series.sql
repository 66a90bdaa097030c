-- Series: bookings that come again and again by the clock of a zone.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   booking_party       (of bookings) it is not the actor's to book or to move
--   booking_transition  (of bookings) one of them is not to be moved any more

-- What a zone's clock shows at a moment. By the zone data of this server, which resolves rules and series alike.
CREATE OR REPLACE FUNCTION app.wall_time(zone text, moment timestamptz) RETURNS timestamp LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
    RETURN moment AT TIME ZONE zone;
EXCEPTION WHEN invalid_parameter_value THEN
    PERFORM app.refuse('zone_unknown');
    RETURN NULL;
END
$$;

-- Books a series: what it is, and its bookings, each with what the service has judged for it under the turns of all parties: `occurrences` holds id, starts, ends,
-- instructor, resources and chosen of each. The constraints have the last word. It is told as one. Reveals nothing.
CREATE OR REPLACE FUNCTION app.book_series(new_id uuid, wanted_type uuid, learner uuid, rule text, zone text, excluded date[], left_out jsonb, state text,
        words text, overridden text[], occurrences jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    w    record;
    type CONSTANT text := CASE state WHEN 'REQUESTED' THEN 'notify.series_requested' ELSE 'notify.series_booked' END;
BEGIN
    IF NOT (app.can('BOOKING_MANAGE') OR (app.can('BOOKING_REQUEST') AND learner = app.user_id() AND overridden IS NULL)) THEN
        PERFORM app.refuse('booking_party');
    END IF;
    INSERT INTO booking_series (tenant_id, id, booking_type_id, learner_id, recurrence, time_zone, excluded_dates, skipped)
        VALUES (app.tenant_id(), new_id, wanted_type, learner, rule, zone, excluded, left_out);
    PERFORM set_config('app.told_as', 'nothing', true);
    FOR w IN SELECT * FROM jsonb_to_recordset(occurrences) AS o(id uuid, starts timestamptz, ends timestamptz, instructor uuid, resources uuid[],
                                                               chosen jsonb) ORDER BY o.starts LOOP
        PERFORM app.book_slot(w.id, wanted_type, learner, w.starts, w.ends, state, w.instructor, w.resources, NULL, words, w.chosen, overridden, NULL, new_id);
    END LOOP;
    PERFORM set_config('app.told_as', '', true);
    PERFORM app.tell_of_series(type, new_id, ARRAY(SELECT b.id FROM booking b WHERE b.tenant_id = app.tenant_id() AND b.series_id = new_id));
END
$$;

-- Tells of some bookings of a series as one: by the first of them. Their mail carries all of them into calendars, once they take place, are moved or cancelled.
-- Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_series(type text, series uuid, members uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    b booking;
BEGIN
    SELECT * INTO b FROM booking o WHERE o.tenant_id = app.tenant_id() AND o.series_id = series AND o.id = ANY (members) ORDER BY o.starts_at, o.id LIMIT 1;
    IF FOUND AND app.notifies(type) THEN
        PERFORM app.emit(type, app.type_id('series', series), NULL, jsonb_build_object(
            'student', b.student_id, 'wished', b.requested_instructor_id, 'instructor', b.instructor_id, 'course', b.course_id,
            'facts', jsonb_build_object('from', b.starts_at, 'until', b.ends_at),
            'attachments', CASE WHEN type <> 'notify.series_requested' THEN app.invites_of(ARRAY(
                SELECT o.id FROM booking o WHERE o.tenant_id = b.tenant_id AND o.series_id = series AND o.id = ANY (members))) END)
            -- Whoever booked it is told as well: it is their confirmation.
            || CASE type WHEN 'notify.series_booked' THEN '{"is_booked": true}'::jsonb ELSE '{}' END);
    END IF;
END
$$;

-- The bookings of a series that a change reaches, in the order of their start, with what they have, and whom (as long as nobody is assigned: whom they wish for):
-- not over, not cancelled, not moved by themselves before; or the one that is named. Under row security: whoever sees one of its bookings sees these.
CREATE OR REPLACE FUNCTION app.series_members(named uuid, whole boolean)
    RETURNS TABLE (id uuid, starts_at timestamptz, ends_at timestamptz, instructor_id uuid, resources uuid[], is_named boolean)
    LANGUAGE sql STABLE AS $$
    SELECT b.id, b.starts_at, b.ends_at, coalesce(b.instructor_id, b.requested_instructor_id),
           ARRAY(SELECT l.resource_id FROM public.booking_resource l WHERE l.tenant_id = b.tenant_id AND l.booking_id = b.id ORDER BY l.place),
           b.id = n.id
    FROM public.booking n
    JOIN public.booking b ON b.tenant_id = n.tenant_id AND b.series_id = n.series_id
    WHERE n.tenant_id = app.tenant_id() AND n.id = named AND b.status IN ('REQUESTED', 'APPROVED', 'ASSIGNED') AND b.ends_at > now()
      AND (b.id = n.id OR (b.starts_at = b.series_starts_at AND (whole OR b.starts_at >= n.starts_at)))
    ORDER BY b.starts_at, b.id
$$;

-- Moves bookings of a series, all at once; `wanted` holds id, starts, ends, instructor, resources and chosen of each, in the order in which one makes room for
-- the next. `onward` is the new series that they become, or that in which they stay; `state`, where it is given, what becomes of those that are assigned. The service has judged
-- them under the turns of all parties. Told as one; but one that moves by itself (is_alone) is told as such, and goes its own way from then on. Reveals nothing.
CREATE OR REPLACE FUNCTION app.move_series(onward uuid, is_new_series boolean, is_alone boolean, rule text, excluded date[], left_out jsonb, state text, reason text, wanted jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ids     CONSTANT uuid[] := ARRAY(SELECT (o ->> 'id')::uuid FROM jsonb_array_elements(wanted) AS o ORDER BY 1);
    w       record;
    b       booking;
    is_wish boolean;
BEGIN
    PERFORM FROM booking o WHERE o.tenant_id = app.tenant_id() AND o.id = ANY (ids) ORDER BY o.id FOR UPDATE;
    IF EXISTS (SELECT FROM booking o WHERE o.tenant_id = app.tenant_id() AND o.id = ANY (ids)
               AND NOT (app.can('BOOKING_MANAGE') OR (app.can('BOOKING_REQUEST') AND o.student_id = app.user_id())))
    THEN
        PERFORM app.refuse('booking_party');
    ELSIF EXISTS (SELECT FROM booking o WHERE o.tenant_id = app.tenant_id() AND o.id = ANY (ids) AND o.status NOT IN ('REQUESTED', 'APPROVED', 'ASSIGNED')) THEN
        PERFORM app.refuse('booking_transition');
    END IF;
    IF is_new_series THEN
        INSERT INTO booking_series (tenant_id, id, booking_type_id, learner_id, recurrence, time_zone, excluded_dates, skipped)
            SELECT s.tenant_id, onward, s.booking_type_id, s.learner_id, rule, s.time_zone, excluded, left_out
            FROM booking_series s JOIN booking o ON o.tenant_id = s.tenant_id AND o.series_id = s.id WHERE o.tenant_id = app.tenant_id() AND o.id = ids[1];
    ELSIF NOT is_alone THEN
        UPDATE booking_series s SET recurrence = rule, excluded_dates = excluded, skipped = s.skipped || left_out
            WHERE s.tenant_id = app.tenant_id() AND s.id = onward AND ((s.recurrence, s.excluded_dates) IS DISTINCT FROM (rule, excluded) OR left_out <> '[]');
    END IF;
    PERFORM set_config('app.told_as', CASE WHEN is_alone THEN '' ELSE 'nothing' END, true);
    -- Where they were nobody is in their way.
    DELETE FROM time_claim c WHERE c.tenant_id = app.tenant_id() AND c.booking_id = ANY (ids);
    FOR w IN SELECT o.* FROM ROWS FROM (jsonb_to_recordset(wanted) AS (id uuid, starts timestamptz, ends timestamptz, instructor uuid, resources uuid[],
                                                                       chosen jsonb)) WITH ORDINALITY AS o ORDER BY o.ordinality LOOP
        SELECT * INTO b FROM booking o WHERE o.tenant_id = app.tenant_id() AND o.id = w.id;
        is_wish := b.status = 'REQUESTED' AND b.holds_while_requested IS NOT TRUE; -- what holds nothing keeps what was named
        PERFORM app.move_booking(b.id, w.starts, w.ends, CASE WHEN b.status = 'ASSIGNED' THEN coalesce(state, b.status) ELSE b.status END,
                                 CASE WHEN NOT is_wish THEN w.instructor END,
                                 CASE WHEN NOT is_wish THEN w.resources
                                      ELSE ARRAY(SELECT l.resource_id FROM booking_resource l WHERE l.tenant_id = b.tenant_id AND l.booking_id = b.id ORDER BY l.place) END,
                                 reason, w.chosen, NULL, onward, CASE WHEN NOT is_alone THEN w.starts END);
        SELECT * INTO b FROM booking o WHERE o.tenant_id = b.tenant_id AND o.id = b.id;
        PERFORM app.claim_time_of(b); -- also of one that only has another end, or none
    END LOOP;
    PERFORM set_config('app.told_as', '', true);
    IF NOT is_alone THEN
        PERFORM app.tell_of_series('notify.series_moved', onward, ids);
    END IF;
END
$$;

-- Cancels bookings of a series, told as one. By the actor's own hand: each is theirs to cancel as it would be by itself (row security, app.check_booking_move).
-- Answers how many were.
CREATE OR REPLACE FUNCTION app.cancel_series(members uuid[], reason text, is_alone boolean) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    done integer;
BEGIN
    PERFORM set_config('app.told_as', CASE WHEN is_alone THEN '' ELSE 'nothing' END, true);
    PERFORM FROM public.booking b WHERE b.tenant_id = app.tenant_id() AND b.id = ANY (members) ORDER BY b.id FOR UPDATE;
    UPDATE public.booking b SET status = 'CANCELLED', cancel_reason = reason WHERE b.tenant_id = app.tenant_id() AND b.id = ANY (members);
    GET DIAGNOSTICS done = ROW_COUNT;
    PERFORM set_config('app.told_as', '', true);
    IF NOT is_alone THEN
        PERFORM app.tell_of_series('notify.series_cancelled', b.series_id, members) FROM public.booking b
            WHERE b.tenant_id = app.tenant_id() AND b.id = ANY (members) LIMIT 1;
    END IF;
    RETURN done;
END
$$;

CREATE OR REPLACE TRIGGER booking_series_touch BEFORE UPDATE ON booking_series FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER booking_series_audit AFTER INSERT OR UPDATE OR DELETE ON booking_series FOR EACH ROW EXECUTE FUNCTION app.audit('BookingSeries', 'id');

GRANT EXECUTE ON FUNCTION app.book_series(uuid, uuid, uuid, text, text, date[], jsonb, text, text, text[], jsonb),
    app.move_series(uuid, boolean, boolean, text, date[], jsonb, text, text, jsonb),
    app.tell_of_series(text, uuid, uuid[]) TO lectern_app;
