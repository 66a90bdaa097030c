-- policies/notifications.sql: people see their own notifications and choose for themselves; notifications are made by functions alone. All of it is
-- closed to whoever looks in their place.

CALL app.raise_wall('notification');
CREATE POLICY notification_read ON notification FOR SELECT TO lectern_app USING (recipient_id = (SELECT app.user_id()) AND in_app AND (SELECT app.viewed_by()) IS NULL);
CREATE POLICY notification_change ON notification FOR UPDATE TO lectern_app USING (recipient_id = (SELECT app.user_id()) AND in_app AND (SELECT app.viewed_by()) IS NULL);
CREATE POLICY definer_all ON notification TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, recipient_id, kind, subject, actor_id, course_id, facts, in_app, count, read_at, created_at, updated_at),
    UPDATE (read_at) ON notification TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (event_id, earlier_ids, actor_id, course_id, facts, in_app, mail, count, read_at, updated_at) ON notification TO lectern_definer;

CALL app.raise_wall('notification_settings');
CREATE POLICY notification_settings_own ON notification_settings TO lectern_app USING (id = (SELECT app.user_id()) AND (SELECT app.viewed_by()) IS NULL);
CREATE POLICY definer_all ON notification_settings TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, locale, digest_hour), INSERT (tenant_id, id, locale, digest_hour), UPDATE (locale, digest_hour), DELETE
    ON notification_settings TO lectern_app;
GRANT SELECT, DELETE, INSERT (tenant_id, id, locale), UPDATE (locale) ON notification_settings TO lectern_definer;

CALL app.raise_wall('notification_preference');
CREATE POLICY notification_preference_own ON notification_preference TO lectern_app USING (user_id = (SELECT app.user_id()) AND (SELECT app.viewed_by()) IS NULL);
CREATE POLICY definer_all ON notification_preference TO lectern_definer USING (true);
GRANT SELECT (tenant_id, user_id, kind, in_app, email), INSERT (tenant_id, user_id, kind, in_app, email), UPDATE (in_app, email), DELETE
    ON notification_preference TO lectern_app;
GRANT SELECT, INSERT, DELETE, UPDATE (email) ON notification_preference TO lectern_definer;
