//! What opens for somebody otherwise than for all.

use serde_json::{Value, json};

use super::{DRIP, UNLOCK, classroom, complete, lesson, look, section};
use crate::{
    app::{TestApp, Who},
    classroom::{ADD_MEMBERS, group, nothing, refused, uuid},
};

const REMOVE: &str = "mutation($id: ID!) { removeUnlockOverride(id: $id) }";
const SOON: &str = "2099-01-01T00:00:00Z";

#[tokio::test]
async fn a_persons_goes_before_a_groups_and_a_sections_before_the_courses() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (algebra, sets, _) = classroom(&app, &ada, &lea).await;
    let id = lesson(&ada, &sets, "Sets").await;
    ada.ok(DRIP, json!({ "i": { "sectionId": sets, "kind": "ON_DATE", "at": "2098-01-01T00:00:00Z" } })).await;
    let (owls, cats) = (group(&admin, json!({ "name": "Owls" })).await, group(&admin, json!({ "name": "Cats" })).await);
    for group in [&owls, &cats] {
        admin.ok(ADD_MEMBERS, json!({ "i": { "groupId": group, "userIds": [lea.user_id] } })).await;
    }
    assert_eq!(look(&lea, &id).await, "NOT_YET");
    let set = async |more: Value| {
        let mut input = json!({ "courseId": algebra });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ada.ok(UNLOCK, json!({ "i": input })).await["setUnlockOverride"]["id"].as_str().unwrap().to_owned()
    };
    // From the weakest to the strongest, each against the one before.
    set(json!({ "groupId": owls })).await;
    assert_eq!(look(&lea, &id).await, "open: About Sets");
    set(json!({ "groupId": cats, "opensAt": SOON })).await;
    assert_eq!(look(&lea, &id).await, "open: About Sets", "of several groups' the earliest holds");
    set(json!({ "groupId": cats, "sectionId": sets, "opensAt": SOON })).await;
    assert_eq!(look(&lea, &id).await, "NOT_YET");
    let unlocks = "query($id: ID!) { lesson(id: $id) { unlocksAt } }";
    assert_eq!(lea.ok(unlocks, json!({ "id": id })).await["lesson"]["unlocksAt"], SOON);
    let own = set(json!({ "userId": lea.user_id })).await;
    assert_eq!(look(&lea, &id).await, "open: About Sets");
    set(json!({ "userId": lea.user_id, "sectionId": sets, "opensAt": SOON })).await;
    assert_eq!(look(&lea, &id).await, "NOT_YET");
    // Again: in place of what was said.
    set(json!({ "userId": lea.user_id, "sectionId": sets })).await;
    assert_eq!(look(&lea, &id).await, "open: About Sets");
    assert_eq!(set(json!({ "userId": lea.user_id, "opensAt": SOON })).await, own);
    assert_eq!(app.count("unlock_override").await, 5);
    let listed = "query($id: ID!) { course(id: $id) { unlockOverrides { opensAt section { title } user { id } group { name } } } }";
    let found = ada.ok(listed, json!({ "id": algebra })).await["course"]["unlockOverrides"].take();
    assert_eq!(found[0], json!({ "opensAt": null, "section": null, "user": null, "group": { "name": "Owls" } }));
    assert_eq!(found[3], json!({ "opensAt": SOON, "section": null, "user": { "id": lea.user_id }, "group": null }));
    // Taken back one by one, the drip holds again.
    for override_id in app.text("SELECT string_agg(id::text, ' ') FROM unlock_override").await.unwrap().split(' ') {
        ada.ok(REMOVE, json!({ "id": lectern_kernel::ids::encode("unlock", override_id.parse().unwrap()) })).await;
    }
    assert_eq!(look(&lea, &id).await, "NOT_YET");
}

