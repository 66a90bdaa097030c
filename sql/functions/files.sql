-- Files: who shares them, what they take, their way from an upload to their end.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   storage_quota          the school's files and reservations would take more than its quota
--   upload_pending_count   one person has too many uploads under way
--   upload_pending_bytes   one person has reserved too many bytes
--   file_visibility_right  the actor may not show a file to so many
--   file_is_logo           the school's settings name the file as its logo: it stays PUBLIC

-- The files that are shared with the actor: by name, by a group, by a course that they hold a seat in or instruct. Reveals: to the
-- actor, these ids.
CREATE OR REPLACE FUNCTION app.files_shared_with_me() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT a.file_id FROM file_audience a WHERE a.tenant_id = app.tenant_id() AND a.user_id = app.user_id()
        UNION
        SELECT a.file_id FROM group_member m JOIN file_audience a ON a.tenant_id = m.tenant_id AND a.group_id = m.group_id
            WHERE m.tenant_id = app.tenant_id() AND m.user_id = app.user_id()
        UNION
        SELECT a.file_id FROM enrollment e JOIN file_audience a ON a.tenant_id = e.tenant_id AND a.course_id = e.course_id
            WHERE e.tenant_id = app.tenant_id() AND e.user_id = app.user_id() AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED')
        UNION
        SELECT a.file_id FROM app.taught_courses() AS taught(id) JOIN course c ON c.tenant_id = app.tenant_id() AND c.id = taught.id AND c.deleted_at IS NULL
            JOIN file_audience a ON a.tenant_id = c.tenant_id AND a.course_id = c.id;
END
$$;

-- The courses whose files the actor sees, for they hold a seat in them or instruct them. Reveals: to the actor, these ids.
CREATE OR REPLACE FUNCTION app.my_courses() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT e.course_id FROM enrollment e
            WHERE e.tenant_id = app.tenant_id() AND e.user_id = app.user_id() AND e.status IN ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED')
        UNION
        SELECT c.id FROM app.taught_courses() AS taught(id) JOIN course c ON c.tenant_id = app.tenant_id() AND c.id = taught.id AND c.deleted_at IS NULL;
END
$$;

-- Files found by the beginnings of words in their names. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_file(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words); -- once, not for every row that is compared
BEGIN
    RETURN QUERY SELECT f.id FROM file f WHERE f.tenant_id = app.tenant_id() AND f.search @@ wanted;
END
$$;

