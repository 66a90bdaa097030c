-- Jobs: what is to happen outside a request, or later. Asking for one, claiming and finishing it, moving it by hand, what is due.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   job_lease       the job is not the caller's any more
--   job_transition  no such step leads on from the job's state
--
-- Which kinds there are, and their lanes, is told by the service (app.job_kinds, made of its declarations). Two functions look over all
-- schools, and say no more of them than ids and times: app.claim_jobs and app.due_schools; app.job_figures says how many there are.

-- Asks for a job, in the name of this transaction's school, actor and request: it exists exactly when the transaction commits, and once for
-- each key of its kind as long as it is kept (none: a new job). No lapse of the subscription stops this. Reveals: the id of the new job;
-- NULL where it was there already.
CREATE OR REPLACE FUNCTION app.enqueue(kind text, key text, payload jsonb DEFAULT '{}', run_at timestamptz DEFAULT NULL, subject text DEFAULT NULL)
    RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    nobody  CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    made    CONSTANT uuid := app.uuid_v7();
    known   record;
    id_made uuid;
BEGIN
    SELECT k.lane, k.max_attempts, k.is_spared INTO known FROM app.job_kinds() AS k WHERE k.kind = enqueue.kind;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING MESSAGE = 'no such kind of jobs', DETAIL = kind;
    END IF;
    INSERT INTO job (tenant_id, id, kind, key, lane, is_spared, payload, subject, actor_id, api_key_id, correlation, run_at, max_attempts)
        VALUES (app.tenant_id(), made, enqueue.kind, coalesce(enqueue.key, made::text), known.lane, known.is_spared OR app.tenant_id() = nobody,
                enqueue.payload, enqueue.subject, nullif(coalesce(nullif(current_setting('app.user_id', true), '')::uuid, nobody), nobody),
                app.key_id(), coalesce(nullif(current_setting('app.correlation_id', true), ''), 'none'), coalesce(enqueue.run_at, now()), known.max_attempts)
        ON CONFLICT ON CONSTRAINT job_key_key DO NOTHING RETURNING job.id INTO id_made;
    IF id_made IS NOT NULL AND coalesce(enqueue.run_at <= now(), true) THEN
        PERFORM set_config('app.enqueued', 'on', true); -- Tx::commit reads it, and wakes the workers of its process
    END IF;
    RETURN id_made;
END
$$;

