-- policies/viewings.sql: nobody reads or writes who looks in whose place but the functions that begin and end it; the log shows it.
CALL app.raise_wall('view_as');
CREATE POLICY definer_all ON view_as TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (ended_at) ON view_as TO lectern_definer;
