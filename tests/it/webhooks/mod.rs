//! Webhooks: which addresses may be named, what is sent to them and how often, and that a receiver that misbehaves harms nobody else.

mod deliveries;
mod endpoints;
mod events;
mod failing;
mod receiver;

use std::time::{Duration, Instant};

use lectern_kernel::{
    db::{Pool, PoolOptions},
    ids,
    jobs::{JobOptions, Outside, Worker},
    outbound::{Addresses, Outbound},
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::receiver::Receiver;
use crate::{
    app::{Client, School, TestApp, Who},
    classroom::uuid,
};

/// Longer than anything here may take.
const NEVER: Duration = Duration::from_secs(120);

const CREATE: &str =
    "mutation($i: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $i) { id url secret state eventTypes description } }";
const UPDATE: &str = "mutation($i: UpdateWebhookEndpointInput!) { updateWebhookEndpoint(input: $i) { id url secret state eventTypes description disabledReason failingSince } }";
const DELETE: &str = "mutation($id: ID!) { deleteWebhookEndpoint(id: $id) }";
const ROTATE: &str = "mutation($i: RotateWebhookSecretInput!) { rotateWebhookSecret(input: $i) { id secret previousSecretExpiresAt } }";
const TEST: &str = "mutation($id: ID!) { sendTestWebhook(endpointId: $id) { id state eventType } }";
const REDELIVER: &str = "mutation($id: ID!) { redeliverWebhook(id: $id) { id state deliveredAt } }";
const REPLAY: &str = "mutation($i: ReplayWebhookEventsInput!) { replayWebhookEvents(input: $i) { id } }";
const ENDPOINT: &str = "query($id: ID!) { webhookEndpoint(id: $id) { state disabledReason failingSince lastDeliveredAt secret previousSecretExpiresAt
    deliveries(first: 100) { totalCount nodes { id state eventId eventType payload nextAttemptAt deliveredAt attempts { at status durationMs error } } } } }";

/// A service whose webhooks may lead to this machine.
async fn start() -> TestApp {
    TestApp::start_with(&["--webhook-allow=127.0.0.0/8"], Default::default()).await
}

/// What delivers.
struct Working {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Working {
    fn start(app: &TestApp) -> Working {
        Working::over(app, Outbound::new(Addresses::allowing(vec!["127.0.0.0/8".parse().unwrap()])).unwrap())
    }

    fn over(app: &TestApp, outbound: Outbound) -> Working {
        let pool = Pool::new(&app.database.url("lectern_app"), &PoolOptions { size: 8, ..PoolOptions::default() }).unwrap();
        let kinds = app.registry.jobs().filter(|kind| kind.schedule.is_none()).collect();
        let outside = Outside::default().with(app.engine.services().sealer.clone()).with(outbound);
        let options = JobOptions { poll: Duration::from_millis(20), backoff: Duration::from_millis(5), ..JobOptions::default() };
        let stop = CancellationToken::new();
        let task = tokio::spawn(Worker::new(pool.ringing(app.engine.pool()), kinds, outside, options).run(stop.clone()));
        Working { stop, task }
    }

    /// Tells it to stop, and waits until it has.
    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// An endpoint of the school; its id and secret.
async fn endpoint(app: &TestApp, school: &School, url: &str) -> (String, String) {
    let admin = app.sign_in(school, Who::Admin).await;
    let made = admin.ok(CREATE, json!({ "i": { "url": url } })).await["createWebhookEndpoint"].take();
    (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

/// Makes an event `course.created` happen; answers the course.
async fn happen(app: &TestApp, school: &School) -> String {
    let admin = app.sign_in(school, Who::Admin).await;
    crate::classroom::draft(&admin, json!({ "title": "Algebra" })).await
}

/// Waits until so many rows are there.
async fn until(app: &TestApp, rows: &str, count: i64) {
    let began = Instant::now();
    loop {
        let found = app.count(rows).await;
        if found == count {
            return;
        }
        let jobs = "SELECT string_agg(concat_ws(' ', kind, state, attempts, last_error), '; ') FROM (SELECT * FROM job ORDER BY created_at LIMIT 20) AS j";
        assert!(began.elapsed() < NEVER, "{rows}: {found} instead of {count}; {:?}", app.text(jobs).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What an administrator reads of an endpoint.
async fn read(admin: &Client, id: &str) -> Value {
    admin.ok(ENDPOINT, json!({ "id": id })).await["webhookEndpoint"].take()
}

/// The states of an endpoint's deliveries, in alphabetical order.
async fn states(app: &TestApp) -> String {
    app.text("SELECT coalesce(string_agg(state, ' ' ORDER BY state), '') FROM webhook_delivery").await.unwrap()
}

/// Makes every attempt due that is to be made later.
async fn pass_time(app: &TestApp) {
    app.sql(
        "UPDATE webhook_delivery SET next_attempt_at = now() WHERE state = 'PENDING'; UPDATE job SET run_at = now() WHERE state = 'QUEUED'",
    )
    .await;
}

/// The UUID of an id, in quotes for SQL.
fn quoted(id: &str) -> String {
    format!("'{}'", uuid(id))
}

/// An id of a kind that no row has.
fn no(kind: &str) -> Value {
    json!(ids::encode(kind, ::uuid::Uuid::now_v7()))
}
