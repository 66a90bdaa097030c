//! Exports: reports as files of those who asked, and schedules that ask by themselves.

mod refusals;
mod reports;
mod runs;
mod schedules;

use serde_json::{Value, json};

use crate::app::{Client, TestApp, Who};

pub const EXPORT: &str = "mutation($i: ExportReportInput!) { exportReport(input: $i) { id name state rows from to file { id } requestedBy { id } schedule { id } } }";
pub const CREATE: &str =
    "mutation($i: CreateReportScheduleInput!) { createReportSchedule(input: $i) { id hour timeZone isPaused pausedReason nextRunAt } }";
pub const UPDATE: &str = "mutation($i: UpdateReportScheduleInput!) { updateReportSchedule(input: $i) { id frequency hour timeZone isPaused pausedReason nextRunAt } }";
pub const DELETE: &str = "mutation($id: ID!) { deleteReportSchedule(id: $id) }";
pub const RUN_NOW: &str = "mutation($id: ID!) { runReportSchedule(id: $id) { id state from to schedule { id } } }";
pub const RUN: &str =
    "query($id: ID!) { exportRun(id: $id) { id name state rows failureReason finishedAt requestedBy { id } schedule { id }
    file { id name contentType size folder visibility expiresAt owner { id } download { url } } } }";
pub const SCHEDULE: &str =
    "query($id: ID!) { reportSchedule(id: $id) { id isPaused pausedReason nextRunAt runs { totalCount nodes { id state from to } } } }";

/// Somebody who learns, and acts as a clerk who holds these permissions alone: fewer than a learner does.
pub async fn clerk(app: &TestApp, permissions: &[&str]) -> Client {
    let role = json!({ "key": "CLERK", "name": "Clerk", "permissions": permissions });
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", json!({ "i": role })).await;
    let person = app.person(&app.oak, "clerk@oak.example", &["LEARNER", "CLERK"]).await;
    let switch = r#"mutation { switchRole(input: { roleKey: "CLERK" }) { accessToken refreshToken viewer { user { id } } } }"#;
    person.with_session(&person.ok(switch, json!({})).await["switchRole"])
}

/// Asks for a report; answers the run's id.
pub async fn export(client: &Client, dataset: &str, from: &str, to: &str) -> String {
    let input = json!({ "dataset": dataset, "from": from, "to": to });
    client.ok(EXPORT, json!({ "i": input })).await["exportReport"]["id"].as_str().unwrap().to_owned()
}

/// A run as its asker sees it.
pub async fn run(client: &Client, id: &str) -> Value {
    client.ok(RUN, json!({ "id": id })).await["exportRun"].take()
}

/// What the file of a run holds.
pub async fn bytes(client: &Client, run: &Value) -> Vec<u8> {
    let url = run["file"]["download"]["url"].as_str().unwrap_or_else(|| panic!("{run}"));
    let answer = client.http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

/// The lines of a report that is made now.
pub async fn lines(app: &TestApp, client: &Client, dataset: &str, from: &str, to: &str) -> Vec<String> {
    let id = export(client, dataset, from, to).await;
    app.work().await;
    let made = run(client, &id).await;
    assert_eq!(made["state"], "SUCCEEDED", "{made}");
    let text = String::from_utf8(bytes(client, &made).await).unwrap();
    let lines: Vec<String> = text.split_terminator("\r\n").map(str::to_owned).collect();
    assert_eq!(made["rows"], json!(lines.len() - 1));
    lines
}
