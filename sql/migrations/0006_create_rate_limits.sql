-- How much somebody has asked for lately, shared by every replica. Both tables hold hashes and counts only, of the nil
-- tenant: a sign-in has no school yet, and must not tell whether there is one. They are unlogged: what a crash forgets is
-- some minutes of counting.

-- The failed sign-ins of an account or an address within the window, oldest first.
CREATE UNLOGGED TABLE failed_sign_in (
    tenant_id uuid NOT NULL,
    subject   bytea NOT NULL CONSTRAINT failed_sign_in_subject_check CHECK (length(subject) = 32),
    at        timestamptz[] NOT NULL,
    last_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, subject)
);
CREATE INDEX failed_sign_in_last_idx ON failed_sign_in (tenant_id, last_at);

-- What a person has used up in one minute (its number since 1970), summed over the replicas.
CREATE UNLOGGED TABLE used_budget (
    tenant_id uuid NOT NULL,
    subject   bytea NOT NULL CONSTRAINT used_budget_subject_check CHECK (length(subject) = 32),
    minute    bigint NOT NULL,
    used      bigint NOT NULL,
    PRIMARY KEY (tenant_id, subject, minute)
);
CREATE INDEX used_budget_minute_idx ON used_budget (tenant_id, minute);
