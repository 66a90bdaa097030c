-- Where people work with assistants: projects and who is in them, agents and their versions, what the school says of assistants. Knowledge bases begin here,
-- because agents point at them.

CREATE TABLE project (
    tenant_id   uuid NOT NULL REFERENCES tenant,
    id          uuid NOT NULL,
    name        text NOT NULL CONSTRAINT project_name_check CHECK (length(name) BETWEEN 1 AND 200),
    description text CONSTRAINT project_description_check CHECK (length(description) <= 10000),
    is_archived boolean NOT NULL DEFAULT false,
    -- Always a member, as MANAGER. None: who owned it is gone, and nobody was there to follow.
    owner_id    uuid,
    deleted_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    search      tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(name || ' ' || coalesce(description, '')))) STORED,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX project_name_idx ON project (tenant_id, name COLLATE "und-x-icu", id);
CREATE INDEX project_created_idx ON project (tenant_id, created_at, id);
CREATE INDEX project_search_idx ON project USING gin (tenant_id, search);
CREATE INDEX project_owner_idx ON project (tenant_id, id, owner_id);
CREATE INDEX project_owned_idx ON project (tenant_id, owner_id);
CREATE INDEX project_deleted_idx ON project (tenant_id, deleted_at, id) WHERE deleted_at IS NOT NULL;

CREATE TABLE project_member (
    tenant_id  uuid NOT NULL,
    project_id uuid NOT NULL,
    user_id    uuid NOT NULL,
    role       text NOT NULL DEFAULT 'MEMBER' CONSTRAINT project_member_role_check CHECK (role IN ('MANAGER', 'MEMBER', 'VIEWER')),
    joined_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT project_member_pkey PRIMARY KEY (tenant_id, project_id, user_id),
    CONSTRAINT project_member_project_fkey FOREIGN KEY (tenant_id, project_id) REFERENCES project ON DELETE CASCADE,
    CONSTRAINT project_member_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user
);
CREATE INDEX project_member_joined_idx ON project_member (tenant_id, project_id, joined_at, user_id);
CREATE INDEX project_member_user_idx ON project_member (tenant_id, user_id, project_id);
-- Asked at the end of the transaction: a project and its owner's membership come together. Who leaves for good leaves it without an owner; the service lets no owner leave.
ALTER TABLE project ADD CONSTRAINT project_owner_fkey FOREIGN KEY (tenant_id, id, owner_id) REFERENCES project_member (tenant_id, project_id, user_id)
    ON DELETE SET NULL (owner_id) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE knowledge_base (
    tenant_id     uuid NOT NULL REFERENCES tenant,
    id            uuid NOT NULL,
    -- None: of the school.
    project_id    uuid,
    name          text NOT NULL CONSTRAINT knowledge_base_name_check CHECK (length(name) BETWEEN 1 AND 200),
    description   text CONSTRAINT knowledge_base_description_check CHECK (length(description) <= 10000),
    created_by_id uuid,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    search        tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(name || ' ' || coalesce(description, '')))) STORED,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT knowledge_base_project_fkey FOREIGN KEY (tenant_id, project_id) REFERENCES project ON DELETE CASCADE,
    CONSTRAINT knowledge_base_created_by_fkey FOREIGN KEY (tenant_id, created_by_id) REFERENCES app_user
);
CREATE INDEX knowledge_base_name_idx ON knowledge_base (tenant_id, name COLLATE "und-x-icu", id);
CREATE INDEX knowledge_base_project_idx ON knowledge_base (tenant_id, project_id, name COLLATE "und-x-icu", id);
CREATE INDEX knowledge_base_created_by_idx ON knowledge_base (tenant_id, created_by_id);
CREATE INDEX knowledge_base_search_idx ON knowledge_base USING gin (tenant_id, search);

