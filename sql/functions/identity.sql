-- People, roles, sessions: loading the actor, signing in, ranks, caps.

-- Loads the actor of this transaction and makes the permissions known to the policies. Reveals: the state of the one
-- person whose signed token opened the transaction. No row: the person, the session or the membership is gone.
-- The active role is the session's while the person still holds it, else the one that grants most. All of it holds for as
-- long as the version of the school is this one, and until that moment (the beginning or the end of its subscription).
CREATE OR REPLACE FUNCTION app.load_actor(tenant uuid, person uuid, session_id uuid)
    RETURNS TABLE (token_version integer, role_id uuid, role_key text, permissions text[], subscribed boolean,
                   time_zone text, version bigint, holds_until timestamptz)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT u.token_version, r.id, r.key, app.permissions_of(r.key, r.is_system, r.permissions),
           t.suspended_at IS NULL AND t.subscription_start <= now() AND (t.subscription_end IS NULL OR now() < t.subscription_end),
           t.time_zone, v.version, CASE WHEN now() < t.subscription_start THEN t.subscription_start WHEN now() < t.subscription_end THEN t.subscription_end END
    INTO token_version, role_id, role_key, permissions, subscribed, time_zone, version, holds_until
    FROM tenant t
    LEFT JOIN access_version v ON v.tenant_id = t.tenant_id
    JOIN app_user u ON u.tenant_id = t.tenant_id AND u.id = person AND u.status = 'ACTIVE' AND u.deleted_at IS NULL
    JOIN session s ON s.tenant_id = t.tenant_id AND s.id = session_id AND s.user_id = u.id AND s.revoked_at IS NULL
    JOIN user_role ur ON ur.tenant_id = t.tenant_id AND ur.user_id = u.id
    JOIN role r ON r.tenant_id = t.tenant_id AND r.id = ur.role_id
    WHERE t.tenant_id = tenant
    ORDER BY (r.id = s.active_role_id) IS TRUE DESC, cardinality(app.permissions_of(r.key, r.is_system, r.permissions)) DESC, r.key
    LIMIT 1;
    IF FOUND THEN
        PERFORM set_config('app.permissions', ',' || array_to_string(permissions, ',') || ',', true);
        RETURN NEXT;
    END IF;
END
$$;

-- The credential behind a sign-in; the transaction takes the school's tenant. `address` is the key of what was typed (app_user.email_key).
-- Reveals, to the service only: the hash to verify a password against. The service answers alike whether or not there is a row.
CREATE OR REPLACE FUNCTION app.find_credential(school text, address text, typed text)
    RETURNS TABLE (tenant_id uuid, user_id uuid, password_hash text, token_version integer, is_active boolean)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found_tenant uuid;
BEGIN
    SELECT t.tenant_id INTO found_tenant FROM tenant t WHERE t.slug = lower(school);
    IF found_tenant IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('app.tenant_id', found_tenant::text, true);
    -- Whoever has no key is found by the very address.
    RETURN QUERY
        SELECT found_tenant, u.id, c.password_hash, u.token_version,
               u.status = 'ACTIVE' AND EXISTS (SELECT FROM user_role ur WHERE ur.tenant_id = u.tenant_id AND ur.user_id = u.id)
        FROM (SELECT) AS once
        LEFT JOIN app_user u ON u.tenant_id = found_tenant AND u.deleted_at IS NULL AND u.id = coalesce(
            (SELECT k.id FROM app_user k WHERE k.tenant_id = found_tenant AND lower(k.email) = lower(typed) AND k.email_key IS NULL),
            (SELECT k.id FROM app_user k WHERE k.tenant_id = found_tenant AND k.email_key = address))
        LEFT JOIN credential c ON c.tenant_id = u.tenant_id AND c.user_id = u.id;
END
$$;

-- The same for services of the version before, which know no key. Reveals the same.
CREATE OR REPLACE FUNCTION app.find_credential(school text, address text)
    RETURNS TABLE (tenant_id uuid, user_id uuid, password_hash text, token_version integer, is_active boolean)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT f.* FROM app.find_credential(school, lower(address COLLATE "und-x-icu"), address) AS f;
END
$$;

-- Keeps the actor's own password under a hash that is made anew, if it is still the one that was verified. Nothing else changes.
-- Reveals nothing.
CREATE OR REPLACE FUNCTION app.renew_own_password_hash(known text, hash text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE credential c SET password_hash = hash
        WHERE c.tenant_id = app.tenant_id() AND c.user_id = app.user_id() AND c.password_hash = known;
END
$$;

-- The actor's own password hash, for a change of password. Reveals, to the service only: that hash.
CREATE OR REPLACE FUNCTION app.own_password_hash() RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT c.password_hash FROM credential c WHERE c.tenant_id = app.tenant_id() AND c.user_id = app.user_id());
END
$$;

