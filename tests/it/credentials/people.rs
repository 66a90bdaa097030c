use serde_json::{Value, json};

use super::{LOGIN, RESET, SIGN_OUT, login, refused, with_factor};
use crate::app::{Client, TestApp, Who};

async fn is_alive(client: &Client) -> bool {
    !client.ok("{ viewer { user { id } } }", json!({})).await["viewer"].is_null()
}

#[tokio::test]
async fn people_below_are_signed_out_all_or_nobody() {
    let app = TestApp::start().await;
    let (admin, learner, viewer) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await);
    let stranger_there = app.sign_in(&app.elm, Who::Learner).await;
    let ids = |people: &[&Client]| json!({ "ids": people.iter().map(|person| &person.user_id).collect::<Vec<_>>() });
    refused(&app, &admin, SIGN_OUT, ids(&[&learner, &stranger_there]), "NOT_FOUND @ids.1").await;
    refused(&app, &admin, SIGN_OUT, ids(&[&learner, &learner]), "BAD_USER_INPUT @ids.1").await;
    refused(&app, &admin, SIGN_OUT, json!({ "ids": [] }), "BAD_USER_INPUT @ids").await;
    refused(&app, &learner, SIGN_OUT, ids(&[&viewer]), "FORBIDDEN [USER_UPDATE]").await;
    let helper = json!({ "i": { "key": "HELPER", "name": "Helper", "permissions": ["USER_READ", "USER_UPDATE", "COURSE_READ"] } });
    admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", helper).await;
    let helper = app.person(&app.oak, "helper@oak.example", &["HELPER"]).await;
    refused(&app, &helper, SIGN_OUT, ids(&[&admin]), "FORBIDDEN ROLE_TOO_HIGH @ids.0").await;

    let out = admin.ok(SIGN_OUT, ids(&[&viewer, &learner])).await;
    assert_eq!(out["signOutUsers"], json!([{ "id": viewer.user_id }, { "id": learner.user_id }]), "in the order that was given");
    assert!(!is_alive(&viewer).await && !is_alive(&learner).await && is_alive(&admin).await && is_alive(&stranger_there).await);
    assert_eq!(app.count("session WHERE revoked_reason = 'SIGNED_OUT'").await, 2);
    app.stranger().ok(LOGIN, login(&app.oak, &app.oak.email(Who::Learner), None)).await;
}

#[tokio::test]
async fn those_above_take_a_lost_second_factor_away() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    with_factor(&app, &learner).await;
    with_factor(&app, &admin).await;
    let ids = |people: &[&str]| json!({ "ids": people });
    // Nobody their own: a stolen token would be enough.
    refused(&app, &admin, RESET, ids(&[&learner.user_id, &admin.user_id]), "FORBIDDEN NOT_YOURS @ids.1").await;
    refused(&app, &learner, RESET, ids(&[&viewer.user_id]), "FORBIDDEN [USER_UPDATE]").await;

    let reset = admin.ok(RESET, ids(&[&learner.user_id, &viewer.user_id])).await;
    assert_eq!(reset["resetSecondFactors"][0], json!({ "id": learner.user_id, "hasSecondFactor": false }));
    assert!(!is_alive(&learner).await, "they are signed out");
    assert!(is_alive(&viewer).await, "whoever has none stays");
    app.stranger().ok(LOGIN, login(&app.oak, &app.oak.email(Who::Learner), None)).await;
    assert_eq!(app.count("second_factor").await, 1);
    let told = "SELECT payload -> 'note' -> 'facts' ->> 'became' FROM job WHERE payload ->> 'type' = 'notify.second_factor_changed' ORDER BY created_at DESC LIMIT 1";
    assert_eq!(app.text(told).await.as_deref(), Some("RESET"));
}

#[tokio::test]
async fn who_has_a_second_factor_and_who_signed_in_last_is_seen_by_those_who_see_people() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    with_factor(&app, &learner).await;
    let list = "query($has: Boolean) { users(filter: { hasSecondFactor: $has }) { nodes { email hasSecondFactor lastSignInAt } } }";
    let emails = |data: &Value| -> Vec<String> {
        data["users"]["nodes"].as_array().unwrap().iter().map(|node| node["email"].as_str().unwrap().to_owned()).collect()
    };
    let with = admin.ok(list, json!({ "has": true })).await;
    assert_eq!(emails(&with), ["learner@oak.example"]);
    assert!(with["users"]["nodes"][0]["lastSignInAt"].is_string());
    let without = admin.ok(list, json!({ "has": false })).await;
    assert_eq!(emails(&without).len(), 3);
    let instructor = without["users"]["nodes"].as_array().unwrap().iter().find(|node| node["email"] == "instructor@oak.example").unwrap();
    assert_eq!(instructor, &json!({ "email": "instructor@oak.example", "hasSecondFactor": false, "lastSignInAt": null }));
    // An instructor is seen by everybody, but not that.
    let instructor = app.sign_in(&app.oak, Who::Instructor).await;
    let one = "query($id: ID!) { user(id: $id) { name hasSecondFactor lastSignInAt } }";
    let seen = learner.ok(one, json!({ "id": instructor.user_id })).await;
    assert_eq!(seen["user"], json!({ "name": "INSTRUCTOR of oak", "hasSecondFactor": null, "lastSignInAt": null }));
    let few = app.statements(&admin, "{ users(first: 1) { nodes { hasSecondFactor lastSignInAt } } }", json!({})).await;
    let many = app.statements(&admin, "{ users(first: 100) { nodes { hasSecondFactor lastSignInAt } } }", json!({})).await;
    assert_eq!(few, many);
}
