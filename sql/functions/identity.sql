-- People, roles, sessions: loading the actor, signing in, ranks, caps.

-- What a person was granted and denied beside their roles; NULL where there is none. For the functions below and those of other files.
CREATE OR REPLACE FUNCTION app.own_permissions(person uuid, OUT grants text[], OUT denies text[])
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT array_agg(p.permission) FILTER (WHERE p.effect = 'GRANT'), array_agg(p.permission) FILTER (WHERE p.effect = 'DENY')
        INTO grants, denies FROM user_permission p WHERE p.tenant_id = app.tenant_id() AND p.user_id = person;
END
$$;

-- Whether a person holds a permission through any role of theirs that runs, grants and denies counted. For triggers and other functions.
CREATE OR REPLACE FUNCTION app.holds(person uuid, wanted text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id CROSS JOIN app.own_permissions(person) AS own
        WHERE ur.tenant_id = app.tenant_id() AND ur.user_id = person AND (ur.ends_at IS NULL OR ur.ends_at > now())
          AND wanted = ANY (app.held_in(r.key, r.is_system, r.permissions, own.grants, own.denies)));
END
$$;

-- Who stands above whom: each role, and those whose holders it may admit and approve. ADMIN: every role; others by rows, but none that grants
-- ROLE_MANAGE or TENANT_MANAGE. Reveals: ids of roles of the school.
CREATE OR REPLACE FUNCTION app.role_ladder() RETURNS TABLE (tenant_id uuid, role_id uuid, managed_role_id uuid)
    LANGUAGE plpgsql STABLE ROWS 30 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT own.tenant_id, own.id, below.id FROM role own JOIN role below ON below.tenant_id = own.tenant_id
            WHERE own.tenant_id = app.tenant_id() AND own.is_system AND own.key = 'ADMIN'
        UNION ALL
        SELECT m.tenant_id, m.role_id, m.managed_role_id
            FROM role_manages m JOIN role own ON own.tenant_id = m.tenant_id AND own.id = m.role_id
            JOIN role below ON below.tenant_id = m.tenant_id AND below.id = m.managed_role_id
            WHERE m.tenant_id = app.tenant_id() AND NOT (own.is_system AND own.key = 'ADMIN')
              AND NOT app.permissions_of(below.key, below.is_system, below.permissions) && '{ROLE_MANAGE,TENANT_MANAGE}'::text[];
END
$$;

