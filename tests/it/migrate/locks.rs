//! Locks that others hold.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio_postgres::NoTls;

use super::{apply, edited};
use crate::app::{TestApp, Who};

/// How long somebody holds what the migrate needs.
const HELD: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_locked_delays_a_migrate_and_fails_nothing() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (holder, connection) = tokio_postgres::connect(&app.database.superuser_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    holder.batch_execute("BEGIN; UPDATE course SET title = title; LOCK TABLE course IN ROW EXCLUSIVE MODE").await.unwrap();

    let began = Instant::now();
    let release = async {
        tokio::time::sleep(HELD).await;
        holder.batch_execute("COMMIT").await.unwrap();
    };
    let ask = async {
        let mut slowest = Duration::ZERO;
        while began.elapsed() < HELD + Duration::from_secs(1) {
            let asked = Instant::now();
            admin.ok("{ courses(first: 1) { totalCount } }", json!({})).await;
            admin.ok("mutation { createCourse(input: { title: \"Meanwhile\" }) { id } }", json!({})).await;
            slowest = slowest.max(asked.elapsed());
        }
        slowest
    };
    let mut source = edited(&[
        ("policies/courses.sql", "-- One's own, unless", "-- The own ones, unless"),
        ("sql/functions/courses.sql", "-- Courses:", "-- All about courses:"),
    ]);
    source.migrations.push((9001, "widen courses".to_owned(), "ALTER TABLE course ADD room text".to_owned()));
    let migrate = async {
        let report = apply(&app, &source).await.unwrap();
        (report, began.elapsed())
    };
    let ((report, took), slowest, ()) = tokio::join!(migrate, ask, release);
    assert_eq!(report.scripts, ["sql/functions/courses.sql", "policies/courses.sql"]);
    assert_eq!(report.applied, 1, "a migration waits no longer at a time than the files do");
    assert!(took >= HELD, "it waited {took:?}");
    // Two requests, each behind one try of the migrate at most.
    assert!(slowest < Duration::from_secs(2) + HELD / 2, "somebody waited {slowest:?}");
}
