//! What people earn: points, levels, streaks, badges, leaderboards.

mod badges;
mod boards;
mod points;
mod races;
mod work;

use serde_json::{Value, json};

use crate::app::{Client, TestApp};

pub const ADJUST: &str =
    "mutation($i: AdjustPointsInput!) { adjustPoints(input: $i) { id rule points reason sourceId user { id } course { id } } }";
pub const RULE: &str = "mutation($i: UpdatePointsRuleInput!) { updatePointsRule(input: $i) { key points isActive } }";
pub const LEVELS: &str = "mutation($i: SetLevelsInput!) { setLevels(input: $i) { number name minPoints } }";
pub const CREATE_BADGE: &str =
    "mutation($i: CreateBadgeInput!) { createBadge(input: $i) { id name rule threshold course { id } awardedCount icon { name } } }";
pub const CHANGE_BADGE: &str = "mutation($i: UpdateBadgeInput!) { updateBadge(input: $i) { id name description } }";
pub const DELETE_BADGE: &str = "mutation($id: ID!) { deleteBadge(id: $id) }";
pub const AWARD: &str = "mutation($i: AwardBadgeInput!) { awardBadge(input: $i) { id awardedCount } }";
pub const REVOKE: &str = "mutation($i: RevokeBadgeInput!) { revokeBadge(input: $i) { id awardedCount } }";
pub const SHOW: &str = "mutation($i: SetLeaderboardVisibilityInput!) { setLeaderboardVisibility(input: $i) { isOnLeaderboards } }";
pub const OWN: &str = "{ viewer { points level { number name } nextLevel { number minPoints } streak { current longest lastActiveOn } badges { badge { name } reason } isOnLeaderboards } }";

/// What somebody has earned: the points of each entry by its rule, the latest first.
pub async fn ledger(client: &Client, filter: Value) -> Vec<String> {
    let query = "query($f: PointsEntryFilter) { pointsEntries(first: 100, filter: $f) { nodes { rule points } } }";
    let found = client.ok(query, json!({ "f": filter })).await["pointsEntries"]["nodes"].take();
    found.as_array().unwrap().iter().map(|one| format!("{} {}", one["rule"].as_str().unwrap(), one["points"])).collect()
}

/// The names of the badges that somebody has.
pub async fn badges_of(client: &Client) -> Vec<String> {
    let found = client.ok(OWN, json!({})).await["viewer"]["badges"].take();
    let mut names: Vec<String> = found.as_array().unwrap().iter().map(|one| one["badge"]["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// A badge; answers its id.
pub async fn badge(client: &Client, input: Value) -> String {
    client.ok(CREATE_BADGE, json!({ "i": input })).await["createBadge"]["id"].as_str().unwrap().to_owned()
}

/// Every balance is the sum of the ledger.
pub async fn balances_agree(app: &TestApp) {
    let school = "(SELECT tenant_id, user_id, sum(points) AS points FROM points_entry GROUP BY 1, 2) AS e FULL JOIN reward_standing s USING (tenant_id, user_id)
        WHERE coalesce(e.points, 0) <> coalesce(s.points, 0)";
    let course =
        "(SELECT tenant_id, course_id, user_id, sum(points) AS points FROM points_entry WHERE course_id IS NOT NULL GROUP BY 1, 2, 3) AS e
        FULL JOIN course_points p USING (tenant_id, course_id, user_id) WHERE e.points IS DISTINCT FROM p.points";
    assert_eq!((app.count(school).await, app.count(course).await), (0, 0));
}
