//! What a worker does with what it claims.

use std::time::Duration;

use lectern_kernel::jobs::JobOptions;
use serde_json::json;
use uuid::Uuid;

use super::{NEVER, Working, asked_for, enqueue, enqueue_many, jobs_of, of_job, opened, order, quick, start, until};
use crate::app::{TestApp, Who};

/// Whose job runs, and how many of their permissions it has.
async fn marks(app: &TestApp) -> String {
    app.text("SELECT string_agg(concat_ws(' ', operation, correlation, permissions, (SELECT u.email FROM app_user u WHERE u.tenant_id = m.tenant_id AND u.id = m.actor_id)), '; ' ORDER BY correlation) FROM trial_mark m")
        .await
        .unwrap_or_default()
}

#[tokio::test]
async fn a_job_runs_once_as_whoever_asked_for_it_with_what_they_may_do_now() {
    let app = start().await;
    for (email, correlation) in [(Some("learner@oak.example"), "a-learner"), (Some("viewer@oak.example"), "b-viewer"), (None, "c-nobody")] {
        app.sql(&format!("BEGIN; {}; SELECT app.enqueue('trial.mark', NULL); COMMIT", opened(&app.oak, email, correlation))).await;
    }
    // Between asking and running, somebody is suspended.
    app.sql("UPDATE app_user SET status = 'SUSPENDED' WHERE email = 'viewer@oak.example'").await;
    let working = Working::start(&app, asked_for(), quick());
    until(&app, "job WHERE state = 'SUCCEEDED'", 3).await;
    working.stop().await;
    assert_eq!(
        marks(&app).await,
        "system:trial.mark a-learner 6 learner@oak.example; system:trial.mark b-viewer -1 viewer@oak.example; system:trial.mark c-nobody -1"
    );
    assert_eq!(app.count("trial_mark WHERE tenant_id = (SELECT tenant_id FROM tenant WHERE slug = 'oak')").await, 3);
    assert_eq!(app.count("job WHERE attempts = 1 AND lease IS NULL AND finished_at >= started_at AND last_error IS NULL").await, 3);
}

#[tokio::test]
async fn a_job_is_there_exactly_when_the_change_that_asked_for_it_is() {
    let app = start().await;
    let open = opened(&app.oak, None, "trial");
    app.sql(&format!("BEGIN; {open}; SELECT app.enqueue('trial.mark', 'gone'); ROLLBACK")).await;
    assert_eq!(app.count("job").await, 0);
    for _ in 0..2 {
        app.sql(&format!("BEGIN; {open}; SELECT app.enqueue('trial.mark', 'once'), app.enqueue('trial.mark', 'once'); COMMIT")).await;
    }
    assert_eq!(app.count("job").await, 1, "the same key again is the same job");
    enqueue(&app, &app.elm, "trial.mark", "once", json!({})).await;
    enqueue(&app, &app.oak, "trial.brief", "once", json!({})).await;
    assert_eq!(app.count("job").await, 3, "a key is that of a school and a kind");
    assert!(app.try_sql(&format!("BEGIN; {open}; SELECT app.enqueue('trial.none', NULL)")).await.is_err());
    app.sql("ROLLBACK").await;
    assert_eq!(app.count("job").await, 3, "there is no such kind");
}

#[tokio::test]
async fn what_fails_is_rolled_back_and_tried_again_later() {
    let app = start().await;
    enqueue(&app, &app.oak, "trial.mark", "flaky", json!({ "then": "fail", "until_attempt": 3 })).await;
    enqueue(&app, &app.oak, "trial.steps", "whole", json!({})).await;
    enqueue(&app, &app.oak, "trial.brief", "shaken", json!({ "then": "panic", "until_attempt": 2 })).await;
    let working = Working::start(&app, asked_for(), quick());
    until(&app, "job WHERE state = 'SUCCEEDED'", 3).await;
    working.stop().await;
    assert_eq!(of_job(&app, "trial.mark", "attempts").await, "3");
    let marks = "SELECT string_agg(m.attempt::text, ',' ORDER BY m.place) FROM trial_mark m JOIN job j ON j.id = m.job_id AND j.kind = ";
    assert_eq!(app.text(&format!("{marks}'trial.mark'")).await.as_deref(), Some("3"), "what failed wrote nothing");
    assert_eq!(app.text(&format!("{marks}'trial.brief'")).await.as_deref(), Some("2"));
    assert_eq!(app.text(&format!("{marks}'trial.steps'")).await.as_deref(), Some("0,1,2"));
}

