-- Signing in with accounts elsewhere (OpenID Connect).
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   sign_in_provider_cap    the school has as many providers as it may have (`limit`, `used`)
--   sign_in_provider_role   the role is none of the school's

-- A school has at most twenty providers, each for a role that it has. Reveals nothing.
CREATE OR REPLACE FUNCTION app.check_sign_in_provider() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most CONSTANT bigint := 20;
    used bigint;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.share_lock_for('roles', NEW.tenant_id); -- see app.keep_named_role
    IF NEW.role_key IS NOT NULL AND NOT EXISTS (SELECT FROM role r WHERE r.tenant_id = NEW.tenant_id AND r.key = NEW.role_key) THEN
        PERFORM app.refuse('sign_in_provider_role');
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM app.lock_for('providers', NEW.tenant_id);
        SELECT count(*) INTO used FROM sign_in_provider p WHERE p.tenant_id = NEW.tenant_id;
        IF used > most THEN
            PERFORM app.refuse('sign_in_provider_cap', jsonb_build_object('limit', most, 'used', used - 1)::text);
        END IF;
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER sign_in_provider_check AFTER INSERT OR UPDATE ON sign_in_provider FOR EACH ROW EXECUTE FUNCTION app.check_sign_in_provider();

-- Another issuer is not told the secret that was meant for the one before.
CREATE OR REPLACE FUNCTION app.keep_client_secret() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.client_secret IS NOT DISTINCT FROM OLD.client_secret THEN
        NEW.client_secret := NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER sign_in_provider_secret BEFORE UPDATE OF issuer ON sign_in_provider FOR EACH ROW
    WHEN (OLD.issuer <> NEW.issuer) EXECUTE FUNCTION app.keep_client_secret();

-- Nor does it speak of the accounts of the one before: who signed in by that is linked anew, and what has begun there is not completed here.
-- Reveals nothing.
CREATE OR REPLACE FUNCTION app.forget_accounts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM provider_account a WHERE a.tenant_id = NEW.tenant_id AND a.provider_id = NEW.id;
    DELETE FROM provider_sign_in s WHERE s.tenant_id = NEW.tenant_id AND s.provider_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER sign_in_provider_accounts AFTER UPDATE OF issuer ON sign_in_provider FOR EACH ROW
    WHEN (OLD.issuer <> NEW.issuer) EXECUTE FUNCTION app.forget_accounts();

CREATE OR REPLACE TRIGGER sign_in_provider_touch BEFORE UPDATE ON sign_in_provider FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER sign_in_provider_audit AFTER INSERT OR UPDATE OR DELETE ON sign_in_provider FOR EACH ROW
    EXECUTE FUNCTION app.audit('SignInProvider', 'id', 'client_secret');
-- The log says by which provider somebody may sign in, not as whom there.
CREATE OR REPLACE TRIGGER provider_account_audit AFTER INSERT OR UPDATE OR DELETE ON provider_account FOR EACH ROW
    EXECUTE FUNCTION app.audit('User', 'user_id');

-- A deleted person takes their accounts elsewhere along. Reveals nothing.
CREATE OR REPLACE FUNCTION app.forget_accounts_of() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    DELETE FROM provider_account a WHERE a.tenant_id = NEW.tenant_id AND a.user_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_accounts_forgotten AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION app.forget_accounts_of();

-- A provider of a school, before anybody is signed in: where a sign-in begins. One row. Reveals, to the service only: the school (nobody's id where
-- there is none), and the provider's settings but the secret, where there is such a one and it is enabled.
CREATE OR REPLACE FUNCTION app.find_sign_in_provider(school text, of_key text)
    RETURNS TABLE (tenant_id uuid, provider_id uuid, issuer text, client_id text, redirect_uris text[])
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM set_config('app.tenant_id', app.school_named(school)::text, true);
    RETURN QUERY SELECT here.id, p.id, p.issuer, p.client_id, p.redirect_uris FROM (SELECT app.tenant_id() AS id) AS here
        LEFT JOIN sign_in_provider p ON p.tenant_id = app.tenant_id() AND p.key = of_key AND p.is_enabled;
END
$$;

-- Writes down that a sign-in has begun. Reveals: whether the provider is still there, and when the sign-in is over.
CREATE OR REPLACE FUNCTION app.begin_provider_sign_in(provider uuid, hash bytea, sealed bytea, back_to text) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ends timestamptz;
BEGIN
    INSERT INTO provider_sign_in (tenant_id, state_hash, provider_id, secrets, redirect_uri, expires_at)
        SELECT p.tenant_id, hash, p.id, sealed, back_to, now() + interval '10 minutes' FROM sign_in_provider p
        WHERE p.tenant_id = app.tenant_id() AND p.id = provider AND p.is_enabled AND back_to = ANY (p.redirect_uris)
        RETURNING expires_at INTO ends;
    RETURN ends;
END
$$;

