//! Queries that are read from standbys: whoever has written reads it, whatever the standby does.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Cluster, NEVER, key, serve_at, sign_in};
use crate::{
    app::{Folder, PASSWORD},
    ops,
    serve::Served,
};

/// How often somebody reads back what they wrote; 2,400 times by default.
const TRIES: &str = "LECTERN_STALE_TRIES";
const POSITION: &str = "x-lectern-position";

/// Two services that read from one standby, which shows everything a little later.
struct Pair {
    primary: Cluster,
    standby: Cluster,
    services: [Served; 2],
    token: String,
    http: reqwest::Client,
}

impl Pair {
    async fn start(delay: &str) -> Pair {
        let mut primary = Cluster::start().await;
        let standby = primary.standby(false, &[("recovery_min_apply_delay", delay)]).await;
        let (url, replica, key) = (primary.url("lectern_app"), standby.url("lectern_app"), key());
        let services = [0, 1].map(|_| {
            serve_at(
                &url,
                &key,
                &["--pool-size", "4", "--replica-url", &replica, "--rate-cost", "0", "--request-timeout", "10", "--statement-timeout", "4"],
            )
        });
        let token = sign_in(&services[0]).await;
        let http = reqwest::Client::builder().timeout(NEVER).build().unwrap();
        let pair = Pair { primary, standby, services, token, http };
        pair.until_read().await;
        pair
    }

    /// Waits until both services read from the standby.
    async fn until_read(&self) {
        let began = Instant::now();
        for service in &self.services {
            let before = self.read_of_standby().await;
            while self.read_of_standby().await < before + 5 {
                assert!(began.elapsed() < NEVER, "nothing is read from the standby");
                self.ask(service, "{ viewer { user { name } } }", json!({}), None).await;
            }
        }
    }

    /// Whether the standby passes with `lectern doctor`, where it may be so many milliseconds behind, and what is said of it.
    fn doctor(&self, lag: &str) -> (bool, String) {
        let folder = Folder::new("doctor");
        let mut command = ops::lectern(&["doctor", "--json", "--listen", "127.0.0.1:9", "--pool-size", "4", "--replica-lag", lag]);
        command.env("DATABASE_URL", self.primary.url("lectern_app")).env("LECTERN_REPLICA_URL", self.standby.url("lectern_app"));
        command.env("LECTERN_SIGNING_KEY", key()).env("LECTERN_DATA_DIR", &folder.0);
        let report: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        let check = report["checks"].as_array().unwrap().iter().find(|check| check["group"] == "standbys").unwrap();
        (check["passed"] == true, check["detail"].as_str().unwrap().to_owned())
    }

    /// How many people the standby was asked for: each query begins with that.
    async fn read_of_standby(&self) -> i64 {
        let superuser = self.standby.superuser("lectern").await;
        let asked = "SELECT (seq_scan + coalesce(idx_scan, 0))::bigint FROM pg_stat_user_tables WHERE relname = 'access_version'";
        superuser.query_one(asked, &[]).await.unwrap().get(0)
    }

    async fn ask(&self, service: &Served, query: &str, variables: Value, position: Option<&str>) -> (Value, HeaderMap) {
        ask(&self.http, &service.url, &self.token, query, variables, position).await
    }
}

async fn ask(http: &reqwest::Client, url: &str, token: &str, query: &str, variables: Value, position: Option<&str>) -> (Value, HeaderMap) {
    let mut request = http.post(format!("{url}/graphql")).json(&json!({ "query": query, "variables": variables }));
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    if let Some(position) = position {
        request = request.header(POSITION, position);
    }
    let response = request.send().await.unwrap();
    let headers = response.headers().clone();
    let answer: Value = response.json().await.unwrap();
    assert!(answer.get("errors").is_none(), "{answer:#}");
    (answer, headers)
}

/// An access token of somebody.
async fn sign_in_as(http: &reqwest::Client, url: &str, school: &str, who: &str) -> String {
    let input = json!({ "tenant": school, "email": format!("{who}@{school}.example"), "password": PASSWORD });
    let login = "mutation($i: LoginInput!) { login(input: $i) { accessToken } }";
    let (answer, _) = ask(http, url, "", login, json!({ "i": input }), None).await;
    answer["data"]["login"]["accessToken"].as_str().unwrap().to_owned()
}

