//! Workers that end without a word.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use lectern_kernel::{
    db::{Pool, PoolOptions},
    jobs::{JobOptions, Outside, Worker},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{NEVER, Working, asked_for, jobs_of, opened, quick, start, until};
use crate::app::{TestApp, Who};

const URL: &str = "LECTERN_TRIAL_WORKER_URL";

fn options() -> JobOptions {
    JobOptions { lease: Duration::from_secs(1), ..quick() }
}

#[tokio::test]
#[ignore = "the process that the test below kills"]
async fn a_worker_of_its_own() {
    let Ok(url) = std::env::var(URL) else { return };
    let pool = Pool::new(&url, &PoolOptions { size: 8, ..PoolOptions::default() }).unwrap();
    Worker::new(pool, asked_for(), Outside::default(), options()).run(CancellationToken::new()).await;
}

fn worker_process(app: &TestApp) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "jobs::kill::a_worker_of_its_own", "--ignored"])
        .env(URL, app.database.url("lectern_app"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_workers_are_killed_and_each_effect_is_there_once() {
    let app = start().await;
    let open = opened(&app.oak, None, "trial");
    app.sql(&format!("BEGIN; {open}; SELECT app.enqueue('trial.steps', n::text) FROM generate_series(1, 50) AS n; COMMIT")).await;
    let (mut jobs, mut in_the_middle) = (0, 0);
    for round in 0..50u64 {
        // However far they come before they die, enough is left for the next.
        if app.count("job WHERE kind = 'trial.mark' AND state = 'QUEUED'").await < 400 {
            let more = format!("generate_series({}, {}) AS n", jobs + 1, jobs + 400);
            app.sql(&format!("BEGIN; {open}; SELECT app.enqueue('trial.mark', n::text, '{{\"milliseconds\": 40}}') FROM {more}; COMMIT"))
                .await;
            jobs += 400;
        }
        let mut worker = worker_process(&app);
        // It has claimed something, and is somewhere in the middle of it.
        let began = Instant::now();
        while app.count("job WHERE state = 'RUNNING' AND leased_until > now() + interval '800 milliseconds'").await == 0 {
            assert!(began.elapsed() < NEVER, "{:?}", jobs_of(&app).await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(round * 7 % 60)).await;
        kill(Pid::from_raw(worker.id().cast_signed()), Signal::SIGKILL).unwrap();
        worker.wait().unwrap();
        in_the_middle += app.count("job WHERE state = 'RUNNING'").await;
    }
    assert!(in_the_middle > 50, "{in_the_middle}: they died with nothing in their hands");

    // One that nobody kills does the rest; whoever lost three workers is run anew by hand.
    let working = Working::start(&app, asked_for(), quick());
    until(&app, "job WHERE state IN ('QUEUED', 'RUNNING')", 0).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let dead = app.text("SELECT string_agg(app.type_id('job', id), ',') FROM job WHERE state = 'DEAD'").await.unwrap_or_default();
    for id in dead.split(',').filter(|id| !id.is_empty()) {
        admin.ok("mutation($id: ID!) { retryJob(id: $id) { state } }", json!({ "id": id })).await;
    }
    until(&app, "job WHERE state = 'SUCCEEDED'", jobs + 50).await;
    working.stop().await;
    let marks = |kind: &str| format!("trial_mark m JOIN job j ON j.tenant_id = m.tenant_id AND j.id = m.job_id AND j.kind = '{kind}'");
    assert_eq!(app.count(&marks("trial.mark")).await, jobs);
    assert_eq!(app.count(&format!("(SELECT DISTINCT m.job_id FROM {}) d", marks("trial.mark"))).await, jobs);
    assert_eq!(app.count(&marks("trial.steps")).await, 150);
    assert_eq!(app.count(&format!("(SELECT DISTINCT m.job_id, m.attempt FROM {}) d", marks("trial.steps"))).await, 150);
}
