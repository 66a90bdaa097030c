//! An import whose worker is killed goes on where it was; one that is called off stops; one whose importer is gone fails.

use std::time::Duration;

use lectern_kernel::{
    db::{Pool, PoolOptions},
    jobs::{JobOptions, Worker},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{CANCEL, read, sheet, start, summary, told};
use crate::{
    app::{PASSWORD, TestApp, Who},
    classroom::uuid,
};

fn many(count: usize) -> String {
    (0..count).fold("email,name,sourcedId\n".to_owned(), |text, n| text + &format!("p{n}@oak.example,Person {n},s{n}\n"))
}

/// Begins to work, and dies once so many lines are done.
async fn die_after(app: &TestApp, lines: i64) {
    let pool = Pool::new(&app.database.url("lectern_app"), &PoolOptions { size: 4, ..PoolOptions::default() }).unwrap();
    let kinds = app.registry.jobs().filter(|kind| kind.schedule.is_none()).collect();
    let options = JobOptions { lease: Duration::from_secs(2), poll: Duration::from_millis(20), ..JobOptions::default() };
    let worker = Worker::new(pool, kinds, app.engine.services().outside.clone(), options);
    let working = tokio::spawn(worker.run(CancellationToken::new()));
    while app.count(&format!("import_run WHERE rows_done >= {lines}")).await == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    working.abort();
    let _died = working.await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_import_goes_on_where_it_was_and_does_no_line_twice() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let file = sheet(&admin, &many(3000)).await;
    let id = start(&admin, &file, "USERS_CSV", json!({})).await;
    die_after(&app, 500).await;
    let halfway = read(&admin, &id).await;
    assert_eq!(halfway["state"], "RUNNING");
    let progress = halfway["progress"].as_f64().unwrap();
    assert!((0.1..1.0).contains(&progress), "{halfway}");
    // The cursor and what it stands for are one transaction.
    assert_eq!(
        app.count("app_user WHERE name LIKE 'Person %'").await,
        app.count("generate_series(1, (SELECT rows_done FROM import_run))").await
    );
    // As if the lease were over.
    app.sql("UPDATE job SET leased_until = now() - interval '1 second' WHERE state = 'RUNNING'").await;
    app.work().await;
    let run = read(&admin, &id).await;
    assert_eq!((summary(&run), told(&run)), ("SUCCEEDED USER 3000/0/0/0/0".to_owned(), vec![]));
    assert_eq!(app.count("app_user WHERE name LIKE 'Person %'").await, 3000);
    assert_eq!(app.count("audit_entry WHERE operation = 'system:import.run' AND resource = 'User' AND after ? 'email'").await, 3000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_called_off_stops_and_keeps_what_was_done() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let file = sheet(&admin, &many(3000)).await;
    let id = start(&admin, &file, "USERS_CSV", json!({})).await;
    die_after(&app, 500).await;
    let cancelled = admin.ok(CANCEL, json!({ "id": id })).await["cancelImport"].take();
    assert_eq!(cancelled["state"], "CANCELLED");
    let done = app.count("app_user WHERE name LIKE 'Person %'").await;
    app.sql("UPDATE job SET leased_until = now() - interval '1 second' WHERE state = 'RUNNING'").await;
    app.work().await;
    assert_eq!(app.count("app_user WHERE name LIKE 'Person %'").await, done);
    assert!((500..3000).contains(&done), "{done}");
    assert_eq!(admin.refused(CANCEL, json!({ "id": id })).await, "CONFLICT INVALID_TRANSITION @id");
    // Its file is free again.
    admin.ok(crate::files::DELETE, json!({ "id": file })).await;
}

#[tokio::test]
async fn an_import_that_waits_is_called_off_with_its_job() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let file = sheet(&admin, &many(3)).await;
    for by_job in [false, true] {
        let id = start(&admin, &file, "USERS_CSV", json!({})).await;
        if by_job {
            let job = admin.ok("query($s: ID!) { jobs(filter: { subjectId: $s }) { nodes { id } } }", json!({ "s": id })).await;
            admin.ok("mutation($id: ID!) { cancelJob(id: $id) { id } }", json!({ "id": job["jobs"]["nodes"][0]["id"] })).await;
        } else {
            admin.ok(CANCEL, json!({ "id": id })).await;
        }
        app.work().await;
        assert_eq!(read(&admin, &id).await["state"], "CANCELLED");
        assert_eq!(app.count("job WHERE kind = 'import.run' AND state <> 'CANCELLED'").await, 0);
        // Of a job the log has what somebody did to it by hand.
        assert_eq!(app.count("audit_entry WHERE resource = 'Job'").await, i64::from(by_job));
    }
    assert_eq!(app.count("app_user WHERE name LIKE 'Person %'").await, 0);
}

#[tokio::test]
async fn an_import_whose_importer_is_gone_fails() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let other = app.person(&app.oak, "second@oak.example", &["ADMIN"]).await;
    let file = sheet(&other, &many(3)).await;
    for (change, back) in [
        ("UPDATE app_user SET status = 'SUSPENDED'", "UPDATE app_user SET status = 'ACTIVE'"),
        (
            "UPDATE user_role SET role_id = (SELECT id FROM role r WHERE r.tenant_id = user_role.tenant_id AND r.key = 'LEARNER')",
            "SELECT 1 FROM app_user",
        ),
    ] {
        let other = app.sign_in_as(&app.oak, "second@oak.example", PASSWORD).await;
        let id = start(&other, &file, "USERS_CSV", json!({})).await;
        let column = if change.contains("user_role SET") { "user_id" } else { "id" };
        app.sql(&format!("{change} WHERE {column} = '{}'", uuid(&other.user_id))).await;
        app.work().await;
        let run = read(&admin, &id).await;
        assert_eq!(summary(&run), "FAILED IMPORTER_GONE");
        app.sql(&format!("{back} WHERE id = '{}'", uuid(&other.user_id))).await;
    }
    assert_eq!(app.count("app_user WHERE name LIKE 'Person %'").await, 0);
}
