-- Feeds: a person's bookings as iCalendar, by an address that is a secret; and the calendar entry that goes along with mails.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   calendar_feed_cap   a person has as many feeds as there may be

-- Whose feed is opened by what its address ends with. This looks over all schools, by the index of these hashes. Reveals, to the service: school, feed
-- and owner of whoever knows the secret.
CREATE OR REPLACE FUNCTION app.find_calendar_feed(presented bytea) RETURNS TABLE (tenant_id uuid, feed_id uuid, owner_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT f.tenant_id, f.id, f.owner_id FROM calendar_feed f WHERE f.secret_hash = presented ORDER BY f.tenant_id, f.id LIMIT 1;
END
$$;

-- Enters this transaction's feed as its owner: with what they may do now, in the role of theirs that grants most. Counts the read, and notes it. No row:
-- there is no such feed, or its owner is suspended, deleted or without a role. `wait`: for so many seconds it is not to be read again; nothing is entered
-- then, nor where the school's subscription does not run. Reveals, to the service: what the feed shows, and by whose clock and language.
CREATE OR REPLACE FUNCTION app.enter_calendar_feed(feed uuid)
    RETURNS TABLE (name text, scope text, instructor_id uuid, resource_id uuid, detail text, school text, locale text, subscribed boolean, wait integer)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most  CONSTANT integer := 60;
    known calendar_feed;
    held  record;
BEGIN
    SELECT * INTO known FROM calendar_feed f WHERE f.tenant_id = app.tenant_id() AND f.id = feed AND f.owner_id = app.user_id() FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT r.key, app.held_in(r.key, r.is_system, r.permissions, own.grants, own.denies) AS permissions, t.name, app.is_subscribed() AS subscribed INTO held
        FROM tenant t
        JOIN app_user u ON u.tenant_id = t.tenant_id AND u.id = known.owner_id AND u.status = 'ACTIVE' AND u.deleted_at IS NULL
        JOIN user_role ur ON ur.tenant_id = t.tenant_id AND ur.user_id = u.id AND (ur.ends_at IS NULL OR ur.ends_at > now())
        JOIN role r ON r.tenant_id = t.tenant_id AND r.id = ur.role_id
        LEFT JOIN LATERAL app.own_permissions(u.id) AS own ON true
        WHERE t.tenant_id = app.tenant_id()
        ORDER BY app.is_factor_due(known.owner_id, r.key), cardinality(app.held_in(r.key, r.is_system, r.permissions, own.grants, own.denies)) DESC, r.key LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    name := known.name; scope := known.scope; instructor_id := known.instructor_id; resource_id := known.resource_id; detail := known.detail;
    school := held.name; subscribed := held.subscribed; locale := app.locale_of(known.owner_id);
    IF subscribed AND known.hour_began_at > now() - interval '1 hour' AND known.hour_reads >= most THEN
        wait := greatest(1, ceil(extract(epoch FROM known.hour_began_at + interval '1 hour' - now())));
    ELSIF subscribed THEN
        UPDATE calendar_feed f SET last_read_at = now(), hour_began_at = CASE WHEN known.hour_began_at > now() - interval '1 hour' THEN known.hour_began_at ELSE now() END,
                hour_reads = CASE WHEN known.hour_began_at > now() - interval '1 hour' THEN known.hour_reads + 1 ELSE 1 END
            WHERE f.tenant_id = known.tenant_id AND f.id = known.id;
        PERFORM set_config('app.permissions',
            app.known_as(CASE WHEN app.is_factor_due(known.owner_id, held.key) THEN '{}' ELSE held.permissions END, held.key, NULL), true);
    END IF;
    RETURN NEXT;
END
$$;

-- Refuses when a person has more feeds than twenty. Reveals: their number, to their owner.
CREATE OR REPLACE FUNCTION app.check_feed_cap() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most CONSTANT integer := 20;
    used bigint;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('feeds', NEW.owner_id);
    SELECT count(*) INTO used FROM calendar_feed f WHERE f.tenant_id = NEW.tenant_id AND f.owner_id = NEW.owner_id;
    IF used > most THEN
        PERFORM app.refuse('calendar_feed_cap', jsonb_build_object('limit', most, 'used', used - 1)::text);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER calendar_feed_cap AFTER INSERT ON calendar_feed FOR EACH ROW EXECUTE FUNCTION app.check_feed_cap();

-- Another address is read as often as any new one.
CREATE OR REPLACE FUNCTION app.begin_feed_reads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.hour_reads := 0;
    NEW.hour_began_at := NULL;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER calendar_feed_begin_reads BEFORE UPDATE OF secret_hash ON calendar_feed FOR EACH ROW EXECUTE FUNCTION app.begin_feed_reads();

-- That it was read is no change of it.
CREATE OR REPLACE TRIGGER calendar_feed_audit AFTER INSERT OR DELETE ON calendar_feed FOR EACH ROW
    EXECUTE FUNCTION app.audit('CalendarFeed', 'id', 'secret_hash');
CREATE OR REPLACE TRIGGER calendar_feed_audit_change AFTER UPDATE ON calendar_feed FOR EACH ROW
    WHEN ((OLD.name, OLD.secret_hash) IS DISTINCT FROM (NEW.name, NEW.secret_hash))
    EXECUTE FUNCTION app.audit('CalendarFeed', 'id', 'secret_hash');

-- With a person go their feeds. Reveals nothing.
CREATE OR REPLACE FUNCTION app.retire_feeds() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM calendar_feed f WHERE f.tenant_id = NEW.tenant_id AND f.owner_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_retire_feeds AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_feeds();

-- Counts what calendars must hear of: another state, another time. Named to run after the triggers that may change either.
CREATE OR REPLACE FUNCTION app.count_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := coalesce(OLD.revision, 0) + 1;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER booking_revision BEFORE UPDATE OF status, starts_at, ends_at ON booking FOR EACH ROW
    WHEN ((OLD.status, OLD.starts_at, OLD.ends_at) IS DISTINCT FROM (NEW.status, NEW.starts_at, NEW.ends_at)) EXECUTE FUNCTION app.count_revision();

-- A booking as the calendar entry of a mail, as it is at this moment: an attachment of app.send_mail, which the service writes as a file of iCalendar when
-- the mail is sent. Nothing in it says who anybody is. For functions that ask for mails.
CREATE OR REPLACE FUNCTION app.invite_of(b public.booking) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN jsonb_build_object('name', 'invite.ics', 'event', jsonb_build_object(
        'booking', app.type_id('booking', b.id), 'status', b.status, 'startsAt', app.rfc3339(b.starts_at), 'endsAt', app.rfc3339(b.ends_at),
        'revision', coalesce(b.revision, 0), 'changedAt', app.rfc3339(b.updated_at),
        'title', coalesce((SELECT t.name FROM booking_type t WHERE t.tenant_id = b.tenant_id AND t.id = b.booking_type_id),
                          (SELECT c.title FROM course c WHERE c.tenant_id = b.tenant_id AND c.id = b.course_id)),
        'location', coalesce((SELECT t.location FROM booking_type t WHERE t.tenant_id = b.tenant_id AND t.id = b.booking_type_id),
                             (SELECT string_agg(coalesce(r.name || ', ' || r.location, r.name), '; ' ORDER BY l.place)
                              FROM booking_resource l JOIN resource r ON r.tenant_id = l.tenant_id AND r.id = l.resource_id
                              WHERE l.tenant_id = b.tenant_id AND l.booking_id = b.id))));
END
$$;

-- The same of several bookings, in the order of their start: one file of all of them. For functions that ask for mails.
CREATE OR REPLACE FUNCTION app.invites_of(bookings uuid[]) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT jsonb_build_array(jsonb_build_object('name', 'invite.ics', 'events', jsonb_agg(app.invite_of(b) -> 'event' ORDER BY b.starts_at, b.id)))
            FROM booking b WHERE b.tenant_id = app.tenant_id() AND b.id = ANY (bookings) HAVING count(*) > 0);
END
$$;

-- The language that the actor is written to in. Reveals, to them: that.
CREATE OR REPLACE FUNCTION app.own_locale() RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN app.locale_of(app.user_id());
END
$$;

GRANT EXECUTE ON FUNCTION app.find_calendar_feed(bytea), app.enter_calendar_feed(uuid), app.own_locale() TO lectern_app;
