//! `make soak`: hours of an ordinary load with a fault every few seconds. Not part of `make test`.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Cluster, Load, NEVER, goes_on, key, serve, sign_in, until_readiness_is};
use crate::{malformed::memory, serve::Served};

/// How long it runs; 30 minutes by default.
const SECONDS: &str = "LECTERN_SOAK_SECONDS";
/// From one fault to the next.
const CYCLE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(60);

const READS: [&str; 4] = [
    "{ viewer { user { name } tenant { slug } permissions } }",
    "{ courses(first: 20) { nodes { id title instructor { name } sections { title } } } }",
    "{ users(first: 20) { nodes { name roles { key } } } bookings(first: 20) { nodes { id status } } }",
    "{ auditLog(first: 20) { nodes { operation resource } } }",
];

/// Readers and those who sign in, and how long answers take while nothing is broken.
struct Readers {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    /// Odd while something is broken; a measurement counts where it began and ended in one quiet time.
    faults: AtomicU64,
    took: Mutex<Vec<Duration>>,
    /// The same for a question that costs nothing: how slow the machine is just now.
    yardstick: Mutex<Vec<Duration>>,
    answered: AtomicU64,
}

impl Readers {
    fn start(urls: &[&str], token: &str) -> Readers {
        let shared = Arc::new(Shared::default());
        let mut tasks = JoinSet::new();
        for reader in 0..6 {
            let (shared, url, token) = (shared.clone(), urls[reader % urls.len()].to_owned(), token.to_owned());
            tasks.spawn(async move {
                let http = reqwest::Client::builder().timeout(NEVER).build().unwrap();
                let mut round = reader;
                while !shared.stop.load(Ordering::Relaxed) {
                    let before = shared.faults.load(Ordering::Relaxed);
                    let began = Instant::now();
                    // One of the readers signs in again and again, another only asks whether the service lives.
                    let is_answered = match reader {
                        0 => comes_in(&http, &url).await,
                        1 => http.get(format!("{url}/healthz")).send().await.unwrap().status() == 200,
                        _ => reads(&http, &url, &token, READS[round % 4]).await,
                    };
                    let times = if reader == 1 { &shared.yardstick } else { &shared.took };
                    if is_answered && before.is_multiple_of(2) && before == shared.faults.load(Ordering::Relaxed) && reader > 0 {
                        times.lock().unwrap_or_else(PoisonError::into_inner).push(began.elapsed());
                    }
                    shared.answered.fetch_add(u64::from(is_answered), Ordering::Relaxed);
                    round += 1;
                    tokio::time::sleep(if reader == 0 { PAUSE * 10 } else { PAUSE }).await;
                }
            });
        }
        Readers { shared, tasks }
    }

    /// Something breaks, or is whole again.
    fn turn(&self) {
        self.shared.faults.fetch_add(1, Ordering::Relaxed);
    }

    /// The 99th percentile since the last call, and the yardstick's.
    fn p99(&self) -> [Duration; 2] {
        [&self.shared.took, &self.shared.yardstick].map(|times| {
            let mut times = std::mem::take(&mut *times.lock().unwrap_or_else(PoisonError::into_inner));
            times.sort();
            times.get(times.len() * 99 / 100).copied().unwrap_or_default()
        })
    }

    async fn end(mut self) -> u64 {
        self.shared.stop.store(true, Ordering::Relaxed);
        while let Some(reader) = self.tasks.join_next().await {
            reader.unwrap();
        }
        self.shared.answered.load(Ordering::Relaxed)
    }
}

/// Whether it was answered; panics where it was neither answered nor refused as it should be.
async fn reads(http: &reqwest::Client, url: &str, token: &str, query: &str) -> bool {
    let sent = http.post(format!("{url}/graphql")).bearer_auth(token).json(&json!({ "query": query })).send().await;
    let answer: Value = sent.unwrap().json().await.unwrap();
    let Some(errors) = answer["errors"].as_array() else { return true };
    assert!(errors.iter().all(|error| error["extensions"]["code"] == "UNAVAILABLE"), "{answer}");
    false
}

async fn comes_in(http: &reqwest::Client, url: &str) -> bool {
    let login = "mutation { login(input: { tenant: \"elm\", email: \"viewer@elm.example\", password: \"correct horse battery\" }) { accessToken } }";
    reads(http, url, "", login).await
}

