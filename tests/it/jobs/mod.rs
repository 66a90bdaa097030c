//! Jobs: what the engine promises, tried with kinds that exist here alone; what people see of jobs and do with them; what the product's own
//! kinds do.

mod api;
mod claims;
mod engine;
mod events;
mod kill;
mod operators;
mod plans;
mod purge;
mod schedule;

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use lectern_kernel::{
    db::{Pool, PoolOptions},
    error::Error,
    ids,
    jobs::{self, Done, Failure, Job, JobKind, JobLane, JobOptions, Scope, Worker},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::{School, TestApp};

/// Longer than anything here may take.
const NEVER: Duration = Duration::from_secs(180);

/// What a trial is asked to do, after it has written its row and before it finishes.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Order {
    /// `fail`, `refuse`, `panic`; nothing special otherwise.
    then: String,
    /// Only in attempts before this one.
    until_attempt: i32,
    /// It takes so long.
    milliseconds: u64,
}

/// Writes a row; nothing but the end of its job keeps it from being written twice.
fn mark(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let order: Order = job.payload()?;
        let (id, attempt) = (job.id, job.attempt);
        let permissions = job.actor().map_or(-1, |actor| i32::try_from(actor.permissions.iter().count()).unwrap());
        let tx = job.begin().await?;
        tx.query(
            "INSERT INTO trial_mark (tenant_id, job_id, attempt, permissions, actor_id, operation, correlation) \
             SELECT $1, $2, $3, $4, app.user_id(), current_setting('app.operation'), current_setting('app.correlation_id')",
            &[&id, &attempt, &permissions],
        )
        .await?;
        tokio::time::sleep(Duration::from_millis(order.milliseconds)).await;
        if order.until_attempt == 0 || attempt < order.until_attempt {
            match order.then.as_str() {
                "fail" => return Err(Error::unavailable("what only the log may say").into()),
                "refuse" => return Err(Failure::Dead(Error::conflict("TRIAL_OVER", "It can't be done."))),
                "panic" => panic!("as asked for"),
                _ => {}
            }
        }
        job.finish(tx).await
    })
}

/// Writes three rows, each in a transaction of its own that says how far it has come.
fn steps(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let id = job.id;
        loop {
            let tx = job.begin().await?;
            let done: i64 =
                tx.value("SELECT count(*) FROM trial_mark m WHERE m.tenant_id = $1 AND m.job_id = $2", &[&id]).await?.unwrap_or(0);
            tx.query("INSERT INTO trial_mark (tenant_id, job_id, attempt) VALUES ($1, $2, $3)", &[&id, &i32::try_from(done).unwrap()])
                .await?;
            if done == 2 {
                return job.finish(tx).await;
            }
            job.step(tx).await?;
        }
    })
}

/// The kinds of the trials, beside the product's.
static KINDS: [JobKind; 8] = [
    JobKind::new("trial.mark", JobLane::Default, mark),
    JobKind { attempts: 2, ..JobKind::new("trial.brief", JobLane::Default, mark) },
    JobKind { limit: Duration::from_millis(100), ..JobKind::new("trial.hasty", JobLane::Default, mark) },
    JobKind::new("trial.steps", JobLane::Default, steps),
    JobKind::new("trial.deliver", JobLane::Delivery, mark),
    JobKind { is_spared: true, ..JobKind::new("trial.spared", JobLane::Default, mark) },
    JobKind::new("trial.minutely", JobLane::Default, mark).every(Duration::from_secs(60), Scope::Everywhere),
    JobKind::new("event.fan_out", JobLane::Default, mark),
];

/// What marks are written into: a table as any other, but that no key makes a mark unique.
pub const TABLE: &str = "CREATE TABLE trial_mark (tenant_id uuid NOT NULL, place bigint GENERATED ALWAYS AS IDENTITY, job_id uuid NOT NULL, attempt integer NOT NULL, \
         permissions integer, actor_id uuid, operation text, correlation text);
     ALTER TABLE trial_mark OWNER TO lectern_owner;
     CALL app.raise_wall('trial_mark', needs_subscription => false);
     CREATE POLICY mark ON trial_mark TO lectern_app USING (true);
     GRANT SELECT, INSERT ON trial_mark TO lectern_app;";

/// A service whose database knows the trials.
async fn start() -> TestApp {
    let app = TestApp::start().await;
    app.sql(&kinds_sql()).await;
    app.sql(TABLE).await;
    app
}

fn kinds_sql() -> String {
    jobs::sql(app_kinds().iter().copied())
}

