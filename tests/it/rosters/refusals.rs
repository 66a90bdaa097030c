//! What is refused before anything begins, and that nothing changes by it; one import at a time.

use futures_util::future::join_all;
use serde_json::json;

use super::{CANCEL, START, people, read, sheet, start};
use crate::{
    app::{TestApp, Who},
    classroom::{nothing, refused},
};

#[tokio::test]
async fn imports_need_roster_manage_a_file_of_ones_own_and_sound_inputs() {
    let app = TestApp::start().await;
    let (admin, ada, stranger) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.elm, Who::Admin).await);
    let file = sheet(&admin, "email,name\n").await;
    let input = |file: &str, more: serde_json::Value| {
        let mut input = json!({ "fileId": file, "format": "USERS_CSV" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "i": input })
    };
    refused(&app, &ada, START, input(&file, json!({})), "FORBIDDEN [ROSTER_MANAGE]").await;
    refused(&app, &ada, "mutation { exportRoster(input: { format: USERS_CSV }) { id } }", json!({}), "FORBIDDEN [ROSTER_MANAGE]").await;
    for unknown in [nothing("file"), file.clone()] {
        refused(&app, &stranger, START, input(&unknown, json!({})), "NOT_FOUND @fileId").await;
    }
    refused(&app, &admin, START, input(&file, json!({ "maxRemovals": -1 })), "BAD_USER_INPUT @maxRemovals").await;
    refused(&app, &admin, START, input(&file, json!({ "maxRemovals": 1_000_001 })), "BAD_USER_INPUT @maxRemovals").await;
    refused(&app, &admin, START, input(&file, json!({ "source": " " })), "BAD_USER_INPUT @source").await;
    let id = start(&admin, &file, "USERS_CSV", json!({})).await;
    refused(&app, &ada, CANCEL, json!({ "id": id }), "FORBIDDEN [ROSTER_MANAGE]").await;
    for unknown in [nothing("importrun"), id.clone()] {
        refused(&app, &stranger, CANCEL, json!({ "id": unknown }), "NOT_FOUND @id").await;
    }
    assert_eq!(stranger.ok(super::RUN, json!({ "id": id })).await["importRun"], json!(null));
    // As long as it runs, the file stays.
    refused(&app, &admin, crate::files::DELETE, json!({ "id": file }), "CONFLICT IN_USE @id").await;
    refused(&app, &admin, START, input(&file, json!({})), "CONFLICT IMPORT_RUNNING").await;
    app.work().await;
    admin.ok(crate::files::DELETE, json!({ "id": file })).await;
    assert_eq!(read(&admin, &id).await["file"], json!(null));
    refused(&app, &admin, CANCEL, json!({ "id": id }), "CONFLICT INVALID_TRANSITION @id").await;
}

#[tokio::test]
async fn a_file_that_one_only_sees_is_not_ones_own() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let role = json!({ "key": "CLERK", "name": "Clerk", "permissions": ["ROSTER_MANAGE", "FILE_UPLOAD"] });
    admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", json!({ "i": role })).await;
    let clerk = app.person(&app.oak, "clerk@oak.example", &["CLERK"]).await;
    let file = sheet(&admin, "email,name\n").await;
    crate::files::show(&admin, &file, "TENANT", json!({})).await;
    refused(&app, &clerk, START, json!({ "i": { "fileId": file, "format": "USERS_CSV" } }), "FORBIDDEN NOT_YOURS @fileId").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_imports_that_are_started_at_once_one_begins() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let file = sheet(&admin, "email,name\nann@oak.example,Ann\n").await;
    let input = json!({ "i": { "fileId": file, "format": "USERS_CSV" } });
    let answers = join_all((0..10).map(|_| admin.ask(START, input.clone()))).await;
    let begun = answers.iter().filter(|answer| answer["errors"].is_null()).count();
    let others = answers.iter().filter(|answer| answer["errors"][0]["extensions"]["reason"] == "IMPORT_RUNNING").count();
    assert_eq!((begun, others, app.count("import_run").await), (1, 9, 1), "{answers:?}");
    // Another school's runs beside it.
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    people(&app, &elm, "email,name\n", json!({})).await;
    app.work().await;
    people(&app, &admin, "email,name\n", json!({})).await;
}

#[tokio::test]
async fn the_end_of_an_import_is_told_to_other_systems_and_to_nobody_what_it_does_to_them() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let endpoint = json!({ "url": "https://hooks.example.invalid/", "eventTypes": ["import.finished"] });
    admin.ok("mutation($i: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $i) { id } }", json!({ "i": endpoint })).await;
    let file = sheet(&admin, "email,name\nann@oak.example,Ann\n").await;
    let id = start(&admin, &file, "USERS_CSV", json!({})).await;
    admin.ok(CANCEL, json!({ "id": id })).await;
    let told = app.text("SELECT string_agg(payload -> 'data' ->> 'id' || ' ' || (payload -> 'data' ->> 'state'), ',') FROM job WHERE kind = 'event.fan_out'").await;
    assert_eq!(told, Some(format!("{id} CANCELLED")));
}
