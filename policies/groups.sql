-- policies/groups.sql: which groups, memberships and course gifts an actor may see and change.

CALL app.raise_wall('user_group', searched => true);
-- All for GROUP_READ, the own ones for a member. A deleted group is gone (but see course_read on the deleting transaction).
CREATE POLICY user_group_read ON user_group FOR SELECT TO lectern_app USING (
    (deleted_at IS NULL OR deleted_at = now())
    AND ((SELECT app.can('GROUP_READ')) OR id IN (SELECT app.my_groups())));
CREATE POLICY user_group_create ON user_group FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('GROUP_CREATE')));
CREATE POLICY user_group_change ON user_group FOR UPDATE TO lectern_app
    USING (deleted_at IS NULL AND ((SELECT app.can('GROUP_UPDATE')) OR (SELECT app.can('GROUP_DELETE'))))
    WITH CHECK ((SELECT app.can('GROUP_UPDATE')) OR (SELECT app.can('GROUP_DELETE')));
CREATE POLICY definer_read ON user_group FOR SELECT TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, name, description, capacity, auto_enroll, deleted_at, created_at, updated_at),
    INSERT (tenant_id, id, name, description, capacity, auto_enroll, join_key),
    UPDATE (name, description, capacity, auto_enroll, join_key, deleted_at) ON user_group TO lectern_app;
GRANT SELECT ON user_group TO lectern_definer;

CALL app.raise_wall('group_member');
-- All for GROUP_READ; the fellows of the own groups; the own memberships.
CREATE POLICY group_member_read ON group_member FOR SELECT TO lectern_app USING (
    (SELECT app.can('GROUP_READ')) OR user_id = (SELECT app.user_id()) OR group_id IN (SELECT app.my_groups()));
CREATE POLICY group_member_add ON group_member FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('GROUP_UPDATE')));
CREATE POLICY group_member_change ON group_member FOR UPDATE TO lectern_app USING ((SELECT app.can('GROUP_UPDATE')));
CREATE POLICY group_member_remove ON group_member FOR DELETE TO lectern_app USING ((SELECT app.can('GROUP_UPDATE')));
CREATE POLICY definer_read ON group_member FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON group_member FOR DELETE TO lectern_definer USING (true);
-- Who joins by a key.
CREATE POLICY definer_add ON group_member FOR INSERT TO lectern_definer WITH CHECK (true);
GRANT SELECT, INSERT (tenant_id, group_id, user_id, is_leader), UPDATE (is_leader), DELETE ON group_member TO lectern_app;
GRANT SELECT, DELETE, INSERT (tenant_id, group_id, user_id) ON group_member TO lectern_definer;

CALL app.raise_wall('group_course');
CREATE POLICY group_course_read ON group_course FOR SELECT TO lectern_app USING (
    (SELECT app.can('GROUP_READ')) OR group_id IN (SELECT app.my_groups()));
CREATE POLICY group_course_add ON group_course FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('GROUP_UPDATE')));
CREATE POLICY group_course_remove ON group_course FOR DELETE TO lectern_app USING ((SELECT app.can('GROUP_UPDATE')));
CREATE POLICY definer_read ON group_course FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON group_course FOR DELETE TO lectern_definer USING (true);
-- What a deleted course had, when it comes back.
CREATE POLICY definer_add ON group_course FOR INSERT TO lectern_definer WITH CHECK (true);
GRANT SELECT, INSERT (tenant_id, group_id, course_id), DELETE ON group_course TO lectern_app;
GRANT SELECT, DELETE, INSERT (tenant_id, group_id, course_id) ON group_course TO lectern_definer;