-- Spends the state of a sign-in that has begun: of several at once one finds it. Reveals, to the service only: what is needed to complete it, the
-- sealed secrets among it.
CREATE OR REPLACE FUNCTION app.spend_provider_state(hash bytea)
    RETURNS TABLE (provider_id uuid, issuer text, client_id text, client_secret bytea, secrets bytea, redirect_uri text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    spent provider_sign_in;
BEGIN
    UPDATE provider_sign_in s SET used_at = now()
        WHERE s.tenant_id = app.tenant_id() AND s.state_hash = hash AND s.used_at IS NULL AND s.expires_at > now()
        RETURNING s.* INTO spent;
    RETURN QUERY SELECT p.id, p.issuer, p.client_id, p.client_secret, spent.secrets, spent.redirect_uri FROM sign_in_provider p
        WHERE p.tenant_id = app.tenant_id() AND p.id = spent.provider_id AND p.is_enabled;
END
$$;

-- Whether LEARNER grants whatever a role grants. For the function below.
CREATE OR REPLACE FUNCTION app.is_below_learner(wanted text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM role r JOIN role least ON least.tenant_id = r.tenant_id AND least.is_system AND least.key = 'LEARNER'
        WHERE r.tenant_id = app.tenant_id() AND r.key = wanted
          AND app.permissions_of(r.key, r.is_system, r.permissions) <@ app.permissions_of(least.key, least.is_system, least.permissions));
END
$$;

-- Who signs in whose account at a provider was proven: whom it is linked to; else the active person who has the address, unless they hold ADMIN; else
-- somebody new, while the subscription runs, where the provider names a role that LEARNER covers. What is changed is done in their name. Reveals, to
-- the service only: who, and their token version; no row where nobody may.
CREATE OR REPLACE FUNCTION app.sign_in_by_provider(provider uuid, of_issuer text, of_account text, address text, address_key text, called text, newcomer uuid)
    RETURNS TABLE (user_id uuid, token_version integer)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known     sign_in_provider;
    person    uuid;
    is_linked boolean;
BEGIN
    -- One order of locks with app.keep_named_role; and of several who come in at once by one provider each sees whom the one before has made.
    PERFORM app.share_lock_for('roles', app.tenant_id());
    PERFORM app.lock_for('provider_accounts', provider);
    SELECT p.* INTO known FROM sign_in_provider p
        WHERE p.tenant_id = app.tenant_id() AND p.id = provider AND p.issuer = of_issuer AND p.is_enabled;
    IF NOT FOUND OR cardinality(known.email_domains) > 0 AND split_part(address_key, '@', 2) <> ALL (known.email_domains) THEN
        RETURN;
    END IF;
    SELECT a.user_id INTO person FROM provider_account a
        WHERE a.tenant_id = known.tenant_id AND a.provider_id = known.id AND a.account = of_account;
    is_linked := FOUND;
    IF NOT is_linked THEN
        person := app.person_at(address_key, address);
    END IF;
    PERFORM set_config('app.user_id', coalesce(person, newcomer)::text, true);
    IF person IS NULL THEN
        IF known.role_key IS NULL OR NOT app.runs(known.tenant_id) OR NOT app.is_below_learner(known.role_key) THEN
            RETURN;
        END IF;
        PERFORM app.admit(newcomer, address, address_key, called, ARRAY[known.role_key], NULL);
        person := newcomer;
    ELSIF NOT is_linked AND EXISTS (
        SELECT FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
        WHERE ur.tenant_id = known.tenant_id AND ur.user_id = person AND r.is_system AND r.key = 'ADMIN' AND (ur.ends_at IS NULL OR ur.ends_at > now()))
    THEN
        RETURN;
    END IF;
    SELECT u.id, u.token_version INTO user_id, token_version FROM app_user u
        WHERE u.tenant_id = known.tenant_id AND u.id = person AND u.status = 'ACTIVE' AND u.deleted_at IS NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF NOT is_linked THEN
        INSERT INTO provider_account (tenant_id, provider_id, account, user_id) VALUES (known.tenant_id, known.id, of_account, person)
            ON CONFLICT DO NOTHING;
        -- Another account of this provider is theirs.
        IF NOT FOUND THEN
            RETURN;
        END IF;
    END IF;
    RETURN NEXT;
END
$$;

-- Deletes some of this transaction's school's sign-ins that had begun and are over. Reveals: how many.
CREATE OR REPLACE FUNCTION app.purge_provider_sign_ins(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    deleted integer;
BEGIN
    DELETE FROM provider_sign_in s WHERE s.tenant_id = app.tenant_id() AND s.state_hash IN (
        SELECT o.state_hash FROM provider_sign_in o WHERE o.tenant_id = app.tenant_id() AND o.expires_at < now() LIMIT at_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END
$$;

GRANT EXECUTE ON FUNCTION
    app.find_sign_in_provider(text, text), app.begin_provider_sign_in(uuid, bytea, bytea, text), app.spend_provider_state(bytea),
    app.sign_in_by_provider(uuid, text, text, text, text, text, uuid), app.purge_provider_sign_ins(integer)
    TO lectern_app;
