-- policies/doors.sql: who may look at what was scanned at doors. It is written by app.check_in alone.

CALL app.raise_wall('check_in');
CREATE POLICY check_in_read ON check_in FOR SELECT TO lectern_app USING ((SELECT app.can('ATTENDEE_CHECK_IN')) OR (SELECT app.can('APPLICATION_READ_ALL')));
CREATE POLICY definer_all ON check_in TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, program_id, client_id, outcome, ticket_id, attendee_name, product_name, station, scanned_at, received_at, by_id) ON check_in TO lectern_app;
GRANT SELECT, INSERT (tenant_id, id, program_id, client_id, outcome, ticket_id, attendee_name, product_name, station, admits_on, scanned_at, by_id),
    UPDATE (attendee_name) ON check_in TO lectern_definer;
