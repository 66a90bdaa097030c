-- Answers on their way, what models are asked with, and what that takes.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   token_limit   more tokens are wanted than are left (`limit`, `used`, `retryAfter` in seconds)

-- ---- what is left -----------------------------------------------------------------------------------------------------------------------------

-- The day and the month of this moment by the clock of this transaction's school, and when the next of each begins.
CREATE OR REPLACE FUNCTION app.token_periods() RETURNS TABLE (day date, month date, next_day timestamptz, next_month timestamptz)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT d.day, date_trunc('month', d.day::timestamp)::date, (d.day + 1)::timestamp AT TIME ZONE d.zone,
               (date_trunc('month', d.day::timestamp) + interval '1 month') AT TIME ZONE d.zone
        FROM (SELECT (now() AT TIME ZONE t.time_zone)::date AS day, t.time_zone AS zone FROM tenant t WHERE t.tenant_id = app.tenant_id()) AS d;
END
$$;

-- What this transaction's school may use in a month: its own cap or the operator's, the lower one. NULL: any amount. Reveals, to functions and to
-- holders of ASSISTANT_MANAGE: that.
CREATE OR REPLACE FUNCTION app.monthly_token_limit() RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT least((SELECT p.monthly_token_limit::bigint FROM app.assistant_policy() AS p), t.assistant_token_quota) FROM tenant t WHERE t.tenant_id = app.tenant_id());
END
$$;

