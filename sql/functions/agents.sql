-- Agents: who may change them, their versions, what they know; and what the school says of assistants.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   agent_stale            the agent was changed since: the version is not the one that was expected
--   agent_knowledge_scope  an agent knows what is of the school, and what is of its own project
--   agent_knowledge_gone   there is no such knowledge base
--   agent_starter          a starter has 1 to 200 characters
--   model_not_allowed      the school does not let this model be used

-- Whether the actor may change agents of a project; of the school, where it is none. Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.may_change_agents_of(project uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF project IS NULL THEN
        RETURN app.can('AGENT_MANAGE');
    END IF;
    RETURN (app.can('AGENT_CREATE') OR app.can('AGENT_MANAGE')) AND project IN (SELECT app.managed_projects());
END
$$;

-- The agents that the actor may change. Reveals: to whoever may, their ids.
CREATE OR REPLACE FUNCTION app.changeable_agents() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF app.can('AGENT_CREATE') OR app.can('AGENT_MANAGE') THEN
        RETURN QUERY SELECT a.id FROM agent a WHERE a.tenant_id = app.tenant_id() AND a.deleted_at IS NULL
            AND ((a.project_id IS NULL AND app.can('AGENT_MANAGE')) OR a.project_id IN (SELECT app.managed_projects()));
    END IF;
END
$$;

-- Agents found by the beginnings of words in name and description. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_agent(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words); -- once, not for every row that is compared
BEGIN
    RETURN QUERY SELECT a.id FROM agent a WHERE a.tenant_id = app.tenant_id() AND a.search @@ wanted AND a.deleted_at IS NULL;
END
$$;

-- A change of what an agent is told makes a new version. Whoever writes a version expects it to be the present one.
CREATE OR REPLACE FUNCTION app.count_agent_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM unnest(NEW.starters) AS s(text) WHERE length(s.text) NOT BETWEEN 1 AND 200 OR s.text IS NULL) THEN
        PERFORM app.refuse('agent_starter');
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NEW.version <> OLD.version THEN
            PERFORM app.refuse('agent_stale');
        END IF;
        -- What stands in another order is the same.
        IF NEW.knowledge_base_ids @> OLD.knowledge_base_ids AND NEW.knowledge_base_ids <@ OLD.knowledge_base_ids THEN
            NEW.knowledge_base_ids := OLD.knowledge_base_ids;
        END IF;
        IF (NEW.model, NEW.temperature, NEW.max_tokens, NEW.system_prompt, NEW.tools, NEW.knowledge_base_ids)
            IS DISTINCT FROM (OLD.model, OLD.temperature, OLD.max_tokens, OLD.system_prompt, OLD.tools, OLD.knowledge_base_ids) THEN
            NEW.version := OLD.version + 1;
        END IF;
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER agent_count BEFORE INSERT OR UPDATE ON agent FOR EACH ROW EXECUTE FUNCTION app.count_agent_version();

-- Keeps the new version, and what the agent knows in it. Reveals nothing.
CREATE OR REPLACE FUNCTION app.keep_agent_version() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    nobody CONSTANT text := '00000000-0000-0000-0000-000000000000';
    known  bigint;
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF NEW.deleted_at IS NOT NULL THEN
        DELETE FROM agent_knowledge_base k WHERE k.tenant_id = NEW.tenant_id AND k.agent_id = NEW.id;
        RETURN NULL;
    END IF;
    INSERT INTO agent_version (tenant_id, id, agent_id, version, model, temperature, max_tokens, system_prompt, tools, knowledge_base_ids, created_by_id)
        VALUES (NEW.tenant_id, app.uuid_v7(), NEW.id, NEW.version, NEW.model, NEW.temperature, NEW.max_tokens, NEW.system_prompt, NEW.tools, NEW.knowledge_base_ids,
                coalesce(nullif(nullif(current_setting('app.user_id', true), ''), nobody)::uuid, NEW.created_by_id));
    IF TG_OP = 'UPDATE' AND NEW.knowledge_base_ids = OLD.knowledge_base_ids THEN
        RETURN NULL;
    END IF;
    DELETE FROM agent_knowledge_base k WHERE k.tenant_id = NEW.tenant_id AND k.agent_id = NEW.id;
    -- Whoever deletes one of them waits, or is waited for.
    PERFORM FROM knowledge_base b WHERE b.tenant_id = NEW.tenant_id AND b.id = ANY (NEW.knowledge_base_ids) ORDER BY b.id FOR KEY SHARE;
    SELECT count(*) INTO known FROM knowledge_base b WHERE b.tenant_id = NEW.tenant_id AND b.id = ANY (NEW.knowledge_base_ids);
    IF known < cardinality(NEW.knowledge_base_ids) THEN
        PERFORM app.refuse('agent_knowledge_gone');
    END IF;
    IF EXISTS (SELECT FROM knowledge_base b WHERE b.tenant_id = NEW.tenant_id AND b.id = ANY (NEW.knowledge_base_ids)
               AND b.project_id IS NOT NULL AND b.project_id IS DISTINCT FROM NEW.project_id) THEN
        PERFORM app.refuse('agent_knowledge_scope');
    END IF;
    INSERT INTO agent_knowledge_base (tenant_id, agent_id, knowledge_base_id, place)
        SELECT NEW.tenant_id, NEW.id, k.id, k.place FROM unnest(NEW.knowledge_base_ids) WITH ORDINALITY AS k(id, place);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER agent_keep_new AFTER INSERT ON agent FOR EACH ROW EXECUTE FUNCTION app.keep_agent_version();
