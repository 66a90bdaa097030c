-- policies/tenants.sql: a signed-in person sees the own school.
CALL app.raise_wall('tenant', needs_subscription => false);
-- Functions of the service resolve slugs, list schools and read caps before or beside any tenant.
DROP POLICY tenant_wall ON tenant;
CREATE POLICY tenant_wall ON tenant AS RESTRICTIVE TO lectern_app, lectern_desk
    USING (tenant_id = (SELECT current_setting('app.tenant_id', true)::uuid));

CREATE POLICY tenant_read ON tenant FOR SELECT TO lectern_app USING (true);
CREATE POLICY definer_read ON tenant FOR SELECT TO lectern_definer USING (true);

-- What its people see of it, what every subscription_wall asks, and what the audit log shows of its changes.
GRANT SELECT (tenant_id, slug, name, time_zone, subscription_start, subscription_end, suspended_at, created_at, is_listed, max_users, max_instructors, storage_quota, suspend_reason,
        assistant_token_quota)
    ON tenant TO lectern_app;
-- app.create_tenant and app.change_tenant, which take that school, and app.change_school; others only lock its row.
CREATE POLICY definer_found ON tenant FOR INSERT TO lectern_definer WITH CHECK (tenant_id = (SELECT app.tenant_id()));
CREATE POLICY definer_change ON tenant FOR UPDATE TO lectern_definer USING (true) WITH CHECK (tenant_id = (SELECT app.tenant_id()));
GRANT SELECT, INSERT (tenant_id, slug, name, time_zone, is_listed, subscription_start, subscription_end, max_users, max_instructors),
    UPDATE (name, time_zone, is_listed, subscription_end, max_users, max_instructors, suspended_at, suspend_reason) ON tenant TO lectern_definer;

-- The own school's, whether or not its subscription runs.
CALL app.raise_wall('tenant_settings', needs_subscription => false);
CREATE POLICY tenant_settings_read ON tenant_settings FOR SELECT TO lectern_app USING (true);
CREATE POLICY tenant_settings_change ON tenant_settings FOR UPDATE TO lectern_app USING ((SELECT app.can('TENANT_MANAGE')));
CREATE POLICY definer_read ON tenant_settings FOR SELECT TO lectern_definer USING (true);
GRANT SELECT (tenant_id, mail_sender_name, mail_footer, embed_hosts, sign_up, sign_up_role_keys, sign_up_domains, code_sign_in, second_factor_role_keys,
        password_change_needs_approval, created_at),
    UPDATE (mail_sender_name, mail_footer, embed_hosts, sign_up, sign_up_role_keys, sign_up_domains, code_sign_in, second_factor_role_keys,
        password_change_needs_approval) ON tenant_settings TO lectern_app;
GRANT SELECT (locale, logo_file_id, primary_color, website, support_email), UPDATE (locale, logo_file_id, primary_color, website, support_email)
    ON tenant_settings TO lectern_app;
GRANT SELECT (gamification, leaderboards, risk_inactive_days), UPDATE (gamification, leaderboards, risk_inactive_days) ON tenant_settings TO lectern_app;
GRANT SELECT (booking_escalation_hours, slot_hold_minutes, waitlist_offer_minutes, booking_reminder_minutes, booking_cancel_notice_minutes),
    UPDATE (booking_escalation_hours, slot_hold_minutes, waitlist_offer_minutes, booking_reminder_minutes, booking_cancel_notice_minutes) ON tenant_settings TO lectern_app;
-- A school is founded with them.
CREATE POLICY definer_found ON tenant_settings FOR INSERT TO lectern_definer WITH CHECK (true);
CREATE POLICY definer_change ON tenant_settings FOR UPDATE TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id), UPDATE (locale) ON tenant_settings TO lectern_definer;

-- Everybody of the school reads what it has switched on, after a lapse as well: `viewer` says it.
CALL app.raise_wall('feature_flag', needs_subscription => false);
CREATE POLICY feature_flag_read ON feature_flag FOR SELECT TO lectern_app USING (true);
CREATE POLICY feature_flag_set ON feature_flag FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('TENANT_MANAGE')));
CREATE POLICY feature_flag_change ON feature_flag FOR UPDATE TO lectern_app USING ((SELECT app.can('TENANT_MANAGE')));
CREATE POLICY feature_flag_delete ON feature_flag FOR DELETE TO lectern_app USING ((SELECT app.can('TENANT_MANAGE')));
CREATE POLICY definer_read ON feature_flag FOR SELECT TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, key, is_on, role_keys, created_at), INSERT (tenant_id, id, key, is_on, role_keys), UPDATE (is_on, role_keys), DELETE
    ON feature_flag TO lectern_app;
GRANT SELECT ON feature_flag TO lectern_definer;
