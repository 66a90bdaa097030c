-- Which bulletins an actor may see and change.
CALL app.raise_wall('bulletin');
CREATE POLICY bulletin_read ON bulletin FOR SELECT TO lectern_app USING ((SELECT app.can('GROUP_READ')));
CREATE POLICY bulletin_write ON bulletin TO lectern_app
    USING ((SELECT app.can('GROUP_UPDATE'))) WITH CHECK ((SELECT app.can('GROUP_UPDATE')));
GRANT SELECT, DELETE, INSERT (tenant_id, id, course_id, author_id, title, body), UPDATE (title, body) ON bulletin TO lectern_app;
CREATE OR REPLACE TRIGGER bulletin_audit AFTER INSERT OR UPDATE OR DELETE ON bulletin
    FOR EACH ROW EXECUTE FUNCTION app.audit('Bulletin', 'id');
