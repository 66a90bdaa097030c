//! What earns points, and what becomes of them.

use serde_json::json;

use super::{ADJUST, LEVELS, OWN, RULE, balances_agree, ledger};
use crate::{
    app::{TestApp, Who},
    classroom::{course, enroll, nothing, refused},
    lessons::{REOPEN, complete, lesson, section},
};

#[tokio::test]
async fn signing_in_lessons_and_courses_earn_points_each_once() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(ledger(&lea, json!(null)).await, ["SIGN_IN 10"], "once a day");
    assert_eq!(ledger(&ada, json!(null)).await, [""; 0], "who does not learn earns nothing by signing in");
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    let sets = section(&ada, &algebra, "Sets").await;
    let (one, two) = (lesson(&ada, &sets, "One").await, lesson(&ada, &sets, "Two").await);
    enroll(&ada, &algebra, &lea.user_id).await;
    complete(&lea, &one).await;
    complete(&lea, &one).await;
    complete(&lea, &two).await;
    let all = ["COURSE_COMPLETED 100", "LESSON_COMPLETED 10", "LESSON_COMPLETED 10", "SIGN_IN 10"];
    let mut found = ledger(&lea, json!(null)).await;
    found.sort();
    assert_eq!(found, all);
    // What is taken back takes no points, and what is done again gives none.
    ada.ok(REOPEN, json!({ "i": { "lessonId": two, "userId": lea.user_id } })).await;
    complete(&lea, &two).await;
    assert_eq!(ledger(&lea, json!(null)).await.len(), 4);
    let query = "query($f: PointsEntryFilter) { pointsEntries(filter: $f) { nodes { sourceId course { id } user { id } at } totalCount } }";
    let of_course = lea.ok(query, json!({ "f": { "courseId": algebra, "rule": "COURSE_COMPLETED" } })).await["pointsEntries"].take();
    assert_eq!(of_course["totalCount"], 1);
    assert_eq!(of_course["nodes"][0]["sourceId"], json!(algebra));
    let mut lessons: Vec<_> = lea.ok(query, json!({ "f": { "rule": "LESSON_COMPLETED" } })).await["pointsEntries"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["sourceId"].as_str().unwrap().to_owned())
        .collect();
    lessons.sort();
    let mut expected = vec![one, two];
    expected.sort();
    assert_eq!(lessons, expected);
    let own = lea.ok(OWN, json!({})).await["viewer"].take();
    assert_eq!(json!([own["points"], own["level"]["number"], own["nextLevel"]["minPoints"]]), json!([130, 2, 300]));
    assert_eq!(json!([own["streak"]["current"], own["streak"]["longest"]]), json!([1, 1]));
    balances_agree(&app).await;
    // Points of others are shown to those who see people.
    let points = "query($id: ID!) { user(id: $id) { points level badges { badge { name } } } }";
    assert_eq!(ada.ok(points, json!({ "id": lea.user_id })).await["user"], json!({ "points": 130, "level": 2, "badges": [] }));
    assert_eq!(lea.ok(points, json!({ "id": ada.user_id })).await["user"], json!({ "points": null, "level": null, "badges": null }));
}

