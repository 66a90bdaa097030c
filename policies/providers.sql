-- policies/providers.sql: whoever manages the school sees and changes its providers; accounts and sign-ins are made by functions alone.

CALL app.raise_wall('sign_in_provider');
CREATE POLICY sign_in_provider_manage ON sign_in_provider TO lectern_app USING ((SELECT app.can('TENANT_MANAGE')));
-- Before anybody is signed in; the face that everybody sees of a school.
CREATE POLICY definer_read ON sign_in_provider FOR SELECT TO lectern_definer USING (true);
-- The secret is read by app.spend_provider_state alone.
GRANT SELECT (tenant_id, id, key, name, issuer, client_id, has_client_secret, redirect_uris, email_domains, role_key, is_enabled, created_at),
    INSERT (tenant_id, id, key, name, issuer, client_id, client_secret, redirect_uris, email_domains, role_key, is_enabled),
    UPDATE (name, issuer, client_id, client_secret, redirect_uris, email_domains, role_key, is_enabled), DELETE ON sign_in_provider TO lectern_app;
GRANT SELECT ON sign_in_provider TO lectern_definer;

-- Nobody reads who somebody is elsewhere, nor what completes a sign-in, but the functions that need it; also after a lapse.
CALL app.raise_wall('provider_account', needs_subscription => false);
CREATE POLICY definer_all ON provider_account TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE ON provider_account TO lectern_definer;
CALL app.raise_wall('provider_sign_in', needs_subscription => false);
CREATE POLICY definer_all ON provider_sign_in TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON provider_sign_in TO lectern_definer;
