//! In whose place nobody may look.

use serde_json::json;

use super::START;
use crate::{
    app::{TestApp, Who},
    rehearsals::{Rows, changed},
};

#[tokio::test]
async fn nobody_looks_in_the_place_of_whom_they_do_not_stand_above() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let (ada, vic) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Viewer).await);
    let other = app.person(&app.oak, "second@oak.example", &["ADMIN"]).await;
    let elm = app.sign_in(&app.elm, Who::Learner).await;
    // Who may look and see people, and holds no more than a viewer beside it.
    let granted = ["USER_VIEW_AS", "USER_READ", "COURSE_READ"];
    let role = json!({ "i": { "key": "CLERK", "name": "Clerk", "permissions": granted } });
    admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", role).await;
    let clerk = app.person(&app.oak, "clerk@oak.example", &["CLERK"]).await;
    let peer = app.person(&app.oak, "peer@oak.example", &["CLERK"]).await;
    admin.ok("mutation($id: ID!) { suspendUser(id: $id) { id } }", json!({ "id": vic.user_id })).await;
    app.work().await;

    let rows = Rows::of(&app).await;
    let mut before = rows.read().await;
    let of = |id: &str| json!({ "userId": id, "reason": "Out of interest" });
    let absent = "user_01h455vb4pex5vsknk084sn02q";
    for (client, input, expected) in [
        (&admin, of(&admin.user_id), "FORBIDDEN ROLE_TOO_HIGH @userId"),
        (&admin, of(&other.user_id), "FORBIDDEN ROLE_TOO_HIGH @userId"),
        (&clerk, of(&peer.user_id), "FORBIDDEN ROLE_TOO_HIGH @userId"),
        (&clerk, of(&lea.user_id), "FORBIDDEN ROLE_TOO_HIGH @userId"),
        (&clerk, of(&admin.user_id), "FORBIDDEN ROLE_TOO_HIGH @userId"),
        (&admin, of(&vic.user_id), "CONFLICT USER_SUSPENDED @userId"),
        (
            &admin,
            json!({ "userId": lea.user_id, "reason": "Out of interest", "roleKey": "INSTRUCTOR" }),
            "FORBIDDEN ROLE_NOT_HELD @roleKey",
        ),
        (&admin, json!({ "userId": lea.user_id, "reason": "Out of interest", "roleKey": "NO_SUCH" }), "FORBIDDEN ROLE_NOT_HELD @roleKey"),
        (&admin, of(absent), "NOT_FOUND @userId"),
        (&admin, of(&elm.user_id), "NOT_FOUND @userId"),
        (&admin, of("user_1"), "BAD_USER_INPUT @userId"),
        (&admin, json!({ "userId": lea.user_id, "reason": " abcd " }), "BAD_USER_INPUT @reason"),
        (&admin, json!({ "userId": lea.user_id, "reason": "x".repeat(501) }), "BAD_USER_INPUT @reason"),
        (&ada, of(&lea.user_id), "FORBIDDEN [USER_VIEW_AS]"),
        (&lea, of(&ada.user_id), "FORBIDDEN [USER_VIEW_AS]"),
    ] {
        assert_eq!(client.refused(START, json!({ "i": input })).await, expected, "{input}");
    }
    assert_eq!(app.stranger().refused(START, json!({ "i": of(&lea.user_id) })).await, "UNAUTHENTICATED");
    let twice = "mutation($i: StartViewAsInput!) { a: startViewAs(input: $i) { id } b: startViewAs(input: $i) { id } }";
    assert_eq!(admin.refused(twice, json!({ "i": of(&lea.user_id) })).await, "BAD_USER_INPUT", "it stands alone");
    let mut after = rows.read().await;
    before.remove("audit_entry");
    after.remove("audit_entry");
    assert_eq!(changed(&before, &after), [""; 0]);
    assert_eq!(app.count("view_as").await, 0);

    app.sql("UPDATE tenant SET subscription_end = now() WHERE slug = 'oak'").await;
    assert_eq!(admin.refused(START, json!({ "i": of(&lea.user_id) })).await, "SUBSCRIPTION_EXPIRED");
}

#[tokio::test]
async fn the_role_that_is_named_is_the_one_that_is_seen() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let both = app.person(&app.oak, "both@oak.example", &["LEARNER", "INSTRUCTOR"]).await;
    for (key, seen) in [(json!(null), "INSTRUCTOR"), (json!("LEARNER"), "LEARNER")] {
        let input = json!({ "userId": both.user_id, "reason": "Out of interest", "roleKey": key });
        let begun = admin.ok(START, json!({ "i": input })).await["startViewAs"].take();
        let view = crate::app::Client { token: begun["accessToken"].as_str().map(str::to_owned), ..admin.clone() };
        let viewer = view.ok("{ viewer { activeRole { key } } }", json!({})).await;
        assert_eq!((begun["role"]["key"].as_str(), viewer["viewer"]["activeRole"]["key"].as_str()), (Some(seen), Some(seen)));
    }
}
