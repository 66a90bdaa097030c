//! The statements of the domain. `$1` is the tenant; the policies filter again, and the functions of `sql/functions/rewards.sql` write what is earned. `{bd}`
//! stands for the columns of a badge over the alias `bd`.

use lectern_kernel::db::COLLATION;

/// The levels of the school.
pub const LEVELS: &str = "SELECT l.number, l.name, l.min_points FROM app.levels() AS l WHERE app.tenant_id() = $1";

/// All names `$2` and points `$3` of levels.
pub const SET_LEVELS: &str = "SELECT app.set_levels($2, $3) WHERE app.tenant_id() = $1";

/// What earns points.
pub const RULES: &str = "SELECT r.key, r.points, r.is_active FROM app.points_rules() AS r WHERE app.tenant_id() = $1";

/// What `$2` earns.
pub const RULE: &str = "SELECT r.key, r.points, r.is_active FROM app.points_rules() AS r WHERE app.tenant_id() = $1 AND r.key = $2";

/// `$2` earns `$3` points from now on, if `$4`; what is null stays as it is.
pub const SET_RULE: &str = "SELECT app.set_points_rule($2, $3, $4) WHERE app.tenant_id() = $1";

/// Gives the person `$2` so many points `$3`, because of `$4`: the entry; nothing where the actor does not see them.
pub const ADJUST: &str =
    "SELECT app.adjust_points(u.id, $3, $4) FROM app_user u WHERE u.tenant_id = $1 AND u.id = $2 AND u.deleted_at IS NULL";

/// What the actor has earned.
pub const STANDING: &str =
    "SELECT s.points, s.streak, s.longest_streak, s.active_on, s.is_shown FROM app.own_standing() AS s WHERE app.tenant_id() = $1";

/// The points of the people `$2`.
pub const POINTS: &str = "SELECT s.user_id, s.points FROM reward_standing s WHERE s.tenant_id = $1 AND s.user_id = ANY ($2)";

/// The actor is not shown on leaderboards.
pub const HIDE: &str = "INSERT INTO leaderboard_absence (tenant_id, user_id) SELECT $1, app.user_id() ON CONFLICT DO NOTHING";

/// The actor is shown again.
pub const SHOW: &str = "DELETE FROM leaderboard_absence a WHERE a.tenant_id = $1 AND a.user_id = app.user_id()";

/// The badges of the school, by name.
pub fn badges() -> String {
    format!("SELECT {{bd}} FROM badge bd WHERE bd.tenant_id = $1 ORDER BY bd.name COLLATE \"{COLLATION}\", bd.id")
}

/// The badges of the people `$2`, with these columns over the alias `bd`.
pub fn awards(badge: &str) -> String {
    format!(
        "SELECT a.user_id, a.awarded_at, a.reason, {badge} FROM badge_award a JOIN badge bd ON bd.tenant_id = $1 AND bd.id = a.badge_id \
         WHERE a.tenant_id = $1 AND a.user_id = ANY ($2) AND a.revoked_at IS NULL ORDER BY a.awarded_at DESC, a.badge_id"
    )
}

pub const DELETE_BADGE: &str = "DELETE FROM badge bd WHERE bd.tenant_id = $1 AND bd.id = $2 RETURNING bd.id";

/// Gives the badge `$2` to the person `$3`, because of `$4`; no row where the actor does not see the person.
pub const AWARD: &str = "SELECT a.has_badge, a.has_person FROM app_user u CROSS JOIN LATERAL app.award_badge($2, u.id, $4) AS a \
     WHERE u.tenant_id = $1 AND u.id = $3 AND u.deleted_at IS NULL";

/// Takes the badge `$2` away from the person `$3`, because of `$4`: whether they had it; no row where the actor does not see the person.
pub const REVOKE: &str = "SELECT app.revoke_badge($2, u.id, $4) FROM app_user u WHERE u.tenant_id = $1 AND u.id = $3";

/// Awards `$2` badges at most to who has earned them before.
pub const AWARD_LATE: &str = "SELECT app.award_late_badges($2) WHERE app.tenant_id() = $1";

/// Whether the actor sees the leaderboard of the course `$2` or of the group `$3`.
pub const SEES_LEADERBOARD: &str = "SELECT app.sees_leaderboard($2, $3) WHERE app.tenant_id() = $1";

/// The leaderboard of the course `$2` or of the group `$3` in the period `$4`: `$5` entries, and the actor's.
pub const LEADERBOARD: &str = "SELECT b.rank, b.user_id, b.name, b.points, b.is_viewer, b.participants FROM app.leaderboard($2, $3, $4, $5) AS b \
     WHERE app.tenant_id() = $1";