#[tokio::test]
async fn an_unlock_lifts_a_section_and_neither_enrollment_nor_order() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    let (algebra, sets, _) = classroom(&app, &ada, &lea).await;
    let maps = section(&ada, &algebra, "Maps").await;
    let (a, b) = (lesson(&ada, &sets, "a").await, lesson(&ada, &maps, "b").await);
    ada.ok(DRIP, json!({ "i": { "sectionId": maps, "kind": "AFTER_SECTION", "afterSectionId": sets } })).await;
    ada.ok(UNLOCK, json!({ "i": { "courseId": algebra, "userId": viewer.user_id } })).await;
    assert_eq!(look(&viewer, &b).await, "NOT_ENROLLED");
    assert_eq!(look(&lea, &b).await, "AFTER_SECTION");
    ada.ok(UNLOCK, json!({ "i": { "courseId": algebra, "userId": lea.user_id } })).await;
    assert_eq!(look(&lea, &b).await, "open: About b");
    ada.ok("mutation($id: ID!) { updateCourse(input: { id: $id, isSequential: true }) { id } }", json!({ "id": algebra })).await;
    assert_eq!(look(&lea, &b).await, "AFTER_LESSON");
    complete(&lea, &a).await;
    assert_eq!(look(&lea, &b).await, "open: About b");
    // At the instant, and not before.
    for (moment, expected) in [("now() + interval '1 minute'", "NOT_YET"), ("now()", "open: About b")] {
        app.sql(&format!("UPDATE unlock_override SET opens_at = {moment} WHERE user_id = '{}'", uuid(&lea.user_id))).await;
        assert_eq!(look(&lea, &b).await, expected);
    }
}

#[tokio::test]
async fn unlocks_are_set_by_those_who_manage_the_course_for_people_and_groups_that_they_see() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (admin, elm) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.elm, Who::Learner).await);
    let (algebra, sets, _) = classroom(&app, &ada, &lea).await;
    let owls = group(&admin, json!({ "name": "Owls" })).await;
    let with = |more: Value| {
        let mut input = json!({ "courseId": algebra, "sectionId": sets });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "i": input })
    };
    for (more, line) in [
        (json!({}), "BAD_USER_INPUT @userId"),
        (json!({ "userId": lea.user_id, "groupId": owls }), "BAD_USER_INPUT @userId"),
        (json!({ "userId": nothing("user") }), "NOT_FOUND @userId"),
        (json!({ "userId": elm.user_id }), "NOT_FOUND @userId"),
        (json!({ "groupId": nothing("group") }), "NOT_FOUND @groupId"),
        (json!({ "userId": lea.user_id, "sectionId": nothing("section") }), "NOT_FOUND @sectionId"),
        (json!({ "userId": lea.user_id, "courseId": nothing("course") }), "NOT_FOUND @courseId"),
    ] {
        refused(&app, &ada, UNLOCK, with(more), line).await;
    }
    refused(&app, &lea, UNLOCK, with(json!({ "userId": lea.user_id })), "FORBIDDEN [ENROLLMENT_MANAGE]").await;
    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    refused(&app, &stranger, UNLOCK, with(json!({ "userId": lea.user_id })), "FORBIDDEN NOT_YOURS @courseId").await;
    let set = ada.ok(UNLOCK, with(json!({ "userId": lea.user_id }))).await["setUnlockOverride"].take();
    assert_eq!(
        set,
        json!({ "id": set["id"], "opensAt": null, "course": { "id": algebra }, "section": { "id": sets }, "user": { "id": lea.user_id }, "group": null })
    );
    let node = "query($id: ID!) { node(id: $id) { id } }";
    assert_eq!(ada.ok(node, json!({ "id": set["id"] })).await["node"]["id"], set["id"]);
    assert_eq!(stranger.ok(node, json!({ "id": set["id"] })).await["node"], json!(null));
    assert_eq!(lea.refused(node, json!({ "id": set["id"] })).await, "FORBIDDEN [ENROLLMENT_MANAGE]");
    refused(&app, &stranger, REMOVE, json!({ "id": set["id"] }), "NOT_FOUND @id").await;
    ada.ok(UNLOCK, with(json!({ "groupId": owls }))).await;
    // With the person and the group they are gone.
    admin.ok("mutation($id: ID!) { deleteGroup(id: $id) }", json!({ "id": owls })).await;
    assert_eq!(app.count("unlock_override").await, 1);
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": lea.user_id })).await;
    assert_eq!(app.count("unlock_override").await, 0);
}
