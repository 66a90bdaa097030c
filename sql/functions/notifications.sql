-- Notifications: whom an event is told, how it reaches them, and the digest.
--
-- Which kinds there are, which events make them and who gets them is told by the service (app.notification_kinds, app.notifying_events and
-- app.notified, made of src/domains/notifications/kinds.rs).

-- Whether people of this school are told of events of this type. Not of what is loaded with the audit log off, nor where a transaction says that
-- nobody is to be told (`app.notify` off: an import). Reveals nothing.
CREATE OR REPLACE FUNCTION app.notifies(type text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN type = ANY (app.notifying_events()) AND current_setting('app.notify', true) IS DISTINCT FROM 'off'
       AND current_setting('app.audit', true) IS DISTINCT FROM 'off';
END
$$;

-- The people who hold a permission through any role of theirs that runs, grants and denies counted. For app.notified.
CREATE OR REPLACE FUNCTION app.holders_of(permission text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT ur.user_id FROM role r
            JOIN user_role ur ON ur.tenant_id = r.tenant_id AND ur.role_id = r.id AND (ur.ends_at IS NULL OR ur.ends_at > now())
            WHERE r.tenant_id = app.tenant_id() AND holders_of.permission = ANY (app.permissions_of(r.key, r.is_system, r.permissions))
              AND (r.is_system AND r.key = 'ADMIN' OR NOT EXISTS (
                  SELECT FROM user_permission p
                  WHERE p.tenant_id = ur.tenant_id AND p.user_id = ur.user_id AND p.effect = 'DENY' AND p.permission = holders_of.permission))
        UNION
        SELECT p.user_id FROM user_permission p
            WHERE p.tenant_id = app.tenant_id() AND p.effect = 'GRANT' AND p.permission = holders_of.permission AND app.holds(p.user_id, holders_of.permission);
END
$$;

-- The language that somebody is written to in: which they have chosen, else the school's. Reveals: that.
CREATE OR REPLACE FUNCTION app.locale_of(person uuid) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT s.locale FROM notification_settings s WHERE s.tenant_id = app.tenant_id() AND s.id = person),
                    (SELECT s.locale FROM tenant_settings s WHERE s.tenant_id = app.tenant_id()), 'en');
END
$$;

