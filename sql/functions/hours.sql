-- Hours: what is open, by weekly rules and single openings, less time off.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   availability_rule_places   an owner has as many rules as there may be
--   zone_unknown               the database knows no such zone
--   hours_too_long             rules that hold for years are asked for more days than anybody needs at once

-- The first moment at which a zone's clock shows a time, or has passed it. A time that the clocks skip is the moment of the change, one
-- that they show twice is its first. PostgreSQL alone would move a skipped time on, and take the second of two. The zone data of this server
-- answers, for what is offered and for what is checked alike.
CREATE OR REPLACE FUNCTION app.wall_moment(zone text, wall timestamp) RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    -- No zone is more than 16 hours from UTC, nor ever was.
    early  CONSTANT timestamptz := wall AT TIME ZONE 'UTC' - interval '16 hours';
    late   CONSTANT timestamptz := wall AT TIME ZONE 'UTC' + interval '16 hours';
    before CONSTANT interval := early AT TIME ZONE zone - early AT TIME ZONE 'UTC';
    after  CONSTANT interval := late AT TIME ZONE zone - late AT TIME ZONE 'UTC';
    moment timestamptz := wall AT TIME ZONE 'UTC' - before;
    low    timestamptz;
    high   timestamptz;
    middle timestamptz;
BEGIN
    -- Nearly always: no change within the day, or one that comes later.
    IF before = after OR moment AT TIME ZONE zone = wall THEN
        RETURN moment;
    END IF;
    low := wall AT TIME ZONE 'UTC' - after;
    IF low AT TIME ZONE zone = wall THEN
        RETURN low; -- the change was before
    END IF;
    -- The clocks skip it: the change is later than `low` and no later than `moment`.
    high := moment;
    WHILE high - low > interval '1 second' LOOP
        middle := date_trunc('second', low + (high - low) / 2);
        IF middle AT TIME ZONE zone - middle AT TIME ZONE 'UTC' = before THEN
            low := middle;
        ELSE
            high := middle;
        END IF;
    END LOOP;
    RETURN high;
END
$$;

-- When instructors and resources are open within a range, as pieces that overlap and reach beyond it: what is given by rules and single
-- openings, and what is taken off (is_off). A resource without any rule is open all the while. This is the one place where times on
-- the wall's clock become moments: each (zone, time) once. NULL: all instructors, all resources. What calendars elsewhere say is not in it. Reveals:
-- these spans, not why they are taken off.
CREATE OR REPLACE FUNCTION app.hour_pieces(instructors uuid[], resources uuid[], range_start timestamptz, range_end timestamptz)
    RETURNS TABLE (instructor_id uuid, resource_id uuid, is_off boolean, starts_at timestamptz, ends_at timestamptz)
    LANGUAGE plpgsql STABLE ROWS 200 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    tenant    CONSTANT uuid := app.tenant_id();
    -- A rule that begins on these dates may reach into the range, whatever its zone.
    first_day date := (range_start AT TIME ZONE 'UTC')::date - 2;
    last_day  date := (range_end AT TIME ZONE 'UTC')::date + 1;
