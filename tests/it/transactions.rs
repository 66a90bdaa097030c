//! What a transaction promises, under hard conditions: clients that hang up, outages, races, load.

mod actor_cache;
mod admission;
mod crossed;
mod ends;
mod hang_up;
mod loads;
mod opening;
mod outages;

use std::{sync::Arc, time::Duration};

use lectern::{
    domains,
    http::{self, HttpOptions, ServerOptions},
    schema,
};
use lectern_kernel::{
    auth::SigningKey,
    db::{ActorKind, Pool, PoolOptions},
    execute::{AdmissionOptions, Engine},
    request::Limits,
};
use serde_json::{Value, json};
use tokio_postgres::NoTls;
use tokio_util::sync::CancellationToken;

use crate::app::{Client, PASSWORD, School, TestApp, Who, services};

const CREATE: &str = "mutation($t: String!) { createCourse(input: { title: $t }) { id } }";

/// A second service on the database of a test, with limits of its own.
struct Service {
    url: String,
    engine: Arc<Engine>,
    http: reqwest::Client,
}

/// What a service is limited to.
struct Bounds {
    pool: usize,
    wait: Duration,
    statement: Duration,
    request: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { pool: 2, wait: Duration::from_secs(10), statement: Duration::from_secs(20), request: Duration::from_secs(20) }
    }
}

impl Service {
    async fn start(app: &TestApp, bounds: Bounds) -> Service {
        let admission = AdmissionOptions::for_pool(bounds.pool);
        Service::start_with(app, bounds, &admission).await
    }

    async fn start_with(app: &TestApp, bounds: Bounds, admission: &AdmissionOptions) -> Service {
        let options = PoolOptions { size: bounds.pool, wait: bounds.wait, statement_timeout: bounds.statement, ..PoolOptions::default() };
        let pool = Pool::new(&app.database.url("lectern_app"), &options).unwrap();
        let services = services(&SigningKey::generate().unwrap());
        let engine = Engine::new(
            schema::build(&Limits::default()),
            domains::registry(),
            &ActorKind::TENANT,
            pool,
            services,
            Limits::default(),
            bounds.request,
        );
        let engine = Arc::new(engine.with_admission(admission));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = http::router(engine.clone(), HttpOptions::default());
        tokio::spawn(http::serve(listener, router, ServerOptions::default(), CancellationToken::new()));
        Service { url, engine, http: reqwest::Client::new() }
    }

    fn stranger(&self) -> Client {
        Client { http: self.http.clone(), url: self.url.clone(), token: None, refresh_token: None, user_id: String::new() }
    }

    async fn sign_in(&self, school: &School, who: Who) -> Client {
        let login = "mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken viewer { user { id } } } }";
        let input = json!({ "tenant": school.slug, "email": school.email(who), "password": PASSWORD });
        let data = self.stranger().ok(login, json!({ "i": input })).await;
        self.stranger().with_session(&data["login"])
    }
}

/// Somebody with a session of their own in the database, past every policy: who holds locks, for instance.
pub(crate) async fn superuser(app: &TestApp) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&app.database.superuser_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Waits until something is true; it is about to be.
pub(crate) async fn until(what: &str, mut is_true: impl AsyncFnMut() -> bool) {
    for _ in 0..12_000 {
        if is_true().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never came true: {what}");
}

/// Connections of the service whose state is like this.
async fn sessions(app: &TestApp, condition: &str) -> i64 {
    let all = "pg_stat_activity where datname = current_database() and application_name = 'lectern'";
    app.count(&format!("{all} and ({condition})")).await
}

pub(crate) async fn until_one_waits_for_a_lock(app: &TestApp) {
    until("a statement waits for a lock", async || sessions(app, "wait_event_type = 'Lock'").await > 0).await;
}

/// Asks something, does something else once that waits for what is `held`, and answers what was asked.
pub(crate) async fn asked_meanwhile(app: &TestApp, asking: impl Future<Output = Value>, held: &str, done: &str) -> Value {
    let mut holder = superuser(app).await;
    let holding = holder.transaction().await.unwrap();
    holding.batch_execute(&format!("SET LOCAL app.audit = 'off'; {held}")).await.unwrap();
    let doing = async {
        until_one_waits_for_a_lock(app).await;
        holding.batch_execute(done).await.unwrap();
        holding.commit().await.unwrap();
    };
    tokio::join!(asking, doing).0
}

/// Nothing of any request is left behind in the database: no open transaction, no running statement, no lock.
async fn until_all_is_quiet(app: &TestApp) {
    let locks = "pg_locks l join pg_stat_activity a using (pid) where a.application_name = 'lectern' and a.datname = current_database()";
    // For a while: what is still on its way to the database may come between two looks.
    let mut looks = 0;
    until("no transaction is open, and no lock is held", async || {
        let is_quiet = sessions(app, "state <> 'idle' or xact_start is not null").await == 0 && app.count(locks).await == 0;
        looks = if is_quiet { looks + 1 } else { 0 };
        looks == 3
    })
    .await;
}

async fn whose(client: &Client) -> Value {
    client.ok("{ viewer { tenant { slug } } }", json!({})).await["viewer"]["tenant"]["slug"].clone()
}