CREATE OR REPLACE TRIGGER agent_keep AFTER UPDATE ON agent FOR EACH ROW
    WHEN (NEW.version <> OLD.version OR (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL)) EXECUTE FUNCTION app.keep_agent_version();

CREATE OR REPLACE TRIGGER agent_archived AFTER INSERT OR UPDATE ON agent FOR EACH ROW EXECUTE FUNCTION app.keep_archived('project_id');
CREATE OR REPLACE TRIGGER agent_touch BEFORE UPDATE ON agent FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER agent_audit AFTER INSERT OR UPDATE OR DELETE ON agent FOR EACH ROW EXECUTE FUNCTION app.audit('Agent', 'id', 'system_prompt');

CREATE OR REPLACE TRIGGER agent_knowledge_base_audit AFTER INSERT OR UPDATE OR DELETE ON agent_knowledge_base FOR EACH ROW EXECUTE FUNCTION app.audit('Agent', 'agent_id');

-- What the school says of assistants; the defaults where it says nothing. Reveals, to the service only: that.
CREATE OR REPLACE FUNCTION app.assistant_policy() RETURNS SETOF assistant_policy
    LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT p.* FROM assistant_policy p WHERE p.tenant_id = app.tenant_id();
    IF NOT FOUND THEN
        RETURN QUERY SELECT app.tenant_id(), true, NULL::text[], NULL::jsonb, NULL::text, NULL::integer, NULL::integer, NULL::integer, false, true, true,
                            '{}'::text[], '{}'::text[], false, 60, NULL::timestamptz;
    END IF;
END
$$;

-- Whether the actor may use assistants at all: switched on, in a role that may, with AGENT_EXECUTE. Reveals: to the actor, that one bit.
CREATE OR REPLACE FUNCTION app.may_use_assistant() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN app.can('AGENT_EXECUTE') AND EXISTS (
        SELECT FROM app.assistant_policy() AS p WHERE p.is_enabled AND (p.role_keys IS NULL OR app.role_key() = ANY (p.role_keys)));
END
$$;

-- The model that is used where `wanted` is (none: the school's default), in a deployment whose own model is the second. Refuses one that is not allowed. Reveals:
-- the name.
CREATE OR REPLACE FUNCTION app.model_of(wanted text, deployment_model text) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    allowed text[];
    usual   text;
BEGIN
    SELECT ARRAY(SELECT m.value ->> 'name' FROM jsonb_array_elements(p.models) WITH ORDINALITY AS m(value, place) ORDER BY m.place), p.default_model
        INTO allowed, usual FROM app.assistant_policy() AS p;
    IF cardinality(allowed) = 0 THEN
        allowed := ARRAY[deployment_model];
    END IF;
    usual := coalesce(wanted, usual, CASE WHEN deployment_model = ANY (allowed) THEN deployment_model ELSE allowed[1] END);
    IF usual <> ALL (allowed) THEN
        PERFORM app.refuse('model_not_allowed');
    END IF;
    RETURN usual;
END
$$;

-- How many tokens a model takes, what it is asked and what it answers counted. Reveals: that number.
CREATE OR REPLACE FUNCTION app.model_context(model text, deployment_model text, deployment_context integer) RETURNS integer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT (m.value ->> 'contextTokens')::integer FROM app.assistant_policy() AS p, jsonb_array_elements(p.models) AS m(value)
                     WHERE m.value ->> 'name' = model), deployment_context);
END
$$;

-- Whether a text holds one of these phrases: whatever their case, on the boundaries of words, whatever stands for a space.
CREATE OR REPLACE FUNCTION app.blocked_phrase(words text, phrases text[]) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    folded CONSTANT text := lower(regexp_replace(words COLLATE "und-x-icu", '[[:space:]]', ' ', 'g'));
    phrase text;
    rest   text;
    place  integer;
    passed text;
BEGIN
    FOREACH phrase IN ARRAY coalesce(phrases, '{}') LOOP
        phrase := lower(phrase COLLATE "und-x-icu");
        rest := folded;
        passed := ' ';
        LOOP
            place := position(phrase IN rest);
            EXIT WHEN place = 0 OR phrase = '';
            IF NOT (right(passed || left(rest, place - 1), 1) COLLATE "und-x-icu" ~ '[[:alnum:]]')
                AND NOT (substr(rest, place + length(phrase), 1) COLLATE "und-x-icu" ~ '[[:alnum:]]') THEN
                RETURN true;
            END IF;
            passed := substr(rest, place, 1);
            rest := substr(rest, place + 1);
        END LOOP;
    END LOOP;
    RETURN false;
END
$$;

-- For how many days a conversation is kept after its last message; NULL for ever. Reveals: that number.
CREATE OR REPLACE FUNCTION app.retention_days() RETURNS integer
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT p.retention_days FROM assistant_policy p WHERE p.tenant_id = app.tenant_id());
END
$$;

CREATE OR REPLACE TRIGGER assistant_policy_touch BEFORE UPDATE ON assistant_policy FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER assistant_policy_audit AFTER INSERT OR UPDATE OR DELETE ON assistant_policy FOR EACH ROW EXECUTE FUNCTION app.audit('AssistantPolicy', 'tenant_id');

GRANT EXECUTE ON FUNCTION app.may_change_agents_of(uuid), app.changeable_agents(), app.search_agent(text), app.assistant_policy(), app.may_use_assistant(),
    app.model_of(text, text), app.model_context(text, text, integer), app.retention_days() TO lectern_app;
