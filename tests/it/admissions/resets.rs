//! A password that is reset by a mailed link.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{NEW_PASSWORD, PREVIEW, RESET, SET_PASSWORD, mails, refused, reset_token, to, token, work};
use crate::{
    app::{PASSWORD, TestApp, Who},
    classroom::insist,
};

const LOGIN: &str = "mutation($i: LoginInput!) { login(input: $i) { accessToken } }";

fn new(token: &str, password: &str) -> Value {
    json!({ "i": { "token": token, "newPassword": password } })
}

fn credentials(password: &str) -> Value {
    json!({ "i": { "tenant": "oak", "email": "learner@oak.example", "password": password } })
}

#[tokio::test]
async fn a_link_sets_the_password_ends_every_sign_in_and_signs_nobody_in() {
    let app = TestApp::start().await;
    let (learner, stranger) = (app.sign_in(&app.oak, Who::Learner).await, app.stranger());
    let token = reset_token(&app, "LEARNER@oak.example").await;
    let preview = stranger.ok(PREVIEW, json!({ "t": token })).await["linkPreview"].take();
    assert_eq!(
        (&preview["kind"], &preview["tenantSlug"], &preview["email"], &preview["name"], &preview["roleNames"]),
        (&json!("PASSWORD_RESET"), &json!("oak"), &json!("learner@oak.example"), &json!("LEARNER of oak"), &json!([]))
    );
    refused(&app, &stranger, SET_PASSWORD, new(&token, "password123"), "BAD_USER_INPUT @newPassword").await;
    refused(&app, &stranger, SET_PASSWORD, new(&token, "short"), "BAD_USER_INPUT @newPassword").await;
    stranger.ok(PREVIEW, json!({ "t": token })).await;
    assert_eq!(stranger.ok(SET_PASSWORD, new(&token, NEW_PASSWORD)).await["resetPassword"], true);
    assert_eq!(learner.ok("{ viewer { user { id } } }", json!({})).await["viewer"], Value::Null, "every sign-in has ended");
    assert_eq!(stranger.refused(LOGIN, credentials(PASSWORD)).await, "UNAUTHENTICATED");
    stranger.ok(LOGIN, credentials(NEW_PASSWORD)).await;
    assert_eq!(mails(&app, "password_changed").await, 1);
    assert_eq!(app.count("session WHERE revoked_reason = 'PASSWORD_CHANGED'").await, 1);
    refused(&app, &stranger, SET_PASSWORD, new(&token, "granite teapot orbit"), "UNAUTHENTICATED LINK_INVALID").await;
    assert_eq!(stranger.ok(PREVIEW, json!({ "t": token })).await["linkPreview"], Value::Null);
    assert_eq!(app.count("audit_entry WHERE operation = 'resetPassword' AND outcome = 'REFUSED'").await, 1, "of a link that there was");
    let own = "audit_entry WHERE operation = 'resetPassword' AND outcome = 'CHANGED' \
               AND actor_id = (SELECT id FROM app_user WHERE email = 'learner@oak.example')";
    assert_eq!(app.count(own).await, 2);
}

#[tokio::test]
async fn a_first_password_is_set_so_too_and_told_of() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let input = json!({ "email": "new@oak.example", "name": "New", "roleKeys": ["LEARNER"] });
    admin.ok("mutation($i: CreateUserInput!) { createUser(input: $i) { id } }", json!({ "i": input })).await;
    let token = reset_token(&app, "new@oak.example").await;
    app.stranger().ok(SET_PASSWORD, new(&token, NEW_PASSWORD)).await;
    assert_eq!(mails(&app, "password_changed").await, 1);
    app.sign_in_as(&app.oak, "new@oak.example", NEW_PASSWORD).await;
}