/// All of them.
fn app_kinds() -> &'static [&'static JobKind] {
    static ALL: LazyLock<Vec<&'static JobKind>> =
        LazyLock::new(|| lectern::domains::registry().jobs().filter(|kind| kind.name != "event.fan_out").chain(&KINDS).collect());
    &ALL
}

/// Those that don't come by themselves: nothing happens that a test does not ask for.
fn asked_for() -> Vec<&'static JobKind> {
    app_kinds().iter().copied().filter(|kind| kind.schedule.is_none()).collect()
}

/// Everything as in a deployment, but the pauses.
fn quick() -> JobOptions {
    JobOptions {
        lease: Duration::from_secs(30),
        poll: Duration::from_millis(20),
        tick: Duration::from_millis(50),
        backoff: Duration::from_millis(5),
        drain: Duration::from_secs(5),
        ..JobOptions::default()
    }
}

/// A worker that runs.
struct Working {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Working {
    fn start(app: &TestApp, kinds: Vec<&'static JobKind>, options: JobOptions) -> Working {
        let pool = Pool::new(&app.database.url("lectern_app"), &PoolOptions { size: 8, ..PoolOptions::default() }).unwrap();
        let worker = Worker::new(pool.ringing(app.engine.pool()), kinds, app.engine.services().outside.clone(), options);
        let stop = CancellationToken::new();
        let task = tokio::spawn(worker.run(stop.clone()));
        Working { stop, task }
    }

    /// Tells it to stop, and waits until it has.
    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// A transaction of a school, as the service opens one: for its person of that email, or for nobody.
fn opened(school: &School, email: Option<&str>, correlation: &str) -> String {
    let tenant = school.tenant;
    let user = email.map_or_else(
        || "'00000000-0000-0000-0000-000000000000'".to_owned(),
        |email| format!("(SELECT id::text FROM app_user WHERE tenant_id = '{tenant}' AND email = '{email}')"),
    );
    format!(
        "SELECT set_config('app.tenant_id', '{tenant}', true), set_config('app.user_id', {user}, true), set_config('app.correlation_id', '{correlation}', true)"
    )
}

/// Asks for a job of the school, for nobody.
async fn enqueue(app: &TestApp, school: &School, kind: &str, key: &str, payload: Value) {
    let open = opened(school, None, "trial");
    app.sql(&format!("BEGIN; {open}; SELECT app.enqueue('{kind}', '{key}', '{payload}'); COMMIT")).await;
}

/// Asks for many.
async fn enqueue_many(app: &TestApp, school: &School, kind: &str, count: u32) {
    let open = opened(school, None, "trial");
    app.sql(&format!("BEGIN; {open}; SELECT app.enqueue('{kind}', n::text) FROM generate_series(1, {count}) AS n; COMMIT")).await;
}

/// A job of the school that is dead; its id.
pub async fn dead(app: &TestApp, school: &School) -> String {
    let id = uuid::Uuid::now_v7();
    app.sql(&format!(
        "INSERT INTO job (tenant_id, id, kind, key, lane, state, is_spared, payload, subject, correlation, attempts, max_attempts, started_at, finished_at, last_error)
         VALUES ('{}', '{id}', 'purge.jobs', '{id}', 'DEFAULT', 'DEAD', false, '{{\"hidden\": \"sesame\"}}', 'user_x', 'trial', 8, 8, now(), now(), 'UNAVAILABLE: not now')",
        school.tenant
    ))
    .await;
    ids::encode("job", id)
}

/// Waits until so many rows are there.
async fn until(app: &TestApp, rows: &str, count: i64) {
    let began = Instant::now();
    loop {
        let found = app.count(rows).await;
        if found == count {
            return;
        }
        assert!(began.elapsed() < NEVER, "{rows}: {found} instead of {count}; {:?}", jobs_of(app).await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Every job in a line, for messages.
async fn jobs_of(app: &TestApp) -> Option<String> {
    app.text("SELECT string_agg(concat_ws(' ', kind, left(key, 8), state, attempts, losses, last_error), '; ') FROM (SELECT * FROM job ORDER BY created_at LIMIT 20) j").await
}

/// A column of the only job of a kind.
async fn of_job(app: &TestApp, kind: &str, column: &str) -> String {
    app.text(&format!("SELECT {column}::text FROM job WHERE kind = '{kind}'")).await.unwrap_or_default()
}

fn order(then: &str) -> Value {
    json!({ "then": then })
}
