-- Looking in another person's place. Whoever does is that person for guards and policies, in transactions that change nothing. A viewing that has lost
-- what it stands on is ended by triggers: it stays dead when that comes back.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   view_as_rank        the person holds what the actor does not, or no less than the actor
--   view_as_suspended   the person may not sign in
--   view_as_role        the person does not hold that role, or none

-- Who looks in the place of this transaction's person; NULL where nobody does. It stands beside the permissions, as '@UUID,'. What is private to
-- its owner is closed to whoever looks: policies of such tables end with AND (SELECT app.viewed_by()) IS NULL.
CREATE OR REPLACE FUNCTION app.viewed_by() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN substring(current_setting('app.permissions', true) FROM '@([0-9a-f-]{36}),')::uuid;

-- Everything that a person holds through any role that runs, grants and denies counted. Reveals: that. For the functions below.
CREATE OR REPLACE FUNCTION app.held_by(person uuid) RETURNS text[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce((
        SELECT array_agg(DISTINCT p.permission)
        FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id CROSS JOIN app.own_permissions(person) AS own
        CROSS JOIN LATERAL unnest(app.held_in(r.key, r.is_system, r.permissions, own.grants, own.denies)) AS p(permission)
        WHERE ur.tenant_id = app.tenant_id() AND ur.user_id = person AND (ur.ends_at IS NULL OR ur.ends_at > now())), '{}');
END
$$;

-- Whether the permissions that this transaction knows cover all that a person holds, and more. For the functions below.
CREATE OR REPLACE FUNCTION app.may_view(person uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    held CONSTANT text[] := app.held_by(person);
BEGIN
    RETURN held <@ app.permissions() AND EXISTS (
        SELECT FROM unnest(app.permissions()) AS p(permission) WHERE p.permission = ANY (app.all_permissions()) AND p.permission <> ALL (held));
END
$$;

-- Begins to look in a person's place, from a sign-in of the actor's; what the actor looked at before ends. Nothing is said of whoever is not there
-- (no row). Reveals, to the service only: their token version, the role and until when.
CREATE OR REPLACE FUNCTION app.begin_viewing(view uuid, sign_in uuid, person uuid, wanted text, why text)
    RETURNS TABLE (token_version integer, role_id uuid, expires_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    until     CONSTANT timestamptz := now() + interval '15 minutes';
    is_active boolean;
BEGIN
    IF NOT app.can('USER_VIEW_AS') OR app.viewed_by() IS NOT NULL OR NOT EXISTS (
        SELECT FROM session s WHERE s.tenant_id = app.tenant_id() AND s.id = sign_in AND s.user_id = app.user_id() AND s.revoked_at IS NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not from this sign-in';
    END IF;
    PERFORM app.lock_for('view_as', app.user_id());
    SELECT u.token_version, u.status = 'ACTIVE' INTO begin_viewing.token_version, is_active
        FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.deleted_at IS NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF person = app.user_id() OR NOT app.may_view(person) THEN
        PERFORM app.refuse('view_as_rank');
    END IF;
    IF NOT is_active THEN
        PERFORM app.refuse('view_as_suspended');
    END IF;
    -- As a sign-in of theirs would begin (app.load_actor).
    SELECT r.id INTO begin_viewing.role_id
        FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id CROSS JOIN app.own_permissions(person) AS own
        WHERE ur.tenant_id = app.tenant_id() AND ur.user_id = person AND (ur.ends_at IS NULL OR ur.ends_at > now()) AND (wanted IS NULL OR r.key = wanted)
        ORDER BY cardinality(app.held_in(r.key, r.is_system, r.permissions, own.grants, own.denies)) DESC, r.key LIMIT 1;
    IF NOT FOUND THEN
        PERFORM app.refuse('view_as_role');
    END IF;
    UPDATE view_as v SET ended_at = now() WHERE v.tenant_id = app.tenant_id() AND v.actor_id = app.user_id() AND v.ended_at IS NULL;
    INSERT INTO view_as (tenant_id, id, actor_id, session_id, user_id, role_id, reason, expires_at)
        VALUES (app.tenant_id(), view, app.user_id(), sign_in, person, begin_viewing.role_id, why, until);
    -- Each is told by itself: its subject is its own.
    IF app.notifies('notify.viewed_as') THEN
        PERFORM app.emit('notify.viewed_as', app.type_id('viewas', view), NULL, jsonb_build_object('person', person, 'facts', jsonb_build_object(
            'reason', why, 'name', (SELECT u.name FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = app.user_id()))));
    END IF;
    begin_viewing.expires_at := until;
    RETURN NEXT;
END
$$;

-- Loads the actor of a transaction in which somebody looks in another's place, as app.load_actor does: for that function alone. No row: it is
-- over, because it was ended or its time is, or whoever looks is signed out, may not look any more, or stands no longer above the person.
CREATE OR REPLACE FUNCTION app.load_viewing(tenant uuid, person uuid, view uuid)
    RETURNS TABLE (token_version integer, role_id uuid, role_key text, permissions text[], subscribed boolean,
                   time_zone text, version bigint, holds_until timestamptz, user_id uuid, key_id uuid, is_read_only boolean, is_factor_due boolean)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    viewing view_as;
    looker  record;
BEGIN
    SELECT v.* INTO viewing FROM view_as v
        WHERE v.tenant_id = tenant AND v.id = view AND v.user_id = person AND v.ended_at IS NULL AND v.expires_at > now();
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- Whoever looks, as they are now: this makes their permissions known.
    SELECT * INTO looker FROM app.load_actor(tenant, viewing.actor_id, viewing.session_id, NULL);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF app.can('USER_VIEW_AS') AND app.may_view(person) THEN
        SELECT u.token_version, r.id, r.key, app.held_in(r.key, r.is_system, r.permissions, own.grants, own.denies), looker.subscribed,
               looker.time_zone, looker.version, least(looker.holds_until, viewing.expires_at, (
                   SELECT min(e.ends_at) FROM user_role e WHERE e.tenant_id = tenant AND e.user_id = person AND e.ends_at > now()))
        INTO token_version, role_id, role_key, permissions, subscribed, time_zone, version, holds_until
        FROM app_user u CROSS JOIN app.own_permissions(u.id) AS own
        JOIN user_role ur ON ur.tenant_id = u.tenant_id AND ur.user_id = u.id AND ur.role_id = viewing.role_id AND (ur.ends_at IS NULL OR ur.ends_at > now())
        JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
        WHERE u.tenant_id = tenant AND u.id = person AND u.status = 'ACTIVE' AND u.deleted_at IS NULL;
    END IF;
    IF role_id IS NULL THEN
        PERFORM set_config('app.permissions', '', true);
        RETURN;
    END IF;
    user_id := person;
    is_factor_due := app.is_factor_due(person, role_key);
    permissions := CASE WHEN is_factor_due THEN '{}'::text[] ELSE permissions END || ('@' || viewing.actor_id);
    PERFORM set_config('app.permissions', app.known_as(permissions, role_key, NULL), true);
    RETURN NEXT;
END
$$;

-- Ends the viewings of a school (where a person is named: by or as them) that are over because whoever looks may not look any more, or stands no longer
-- above the other: they are judged by app.load_viewing, like each of their requests. Nothing brings one back. For the triggers below. Reveals nothing.
CREATE OR REPLACE FUNCTION app.end_lost_viewings(school uuid, person uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known CONSTANT text := coalesce(current_setting('app.permissions', true), '');
    live  view_as;
    runs  boolean;
BEGIN
    PERFORM app.enter_tenant(school);
    FOR live IN
        SELECT v.* FROM view_as v
        WHERE v.tenant_id = school AND v.ended_at IS NULL AND v.expires_at > now() AND (person IS NULL OR person IN (v.actor_id, v.user_id)) ORDER BY v.id
    LOOP
        PERFORM FROM app.load_viewing(school, live.user_id, live.id);
        runs := FOUND;
        PERFORM set_config('app.permissions', known, true);
        IF NOT runs THEN
            UPDATE view_as v SET ended_at = now() WHERE v.tenant_id = school AND v.id = live.id AND v.ended_at IS NULL;
        END IF;
    END LOOP;
END
$$;

-- Whatever permissions and ranks follow from is looked at when it has changed, which says when a viewing died; and before it changes, because a moment
-- (the end of a role) or somebody at the same time may have made one die that the change would bring back. Reveals nothing.
CREATE OR REPLACE FUNCTION app.follow_viewings() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed CONSTANT jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    school  CONSTANT uuid := changed ->> 'tenant_id';
BEGIN
    -- (What comes before a row is checked must not move the wall.)
    IF TG_WHEN = 'AFTER' OR current_setting('app.tenant_id', true) = school::text THEN
        PERFORM app.end_lost_viewings(school, (changed ->> CASE TG_TABLE_NAME WHEN 'app_user' THEN 'id' ELSE 'user_id' END)::uuid);
    END IF;
    RETURN CASE WHEN TG_WHEN = 'AFTER' THEN NULL WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE OR REPLACE TRIGGER user_permission_viewed BEFORE INSERT OR DELETE ON user_permission FOR EACH ROW EXECUTE FUNCTION app.follow_viewings();
CREATE OR REPLACE TRIGGER user_permission_viewings AFTER INSERT OR DELETE ON user_permission FOR EACH ROW EXECUTE FUNCTION app.follow_viewings();
CREATE OR REPLACE TRIGGER user_role_a_viewed BEFORE INSERT OR DELETE OR UPDATE OF ends_at ON user_role FOR EACH ROW EXECUTE FUNCTION app.follow_viewings();
CREATE OR REPLACE TRIGGER user_role_viewings AFTER INSERT OR DELETE OR UPDATE OF ends_at ON user_role FOR EACH ROW EXECUTE FUNCTION app.follow_viewings();
CREATE OR REPLACE TRIGGER role_viewed BEFORE UPDATE OF permissions ON role FOR EACH ROW
    WHEN (OLD.permissions <> NEW.permissions) EXECUTE FUNCTION app.follow_viewings();
CREATE OR REPLACE TRIGGER role_viewings AFTER UPDATE OF permissions ON role FOR EACH ROW
    WHEN (OLD.permissions <> NEW.permissions) EXECUTE FUNCTION app.follow_viewings();
-- Whoever looks does so in the role that their sign-in acts in.
CREATE OR REPLACE TRIGGER session_viewed BEFORE UPDATE OF active_role_id ON session FOR EACH ROW
    WHEN (OLD.active_role_id IS DISTINCT FROM NEW.active_role_id) EXECUTE FUNCTION app.follow_viewings();
CREATE OR REPLACE TRIGGER session_viewings AFTER UPDATE OF active_role_id ON session FOR EACH ROW
    WHEN (OLD.active_role_id IS DISTINCT FROM NEW.active_role_id) EXECUTE FUNCTION app.follow_viewings();
-- A second factor that is due is as if the role granted nothing.
CREATE OR REPLACE TRIGGER app_user_viewed BEFORE UPDATE OF second_factor_at ON app_user FOR EACH ROW
    WHEN ((OLD.second_factor_at IS NULL) <> (NEW.second_factor_at IS NULL)) EXECUTE FUNCTION app.follow_viewings();
CREATE OR REPLACE TRIGGER app_user_viewings AFTER UPDATE OF second_factor_at ON app_user FOR EACH ROW
    WHEN ((OLD.second_factor_at IS NULL) <> (NEW.second_factor_at IS NULL)) EXECUTE FUNCTION app.follow_viewings();
CREATE OR REPLACE TRIGGER tenant_settings_viewed BEFORE UPDATE OF second_factor_role_keys ON tenant_settings FOR EACH ROW
    WHEN (OLD.second_factor_role_keys <> NEW.second_factor_role_keys) EXECUTE FUNCTION app.follow_viewings();
CREATE OR REPLACE TRIGGER tenant_settings_viewings AFTER UPDATE OF second_factor_role_keys ON tenant_settings FOR EACH ROW
    WHEN (OLD.second_factor_role_keys <> NEW.second_factor_role_keys) EXECUTE FUNCTION app.follow_viewings();

-- Ends the viewing of this transaction. Its entry in the log is of who looked. Reveals nothing.
CREATE OR REPLACE FUNCTION app.end_viewing(view uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    person CONSTANT text := current_setting('app.user_id', true);
BEGIN
    PERFORM set_config('app.user_id', coalesce(app.viewed_by()::text, person), true);
    UPDATE view_as v SET ended_at = now()
        WHERE v.tenant_id = app.tenant_id() AND v.id = view AND v.actor_id = app.viewed_by() AND v.user_id = person::uuid AND v.ended_at IS NULL;
    PERFORM set_config('app.user_id', person, true);
END
$$;

-- Writes that a document was read in another person's place, or that one was refused because it would have changed something: by whom, as whom,
-- and its root fields. Reveals nothing: it writes, or fails.
CREATE OR REPLACE FUNCTION app.record_viewing(view uuid, fields text[], is_refused boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO audit_entry (tenant_id, id, actor_id, operation, outcome, resource, resource_id, after, code, reason, correlation_id, at)
        SELECT v.tenant_id, app.uuid_v7(), v.actor_id, CASE WHEN is_refused THEN fields[1] ELSE 'startViewAs' END,
               CASE WHEN is_refused THEN 'REFUSED' ELSE 'VIEWED' END, 'User', v.user_id,
               CASE WHEN NOT is_refused THEN jsonb_build_object('fields', fields) END,
               CASE WHEN is_refused THEN 'FORBIDDEN' END, CASE WHEN is_refused THEN 'VIEW_AS_READ_ONLY' END,
               current_setting('app.correlation_id'), clock_timestamp()
        FROM view_as v WHERE v.tenant_id = app.tenant_id() AND v.id = view;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING MESSAGE = 'a viewing that is not there';
    END IF;
END
$$;

-- Whoever looks in the place of this transaction's person. Reveals: that person's row, which the one looked at may not see otherwise.
CREATE OR REPLACE FUNCTION app.looking_person() RETURNS SETOF app_user
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT u.* FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = app.viewed_by();
END
$$;

CREATE OR REPLACE TRIGGER view_as_audit AFTER INSERT OR UPDATE ON view_as FOR EACH ROW EXECUTE FUNCTION app.audit('ViewAs', 'id');

GRANT EXECUTE ON FUNCTION app.begin_viewing(uuid, uuid, uuid, text, text), app.end_viewing(uuid), app.record_viewing(uuid, text[], boolean),
    app.looking_person() TO lectern_app;
