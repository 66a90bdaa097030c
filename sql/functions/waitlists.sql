-- Waitlists: who waits, what is offered to whom, and what becomes of it. An offer is a hold in the learner's name, so that what is offered can be had.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   waitlist_transition  no such step leads on from the entry's state

-- Asks for offers where time comes free that somebody waits for: a job for each stretch of it and transaction. Reveals nothing.
CREATE OR REPLACE FUNCTION app.ask_for_offers(span_start timestamptz, span_end timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF span_end > now() AND EXISTS (
        SELECT FROM waitlist_entry w
        WHERE w.tenant_id = app.tenant_id() AND w.status = 'WAITING' AND w.starts_at < span_end AND w.ends_at > span_start)
    THEN
        PERFORM app.enqueue('waitlist.offer', pg_current_xact_id()::text || ':' || extract(epoch FROM span_start)::bigint,
                            jsonb_build_object('from', span_start, 'to', span_end));
    END IF;
END
$$;
-- Whatever held time and no longer does.
CREATE OR REPLACE FUNCTION app.offer_freed_time() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- A school that is erased offers nothing; nor is anything asked for by seeds.
    IF current_setting('app.audit', true) IS DISTINCT FROM 'off' AND NOT app.erases(OLD.tenant_id) THEN
        PERFORM app.enter_tenant(OLD.tenant_id);
        PERFORM app.ask_for_offers(OLD.starts_at, OLD.ends_at);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER time_claim_freed AFTER DELETE ON time_claim FOR EACH ROW EXECUTE FUNCTION app.offer_freed_time();

-- An entry moves by the rows of waitlist_transition alone, whoever moves it.
CREATE OR REPLACE FUNCTION app.check_waitlist_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.waitlist_transition t WHERE t.from_status = OLD.status AND t.to_status = NEW.status) THEN
        PERFORM app.refuse('waitlist_transition');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER waitlist_entry_move BEFORE UPDATE OF status ON waitlist_entry FOR EACH ROW EXECUTE FUNCTION app.check_waitlist_move();

-- Gives back what an offer holds that is declined or has expired, and tells who is concerned. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_waitlist() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    h    slot_hold;
    s    group_session;
    type CONSTANT text := CASE NEW.status WHEN 'OFFERED' THEN 'waitlist.offered' WHEN 'EXPIRED' THEN 'notify.waitlist_offer_expired' END;
    data jsonb;
    note jsonb;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    SELECT * INTO h FROM slot_hold o WHERE o.tenant_id = NEW.tenant_id AND o.id = NEW.hold_id;
    IF OLD.status = 'OFFERED' AND NEW.status IN ('LEFT', 'EXPIRED') THEN
        DELETE FROM time_claim c WHERE c.tenant_id = NEW.tenant_id AND c.hold_id = NEW.hold_id;
        UPDATE slot_hold o SET expires_at = least(o.expires_at, now()) WHERE o.tenant_id = NEW.tenant_id AND o.id = NEW.hold_id;
    END IF;
    IF NEW.status IN ('LEFT', 'EXPIRED') AND NEW.group_session_id IS NOT NULL THEN
        SELECT * INTO s FROM group_session g WHERE g.tenant_id = NEW.tenant_id AND g.id = NEW.group_session_id;
        PERFORM app.end_empty_session(s);
    END IF;
    IF type IS NULL OR (NEW.status = 'EXPIRED' AND OLD.status <> 'OFFERED') THEN
        RETURN NULL;
    END IF;
    IF app.webhooks_want(type) THEN
        data := jsonb_build_object(
            'id', app.type_id('waitlist', NEW.id), 'learnerId', app.type_id('user', NEW.learner_id), 'bookingTypeId', app.type_id('bookingtype', NEW.booking_type_id),
            'groupSessionId', app.type_id('groupsession', NEW.group_session_id), 'startsAt', app.rfc3339(h.starts_at), 'endsAt', app.rfc3339(h.ends_at),
            'expiresAt', app.rfc3339(h.expires_at));
    END IF;
    IF app.notifies(type) THEN
        note := jsonb_build_object('person', NEW.learner_id, 'facts', jsonb_build_object('from', h.starts_at, 'until', h.ends_at, 'expires', h.expires_at));
    END IF;
    IF data IS NOT NULL OR note IS NOT NULL THEN
        PERFORM app.emit(type, app.type_id('waitlist', NEW.id), data, note);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER waitlist_entry_follow AFTER UPDATE OF status ON waitlist_entry FOR EACH ROW EXECUTE FUNCTION app.follow_waitlist();

