-- policies/files.sql: which files an actor may see and change, with whom they are shared, and the own uploads.

CALL app.raise_wall('file', searched => true);
-- An export of all that the school has outlives the subscription.
DROP POLICY subscription_wall ON file;
CREATE POLICY subscription_wall ON file AS RESTRICTIVE TO lectern_app
    USING (is_export OR (SELECT EXISTS (SELECT FROM public.tenant t
        WHERE t.tenant_id = (SELECT current_setting('app.tenant_id', true)::uuid) AND t.suspended_at IS NULL
          AND t.subscription_start <= now() AND (t.subscription_end IS NULL OR now() < t.subscription_end))));
-- TENANT_EXPORT sees it, and nothing else does; nobody changes it.
CREATE POLICY file_export ON file AS RESTRICTIVE TO lectern_app USING (NOT is_export OR (SELECT app.can('TENANT_EXPORT')));
CREATE POLICY file_export_change ON file AS RESTRICTIVE FOR UPDATE TO lectern_app USING (NOT is_export);
-- The own ones, what is shared with the actor or shown to the school, all for FILE_MANAGE; until their time is over.
CREATE POLICY file_read ON file FOR SELECT TO lectern_app USING (
    (expires_at IS NULL OR expires_at > now())
    AND (is_export OR owner_id = (SELECT app.user_id()) OR visibility IN ('TENANT', 'PUBLIC') OR (SELECT app.can('FILE_MANAGE'))
         OR (visibility = 'SHARED' AND id IN (SELECT app.files_shared_with_me()))));
-- What the actor has uploaded, for nobody else at first.
CREATE POLICY file_add ON file FOR INSERT TO lectern_app WITH CHECK (
    (SELECT app.can('FILE_UPLOAD')) AND owner_id = (SELECT app.user_id()) AND upload_id IS NOT NULL AND visibility = 'PRIVATE');
CREATE POLICY file_change ON file FOR UPDATE TO lectern_app USING (
    (SELECT app.can('FILE_MANAGE')) OR (owner_id = (SELECT app.user_id()) AND (SELECT app.can('FILE_UPLOAD'))));
CREATE POLICY file_remove ON file FOR DELETE TO lectern_app USING (
    (SELECT app.can('FILE_MANAGE')) OR (owner_id = (SELECT app.user_id()) AND (SELECT app.can('FILE_UPLOAD'))));
CREATE POLICY definer_read ON file FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON file FOR DELETE TO lectern_definer USING (true);
-- What the service makes itself: no upload brought it.
CREATE POLICY definer_add ON file FOR INSERT TO lectern_definer WITH CHECK (upload_id IS NULL AND visibility = 'PRIVATE');
GRANT SELECT (tenant_id, id, upload_id, owner_id, name, content_type, size, sha256, folder, visibility, object, expires_at, created_at, updated_at, is_export),
    INSERT (tenant_id, id, upload_id, owner_id, name, content_type, size, sha256, folder, object),
    UPDATE (name, folder, visibility, updated_at), DELETE ON file TO lectern_app;
GRANT SELECT, DELETE, INSERT (tenant_id, id, owner_id, name, content_type, size, sha256, folder, object, expires_at, is_export) ON file TO lectern_definer;

CALL app.raise_wall('file_audience');
-- Of the own files, of those that the actor may change, and what names the actor, their groups and their courses.
CREATE POLICY file_audience_read ON file_audience FOR SELECT TO lectern_app USING (
    (SELECT app.can('FILE_MANAGE')) OR user_id = (SELECT app.user_id()) OR group_id IN (SELECT app.my_groups())
    OR course_id IN (SELECT app.my_courses())
    OR EXISTS (SELECT FROM file f WHERE f.tenant_id = file_audience.tenant_id AND f.id = file_audience.file_id AND f.owner_id = (SELECT app.user_id())));
-- With a course by whoever instructs it, or may change every course.
CREATE POLICY file_audience_add ON file_audience FOR INSERT TO lectern_app WITH CHECK (
    EXISTS (SELECT FROM file f WHERE f.tenant_id = file_audience.tenant_id AND f.id = file_audience.file_id
            AND ((SELECT app.can('FILE_MANAGE')) OR (f.owner_id = (SELECT app.user_id()) AND (SELECT app.can('FILE_UPLOAD')))))
    AND (course_id IS NULL OR (SELECT app.can('COURSE_UPDATE_ALL')) OR course_id IN (SELECT app.taught_courses())));
CREATE POLICY file_audience_remove ON file_audience FOR DELETE TO lectern_app USING (
    EXISTS (SELECT FROM file f WHERE f.tenant_id = file_audience.tenant_id AND f.id = file_audience.file_id
            AND ((SELECT app.can('FILE_MANAGE')) OR (f.owner_id = (SELECT app.user_id()) AND (SELECT app.can('FILE_UPLOAD'))))));
CREATE POLICY definer_read ON file_audience FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON file_audience FOR DELETE TO lectern_definer USING (true);
-- What a deleted course had, when it comes back.
CREATE POLICY definer_add ON file_audience FOR INSERT TO lectern_definer WITH CHECK (course_id IS NOT NULL);
GRANT SELECT, INSERT (tenant_id, file_id, user_id, group_id, course_id), DELETE ON file_audience TO lectern_app;
GRANT SELECT, DELETE, INSERT (tenant_id, file_id, course_id) ON file_audience TO lectern_definer;

CALL app.raise_wall('upload');
-- The own ones; not for whoever looks in one's place, who could send the bytes.
CREATE POLICY upload_read ON upload FOR SELECT TO lectern_app USING (user_id = (SELECT app.user_id()) AND (SELECT app.viewed_by()) IS NULL);
CREATE POLICY upload_add ON upload FOR INSERT TO lectern_app WITH CHECK (user_id = (SELECT app.user_id()) AND (SELECT app.can('FILE_UPLOAD')));
CREATE POLICY upload_complete ON upload FOR UPDATE TO lectern_app USING (user_id = (SELECT app.user_id()) AND (SELECT app.can('FILE_UPLOAD')));
CREATE POLICY upload_cancel ON upload FOR DELETE TO lectern_app USING (user_id = (SELECT app.user_id()) AND (SELECT app.can('FILE_UPLOAD')));
CREATE POLICY definer_read ON upload FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_remove ON upload FOR DELETE TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, user_id, name, content_type, size, sha256, folder, expires_at, completed_at, file_id),
    INSERT (tenant_id, id, user_id, name, content_type, size, sha256, folder), UPDATE (completed_at, file_id), DELETE ON upload TO lectern_app;
GRANT SELECT, DELETE ON upload TO lectern_definer;