-- Adds to a counter, if it stays within its limit then. Refuses where it would not. For the functions below.
CREATE OR REPLACE FUNCTION app.take_tokens(of_scope text, whose uuid, of_period date, most bigint, wanted bigint, resets timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    taken bigint;
BEGIN
    INSERT INTO token_counter (tenant_id, scope, user_id, period) VALUES (app.tenant_id(), of_scope, whose, of_period) ON CONFLICT DO NOTHING;
    UPDATE token_counter c SET reserved = c.reserved + wanted
        WHERE c.tenant_id = app.tenant_id() AND c.scope = of_scope AND c.user_id = whose AND c.period = of_period
          AND (most IS NULL OR c.used + c.reserved + wanted <= most);
    IF NOT FOUND THEN
        SELECT c.used + c.reserved INTO taken FROM token_counter c
            WHERE c.tenant_id = app.tenant_id() AND c.scope = of_scope AND c.user_id = whose AND c.period = of_period;
        PERFORM app.refuse('token_limit', jsonb_build_object('limit', most, 'used', taken,
            'retryAfter', greatest(1, ceil(extract(epoch FROM resets - now())))::bigint)::text);
    END IF;
END
$$;

-- Reserves so many tokens for an answer or a generation: the school's month first, then the person's day. Asked again it reserves what is missing. Refuses
-- where that is more than is left. Reveals, by its refusal and to whom it concerns: the cap, and what is used of it.
CREATE OR REPLACE FUNCTION app.reserve_tokens(of_holder uuid, person uuid, need bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    nobody  CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    periods record;
    held    token_reservation;
    missing bigint;
BEGIN
    SELECT * INTO periods FROM app.token_periods();
    SELECT * INTO held FROM token_reservation r WHERE r.tenant_id = app.tenant_id() AND r.holder = of_holder FOR NO KEY UPDATE;
    missing := need - coalesce(held.tokens, 0);
    IF missing <= 0 THEN
        RETURN;
    END IF;
    PERFORM app.take_tokens('SCHOOL', nobody, coalesce(held.month, periods.month), app.monthly_token_limit(), missing, periods.next_month);
    PERFORM app.take_tokens('PERSON', person, coalesce(held.day, periods.day), (SELECT p.daily_token_limit_per_user FROM app.assistant_policy() AS p), missing, periods.next_day);
    INSERT INTO token_reservation (tenant_id, holder, user_id, tokens, day, month)
        VALUES (app.tenant_id(), of_holder, person, need, periods.day, periods.month)
        ON CONFLICT (tenant_id, holder) DO UPDATE SET tokens = excluded.tokens;
END
$$;

-- Says what a call has taken: a row of usage at the price of now, and both counters; `keep` stays reserved, or where that is NULL, what the call has left. At 80 % of the
-- month those are told who manage assistants, once a month. Reveals nothing.
CREATE OR REPLACE FUNCTION app.settle_call(of_holder uuid, person uuid, for_purpose text, of_project uuid, of_agent uuid, of_model text, prompt bigint, completion bigint,
    estimated boolean, failed boolean, keep bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    nobody  CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    periods record;
    held    token_reservation;
    kept    bigint;
    freed   bigint;
    price   jsonb;
    most    bigint;
    total   bigint;
BEGIN
    SELECT * INTO periods FROM app.token_periods();
    SELECT * INTO held FROM token_reservation r WHERE r.tenant_id = app.tenant_id() AND r.holder = of_holder FOR NO KEY UPDATE;
    kept := least(coalesce(keep, greatest(0, held.tokens - prompt - completion)), coalesce(held.tokens, 0));
    freed := coalesce(held.tokens, 0) - kept;
    INSERT INTO token_counter (tenant_id, scope, user_id, period)
        VALUES (app.tenant_id(), 'SCHOOL', nobody, coalesce(held.month, periods.month)) ON CONFLICT DO NOTHING;
    UPDATE token_counter c SET used = c.used + prompt + completion, reserved = greatest(0, c.reserved - freed)
        WHERE c.tenant_id = app.tenant_id() AND c.scope = 'SCHOOL' AND c.user_id = nobody AND c.period = coalesce(held.month, periods.month)
        RETURNING c.used INTO total;
    INSERT INTO token_counter (tenant_id, scope, user_id, period)
        VALUES (app.tenant_id(), 'PERSON', person, coalesce(held.day, periods.day)) ON CONFLICT DO NOTHING;
    UPDATE token_counter c SET used = c.used + prompt + completion, reserved = greatest(0, c.reserved - freed)
        WHERE c.tenant_id = app.tenant_id() AND c.scope = 'PERSON' AND c.user_id = person AND c.period = coalesce(held.day, periods.day);
    IF kept > 0 THEN
        UPDATE token_reservation r SET tokens = kept WHERE r.tenant_id = app.tenant_id() AND r.holder = of_holder;
    ELSE
        DELETE FROM token_reservation r WHERE r.tenant_id = app.tenant_id() AND r.holder = of_holder;
    END IF;

    SELECT m.value INTO price FROM jsonb_array_elements((SELECT p.models FROM app.assistant_policy() AS p)) AS m WHERE m.value ->> 'name' = of_model LIMIT 1;
    INSERT INTO assistant_usage (tenant_id, id, user_id, project_id, agent_id, model, purpose, has_failed, prompt_tokens, completion_tokens, is_estimated,
            input_price, output_price, currency, message_id, generation_id)
        SELECT app.tenant_id(), app.uuid_v7(), person,
               (SELECT j.id FROM project j WHERE j.tenant_id = app.tenant_id() AND j.id = of_project),
               (SELECT a.id FROM agent a WHERE a.tenant_id = app.tenant_id() AND a.id = of_agent),
               of_model, for_purpose, failed, prompt, completion, estimated,
               (price ->> 'inputPrice')::numeric, (price ->> 'outputPrice')::numeric, price ->> 'currency',
               (SELECT m.id FROM message m WHERE m.tenant_id = app.tenant_id() AND m.id = of_holder AND for_purpose <> 'GENERATION'),
               CASE WHEN for_purpose = 'GENERATION' THEN of_holder END;

    most := app.monthly_token_limit();
    IF most > 0 AND total * 5 >= most * 4 THEN
        UPDATE token_counter c SET warned_at = now()
            WHERE c.tenant_id = app.tenant_id() AND c.scope = 'SCHOOL' AND c.user_id = nobody AND c.period = coalesce(held.month, periods.month) AND c.warned_at IS NULL;
        IF FOUND AND app.notifies('notify.assistant_limit_near') THEN
            PERFORM app.emit('notify.assistant_limit_near', app.type_id('tenant', app.tenant_id()), NULL,
                jsonb_build_object('facts', jsonb_build_object('limit', most::text, 'used', total::text, 'until', periods.next_month)));
        END IF;
    END IF;
END
$$;

-- What the actor has used today and may use; and the school's month, for whoever manages assistants. What is reserved counts as used. Reveals: these numbers.
CREATE OR REPLACE FUNCTION app.assistant_allowance() RETURNS TABLE (used_today bigint, daily_limit integer, resets_at timestamptz, used_this_month bigint, monthly_limit bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT coalesce((SELECT c.used + c.reserved FROM token_counter c
                         WHERE c.tenant_id = app.tenant_id() AND c.scope = 'PERSON' AND c.user_id = app.user_id() AND c.period = p.day), 0),
               (SELECT p.daily_token_limit_per_user FROM app.assistant_policy() AS p), p.next_day,
               CASE WHEN app.can('ASSISTANT_MANAGE') THEN coalesce((SELECT c.used + c.reserved FROM token_counter c
                   WHERE c.tenant_id = app.tenant_id() AND c.scope = 'SCHOOL' AND c.user_id = '00000000-0000-0000-0000-000000000000' AND c.period = p.month), 0) END,
               CASE WHEN app.can('ASSISTANT_MANAGE') THEN app.monthly_token_limit() END
        FROM app.token_periods() AS p;
END
$$;

-- ---- where models are asked -------------------------------------------------------------------------------------------------------------------

-- Whether this transaction's school has an endpoint of its own. Reveals: that.
CREATE OR REPLACE FUNCTION app.has_own_endpoint() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM assistant_provider p WHERE p.tenant_id = app.tenant_id() AND p.base_url IS NOT NULL);
END
$$;

-- Where this transaction's school asks its models, and by which key, sealed. Reveals, to the service only: that.
CREATE OR REPLACE FUNCTION app.own_endpoint() RETURNS TABLE (base_url text, key bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT p.base_url, p.key FROM assistant_provider p WHERE p.tenant_id = app.tenant_id();
END
$$;

-- Sets where this transaction's school asks its models. Another address drops the key, unless a new one comes with it. Refuses nothing: who may, says
-- the mutation, and here the permission. Reveals nothing.
CREATE OR REPLACE FUNCTION app.set_assistant_provider(sets_url boolean, url text, sealed bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('ASSISTANT_MANAGE') THEN
        RETURN false;
    END IF;
    INSERT INTO assistant_provider AS p (tenant_id, base_url, key, key_set_at)
        VALUES (app.tenant_id(), url, sealed, CASE WHEN sealed IS NOT NULL THEN now() END)
        ON CONFLICT (tenant_id) DO UPDATE SET
            base_url = CASE WHEN sets_url THEN url ELSE p.base_url END,
            key = CASE WHEN sealed IS NOT NULL THEN sealed WHEN sets_url AND url IS DISTINCT FROM p.base_url THEN NULL ELSE p.key END,
            key_set_at = CASE WHEN sealed IS NOT NULL THEN now() WHEN sets_url AND url IS DISTINCT FROM p.base_url THEN NULL ELSE p.key_set_at END,
            last_answered_at = CASE WHEN sets_url AND url IS DISTINCT FROM p.base_url THEN NULL ELSE p.last_answered_at END,
            last_failed_at = CASE WHEN sets_url AND url IS DISTINCT FROM p.base_url THEN NULL ELSE p.last_failed_at END,
            last_failure_reason = CASE WHEN sets_url AND url IS DISTINCT FROM p.base_url THEN NULL ELSE p.last_failure_reason END;
    RETURN true;
END
$$;

-- Back to the deployment's endpoint and key. Reveals nothing.
CREATE OR REPLACE FUNCTION app.remove_assistant_provider() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT app.can('ASSISTANT_MANAGE') THEN
        RETURN false;
    END IF;
    DELETE FROM assistant_provider p WHERE p.tenant_id = app.tenant_id();
    RETURN true;
END
$$;

-- Says how an endpoint has behaved: answered (NULL), or why not; once a minute of each at most, so that answers don't wait for one another. Reveals nothing.
CREATE OR REPLACE FUNCTION app.note_provider(failure text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM assistant_provider p WHERE p.tenant_id = app.tenant_id()
               AND CASE WHEN failure IS NULL THEN p.last_answered_at > now() - interval '1 minute'
                        ELSE p.last_failed_at > now() - interval '1 minute' AND p.last_failure_reason = failure END) THEN
        RETURN;
    END IF;
    INSERT INTO assistant_provider AS p (tenant_id, last_answered_at, last_failed_at, last_failure_reason)
        VALUES (app.tenant_id(), CASE WHEN failure IS NULL THEN now() END, CASE WHEN failure IS NOT NULL THEN now() END, failure)
        ON CONFLICT (tenant_id) DO UPDATE SET
            last_answered_at = coalesce(excluded.last_answered_at, p.last_answered_at),
            last_failed_at = coalesce(excluded.last_failed_at, p.last_failed_at),
            last_failure_reason = coalesce(excluded.last_failure_reason, p.last_failure_reason);
END
$$;

CREATE OR REPLACE TRIGGER assistant_provider_audit AFTER INSERT ON assistant_provider FOR EACH ROW
    WHEN (NEW.base_url IS NOT NULL OR NEW.key IS NOT NULL) EXECUTE FUNCTION app.audit('AssistantProvider', 'tenant_id', 'key');
CREATE OR REPLACE TRIGGER assistant_provider_audit_change AFTER UPDATE OF base_url, key ON assistant_provider FOR EACH ROW
    WHEN ((OLD.base_url, OLD.key) IS DISTINCT FROM (NEW.base_url, NEW.key)) EXECUTE FUNCTION app.audit('AssistantProvider', 'tenant_id', 'key');
CREATE OR REPLACE TRIGGER assistant_provider_audit_end AFTER DELETE ON assistant_provider FOR EACH ROW
    WHEN (OLD.base_url IS NOT NULL OR OLD.key IS NOT NULL) EXECUTE FUNCTION app.audit('AssistantProvider', 'tenant_id', 'key');

-- ---- a run ------------------------------------------------------------------------------------------------------------------------------------

-- An answer waits for somebody who writes it. Called by app.begin_answer alone. Reveals nothing.
CREATE OR REPLACE FUNCTION app.open_run(answer uuid, sign_in uuid, version integer, abandoned text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO answer_run (tenant_id, message_id, conversation_id, user_id, session_id, token_version, api_key_id, when_abandoned)
        SELECT m.tenant_id, m.id, m.conversation_id, m.owner_id, sign_in, version, app.key_id(), coalesce(abandoned, 'CONTINUE')
        FROM message m WHERE m.tenant_id = app.tenant_id() AND m.id = answer;
END
$$;

-- Tells whoever listens to an answer that there is more of it, or that it has ended; and its own process, where somebody else has ended it.
CREATE OR REPLACE FUNCTION app.tell_of_answer(answer uuid, has_ended boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM app.announce('answer', answer, answer);
    IF has_ended THEN
        PERFORM app.announce('answer_end', answer, answer);
    END IF;
END
$$;

-- A process takes an answer: true for the first one that asks, in the name of the person whom it is for. Reveals: that.
CREATE OR REPLACE FUNCTION app.claim_answer(answer uuid, by_process uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM set_config('app.operation', 'system:answer', true);
    UPDATE answer_run r SET process = by_process, claimed_at = now(), beat_at = now()
        WHERE r.tenant_id = app.tenant_id() AND r.message_id = answer AND r.process IS NULL AND r.user_id = app.user_id();
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE message m SET state = 'RUNNING' WHERE m.tenant_id = app.tenant_id() AND m.id = answer AND m.state = 'PENDING';
    IF NOT FOUND THEN
        RAISE EXCEPTION USING MESSAGE = 'an answer with a run is not pending';
    END IF;
    RETURN true;
END
$$;

-- What a run works with: the agent as it is now, past what its person may read of it; the branch so far, the newest first; and what the school says. For the
-- run's own person alone, and only while it runs. Reveals, to the service only: this.
CREATE OR REPLACE FUNCTION app.answer_terms(answer uuid) RETURNS TABLE (agent_id uuid, project_id uuid, course_id uuid, model text, temperature double precision,
    max_tokens integer, system_prompt text, tools text[], knowledge_base_ids uuid[], context jsonb, document_ids uuid[], policy jsonb, when_abandoned text, branch jsonb, branch_length integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        WITH RECURSIVE running AS (
            SELECT m.*, r.when_abandoned FROM answer_run r JOIN message m ON m.tenant_id = r.tenant_id AND m.id = r.message_id
            WHERE r.tenant_id = app.tenant_id() AND r.message_id = answer AND r.user_id = app.user_id()),
        -- No model reads more of what came before than this.
        up AS (
            SELECT p.id, p.parent_id, p.conversation_id, p.depth, p.role, p.state, p.content, p.document_ids, length(p.content)::bigint AS characters
                FROM running a JOIN message p ON p.tenant_id = app.tenant_id() AND p.conversation_id = a.conversation_id AND p.id = a.parent_id
            UNION ALL
            SELECT p.id, p.parent_id, p.conversation_id, p.depth, p.role, p.state, p.content, p.document_ids, up.characters + length(p.content)
                FROM up JOIN message p ON p.tenant_id = app.tenant_id() AND p.conversation_id = up.conversation_id AND p.id = up.parent_id
                WHERE up.characters < 4000000)
        SELECT g.id, c.project_id, c.course_id, coalesce(a.model, g.model), v.temperature, v.max_tokens, v.system_prompt, v.tools, v.knowledge_base_ids, c.context,
               coalesce((SELECT up.document_ids FROM up WHERE up.id = a.parent_id), '{}'), (SELECT to_jsonb(p) FROM app.assistant_policy() AS p), a.when_abandoned,
               (SELECT jsonb_agg(jsonb_build_array(up.role, up.state, up.content) ORDER BY up.depth DESC) FROM up WHERE up.role IN ('USER', 'ASSISTANT')),
               (SELECT count(*)::integer FROM message p WHERE p.tenant_id = a.tenant_id AND p.conversation_id = a.conversation_id AND p.is_active
                    AND p.depth < a.depth AND p.role IN ('USER', 'ASSISTANT'))
        FROM running a
        JOIN conversation c ON c.tenant_id = a.tenant_id AND c.id = a.conversation_id
        JOIN agent g ON g.tenant_id = a.tenant_id AND g.id = a.agent_id
        JOIN agent_version v ON v.tenant_id = a.tenant_id AND v.agent_id = a.agent_id AND v.version = a.agent_version;
END
$$;

-- A call begins: so much is reserved for it, and noted, so that whoever ends the answer can settle it; and how many earlier messages it leaves out. False: the
-- answer has ended. Refuses by `token_limit`. Reveals: that.
CREATE OR REPLACE FUNCTION app.begin_call(answer uuid, by_process uuid, prompt bigint, most bigint, so_far integer, omitted integer DEFAULT NULL) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM set_config('app.operation', 'system:answer', true);
    UPDATE answer_run r SET call_prompt = prompt, call_from = so_far, beat_at = now()
        WHERE r.tenant_id = app.tenant_id() AND r.message_id = answer AND r.process = by_process AND r.user_id = app.user_id();
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE message m SET omitted_messages = omitted
        WHERE m.tenant_id = app.tenant_id() AND m.id = answer AND omitted IS NOT NULL AND m.omitted_messages IS DISTINCT FROM omitted;
    PERFORM app.reserve_tokens(answer, app.user_id(), prompt + most);
    RETURN true;
END
$$;

-- A call has ended that another follows. False: the answer has ended. Reveals: that.
CREATE OR REPLACE FUNCTION app.end_call(answer uuid, by_process uuid, of_model text, prompt bigint, completion bigint, estimated boolean, failed boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM set_config('app.operation', 'system:answer', true);
    UPDATE answer_run r SET call_prompt = NULL, call_from = NULL, beat_at = now(), prompt_tokens = r.prompt_tokens + prompt,
            completion_tokens = r.completion_tokens + completion, is_estimated = r.is_estimated OR estimated
        WHERE r.tenant_id = app.tenant_id() AND r.message_id = answer AND r.process = by_process AND r.user_id = app.user_id();
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM app.settle_call(answer, app.user_id(), 'ANSWER', c.project_id, m.agent_id, of_model, prompt, completion, estimated, failed, 1)
        FROM message m JOIN conversation c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id
        WHERE m.tenant_id = app.tenant_id() AND m.id = answer;
    RETURN true;
END
$$;

-- There is more of an answer (or nothing, and its process is still there), and its links lead to these hosts by now. False: it has ended. Reveals: that.
CREATE OR REPLACE FUNCTION app.flush_answer(answer uuid, by_process uuid, so_far bigint, more text, hosts text[] DEFAULT NULL) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE answer_run r SET beat_at = now()
        WHERE r.tenant_id = app.tenant_id() AND r.message_id = answer AND r.process = by_process AND r.user_id = app.user_id();
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF more <> '' THEN
        INSERT INTO message_delta (tenant_id, message_id, position, text) VALUES (app.tenant_id(), answer, so_far, more);
        UPDATE message m SET external_hosts = hosts WHERE m.tenant_id = app.tenant_id() AND m.id = answer AND m.external_hosts <> hosts;
        PERFORM app.tell_of_answer(answer, false);
    END IF;
    RETURN true;
END
$$;

-- What a tool was asked and said, as a message below the answer, and as an entry of the audit log; the words only where the school audits them. Reveals:
-- the message's id; NULL where the answer has ended.
CREATE OR REPLACE FUNCTION app.note_tool(answer uuid, by_process uuid, of_tool text, asked jsonb, came text, said text, row_count integer) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    made CONSTANT uuid := app.uuid_v7();
BEGIN
    PERFORM set_config('app.operation', 'system:answer', true);
    UPDATE answer_run r SET beat_at = now()
        WHERE r.tenant_id = app.tenant_id() AND r.message_id = answer AND r.process = by_process AND r.user_id = app.user_id();
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO message (tenant_id, id, conversation_id, owner_id, parent_id, depth, role, state, is_active, content, tool, arguments, outcome, created_at)
        SELECT m.tenant_id, made, m.conversation_id, m.owner_id, m.id, m.depth + 1, 'TOOL', 'COMPLETED', false, said, of_tool, asked, came, clock_timestamp()
        FROM message m WHERE m.tenant_id = app.tenant_id() AND m.id = answer;
    INSERT INTO audit_entry (tenant_id, id, actor_id, operation, outcome, resource, resource_id, after, correlation_id, at)
        VALUES (app.tenant_id(), app.uuid_v7(), app.user_id(), 'system:assistant-tool', 'CHANGED', 'Message', answer,
            jsonb_build_object('tool', of_tool, 'outcome', came, 'rows', row_count)
                || CASE WHEN (SELECT p.audits_content FROM app.assistant_policy() AS p) THEN jsonb_build_object('arguments', asked) ELSE '{}' END,
            coalesce(nullif(current_setting('app.correlation_id', true), ''), 'none'), clock_timestamp());
    PERFORM app.tell_of_answer(answer, false);
    RETURN made;
END
$$;

-- Ends an answer whose row of answer_run is locked: its text and its hosts are what was written down, unless others are given; the citations whose marks stand in it are
-- cited; the call that was under way is settled, by estimate unless numbers are given. For the functions below.
CREATE OR REPLACE FUNCTION app.close_answer(run answer_run, end_state text, final_text text, finish text, failure text, prompt bigint, completion bigint, estimated boolean,
    hosts text[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ended    message;
    whole    text;
    was_call boolean := run.call_prompt IS NOT NULL;
    called   bigint := coalesce(prompt, run.call_prompt, 0);
    written  bigint;
BEGIN
    PERFORM set_config('app.operation', 'system:answer', true)
        WHERE coalesce(current_setting('app.operation', true), '') = '' OR current_setting('app.operation', true) LIKE 'system:%';
    whole := coalesce(final_text, (SELECT string_agg(d.text, '' ORDER BY d.position) FROM message_delta d
                                   WHERE d.tenant_id = run.tenant_id AND d.message_id = run.message_id), '');
    written := coalesce(completion, ceil(greatest(0, length(whole) - coalesce(run.call_from, 0)) / 4.0)::bigint, 0);
    IF NOT was_call AND prompt IS NULL THEN
        called := 0;
        written := 0;
    END IF;
    UPDATE message m SET state = end_state, content = whole, finish_reason = finish, failure_reason = failure, finished_at = now(),
            prompt_tokens = least(run.prompt_tokens + called, 2147483647), completion_tokens = least(run.completion_tokens + written, 2147483647),
            is_estimated = run.is_estimated OR (coalesce(estimated, true) AND (was_call OR prompt IS NOT NULL)), external_hosts = coalesce(hosts, m.external_hosts)
        WHERE m.tenant_id = run.tenant_id AND m.id = run.message_id AND m.state IN ('PENDING', 'RUNNING') RETURNING m.* INTO ended;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE message_citation c SET is_cited = true
        WHERE c.tenant_id = run.tenant_id AND c.message_id = run.message_id AND position('[' || c.marker || ']' IN whole) > 0;
    IF was_call OR prompt IS NOT NULL THEN
        PERFORM app.settle_call(run.message_id, run.user_id, 'ANSWER', c.project_id, ended.agent_id, coalesce(ended.model, 'default'), called, written,
                                coalesce(estimated, true), end_state = 'FAILED', 0)
            FROM conversation c WHERE c.tenant_id = run.tenant_id AND c.id = run.conversation_id;
    ELSE
        PERFORM app.free_tokens(run.message_id);
    END IF;
    DELETE FROM message_delta d WHERE d.tenant_id = run.tenant_id AND d.message_id = run.message_id;
    DELETE FROM answer_run r WHERE r.tenant_id = run.tenant_id AND r.message_id = run.message_id;
    UPDATE conversation c SET last_message_at = now() WHERE c.tenant_id = run.tenant_id AND c.id = run.conversation_id;
    PERFORM app.tell_of_answer(run.message_id, true);
    RETURN true;
END
$$;

-- Gives back what is reserved and was not used. Reveals nothing.
CREATE OR REPLACE FUNCTION app.free_tokens(of_holder uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    held token_reservation;
BEGIN
    DELETE FROM token_reservation r WHERE r.tenant_id = app.tenant_id() AND r.holder = of_holder RETURNING r.* INTO held;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE token_counter c SET reserved = greatest(0, c.reserved - held.tokens) WHERE c.tenant_id = app.tenant_id() AND c.scope = 'SCHOOL'
        AND c.user_id = '00000000-0000-0000-0000-000000000000' AND c.period = held.month;
    UPDATE token_counter c SET reserved = greatest(0, c.reserved - held.tokens) WHERE c.tenant_id = app.tenant_id() AND c.scope = 'PERSON'
        AND c.user_id = held.user_id AND c.period = held.day;
END
$$;

-- A generation or a document that ends, or goes, gives back what its job has reserved and not settled. Reveals nothing.
CREATE OR REPLACE FUNCTION app.drop_reservation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(OLD.tenant_id);
    PERFORM app.free_tokens(OLD.id);
    RETURN NULL;
END
$$;

-- The process that writes an answer ends it. False: somebody else has. Whoever is not signed in any more is not asked who they are: the service ends their
-- answer in the school's name. The last two arguments are of the version before; the last says nothing any more. Reveals: that.
CREATE OR REPLACE FUNCTION app.end_answer(answer uuid, by_process uuid, end_state text, final_text text, finish text, failure text, prompt bigint, completion bigint,
    estimated boolean, hosts text[], omitted integer DEFAULT NULL, cited integer[] DEFAULT NULL) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    run answer_run;
BEGIN
    PERFORM set_config('app.operation', 'system:answer', true);
    SELECT * INTO run FROM answer_run r WHERE r.tenant_id = app.tenant_id() AND r.message_id = answer AND r.process IS NOT DISTINCT FROM by_process FOR UPDATE;
    IF NOT FOUND OR NOT app.close_answer(run, end_state, final_text, finish, failure, prompt, completion, estimated, hosts) THEN
        RETURN false;
    END IF;
    UPDATE message m SET omitted_messages = omitted WHERE m.tenant_id = run.tenant_id AND m.id = answer AND omitted IS NOT NULL;
    RETURN true;
END
$$;

-- The actor stops an answer of theirs. True where it had not ended; false where it had, or there is none of theirs. Reveals: that.
CREATE OR REPLACE FUNCTION app.cancel_answer(answer uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    run answer_run;
BEGIN
    SELECT * INTO run FROM answer_run r WHERE r.tenant_id = app.tenant_id() AND r.message_id = answer AND r.user_id = app.user_id() FOR UPDATE;
    RETURN FOUND AND app.close_answer(run, 'CANCELLED', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
END
$$;

-- Stops what is being answered in a conversation: it is being deleted, by whoever may. Reveals nothing.
CREATE OR REPLACE FUNCTION app.cancel_answers(of_conversation uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    run answer_run;
BEGIN
    FOR run IN SELECT r.* FROM answer_run r WHERE r.tenant_id = app.tenant_id() AND r.conversation_id = of_conversation FOR UPDATE LOOP
        PERFORM app.close_answer(run, 'CANCELLED', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    END LOOP;
END
$$;

-- The actor listens to an answer of theirs. Reveals: whether it ends where nobody does, so that this is to be said again and again.
CREATE OR REPLACE FUNCTION app.hear_answer(answer uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE answer_run r SET heard_at = now()
        WHERE r.tenant_id = app.tenant_id() AND r.message_id = answer AND r.user_id = app.user_id() AND r.when_abandoned = 'CANCEL';
    RETURN FOUND;
END
$$;

-- For how many seconds nobody has listened to an answer, as far as other processes say; NULL where nobody ever did. Reveals: that.
CREATE OR REPLACE FUNCTION app.answer_unheard(answer uuid, by_process uuid) RETURNS double precision
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT extract(epoch FROM now() - r.heard_at) FROM answer_run r
            WHERE r.tenant_id = app.tenant_id() AND r.message_id = answer AND r.process = by_process AND r.user_id = app.user_id());
END
$$;

-- Ends answers whose process is not heard of any more, and those that nobody has begun: never anew. Reveals: how many there were.
CREATE OR REPLACE FUNCTION app.sweep_answers(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    run   answer_run;
    count integer := 0;
BEGIN
    FOR run IN SELECT r.* FROM answer_run r WHERE r.tenant_id = app.tenant_id() AND app.is_silent(r.beat_at, r.process)
               ORDER BY r.beat_at LIMIT at_most FOR UPDATE SKIP LOCKED LOOP
        IF app.close_answer(run, 'FAILED', NULL, NULL, CASE WHEN run.process IS NULL THEN 'OVERLOADED' ELSE 'INTERRUPTED' END, NULL, NULL, NULL, NULL) THEN
            count := count + 1;
        END IF;
    END LOOP;
    RETURN count;
END
$$;

-- Whether nobody writes an answer any more: its process was silent for 30 seconds, or none has begun it for longer than any lets one wait.
CREATE OR REPLACE FUNCTION app.is_silent(beat_at timestamptz, process uuid) RETURNS boolean LANGUAGE sql STABLE
    RETURN beat_at < now() - CASE WHEN process IS NULL THEN interval '45 seconds' ELSE interval '30 seconds' END;

-- A message that goes takes along what is reserved for it.
CREATE OR REPLACE FUNCTION app.drop_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(OLD.tenant_id);
    PERFORM app.free_tokens(OLD.message_id);
    PERFORM app.tell_of_answer(OLD.message_id, true);
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER answer_run_drop AFTER DELETE ON answer_run FOR EACH ROW EXECUTE FUNCTION app.drop_run();

GRANT EXECUTE ON FUNCTION app.assistant_allowance(), app.has_own_endpoint(), app.own_endpoint(), app.set_assistant_provider(boolean, text, bytea),
    app.remove_assistant_provider(), app.note_provider(text), app.claim_answer(uuid, uuid), app.answer_terms(uuid),
    app.begin_call(uuid, uuid, bigint, bigint, integer, integer), app.end_call(uuid, uuid, text, bigint, bigint, boolean, boolean),
    app.flush_answer(uuid, uuid, bigint, text, text[]), app.note_tool(uuid, uuid, text, jsonb, text, text, integer),
    app.end_answer(uuid, uuid, text, text, text, text, bigint, bigint, boolean, text[], integer, integer[]),
    app.cancel_answer(uuid), app.sweep_answers(integer), app.hear_answer(uuid), app.answer_unheard(uuid, uuid), app.reserve_tokens(uuid, uuid, bigint), app.free_tokens(uuid),
    app.settle_call(uuid, uuid, text, uuid, uuid, text, bigint, bigint, boolean, boolean, bigint) TO lectern_app;
