-- From which networks accounts have signed in before, so that strangers to a network can be told from those who belong there.
-- A row says neither who nor where: `subject` is a keyed hash of the account and the network's prefix, of the nil tenant, and
-- the key is the service's alone. It is forgotten when nobody has signed in that way for long. Logged: a school must not be
-- a stranger to itself after a crash.
CREATE TABLE known_network (
    tenant_id uuid NOT NULL,
    subject   bytea NOT NULL CONSTRAINT known_network_subject_check CHECK (length(subject) = 32),
    seen_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, subject)
);
CREATE INDEX known_network_seen_idx ON known_network (tenant_id, seen_at);
