-- policies/applications.sql: which applications an actor sees, and who reads what is sensitive in them. Steps are taken by functions.

-- Steps belong to no tenant and are nobody's secret.
REVOKE ALL ON application_transition FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk;
GRANT SELECT ON application_transition TO lectern_app, lectern_definer, lectern_platform, lectern_desk;

CALL app.raise_wall('application');
-- The own ones; all for APPLICATION_READ_ALL and APPLICATION_MANAGE; those that were handed in, for the reviewers whom their program names.
CREATE POLICY application_read ON application FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('APPLICATION_READ_ALL')) OR (SELECT app.can('APPLICATION_MANAGE'))
    OR (status <> 'DRAFT' AND submitted_at IS NOT NULL AND program_id IN (SELECT app.reviewed_programs())));
-- Nothing but a discount: all else is a step, or follows from one.
CREATE POLICY application_discount ON application FOR UPDATE TO lectern_app USING ((SELECT app.can('APPLICATION_MANAGE')));
CREATE POLICY definer_all ON application TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, program_id, user_id, group_id, status, answers, form_version, not_shared, waitlisted_at, offered_at, offer_expires_at, submitted_at, decided_at,
        accepted_at, discount_percent, referral_id, fee_paid_at, fee_credited_at, created_at, updated_at),
    UPDATE (discount_percent) ON application TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (status, answers, form_version, not_shared, waitlisted_at, offered_at, offer_expires_at, submitted_at, decided_at, accepted_at,
    referral_id, fee_paid_at, fee_credited_at, updated_at) ON application TO lectern_definer;

CALL app.raise_wall('application_secret');
-- The applicant's and APPLICATION_MANAGE's; not for whoever looks in one's place.
CREATE POLICY application_secret_read ON application_secret FOR SELECT TO lectern_app USING (
    (user_id = (SELECT app.user_id()) OR (SELECT app.can('APPLICATION_MANAGE'))) AND (SELECT app.viewed_by()) IS NULL);
CREATE POLICY definer_all ON application_secret TO lectern_definer USING (true);
GRANT SELECT ON application_secret TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (answers) ON application_secret TO lectern_definer;

CALL app.raise_wall('application_event');
-- With its application.
CREATE POLICY application_event_read ON application_event FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM application a WHERE a.tenant_id = application_event.tenant_id AND a.id = application_event.application_id));
CREATE POLICY definer_all ON application_event TO lectern_definer USING (true);
GRANT SELECT ON application_event TO lectern_app;
-- Changed where an answer becomes sensitive, and by a deletion of its applicant, which empties it.
GRANT SELECT, INSERT, UPDATE (answers, message) ON application_event TO lectern_definer;

CALL app.raise_wall('application_event_secret');
-- As application_secret.
CREATE POLICY application_event_secret_read ON application_event_secret FOR SELECT TO lectern_app USING (
    (user_id = (SELECT app.user_id()) OR (SELECT app.can('APPLICATION_MANAGE'))) AND (SELECT app.viewed_by()) IS NULL);
CREATE POLICY definer_all ON application_event_secret TO lectern_definer USING (true);
GRANT SELECT ON application_event_secret TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (answers) ON application_event_secret TO lectern_definer;

CALL app.raise_wall('application_file');
-- Read by app.answered_file alone, which knows what is sensitive.
CREATE POLICY definer_all ON application_file TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (file_id, is_sensitive) ON application_file TO lectern_definer;