-- A hold that was an offer and is redeemed: its learner waits no more. Reveals nothing.
CREATE OR REPLACE FUNCTION app.book_waiting() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE waitlist_entry w SET status = 'BOOKED', booking_id = NEW.booking_id
        WHERE w.tenant_id = NEW.tenant_id AND w.id = NEW.waitlist_entry_id AND w.status = 'OFFERED';
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER slot_hold_book_waiting AFTER UPDATE OF booking_id ON slot_hold FOR EACH ROW
    WHEN (OLD.booking_id IS NULL AND NEW.booking_id IS NOT NULL AND NEW.waitlist_entry_id IS NOT NULL) EXECUTE FUNCTION app.book_waiting();

-- An offer that its learner gives up by booking or holding something else at that time (app.make_room) is declined by that. Reveals nothing.
CREATE OR REPLACE FUNCTION app.leave_waiting() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE waitlist_entry w SET status = 'LEFT' WHERE w.tenant_id = NEW.tenant_id AND w.id = NEW.waitlist_entry_id AND w.status = 'OFFERED';
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER slot_hold_leave_waiting AFTER UPDATE OF expires_at ON slot_hold FOR EACH ROW
    WHEN (NEW.waitlist_entry_id IS NOT NULL AND NEW.booking_id IS NULL AND NEW.expires_at < OLD.expires_at) EXECUTE FUNCTION app.leave_waiting();

