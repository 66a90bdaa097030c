-- The platform: what whoever runs the deployment may do, over the role lectern_desk, and by the operator's commands.
--
-- Transactions of the platform name no school (the nil tenant). A function that works on a school takes it for as long as it runs, and goes back.
-- What it changes there stands in that school's log as `system:platform:OPERATION`, without an actor; and in the platform's as OPERATION, with the
-- admin.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   platform_last_admin    nobody would be left who is active
--   platform_factor_on     a second factor is on already
--   tenant_not_suspended   only a suspended school is erased
--   tenant_erasure_slug    another slug was typed
--   tenant_erasing         the school is being erased
--   tenant_admin_suspended whoever shall administer a school is suspended there
--   invitation_email_taken, app_user_address_key …: as where people come in (admissions.sql)

-- Whether a school is being erased: asked for, and begun. Then, and for that school alone, lectern_desk may delete rows. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.is_being_erased(school uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM tenant_erasure e
        WHERE e.tenant_id = '00000000-0000-0000-0000-000000000000' AND e.school_id = school AND e.state = 'RUNNING');
END
$$;

-- Goes on in a school, in nobody's name; the operation as its log knows it. For the functions below.
CREATE OR REPLACE FUNCTION app.enter_school(school uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    operation CONSTANT text := coalesce(nullif(current_setting('app.operation', true), ''), 'sql');
BEGIN
    PERFORM set_config('app.tenant_id', school::text, true), set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true);
    IF NOT starts_with(operation, 'system:') THEN
        PERFORM set_config('app.operation', 'system:platform:' || operation, true);
    END IF;
END
$$;