BEGIN
    IF instructors IS NULL THEN
        instructors := ARRAY(SELECT u.id FROM app_user u WHERE u.tenant_id = tenant AND u.is_instructor);
    END IF;
    IF resources IS NULL THEN
        resources := ARRAY(SELECT r.id FROM resource r WHERE r.tenant_id = tenant AND r.deleted_at IS NULL);
    END IF;
    IF last_day - first_day > 100 THEN -- a report's: no day is looked at on which no rule holds
        SELECT greatest(first_day, min(r.valid_from)), least(last_day, max(coalesce(r.valid_until, last_day))) INTO first_day, last_day
            FROM availability_rule r
            WHERE r.tenant_id = tenant AND (r.instructor_id = ANY (instructors) OR r.resource_id = ANY (resources));
        IF last_day - first_day > 1100 THEN
            PERFORM app.refuse('hours_too_long', jsonb_build_object('limit', 1100)::text);
        END IF;
    END IF;
    RETURN QUERY
        WITH rule AS MATERIALIZED (
            SELECT r.* FROM availability_rule r WHERE r.tenant_id = tenant AND r.instructor_id = ANY (instructors)
          UNION ALL
            SELECT r.* FROM availability_rule r WHERE r.tenant_id = tenant AND r.resource_id = ANY (resources)
        ), span AS MATERIALIZED ( -- each time of each zone once a day, however many keep it
            SELECT h.time_zone, h.from_time, h.until_time, d.day, d.weekday,
                   app.wall_moment(h.time_zone, d.day + h.from_time::time) AS starts,
                   app.wall_moment(h.time_zone, d.day + (h.until_time <= h.from_time)::integer + h.until_time::time) AS ends
            FROM (SELECT DISTINCT r.time_zone, r.from_time, r.until_time FROM rule r) AS h
            CROSS JOIN (SELECT first_day + n, ('{MONDAY,TUESDAY,WEDNESDAY,THURSDAY,FRIDAY,SATURDAY,SUNDAY}'::text[])[extract(isodow FROM first_day + n)::integer]
                        FROM generate_series(0, last_day - first_day) AS n) AS d(day, weekday)
        )
        SELECT r.instructor_id, r.resource_id, false, s.starts, s.ends
        FROM rule r
        JOIN span s ON s.time_zone = r.time_zone AND s.from_time = r.from_time AND s.until_time = r.until_time
        WHERE s.day >= r.valid_from AND s.day <= coalesce(r.valid_until, 'infinity') AND s.weekday = ANY (r.weekdays)
          AND s.starts < s.ends AND s.starts < range_end AND s.ends > range_start
      UNION ALL
        SELECT a.instructor_id, a.resource_id, false, a.starts_at, a.ends_at FROM availability a
        WHERE a.tenant_id = tenant AND a.instructor_id = ANY (instructors)
          AND a.starts_at < range_end AND a.ends_at > range_start AND a.starts_at > range_start - interval '32 days'
      UNION ALL
        SELECT a.instructor_id, a.resource_id, false, a.starts_at, a.ends_at FROM availability a
        WHERE a.tenant_id = tenant AND a.resource_id = ANY (resources)
          AND a.starts_at < range_end AND a.ends_at > range_start AND a.starts_at > range_start - interval '32 days'
      UNION ALL
        SELECT NULL, o.id, false, range_start, range_end FROM unnest(resources) AS o(id)
        WHERE NOT EXISTS (SELECT FROM availability_rule r WHERE r.tenant_id = tenant AND r.resource_id = o.id)
      UNION ALL
        SELECT o.instructor_id, o.resource_id, true, o.starts_at, o.ends_at FROM time_off o
        WHERE o.tenant_id = tenant AND o.instructor_id = ANY (instructors)
          AND o.starts_at < range_end AND o.ends_at > range_start AND o.starts_at > range_start - interval '367 days'
      UNION ALL
        SELECT o.instructor_id, o.resource_id, true, o.starts_at, o.ends_at FROM time_off o
        WHERE o.tenant_id = tenant AND o.resource_id = ANY (resources)
          AND o.starts_at < range_end AND o.ends_at > range_start AND o.starts_at > range_start - interval '367 days';
END
$$;

-- The same, with what instructors are kept from by calendars elsewhere (busy_block) taken off as well. Reveals the same.
CREATE OR REPLACE FUNCTION app.open_pieces(instructors uuid[], resources uuid[], range_start timestamptz, range_end timestamptz)
    RETURNS TABLE (instructor_id uuid, resource_id uuid, is_off boolean, starts_at timestamptz, ends_at timestamptz)
    LANGUAGE plpgsql STABLE ROWS 200 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT p.* FROM app.hour_pieces(instructors, resources, range_start, range_end) AS p;
    RETURN QUERY SELECT k.instructor_id, NULL::uuid, true, k.starts_at, k.ends_at FROM app.blocked_spans(instructors, range_start, range_end) AS k;
END
$$;

-- Hours put together: one row for each stretch that is open, whatever calendars elsewhere say; in no order.
CREATE OR REPLACE FUNCTION app.hour_spans(instructors uuid[], resources uuid[], range_start timestamptz, range_end timestamptz)
    RETURNS TABLE (instructor_id uuid, resource_id uuid, starts_at timestamptz, ends_at timestamptz) LANGUAGE sql STABLE ROWS 200 AS $$
    SELECT o.instructor_id, o.resource_id, lower(s.span), upper(s.span)
    FROM (SELECT p.instructor_id, p.resource_id,
                 (range_agg(tstzrange(p.starts_at, p.ends_at)) FILTER (WHERE NOT p.is_off)
                  - coalesce(range_agg(tstzrange(p.starts_at, p.ends_at)) FILTER (WHERE p.is_off), '{}')) * tstzmultirange(tstzrange(range_start, range_end)) AS spans
          FROM app.hour_pieces(instructors, resources, range_start, range_end) AS p GROUP BY p.instructor_id, p.resource_id) AS o
    CROSS JOIN LATERAL unnest(o.spans) AS s(span)