const WRITE: &str = "mutation($t: String!) { createCourse(input: { title: $t }) { id } }";
const READ: &str = "query($id: ID!) { course(id: $id) { title } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_stale_is_answered_to_whoever_has_written() {
    let tries: usize = std::env::var(TRIES).map_or(2400, |tries| tries.parse().unwrap());
    let pair = Pair::start("40ms").await;
    let urls = [0, 1].map(|at: usize| pair.services[at].url.clone());
    let mut writers = JoinSet::new();
    for (writer, school) in ["oak", "elm"].into_iter().enumerate() {
        let (urls, http) = (urls.clone(), pair.http.clone());
        writers.spawn(async move {
            let mut token = String::new();
            // Two who write, and each of what they write is read six times.
            for round in 0..tries.div_ceil(12) {
                // A token is good for a quarter of an hour.
                if round % 1000 == 0 {
                    token = sign_in_as(&http, &urls[writer], school, "admin").await;
                }
                let title = format!("write {writer} {round}");
                let (here, there) = (&urls[round % 2], &urls[(round + 1) % 2]);
                let (written, headers) = ask(&http, here, &token, WRITE, json!({ "t": title }), None).await;
                let id = written["data"]["createCourse"]["id"].clone();
                // At the same process without a word, at the other one by what the answer said; at once, and as the standby catches up.
                let position = headers[POSITION].to_str().unwrap().to_owned();
                for pause in [0, 20, 40] {
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                    for (url, position) in [(here, None), (there, Some(position.as_str()))] {
                        let (read, _) = ask(&http, url, &token, READ, json!({ "id": id }), position).await;
                        assert_eq!(read["data"]["course"]["title"], title.as_str(), "a stale answer after {pause} ms");
                    }
                }
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
    // And the standby was read from all the while.
    pair.until_read().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_just_signed_in_is_known_although_the_standby_has_not_heard_of_it() {
    let pair = Pair::start("300ms").await;
    for (here, there) in [(0, 1), (1, 0), (0, 1)] {
        let token = sign_in_as(&pair.http, &pair.services[here].url, "oak", "learner").await;
        let (seen, _) = ask(&pair.http, &pair.services[there].url, &token, "{ viewer { user { email } } }", json!({}), None).await;
        assert_eq!(seen["data"]["viewer"]["user"]["email"], "learner@oak.example");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_stands_still_is_left_out_and_taken_back() {
    let pair = Pair::start("0").await;
    let [one, other] = &pair.services;
    let (passed, said) = pair.doctor("60000");
    assert!(passed && said.contains("a standby with room for"), "{said}");
    pair.standby.superuser("postgres").await.batch_execute("SELECT pg_wal_replay_pause()").await.unwrap();
    let (written, _) = pair.ask(one, WRITE, json!({ "t": "Unheard of" }), None).await;
    let id = written["data"]["createCourse"]["id"].clone();
    // At the other process nobody knows that they have written: they may be shown what was there a second ago, and no older.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let (read, _) = pair.ask(other, READ, json!({ "id": id }), None).await;
    assert_eq!(read["data"]["course"]["title"], "Unheard of");
    let (passed, said) = pair.doctor("300");
    assert!(!passed && said.contains("is more than 300 ms behind, so that nothing is read from it: look"), "{said}");
    pair.standby.superuser("postgres").await.batch_execute("SELECT pg_wal_replay_resume()").await.unwrap();
    pair.until_read().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_dies_or_hangs_fails_no_request() {
    let mut pair = Pair::start("0").await;
    let read = async |pair: &Pair, seconds: u64| {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(seconds) {
            for service in &pair.services {
                pair.ask(service, "{ courses(first: 5) { nodes { title } } }", json!({}), None).await;
            }
        }
    };
    let killed = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        pair.standby.signal(Signal::SIGKILL);
    };
    tokio::join!(read(&pair, 3), killed);
    pair.standby.restart().await;
    pair.until_read().await;
    pair.standby.signal(Signal::SIGSTOP);
    let asked = Instant::now();
    read(&pair, 1).await;
    assert!(asked.elapsed() < NEVER, "what was asked of it was asked of the primary");
    pair.standby.signal(Signal::SIGCONT);
    pair.until_read().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_is_promoted_is_no_standby_any_more() {
    let mut pair = Pair::start("0").await;
    pair.standby.promote().await;
    assert!(!pair.doctor("300").0, "nothing is read from it any more");
    for round in 0..20 {
        let title = format!("After {round}");
        let (written, _) = pair.ask(&pair.services[0], WRITE, json!({ "t": title }), None).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let (read, _) = pair.ask(&pair.services[0], READ, json!({ "id": written["data"]["createCourse"]["id"] }), None).await;
        assert_eq!(read["data"]["course"]["title"], title.as_str());
    }
    assert!(pair.primary.superuser("lectern").await.query_one("SELECT count(*) FROM course", &[]).await.unwrap().get::<_, i64>(0) >= 20);
    // Nor is the old primary one of the new, for it has gone on by itself.
    pair.primary.superuser("postgres").await.batch_execute("SELECT pg_switch_wal()").await.unwrap();
    pair.primary.restart_as_standby_of_nobody().await;
    std::mem::swap(&mut pair.primary, &mut pair.standby);
    let (passed, said) = pair.doctor("300");
    assert!(!passed && said.contains("is further than the primary: it follows another history"), "{said}");
}
