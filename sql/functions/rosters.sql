-- Rosters: the way of an import from its request to its end, and what its worker must know that policies hide.

-- Every run is done by a job of whoever started it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.enqueue_import() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.enqueue('import.run', NEW.id::text, jsonb_build_object('run', NEW.id), subject => app.type_id('importrun', NEW.id));
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER import_run_enqueue AFTER INSERT ON import_run FOR EACH ROW WHEN (NEW.state = 'QUEUED') EXECUTE FUNCTION app.enqueue_import();

-- Begins a run of the actor's own, or goes on with it. Reveals: whether there is something to do, and the key of the file's bytes, where it is
-- still there.
CREATE OR REPLACE FUNCTION app.begin_import(run uuid) RETURNS TABLE (object text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE import_run r SET state = 'RUNNING', started_at = coalesce(r.started_at, now())
        WHERE r.tenant_id = app.tenant_id() AND r.id = run AND r.started_by_id = app.user_id() AND r.state IN ('QUEUED', 'RUNNING');
    IF FOUND THEN
        RETURN QUERY SELECT (SELECT f.object FROM file f WHERE f.tenant_id = r.tenant_id AND f.id = r.held_file_id)
            FROM import_run r WHERE r.tenant_id = app.tenant_id() AND r.id = run;
    END IF;
END
$$;

-- Writes down how far a run of the actor's own has come, in the transaction of what it has changed: the cursor, all counts so far, and what else
-- was wrong (the first 1,000 of it are kept, all are counted). Reveals: whether it is still to go on.
CREATE OR REPLACE FUNCTION app.step_import(run uuid, done integer, total integer, all_counts jsonb, issues jsonb) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    kept CONSTANT integer := 1000;
    known integer;
BEGIN
    SELECT r.issue_count INTO known FROM import_run r
        WHERE r.tenant_id = app.tenant_id() AND r.id = run AND r.started_by_id = app.user_id() AND r.state = 'RUNNING' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO import_issue (tenant_id, id, run_id, place, file, line, column_name, severity, reason, message, sourced_id)
        SELECT app.tenant_id(), app.uuid_v7(), run, known + i.place, i.value ->> 'file', (i.value ->> 'line')::integer, i.value ->> 'column',
               i.value ->> 'severity', i.value ->> 'reason', left(i.value ->> 'message', 500), left(i.value ->> 'sourcedId', 300)
        FROM jsonb_array_elements(issues) WITH ORDINALITY AS i(value, place) WHERE known + i.place <= kept ORDER BY i.place;
    UPDATE import_run r SET rows_done = done, rows_total = total, counts = all_counts, issue_count = known + jsonb_array_length(issues)
        WHERE r.tenant_id = app.tenant_id() AND r.id = run;
    RETURN true;
END
$$;

-- Ends a run of the actor's own. Reveals nothing.
CREATE OR REPLACE FUNCTION app.end_import(run uuid, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE import_run r SET state = CASE WHEN reason IS NULL THEN 'SUCCEEDED' ELSE 'FAILED' END, failure_reason = reason, finished_at = clock_timestamp(),
            held_file_id = NULL
        WHERE r.tenant_id = app.tenant_id() AND r.id = run AND r.started_by_id = app.user_id() AND r.state IN ('QUEUED', 'RUNNING');
END
$$;

-- Calls off a run: nothing of a batch that is under way is committed. Reveals, to whoever manages rosters: whether it was still to be called off; NULL where there is
-- no such run.
CREATE OR REPLACE FUNCTION app.cancel_import(run uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('ROSTER_MANAGE') OR NOT EXISTS (SELECT FROM import_run r WHERE r.tenant_id = app.tenant_id() AND r.id = run) THEN
        RETURN NULL;
    END IF;
    UPDATE import_run r SET state = 'CANCELLED', finished_at = clock_timestamp(), held_file_id = NULL
        WHERE r.tenant_id = app.tenant_id() AND r.id = run AND r.state IN ('QUEUED', 'RUNNING');
    RETURN FOUND;
END
$$;

-- A run that is called off takes its job along, where that waits. Reveals nothing.
CREATE OR REPLACE FUNCTION app.cancel_import_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE job j SET state = 'CANCELLED', finished_at = clock_timestamp()
        WHERE j.tenant_id = NEW.tenant_id AND j.kind = 'import.run' AND j.key = NEW.id::text AND j.state = 'QUEUED';
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER import_run_job AFTER UPDATE ON import_run FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NEW.state = 'CANCELLED') EXECUTE FUNCTION app.cancel_import_job();

-- A run follows its job where that is called off, given up, or run anew. Refuses (job_transition) to run one anew beside another, or one whose
-- file is gone. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_import_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    run CONSTANT uuid := NEW.payload ->> 'run';
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF NEW.state = 'QUEUED' THEN
        IF EXISTS (SELECT FROM import_run r WHERE r.tenant_id = NEW.tenant_id AND r.state IN ('QUEUED', 'RUNNING') AND r.id <> run)
           OR EXISTS (SELECT FROM import_run r WHERE r.tenant_id = NEW.tenant_id AND r.id = run AND r.file_id IS NULL) THEN
            PERFORM app.refuse('job_transition', jsonb_build_object('state', OLD.state)::text);
        END IF;
        UPDATE import_run r SET state = 'QUEUED', failure_reason = NULL, finished_at = NULL, held_file_id = r.file_id
            WHERE r.tenant_id = NEW.tenant_id AND r.id = run AND r.state = 'FAILED';
    ELSE
        UPDATE import_run r SET state = CASE NEW.state WHEN 'DEAD' THEN 'FAILED' ELSE 'CANCELLED' END, finished_at = clock_timestamp(), held_file_id = NULL,
                failure_reason = CASE NEW.state WHEN 'DEAD' THEN coalesce(nullif(split_part(NEW.last_error, ':', 1), ''), 'INTERNAL') END
            WHERE r.tenant_id = NEW.tenant_id AND r.id = run AND r.state IN ('QUEUED', 'RUNNING');
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER job_import_follow AFTER UPDATE ON job FOR EACH ROW
    WHEN (NEW.kind = 'import.run' AND OLD.state <> NEW.state AND (NEW.state IN ('CANCELLED', 'DEAD') OR OLD.state = 'DEAD'))
    EXECUTE FUNCTION app.follow_import_job();

-- Tells of an import that has ended, also where it tells nobody of what it changes. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_ended_import() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    before CONSTANT text := current_setting('app.notify', true);
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM set_config('app.notify', 'on', true);
    PERFORM app.tell_of_import(NEW.id, NEW.started_by_id, NEW.state);
    PERFORM set_config('app.notify', coalesce(before, ''), true);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER import_run_tell AFTER UPDATE ON import_run FOR EACH ROW
    WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL) EXECUTE FUNCTION app.tell_of_ended_import();

CREATE OR REPLACE TRIGGER import_run_announce AFTER UPDATE ON import_run FOR EACH ROW EXECUTE FUNCTION app.announce_row('importrun', 'id', 'id');

-- The people who have these addresses (as app_user.email_key compares them). Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.people_by_address(addresses text[]) RETURNS TABLE (address text, id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id(); -- see app.check_people_are_here
BEGIN
    RETURN QUERY SELECT a.address, u.id FROM unnest(addresses) AS a(address)
        CROSS JOIN LATERAL (SELECT o.id FROM app_user o WHERE o.tenant_id = school AND o.email_key = a.address AND o.deleted_at IS NULL OFFSET 0) AS u;
END
$$;

-- How many more people and instructors the school's plan allows, NULL where it says nothing. Whoever is about to add some waits for the caps'
-- turn. Reveals, to whoever manages rosters: these numbers.
CREATE OR REPLACE FUNCTION app.roster_room(is_rehearsal boolean) RETURNS TABLE (users bigint, instructors bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('ROSTER_MANAGE') THEN
        RETURN QUERY SELECT 0::bigint, 0::bigint;
        RETURN;
    END IF;
    IF NOT is_rehearsal THEN
        PERFORM app.lock_for('users', t.tenant_id) FROM tenant t WHERE t.tenant_id = app.tenant_id() AND t.max_users IS NOT NULL;
        PERFORM app.lock_for('instructors', t.tenant_id) FROM tenant t WHERE t.tenant_id = app.tenant_id() AND t.max_instructors IS NOT NULL;
    END IF;
    RETURN QUERY SELECT
        CASE WHEN t.max_users IS NOT NULL THEN
            greatest(0, t.max_users - (SELECT count(*) FROM app_user u WHERE u.tenant_id = t.tenant_id AND u.deleted_at IS NULL)) END,
        CASE WHEN t.max_instructors IS NOT NULL THEN
            greatest(0, t.max_instructors - (SELECT count(*) FROM app_user u WHERE u.tenant_id = t.tenant_id AND u.is_instructor)) END
        FROM tenant t WHERE t.tenant_id = app.tenant_id();
END
$$;

-- What links to an object that is deleted, goes. Reveals nothing.
CREATE OR REPLACE FUNCTION app.retire_links() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM roster_link l WHERE l.tenant_id = NEW.tenant_id AND l.object_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_retire_links AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_links();
CREATE OR REPLACE TRIGGER course_retire_links AFTER UPDATE ON course FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_links();

-- The log has a run's beginning and its steps from state to state, and not each of its batches.
CREATE OR REPLACE TRIGGER import_run_audit AFTER INSERT OR DELETE ON import_run FOR EACH ROW EXECUTE FUNCTION app.audit('ImportRun', 'id');
CREATE OR REPLACE TRIGGER import_run_audit_state AFTER UPDATE ON import_run FOR EACH ROW WHEN (OLD.state <> NEW.state)
    EXECUTE FUNCTION app.audit('ImportRun', 'id');

GRANT EXECUTE ON FUNCTION app.begin_import(uuid), app.step_import(uuid, integer, integer, jsonb, jsonb), app.end_import(uuid, text), app.cancel_import(uuid),
    app.people_by_address(text[]), app.roster_room(boolean)
    TO lectern_app;