-- Loads the actor of this transaction and makes the permissions known to the policies. Reveals: the state of the one
-- person whose signed token, or whose API key of this hash, opened the transaction. No row: the person, the session, the key or the membership is gone.
-- The active role is the session's while the person still holds it, else the one in which they hold most; a key's is its own. A key has what it was
-- granted, as far as its owner holds that in this role now. All of it holds for as long as the version of the school is this one, and until that
-- moment (the beginning or the end of its subscription, the end of the key, the end of one of the person's roles).
CREATE OR REPLACE FUNCTION app.load_actor(tenant uuid, person uuid, session_id uuid, key_hash bytea)
    RETURNS TABLE (token_version integer, role_id uuid, role_key text, permissions text[], subscribed boolean,
                   time_zone text, version bigint, holds_until timestamptz, user_id uuid, key_id uuid, is_read_only boolean, is_factor_due boolean)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    key api_key;
BEGIN
    IF key_hash IS NOT NULL THEN
        key := app.live_key(key_hash);
        IF key.id IS NULL THEN
            RETURN;
        END IF;
        person := key.owner_id;
        session_id := NULL;
    END IF;
    SELECT u.token_version, r.id, r.key, app.held_in(r.key, r.is_system, r.permissions, own.grants, own.denies),
           t.suspended_at IS NULL AND t.subscription_start <= now() AND (t.subscription_end IS NULL OR now() < t.subscription_end),
           t.time_zone, v.version,
           least(CASE WHEN now() < t.subscription_start THEN t.subscription_start WHEN now() < t.subscription_end THEN t.subscription_end END,
                 min(ur.ends_at) OVER ())
    INTO token_version, role_id, role_key, permissions, subscribed, time_zone, version, holds_until
    FROM tenant t
    LEFT JOIN access_version v ON v.tenant_id = t.tenant_id
    JOIN app_user u ON u.tenant_id = t.tenant_id AND u.id = person AND u.status = 'ACTIVE' AND u.deleted_at IS NULL
    LEFT JOIN LATERAL app.own_permissions(u.id) AS own ON true
    LEFT JOIN session s ON s.tenant_id = t.tenant_id AND s.id = session_id AND s.user_id = u.id AND s.revoked_at IS NULL
    JOIN user_role ur ON ur.tenant_id = t.tenant_id AND ur.user_id = u.id AND (ur.ends_at IS NULL OR ur.ends_at > now())
    JOIN role r ON r.tenant_id = t.tenant_id AND r.id = ur.role_id
    WHERE t.tenant_id = tenant AND (s.id IS NOT NULL OR r.id = key.role_id)
    ORDER BY (r.id = s.active_role_id) IS TRUE DESC, cardinality(app.held_in(r.key, r.is_system, r.permissions, own.grants, own.denies)) DESC, r.key
    LIMIT 1;
    IF FOUND THEN
        user_id := person;
        is_factor_due := app.is_factor_due(person, role_key);
        permissions := CASE WHEN is_factor_due THEN '{}' ELSE app.within_key(permissions, key) END;
        IF key.id IS NOT NULL THEN
            key_id := key.id; is_read_only := key.is_read_only; holds_until := least(holds_until, key.expires_at);
            PERFORM set_config('app.user_id', person::text, true);
        END IF;
        PERFORM set_config('app.permissions', app.known_as(permissions, role_key, key_id), true);
        RETURN NEXT;
    ELSIF key_hash IS NULL THEN
        -- No sign-in: somebody may look in this person's place.
        RETURN QUERY SELECT * FROM app.load_viewing(tenant, person, session_id);
    END IF;
END
$$;

-- The same for services of the version before, which know no keys. Reveals the same.
CREATE OR REPLACE FUNCTION app.load_actor(tenant uuid, person uuid, session_id uuid)
    RETURNS TABLE (token_version integer, role_id uuid, role_key text, permissions text[], subscribed boolean,
                   time_zone text, version bigint, holds_until timestamptz)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT l.token_version, l.role_id, l.role_key, l.permissions, l.subscribed, l.time_zone, l.version, l.holds_until
        FROM app.load_actor(tenant, person, session_id, NULL) AS l;
END
$$;

-- What a role grants, as far as an API key was granted it; all of it where there is none.
CREATE OR REPLACE FUNCTION app.within_key(permissions text[], key api_key) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN key.id IS NULL THEN permissions ELSE ARRAY(SELECT p.name FROM unnest(permissions) AS p(name) WHERE p.name = ANY (key.permissions)) END
$$;

-- How an actor is made known to the policies: `,A,B,=ROLE,`, and `#KEY,`.
CREATE OR REPLACE FUNCTION app.known_as(permissions text[], role_key text, key uuid) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT ',' || array_to_string(coalesce(permissions, '{}'), ',') || ',' || coalesce('=' || role_key || ',', '') || coalesce('#' || key || ',', '')
$$;

-- The person who signs in by this: the key of an email address (app_user.email_key; whoever has none is found by the very address), or a
-- username, in which no `@` stands. For the functions below, in the transaction of that school.
CREATE OR REPLACE FUNCTION app.signs_in_as(address text, typed text) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce(
        (SELECT k.id FROM app_user k WHERE k.tenant_id = app.tenant_id() AND lower(k.email) = lower(typed) AND k.email_key IS NULL),
        (SELECT k.id FROM app_user k WHERE k.tenant_id = app.tenant_id() AND k.email_key = address),
        (SELECT k.id FROM app_user k WHERE k.tenant_id = app.tenant_id() AND k.username = lower(typed)));
END
$$;

-- The credential behind a sign-in; the transaction takes the school's tenant. `address` is the key of what was typed (app_user.email_key).
-- Reveals, to the service only: the hash to verify a password against. The service answers alike whether or not there is a row.
CREATE OR REPLACE FUNCTION app.find_credential(school text, address text, typed text)
    RETURNS TABLE (tenant_id uuid, user_id uuid, password_hash text, token_version integer, is_active boolean)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found_tenant uuid;
    person       uuid;
BEGIN
    SELECT t.tenant_id INTO found_tenant FROM tenant t WHERE t.slug = lower(school);
    IF found_tenant IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('app.tenant_id', found_tenant::text, true);
    person := app.signs_in_as(address, typed);
    RETURN QUERY
        SELECT found_tenant, u.id, c.password_hash, u.token_version,
               u.status = 'ACTIVE' AND EXISTS (SELECT FROM user_role ur WHERE ur.tenant_id = u.tenant_id AND ur.user_id = u.id
                                               AND (ur.ends_at IS NULL OR ur.ends_at > now()))
        FROM (SELECT) AS once
        LEFT JOIN app_user u ON u.tenant_id = found_tenant AND u.deleted_at IS NULL AND u.id = person
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
    IF app.password_needs_approval() THEN
        PERFORM app.refuse('password_change_needs_approval');
    END IF;
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

-- A device as sign-ins are told apart: what the program says it is, without its numbers, and its network (24 bits of IPv4, 48 of IPv6, of which 64 are
-- known).
CREATE OR REPLACE FUNCTION app.device_of(agent text, address text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(coalesce(agent, ''), '[0-9]+', '', 'g') || '|'
        || coalesce(CASE WHEN address ~ '^[0-9a-fA-F.:]+(/64)?$' THEN network(set_masklen(address::inet, CASE family(address::inet) WHEN 4 THEN 24 ELSE 48 END))::text END, '');

-- Whether the actor has not used a sign-in on such a device for 90 days; not at their very first, nor where none that is left says on which it was. For
-- app.begin_session.
CREATE OR REPLACE FUNCTION app.is_new_device(agent text, address text) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    device CONSTANT text := app.device_of(agent, address);
    known  boolean;
BEGIN
    SELECT bool_or(app.device_of(s.user_agent, s.address) = device AND app.sign_in_used(s.id) > now() - interval '90 days') INTO known FROM session s
        WHERE s.tenant_id = app.tenant_id() AND s.user_id = app.user_id() AND (s.user_agent IS NOT NULL OR s.address IS NOT NULL);
    RETURN device <> '|' AND NOT coalesce(known,
        NOT (SELECT u.has_signed_in FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = app.user_id())
        OR EXISTS (SELECT FROM session s WHERE s.tenant_id = app.tenant_id() AND s.user_id = app.user_id()));
END
$$;

-- Begins a sign-in of the actor, if their token version is still the one that went with the verified password: what
-- raises it (a suspension, a change of password) ends every sign-in, and must not miss one that begins at the same time.
-- Refuses (second_factor_required) where a second factor is on that was not proven. Whoever signs in on a device that is new is told, once for the
-- device. Reveals: whether it began.
CREATE OR REPLACE FUNCTION app.begin_session(family uuid, version integer, role uuid, hash bytea, expires timestamptz, how text, agent text, client text,
                                             proven boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    has_factor boolean;
    is_new     boolean;
BEGIN
    SELECT u.second_factor_at IS NOT NULL INTO has_factor FROM app_user u
        WHERE u.tenant_id = app.tenant_id() AND u.id = app.user_id() AND u.token_version = version
          AND u.status = 'ACTIVE' AND u.deleted_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF has_factor AND NOT proven THEN
        PERFORM app.refuse('second_factor_required');
    END IF;
    is_new := app.is_new_device(agent, client);
    IF is_new THEN
        -- Of several at once on such a device one is told of.
        PERFORM app.lock_for('device', app.user_id());
        is_new := app.is_new_device(agent, client);
    END IF;
    INSERT INTO session (tenant_id, id, user_id, active_role_id, method, user_agent, address) VALUES (app.tenant_id(), family, app.user_id(), role, how, agent, client);
    PERFORM app.issue_refresh_token(family, hash, expires);
    IF is_new AND app.notifies('notify.new_sign_in') THEN
        PERFORM app.emit('notify.new_sign_in', app.type_id('session', family), NULL, jsonb_build_object('person', app.user_id(),
            'facts', jsonb_build_object('at', now(), 'agent', coalesce(agent, ''), 'address', coalesce(client, ''))));
    END IF;
    RETURN true;
END
$$;

-- The same for services of the version before, which know no more of a sign-in. Reveals the same.
CREATE OR REPLACE FUNCTION app.begin_session(family uuid, version integer, role uuid, hash bytea, expires timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN app.begin_session(family, version, role, hash, expires, 'PASSWORD', NULL, NULL, false);
END
$$;

-- When a sign-in of the actor's was used last: when its latest refresh token was issued. Reveals: that moment.
CREATE OR REPLACE FUNCTION app.sign_in_used(sign_in uuid) RETURNS timestamptz
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce((SELECT max(r.created_at) FROM refresh_token r WHERE r.tenant_id = s.tenant_id AND r.session_id = s.id), s.created_at)
            FROM session s WHERE s.tenant_id = app.tenant_id() AND s.id = sign_in AND s.user_id = app.user_id());
END
$$;

-- When a sign-in of the actor's ends by itself: with its latest refresh token. Reveals: that moment.
CREATE OR REPLACE FUNCTION app.sign_in_expires(sign_in uuid) RETURNS timestamptz
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce((SELECT max(r.expires_at) FROM refresh_token r WHERE r.tenant_id = s.tenant_id AND r.session_id = s.id), s.created_at)
            FROM session s WHERE s.tenant_id = app.tenant_id() AND s.id = sign_in AND s.user_id = app.user_id());
END
$$;

-- When people have signed in last, of the sign-ins that are kept: the actor, or with USER_READ anybody. Reveals: these moments.
CREATE OR REPLACE FUNCTION app.last_sign_ins(people uuid[]) RETURNS TABLE (user_id uuid, at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT p.id, l.at FROM unnest(people) AS p(id)
        CROSS JOIN LATERAL (SELECT s.created_at AS at FROM session s WHERE s.tenant_id = app.tenant_id() AND s.user_id = p.id
                            ORDER BY s.created_at DESC LIMIT 1) AS l
        WHERE app.can('USER_READ') OR p.id = app.user_id();
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

-- Whether the actor stands above a person: holds every permission of each role of theirs that runs, or manages that role, and holds whatever they
-- were granted themselves. What is denied them makes nobody smaller. Nobody manages themselves. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.outranks(person uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN NOT EXISTS (
        SELECT FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
        WHERE ur.tenant_id = app.tenant_id() AND ur.user_id = person AND (ur.ends_at IS NULL OR ur.ends_at > now())
          AND NOT app.permissions_of(r.key, r.is_system, r.permissions) <@ app.permissions()
          AND (person = app.user_id() OR r.key <> ALL (app.managed_roles())))
       AND NOT EXISTS (
        SELECT FROM user_permission p
        WHERE p.tenant_id = app.tenant_id() AND p.user_id = person AND p.effect = 'GRANT' AND NOT app.can(p.permission));
END
$$;

-- Whether the actor holds every permission of a role. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.covers_role(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM role r WHERE r.tenant_id = app.tenant_id() AND r.id = wanted
                   AND app.permissions_of(r.key, r.is_system, r.permissions) <@ app.permissions());
END
$$;

-- Whether the actor may give a role to others: they cover or manage it. (To themselves they give none that they only manage.) Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.may_grant(wanted uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN app.covers_role(wanted)
        OR EXISTS (SELECT FROM role r WHERE r.tenant_id = app.tenant_id() AND r.id = wanted AND r.key = ANY (app.managed_roles()));
END
$$;

-- People known to the actor without USER_READ: fellow group members, learners of the actor's courses, people of the
-- actor's bookings, people of the actor's projects (of all with PROJECT_READ or PROJECT_MANAGE), applicants to the programs that the actor reviews. Reveals: their ids, and through the policy their names.
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
            WHERE e.tenant_id = app.tenant_id() AND e.user_id = app.user_id()
        UNION
        SELECT m.user_id FROM project_member m WHERE m.tenant_id = app.tenant_id()
            AND (app.can('PROJECT_READ') OR app.can('PROJECT_MANAGE') OR m.project_id IN (SELECT app.my_projects()))
        UNION
        -- Who applies to what one reviews.
        SELECT a.user_id FROM app.reviewed_programs() AS reviewed(id) JOIN application a ON a.tenant_id = app.tenant_id() AND a.program_id = reviewed.id
            WHERE a.status <> 'DRAFT' AND a.submitted_at IS NOT NULL;
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

-- Whether a person holds AVAILABILITY_MANAGE through any role, or by a grant. For triggers only.
CREATE OR REPLACE FUNCTION app.teaches(tenant uuid, person uuid) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(tenant);
    RETURN app.holds(person, 'AVAILABILITY_MANAGE');
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
            NEW.second_factor_at := NULL;
            NEW.username := NULL;
            NEW.time_zone := NULL;
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
-- Of attendees likewise.
CREATE OR REPLACE TRIGGER attendee_keep_email_key BEFORE INSERT OR UPDATE OF email ON attendee FOR EACH ROW EXECUTE FUNCTION app.keep_email_key();

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

-- Keeps app_user.is_instructor true to what people hold.
CREATE OR REPLACE FUNCTION app.follow_person(tenant uuid, person uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    teaches boolean;
BEGIN
    PERFORM app.enter_tenant(tenant);
    PERFORM app.share_lock_for('roles', tenant); -- see app.follow_role
    teaches := app.teaches(tenant, person);
    UPDATE app_user u SET is_instructor = teaches AND u.status = 'ACTIVE' AND u.deleted_at IS NULL
        WHERE u.tenant_id = tenant AND u.id = person
          AND u.is_instructor <> (teaches AND u.status = 'ACTIVE' AND u.deleted_at IS NULL);
END
$$;

-- By the roles that they hold. (A role that ends by itself is followed when its row is removed, within a minute.)
CREATE OR REPLACE FUNCTION app.follow_user_role() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed user_role := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    PERFORM app.follow_person(changed.tenant_id, changed.user_id);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER user_role_follow AFTER INSERT OR DELETE OR UPDATE OF ends_at ON user_role FOR EACH ROW EXECUTE FUNCTION app.follow_user_role();

-- By what they are granted and denied.
CREATE OR REPLACE FUNCTION app.follow_user_permission() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed user_permission := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    IF changed.permission = 'AVAILABILITY_MANAGE' THEN
        PERFORM app.follow_person(changed.tenant_id, changed.user_id);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER user_permission_follow AFTER INSERT OR DELETE ON user_permission FOR EACH ROW EXECUTE FUNCTION app.follow_user_permission();

-- And to what the roles grant. Whoever changes that waits until everybody who is just being given a role has it: neither
-- of the two would see what the other has not committed.
CREATE OR REPLACE FUNCTION app.follow_role() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.lock_for('roles', NEW.tenant_id);
    UPDATE app_user u SET is_instructor = NOT u.is_instructor
        WHERE u.tenant_id = NEW.tenant_id AND u.status = 'ACTIVE' AND u.deleted_at IS NULL
          AND EXISTS (SELECT FROM user_role ur WHERE ur.tenant_id = u.tenant_id AND ur.user_id = u.id AND ur.role_id = NEW.id)
          AND u.is_instructor <> app.holds(u.id, 'AVAILABILITY_MANAGE');
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

-- A school can't lose its last active admin, however two admins race to remove each other. Who is one until a date does not count. The detail says
-- whose loss it would be.
CREATE OR REPLACE FUNCTION app.keep_last_admin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(OLD.tenant_id);
    IF app.erases(OLD.tenant_id) THEN
        RETURN NULL;
    END IF;
    IF TG_TABLE_NAME = 'user_role' THEN
        IF OLD.ends_at IS NOT NULL OR NOT EXISTS (SELECT FROM role r WHERE r.tenant_id = OLD.tenant_id AND r.id = OLD.role_id AND r.is_system AND r.key = 'ADMIN') THEN
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
        WHERE r.tenant_id = OLD.tenant_id AND r.is_system AND r.key = 'ADMIN' AND ur.ends_at IS NULL AND u.status = 'ACTIVE' AND u.deleted_at IS NULL)
    THEN
        PERFORM app.refuse('tenant_last_admin', jsonb_build_object('person', to_jsonb(OLD) ->> CASE TG_TABLE_NAME WHEN 'user_role' THEN 'user_id' ELSE 'id' END)::text);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER user_role_last_admin AFTER DELETE ON user_role FOR EACH ROW EXECUTE FUNCTION app.keep_last_admin();
CREATE OR REPLACE TRIGGER user_role_last_admin_ends AFTER UPDATE OF ends_at ON user_role FOR EACH ROW
    WHEN (OLD.ends_at IS NULL AND NEW.ends_at IS NOT NULL) EXECUTE FUNCTION app.keep_last_admin();
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
-- (That a device is forgotten is none.)
CREATE OR REPLACE TRIGGER session_audit AFTER INSERT OR UPDATE OF active_role_id, revoked_at ON session FOR EACH ROW EXECUTE FUNCTION app.audit('Session', 'id');

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
        WHERE u.tenant_id = app.tenant_id() AND u.tenant_id = tenant AND u.id = person AND u.id = app.signs_in_as(address, typed)
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

-- Deletes some of the school's refresh tokens that have expired, but the latest of each sign-in, which says when that was used and ended; and some of its
-- sign-ins that ended 90 days ago: by being ended, or by their last token's end. That their people had one is remembered. Reveals: how many.
CREATE OR REPLACE FUNCTION app.purge_sessions(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    tokens   integer;
    sign_ins integer;
    ended    uuid[];
BEGIN
    DELETE FROM refresh_token r WHERE r.tenant_id = app.tenant_id() AND r.token_hash IN (
        SELECT old.token_hash FROM refresh_token old WHERE old.tenant_id = app.tenant_id() AND old.expires_at < now()
            AND EXISTS (SELECT FROM refresh_token later WHERE later.tenant_id = old.tenant_id AND later.session_id = old.session_id
                        AND (later.created_at, later.token_hash) > (old.created_at, old.token_hash))
        LIMIT at_most);
    GET DIAGNOSTICS tokens = ROW_COUNT;
    ended := ARRAY(
        SELECT old.id FROM session old
        WHERE old.tenant_id = app.tenant_id() AND old.created_at < now() - interval '90 days'
          AND (old.revoked_at < now() - interval '90 days'
               OR (old.revoked_at IS NULL
                   AND NOT EXISTS (SELECT FROM refresh_token left_over WHERE left_over.tenant_id = old.tenant_id AND left_over.session_id = old.id
                                   AND left_over.expires_at > now() - interval '90 days')))
        LIMIT at_most - tokens);
    -- People before their sign-ins, as what signs somebody out locks them.
    UPDATE app_user u SET has_signed_in = true
        WHERE u.tenant_id = app.tenant_id() AND NOT u.has_signed_in AND u.deleted_at IS NULL
          AND u.id IN (SELECT s.user_id FROM session s WHERE s.tenant_id = u.tenant_id AND s.id = ANY (ended));
    DELETE FROM session s WHERE s.tenant_id = app.tenant_id() AND s.id IN (
        SELECT old.id FROM session old WHERE old.tenant_id = app.tenant_id() AND old.id = ANY (ended) FOR UPDATE SKIP LOCKED);
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
    notifies CONSTANT boolean := current_setting('app.operation', true) IN ('setUserRoles', 'grantRole', 'withdrawRole') AND app.notifies('notify.roles_changed');
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
CREATE OR REPLACE TRIGGER user_role_tell AFTER INSERT OR DELETE OR UPDATE OF ends_at ON user_role FOR EACH ROW EXECUTE FUNCTION app.tell_of_roles();

-- Instructors stand above learners and participants from the beginning of a school. Reveals nothing.
CREATE OR REPLACE FUNCTION app.give_ladder() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school record;
BEGIN
    FOR school IN SELECT DISTINCT n.tenant_id FROM new_rows n WHERE n.is_system LOOP
        PERFORM app.enter_tenant(school.tenant_id);
        INSERT INTO role_manages (tenant_id, role_id, managed_role_id)
            SELECT own.tenant_id, own.id, below.id
            FROM role own JOIN role below ON below.tenant_id = own.tenant_id AND below.is_system AND below.key IN ('LEARNER', 'PARTICIPANT')
            WHERE own.tenant_id = school.tenant_id AND own.is_system AND own.key = 'INSTRUCTOR'
            ORDER BY below.key ON CONFLICT DO NOTHING;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER role_ladder_given AFTER INSERT ON role REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.give_ladder();
CREATE OR REPLACE TRIGGER role_manages_audit AFTER INSERT OR UPDATE OR DELETE ON role_manages FOR EACH ROW EXECUTE FUNCTION app.audit('Role', 'role_id');

-- A role that has ended makes way for the same role given again, and who gives one is written down with it. (It stays in the transaction's own
-- school: what comes before a row is checked must not move the wall.) Reveals nothing.
CREATE OR REPLACE FUNCTION app.before_user_role() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    IF TG_OP = 'INSERT' AND current_setting('app.tenant_id', true) = NEW.tenant_id::text THEN
        DELETE FROM user_role ur
            WHERE ur.tenant_id = NEW.tenant_id AND ur.user_id = NEW.user_id AND ur.role_id = NEW.role_id AND ur.ends_at <= now();
    END IF;
    NEW.granted_by_id := coalesce(nullif(nullif(current_setting('app.user_id', true), '')::uuid, nobody), NEW.granted_by_id);
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER user_role_before BEFORE INSERT OR UPDATE OF ends_at ON user_role FOR EACH ROW EXECUTE FUNCTION app.before_user_role();

-- A role until a date asks for the job that removes its row then, and a week before for the one that tells its holder. Both are nobody's. Reveals nothing.
CREATE OR REPLACE FUNCTION app.plan_role_end() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    who    CONSTANT text := coalesce(current_setting('app.user_id', true), '');
    moment CONSTANT text := to_char(NEW.ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM set_config('app.user_id', '00000000-0000-0000-0000-000000000000', true);
    PERFORM app.enqueue('roles.expire', moment, '{}', NEW.ends_at);
    IF NEW.ends_at - interval '7 days' > now() THEN
        PERFORM app.enqueue('roles.remind', moment, jsonb_build_object('ends_at', moment), NEW.ends_at - interval '7 days');
    END IF;
    PERFORM set_config('app.user_id', who, true);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER user_role_end_planned AFTER INSERT OR UPDATE OF ends_at ON user_role FOR EACH ROW
    WHEN (NEW.ends_at IS NOT NULL) EXECUTE FUNCTION app.plan_role_end();

-- Removes some of the school's rows of roles that have ended. Whoever has no other role is signed out. Reveals: how many rows.
CREATE OR REPLACE FUNCTION app.expire_roles(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    people uuid[];
BEGIN
    WITH gone AS (
        DELETE FROM user_role ur USING (
            SELECT o.user_id, o.role_id FROM user_role o WHERE o.tenant_id = app.tenant_id() AND o.ends_at <= now() ORDER BY o.ends_at LIMIT at_most) AS over
        WHERE ur.tenant_id = app.tenant_id() AND ur.user_id = over.user_id AND ur.role_id = over.role_id AND ur.ends_at <= now() RETURNING ur.user_id)
    SELECT array_agg(g.user_id) INTO people FROM gone g;
    PERFORM set_config('app.revoked_reason', 'SIGNED_OUT', true);
    UPDATE app_user u SET token_version = u.token_version + 1
        WHERE u.tenant_id = app.tenant_id() AND u.id = ANY (people) AND u.deleted_at IS NULL
          AND NOT EXISTS (SELECT FROM user_role ur WHERE ur.tenant_id = u.tenant_id AND ur.user_id = u.id);
    RETURN coalesce(cardinality(people), 0);
END
$$;

-- Tells the holders of roles that end at that moment. Reveals nothing.
CREATE OR REPLACE FUNCTION app.remind_of_roles(moment timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.notifies('notify.role_expiring') THEN
        PERFORM app.emit('notify.role_expiring', app.type_id('user', ur.user_id), NULL,
                jsonb_build_object('person', ur.user_id, 'facts', jsonb_build_object('role', r.name, 'until', ur.ends_at)))
            FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
            WHERE ur.tenant_id = app.tenant_id() AND ur.ends_at = moment AND ur.ends_at > now() ORDER BY ur.user_id, r.key;
    END IF;
END
$$;

-- What is granted and denied is what there is, and nothing is denied to whoever holds ADMIN. Reveals nothing.
CREATE OR REPLACE FUNCTION app.check_user_permission() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF NEW.permission <> ALL (app.all_permissions()) THEN
        PERFORM app.refuse('role_permissions_check');
    END IF;
    IF NEW.effect = 'DENY' AND EXISTS (
        SELECT FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id AND r.is_system AND r.key = 'ADMIN'
        WHERE ur.tenant_id = NEW.tenant_id AND ur.user_id = NEW.user_id AND (ur.ends_at IS NULL OR ur.ends_at > now())) THEN
        PERFORM app.refuse('user_permission_admin');
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER user_permission_check AFTER INSERT OR UPDATE ON user_permission FOR EACH ROW EXECUTE FUNCTION app.check_user_permission();
CREATE OR REPLACE TRIGGER user_permission_audit AFTER INSERT OR UPDATE OR DELETE ON user_permission FOR EACH ROW EXECUTE FUNCTION app.audit('User', 'user_id');
CREATE OR REPLACE TRIGGER user_avatar_audit AFTER INSERT OR UPDATE OR DELETE ON user_avatar FOR EACH ROW EXECUTE FUNCTION app.audit('User', 'user_id');

-- A deleted person takes along what they were granted and denied, and their picture. Triggers go by their names: this one before that which
-- deletes the person's private files. Reveals nothing.
CREATE OR REPLACE FUNCTION app.forget_rights() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM user_permission p WHERE p.tenant_id = NEW.tenant_id AND p.user_id = NEW.id;
    DELETE FROM user_avatar a WHERE a.tenant_id = NEW.tenant_id AND a.user_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_forget_rights AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.forget_rights();

-- The languages that people have chosen to be told in. Reveals: these, of whom the actor sees wholly: themselves, everybody with USER_READ.
CREATE OR REPLACE FUNCTION app.locales_of(people uuid[]) RETURNS TABLE (user_id uuid, locale text)
    LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT s.id, s.locale FROM notification_settings s
        WHERE s.tenant_id = app.tenant_id() AND s.id = ANY (people) AND s.locale IS NOT NULL AND (s.id = app.user_id() OR app.can('USER_READ'));
END
$$;

-- Sets the language that somebody is told in (NULL: the school's): the actor's own, that of whom they may change, or of whom this transaction
-- creates. Reveals nothing.
CREATE OR REPLACE FUNCTION app.set_locale(person uuid, chosen text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT (person = app.user_id() OR (app.can('USER_UPDATE') AND app.outranks(person))
            OR (app.can('USER_CREATE') AND EXISTS (SELECT FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.created_at = now()))) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not this person''s language';
    END IF;
    INSERT INTO notification_settings AS s (tenant_id, id, locale) SELECT u.tenant_id, u.id, chosen FROM app_user u
        WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.deleted_at IS NULL
        ON CONFLICT (tenant_id, id) DO UPDATE SET locale = excluded.locale WHERE s.locale IS DISTINCT FROM excluded.locale;
END
$$;

-- Of some files those that somebody has as their picture: whoever sees the person sees it. Reveals: these files.
CREATE OR REPLACE FUNCTION app.avatar_files(wanted uuid[]) RETURNS SETOF file
    LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT f.* FROM file f WHERE f.tenant_id = app.tenant_id() AND f.id = ANY (wanted)
        AND EXISTS (SELECT FROM user_avatar a WHERE a.tenant_id = f.tenant_id AND a.file_id = f.id);
END
$$;

GRANT EXECUTE ON FUNCTION
    app.purge_rate_limits(integer), app.purge_sessions(integer),
    app.load_actor(uuid, uuid, uuid, bytea), app.load_actor(uuid, uuid, uuid), app.find_credential(text, text, text), app.find_credential(text, text), app.own_password_hash(),
    app.change_own_password(text, text), app.renew_own_password_hash(text, text),
    app.set_first_password(uuid, text), app.begin_session(uuid, integer, uuid, bytea, timestamptz, text, text, text, boolean),
    app.begin_session(uuid, integer, uuid, bytea, timestamptz), app.sign_in_used(uuid), app.sign_in_expires(uuid), app.last_sign_ins(uuid[]),
    app.issue_refresh_token(uuid, bytea, timestamptz), app.rotate_refresh_token(bytea, bytea, timestamptz), app.revoke_reused_session(uuid),
    app.outranks(uuid), app.may_grant(uuid), app.covers_role(uuid), app.role_ladder(), app.locales_of(uuid[]), app.set_locale(uuid, text),
    app.avatar_files(uuid[]), app.expire_roles(integer), app.remind_of_roles(timestamptz), app.acquaintances(), app.search_app_user(text),
    app.failed_sign_ins(bytea[], integer[], interval), app.count_failed_sign_in(bytea[], interval),
    app.count_failed_sign_ins(bytea[], integer[], interval), app.sign_in_standing(text, text, text, uuid, uuid, integer, bytea, interval),
    app.remember_network(bytea, interval), app.merge_budgets(bytea[], bigint[], bigint[])
    TO lectern_app;
-- What counts sign-ins and budgets does so at the platform, too: for the nil tenant.
GRANT EXECUTE ON FUNCTION app.failed_sign_ins(bytea[], integer[], interval), app.count_failed_sign_ins(bytea[], integer[], interval),
    app.sign_in_standing(text, text, text, uuid, uuid, integer, bytea, interval), app.remember_network(bytea, interval),
    app.merge_budgets(bytea[], bigint[], bigint[]) TO lectern_desk;
