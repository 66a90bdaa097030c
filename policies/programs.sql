-- policies/programs.sql: which programs an actor may see, with what belongs to them, and who changes them.

-- Currencies and steps belong to no tenant and are nobody's secret.
REVOKE ALL ON currency, program_transition FROM PUBLIC, lectern_app, lectern_definer, lectern_platform, lectern_desk;
GRANT SELECT ON currency, program_transition TO lectern_app, lectern_definer, lectern_platform, lectern_desk;

CALL app.raise_wall('program', searched => true);
-- ACTIVE and ENDED ones are seen by the whole school; others by PROGRAM_MANAGE, APPLICATION_READ_ALL, and those who have applied or review.
CREATE POLICY program_read ON program FOR SELECT TO lectern_app USING (
    status IN ('ACTIVE', 'ENDED') OR (SELECT app.can('PROGRAM_MANAGE')) OR (SELECT app.can('APPLICATION_READ_ALL')) OR id IN (SELECT app.my_programs()));
CREATE POLICY program_create ON program FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('PROGRAM_MANAGE')) AND status = 'DRAFT');
CREATE POLICY program_change ON program FOR UPDATE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY program_delete ON program FOR DELETE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')) AND status = 'DRAFT');
-- For forms, which functions write, and for the job that ends what is over.
CREATE POLICY definer_read ON program FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_change ON program FOR UPDATE TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, slug, name, description, kind, status, starts_at, ends_at, applications_open_at, applications_close_at, capacity, currencies, fee_amount,
        fee_currency, credit_fee_on_acceptance, review_strategy, veto, approvals_needed, accept_score, reject_score, offer_hours, pay_within_days, payment_minutes,
        transfer_days, exchanges_until, has_directory, enroll_when, referrals_per_person, form_version, created_at, updated_at),
    INSERT (tenant_id, id, slug, name, description, kind, starts_at, ends_at, applications_open_at, applications_close_at, capacity, currencies, fee_amount,
        fee_currency, credit_fee_on_acceptance, review_strategy, veto, approvals_needed, accept_score, reject_score, offer_hours, pay_within_days, payment_minutes,
        transfer_days, exchanges_until, has_directory, enroll_when, referrals_per_person),
    UPDATE (slug, name, description, kind, status, starts_at, ends_at, applications_open_at, applications_close_at, capacity, currencies, fee_amount,
        fee_currency, credit_fee_on_acceptance, review_strategy, veto, approvals_needed, accept_score, reject_score, offer_hours, pay_within_days, payment_minutes,
        transfer_days, exchanges_until, has_directory, enroll_when, referrals_per_person), DELETE ON program TO lectern_app;
GRANT SELECT, UPDATE (status, form_version) ON program TO lectern_definer;

CALL app.raise_wall('program_currency');
-- Seen with the program, whose trigger writes them.
CREATE POLICY program_currency_read ON program_currency FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM program p WHERE p.tenant_id = program_currency.tenant_id AND p.id = program_currency.program_id));
CREATE POLICY definer_all ON program_currency TO lectern_definer USING (true);
GRANT SELECT ON program_currency TO lectern_app;
GRANT SELECT, INSERT, UPDATE (position), DELETE ON program_currency TO lectern_definer;

CALL app.raise_wall('program_form_key');
-- For app.set_program_form alone.
CREATE POLICY definer_all ON program_form_key TO lectern_definer USING (true);
GRANT SELECT, INSERT ON program_form_key TO lectern_definer;

CALL app.raise_wall('program_form_field');
-- Seen with the program; written by app.set_program_form alone, and never changed.
CREATE POLICY program_form_field_read ON program_form_field FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM program p WHERE p.tenant_id = program_form_field.tenant_id AND p.id = program_form_field.program_id));
CREATE POLICY definer_all ON program_form_field TO lectern_definer USING (true);
GRANT SELECT ON program_form_field TO lectern_app;
GRANT SELECT, INSERT ON program_form_field TO lectern_definer;

