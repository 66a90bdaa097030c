-- How people come in: what strangers ask for, mailed links and codes, sign-ups, invitations.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   admission_transition      it was decided already
--   invitation_email_taken    somebody in the school has the address of an invitation (`at`: which)
--   invitation_is_pending     an invitation to that address is pending (`at`: which)
--   sign_up_pending           a sign-up of that address is pending
--   sign_up_role              the role is not one of those that the decider admits to, or grants more than was wished for
--   role_is_named             settings, a provider, a pending invitation or a pending sign-up name the role
--   tenant_settings_roles     a role that strangers can't be offered (`at`: which)
--   subscription              the school's subscription does not run

-- Whoever invites to an address waits for whoever else does: in this transaction's school there is one pending invitation to it at most. Reveals nothing.
CREATE OR REPLACE FUNCTION app.lock_invited(address_key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM app.lock_for('invited', md5(address_key)::uuid);
END
$$;

-- Refuses where the school of this transaction does not run: what lets somebody in does not outlive a lapse.
CREATE OR REPLACE FUNCTION app.require_subscription() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT app.runs(app.tenant_id()) THEN
        PERFORM app.refuse('subscription');
    END IF;
END
$$;

-- The roles whose holders a role admits and decides about, by their keys (app.role_ladder). Reveals: keys of roles.
CREATE OR REPLACE FUNCTION app.roles_below(of_role text) RETURNS text[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce((
        SELECT array_agg(below.key ORDER BY below.key)
        FROM role own JOIN app.role_ladder() AS l ON l.tenant_id = own.tenant_id AND l.role_id = own.id
        JOIN role below ON below.tenant_id = l.tenant_id AND below.id = l.managed_role_id
        WHERE own.tenant_id = app.tenant_id() AND own.key = of_role), '{}');
END
$$;

-- Of some roles those that an API key may admit to: none that grants what is not for keys. Reveals: keys of roles, which the caller names.
CREATE OR REPLACE FUNCTION app.roles_for_keys(among text[]) RETURNS text[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce((
        SELECT array_agg(r.key ORDER BY r.key) FROM role r
        WHERE r.tenant_id = app.tenant_id() AND r.key = ANY (among)
          AND NOT app.permissions_of(r.key, r.is_system, r.permissions) && app.not_for_keys()), '{}');
END
$$;

-- The roles that the actor admits to, in the role that they act in; an API key to none that grants what is not for keys. Reveals: keys of roles.
CREATE OR REPLACE FUNCTION app.managed_roles() RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN app.key_id() IS NULL THEN app.roles_below(app.role_key()) ELSE app.roles_for_keys(app.roles_below(app.role_key())) END
$$;

-- The person who has an address: by its key (app_user.email_key), or by the very address. For the functions below.
CREATE OR REPLACE FUNCTION app.person_at(address_key text, typed text) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce(
        (SELECT k.id FROM app_user k WHERE k.tenant_id = app.tenant_id() AND lower(k.email) = lower(typed) AND k.email_key IS NULL AND k.deleted_at IS NULL),
        (SELECT k.id FROM app_user k WHERE k.tenant_id = app.tenant_id() AND k.email_key = address_key AND k.deleted_at IS NULL));
END
$$;

-- Adds a person who has proven their mailbox, with roles and a password (none: they sign in otherwise). For the functions below.
CREATE OR REPLACE FUNCTION app.admit(person uuid, address text, address_key text, called text, keys text[], hash text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.person_at(address_key, address) IS NOT NULL THEN
        PERFORM app.refuse('app_user_address_key');
    END IF;
    INSERT INTO app_user (tenant_id, id, name, email, email_key) VALUES (app.tenant_id(), person, called, address, address_key);
    INSERT INTO user_role (tenant_id, user_id, role_id)
        SELECT r.tenant_id, person, r.id FROM role r WHERE r.tenant_id = app.tenant_id() AND r.key = ANY (keys) ORDER BY r.key;
    IF hash IS NOT NULL THEN
        INSERT INTO credential (tenant_id, user_id, password_hash) VALUES (app.tenant_id(), person, hash);
    END IF;
END
$$;

-- What somebody who is not signed in has asked for: a row and a job of no school, the same whoever they are. Reveals nothing.
CREATE OR REPLACE FUNCTION app.ask_for_account(of_kind text, school text, address text, address_key text, called text, wanted_role text, said text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    made CONSTANT uuid := app.uuid_v7();
BEGIN
    INSERT INTO account_request (tenant_id, id, kind, school, email, email_key, name, role_key, message)
        VALUES (app.tenant_id(), made, of_kind, school, address, address_key, called, wanted_role, said);
    PERFORM app.enqueue('account.request', made::text, jsonb_build_object('request', made));
END
$$;

-- Takes what was asked for, and finds the school that it names. No row: it was taken before. Reveals, to the service only: the request, and
-- whether there is such a school.
CREATE OR REPLACE FUNCTION app.take_account_request(wanted uuid)
    RETURNS TABLE (kind text, school_id uuid, email text, email_key text, name text, role_key text, message text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        WITH taken AS (DELETE FROM account_request a WHERE a.tenant_id = app.tenant_id() AND a.id = wanted RETURNING a.*)
        SELECT k.kind, t.tenant_id, k.email, k.email_key, k.name, k.role_key, k.message
        FROM taken k LEFT JOIN tenant t ON t.slug = lower(trim(k.school));
END
$$;

-- Voids every link of a kind for the same person or thing. For the functions below.
CREATE OR REPLACE FUNCTION app.void_links(of_kind text, about text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('link:' || app.tenant_id()::text || ':' || of_kind || ':' || about, 0));
    UPDATE mailed_token m SET used_at = now() WHERE m.tenant_id = app.tenant_id() AND m.kind = of_kind AND m.subject = about AND m.used_at IS NULL;
END
$$;

-- Begins the reset of a password: a link, for the active person at this address, in place of earlier ones. Reveals, to the service only: who that
-- is; NULL where there is nobody.
CREATE OR REPLACE FUNCTION app.begin_password_reset(address_key text, typed text, hash bytea) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    person uuid;
BEGIN
    SELECT u.id INTO person FROM app_user u
        WHERE u.tenant_id = app.tenant_id() AND u.id = app.person_at(address_key, typed) AND u.status = 'ACTIVE' AND u.deleted_at IS NULL;
    IF person IS NOT NULL THEN
        PERFORM app.void_links('PASSWORD_RESET', person::text);
        INSERT INTO mailed_token (tenant_id, token_hash, id, kind, subject, user_id, expires_at)
            VALUES (app.tenant_id(), hash, app.uuid_v7(), 'PASSWORD_RESET', person::text, person, now() + interval '30 minutes');
    END IF;
    RETURN person;
END
$$;

-- Whether somebody may sign in by code: whom the school's settings let, as of now. Nobody who is suspended. An address that is nobody's becomes a
-- participant, while the subscription runs. For the functions below.
CREATE OR REPLACE FUNCTION app.may_sign_in_by_code(person uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    policy CONSTANT text := (SELECT s.code_sign_in FROM tenant_settings s WHERE s.tenant_id = app.tenant_id());
    keys   text[];
BEGIN
    IF policy IS NULL OR policy = 'OFF' THEN
        RETURN false;
    END IF;
    IF person IS NULL THEN
        RETURN app.runs(app.tenant_id());
    END IF;
    SELECT array_agg(r.key) INTO keys
        FROM app_user u JOIN user_role ur ON ur.tenant_id = u.tenant_id AND ur.user_id = u.id JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
        WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.status = 'ACTIVE' AND u.deleted_at IS NULL AND (ur.ends_at IS NULL OR ur.ends_at > now());
    RETURN keys IS NOT NULL AND (policy = 'EVERYBODY' OR ('PARTICIPANT' = ANY (keys) AND keys <@ '{PARTICIPANT,LEARNER}'::text[]));
END
$$;

-- Makes a code the latest of an address, where its holder may sign in by one. Reveals, to the service only: whether it is to be mailed, and whose
-- the address is.
CREATE OR REPLACE FUNCTION app.begin_code_sign_in(address_key text, typed text, mac bytea, called text) RETURNS TABLE (goes boolean, person uuid)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    person := app.person_at(address_key, typed);
    goes := app.may_sign_in_by_code(person);
    IF goes THEN
        INSERT INTO sign_in_code AS c (tenant_id, email_key, email, code_mac, name, expires_at)
            VALUES (app.tenant_id(), address_key, typed, mac, called, now() + interval '15 minutes')
            ON CONFLICT (tenant_id, email_key) DO UPDATE SET email = excluded.email, code_mac = excluded.code_mac, name = excluded.name, tries = 0,
                expires_at = excluded.expires_at, used_at = NULL, created_at = now();
    END IF;
    RETURN NEXT;
END
$$;

-- Counts a try of the latest code of an address, in a transaction of its own, before anything is compared. Reveals, to the service only: whether
-- it is one of the five that are compared. Takes the same work where there is no such school, address or code.
CREATE OR REPLACE FUNCTION app.count_code_try(school text, address_key text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found_tenant uuid := (SELECT t.tenant_id FROM tenant t WHERE t.slug = lower(trim(school)));
BEGIN
    PERFORM set_config('app.tenant_id', coalesce(found_tenant, '00000000-0000-0000-0000-000000000000')::text, true);
    PERFORM pg_current_xact_id(); -- its commit takes as long where nothing is counted
    UPDATE sign_in_code c SET tries = c.tries + 1
        WHERE c.tenant_id = app.tenant_id() AND c.email_key = address_key AND c.tries < 5 AND c.used_at IS NULL AND c.expires_at > now();
    RETURN FOUND;
END
$$;

-- The latest code of an address, if it is not spent or over; the transaction takes the school's tenant. Reveals, to the service only: an HMAC of the
-- code, and whose the address is. One row, whether or not there is such a code.
CREATE OR REPLACE FUNCTION app.find_sign_in_code(school text, address_key text, typed text)
    RETURNS TABLE (tenant_id uuid, code_mac bytea, user_id uuid, token_version integer, may_sign_in boolean)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    tenant_id := app.school_named(school);
    PERFORM set_config('app.tenant_id', tenant_id::text, true);
    code_mac := (SELECT c.code_mac FROM sign_in_code c
        WHERE c.tenant_id = app.tenant_id() AND c.email_key = address_key AND c.used_at IS NULL AND c.expires_at > now());
    user_id := app.person_at(address_key, typed);
    token_version := (SELECT u.token_version FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = find_sign_in_code.user_id);
    may_sign_in := app.may_sign_in_by_code(user_id);
    RETURN NEXT;
END
$$;

-- Spends the code of an address, if it is still the one that was compared, and makes a participant (`newcomer`) of whoever is new. Reveals: the
-- token version of who signs in; NULL where the code was spent meanwhile, or may not be used any more.
CREATE OR REPLACE FUNCTION app.spend_sign_in_code(address_key text, mac bytea, person uuid, newcomer uuid) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    spent sign_in_code;
BEGIN
    UPDATE sign_in_code c SET used_at = now()
        WHERE c.tenant_id = app.tenant_id() AND c.email_key = address_key AND c.code_mac = mac AND c.used_at IS NULL AND c.expires_at > now()
        RETURNING c.* INTO spent;
    IF NOT FOUND OR NOT app.may_sign_in_by_code(person) THEN
        RETURN NULL;
    END IF;
    IF person IS NULL THEN
        PERFORM app.admit(newcomer, spent.email, spent.email_key, coalesce(spent.name, left(split_part(spent.email, '@', 1), 200)), '{PARTICIPANT}', NULL);
    END IF;
    PERFORM app.link_attendees(coalesce(person, newcomer), spent.email);
    RETURN (SELECT u.token_version FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = coalesce(person, newcomer));
END
$$;

-- Whether a school offers a role to strangers: one that its settings name, and that grants neither ROLE_MANAGE nor TENANT_MANAGE. For the
-- functions below, in the transaction of that school.
CREATE OR REPLACE FUNCTION app.offers_role(wanted text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM tenant_settings s JOIN role r ON r.tenant_id = s.tenant_id AND r.key = wanted
        WHERE s.tenant_id = app.tenant_id() AND s.sign_up <> 'CLOSED' AND wanted = ANY (s.sign_up_role_keys)
          AND NOT app.permissions_of(r.key, r.is_system, r.permissions) && '{ROLE_MANAGE,TENANT_MANAGE}'::text[]);
END
$$;

-- Whether a listed school does not offer a role, which is public (app.public_face). Reveals: that bit, of listed schools alone.
CREATE OR REPLACE FUNCTION app.refuses_role(school text, wanted text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    came_for CONSTANT text := current_setting('app.tenant_id', true);
    found_tenant uuid := (SELECT t.tenant_id FROM tenant t WHERE t.slug = lower(trim(school)) AND t.is_listed AND t.suspended_at IS NULL);
    refuses  boolean;
BEGIN
    PERFORM set_config('app.tenant_id', coalesce(found_tenant, '00000000-0000-0000-0000-000000000000')::text, true);
    refuses := found_tenant IS NOT NULL AND NOT app.offers_role(wanted);
    PERFORM set_config('app.tenant_id', came_for, true);
    RETURN refuses;
END
$$;

-- Begins a sign-up: a link to an address that is nobody's yet, in place of earlier ones. Reveals, to the service only: LINK, and it is to be mailed;
-- KNOWN, and the person who has the address; or NOTHING, where the school does not take applicants in this role.
CREATE OR REPLACE FUNCTION app.begin_sign_up(address_key text, typed text, hash bytea, called text, wanted_role text, said text)
    RETURNS TABLE (outcome text, person uuid)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    outcome := 'NOTHING';
    IF app.runs(app.tenant_id()) AND app.offers_role(wanted_role) THEN
        person := app.person_at(address_key, typed);
        outcome := CASE WHEN person IS NULL THEN 'LINK' ELSE 'KNOWN' END;
        IF person IS NULL THEN
            PERFORM app.void_links('SIGN_UP', address_key);
            INSERT INTO mailed_token (tenant_id, token_hash, id, kind, subject, email, email_key, name, role_key, message, expires_at)
                VALUES (app.tenant_id(), hash, app.uuid_v7(), 'SIGN_UP', address_key, typed, address_key, called, wanted_role, said, now() + interval '24 hours');
        END IF;
    END IF;
    RETURN NEXT;
END
$$;

-- Whether a person may still admit to roles: they are active, and a role of theirs in which they hold USER_ADMIT, and no second factor is due, stands
-- above each. For invitations.
CREATE OR REPLACE FUNCTION app.still_admits(person uuid, keys text[]) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM app_user u JOIN user_role ur ON ur.tenant_id = u.tenant_id AND ur.user_id = u.id JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
        CROSS JOIN app.own_permissions(person) AS own
        WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.status = 'ACTIVE' AND u.deleted_at IS NULL AND (ur.ends_at IS NULL OR ur.ends_at > now())
          AND 'USER_ADMIT' = ANY (app.held_in(r.key, r.is_system, r.permissions, own.grants, own.denies)) AND keys <@ app.roles_below(r.key)
          AND NOT app.is_factor_due(person, r.key));
END
$$;

-- A link that can be used: unspent, and what it would do is still allowed. Of a school that does not run as well (`runs` says so). `is_free`: nobody
-- else has the address that it would give. Reveals, to whoever holds the token: what it says.
CREATE OR REPLACE FUNCTION app.usable_link(hash bytea)
    RETURNS TABLE (kind text, user_id uuid, email text, email_key text, name text, role_keys text[], expires_at timestamptz, runs boolean, is_free boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    link     mailed_token;
    person   app_user;
    asked_in invitation;
BEGIN
    SELECT m.* INTO link FROM mailed_token m WHERE m.tenant_id = app.tenant_id() AND m.token_hash = hash AND m.used_at IS NULL AND m.expires_at > now();
    IF NOT FOUND THEN
        RETURN;
    END IF;
    kind := link.kind; user_id := link.user_id; email := link.email; email_key := link.email_key; name := link.name; role_keys := '{}';
    expires_at := link.expires_at; runs := app.runs(link.tenant_id);
    IF kind IN ('PASSWORD_RESET', 'EMAIL_REVERT') THEN
        SELECT u.* INTO person FROM app_user u
            WHERE u.tenant_id = link.tenant_id AND u.id = link.user_id AND u.status = 'ACTIVE' AND u.deleted_at IS NULL;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        name := person.name;
        email := coalesce(link.email, person.email);
    ELSIF kind = 'SIGN_UP' THEN
        IF NOT app.offers_role(link.role_key) THEN
            RETURN;
        END IF;
        role_keys := ARRAY[link.role_key];
    ELSE
        SELECT i.* INTO asked_in FROM invitation i
            WHERE i.tenant_id = link.tenant_id AND i.id = link.invitation_id AND i.state = 'PENDING' AND i.expires_at > now();
        IF NOT FOUND OR NOT (asked_in.is_of_platform OR app.still_admits(asked_in.invited_by_id, asked_in.role_keys)) THEN
            RETURN;
        END IF;
        email := asked_in.email; email_key := asked_in.email_key; name := asked_in.name; role_keys := asked_in.role_keys;
    END IF;
    is_free := kind = 'PASSWORD_RESET' OR coalesce(app.person_at(email_key, email) = user_id, app.person_at(email_key, email) IS NULL);
    RETURN NEXT;
END
$$;

-- Whether there was such a link. Reveals, to whoever holds the token: that bit.
CREATE OR REPLACE FUNCTION app.knows_link(hash bytea) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM mailed_token m WHERE m.tenant_id = app.tenant_id() AND m.token_hash = hash);
END
$$;

-- What a link would do, for whoever has it; spends nothing. No row where using it would be refused. Reveals, to whoever holds the token: its school,
-- and what was mailed along.
CREATE OR REPLACE FUNCTION app.link_preview(school uuid, hash bytea)
    RETURNS TABLE (kind text, tenant_name text, tenant_slug text, email text, name text, role_names text[], expires_at timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    came_for CONSTANT text := current_setting('app.tenant_id', true);
BEGIN
    PERFORM set_config('app.tenant_id', school::text, true);
    SELECT l.kind, t.name, t.slug, l.email, l.name,
           (SELECT coalesce(array_agg(r.name ORDER BY r.name), '{}') FROM role r WHERE r.tenant_id = t.tenant_id AND r.key = ANY (l.role_keys)), l.expires_at
        INTO kind, tenant_name, tenant_slug, email, name, role_names, expires_at
        FROM app.usable_link(hash) AS l JOIN tenant t ON t.tenant_id = school
        WHERE l.is_free AND (l.runs OR l.kind = 'PASSWORD_RESET')
          AND NOT (l.kind = 'SIGN_UP' AND EXISTS (SELECT FROM sign_up_request s WHERE s.tenant_id = school AND s.email_key = l.email_key AND s.state = 'PENDING'));
    IF FOUND THEN
        RETURN NEXT;
    END IF;
    PERFORM set_config('app.tenant_id', came_for, true);
END
$$;

-- Spends a link: of two uses at once one finds it. For the functions below, in the transaction of what the link permits.
CREATE OR REPLACE FUNCTION app.spend_link(of_kind text, hash bytea) RETURNS mailed_token
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    spent mailed_token;
BEGIN
    UPDATE mailed_token m SET used_at = now()
        WHERE m.tenant_id = app.tenant_id() AND m.token_hash = hash AND m.kind = of_kind AND m.used_at IS NULL AND m.expires_at > now()
        RETURNING m.* INTO spent;
    RETURN spent;
END
$$;

-- Sets the password of whom a link is for: every sign-in ends, other reset links are dead. Reveals: whether the link was still good.
CREATE OR REPLACE FUNCTION app.reset_password(hash bytea, new_hash text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    link mailed_token := app.spend_link('PASSWORD_RESET', hash);
BEGIN
    PERFORM FROM app_user u
        WHERE u.tenant_id = app.tenant_id() AND u.id = link.user_id AND u.status = 'ACTIVE' AND u.deleted_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM app.void_links('PASSWORD_RESET', link.subject);
    UPDATE credential c SET password_hash = new_hash, changed_at = clock_timestamp() WHERE c.tenant_id = link.tenant_id AND c.user_id = link.user_id;
    IF NOT FOUND THEN
        INSERT INTO credential (tenant_id, user_id, password_hash) VALUES (link.tenant_id, link.user_id, new_hash);
        PERFORM app.tell_of_password(link.user_id);
    END IF;
    PERFORM set_config('app.revoked_reason', 'PASSWORD_CHANGED', true);
    UPDATE app_user u SET token_version = u.token_version + 1 WHERE u.tenant_id = link.tenant_id AND u.id = link.user_id;
    PERFORM app.link_attendees(u.id, u.email) FROM app_user u WHERE u.tenant_id = link.tenant_id AND u.id = link.user_id;
    RETURN true;
END
$$;

-- An address that somebody had can be taken back for a week: a link without a token yet (a hash of nothing), and the job that makes one and mails
-- it there. Links to reset the password, which were mailed to it, are dead. A change of the letters' case is none. Reveals nothing.
CREATE OR REPLACE FUNCTION app.keep_former_email() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    made  CONSTANT uuid := app.uuid_v7();
    about CONSTANT text := NEW.id || ':' || coalesce(OLD.email_key, lower(OLD.email));
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF current_setting('app.email_reverted', true) = NEW.id::text THEN
        RETURN NULL;
    END IF;
    PERFORM app.void_links('PASSWORD_RESET', NEW.id::text), app.void_links('EMAIL_REVERT', about);
    INSERT INTO mailed_token (tenant_id, token_hash, id, kind, subject, user_id, email, email_key, expires_at)
        VALUES (NEW.tenant_id, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), made, 'EMAIL_REVERT', about, NEW.id, OLD.email, OLD.email_key,
                now() + interval '7 days');
    PERFORM app.enqueue('account.revert', made::text, jsonb_build_object('link', made));
    IF app.notifies('notify.email_changed') THEN
        PERFORM app.emit('notify.email_changed', app.type_id('user', NEW.id), NULL,
                         jsonb_build_object('person', NEW.id, 'facts', jsonb_build_object('at', now())));
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_former_email AFTER UPDATE OF email ON app_user FOR EACH ROW
    WHEN (lower(OLD.email) <> lower(NEW.email)) EXECUTE FUNCTION app.keep_former_email();

-- Gives such a link its token. Reveals, to the service only: whose address it was, and which; no row where the link is dead by now.
CREATE OR REPLACE FUNCTION app.begin_email_revert(link uuid, hash bytea) RETURNS TABLE (user_id uuid, email text, changed_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY UPDATE mailed_token m SET token_hash = hash
        WHERE m.tenant_id = app.tenant_id() AND m.id = link AND m.kind = 'EMAIL_REVERT' AND m.used_at IS NULL AND m.expires_at > now()
        RETURNING m.user_id, m.email, m.created_at;
END
$$;

-- Gives a person back the address that they had: every sign-in ends, reset links and other links of this sort are dead, and a code that was mailed
-- elsewhere is, too. Reveals: whether the link was still good.
CREATE OR REPLACE FUNCTION app.revert_email(hash bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    link   mailed_token := app.spend_link('EMAIL_REVERT', hash);
    person app_user;
BEGIN
    SELECT u.* INTO person FROM app_user u
        WHERE u.tenant_id = app.tenant_id() AND u.id = link.user_id AND u.status = 'ACTIVE' AND u.deleted_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE mailed_token m SET used_at = now()
        WHERE m.tenant_id = link.tenant_id AND m.user_id = link.user_id AND m.used_at IS NULL AND m.kind IN ('PASSWORD_RESET', 'EMAIL_REVERT');
    DELETE FROM sign_in_code c WHERE c.tenant_id = link.tenant_id AND c.email_key = person.email_key;
    PERFORM set_config('app.email_reverted', link.user_id::text, true), set_config('app.revoked_reason', 'EMAIL_REVERTED', true);
    UPDATE app_user u SET email = link.email, email_key = link.email_key, token_version = u.token_version + 1
        WHERE u.tenant_id = link.tenant_id AND u.id = link.user_id;
    PERFORM app.link_attendees(link.user_id, link.email);
    RETURN true;
END
$$;

-- Who may decide about sign-ups to a role: twenty of those active people at most of whom a role in which they hold USER_ADMIT, and no second factor is
-- due, stands above it. For app.notified.
CREATE OR REPLACE FUNCTION app.deciders_of(wanted text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most CONSTANT integer := 20;
BEGIN
    RETURN QUERY SELECT DISTINCT u.id FROM role r
        JOIN user_role ur ON ur.tenant_id = r.tenant_id AND ur.role_id = r.id AND (ur.ends_at IS NULL OR ur.ends_at > now())
        JOIN app_user u ON u.tenant_id = ur.tenant_id AND u.id = ur.user_id AND u.status = 'ACTIVE' AND u.deleted_at IS NULL
        CROSS JOIN LATERAL app.own_permissions(u.id) AS own
        WHERE r.tenant_id = app.tenant_id() AND 'USER_ADMIT' = ANY (app.held_in(r.key, r.is_system, r.permissions, own.grants, own.denies))
          AND r.id IN (SELECT l.role_id FROM app.role_ladder() AS l JOIN role below ON below.tenant_id = l.tenant_id AND below.id = l.managed_role_id
                       WHERE below.key = wanted)
          AND NOT app.is_factor_due(u.id, r.key)
        ORDER BY u.id LIMIT most;
END
$$;

-- Confirms a sign-up: a request that staff see from now on, or, where the school is open to this address and role, a person at once. Reveals: the
-- state of the request; NULL where the link was not good any more.
CREATE OR REPLACE FUNCTION app.confirm_sign_up(hash bytea, new_hash text, request uuid, person uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    link     mailed_token := app.spend_link('SIGN_UP', hash);
    settings tenant_settings;
    is_open  boolean;
BEGIN
    PERFORM app.share_lock_for('roles', app.tenant_id()); -- see app.keep_named_role
    IF link.id IS NULL OR NOT app.offers_role(link.role_key) THEN
        RETURN NULL;
    END IF;
    PERFORM app.require_subscription();
    IF app.person_at(link.email_key, link.email) IS NOT NULL THEN
        PERFORM app.refuse('app_user_address_key');
    END IF;
    SELECT s.* INTO settings FROM tenant_settings s WHERE s.tenant_id = link.tenant_id;
    is_open := settings.sign_up = 'OPEN'
        AND (cardinality(settings.sign_up_domains) = 0 OR split_part(link.email_key, '@', 2) = ANY (settings.sign_up_domains))
        AND EXISTS (SELECT FROM role r JOIN role least ON least.tenant_id = r.tenant_id AND least.is_system AND least.key = 'LEARNER'
                    WHERE r.tenant_id = link.tenant_id AND r.key = link.role_key
                      AND app.permissions_of(r.key, r.is_system, r.permissions) <@ least.permissions);
    INSERT INTO sign_up_request (tenant_id, id, email, email_key, name, role_key, message)
        VALUES (link.tenant_id, request, link.email, link.email_key, link.name, link.role_key, link.message)
        ON CONFLICT (tenant_id, email_key) WHERE state = 'PENDING' DO NOTHING;
    IF NOT FOUND THEN
        PERFORM app.refuse('sign_up_pending');
    END IF;
    IF is_open THEN
        PERFORM app.admit(person, link.email, link.email_key, link.name, ARRAY[link.role_key], new_hash);
        PERFORM app.link_attendees(person, link.email);
        UPDATE sign_up_request s SET state = 'APPROVED', decided_at = now(), user_id = person WHERE s.tenant_id = link.tenant_id AND s.id = request;
        RETURN 'APPROVED';
    END IF;
    INSERT INTO sign_up_credential (tenant_id, sign_up_id, password_hash) VALUES (link.tenant_id, request, new_hash);
    IF app.notifies('notify.sign_up_requested') THEN
        PERFORM app.emit('notify.sign_up_requested', app.type_id('signup', request), NULL, jsonb_build_object('role', link.role_key));
    END IF;
    RETURN 'PENDING';
END
$$;

-- Decides a sign-up that the actor sees: admits the applicant (`person`, in the role that was wished for, or in one that grants no more), or not.
-- Reveals: whether there is such a request for the actor.
CREATE OR REPLACE FUNCTION app.decide_sign_up(request uuid, is_approved boolean, other_role text, said text, person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    below   CONSTANT text[] := app.managed_roles();
    asked   sign_up_request;
    given   text;
BEGIN
    IF NOT app.can('USER_ADMIT') THEN
        RETURN false;
    END IF;
    SELECT s.* INTO asked FROM sign_up_request s WHERE s.tenant_id = app.tenant_id() AND s.id = request AND s.role_key = ANY (below) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF asked.state <> 'PENDING' THEN
        PERFORM app.refuse('admission_transition');
    END IF;
    IF is_approved THEN
        given := coalesce(other_role, asked.role_key);
        IF given <> asked.role_key AND NOT EXISTS (
            SELECT FROM role r JOIN role wished ON wished.tenant_id = r.tenant_id AND wished.key = asked.role_key
            WHERE r.tenant_id = asked.tenant_id AND r.key = given AND given = ANY (below)
              AND app.permissions_of(r.key, r.is_system, r.permissions) <@ app.permissions_of(wished.key, wished.is_system, wished.permissions))
        THEN
            PERFORM app.refuse('sign_up_role');
        END IF;
        PERFORM app.admit(person, asked.email, asked.email_key, asked.name, ARRAY[given],
                          (SELECT c.password_hash FROM sign_up_credential c WHERE c.tenant_id = asked.tenant_id AND c.sign_up_id = request));
        PERFORM app.link_attendees(person, asked.email);
    END IF;
    DELETE FROM sign_up_credential c WHERE c.tenant_id = asked.tenant_id AND c.sign_up_id = request;
    UPDATE sign_up_request s SET state = CASE WHEN is_approved THEN 'APPROVED' ELSE 'REJECTED' END, decided_at = now(), decided_by_id = app.user_id(),
            note = said, user_id = CASE WHEN is_approved THEN person END
        WHERE s.tenant_id = asked.tenant_id AND s.id = request;
    IF is_approved AND app.notifies('notify.sign_up_decided') THEN
        PERFORM app.emit('notify.sign_up_decided', app.type_id('user', person), NULL, jsonb_build_object('person', person));
    END IF;
    RETURN true;
END
$$;

-- Invites people, all or none; each is mailed a link by a job. `list` holds objects of id, email, key, name, roles, all checked by the service but
-- for what others decide at the same moment. Reveals: whether somebody of the school has one of these addresses, or an invitation.
CREATE OR REPLACE FUNCTION app.invite(list jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted record;
    made   integer := 0;
BEGIN
    -- Before the roles, of which everybody waits for whoever waits to change them.
    PERFORM app.lock_invited(k.key) FROM (
        SELECT DISTINCT w.item ->> 'key' AS key FROM jsonb_array_elements(CASE jsonb_typeof(list) WHEN 'array' THEN list ELSE '[]' END) AS w(item) ORDER BY 1) AS k;
    PERFORM app.share_lock_for('roles', app.tenant_id()); -- see app.keep_named_role
    FOR wanted IN
        SELECT (w.item ->> 'id')::uuid AS id, w.item ->> 'email' AS email, w.item ->> 'key' AS key, w.item ->> 'name' AS name,
               ARRAY(SELECT jsonb_array_elements_text(w.item -> 'roles')) AS roles, w.place - 1 AS place
        FROM jsonb_array_elements(CASE jsonb_typeof(list) WHEN 'array' THEN list ELSE '[]' END) WITH ORDINALITY AS w(item, place) ORDER BY w.item ->> 'key'
    LOOP
        IF NOT app.can('USER_ADMIT') OR NOT wanted.roles <@ app.managed_roles() THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not the actor''s to admit to';
        END IF;
        IF app.person_at(wanted.key, wanted.email) IS NOT NULL THEN
            PERFORM app.refuse('invitation_email_taken', jsonb_build_object('at', wanted.place)::text);
        END IF;
        UPDATE invitation i SET state = 'EXPIRED'
            WHERE i.tenant_id = app.tenant_id() AND i.email_key = wanted.key AND i.state = 'PENDING' AND i.expires_at <= now();
        INSERT INTO invitation (tenant_id, id, email, email_key, name, role_keys, invited_by_id, expires_at)
            VALUES (app.tenant_id(), wanted.id, wanted.email, wanted.key, wanted.name, wanted.roles, app.user_id(), now() + interval '7 days')
            ON CONFLICT (tenant_id, email_key) WHERE state = 'PENDING' DO NOTHING;
        IF NOT FOUND THEN
            PERFORM app.refuse('invitation_is_pending', jsonb_build_object('at', wanted.place)::text);
        END IF;
        PERFORM app.enqueue('account.invitation', NULL, jsonb_build_object('invitation', wanted.id, 'sent', now()));
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- Takes an invitation that the actor sees a step on: `resend` gives it another week, another inviter and another link, else it is revoked. The link
-- before is dead. Reveals: whether there is such an invitation for the actor.
CREATE OR REPLACE FUNCTION app.move_invitation(wanted uuid, resend boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    asked invitation;
BEGIN
    SELECT i.* INTO asked FROM invitation i WHERE i.tenant_id = app.tenant_id() AND i.id = wanted AND i.role_keys <@ app.managed_roles() FOR NO KEY UPDATE;
    IF NOT FOUND OR NOT app.can('USER_ADMIT') THEN
        RETURN false;
    END IF;
    IF asked.state IN ('ACCEPTED', 'REVOKED') THEN
        PERFORM app.refuse('admission_transition');
    END IF;
    PERFORM app.void_links('INVITATION', wanted::text);
    IF resend THEN
        IF app.person_at(asked.email_key, asked.email) IS NOT NULL THEN
            PERFORM app.refuse('invitation_email_taken');
        END IF;
        UPDATE invitation i SET state = 'EXPIRED'
            WHERE i.tenant_id = asked.tenant_id AND i.email_key = asked.email_key AND i.state = 'PENDING' AND i.id <> wanted AND i.expires_at <= now();
        IF EXISTS (SELECT FROM invitation i WHERE i.tenant_id = asked.tenant_id AND i.email_key = asked.email_key AND i.state = 'PENDING' AND i.id <> wanted) THEN
            PERFORM app.refuse('invitation_is_pending');
        END IF;
        UPDATE invitation i SET state = 'PENDING', sent_at = now(), expires_at = now() + interval '7 days', invited_by_id = app.user_id(), is_of_platform = false
            WHERE i.tenant_id = asked.tenant_id AND i.id = wanted;
        PERFORM app.enqueue('account.invitation', NULL, jsonb_build_object('invitation', wanted, 'sent', now()));
    ELSE
        UPDATE invitation i SET state = 'REVOKED' WHERE i.tenant_id = asked.tenant_id AND i.id = wanted;
    END IF;
    RETURN true;
END
$$;

-- Gives an invitation its link, if it still waits for this one. The week of one that the platform made while the school did not run begins now.
-- Reveals, to the service only: where it goes, and to which roles it asks.
CREATE OR REPLACE FUNCTION app.begin_invitation(wanted uuid, sent timestamptz, hash bytea) RETURNS TABLE (email text, role_names text, expires_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE invitation i SET expires_at = now() + interval '7 days'
        WHERE i.tenant_id = app.tenant_id() AND i.id = wanted AND i.state = 'PENDING' AND i.sent_at = sent AND i.is_of_platform
          AND i.expires_at < now() + interval '6 days';
    SELECT i.email, (SELECT string_agg(r.name, ', ' ORDER BY r.name) FROM role r WHERE r.tenant_id = i.tenant_id AND r.key = ANY (i.role_keys)), i.expires_at
        INTO email, role_names, expires_at
        FROM invitation i WHERE i.tenant_id = app.tenant_id() AND i.id = wanted AND i.state = 'PENDING' AND i.sent_at = sent AND i.expires_at > now() FOR SHARE;
    IF FOUND THEN
        PERFORM app.void_links('INVITATION', wanted::text);
        INSERT INTO mailed_token (tenant_id, token_hash, id, kind, subject, invitation_id, expires_at)
            VALUES (app.tenant_id(), hash, app.uuid_v7(), 'INVITATION', wanted::text, wanted, begin_invitation.expires_at);
        RETURN NEXT;
    END IF;
END
$$;

-- Accepts an invitation: the person, with its roles and a password. Reveals: their token version; NULL where the link is not good any more.
CREATE OR REPLACE FUNCTION app.accept_invitation(hash bytea, person uuid, called text, new_hash text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    link     mailed_token := app.spend_link('INVITATION', hash);
    asked_in invitation;
BEGIN
    SELECT i.* INTO asked_in FROM invitation i
        WHERE i.tenant_id = app.tenant_id() AND i.id = link.invitation_id AND i.state = 'PENDING' AND i.expires_at > now() FOR NO KEY UPDATE;
    IF NOT FOUND OR NOT (asked_in.is_of_platform OR app.still_admits(asked_in.invited_by_id, asked_in.role_keys)) THEN
        RETURN NULL;
    END IF;
    PERFORM app.require_subscription();
    PERFORM app.admit(person, asked_in.email, asked_in.email_key, coalesce(called, asked_in.name), asked_in.role_keys, new_hash);
    PERFORM app.link_attendees(person, asked_in.email);
    UPDATE invitation i SET state = 'ACCEPTED', accepted_at = now(), user_id = person WHERE i.tenant_id = asked_in.tenant_id AND i.id = asked_in.id;
    RETURN (SELECT u.token_version FROM app_user u WHERE u.tenant_id = asked_in.tenant_id AND u.id = person);
END
$$;

-- Sign-ups and invitations move by the rows of admission_transition alone, whoever moves them.
CREATE OR REPLACE FUNCTION app.check_admission() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.admission_transition t WHERE t.what = TG_TABLE_NAME AND t.from_state = OLD.state AND t.to_state = NEW.state) THEN
        PERFORM app.refuse('admission_transition');
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER sign_up_request_step BEFORE UPDATE OF state ON sign_up_request FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION app.check_admission();
CREATE OR REPLACE TRIGGER invitation_step BEFORE UPDATE OF state ON invitation FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION app.check_admission();

-- Whoever an invitation or a sign-up was of is nobody's secret but their own: the log says that there was an address, not which.
CREATE OR REPLACE TRIGGER sign_up_request_audit AFTER INSERT OR UPDATE OR DELETE ON sign_up_request FOR EACH ROW
    EXECUTE FUNCTION app.audit('SignUpRequest', 'id', 'email,name,message,note');
CREATE OR REPLACE TRIGGER invitation_audit AFTER INSERT OR UPDATE OR DELETE ON invitation FOR EACH ROW
    EXECUTE FUNCTION app.audit('Invitation', 'id', 'email,name');

-- A deleted person takes along what was mailed to them, and what says how they came in. Reveals nothing.
CREATE OR REPLACE FUNCTION app.forget_admission() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM mailed_token m WHERE m.tenant_id = NEW.tenant_id AND (m.user_id = NEW.id OR m.email_key = OLD.email_key);
    DELETE FROM sign_in_code c WHERE c.tenant_id = NEW.tenant_id AND c.email_key = OLD.email_key;
    DELETE FROM invitation i WHERE i.tenant_id = NEW.tenant_id AND (i.user_id = NEW.id OR i.email_key = OLD.email_key);
    DELETE FROM sign_up_request s WHERE s.tenant_id = NEW.tenant_id AND (s.user_id = NEW.id OR s.email_key = OLD.email_key);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_admission_forgotten AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION app.forget_admission();

-- Strangers are offered roles of the school, none of which lets them manage it.
CREATE OR REPLACE FUNCTION app.check_offered_roles() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wrong bigint;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.share_lock_for('roles', NEW.tenant_id);
    SELECT min(o.place) - 1 INTO wrong FROM unnest(NEW.sign_up_role_keys) WITH ORDINALITY AS o(key, place)
        WHERE NOT EXISTS (SELECT FROM role r WHERE r.tenant_id = NEW.tenant_id AND r.key = o.key
                          AND NOT app.permissions_of(r.key, r.is_system, r.permissions) && '{ROLE_MANAGE,TENANT_MANAGE}'::text[]);
    IF wrong IS NOT NULL THEN
        PERFORM app.refuse('tenant_settings_roles', jsonb_build_object('at', wrong)::text);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER tenant_settings_roles AFTER INSERT OR UPDATE OF sign_up_role_keys ON tenant_settings FOR EACH ROW EXECUTE FUNCTION app.check_offered_roles();

-- A role that settings, a feature flag, a provider, a pending invitation or a pending sign-up names is in use: it is not deleted, and one that strangers are offered does not
-- come to manage the school.
CREATE OR REPLACE FUNCTION app.keep_named_role() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(OLD.tenant_id);
    IF app.erases(OLD.tenant_id) THEN
        RETURN OLD;
    END IF;
    PERFORM app.lock_for('roles', OLD.tenant_id);
    IF EXISTS (SELECT FROM tenant_settings s WHERE s.tenant_id = OLD.tenant_id AND OLD.key = ANY (s.sign_up_role_keys))
       OR TG_OP = 'DELETE' AND (
           EXISTS (SELECT FROM tenant_settings s WHERE s.tenant_id = OLD.tenant_id AND OLD.key = ANY (s.second_factor_role_keys))
           OR EXISTS (SELECT FROM feature_flag f WHERE f.tenant_id = OLD.tenant_id AND OLD.key = ANY (f.role_keys))
           OR EXISTS (SELECT FROM sign_in_provider p WHERE p.tenant_id = OLD.tenant_id AND p.role_key = OLD.key)
           OR EXISTS (SELECT FROM invitation i WHERE i.tenant_id = OLD.tenant_id AND i.state = 'PENDING' AND i.expires_at > now() AND OLD.key = ANY (i.role_keys))
           OR EXISTS (SELECT FROM sign_up_request r WHERE r.tenant_id = OLD.tenant_id AND r.state = 'PENDING' AND r.role_key = OLD.key))
    THEN
        PERFORM app.refuse('role_is_named');
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE OR REPLACE TRIGGER role_named BEFORE DELETE ON role FOR EACH ROW EXECUTE FUNCTION app.keep_named_role();
CREATE OR REPLACE TRIGGER role_offered BEFORE UPDATE OF permissions ON role FOR EACH ROW
    WHEN (NEW.permissions && '{ROLE_MANAGE,TENANT_MANAGE}'::text[] AND NOT OLD.permissions && '{ROLE_MANAGE,TENANT_MANAGE}'::text[])
    EXECUTE FUNCTION app.keep_named_role();

-- What everybody may know of a listed school: how it looks, how people come in, in which roles, and by which providers. Reveals: that, of listed schools alone.
CREATE OR REPLACE FUNCTION app.public_face(school uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    came_for CONSTANT text := current_setting('app.tenant_id', true);
    face     jsonb;
BEGIN
    PERFORM set_config('app.tenant_id', school::text, true);
    SELECT jsonb_build_object('locale', s.locale, 'primaryColor', s.primary_color, 'website', s.website,
               'logo', (SELECT jsonb_build_object('id', f.id, 'name', f.name) FROM file f
                        WHERE f.tenant_id = s.tenant_id AND f.id = s.logo_file_id AND f.visibility = 'PUBLIC'),
               'signUp', s.sign_up, 'codeSignIn', s.code_sign_in, 'roles', coalesce((
               SELECT jsonb_agg(jsonb_build_object('key', r.key, 'name', r.name) ORDER BY r.name COLLATE "und-x-icu", r.key) FROM role r
               WHERE r.tenant_id = s.tenant_id AND r.key = ANY (s.sign_up_role_keys) AND app.offers_role(r.key)), '[]'),
               'providers', coalesce((
               SELECT jsonb_agg(jsonb_build_object('key', p.key, 'name', p.name) ORDER BY p.name COLLATE "und-x-icu", p.id) FROM sign_in_provider p
               WHERE p.tenant_id = s.tenant_id AND p.is_enabled), '[]'))
        INTO face FROM tenant t JOIN tenant_settings s ON s.tenant_id = t.tenant_id
        WHERE t.tenant_id = school AND t.is_listed AND t.suspended_at IS NULL;
    PERFORM set_config('app.tenant_id', came_for, true);
    RETURN face;
END
$$;

-- A listed school by its slug. Reveals: slug and name.
CREATE OR REPLACE FUNCTION app.public_tenant(wanted text) RETURNS TABLE (tenant_id uuid, slug text, name text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT t.tenant_id, t.slug, t.name FROM tenant t WHERE t.slug = lower(trim(wanted)) AND t.is_listed AND t.suspended_at IS NULL;
END
$$;

-- Counts something asked for by each subject (a keyed hash of who asks, as in app.failed_sign_ins), unless one has asked for as much as it is
-- allowed within the span. Of several at once as many are counted as are allowed. Reveals, to the service only: in how many seconds one more is
-- allowed; 0 where this was.
CREATE OR REPLACE FUNCTION app.spend_turns(subjects bytea[], allowed integer[], span interval) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    longest integer;
BEGIN
    -- In one order, so that two at once don't wait for one another in a circle.
    INSERT INTO failed_sign_in AS f (tenant_id, subject, at, last_at)
        SELECT app.tenant_id(), given.subject, '{}', clock_timestamp() FROM unnest(subjects) AS given(subject) ORDER BY given.subject
        ON CONFLICT (tenant_id, subject) DO UPDATE SET last_at = excluded.last_at;
    SELECT max(CASE WHEN kept.failures >= kept.allowed THEN coalesce(kept.wait, 1) ELSE 0 END) INTO longest
        FROM (SELECT c.failures, c.wait, a.allowed FROM app.failed_sign_ins(subjects, spend_turns.allowed, span) WITH ORDINALITY AS c(failures, wait, place)
              JOIN unnest(spend_turns.allowed) WITH ORDINALITY AS a(allowed, place) ON a.place = c.place) AS kept;
    IF coalesce(longest, 0) = 0 THEN
        PERFORM FROM app.count_failed_sign_ins(subjects, spend_turns.allowed, span);
        RETURN 0;
    END IF;
    RETURN longest;
END
$$;

-- The school of a slug, as somebody has typed it, for what is looked up and logged before anybody is signed in. Reveals, to the service only: its id, nobody's where there is none.
CREATE OR REPLACE FUNCTION app.school_named(typed text) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT t.tenant_id FROM tenant t WHERE t.slug = lower(trim(typed))), '00000000-0000-0000-0000-000000000000');
END
$$;

-- Deletes some of this transaction's school's (or nobody's) links and codes that are over or spent, and requests that nobody took. Reveals: how many.
CREATE OR REPLACE FUNCTION app.purge_admissions(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    links    integer;
    codes    integer;
    requests integer;
BEGIN
    DELETE FROM mailed_token m WHERE m.tenant_id = app.tenant_id() AND m.token_hash IN (
        SELECT o.token_hash FROM mailed_token o WHERE o.tenant_id = app.tenant_id() AND (o.expires_at < now() OR o.used_at < now() - interval '1 day')
        LIMIT at_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS links = ROW_COUNT;
    DELETE FROM sign_in_code c WHERE c.tenant_id = app.tenant_id() AND c.email_key IN (
        SELECT o.email_key FROM sign_in_code o WHERE o.tenant_id = app.tenant_id() AND o.expires_at < now() LIMIT at_most - links FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS codes = ROW_COUNT;
    DELETE FROM account_request a WHERE a.tenant_id = app.tenant_id() AND a.id IN (
        SELECT o.id FROM account_request o WHERE o.tenant_id = app.tenant_id() AND o.created_at < now() - interval '1 day'
        LIMIT at_most - links - codes FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS requests = ROW_COUNT;
    RETURN links + codes + requests;
END
$$;

GRANT EXECUTE ON FUNCTION
    app.roles_below(text), app.roles_for_keys(text[]), app.ask_for_account(text, text, text, text, text, text, text), app.take_account_request(uuid),
    app.begin_password_reset(text, text, bytea), app.begin_code_sign_in(text, text, bytea, text), app.count_code_try(text, text),
    app.find_sign_in_code(text, text, text), app.spend_sign_in_code(text, bytea, uuid, uuid), app.refuses_role(text, text),
    app.begin_sign_up(text, text, bytea, text, text, text), app.usable_link(bytea), app.knows_link(bytea), app.link_preview(uuid, bytea),
    app.reset_password(bytea, text), app.begin_email_revert(uuid, bytea), app.revert_email(bytea), app.confirm_sign_up(bytea, text, uuid, uuid),
    app.decide_sign_up(uuid, boolean, text, text, uuid), app.invite(jsonb), app.move_invitation(uuid, boolean),
    app.begin_invitation(uuid, timestamptz, bytea), app.accept_invitation(bytea, uuid, text, text), app.public_face(uuid), app.public_tenant(text),
    app.spend_turns(bytea[], integer[], interval), app.school_named(text), app.purge_admissions(integer)
    TO lectern_app;
