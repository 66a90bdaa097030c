//! Who hears of imports and exports: their asker, by notifications; whoever listens, by the socket.

use serde_json::{Value, json};

use super::{sheet, start};
use crate::{
    app::{Client, TestApp, Who},
    exports,
    socket::Socket,
};

const NEW: &str = "email,name\nann@oak.example,Ann Lee\n";

/// What somebody was told: kind, title, the kind of what it is about, and whose doing it was.
async fn told(client: &Client) -> Vec<Value> {
    let query = "{ notifications { nodes { kind title subjectId actor { id } subject { __typename id } } } }";
    let mut nodes = client.ok(query, json!({})).await["notifications"]["nodes"].take();
    std::mem::take(nodes.as_array_mut().unwrap())
}

#[tokio::test]
async fn whoever_started_an_import_is_told_of_its_end_and_nobody_else_of_anything() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let other = app.person(&app.oak, "other@oak.example", &["ADMIN"]).await;
    app.sql("DELETE FROM notification").await;
    let run = start(&admin, &sheet(&admin, NEW).await, "USERS_CSV", json!({})).await;
    app.work().await;
    let seen = told(&admin).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    let about = json!({ "__typename": "ImportRun", "id": run });
    assert_eq!((&seen[0]["kind"], &seen[0]["subject"], &seen[0]["subjectId"]), (&json!("IMPORT_FINISHED"), &about, &json!(run)));
    assert_eq!(told(&other).await, Vec::<Value>::new());
    assert_eq!(app.count("notification").await, 1);
    assert_eq!(app.count("mail WHERE template = 'import_finished'").await, 0, "no mail unless somebody chooses it");
}

#[tokio::test]
async fn an_export_that_is_ready_is_told_and_that_of_a_schedule_is_mailed() {
    let app = TestApp::start().await;
    let vera = app.sign_in(&app.oak, Who::Viewer).await;
    let run = exports::export(&vera, "BOOKINGS", "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z").await;
    app.work().await;
    let seen = told(&vera).await;
    assert_eq!((seen.len(), &seen[0]["kind"], &seen[0]["subjectId"]), (1, &json!("EXPORT_READY"), &json!(run)));
    assert_eq!(seen[0]["subject"]["__typename"], "ExportRun");
    assert_eq!(app.count("mail WHERE template = 'export_ready'").await, 0);
    let schedule = json!({ "i": { "dataset": "BOOKINGS", "frequency": "DAILY", "hour": 7, "timeZone": "UTC" } });
    let schedule = vera.ok(exports::CREATE, schedule).await["createReportSchedule"]["id"].take();
    vera.ok(exports::RUN_NOW, json!({ "id": schedule })).await;
    app.work().await;
    assert_eq!(told(&vera).await.len(), 2);
    assert_eq!(app.count("mail WHERE template = 'export_ready'").await, 1);
}

#[tokio::test]
async fn an_import_is_heard_by_those_who_may_see_it() {
    let app = TestApp::start().await;
    let (admin, vera) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Viewer).await);
    let run = start(&admin, &sheet(&admin, NEW).await, "USERS_CSV", json!({})).await;
    let query = format!("subscription {{ importRunChanged(id: \"{run}\") {{ id state progress }} }}");
    let mut socket = Socket::of(&vera).await;
    let said = socket.begin("1", &query).await;
    let refused = if said.is_empty() { socket.hear().await } else { said[0].clone() };
    assert_eq!((&refused["type"], &refused["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("FORBIDDEN")));
    let mut socket = Socket::of(&admin).await;
    socket.begin("1", &query).await;
    app.work().await;
    loop {
        let heard = socket.hear().await["payload"]["data"]["importRunChanged"].take();
        assert_eq!(heard["id"], json!(run));
        if heard["state"] == "SUCCEEDED" {
            assert_eq!(heard["progress"], 1.0);
            break;
        }
    }
}
