//! What an operator sees: numbers, traces, reports of errors; and that the files of docs/operations speak of numbers that there are.

mod assistants;
mod files;
mod metrics;
mod reports;
mod traces;

use std::{
    collections::HashMap,
    net::TcpListener,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::Request, http::StatusCode};
use lectern_kernel::{
    auth::SigningKey,
    seen::{Kind, METRICS, Metric},
};
use serde_json::{Value, json};

use crate::{app::TestApp, ops::lectern, serve::Served};

/// How long something may take that happens aside.
const SOON: Duration = Duration::from_secs(120);

/// A service on the test's database, with further settings.
fn serve(app: &TestApp, settings: &[(&str, &str)]) -> Served {
    let mut command = lectern(&["serve", "--listen", "127.0.0.1:0", "--log", "off"]);
    command.env("DATABASE_URL", app.database.url("lectern_app")).env("LECTERN_SIGNING_KEY", SigningKey::generate().unwrap().to_text());
    command.envs(settings.iter().copied());
    Served::start(command)
}

/// An address of this machine that nobody listens on. The system gives its port to nobody who does not ask for it by name.
fn address() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 10_000).unwrap();
    let addresses = std::iter::repeat_with(|| format!("127.0.0.1:{}", 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000));
    addresses.take(1000).find(|address| TcpListener::bind(address).is_ok()).unwrap()
}

/// Asks a service, as a client of its own with these headers.
async fn ask(service: &Served, query: &str, variables: Value, headers: &[(&str, &str)]) -> (Value, reqwest::header::HeaderMap) {
    let mut request =
        reqwest::Client::new().post(format!("{}/graphql", service.url)).json(&json!({ "query": query, "variables": variables }));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let headers = answer.headers().clone();
    (answer.json().await.unwrap(), headers)
}

/// Paths, and what was sent to them.
type Got = Vec<(String, Vec<u8>)>;

/// Somebody else's server: keeps what it is sent.
struct Receiver {
    url: String,
    got: Arc<Mutex<Got>>,
}

impl Receiver {
    async fn start() -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let got: Arc<Mutex<Got>> = Arc::default();
        let keeps = got.clone();
        let routes = Router::new().fallback(async move |request: Request| {
            let path = request.uri().path().to_owned();
            let body: Bytes = axum::body::to_bytes(request.into_body(), 16 << 20).await.unwrap();
            keeps.lock().unwrap().push((path, body.to_vec()));
            StatusCode::OK
        });
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Receiver { url, got }
    }

    fn got(&self) -> MutexGuard<'_, Got> {
        self.got.lock().unwrap()
    }

    /// All that was sent to a path.
    fn bytes(&self, path: &str) -> Vec<u8> {
        self.got().iter().filter(|(to, _)| to == path).flat_map(|(_, body)| body.clone()).collect()
    }

    /// Waits until all of these were sent to a path, each at least so often.
    async fn until(&self, path: &str, wanted: &[(&[u8], usize)]) -> Vec<u8> {
        let began = Instant::now();
        loop {
            let bytes = self.bytes(path);
            let missing: Vec<_> = wanted
                .iter()
                .map(|(wanted, least)| (wanted, times(&bytes, wanted), least))
                .filter(|(_, came, least)| came < *least)
                .collect();
            if missing.is_empty() {
                return bytes;
            }
            let missing: Vec<_> =
                missing.iter().map(|(it, came, least)| format!("{}: {came} of {least}", String::from_utf8_lossy(it))).collect();
            assert!(began.elapsed() < SOON, "{missing:?} in {} bytes", bytes.len());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    times(bytes, wanted) > 0
}

fn times(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).filter(|window| *window == wanted).count()
}

/// The metric of a series: of a histogram there are three.
fn metric_of(series: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| match metric.kind {
        Kind::Seconds => ["_bucket", "_sum", "_count"].iter().any(|end| series.strip_suffix(end) == Some(metric.name)),
        _ => metric.name == series,
    })
}

/// A line of what Prometheus reads: the series, its labels, its value.
fn read(line: &str) -> (String, HashMap<String, String>, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.trim_end_matches('}').split("\",").filter(|label| !label.is_empty()).map(|label| {
        let (name, value) = label.split_once("=\"").unwrap();
        (name.to_owned(), value.trim_end_matches('"').to_owned())
    });
    (name.to_owned(), labels.collect(), value.parse().unwrap())
}