#[tokio::test]
async fn a_failure_says_what_a_client_may_know_and_waits_by_the_book() {
    let app = start().await;
    enqueue(&app, &app.oak, "trial.mark", "fails", order("fail")).await;
    enqueue(&app, &app.oak, "trial.hasty", "hangs", json!({ "milliseconds": 600_000 })).await;
    let working = Working::start(&app, asked_for(), JobOptions { backoff: Duration::from_secs(10), ..quick() });
    until(&app, "job WHERE state = 'QUEUED' AND attempts = 1 AND last_error IS NOT NULL", 2).await;
    working.stop().await;
    assert_eq!(of_job(&app, "trial.mark", "last_error").await, "UNAVAILABLE: The service can't answer right now. Try again in a moment.");
    assert!(of_job(&app, "trial.hasty", "last_error").await.starts_with("TOOK_TOO_LONG: "));
    // Ten seconds, a fifth more or less, from the end of the attempt.
    assert_eq!(app.count("job WHERE run_at BETWEEN started_at + interval '8 seconds' AND now() + interval '12 seconds'").await, 2);
    assert_eq!(app.count("trial_mark").await, 0);
}

#[tokio::test]
async fn what_has_failed_too_often_or_never_can_be_done_is_dead() {
    let app = start().await;
    enqueue(&app, &app.oak, "trial.brief", "twice", order("panic")).await;
    enqueue(&app, &app.oak, "trial.mark", "refused", order("refuse")).await;
    let working = Working::start(&app, asked_for(), quick());
    until(&app, "job WHERE state = 'DEAD'", 2).await;
    working.stop().await;
    assert_eq!(of_job(&app, "trial.brief", "attempts").await, "2");
    assert_eq!(of_job(&app, "trial.brief", "last_error").await, "INTERNAL: the log says more, under the job's correlation id.");
    assert_eq!(of_job(&app, "trial.mark", "attempts").await, "1");
    assert_eq!(of_job(&app, "trial.mark", "last_error").await, "TRIAL_OVER: It can't be done.");
    assert_eq!(app.count("trial_mark").await, 0);
}

#[tokio::test]
async fn whoever_has_lost_the_lease_commits_nothing() {
    let app = start().await;
    enqueue(&app, &app.oak, "trial.mark", "taken", json!({})).await;
    // Its mark waits, so that it is in the middle of its work.
    app.sql("BEGIN; LOCK TABLE trial_mark IN SHARE MODE").await;
    let working = Working::start(&app, asked_for(), quick());
    let waits = "pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = current_database() AND l.relation = 'trial_mark'::regclass AND NOT l.granted";
    until(&app, waits, 1).await;
    // Another worker has it: the first learns of it at the latest when it finishes.
    let other = Uuid::now_v7();
    app.sql(&format!("UPDATE job SET lease = '{other}', worker = '{other}', leased_until = now() + interval '1 hour'; COMMIT")).await;
    working.stop().await;
    assert_eq!((app.count("trial_mark").await, app.count(&format!("job WHERE state = 'RUNNING' AND lease = '{other}'")).await), (0, 1));
    assert_eq!(of_job(&app, "trial.mark", "last_error").await, "", "nor does it say anything of it");
}

#[tokio::test]
async fn a_lease_is_renewed_as_long_as_its_job_runs() {
    let app = start().await;
    enqueue(&app, &app.oak, "trial.mark", "long", json!({ "milliseconds": 11_000 })).await;
    let options = || JobOptions { lease: Duration::from_secs(5), ..quick() };
    let (one, other) = (Working::start(&app, asked_for(), options()), Working::start(&app, asked_for(), options()));
    until(&app, "job WHERE state = 'SUCCEEDED'", 1).await;
    one.stop().await;
    other.stop().await;
    assert_eq!(app.count("trial_mark").await, 1);
    assert_eq!(app.count("job WHERE attempts = 1 AND losses = 0").await, 1);
}