CALL app.raise_wall('program_reviewer');
-- By whom the field is shown to (Program.reviewers); one's own naming.
CREATE POLICY program_reviewer_read ON program_reviewer FOR SELECT TO lectern_app USING (
    (SELECT app.can('PROGRAM_MANAGE')) OR (SELECT app.can('APPLICATION_REVIEW')) OR (SELECT app.can('APPLICATION_READ_ALL')) OR user_id = (SELECT app.user_id()));
CREATE POLICY program_reviewer_add ON program_reviewer FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY program_reviewer_change ON program_reviewer FOR UPDATE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY program_reviewer_remove ON program_reviewer FOR DELETE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY definer_read ON program_reviewer FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON program_reviewer FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (is_required, position), DELETE ON program_reviewer TO lectern_app;
GRANT SELECT, DELETE ON program_reviewer TO lectern_definer;

CALL app.raise_wall('program_course');
-- Seen with the program; set by PROGRAM_MANAGE, out of courses that they see.
CREATE POLICY program_course_read ON program_course FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM program p WHERE p.tenant_id = program_course.tenant_id AND p.id = program_course.program_id));
CREATE POLICY program_course_add ON program_course FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('PROGRAM_MANAGE'))
    AND EXISTS (SELECT FROM course c WHERE c.tenant_id = program_course.tenant_id AND c.id = program_course.course_id AND c.deleted_at IS NULL));
CREATE POLICY program_course_remove ON program_course FOR DELETE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY definer_read ON program_course FOR SELECT TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE ON program_course TO lectern_app;
GRANT SELECT ON program_course TO lectern_definer;

CALL app.raise_wall('program_link_group');
-- The same of groups.
CREATE POLICY program_link_group_read ON program_link_group FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM program p WHERE p.tenant_id = program_link_group.tenant_id AND p.id = program_link_group.program_id));
CREATE POLICY program_link_group_add ON program_link_group FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('PROGRAM_MANAGE'))
    AND EXISTS (SELECT FROM user_group g WHERE g.tenant_id = program_link_group.tenant_id AND g.id = program_link_group.group_id AND g.deleted_at IS NULL));
CREATE POLICY program_link_group_remove ON program_link_group FOR DELETE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY definer_read ON program_link_group FOR SELECT TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE ON program_link_group TO lectern_app;
GRANT SELECT ON program_link_group TO lectern_definer;

CALL app.raise_wall('program_group');
-- PROGRAM_MANAGE, APPLICATION_READ_ALL, and a member of the group that of their own, of a program that they see.
CREATE POLICY program_group_read ON program_group FOR SELECT TO lectern_app USING (
    (SELECT app.can('PROGRAM_MANAGE')) OR (SELECT app.can('APPLICATION_READ_ALL'))
    OR (group_id IN (SELECT app.my_groups())
        AND EXISTS (SELECT FROM program p WHERE p.tenant_id = program_group.tenant_id AND p.id = program_group.program_id)));
CREATE POLICY program_group_add ON program_group FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('PROGRAM_MANAGE'))
    AND EXISTS (SELECT FROM user_group g WHERE g.tenant_id = program_group.tenant_id AND g.id = program_group.group_id AND g.deleted_at IS NULL));
CREATE POLICY program_group_change ON program_group FOR UPDATE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY program_group_remove ON program_group FOR DELETE TO lectern_app USING ((SELECT app.can('PROGRAM_MANAGE')));
CREATE POLICY definer_read ON program_group FOR SELECT TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, program_id, group_id, percent_off, max_members, auto_accept), UPDATE (percent_off, max_members, auto_accept), DELETE
    ON program_group TO lectern_app;
GRANT SELECT ON program_group TO lectern_definer;

-- Counters: read and written by functions alone.
CALL app.raise_wall('program_places');
CREATE POLICY definer_all ON program_places TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (capacity, taken, waiting) ON program_places TO lectern_definer;

CALL app.raise_wall('program_group_places');
CREATE POLICY definer_all ON program_group_places TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (max_members, members) ON program_group_places TO lectern_definer;