CREATE TABLE agent (
    tenant_id          uuid NOT NULL REFERENCES tenant,
    id                 uuid NOT NULL,
    -- None: of the school.
    project_id         uuid,
    name               text NOT NULL CONSTRAINT agent_name_check CHECK (length(name) BETWEEN 1 AND 200),
    description        text CONSTRAINT agent_description_check CHECK (length(description) <= 10000),
    kind               text NOT NULL CONSTRAINT agent_kind_check
                           CHECK (kind IN ('RFP', 'JIRA', 'DOCUMENTATION', 'HR', 'FINANCE', 'TUTOR', 'COURSE_AUTHOR', 'CUSTOM')),
    is_active          boolean NOT NULL DEFAULT true,
    -- Of what follows, which each version keeps.
    version            integer NOT NULL DEFAULT 1 CONSTRAINT agent_version_number_check CHECK (version >= 1),
    -- None: the school's default.
    model              text CONSTRAINT agent_model_check CHECK (length(model) BETWEEN 1 AND 200),
    temperature        double precision NOT NULL CONSTRAINT agent_temperature_check CHECK (temperature BETWEEN 0 AND 1),
    max_tokens         integer NOT NULL CONSTRAINT agent_max_tokens_check CHECK (max_tokens BETWEEN 100 AND 8000),
    -- Read by those who may change the agent, as a part of its version.
    system_prompt      text NOT NULL CONSTRAINT agent_system_prompt_check CHECK (length(system_prompt) BETWEEN 1 AND 20000),
    tools              text[] NOT NULL DEFAULT '{}' CONSTRAINT agent_tools_check
                           CHECK (tools <@ '{SEARCH_COURSES,COURSE_OUTLINE,MY_PROGRESS,MY_BOOKINGS,FREE_SLOTS,SEARCH_DOCUMENTS}'::text[] AND cardinality(tools) <= 6),
    knowledge_base_ids uuid[] NOT NULL DEFAULT '{}' CONSTRAINT agent_knowledge_check CHECK (cardinality(knowledge_base_ids) <= 10),
    starters           text[] NOT NULL DEFAULT '{}' CONSTRAINT agent_starters_check CHECK (cardinality(starters) <= 6),
    created_by_id      uuid,
    deleted_at         timestamptz,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    search             tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(public.search_words(name || ' ' || coalesce(description, '')))) STORED,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT agent_project_fkey FOREIGN KEY (tenant_id, project_id) REFERENCES project ON DELETE CASCADE,
    CONSTRAINT agent_created_by_fkey FOREIGN KEY (tenant_id, created_by_id) REFERENCES app_user
);
CREATE INDEX agent_name_idx ON agent (tenant_id, name COLLATE "und-x-icu", id) WHERE deleted_at IS NULL;
CREATE INDEX agent_created_idx ON agent (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX agent_project_idx ON agent (tenant_id, project_id, name COLLATE "und-x-icu", id);
CREATE INDEX agent_created_by_idx ON agent (tenant_id, created_by_id);
CREATE INDEX agent_search_idx ON agent USING gin (tenant_id, search);

-- What an agent was told at a time; never changed.
CREATE TABLE agent_version (
    tenant_id          uuid NOT NULL,
    id                 uuid NOT NULL,
    agent_id           uuid NOT NULL,
    version            integer NOT NULL CONSTRAINT agent_version_version_check CHECK (version >= 1),
    model              text,
    temperature        double precision NOT NULL,
    max_tokens         integer NOT NULL,
    system_prompt      text NOT NULL,
    tools              text[] NOT NULL,
    -- As they were; those that are gone are in it.
    knowledge_base_ids uuid[] NOT NULL,
    created_by_id      uuid,
    created_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT agent_version_key UNIQUE (tenant_id, agent_id, version),
    CONSTRAINT agent_version_agent_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES agent ON DELETE CASCADE,
    CONSTRAINT agent_version_created_by_fkey FOREIGN KEY (tenant_id, created_by_id) REFERENCES app_user
);
CREATE INDEX agent_version_created_by_idx ON agent_version (tenant_id, created_by_id);

-- What an agent knows now: agent.knowledge_base_ids, row by row.
CREATE TABLE agent_knowledge_base (
    tenant_id         uuid NOT NULL,
    agent_id          uuid NOT NULL,
    knowledge_base_id uuid NOT NULL,
    place             integer NOT NULL CONSTRAINT agent_knowledge_base_place_check CHECK (place BETWEEN 1 AND 10),
    PRIMARY KEY (tenant_id, agent_id, knowledge_base_id),
    CONSTRAINT agent_knowledge_base_agent_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES agent ON DELETE CASCADE,
    CONSTRAINT agent_knowledge_base_base_fkey FOREIGN KEY (tenant_id, knowledge_base_id) REFERENCES knowledge_base
);
CREATE INDEX agent_knowledge_base_base_idx ON agent_knowledge_base (tenant_id, knowledge_base_id, agent_id);

-- What a school says of assistants; without a row, the defaults.
CREATE TABLE assistant_policy (
    tenant_id                 uuid NOT NULL REFERENCES tenant,
    is_enabled                boolean NOT NULL DEFAULT true,
    -- None: every role that holds AGENT_EXECUTE.
    role_keys                 text[] CONSTRAINT assistant_policy_roles_check CHECK (cardinality(role_keys) <= 100),
    -- [{"name", "contextTokens", "inputPrice", "outputPrice", "currency"}]; none: the deployment's model alone.
    models                    jsonb CONSTRAINT assistant_policy_models_check CHECK (jsonb_typeof(models) = 'array' AND jsonb_array_length(models) BETWEEN 1 AND 20),
    default_model             text CONSTRAINT assistant_policy_default_check CHECK (length(default_model) BETWEEN 1 AND 200),
    daily_token_limit_per_user integer CONSTRAINT assistant_policy_daily_check CHECK (daily_token_limit_per_user >= 0),
    monthly_token_limit       integer CONSTRAINT assistant_policy_monthly_check CHECK (monthly_token_limit >= 0),
    retention_days            integer CONSTRAINT assistant_policy_retention_check CHECK (retention_days BETWEEN 1 AND 3650),
    audits_content            boolean NOT NULL DEFAULT false,
    generates_courses         boolean NOT NULL DEFAULT true,
    silent_during_quizzes     boolean NOT NULL DEFAULT true,
    allowed_image_hosts       text[] NOT NULL DEFAULT '{}' CONSTRAINT assistant_policy_hosts_check CHECK (cardinality(allowed_image_hosts) <= 100),
    blocked_phrases           text[] NOT NULL DEFAULT '{}' CONSTRAINT assistant_policy_phrases_check CHECK (cardinality(blocked_phrases) <= 200),
    uses_provider_moderation  boolean NOT NULL DEFAULT false,
    response_timeout_seconds  integer NOT NULL DEFAULT 60 CONSTRAINT assistant_policy_timeout_check CHECK (response_timeout_seconds BETWEEN 5 AND 600),
    updated_at                timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id)
);
