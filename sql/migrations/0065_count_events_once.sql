-- Fan-outs beside each other come in any order: a notification knows each event that it counts.

-- The events that it counts, but for the latest of them, which is event_id.
ALTER TABLE notification ADD COLUMN earlier_ids uuid[] NOT NULL DEFAULT '{}';

-- Mails are asked for all at once (app.mail_notifications).
DROP FUNCTION IF EXISTS app.mail_notification(uuid, uuid, text, jsonb);
DROP FUNCTION IF EXISTS app.locale_of(uuid);
