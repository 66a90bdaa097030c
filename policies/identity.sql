-- policies/identity.sql: which people, roles and sessions an actor may see and change.
-- People, roles and sessions stay readable after a subscription has lapsed, so that signing in and out goes on working.

CALL app.raise_wall('app_user', needs_subscription => false, searched => true);
-- Oneself; everybody for USER_READ; instructors and tombstones for all (the service shows id and name); acquaintances.
-- And whom this very transaction has changed: a change that is to be reported must still be able to read its row.
CREATE POLICY app_user_read ON app_user FOR SELECT TO lectern_app USING (
    id = (SELECT app.user_id()) OR (SELECT app.can('USER_READ')) OR is_instructor OR deleted_at IS NOT NULL
    OR updated_at = (SELECT now()) OR id IN (SELECT app.acquaintances()));
CREATE POLICY app_user_create ON app_user FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('USER_CREATE')));
-- Oneself, in person (name, email, token version: app.before_app_user_update keeps the rest), or people whom one outranks.
CREATE POLICY app_user_change ON app_user FOR UPDATE TO lectern_app USING (
    deleted_at IS NULL
    AND ((id = (SELECT app.user_id()) AND (SELECT app.key_id()) IS NULL)
         OR (((SELECT app.can('USER_UPDATE')) OR (SELECT app.can('USER_DELETE'))) AND app.outranks(id))))
    WITH CHECK ((id = (SELECT app.user_id()) AND (SELECT app.key_id()) IS NULL)
         OR (((SELECT app.can('USER_UPDATE')) OR (SELECT app.can('USER_DELETE'))) AND app.outranks(id)));
CREATE POLICY definer_read ON app_user FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_change ON app_user FOR UPDATE TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, name, email, status, is_instructor, token_version, deleted_at, created_at, email_state, second_factor_at),
    INSERT (tenant_id, id, name, email, email_key), UPDATE (name, email, email_key, email_state, status, token_version, deleted_at) ON app_user TO lectern_app;
GRANT SELECT (username, time_zone), INSERT (username, time_zone), UPDATE (username, time_zone) ON app_user TO lectern_app;
-- Who has proven their mailbox comes in by a function (app.admit).
CREATE POLICY definer_admit ON app_user FOR INSERT TO lectern_definer WITH CHECK (true);
GRANT SELECT, INSERT (tenant_id, id, name, email, email_key), UPDATE (email, email_key, is_instructor, token_version, email_state, second_factor_at, has_signed_in) ON app_user TO lectern_definer;

-- Nobody reads a password hash but a function that verifies it.
CALL app.raise_wall('credential', needs_subscription => false);
CREATE POLICY definer_all ON credential TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON credential TO lectern_definer;

CALL app.raise_wall('role', needs_subscription => false);
-- The own ones; all for those who read roles or people, and for those who give roles.
CREATE POLICY role_read ON role FOR SELECT TO lectern_app USING (
    (SELECT app.can('ROLE_READ')) OR (SELECT app.can('USER_READ')) OR (SELECT app.can('ROLE_MANAGE')) OR (SELECT app.can('USER_CREATE'))
    OR (SELECT app.can('USER_ADMIT'))
    OR id IN (SELECT ur.role_id FROM user_role ur WHERE ur.tenant_id = (SELECT app.tenant_id()) AND ur.user_id = (SELECT app.user_id())));
-- Custom roles only, and none that grants what the actor does not hold.
CREATE POLICY role_create ON role FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('ROLE_MANAGE')) AND NOT is_system AND permissions <@ (SELECT app.permissions()));
CREATE POLICY role_change ON role FOR UPDATE TO lectern_app USING (
    (SELECT app.can('ROLE_MANAGE')) AND NOT is_system AND permissions <@ (SELECT app.permissions()));
CREATE POLICY role_delete ON role FOR DELETE TO lectern_app USING (
    (SELECT app.can('ROLE_MANAGE')) AND NOT is_system AND permissions <@ (SELECT app.permissions()));
CREATE POLICY definer_read ON role FOR SELECT TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, key, name, is_system, permissions, created_at), DELETE, INSERT (tenant_id, id, key, name, permissions),
    UPDATE (name, permissions) ON role TO lectern_app;
CREATE POLICY definer_found ON role FOR INSERT TO lectern_definer WITH CHECK (true);
GRANT SELECT, INSERT (tenant_id, id, key, name, is_system, permissions) ON role TO lectern_definer;

