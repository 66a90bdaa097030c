//! Locks that others hold.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use lectern::ops::sources;
use lectern_kernel::db::migrate::Options;
use serde_json::json;
use tokio_postgres::{NoTls, error::SqlState};

use super::{apply, apply_with, edited};
use crate::{
    app::{TestApp, Who},
    isolation::world::tables,
};

/// How long somebody holds what the migrate needs.
const HELD: Duration = Duration::from_secs(6);

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
    assert!(slowest < HELD - Duration::from_secs(1), "somebody waited {slowest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_migrates_at_once_one_does_it_all() {
    let app = TestApp::start().await;
    let source = edited(&[("policies/courses.sql", "-- One's own, unless", "-- The own ones, unless")]);
    let (a, b, c) = tokio::try_join!(apply(&app, &source), apply(&app, &source), apply(&app, &source)).unwrap();
    let mut applied = [a, b, c].map(|report| report.scripts.len());
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, 1]);
}

/// Past the service, so that nothing but the walls keeps the schools apart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_wall_is_ever_down_while_every_file_is_applied() {
    let app = TestApp::start().await;
    for (school, count) in [(&app.oak, 3), (&app.elm, 4)] {
        app.sql(&format!(
            "INSERT INTO course (tenant_id, id, title, status) SELECT '{}', gen_random_uuid(), 'Course', 'PUBLISHED' FROM generate_series(1, {count})",
            school.tenant
        ))
        .await;
    }
    let (client, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let tables = tables(&app).await;
    client.batch_execute(&format!("SET app.tenant_id = '{}'; SET app.permissions = ',COURSE_READ,'", app.oak.tenant)).await.unwrap();

    let done = AtomicBool::new(false);
    let look = async {
        let mut looks = 0;
        while !done.load(Ordering::Relaxed) {
            let courses: i64 = client.query_one("SELECT count(*) FROM course WHERE app.can('COURSE_READ')", &[]).await.unwrap().get(0);
            assert_eq!(courses, 3, "its own, all of them and no other");
            for table in &tables {
                // What it may not read at all is refused throughout.
                let sql = format!("SELECT count(*) FROM (SELECT tenant_id FROM {table}) t WHERE tenant_id <> '{}'", app.oak.tenant);
                match client.query_one(&sql, &[]).await {
                    Ok(row) => assert_eq!(row.get::<_, i64>(0), 0, "{table}"),
                    Err(error) => {
                        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{table}: {error}")
                    }
                }
            }
            looks += 1;
        }
        looks
    };
    let migrate = async {
        apply_with(&app, sources::embedded().unwrap(), Options { always: true, ..Options::default() }).await.unwrap();
        done.store(true, Ordering::Relaxed);
    };
    let (looks, ()) = tokio::join!(look, migrate);
    assert!(looks > 5, "it looked {looks} times");
}