-- The same for many jobs of a kind that run now, in one statement; each has its key, its payload and what it is about. For functions of the service.
CREATE OR REPLACE FUNCTION app.enqueue_all(kind text, keys text[], payloads jsonb[], subjects text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    known  record;
BEGIN
    SELECT k.lane, k.max_attempts, k.is_spared INTO known FROM app.job_kinds() AS k WHERE k.kind = enqueue_all.kind;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING MESSAGE = 'no such kind of jobs', DETAIL = kind;
    END IF;
    INSERT INTO job (tenant_id, id, kind, key, lane, is_spared, payload, subject, actor_id, correlation, run_at, max_attempts)
        SELECT app.tenant_id(), app.uuid_v7(), enqueue_all.kind, w.key, known.lane, known.is_spared OR app.tenant_id() = nobody, w.payload, w.subject,
               nullif(coalesce(nullif(current_setting('app.user_id', true), '')::uuid, nobody), nobody),
               coalesce(nullif(current_setting('app.correlation_id', true), ''), 'none'), now(), known.max_attempts
        FROM unnest(keys, payloads, subjects) AS w(key, payload, subject)
        ON CONFLICT ON CONSTRAINT job_key_key DO NOTHING;
    IF FOUND THEN
        PERFORM set_config('app.enqueued', 'on', true);
    END IF;
END
$$;

-- Whether anybody is told of events of this type in this school: an event that nobody waits for costs this question and no row. Whoever
-- tells somebody of events (notifications, webhooks) asks for theirs here. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.wants_event(type text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN app.notifies(type) OR app.webhooks_want(type);
END
$$;

-- Tells all who want an event of it, in the transaction of its job, whose id is the event's. Whoever tells somebody of events does it here.
-- Reveals nothing.
CREATE OR REPLACE FUNCTION app.fan_out(event uuid, subject text, payload jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF payload ? 'data' THEN
        PERFORM app.fan_out_to_webhooks(event, payload ->> 'type', (payload ->> 'at')::timestamptz, payload -> 'data');
    END IF;
    IF payload ? 'note' THEN
        PERFORM app.fan_out_to_notifications(event, payload ->> 'type', (payload ->> 'at')::timestamptz, subject, payload -> 'note');
    END IF;
END
$$;

-- Says that something has happened, for triggers of the changed table: one job, whose id is the event's, in the change's own transaction.
-- It is fanned out once, to all who want it. `subject` is the object's id as clients know it; `data` is what endpoints are told, and holds ids,
-- states and times alone; `note` is what notifications are made of. NULL: nobody wants that, as whoever gives a note has asked before.
CREATE OR REPLACE FUNCTION app.emit(type text, subject text, data jsonb, note jsonb DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF note IS NULL AND (data IS NULL OR NOT app.webhooks_want(type)) THEN
        RETURN;
    END IF;
    PERFORM app.enqueue('event.fan_out', NULL, jsonb_build_object('type', type, 'at', clock_timestamp())
        || CASE WHEN data IS NULL THEN '{}' ELSE jsonb_build_object('data', data) END
        || CASE WHEN note IS NULL THEN '{}' ELSE jsonb_build_object('note', note) END, subject => subject);
END
$$;

-- Whether jobs of a school run: while its subscription does. Those of the nil tenant always do. For functions that claim and schedule.
CREATE OR REPLACE FUNCTION app.runs(school uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN school = '00000000-0000-0000-0000-000000000000' OR EXISTS (
        SELECT FROM tenant t WHERE t.tenant_id = school AND t.suspended_at IS NULL AND t.subscription_start <= now()
            AND (t.subscription_end IS NULL OR now() < t.subscription_end));
END
$$;

-- The oldest jobs of a lane that `wanted` free slots should take, the first first: ranked within each school, the lowest of (running jobs
-- of the school + rank), then the oldest. None of a school whose subscription does not run, but for those that no lapse stops; never more
-- than `most` of one school at one worker. For app.claim_jobs alone.
--
-- Mostly the oldest hundred jobs say who is next. Where they are of too few schools (one of them asked for very many), the first job of each
-- waiting school is looked up, by one probe of an index a school.
CREATE OR REPLACE FUNCTION app.next_jobs(of_lane text, wanted integer, most integer, by_worker uuid) RETURNS TABLE (tenant_id uuid, id uuid)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    width   CONSTANT integer := 100;
    seen    bigint;
    idle    bigint;
    head    record;
    is_on   boolean;
    schools uuid[] := '{}';
    on_now  boolean[] := '{}';
BEGIN
    -- Schools that have lapsed are not counted among those that could be next: what waits of them stays the oldest.
    SELECT coalesce(sum(o.waiting), 0), count(*) FILTER (WHERE NOT EXISTS (
               SELECT FROM job r WHERE r.state = 'RUNNING' AND r.lane = of_lane AND r.tenant_id = o.tenant_id) AND app.runs(o.tenant_id))
        INTO seen, idle
        FROM (SELECT w.tenant_id, count(*) AS waiting
              FROM (SELECT j.tenant_id FROM job j WHERE j.state = 'QUEUED' AND j.lane = of_lane AND j.run_at <= now()
                    ORDER BY j.lane, j.run_at LIMIT width) AS w GROUP BY w.tenant_id) AS o;
    IF seen = 0 THEN
        RETURN;
    END IF;
    -- Twice as many as are wanted, for some may be locked by another worker, or of schools that have lapsed.
    FOR head IN
        WITH RECURSIVE first_job AS (
            (SELECT j.tenant_id, j.run_at FROM job j WHERE j.state = 'QUEUED' AND j.lane = of_lane AND seen = width AND idle < wanted * 2
                 ORDER BY j.lane, j.tenant_id, j.run_at LIMIT 1)
            UNION ALL
            SELECT n.tenant_id, n.run_at FROM first_job f CROSS JOIN LATERAL (
                SELECT j.tenant_id, j.run_at FROM job j WHERE j.state = 'QUEUED' AND j.lane = of_lane AND j.tenant_id > f.tenant_id
                ORDER BY j.lane, j.tenant_id, j.run_at LIMIT 1) AS n
        ), heads AS (
            SELECT f.tenant_id, f.run_at FROM first_job f WHERE f.run_at <= now()
            UNION ALL
            SELECT o.tenant_id, min(o.run_at) FROM (
                SELECT j.tenant_id, j.run_at FROM job j WHERE j.state = 'QUEUED' AND j.lane = of_lane AND j.run_at <= now()
                    AND NOT (seen = width AND idle < wanted * 2)
                ORDER BY j.lane, j.run_at LIMIT width) AS o GROUP BY o.tenant_id
        )
        SELECT h.tenant_id FROM heads h
            LEFT JOIN (SELECT r.tenant_id, count(*) AS running FROM job r WHERE r.state = 'RUNNING' AND r.lane = of_lane GROUP BY r.tenant_id) AS u
                ON u.tenant_id = h.tenant_id
            ORDER BY coalesce(u.running, 0), h.run_at
    LOOP
        is_on := app.runs(head.tenant_id);
        CONTINUE WHEN NOT is_on AND NOT EXISTS (
            SELECT FROM job j WHERE j.state = 'QUEUED' AND j.is_spared AND j.lane = of_lane AND j.tenant_id = head.tenant_id AND j.run_at <= now());
        schools := schools || head.tenant_id;
        on_now := on_now || is_on;
        EXIT WHEN cardinality(schools) >= wanted * 2;
    END LOOP;
    RETURN QUERY
        SELECT s.school, ranked.id FROM unnest(schools, on_now) AS s(school, is_on)
            CROSS JOIN LATERAL (
                SELECT count(*) AS running, count(*) FILTER (WHERE r.worker = by_worker) AS here
                FROM job r WHERE r.state = 'RUNNING' AND r.lane = of_lane AND r.tenant_id = s.school) AS u
            CROSS JOIN LATERAL (
                SELECT due.id, due.run_at, row_number() OVER (ORDER BY due.run_at, due.id) AS place FROM (
                    (SELECT j.id, j.run_at FROM job j
                        WHERE s.is_on AND j.state = 'QUEUED' AND j.lane = of_lane AND j.tenant_id = s.school AND j.run_at <= now()
                        ORDER BY j.run_at, j.id LIMIT wanted * 2)
                    UNION ALL
                    (SELECT j.id, j.run_at FROM job j
                        WHERE NOT s.is_on AND j.state = 'QUEUED' AND j.is_spared AND j.lane = of_lane AND j.tenant_id = s.school AND j.run_at <= now()
                        ORDER BY j.run_at, j.id LIMIT wanted * 2)) AS due) AS ranked
            WHERE u.here + ranked.place <= most
            ORDER BY u.running + ranked.place, ranked.run_at, ranked.id LIMIT wanted * 2;
END
$$;

-- Claims jobs for the free slots of a worker, of all schools: for each lane as many as are wanted, and of one school no more than `most` at
-- this worker. They are the worker's until the lease ends. First it takes back those whose worker was lost: to run again, or DEAD where that
-- was the third. Reveals, to the service only: ids, schools and kinds of what is claimed. Each change names its school.
CREATE OR REPLACE FUNCTION app.claim_jobs(lanes text[], wanted integer[], most integer[], by_worker uuid, new_lease uuid, seconds double precision)
    RETURNS TABLE (tenant_id uuid, id uuid, kind text, lane text, attempts integer)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    came_for CONSTANT text := current_setting('app.tenant_id');
    place    integer;
    taken    integer;
    found_id record;
BEGIN
    -- A claim that a crash of the database forgets was never made: its lease is nobody's. So nobody waits for the disk.
    PERFORM set_config('synchronous_commit', 'off', true);
    FOR found_id IN SELECT j.tenant_id, j.id FROM job j WHERE j.state = 'RUNNING' AND j.lane = ANY (lanes) AND j.leased_until < now() LOOP
        PERFORM app.enter_tenant(found_id.tenant_id);
        UPDATE job j SET losses = j.losses + 1, worker = NULL, lease = NULL, leased_until = NULL,
                state = CASE WHEN j.losses >= 2 THEN 'DEAD' ELSE 'QUEUED' END, finished_at = CASE WHEN j.losses >= 2 THEN now() END,
                last_error = 'WORKER_LOST: the worker that had it is gone.'
            WHERE j.tenant_id = found_id.tenant_id AND j.id = (
                SELECT l.id FROM job l WHERE l.tenant_id = found_id.tenant_id AND l.id = found_id.id AND l.state = 'RUNNING' AND l.leased_until < now()
                FOR UPDATE SKIP LOCKED);
    END LOOP;
    FOR place IN 1 .. cardinality(lanes) LOOP
        taken := 0;
        CONTINUE WHEN wanted[place] < 1;
        FOR found_id IN SELECT n.tenant_id, n.id FROM app.next_jobs(lanes[place], wanted[place], most[place], by_worker) AS n LOOP
            PERFORM app.enter_tenant(found_id.tenant_id);
            UPDATE job j SET state = 'RUNNING', worker = by_worker, lease = new_lease, leased_until = now() + make_interval(secs => seconds),
                    attempts = j.attempts + 1, started_at = now()
                WHERE j.tenant_id = found_id.tenant_id AND j.id = (
                    SELECT l.id FROM job l WHERE l.tenant_id = found_id.tenant_id AND l.id = found_id.id AND l.state = 'QUEUED' FOR UPDATE SKIP LOCKED)
                RETURNING j.tenant_id, j.id, j.kind, j.lane, j.attempts INTO tenant_id, id, kind, lane, attempts;
            IF FOUND THEN
                RETURN NEXT;
                taken := taken + 1;
                EXIT WHEN taken >= wanted[place];
            END IF;
        END LOOP;
    END LOOP;
    PERFORM set_config('app.tenant_id', came_for, true);
END
$$;

-- Goes on as a claimed job: the transaction takes its person, with the permissions of now (none where nobody asked for it, or they are gone:
-- of several roles, that which grants most, among those that grant what the job needs where one does; what an API key asked for has its role and
-- permissions, and none once it is dead), its operation and its correlation id. Refuses (job_lease) where it is not the caller's any more.
-- Reveals, to whoever holds its lease: the job, and that person.
CREATE OR REPLACE FUNCTION app.enter_job(job_id uuid, own_lease uuid)
    RETURNS TABLE (kind text, key text, payload jsonb, subject text, attempts integer, correlation text, created_at timestamptz, actor_id uuid,
                   token_version integer, role_id uuid, role_key text, permissions text[], subscribed boolean, time_zone text, version bigint,
                   holds_until timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    asked_by uuid;
    by_key   api_key;
    -- One of these; for a draft AGENT_EXECUTE as well.
    needed   text[];
BEGIN
    SELECT j.kind, j.key, j.payload, j.subject, j.attempts, j.correlation, j.created_at, j.actor_id, j.api_key_id
        INTO kind, key, payload, subject, attempts, correlation, created_at, actor_id, asked_by
        FROM job j WHERE j.tenant_id = app.tenant_id() AND j.id = job_id AND j.lease = own_lease AND j.state = 'RUNNING';
    IF NOT FOUND THEN
        PERFORM app.refuse('job_lease');
    END IF;
    PERFORM set_config('app.operation', 'system:' || kind, true), set_config('app.correlation_id', correlation, true);
    IF asked_by IS NOT NULL THEN
        SELECT k.* INTO by_key FROM api_key k
            WHERE k.tenant_id = app.tenant_id() AND k.id = asked_by AND k.revoked_at IS NULL AND k.expires_at > now();
    END IF;
    IF actor_id IS NOT NULL THEN
        needed := CASE kind WHEN 'import.run' THEN ARRAY['ROSTER_MANAGE'] WHEN 'tenant.export' THEN ARRAY['TENANT_EXPORT'] WHEN 'export.run' THEN
            (SELECT ARRAY[CASE WHEN x.roster_format IS NULL THEN 'REPORT_READ' ELSE 'ROSTER_MANAGE' END] FROM export_run x
                WHERE x.tenant_id = app.tenant_id() AND x.id = (enter_job.payload ->> 'run')::uuid) WHEN 'generation.run' THEN
            (SELECT CASE g.kind WHEN 'COURSE' THEN ARRAY['COURSE_CREATE'] WHEN 'SECTION' THEN ARRAY['COURSE_UPDATE', 'COURSE_UPDATE_ALL'] ELSE ARRAY['GRADE_MANAGE'] END
                FROM generation g WHERE g.tenant_id = app.tenant_id() AND g.id = (enter_job.payload ->> 'generation')::uuid) END;
        SELECT u.token_version, r.id, r.key, p.held,
               t.suspended_at IS NULL AND t.subscription_start <= now() AND (t.subscription_end IS NULL OR now() < t.subscription_end), t.time_zone
            INTO token_version, role_id, role_key, permissions, subscribed, time_zone
            FROM tenant t
            JOIN app_user u ON u.tenant_id = t.tenant_id AND u.id = enter_job.actor_id AND u.status = 'ACTIVE' AND u.deleted_at IS NULL
            JOIN user_role ur ON ur.tenant_id = t.tenant_id AND ur.user_id = u.id AND (ur.ends_at IS NULL OR ur.ends_at > now())
            JOIN role r ON r.tenant_id = t.tenant_id AND r.id = ur.role_id
            LEFT JOIN LATERAL app.own_permissions(u.id) AS own ON true
            CROSS JOIN LATERAL app.held_in(r.key, r.is_system, r.permissions, own.grants, own.denies) AS p(held)
            WHERE t.tenant_id = app.tenant_id() AND (asked_by IS NULL OR r.id = by_key.role_id)
            ORDER BY (needed && p.held AND (enter_job.kind <> 'generation.run' OR 'AGENT_EXECUTE' = ANY (p.held)) AND NOT app.is_factor_due(u.id, r.key)) IS TRUE DESC,
                cardinality(p.held) DESC, r.key LIMIT 1;
        permissions := CASE WHEN app.is_factor_due(actor_id, role_key) THEN '{}' ELSE app.within_key(permissions, by_key) END;
        PERFORM set_config('app.user_id', actor_id::text, true), set_config('app.permissions', app.known_as(permissions, role_key, asked_by), true);
    END IF;
    RETURN NEXT;
END
$$;

-- Keeps a claimed job for a while longer. Refuses (job_lease) where it is not the caller's any more. Reveals nothing.
CREATE OR REPLACE FUNCTION app.keep_job(job_id uuid, own_lease uuid, seconds double precision) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE job j SET leased_until = clock_timestamp() + make_interval(secs => seconds)
        WHERE j.tenant_id = app.tenant_id() AND j.id = job_id AND j.lease = own_lease AND j.state = 'RUNNING';
    IF NOT FOUND THEN
        PERFORM app.refuse('job_lease');
    END IF;
END
$$;

-- Says that a claimed job is done, in the transaction of its effect. Refuses (job_lease) where it is not the caller's any more, so that the
-- effect is not committed either. Reveals nothing.
CREATE OR REPLACE FUNCTION app.finish_job(job_id uuid, own_lease uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE job j SET state = 'SUCCEEDED', finished_at = clock_timestamp(), worker = NULL, lease = NULL, leased_until = NULL, last_error = NULL
        WHERE j.tenant_id = app.tenant_id() AND j.id = job_id AND j.lease = own_lease AND j.state = 'RUNNING';
    IF NOT FOUND THEN
        PERFORM app.refuse('job_lease');
    END IF;
END
$$;

-- Says that an attempt has failed: the job runs again after so many seconds, or is DEAD where it has none left, or where none is given.
-- Refuses (job_lease) where it is not the caller's any more. Reveals nothing.
CREATE OR REPLACE FUNCTION app.fail_job(job_id uuid, own_lease uuid, reason text, seconds double precision) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE job j SET worker = NULL, lease = NULL, leased_until = NULL, last_error = left(reason, 500),
            state = CASE WHEN seconds IS NULL OR j.attempts >= j.max_attempts THEN 'DEAD' ELSE 'QUEUED' END,
            finished_at = CASE WHEN seconds IS NULL OR j.attempts >= j.max_attempts THEN clock_timestamp() END,
            run_at = clock_timestamp() + make_interval(secs => coalesce(seconds, 0))
        WHERE j.tenant_id = app.tenant_id() AND j.id = job_id AND j.lease = own_lease AND j.state = 'RUNNING';
    IF NOT FOUND THEN
        PERFORM app.refuse('job_lease');
    END IF;
END
$$;

-- Gives a claimed job back as if it had never been claimed, for after so many seconds. Refuses (job_lease) where it is not the caller's any
-- more. Reveals nothing.
CREATE OR REPLACE FUNCTION app.give_back_job(job_id uuid, own_lease uuid, seconds double precision) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE job j SET state = 'QUEUED', attempts = j.attempts - 1, worker = NULL, lease = NULL, leased_until = NULL,
            run_at = CASE WHEN seconds > 0 THEN clock_timestamp() + make_interval(secs => seconds) ELSE j.run_at END
        WHERE j.tenant_id = app.tenant_id() AND j.id = job_id AND j.lease = own_lease AND j.state = 'RUNNING';
    IF NOT FOUND THEN
        PERFORM app.refuse('job_lease');
    END IF;
END
$$;

-- Runs a job now: a dead one with all its attempts before it, or one that waits for later. Reveals, to whoever may manage jobs: whether there
-- is such a job.
CREATE OR REPLACE FUNCTION app.retry_job(job_id uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known job;
BEGIN
    IF NOT (app.can('JOB_MANAGE') OR pg_has_role(session_user, 'lectern_platform', 'MEMBER')) THEN
        RETURN false;
    END IF;
    SELECT * INTO known FROM job j WHERE j.tenant_id = app.tenant_id() AND j.id = job_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF NOT (known.state = 'DEAD' OR (known.state = 'QUEUED' AND known.run_at > clock_timestamp())) THEN
        PERFORM app.refuse('job_transition', jsonb_build_object('state', known.state)::text);
    END IF;
    UPDATE job j SET state = 'QUEUED', run_at = now(), finished_at = NULL,
            attempts = CASE known.state WHEN 'DEAD' THEN 0 ELSE j.attempts END, losses = CASE known.state WHEN 'DEAD' THEN 0 ELSE j.losses END
        WHERE j.tenant_id = app.tenant_id() AND j.id = job_id;
    PERFORM set_config('app.enqueued', 'on', true);
    RETURN true;
END
$$;

-- Calls off a job that waits. Whoever has a row that a job stands for follows by a trigger on `job`. Reveals, to whoever may manage jobs:
-- whether there is such a job.
CREATE OR REPLACE FUNCTION app.cancel_job(job_id uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known text;
BEGIN
    IF NOT (app.can('JOB_MANAGE') OR pg_has_role(session_user, 'lectern_platform', 'MEMBER')) THEN
        RETURN false;
    END IF;
    SELECT j.state INTO known FROM job j WHERE j.tenant_id = app.tenant_id() AND j.id = job_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF known <> 'QUEUED' THEN
        PERFORM app.refuse('job_transition', jsonb_build_object('state', known)::text);
    END IF;
    UPDATE job j SET state = 'CANCELLED', finished_at = clock_timestamp() WHERE j.tenant_id = app.tenant_id() AND j.id = job_id;
    RETURN true;
END
$$;

-- A job moves by the rows of job_transition alone, whoever moves it.
CREATE OR REPLACE FUNCTION app.check_job_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.job_transition t WHERE t.from_state = OLD.state AND t.to_state = NEW.state) THEN
        PERFORM app.refuse('job_transition', jsonb_build_object('state', OLD.state)::text);
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER job_move BEFORE UPDATE OF state ON job FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION app.check_job_move();

-- A job is a record itself; what somebody does to one by hand stands in the audit log. Nothing else moves a job from these states to those, but
-- for triggers of the rows that jobs stand for.
CREATE OR REPLACE TRIGGER job_audit AFTER UPDATE ON job FOR EACH ROW
    WHEN (OLD.state IN ('DEAD', 'QUEUED') AND NEW.state IN ('QUEUED', 'CANCELLED') AND pg_trigger_depth() = 0)
    EXECUTE FUNCTION app.audit('Job', 'id', 'key');

-- Whether there is anything to do in this transaction's school for a kind that ticks more often than hourly. For app.due_schools.
CREATE OR REPLACE FUNCTION app.is_due(of_kind text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
BEGIN
    CASE of_kind
        WHEN 'booking.escalate' THEN
            RETURN EXISTS (SELECT FROM public.booking b WHERE b.tenant_id = school AND b.status = 'REQUESTED' AND b.escalated_at IS NULL AND b.ends_at > now()
                           AND b.created_at <= now() - make_interval(hours => coalesce(
                               (SELECT s.booking_escalation_hours FROM public.tenant_settings s WHERE s.tenant_id = school), 24)));
        WHEN 'booking.remind' THEN -- What has been told goes, once a day.
            RETURN EXISTS (SELECT FROM app.due_reminders(school))
                OR EXISTS (SELECT FROM public.booking_reminder r WHERE r.tenant_id = school AND r.starts_at <= now() - interval '1 day');
        WHEN 'waitlist.offer' THEN
            RETURN EXISTS (SELECT FROM public.waitlist_entry w WHERE w.tenant_id = school AND w.status = 'WAITING' AND w.ends_at > now());
        WHEN 'waitlist.expire' THEN
            RETURN EXISTS (SELECT FROM app.ended_waiting(school));
        WHEN 'order.expire' THEN
            RETURN EXISTS (SELECT FROM public.sales_order o WHERE o.tenant_id = school AND o.status = 'PENDING' AND o.expires_at <= now());
        WHEN 'quiz.sweep' THEN
            RETURN EXISTS (SELECT FROM public.quiz_attempt a WHERE a.tenant_id = school AND a.status = 'IN_PROGRESS' AND a.ends_at < now() - interval '5 seconds');
        WHEN 'program.end' THEN
            RETURN EXISTS (SELECT FROM public.program p WHERE p.tenant_id = school AND p.status = 'ACTIVE' AND p.ends_at <= now());
        WHEN 'place.advance' THEN
            RETURN EXISTS (SELECT FROM public.application o WHERE o.tenant_id = school AND o.status = 'WAITLISTED' AND o.offer_expires_at <= now())
                OR EXISTS (SELECT FROM app.unpaid_places());
        WHEN 'payment.reconcile' THEN -- As app.payments_to_ask and app.chase_refunds choose.
            RETURN EXISTS (SELECT FROM public.payment p WHERE p.tenant_id = school AND p.provider = 'STRIPE'
                           AND (p.status = 'PENDING' OR p.status IN ('EXPIRED', 'CANCELLED', 'REJECTED') AND NOT p.is_checked)
                           AND CASE WHEN p.status <> 'PENDING' THEN p.provider_id IS NOT NULL AND p.settled_at < now() - interval '10 minutes'
                                   AND (p.asked_at IS NULL OR p.asked_at < now() - interval '5 minutes' AND p.settled_at > now() - interval '30 days')
                               ELSE p.created_at < now() - interval '15 minutes' AND coalesce(p.asked_at, p.created_at)
                                   < now() - CASE WHEN p.provider_id IS NULL THEN interval '15 minutes' ELSE interval '5 minutes' END END)
                OR EXISTS (SELECT FROM public.refund r WHERE r.tenant_id = school AND r.status = 'PENDING'
                           AND coalesce(r.asked_at, r.created_at) < now() - interval '15 minutes');
        WHEN 'grant.retry' THEN
            RETURN EXISTS (SELECT FROM public.attendee_grant g WHERE g.tenant_id = school AND g.state = 'FAILED' AND g.tried_at <= now() - interval '5 minutes');
        WHEN 'document.sweep' THEN
            RETURN EXISTS (SELECT FROM public.document d WHERE d.tenant_id = school AND d.state = 'PENDING' AND d.updated_at < now() - interval '1 minute');
        ELSE
            RETURN true;
    END CASE;
END
$$;

-- The schools (nil: the deployment as a whole) for which the latest slot of a scheduled kind has no job yet, of those slots that have begun
-- since then. The slots of the schools lie spread over the period. None of a school whose subscription does not run. A kind that ticks more often
-- than hourly narrows this to the schools where something is due, by a partial index: of all schools at once, or behind the wall of each. Reveals,
-- to the service only: these ids and times.
CREATE OR REPLACE FUNCTION app.due_schools(of_kind text, since timestamptz) RETURNS TABLE (tenant_id uuid, slot timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    nobody   CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    came_for CONSTANT text := coalesce(current_setting('app.tenant_id', true), '');
    known    record;
BEGIN
    SELECT k.every_seconds, k.scope INTO known FROM app.job_kinds() AS k WHERE k.kind = of_kind AND k.every_seconds > 0;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    FOR tenant_id, slot IN
        SELECT s.school, s.slot FROM (
            SELECT c.school, app.job_slot(of_kind, c.school, known.every_seconds, now()) AS slot FROM (
                SELECT nobody AS school WHERE known.scope <> 'SCHOOLS'
                UNION ALL
                SELECT t.tenant_id FROM tenant t WHERE known.scope <> 'DEPLOYMENT' AND of_kind <> 'report.due'
                    AND of_kind <> 'busy.due' AND of_kind <> 'assistant.sweep'
                UNION ALL
                SELECT DISTINCT d.tenant_id FROM busy_source d WHERE of_kind = 'busy.due' AND d.next_fetch_at <= now()
                UNION ALL
                SELECT DISTINCT d.tenant_id FROM answer_run d WHERE of_kind = 'assistant.sweep' AND d.beat_at < now() - interval '30 seconds'
                UNION ALL
                SELECT DISTINCT d.tenant_id FROM report_schedule d WHERE of_kind = 'report.due' AND d.next_run_at <= now()) AS c) AS s
        WHERE s.slot >= due_schools.since AND app.runs(s.school)
          AND NOT EXISTS (SELECT FROM job j WHERE j.tenant_id = s.school AND j.kind = of_kind AND j.key = app.slot_key(s.slot))
    LOOP
        PERFORM app.enter_tenant(tenant_id);
        IF app.is_due(of_kind) THEN
            RETURN NEXT;
        END IF;
    END LOOP;
    PERFORM set_config('app.tenant_id', came_for, true);
END
$$;

-- When the slot of a school began that a moment lies in.
CREATE OR REPLACE FUNCTION app.job_slot(kind text, school uuid, every_seconds integer, at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (SELECT to_timestamp(floor((extract(epoch FROM at) - o.off) / every_seconds) * every_seconds + o.off)
            FROM (SELECT (hashtextextended(kind || ':' || school::text, 0) & 2147483647) % every_seconds AS off) AS o);

-- How a slot is called as the key of its job.
CREATE OR REPLACE FUNCTION app.slot_key(slot timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN to_char(slot AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');

-- Makes the job of a slot of this transaction's school, once however many ask for it. Of what ticks more often than hourly, those that are
-- an hour old go. Reveals: whether it was made.
CREATE OR REPLACE FUNCTION app.schedule_job(of_kind text, slot timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM job j USING app.job_kinds() AS k
        WHERE k.kind = of_kind AND k.every_seconds BETWEEN 1 AND 3599
          AND j.tenant_id = app.tenant_id() AND j.kind = of_kind AND j.state = 'SUCCEEDED' AND j.finished_at < now() - interval '1 hour';
    RETURN app.enqueue(of_kind, app.slot_key(slot)) IS NOT NULL;
END
$$;

-- Deletes some of this transaction's school's jobs whose time is over: what is done after 7 days, what is dead after 30. Reveals: how many.
CREATE OR REPLACE FUNCTION app.purge_jobs(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM job j WHERE j.tenant_id = app.tenant_id() AND j.id IN (
        SELECT o.id FROM job o CROSS JOIN (VALUES ('SUCCEEDED', interval '7 days'), ('CANCELLED', interval '7 days'), ('DEAD', interval '30 days')) AS k(state, kept)
        WHERE o.tenant_id = app.tenant_id() AND o.state = k.state AND o.created_at < now() - k.kept AND o.finished_at < now() - k.kept
        LIMIT at_most FOR UPDATE OF o SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;

-- How much there is to do in each lane, of all schools: due, later (both as far as 100,000), running; what has failed for good (as far as that); and how
-- long the oldest that is due has waited, in seconds. Reveals: these numbers, and of no school by itself.
CREATE OR REPLACE FUNCTION app.job_figures() RETURNS TABLE (lane text, due bigint, later bigint, running bigint, dead bigint, oldest double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT l.lane,
           (SELECT count(*) FROM (SELECT FROM job j WHERE j.lane = l.lane AND j.state = 'QUEUED' AND j.run_at <= now() LIMIT 100000) AS d),
           (SELECT count(*) FROM (SELECT FROM job j WHERE j.lane = l.lane AND j.state = 'QUEUED' AND j.run_at > now() LIMIT 100000) AS d),
           (SELECT count(*) FROM job j WHERE j.lane = l.lane AND j.state = 'RUNNING'),
           (SELECT count(*) FROM (SELECT FROM job j WHERE j.lane = l.lane AND j.state = 'DEAD' LIMIT 100000) AS d),
           coalesce((SELECT greatest(extract(epoch FROM now() - min(j.run_at)), 0)::double precision FROM job j WHERE j.lane = l.lane AND j.state = 'QUEUED'), 0)
    FROM unnest(ARRAY['DEFAULT', 'MAIL', 'DELIVERY', 'BULK']) AS l(lane);
END
$$;

GRANT EXECUTE ON FUNCTION
    app.job_figures(), app.enqueue(text, text, jsonb, timestamptz, text), app.claim_jobs(text[], integer[], integer[], uuid, uuid, double precision),
    app.enter_job(uuid, uuid), app.keep_job(uuid, uuid, double precision), app.finish_job(uuid, uuid),
    app.fail_job(uuid, uuid, text, double precision), app.give_back_job(uuid, uuid, double precision),
    app.fan_out(uuid, text, jsonb), app.retry_job(uuid), app.cancel_job(uuid), app.due_schools(text, timestamptz), app.schedule_job(text, timestamptz), app.purge_jobs(integer)
    TO lectern_app;
GRANT EXECUTE ON FUNCTION app.retry_job(uuid), app.cancel_job(uuid) TO lectern_platform;
