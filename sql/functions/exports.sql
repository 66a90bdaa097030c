-- Exports: the way of a run from its request to its file, and what schedules ask for by themselves.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   report_schedule_cap  one person has too many schedules

-- Nobody has more than 20 schedules.
CREATE OR REPLACE FUNCTION app.check_new_schedule() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most CONSTANT bigint := 20;
    used bigint;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('report_schedules', NEW.owner_id);
    SELECT count(*) INTO used FROM report_schedule s WHERE s.tenant_id = NEW.tenant_id AND s.owner_id = NEW.owner_id;
    IF used > most THEN
        PERFORM app.refuse('report_schedule_cap', jsonb_build_object('limit', most, 'used', used - 1)::text);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER report_schedule_cap AFTER INSERT ON report_schedule FOR EACH ROW EXECUTE FUNCTION app.check_new_schedule();

-- Every run is done by a job of whoever asked for it, also where their schedule did. Reveals nothing.
CREATE OR REPLACE FUNCTION app.enqueue_export() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    came_for CONSTANT text := current_setting('app.user_id', true);
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM set_config('app.user_id', NEW.requested_by_id::text, true);
    PERFORM app.enqueue('export.run', NEW.id::text, jsonb_build_object('run', NEW.id), subject => app.type_id('exportrun', NEW.id));
    PERFORM set_config('app.user_id', coalesce(came_for, ''), true);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER export_run_enqueue AFTER INSERT ON export_run FOR EACH ROW WHEN (NEW.state = 'QUEUED') EXECUTE FUNCTION app.enqueue_export();

