//! What no row names goes by itself; never so much that a restored database would cost the files.

use std::{path::Path, time::SystemTime};

use clap::Parser as _;
use lectern::{
    config::{Cli, Command},
    ops,
};
use serde_json::json;

use super::{CANCEL, COMPLETE, begin, declared, objects, send, sent, text};
use crate::app::{TestApp, Who};

/// Makes everything in the store as old as so many hours.
fn age(app: &TestApp, hours: u64) {
    let at = SystemTime::from(lectern_kernel::clock::now()) - std::time::Duration::from_secs(hours * 3600);
    for path in objects(app, "") {
        std::fs::File::options().append(true).open(&path).unwrap().set_modified(at).unwrap();
    }
}

async fn sweep(app: &TestApp) {
    app.sql(&format!("BEGIN; SET LOCAL app.tenant_id = '{}'; SELECT app.enqueue('file.sweep', NULL); COMMIT", app.oak.tenant)).await;
    app.work().await;
}

/// Lets the sweeps pass that come by the clock, so that none is beside those that a test asks for.
async fn swept(app: &TestApp) {
    for school in [app.oak.tenant, app.elm.tenant] {
        app.sql(&format!(
            "BEGIN; SET LOCAL app.tenant_id = '{school}'; \
             SELECT app.enqueue('file.sweep', app.slot_key(app.job_slot('file.sweep', '{school}', k.every_seconds, now()))) \
             FROM app.job_kinds() AS k WHERE k.kind = 'file.sweep'; COMMIT"
        ))
        .await;
    }
    app.work().await;
}

fn put(app: &TestApp, key: &str) {
    let path = app.files().join(key);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, b"lost").unwrap();
}

#[tokio::test]
async fn bytes_without_a_row_go_when_they_are_old_enough() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    text(&learner, "kept.txt").await;
    swept(&app).await;
    let oak = app.oak.tenant;
    put(&app, &format!("schools/{oak}/general/lost.txt"));
    put(&app, &format!("schools/{oak}/general/unfinished.txt#1"));
    put(&app, &format!("schools/{}/general/another-schools.txt", app.elm.tenant));
    assert_eq!(objects(&app, "").len(), 4);
    sweep(&app).await;
    assert_eq!(objects(&app, "").len(), 4, "a completion may be about to commit its row");
    age(&app, 25);
    sweep(&app).await;
    let left = objects(&app, "");
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.iter().any(|path| path.ends_with("another-schools.txt")) && left.iter().any(|path| path.ends_with("kept.txt")));
}

#[tokio::test]
async fn bytes_of_uploads_that_ended_go_and_those_that_are_under_way_stay() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let over = sent(&learner, "over.txt", "text/plain", b"over").await;
    let way = sent(&learner, "way.txt", "text/plain", b"way").await;
    // An address that still holds brings bytes back of what is over.
    let done = begin(&learner, declared("done.txt", "text/plain", b"done")).await;
    send(&learner, &done, b"done").await;
    learner.ok(COMPLETE, json!({ "id": done["id"] })).await;
    let gone = sent(&learner, "gone.txt", "text/plain", b"gone").await;
    learner.ok(CANCEL, json!({ "id": gone["id"] })).await;
    app.work().await;
    let staged =
        |upload: &serde_json::Value| format!("uploads/{}/{}", app.oak.tenant, crate::classroom::uuid(upload["id"].as_str().unwrap()));
    put(&app, &staged(&done));
    put(&app, &staged(&gone));
    age(&app, 2);
    sweep(&app).await;
    assert_eq!(objects(&app, "uploads").len(), 3, "what ended less than an hour ago stays, but for what has no row");
    app.sql(&format!("UPDATE upload SET expires_at = now() - interval '61 minutes', completed_at = completed_at - interval '61 minutes' WHERE id <> '{}'", crate::classroom::uuid(way["id"].as_str().unwrap()))).await;
    sweep(&app).await;
    let left = objects(&app, "uploads");
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(Path::new(&left[0]).ends_with(staged(&way)));
    assert_eq!(app.count("upload").await, 3, "{over}");
    app.sql("UPDATE upload SET expires_at = now() - interval '31 days'").await;
    sweep(&app).await;
    assert_eq!(app.count("upload").await, 0);
    assert_eq!(app.count("file").await, 1);
}