$$;

-- The same, less what instructors are kept from by calendars elsewhere.
CREATE OR REPLACE FUNCTION app.open_spans(instructors uuid[], resources uuid[], range_start timestamptz, range_end timestamptz)
    RETURNS TABLE (instructor_id uuid, resource_id uuid, starts_at timestamptz, ends_at timestamptz) LANGUAGE sql STABLE ROWS 200 AS $$
    SELECT o.instructor_id, o.resource_id, lower(s.span), upper(s.span)
    FROM (SELECT p.instructor_id, p.resource_id,
                 (range_agg(tstzrange(p.starts_at, p.ends_at)) FILTER (WHERE NOT p.is_off)
                  - coalesce(range_agg(tstzrange(p.starts_at, p.ends_at)) FILTER (WHERE p.is_off), '{}')) * tstzmultirange(tstzrange(range_start, range_end)) AS spans
          FROM app.open_pieces(instructors, resources, range_start, range_end) AS p GROUP BY p.instructor_id, p.resource_id) AS o
    CROSS JOIN LATERAL unnest(o.spans) AS s(span)
$$;

-- Whether an instructor is open through a whole span, be it in several adjoining or overlapping pieces.
CREATE OR REPLACE FUNCTION app.is_available(instructor uuid, span_start timestamptz, span_end timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce(
        (SELECT range_agg(tstzrange(o.starts_at, o.ends_at)) @> tstzrange(span_start, span_end)
         FROM app.open_spans(ARRAY[instructor], '{}', span_start, span_end) AS o),
        false);
END
$$;

-- Whether a resource is; likewise.
CREATE OR REPLACE FUNCTION app.is_open(resource uuid, span_start timestamptz, span_end timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce(
        (SELECT range_agg(tstzrange(o.starts_at, o.ends_at)) @> tstzrange(span_start, span_end)
         FROM app.open_spans('{}', ARRAY[resource], span_start, span_end) AS o),
        false);
END
$$;

-- A zone is one that this server knows: it is the one that is asked.
CREATE OR REPLACE FUNCTION app.check_zone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM now() AT TIME ZONE NEW.time_zone;
    RETURN NEW;
EXCEPTION WHEN invalid_parameter_value THEN
    PERFORM app.refuse('zone_unknown');
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER availability_rule_zone BEFORE INSERT OR UPDATE OF time_zone ON availability_rule FOR EACH ROW EXECUTE FUNCTION app.check_zone();

-- Refuses when an owner has more rules than a hundred. Reveals: their number, to whoever may add to them.
CREATE OR REPLACE FUNCTION app.check_rule_places() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most CONSTANT integer := 100;
    used bigint;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('hours', coalesce(NEW.instructor_id, NEW.resource_id));
    IF NEW.instructor_id IS NOT NULL THEN
        SELECT count(*) INTO used FROM availability_rule r WHERE r.tenant_id = NEW.tenant_id AND r.instructor_id = NEW.instructor_id;
    ELSE
        SELECT count(*) INTO used FROM availability_rule r WHERE r.tenant_id = NEW.tenant_id AND r.resource_id = NEW.resource_id;
    END IF;
    IF used > most THEN
        PERFORM app.refuse('availability_rule_places', jsonb_build_object('limit', most, 'used', used - 1)::text);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER availability_rule_places AFTER INSERT ON availability_rule FOR EACH ROW EXECUTE FUNCTION app.check_rule_places();

CREATE OR REPLACE TRIGGER availability_rule_audit AFTER INSERT OR UPDATE OR DELETE ON availability_rule FOR EACH ROW
    EXECUTE FUNCTION app.audit('AvailabilityRule', 'id');
-- Why somebody is away is not the log's business.
CREATE OR REPLACE TRIGGER time_off_audit AFTER INSERT OR UPDATE OR DELETE ON time_off FOR EACH ROW EXECUTE FUNCTION app.audit('TimeOff', 'id', 'reason');

GRANT EXECUTE ON FUNCTION app.hour_pieces(uuid[], uuid[], timestamptz, timestamptz), app.open_pieces(uuid[], uuid[], timestamptz, timestamptz) TO lectern_app;
