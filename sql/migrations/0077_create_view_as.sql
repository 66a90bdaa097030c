-- Looking in another person's place: who did, from which sign-in, as whom and in which role of theirs, and why.
CREATE TABLE view_as (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    actor_id   uuid NOT NULL,
    session_id uuid NOT NULL,
    user_id    uuid NOT NULL,
    role_id    uuid NOT NULL,
    reason     text NOT NULL CONSTRAINT view_as_reason_check CHECK (length(reason) BETWEEN 5 AND 500),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT view_as_other_check CHECK (user_id <> actor_id),
    CONSTRAINT view_as_actor_fkey FOREIGN KEY (tenant_id, actor_id) REFERENCES app_user,
    CONSTRAINT view_as_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    -- What is left of it then is its entries in the log.
    CONSTRAINT view_as_session_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES session ON DELETE CASCADE,
    CONSTRAINT view_as_role_fkey FOREIGN KEY (tenant_id, role_id) REFERENCES role ON DELETE CASCADE
);
-- One at a time.
CREATE UNIQUE INDEX view_as_one_key ON view_as (tenant_id, actor_id) WHERE ended_at IS NULL;
CREATE INDEX view_as_actor_idx ON view_as (tenant_id, actor_id);
CREATE INDEX view_as_user_idx ON view_as (tenant_id, user_id);
CREATE INDEX view_as_session_idx ON view_as (tenant_id, session_id);
CREATE INDEX view_as_role_idx ON view_as (tenant_id, role_id);

-- A document that was read in another person's place is neither a change nor a refusal. What was in the log before can't break the new rules.
ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_outcome_check, DROP CONSTRAINT audit_entry_refusal_check;
ALTER TABLE audit_entry
    ADD CONSTRAINT audit_entry_outcome_check CHECK (outcome IN ('CHANGED', 'REFUSED', 'VIEWED')) NOT VALID,
    ADD CONSTRAINT audit_entry_refusal_check CHECK (
        CASE outcome WHEN 'REFUSED' THEN code IS NOT NULL AND before IS NULL AND after IS NULL ELSE code IS NULL AND reason IS NULL END) NOT VALID;
