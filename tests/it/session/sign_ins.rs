//! The own sign-ins: what is known of each, and how one is ended.

use serde_json::{Value, json};

use super::{LOGIN, credentials, is_alive, refresh};
use crate::{
    app::{Client, PASSWORD, TestApp, Who},
    classroom::refused,
};

const LIST: &str = "query($f: SignInFilter) { signIns(filter: $f) { totalCount nodes { id method userAgent address isCurrent activeRole { key } createdAt lastUsedAt expiresAt endedAt endReason } } }";
const END: &str = "mutation($id: ID!) { endSignIn(id: $id) }";

async fn from(app: &TestApp, agent: &str, who: Who) -> Client {
    let request = app.stranger().post(LOGIN, credentials("oak", &app.oak.email(who), PASSWORD)).header("user-agent", agent);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    app.stranger().with_session(&answer["data"]["login"])
}

async fn list(client: &Client, filter: Value) -> Vec<Value> {
    client.ok(LIST, json!({ "f": filter })).await["signIns"]["nodes"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_own_sign_ins_say_how_and_from_where() {
    let app = TestApp::start().await;
    let long = format!("Browser/1.0 {}", "x".repeat(400));
    let (first, second) = (from(&app, &long, Who::Learner).await, from(&app, "Phone/2.0", Who::Learner).await);
    from(&app, "Elsewhere", Who::Viewer).await;
    let signed = list(&second, json!(null)).await;
    assert_eq!(signed.len(), 2, "nobody else's");
    let (latest, before) = (&signed[0], &signed[1]);
    assert_eq!((&latest["method"], &latest["userAgent"], &latest["isCurrent"]), (&json!("PASSWORD"), &json!("Phone/2.0"), &json!(true)));
    assert_eq!((&latest["address"], &latest["endedAt"], &latest["endReason"]), (&json!("127.0.0.1"), &Value::Null, &Value::Null));
    assert_eq!((before["userAgent"].as_str().unwrap().chars().count(), &before["isCurrent"]), (300, &json!(false)));
    let viewer = second.ok("{ viewer { signIn { id isCurrent } } }", json!({})).await;
    assert_eq!(viewer["viewer"]["signIn"], json!({ "id": latest["id"], "isCurrent": true }));
    // A refresh is a use, and changes nothing that is recorded.
    app.sql("UPDATE refresh_token SET created_at = created_at - interval '1 hour', expires_at = expires_at - interval '1 hour'").await;
    let changes = app.count("audit_entry WHERE resource = 'Session'").await;
    let first = refresh::ok(&app, &first).await;
    assert_eq!(app.count("audit_entry WHERE resource = 'Session'").await, changes);
    let used = list(&first, json!(null)).await;
    assert!(
        used[1]["lastUsedAt"].as_str() > used[0]["lastUsedAt"].as_str() && used[1]["expiresAt"].as_str() > used[0]["expiresAt"].as_str()
    );
    // The log says from where, too.
    assert_eq!(
        app.count("audit_entry WHERE resource = 'Session' AND after ->> 'user_agent' = 'Phone/2.0' AND after ->> 'method' = 'PASSWORD'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_sign_in_is_ended_from_another_device_at_once() {
    let app = TestApp::start().await;
    let (mine, lost) = (from(&app, "Mine", Who::Learner).await, from(&app, "Lost", Who::Learner).await);
    let theirs = from(&app, "Theirs", Who::Viewer).await;
    let id = list(&lost, json!(null)).await[0]["id"].clone();
    assert_eq!(mine.ok(END, json!({ "id": id })).await["endSignIn"], id);
    assert!(!is_alive(&lost).await && is_alive(&mine).await);
    let ended = list(&mine, json!({ "isLive": false })).await;
    assert_eq!((ended.len(), &ended[0]["endReason"], &ended[0]["id"]), (1, &json!("ENDED"), &id));
    assert_eq!(list(&mine, json!({ "isLive": true })).await.len(), 1);
    // One that has ended is answered again, and stays as it was.
    let at = &ended[0]["endedAt"];
    mine.ok(END, json!({ "id": id })).await;
    assert_eq!(&list(&mine, json!({ "isLive": false })).await[0]["endedAt"], at);
    let others = list(&theirs, json!(null)).await[0]["id"].clone();
    refused(&app, &mine, END, json!({ "id": others }), "NOT_FOUND @id").await;
    let elsewhere = app.sign_in(&app.elm, Who::Learner).await;
    refused(&app, &elsewhere, END, json!({ "id": id }), "NOT_FOUND @id").await;
    assert!(is_alive(&theirs).await);
    let node = "query($id: ID!) { node(id: $id) { id } }";
    assert_eq!(mine.ok(node, json!({ "id": others })).await["node"], Value::Null);
    // The own one may be ended as well.
    let own = list(&mine, json!({ "isLive": true })).await[0]["id"].clone();
    mine.ok(END, json!({ "id": own })).await;
    assert!(!is_alive(&mine).await);
}

#[tokio::test]
async fn what_was_not_used_for_too_long_has_expired_and_is_kept_for_ninety_days() {
    let app = TestApp::start().await;
    let (mine, old) = (from(&app, "Mine", Who::Learner).await, from(&app, "Old", Who::Learner).await);
    let id = list(&old, json!(null)).await[0]["id"].clone();
    let of_old = "session_id IN (SELECT id FROM session WHERE user_agent = 'Old')";
    app.sql("UPDATE session SET created_at = now() - interval '100 days' WHERE user_agent = 'Old'").await;
    app.sql(&format!(
        "UPDATE refresh_token SET created_at = now() - interval '95 days', expires_at = now() - interval '85 days' WHERE {of_old}"
    ))
    .await;
    let purge =
        format!("SELECT app.purge_sessions(10)::text FROM (SELECT set_config('app.tenant_id', '{}', false)) AS entered", app.oak.tenant);
    app.text(&purge).await;
    let ended = list(&mine, json!({ "isLive": false })).await;
    assert_eq!((&ended[0]["id"], &ended[0]["endReason"]), (&id, &json!("EXPIRED")));
    assert_eq!(ended[0]["endedAt"], ended[0]["expiresAt"]);
    app.sql(&format!("UPDATE refresh_token SET expires_at = now() - interval '91 days' WHERE {of_old}")).await;
    assert_eq!(app.count("session").await, 2);
    assert!(list(&mine, json!({ "isLive": false })).await.is_empty(), "whether or not anybody has cleaned up");
    app.text(&purge).await;
    assert!(list(&mine, json!({ "isLive": false })).await.is_empty());
    assert_eq!(app.count("session").await, 1);
    // The same of what was ended.
    let left = from(&app, "Left", Who::Learner).await;
    left.ok("mutation { logout }", json!({})).await;
    let days = async |began: u32, ended: u32| {
        app.sql(&format!(
            "UPDATE session SET created_at = now() - interval '{began} days', revoked_at = now() - interval '{ended} days' WHERE user_agent = 'Left'"
        ))
        .await;
        let answer = mine.ok(LIST, json!({ "f": null })).await["signIns"].take();
        (answer["totalCount"].as_u64().unwrap(), answer["nodes"].as_array().unwrap().len())
    };
    assert_eq!((days(100, 89).await, days(100, 91).await, days(89, 88).await), ((2, 2), (1, 1), (2, 2)));
}
