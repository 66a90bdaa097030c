-- Busy sources: when instructors are busy by calendars that are kept elsewhere.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   busy_source_cap    a person has as many sources as there may be
--   busy_source_file   a file is not read anew
--   busy_source_wait   it was asked for within the minute

-- When instructors are kept from teaching by calendars elsewhere, within a range (NULL: all of them). Reveals, to functions: these spans.
CREATE OR REPLACE FUNCTION app.blocked_spans(instructors uuid[], range_start timestamptz, range_end timestamptz)
    RETURNS TABLE (instructor_id uuid, starts_at timestamptz, ends_at timestamptz)
    LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF instructors IS NULL THEN
        RETURN QUERY
            SELECT k.instructor_id, k.starts_at, k.ends_at FROM busy_block k
            JOIN app_user u ON u.tenant_id = k.tenant_id AND u.id = k.instructor_id AND u.is_instructor
            WHERE k.tenant_id = app.tenant_id() AND k.starts_at < range_end AND k.ends_at > range_start AND k.starts_at > range_start - interval '744 hours';
    ELSE -- a statement of its own, so that each has the plan that suits it
        RETURN QUERY
            SELECT k.instructor_id, k.starts_at, k.ends_at FROM busy_block k
            WHERE k.tenant_id = app.tenant_id() AND k.instructor_id = ANY (instructors)
              AND k.starts_at < range_end AND k.ends_at > range_start AND k.starts_at > range_start - interval '744 hours';
    END IF;
END
$$;

