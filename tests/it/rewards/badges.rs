//! Badges: earned, given, taken away.

use serde_json::{Value, json};

use super::{ADJUST, AWARD, CHANGE_BADGE, CREATE_BADGE, DELETE_BADGE, OWN, REVOKE, badge, badges_of};
use crate::{
    app::{TestApp, Who},
    classroom::{course, enroll, nothing, refused},
    discussions::{finish, told_of},
};

#[tokio::test]
async fn badges_are_earned_at_once_by_what_they_ask_for() {
    let app = TestApp::start().await;
    let (ada, lea, admin) =
        (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    let (algebra, other) = (course(&ada, json!({ "title": "Algebra" })).await, course(&ada, json!({ "title": "Botany" })).await);
    badge(&admin, json!({ "name": "Hundred", "rule": "POINTS", "threshold": 100 })).await;
    badge(&admin, json!({ "name": "Thousand", "rule": "POINTS", "threshold": 1000 })).await;
    badge(&admin, json!({ "name": "Algebraist", "rule": "COURSE_COMPLETED", "courseId": algebra })).await;
    badge(&admin, json!({ "name": "Botanist", "rule": "COURSE_COMPLETED", "courseId": other })).await;
    badge(&admin, json!({ "name": "Two courses", "rule": "COURSES_COMPLETED", "threshold": 2 })).await;
    assert_eq!(badges_of(&lea).await, [""; 0]);
    let first = enroll(&ada, &algebra, &lea.user_id).await;
    finish(&lea, &first).await;
    assert_eq!(badges_of(&lea).await, ["Algebraist", "Hundred"]);
    let second = enroll(&ada, &other, &lea.user_id).await;
    finish(&lea, &second).await;
    assert_eq!(badges_of(&lea).await, ["Algebraist", "Botanist", "Hundred", "Two courses"]);
    assert_eq!(told_of(&app, &lea, "BADGE_AWARDED").await, 4);
    assert_eq!(told_of(&app, &lea, "COURSE_COMPLETED").await, 2);
    assert_eq!(app.count("badge_award").await, 4);
}

#[tokio::test]
async fn a_badge_that_is_new_reaches_those_who_have_earned_it() {
    let app = TestApp::start().await;
    let (ada, lea, admin) =
        (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    let enrolled = enroll(&ada, &algebra, &lea.user_id).await;
    finish(&lea, &enrolled).await;
    let id = badge(&admin, json!({ "name": "Hundred", "rule": "POINTS", "threshold": 100 })).await;
    badge(&admin, json!({ "name": "Algebraist", "rule": "COURSE_COMPLETED", "courseId": algebra })).await;
    badge(&admin, json!({ "name": "Two courses", "rule": "COURSES_COMPLETED", "threshold": 2 })).await;
    assert_eq!(badges_of(&lea).await, [""; 0]);
    app.work().await;
    assert_eq!(badges_of(&lea).await, ["Algebraist", "Hundred"]);
    // What was taken away is not earned anew, but may be given again.
    let of = |id: &str| json!({ "i": { "badgeId": id, "userId": lea.user_id, "reason": "Because" } });
    assert_eq!(admin.ok(REVOKE, of(&id)).await["revokeBadge"]["awardedCount"], 0);
    refused(&app, &admin, REVOKE, of(&id), "NOT_FOUND @userId").await;
    app.sql("DELETE FROM job WHERE kind IN ('badge.award', 'badge.sweep')").await;
    badge(&admin, json!({ "name": "One", "rule": "POINTS", "threshold": 1 })).await;
    app.work().await;
    assert_eq!(badges_of(&lea).await, ["Algebraist", "One"]);
    assert_eq!(admin.ok(AWARD, of(&id)).await["awardBadge"]["awardedCount"], 1);
    let before = lea.ok(OWN, json!({})).await;
    admin.ok(AWARD, json!({ "i": { "badgeId": id, "userId": lea.user_id, "reason": "Again" } })).await;
    assert_eq!(lea.ok(OWN, json!({})).await, before, "again changes nothing");
    admin.ok(DELETE_BADGE, json!({ "id": id })).await;
    assert_eq!(badges_of(&lea).await, ["Algebraist", "One"]);
}

#[tokio::test]
async fn wrong_badges_are_named_and_change_nothing() {
    let app = TestApp::start().await;
    let (lea, admin) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    let with = |rest: Value| {
        let mut input = json!({ "name": "Badge", "rule": "MANUAL" });
        input.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        json!({ "i": input })
    };
    for (input, line) in [
        (json!({ "name": " " }), "BAD_USER_INPUT @name"),
        (json!({ "threshold": 5 }), "BAD_USER_INPUT @threshold"),
        (json!({ "rule": "POINTS" }), "BAD_USER_INPUT @threshold"),
        (json!({ "rule": "STREAK_DAYS", "threshold": 0 }), "BAD_USER_INPUT @threshold"),
        (json!({ "rule": "COURSE_COMPLETED" }), "BAD_USER_INPUT @courseId"),
        (json!({ "rule": "COURSE_COMPLETED", "courseId": nothing("course") }), "NOT_FOUND @courseId"),
        (json!({ "rule": "PATH_COMPLETED" }), "BAD_USER_INPUT @pathId"),
        (json!({ "rule": "PATH_COMPLETED", "pathId": nothing("path") }), "NOT_FOUND @pathId"),
        (json!({ "rule": "PERFECT_QUIZ", "courseId": nothing("course") }), "BAD_USER_INPUT @courseId"),
        (json!({ "iconFileId": nothing("file") }), "NOT_FOUND @iconFileId"),
    ] {
        refused(&app, &admin, CREATE_BADGE, with(input), line).await;
    }
    refused(&app, &lea, CREATE_BADGE, with(json!({})), "FORBIDDEN [GAMIFICATION_MANAGE]").await;
    let id = badge(&admin, json!({ "name": "Helper", "rule": "MANUAL", "description": "For help" })).await;
    let changed = admin.ok(CHANGE_BADGE, json!({ "i": { "id": id, "name": "Friend", "description": null } })).await["updateBadge"].take();
    assert_eq!(changed, json!({ "id": id, "name": "Friend", "description": null }));
    refused(&app, &admin, CHANGE_BADGE, json!({ "i": { "id": nothing("badge"), "name": "A" } }), "NOT_FOUND @id").await;
    for (badge, person, line) in [
        (nothing("badge"), lea.user_id.clone(), "NOT_FOUND @badgeId"),
        (id.clone(), nothing("user"), "NOT_FOUND @userId"),
        (id.clone(), app.sign_in(&app.elm, Who::Learner).await.user_id, "NOT_FOUND @userId"),
    ] {
        let of = json!({ "i": { "badgeId": badge, "userId": person, "reason": "Because" } });
        refused(&app, &admin, AWARD, of.clone(), line).await;
        refused(&app, &admin, REVOKE, of, line).await;
    }
    refused(
        &app,
        &lea,
        AWARD,
        json!({ "i": { "badgeId": id, "userId": lea.user_id, "reason": "Because" } }),
        "FORBIDDEN [GAMIFICATION_MANAGE]",
    )
    .await;
    // Everybody of the school sees what there is to be had.
    let all = "{ badges { name rule threshold awardedCount icon { name } } }";
    assert_eq!(
        lea.ok(all, json!({})).await["badges"],
        json!([{ "name": "Friend", "rule": "MANUAL", "threshold": null, "awardedCount": 0, "icon": null }])
    );
    let oscar = app.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(oscar.ok(all, json!({})).await["badges"], json!([]));
    refused(&app, &oscar, DELETE_BADGE, json!({ "id": id }), "NOT_FOUND @id").await;
    admin.ok(ADJUST, json!({ "i": { "userId": lea.user_id, "points": 1, "reason": "One" } })).await;
}