-- And back, in the name of whoever works here. For the functions below.
CREATE OR REPLACE FUNCTION app.leave_school(admin uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.tenant_id', '00000000-0000-0000-0000-000000000000', true), set_config('app.user_id', admin::text, true),
        set_config('app.operation', regexp_replace(current_setting('app.operation', true), '^system:platform:', ''), true);
END
$$;

-- Who works at the desk: the admin of this transaction; the nil UUID for the operator's commands.
CREATE OR REPLACE FUNCTION app.desk_admin() RETURNS uuid LANGUAGE sql STABLE
    RETURN coalesce(nullif(current_setting('app.user_id', true), '')::uuid, '00000000-0000-0000-0000-000000000000');

-- Keeps an entry of the platform's log. Reveals nothing: it writes.
CREATE OR REPLACE FUNCTION app.log_at_desk(school uuid, was jsonb, is_now jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO platform_audit_entry (tenant_id, id, admin_id, operation, outcome, school_id, before, after, correlation_id, at)
        VALUES (app.tenant_id(), app.uuid_v7(), nullif(app.desk_admin(), app.tenant_id()), coalesce(nullif(current_setting('app.operation', true), ''), 'system:sql'),
                'CHANGED', school, was, is_now, coalesce(nullif(current_setting('app.correlation_id', true), ''), 'none'), clock_timestamp());
END
$$;

-- Records that a mutation was refused at the desk. Reveals nothing: it writes.
CREATE OR REPLACE FUNCTION app.log_refusal_at_desk(operation text, resource text, subject uuid, code text, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO platform_audit_entry (tenant_id, id, admin_id, operation, outcome, school_id, code, reason, correlation_id, at)
        SELECT app.tenant_id(), app.uuid_v7(), (SELECT a.id FROM platform_admin a WHERE a.tenant_id = app.tenant_id() AND a.id = app.desk_admin()),
               log_refusal_at_desk.operation, 'REFUSED', CASE WHEN resource = 'Tenant' THEN subject END, log_refusal_at_desk.code,
               log_refusal_at_desk.reason, current_setting('app.correlation_id'), clock_timestamp();
END
$$;

-- What the log keeps of an admin, and of a school.
CREATE OR REPLACE FUNCTION app.shape_of_admin(a public.platform_admin) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('id', app.type_id('operator', a.id), 'email', a.email, 'name', a.name, 'status', a.status, 'isDeleted', a.deleted_at IS NOT NULL)
$$;
CREATE OR REPLACE FUNCTION app.shape_of_school(t public.tenant) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN jsonb_build_object('slug', t.slug, 'name', t.name, 'timeZone', t.time_zone, 'isListed', t.is_listed, 'subscriptionStart', app.rfc3339(t.subscription_start),
        'subscriptionEnd', app.rfc3339(t.subscription_end), 'maxUsers', t.max_users, 'maxInstructors', t.max_instructors, 'suspendedAt', app.rfc3339(t.suspended_at),
        'suspendReason', t.suspend_reason);
END
$$;

-- Loads the admin of this transaction. Reveals: the state of the one whose signed token opened it. No row: the admin or the sign-in is gone, or over.
-- Whoever has no second factor may do nothing but set one up, but for the demo's.
CREATE OR REPLACE FUNCTION app.load_desk_actor(tenant uuid, person uuid, session_id uuid)
    RETURNS TABLE (token_version integer, role_id uuid, role_key text, permissions text[], subscribed boolean, time_zone text, version bigint,
                   holds_until timestamptz, user_id uuid, key_id uuid, is_read_only boolean, is_factor_due boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT a.token_version, tenant, CASE WHEN d.is_due THEN 'second-factor-due' ELSE 'desk' END, '{}'::text[], true, 'UTC'::text, NULL::bigint,
               s.expires_at, a.id, NULL::uuid, false, d.is_due
        FROM platform_admin a
        JOIN platform_session s ON s.tenant_id = a.tenant_id AND s.id = session_id AND s.admin_id = a.id AND s.revoked_at IS NULL AND s.expires_at > now()
        CROSS JOIN LATERAL (SELECT NOT a.is_demo AND NOT EXISTS (SELECT FROM platform_factor f
            WHERE f.tenant_id = a.tenant_id AND f.admin_id = a.id AND f.confirmed_at IS NOT NULL) AS is_due) AS d
        WHERE a.tenant_id = app.tenant_id() AND tenant = app.tenant_id() AND a.id = person AND a.status = 'ACTIVE' AND a.deleted_at IS NULL;
END
$$;

-- The credential behind a sign-in at the desk. Reveals, to the service only: the hash to verify a password against, and the sealed secret of a second
-- factor that is on. The service answers alike whether or not there is a row.
CREATE OR REPLACE FUNCTION app.find_desk_credential(address text)
    RETURNS TABLE (admin_id uuid, password_hash text, token_version integer, is_active boolean, factor bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT a.id, c.password_hash, a.token_version, a.status = 'ACTIVE', f.secret
        FROM platform_admin a
        LEFT JOIN platform_credential c ON c.tenant_id = a.tenant_id AND c.admin_id = a.id
        LEFT JOIN platform_factor f ON f.tenant_id = a.tenant_id AND f.admin_id = a.id AND f.confirmed_at IS NOT NULL
        WHERE a.tenant_id = app.tenant_id() AND lower(a.email) = lower(address) AND a.deleted_at IS NULL;
END
$$;

-- Begins a sign-in of the admin, if the token version is still the one that went with the verified password; the log keeps from which address.
-- Reveals: when it ends; NULL where it did not begin.
CREATE OR REPLACE FUNCTION app.begin_desk_session(family uuid, version integer, hash bytea, client text) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ends CONSTANT timestamptz := now() + interval '12 hours';
BEGIN
    UPDATE platform_admin a SET last_sign_in_at = now()
        WHERE a.tenant_id = app.tenant_id() AND a.id = app.desk_admin() AND a.token_version = version AND a.status = 'ACTIVE' AND a.deleted_at IS NULL;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    DELETE FROM platform_session s WHERE s.tenant_id = app.tenant_id() AND s.admin_id = app.desk_admin() AND s.expires_at < now() - interval '90 days';
    INSERT INTO platform_session (tenant_id, id, admin_id, expires_at) VALUES (app.tenant_id(), family, app.desk_admin(), ends);
    INSERT INTO platform_refresh_token (tenant_id, token_hash, session_id) VALUES (app.tenant_id(), hash, family);
    PERFORM app.log_at_desk(NULL, NULL, jsonb_build_object('session', app.type_id('session', family), 'address', client));
    RETURN ends;
END
$$;

-- The same for services of the version before, which name no address. Reveals the same.
CREATE OR REPLACE FUNCTION app.begin_desk_session(family uuid, version integer, hash bytea) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN app.begin_desk_session(family, version, hash, NULL);
END
$$;

-- Exchanges a refresh token of the desk for its successor. Reveals, to the holder of the token: whose it is, when the sign-in ends, and the outcome
-- ROTATED, REUSED (spent before: the sign-in must end) or UNKNOWN.
CREATE OR REPLACE FUNCTION app.rotate_desk_token(presented bytea, successor bytea)
    RETURNS TABLE (outcome text, admin_id uuid, session_id uuid, expires_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    outcome := 'UNKNOWN';
    SELECT s.admin_id, s.id, s.expires_at INTO admin_id, session_id, expires_at FROM platform_session s
        WHERE s.tenant_id = app.tenant_id() AND s.revoked_at IS NULL AND s.expires_at > now()
          AND s.id = (SELECT r.session_id FROM platform_refresh_token r WHERE r.tenant_id = app.tenant_id() AND r.token_hash = presented)
        FOR NO KEY UPDATE;
    IF FOUND THEN
        UPDATE platform_refresh_token r SET used_at = now() WHERE r.tenant_id = app.tenant_id() AND r.token_hash = presented AND r.used_at IS NULL;
        IF NOT FOUND THEN
            outcome := 'REUSED';
        ELSIF EXISTS (SELECT FROM platform_admin a WHERE a.tenant_id = app.tenant_id() AND a.id = rotate_desk_token.admin_id
                      AND a.status = 'ACTIVE' AND a.deleted_at IS NULL) THEN
            INSERT INTO platform_refresh_token (tenant_id, token_hash, session_id) VALUES (app.tenant_id(), successor, rotate_desk_token.session_id);
            outcome := 'ROTATED';
        END IF;
    END IF;
    RETURN NEXT;
END
$$;

-- Ends a sign-in: the admin's own, or one whose spent token was presented again. Reveals nothing.
CREATE OR REPLACE FUNCTION app.end_desk_session(family uuid, why text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE platform_session s SET revoked_at = now(), revoked_reason = why
        WHERE s.tenant_id = app.tenant_id() AND s.id = family AND s.admin_id = app.desk_admin() AND s.revoked_at IS NULL;
    IF FOUND THEN
        PERFORM app.log_at_desk(NULL, jsonb_build_object('session', app.type_id('session', family)),
            jsonb_build_object('session', app.type_id('session', family), 'revokedReason', why));
    END IF;
END
$$;

-- Ends every sign-in of an admin: tokens die by the version. For the functions below.
CREATE OR REPLACE FUNCTION app.end_desk_sessions(admin uuid, why text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    version integer;
BEGIN
    UPDATE platform_session s SET revoked_at = now(), revoked_reason = why
        WHERE s.tenant_id = app.tenant_id() AND s.admin_id = admin AND s.revoked_at IS NULL;
    UPDATE platform_admin a SET token_version = a.token_version + 1 WHERE a.tenant_id = app.tenant_id() AND a.id = admin
        RETURNING a.token_version INTO version;
    RETURN version;
END
$$;

-- What the admin's own secrets are. Reveals, to the service only: the hash of the password, who they are, and the secret of a second factor; of one
-- that is not on yet for ten minutes.
CREATE OR REPLACE FUNCTION app.own_desk_secrets() RETURNS TABLE (password_hash text, email text, name text, factor bytea, is_factor_on boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT c.password_hash, a.email, a.name, f.secret, f.confirmed_at IS NOT NULL
        FROM platform_admin a
        JOIN platform_credential c ON c.tenant_id = a.tenant_id AND c.admin_id = a.id
        LEFT JOIN platform_factor f ON f.tenant_id = a.tenant_id AND f.admin_id = a.id
            AND (f.confirmed_at IS NOT NULL OR f.created_at > now() - interval '10 minutes')
        WHERE a.tenant_id = app.tenant_id() AND a.id = app.desk_admin();
END
$$;

-- Changes the admin's own password, if it is still the one that was verified; every sign-in ends. Reveals: the token version from then on, or NULL.
CREATE OR REPLACE FUNCTION app.change_desk_password(known text, hash text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE platform_credential c SET password_hash = hash, changed_at = now()
        WHERE c.tenant_id = app.tenant_id() AND c.admin_id = app.desk_admin() AND c.password_hash = known;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM app.log_at_desk(NULL, NULL, jsonb_build_object('passwordChanged', true));
    RETURN app.end_desk_sessions(app.desk_admin(), 'PASSWORD_CHANGED');
END
$$;

-- Keeps the secret of a second factor that is not on yet, in place of an earlier one. Reveals nothing.
CREATE OR REPLACE FUNCTION app.begin_desk_factor(sealed bytea) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO platform_factor AS f (tenant_id, admin_id, secret) VALUES (app.tenant_id(), app.desk_admin(), sealed)
        ON CONFLICT (tenant_id, admin_id) DO UPDATE SET secret = sealed, created_at = now(), last_step = 0 WHERE f.confirmed_at IS NULL;
    IF NOT FOUND THEN
        PERFORM app.refuse('platform_factor_on');
    END IF;
    RETURN now() + interval '10 minutes';
END
$$;

-- Turns it on by the step of a code, with recovery codes. Reveals: whether it did, of two at once for one.
CREATE OR REPLACE FUNCTION app.confirm_desk_factor(known bytea, step bigint, codes bytea[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE platform_factor f SET confirmed_at = now(), last_step = step
        WHERE f.tenant_id = app.tenant_id() AND f.admin_id = app.desk_admin() AND f.confirmed_at IS NULL AND f.secret = known
          AND f.created_at > now() - interval '10 minutes';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO platform_recovery_code (tenant_id, admin_id, code_hash) SELECT app.tenant_id(), app.desk_admin(), c FROM unnest(codes) AS c;
    PERFORM app.log_at_desk(NULL, NULL, jsonb_build_object('hasSecondFactor', true));
    RETURN true;
END
$$;

-- Spends a step of a second factor, or a recovery code: each once, of two at once for one. Reveals: whether it was good.
CREATE OR REPLACE FUNCTION app.spend_desk_step(admin uuid, step bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE platform_factor f SET last_step = step
        WHERE f.tenant_id = app.tenant_id() AND f.admin_id = admin AND f.confirmed_at IS NOT NULL AND f.last_step < step;
    RETURN FOUND;
END
$$;
CREATE OR REPLACE FUNCTION app.spend_desk_recovery_code(admin uuid, hash bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE platform_recovery_code r SET used_at = now()
        WHERE r.tenant_id = app.tenant_id() AND r.admin_id = admin AND r.code_hash = hash AND r.used_at IS NULL;
    RETURN FOUND;
END
$$;

-- Turns the admin's own second factor off. Reveals: whether there was one.
CREATE OR REPLACE FUNCTION app.disable_desk_factor() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM platform_recovery_code r WHERE r.tenant_id = app.tenant_id() AND r.admin_id = app.desk_admin();
    DELETE FROM platform_factor f WHERE f.tenant_id = app.tenant_id() AND f.admin_id = app.desk_admin() AND f.confirmed_at IS NOT NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM app.log_at_desk(NULL, NULL, jsonb_build_object('hasSecondFactor', false));
    RETURN true;
END
$$;

-- Whether an admin has a second factor. Reveals: that bit.
CREATE OR REPLACE FUNCTION app.has_desk_factor(admin uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM platform_factor f WHERE f.tenant_id = app.tenant_id() AND f.admin_id = admin AND f.confirmed_at IS NOT NULL);
END
$$;

-- Adds a platform admin; whoever is added by one of the demo is of the demo as well. Reveals: whether the address is taken (platform_admin_email_key).
CREATE OR REPLACE FUNCTION app.add_platform_admin(made uuid, address text, called text, hash text, of_demo boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    added platform_admin;
BEGIN
    INSERT INTO platform_admin (tenant_id, id, email, name, is_demo)
        VALUES (app.tenant_id(), made, address, called, of_demo OR EXISTS (
            SELECT FROM platform_admin a WHERE a.tenant_id = app.tenant_id() AND a.id = app.desk_admin() AND a.is_demo))
        RETURNING * INTO added;
    INSERT INTO platform_credential (tenant_id, admin_id, password_hash) VALUES (app.tenant_id(), made, hash);
    PERFORM app.log_at_desk(NULL, NULL, app.shape_of_admin(added));
END
$$;

-- Suspends, reactivates or deletes (status NULL) another admin. Nobody but the last active one is kept from it: of two who suspend one another, one
-- does. Reveals: whether there is such an admin.
CREATE OR REPLACE FUNCTION app.change_platform_admin(who uuid, wanted text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    was    platform_admin;
    is_now platform_admin;
BEGIN
    PERFORM app.lock_for('platform_admins', app.tenant_id());
    SELECT a.* INTO was FROM platform_admin a WHERE a.tenant_id = app.tenant_id() AND a.id = who AND a.deleted_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF wanted IS DISTINCT FROM 'ACTIVE' AND was.status = 'ACTIVE' AND NOT EXISTS (
        SELECT FROM platform_admin a WHERE a.tenant_id = app.tenant_id() AND a.id <> who AND a.status = 'ACTIVE' AND a.deleted_at IS NULL) THEN
        PERFORM app.refuse('platform_last_admin');
    END IF;
    UPDATE platform_admin a SET status = coalesce(wanted, 'SUSPENDED'), deleted_at = CASE WHEN wanted IS NULL THEN now() END
        WHERE a.tenant_id = app.tenant_id() AND a.id = who RETURNING a.* INTO is_now;
    IF wanted IS DISTINCT FROM 'ACTIVE' THEN
        PERFORM app.end_desk_sessions(who, CASE WHEN wanted IS NULL THEN 'DELETED' ELSE 'SUSPENDED' END);
    END IF;
    IF wanted IS NULL THEN
        UPDATE platform_credential c SET password_hash = '' WHERE c.tenant_id = app.tenant_id() AND c.admin_id = who;
        DELETE FROM platform_recovery_code r WHERE r.tenant_id = app.tenant_id() AND r.admin_id = who;
        DELETE FROM platform_factor f WHERE f.tenant_id = app.tenant_id() AND f.admin_id = who;
    END IF;
    IF was.status <> is_now.status OR wanted IS NULL THEN
        PERFORM app.log_at_desk(NULL, app.shape_of_admin(was), app.shape_of_admin(is_now));
    END IF;
    RETURN true;
END
$$;

-- Every school. (Its own id stands in `id`; what belongs to the platform belongs to the nil tenant.) Reveals: of schools what stands in their row, and
-- nothing of their people.
CREATE OR REPLACE FUNCTION app.desk_tenants()
    RETURNS TABLE (tenant_id uuid, id uuid, slug text, name text, time_zone text, is_listed boolean, state text, subscription_start timestamptz,
                   subscription_end timestamptz, max_users integer, max_instructors integer, suspended_at timestamptz, suspend_reason text,
                   created_at timestamptz, updated_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT '00000000-0000-0000-0000-000000000000'::uuid, t.tenant_id, t.slug, t.name, t.time_zone, t.is_listed,
               CASE WHEN t.suspended_at IS NOT NULL THEN 'SUSPENDED' WHEN now() < t.subscription_start THEN 'NOT_BEGUN'
                    WHEN t.subscription_end <= now() THEN 'LAPSED' ELSE 'ACTIVE' END,
               t.subscription_start, t.subscription_end, t.max_users, t.max_instructors, t.suspended_at, t.suspend_reason, t.created_at, t.updated_at
        FROM tenant t;
END
$$;

-- Schools found by the beginnings of words in slug and name. Reveals: their ids.
CREATE OR REPLACE FUNCTION app.search_desk_tenant(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted CONSTANT tsquery := app.prefix_query(words);
BEGIN
    RETURN QUERY SELECT t.tenant_id FROM tenant t WHERE t.search @@ wanted;
END
$$;

-- In which language a school is written to. Reveals: that.
CREATE OR REPLACE FUNCTION app.desk_locale(school uuid) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    here  CONSTANT text := current_setting('app.tenant_id');
    found text;
BEGIN
    PERFORM set_config('app.tenant_id', school::text, true);
    SELECT s.locale INTO found FROM tenant_settings s WHERE s.tenant_id = school;
    PERFORM set_config('app.tenant_id', here, true);
    RETURN coalesce(found, 'en');
END
$$;

-- What schools hold, of what was created from one moment to another (NULL: whenever). One snapshot where the transaction has one. Reveals: numbers,
-- and when somebody last signed in.
CREATE OR REPLACE FUNCTION app.desk_usage(schools uuid[], since timestamptz, until timestamptz)
    RETURNS TABLE (school uuid, users bigint, instructors bigint, courses bigint, groups bigint, enrollments bigint, completed bigint, bookings bigint,
                   last_sign_in_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    here      CONSTANT text := current_setting('app.tenant_id');
    from_here CONSTANT timestamptz := coalesce(since, '-infinity');
    to_there  CONSTANT timestamptz := coalesce(until, 'infinity');
BEGIN
    FOR school IN SELECT t.tenant_id FROM tenant t WHERE t.tenant_id = ANY (schools) LOOP
        PERFORM set_config('app.tenant_id', school::text, true);
        SELECT count(*), count(*) FILTER (WHERE u.is_instructor) INTO users, instructors FROM app_user u
            WHERE u.tenant_id = school AND u.deleted_at IS NULL AND u.created_at >= from_here AND u.created_at < to_there;
        SELECT count(*) INTO courses FROM course c
            WHERE c.tenant_id = school AND c.deleted_at IS NULL AND c.created_at >= from_here AND c.created_at < to_there;
        SELECT count(*) INTO groups FROM user_group g
            WHERE g.tenant_id = school AND g.deleted_at IS NULL AND g.created_at >= from_here AND g.created_at < to_there;
        SELECT count(*), count(*) FILTER (WHERE e.status = 'COMPLETED') INTO enrollments, completed FROM enrollment e
            WHERE e.tenant_id = school AND e.created_at >= from_here AND e.created_at < to_there;
        SELECT count(*) INTO bookings FROM booking b WHERE b.tenant_id = school AND b.created_at >= from_here AND b.created_at < to_there;
        SELECT max(s.created_at) INTO last_sign_in_at FROM session s WHERE s.tenant_id = school;
        RETURN NEXT;
    END LOOP;
    PERFORM set_config('app.tenant_id', here, true);
END
$$;

-- The administrators of schools, those who are invited too. Reveals: their addresses and names, and nothing of anybody else.
CREATE OR REPLACE FUNCTION app.desk_tenant_admins(schools uuid[]) RETURNS TABLE (school uuid, email text, name text, is_invited boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    here CONSTANT text := current_setting('app.tenant_id');
BEGIN
    FOR school IN SELECT t.tenant_id FROM tenant t WHERE t.tenant_id = ANY (schools) LOOP
        PERFORM set_config('app.tenant_id', school::text, true);
        FOR email, name, is_invited IN
            SELECT u.email, u.name, false FROM app_user u
                WHERE u.tenant_id = school AND u.deleted_at IS NULL AND u.id IN (
                    SELECT ur.user_id FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
                    WHERE ur.tenant_id = school AND r.is_system AND r.key = 'ADMIN' AND (ur.ends_at IS NULL OR ur.ends_at > now()))
            UNION ALL
            SELECT i.email, i.name, true FROM invitation i
                WHERE i.tenant_id = school AND i.state = 'PENDING' AND i.expires_at > now() AND 'ADMIN' = ANY (i.role_keys)
            ORDER BY 3, 1
        LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
    PERFORM set_config('app.tenant_id', here, true);
END
$$;

-- Founds a school: its row, its system roles and its settings. Reveals: whether the slug is taken (tenant_slug_key).
CREATE OR REPLACE FUNCTION app.create_tenant(made uuid, slug text, called text, zone text, language text, listed boolean, starts timestamptz, ends timestamptz,
                                             most_users integer, most_instructors integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    admin   CONSTANT uuid := app.desk_admin();
    founded tenant;
BEGIN
    PERFORM app.enter_school(made);
    INSERT INTO tenant (tenant_id, slug, name, time_zone, is_listed, subscription_start, subscription_end, max_users, max_instructors)
        VALUES (made, create_tenant.slug, called, zone, listed, coalesce(starts, now()), ends, most_users, most_instructors) RETURNING * INTO founded;
    PERFORM app.create_system_roles(made);
    UPDATE tenant_settings s SET locale = language WHERE s.tenant_id = made AND s.locale <> language;
    PERFORM app.leave_school(admin);
    PERFORM app.log_at_desk(made, NULL, app.shape_of_school(founded));
END
$$;

-- Makes somebody an administrator of a school, for good: whoever has this address there; else, with a password, somebody new; else they are invited.
-- Refuses (tenant_admin_suspended) whoever may not sign in there. Reveals: how they are called, and whether they are invited. No row: there is no such
-- school.
CREATE OR REPLACE FUNCTION app.give_tenant_admin(school uuid, made uuid, address text, address_key text, called text, hash text)
    RETURNS TABLE (email text, name text, is_invited boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    admin  CONSTANT uuid := app.desk_admin();
    known  uuid;
    begins timestamptz;
BEGIN
    SELECT t.subscription_start INTO begins FROM tenant t WHERE t.tenant_id = school FOR SHARE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM app.enter_school(school);
    PERFORM app.lock_invited(address_key);
    known := app.person_at(address_key, address);
    IF known IS NOT NULL THEN
        PERFORM app.lock_for('user_roles', known);
    END IF;
    PERFORM app.share_lock_for('roles', school); -- see app.keep_named_role
    IF known IS NOT NULL THEN
        PERFORM FROM app_user u WHERE u.tenant_id = school AND u.id = known AND u.status = 'ACTIVE' FOR SHARE;
        IF NOT FOUND THEN
            PERFORM app.refuse('tenant_admin_suspended');
        END IF;
        INSERT INTO user_role AS ur (tenant_id, user_id, role_id)
            SELECT school, known, r.id FROM role r WHERE r.tenant_id = school AND r.is_system AND r.key = 'ADMIN'
            ON CONFLICT (tenant_id, user_id, role_id) DO UPDATE SET ends_at = NULL WHERE ur.ends_at IS NOT NULL;
        SELECT u.email, u.name, false INTO email, name, is_invited FROM app_user u WHERE u.tenant_id = school AND u.id = known;
    ELSIF hash IS NOT NULL THEN
        PERFORM app.admit(made, address, address_key, called, '{ADMIN}', hash);
        SELECT address, called, false INTO email, name, is_invited;
    ELSE
        -- A later one voids the earlier, whoever made it.
        PERFORM app.void_links('INVITATION', i.id::text) FROM invitation i
            WHERE i.tenant_id = school AND i.email_key = address_key AND i.state = 'PENDING';
        UPDATE invitation i SET state = 'REVOKED' WHERE i.tenant_id = school AND i.email_key = address_key AND i.state = 'PENDING';
        -- (It is not mailed before the school begins.)
        INSERT INTO invitation (tenant_id, id, email, email_key, name, role_keys, is_of_platform, expires_at)
            VALUES (school, made, address, address_key, called, '{ADMIN}', true, greatest(now(), begins) + interval '7 days');
        PERFORM app.enqueue('account.invitation', NULL, jsonb_build_object('invitation', made, 'sent', now()));
        SELECT address, called, true INTO email, name, is_invited;
    END IF;
    PERFORM app.leave_school(admin);
    -- Neither name nor address: the log outlives the school.
    PERFORM app.log_at_desk(school, NULL, jsonb_build_object(
        'id', app.type_id(CASE WHEN is_invited THEN 'invitation' ELSE 'user' END, coalesce(known, made)), 'isInvited', is_invited));
    RETURN NEXT;
END
$$;

-- Changes a school. `change` holds what is to be changed, a null clears: name, timeZone, isListed, maxUsers, maxInstructors, subscriptionEnd,
-- suspendReason (null: it is not suspended any more). Reveals: whether there is such a school.
CREATE OR REPLACE FUNCTION app.change_tenant(school uuid, change jsonb) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    admin  CONSTANT uuid := app.desk_admin();
    was    tenant;
    is_now tenant;
BEGIN
    SELECT t.* INTO was FROM tenant t WHERE t.tenant_id = school FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF change -> 'suspendReason' = 'null' AND EXISTS (
        SELECT FROM tenant_erasure e WHERE e.tenant_id = '00000000-0000-0000-0000-000000000000' AND e.school_id = school AND e.state IN ('QUEUED', 'RUNNING')) THEN
        PERFORM app.refuse('tenant_erasing');
    END IF;
    PERFORM app.enter_school(school);
    UPDATE tenant t SET
            name = CASE WHEN change ? 'name' THEN change ->> 'name' ELSE t.name END,
            time_zone = CASE WHEN change ? 'timeZone' THEN change ->> 'timeZone' ELSE t.time_zone END,
            is_listed = CASE WHEN change ? 'isListed' THEN (change ->> 'isListed')::boolean ELSE t.is_listed END,
            max_users = CASE WHEN change ? 'maxUsers' THEN (change ->> 'maxUsers')::integer ELSE t.max_users END,
            max_instructors = CASE WHEN change ? 'maxInstructors' THEN (change ->> 'maxInstructors')::integer ELSE t.max_instructors END,
            subscription_end = CASE WHEN change ? 'subscriptionEnd' THEN (change ->> 'subscriptionEnd')::timestamptz ELSE t.subscription_end END,
            suspend_reason = CASE WHEN change ? 'suspendReason' THEN change ->> 'suspendReason' ELSE t.suspend_reason END,
            suspended_at = CASE WHEN NOT change ? 'suspendReason' THEN t.suspended_at WHEN change -> 'suspendReason' <> 'null' THEN coalesce(t.suspended_at, now()) END
        WHERE t.tenant_id = school RETURNING t.* INTO is_now;
    PERFORM app.leave_school(admin);
    IF app.shape_of_school(was) <> app.shape_of_school(is_now) THEN
        PERFORM app.log_at_desk(school, app.shape_of_school(was), app.shape_of_school(is_now));
    END IF;
    RETURN true;
END
$$;

-- Asks for the erasure of a suspended school whose slug was typed again; once (tenant_erasure_active_key). A job does it, where the service knows how.
-- Reveals: whether there is such a school.
CREATE OR REPLACE FUNCTION app.erase_tenant(made uuid, school uuid, typed text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    doomed tenant;
BEGIN
    SELECT t.* INTO doomed FROM tenant t WHERE t.tenant_id = school FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF doomed.slug <> typed THEN
        PERFORM app.refuse('tenant_erasure_slug');
    END IF;
    IF doomed.suspended_at IS NULL THEN
        PERFORM app.refuse('tenant_not_suspended');
    END IF;
    INSERT INTO tenant_erasure (tenant_id, id, school_id, slug, requested_by_id)
        VALUES (app.tenant_id(), made, school, doomed.slug, nullif(app.desk_admin(), app.tenant_id()));
    PERFORM app.enqueue(k.kind, made::text, jsonb_build_object('erasure', made)) FROM app.job_kinds() AS k WHERE k.kind = 'tenant.erase';
    PERFORM app.log_at_desk(school, app.shape_of_school(doomed), jsonb_build_object('erasure', app.type_id('erasure', made)));
    RETURN true;
END
$$;

CREATE OR REPLACE TRIGGER platform_admin_touch BEFORE UPDATE ON platform_admin FOR EACH ROW EXECUTE FUNCTION app.touch();

GRANT EXECUTE ON FUNCTION app.is_being_erased(uuid), app.load_desk_actor(uuid, uuid, uuid), app.find_desk_credential(text),
    app.begin_desk_session(uuid, integer, bytea, text), app.begin_desk_session(uuid, integer, bytea), app.rotate_desk_token(bytea, bytea), app.end_desk_session(uuid, text), app.own_desk_secrets(),
    app.change_desk_password(text, text), app.begin_desk_factor(bytea), app.confirm_desk_factor(bytea, bigint, bytea[]), app.spend_desk_step(uuid, bigint),
    app.spend_desk_recovery_code(uuid, bytea), app.disable_desk_factor(), app.has_desk_factor(uuid),
    app.add_platform_admin(uuid, text, text, text, boolean), app.change_platform_admin(uuid, text), app.desk_tenants(), app.search_desk_tenant(text),
    app.desk_locale(uuid), app.desk_usage(uuid[], timestamptz, timestamptz), app.desk_tenant_admins(uuid[]),
    app.create_tenant(uuid, text, text, text, text, boolean, timestamptz, timestamptz, integer, integer),
    app.give_tenant_admin(uuid, uuid, text, text, text, text), app.change_tenant(uuid, jsonb), app.erase_tenant(uuid, uuid, text),
    app.log_at_desk(uuid, jsonb, jsonb), app.log_refusal_at_desk(text, text, uuid, text, text) TO lectern_desk;
-- The operator's commands use the same.
GRANT EXECUTE ON FUNCTION app.is_being_erased(uuid), app.add_platform_admin(uuid, text, text, text, boolean), app.change_tenant(uuid, jsonb),
    app.create_tenant(uuid, text, text, text, text, boolean, timestamptz, timestamptz, integer, integer),
    app.give_tenant_admin(uuid, uuid, text, text, text, text) TO lectern_platform;
GRANT EXECUTE ON FUNCTION app.enter_school(uuid), app.leave_school(uuid), app.desk_admin(), app.shape_of_admin(platform_admin), app.shape_of_school(tenant)
    TO lectern_definer;
