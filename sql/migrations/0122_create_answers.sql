-- Answers on their way: who writes one, for whom, and what of it is there already. Nothing here outlives an answer.

-- One for each answer that has not ended.
CREATE TABLE answer_run (
    tenant_id         uuid NOT NULL,
    message_id        uuid NOT NULL,
    conversation_id   uuid NOT NULL,
    -- For whom, and as what they were signed in: whoever is not any more is not answered.
    user_id           uuid NOT NULL,
    session_id        uuid NOT NULL,
    token_version     integer NOT NULL,
    api_key_id        uuid,
    when_abandoned    text NOT NULL DEFAULT 'CONTINUE' CONSTRAINT answer_run_abandoned_check CHECK (when_abandoned IN ('CONTINUE', 'CANCEL')),
    -- Who writes it; none before somebody does. An answer is written once.
    process           uuid,
    claimed_at        timestamptz,
    -- When its process was heard of last.
    beat_at           timestamptz NOT NULL DEFAULT now(),
    -- When somebody was listening last in another process; kept where it is cancelled when nobody does.
    heard_at          timestamptz,
    -- Of the call that is under way: what its prompt was estimated at, and how much of the answer there was before. None: no call is.
    call_prompt       bigint,
    call_from         integer,
    -- Of the calls that have ended.
    prompt_tokens     bigint NOT NULL DEFAULT 0,
    completion_tokens bigint NOT NULL DEFAULT 0,
    is_estimated      boolean NOT NULL DEFAULT false,
    created_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, message_id),
    CONSTRAINT answer_run_message_fkey FOREIGN KEY (tenant_id, message_id) REFERENCES message ON DELETE CASCADE,
    CONSTRAINT answer_run_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT answer_run_claimed_check CHECK ((process IS NULL) = (claimed_at IS NULL))
);
COMMENT ON TABLE answer_run IS 'counter';
CREATE INDEX answer_run_conversation_idx ON answer_run (tenant_id, conversation_id);
CREATE INDEX answer_run_user_idx ON answer_run (tenant_id, user_id);
-- What is silent, of whatever school.
CREATE INDEX answer_run_beat_idx ON answer_run (beat_at, tenant_id);

-- What of an unfinished answer is there, piece by piece. With the end it moves to the message.
CREATE TABLE message_delta (
    tenant_id  uuid NOT NULL,
    message_id uuid NOT NULL,
    -- How many characters come before it.
    position   bigint NOT NULL CONSTRAINT message_delta_position_check CHECK (position >= 0),
    text       text NOT NULL CONSTRAINT message_delta_text_check CHECK (text <> ''),
    PRIMARY KEY (tenant_id, message_id, position),
    CONSTRAINT message_delta_message_fkey FOREIGN KEY (tenant_id, message_id) REFERENCES message ON DELETE CASCADE
);
COMMENT ON TABLE message_delta IS 'counter';
COMMENT ON COLUMN message_delta.text IS 'secret: words of a conversation';
