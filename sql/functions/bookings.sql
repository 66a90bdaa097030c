-- Bookings: the steps they may take, and who is busy when.

-- A booking moves by the rows of booking_transition, and only by the hand that the row names. A function of the service
-- (a person's deletion) and the operator's role move it without being a party to it.
CREATE FUNCTION app.check_booking_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.booking_transition t WHERE t.from_status = OLD.status AND t.to_status = NEW.status) THEN
        PERFORM app.refuse('booking_transition');
    END IF;
    IF current_user = 'lectern_app' AND NOT EXISTS (
        SELECT FROM public.booking_transition t
        WHERE t.from_status = OLD.status AND t.to_status = NEW.status AND app.can(t.permission)
          AND (t.party = 'ANYONE' OR (t.party = 'STUDENT' AND OLD.student_id = app.user_id()) OR (t.party = 'INSTRUCTOR' AND OLD.instructor_id = app.user_id())))
    THEN
        PERFORM app.refuse('booking_party');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER booking_move BEFORE UPDATE ON booking FOR EACH ROW WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION app.check_booking_transition();

-- When the given people are busy within a span: what holds their time, as the two exclusion constraints see it.
-- Reveals: the span, and nothing of the booking behind it.
CREATE FUNCTION app.busy_span(instructor uuid, student uuid, span_start timestamptz, span_end timestamptz, except_booking uuid)
    RETURNS TABLE (starts_at timestamptz, ends_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT b.starts_at, b.ends_at FROM booking b
        WHERE b.tenant_id = app.tenant_id() AND b.starts_at < span_end AND b.ends_at > span_start
          AND b.starts_at > span_start - interval '24 hours' AND b.id IS DISTINCT FROM except_booking
          AND ((b.instructor_id = instructor AND b.status IN ('ASSIGNED', 'COMPLETED'))
            OR (b.student_id = student AND b.status IN ('APPROVED', 'ASSIGNED', 'COMPLETED')))
        ORDER BY b.starts_at, b.ends_at LIMIT 1;
END
$$;

-- When instructors are busy within a range, for what is left free of their availability. Reveals: these spans.
CREATE FUNCTION app.busy_spans(instructors uuid[], range_start timestamptz, range_end timestamptz)
    RETURNS TABLE (instructor_id uuid, starts_at timestamptz, ends_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT b.instructor_id, b.starts_at, b.ends_at FROM booking b
        WHERE b.tenant_id = app.tenant_id() AND b.instructor_id = ANY (instructors) AND b.status IN ('ASSIGNED', 'COMPLETED')
          AND b.starts_at < range_end AND b.ends_at > range_start AND b.starts_at > range_start - interval '24 hours'
        ORDER BY b.instructor_id, b.starts_at;
END
$$;

-- What a deleted person leaves: no memberships, no seats held, no open bookings. Called with the deletion. Reveals nothing.
CREATE FUNCTION app.retire_user() RETURNS trigger
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
    RETURN NULL;
END
$$;
CREATE TRIGGER app_user_retire AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_user();

CREATE TRIGGER booking_touch BEFORE UPDATE ON booking FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE TRIGGER booking_audit AFTER INSERT OR UPDATE OR DELETE ON booking FOR EACH ROW EXECUTE FUNCTION app.audit('Booking', 'id');
CREATE TRIGGER availability_audit AFTER INSERT OR UPDATE OR DELETE ON availability FOR EACH ROW EXECUTE FUNCTION app.audit('Availability', 'id');
