-- Conversations: the tree of messages, how an answer is begun, what is shared, what is removed.
--
-- The refusals below are rules like constraints: the service maps them by their names.
--   answer_not_found      the actor has no such conversation or message
--   answer_not_yours      it is somebody else's, who has shared it; or one only reads in the project
--   answer_parent         it is no finished answer of this conversation
--   answer_kind           only what a person said is edited, only an answer is given anew
--   answer_document       (detail: place) there is no such document
--   answer_client_id      the clientMessageId was used for something else
--   answer_unconfigured   there is nobody to answer
--   assistant_policy      the school does not let the actor use assistants
--   answer_assessment     the actor has a quiz attempt in progress
--   answer_agent          the agent is gone, inactive or not seen by the actor
--   answer_blocked        the text holds what the school has blocked
--   answer_too_long       the text is longer than what the model takes
--   message_unfinished_key an answer is being written
--   answer_too_many       (detail: limit, used) the actor waits for too many answers
--   conversation_project  it belongs to no project
--   message_state         no such step leads on from the answer's state

-- The conversation that the actor changes, locked: their own. Refuses where it is somebody else's or there is none. Reveals: to its owner, the row.
CREATE OR REPLACE FUNCTION app.take_conversation(wanted uuid) RETURNS conversation
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    taken conversation;
BEGIN
    SELECT * INTO taken FROM conversation c
        WHERE c.tenant_id = app.tenant_id() AND c.id = wanted AND c.owner_id = app.user_id() AND app.viewed_by() IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        IF EXISTS (SELECT FROM conversation c WHERE c.tenant_id = app.tenant_id() AND c.id = wanted AND c.shared_at IS NOT NULL AND c.deleted_at IS NULL
                   AND c.project_id IN (SELECT app.entered_projects())) THEN
            PERFORM app.refuse('answer_not_yours');
        END IF;
        PERFORM app.refuse('answer_not_found');
    END IF;
    RETURN taken;
END
$$;

-- The same of the conversation of a message. One that was shared is readable where the message is.
CREATE OR REPLACE FUNCTION app.take_conversation_of(wanted uuid) RETURNS conversation
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found_in uuid;
    talk     conversation;
BEGIN
    SELECT m.conversation_id INTO found_in FROM message m
        WHERE m.tenant_id = app.tenant_id() AND m.id = wanted AND (m.owner_id = app.user_id() OR m.is_shared);
    talk := app.take_conversation(found_in);
    -- Whoever had the conversation until now may have removed the message.
    IF NOT EXISTS (SELECT FROM message m WHERE m.tenant_id = app.tenant_id() AND m.conversation_id = talk.id AND m.id = wanted) THEN
        PERFORM app.refuse('answer_not_found');
    END IF;
    RETURN talk;
END
$$;

-- Refuses where a conversation is deleted: it is read, and brought back, and nothing else. Reveals, to its owner: that.
CREATE OR REPLACE FUNCTION app.require_kept(talk conversation) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF talk.deleted_at IS NOT NULL THEN
        PERFORM app.refuse('answer_not_found');
    END IF;
END
$$;

