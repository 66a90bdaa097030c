//! Rosters: what imports make of files, what they refuse, and that nothing of them is lost or done twice.

mod archives;
mod bundles;
mod exports;
mod numbering;
mod people;
mod refusals;
mod removals;
mod resting;
mod resuming;
mod statements;
mod statuses;
mod telling;

use std::io::{Cursor, Write as _};

use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::app::{Client, TestApp};

pub const START: &str = "mutation($i: StartImportInput!) { startImport(input: $i) { id state format source dryRun progress issueCount counts { entity } file { id } startedBy { id } } }";
pub const CANCEL: &str = "mutation($id: ID!) { cancelImport(id: $id) { id state finishedAt } }";
pub const RUN: &str = "query($id: ID!) { importRun(id: $id) { id state dryRun progress issueCount failureReason startedAt finishedAt file { id } startedBy { id }
    counts { entity created updated unchanged removed rejected }
    issues(first: 100) { totalCount nodes { file line column severity reason message sourcedId } } } }";

/// A ZIP of these files.
pub fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A file of somebody; its id.
pub async fn sheet(client: &Client, text: &str) -> String {
    crate::files::file(client, "users.csv", "text/csv", text.as_bytes()).await["id"].as_str().unwrap().to_owned()
}

/// Starts an import of a file; its id.
pub async fn start(client: &Client, file: &str, format: &str, more: Value) -> String {
    let mut input = json!({ "fileId": file, "format": format });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.ok(START, json!({ "i": input })).await["startImport"]["id"].as_str().unwrap().to_owned()
}

/// An import as it stands.
pub async fn read(client: &Client, id: &str) -> Value {
    client.ok(RUN, json!({ "id": id })).await["importRun"].take()
}

/// Imports people, and answers how it went.
pub async fn people(app: &TestApp, client: &Client, text: &str, more: Value) -> Value {
    let file = sheet(client, text).await;
    let id = start(client, &file, "USERS_CSV", more).await;
    app.work().await;
    read(client, &id).await
}

/// Imports a bundle, and answers how it went.
pub async fn bundle(app: &TestApp, client: &Client, bytes: &[u8], more: Value) -> Value {
    let file = crate::files::file(client, "roster.zip", "application/zip", bytes).await;
    let id = start(client, file["id"].as_str().unwrap(), "ONEROSTER_CSV", more).await;
    app.work().await;
    read(client, &id).await
}

/// How an import went, in a line: `SUCCEEDED USER 1/0/2/0/0`, created, updated, unchanged, removed and rejected.
pub fn summary(run: &Value) -> String {
    let mut line = run["state"].as_str().unwrap().to_owned();
    if let Some(reason) = run["failureReason"].as_str() {
        line.push_str(&format!(" {reason}"));
    }
    for count in run["counts"].as_array().unwrap() {
        let of = |name: &str| count[name].as_i64().unwrap().to_string();
        let numbers = ["created", "updated", "unchanged", "removed", "rejected"].map(of).join("/");
        line.push_str(&format!(" {} {numbers}", count["entity"].as_str().unwrap()));
    }
    line
}

/// What was told of its lines: `users.csv:2 email EMAIL_TAKEN`.
pub fn told(run: &Value) -> Vec<String> {
    let issues = run["issues"]["nodes"].as_array().unwrap().iter();
    let part = |value: &Value| value.as_str().map(|text| format!(" {text}")).unwrap_or_default();
    issues
        .map(|issue| format!("{}:{}{}{}", issue["file"].as_str().unwrap(), issue["line"], part(&issue["column"]), part(&issue["reason"])))
        .collect()
}

/// A digest of everything that imports may change, but for the runs themselves and their files.
pub async fn school(app: &TestApp) -> String {
    let rows = ["app_user", "user_role", "course", "enrollment", "roster_link", "session"]
        .map(|table| format!("SELECT '{table}' || (to_jsonb(r) - 'updated_at')::text AS line FROM {table} r"))
        .join(" UNION ALL ");
    let entries = "SELECT 'changes' || count(*) FROM audit_entry WHERE resource NOT IN ('ImportRun', 'ExportRun', 'File')";
    app.text(&format!("SELECT md5(string_agg(line, '|' ORDER BY line)) FROM ({rows} UNION ALL {entries}) AS lines")).await.unwrap()
}
