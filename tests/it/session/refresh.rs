//! A refresh token works once; whoever presents it again ends the sign-in.

use serde_json::{Value, json};

use super::{WHO, another_device, is_alive};
use crate::{
    app::{Client, TestApp, Who},
    classroom::insist,
};

const REFRESH: &str = "mutation($i: RefreshSessionInput!) { refreshSession(input: $i) { accessToken accessTokenExpiresAt refreshToken \
     refreshTokenExpiresAt viewer { user { id } activeRole { key } } } }";

fn presenting(token: &str) -> Value {
    json!({ "i": { "refreshToken": token } })
}

/// Goes on with the next pair of tokens.
pub async fn ok(app: &TestApp, client: &Client) -> Client {
    let data = app.stranger().ok(REFRESH, presenting(client.refresh_token.as_deref().unwrap())).await;
    app.stranger().with_session(&data["refreshSession"])
}

/// How a client's refresh token is refused.
pub async fn refused(client: &Client) -> String {
    let stranger = Client { token: None, ..client.clone() };
    stranger.refused(REFRESH, presenting(client.refresh_token.as_deref().unwrap())).await
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_once() {
    let app = TestApp::start().await;
    let first = another_device(&app, &app.oak, Who::Learner).await;
    let elsewhere = another_device(&app, &app.oak, Who::Learner).await;
    let second = ok(&app, &first).await;
    assert_eq!(second.user_id, first.user_id);
    assert_ne!(second.refresh_token, first.refresh_token);
    assert!(is_alive(&first).await && is_alive(&second).await, "an access token lasts its minutes");
    let third = ok(&app, &second).await;

    // The first token again: somebody has it who should not.
    let answer = app.stranger().ask(REFRESH, presenting(first.refresh_token.as_deref().unwrap())).await;
    assert_eq!(crate::app::refusal(&answer["errors"][0]), "UNAUTHENTICATED REFRESH_TOKEN_REUSED");
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("refresh token") && message.contains("twice") && !message.contains("access token"), "{message}");
    for client in [&first, &second, &third] {
        assert!(!is_alive(client).await, "the family is dead, its access tokens too");
        assert_eq!(refused(client).await, "UNAUTHENTICATED REFRESH_TOKEN_INVALID");
    }
    assert!(is_alive(&elsewhere).await, "another sign-in is not touched");
    ok(&app, &elsewhere).await;

    assert_eq!(app.count("session where revoked_reason = 'REUSE'").await, 1);
    let audit = format!("audit_entry where operation = 'refreshSession' and resource = 'Session' and tenant_id = '{}'", app.oak.tenant);
    assert_eq!(app.count(&format!("{audit} and outcome = 'CHANGED' and after ->> 'revoked_reason' = 'REUSE'")).await, 1);
    assert_eq!(
        app.count(&format!("{audit} and outcome = 'REFUSED' and reason = 'REFRESH_TOKEN_REUSED' and actor_id is not null")).await,
        1
    );
}

#[tokio::test]
async fn of_twenty_uses_of_one_refresh_token_one_wins_and_then_the_family_is_dead() {
    let app = TestApp::start().await;
    let client = another_device(&app, &app.oak, Who::Learner).await;
    let token = client.refresh_token.clone().unwrap();
    let uses = (0..20).map(|_| {
        let stranger = app.stranger();
        let token = token.clone();
        async move { insist(&stranger, REFRESH, presenting(&token)).await }
    });
    let answers = futures_util::future::join_all(uses).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.get("errors").is_none());
    assert_eq!((won.len(), lost.len()), (1, 19), "{answers:#?}");
    for answer in lost {
        assert_eq!((&answer["errors"][0]["extensions"]["code"], &answer["data"]), (&json!("UNAUTHENTICATED"), &Value::Null), "{answer:#}");
    }

    let winner = app.stranger().with_session(&won[0]["data"]["refreshSession"]);
    assert!(!is_alive(&winner).await && !is_alive(&client).await);
    assert_eq!(refused(&winner).await, "UNAUTHENTICATED REFRESH_TOKEN_INVALID");
    assert_eq!(app.count("session where revoked_reason = 'REUSE'").await, 1);
    assert_eq!(
        app.count("audit_entry where operation = 'refreshSession' and outcome = 'CHANGED' and after ->> 'revoked_reason' = 'REUSE'").await,
        1
    );
    assert!(
        app.count("audit_entry where operation = 'refreshSession' and outcome = 'REFUSED' and reason = 'REFRESH_TOKEN_REUSED'").await >= 1
    );
}

