-- policies/attendees.sql: whom of those who are to come an actor sees. Addresses are read by app.attendee_emails alone.

CALL app.raise_wall('attendee', searched => true);
-- Oneself; all for APPLICATION_READ_ALL and APPLICATION_MANAGE; the party of an application that one sees; who has a paid ticket, for who checks people in.
CREATE POLICY attendee_read ON attendee FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('APPLICATION_READ_ALL')) OR (SELECT app.can('APPLICATION_MANAGE'))
    OR (issued_tickets > 0 AND (SELECT app.can('ATTENDEE_CHECK_IN')))
    OR application_id IN (SELECT app.own_applications())
    OR (program_id IN (SELECT app.reviewed_programs()) AND app.is_handed_in(application_id)));
CREATE POLICY definer_all ON attendee TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, application_id, program_id, kind, name, user_id, issued_tickets, created_at) ON attendee TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (name, email, email_key, user_id, code_generation, issued_tickets, updated_at) ON attendee TO lectern_definer;
