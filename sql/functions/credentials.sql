-- What people prove themselves with beside a password: second factors; and requests for another password, which somebody above decides.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   second_factor_required            the person has a second factor, and has not proven it
--   second_factor_on                  it is on already
--   password_change_needs_approval    somebody above has to decide
--   password_change_request_pending   one of the person's is pending
--   password_change_own               nobody decides their own
--   admission_transition              it was decided already
--   tenant_settings_factor_roles      no role of the school (`at`: which)
--
-- All of a second factor is the actor's own: whoever signs in is the actor of the transaction before a code of theirs is looked at.

-- Whether a role grants nothing to a person, because the school wants a second factor of its holders and they have none. For whoever asks what somebody
-- holds in a role.
CREATE OR REPLACE FUNCTION app.is_factor_due(person uuid, of_role text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM tenant_settings s JOIN app_user u ON u.tenant_id = s.tenant_id AND u.id = person
        WHERE s.tenant_id = app.tenant_id() AND of_role = ANY (s.second_factor_role_keys) AND u.second_factor_at IS NULL);
END
$$;

-- Tells a person of their second factor: ON, OFF, RESET by somebody above, CODES renewed. For the functions below.
CREATE OR REPLACE FUNCTION app.tell_of_factor(person uuid, became text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.notifies('notify.second_factor_changed') THEN
        PERFORM app.emit('notify.second_factor_changed', app.type_id('user', person), NULL,
            jsonb_build_object('person', person, 'facts', jsonb_build_object('at', now(), 'became', became)));
    END IF;
END
$$;

-- Begins the setup of the actor's second factor, in place of an earlier one that was not confirmed. Refuses (second_factor_on) where one is on.
-- Reveals: until when it can be confirmed.
CREATE OR REPLACE FUNCTION app.begin_second_factor(sealed bytea) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ends timestamptz;
BEGIN
    INSERT INTO second_factor AS f (tenant_id, user_id, secret, expires_at)
        SELECT u.tenant_id, u.id, sealed, now() + interval '10 minutes' FROM app_user u
        WHERE u.tenant_id = app.tenant_id() AND u.id = app.user_id() AND u.deleted_at IS NULL
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET secret = excluded.secret, expires_at = excluded.expires_at, created_at = now()
            WHERE f.confirmed_at IS NULL
        RETURNING f.expires_at INTO ends;
    IF ends IS NULL THEN
        PERFORM app.refuse('second_factor_on');
    END IF;
    RETURN ends;
END
$$;

-- The actor's second factor: on, or to be confirmed. Reveals, to the service only: the sealed secret.
CREATE OR REPLACE FUNCTION app.own_second_factor() RETURNS TABLE (secret bytea, is_on boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT f.secret, f.confirmed_at IS NOT NULL FROM second_factor f
        WHERE f.tenant_id = app.tenant_id() AND f.user_id = app.user_id() AND (f.confirmed_at IS NOT NULL OR f.expires_at > now());
END
$$;

-- Accepts a step of the actor's second factor: each once, and none that is older than another. Reveals: whether it was.
CREATE OR REPLACE FUNCTION app.spend_factor_step(step bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE second_factor f SET last_step = step
        WHERE f.tenant_id = app.tenant_id() AND f.user_id = app.user_id() AND f.confirmed_at IS NOT NULL AND f.last_step < step;
    RETURN FOUND;
END
$$;

-- Accepts a recovery code of the actor's, once. Reveals: whether it was.
CREATE OR REPLACE FUNCTION app.spend_recovery_code(hash bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE recovery_code c SET used_at = now()
        WHERE c.tenant_id = app.tenant_id() AND c.user_id = app.user_id() AND c.code_hash = hash AND c.used_at IS NULL
          AND EXISTS (SELECT FROM second_factor f WHERE f.tenant_id = c.tenant_id AND f.user_id = c.user_id AND f.confirmed_at IS NOT NULL);
    RETURN FOUND;
END
$$;

-- Gives the actor other recovery codes. For the functions below.
CREATE OR REPLACE FUNCTION app.give_recovery_codes(hashes bytea[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM recovery_code c WHERE c.tenant_id = app.tenant_id() AND c.user_id = app.user_id();
    INSERT INTO recovery_code (tenant_id, user_id, code_hash) SELECT app.tenant_id(), app.user_id(), h.hash FROM unnest(hashes) AS h(hash);
END
$$;

-- Turns the actor's second factor on, by a step of the secret that was begun; of two at once one does. Reveals: whether it is.
CREATE OR REPLACE FUNCTION app.confirm_second_factor(step bigint, hashes bytea[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE second_factor f SET confirmed_at = now(), last_step = step
        WHERE f.tenant_id = app.tenant_id() AND f.user_id = app.user_id() AND f.confirmed_at IS NULL AND f.expires_at > now() AND f.last_step < step;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM app.give_recovery_codes(hashes);
    UPDATE app_user u SET second_factor_at = now() WHERE u.tenant_id = app.tenant_id() AND u.id = app.user_id();
    PERFORM app.tell_of_factor(app.user_id(), 'ON');
    RETURN true;
END
$$;

-- Gives the actor other recovery codes, where a second factor is on: those before are dead. Reveals: whether one is.
CREATE OR REPLACE FUNCTION app.renew_recovery_codes(hashes bytea[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM second_factor f WHERE f.tenant_id = app.tenant_id() AND f.user_id = app.user_id() AND f.confirmed_at IS NOT NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM app.give_recovery_codes(hashes);
    PERFORM app.tell_of_factor(app.user_id(), 'CODES');
    RETURN true;
END
$$;

-- How many recovery codes the actor has left; NULL without a second factor. Reveals: that number.
CREATE OR REPLACE FUNCTION app.own_recovery_codes() RETURNS integer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT (SELECT count(*) FROM recovery_code c WHERE c.tenant_id = f.tenant_id AND c.user_id = f.user_id AND c.used_at IS NULL)
            FROM second_factor f WHERE f.tenant_id = app.tenant_id() AND f.user_id = app.user_id() AND f.confirmed_at IS NOT NULL);
END
$$;

-- Takes a person's second factor away, and what was begun of one. For the functions below. Reveals: whether one was on.
CREATE OR REPLACE FUNCTION app.drop_second_factor(person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM recovery_code c WHERE c.tenant_id = app.tenant_id() AND c.user_id = person;
    DELETE FROM second_factor f WHERE f.tenant_id = app.tenant_id() AND f.user_id = person;
    UPDATE app_user u SET second_factor_at = NULL WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.second_factor_at IS NOT NULL;
    RETURN FOUND;
END
$$;

-- Turns the actor's second factor off. Reveals: whether one was on.
CREATE OR REPLACE FUNCTION app.disable_second_factor() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.drop_second_factor(app.user_id()) THEN
        RETURN false;
    END IF;
    PERFORM app.tell_of_factor(app.user_id(), 'OFF');
    RETURN true;
END
$$;

-- Signs people out whom the actor outranks, on every device; with `resets`, and only those who have one, because their second factor is taken away.
-- Nobody's own. Refuses (42501) where one of them is not below. Reveals nothing.
CREATE OR REPLACE FUNCTION app.sign_out(people uuid[], resets boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    person uuid;
BEGIN
    PERFORM set_config('app.revoked_reason', 'SIGNED_OUT', true);
    -- In one order, so that two at once don't wait for one another in a circle.
    FOR person IN SELECT DISTINCT p.id FROM unnest(people) AS p(id) ORDER BY p.id LOOP
        IF NOT app.can('USER_UPDATE') OR app.key_id() IS NOT NULL OR NOT app.outranks(person) OR resets AND person = app.user_id()
           OR NOT EXISTS (SELECT FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.deleted_at IS NULL) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not a person below';
        END IF;
        IF resets THEN
            CONTINUE WHEN NOT app.drop_second_factor(person);
            PERFORM app.tell_of_factor(person, 'RESET');
        END IF;
        UPDATE app_user u SET token_version = u.token_version + 1 WHERE u.tenant_id = app.tenant_id() AND u.id = person;
    END LOOP;
END
$$;

-- Counts a wrong code that the actor gave after a right password: with the third within an hour they are told, because somebody knows their password.
-- Reveals nothing.
CREATE OR REPLACE FUNCTION app.miss_second_factor(person uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    misses integer;
BEGIN
    UPDATE second_factor f
        SET missed_at = ARRAY(SELECT at FROM unnest(f.missed_at) AS at WHERE at > now() - interval '1 hour' ORDER BY at DESC LIMIT 20) || now()
        WHERE f.tenant_id = app.tenant_id() AND f.user_id = app.user_id() AND f.user_id = person AND f.confirmed_at IS NOT NULL
        RETURNING cardinality(f.missed_at) INTO misses;
    IF misses = 3 AND app.notifies('notify.second_factor_missed') THEN
        PERFORM app.emit('notify.second_factor_missed', app.type_id('user', person), NULL,
            jsonb_build_object('person', person, 'facts', jsonb_build_object('at', now())));
    END IF;
END
$$;

-- Tells a person that their password was changed: it may not have been they who changed it. Mailed whether or not the subscription runs, with
-- the number of their keys, which stay. Reveals nothing.
CREATE OR REPLACE FUNCTION app.tell_of_password(person uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    facts CONSTANT jsonb := jsonb_build_object('at', now(), 'keys', (
        SELECT coalesce(nullif(count(*), 0)::text, '') FROM api_key k
        WHERE k.tenant_id = app.tenant_id() AND k.owner_id = person AND app.key_is_live(k.id)));
BEGIN
    PERFORM app.send_mail('password_changed', person, NULL, app.locale_of(person), facts, spared => true);
    IF app.notifies('notify.password_changed') THEN
        PERFORM app.emit('notify.password_changed', app.type_id('user', person), NULL, jsonb_build_object('person', person, 'facts', facts));
    END IF;
END
$$;

-- Whether each of a person's roles is below that in which the actor acts. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.stands_above(person uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    below CONSTANT text[] := app.managed_roles();
BEGIN
    RETURN (SELECT bool_and(r.key = ANY (below)) FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
            WHERE ur.tenant_id = app.tenant_id() AND ur.user_id = person AND (ur.ends_at IS NULL OR ur.ends_at > now())) IS TRUE;
END
$$;

-- At most twenty active people who may decide about a person's password: through a role that grants it, no second factor being due, and stands above
-- each of theirs. For app.notified.
CREATE OR REPLACE FUNCTION app.deciders_of_password(person uuid) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 10 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    held CONSTANT text[] := ARRAY(SELECT r.key FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
                                  WHERE ur.tenant_id = app.tenant_id() AND ur.user_id = person AND (ur.ends_at IS NULL OR ur.ends_at > now()));
BEGIN
    RETURN QUERY SELECT DISTINCT u.id FROM role r
        JOIN user_role ur ON ur.tenant_id = r.tenant_id AND ur.role_id = r.id AND (ur.ends_at IS NULL OR ur.ends_at > now())
        JOIN app_user u ON u.tenant_id = ur.tenant_id AND u.id = ur.user_id AND u.status = 'ACTIVE' AND u.deleted_at IS NULL
        CROSS JOIN LATERAL app.own_permissions(u.id) AS own
        WHERE r.tenant_id = app.tenant_id() AND 'PASSWORD_APPROVE' = ANY (app.held_in(r.key, r.is_system, r.permissions, own.grants, own.denies))
          AND held <@ app.roles_below(r.key) AND u.id <> person AND NOT app.is_factor_due(u.id, r.key)
        ORDER BY u.id LIMIT 20;
END
$$;

-- Whether somebody above has to decide about the actor's password: the school wants that, but of holders of ADMIN. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.password_needs_approval() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM tenant_settings s WHERE s.tenant_id = app.tenant_id() AND s.password_change_needs_approval)
       AND NOT EXISTS (SELECT FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
                       WHERE ur.tenant_id = app.tenant_id() AND ur.user_id = app.user_id() AND r.is_system AND r.key = 'ADMIN'
                         AND (ur.ends_at IS NULL OR ur.ends_at > now()));
END
$$;

-- Asks for another password of the actor's, for a week. Refuses (password_change_request_pending) where that was asked for. Reveals nothing.
CREATE OR REPLACE FUNCTION app.request_password_change(request uuid, hash text, said text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.key_id() IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'not for a key';
    END IF;
    -- What is over is told by the clock, until another is asked for.
    UPDATE password_change_request p SET state = 'EXPIRED'
        WHERE p.tenant_id = app.tenant_id() AND p.user_id = app.user_id() AND p.state = 'PENDING' AND p.expires_at <= now();
    INSERT INTO password_change_request (tenant_id, id, user_id, note, expires_at)
        VALUES (app.tenant_id(), request, app.user_id(), said, now() + interval '7 days')
        ON CONFLICT (tenant_id, user_id) WHERE state = 'PENDING' DO NOTHING;
    IF NOT FOUND THEN
        PERFORM app.refuse('password_change_request_pending');
    END IF;
    INSERT INTO password_change_credential (tenant_id, request_id, password_hash) VALUES (app.tenant_id(), request, hash);
    IF app.notifies('notify.password_change_requested') THEN
        PERFORM app.emit('notify.password_change_requested', app.type_id('passwordrequest', request), NULL, jsonb_build_object('person', app.user_id()));
    END IF;
END
$$;

-- Takes the actor's own request back. Reveals: whether there is such a one.
CREATE OR REPLACE FUNCTION app.withdraw_password_change(request uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    asked password_change_request;
BEGIN
    SELECT p.* INTO asked FROM password_change_request p
        WHERE p.tenant_id = app.tenant_id() AND p.id = request AND p.user_id = app.user_id() FOR NO KEY UPDATE;
    IF NOT FOUND OR app.key_id() IS NOT NULL THEN
        RETURN false;
    END IF;
    IF asked.state <> 'PENDING' OR asked.expires_at <= now() THEN
        PERFORM app.refuse('admission_transition');
    END IF;
    UPDATE password_change_request p SET state = 'WITHDRAWN', decided_at = now() WHERE p.tenant_id = asked.tenant_id AND p.id = asked.id;
    RETURN true;
END
$$;

-- Decides a request that the actor sees: sets the password, which ends every sign-in, or not. Refuses (password_change_own) the actor's own. Of two
-- decisions at once the later finds it decided. Reveals: whether there is such a request for the actor.
CREATE OR REPLACE FUNCTION app.decide_password_change(request uuid, is_approved boolean, said text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    asked    password_change_request;
    new_hash text;
BEGIN
    SELECT p.* INTO asked FROM password_change_request p WHERE p.tenant_id = app.tenant_id() AND p.id = request FOR NO KEY UPDATE;
    IF NOT FOUND OR NOT app.can('PASSWORD_APPROVE') OR app.key_id() IS NOT NULL
       OR NOT (asked.user_id = app.user_id() OR app.stands_above(asked.user_id)) THEN
        RETURN false;
    END IF;
    IF asked.user_id = app.user_id() THEN
        PERFORM app.refuse('password_change_own');
    END IF;
    IF asked.state <> 'PENDING' OR asked.expires_at <= now() THEN
        PERFORM app.refuse('admission_transition');
    END IF;
    SELECT c.password_hash INTO new_hash FROM password_change_credential c WHERE c.tenant_id = asked.tenant_id AND c.request_id = asked.id;
    UPDATE password_change_request p SET state = CASE WHEN is_approved THEN 'APPROVED' ELSE 'REJECTED' END, decided_at = now(),
            decided_by_id = app.user_id(), decision_note = said
        WHERE p.tenant_id = asked.tenant_id AND p.id = asked.id;
    IF is_approved THEN
        UPDATE credential c SET password_hash = new_hash, changed_at = clock_timestamp() WHERE c.tenant_id = asked.tenant_id AND c.user_id = asked.user_id;
        IF NOT FOUND THEN
            INSERT INTO credential (tenant_id, user_id, password_hash) VALUES (asked.tenant_id, asked.user_id, new_hash);
            PERFORM app.tell_of_password(asked.user_id);
        END IF;
        PERFORM app.void_links('PASSWORD_RESET', asked.user_id::text);
        PERFORM set_config('app.revoked_reason', 'PASSWORD_CHANGED', true);
        UPDATE app_user u SET token_version = u.token_version + 1 WHERE u.tenant_id = asked.tenant_id AND u.id = asked.user_id;
    END IF;
    IF app.notifies('notify.password_change_decided') THEN
        PERFORM app.emit('notify.password_change_decided', app.type_id('passwordrequest', asked.id), NULL, jsonb_build_object(
            'person', asked.user_id, 'facts', jsonb_build_object('state', CASE WHEN is_approved THEN 'APPROVED' ELSE 'REJECTED' END)));
    END IF;
    RETURN true;
END
$$;

-- A request moves by the rows of admission_transition alone, and the hash goes with the decision.
CREATE OR REPLACE TRIGGER password_change_request_step BEFORE UPDATE OF state ON password_change_request FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION app.check_admission();
CREATE OR REPLACE FUNCTION app.drop_requested_password() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM password_change_credential c WHERE c.tenant_id = NEW.tenant_id AND c.request_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER password_change_request_over AFTER UPDATE OF state ON password_change_request FOR EACH ROW
    WHEN (OLD.state = 'PENDING' AND NEW.state <> 'PENDING') EXECUTE FUNCTION app.drop_requested_password();
CREATE OR REPLACE TRIGGER password_change_request_audit AFTER INSERT OR UPDATE OR DELETE ON password_change_request FOR EACH ROW
    EXECUTE FUNCTION app.audit('PasswordChangeRequest', 'id', 'note,decision_note');

-- Whoever has another password by now waits for none. (A hash that is made anew is the same password.)
CREATE OR REPLACE FUNCTION app.withdraw_requested_password() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    UPDATE password_change_request p SET state = CASE WHEN p.expires_at > now() THEN 'WITHDRAWN' ELSE 'EXPIRED' END, decided_at = now()
        WHERE p.tenant_id = NEW.tenant_id AND p.user_id = NEW.user_id AND p.state = 'PENDING';
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER credential_withdraw AFTER INSERT OR UPDATE OF changed_at ON credential FOR EACH ROW
    EXECUTE FUNCTION app.withdraw_requested_password();

-- A deleted person takes along what they proved themselves with, and what is known of their devices. Triggers go by their names: this one after
-- app_user_forget, which finds their sign-ins. Reveals nothing.
CREATE OR REPLACE FUNCTION app.forget_credentials() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM recovery_code c WHERE c.tenant_id = NEW.tenant_id AND c.user_id = NEW.id;
    DELETE FROM second_factor f WHERE f.tenant_id = NEW.tenant_id AND f.user_id = NEW.id;
    UPDATE session s SET user_agent = NULL, address = NULL
        WHERE s.tenant_id = NEW.tenant_id AND s.user_id = NEW.id AND (s.user_agent IS NOT NULL OR s.address IS NOT NULL);
    UPDATE mail m SET parameters = m.parameters || '{"agent": "", "address": ""}'
        WHERE m.tenant_id = NEW.tenant_id AND m.user_id = NEW.id AND m.template = 'new_sign_in';
    UPDATE api_key k SET revoked_at = now() WHERE k.tenant_id = NEW.tenant_id AND k.owner_id = NEW.id AND k.revoked_at IS NULL;
    UPDATE password_change_request p SET state = CASE WHEN p.expires_at > now() THEN 'WITHDRAWN' ELSE 'EXPIRED' END, decided_at = now()
        WHERE p.tenant_id = NEW.tenant_id AND p.user_id = NEW.id AND p.state = 'PENDING';
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_forget_credentials AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION app.forget_credentials();

-- A second factor is asked of holders of roles of the school.
CREATE OR REPLACE FUNCTION app.check_factor_roles() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wrong bigint;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.share_lock_for('roles', NEW.tenant_id);
    SELECT min(o.place) - 1 INTO wrong FROM unnest(NEW.second_factor_role_keys) WITH ORDINALITY AS o(key, place)
        WHERE NOT EXISTS (SELECT FROM role r WHERE r.tenant_id = NEW.tenant_id AND r.key = o.key);
    IF wrong IS NOT NULL THEN
        PERFORM app.refuse('tenant_settings_factor_roles', jsonb_build_object('at', wrong)::text);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER tenant_settings_factor_roles AFTER INSERT OR UPDATE OF second_factor_role_keys ON tenant_settings FOR EACH ROW
    EXECUTE FUNCTION app.check_factor_roles();

-- Deletes some setups that nobody confirmed, and turns requests that are over into what they are. Reveals: how many.
CREATE OR REPLACE FUNCTION app.purge_credentials(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    setups   integer;
    requests integer;
BEGIN
    DELETE FROM second_factor f WHERE f.tenant_id = app.tenant_id() AND f.user_id IN (
        SELECT o.user_id FROM second_factor o WHERE o.tenant_id = app.tenant_id() AND o.confirmed_at IS NULL AND o.expires_at < now()
        LIMIT at_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS setups = ROW_COUNT;
    UPDATE password_change_request p SET state = 'EXPIRED' WHERE p.tenant_id = app.tenant_id() AND p.id IN (
        SELECT o.id FROM password_change_request o WHERE o.tenant_id = app.tenant_id() AND o.state = 'PENDING' AND o.expires_at <= now()
        LIMIT at_most - setups FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS requests = ROW_COUNT;
    RETURN setups + requests;
END
$$;

GRANT EXECUTE ON FUNCTION
    app.begin_second_factor(bytea), app.own_second_factor(), app.spend_factor_step(bigint), app.spend_recovery_code(bytea),
    app.confirm_second_factor(bigint, bytea[]), app.renew_recovery_codes(bytea[]), app.own_recovery_codes(), app.disable_second_factor(),
    app.sign_out(uuid[], boolean), app.miss_second_factor(uuid), app.stands_above(uuid), app.password_needs_approval(),
    app.request_password_change(uuid, text, text), app.withdraw_password_change(uuid), app.decide_password_change(uuid, boolean, text),
    app.purge_credentials(integer)
    TO lectern_app;