-- Mails notifications of an event at once, by a few statements however many they are; those whose recipients were sent a hundred within the hour
-- wait for their digests. (What is essential does not wait.) `attachments` as of app.send_mails. For app.fan_out_to_notifications alone.
CREATE OR REPLACE FUNCTION app.mail_notifications(event uuid, told uuid[], filling jsonb, attachments jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most CONSTANT integer := 100;
BEGIN
    UPDATE notification n SET mail = 'WAITS' FROM app.notification_kinds() AS k
        WHERE n.tenant_id = app.tenant_id() AND n.id = ANY (told) AND k.kind = n.kind AND NOT k.is_essential
          AND most <= (SELECT count(*) FROM (
              SELECT FROM mail m WHERE m.tenant_id = n.tenant_id AND m.user_id = n.recipient_id AND m.created_at > now() - interval '1 hour'
                  AND starts_with(m.key, 'note:') LIMIT most) AS sent);
    PERFORM app.send_mails(lower(t.kind), t.people, t.locales, filling, t.keys, attachments)
        FROM (SELECT n.kind, array_agg(n.recipient_id ORDER BY n.recipient_id) AS people, array_agg(s.locale ORDER BY n.recipient_id) AS locales,
                     array_agg('note:' || event || ':' || n.recipient_id || ':' || n.kind ORDER BY n.recipient_id) AS keys
              FROM notification n LEFT JOIN notification_settings s ON s.tenant_id = n.tenant_id AND s.id = n.recipient_id
              WHERE n.tenant_id = app.tenant_id() AND n.id = ANY (told) AND n.mail = 'AT_ONCE' GROUP BY n.kind) AS t;
END
$$;

-- Tells people of an event, in the transaction of its job; for app.fan_out alone. One statement, however many they are. Events of one hour about
-- one thing are one notification, which counts each once, in whatever order they come, and says what the latest of them says; it is unread again.
-- Whoever did it is not told, unless the kind says so. What is essential is mailed as everybody gets it.
CREATE OR REPLACE FUNCTION app.fan_out_to_notifications(event uuid, type text, at timestamptz, subject text, note jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    nobody  CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    who     CONSTANT uuid := nullif(coalesce(nullif(current_setting('app.user_id', true), '')::uuid, nobody), nobody);
    about   CONSTANT uuid := note ->> 'course';
    facts   CONSTANT jsonb := coalesce(note -> 'facts', '{}');
    filling CONSTANT jsonb := facts || jsonb_build_object('course', (SELECT c.title FROM course c WHERE c.tenant_id = app.tenant_id() AND c.id = about));
    -- Asked once: whoever begins to listen now waits for the end of this transaction.
    is_heard      CONSTANT boolean := app.is_heard('notification');
    is_count_heard CONSTANT boolean := app.is_heard('unread');
    told    record;
    at_once uuid[];
BEGIN
    PERFORM app.share_lock_for('told', app.tenant_id()); -- see app.forget_notifications
    FOR told IN
        INSERT INTO notification AS n (tenant_id, id, recipient_id, kind, subject, hour, event_id, actor_id, course_id, facts, in_app, mail)
            SELECT app.tenant_id(), app.uuid_v7(), u.id, k.kind, fan_out_to_notifications.subject, date_trunc('hour', at, 'UTC'), event,
                   CASE WHEN k.doer <> 'NOBODY' THEN who END, about, facts, c.in_app,
                   CASE c.email WHEN 'IMMEDIATE' THEN 'AT_ONCE' WHEN 'DIGEST' THEN 'WAITS' ELSE 'NONE' END
            FROM app.notified(type, note, who) AS w
            JOIN app.notification_kinds() AS k ON k.kind = w.kind
            JOIN app_user u ON u.tenant_id = app.tenant_id() AND u.id = w.recipient_id AND u.status = 'ACTIVE' AND u.deleted_at IS NULL
            LEFT JOIN notification_preference p ON p.tenant_id = app.tenant_id() AND p.user_id = u.id AND p.kind = k.kind
            CROSS JOIN LATERAL (SELECT coalesce(p.in_app, true) AS in_app, CASE WHEN k.is_essential THEN w.email ELSE coalesce(p.email, w.email) END AS email) AS c
            WHERE (k.doer <> 'LEFT_OUT' OR who IS NULL OR u.id <> who) AND (c.in_app OR c.email <> 'OFF')
            ORDER BY u.id
            ON CONFLICT ON CONSTRAINT notification_once DO UPDATE
                SET count = n.count + 1, event_id = greatest(n.event_id, excluded.event_id), earlier_ids = n.earlier_ids || least(n.event_id, excluded.event_id),
                    actor_id = CASE WHEN n.event_id < excluded.event_id THEN excluded.actor_id ELSE n.actor_id END,
                    course_id = CASE WHEN n.event_id < excluded.event_id THEN excluded.course_id ELSE n.course_id END,
                    facts = CASE WHEN n.event_id < excluded.event_id THEN excluded.facts ELSE n.facts END,
                    in_app = excluded.in_app, mail = excluded.mail, read_at = NULL, updated_at = clock_timestamp()
                -- Whoever waits for a row that somebody else tells of at this moment looks at it as it is then.
                WHERE n.event_id <> excluded.event_id AND NOT excluded.event_id = ANY (n.earlier_ids)
            RETURNING n.id, n.recipient_id, n.kind, n.in_app, n.mail
    LOOP
        IF told.in_app AND is_heard THEN
            PERFORM app.announce('notification', told.id, told.recipient_id);
        END IF;
        IF told.in_app AND is_count_heard THEN
            PERFORM app.announce('unread', told.recipient_id, told.recipient_id);
        END IF;
        IF told.mail = 'AT_ONCE' THEN
            at_once := at_once || told.id;
        END IF;
    END LOOP;
    IF at_once IS NOT NULL THEN
        PERFORM app.mail_notifications(event, at_once, filling, coalesce(nullif(note -> 'attachments', 'null'), '[]'));
    END IF;
END
$$;

-- Tells whoever began it that an import has ended; for the domain whose run it is. `facts`: `state`. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_import(run uuid, person uuid, state text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.emit('import.finished', app.type_id('importrun', run),
        CASE WHEN app.webhooks_want('import.finished') THEN jsonb_build_object('id', app.type_id('importrun', run), 'state', state) END,
        CASE WHEN app.notifies('import.finished') THEN jsonb_build_object('person', person, 'facts', jsonb_build_object('state', state)) END);
END
$$;

-- Tells whoever asked for it, or whose schedule it is, that an export is there to be fetched; for the domain whose run it is. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_export(run uuid, person uuid, name text, is_scheduled boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.emit('notify.export_ready', app.type_id('exportrun', run), NULL,
        CASE WHEN app.notifies('notify.export_ready') THEN
            jsonb_build_object('person', person, 'isScheduled', is_scheduled, 'facts', jsonb_build_object('name', name)) END);
END
$$;

-- A zone, if this database knows it: the service may know a newer list of them, and one person's must not keep everybody from their digests.
CREATE OR REPLACE FUNCTION app.known_zone(name text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF name IS NOT NULL THEN
        PERFORM now() AT TIME ZONE name;
    END IF;
    RETURN name;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN NULL;
END
$$;

-- Some people of this transaction's school whose digest is due: something is unread and was not mailed that is older than the latest moment of
-- their hour, by their own clock, else the school's, be it today's or yesterday's; what of it stands in the digest, the newest first, and how many they are.
-- Whom a mail of that date was sent already are left out. Reveals, to the service only: this.
CREATE OR REPLACE FUNCTION app.due_digests(at_most integer)
    RETURNS TABLE (person uuid, day text, up_to timestamptz, locale text, time_zone text, kinds text[], courses text[], facts jsonb[], waiting bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most  CONSTANT integer := 20;
    zone  CONSTANT text := (SELECT t.time_zone FROM tenant t WHERE t.tenant_id = app.tenant_id());
    usual CONSTANT text := app.locale_of(NULL); -- of whoever has chosen no language
BEGIN
    RETURN QUERY
        SELECT d.user_id, d.day::text, d.moment, coalesce(d.chosen, usual), d.clock, s.kinds, s.courses, s.facts, s.waiting
        FROM (SELECT o.recipient_id AS user_id, c.locale AS chosen, k.clock, l.day, l.moment
              FROM (SELECT DISTINCT w.recipient_id FROM notification w
                    WHERE w.tenant_id = app.tenant_id() AND w.mail = 'WAITS' AND w.read_at IS NULL) AS o
              JOIN app_user u ON u.tenant_id = app.tenant_id() AND u.id = o.recipient_id
              LEFT JOIN notification_settings c ON c.tenant_id = app.tenant_id() AND c.id = o.recipient_id
              CROSS JOIN LATERAL (SELECT coalesce(app.known_zone(u.time_zone), zone) AS clock) AS k
              CROSS JOIN LATERAL (SELECT v.day, m.moment FROM (SELECT (now() AT TIME ZONE k.clock)::date - n FROM generate_series(0, 1) AS n) AS v(day)
                  CROSS JOIN LATERAL (SELECT (v.day + make_interval(hours => coalesce(c.digest_hour, 18))) AT TIME ZONE k.clock AS moment) AS m
                  WHERE m.moment <= now() ORDER BY v.day DESC LIMIT 1) AS l) AS d
        CROSS JOIN LATERAL (
            SELECT array_agg(r.kind ORDER BY r.updated_at DESC, r.id) FILTER (WHERE r.place <= most) AS kinds,
                   array_agg(r.title ORDER BY r.updated_at DESC, r.id) FILTER (WHERE r.place <= most) AS courses,
                   array_agg(r.facts ORDER BY r.updated_at DESC, r.id) FILTER (WHERE r.place <= most) AS facts, count(*) AS waiting
            FROM (SELECT n.kind, n.facts, n.updated_at, n.id, t.title, row_number() OVER (ORDER BY n.updated_at DESC, n.id) AS place
                  FROM notification n
                  JOIN app.notification_kinds() AS k ON k.kind = n.kind
                  LEFT JOIN notification_preference p ON p.tenant_id = n.tenant_id AND p.user_id = n.recipient_id AND p.kind = n.kind
                  LEFT JOIN course t ON t.tenant_id = n.tenant_id AND t.id = n.course_id
                  WHERE n.tenant_id = app.tenant_id() AND n.recipient_id = d.user_id AND n.mail = 'WAITS' AND n.read_at IS NULL
                    AND n.updated_at < d.moment AND p.email IS DISTINCT FROM 'OFF') AS r) AS s
        WHERE s.waiting > 0
          AND NOT EXISTS (SELECT FROM mail m WHERE m.tenant_id = app.tenant_id() AND m.key = 'digest:' || d.user_id || ':' || d.day)
        ORDER BY d.user_id LIMIT at_most;
END
$$;

-- Asks for somebody's digest of a date, once, and says of what stands in it that it does. Reveals nothing.
CREATE OR REPLACE FUNCTION app.send_digest(wanted uuid, of_day text, older_than timestamptz, in_locale text, filling jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.send_mail('digest', wanted, NULL, in_locale, filling, 'digest:' || wanted || ':' || of_day) IS NOT NULL THEN
        UPDATE notification n SET mail = 'DONE'
            WHERE n.tenant_id = app.tenant_id() AND n.recipient_id = wanted AND n.mail = 'WAITS' AND n.read_at IS NULL AND n.updated_at < older_than;
    END IF;
END
$$;

-- Turns a kind's mail off for somebody, or (NULL) all of which they get a digest. Again and again the same; nobody who is not there any more, and
-- nothing essential. Reveals nothing.
CREATE OR REPLACE FUNCTION app.unsubscribe(person uuid, of_kind text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.hold_person(person) THEN
        RETURN;
    END IF;
    INSERT INTO notification_preference AS p (tenant_id, user_id, kind, email)
        SELECT u.tenant_id, u.id, k.kind, 'OFF' FROM app_user u CROSS JOIN app.notification_kinds() AS k
        LEFT JOIN notification_preference o ON o.tenant_id = u.tenant_id AND o.user_id = u.id AND o.kind = k.kind
        WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.deleted_at IS NULL AND NOT k.is_essential
          AND (k.kind = of_kind OR (of_kind IS NULL AND coalesce(o.email, k.email) = 'DIGEST'))
        ORDER BY k.kind
        ON CONFLICT (tenant_id, user_id, kind) DO UPDATE SET email = 'OFF' WHERE p.email IS DISTINCT FROM 'OFF';
END
$$;

-- Who reads, or takes back that they have read, has another number of unread ones. (A plan that was made for a few rows would compare each of ten
-- thousand with each.) Reveals nothing.
CREATE OR REPLACE FUNCTION app.announce_read() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
DECLARE
    reader record;
BEGIN
    FOR reader IN SELECT DISTINCT n.tenant_id, n.recipient_id FROM new_rows n JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id
                  WHERE n.in_app AND (n.read_at IS NULL) <> (o.read_at IS NULL) LOOP
        PERFORM app.enter_tenant(reader.tenant_id);
        PERFORM app.announce('unread', reader.recipient_id, reader.recipient_id);
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER notification_read AFTER UPDATE ON notification REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.announce_read();

-- What a person was told and had chosen goes with them: what they are told at this moment is waited for, and who tells later finds nobody.
-- Reveals nothing.
CREATE OR REPLACE FUNCTION app.forget_notifications() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('told', NEW.tenant_id);
    DELETE FROM notification n WHERE n.tenant_id = NEW.tenant_id AND n.recipient_id = NEW.id;
    DELETE FROM notification_preference p WHERE p.tenant_id = NEW.tenant_id AND p.user_id = NEW.id;
    DELETE FROM notification_settings s WHERE s.tenant_id = NEW.tenant_id AND s.id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_forget_notifications AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.forget_notifications();

-- Nor does anybody choose anything who is being deleted.
CREATE OR REPLACE TRIGGER notification_settings_keep AFTER INSERT ON notification_settings FOR EACH ROW
    WHEN (current_user = 'lectern_app') EXECUTE FUNCTION app.keep_person('id');
CREATE OR REPLACE TRIGGER notification_preference_keep AFTER INSERT ON notification_preference FOR EACH ROW
    WHEN (current_user = 'lectern_app') EXECUTE FUNCTION app.keep_person('user_id');

CREATE OR REPLACE TRIGGER notification_settings_touch BEFORE UPDATE ON notification_settings FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER notification_settings_audit AFTER INSERT OR UPDATE OR DELETE ON notification_settings FOR EACH ROW
    EXECUTE FUNCTION app.audit('NotificationSettings', 'id');
CREATE OR REPLACE TRIGGER notification_preference_touch BEFORE UPDATE ON notification_preference FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER notification_preference_audit AFTER INSERT OR UPDATE OR DELETE ON notification_preference FOR EACH ROW
    EXECUTE FUNCTION app.audit('NotificationSettings', 'user_id');

-- Deletes some of this transaction's school's notifications 30 days after their latest event. Reveals: how many.
CREATE OR REPLACE FUNCTION app.purge_notifications(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM notification n WHERE n.tenant_id = app.tenant_id() AND n.id IN (
        SELECT o.id FROM notification o WHERE o.tenant_id = app.tenant_id() AND o.updated_at < now() - interval '30 days'
        ORDER BY o.updated_at LIMIT at_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;

GRANT EXECUTE ON FUNCTION app.due_digests(integer), app.send_digest(uuid, text, timestamptz, text, jsonb), app.unsubscribe(uuid, text),
    app.purge_notifications(integer)
    TO lectern_app;
