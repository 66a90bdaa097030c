-- Calendars elsewhere, outgoing: addresses by which a person's bookings are read as iCalendar, by whoever knows them.
CREATE TABLE calendar_feed (
    tenant_id     uuid NOT NULL REFERENCES tenant,
    id            uuid NOT NULL,
    -- Whose rows it shows, by what they may see when it is read.
    owner_id      uuid NOT NULL,
    name          text NOT NULL CONSTRAINT calendar_feed_name_check CHECK (length(name) BETWEEN 1 AND 200),
    scope         text NOT NULL DEFAULT 'MINE' CONSTRAINT calendar_feed_scope_check CHECK (scope IN ('MINE', 'INSTRUCTOR', 'RESOURCE')),
    instructor_id uuid,
    resource_id   uuid,
    detail        text NOT NULL DEFAULT 'FULL' CONSTRAINT calendar_feed_detail_check CHECK (detail IN ('FULL', 'BUSY')),
    -- SHA-256 of what its address ends with, and the last four characters of that.
    secret_hash   bytea NOT NULL CONSTRAINT calendar_feed_secret_check CHECK (length(secret_hash) = 32),
    hint          text NOT NULL CONSTRAINT calendar_feed_hint_check CHECK (length(hint) = 4),
    -- How often it was read within the hour that began then.
    hour_reads    integer NOT NULL DEFAULT 0,
    hour_began_at timestamptz,
    last_read_at  timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT calendar_feed_owner_fkey FOREIGN KEY (tenant_id, owner_id) REFERENCES app_user,
    CONSTRAINT calendar_feed_instructor_fkey FOREIGN KEY (tenant_id, instructor_id) REFERENCES app_user,
    CONSTRAINT calendar_feed_resource_fkey FOREIGN KEY (tenant_id, resource_id) REFERENCES resource,
    CONSTRAINT calendar_feed_of_check CHECK ((scope = 'INSTRUCTOR') = (instructor_id IS NOT NULL) AND (scope = 'RESOURCE') = (resource_id IS NOT NULL))
);
COMMENT ON COLUMN calendar_feed.secret_hash IS 'secret: opens the feed to whoever can try all of them';
CREATE INDEX calendar_feed_owner_idx ON calendar_feed (tenant_id, owner_id, created_at, id);
CREATE INDEX calendar_feed_instructor_idx ON calendar_feed (tenant_id, instructor_id);
CREATE INDEX calendar_feed_resource_idx ON calendar_feed (tenant_id, resource_id);
-- An address names a feed alone: whose it is, the index says.
CREATE INDEX calendar_feed_secret_idx ON calendar_feed (secret_hash);

-- How often its state or its time has changed (NULL: never): by this calendars tell which of two answers is the newer one.
ALTER TABLE booking ADD COLUMN revision integer;

-- Mails to many people take attachments along, too.
DROP FUNCTION IF EXISTS app.mail_notifications(uuid, uuid[], jsonb);
DROP FUNCTION IF EXISTS app.send_mails(text, uuid[], text[], jsonb, text[]);
