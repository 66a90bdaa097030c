//! Clients that go away in the middle of a request.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
};

use super::{Bounds, Service, sessions, superuser, until, until_all_is_quiet, until_one_waits_for_a_lock, whose};
use crate::{
    app::{TestApp, Who},
    raw,
};

const ROUNDS: usize = 320;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_clients_hang_up_and_leave_nothing_behind() {
    let app = TestApp::start().await;
    let service = Service::start(&app, Bounds::default()).await;
    let people = [service.sign_in(&app.oak, Who::Admin).await, service.sign_in(&app.elm, Who::Admin).await];
    let blocker = superuser(&app).await;
    let started = Instant::now();
    for person in &people {
        person.ok("mutation { createCourse(input: { title: \"warm\" }) { id instructor { name } } }", json!({})).await;
    }
    // On a machine that is busy with other things, too, some shall come through and others not.
    let patience = started.elapsed().max(Duration::from_millis(20)) * 2;
    app.sql("DELETE FROM course; DELETE FROM audit_entry").await;

    let mut clients = JoinSet::new();
    for round in 0..ROUNDS {
        // Now and then somebody else holds what every one of these mutations needs.
        if round % 40 == 0 {
            blocker.batch_execute("BEGIN; LOCK TABLE course IN SHARE ROW EXCLUSIVE MODE").await.unwrap();
        }
        let person = &people[round % 2];
        let title = format!("{}-{round}", ["oak", "elm"][round % 2]);
        let creations: String =
            (0..3).map(|n| format!("c{n}: createCourse(input: {{ title: \"{title}\" }}) {{ id instructor {{ name }} }} ")).collect();
        let request = raw::post(person.token.as_ref().unwrap(), &json!({ "query": format!("mutation {{ {creations} }}") }));
        let url = service.url.clone();
        clients.spawn(async move {
            let mut stream = raw::connect(&url).await;
            stream.write_all(request.as_bytes()).await.unwrap();
            if round % 9 == 0 {
                // One of the few that wait for their answer.
                let answer = stream.read(&mut [0; 1]).await;
                assert_eq!(answer.unwrap(), 1);
                return;
            }
            // Not a wait for something: the client's patience, from none to more than the mutation takes.
            tokio::time::sleep(patience * (round * 7919 % 100) as u32 / 100).await;
        });
        if round % 40 == 20 {
            blocker.batch_execute("COMMIT").await.unwrap();
        }
        while clients.len() >= 6 {
            clients.join_next().await.unwrap().unwrap();
        }
        if round % 40 == 30 {
            // Meanwhile both schools are served, each its own.
            let (oak, elm) = tokio::join!(whose(&people[0]), whose(&people[1]));
            assert_eq!((oak, elm), (json!("oak"), json!("elm")));
        }
    }
    clients.join_all().await;
    until_all_is_quiet(&app).await;
    assert!(sessions(&app, "true").await <= 2, "more connections than the pool may hold");

    // No document is half there, and every row is its own school's.
    assert_eq!(app.count("(select title from course group by title having count(*) <> 3) halves").await, 0);
    let strangers = "course c join tenant t using (tenant_id) where split_part(c.title, '-', 1) <> t.slug";
    assert_eq!(app.count(strangers).await, 0);
    let instructors = "course c left join app_user u on u.tenant_id = c.tenant_id and u.id = c.instructor_id where u.id is null";
    assert_eq!(app.count(instructors).await, 0);
    let audited = "audit_entry where outcome = 'CHANGED' and operation = 'createCourse'";
    assert_eq!(app.count(audited).await, app.count("course").await);
    let stored = app.count("(select distinct title from course) titles").await;
    assert!(stored >= ROUNDS as i64 / 9 && stored < ROUNDS as i64, "{stored} of {ROUNDS} were stored: the test lost its point");

    // And both connections serve both schools.
    for round in 0..20 {
        let person = &people[round % 2];
        let slug = ["oak", "elm"][round % 2];
        assert_eq!(whose(person).await, slug);
        let data = person.ok("{ courses(first: 100) { nodes { title } } }", json!({})).await;
        let schools: BTreeSet<&str> =
            data["courses"]["nodes"].as_array().unwrap().iter().map(|course| &course["title"].as_str().unwrap()[..3]).collect();
        assert_eq!(schools.into_iter().collect::<Vec<_>>(), [slug]);
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_while_a_statement_runs_frees_its_locks_at_once() {
    let app = TestApp::start().await;
    let service = Service::start(&app, Bounds { pool: 1, ..Bounds::default() }).await;
    let admin = service.sign_in(&app.oak, Who::Admin).await;
    let blocker = superuser(&app).await;
    for document in ["mutation { createCourse(input: { title: \"x\" }) { id } }", "{ courses { nodes { id } } }"] {
        blocker.batch_execute("BEGIN; LOCK TABLE course IN ACCESS EXCLUSIVE MODE").await.unwrap();
        let mut stream = raw::connect(&service.url).await;
        stream.write_all(raw::post(admin.token.as_ref().unwrap(), &json!({ "query": document })).as_bytes()).await.unwrap();
        until_one_waits_for_a_lock(&app).await;
        drop(stream);
        // The lock is still held: only a cancellation ends the statement that waits for it.
        until("the statement is cancelled", async || sessions(&app, "state <> 'idle'").await == 0).await;
        blocker.batch_execute("COMMIT").await.unwrap();
        assert_eq!(whose(&admin).await, "oak");
        until_all_is_quiet(&app).await;
        assert_eq!(app.count("course").await, 0);
    }
}

#[tokio::test]
async fn a_thief_who_hangs_up_does_not_escape_the_end_of_the_sign_in() {
    let app = TestApp::start().await;
    let service = Service::start(&app, Bounds::default()).await;
    let admin = service.sign_in(&app.oak, Who::Admin).await;
    let refresh = "mutation($i: RefreshSessionInput!) { refreshSession(input: $i) { accessToken refreshToken viewer { user { id } } } }";
    let used = json!({ "i": { "refreshToken": admin.refresh_token } });
    let owner = admin.with_session(&service.stranger().ok(refresh, used.clone()).await["refreshSession"]);

    // The end of the family is audited, and waits for this lock: by then the refusal is certain.
    let blocker = superuser(&app).await;
    blocker.batch_execute("BEGIN; LOCK TABLE audit_entry IN SHARE ROW EXCLUSIVE MODE").await.unwrap();
    let mut stream = raw::connect(&service.url).await;
    let body = json!({ "query": refresh, "variables": used });
    stream.write_all(raw::post("none", &body).as_bytes()).await.unwrap();
    until_one_waits_for_a_lock(&app).await;
    drop(stream);
    blocker.batch_execute("COMMIT").await.unwrap();
    until("the sign-in has ended", async || app.count("session where revoked_reason = 'REUSE'").await == 1).await;
    assert_eq!(owner.ok("{ viewer { __typename } }", json!({})).await, json!({ "viewer": null }));
    assert_eq!(
        owner.refused(refresh, json!({ "i": { "refreshToken": owner.refresh_token } })).await,
        "UNAUTHENTICATED REFRESH_TOKEN_INVALID"
    );
}