-- Begins a run of the actor's own, or goes on with it. Reveals: whether there is something to do.
CREATE OR REPLACE FUNCTION app.begin_export(run uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE export_run x SET state = 'RUNNING', started_at = coalesce(x.started_at, now())
        WHERE x.tenant_id = app.tenant_id() AND x.id = run AND x.requested_by_id = app.user_id() AND x.state IN ('QUEUED', 'RUNNING');
    RETURN FOUND;
END
$$;

-- Ends a run of the actor's own: its bytes lie in the store, and become a file of theirs that is kept for a week. Reveals: whether it was
-- still to be ended.
CREATE OR REPLACE FUNCTION app.finish_export(run uuid, lines integer, object text, content_type text, size bigint, sha256 text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known export_run;
BEGIN
    SELECT * INTO known FROM export_run x
        WHERE x.tenant_id = app.tenant_id() AND x.id = run AND x.requested_by_id = app.user_id() AND x.state = 'RUNNING' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO file (tenant_id, id, owner_id, name, content_type, size, sha256, folder, object, expires_at)
        VALUES (known.tenant_id, known.id, known.requested_by_id, known.name, finish_export.content_type, finish_export.size, finish_export.sha256,
                'exports', finish_export.object, now() + interval '7 days');
    UPDATE export_run x SET state = 'SUCCEEDED', finished_at = clock_timestamp(), row_count = lines, file_id = known.id
        WHERE x.tenant_id = app.tenant_id() AND x.id = run;
    PERFORM app.tell_of_export(run, known.requested_by_id, known.name, known.schedule_id IS NOT NULL);
    RETURN true;
END
$$;

-- A run of the actor's own can't be done. Reveals nothing.
CREATE OR REPLACE FUNCTION app.fail_export(run uuid, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE export_run x SET state = 'FAILED', failure_reason = reason, finished_at = clock_timestamp()
        WHERE x.tenant_id = app.tenant_id() AND x.id = run AND x.requested_by_id = app.user_id() AND x.state IN ('QUEUED', 'RUNNING');
END
$$;

-- A run follows its job where that is called off, given up, or run anew. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_export_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    run CONSTANT uuid := NEW.payload ->> 'run';
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF NEW.state = 'QUEUED' THEN
        UPDATE export_run x SET state = 'QUEUED', failure_reason = NULL, finished_at = NULL
            WHERE x.tenant_id = NEW.tenant_id AND x.id = run AND x.state = 'FAILED';
    ELSE
        UPDATE export_run x SET state = CASE NEW.state WHEN 'DEAD' THEN 'FAILED' ELSE 'CANCELLED' END, finished_at = clock_timestamp(),
                failure_reason = CASE NEW.state WHEN 'DEAD' THEN coalesce(nullif(split_part(NEW.last_error, ':', 1), ''), 'INTERNAL') END
            WHERE x.tenant_id = NEW.tenant_id AND x.id = run AND x.state IN ('QUEUED', 'RUNNING');
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER job_export_follow AFTER UPDATE ON job FOR EACH ROW
    WHEN (NEW.kind = 'export.run' AND OLD.state <> NEW.state AND (NEW.state IN ('CANCELLED', 'DEAD') OR OLD.state = 'DEAD'))
    EXECUTE FUNCTION app.follow_export_job();

-- Makes the run of a period of a schedule, once however many ask for it. For the two functions below. Reveals: its id.
CREATE OR REPLACE FUNCTION app.make_scheduled_run(schedule uuid, new_name text, starts timestamptz, ends timestamptz) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- A run of the Monday is none of the week that began with it: the schedule ran daily then.
    UPDATE export_run x SET period_starts_at = NULL
        WHERE x.tenant_id = app.tenant_id() AND x.schedule_id = schedule AND x.period_starts_at = starts AND x.to_at <> ends;
    INSERT INTO export_run (tenant_id, id, requested_by_id, dataset, name, time_zone, from_at, to_at, schedule_id, period_starts_at)
        SELECT s.tenant_id, app.uuid_v7(), s.owner_id, s.dataset, new_name, s.time_zone, starts, ends, s.id, starts
        FROM report_schedule s WHERE s.tenant_id = app.tenant_id() AND s.id = schedule
        ON CONFLICT ON CONSTRAINT export_run_period_key DO NOTHING;
    RETURN (SELECT x.id FROM export_run x WHERE x.tenant_id = app.tenant_id() AND x.schedule_id = schedule AND x.period_starts_at = starts);
END
$$;

-- The run of a period of one of the actor's schedules, made where there is none. Reveals: its id; NULL where there is no such schedule.
CREATE OR REPLACE FUNCTION app.run_report_schedule(schedule uuid, new_name text, starts timestamptz, ends timestamptz) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('REPORT_READ')
       OR NOT EXISTS (SELECT FROM report_schedule s WHERE s.tenant_id = app.tenant_id() AND s.id = schedule AND s.owner_id = app.user_id()) THEN
        RETURN NULL;
    END IF;
    RETURN app.make_scheduled_run(schedule, new_name, starts, ends);
END
$$;

-- Some of the school's schedules that are due. Those whose owner may not read reports any more are paused instead. Reveals, to the service
-- only: when they run.
CREATE OR REPLACE FUNCTION app.due_report_schedules(at_most integer)
    RETURNS TABLE (id uuid, dataset text, frequency text, hour integer, time_zone text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE report_schedule s SET is_paused = true, next_run_at = NULL,
            paused_reason = CASE WHEN u.status <> 'ACTIVE' OR u.deleted_at IS NOT NULL THEN 'OWNER_SUSPENDED' ELSE 'PERMISSION_LOST' END
        FROM app_user u
        WHERE s.tenant_id = app.tenant_id() AND s.next_run_at <= now() AND u.tenant_id = s.tenant_id AND u.id = s.owner_id
          AND (u.status <> 'ACTIVE' OR u.deleted_at IS NOT NULL OR NOT app.holds(u.id, 'REPORT_READ'));
    RETURN QUERY SELECT s.id, s.dataset, s.frequency, s.hour, s.time_zone FROM report_schedule s
        WHERE s.tenant_id = app.tenant_id() AND s.next_run_at <= now() ORDER BY s.next_run_at, s.id LIMIT at_most FOR UPDATE;
END
$$;

-- Makes the runs of schedules that are due, each with its period, and says when they run next. Reveals nothing.
CREATE OR REPLACE FUNCTION app.run_due_reports(schedules uuid[], names text[], starts timestamptz[], ends timestamptz[], nexts timestamptz[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.make_scheduled_run(d.schedule, d.name, d.starts, d.ends)
        FROM unnest(schedules, names, run_due_reports.starts, run_due_reports.ends) AS d(schedule, name, starts, ends);
    UPDATE report_schedule s SET next_run_at = d.next
        FROM unnest(schedules, nexts) AS d(schedule, next)
        WHERE s.tenant_id = app.tenant_id() AND s.id = d.schedule AND NOT s.is_paused;
END
$$;

-- With a person go their exports and their schedules. Reveals nothing.
CREATE OR REPLACE FUNCTION app.retire_exports() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM export_run x WHERE x.tenant_id = NEW.tenant_id AND x.requested_by_id = NEW.id;
    DELETE FROM report_schedule s WHERE s.tenant_id = NEW.tenant_id AND s.owner_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_retire_exports AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_exports();

CREATE OR REPLACE TRIGGER report_schedule_touch BEFORE UPDATE ON report_schedule FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER report_schedule_audit AFTER INSERT OR UPDATE OR DELETE ON report_schedule FOR EACH ROW
    EXECUTE FUNCTION app.audit('ReportSchedule', 'id');
CREATE OR REPLACE TRIGGER export_run_audit AFTER INSERT OR UPDATE OR DELETE ON export_run FOR EACH ROW EXECUTE FUNCTION app.audit('ExportRun', 'id');

GRANT EXECUTE ON FUNCTION app.begin_export(uuid), app.finish_export(uuid, integer, text, text, bigint, text), app.fail_export(uuid, text),
    app.run_report_schedule(uuid, text, timestamptz, timestamptz), app.due_report_schedules(integer),
    app.run_due_reports(uuid[], text[], timestamptz[], timestamptz[], timestamptz[])
    TO lectern_app;
