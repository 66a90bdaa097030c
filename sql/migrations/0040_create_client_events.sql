-- What people did in a client of the school's: an app, a page. Written by themselves, counted by reports.
CREATE TABLE client_event (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    user_id    uuid NOT NULL,
    name       text NOT NULL CONSTRAINT client_event_name_check CHECK (name ~ '^[a-z][a-z0-9_.]{0,63}$'),
    at         timestamptz NOT NULL,
    -- The same key again is the same event.
    key        text CONSTRAINT client_event_key_check CHECK (length(key) BETWEEN 1 AND 100),
    properties jsonb NOT NULL DEFAULT '{}' CONSTRAINT client_event_properties_check CHECK (jsonb_typeof(properties) = 'object'),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT client_event_user_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES app_user,
    CONSTRAINT client_event_once UNIQUE (tenant_id, user_id, key)
);
-- Reports read these two alone, of the school or of one person; the purge goes by the first.
CREATE INDEX client_event_at_idx ON client_event (tenant_id, at) INCLUDE (user_id, name);
CREATE INDEX client_event_user_idx ON client_event (tenant_id, user_id, at) INCLUDE (name);
