-- What a provider has reported of a mail: said again, it says nothing new.
ALTER TABLE mail ADD COLUMN reported text[] NOT NULL DEFAULT '{}'
    CONSTRAINT mail_reported_check CHECK (reported <@ ARRAY ['BOUNCED', 'COMPLAINED']);