-- What the uploaded files of the school take, and what uploads under way have reserved. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.storage_usage() RETURNS TABLE (used bigint, reserved bigint, quota bigint, files bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT
        u.used, (SELECT coalesce(sum(p.size), 0)::bigint FROM upload p WHERE p.tenant_id = app.tenant_id() AND p.expires_at > now() AND p.completed_at IS NULL),
        (SELECT t.storage_quota FROM tenant t WHERE t.tenant_id = app.tenant_id()), u.files
        FROM (SELECT coalesce(sum(f.size), 0)::bigint AS used, count(*) AS files FROM file f
              WHERE f.tenant_id = app.tenant_id() AND f.upload_id IS NOT NULL) AS u;
END
$$;

-- Reservations stay within the school's quota and one person's share. Whoever adds one waits for the school's turn.
CREATE OR REPLACE FUNCTION app.check_new_uploads() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most_count CONSTANT bigint := 20;
    most_bytes CONSTANT bigint := 1073741824;
    wanted     record;
    own        record;
    held       record;
BEGIN
    FOR wanted IN SELECT n.tenant_id, n.user_id, sum(n.size)::bigint AS size, count(*) AS count FROM new_rows n GROUP BY n.tenant_id, n.user_id ORDER BY 1, 2 LOOP
        PERFORM app.enter_tenant(wanted.tenant_id);
        PERFORM app.lock_for('storage', wanted.tenant_id);
        SELECT count(*) AS count, sum(u.size)::bigint AS bytes INTO own FROM upload u
            WHERE u.tenant_id = wanted.tenant_id AND u.user_id = wanted.user_id AND u.expires_at > now() AND u.completed_at IS NULL;
        IF own.count > most_count THEN
            PERFORM app.refuse('upload_pending_count', jsonb_build_object('limit', most_count, 'used', own.count - wanted.count)::text);
        ELSIF own.bytes > most_bytes THEN
            PERFORM app.refuse('upload_pending_bytes', jsonb_build_object('limit', most_bytes, 'used', own.bytes - wanted.size)::text);
        END IF;
        SELECT * INTO held FROM app.storage_usage();
        IF held.used + held.reserved > held.quota THEN
            PERFORM app.refuse('storage_quota', jsonb_build_object('limit', held.quota, 'used', held.used + held.reserved - wanted.size)::text);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER upload_new AFTER INSERT ON upload REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.check_new_uploads();

-- Takes the school's turn for an upload that is about to be completed, where its reservation ends soon: whoever reserves at that moment
-- must count either the reservation or the file. (Long before its end nobody can miss both, and nobody waits.) Reveals: whether its time
-- is over.
CREATE OR REPLACE FUNCTION app.is_upload_over(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ends timestamptz;
BEGIN
    SELECT u.expires_at INTO ends FROM upload u WHERE u.tenant_id = app.tenant_id() AND u.id = wanted AND u.user_id = app.user_id();
    IF ends < clock_timestamp() + interval '5 minutes' THEN
        PERFORM app.lock_for('storage', app.tenant_id());
    END IF;
    RETURN ends <= clock_timestamp();
END
$$;

-- Whether the subscription of the transaction's school runs.
CREATE OR REPLACE FUNCTION app.is_subscribed() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM tenant t WHERE t.tenant_id = app.tenant_id() AND t.suspended_at IS NULL
                   AND t.subscription_start <= now() AND (t.subscription_end IS NULL OR now() < t.subscription_end));
END
$$;

-- A file whose bytes are asked for by a signed address, or by a public one. Reveals, to the service: what it needs to serve them. Who may
-- have them says the signature, or that the file is public.
CREATE OR REPLACE FUNCTION app.served_file(wanted uuid)
    RETURNS TABLE (object text, name text, content_type text, size bigint, sha256 text, is_public boolean, subscribed boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT f.object, f.name, f.content_type, f.size, f.sha256, f.visibility = 'PUBLIC', f.is_export OR app.is_subscribed() FROM file f
        WHERE f.tenant_id = app.tenant_id() AND f.id = wanted AND (f.expires_at IS NULL OR f.expires_at > now());
END
$$;

-- Whose a public file is: its address names no school. This looks over all schools, by the index of public files alone. Reveals, to the service: the
-- school of a file that is anybody's to fetch.
CREATE OR REPLACE FUNCTION app.school_of_public_file(wanted uuid) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT f.tenant_id FROM file f WHERE f.id = wanted AND f.visibility = 'PUBLIC' ORDER BY f.tenant_id LIMIT 1);
END
$$;

-- An upload whose bytes may still come. Reveals, to the service: that there is one.
CREATE OR REPLACE FUNCTION app.open_upload(wanted uuid) RETURNS TABLE (subscribed boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT app.is_subscribed() FROM upload u
        WHERE u.tenant_id = app.tenant_id() AND u.id = wanted AND u.completed_at IS NULL AND u.expires_at > now();
END
$$;

-- To whom a file may be shown is the actor's right as well as the file's owner's wish.
CREATE OR REPLACE FUNCTION app.check_file_visibility() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nullif(nullif(current_setting('app.user_id', true), '')::uuid, '00000000-0000-0000-0000-000000000000') IS NOT NULL
       AND NOT (app.can('FILE_MANAGE') OR (NEW.visibility = 'TENANT' AND app.can('COURSE_CREATE'))) THEN
        PERFORM app.refuse('file_visibility_right');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER file_visibility BEFORE UPDATE OF visibility ON file FOR EACH ROW
    WHEN (NEW.visibility IN ('TENANT', 'PUBLIC') AND NEW.visibility <> OLD.visibility) EXECUTE FUNCTION app.check_file_visibility();

-- The school's logo is anybody's to fetch, as long as the settings name it; app.check_logo waits for the same lock. Reveals: that they do.
CREATE OR REPLACE FUNCTION app.keep_logo_public() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('app.tenant_id', true) = NEW.tenant_id::text THEN
        PERFORM app.lock_for('logo', NEW.id);
        IF EXISTS (SELECT FROM tenant_settings s WHERE s.tenant_id = NEW.tenant_id AND s.logo_file_id = NEW.id) THEN
            PERFORM app.refuse('file_is_logo');
        END IF;
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER file_logo BEFORE UPDATE OF visibility ON file FOR EACH ROW
    WHEN (OLD.visibility = 'PUBLIC' AND NEW.visibility <> 'PUBLIC') EXECUTE FUNCTION app.keep_logo_public();

-- And of two at once, one who names a file as the logo and one who hides it, one is refused (tenant_settings_logo_public). Reveals nothing.
CREATE OR REPLACE FUNCTION app.check_logo() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('app.tenant_id', true) = NEW.tenant_id::text THEN
        PERFORM app.lock_for('logo', NEW.logo_file_id);
        IF EXISTS (SELECT FROM file f WHERE f.tenant_id = NEW.tenant_id AND f.id = NEW.logo_file_id AND f.visibility <> 'PUBLIC') THEN
            PERFORM app.refuse('tenant_settings_logo_public');
        END IF;
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER tenant_settings_logo BEFORE UPDATE OF logo_file_id ON tenant_settings FOR EACH ROW
    WHEN (NEW.logo_file_id IS NOT NULL AND NEW.logo_file_id IS DISTINCT FROM OLD.logo_file_id) EXECUTE FUNCTION app.check_logo();

-- The bytes go after the row: by a job, which exists exactly when the row's end commits. (An erasure empties the store itself.)
CREATE OR REPLACE FUNCTION app.forget_object() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.erases(OLD.tenant_id) THEN
        PERFORM app.enter_tenant(OLD.tenant_id);
        PERFORM app.enqueue('file.delete', OLD.id::text, jsonb_build_object('object', OLD.object), subject => app.type_id('file', OLD.id));
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER file_object_gone AFTER DELETE ON file FOR EACH ROW EXECUTE FUNCTION app.forget_object();

CREATE OR REPLACE FUNCTION app.forget_staged() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.erases(OLD.tenant_id) THEN
        PERFORM app.enter_tenant(OLD.tenant_id);
        PERFORM app.enqueue('file.delete', OLD.id::text, jsonb_build_object('object', format('uploads/%s/%s', OLD.tenant_id, OLD.id)),
                            subject => app.type_id('upload', OLD.id));
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER upload_staged_done AFTER UPDATE ON upload FOR EACH ROW
    WHEN (NEW.completed_at IS NOT NULL AND OLD.completed_at IS NULL) EXECUTE FUNCTION app.forget_staged();
CREATE OR REPLACE TRIGGER upload_staged_gone AFTER DELETE ON upload FOR EACH ROW
    WHEN (OLD.completed_at IS NULL) EXECUTE FUNCTION app.forget_staged();

-- Deletes files one by one that nothing points at, and leaves the others. Reveals nothing: for triggers and the sweep.
CREATE OR REPLACE FUNCTION app.delete_unused_files(files uuid[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted uuid;
    gone   integer := 0;
BEGIN
    FOREACH wanted IN ARRAY files LOOP
        BEGIN
            DELETE FROM file f WHERE f.tenant_id = app.tenant_id() AND f.id = wanted;
            gone := gone + 1;
        EXCEPTION WHEN foreign_key_violation THEN
            NULL; -- another part shows it
        END;
    END LOOP;
    RETURN gone;
END
$$;

-- With a person go their uploads under way, what is shared with them, and their private files, unless another part points at one. The
-- others keep the tombstone as their owner.
CREATE OR REPLACE FUNCTION app.retire_owner() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM upload u WHERE u.tenant_id = NEW.tenant_id AND u.user_id = NEW.id AND u.completed_at IS NULL;
    DELETE FROM file_audience a WHERE a.tenant_id = NEW.tenant_id AND a.user_id = NEW.id;
    PERFORM app.delete_unused_files(ARRAY(
        SELECT f.id FROM file f WHERE f.tenant_id = NEW.tenant_id AND f.owner_id = NEW.id AND f.visibility = 'PRIVATE' ORDER BY f.id));
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_retire_owner AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_owner();

-- Nothing is shared with, and no upload begun by, whoever is being deleted.
CREATE OR REPLACE TRIGGER file_audience_keep AFTER INSERT ON file_audience FOR EACH ROW
    WHEN (NEW.user_id IS NOT NULL AND current_user = 'lectern_app') EXECUTE FUNCTION app.keep_person('user_id');
CREATE OR REPLACE TRIGGER upload_keep AFTER INSERT ON upload FOR EACH ROW
    WHEN (current_user = 'lectern_app') EXECUTE FUNCTION app.keep_person('user_id');

-- What was shared with a group or a course that is deleted is not any more.
CREATE OR REPLACE FUNCTION app.retire_audience() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF TG_TABLE_NAME = 'course' THEN
        DELETE FROM file_audience a WHERE a.tenant_id = NEW.tenant_id AND a.course_id = NEW.id;
    ELSE
        DELETE FROM file_audience a WHERE a.tenant_id = NEW.tenant_id AND a.group_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER user_group_retire_audience AFTER UPDATE ON user_group FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_audience();
CREATE OR REPLACE TRIGGER course_retire_audience AFTER UPDATE ON course FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.retire_audience();

-- Of some keys of objects of the school, those that a file has, or a job is about to delete. Reveals: which of the given ones.
CREATE OR REPLACE FUNCTION app.named_objects(objects text[]) RETURNS SETOF text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT f.object FROM file f WHERE f.tenant_id = app.tenant_id() AND f.object = ANY (objects)
        UNION ALL
        SELECT j.payload ->> 'object' FROM job j
        WHERE j.tenant_id = app.tenant_id() AND j.kind = 'file.delete' AND j.state IN ('QUEUED', 'RUNNING') AND j.payload ->> 'object' = ANY (objects);
END
$$;

-- Of some uploads of the school, those that have not ended for an hour. Reveals: which of the given ones.
CREATE OR REPLACE FUNCTION app.recent_uploads(uploads uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT u.id FROM upload u
        WHERE u.tenant_id = app.tenant_id() AND u.id = ANY (uploads) AND coalesce(u.completed_at, u.expires_at) > now() - interval '1 hour';
END
$$;

-- Deletes some of the school's files whose time is over, unless another part points at one, and some uploads that ended a month ago. Reveals:
-- how many rows, where more may be left.
CREATE OR REPLACE FUNCTION app.sweep_file_rows(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    gone := app.delete_unused_files(ARRAY(
        SELECT f.id FROM file f WHERE f.tenant_id = app.tenant_id() AND f.expires_at <= now() ORDER BY f.expires_at LIMIT at_most));
    DELETE FROM upload u WHERE u.tenant_id = app.tenant_id() AND u.id IN (
        SELECT o.id FROM upload o WHERE o.tenant_id = app.tenant_id() AND o.expires_at < now() - interval '30 days' LIMIT at_most);
    RETURN gone;
END
$$;

CREATE OR REPLACE TRIGGER file_touch BEFORE UPDATE ON file FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER file_audit AFTER INSERT OR UPDATE OR DELETE ON file FOR EACH ROW EXECUTE FUNCTION app.audit('File', 'id');
CREATE OR REPLACE TRIGGER file_audience_audit AFTER INSERT OR UPDATE OR DELETE ON file_audience FOR EACH ROW
    EXECUTE FUNCTION app.audit('File', 'file_id');

GRANT EXECUTE ON FUNCTION app.files_shared_with_me(), app.my_courses(), app.search_file(text), app.storage_usage(), app.is_upload_over(uuid),
    app.served_file(uuid), app.school_of_public_file(uuid), app.open_upload(uuid), app.named_objects(text[]), app.recent_uploads(uuid[]), app.sweep_file_rows(integer)
    TO lectern_app;
GRANT EXECUTE ON FUNCTION app.storage_usage() TO lectern_platform;