-- Where somebody stands: how many wait before them for the same session, or in a window of the type that overlaps theirs, and one. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.waitlist_positions(entries uuid[]) RETURNS TABLE (entry_id uuid, place bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT e.id, 1 + (SELECT count(*) FROM waitlist_entry w
                          WHERE w.tenant_id = e.tenant_id AND w.booking_type_id = e.booking_type_id AND w.status = 'WAITING' AND (w.created_at, w.id) < (e.created_at, e.id)
                            AND w.group_session_id IS NOT DISTINCT FROM e.group_session_id AND w.starts_at < e.ends_at AND w.ends_at > e.starts_at)
        FROM waitlist_entry e WHERE e.tenant_id = app.tenant_id() AND e.id = ANY (entries) AND e.status = 'WAITING';
END
$$;

-- How many wait for sessions. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.waiting_counts(sessions uuid[]) RETURNS TABLE (group_session_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT w.group_session_id, count(*) FROM waitlist_entry w
        WHERE w.tenant_id = app.tenant_id() AND w.group_session_id = ANY (sessions) AND w.status = 'WAITING' GROUP BY w.group_session_id;
END
$$;

-- Who waits for time within a span (none: whenever), first come first, after a place in the list; of those who may book for themselves, now and through any role of theirs.
-- For the job that makes offers; answers nobody else. Reveals: that.
CREATE OR REPLACE FUNCTION app.who_waits(span_start timestamptz, span_end timestamptz, after_at timestamptz, after_id uuid, most integer)
    RETURNS TABLE (id uuid, learner_id uuid, booking_type_id uuid, group_session_id uuid, starts_at timestamptz, ends_at timestamptz, instructor_id uuid, created_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('app.operation', true) IS DISTINCT FROM 'system:waitlist.offer' THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT w.id, w.learner_id, w.booking_type_id, w.group_session_id, greatest(w.starts_at, now()), w.ends_at, w.instructor_id, w.created_at
        FROM waitlist_entry w
        WHERE w.tenant_id = app.tenant_id() AND w.status = 'WAITING' AND w.ends_at > now()
          AND (span_start IS NULL OR (w.starts_at < span_end AND w.ends_at > span_start))
          AND (after_id IS NULL OR (w.created_at, w.id) > (after_at, after_id)) AND app.holds(w.learner_id, 'BOOKING_REQUEST')
          AND EXISTS (SELECT FROM app_user u WHERE u.tenant_id = w.tenant_id AND u.id = w.learner_id AND u.status = 'ACTIVE')
        ORDER BY w.created_at, w.id LIMIT most;
END
$$;

-- Goes on as nobody: whoever has asked for offers by what they did has no part in who gets them. For that job; does nothing elsewhere.
CREATE OR REPLACE FUNCTION app.offer_as_nobody() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('app.operation', true) = 'system:waitlist.offer' THEN
        PERFORM set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true), set_config('app.permissions', '', true);
    END IF;
END
$$;

-- Offers a slot or a seat to who waits: a hold in their name, until it expires or its notice begins. False where they wait no more, or where too little time is left.
-- The service has looked under the turns of all parties; the constraints have the last word. Reveals nothing.
CREATE OR REPLACE FUNCTION app.offer_slot(entry uuid, new_hold uuid, span_start timestamptz, span_end timestamptz, instructor uuid, resources uuid[], chosen jsonb)
    RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    w      waitlist_entry;
    t      booking_type;
    s      group_session;
    until_ timestamptz;
BEGIN
    SELECT * INTO w FROM waitlist_entry e WHERE e.tenant_id = app.tenant_id() AND e.id = entry AND e.status = 'WAITING' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    SELECT * INTO t FROM booking_type y WHERE y.tenant_id = w.tenant_id AND y.id = w.booking_type_id AND y.deleted_at IS NULL AND y.is_active FOR SHARE;
    until_ := least(now() + make_interval(mins => coalesce((SELECT n.waitlist_offer_minutes FROM tenant_settings n WHERE n.tenant_id = w.tenant_id), 120)),
                    span_start - make_interval(mins => t.min_notice_minutes));
    IF until_ IS NULL OR until_ < now() + interval '5 minutes' THEN
        RETURN false;
    END IF;
    IF t.seats > 1 THEN
        IF w.group_session_id IS NULL THEN
            s := app.seat_to_hold(t, span_start, span_end, instructor, resources);
        ELSE
            s := app.session_at(t, span_start, span_end, instructor, resources);
            IF s.id IS DISTINCT FROM w.group_session_id THEN
                RETURN false;
            END IF;
        END IF;
    END IF;
    INSERT INTO slot_hold (tenant_id, id, booking_type_id, owner_id, learner_id, starts_at, ends_at, instructor_id, buffer_before_minutes, buffer_after_minutes, assignment,
                           expires_at, group_session_id, waitlist_entry_id, is_offer)
        VALUES (w.tenant_id, new_hold, t.id, w.learner_id, w.learner_id, span_start, span_end, instructor, t.buffer_before_minutes,
                t.buffer_after_minutes, chosen, until_, s.id, w.id, true);
    PERFORM app.claim_hold(new_hold, resources);
    UPDATE waitlist_entry e SET status = 'OFFERED', hold_id = new_hold WHERE e.tenant_id = w.tenant_id AND e.id = w.id;
    PERFORM app.enqueue('waitlist.expire', new_hold::text, '{}', until_);
    RETURN true;
END
$$;

-- Offers that were not taken, and the waiting for windows and sessions that are over.
CREATE OR REPLACE FUNCTION app.ended_waiting(school uuid) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    SELECT w.id FROM public.waitlist_entry w LEFT JOIN public.slot_hold h ON h.tenant_id = w.tenant_id AND h.id = w.hold_id
    WHERE w.tenant_id = school AND w.status = 'OFFERED' AND coalesce(h.expires_at <= now(), true) AND h.booking_id IS NULL
  UNION ALL
    SELECT w.id FROM public.waitlist_entry w
    WHERE w.tenant_id = school AND w.status = 'WAITING' AND CASE WHEN w.group_session_id IS NULL THEN w.ends_at ELSE w.starts_at END <= now()
$$;

-- Ends what has ended (app.ended_waiting); at most so many. Answers how many. Reveals nothing.
CREATE OR REPLACE FUNCTION app.expire_waitlist(most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ended integer;
BEGIN
    WITH due AS MATERIALIZED (
        SELECT w.id FROM waitlist_entry w
        WHERE w.tenant_id = app.tenant_id() AND w.status IN ('WAITING', 'OFFERED') AND w.id IN (SELECT app.ended_waiting(app.tenant_id()))
        ORDER BY w.id LIMIT most FOR UPDATE SKIP LOCKED
    )
    UPDATE waitlist_entry e SET status = 'EXPIRED'
        WHERE e.tenant_id = app.tenant_id() AND e.status IN ('WAITING', 'OFFERED') AND e.id IN (SELECT d.id FROM due d);
    GET DIAGNOSTICS ended = ROW_COUNT;
    RETURN ended;
END
$$;

CREATE OR REPLACE TRIGGER waitlist_entry_touch BEFORE UPDATE ON waitlist_entry FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER waitlist_entry_audit AFTER INSERT OR UPDATE OR DELETE ON waitlist_entry FOR EACH ROW EXECUTE FUNCTION app.audit('WaitlistEntry', 'id');

GRANT EXECUTE ON FUNCTION app.waitlist_positions(uuid[]), app.waiting_counts(uuid[]), app.who_waits(timestamptz, timestamptz, timestamptz, uuid, integer),
    app.offer_slot(uuid, uuid, timestamptz, timestamptz, uuid, uuid[], jsonb), app.expire_waitlist(integer) TO lectern_app;
