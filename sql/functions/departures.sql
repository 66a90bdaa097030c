-- A school leaves: the way of an export of all that it has, and of its erasure (`tenant.erase`, which app.erase_tenant asks for).

-- Every export is done by a job. Reveals nothing.
CREATE OR REPLACE FUNCTION app.enqueue_tenant_export() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.enqueue('tenant.export', NEW.id::text, jsonb_build_object('export', NEW.id), subject => app.type_id('export', NEW.id));
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER tenant_export_enqueue AFTER INSERT ON tenant_export FOR EACH ROW WHEN (NEW.state = 'QUEUED')
    EXECUTE FUNCTION app.enqueue_tenant_export();

-- Begins an export that the actor has asked for, or goes on with it. Reveals: whether there is something to do.
CREATE OR REPLACE FUNCTION app.begin_tenant_export(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE tenant_export x SET state = 'RUNNING', started_at = coalesce(x.started_at, now())
        WHERE x.tenant_id = app.tenant_id() AND x.id = wanted AND x.requested_by_id = app.user_id() AND x.state IN ('QUEUED', 'RUNNING');
    RETURN FOUND;
END
$$;

-- Tells whoever asked for an export that it has ended. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_tenant_export(ended uuid, person uuid, state text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.notifies('notify.tenant_export_finished') THEN
        PERFORM app.emit('notify.tenant_export_finished', app.type_id('export', ended), NULL,
            jsonb_build_object('person', person, 'facts', jsonb_build_object('state', state)));
    END IF;
END
$$;

-- Ends an export that the actor has asked for: its bytes lie in the store, and become a file of nobody's that is kept for a week, and asks for the
-- job that deletes it then. Reveals: whether it was still to be ended.
CREATE OR REPLACE FUNCTION app.finish_tenant_export(wanted uuid, name text, object text, size bigint, sha256 text, lines integer, listed jsonb, files integer)
    RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    until CONSTANT timestamptz := now() + interval '7 days';
BEGIN
    PERFORM FROM tenant_export x
        WHERE x.tenant_id = app.tenant_id() AND x.id = wanted AND x.requested_by_id = app.user_id() AND x.state = 'RUNNING' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO file (tenant_id, id, name, content_type, size, sha256, folder, object, expires_at, is_export)
        VALUES (app.tenant_id(), wanted, finish_tenant_export.name, 'application/gzip', finish_tenant_export.size, finish_tenant_export.sha256, 'exports',
                finish_tenant_export.object, until, true);
    UPDATE tenant_export x SET state = 'DONE', finished_at = clock_timestamp(), expires_at = until, row_count = lines, tables = listed,
            file_count = finish_tenant_export.files, sha256 = finish_tenant_export.sha256, file_id = wanted
        WHERE x.tenant_id = app.tenant_id() AND x.id = wanted;
    PERFORM app.enqueue('tenant.export_over', wanted::text, '{}', until, app.type_id('export', wanted));
    PERFORM app.tell_of_tenant_export(wanted, app.user_id(), 'DONE');
    RETURN true;
END
$$;

-- Deletes some of the school's archives whose time is over. For the job that does so; nobody's doing. Reveals: how many.
CREATE OR REPLACE FUNCTION app.forget_tenant_exports(most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true), set_config('app.permissions', '', true);
    RETURN app.delete_unused_files(ARRAY(
        SELECT f.id FROM file f WHERE f.tenant_id = app.tenant_id() AND f.is_export AND f.expires_at <= now() ORDER BY f.expires_at LIMIT most));
END
$$;

-- An export that the actor has asked for can't be done. Reveals nothing.
CREATE OR REPLACE FUNCTION app.fail_tenant_export(wanted uuid, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE tenant_export x SET state = 'FAILED', error = reason, finished_at = clock_timestamp()
        WHERE x.tenant_id = app.tenant_id() AND x.id = wanted AND x.requested_by_id = app.user_id() AND x.state IN ('QUEUED', 'RUNNING');
    IF FOUND THEN
        PERFORM app.tell_of_tenant_export(wanted, app.user_id(), 'FAILED');
    END IF;
END
$$;

-- An export follows its job where that is called off, given up, or run anew (unless another is under way by then). Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_tenant_export_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted CONSTANT uuid := NEW.payload ->> 'export';
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF NEW.state = 'QUEUED' THEN
        UPDATE tenant_export x SET state = 'QUEUED', error = NULL, finished_at = NULL
            WHERE x.tenant_id = NEW.tenant_id AND x.id = wanted AND x.state = 'FAILED'
              AND NOT EXISTS (SELECT FROM tenant_export o WHERE o.tenant_id = NEW.tenant_id AND o.state IN ('QUEUED', 'RUNNING'));
    ELSE
        UPDATE tenant_export x SET state = 'FAILED', finished_at = clock_timestamp(),
                error = CASE NEW.state WHEN 'DEAD' THEN coalesce(nullif(split_part(NEW.last_error, ':', 1), ''), 'INTERNAL') ELSE 'CANCELLED' END
            WHERE x.tenant_id = NEW.tenant_id AND x.id = wanted AND x.state IN ('QUEUED', 'RUNNING');
        IF FOUND THEN
            PERFORM app.tell_of_tenant_export(x.id, x.requested_by_id, 'FAILED') FROM tenant_export x WHERE x.tenant_id = NEW.tenant_id AND x.id = wanted;
        END IF;
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER job_tenant_export_follow AFTER UPDATE ON job FOR EACH ROW
    WHEN (NEW.kind = 'tenant.export' AND OLD.state <> NEW.state AND (NEW.state IN ('CANCELLED', 'DEAD') OR OLD.state = 'DEAD'))
    EXECUTE FUNCTION app.follow_tenant_export_job();
CREATE OR REPLACE TRIGGER tenant_export_audit AFTER INSERT OR UPDATE OR DELETE ON tenant_export FOR EACH ROW EXECUTE FUNCTION app.audit('TenantExport', 'id');

-- Begins an erasure, or goes on with it: of a school that is suspended, or gone already. Reveals: which one; NULL where there is nothing to do.
CREATE OR REPLACE FUNCTION app.begin_erasure(wanted uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school uuid;
BEGIN
    UPDATE tenant_erasure e SET state = 'RUNNING' WHERE e.tenant_id = app.tenant_id() AND e.id = wanted AND e.state IN ('QUEUED', 'RUNNING')
        RETURNING e.school_id INTO school;
    IF EXISTS (SELECT FROM tenant t WHERE t.tenant_id = school AND t.suspended_at IS NULL) THEN
        UPDATE tenant_erasure e SET state = 'FAILED', error = 'NOT_SUSPENDED', finished_at = clock_timestamp() WHERE e.tenant_id = app.tenant_id() AND e.id = wanted;
        RETURN NULL;
    END IF;
    RETURN school;
END
$$;

-- What a part of an erasure has deleted. Reveals nothing.
CREATE OR REPLACE FUNCTION app.count_erased(wanted uuid, gone bigint, files bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE tenant_erasure e SET rows = e.rows + gone, files = e.files + count_erased.files
        WHERE e.tenant_id = app.tenant_id() AND e.id = wanted AND e.state = 'RUNNING';
END
$$;

-- Ends an erasure: over so many tables, of which so many rows of the school were found afterwards. Reveals nothing.
CREATE OR REPLACE FUNCTION app.finish_erasure(wanted uuid, tables integer, remaining bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE tenant_erasure e SET state = CASE WHEN finish_erasure.remaining = 0 THEN 'DONE' ELSE 'FAILED' END, tables = finish_erasure.tables,
            remaining = finish_erasure.remaining, error = CASE WHEN finish_erasure.remaining > 0 THEN 'ROWS_REMAIN' END, finished_at = clock_timestamp()
        WHERE e.tenant_id = app.tenant_id() AND e.id = wanted AND e.state = 'RUNNING';
END
$$;

-- An erasure can't be done. Reveals nothing.
CREATE OR REPLACE FUNCTION app.fail_erasure(wanted uuid, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE tenant_erasure e SET state = 'FAILED', error = reason, finished_at = clock_timestamp()
        WHERE e.tenant_id = app.tenant_id() AND e.id = wanted AND e.state = 'RUNNING';
END
$$;

-- An erasure follows its job where that is called off, given up, or run anew (unless another is under way by then). Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_erasure_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted CONSTANT uuid := NEW.payload ->> 'erasure';
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF NEW.state = 'QUEUED' THEN
        UPDATE tenant_erasure e SET state = 'QUEUED', error = NULL, finished_at = NULL
            WHERE e.tenant_id = NEW.tenant_id AND e.id = wanted AND e.state = 'FAILED'
              AND NOT EXISTS (SELECT FROM tenant_erasure o WHERE o.tenant_id = e.tenant_id AND o.school_id = e.school_id AND o.state IN ('QUEUED', 'RUNNING'));
    ELSE
        UPDATE tenant_erasure e SET state = 'FAILED', finished_at = clock_timestamp(),
                error = coalesce(nullif(split_part(NEW.last_error, ':', 1), ''), NEW.state)
            WHERE e.tenant_id = NEW.tenant_id AND e.id = wanted AND e.state IN ('QUEUED', 'RUNNING');
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER job_erasure_follow AFTER UPDATE ON job FOR EACH ROW
    WHEN (NEW.kind = 'tenant.erase' AND OLD.state <> NEW.state AND (NEW.state IN ('CANCELLED', 'DEAD') OR OLD.state = 'DEAD'))
    EXECUTE FUNCTION app.follow_erasure_job();

-- What came of an erasure stands in the platform's log, which outlives the school: its end and its counts. Reveals nothing.
CREATE OR REPLACE FUNCTION app.log_erasure() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF coalesce(current_setting('app.operation', true), '') = '' THEN
        PERFORM set_config('app.operation', 'system:tenant.erase', true);
    END IF;
    PERFORM app.log_at_desk(NEW.school_id, NULL, jsonb_build_object('erasure', app.type_id('erasure', NEW.id), 'slug', NEW.slug, 'state', NEW.state,
        'tables', NEW.tables, 'rows', NEW.rows, 'files', NEW.files, 'remaining', NEW.remaining, 'error', NEW.error));
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER tenant_erasure_log AFTER UPDATE OF state ON tenant_erasure FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NEW.state IN ('DONE', 'FAILED')) EXECUTE FUNCTION app.log_erasure();

-- Whether this transaction erases a school. What a trigger would keep of it (its last administrator, a role that is named) goes as well. Reveals:
-- that one bit, of the transaction's own school.
CREATE OR REPLACE FUNCTION app.erases(school uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN session_user = 'lectern_desk' AND app.is_being_erased(school);
END
$$;

GRANT EXECUTE ON FUNCTION app.begin_tenant_export(uuid), app.finish_tenant_export(uuid, text, text, bigint, text, integer, jsonb, integer),
    app.fail_tenant_export(uuid, text), app.forget_tenant_exports(integer) TO lectern_app;
GRANT EXECUTE ON FUNCTION app.begin_erasure(uuid), app.count_erased(uuid, bigint, bigint), app.finish_erasure(uuid, integer, bigint),
    app.fail_erasure(uuid, text) TO lectern_desk;