CALL app.raise_wall('user_role', needs_subscription => false);
-- What has ended is nothing any more.
CREATE POLICY user_role_read ON user_role FOR SELECT TO lectern_app USING (
    (ends_at IS NULL OR ends_at > (SELECT now()))
    AND (user_id = (SELECT app.user_id()) OR (SELECT app.can('USER_READ')) OR (SELECT app.can('ROLE_READ')) OR (SELECT app.can('ROLE_MANAGE'))));
-- Roles that the actor covers or manages, to people above whom they stand; to themselves none that they only manage. Whoever may only create
-- people gives roles to those whom this transaction creates.
CREATE POLICY user_role_grant ON user_role FOR INSERT TO lectern_app WITH CHECK (
    ((SELECT app.can('ROLE_MANAGE'))
     OR ((SELECT app.can('USER_CREATE'))
         AND EXISTS (SELECT FROM app_user u WHERE u.tenant_id = user_role.tenant_id AND u.id = user_role.user_id AND u.created_at = now())))
    AND app.may_grant(role_id) AND (user_id <> (SELECT app.user_id()) OR app.covers_role(role_id)) AND app.outranks(user_id));
-- When a role ends is said by others than its holder.
CREATE POLICY user_role_end ON user_role FOR UPDATE TO lectern_app USING (
    (SELECT app.can('ROLE_MANAGE')) AND user_id <> (SELECT app.user_id()) AND app.may_grant(role_id) AND app.outranks(user_id));
-- Nor does its holder take it from themselves, to have it anew for good.
CREATE POLICY user_role_revoke ON user_role FOR DELETE TO lectern_app USING (
    (SELECT app.can('ROLE_MANAGE')) AND (user_id <> (SELECT app.user_id()) OR ends_at IS NULL) AND app.outranks(user_id));
CREATE POLICY definer_read ON user_role FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_delete ON user_role FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, user_id, role_id, ends_at), UPDATE (ends_at), DELETE ON user_role TO lectern_app;
CREATE POLICY definer_admit ON user_role FOR INSERT TO lectern_definer WITH CHECK (true);
-- Whom the platform makes an administrator is one for good (app.give_tenant_admin).
CREATE POLICY definer_keep ON user_role FOR UPDATE TO lectern_definer USING (true) WITH CHECK (ends_at IS NULL);
GRANT SELECT, INSERT (tenant_id, user_id, role_id), UPDATE (ends_at), DELETE ON user_role TO lectern_definer;

-- Who stands above whom is seen by whoever sees roles (app.role_ladder says it), and set with the role: among the school's own that the actor
-- may change, those that they manage themselves.
CALL app.raise_wall('role_manages', needs_subscription => false);
CREATE POLICY role_manages_read ON role_manages FOR SELECT TO lectern_app USING ((SELECT app.can('ROLE_READ')) OR (SELECT app.can('ROLE_MANAGE')));
CREATE POLICY role_manages_add ON role_manages FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('ROLE_MANAGE'))
    AND EXISTS (SELECT FROM role r WHERE r.tenant_id = role_manages.tenant_id AND r.id = role_manages.role_id AND NOT r.is_system
                AND r.permissions <@ (SELECT app.permissions()))
    AND EXISTS (SELECT FROM role r WHERE r.tenant_id = role_manages.tenant_id AND r.id = role_manages.managed_role_id
                AND r.key = ANY ((SELECT app.managed_roles())::text[])));
CREATE POLICY role_manages_remove ON role_manages FOR DELETE TO lectern_app USING (
    (SELECT app.can('ROLE_MANAGE'))
    AND EXISTS (SELECT FROM role r WHERE r.tenant_id = role_manages.tenant_id AND r.id = role_manages.role_id AND NOT r.is_system
                AND r.permissions <@ (SELECT app.permissions())));
CREATE POLICY definer_read ON role_manages FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_give ON role_manages FOR INSERT TO lectern_definer WITH CHECK (true);
GRANT SELECT, INSERT (tenant_id, role_id, managed_role_id), DELETE ON role_manages TO lectern_app;
GRANT SELECT, INSERT (tenant_id, role_id, managed_role_id) ON role_manages TO lectern_definer;

-- What single people are granted and denied: the own, all for who reads people and roles, and for those who set it: of people above whom they
-- stand, nothing that they don't hold themselves.
CALL app.raise_wall('user_permission', needs_subscription => false);
CREATE POLICY user_permission_read ON user_permission FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('ROLE_MANAGE')) OR ((SELECT app.can('USER_READ')) AND (SELECT app.can('ROLE_READ'))));
CREATE POLICY user_permission_set ON user_permission FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('ROLE_MANAGE')) AND app.outranks(user_id) AND (effect = 'DENY' OR app.can(permission)));
CREATE POLICY user_permission_remove ON user_permission FOR DELETE TO lectern_app USING ((SELECT app.can('ROLE_MANAGE')) AND app.outranks(user_id));
CREATE POLICY definer_read ON user_permission FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_forget ON user_permission FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, user_id, effect, permission), DELETE ON user_permission TO lectern_app;
GRANT SELECT, DELETE ON user_permission TO lectern_definer;

