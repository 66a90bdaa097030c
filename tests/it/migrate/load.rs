//! A migrate under load: nobody is refused, and nobody waits long.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use lectern::ops::sources;
use serde_json::json;
use tokio::task::JoinSet;

use super::{apply, edited};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, learners},
};

/// How long the load lasts; ten seconds by default.
const SECONDS: &str = "LECTERN_MIGRATE_LOAD_SECONDS";
/// The longest wait that is allowed.
const BOUND: Duration = Duration::from_secs(2);

const READS: [&str; 4] = [
    "{ viewer { user { name } permissions } }",
    "{ courses(first: 20) { nodes { title enrollmentCount instructor { name } sections { title } } } }",
    "{ users(first: 20) { nodes { name roles { key } } } bookings(first: 20) { nodes { status } } groups(first: 5) { nodes { name } } }",
    "{ reports { overview { users courses enrollments } } auditLog(first: 10) { nodes { operation } } }",
];

/// When each request was sent, and how long it took.
type Times = Arc<Mutex<Vec<(Instant, Duration)>>>;

async fn timed(times: &Times, client: &Client, query: &str) {
    let began = Instant::now();
    client.ok(query, json!({})).await;
    times.lock().unwrap_or_else(PoisonError::into_inner).push((began, began.elapsed()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::print_stderr, reason = "the numbers, for who runs it for a minute")]
async fn a_migrate_under_load_fails_no_request_and_delays_none_for_long() {
    let seconds = std::env::var(SECONDS).map_or(10, |seconds| seconds.parse().unwrap());
    let app = TestApp::start_with(&["--rate-cost=0", "--rate-bookings=0"], lectern::http::HttpOptions::default()).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for title in ["Algebra", "Botany", "Chemistry"] {
        course(&admin, json!({ "title": title })).await;
    }
    learners(&app, &app.oak, 40).await;

    let (stop, times, idle) = (Arc::new(AtomicBool::new(false)), Times::default(), Times::default());
    let mut load = JoinSet::new();
    for who in Who::ALL {
        for school in [&app.oak, &app.elm] {
            let (client, stop, times) = (app.sign_in(school, who).await, stop.clone(), times.clone());
            load.spawn(async move {
                for round in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let query = match (who, round % 3) {
                        (Who::Admin, 0) => "mutation { createCourse(input: { title: \"Under load\" }) { id } }".to_owned(),
                        (Who::Admin, 1) => "mutation { createGroup(input: { name: \"Under load\" }) { id } }".to_owned(),
                        (Who::Instructor, 0) => "mutation { createCourse(input: { title: \"Mine\" }) { id } }".to_owned(),
                        (Who::Admin, _) => READS[3].to_owned(),
                        (Who::Learner, 0) => {
                            let day = 1 + round % 28;
                            format!("mutation {{ requestBooking(input: {{ startsAt: \"2098-02-{day:02}T10:00:00Z\", endsAt: \"2098-02-{day:02}T11:00:00Z\" }}) {{ id }} }}")
                        }
                        (Who::Learner | Who::Instructor, _) => READS[round % 2].to_owned(),
                        (Who::Viewer, _) => READS[round % 3].to_owned(),
                    };
                    timed(&times, &client, &query).await;
                }
            });
        }
    }
    // How slow the machine is by itself: a question that needs no database.
    let (stranger, still, yardstick) = (app.stranger(), stop.clone(), idle.clone());
    load.spawn(async move {
        while !still.load(Ordering::Relaxed) {
            let began = Instant::now();
            stranger.http.get(format!("{}/healthz", stranger.url)).send().await.unwrap();
            yardstick.lock().unwrap_or_else(PoisonError::into_inner).push((began, began.elapsed()));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });

    // A function, a policy and a comment change, and change back.
    let changed = edited(&[
        ("sql/functions/courses.sql", "RETURN QUERY SELECT c.id, n.count FROM unnest", "RETURN QUERY SELECT c.id, 0 + n.count FROM unnest"),
        ("policies/courses.sql", "(deleted_at IS NULL OR deleted_at = now())", "(deleted_at = now() OR deleted_at IS NULL)"),
        ("sql/functions/identity.sql", "-- People, roles, sessions:", "-- People and roles and sessions:"),
    ]);
    let original = sources::embedded().unwrap();
    let began = Instant::now();
    let mut migrates = Vec::new();
    while began.elapsed() < Duration::from_secs(seconds) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        for source in [&changed, original] {
            let from = Instant::now();
            let report = apply(&app, source).await.unwrap();
            assert_eq!(report.scripts, ["sql/functions/courses.sql", "sql/functions/identity.sql", "policies/courses.sql"]);
            migrates.push((from, from.elapsed()));
        }
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = load.join_next().await {
        ended.expect("a request was not answered");
    }

    let take = |times: &Times| std::mem::take(&mut *times.lock().unwrap_or_else(PoisonError::into_inner));
    let (times, idle) = (take(&times), take(&idle));
    let slowest = |times: &[(Instant, Duration)]| times.iter().map(|(_, took)| *took).max().unwrap_or_default();
    let meanwhile =
        |&&(sent, took): &&(Instant, Duration)| migrates.iter().any(|(from, lasted)| sent < *from + *lasted && sent + took > *from);
    let during: Vec<_> = times.iter().filter(meanwhile).copied().collect();
    // What a request takes on this machine while nothing migrates.
    let apart: Vec<_> = times.iter().filter(|time| !meanwhile(time)).copied().collect();
    let p99 = |times: &[(Instant, Duration)]| {
        let mut took: Vec<Duration> = times.iter().map(|(_, took)| *took).collect();
        took.sort();
        took.get(took.len() * 99 / 100).copied().unwrap_or_default()
    };
    eprintln!(
        "{} migrates, the slowest {:.0?}; {} requests, none refused: p99 {:.0?}, slowest {:.0?}; of {} while a migrate ran: p99 {:.0?}, slowest {:.0?}; health, slowest: {:.0?}",
        migrates.len(),
        slowest(&migrates),
        times.len(),
        p99(&times),
        slowest(&times),
        during.len(),
        p99(&during),
        slowest(&during),
        slowest(&idle)
    );
    assert!(during.len() > 10, "only {} requests met a migrate", during.len());
    assert!(slowest(&during) <= BOUND + slowest(&idle).max(slowest(&apart)), "somebody waited {:?}", slowest(&during));
}
