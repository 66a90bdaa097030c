-- policies/mail.sql: mails are asked for and sent by functions alone; whoever reads the outbox sees them.
CALL app.raise_wall('mail');
CREATE POLICY mail_read ON mail FOR SELECT TO lectern_app USING ((SELECT app.can('OUTBOX_READ')));
CREATE POLICY definer_all ON mail TO lectern_definer USING (true);
-- The secrets are sealed: what opens them is no part of the database.
GRANT SELECT (tenant_id, id, template, locale, user_id, address, address_key, parameters, secrets, letterhead, subject, state, attempts, error, created_at, sent_at)
    ON mail TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (address, address_key, parameters, secrets, letterhead, subject, state, attempts, error, reported, sent_at) ON mail TO lectern_definer;