-- Changes the actor's own password, if it is still the one that was verified: of two changes at once the later is told
-- that its current password is wrong. Existing tokens die at once. Reveals: the token version from then on, or NULL.
CREATE OR REPLACE FUNCTION app.change_own_password(known text, hash text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    version integer;
BEGIN
    UPDATE credential c SET password_hash = hash, changed_at = now()
        WHERE c.tenant_id = app.tenant_id() AND c.user_id = app.user_id() AND c.password_hash = known;
    IF FOUND THEN
        PERFORM set_config('app.revoked_reason', 'PASSWORD_CHANGED', true);
        UPDATE app_user u SET token_version = u.token_version + 1 WHERE u.tenant_id = app.tenant_id() AND u.id = app.user_id()
            RETURNING u.token_version INTO version;
    END IF;
    RETURN version;
END
$$;

-- Sets the first password of a person whom the actor has created in this very transaction. Reveals nothing.
CREATE OR REPLACE FUNCTION app.set_first_password(person uuid, hash text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('USER_CREATE')
       OR NOT EXISTS (SELECT FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.created_at = now()) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s password';
    END IF;
    INSERT INTO credential (tenant_id, user_id, password_hash) VALUES (app.tenant_id(), person, hash);
END
$$;

-- Issues a refresh token for a sign-in of the actor's own. Earlier ones of it are spent from then on: a family has one
-- live token, so that whoever presents another is known to have stolen it, or to have been stolen from. Reveals nothing.
CREATE OR REPLACE FUNCTION app.issue_refresh_token(family uuid, hash bytea, expires timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM session s
        WHERE s.tenant_id = app.tenant_id() AND s.id = family AND s.user_id = app.user_id() AND s.revoked_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not a live session of this person';
    END IF;
    UPDATE refresh_token r SET used_at = now() WHERE r.tenant_id = app.tenant_id() AND r.session_id = family AND r.used_at IS NULL;
    INSERT INTO refresh_token (tenant_id, token_hash, session_id, expires_at) VALUES (app.tenant_id(), hash, family, expires);
END
$$;

-- Begins a sign-in of the actor, if their token version is still the one that went with the verified password: what
-- raises it (a suspension, a change of password) ends every sign-in, and must not miss one that begins at the same time.
-- Reveals: whether it began.
CREATE OR REPLACE FUNCTION app.begin_session(family uuid, version integer, role uuid, hash bytea, expires timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM app_user u
        WHERE u.tenant_id = app.tenant_id() AND u.id = app.user_id() AND u.token_version = version
          AND u.status = 'ACTIVE' AND u.deleted_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO session (tenant_id, id, user_id, active_role_id) VALUES (app.tenant_id(), family, app.user_id(), role);
    PERFORM app.issue_refresh_token(family, hash, expires);
    RETURN true;
END
$$;

-- Exchanges a refresh token for its successor. Reveals, to the holder of the token: whose it is, and the outcome
-- ROTATED, REUSED (spent before: the family must die) or UNKNOWN (never issued, expired, revoked, or its person gone).
CREATE OR REPLACE FUNCTION app.rotate_refresh_token(presented bytea, successor bytea, successor_expires timestamptz)
    RETURNS TABLE (outcome text, user_id uuid, session_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    outcome := 'UNKNOWN';
    -- Whoever changes a sign-in takes its row first: uses of one token at once come one after another.
    SELECT s.user_id, s.id INTO user_id, session_id
        FROM session s
        WHERE s.tenant_id = app.tenant_id() AND s.revoked_at IS NULL
          AND s.id = (SELECT r.session_id FROM refresh_token r WHERE r.tenant_id = app.tenant_id() AND r.token_hash = presented)
        FOR NO KEY UPDATE;
    IF FOUND THEN
        UPDATE refresh_token r SET used_at = now()
            WHERE r.tenant_id = app.tenant_id() AND r.token_hash = presented AND r.used_at IS NULL AND r.expires_at > now();
        IF FOUND THEN
            IF EXISTS (SELECT FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = rotate_refresh_token.user_id
                       AND u.status = 'ACTIVE' AND u.deleted_at IS NULL) THEN
                INSERT INTO refresh_token (tenant_id, token_hash, session_id, expires_at)
                    VALUES (app.tenant_id(), successor, rotate_refresh_token.session_id, successor_expires);
                outcome := 'ROTATED';
            END IF;
        ELSIF EXISTS (SELECT FROM refresh_token r
                      WHERE r.tenant_id = app.tenant_id() AND r.token_hash = presented AND r.used_at IS NOT NULL) THEN
            outcome := 'REUSED';
        END IF;
    END IF;
    RETURN NEXT;
END
$$;

-- Ends a family whose spent token was presented again. Reveals nothing.
CREATE OR REPLACE FUNCTION app.revoke_reused_session(family uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE session s SET revoked_at = now(), revoked_reason = 'REUSE'
        WHERE s.tenant_id = app.tenant_id() AND s.id = family AND s.revoked_at IS NULL;
END
$$;

-- Whether the actor holds every permission that a person holds through any role. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.outranks(person uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN NOT EXISTS (
        SELECT FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
        WHERE ur.tenant_id = app.tenant_id() AND ur.user_id = person
          AND NOT app.permissions_of(r.key, r.is_system, r.permissions) <@ app.permissions());
END
$$;

-- Whether the actor holds every permission of a role. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.may_grant(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM role r WHERE r.tenant_id = app.tenant_id() AND r.id = wanted
                   AND app.permissions_of(r.key, r.is_system, r.permissions) <@ app.permissions());
END
$$;

-- People known to the actor without USER_READ: fellow group members, learners of the actor's courses, people of the
-- actor's bookings. Reveals: their ids, and through the policy their names.
CREATE OR REPLACE FUNCTION app.acquaintances() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT fellow.user_id FROM group_member mine JOIN group_member fellow ON fellow.tenant_id = mine.tenant_id AND fellow.group_id = mine.group_id
            WHERE mine.tenant_id = app.tenant_id() AND mine.user_id = app.user_id()
        UNION
        SELECT e.user_id FROM app.taught_courses() AS taught(id)
            JOIN course c ON c.tenant_id = app.tenant_id() AND c.id = taught.id AND c.deleted_at IS NULL
            JOIN enrollment e ON e.tenant_id = c.tenant_id AND e.course_id = c.id
        UNION
        SELECT b.student_id FROM booking b WHERE b.tenant_id = app.tenant_id() AND b.instructor_id = app.user_id()
        UNION
        SELECT b.student_id FROM booking b WHERE b.tenant_id = app.tenant_id() AND b.requested_instructor_id = app.user_id()
        UNION
        SELECT p.id FROM booking b CROSS JOIN LATERAL (VALUES (b.instructor_id), (b.requested_instructor_id)) AS p(id)
            WHERE b.tenant_id = app.tenant_id() AND b.student_id = app.user_id() AND p.id IS NOT NULL
        UNION
        SELECT c.instructor_id FROM enrollment e JOIN course c ON c.tenant_id = e.tenant_id AND c.id = e.course_id
            WHERE e.tenant_id = app.tenant_id() AND e.user_id = app.user_id() AND c.instructor_id IS NOT NULL
        UNION
        SELECT i.user_id FROM enrollment e JOIN course_instructor i ON i.tenant_id = e.tenant_id AND i.course_id = e.course_id
            WHERE e.tenant_id = app.tenant_id() AND e.user_id = app.user_id();
END
$$;

-- People found by the beginnings of words in name and email. Reveals: ids, which callers join back under row security.
-- (The planner takes every beginning for a hundred words, and for two of them would rather read the whole table.)
CREATE OR REPLACE FUNCTION app.search_app_user(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY SELECT u.id FROM app_user u
        WHERE u.tenant_id = app.tenant_id() AND u.search @@ app.prefix_query(words) AND u.deleted_at IS NULL;
END
$$;

-- Whether a person holds AVAILABILITY_MANAGE through any role. For triggers only.
CREATE OR REPLACE FUNCTION app.teaches(tenant uuid, person uuid) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
        WHERE ur.tenant_id = tenant AND ur.user_id = person
          AND 'AVAILABILITY_MANAGE' = ANY (app.permissions_of(r.key, r.is_system, r.permissions)));
END
$$;

-- Existing tokens die at once: whatever raises the version, and suspension and deletion raise it by themselves. A deleted
-- person keeps neither name nor email.
CREATE OR REPLACE FUNCTION app.before_app_user_update() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    NEW.token_version := greatest(NEW.token_version, OLD.token_version);
    IF (NEW.status, NEW.deleted_at) IS DISTINCT FROM (OLD.status, OLD.deleted_at) THEN
        -- The policy lets people change their own row; this is no part of that.
        IF nullif(nullif(current_setting('app.user_id', true), '')::uuid, '00000000-0000-0000-0000-000000000000') IS NOT NULL
           AND NOT ((app.can('USER_UPDATE') OR app.can('USER_DELETE')) AND app.outranks(OLD.id)) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s state';
        END IF;
        IF NEW.deleted_at IS NOT NULL THEN
            NEW.name := 'Deleted user';
            NEW.email := NULL;
            NEW.email_key := NULL;
            NEW.token_version := OLD.token_version + 1;
            PERFORM set_config('app.revoked_reason', 'DELETED', true);
        ELSIF NEW.status = 'SUSPENDED' THEN
            NEW.token_version := OLD.token_version + 1;
            PERFORM set_config('app.revoked_reason', 'SUSPENDED', true);
        END IF;
        PERFORM app.share_lock_for('roles', NEW.tenant_id); -- see app.follow_role
        NEW.is_instructor := NEW.status = 'ACTIVE' AND NEW.deleted_at IS NULL AND app.teaches(NEW.tenant_id, NEW.id);
    END IF;
    -- Of another address nothing is known yet.
    IF lower(NEW.email) IS DISTINCT FROM lower(OLD.email) THEN
        NEW.email_state := 'OK';
    END IF;
    IF app.is_change(to_jsonb(OLD), to_jsonb(NEW)) THEN
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER app_user_before_update BEFORE UPDATE ON app_user FOR EACH ROW EXECUTE FUNCTION app.before_app_user_update();

-- How an address is compared, where whoever writes it does not say: seeds, operators, services of the version before. A domain in
-- Unicode is for the service, or the next migrate, to translate. (The same key for another spelling of the same address is said.)
CREATE OR REPLACE FUNCTION app.keep_email_key() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    domain CONSTANT text := split_part(NEW.email, '@', 2);
BEGIN
    IF NEW.email IS NULL THEN
        NEW.email_key := NULL;
    ELSIF octet_length(domain) = length(domain) THEN
        NEW.email_key := lower(NEW.email COLLATE "und-x-icu");
    ELSIF TG_OP = 'UPDATE' AND NEW.email = OLD.email THEN
        NEW.email_key := coalesce(NEW.email_key, OLD.email_key);
    ELSIF TG_OP = 'UPDATE' AND NEW.email_key IS NOT DISTINCT FROM OLD.email_key THEN
        IF NOT (split_part(NEW.email_key, '@', 1) = lower(split_part(NEW.email, '@', 1) COLLATE "und-x-icu") AND NEW.email_key LIKE '%xn--%') THEN
            NEW.email_key := NULL;
        END IF;
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER app_user_email_key BEFORE INSERT OR UPDATE OF email ON app_user FOR EACH ROW EXECUTE FUNCTION app.keep_email_key();

CREATE OR REPLACE FUNCTION app.end_sessions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE session s SET revoked_at = now(), revoked_reason = coalesce(nullif(current_setting('app.revoked_reason', true), ''), 'LOGOUT_EVERYWHERE')
        WHERE s.tenant_id = NEW.tenant_id AND s.user_id = NEW.id AND s.revoked_at IS NULL;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_end_sessions AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.token_version <> OLD.token_version) EXECUTE FUNCTION app.end_sessions();

-- The caps of the plan. The names of the rules say which cap; the detail says limit and used (before this statement).
CREATE OR REPLACE FUNCTION app.check_user_cap() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted record;
    used   bigint;
BEGIN
    FOR wanted IN
        SELECT n.tenant_id, t.max_users AS cap, count(*) AS added
        FROM new_rows n JOIN tenant t ON t.tenant_id = n.tenant_id AND t.max_users IS NOT NULL
        WHERE n.deleted_at IS NULL GROUP BY n.tenant_id, t.max_users
    LOOP
        PERFORM app.enter_tenant(wanted.tenant_id);
        PERFORM app.lock_for('users', wanted.tenant_id);
        SELECT count(*) INTO used FROM app_user u WHERE u.tenant_id = wanted.tenant_id AND u.deleted_at IS NULL;
        IF used > wanted.cap THEN
            PERFORM app.refuse('tenant_max_users', jsonb_build_object('limit', wanted.cap, 'used', used - wanted.added)::text);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_cap AFTER INSERT ON app_user REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.check_user_cap();

-- Whoever becomes an instructor does so by an UPDATE: by app.follow_user_role, app.follow_role, or being reactivated.
CREATE OR REPLACE FUNCTION app.check_instructor_cap() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted record;
    used   bigint;
BEGIN
    FOR wanted IN
        SELECT n.tenant_id, t.max_instructors AS cap, count(*) AS added
        FROM new_rows n
        JOIN old_rows o ON o.tenant_id = n.tenant_id AND o.id = n.id AND NOT o.is_instructor
        JOIN tenant t ON t.tenant_id = n.tenant_id AND t.max_instructors IS NOT NULL
        WHERE n.is_instructor GROUP BY n.tenant_id, t.max_instructors
    LOOP
        PERFORM app.enter_tenant(wanted.tenant_id);
        PERFORM app.lock_for('instructors', wanted.tenant_id);
        SELECT count(*) INTO used FROM app_user u WHERE u.tenant_id = wanted.tenant_id AND u.is_instructor;
        IF used > wanted.cap THEN
            PERFORM app.refuse('tenant_max_instructors', jsonb_build_object('limit', wanted.cap, 'used', used - wanted.added)::text);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_instructor_cap AFTER UPDATE ON app_user REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.check_instructor_cap();

-- Keeps app_user.is_instructor true to the roles that people hold.
CREATE OR REPLACE FUNCTION app.follow_user_role() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed user_role := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    teaches boolean;
BEGIN
    PERFORM app.enter_tenant(changed.tenant_id);
    PERFORM app.share_lock_for('roles', changed.tenant_id); -- see app.follow_role
    teaches := app.teaches(changed.tenant_id, changed.user_id);
    UPDATE app_user u SET is_instructor = teaches AND u.status = 'ACTIVE' AND u.deleted_at IS NULL
        WHERE u.tenant_id = changed.tenant_id AND u.id = changed.user_id
          AND u.is_instructor <> (teaches AND u.status = 'ACTIVE' AND u.deleted_at IS NULL);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER user_role_follow AFTER INSERT OR DELETE ON user_role FOR EACH ROW EXECUTE FUNCTION app.follow_user_role();

-- And to what the roles grant. Whoever changes that waits until everybody who is just being given a role has it: neither
-- of the two would see what the other has not committed.
CREATE OR REPLACE FUNCTION app.follow_role() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('roles', NEW.tenant_id);
    UPDATE app_user u SET is_instructor = NOT u.is_instructor
        WHERE u.tenant_id = NEW.tenant_id AND u.status = 'ACTIVE' AND u.deleted_at IS NULL
          AND EXISTS (SELECT FROM user_role ur WHERE ur.tenant_id = u.tenant_id AND ur.user_id = u.id AND ur.role_id = NEW.id)
          AND u.is_instructor <> EXISTS (
              SELECT FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
              WHERE ur.tenant_id = u.tenant_id AND ur.user_id = u.id
                AND 'AVAILABILITY_MANAGE' = ANY (app.permissions_of(r.key, r.is_system, r.permissions)));
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER role_follow AFTER UPDATE ON role FOR EACH ROW
    WHEN (('AVAILABILITY_MANAGE' = ANY (NEW.permissions)) <> ('AVAILABILITY_MANAGE' = ANY (OLD.permissions))) EXECUTE FUNCTION app.follow_role();

-- A role grants what there is. (A CHECK would have to be changed for every new permission.)
CREATE OR REPLACE FUNCTION app.check_role_permissions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT NEW.permissions <@ app.all_permissions() THEN
        PERFORM app.refuse('role_permissions_check');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER role_permissions BEFORE INSERT OR UPDATE OF permissions ON role FOR EACH ROW EXECUTE FUNCTION app.check_role_permissions();
CREATE OR REPLACE TRIGGER role_touch BEFORE UPDATE ON role FOR EACH ROW EXECUTE FUNCTION app.touch();

-- A school can't lose its last active admin, however two admins race to remove each other.
CREATE OR REPLACE FUNCTION app.keep_last_admin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(OLD.tenant_id);
    IF TG_TABLE_NAME = 'user_role' THEN
        IF NOT EXISTS (SELECT FROM role r WHERE r.tenant_id = OLD.tenant_id AND r.id = OLD.role_id AND r.is_system AND r.key = 'ADMIN') THEN
            RETURN NULL;
        END IF;
    ELSIF NOT EXISTS (SELECT FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
                      WHERE ur.tenant_id = OLD.tenant_id AND ur.user_id = OLD.id AND r.is_system AND r.key = 'ADMIN') THEN
        RETURN NULL;
    END IF;
    PERFORM app.lock_for('admins', OLD.tenant_id);
    IF NOT EXISTS (
        SELECT FROM role r
        JOIN user_role ur ON ur.tenant_id = r.tenant_id AND ur.role_id = r.id
        JOIN app_user u ON u.tenant_id = ur.tenant_id AND u.id = ur.user_id
        WHERE r.tenant_id = OLD.tenant_id AND r.is_system AND r.key = 'ADMIN' AND u.status = 'ACTIVE' AND u.deleted_at IS NULL)
    THEN
        PERFORM app.refuse('tenant_last_admin');
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER user_role_last_admin AFTER DELETE ON user_role FOR EACH ROW EXECUTE FUNCTION app.keep_last_admin();
CREATE OR REPLACE TRIGGER app_user_last_admin AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (OLD.status = 'ACTIVE' AND OLD.deleted_at IS NULL AND (NEW.status <> 'ACTIVE' OR NEW.deleted_at IS NOT NULL))
    EXECUTE FUNCTION app.keep_last_admin();

CREATE OR REPLACE TRIGGER app_user_audit AFTER INSERT OR UPDATE OR DELETE ON app_user FOR EACH ROW EXECUTE FUNCTION app.audit('User', 'id');
-- A deleted person's name and email leave the log as well. Triggers go by their names: this one after app_user_audit, which records the
-- deletion itself.
CREATE OR REPLACE FUNCTION app.forget_deleted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.forget_in_audit(NEW.id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_forget AFTER UPDATE OF deleted_at ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION app.forget_deleted();
CREATE OR REPLACE TRIGGER role_audit AFTER INSERT OR UPDATE OR DELETE ON role FOR EACH ROW EXECUTE FUNCTION app.audit('Role', 'id');
CREATE OR REPLACE TRIGGER user_role_audit AFTER INSERT OR UPDATE OR DELETE ON user_role FOR EACH ROW EXECUTE FUNCTION app.audit('User', 'user_id');
CREATE OR REPLACE TRIGGER session_audit AFTER INSERT OR UPDATE ON session FOR EACH ROW EXECUTE FUNCTION app.audit('Session', 'id');

-- How often sign-ins of these subjects (hashes of accounts and addresses) have failed within the span, and in how many
-- seconds one more is allowed where there were as many as that. Wrong enrollment keys are counted likewise, under other
-- subjects. Reveals, to the service only: these numbers.
CREATE OR REPLACE FUNCTION app.failed_sign_ins(subjects bytea[], allowed integer[], span interval) RETURNS TABLE (failures bigint, wait integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT coalesce(recent.failures, 0), greatest(1, ceil(extract(epoch FROM recent.times[recent.failures - given.allowed + 1] + span - now())))::integer
        FROM unnest(subjects, failed_sign_ins.allowed) WITH ORDINALITY AS given(subject, allowed, place)
        LEFT JOIN LATERAL (
            SELECT count(*) AS failures, array_agg(failure ORDER BY failure) AS times
            FROM failed_sign_in f, unnest(f.at) AS failure
            WHERE f.tenant_id = app.tenant_id() AND f.subject = given.subject AND failure > now() - span) AS recent ON true
        ORDER BY given.place;
END
$$;

-- Counts a failed sign-in or a wrong enrollment key for each subject, and keeps so many of its latest. Reveals, to the service only: how often the first has failed within the
-- span, and in how many seconds that is less than is kept of it.
CREATE OR REPLACE FUNCTION app.count_failed_sign_ins(subjects bytea[], kept integer[], span interval) RETURNS TABLE (failures bigint, wait integer)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- In one order, so that two at once don't wait for one another in a circle.
    WITH given AS (SELECT * FROM unnest(subjects, kept) AS given(subject, kept))
    INSERT INTO failed_sign_in AS f (tenant_id, subject, at, last_at)
        SELECT app.tenant_id(), given.subject, ARRAY[clock_timestamp()], clock_timestamp() FROM given ORDER BY given.subject
        ON CONFLICT (tenant_id, subject) DO UPDATE SET last_at = excluded.last_at,
            at = (SELECT array_agg(latest.failure ORDER BY latest.failure) FROM (
                SELECT failure FROM unnest(f.at || excluded.at) AS failure WHERE failure > clock_timestamp() - span
                ORDER BY failure DESC LIMIT (SELECT given.kept FROM given WHERE given.subject = excluded.subject)) AS latest);
    RETURN QUERY SELECT * FROM app.failed_sign_ins(subjects[1:1], ARRAY[kept[1] - 1], span);
END
$$;

-- What a sign-in brings with it: whether a device token of this person and token version is still theirs, who are named by
-- school and address (as in app.find_credential); and whether the account has signed in from this network (a keyed hash of both) before, and lately.
-- Reveals, to the service only: these bits.
CREATE OR REPLACE FUNCTION app.sign_in_standing(school text, address text, typed text, tenant uuid, person uuid, version integer, network bytea, kept interval)
    RETURNS TABLE (has_device boolean, is_known boolean, is_fresh boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    nobody text := current_setting('app.tenant_id', true);
    seen   timestamptz := (SELECT k.seen_at FROM known_network k WHERE k.tenant_id = app.tenant_id() AND k.subject = network AND k.seen_at > now() - kept);
    found_tenant uuid := (SELECT t.tenant_id FROM tenant t WHERE t.slug = lower(school));
BEGIN
    is_known := seen IS NOT NULL;
    is_fresh := coalesce(seen > now() - interval '1 day', false);
    -- Also where there is no such school or no token: it takes the same work.
    PERFORM set_config('app.tenant_id', coalesce(found_tenant, '00000000-0000-0000-0000-000000000000')::text, true);
    has_device := EXISTS (SELECT FROM app_user u
        WHERE u.tenant_id = app.tenant_id() AND u.tenant_id = tenant AND u.id = person AND u.id = coalesce(
              (SELECT k.id FROM app_user k WHERE k.tenant_id = app.tenant_id() AND lower(k.email) = lower(typed) AND k.email_key IS NULL),
              (SELECT k.id FROM app_user k WHERE k.tenant_id = app.tenant_id() AND k.email_key = address))
          AND u.token_version = version AND u.status = 'ACTIVE' AND u.deleted_at IS NULL);
    PERFORM set_config('app.tenant_id', nobody, true);
    RETURN NEXT;
END
$$;

-- An account has signed in from a network (a keyed hash of both); forgets some of what is long past. Reveals nothing: it writes.
CREATE OR REPLACE FUNCTION app.remember_network(network bytea, kept interval) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO known_network AS k (tenant_id, subject, seen_at) VALUES (app.tenant_id(), network, now())
        ON CONFLICT (tenant_id, subject) DO UPDATE SET seen_at = excluded.seen_at;
    DELETE FROM known_network k USING (
        SELECT old.tenant_id, old.subject FROM known_network old
        WHERE old.tenant_id = app.tenant_id() AND old.seen_at < now() - kept LIMIT 50 FOR UPDATE SKIP LOCKED) AS forgotten
        WHERE k.tenant_id = forgotten.tenant_id AND k.subject = forgotten.subject;
END
$$;

-- The same as app.count_failed_sign_ins, for the version before, which may go on serving beside this one. Reveals nothing: it writes.
CREATE OR REPLACE FUNCTION app.count_failed_sign_in(subjects bytea[], span interval) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- In one order, so that two at once don't wait for one another in a circle.
    INSERT INTO failed_sign_in AS f (tenant_id, subject, at, last_at)
        SELECT app.tenant_id(), subject, ARRAY[clock_timestamp()], clock_timestamp() FROM unnest(subjects) AS subject ORDER BY subject
        ON CONFLICT (tenant_id, subject) DO UPDATE SET last_at = excluded.last_at,
            at = (SELECT array_agg(failure ORDER BY failure) FROM unnest(f.at || excluded.at) AS failure WHERE failure > clock_timestamp() - span);
END
$$;

-- Adds what a replica has counted to what the others have. Reveals, to the service only: what was used in all, in that minute and in the
-- one before.
CREATE OR REPLACE FUNCTION app.merge_budgets(subjects bytea[], minutes bigint[], amounts bigint[])
    RETURNS TABLE (used bigint, used_before bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO used_budget AS b (tenant_id, subject, minute, used)
        SELECT app.tenant_id(), given.subject, given.minute, given.amount
        FROM unnest(subjects, minutes, amounts) AS given(subject, minute, amount) ORDER BY given.subject, given.minute
        ON CONFLICT (tenant_id, subject, minute) DO UPDATE SET used = b.used + excluded.used;
    RETURN QUERY
        SELECT coalesce(this.used, 0), coalesce(earlier.used, 0)
        FROM unnest(subjects, minutes) WITH ORDINALITY AS given(subject, minute, place)
        LEFT JOIN used_budget this ON this.tenant_id = app.tenant_id() AND this.subject = given.subject AND this.minute = given.minute
        LEFT JOIN used_budget earlier ON earlier.tenant_id = app.tenant_id() AND earlier.subject = given.subject AND earlier.minute = given.minute - 1
        ORDER BY given.place;
END
$$;

-- Deletes some of what no longer counts: failed sign-ins after a day, which is the longest that they may count, and budgets of minutes that
-- are over. Reveals: how many.
CREATE OR REPLACE FUNCTION app.purge_rate_limits(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    failures integer;
    budgets  integer;
BEGIN
    DELETE FROM failed_sign_in f USING (
        SELECT old.tenant_id, old.subject FROM failed_sign_in old
        WHERE old.tenant_id = app.tenant_id() AND old.last_at < now() - interval '1 day' LIMIT at_most FOR UPDATE SKIP LOCKED) AS forgotten
        WHERE f.tenant_id = forgotten.tenant_id AND f.subject = forgotten.subject;
    GET DIAGNOSTICS failures = ROW_COUNT;
    DELETE FROM used_budget b USING (
        SELECT old.tenant_id, old.subject, old.minute FROM used_budget old
        WHERE old.tenant_id = app.tenant_id() AND old.minute < (extract(epoch FROM now()) / 60)::bigint - 3
        LIMIT at_most - failures FOR UPDATE SKIP LOCKED) AS forgotten
        WHERE b.tenant_id = forgotten.tenant_id AND b.subject = forgotten.subject AND b.minute = forgotten.minute;
    GET DIAGNOSTICS budgets = ROW_COUNT;
    RETURN failures + budgets;
END
$$;

-- Deletes some of the school's refresh tokens that have expired, and some of its sign-ins that ended 90 days ago: by being ended, or by having no
-- token any more. Reveals: how many.
CREATE OR REPLACE FUNCTION app.purge_sessions(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    tokens   integer;
    sign_ins integer;
BEGIN
    DELETE FROM refresh_token r WHERE r.tenant_id = app.tenant_id() AND r.token_hash IN (
        SELECT old.token_hash FROM refresh_token old WHERE old.tenant_id = app.tenant_id() AND old.expires_at < now() LIMIT at_most);
    GET DIAGNOSTICS tokens = ROW_COUNT;
    DELETE FROM session s WHERE s.tenant_id = app.tenant_id() AND s.id IN (
        SELECT old.id FROM session old
        WHERE old.tenant_id = app.tenant_id() AND old.created_at < now() - interval '90 days'
          AND (old.revoked_at < now() - interval '90 days'
               OR (old.revoked_at IS NULL
                   AND NOT EXISTS (SELECT FROM refresh_token left_over WHERE left_over.tenant_id = old.tenant_id AND left_over.session_id = old.id)))
        LIMIT at_most - tokens FOR UPDATE OF old SKIP LOCKED);
    GET DIAGNOSTICS sign_ins = ROW_COUNT;
    RETURN tokens + sign_ins;
END
$$;

-- Tells of people who are new. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_new_people() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school record;
BEGIN
    FOR school IN SELECT DISTINCT u.tenant_id FROM new_rows u LOOP
        PERFORM app.enter_tenant(school.tenant_id);
        IF app.wants_event('user.created') THEN
            PERFORM app.emit('user.created', app.type_id('user', u.id), jsonb_build_object('id', app.type_id('user', u.id), 'status', u.status))
                FROM new_rows u WHERE u.tenant_id = school.tenant_id;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_tell_new AFTER INSERT ON app_user REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.tell_of_new_people();

-- Tells of a person who has changed. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_person() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    type CONSTANT text := CASE
        WHEN OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL THEN 'user.deleted'
        WHEN OLD.status = NEW.status THEN 'user.updated'
        WHEN NEW.status = 'SUSPENDED' THEN 'user.suspended'
        ELSE 'user.reactivated' END;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF app.wants_event(type) THEN
        PERFORM app.emit(type, app.type_id('user', NEW.id), jsonb_build_object('id', app.type_id('user', NEW.id), 'status', NEW.status));
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_tell AFTER UPDATE ON app_user FOR EACH ROW
    WHEN ((OLD.name, OLD.email, OLD.status, OLD.deleted_at) IS DISTINCT FROM (NEW.name, NEW.email, NEW.status, NEW.deleted_at))
    EXECUTE FUNCTION app.tell_of_person();

-- A person whose roles change has changed, once a transaction; not one who is new in it, or gone. Whoever set their roles tells them. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_roles() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed  CONSTANT user_role := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    told     CONSTANT text := coalesce(current_setting('app.roles_told', true), '');
    notifies CONSTANT boolean := current_setting('app.operation', true) = 'setUserRoles' AND app.notifies('notify.roles_changed');
    is_wanted boolean;
BEGIN
    PERFORM app.enter_tenant(changed.tenant_id);
    is_wanted := app.webhooks_want('user.updated');
    IF (is_wanted OR notifies) AND position(changed.user_id::text IN told) = 0 THEN
        PERFORM set_config('app.roles_told', told || changed.user_id, true);
        IF is_wanted THEN
            PERFORM app.emit('user.updated', app.type_id('user', u.id), jsonb_build_object('id', app.type_id('user', u.id), 'status', u.status))
                FROM app_user u WHERE u.tenant_id = changed.tenant_id AND u.id = changed.user_id AND u.deleted_at IS NULL AND u.created_at <> now();
        END IF;
        IF notifies THEN
            PERFORM app.emit('notify.roles_changed', app.type_id('user', changed.user_id), NULL, jsonb_build_object('person', changed.user_id));
        END IF;
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER user_role_tell AFTER INSERT OR DELETE ON user_role FOR EACH ROW EXECUTE FUNCTION app.tell_of_roles();

GRANT EXECUTE ON FUNCTION
    app.purge_rate_limits(integer), app.purge_sessions(integer),
    app.load_actor(uuid, uuid, uuid), app.find_credential(text, text, text), app.find_credential(text, text), app.own_password_hash(),
    app.change_own_password(text, text), app.renew_own_password_hash(text, text),
    app.set_first_password(uuid, text), app.begin_session(uuid, integer, uuid, bytea, timestamptz),
    app.issue_refresh_token(uuid, bytea, timestamptz), app.rotate_refresh_token(bytea, bytea, timestamptz), app.revoke_reused_session(uuid),
    app.outranks(uuid), app.may_grant(uuid), app.acquaintances(), app.search_app_user(text),
    app.failed_sign_ins(bytea[], integer[], interval), app.count_failed_sign_in(bytea[], interval),
    app.count_failed_sign_ins(bytea[], integer[], interval), app.sign_in_standing(text, text, text, uuid, uuid, integer, bytea, interval),
    app.remember_network(bytea, interval), app.merge_budgets(bytea[], bigint[], bigint[])
    TO lectern_app;
