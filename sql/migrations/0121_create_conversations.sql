-- What people and agents say to each other. It is its person's alone, but for what they share.

CREATE TABLE conversation (
    tenant_id       uuid NOT NULL,
    id              uuid NOT NULL,
    owner_id        uuid NOT NULL,
    -- None: it was removed for good with its project.
    agent_id        uuid,
    project_id      uuid,
    course_id       uuid,
    title           text CONSTRAINT conversation_title_check CHECK (length(title) BETWEEN 1 AND 200),
    context         jsonb CONSTRAINT conversation_context_check CHECK (jsonb_typeof(context) = 'object' AND octet_length(context::text) <= 16384),
    is_archived     boolean NOT NULL DEFAULT false,
    -- What of it is shared says message.is_shared.
    shared_at       timestamptz,
    -- The end of the active branch; none before the first message.
    active_leaf_id  uuid,
    last_message_at timestamptz NOT NULL DEFAULT now(),
    deleted_at      timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    search          tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(coalesce(title, '')))) STORED,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT conversation_of_owner_key UNIQUE (tenant_id, owner_id, id),
    CONSTRAINT conversation_owner_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES app_user,
    CONSTRAINT conversation_agent_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES agent ON DELETE SET NULL (agent_id),
    CONSTRAINT conversation_project_fkey FOREIGN KEY (tenant_id, project_id) REFERENCES project ON DELETE SET NULL (project_id),
    CONSTRAINT conversation_course_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course ON DELETE SET NULL (course_id)
);
CREATE INDEX conversation_latest_idx ON conversation (tenant_id, owner_id, last_message_at, id) WHERE deleted_at IS NULL;
CREATE INDEX conversation_created_idx ON conversation (tenant_id, owner_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX conversation_title_idx ON conversation (tenant_id, owner_id, coalesce(title, '') COLLATE "und-x-icu", id) WHERE deleted_at IS NULL;
CREATE INDEX conversation_deleted_idx ON conversation (tenant_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX conversation_idle_idx ON conversation (tenant_id, last_message_at, id);
CREATE INDEX conversation_agent_idx ON conversation (tenant_id, agent_id);
CREATE INDEX conversation_project_idx ON conversation (tenant_id, project_id);
CREATE INDEX conversation_shared_idx ON conversation (tenant_id, project_id, last_message_at, id) WHERE shared_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX conversation_course_idx ON conversation (tenant_id, course_id);
CREATE INDEX conversation_search_idx ON conversation USING gin (tenant_id, owner_id, search);
COMMENT ON COLUMN conversation.title IS 'secret: words of its owner';
COMMENT ON COLUMN conversation.context IS 'secret: words of its owner';
COMMENT ON COLUMN conversation.search IS 'secret: words of its owner';

CREATE TABLE message (
    tenant_id         uuid NOT NULL,
    id                uuid NOT NULL,
    conversation_id   uuid NOT NULL,
    -- Whose conversation it is: here as well, so that neither policies nor searches look it up.
    owner_id          uuid NOT NULL,
    -- What it follows; of what a tool said, the answer that asked it. None: it begins the conversation.
    parent_id         uuid,
    -- What its siblings have in common.
    branches_at       uuid NOT NULL GENERATED ALWAYS AS (coalesce(parent_id, conversation_id)) STORED,
    depth             integer NOT NULL CONSTRAINT message_depth_check CHECK (depth >= 0),
    role              text NOT NULL CONSTRAINT message_role_check CHECK (role IN ('USER', 'ASSISTANT', 'SYSTEM', 'TOOL')),
    state             text NOT NULL CONSTRAINT message_state_check CHECK (state IN ('PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED')),
    -- Whether it lies on the active branch.
    is_active         boolean NOT NULL,
    is_shared         boolean NOT NULL DEFAULT false,
    content           text NOT NULL DEFAULT '' CONSTRAINT message_content_check CHECK (length(content) <= 110000),
    tool              text CONSTRAINT message_tool_check
                          CHECK (tool IN ('SEARCH_COURSES', 'COURSE_OUTLINE', 'MY_PROGRESS', 'MY_BOOKINGS', 'FREE_SLOTS', 'SEARCH_DOCUMENTS')),
    arguments         jsonb,
    outcome           text CONSTRAINT message_outcome_check CHECK (outcome IN ('ANSWERED', 'REFUSED', 'INVALID', 'FAILED')),
    -- Of answers: who gave them.
    agent_id          uuid,
    agent_version     integer,
    model             text,
    prompt_tokens     integer CONSTRAINT message_prompt_tokens_check CHECK (prompt_tokens >= 0),
    completion_tokens integer CONSTRAINT message_completion_tokens_check CHECK (completion_tokens >= 0),
    is_estimated      boolean,
    finish_reason     text CONSTRAINT message_finish_check CHECK (finish_reason IN ('STOP', 'LENGTH', 'FILTERED', 'OTHER')),
    failure_reason    text CONSTRAINT message_failure_check CHECK ((failure_reason IS NOT NULL) = (state = 'FAILED') AND length(failure_reason) <= 100),
    omitted_messages  integer CONSTRAINT message_omitted_check CHECK (omitted_messages >= 0),
    external_hosts    text[] NOT NULL DEFAULT '{}',
    client_message_id text CONSTRAINT message_client_id_check CHECK (client_message_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    -- The hash of all that came with it: whether something else comes under the same clientMessageId.
    request_digest    bytea,
    metadata          jsonb CONSTRAINT message_metadata_check CHECK (octet_length(metadata::text) <= 8192),
    -- What was attached to it; those that are gone are in it.
    document_ids      uuid[] NOT NULL DEFAULT '{}' CONSTRAINT message_documents_check CHECK (cardinality(document_ids) <= 10),
    -- Of USER messages.
    author_id         uuid,
    created_at        timestamptz NOT NULL DEFAULT now(),
    finished_at       timestamptz,
    search            tsvector NOT NULL GENERATED ALWAYS AS
                          (CASE WHEN role IN ('USER', 'ASSISTANT') THEN array_to_tsvector(public.search_words(content)) ELSE ''::tsvector END) STORED,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT message_of_conversation_key UNIQUE (tenant_id, conversation_id, id),
    CONSTRAINT message_conversation_fkey FOREIGN KEY (tenant_id, owner_id, conversation_id) REFERENCES conversation (tenant_id, owner_id, id) ON DELETE CASCADE,
    CONSTRAINT message_parent_fkey FOREIGN KEY (tenant_id, conversation_id, parent_id) REFERENCES message (tenant_id, conversation_id, id) ON DELETE CASCADE,
    CONSTRAINT message_agent_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES agent ON DELETE SET NULL (agent_id),
    CONSTRAINT message_author_fkey FOREIGN KEY (tenant_id, author_id) REFERENCES app_user,
    CONSTRAINT message_born_check CHECK (role = 'ASSISTANT' OR state = 'COMPLETED'),
    CONSTRAINT message_of_tool_check CHECK ((role = 'TOOL') = (outcome IS NOT NULL)),
    CONSTRAINT message_ended_check CHECK ((finished_at IS NOT NULL) = (role = 'ASSISTANT' AND state IN ('COMPLETED', 'FAILED', 'CANCELLED'))),
    CONSTRAINT message_author_check CHECK ((role = 'USER') = (author_id IS NOT NULL))
);
CREATE INDEX message_active_idx ON message (tenant_id, conversation_id, depth) WHERE is_active;
CREATE INDEX message_shared_idx ON message (tenant_id, conversation_id, depth) WHERE is_shared;
CREATE INDEX message_parent_idx ON message (tenant_id, conversation_id, parent_id);
CREATE INDEX message_branch_idx ON message (tenant_id, branches_at, created_at, id);
CREATE INDEX message_owner_idx ON message (tenant_id, owner_id, conversation_id);
CREATE INDEX message_agent_idx ON message (tenant_id, agent_id);
CREATE INDEX message_author_idx ON message (tenant_id, author_id);
CREATE INDEX message_search_idx ON message USING gin (tenant_id, owner_id, search) WHERE role IN ('USER', 'ASSISTANT');
CREATE UNIQUE INDEX message_client_id_key ON message (tenant_id, conversation_id, client_message_id) WHERE client_message_id IS NOT NULL;
-- One at a time; and those of a person are few.
CREATE UNIQUE INDEX message_unfinished_key ON message (tenant_id, conversation_id) WHERE state IN ('PENDING', 'RUNNING');
CREATE INDEX message_unfinished_idx ON message (tenant_id, owner_id) WHERE state IN ('PENDING', 'RUNNING');
COMMENT ON COLUMN message.content IS 'secret: words of a conversation';
COMMENT ON COLUMN message.arguments IS 'secret: words of a conversation';
COMMENT ON COLUMN message.metadata IS 'secret: words of a conversation';
COMMENT ON COLUMN message.search IS 'secret: words of a conversation';
COMMENT ON COLUMN message.request_digest IS 'secret: would tell of words that somebody guesses';

-- A leaf of this conversation. Whoever deletes messages names another leaf.
ALTER TABLE conversation ADD CONSTRAINT conversation_leaf_fkey FOREIGN KEY (tenant_id, id, active_leaf_id) REFERENCES message (tenant_id, conversation_id, id)
    ON DELETE SET NULL (active_leaf_id);
CREATE INDEX conversation_leaf_idx ON conversation (tenant_id, id, active_leaf_id);

-- By which steps an answer goes from state to state.
CREATE TABLE message_transition (
    from_state text NOT NULL,
    to_state   text NOT NULL,
    PRIMARY KEY (from_state, to_state)
);
INSERT INTO message_transition (from_state, to_state) VALUES
    ('PENDING', 'RUNNING'), ('PENDING', 'FAILED'), ('PENDING', 'CANCELLED'),
    ('RUNNING', 'COMPLETED'), ('RUNNING', 'FAILED'), ('RUNNING', 'CANCELLED');

-- What the owner of a conversation thinks of an answer; whoever may change the agent reads it without knowing whose it is.
CREATE TABLE message_feedback (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    message_id    uuid NOT NULL,
    owner_id      uuid NOT NULL,
    agent_id      uuid,
    agent_version integer NOT NULL,
    rating        text NOT NULL CONSTRAINT message_feedback_rating_check CHECK (rating IN ('HELPFUL', 'UNHELPFUL')),
    comment       text CONSTRAINT message_feedback_comment_check CHECK (length(comment) BETWEEN 1 AND 10000),
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT message_feedback_key UNIQUE (tenant_id, message_id),
    CONSTRAINT message_feedback_message_fkey FOREIGN KEY (tenant_id, message_id) REFERENCES message ON DELETE CASCADE,
    CONSTRAINT message_feedback_agent_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES agent ON DELETE SET NULL (agent_id),
    CONSTRAINT message_feedback_owner_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES app_user
);
CREATE INDEX message_feedback_agent_idx ON message_feedback (tenant_id, agent_id, created_at, id);
CREATE INDEX message_feedback_owner_idx ON message_feedback (tenant_id, owner_id);
COMMENT ON COLUMN message_feedback.comment IS 'secret: words of a conversation';
