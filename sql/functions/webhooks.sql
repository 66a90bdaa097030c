-- Webhooks: which events an endpoint is told of, and when each delivery is attempted.
--
-- A delivery that is PENDING has a job, or waits for its endpoint: of one endpoint four deliveries at most are under way, and one while its
-- last attempt failed. Whatever ends lets in the one that has waited longest. Whoever changes a delivery holds its endpoint's row.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   webhook_endpoint_cap      the school has as many endpoints as it may have
--   webhook_endpoint_active   nothing is queued for an endpoint that is PAUSED or DISABLED
--   webhook_delivery_pending  it is under way already

-- Whether this school has an endpoint, of whatever state and types: it can be widened, and sent again what happened before. For
-- app.wants_event.
CREATE OR REPLACE FUNCTION app.webhooks_want(type text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.webhook_endpoint e WHERE e.tenant_id = app.tenant_id());
END
$$;

-- A moment as it stands in bodies.
CREATE OR REPLACE FUNCTION app.rfc3339(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- Writes an event down with its body, once. For the two functions below.
CREATE OR REPLACE FUNCTION app.write_webhook_event(event uuid, type text, at timestamptz, data jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO webhook_event (tenant_id, id, type, body, at)
        SELECT t.tenant_id, event, write_webhook_event.type,
               format('{"type":%s,"timestamp":%s,"tenant":%s,"data":%s}', to_json(write_webhook_event.type), to_json(app.rfc3339(write_webhook_event.at)), to_json(t.slug), data),
               write_webhook_event.at
        FROM tenant t WHERE t.tenant_id = app.tenant_id()
        ON CONFLICT (tenant_id, id) DO NOTHING;
END
$$;

-- One delivery of an event for each endpoint that is told of it now, however often it is fanned out; for app.fan_out alone. An event that
-- only endpoints in another state are told of is written down as well: they may have it replayed. The endpoints' rows are held from when they
-- are looked at: one that is switched off at this moment either is not told, or calls off what it was.
CREATE OR REPLACE FUNCTION app.fan_out_to_webhooks(event uuid, type text, at timestamptz, data jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.webhooks_want(type) THEN
        RETURN;
    END IF;
    PERFORM app.write_webhook_event(event, type, at, data);
    INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, event_id, event_type)
        SELECT h.tenant_id, app.uuid_v7(), h.id, event, fan_out_to_webhooks.type FROM (
            SELECT e.tenant_id, e.id FROM webhook_endpoint e
            WHERE e.tenant_id = app.tenant_id() AND e.state = 'ACTIVE'
              AND (e.event_types IS NULL OR fan_out_to_webhooks.type = ANY (e.event_types))
            ORDER BY e.id FOR NO KEY UPDATE) AS h
        ON CONFLICT ON CONSTRAINT webhook_delivery_once DO NOTHING;
    PERFORM app.start_deliveries(d.endpoint_id) FROM (
        SELECT o.endpoint_id FROM webhook_delivery o WHERE o.tenant_id = app.tenant_id() AND o.event_id = event ORDER BY o.endpoint_id) AS d;
END
$$;

-- Makes jobs of the deliveries that have waited longest for their endpoint, as many as it has room for. Holds its row. For functions of
-- this file alone.
CREATE OR REPLACE FUNCTION app.start_deliveries(endpoint uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    failed integer;
    room   bigint;
    waiting record;
BEGIN
    SELECT e.failures INTO failed FROM webhook_endpoint e WHERE e.tenant_id = app.tenant_id() AND e.id = endpoint FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT CASE WHEN failed > 0 THEN 1 ELSE 4 END - count(*) INTO room
        FROM webhook_delivery d WHERE d.tenant_id = app.tenant_id() AND d.endpoint_id = endpoint AND d.in_flight;
    IF room < 1 THEN
        RETURN;
    END IF;
    FOR waiting IN
        SELECT d.id, d.jobs FROM webhook_delivery d
        WHERE d.tenant_id = app.tenant_id() AND d.endpoint_id = endpoint AND d.state = 'PENDING' AND d.job_id IS NULL
        ORDER BY d.next_attempt_at, d.id LIMIT room
    LOOP
        UPDATE webhook_delivery d SET in_flight = true, jobs = waiting.jobs + 1,
                job_id = app.enqueue('webhook.deliver', waiting.id || ':' || waiting.jobs + 1, jsonb_build_object('delivery', waiting.id), subject => app.type_id('delivery', waiting.id))
            WHERE d.tenant_id = app.tenant_id() AND d.id = waiting.id;
    END LOOP;
END
$$;

-- What a job is to send: nothing, where its delivery is not waited for any more, or where its endpoint has no room (it is let in later).
-- Reveals, to whoever runs that job: the endpoint's address, its sealed secrets, the event and its body.
CREATE OR REPLACE FUNCTION app.begin_delivery(job_id uuid, delivery uuid)
    RETURNS TABLE (url text, secret bytea, previous_secret bytea, event_id uuid, body text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    to_endpoint uuid;
    endpoint    webhook_endpoint;
    known       webhook_delivery;
    under_way   bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM job j WHERE j.tenant_id = app.tenant_id() AND j.id = begin_delivery.job_id AND j.kind = 'webhook.deliver' AND j.state = 'RUNNING') THEN
        RETURN;
    END IF;
    SELECT d.endpoint_id INTO to_endpoint FROM webhook_delivery d WHERE d.tenant_id = app.tenant_id() AND d.id = delivery;
    SELECT * INTO endpoint FROM webhook_endpoint e WHERE e.tenant_id = app.tenant_id() AND e.id = to_endpoint FOR NO KEY UPDATE;
    SELECT * INTO known FROM webhook_delivery d WHERE d.tenant_id = app.tenant_id() AND d.id = delivery AND d.job_id = begin_delivery.job_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF known.state <> 'PENDING' THEN
        UPDATE webhook_delivery d SET job_id = NULL, in_flight = false WHERE d.tenant_id = app.tenant_id() AND d.id = delivery;
        PERFORM app.start_deliveries(endpoint.id);
        RETURN;
    END IF;
    IF NOT known.in_flight THEN
        SELECT count(*) INTO under_way FROM webhook_delivery d WHERE d.tenant_id = app.tenant_id() AND d.endpoint_id = endpoint.id AND d.in_flight;
        IF under_way >= (CASE WHEN endpoint.failures > 0 THEN 1 ELSE 4 END) THEN
            UPDATE webhook_delivery d SET job_id = NULL WHERE d.tenant_id = app.tenant_id() AND d.id = delivery;
            RETURN;
        END IF;
        UPDATE webhook_delivery d SET in_flight = true WHERE d.tenant_id = app.tenant_id() AND d.id = delivery;
    END IF;
    RETURN QUERY
        SELECT endpoint.url, endpoint.secret, CASE WHEN endpoint.previous_secret_expires_at > now() THEN endpoint.previous_secret END, v.id, v.body
        FROM webhook_event v WHERE v.tenant_id = app.tenant_id() AND v.id = known.event_id;
END
$$;

-- How long after so many failures the next attempt is made; NULL after the last. A receiver that asks for more time gets it, up to a day.
CREATE OR REPLACE FUNCTION app.webhook_wait(failures integer, asked_for integer) RETURNS interval LANGUAGE sql VOLATILE
    RETURN (SELECT make_interval(secs => greatest(w.seconds * (0.8 + 0.4 * random()), least(coalesce(asked_for, 0), 86400)))
            FROM (SELECT ('{5,300,1800,7200,18000,36000,50400,72000}'::integer[])[failures]) AS w(seconds) WHERE w.seconds IS NOT NULL);

-- Switches an endpoint off: what waits is called off by its trigger, and those who manage webhooks are told. A receiver that is gone ends one
-- that is PAUSED as well.
CREATE OR REPLACE FUNCTION app.disable_webhook(endpoint uuid, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE webhook_endpoint e SET state = 'DISABLED', disabled_reason = reason
        WHERE e.tenant_id = app.tenant_id() AND e.id = endpoint AND (e.state = 'ACTIVE' OR (e.state = 'PAUSED' AND reason = 'GONE'));
    IF FOUND AND app.notifies('notify.webhook_disabled') THEN
        PERFORM app.emit('notify.webhook_disabled', app.type_id('webhook', endpoint), NULL, jsonb_build_object('facts', jsonb_build_object('reason', reason)));
    END IF;
END
$$;

-- Writes down what came of an attempt, and what follows of it. `status` is HTTP's, NULL where there was no answer. Reveals nothing.
CREATE OR REPLACE FUNCTION app.end_delivery(job_id uuid, delivery uuid, at timestamptz, duration_ms integer, status integer, error text, asked_for integer)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most        CONSTANT integer := 50;
    is_success  CONSTANT boolean := coalesce(status BETWEEN 200 AND 299, false);
    to_endpoint uuid;
    known       webhook_delivery;
    waits       interval;
BEGIN
    IF NOT EXISTS (SELECT FROM job j WHERE j.tenant_id = app.tenant_id() AND j.id = end_delivery.job_id AND j.kind = 'webhook.deliver' AND j.state = 'RUNNING') THEN
        RETURN;
    END IF;
    SELECT d.endpoint_id INTO to_endpoint FROM webhook_delivery d WHERE d.tenant_id = app.tenant_id() AND d.id = delivery;
    PERFORM FROM webhook_endpoint e WHERE e.tenant_id = app.tenant_id() AND e.id = to_endpoint FOR NO KEY UPDATE;
    UPDATE webhook_delivery d SET attempts = CASE WHEN jsonb_array_length(d.attempts) >= most THEN d.attempts - 0 ELSE d.attempts END
            || jsonb_build_array(jsonb_build_object('at', app.rfc3339(at), 'status', status, 'durationMs', duration_ms, 'error', error))
        WHERE d.tenant_id = app.tenant_id() AND d.id = delivery RETURNING d.* INTO known;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE webhook_endpoint e SET failures = CASE WHEN is_success THEN 0 ELSE e.failures + 1 END,
            failing_at = CASE WHEN is_success THEN NULL ELSE coalesce(e.failing_at, at) END,
            last_delivered_at = CASE WHEN is_success THEN now() ELSE e.last_delivered_at END
        WHERE e.tenant_id = app.tenant_id() AND e.id = to_endpoint;
    -- Somebody may have asked for it anew meanwhile, or called it off.
    IF known.job_id = end_delivery.job_id THEN
        waits := CASE WHEN NOT is_success AND known.state = 'PENDING' AND status IS DISTINCT FROM 410 THEN app.webhook_wait(known.failures + 1, asked_for) END;
        UPDATE webhook_delivery d SET in_flight = false,
                failures = CASE WHEN is_success THEN 0 ELSE d.failures + 1 END,
                state = CASE WHEN is_success THEN 'DELIVERED' WHEN d.state <> 'PENDING' OR waits IS NOT NULL THEN d.state ELSE 'FAILED' END,
                delivered_at = CASE WHEN is_success THEN now() END,
                next_attempt_at = now() + waits,
                jobs = CASE WHEN waits IS NULL THEN d.jobs ELSE d.jobs + 1 END,
                job_id = CASE WHEN waits IS NOT NULL THEN
                    app.enqueue('webhook.deliver', d.id || ':' || d.jobs + 1, jsonb_build_object('delivery', d.id), now() + waits, app.type_id('delivery', d.id)) END
            WHERE d.tenant_id = app.tenant_id() AND d.id = delivery;
    END IF;
    -- Nobody switches it off: whoever asked for what was delivered has no part in it.
    PERFORM set_config('app.user_id', '', true);
    IF status = 410 THEN
        PERFORM app.disable_webhook(to_endpoint, 'GONE');
    ELSIF EXISTS (SELECT FROM webhook_endpoint e WHERE e.tenant_id = app.tenant_id() AND e.id = to_endpoint
                  AND e.failures >= 10 AND e.failing_at < now() - interval '3 days') THEN
        PERFORM app.disable_webhook(to_endpoint, 'FAILING');
    END IF;
    PERFORM app.start_deliveries(to_endpoint);
END
$$;

-- Whoever calls off a delivery's job, or runs it anew, does the same to the delivery; a job that died (its worker was lost, again and again)
-- has failed. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_delivery_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    delivery    CONSTANT uuid := NEW.payload ->> 'delivery';
    to_endpoint uuid;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    SELECT d.endpoint_id INTO to_endpoint FROM webhook_delivery d WHERE d.tenant_id = NEW.tenant_id AND d.id = delivery;
    PERFORM FROM webhook_endpoint e WHERE e.tenant_id = NEW.tenant_id AND e.id = to_endpoint FOR NO KEY UPDATE;
    IF OLD.state = 'DEAD' THEN
        UPDATE webhook_delivery d SET state = 'PENDING', next_attempt_at = now(), failures = 0, job_id = NEW.id, in_flight = false
            WHERE d.tenant_id = NEW.tenant_id AND d.id = delivery AND d.state = 'FAILED'; -- begin_delivery looks for room
        RETURN NULL;
    END IF;
    UPDATE webhook_delivery d SET job_id = NULL, in_flight = false, next_attempt_at = NULL,
            state = CASE WHEN d.state <> 'PENDING' THEN d.state WHEN NEW.state = 'DEAD' THEN 'FAILED' ELSE 'CANCELLED' END
        WHERE d.tenant_id = NEW.tenant_id AND d.id = delivery AND d.job_id = NEW.id;
    PERFORM app.start_deliveries(to_endpoint);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER job_webhook_delivery AFTER UPDATE ON job FOR EACH ROW
    WHEN (NEW.kind = 'webhook.deliver' AND NEW.state <> OLD.state AND (NEW.state IN ('CANCELLED', 'DEAD') OR OLD.state = 'DEAD'))
    EXECUTE FUNCTION app.follow_delivery_job();

-- Tries a delivery anew. Reveals, to whoever manages webhooks: whether there is such a delivery.
CREATE OR REPLACE FUNCTION app.redeliver_webhook(delivery uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    to_endpoint uuid;
BEGIN
    IF NOT app.can('WEBHOOK_MANAGE') THEN
        RETURN false;
    END IF;
    SELECT d.endpoint_id INTO to_endpoint FROM webhook_delivery d WHERE d.tenant_id = app.tenant_id() AND d.id = delivery;
    PERFORM FROM webhook_endpoint e WHERE e.tenant_id = app.tenant_id() AND e.id = to_endpoint FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE webhook_delivery d SET state = 'PENDING', next_attempt_at = now(), delivered_at = NULL, failures = 0, job_id = NULL, in_flight = false
        WHERE d.tenant_id = app.tenant_id() AND d.id = delivery AND d.state <> 'PENDING';
    IF NOT FOUND THEN
        PERFORM app.refuse('webhook_delivery_pending');
    END IF;
    PERFORM app.start_deliveries(to_endpoint);
    RETURN true;
END
$$;

-- Sends an event `webhook.test` to one endpoint, in whatever state. Reveals, to whoever manages webhooks: the delivery; NULL where there is
-- no such endpoint.
CREATE OR REPLACE FUNCTION app.test_webhook(endpoint uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    event    CONSTANT uuid := app.uuid_v7();
    delivery CONSTANT uuid := app.uuid_v7();
BEGIN
    PERFORM FROM webhook_endpoint e WHERE e.tenant_id = app.tenant_id() AND e.id = endpoint FOR NO KEY UPDATE;
    IF NOT FOUND OR NOT app.can('WEBHOOK_MANAGE') THEN
        RETURN NULL;
    END IF;
    PERFORM app.write_webhook_event(event, 'webhook.test', now(), jsonb_build_object('id', app.type_id('webhook', endpoint)));
    INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, event_id, event_type) VALUES (app.tenant_id(), delivery, endpoint, event, 'webhook.test');
    PERFORM app.start_deliveries(endpoint);
    RETURN delivery;
END
$$;

-- Queues every event since then that an endpoint is told of and was not delivered. Reveals, to whoever manages webhooks: whether there is
-- such an endpoint.
CREATE OR REPLACE FUNCTION app.replay_webhook(endpoint uuid, since timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known webhook_endpoint;
BEGIN
    IF NOT app.can('WEBHOOK_MANAGE') THEN
        RETURN false;
    END IF;
    SELECT * INTO known FROM webhook_endpoint e WHERE e.tenant_id = app.tenant_id() AND e.id = endpoint FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF known.state <> 'ACTIVE' THEN
        PERFORM app.refuse('webhook_endpoint_active');
    END IF;
    UPDATE webhook_endpoint e SET replayed_from_at = since, replayed_at = now() WHERE e.tenant_id = app.tenant_id() AND e.id = endpoint;
    INSERT INTO webhook_delivery AS d (tenant_id, id, endpoint_id, event_id, event_type)
        SELECT v.tenant_id, app.uuid_v7(), endpoint, v.id, v.type FROM webhook_event v
        WHERE v.tenant_id = app.tenant_id() AND v.at >= since AND v.type <> 'webhook.test'
          AND (known.event_types IS NULL OR v.type = ANY (known.event_types))
        ORDER BY v.at, v.id
        ON CONFLICT ON CONSTRAINT webhook_delivery_once DO UPDATE SET state = 'PENDING', next_attempt_at = now(), failures = 0, job_id = NULL, in_flight = false
            WHERE d.state IN ('FAILED', 'CANCELLED');
    PERFORM app.start_deliveries(endpoint);
    RETURN true;
END
$$;

-- Signs with another secret from now on, and for so many hours with the present one as well. Reveals, to whoever manages webhooks: whether
-- there is such an endpoint.
CREATE OR REPLACE FUNCTION app.rotate_webhook_secret(endpoint uuid, sealed bytea, grace_hours integer) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('WEBHOOK_MANAGE') THEN
        RETURN false;
    END IF;
    UPDATE webhook_endpoint e SET secret = sealed, previous_secret = CASE WHEN grace_hours > 0 THEN e.secret END,
            previous_secret_expires_at = CASE WHEN grace_hours > 0 THEN now() + make_interval(hours => grace_hours) END
        WHERE e.tenant_id = app.tenant_id() AND e.id = endpoint;
    RETURN FOUND;
END
$$;

CREATE OR REPLACE FUNCTION app.check_webhook_cap() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most CONSTANT integer := 20;
    used bigint;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('webhooks', NEW.tenant_id);
    SELECT count(*) INTO used FROM webhook_endpoint e WHERE e.tenant_id = NEW.tenant_id;
    IF used > most THEN
        PERFORM app.refuse('webhook_endpoint_cap', jsonb_build_object('limit', most, 'used', used - 1)::text);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER webhook_endpoint_cap AFTER INSERT ON webhook_endpoint FOR EACH ROW EXECUTE FUNCTION app.check_webhook_cap();

-- Whoever switches an endpoint on, or sends it elsewhere, forgives its failures.
CREATE OR REPLACE FUNCTION app.before_webhook_endpoint_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.state = 'ACTIVE' AND OLD.state <> 'ACTIVE') OR NEW.url <> OLD.url THEN
        NEW.failures := 0;
        NEW.failing_at := NULL;
    END IF;
    IF NEW.state <> 'DISABLED' THEN
        NEW.disabled_reason := NULL;
    END IF;
    IF app.is_change(to_jsonb(OLD), to_jsonb(NEW)) THEN
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER webhook_endpoint_before_update BEFORE UPDATE ON webhook_endpoint FOR EACH ROW EXECUTE FUNCTION app.before_webhook_endpoint_update();

-- What waits for an endpoint that is switched off or deleted is called off, with its jobs. (One that runs finds it out by itself.) Reveals nothing.
CREATE OR REPLACE FUNCTION app.cancel_deliveries() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    waiting uuid[];
BEGIN
    PERFORM app.enter_tenant(OLD.tenant_id);
    WITH off AS (
        UPDATE webhook_delivery d SET state = 'CANCELLED', next_attempt_at = NULL
            WHERE d.tenant_id = OLD.tenant_id AND d.endpoint_id = OLD.id AND d.state = 'PENDING' RETURNING d.job_id)
        SELECT array_agg(o.job_id) INTO waiting FROM off o WHERE o.job_id IS NOT NULL;
    UPDATE job j SET state = 'CANCELLED', finished_at = clock_timestamp()
        WHERE j.tenant_id = OLD.tenant_id AND j.id = ANY (waiting) AND j.state = 'QUEUED';
    RETURN OLD;
END
$$;
CREATE OR REPLACE TRIGGER webhook_endpoint_gone BEFORE DELETE ON webhook_endpoint FOR EACH ROW EXECUTE FUNCTION app.cancel_deliveries();
CREATE OR REPLACE TRIGGER webhook_endpoint_off AFTER UPDATE ON webhook_endpoint FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND (OLD.state = 'ACTIVE' OR NEW.state = 'DISABLED')) EXECUTE FUNCTION app.cancel_deliveries();

-- What people change of an endpoint, and that it was switched off. How its deliveries go is no change of it.
CREATE OR REPLACE TRIGGER webhook_endpoint_audit AFTER INSERT OR DELETE ON webhook_endpoint FOR EACH ROW
    EXECUTE FUNCTION app.audit('WebhookEndpoint', 'id', 'secret,previous_secret');
CREATE OR REPLACE TRIGGER webhook_endpoint_audit_change AFTER UPDATE ON webhook_endpoint FOR EACH ROW
    WHEN ((OLD.url, OLD.description, OLD.event_types, OLD.state, OLD.secret, OLD.replayed_at)
          IS DISTINCT FROM (NEW.url, NEW.description, NEW.event_types, NEW.state, NEW.secret, NEW.replayed_at))
    EXECUTE FUNCTION app.audit('WebhookEndpoint', 'id', 'secret,previous_secret');
-- A delivery is a record itself; that somebody asked for it anew stands in the log.
CREATE OR REPLACE TRIGGER webhook_delivery_audit AFTER UPDATE ON webhook_delivery FOR EACH ROW
    WHEN (OLD.state <> 'PENDING' AND NEW.state = 'PENDING' AND current_setting('app.operation', true) = 'redeliverWebhook')
    EXECUTE FUNCTION app.audit('WebhookDelivery', 'id');

-- Deletes some of this transaction's school's deliveries that are older than 30 days, and some events that are so old and that no delivery
-- needs. Reveals: how many.
CREATE OR REPLACE FUNCTION app.purge_webhooks(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    deliveries integer;
    events     integer;
BEGIN
    DELETE FROM webhook_delivery d WHERE d.tenant_id = app.tenant_id() AND d.id IN (
        SELECT o.id FROM webhook_delivery o
        WHERE o.tenant_id = app.tenant_id() AND o.created_at < now() - interval '30 days' AND o.state <> 'PENDING'
        LIMIT at_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS deliveries = ROW_COUNT;
    DELETE FROM webhook_event v WHERE v.tenant_id = app.tenant_id() AND v.id IN (
        SELECT o.id FROM webhook_event o
        WHERE o.tenant_id = app.tenant_id() AND o.at < now() - interval '30 days'
          AND NOT EXISTS (SELECT FROM webhook_delivery d WHERE d.tenant_id = o.tenant_id AND d.event_id = o.id)
        ORDER BY o.at LIMIT at_most - deliveries);
    GET DIAGNOSTICS events = ROW_COUNT;
    RETURN deliveries + events;
END
$$;

GRANT EXECUTE ON FUNCTION
    app.begin_delivery(uuid, uuid), app.end_delivery(uuid, uuid, timestamptz, integer, integer, text, integer), app.redeliver_webhook(uuid),
    app.test_webhook(uuid), app.replay_webhook(uuid, timestamptz), app.rotate_webhook_secret(uuid, bytea, integer), app.purge_webhooks(integer)
    TO lectern_app;