async fn fault(number: usize, cluster: &mut Cluster, services: &[&Served; 2]) -> &'static str {
    match number % 5 {
        0 => {
            cluster.kill_a_backend().await;
            "a backend was killed"
        }
        1 => {
            cluster.signal(Signal::SIGINT);
            until_readiness_is(services[0], 503).await;
            cluster.restart().await;
            "the database was restarted"
        }
        2 => {
            cluster.signal(Signal::SIGKILL);
            cluster.restart().await;
            "the database was killed"
        }
        3 => {
            cluster.signal(Signal::SIGSTOP);
            until_readiness_is(services[1], 503).await;
            cluster.signal(Signal::SIGCONT);
            "the database hung"
        }
        _ => {
            let superuser = cluster.superuser("lectern").await;
            let out = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'lectern_app'";
            superuser.batch_execute(out).await.unwrap();
            "every connection was ended"
        }
    }
}

fn median(mut values: Vec<Duration>) -> Duration {
    values.sort();
    values[values.len() / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "half an hour: make soak"]
#[allow(clippy::print_stderr, reason = "for the person who waits for it")]
async fn half_an_hour_of_faults_changes_nothing() {
    let seconds = std::env::var(SECONDS).map_or(1800, |seconds| seconds.parse().unwrap());
    let mut cluster = Cluster::start().await;
    let key = key();
    let arguments = ["--pool-size", "6", "--access-token-minutes", "1440", "--request-timeout", "5", "--statement-timeout", "3"];
    let (one, other) = (serve(&cluster, &key, &arguments), serve(&cluster, &key, &arguments));
    let services = [&one, &other];
    let urls = [one.url.as_str(), other.url.as_str()];
    let token = sign_in(&one).await;
    let load = Load::paced(&urls, &token, 4, PAUSE);
    let readers = Readers::start(&urls, &token);

    let began = Instant::now();
    let (mut slowest, mut yardstick, mut largest) = (Vec::new(), Vec::new(), Vec::new());
    let mut number = 0;
    while began.elapsed() < Duration::from_secs(seconds) || number < 8 {
        let cycle = Instant::now();
        readers.turn();
        let what = fault(number, &mut cluster, &services).await;
        let broken = cycle.elapsed();
        for service in services {
            goes_on(service, &load).await;
        }
        let gone = cycle.elapsed() - broken;
        readers.turn();
        tokio::time::sleep(CYCLE.saturating_sub(cycle.elapsed())).await;
        let ([p99, idle], size) = (readers.p99(), services.map(|service| memory(service.id())).into_iter().max().unwrap_or_default());
        let [acknowledged, refused, _] = load.counts();
        eprintln!(
            "{:>5} s  {what:<26}  back after {gone:>7.1?}  p99 {p99:>8.1?} (health {idle:>8.1?})  {size:>4} MiB  {acknowledged} writes, {refused} refused",
            began.elapsed().as_secs()
        );
        slowest.push(p99);
        yardstick.push(idle);
        largest.push(size);
        number += 1;
    }
    let answered = readers.end().await;
    let (counts, _) = load.settle(&cluster).await;
    eprintln!("{counts:?} writes acknowledged, refused, unanswered: the ledger is exact; {answered} reads and sign-ins");

    // The first cycles warm up; then the later half is like the earlier one.
    let middle = 2 + (number - 2) / 2;
    let halves = |times: &[Duration]| (median(times[2..middle].to_vec()), median(times[middle..].to_vec()));
    let ((early, late), (before, after)) = (halves(&slowest), halves(&yardstick));
    // A machine that does something else meanwhile is slower at everything.
    let slower = (after.as_secs_f64() / before.as_secs_f64().max(0.001)).max(1.0);
    let bound = early.mul_f64(2.0 * slower) + Duration::from_millis(50);
    assert!(late <= bound, "p99 grows: {early:?}, then {late:?}; of health: {before:?}, then {after:?}");
    let most = |cycles: &[usize]| cycles.iter().copied().max().unwrap_or_default();
    let (early, late) = (most(&largest[2..middle]), most(&largest[middle..]));
    assert!(late <= early + early / 4 + 24, "memory grows: {early} MiB, then {late} MiB");
    assert_eq!(counts[2], 0, "a write was left without an answer");
    for service in [one, other] {
        let (code, said) = service.stop(Signal::SIGTERM);
        assert_eq!(code, Some(0), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}
