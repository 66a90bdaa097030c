-- Where a school's models are asked, and what asking them takes.

-- A school's own endpoint, or its own key to the deployment's. Without a row: the deployment's.
CREATE TABLE assistant_provider (
    tenant_id           uuid NOT NULL REFERENCES tenant,
    base_url            text CONSTRAINT assistant_provider_base_url_check CHECK (length(base_url) BETWEEN 1 AND 2000),
    key                 bytea,
    key_set_at          timestamptz,
    last_answered_at    timestamptz,
    last_failed_at      timestamptz,
    last_failure_reason text CONSTRAINT assistant_provider_reason_check CHECK (length(last_failure_reason) <= 100),
    PRIMARY KEY (tenant_id),
    CONSTRAINT assistant_provider_key_check CHECK ((key IS NULL) = (key_set_at IS NULL))
);
COMMENT ON COLUMN assistant_provider.key IS 'secret: by which the school is known to its models'' provider, sealed';

-- One row a call, with the price of that moment. Never changed; it stays when messages go.
CREATE TABLE assistant_usage (
    tenant_id         uuid NOT NULL REFERENCES tenant,
    id                uuid NOT NULL,
    at                timestamptz NOT NULL DEFAULT now(),
    user_id           uuid,
    project_id        uuid,
    agent_id          uuid,
    model             text NOT NULL CONSTRAINT assistant_usage_model_check CHECK (length(model) BETWEEN 1 AND 200),
    purpose           text NOT NULL CONSTRAINT assistant_usage_purpose_check CHECK (purpose IN ('ANSWER', 'GENERATION', 'EMBEDDING', 'MODERATION')),
    has_failed        boolean NOT NULL,
    prompt_tokens     bigint NOT NULL CONSTRAINT assistant_usage_prompt_check CHECK (prompt_tokens >= 0),
    completion_tokens bigint NOT NULL CONSTRAINT assistant_usage_completion_check CHECK (completion_tokens >= 0),
    is_estimated      boolean NOT NULL,
    -- In the smallest units of the currency, for a million tokens.
    input_price       numeric,
    output_price      numeric,
    currency          text,
    message_id        uuid,
    generation_id     uuid,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT assistant_usage_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT assistant_usage_project_fkey FOREIGN KEY (tenant_id, project_id) REFERENCES project ON DELETE SET NULL (project_id),
    CONSTRAINT assistant_usage_agent_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES agent ON DELETE SET NULL (agent_id)
);
CREATE INDEX assistant_usage_at_idx ON assistant_usage (tenant_id, at);
CREATE INDEX assistant_usage_user_idx ON assistant_usage (tenant_id, user_id, at);
CREATE INDEX assistant_usage_project_idx ON assistant_usage (tenant_id, project_id);
CREATE INDEX assistant_usage_agent_idx ON assistant_usage (tenant_id, agent_id);

-- Tokens of a school in a month (scope SCHOOL, of nobody), and of a person on a day (scope PERSON), by the school's clock.
CREATE TABLE token_counter (
    tenant_id uuid NOT NULL REFERENCES tenant,
    scope     text NOT NULL CONSTRAINT token_counter_scope_check CHECK (scope IN ('SCHOOL', 'PERSON')),
    user_id   uuid NOT NULL,
    period    date NOT NULL,
    used      bigint NOT NULL DEFAULT 0 CONSTRAINT token_counter_used_check CHECK (used >= 0),
    reserved  bigint NOT NULL DEFAULT 0 CONSTRAINT token_counter_reserved_check CHECK (reserved >= 0),
    -- When it was told that most of the month's are used.
    warned_at timestamptz,
    PRIMARY KEY (tenant_id, scope, user_id, period)
);
COMMENT ON TABLE token_counter IS 'counter';

-- What is reserved for an answer or a generation, in the counters of the day on which it began.
CREATE TABLE token_reservation (
    tenant_id uuid NOT NULL REFERENCES tenant,
    holder    uuid NOT NULL,
    user_id   uuid NOT NULL,
    tokens    bigint NOT NULL CONSTRAINT token_reservation_tokens_check CHECK (tokens >= 0),
    day       date NOT NULL,
    month     date NOT NULL,
    PRIMARY KEY (tenant_id, holder)
);
COMMENT ON TABLE token_reservation IS 'counter';

-- How many tokens a month the operator lets a school use; none: as many as it says itself.
ALTER TABLE tenant ADD COLUMN assistant_token_quota bigint CONSTRAINT tenant_assistant_token_quota_check CHECK (assistant_token_quota >= 0);