-- Makes the branch to a leaf the active one. For the functions below.
CREATE OR REPLACE FUNCTION app.activate_branch(wanted uuid, leaf uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    path uuid[];
BEGIN
    WITH RECURSIVE up AS (
        SELECT m.id, m.parent_id FROM message m WHERE m.tenant_id = app.tenant_id() AND m.conversation_id = wanted AND m.id = leaf
        UNION ALL
        SELECT m.id, m.parent_id FROM up JOIN message m ON m.tenant_id = app.tenant_id() AND m.id = up.parent_id)
    SELECT coalesce(array_agg(up.id), '{}') INTO path FROM up;
    UPDATE message m SET is_active = (m.id = ANY (path))
        WHERE m.tenant_id = app.tenant_id() AND m.conversation_id = wanted AND m.is_active <> (m.id = ANY (path));
    UPDATE conversation c SET active_leaf_id = leaf
        WHERE c.tenant_id = app.tenant_id() AND c.id = wanted AND c.active_leaf_id IS DISTINCT FROM leaf;
END
$$;

-- Refuses where an answer of the conversation is being written. Reveals, to its owner: that.
CREATE OR REPLACE FUNCTION app.require_no_answer(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM message m WHERE m.tenant_id = app.tenant_id() AND m.conversation_id = wanted AND m.state IN ('PENDING', 'RUNNING')) THEN
        PERFORM app.refuse('message_unfinished_key');
    END IF;
END
$$;

-- Begins an answer. `how` is SEND (`target`: the conversation), EDIT (`target`: what the person said) or REGENERATE (`target`: an answer). `documents` were
-- resolved as the person: NULL stands for one that they don't see. The deployment's part: whether it has an endpoint, its model and what that takes. Repeated with one clientMessageId and one
-- digest it answers the same answer and begins nothing. Refuses in the order in which it stands here. Reveals: to the owner of the conversation, that.
CREATE OR REPLACE FUNCTION app.begin_answer(how text, target uuid, said text, client_id text, digest bytea, parent uuid, documents uuid[], meta jsonb,
    sign_in uuid, abandoned text, configured boolean, deployment_model text, deployment_context integer)
    RETURNS TABLE (answer uuid, is_new boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school  CONSTANT uuid := app.tenant_id();
    person  CONSTANT uuid := app.user_id();
    talk    conversation;
    policy  assistant_policy;
    asked   agent;
    aimed   message;
    known   message;
    before  message;
    chosen  text;
    takes   integer;
    need    bigint;
    waiting bigint;
    -- Characters that stand before what the agent is told: what the service says (src/domains/answers/prompt.rs), and an empty line.
    service CONSTANT integer := 826;
    -- What is answered, in the end.
    words   text := said;
    question uuid;
BEGIN
    IF how = 'SEND' THEN
        talk := app.take_conversation(target);
    ELSE
        talk := app.take_conversation_of(target);
    END IF;
    SELECT * INTO known FROM message m WHERE m.tenant_id = school AND m.conversation_id = talk.id AND m.client_message_id = client_id;
    IF FOUND THEN
        IF known.request_digest IS DISTINCT FROM digest THEN
            PERFORM app.refuse('answer_client_id');
        END IF;
        IF known.role = 'ASSISTANT' THEN
            RETURN QUERY SELECT known.id, false;
            RETURN;
        END IF;
        RETURN QUERY SELECT m.id, false FROM message m WHERE m.tenant_id = school AND m.branches_at = known.id AND m.role = 'ASSISTANT' ORDER BY m.created_at, m.id LIMIT 1;
        IF NOT FOUND THEN
            PERFORM app.refuse('answer_not_found');
        END IF;
        RETURN;
    END IF;
    IF talk.deleted_at IS NOT NULL THEN
        PERFORM app.refuse('answer_not_found');
    END IF;

    IF how <> 'SEND' THEN
        SELECT * INTO aimed FROM message m WHERE m.tenant_id = school AND m.id = target;
        IF aimed.role <> (CASE how WHEN 'EDIT' THEN 'USER' ELSE 'ASSISTANT' END) THEN
            PERFORM app.refuse('answer_kind');
        END IF;
    END IF;
    IF how = 'SEND' AND parent IS NOT NULL THEN
        SELECT * INTO before FROM message m WHERE m.tenant_id = school AND m.conversation_id = talk.id AND m.id = parent;
        IF before.id IS NULL OR before.role <> 'ASSISTANT' OR before.state IN ('PENDING', 'RUNNING') THEN
            PERFORM app.refuse('answer_parent');
        END IF;
    ELSIF how = 'SEND' THEN
        SELECT * INTO before FROM message m WHERE m.tenant_id = school AND m.conversation_id = talk.id AND m.id = talk.active_leaf_id;
    ELSIF aimed.parent_id IS NOT NULL THEN
        SELECT * INTO before FROM message m WHERE m.tenant_id = school AND m.id = aimed.parent_id;
    END IF;
    IF array_position(documents, NULL) IS NOT NULL THEN
        PERFORM app.refuse('answer_document', jsonb_build_object('place', array_position(documents, NULL) - 1)::text);
    END IF;
    IF how = 'REGENERATE' THEN
        words := before.content;
    END IF;

    IF NOT (configured OR app.has_own_endpoint()) THEN
        PERFORM app.refuse('answer_unconfigured');
    END IF;
    SELECT * INTO policy FROM app.assistant_policy();
    IF NOT app.may_use_assistant() THEN
        PERFORM app.refuse('assistant_policy');
    END IF;
    IF policy.silent_during_quizzes AND EXISTS (
        SELECT FROM quiz_attempt q WHERE q.tenant_id = school AND q.user_id = person AND q.status = 'IN_PROGRESS' AND (q.ends_at IS NULL OR q.ends_at > now())) THEN
        PERFORM app.refuse('answer_assessment');
    END IF;
    SELECT * INTO asked FROM agent a WHERE a.tenant_id = school AND a.id = talk.agent_id AND a.deleted_at IS NULL
        AND (a.is_active OR app.may_change_agents_of(a.project_id))
        AND (a.project_id IS NULL OR a.project_id IN (SELECT app.entered_projects()));
    IF NOT FOUND OR (talk.project_id IS NOT NULL AND talk.project_id NOT IN (SELECT app.entered_projects())) THEN
        PERFORM app.refuse('answer_agent');
    END IF;
    IF talk.project_id IS NOT NULL AND talk.project_id NOT IN (SELECT app.joined_projects()) THEN
        PERFORM app.refuse('answer_not_yours');
    END IF;
    PERFORM app.require_open_project(talk.project_id);
    chosen := app.model_of(asked.model, deployment_model);
    takes := app.model_context(chosen, deployment_model, deployment_context);
    IF app.blocked_phrase(words, policy.blocked_phrases) THEN
        PERFORM app.refuse('answer_blocked');
    END IF;
    -- Four characters are a token.
    need := (ceil((length(asked.system_prompt) + service) / 4.0) + ceil(length(words) / 4.0) + ceil(coalesce(length(talk.context::text), 0) / 4.0))::bigint;
    IF need > takes - asked.max_tokens - ceil(takes * 0.05) THEN
        PERFORM app.refuse('answer_too_long');
    END IF;
    PERFORM app.require_no_answer(talk.id);
    PERFORM app.lock_for('answers', person);
    SELECT count(*) INTO waiting FROM message m WHERE m.tenant_id = school AND m.owner_id = person AND m.state IN ('PENDING', 'RUNNING');
    IF waiting >= 5 THEN
        PERFORM app.refuse('answer_too_many', jsonb_build_object('limit', 5, 'used', waiting)::text);
    END IF;

    IF how = 'REGENERATE' THEN
        question := before.id;
    ELSE
        question := app.uuid_v7();
        INSERT INTO message (tenant_id, id, conversation_id, owner_id, parent_id, depth, role, state, is_active, content, client_message_id, request_digest, metadata,
                             document_ids, author_id)
            VALUES (school, question, talk.id, person, before.id, coalesce(before.depth + 1, 0), 'USER', 'COMPLETED', true, words, client_id, digest,
                    CASE how WHEN 'EDIT' THEN coalesce(meta, aimed.metadata) ELSE meta END,
                    CASE how WHEN 'EDIT' THEN aimed.document_ids ELSE coalesce(documents, '{}') END, person);
    END IF;
    answer := app.uuid_v7();
    INSERT INTO message (tenant_id, id, conversation_id, owner_id, parent_id, depth, role, state, is_active, agent_id, agent_version, model, client_message_id, request_digest)
        SELECT school, answer, talk.id, person, q.id, q.depth + 1, 'ASSISTANT', 'PENDING', true, asked.id, asked.version, chosen,
               CASE how WHEN 'REGENERATE' THEN client_id END, CASE how WHEN 'REGENERATE' THEN digest END
        FROM (SELECT m.id, m.depth FROM message m WHERE m.tenant_id = school AND m.id = question) AS q;
    IF before.id IS NOT DISTINCT FROM talk.active_leaf_id AND how = 'SEND' THEN
        UPDATE conversation c SET active_leaf_id = answer, last_message_at = now(),
                title = coalesce(c.title, nullif(btrim(translate(left(words, 60), E'\n\t', '  ')), ''))
            WHERE c.tenant_id = school AND c.id = talk.id;
    ELSE
        PERFORM app.activate_branch(talk.id, answer);
        UPDATE conversation c SET last_message_at = now() WHERE c.tenant_id = school AND c.id = talk.id;
    END IF;
    PERFORM app.reserve_tokens(answer, person, need + asked.max_tokens);
    PERFORM app.open_run(answer, sign_in, (SELECT u.token_version FROM app_user u WHERE u.tenant_id = school AND u.id = person), abandoned);
    is_new := true;
    RETURN NEXT;
END
$$;

-- The answer to what was asked before under the same clientMessageId and digest, as in the function above; NULL where it was not. Reveals: to the owner of the conversation,
-- its id.
CREATE OR REPLACE FUNCTION app.repeated_answer(how text, target uuid, client_id text, digest bytea) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school  CONSTANT uuid := app.tenant_id();
    found_in uuid := target;
    known   message;
BEGIN
    IF how <> 'SEND' THEN
        SELECT m.conversation_id INTO found_in FROM message m WHERE m.tenant_id = school AND m.id = target;
    END IF;
    SELECT * INTO known FROM message m WHERE m.tenant_id = school AND m.conversation_id = found_in AND m.client_message_id = client_id
        AND m.owner_id = app.user_id() AND m.request_digest = digest AND app.viewed_by() IS NULL;
    IF known.role = 'ASSISTANT' THEN
        RETURN known.id;
    END IF;
    RETURN (SELECT m.id FROM message m WHERE m.tenant_id = school AND m.branches_at = known.id AND m.role = 'ASSISTANT' ORDER BY m.created_at, m.id LIMIT 1);
END
$$;

-- The branch through a message to its newest leaf becomes the active one. Reveals: to its owner, the conversation's id.
CREATE OR REPLACE FUNCTION app.select_branch(wanted uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    talk conversation := app.take_conversation_of(wanted);
    leaf uuid := wanted;
    next uuid;
BEGIN
    PERFORM app.require_kept(talk);
    PERFORM app.require_open_project(talk.project_id);
    PERFORM app.require_no_answer(talk.id);
    -- What a tool said is no branch: its answer stands for it.
    SELECT CASE WHEN m.role = 'TOOL' THEN m.parent_id ELSE m.id END INTO leaf FROM message m WHERE m.tenant_id = app.tenant_id() AND m.id = wanted;
    LOOP
        SELECT m.id INTO next FROM message m WHERE m.tenant_id = app.tenant_id() AND m.branches_at = leaf AND m.role <> 'TOOL' ORDER BY m.created_at DESC, m.id DESC LIMIT 1;
        EXIT WHEN NOT FOUND;
        leaf := next;
    END LOOP;
    PERFORM app.activate_branch(talk.id, leaf);
    RETURN talk.id;
END
$$;

-- Removes a message and all that follows from it; where it lay on the active branch, its parent is the leaf. Reveals nothing.
CREATE OR REPLACE FUNCTION app.delete_message(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    talk conversation := app.take_conversation_of(wanted);
    gone message;
BEGIN
    PERFORM app.require_kept(talk);
    PERFORM app.require_open_project(talk.project_id);
    PERFORM app.require_no_answer(talk.id);
    SELECT * INTO gone FROM message m WHERE m.tenant_id = app.tenant_id() AND m.id = wanted;
    IF gone.is_active THEN
        UPDATE conversation c SET active_leaf_id = gone.parent_id WHERE c.tenant_id = app.tenant_id() AND c.id = talk.id;
    END IF;
    DELETE FROM message m WHERE m.tenant_id = app.tenant_id() AND m.id = wanted;
END
$$;

-- Another agent answers in a conversation from now on; a note says so. Which one the actor sees, the caller knows. Reveals nothing.
CREATE OR REPLACE FUNCTION app.note_agent() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    note uuid := app.uuid_v7();
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    PERFORM app.require_no_answer(NEW.id);
    IF NEW.active_leaf_id IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO message (tenant_id, id, conversation_id, owner_id, parent_id, depth, role, state, is_active, content)
        SELECT NEW.tenant_id, note, NEW.id, NEW.owner_id, m.id, m.depth + 1, 'SYSTEM', 'COMPLETED', true, 'The agent was changed.'
        FROM message m WHERE m.tenant_id = NEW.tenant_id AND m.id = NEW.active_leaf_id;
    UPDATE conversation c SET active_leaf_id = note WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.id;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER conversation_note_agent AFTER UPDATE OF agent_id ON conversation FOR EACH ROW
    WHEN (current_user = 'lectern_app' AND NEW.agent_id IS DISTINCT FROM OLD.agent_id) EXECUTE FUNCTION app.note_agent();

-- Shares what stands on the active branch at this moment with the members of the project, who are told the first time. Reveals nothing.
CREATE OR REPLACE FUNCTION app.share_conversation(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    talk conversation := app.take_conversation(wanted);
BEGIN
    IF talk.deleted_at IS NOT NULL THEN
        PERFORM app.refuse('answer_not_found');
    ELSIF talk.project_id IS NULL THEN
        PERFORM app.refuse('conversation_project');
    ELSIF talk.project_id NOT IN (SELECT app.joined_projects()) THEN
        PERFORM app.refuse('answer_not_yours');
    END IF;
    PERFORM app.require_open_project(talk.project_id);
    UPDATE message m SET is_shared = NOT m.is_shared WHERE m.tenant_id = talk.tenant_id AND m.conversation_id = talk.id
        AND m.is_shared <> (m.is_active AND m.role IN ('USER', 'ASSISTANT') AND m.state NOT IN ('PENDING', 'RUNNING'));
    UPDATE conversation c SET shared_at = now() WHERE c.tenant_id = talk.tenant_id AND c.id = talk.id;
    IF talk.shared_at IS NULL AND app.notifies('notify.conversation_shared') THEN
        PERFORM app.emit('notify.conversation_shared', app.type_id('conversation', talk.id), NULL, jsonb_build_object(
            'project', talk.project_id, 'facts', jsonb_build_object('project', (SELECT p.name FROM project p WHERE p.tenant_id = talk.tenant_id AND p.id = talk.project_id))));
    END IF;
END
$$;

-- Ends the sharing of a conversation. Reveals nothing.
CREATE OR REPLACE FUNCTION app.unshare_conversation(wanted uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    talk conversation := app.take_conversation(wanted);
BEGIN
    PERFORM app.require_kept(talk);
    PERFORM app.require_open_project(talk.project_id);
    UPDATE conversation c SET shared_at = NULL WHERE c.tenant_id = talk.tenant_id AND c.id = talk.id AND c.shared_at IS NOT NULL;
    UPDATE message m SET is_shared = false WHERE m.tenant_id = talk.tenant_id AND m.conversation_id = talk.id AND m.is_shared;
END
$$;

-- Deletes a conversation, whose running answer is cancelled, or brings it back. Refuses where it is not to be had so. Reveals nothing.
CREATE OR REPLACE FUNCTION app.delete_conversation(wanted uuid, is_back boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    talk conversation := app.take_conversation(wanted);
BEGIN
    IF NOT is_back AND talk.deleted_at IS NOT NULL OR is_back AND talk.deleted_at < now() - interval '30 days' THEN
        PERFORM app.refuse('answer_not_found');
    END IF;
    PERFORM app.require_open_project(talk.project_id);
    IF NOT is_back THEN
        PERFORM app.cancel_answers(talk.id);
    END IF;
    UPDATE conversation c SET deleted_at = CASE WHEN NOT is_back THEN now() END
        WHERE c.tenant_id = talk.tenant_id AND c.id = talk.id AND (c.deleted_at IS NULL) <> is_back;
END
$$;

-- What the owner of a conversation thinks of a finished answer; no rating takes it back. Refuses what is no finished answer. Reveals nothing.
CREATE OR REPLACE FUNCTION app.rate_message(wanted uuid, stars text, words text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    talk  conversation := app.take_conversation_of(wanted);
    rated message;
BEGIN
    PERFORM app.require_kept(talk);
    SELECT * INTO rated FROM message m WHERE m.tenant_id = talk.tenant_id AND m.id = wanted;
    IF rated.role <> 'ASSISTANT' OR rated.state IN ('PENDING', 'RUNNING') THEN
        PERFORM app.refuse('answer_kind');
    END IF;
    PERFORM app.require_open_project(talk.project_id);
    IF stars IS NULL THEN
        DELETE FROM message_feedback f WHERE f.tenant_id = talk.tenant_id AND f.message_id = wanted;
    ELSE
        INSERT INTO message_feedback AS f (tenant_id, id, message_id, owner_id, agent_id, agent_version, rating, comment)
            VALUES (talk.tenant_id, app.uuid_v7(), wanted, talk.owner_id, rated.agent_id, rated.agent_version, stars, words)
            ON CONFLICT ON CONSTRAINT message_feedback_key DO UPDATE SET rating = excluded.rating, comment = excluded.comment;
    END IF;
END
$$;

-- Messages per conversation: of the owner's, those on the active branch; of another's, those that are shared; of tools, none. Reveals: to whoever reads them,
-- these numbers.
CREATE OR REPLACE FUNCTION app.message_counts(talks uuid[]) RETURNS TABLE (conversation_id uuid, count bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT m.conversation_id, count(*) FROM message m JOIN conversation c ON c.tenant_id = m.tenant_id AND c.id = m.conversation_id
        WHERE m.tenant_id = app.tenant_id() AND m.conversation_id = ANY (talks) AND m.role <> 'TOOL'
          AND CASE WHEN m.owner_id = app.user_id() THEN m.is_active ELSE m.is_shared AND c.shared_at IS NOT NULL AND c.project_id IN (SELECT app.entered_projects()) END
        GROUP BY m.conversation_id;
END
$$;

-- The actor's own conversations, by the beginnings of words in titles, in what they said and in the answers. Reveals: ids, joined back under row security.
CREATE OR REPLACE FUNCTION app.search_conversation(words text) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 50 SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    wanted tsquery := app.prefix_query(words); -- once, not for every row that is compared
BEGIN
    RETURN QUERY SELECT c.id FROM conversation c WHERE c.tenant_id = app.tenant_id() AND c.owner_id = app.user_id() AND c.search @@ wanted
        UNION SELECT m.conversation_id FROM message m
        WHERE m.tenant_id = app.tenant_id() AND m.owner_id = app.user_id() AND m.role IN ('USER', 'ASSISTANT') AND m.search @@ wanted;
END
$$;

-- An answer goes from state to state by the rows of message_transition alone, and is kept as it ended.
CREATE OR REPLACE FUNCTION app.check_message_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state THEN
        IF NOT EXISTS (SELECT FROM public.message_transition t WHERE t.from_state = OLD.state AND t.to_state = NEW.state) THEN
            PERFORM app.refuse('message_state');
        END IF;
        IF NEW.state IN ('COMPLETED', 'FAILED', 'CANCELLED') THEN
            NEW.finished_at := coalesce(NEW.finished_at, now());
        END IF;
    END IF;
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER message_state BEFORE UPDATE ON message FOR EACH ROW EXECUTE FUNCTION app.check_message_state();

-- What the audit log keeps of a message: what a person said by its length, an answer by how it ended; the words alone where the school says so. Reveals
-- nothing: it writes.
CREATE OR REPLACE FUNCTION app.audit_message() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    nobody CONSTANT text := '00000000-0000-0000-0000-000000000000';
    kept   jsonb;
BEGIN
    IF current_setting('app.audit', true) = 'off' AND pg_has_role(session_user, 'lectern_platform', 'MEMBER') THEN
        RETURN NULL;
    END IF;
    PERFORM app.enter_tenant(NEW.tenant_id);
    IF NEW.role = 'USER' THEN
        kept := jsonb_build_object('role', NEW.role, 'conversation_id', NEW.conversation_id, 'characters', length(NEW.content));
    ELSE
        kept := jsonb_build_object('role', NEW.role, 'conversation_id', NEW.conversation_id, 'state', NEW.state, 'failure_reason', NEW.failure_reason, 'model', NEW.model,
            'agent_version', NEW.agent_version, 'prompt_tokens', NEW.prompt_tokens, 'completion_tokens', NEW.completion_tokens, 'is_estimated', NEW.is_estimated);
    END IF;
    IF EXISTS (SELECT FROM app.assistant_policy() AS p WHERE p.audits_content) THEN
        kept := kept || jsonb_build_object('content', NEW.content);
    END IF;
    INSERT INTO audit_entry (tenant_id, id, actor_id, operation, outcome, resource, resource_id, before, after, correlation_id, at)
        VALUES (NEW.tenant_id, app.uuid_v7(), nullif(coalesce(nullif(current_setting('app.user_id', true), ''), nobody), nobody)::uuid,
                coalesce(nullif(current_setting('app.operation', true), ''), 'system:sql'), 'CHANGED', 'Message', NEW.id,
                CASE TG_OP WHEN 'UPDATE' THEN jsonb_build_object('role', NEW.role, 'conversation_id', NEW.conversation_id, 'state', OLD.state) END, kept,
                coalesce(nullif(current_setting('app.correlation_id', true), ''), 'none'), clock_timestamp());
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER message_audit_new AFTER INSERT ON message FOR EACH ROW WHEN (NEW.role = 'USER') EXECUTE FUNCTION app.audit_message();
CREATE OR REPLACE TRIGGER message_audit AFTER UPDATE ON message FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND NEW.state IN ('COMPLETED', 'FAILED', 'CANCELLED')) EXECUTE FUNCTION app.audit_message();

CREATE OR REPLACE TRIGGER conversation_archived AFTER INSERT OR UPDATE OF title, agent_id, course_id, context, is_archived ON conversation FOR EACH ROW
    EXECUTE FUNCTION app.keep_archived('project_id');
CREATE OR REPLACE TRIGGER conversation_touch BEFORE UPDATE ON conversation FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE OR REPLACE TRIGGER conversation_audit AFTER INSERT OR UPDATE OR DELETE ON conversation FOR EACH ROW EXECUTE FUNCTION app.audit('Conversation', 'id', 'title,context');
CREATE OR REPLACE TRIGGER message_feedback_audit AFTER INSERT OR UPDATE OR DELETE ON message_feedback FOR EACH ROW
    EXECUTE FUNCTION app.audit('MessageFeedback', 'id', 'comment,owner_id');

-- Whoever is being deleted begins no conversation that nobody would remove.
CREATE OR REPLACE TRIGGER conversation_keep_owner AFTER INSERT ON conversation FOR EACH ROW
    WHEN (current_user = 'lectern_app') EXECUTE FUNCTION app.keep_person('owner_id');

-- The conversations of a deleted person are seen by nobody any more, and removed at once. Reveals nothing.
CREATE OR REPLACE FUNCTION app.forget_conversations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM app.enter_tenant(NEW.tenant_id);
    -- What was asked of a model has been used.
    PERFORM app.cancel_answers(r.conversation_id) FROM answer_run r WHERE r.tenant_id = NEW.tenant_id AND r.user_id = NEW.id;
    UPDATE conversation c SET deleted_at = coalesce(c.deleted_at, now()), shared_at = NULL WHERE c.tenant_id = NEW.tenant_id AND c.owner_id = NEW.id;
    IF FOUND THEN
        PERFORM app.enqueue('assistant.purge', 'person:' || NEW.id, '{}');
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER app_user_forget_conversations AFTER UPDATE ON app_user FOR EACH ROW
    WHEN (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL) EXECUTE FUNCTION app.forget_conversations();

-- Removes for good some of what nobody can bring back: conversations that were deleted 30 days ago, had no message for as long as the school keeps them, or
-- were a deleted person's; then projects that were deleted 30 days ago, with their agents, documents and knowledge bases. Reveals: how many, where more may be left.
CREATE OR REPLACE FUNCTION app.purge_assistants(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    school CONSTANT uuid := app.tenant_id();
    kept   CONSTANT interval := '30 days';
    days   integer := app.retention_days();
    gone   integer;
    old    uuid;
BEGIN
    DELETE FROM conversation c WHERE c.tenant_id = school AND c.id IN (
        SELECT o.id FROM conversation o WHERE o.tenant_id = school
            AND ((o.deleted_at IS NOT NULL AND (o.deleted_at < now() - kept
                  OR EXISTS (SELECT FROM app_user u WHERE u.tenant_id = school AND u.id = o.owner_id AND u.deleted_at IS NOT NULL)))
                 OR (days IS NOT NULL AND o.last_message_at < now() - make_interval(days => days)))
            LIMIT at_most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF gone >= at_most THEN
        RETURN gone;
    END IF;
    SELECT p.id INTO old FROM project p WHERE p.tenant_id = school AND p.deleted_at < now() - kept ORDER BY p.deleted_at LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN gone;
    END IF;
    -- Agents before what they know.
    UPDATE conversation c SET shared_at = NULL WHERE c.tenant_id = school AND c.project_id = old AND c.shared_at IS NOT NULL;
    DELETE FROM agent a WHERE a.tenant_id = school AND a.project_id = old;
    DELETE FROM project p WHERE p.tenant_id = school AND p.id = old;
    -- There may be another.
    RETURN at_most;
END
$$;

GRANT EXECUTE ON FUNCTION app.begin_answer(text, uuid, text, text, bytea, uuid, uuid[], jsonb, uuid, text, boolean, text, integer), app.repeated_answer(text, uuid, text, bytea),
    app.select_branch(uuid),
    app.delete_message(uuid), app.share_conversation(uuid), app.unshare_conversation(uuid), app.delete_conversation(uuid, boolean), app.rate_message(uuid, text, text),
    app.message_counts(uuid[]), app.search_conversation(text), app.purge_assistants(integer) TO lectern_app;