#[tokio::test]
async fn a_database_that_was_restored_does_not_cost_the_files() {
    let app = TestApp::start().await;
    let oak = app.oak.tenant;
    for number in 0..130 {
        put(&app, &format!("schools/{oak}/general/{number}.txt"));
    }
    age(&app, 25);
    sweep(&app).await;
    assert_eq!(objects(&app, "").len(), 130);
    let dead = app.text("SELECT last_error FROM job WHERE kind = 'file.sweep' AND state = 'DEAD' LIMIT 1").await.unwrap();
    assert!(dead.starts_with("SWEEP_OVER_LIMIT: 130 of 130 objects have no row"), "{dead}");
    // A fifth of more is not too much.
    for number in 130..520 {
        put(&app, &format!("schools/{oak}/general/{number}.txt"));
    }
    app.sql(&format!(
        "SET session_replication_role = replica; INSERT INTO file (tenant_id, id, name, content_type, size, sha256, folder, object) \
         SELECT '{oak}', gen_random_uuid(), 'x', 'text/plain', 4, repeat('0', 64), 'general', 'schools/{oak}/general/' || n || '.txt' FROM generate_series(104, 519) AS n; \
         RESET session_replication_role"
    ))
    .await;
    age(&app, 25);
    sweep(&app).await;
    assert_eq!(objects(&app, "").len(), 416);
}

#[tokio::test]
async fn files_whose_time_is_over_go_with_their_bytes() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    text(&learner, "over.txt").await;
    text(&learner, "kept.txt").await;
    app.sql("UPDATE file SET expires_at = now() WHERE name = 'over.txt'").await;
    sweep(&app).await;
    app.work().await;
    assert_eq!((app.count("file").await, objects(&app, "schools").len()), (1, 1));
    assert_eq!(app.count("audit_entry WHERE operation = 'system:file.sweep' AND resource = 'File'").await, 1);
}

#[tokio::test]
async fn files_whose_time_is_over_are_not_taken_for_lost_ones_however_many_they_are() {
    let app = TestApp::start().await;
    swept(&app).await;
    let oak = app.oak.tenant;
    let over = async |first: u32, last: u32| {
        for number in first..=last {
            put(&app, &format!("schools/{oak}/exports/{number}.csv"));
        }
        app.sql(&format!(
            "SET session_replication_role = replica; INSERT INTO file (tenant_id, id, name, content_type, size, sha256, folder, object, expires_at) \
             SELECT '{oak}', gen_random_uuid(), 'x', 'text/csv', 4, repeat('0', 64), 'exports', 'schools/{oak}/exports/' || n || '.csv', now() \
             FROM generate_series({first}, {last}) AS n; RESET session_replication_role"
        ))
        .await;
        age(&app, 25);
        sweep(&app).await;
    };
    over(1, 130).await;
    assert_eq!((app.count("file").await, objects(&app, "").len()), (0, 0));
    assert_eq!(app.count("job WHERE kind = 'file.sweep' AND state = 'DEAD'").await, 0);
    // They go also where so much is lost that it stays.
    for number in 0..130 {
        put(&app, &format!("schools/{oak}/general/{number}.txt"));
    }
    over(131, 131).await;
    assert_eq!((app.count("file").await, objects(&app, "").len()), (0, 130));
    assert!(app.count("job WHERE kind = 'file.sweep' AND state = 'DEAD'").await > 0);
}

#[tokio::test]
async fn an_operator_looks_first_and_then_deletes() {
    let app = TestApp::start().await;
    for number in 0..130 {
        put(&app, &format!("schools/{}/general/{number}.txt", app.oak.tenant));
    }
    age(&app, 25);
    let keys = crate::app::secret_key();
    let run = async |flag: &str| {
        let url = |role: &str| app.database.url(role);
        let (database, platform) = (url("lectern_app"), url("lectern_platform"));
        let files = app.files().display().to_string();
        let arguments = [
            "lectern",
            "files",
            "sweep",
            flag,
            "--database-url",
            &database,
            "--platform-url",
            &platform,
            "--files",
            &files,
            "--secret-keys",
            &keys,
        ];
        let cli = Cli::parse_from(arguments);
        let Some(Command::Files(command)) = &cli.command else { unreachable!() };
        let cluster = ops::Cluster::join(&cli.settings).await.unwrap();
        ops::files(&cli.settings, &cluster, command).await.unwrap();
    };
    run("--dry-run").await;
    assert_eq!(objects(&app, "").len(), 130);
    run("--confirm").await;
    assert_eq!(objects(&app, "").len(), 0);
    for wrong in [vec!["lectern", "files", "sweep"], vec!["lectern", "files", "sweep", "--dry-run", "--confirm"]] {
        assert!(Cli::try_parse_from(&wrong).is_err(), "{wrong:?}");
    }
}