#[tokio::test]
async fn a_job_whose_worker_is_lost_is_taken_up_and_dead_after_the_third() {
    let app = start().await;
    enqueue(&app, &app.oak, "trial.mark", "lost", json!({})).await;
    for losses in 1..=3 {
        let lost = format!(
            "UPDATE job SET state = 'RUNNING', attempts = attempts + 1, worker = '{0}', lease = '{0}', leased_until = now() - interval '1 second', started_at = now()",
            Uuid::now_v7()
        );
        app.sql(&lost).await;
        // A worker without slots takes back what others have lost, and claims nothing.
        let claimed = super::claims::claim(&app, "DEFAULT", 0).await;
        assert_eq!(claimed, [""; 0]);
        let state = if losses < 3 { "QUEUED" } else { "DEAD" };
        assert_eq!(
            app.count(&format!("job WHERE state = '{state}' AND losses = {losses} AND lease IS NULL")).await,
            1,
            "{:?}",
            jobs_of(&app).await
        );
    }
    assert_eq!(of_job(&app, "trial.mark", "last_error").await, "WORKER_LOST: the worker that had it is gone.");
    assert_eq!(app.count("trial_mark").await, 0);
}

#[tokio::test]
async fn a_worker_that_is_told_to_stop_finishes_what_it_can_and_gives_back_the_rest() {
    let app = start().await;
    enqueue(&app, &app.oak, "trial.mark", "short", json!({ "milliseconds": 1000 })).await;
    enqueue(&app, &app.oak, "trial.steps", "steps", json!({})).await;
    enqueue(&app, &app.oak, "trial.brief", "endless", json!({ "milliseconds": 600_000 })).await;
    let working = Working::start(&app, asked_for(), JobOptions { drain: Duration::from_secs(10), ..quick() });
    until(&app, "job WHERE kind <> 'trial.steps' AND state <> 'QUEUED'", 2).await;
    working.stop.cancel();
    let stopping = tokio::spawn(working.stop());
    // By then no claim is under way that began before.
    until(&app, "job WHERE key = 'short' AND state = 'SUCCEEDED'", 1).await;
    enqueue(&app, &app.oak, "trial.mark", "late", json!({})).await;
    tokio::time::timeout(NEVER, stopping).await.unwrap().unwrap();
    let short = "SELECT state FROM job WHERE key = 'short'";
    assert_eq!(app.text(short).await.as_deref(), Some("SUCCEEDED"));
    assert_eq!(
        app.count("job WHERE key = 'endless' AND state = 'QUEUED' AND attempts = 0 AND losses = 0 AND lease IS NULL").await,
        1,
        "{:?}",
        jobs_of(&app).await
    );
    assert_eq!(app.count("trial_mark m JOIN job j ON j.id = m.job_id AND j.key = 'endless'").await, 0);
    assert_eq!(app.count("job WHERE key = 'late' AND state = 'QUEUED' AND attempts = 0").await, 1, "it claims no more");
}

#[tokio::test]
async fn a_worker_wakes_when_its_own_process_commits() {
    let app = start().await;
    // It would ask by itself only after an hour.
    let working = Working::start(&app, asked_for(), JobOptions { poll: Duration::from_secs(3600), ..quick() });
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let open = opened(&app.oak, None, "trial");
    app.sql(&format!("BEGIN; {open}; SELECT app.enqueue('trial.mark', 'later', run_at => now() + interval '1 hour'); COMMIT")).await;
    let id = app.text("SELECT app.type_id('job', id) FROM job").await.unwrap();
    admin.ok("mutation($id: ID!) { retryJob(id: $id) { state } }", json!({ "id": id })).await;
    until(&app, "trial_mark", 1).await;
    working.stop().await;
}

#[tokio::test]
async fn a_job_that_this_version_does_not_know_is_left_to_others() {
    let app = start().await;
    enqueue(&app, &app.oak, "trial.spared", "newer", json!({})).await;
    let known = asked_for().into_iter().filter(|kind| kind.name != "trial.spared").collect();
    let working = Working::start(&app, known, quick());
    until(&app, "job WHERE state = 'QUEUED' AND attempts = 0 AND run_at > now() + interval '30 seconds' AND started_at IS NOT NULL", 1)
        .await;
    working.stop().await;
    assert_eq!(app.count("trial_mark").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_run_each_job_once() {
    let app = start().await;
    enqueue_many(&app, &app.oak, "trial.mark", 300).await;
    enqueue_many(&app, &app.elm, "trial.mark", 300).await;
    let workers = [(); 2].map(|()| Working::start(&app, asked_for(), quick()));
    until(&app, "job WHERE state = 'SUCCEEDED'", 600).await;
    for working in workers {
        working.stop().await;
    }
    assert_eq!(app.count("trial_mark").await, 600);
    assert_eq!(
        app.count("(SELECT DISTINCT m.tenant_id, m.job_id FROM trial_mark m JOIN job j USING (tenant_id) WHERE j.id = m.job_id) d").await,
        600
    );
    assert_eq!(app.count("job WHERE attempts <> 1").await, 0);
}
