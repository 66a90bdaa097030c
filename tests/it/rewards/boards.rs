//! Leaderboards.

use serde_json::{Value, json};

use super::{ADJUST, SHOW};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{ADD_MEMBERS, course, enroll, group, nothing},
    discussions::finish,
};

const BOARD: &str =
    "query($c: ID, $g: ID, $p: LeaderboardPeriod, $n: Int) { leaderboard(courseId: $c, groupId: $g, period: $p, first: $n) {
    participants viewerEntry { rank points } entries { rank name points isViewer user { id } } } }";

/// `1 Lea 110, 2 bob 0`, and how many take part; none where it is null.
async fn board(client: &Client, variables: Value) -> Option<String> {
    let found = client.ok(BOARD, variables).await["leaderboard"].take();
    let entries = found["entries"].as_array()?;
    let lines: Vec<String> =
        entries.iter().map(|one| format!("{} {} {}", one["rank"], one["name"].as_str().unwrap(), one["points"])).collect();
    Some(format!("{} of {}", lines.join(", "), found["participants"]))
}

#[tokio::test]
async fn learners_rank_by_what_they_have_earned_and_outsiders_see_nothing() {
    let app = TestApp::start().await;
    let (ada, lea, admin) =
        (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    let (bob, eve) =
        (app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await, app.person(&app.oak, "eve@oak.example", &["LEARNER"]).await);
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    let enrolled = enroll(&ada, &algebra, &lea.user_id).await;
    enroll(&ada, &algebra, &bob.user_id).await;
    enroll(&admin, &algebra, &ada.user_id).await;
    finish(&lea, &enrolled).await;
    admin.ok(ADJUST, json!({ "i": { "userId": bob.user_id, "points": 5000, "reason": "Elsewhere" } })).await;
    let of_course = |period: &str| json!({ "c": algebra, "p": period });
    for period in ["ALL_TIME", "THIS_MONTH", "THIS_WEEK"] {
        assert_eq!(board(&bob, of_course(period)).await.as_deref(), Some("1 LEARNER of oak 100, 2 bob@oak.example 0 of 2"), "{period}");
    }
    assert_eq!(
        board(&ada, of_course("ALL_TIME")).await.as_deref(),
        Some("1 LEARNER of oak 100, 2 bob@oak.example 0 of 2"),
        "the staff sees it, and is not on it"
    );
    assert_eq!(board(&eve, of_course("ALL_TIME")).await, None);
    assert_eq!(board(&eve, json!({ "c": nothing("course") })).await, None);
    // What was earned before is of no later period.
    app.sql("UPDATE points_entry SET at = at - interval '40 days'").await;
    assert_eq!(
        board(&bob, of_course("THIS_MONTH")).await.as_deref(),
        Some("1 bob@oak.example 0, 1 LEARNER of oak 0 of 2"),
        "equal points, equal rank"
    );
    // One of them wants not to be shown, but sees where they stand; the viewer comes along wherever that is.
    let hidden = lea.ok(SHOW, json!({ "i": { "isShown": false } })).await["setLeaderboardVisibility"].take();
    assert_eq!(hidden, json!({ "isOnLeaderboards": false }));
    assert_eq!(board(&bob, of_course("ALL_TIME")).await.as_deref(), Some("1 bob@oak.example 0 of 1"));
    assert_eq!(board(&lea, of_course("ALL_TIME")).await.as_deref(), Some("1 LEARNER of oak 100, 2 bob@oak.example 0 of 2"));
    lea.ok(SHOW, json!({ "i": { "isShown": true } })).await;
    let short = bob.ok(BOARD, json!({ "c": algebra, "n": 1 })).await["leaderboard"].take();
    assert_eq!(
        json!([short["entries"][0]["name"], short["entries"].as_array().unwrap().len(), short["viewerEntry"]]),
        json!(["LEARNER of oak", 1, { "rank": 2, "points": 0 }])
    );
    assert_eq!(short["entries"][0]["user"], json!(null), "their name, and no more");
    // A group counts all points; its members see it, and GROUP_READ.
    let class = group(&admin, json!({ "name": "Class" })).await;
    admin.ok(ADD_MEMBERS, json!({ "i": { "groupId": class, "userIds": [lea.user_id, bob.user_id, ada.user_id] } })).await;
    let of_group = json!({ "g": class });
    for client in [&lea, &ada] {
        let found = board(client, of_group.clone()).await.unwrap();
        assert!(found.starts_with("1 bob@oak.example 50") && found.ends_with("of 2"), "{found}");
    }
    assert_eq!(board(&eve, of_group.clone()).await, None);
    admin
        .ok(
            "mutation($i: UpdateTenantSettingsInput!) { updateTenantSettings(input: $i) { leaderboards } }",
            json!({ "i": { "leaderboards": false } }),
        )
        .await;
    assert_eq!((board(&lea, of_group).await, board(&ada, of_course("ALL_TIME")).await), (None, None));
    for (wrong, line) in [
        (json!({}), "BAD_USER_INPUT @courseId"),
        (json!({ "c": algebra, "g": class }), "BAD_USER_INPUT @courseId"),
        (json!({ "c": algebra, "n": 0 }), "BAD_USER_INPUT @first"),
        (json!({ "c": algebra, "n": 101 }), "BAD_USER_INPUT @first"),
    ] {
        assert_eq!(lea.refused(BOARD, wrong).await, line);
    }
}

#[tokio::test]
async fn who_is_deleted_leaves_the_board_and_keeps_the_ledger() {
    let app = TestApp::start().await;
    let (ada, lea, admin) =
        (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    for person in [&lea, &bob] {
        enroll(&ada, &algebra, &person.user_id).await;
    }
    let before = app.count("points_entry").await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": bob.user_id })).await;
    assert_eq!(board(&lea, json!({ "c": algebra })).await.as_deref(), Some("1 LEARNER of oak 0 of 1"));
    assert_eq!(app.count("points_entry").await, before);
}
