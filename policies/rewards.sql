-- policies/rewards.sql: what people have earned is theirs to see, and of those who see people or manage what is earned; it is written by functions alone.

CALL app.raise_wall('points_rule');
CREATE POLICY points_rule_read ON points_rule FOR SELECT TO lectern_app USING (true);
CREATE POLICY definer_all ON points_rule TO lectern_definer USING (true);
GRANT SELECT ON points_rule TO lectern_app;
GRANT SELECT, INSERT, UPDATE (points, is_active) ON points_rule TO lectern_definer;

CALL app.raise_wall('level');
CREATE POLICY level_read ON level FOR SELECT TO lectern_app USING (true);
CREATE POLICY definer_all ON level TO lectern_definer USING (true);
GRANT SELECT ON level TO lectern_app;
GRANT SELECT, INSERT, DELETE ON level TO lectern_definer;

CALL app.raise_wall('points_entry');
-- Nobody changes or deletes any.
CREATE POLICY points_entry_read ON points_entry FOR SELECT TO lectern_app USING (user_id = (SELECT app.user_id()) OR (SELECT app.can('GAMIFICATION_MANAGE')));
CREATE POLICY definer_read ON points_entry FOR SELECT TO lectern_definer USING (true);
CREATE POLICY definer_add ON points_entry FOR INSERT TO lectern_definer WITH CHECK (true);
GRANT SELECT ON points_entry TO lectern_app;
GRANT SELECT, INSERT ON points_entry TO lectern_definer;

CALL app.raise_wall('reward_standing');
-- Streaks are shown to their person alone, by app.own_standing.
CREATE POLICY reward_standing_read ON reward_standing FOR SELECT TO lectern_app USING (
    user_id = (SELECT app.user_id()) OR (SELECT app.can('USER_READ')) OR (SELECT app.can('GAMIFICATION_MANAGE')));
CREATE POLICY definer_all ON reward_standing TO lectern_definer USING (true);
GRANT SELECT (tenant_id, user_id, points) ON reward_standing TO lectern_app;
GRANT SELECT, INSERT, UPDATE (points, streak, longest_streak, active_on) ON reward_standing TO lectern_definer;

CALL app.raise_wall('course_points');
-- By leaderboards alone.
CREATE POLICY definer_all ON course_points TO lectern_definer USING (true);
GRANT SELECT, INSERT, UPDATE (points) ON course_points TO lectern_definer;

CALL app.raise_wall('leaderboard_absence');
CREATE POLICY leaderboard_absence_own ON leaderboard_absence TO lectern_app USING (user_id = (SELECT app.user_id()));
CREATE POLICY definer_read ON leaderboard_absence FOR SELECT TO lectern_definer USING (true);
GRANT SELECT, INSERT (tenant_id, user_id), DELETE ON leaderboard_absence TO lectern_app;
GRANT SELECT ON leaderboard_absence TO lectern_definer;

CALL app.raise_wall('badge');
CREATE POLICY badge_read ON badge FOR SELECT TO lectern_app USING (true);
CREATE POLICY badge_add ON badge FOR INSERT TO lectern_app WITH CHECK ((SELECT app.can('GAMIFICATION_MANAGE')));
CREATE POLICY badge_change ON badge FOR UPDATE TO lectern_app USING ((SELECT app.can('GAMIFICATION_MANAGE')));
CREATE POLICY badge_remove ON badge FOR DELETE TO lectern_app USING ((SELECT app.can('GAMIFICATION_MANAGE')));
CREATE POLICY definer_read ON badge FOR SELECT TO lectern_definer USING (true);
GRANT SELECT (tenant_id, id, name, description, icon_file_id, rule, threshold, course_id, path_id, created_at),
    INSERT (tenant_id, id, name, description, icon_file_id, rule, threshold, course_id, path_id), UPDATE (name, description, icon_file_id), DELETE ON badge TO lectern_app;
GRANT SELECT ON badge TO lectern_definer;

CALL app.raise_wall('badge_award');
CREATE POLICY badge_award_read ON badge_award FOR SELECT TO lectern_app USING (
    revoked_at IS NULL AND (user_id = (SELECT app.user_id()) OR (SELECT app.can('USER_READ')) OR (SELECT app.can('GAMIFICATION_MANAGE'))));
CREATE POLICY definer_all ON badge_award TO lectern_definer USING (true);
GRANT SELECT ON badge_award TO lectern_app;
GRANT SELECT, INSERT (tenant_id, badge_id, user_id, reason), UPDATE (awarded_at, reason, revoked_at, revoke_reason) ON badge_award TO lectern_definer;