#[tokio::test]
async fn a_later_link_voids_the_earlier_and_each_goes_to_active_people_alone() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let first = reset_token(&app, "learner@oak.example").await;
    let second = reset_token(&app, "learner@oak.example").await;
    refused(&app, &stranger, SET_PASSWORD, new(&first, NEW_PASSWORD), "UNAUTHENTICATED LINK_INVALID").await;
    app.sql("UPDATE app_user SET status = 'SUSPENDED' WHERE email = 'learner@oak.example'").await;
    refused(&app, &stranger, SET_PASSWORD, new(&second, NEW_PASSWORD), "UNAUTHENTICATED LINK_INVALID").await;
    let before = mails(&app, "password_reset").await;
    for (school, email) in [("oak", "learner@oak.example"), ("oak", "learner@elm.example"), ("nowhere", "viewer@oak.example")] {
        stranger.ok(RESET, to(school, email)).await;
    }
    work(&app).await;
    assert_eq!(mails(&app, "password_reset").await, before);
    assert_eq!(app.count("account_request").await, 0, "nothing is kept of what was asked for");
    app.sql("UPDATE app_user SET status = 'ACTIVE' WHERE email = 'learner@oak.example'; UPDATE mailed_token SET expires_at = now()").await;
    refused(&app, &stranger, SET_PASSWORD, new(&second, NEW_PASSWORD), "UNAUTHENTICATED LINK_INVALID").await;
}

#[tokio::test]
async fn it_goes_on_after_a_lapse_and_so_do_its_mails() {
    let app = TestApp::start().await;
    app.sql(
        "UPDATE tenant SET subscription_end = now() - interval '1 hour', subscription_start = now() - interval '1 day' WHERE slug = 'oak'",
    )
    .await;
    let token = reset_token(&app, "admin@oak.example").await;
    assert_eq!(app.count("job WHERE kind = 'mail.send_spared' AND is_spared").await, 1);
    app.stranger().ok(SET_PASSWORD, new(&token, NEW_PASSWORD)).await;
    app.sign_in_as(&app.oak, "admin@oak.example", NEW_PASSWORD).await;
    assert_eq!(app.count("job WHERE kind = 'mail.send_spared' AND is_spared").await, 2, "the notice as well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_who_use_one_link_at_once_one_sets_the_password() {
    let app = TestApp::start().await;
    let link = reset_token(&app, "learner@oak.example").await;
    let strangers: Vec<_> = (0..50).map(|_| app.stranger()).collect();
    let answers = join_all(strangers.iter().map(|stranger| insist(stranger, SET_PASSWORD, new(&link, NEW_PASSWORD)))).await;
    let won = answers.iter().filter(|answer| answer["data"]["resetPassword"] == true).count();
    let lost = answers.iter().filter(|answer| answer["errors"][0]["extensions"]["reason"] == "LINK_INVALID").count();
    assert_eq!((won, lost), (1, 49), "{answers:?}");
    assert_eq!(mails(&app, "password_changed").await, 1);
}

#[tokio::test]
async fn a_link_of_one_school_or_kind_is_none_of_another() {
    let app = TestApp::start().await;
    let link = reset_token(&app, "learner@oak.example").await;
    let elm = lectern_kernel::ids::encode("link", app.elm.tenant);
    let moved = format!("{elm}.{}", link.split_once('.').unwrap().1);
    for (mutation, input) in [
        (super::CONFIRM, super::confirm(&link)),
        (super::ACCEPT, super::accept(&link, Some("Me"))),
        (super::REVERT, json!({ "i": { "token": link } })),
        (SET_PASSWORD, new(&moved, NEW_PASSWORD)),
    ] {
        refused(&app, &app.stranger(), mutation, input, "UNAUTHENTICATED LINK_INVALID").await;
    }
    assert_eq!(app.stranger().ok(PREVIEW, json!({ "t": moved })).await["linkPreview"], Value::Null);
    app.stranger().ok(SET_PASSWORD, new(&link, NEW_PASSWORD)).await;
    assert_eq!(token(&app, &app.oak, "password_reset", "learner@oak.example").await, link, "the mail is kept until it is sent");
}
