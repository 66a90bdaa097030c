//! `lectern desk`, `lectern schema --platform`, and a service without the platform.

use std::{
    io::Write as _,
    process::{Output, Stdio},
};

use serde_json::json;

use super::{LOGIN, credentials};
use crate::{
    app::{TestApp, refusal},
    ops::{done, lectern, refused},
};

fn add(app: &TestApp, email: &str, name: &str, typed: &str) -> Output {
    let mut command = lectern(&["desk", "add-admin", "--email", email, "--name", name]);
    let mut child = command.env("LECTERN_PLATFORM_URL", app.database.url("lectern_platform")).stdin(Stdio::piped()).spawn().unwrap();
    let _unread = child.stdin.take().unwrap().write_all(typed.as_bytes());
    child.wait_with_output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_administrator_is_made_by_a_command() {
    let app = TestApp::start().await;
    let said = done(add(&app, "pia@platform.example", "Pia", "violet umbrella kingdom\n"));
    assert!(said.starts_with("Pia administers the platform: they sign in as pia@platform.example at /platform/graphql"), "{said}");
    let session = app.at_desk().ok(LOGIN, credentials("pia@platform.example", "violet umbrella kingdom")).await["login"].take();
    let pia = app.at_desk().with_session(&session);
    assert_eq!(refusal(&pia.ask(super::TENANTS, json!({})).await["errors"][0]), "FORBIDDEN SECOND_FACTOR_REQUIRED");
    assert_eq!(
        refused(add(&app, "PIA@platform.example", "Pia", "violet umbrella kingdom\n")),
        "an administrator of the platform has the address PIA@platform.example"
    );
    assert!(refused(add(&app, "q@platform.example", "Q", "weak\n")).starts_with("the password "));
    assert!(refused(add(&app, "nothing", "Q", "")).starts_with("`--email` must be an email address"));
    assert_eq!(app.count("platform_admin").await, 1);
    assert_eq!(app.count("platform_audit_entry WHERE operation = 'system:desk-add-admin' AND admin_id IS NULL").await, 1);
}

#[tokio::test]
async fn schools_that_the_operator_founds_stand_in_the_platforms_log() {
    let app = TestApp::start().await;
    let mut command = lectern(&["tenant", "suspend", "oak"]);
    done(command.env("LECTERN_PLATFORM_URL", app.database.url("lectern_platform")).output().unwrap());
    assert_eq!(app.count("platform_audit_entry WHERE operation = 'system:tenant-suspend' AND school_id IS NOT NULL").await, 1);
    assert_eq!(app.count("audit_entry WHERE operation = 'system:tenant-suspend' AND resource = 'Tenant'").await, 1);
}

#[test]
fn the_schema_that_is_printed_is_the_one_that_is_kept() {
    let printed = done(lectern(&["schema", "--platform"]).output().unwrap());
    assert_eq!(printed, include_str!("../../../schema-platform.graphql"), "lectern schema --platform > schema-platform.graphql");
}

#[tokio::test]
async fn without_the_platforms_role_there_is_no_platform() {
    use lectern::http::{self, HttpOptions};
    let app = TestApp::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = http::router(app.engine.clone(), HttpOptions::default());
    tokio::spawn(http::serve(listener, router, http::ServerOptions::default(), tokio_util::sync::CancellationToken::new()));
    let stranger = crate::app::Client { url: format!("{url}/platform"), ..app.stranger() };
    let answer = stranger.post("{ viewer { email } }", json!({})).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    // At an address of its own there is nothing else.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = http::desk_router(app.desk.clone(), HttpOptions::default());
    tokio::spawn(http::serve(listener, router, http::ServerOptions::default(), tokio_util::sync::CancellationToken::new()));
    let desk = crate::app::Client { url: format!("{url}/platform"), ..app.stranger() };
    assert_eq!(desk.ok("{ viewer { email } }", json!({})).await, json!({ "viewer": null }));
    let schools = crate::app::Client { url, ..app.stranger() };
    assert_eq!(schools.post("{ viewer { tenant { id } } }", json!({})).send().await.unwrap().status(), 404);
}
