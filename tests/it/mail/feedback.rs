//! What a provider of mail reports.

use lectern::http::HttpOptions;
use serde_json::{Value, json};

use super::{
    NEWS, ask, nowhere, send,
    sink::{Mood, Sink},
    start, start_with, to,
};
use crate::app::{TestApp, Who};

const TOKEN: &str = "a-token-of-the-provider";

async fn started() -> TestApp {
    start_with(nowhere(), true, HttpOptions { mail_feedback: Some(TOKEN.to_owned()), ..HttpOptions::default() }).await
}

/// Reports; the status, and the answer.
async fn report(app: &TestApp, token: Option<&str>, body: String) -> (u16, Value) {
    let request = reqwest::Client::new().post(format!("{}/mail/feedback", app.url)).header("content-type", "application/json").body(body);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn states(app: &TestApp) -> String {
    app.text("SELECT concat_ws(' ', (SELECT string_agg(state, ',' ORDER BY state) FROM mail), (SELECT string_agg(email_state, ',') FROM app_user WHERE email_state <> 'OK'))")
        .await
        .unwrap()
}

/// A mail to the learner of oak that was taken: its Message-ID.
async fn sent(app: &TestApp) -> String {
    ask(app, &app.oak, &NEWS, Who::Learner).await;
    let sink = Sink::start(Mood::Takes).await;
    send(app, to(&sink), "SENT", 1).await;
    sink.given()[0].header("Message-ID").unwrap()
}

#[tokio::test]
async fn a_provider_says_what_came_back_and_what_was_complained_about_as_often_as_it_likes() {
    let app = started().await;
    let id = sent(&app).await;
    let one = |outcome: &str| json!([{ "messageId": id, "outcome": outcome, "reason": "mailbox full" }]).to_string();
    assert_eq!(report(&app, Some(TOKEN), one("COMPLAINED")).await, (200, json!({ "taken": 1 })));
    assert_eq!(states(&app).await, "SENT COMPLAINED");
    for _ in 0..2 {
        assert_eq!(report(&app, Some(TOKEN), one("BOUNCED")).await, (200, json!({ "taken": 1 })));
        assert_eq!(states(&app).await, "BOUNCED BOUNCED");
    }
    assert_eq!(app.count("audit_entry WHERE operation = 'system:mail-feedback' AND resource = 'User'").await, 2, "what changed, once each");
    // Nothing of it is new: what an administrator has decided since stands.
    app.sql("UPDATE app_user SET email_state = 'OK' WHERE email_state = 'BOUNCED'").await;
    for outcome in ["BOUNCED", "COMPLAINED"] {
        assert_eq!(report(&app, Some(TOKEN), one(outcome)).await, (200, json!({ "taken": 1 })));
        assert_eq!(states(&app).await, "BOUNCED");
    }
    // Of an address that they no longer have nothing is learnt about the one that they do.
    app.sql("UPDATE app_user SET email = 'lea@oak.example' WHERE email = 'learner@oak.example'; DELETE FROM mail WHERE template = 'email_changed'").await;
    assert_eq!(report(&app, Some(TOKEN), one("BOUNCED")).await.0, 200);
    assert_eq!(states(&app).await, "BOUNCED");
}

#[tokio::test]
async fn a_report_may_be_faster_than_the_answer_to_the_mail() {
    let app = started().await;
    let id = sent(&app).await;
    app.sql("UPDATE mail SET state = 'QUEUED', sent_at = NULL WHERE state = 'SENT'").await;
    let one = json!([{ "messageId": id, "outcome": "BOUNCED" }]).to_string();
    assert_eq!(report(&app, Some(TOKEN), one).await, (200, json!({ "taken": 1 })));
    assert_eq!(states(&app).await, "BOUNCED BOUNCED");
}

#[tokio::test]
async fn whoever_has_no_token_or_says_nothing_that_is_known_changes_nothing() {
    let app = started().await;
    let id = sent(&app).await;
    let bounced = json!([{ "messageId": id, "outcome": "BOUNCED" }]).to_string();
    for token in [None, Some(""), Some("a-token"), Some("a-token-of-the-provider2")] {
        let (status, body) = report(&app, token, bounced.clone()).await;
        assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (401, &json!("UNAUTHENTICATED")), "{token:?}");
    }
    for wrong in [
        "",
        "{}",
        "[1]",
        "[{}]",
        &json!([{ "messageId": id }]).to_string(),
        &json!([{ "messageId": id, "outcome": "GONE" }]).to_string(),
        &json!(vec![json!({ "messageId": id, "outcome": "BOUNCED" }); 1001]).to_string(),
    ] {
        assert_eq!(report(&app, Some(TOKEN), wrong.to_owned()).await.0, 400, "{wrong:.80}");
    }
    let (mail, rest) = id.trim_start_matches('<').split_once('.').unwrap();
    let of_elm = format!("<{mail}.{}@mail.example>", app.elm.tenant.simple());
    for unknown in ["<x@y>".to_owned(), format!("<{}.{rest}", uuid::Uuid::now_v7().simple()), of_elm] {
        let body = json!([{ "messageId": unknown, "outcome": "BOUNCED" }]).to_string();
        assert_eq!(report(&app, Some(TOKEN), body).await, (200, json!({ "taken": 0 })), "{unknown}");
    }
    assert_eq!(states(&app).await, "SENT");
    let got = reqwest::get(format!("{}/mail/feedback", app.url)).await.unwrap();
    assert_eq!(got.status(), 405);
}

#[tokio::test]
async fn nothing_is_there_where_no_token_is_set() {
    let app = start(nowhere(), true).await;
    let (status, body) = report(&app, Some(""), "[]".to_owned()).await;
    assert_eq!((status, &body["errors"][0]["extensions"]["code"]), (404, &json!("NOT_FOUND")));
}
