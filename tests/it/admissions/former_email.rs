//! An address that somebody had, and takes back.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{PREVIEW, REVERT, SET_PASSWORD, mails, refused, reset_token, token, work};
use crate::{
    app::{Client, PASSWORD, TestApp, Who},
    classroom::insist,
};

const UPDATE: &str = "mutation($i: UpdateUserInput!) { updateUser(input: $i) { email } }";

async fn change(client: &Client, of: &Client, email: &str) {
    client.ok(UPDATE, json!({ "i": { "id": of.user_id, "email": email } })).await;
}

fn link(token: &str) -> Value {
    json!({ "i": { "token": token } })
}

#[tokio::test]
async fn the_former_address_is_mailed_a_link_that_takes_it_back() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    change(&learner, &learner, "Learner@OAK.example").await;
    work(&app).await;
    assert_eq!(mails(&app, "former_email").await, 0, "the same address in another spelling");
    change(&admin, &learner, "thief@x.example").await;
    work(&app).await;
    let back = token(&app, &app.oak, "former_email", "learner@oak.example").await;
    let reset = reset_token(&app, "thief@x.example").await;
    let preview = app.stranger().ok(PREVIEW, json!({ "t": back })).await["linkPreview"].take();
    assert_eq!((&preview["kind"], &preview["email"]), (&json!("EMAIL_REVERT"), &json!("Learner@OAK.example")));
    app.stranger().ok(REVERT, link(&back)).await;
    assert_eq!(learner.ok("{ viewer { user { id } } }", json!({})).await["viewer"], Value::Null, "every sign-in has ended");
    assert_eq!(app.count("session WHERE revoked_reason = 'EMAIL_REVERTED'").await, 1);
    let again = app.sign_in_as(&app.oak, "learner@oak.example", PASSWORD).await;
    assert_eq!(again.ok("{ viewer { user { email } } }", json!({})).await["viewer"]["user"]["email"], "Learner@OAK.example");
    let set = json!({ "i": { "token": reset, "newPassword": super::NEW_PASSWORD } });
    refused(&app, &app.stranger(), SET_PASSWORD, set, "UNAUTHENTICATED LINK_INVALID").await;
    refused(&app, &app.stranger(), REVERT, link(&back), "UNAUTHENTICATED LINK_INVALID").await;
    work(&app).await;
    assert_eq!(mails(&app, "former_email").await, 1, "the thief is offered nothing");
}

#[tokio::test]
async fn whose_address_is_changed_is_told_and_mailed_at_both() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    change(&learner, &learner, "Learner@OAK.example").await;
    app.work().await;
    assert_eq!(app.count("notification").await + app.count("mail").await, 0, "the same address in another spelling");
    change(&admin, &learner, "lea@oak.example").await;
    app.work().await;
    let told = learner.ok("{ notifications { nodes { kind subject { id } } } }", json!({})).await;
    assert_eq!(told["notifications"]["nodes"], json!([{ "kind": "EMAIL_CHANGED", "subject": { "id": learner.user_id } }]));
    let mailed = app.text("SELECT string_agg(address || ' ' || template, ', ' ORDER BY address) FROM mail").await;
    assert_eq!(mailed.as_deref(), Some("Learner@OAK.example former_email, lea@oak.example email_changed"));
}

#[tokio::test]
async fn a_link_that_was_mailed_to_the_former_address_resets_nothing() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let reset = reset_token(&app, "learner@oak.example").await;
    let viewers = reset_token(&app, "viewer@oak.example").await;
    let with = |token: &str| json!({ "i": { "token": token, "newPassword": super::NEW_PASSWORD } });
    change(&learner, &learner, "Learner@OAK.example").await;
    let preview = app.stranger().ok(PREVIEW, json!({ "t": reset })).await;
    assert_eq!(preview["linkPreview"]["kind"], "PASSWORD_RESET", "the same address in another spelling");
    change(&admin, &learner, "lea@x.example").await;
    assert_eq!(app.stranger().ok(PREVIEW, json!({ "t": reset })).await["linkPreview"], Value::Null);
    refused(&app, &app.stranger(), SET_PASSWORD, with(&reset), "UNAUTHENTICATED LINK_INVALID").await;
    for good in [viewers, reset_token(&app, "lea@x.example").await] {
        app.stranger().ok(SET_PASSWORD, with(&good)).await;
    }
}

#[tokio::test]
async fn a_thief_who_changes_it_twice_does_not_void_the_link_of_the_first() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    change(&learner, &learner, "one@x.example").await;
    change(&learner, &learner, "two@x.example").await;
    work(&app).await;
    let (first, second) =
        (token(&app, &app.oak, "former_email", "learner@oak.example").await, token(&app, &app.oak, "former_email", "one@x.example").await);
    app.stranger().ok(REVERT, link(&first)).await;
    refused(&app, &app.stranger(), REVERT, link(&second), "UNAUTHENTICATED LINK_INVALID").await;
}

#[tokio::test]
async fn an_address_that_is_somebody_elses_by_now_stays_theirs() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    change(&learner, &learner, "one@x.example").await;
    work(&app).await;
    let back = token(&app, &app.oak, "former_email", "learner@oak.example").await;
    app.person(&app.oak, "learner@oak.example", &["LEARNER"]).await;
    assert_eq!(app.stranger().ok(PREVIEW, json!({ "t": back })).await["linkPreview"], Value::Null);
    refused(&app, &app.stranger(), REVERT, link(&back), "CONFLICT EMAIL_TAKEN").await;
}

#[tokio::test]
async fn an_address_is_not_taken_back_after_a_lapse() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    change(&learner, &learner, "one@x.example").await;
    work(&app).await;
    let back = token(&app, &app.oak, "former_email", "learner@oak.example").await;
    app.sql("UPDATE tenant SET suspended_at = now() WHERE slug = 'oak'").await;
    assert_eq!(app.stranger().ok(PREVIEW, json!({ "t": back })).await["linkPreview"], Value::Null);
    refused(&app, &app.stranger(), REVERT, link(&back), "SUBSCRIPTION_EXPIRED").await;
    app.sql("UPDATE tenant SET suspended_at = NULL WHERE slug = 'oak'").await;
    app.stranger().ok(REVERT, link(&back)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_who_take_it_back_at_once_one_does() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    change(&learner, &learner, "one@x.example").await;
    work(&app).await;
    let back = token(&app, &app.oak, "former_email", "learner@oak.example").await;
    let strangers: Vec<_> = (0..50).map(|_| app.stranger()).collect();
    let answers = join_all(strangers.iter().map(|stranger| insist(stranger, REVERT, link(&back)))).await;
    let won = answers.iter().filter(|answer| answer["data"]["revertEmailChange"] == true).count();
    let lost = answers.iter().filter(|answer| answer["errors"][0]["extensions"]["reason"] == "LINK_INVALID").count();
    assert_eq!((won, lost), (1, 49), "{answers:?}");
}