#[tokio::test]
async fn nothing_is_earned_while_the_school_says_so_and_a_rule_holds_from_now_on() {
    let app = TestApp::start().await;
    let (ada, lea, admin) =
        (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    let sets = section(&ada, &algebra, "Sets").await;
    let mut lessons = Vec::new();
    for title in ["One", "Two", "Three", "Four"] {
        lessons.push(lesson(&ada, &sets, title).await);
    }
    enroll(&ada, &algebra, &lea.user_id).await;
    let settings =
        "mutation($i: UpdateTenantSettingsInput!) { updateTenantSettings(input: $i) { gamification leaderboards riskInactiveDays } }";
    admin.ok(settings, json!({ "i": { "gamification": false } })).await;
    complete(&lea, &lessons[0]).await;
    assert_eq!(ledger(&lea, json!(null)).await, ["SIGN_IN 10"]);
    admin.ok(settings, json!({ "i": { "gamification": true } })).await;
    let rule = admin.ok(RULE, json!({ "i": { "key": "LESSON_COMPLETED", "points": 7 } })).await["updatePointsRule"].take();
    assert_eq!(rule, json!({ "key": "LESSON_COMPLETED", "points": 7, "isActive": true }));
    complete(&lea, &lessons[1]).await;
    admin.ok(RULE, json!({ "i": { "key": "LESSON_COMPLETED", "isActive": false } })).await;
    complete(&lea, &lessons[2]).await;
    assert_eq!(ledger(&lea, json!(null)).await, ["LESSON_COMPLETED 7", "SIGN_IN 10"]);
    let rules = admin.ok("{ pointsRules { key points isActive } }", json!({})).await["pointsRules"].take();
    assert_eq!(rules.as_array().unwrap().len(), 6);
    assert_eq!(rules[1], json!({ "key": "LESSON_COMPLETED", "points": 7, "isActive": false }));
    assert_eq!(lea.refused("{ pointsRules { key } }", json!({})).await, "FORBIDDEN [GAMIFICATION_MANAGE]");
    for (input, line) in [
        (json!({ "key": "MANUAL", "points": 1 }), "BAD_USER_INPUT @key"),
        (json!({ "key": "SIGN_IN", "points": -1 }), "BAD_USER_INPUT @points"),
        (json!({ "key": "SIGN_IN", "points": 10_001 }), "BAD_USER_INPUT @points"),
    ] {
        refused(&app, &admin, RULE, json!({ "i": input }), line).await;
    }
    refused(&app, &lea, RULE, json!({ "i": { "key": "SIGN_IN", "points": 1 } }), "FORBIDDEN [GAMIFICATION_MANAGE]").await;
    for days in [0, 366] {
        refused(&app, &admin, settings, json!({ "i": { "riskInactiveDays": days } }), "BAD_USER_INPUT @riskInactiveDays").await;
    }
}

#[tokio::test]
async fn points_by_hand_stand_in_the_ledger_with_their_reason() {
    let app = TestApp::start().await;
    let (lea, admin) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    let give = |points: i64| json!({ "i": { "userId": lea.user_id, "points": points, "reason": "For helping" } });
    let given = admin.ok(ADJUST, give(500)).await["adjustPoints"].take();
    assert_eq!(
        json!([given["rule"], given["points"], given["reason"], given["sourceId"], given["user"]["id"], given["course"]]),
        json!(["MANUAL", 500, "For helping", null, lea.user_id, null])
    );
    admin.ok(ADJUST, give(-600)).await;
    assert_eq!(lea.ok(OWN, json!({})).await["viewer"]["points"], -90);
    assert_eq!(lea.ok(OWN, json!({})).await["viewer"]["level"]["number"], 1);
    for (input, line) in [
        (json!({ "userId": lea.user_id, "points": 0, "reason": "a" }), "BAD_USER_INPUT @points"),
        (json!({ "userId": lea.user_id, "points": 100_001, "reason": "a" }), "BAD_USER_INPUT @points"),
        (json!({ "userId": lea.user_id, "points": 1, "reason": " " }), "BAD_USER_INPUT @reason"),
        (json!({ "userId": nothing("user"), "points": 1, "reason": "a" }), "NOT_FOUND @userId"),
        (json!({ "userId": app.sign_in(&app.elm, Who::Learner).await.user_id, "points": 1, "reason": "a" }), "NOT_FOUND @userId"),
    ] {
        refused(&app, &admin, ADJUST, json!({ "i": input }), line).await;
    }
    refused(&app, &lea, ADJUST, give(5), "FORBIDDEN [GAMIFICATION_MANAGE]").await;
    // Everybody's for those who manage them, else the own.
    let of = |user: &str| json!({ "userId": user });
    assert_eq!(ledger(&admin, of(&lea.user_id)).await, ["MANUAL -600", "MANUAL 500", "SIGN_IN 10"]);
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    assert_eq!(ledger(&bob, of(&lea.user_id)).await, [""; 0]);
    // Nothing in it is changed or deleted by the service's role.
    let denied = "SELECT count(*) FROM information_schema.role_table_grants WHERE table_name = 'points_entry' AND grantee IN ('lectern_app', 'lectern_definer')
        AND privilege_type NOT IN ('SELECT', 'INSERT')";
    assert_eq!(app.text(&format!("SELECT ({denied})::text")).await.as_deref(), Some("0"));
    balances_agree(&app).await;
}

#[tokio::test]
async fn levels_rise_strictly_from_nothing() {
    let app = TestApp::start().await;
    let (lea, admin) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    let query = "{ levels { number name minPoints } }";
    let usual = lea.ok(query, json!({})).await["levels"].take();
    assert_eq!((usual.as_array().unwrap().len(), &usual[19]["minPoints"]), (20, &json!(19_000)));
    let level = |name: &str, points: i64| json!({ "name": name, "minPoints": points });
    for (levels, field) in [
        (json!([]), "levels"),
        (json!((0..21).map(|n| level("a", n)).collect::<Vec<_>>()), "levels"),
        (json!([level("a", 1)]), "levels.0.minPoints"),
        (json!([level("a", 0), level("b", 0)]), "levels.1.minPoints"),
        (json!([level("a", 0), level("b", 9), level("c", 8)]), "levels.2.minPoints"),
        (json!([level("a", 0), level(" ", 9)]), "levels.1.name"),
    ] {
        refused(&app, &admin, LEVELS, json!({ "i": { "levels": levels } }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    refused(&app, &lea, LEVELS, json!({ "i": { "levels": [level("a", 0)] } }), "FORBIDDEN [GAMIFICATION_MANAGE]").await;
    let set = admin.ok(LEVELS, json!({ "i": { "levels": [level("Seed", 0), level("Tree", 10)] } })).await["setLevels"].take();
    assert_eq!(set, json!([{ "number": 1, "name": "Seed", "minPoints": 0 }, { "number": 2, "name": "Tree", "minPoints": 10 }]));
    let own = lea.ok(OWN, json!({})).await["viewer"].take();
    assert_eq!(json!([own["level"]["name"], own["nextLevel"]]), json!(["Tree", null]));
}

#[tokio::test]
async fn a_streak_grows_by_a_day_and_breaks_by_a_gap() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    let sets = section(&ada, &algebra, "Sets").await;
    let one = lesson(&ada, &sets, "One").await;
    enroll(&ada, &algebra, &lea.user_id).await;
    let streak = async || {
        let found = lea.ok(OWN, json!({})).await["viewer"]["streak"].take();
        format!("{} {}", found["current"], found["longest"])
    };
    let track = "mutation($i: TrackLessonInput!) { trackLesson(input: $i) { status } }";
    let open = async || lea.ok(track, json!({ "i": { "lessonId": one } })).await;
    assert_eq!(streak().await, "0 0");
    open().await;
    open().await;
    assert_eq!(streak().await, "1 1");
    app.sql("UPDATE reward_standing SET active_on = active_on - 1, streak = 4, longest_streak = 6 WHERE active_on IS NOT NULL").await;
    assert_eq!(streak().await, "4 6", "today may still be added");
    open().await;
    assert_eq!(streak().await, "5 6");
    app.sql("UPDATE reward_standing SET active_on = active_on - 2 WHERE active_on IS NOT NULL").await;
    assert_eq!(streak().await, "0 6");
    open().await;
    assert_eq!(streak().await, "1 6");
}