-- Who sees a person sees that they have a picture, and sets it who may change them.
CALL app.raise_wall('user_avatar');
CREATE POLICY user_avatar_read ON user_avatar FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM app_user u WHERE u.tenant_id = user_avatar.tenant_id AND u.id = user_avatar.user_id));
CREATE POLICY user_avatar_set ON user_avatar FOR INSERT TO lectern_app WITH CHECK (
    (user_id = (SELECT app.user_id()) OR ((SELECT app.can('USER_UPDATE')) AND app.outranks(user_id)))
    AND EXISTS (SELECT FROM file f WHERE f.tenant_id = user_avatar.tenant_id AND f.id = user_avatar.file_id AND f.owner_id = (SELECT app.user_id())));
CREATE POLICY user_avatar_change ON user_avatar FOR UPDATE TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR ((SELECT app.can('USER_UPDATE')) AND app.outranks(user_id)))
    WITH CHECK (EXISTS (SELECT FROM file f WHERE f.tenant_id = user_avatar.tenant_id AND f.id = user_avatar.file_id AND f.owner_id = (SELECT app.user_id())));
CREATE POLICY user_avatar_remove ON user_avatar FOR DELETE TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR ((SELECT app.can('USER_UPDATE')) AND app.outranks(user_id)));
CREATE POLICY definer_read ON user_avatar FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_forget ON user_avatar FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, user_id, file_id), UPDATE (file_id), DELETE ON user_avatar TO lectern_app;
GRANT SELECT, DELETE ON user_avatar TO lectern_definer;

-- The own sessions, in person. Others' end through their token version.
CALL app.raise_wall('session', needs_subscription => false);
CREATE POLICY session_read ON session FOR SELECT TO lectern_app
    USING (user_id = (SELECT app.user_id()) AND (SELECT app.key_id()) IS NULL AND (SELECT app.viewed_by()) IS NULL);
-- What has ended stays ended.
CREATE POLICY session_change ON session FOR UPDATE TO lectern_app
    USING (user_id = (SELECT app.user_id()) AND (SELECT app.key_id()) IS NULL AND revoked_at IS NULL) WITH CHECK (user_id = (SELECT app.user_id()));
CREATE POLICY definer_read ON session FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_begin ON session FOR INSERT TO lectern_definer WITH CHECK (true);
CREATE POLICY definer_change ON session FOR UPDATE TO lectern_definer USING (true);
GRANT SELECT, UPDATE (active_role_id, revoked_at, revoked_reason) ON session TO lectern_app;
CREATE POLICY definer_purge ON session FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (revoked_at, revoked_reason, user_agent, address) ON session TO lectern_definer;

-- Nobody reads or writes a refresh token but the functions that issue and exchange it.
CALL app.raise_wall('refresh_token', needs_subscription => false);
CREATE POLICY definer_read ON refresh_token FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_issue ON refresh_token FOR INSERT TO lectern_definer WITH CHECK (true);
CREATE POLICY definer_use ON refresh_token FOR UPDATE TO lectern_definer USING (true);
CREATE POLICY definer_purge ON refresh_token FOR DELETE TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON refresh_token TO lectern_definer;

-- Nobody reads or writes what is counted for rate limits but the functions that count.
CALL app.raise_wall('failed_sign_in', needs_subscription => false);
CREATE POLICY definer_all ON failed_sign_in TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (at, last_at) ON failed_sign_in TO lectern_definer;
CALL app.raise_wall('known_network', needs_subscription => false);
CREATE POLICY definer_all ON known_network TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (seen_at) ON known_network TO lectern_definer;
CALL app.raise_wall('used_budget', needs_subscription => false);
CREATE POLICY definer_all ON used_budget TO lectern_definer USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (used) ON used_budget TO lectern_definer;

-- The own school's, which says nothing but that something changed.
CALL app.raise_wall('access_version', needs_subscription => false);
CREATE POLICY access_version_read ON access_version FOR SELECT TO lectern_app USING (true);
CREATE POLICY definer_all ON access_version TO lectern_definer USING (true);
GRANT SELECT ON access_version TO lectern_app;
GRANT SELECT, INSERT, UPDATE (version) ON access_version TO lectern_definer;
