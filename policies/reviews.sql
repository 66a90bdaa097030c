-- policies/reviews.sql: who sees how others voted, and who knows of red flags.

CALL app.raise_wall('application_review');
-- Those who see the application, but for its applicant, whatever else they may do.
CREATE POLICY application_review_read ON application_review FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM application a WHERE a.tenant_id = application_review.tenant_id AND a.id = application_review.application_id AND a.user_id <> (SELECT app.user_id())));
CREATE POLICY definer_all ON application_review TO lectern_definer USING (true);
GRANT SELECT ON application_review TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (decision, note, updated_at) ON application_review TO lectern_definer;

CALL app.raise_wall('red_flag');
-- APPLICATION_MANAGE alone, by app.red_flagged and app.set_red_flag; nobody reads the note, but whoever exports the school.
CREATE POLICY definer_all ON red_flag TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (flag_note) ON red_flag TO lectern_definer;
