//! What may happen to a service and its database, done to real processes: kills, hangs, crowds, stops. The promise: every
//! acknowledged write is there, nothing is there twice, no error shows what the database said, readiness turns red while
//! liveness stays green, and the service goes on within five seconds, by itself.

mod cluster;
mod deaths;
mod hangs;
mod ledger;
mod promotions;
mod replicas;
mod restored;
mod rolling;
mod soak;
mod standbys;

use std::time::{Duration, Instant};

use lectern_kernel::auth::SigningKey;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{app::PASSWORD, ops, serve::Served};

use self::ledger::Load;

pub use self::cluster::{Cluster, together};

/// The time within which the service goes on, once its database does: three times what it promises, for a machine that does other things as well.
const SOON: Duration = Duration::from_secs(15);
/// Longer than anything here may take, and than the thirty seconds after which a service gives up a request.
const NEVER: Duration = Duration::from_secs(90);

/// A service on the cluster. It stays the same process throughout a test.
fn serve(cluster: &Cluster, key: &str, arguments: &[&str]) -> Served {
    serve_at(&cluster.url("lectern_app"), key, arguments)
}

/// A service on the database behind a URL.
fn serve_at(url: &str, key: &str, arguments: &[&str]) -> Served {
    let mut command = ops::lectern(&["serve", "--listen", "127.0.0.1:0", "--log", "off"]);
    command.args(arguments).env("DATABASE_URL", url).env("LECTERN_SIGNING_KEY", key);
    Served::start(command)
}

fn key() -> String {
    SigningKey::generate().unwrap().to_text()
}

/// An access token of oak's administrator.
async fn sign_in(service: &Served) -> String {
    let input = json!({ "tenant": "oak", "email": "admin@oak.example", "password": PASSWORD });
    let body = json!({ "query": "mutation($i: LoginInput!) { login(input: $i) { accessToken } }", "variables": { "i": input } });
    let request = reqwest::Client::new().post(format!("{}/graphql", service.url)).json(&body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["data"]["login"]["accessToken"].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned()
}

/// The status of a probe; liveness is green whatever happens.
async fn probe(service: &Served, path: &str) -> StatusCode {
    reqwest::Client::builder().timeout(NEVER).build().unwrap().get(format!("{}{path}", service.url)).send().await.unwrap().status()
}

async fn until_readiness_is(service: &Served, status: u16) {
    let began = Instant::now();
    loop {
        assert_eq!(probe(service, "/healthz").await, 200, "liveness stays green");
        if probe(service, "/readyz").await == status {
            return;
        }
        assert!(began.elapsed() < NEVER, "readiness never turned {status}");
    }
}

/// Waits until the service goes on: ready, and a write that was sent from now on is acknowledged.
async fn goes_on(service: &Served, load: &Load) {
    let began = Instant::now();
    load.until_acknowledged_since(began).await;
    until_readiness_is(service, 200).await;
    assert!(began.elapsed() < SOON, "it took {:?}", began.elapsed());
}
