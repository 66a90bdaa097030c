-- What every domain leans on: who is asking, the audit trigger. Like each file of sql/functions/ it is run whole wherever it has
-- changed, over what it made before (CREATE OR REPLACE); what no file makes any more is dropped.
--
-- Conventions: functions that policies call read settings only and stay inlinable; a SECURITY DEFINER function fixes its
-- search_path and says in its comment which fact it may reveal. They are plpgsql, because a session keeps the plans of plpgsql
-- and plans an SQL function anew for each statement. The migrator gives them to lectern_definer and closes them to everybody but whom
-- the file's last lines name. A plain function is open to the service's roles, unless its file names somebody.

-- The tenant of this transaction. The nil UUID where none is known yet.
CREATE OR REPLACE FUNCTION app.tenant_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN current_setting('app.tenant_id', true)::uuid;

-- The person of this transaction. The nil UUID where nobody is signed in.
CREATE OR REPLACE FUNCTION app.user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN current_setting('app.user_id', true)::uuid;

-- Whether the actor's active role holds a permission; app.load_actor made them known as ',A,B,'.
CREATE OR REPLACE FUNCTION app.can(permission text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(position(',' || permission || ',' IN current_setting('app.permissions', true)) > 0, false);

-- The key of the role that the actor acts in; app.load_actor made it known beside the permissions, as '=KEY,'.
CREATE OR REPLACE FUNCTION app.role_key() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN substring(current_setting('app.permissions', true) FROM '=([A-Z0-9_]+),');

-- The API key that acts in the person's place; app.load_actor made it known beside the permissions, as '#ID,'. NULL where none does.
CREATE OR REPLACE FUNCTION app.key_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN substring(current_setting('app.permissions', true) FROM '#([0-9a-f-]{36}),')::uuid;

CREATE OR REPLACE FUNCTION app.permissions() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN string_to_array(trim(BOTH ',' FROM coalesce(current_setting('app.permissions', true), '')), ',');

-- What a role really grants: the system role ADMIN grants everything, even where its row is incomplete.
CREATE OR REPLACE FUNCTION app.permissions_of(key text, is_system boolean, permissions text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN is_system AND key = 'ADMIN' THEN app.all_permissions() ELSE permissions END;

-- What somebody holds in a role: what the role grants and what they were granted themselves, without what is denied them. In ADMIN nothing is denied.
CREATE OR REPLACE FUNCTION app.held_in(key text, is_system boolean, permissions text[], grants text[], denies text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN is_system AND key = 'ADMIN' THEN app.all_permissions()
                WHEN grants IS NULL AND denies IS NULL THEN permissions
                ELSE ARRAY(SELECT DISTINCT p FROM unnest(permissions || grants) AS p WHERE p <> ALL (coalesce(denies, '{}'))) END;

-- A UUID of version 7: ordered by time, so that indexes grow at one end.
CREATE OR REPLACE FUNCTION app.uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
    RETURN encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid;

-- An id as clients know it: booking_01h455vb4pex5vsknk084sn02q.
-- A loop costs a third of what a query does, and triggers ask for one id at a time.
CREATE OR REPLACE FUNCTION app.type_id(prefix text, id uuid) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    bits CONSTANT bit varying := B'00' || ('x' || replace(id::text, '-', ''))::bit(128);
    said text := prefix || '_';
BEGIN
    FOR n IN 0..25 LOOP
        said := said || substr('0123456789abcdefghjkmnpqrstvwxyz', 1 + substring(bits FROM 5 * n + 1 FOR 5)::bit(5)::integer, 1);
    END LOOP;
    RETURN said;
END
$$;

-- The words of a search, split as the searched texts are, each matched by its beginning: 'ada lov' finds "Ada Lovelace". NULL when
-- it holds no word.
CREATE OR REPLACE FUNCTION app.prefix_query(words text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT string_agg(quote_literal(word) || ':*', ' & ')::tsquery FROM unnest(public.search_words(words)) AS word);

-- Refuses a change under the name of a rule, as a violated constraint would: the service maps it by that name.
CREATE OR REPLACE FUNCTION app.refuse(rule text, detail text DEFAULT '') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = rule, DETAIL = detail, MESSAGE = 'refused by ' || rule;
END
$$;

-- Waits for the lock to change something contested (a course's seats, a tenant's caps). Held until the transaction ends.
CREATE OR REPLACE FUNCTION app.lock_for(what text, id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(what || ':' || app.tenant_id()::text || ':' || id::text, 0));
END
$$;

-- The same for several things, each once and in the order of their ids: whoever takes all that they need at once, in one order, waits
-- for nobody who waits for them.
CREATE OR REPLACE FUNCTION app.lock_targets(targets uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    target uuid;
BEGIN
    FOR target IN SELECT DISTINCT t FROM unnest(targets) AS t ORDER BY t LOOP
        PERFORM app.lock_for('target', target);
    END LOOP;
END
$$;

-- Waits until nobody has the exclusive lock (app.lock_for), without keeping others who only share it waiting.
CREATE OR REPLACE FUNCTION app.share_lock_for(what text, id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended(what || ':' || app.tenant_id()::text || ':' || id::text, 0));
END
$$;

-- The operator's statements name no tenant: a trigger goes on in that of its row, or the wall would hide every other row
-- from it. For the service this changes nothing, since its rows are of its tenant.
CREATE OR REPLACE FUNCTION app.enter_tenant(tenant uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('app.tenant_id', true) IS DISTINCT FROM tenant::text THEN
        PERFORM set_config('app.tenant_id', tenant::text, true);
    END IF;
END
$$;

-- Whether an UPDATE makes a difference, seen from a BEFORE trigger. There what follows from other columns (`search`, `has_client_secret`) is
-- not computed yet; and what a course keeps of its reviews, or a person of their sign-ins, changes nothing of them.
CREATE OR REPLACE FUNCTION app.is_change(was jsonb, is_now jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (was - '{search,updated_at,email_key,has_client_secret,mean_rating,review_count,has_signed_in}'::text[]) IS DISTINCT FROM (is_now - '{search,updated_at,email_key,has_client_secret,mean_rating,review_count,has_signed_in}'::text[]);

-- Stamps updated_at, where something is updated.
CREATE OR REPLACE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF app.is_change(to_jsonb(OLD), to_jsonb(NEW)) THEN
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END
$$;

-- Whether a person is there; if so, they stay until the transaction ends. A deletion that is under way is waited for, and one that comes later waits for us, and then
-- sees what the person got. For functions that begin something in somebody's name. Reveals: that one bit.
CREATE OR REPLACE FUNCTION app.hold_person(person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM app_user u WHERE u.tenant_id = app.tenant_id() AND u.id = person AND u.deleted_at IS NULL FOR SHARE;
    RETURN FOUND;
END
$$;

-- Whether something of a program is taken now: it is ACTIVE and not over. For functions; a late job changes nothing of it.
CREATE OR REPLACE FUNCTION app.sells(p program) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p.status = 'ACTIVE' AND (p.ends_at IS NULL OR now() < p.ends_at)
$$;

-- A row names nobody who is being deleted, for what a deletion removes it would not find: that is waited for, and the document runs again. Argument: the
-- column that names the person. Reveals nothing.
CREATE OR REPLACE FUNCTION app.keep_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF NOT app.hold_person((to_jsonb(NEW) ->> TG_ARGV[0])::uuid) THEN
        RAISE EXCEPTION USING ERRCODE = 'serialization_failure', MESSAGE = 'whom the row names was deleted meanwhile';
    END IF;
    RETURN NULL;
END
$$;

-- Writes the audit entry of a changed row. Arguments: the GraphQL type, the column that holds its id, and the secret
-- columns (comma separated), of which only "set or not" and "changed" is recorded. Reveals nothing: it writes.
-- Seeds and data migrations may turn it off; the service's own role cannot.
CREATE OR REPLACE FUNCTION app.audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    derived CONSTANT text[] := '{tenant_id,search,updated_at,account,is_instructor,email_key,member_id,is_of_platform,object,payload,is_spared,losses,worker,lease,leased_until,api_key_id,last_used_at,reminded_at,set_aside,last_active_at,last_opened_at,position_seconds,lessons_completed,lessons_total,recorded_progress,reminded_days,mean_rating,review_count,listed_at,post_count,last_post_at,first_completed_at,assigned_count,last_assigned_at,subject_ids,seats_taken,revision,hour_reads,hour_began_at,last_read_at,fetch_failures,fetch_failing_at,fetch_told_at,fetch_asked_at,whole_fetched_at,target_id,flag_note,issued_tickets,code_generation,tried_at,asked_at,is_checked,active_leaf_id,last_message_at,knowledge_base_ids,has_signed_in}';
    -- Said only where there is something to say: bookings of types alone have these.
    sparse  CONSTANT text[] := '{booking_type_id,needs_no_instructor,holds_while_requested,buffer_before_minutes,buffer_after_minutes,outcome,minutes_late,reschedule_count,cancelled_at,cancelled_by_id,is_late_cancel,override,reschedule_reason,group_session_id,series_id,series_starts_at}';
    nobody  CONSTANT text := '00000000-0000-0000-0000-000000000000';
    old_row jsonb;
    new_row jsonb;
    secret  text;
    -- Read before the row is stripped: a tenant's own id is its tenant_id.
    tenant  uuid;
    subject uuid;
    opened_for text;
BEGIN
    IF current_setting('app.audit', true) = 'off' THEN
        IF pg_has_role(session_user, 'lectern_platform', 'MEMBER') THEN
            RETURN NULL;
        END IF;
        -- An erasure takes the log along.
        IF TG_OP = 'DELETE' AND session_user = 'lectern_desk' AND app.is_being_erased(OLD.tenant_id) THEN
            RETURN NULL;
        END IF;
    END IF;
    -- to_jsonb is what this trigger costs beside its INSERT: once for each version of the row.
    IF TG_OP <> 'INSERT' THEN old_row := to_jsonb(OLD); END IF;
    IF TG_OP <> 'DELETE' THEN new_row := to_jsonb(NEW); END IF;
    tenant := coalesce(new_row, old_row) ->> 'tenant_id';
    subject := coalesce(new_row, old_row) ->> TG_ARGV[1];
    old_row := old_row - derived;
    new_row := new_row - derived;
    IF TG_TABLE_NAME = 'booking' THEN
        -- Without a query, which would be a statement more for each version of the row; no column of a booking holds an object.
        old_row := (old_row - sparse) || jsonb_strip_nulls(old_row);
        new_row := (new_row - sparse) || jsonb_strip_nulls(new_row);
    END IF;
    IF old_row = new_row THEN
        RETURN NULL;
    END IF;
    IF TG_NARGS > 2 THEN
        FOREACH secret IN ARRAY string_to_array(TG_ARGV[2], ',') LOOP
            IF old_row ->> secret <> new_row ->> secret THEN
                new_row := new_row || jsonb_build_object(secret || '_changed', true);
            END IF;
            old_row := (old_row - secret) || jsonb_build_object('has_' || secret, old_row ->> secret IS NOT NULL);
            new_row := (new_row - secret) || jsonb_build_object('has_' || secret, new_row ->> secret IS NOT NULL);
        END LOOP;
    END IF;

    -- An operator's command may belong to no tenant, or change rows of several: the entry goes to the row's own.
    opened_for := coalesce(nullif(current_setting('app.tenant_id', true), ''), nobody);
    IF opened_for <> tenant::text THEN
        PERFORM set_config('app.tenant_id', tenant::text, true);
    END IF;
    INSERT INTO audit_entry (tenant_id, id, actor_id, operation, outcome, resource, resource_id, before, after, correlation_id, at)
    VALUES (
        tenant, app.uuid_v7(),
        nullif(coalesce(nullif(current_setting('app.user_id', true), ''), nobody), nobody)::uuid,
        coalesce(nullif(current_setting('app.operation', true), ''), 'system:sql'),
        'CHANGED', TG_ARGV[0], subject, old_row, new_row,
        coalesce(nullif(current_setting('app.correlation_id', true), ''), 'none'), clock_timestamp());
    IF opened_for <> tenant::text THEN
        PERFORM set_config('app.tenant_id', opened_for, true);
    END IF;
    RETURN NULL;
END
$$;

-- What of a recorded row says who somebody is. It leaves the log with the person.
CREATE OR REPLACE FUNCTION app.personal_columns(resource text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE resource WHEN 'User' THEN '{email,name,username}'::text[] WHEN 'Session' THEN '{user_agent,address}'::text[]
                         WHEN 'Attendee' THEN '{name}'::text[] ELSE '{}'::text[] END;

-- A recorded row without that.
CREATE OR REPLACE FUNCTION app.without_personal(resource text, recorded jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN recorded || (SELECT coalesce(jsonb_object_agg(c.name, NULL::text), '{}') FROM unnest(app.personal_columns(resource)) AS c(name) WHERE recorded ? c.name);

-- Empties what is personal in the entries about a person who is deleted, and leaves an entry that it did: the only change that the
-- log ever takes, and the policy lets this through for deleted people alone. What else the entries say stays, under the person's id. Called by
-- the deletion's trigger, and by nobody else. Reveals nothing.
CREATE OR REPLACE FUNCTION app.forget_in_audit(person uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    forgotten bigint;
BEGIN
    IF pg_trigger_depth() = 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'only a deletion makes the log forget';
    END IF;
    UPDATE audit_entry a SET before = app.without_personal(a.resource, a.before), after = app.without_personal(a.resource, a.after)
        WHERE a.tenant_id = app.tenant_id()
          AND (a.resource = 'User' AND a.resource_id = person
               -- By what was recorded: the sign-in itself may be purged.
               OR a.resource = 'Session' AND (coalesce(a.after, a.before) ->> 'user_id')::uuid = person
               -- Who was to come with them; others keep what they have of the person.
               OR a.resource = 'Attendee' AND coalesce(a.after, a.before) ->> 'application_id' IN (
                   SELECT p.id::text FROM application p WHERE p.tenant_id = app.tenant_id() AND p.user_id = person))
          AND (a.before, a.after) IS DISTINCT FROM (app.without_personal(a.resource, a.before), app.without_personal(a.resource, a.after));
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    IF forgotten > 0 THEN
        INSERT INTO audit_entry (tenant_id, id, actor_id, operation, outcome, resource, resource_id, after, correlation_id, at)
        VALUES (
            app.tenant_id(), app.uuid_v7(), nullif(nullif(current_setting('app.user_id', true), '')::uuid, '00000000-0000-0000-0000-000000000000'),
            'system:forget', 'CHANGED', 'User', person, jsonb_build_object('forgotten', app.personal_columns('User'), 'entries', forgotten),
            coalesce(nullif(current_setting('app.correlation_id', true), ''), 'none'), clock_timestamp());
    END IF;
END
$$;

-- Records that a mutation was refused, for the person of this transaction where the tenant has such a one. Reveals
-- nothing: it writes. Without a tenant there is nowhere to write.
CREATE OR REPLACE FUNCTION app.audit_refusal(operation text, resource text, resource_id uuid, code text, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO audit_entry (tenant_id, id, actor_id, operation, outcome, resource, resource_id, code, reason, correlation_id, at)
    SELECT t.tenant_id, app.uuid_v7(), u.id, audit_refusal.operation, 'REFUSED', audit_refusal.resource, audit_refusal.resource_id,
           audit_refusal.code, audit_refusal.reason, current_setting('app.correlation_id'), clock_timestamp()
    FROM tenant t LEFT JOIN app_user u ON u.tenant_id = t.tenant_id AND u.id = app.user_id()
    WHERE t.tenant_id = app.tenant_id();
END
$$;

-- Whether somebody listens to a topic of this transaction's school. A service with subscribers holds the lock of (school, topic), shared, and so
-- it can't be had here. Whoever begins to listen after this waits for the end of this transaction: what it commits was there before.
CREATE OR REPLACE FUNCTION app.is_heard(topic text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN NOT pg_try_advisory_xact_lock(7201, hashtext(current_setting('app.tenant_id') || ' ' || topic));
END
$$;

-- Announces that something is new or has changed: its id, its school and its topic, and the key that says whom it concerns (a recipient, a
-- course), nothing else; whoever hears it reads the row by their own rights. Where nobody listens nothing is announced, because NOTIFY makes
-- commits wait for one another.
CREATE OR REPLACE FUNCTION app.announce(topic text, id uuid, key uuid DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF app.is_heard(topic) THEN
        PERFORM pg_notify('lectern', concat_ws(' ', current_setting('app.tenant_id'), topic, id, key));
    END IF;
END
$$;

-- Announces that a row is new, has changed or is gone, where somebody listens. Arguments: the topic, the column that holds the id, and the one that
-- holds the key (none: no key).
CREATE OR REPLACE FUNCTION app.announce_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved jsonb;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NULL;
    END IF;
    PERFORM app.enter_tenant(coalesce(NEW.tenant_id, OLD.tenant_id));
    IF app.is_heard(TG_ARGV[0]) THEN
        moved := to_jsonb(coalesce(NEW, OLD));
        PERFORM app.announce(TG_ARGV[0], (moved ->> TG_ARGV[1])::uuid, (moved ->> TG_ARGV[2])::uuid);
    END IF;
    RETURN NULL;
END
$$;

-- Nothing that people change themselves changes inside an archived project. Argument: the column that names it. What a function or the service itself
-- changes is not measured by that.
CREATE OR REPLACE FUNCTION app.keep_archived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'lectern_app' AND coalesce(current_setting('app.operation', true), '') NOT LIKE 'system:%' THEN
        PERFORM app.require_open_project((to_jsonb(coalesce(NEW, OLD)) ->> TG_ARGV[0])::uuid);
    END IF;
    RETURN NULL;
END
$$;

GRANT EXECUTE ON FUNCTION app.audit_refusal(text, text, uuid, text, text) TO lectern_app;
