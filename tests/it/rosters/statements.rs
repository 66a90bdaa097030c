//! What a batch costs does not depend on how many lines it has.

use std::{collections::BTreeMap, time::Duration};

use lectern_kernel::{
    db::{Pool, PoolOptions, recording},
    jobs::{JobOptions, Worker},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    bundles::{CLASSES, ENROLLMENTS, USERS, roster},
    people, read, start, summary,
};
use crate::app::{Client, TestApp, Who};

/// What belongs to the queue, and not to an import.
const QUEUE: [&str; 5] = ["app.claim_jobs(", "app.give_back_job(", "app.due_schools(", "app.schedule_job(", "app.fail_job("];

/// Imports a bundle, and answers how often each statement ran for it.
async fn statements(app: &TestApp, client: &Client, bytes: &[u8]) -> BTreeMap<String, usize> {
    let file = crate::files::file(client, "roster.zip", "application/zip", bytes).await;
    let id = start(client, file["id"].as_str().unwrap(), "ONEROSTER_CSV", json!({})).await;
    let pool = Pool::new(&app.database.url("lectern_app"), &PoolOptions { size: 4, ..PoolOptions::default() }).unwrap();
    let kinds = app.registry.jobs().filter(|kind| kind.name == "import.run").collect();
    // However long it takes, its lease is not renewed beside it.
    let options = JobOptions { poll: Duration::from_millis(20), lease: Duration::from_secs(3600), ..JobOptions::default() };
    let worker = Worker::new(pool, kinds, app.engine.services().outside.clone(), options);
    let stop = CancellationToken::new();
    let until_it_ended = async {
        while app.count("import_run WHERE finished_at IS NULL").await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.cancel();
    };
    let ((), runs) = recording(async { tokio::join!(worker.run(stop.clone()), until_it_ended).0 }).await;
    let run = read(client, &id).await;
    assert_eq!((run["state"].as_str(), run["issueCount"].as_i64()), (Some("SUCCEEDED"), Some(0)), "{run:#}");
    let mut counts = BTreeMap::new();
    for run in runs.into_iter().filter(|run| !QUEUE.iter().any(|name| run.sql.contains(name))) {
        *counts.entry(run.sql).or_insert(0) += 1;
    }
    counts
}

/// One teacher, and so many classes and learners; each learner is in one class.
fn school(prefix: &str, size: usize) -> Vec<u8> {
    let header = |text: &str| format!("{}\n", text.lines().next().unwrap());
    let (mut users, mut classes, mut seats) = (header(USERS), header(CLASSES), header(ENROLLMENTS));
    users.push_str(&format!("{prefix}t,,,true,o1,teacher,t,,Tea,Cher,,,{prefix}t@oak.example,,,,,\n"));
    for n in 0..size {
        users.push_str(&format!("{prefix}{n},,,true,o1,student,s,,Stu,Dent,,,{prefix}{n}@oak.example,,,,,\n"));
        classes.push_str(&format!("{prefix}k{n},,,Class {n},,c1,,scheduled,,o1,t1,,,\n"));
        seats.push_str(&format!("{prefix}e{n},,,{prefix}k{n},o1,{prefix}{n},student,false,,\n"));
    }
    seats.push_str(&format!("{prefix}et,,,{prefix}k0,o1,{prefix}t,teacher,true,,\n"));
    roster(&[("users.csv", &users), ("classes.csv", &classes), ("enrollments.csv", &seats)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_four_hundred_lines_costs_the_statements_of_one_of_four() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    // Organisation, session and subject are there already.
    statements(&app, &admin, &school("z", 1)).await;
    for (prefix, size) in [("a", 4), ("b", 400)] {
        let bytes = school(prefix, size);
        // Six batches, one a sheet.
        let total = |counts: &BTreeMap<String, usize>| counts.values().sum::<usize>();
        let first = statements(&app, &admin, &bytes).await;
        assert_eq!(total(&first), 59, "{size} lines: {first:#?}");
        let again = statements(&app, &admin, &bytes).await;
        assert_eq!(total(&again), 58, "{size} lines that are there already: {again:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_reads_what_it_is_about_and_not_the_school_where_nobody_has_counted_that_yet() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    // Statistics know another school alone.
    app.sql(&format!(
        "INSERT INTO roster_link (tenant_id, source, type, sourced_id) SELECT '{}', 'default', 'ORG', 'o' || n FROM generate_series(1, 5000) AS n;
         ANALYZE roster_link",
        app.elm.tenant
    ))
    .await;
    let read = async |figure: &str| {
        let sum = format!("SELECT sum({figure})::text FROM pg_stat_user_indexes WHERE relname = 'roster_link'");
        app.text(&sum).await.unwrap().parse::<usize>().unwrap()
    };
    let (before, scans, size) = (read("idx_tup_read").await, read("idx_scan").await, 6000);
    let sheet = (0..size).fold("email,name,sourcedId\n".to_owned(), |text, n| text + &format!("p{n}@oak.example,Person {n},s{n}\n"));
    assert_eq!(summary(&people(&app, &admin, &sheet, json!({})).await), format!("SUCCEEDED USER {size}/0/0/0/0"));
    // A connection tells what it has read when it ends.
    while read("idx_scan").await == scans {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let rows = read("idx_tup_read").await - before;
    assert!(rows < size, "{rows} links were read for {size} that are new");
}
