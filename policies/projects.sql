-- policies/projects.sql: which projects an actor sees, and who is in them.

CALL app.raise_wall('project', searched => true);
-- By its members, PROJECT_READ and PROJECT_MANAGE; one that is deleted by its owner and PROJECT_MANAGE.
CREATE POLICY project_read ON project FOR SELECT TO lectern_app USING (
    (SELECT app.can('PROJECT_MANAGE')) OR owner_id = (SELECT app.user_id())
    OR (deleted_at IS NULL AND ((SELECT app.can('PROJECT_READ')) OR id IN (SELECT app.my_projects()))));
CREATE POLICY project_create ON project FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('PROJECT_CREATE')) AND owner_id = (SELECT app.user_id()) AND deleted_at IS NULL);
-- Which of them may change which column is app.check_project_change's business.
CREATE POLICY project_change ON project FOR UPDATE TO lectern_app USING (
    (SELECT app.can('PROJECT_MANAGE')) OR owner_id = (SELECT app.user_id()) OR id IN (SELECT app.managed_projects()))
    WITH CHECK (true);
CREATE POLICY definer_all ON project TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, id, name, description, is_archived, owner_id, deleted_at, created_at, updated_at),
    INSERT (tenant_id, id, name, description, owner_id), UPDATE (name, description, is_archived, owner_id, deleted_at) ON project TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (owner_id) ON project TO lectern_definer;

CALL app.raise_wall('project_member');
-- With the project.
CREATE POLICY project_member_read ON project_member FOR SELECT TO lectern_app USING (
    EXISTS (SELECT FROM project p WHERE p.tenant_id = project_member.tenant_id AND p.id = project_member.project_id));
CREATE POLICY project_member_add ON project_member FOR INSERT TO lectern_app WITH CHECK (project_id IN (SELECT app.managed_projects()));
CREATE POLICY project_member_change ON project_member FOR UPDATE TO lectern_app USING (project_id IN (SELECT app.managed_projects()));
-- Anybody: oneself.
CREATE POLICY project_member_remove ON project_member FOR DELETE TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR project_id IN (SELECT app.managed_projects()));
CREATE POLICY definer_all ON project_member TO lectern_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT (tenant_id, project_id, user_id, role), UPDATE (role), DELETE ON project_member TO lectern_app;
GRANT SELECT, INSERT, DELETE ON project_member TO lectern_definer;
