//! `lectern jobs` and `lectern worker`, and the keys that seal.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command},
};

use lectern_kernel::auth::SigningKey;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{dead, enqueue, start, until};
use crate::{
    app::TestApp,
    ops::{done, lectern, refused},
};

fn jobs(app: &TestApp, arguments: &[&str]) -> Command {
    let mut command = lectern(&["jobs"]);
    command.args(arguments).env("LECTERN_PLATFORM_URL", app.database.url("lectern_platform"));
    command
}

/// Starts `lectern worker`; returns when it says that it works.
fn worker(app: &TestApp) -> Child {
    let mut command = lectern(&["worker", "--log", "error"]);
    let mut child = command.env("DATABASE_URL", app.database.url("lectern_app")).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "Jobs are run. Ctrl-C stops it.\n");
    child
}

fn stop(mut child: Child) {
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn operators_see_the_jobs_of_all_schools_and_move_them() {
    let app = start().await;
    let of_none = done(jobs(&app, &["list"]).output().unwrap());
    assert!(of_none.ends_with("\nThere is no such job.\n"), "{of_none}");
    let (oaks, elms) = (dead(&app, &app.oak).await, dead(&app, &app.elm).await);
    enqueue(&app, &app.elm, "trial.mark", "waits", serde_json::json!({})).await;
    let list = done(jobs(&app, &["list"]).output().unwrap());
    let waits = list.strip_prefix("LANE      WAITING  RUNNING  DEAD  OLDEST WAITS\nDEFAULT         1        0     2  ").unwrap_or_default();
    let (seconds, after) = waits.split_once(" s\n").unwrap_or_default();
    assert!(seconds.parse::<u32>().is_ok() && after.starts_with("MAIL            0        0     0  -\n"), "{list}");
    for part in [&oaks, &elms, "trial.mark", "UNAVAILABLE: not now", "8/8"] {
        assert!(list.contains(part), "{part} in {list}");
    }
    let of_elm = done(jobs(&app, &["list", "--tenant", "elm", "--state", "dead"]).output().unwrap());
    assert!(of_elm.contains(&elms) && !of_elm.contains(&oaks) && !of_elm.contains("trial.mark"), "{of_elm}");
    assert_eq!(
        refused(jobs(&app, &["list", "--tenant", "ash"]).output().unwrap()),
        "there is no school ash: `lectern tenant list` shows those that there are"
    );

    assert_eq!(done(jobs(&app, &["retry", &oaks]).output().unwrap()), format!("purge.jobs ({oaks}) is to run now.\n"));
    assert!(refused(jobs(&app, &["retry", &oaks]).output().unwrap()).contains("can't take this step"));
    assert_eq!(done(jobs(&app, &["cancel", &oaks]).output().unwrap()), format!("purge.jobs ({oaks}) is called off.\n"));
    assert!(refused(jobs(&app, &["cancel", &elms]).output().unwrap()).contains("can't take this step"));
    assert_eq!(refused(jobs(&app, &["retry", "course_1"]).output().unwrap()), "course_1 is no id of a job: `lectern jobs list` shows them");
    let entries = "SELECT string_agg(a.operation || ' ' || (a.after ->> 'state'), ', ' ORDER BY a.at) FROM audit_entry a JOIN tenant t ON t.tenant_id = a.tenant_id AND t.slug = 'oak' WHERE resource = 'Job'";
    assert_eq!(app.text(entries).await.as_deref(), Some("system:jobs-retry QUEUED, system:jobs-cancel CANCELLED"));
    assert_eq!(app.count("audit_entry WHERE resource = 'Job'").await, 2, "what was refused changed nothing");
}

#[tokio::test]
async fn workers_of_their_own_do_what_is_due_and_end_in_order() {
    let app = TestApp::start().await;
    let workers = [worker(&app), worker(&app)];
    let is_due = "state = 'RUNNING' OR (state = 'QUEUED' AND run_at <= now())";
    let done = format!(
        "(SELECT WHERE NOT EXISTS (SELECT FROM job WHERE {is_due}) AND (SELECT count(*) FROM job WHERE state = 'SUCCEEDED') >= 22) AS done"
    );
    until(&app, &done, 1).await;
    for worker in workers {
        stop(worker);
    }
    // What became due meanwhile may still wait.
    assert_eq!(app.count("job WHERE attempts > 1").await, 0);
    let rest = "pg_stat_activity WHERE usename = 'lectern_app' AND datname = current_database() AND application_name = 'lectern' AND state <> 'idle'";
    assert_eq!(app.count(rest).await, 0);
}

#[tokio::test]
async fn an_external_database_needs_keys_that_seal_and_says_so() {
    let app = TestApp::start().await;
    let command = |arguments: &[&str], keys: Option<&str>| {
        let mut command = lectern(arguments);
        command.args(["--listen", "127.0.0.1:0", "--log", "error"]).env("DATABASE_URL", app.database.url("lectern_app"));
        command.env("LECTERN_SIGNING_KEY", SigningKey::generate().unwrap().to_text());
        match keys {
            Some(keys) => command.env("LECTERN_SECRET_KEYS", keys),
            None => command.env_remove("LECTERN_SECRET_KEYS"),
        };
        command.output().unwrap()
    };
    let needed = "LECTERN_SECRET_KEYS is needed with an external database: make one with `lectern key --secret` and keep it secret";
    for arguments in [["serve"], ["worker"]] {
        assert_eq!(refused(command(&arguments, None)), needed);
        assert_eq!(refused(command(&arguments, Some(""))), needed);
        let wrong = "LECTERN_SECRET_KEYS holds something that is no key: make one with `lectern key --secret`";
        assert_eq!(refused(command(&arguments, Some("c2VjcmV0"))), wrong);
    }
    let (one, other) = (done(lectern(&["key", "--secret"]).output().unwrap()), done(lectern(&["key", "--secret"]).output().unwrap()));
    assert!(one != other && lectern_kernel::sealing::Sealer::from_text(&one).is_ok());
}