-- Which of these ids are bookings of this transaction's school: what comes back through another calendar blocks nothing. Reveals: that.
CREATE OR REPLACE FUNCTION app.known_bookings(ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT b.id FROM booking b WHERE b.tenant_id = app.tenant_id() AND b.id = ANY (ids);
END
$$;

-- A quarter of an hour, more or less, so that not all are read at once; after failures twice as long each time, up to six hours. A file once a day: its
-- window moves on.
CREATE OR REPLACE FUNCTION app.busy_wait(failed integer, is_file boolean) RETURNS interval LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN is_file THEN interval '1 day' ELSE least(interval '6 hours', interval '15 minutes' * 2 ^ least(greatest(failed - 1, 0), 10)) END * (0.8 + 0.4 * random())
$$;

-- These spans become those of a source. They neither overlap nor touch; what is longer than 744 hours stands in several rows. For the functions below.
CREATE OR REPLACE FUNCTION app.set_busy_blocks(of_source uuid, whose uuid, starts timestamptz[], ends timestamptz[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    longest CONSTANT interval := interval '744 hours';
    froms   timestamptz[];
    untils  timestamptz[];
BEGIN
    SELECT coalesce(array_agg(p.starts_at), '{}'), coalesce(array_agg(p.ends_at), '{}') INTO froms, untils
        FROM (SELECT s.starts_at + n * longest AS starts_at, least(s.ends_at, s.starts_at + (n + 1) * longest) AS ends_at
              FROM unnest(starts, ends) AS s(starts_at, ends_at)
              CROSS JOIN LATERAL generate_series(0, ceil(extract(epoch FROM s.ends_at - s.starts_at) / extract(epoch FROM longest))::integer - 1) AS n) AS p;
    DELETE FROM busy_block k WHERE k.tenant_id = app.tenant_id() AND k.source_id = of_source
        AND (k.starts_at, k.ends_at) NOT IN (SELECT w.starts_at, w.ends_at FROM unnest(froms, untils) AS w(starts_at, ends_at));
    INSERT INTO busy_block (tenant_id, source_id, starts_at, ends_at, instructor_id)
        SELECT app.tenant_id(), of_source, w.starts_at, w.ends_at, whose FROM unnest(froms, untils) AS w(starts_at, ends_at)
        ON CONFLICT (tenant_id, source_id, starts_at) DO NOTHING;
END
$$;

-- What a file says that the actor has just named as a source of theirs: it is read with the mutation that brings it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.fill_busy_source(source uuid, starts timestamptz[], ends timestamptz[], warnings integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE busy_source s SET state = 'OK', block_count = cardinality(starts), warning_count = warnings, last_fetched_at = now(), whole_fetched_at = now(),
            next_fetch_at = now() + app.busy_wait(0, true)
        WHERE s.tenant_id = app.tenant_id() AND s.id = source AND s.instructor_id = app.user_id() AND s.content IS NOT NULL AND s.state = 'PENDING';
    IF FOUND THEN
        PERFORM app.set_busy_blocks(source, app.user_id(), starts, ends);
    END IF;
END
$$;

-- An address that is new is read at once. Refuses when a person has more sources than ten. Reveals: their number, to their owner.
CREATE OR REPLACE FUNCTION app.begin_busy_source() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most CONSTANT integer := 10;
    used bigint;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('busy_sources', NEW.instructor_id);
    SELECT count(*) INTO used FROM busy_source s WHERE s.tenant_id = NEW.tenant_id AND s.instructor_id = NEW.instructor_id;
    IF used > most THEN
        PERFORM app.refuse('busy_source_cap', jsonb_build_object('limit', most, 'used', used - 1)::text);
    END IF;
    -- Not what is loaded with the log off: nobody listens at the addresses of a demo.
    IF NEW.url IS NOT NULL AND current_setting('app.audit', true) IS DISTINCT FROM 'off' THEN
        PERFORM app.enqueue('busy.fetch', NEW.id::text, jsonb_build_object('source', NEW.id), subject => app.type_id('busysource', NEW.id));
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER busy_source_begin AFTER INSERT ON busy_source FOR EACH ROW EXECUTE FUNCTION app.begin_busy_source();

-- Asks for some of this transaction's school's sources to be read whose time has come, each once for each such time. Those of people who can't teach
-- now wait a day. Reveals: how many it asked for.
CREATE OR REPLACE FUNCTION app.enqueue_busy_fetches(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    due   record;
    count integer := 0;
BEGIN
    FOR due IN
        SELECT s.id, s.next_fetch_at, s.content IS NOT NULL AS is_file, u.is_instructor FROM busy_source s
            JOIN app_user u ON u.tenant_id = s.tenant_id AND u.id = s.instructor_id
            WHERE s.tenant_id = app.tenant_id() AND s.next_fetch_at <= now()
            ORDER BY s.next_fetch_at, s.id LIMIT at_most FOR NO KEY UPDATE OF s SKIP LOCKED
    LOOP
        IF due.is_instructor THEN
            PERFORM app.enqueue('busy.fetch', due.id || ':' || extract(epoch FROM due.next_fetch_at), jsonb_build_object('source', due.id),
                                subject => app.type_id('busysource', due.id));
        END IF;
        UPDATE busy_source s SET next_fetch_at = now() + CASE WHEN due.is_instructor THEN app.busy_wait(0, due.is_file) ELSE interval '1 day' END
            WHERE s.tenant_id = app.tenant_id() AND s.id = due.id;
        count := count + 1;
    END LOOP;
    RETURN count;
END
$$;

-- What is to be read for a source. No row: it is gone. All of it is read once a day, whatever has changed, because the window moves on. Reveals, to the
-- service only: this.
CREATE OR REPLACE FUNCTION app.begin_busy_fetch(source uuid)
    RETURNS TABLE (url bytea, content bytea, time_zone text, validators jsonb)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT s.url, s.content, s.time_zone, CASE WHEN s.state = 'OK' AND s.whole_fetched_at > now() - interval '20 hours' THEN s.validators ELSE '{}' END
        FROM busy_source s WHERE s.tenant_id = app.tenant_id() AND s.id = source;
END
$$;

-- Says what came of reading a source: READ, with its spans; SAME as before; or an error, which keeps the spans. One that lasts a day is told, once.
-- Reveals nothing.
CREATE OR REPLACE FUNCTION app.end_busy_fetch(source uuid, outcome text, starts timestamptz[], ends timestamptz[], warnings integer, said jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known busy_source;
BEGIN
    SELECT * INTO known FROM busy_source s WHERE s.tenant_id = app.tenant_id() AND s.id = source FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF outcome IN ('READ', 'SAME') THEN
        UPDATE busy_source s SET state = 'OK', error = NULL, fetch_failing_at = NULL, fetch_failures = 0, fetch_told_at = NULL, last_fetched_at = now(),
                next_fetch_at = now() + app.busy_wait(0, s.content IS NOT NULL),
                whole_fetched_at = CASE WHEN outcome = 'READ' THEN now() ELSE s.whole_fetched_at END,
                block_count = CASE WHEN outcome = 'READ' THEN cardinality(starts) ELSE s.block_count END,
                warning_count = CASE WHEN outcome = 'READ' THEN warnings ELSE s.warning_count END,
                validators = CASE WHEN outcome = 'READ' THEN said ELSE s.validators END
            WHERE s.tenant_id = known.tenant_id AND s.id = known.id;
        IF outcome = 'READ' THEN
            PERFORM app.set_busy_blocks(known.id, known.instructor_id, starts, ends);
        END IF;
        RETURN;
    END IF;
    UPDATE busy_source s SET state = 'FAILED', error = outcome, fetch_failing_at = coalesce(s.fetch_failing_at, now()), fetch_failures = s.fetch_failures + 1,
            next_fetch_at = now() + app.busy_wait(s.fetch_failures + 1, s.content IS NOT NULL),
            fetch_told_at = CASE WHEN s.fetch_failing_at < now() - interval '24 hours' THEN coalesce(s.fetch_told_at, now()) ELSE s.fetch_told_at END
        WHERE s.tenant_id = known.tenant_id AND s.id = known.id;
    IF known.fetch_told_at IS NULL AND known.fetch_failing_at < now() - interval '24 hours' AND app.notifies('notify.busy_source_failed') THEN
        PERFORM app.emit('notify.busy_source_failed', app.type_id('busysource', known.id), NULL,
            jsonb_build_object('person', known.instructor_id, 'facts', jsonb_build_object('name', known.name, 'since', known.fetch_failing_at, 'reason', outcome)));
    END IF;
END
$$;

-- Asks for a source to be read now, once a minute. Reveals, to its owner and to whoever manages bookings: whether there is such a source.
CREATE OR REPLACE FUNCTION app.refresh_busy_source(source uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known busy_source;
BEGIN
    SELECT * INTO known FROM busy_source s
        WHERE s.tenant_id = app.tenant_id() AND s.id = source AND (s.instructor_id = app.user_id() OR app.can('BOOKING_MANAGE')) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF known.content IS NOT NULL THEN
        PERFORM app.refuse('busy_source_file');
    END IF;
    IF known.fetch_asked_at > now() - interval '1 minute' THEN
        PERFORM app.refuse('busy_source_wait',
            jsonb_build_object('seconds', greatest(1, ceil(extract(epoch FROM known.fetch_asked_at + interval '1 minute' - now())))::integer)::text);
    END IF;
    UPDATE busy_source s SET fetch_asked_at = now(), next_fetch_at = now() + app.busy_wait(0, false) WHERE s.tenant_id = known.tenant_id AND s.id = known.id;
    PERFORM app.enqueue('busy.fetch', NULL, jsonb_build_object('source', known.id), subject => app.type_id('busysource', known.id));
    RETURN true;
END
$$;

-- How it goes with it is no change of it.
CREATE OR REPLACE TRIGGER busy_source_audit AFTER INSERT OR DELETE ON busy_source FOR EACH ROW
    EXECUTE FUNCTION app.audit('BusySource', 'id', 'url,content,validators');

-- With a person go their sources. Reveals nothing.
CREATE OR REPLACE FUNCTION app.retire_busy_sources() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM busy_source s WHERE s.tenant_id = NEW.tenant_id AND s.instructor_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_retire_busy_sources AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_busy_sources();

GRANT EXECUTE ON FUNCTION
    app.known_bookings(uuid[]), app.fill_busy_source(uuid, timestamptz[], timestamptz[], integer), app.enqueue_busy_fetches(integer), app.begin_busy_fetch(uuid),
    app.end_busy_fetch(uuid, text, timestamptz[], timestamptz[], integer, jsonb), app.refresh_busy_source(uuid)
    TO lectern_app;