#[tokio::test]
async fn a_refresh_token_that_is_unknown_expired_or_anothers_is_refused() {
    let app = TestApp::start().await;
    let oak = another_device(&app, &app.oak, Who::Learner).await;
    let elm = another_device(&app, &app.elm, Who::Learner).await;
    let (oak_token, elm_token) = (oak.refresh_token.clone().unwrap(), elm.refresh_token.clone().unwrap());
    let swapped = format!("{}.{}", elm_token.split_once('.').unwrap().0, oak_token.split_once('.').unwrap().1);
    let unknown = format!("{}.{}", oak_token.split_once('.').unwrap().0, "A".repeat(43));
    for token in [
        &swapped,
        &unknown,
        oak.token.as_ref().unwrap(),
        &"garbage".to_owned(),
        &String::new(),
        &format!("{oak_token}="),
        &oak_token.to_uppercase(),
    ] {
        assert_eq!(app.stranger().refused(REFRESH, presenting(token)).await, "UNAUTHENTICATED REFRESH_TOKEN_INVALID", "{token}");
    }
    // It speaks of the refresh token; of the access token, which may be fine, it says nothing.
    let answer = oak.ask(REFRESH, presenting("garbage")).await;
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("refresh token") && !message.contains("access token"), "{message}");
    // Over an access token of another school it is still the refresh token that counts.
    let other = elm.ok(REFRESH, presenting(&oak_token)).await;
    let oak = app.stranger().with_session(&other["refreshSession"]);
    assert_eq!(oak.ok("{ viewer { tenant { slug } } }", json!({})).await["viewer"]["tenant"]["slug"], "oak");

    app.sql("UPDATE refresh_token SET expires_at = now() - interval '1 second'").await;
    assert_eq!(refused(&oak).await, "UNAUTHENTICATED REFRESH_TOKEN_INVALID");
    assert!(is_alive(&oak).await, "an expired refresh token is no sign of theft");
    assert_eq!(oak.ok(WHO, json!({})).await["viewer"]["user"]["id"], oak.user_id.as_str());
}

#[tokio::test]
async fn neither_the_suspended_nor_the_deleted_nor_the_roleless_refresh() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (learner, viewer) = (another_device(&app, &app.oak, Who::Learner).await, another_device(&app, &app.oak, Who::Viewer).await);
    let instructor = another_device(&app, &app.oak, Who::Instructor).await;
    admin.ok("mutation($id: ID!) { suspendUser(id: $id) { status } }", json!({ "id": learner.user_id })).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": viewer.user_id })).await;
    app.sql("DELETE FROM user_role WHERE user_id = (SELECT id FROM app_user WHERE email = 'instructor@oak.example')").await;
    for client in [&learner, &viewer, &instructor] {
        assert!(!is_alive(client).await);
        assert_eq!(refused(client).await, "UNAUTHENTICATED REFRESH_TOKEN_INVALID");
    }
    admin.ok("mutation($id: ID!) { reactivateUser(id: $id) { status } }", json!({ "id": learner.user_id })).await;
    assert!(!is_alive(&learner).await, "what a suspension has ended stays ended");
    assert_eq!(refused(&learner).await, "UNAUTHENTICATED REFRESH_TOKEN_INVALID");
    assert!(is_alive(&another_device(&app, &app.oak, Who::Learner).await).await);
    assert_eq!(app.count("session where revoked_reason = 'SUSPENDED'").await, 1);
    assert_eq!(app.count("session where revoked_reason = 'DELETED'").await, 1);
}
