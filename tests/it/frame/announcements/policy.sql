-- Which announcements an actor may see and change.
CALL app.raise_wall('announcement');
CREATE POLICY announcement_read ON announcement FOR SELECT TO lectern_app USING ((SELECT app.can('GROUP_READ')));
CREATE POLICY announcement_write ON announcement TO lectern_app
    USING ((SELECT app.can('GROUP_UPDATE'))) WITH CHECK ((SELECT app.can('GROUP_UPDATE')));
GRANT SELECT, DELETE, INSERT (tenant_id, id, course_id, author_id, title, body), UPDATE (title, body) ON announcement TO lectern_app;
CREATE OR REPLACE TRIGGER announcement_audit AFTER INSERT OR UPDATE OR DELETE ON announcement
    FOR EACH ROW EXECUTE FUNCTION app.audit('Announcement', 'id');
