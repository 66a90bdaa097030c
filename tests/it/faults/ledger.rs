//! Writers who remember what they were answered, so that it can be compared with the database.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Cluster, NEVER};

/// The result of a write, as far as its writer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Acknowledged,
    /// Answered, but not that it was done. Where the connection to the database broke at the commit, it may have been.
    Refused,
    /// No answer at all.
    Unanswered,
}

#[derive(Default)]
struct Ledger {
    entries: Mutex<BTreeMap<String, Outcome>>,
    /// When the latest write that was acknowledged had been sent.
    sent: Mutex<Option<Instant>>,
    stop: AtomicBool,
    number: AtomicU32,
}

/// Writers at work, against one replica or several.
pub struct Load {
    ledger: Arc<Ledger>,
    writers: JoinSet<()>,
}

const WRITE: &str = "mutation($t: String!) { createCourse(input: { title: $t }) { id } }";
/// The only sentences in which a fault may be told.
const SENTENCES: [&str; 2] =
    ["The service can't answer right now. Try again in a moment.", "The service has too much to do right now. Try again in a moment."];

impl Load {
    /// Writers without pauses.
    pub fn start(urls: &[&str], token: &str, writers: usize) -> Load {
        Load::paced(urls, token, writers, Duration::ZERO)
    }

    /// Writers who pause after each write.
    pub fn paced(urls: &[&str], token: &str, writers: usize, pause: Duration) -> Load {
        let ledger = Arc::new(Ledger::default());
        let mut tasks = JoinSet::new();
        for writer in 0..writers {
            let (ledger, url, token) = (ledger.clone(), urls[writer % urls.len()].to_owned(), token.to_owned());
            tasks.spawn(async move {
                // A connection for each request: none is reused just when the service closes it.
                let http = reqwest::Client::builder().pool_max_idle_per_host(0).timeout(NEVER).build().unwrap();
                while !ledger.stop.load(Ordering::Relaxed) {
                    let title = format!("write {}", ledger.number.fetch_add(1, Ordering::Relaxed));
                    let sent = Instant::now();
                    let outcome = write(&http, &url, &token, &title).await;
                    lock(&ledger.entries).insert(title, outcome);
                    match outcome {
                        Outcome::Acknowledged => {
                            let mut latest = lock(&ledger.sent);
                            *latest = latest.max(Some(sent));
                        }
                        // A client that is refused waits a moment.
                        _ => tokio::time::sleep(Duration::from_millis(20)).await,
                    }
                    tokio::time::sleep(pause).await;
                }
            });
        }
        Load { ledger, writers: tasks }
    }

    /// Waits until something that was sent after `since` is acknowledged.
    pub async fn until_acknowledged_since(&self, since: Instant) {
        let began = Instant::now();
        while lock(&self.ledger.sent).is_none_or(|sent| sent < since) {
            assert!(began.elapsed() < NEVER, "nothing is acknowledged any more: {:?}", self.counts());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// So many writes are acknowledged from now on.
    pub async fn until_acknowledged(&self, count: usize) {
        let (began, before) = (Instant::now(), self.counts()[0]);
        while self.counts()[0] < before + count {
            assert!(began.elapsed() < NEVER, "too slow: {:?}", self.counts());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Acknowledged, refused, unanswered.
    pub fn counts(&self) -> [usize; 3] {
        let entries = lock(&self.ledger.entries);
        [Outcome::Acknowledged, Outcome::Refused, Outcome::Unanswered]
            .map(|wanted| entries.values().filter(|outcome| **outcome == wanted).count())
    }

    /// Lets the writers finish what they have begun, and holds what they know against what is there. Answers how many
    /// writes of each outcome there were, and how many of those without an answer were done nevertheless.
    pub async fn settle(mut self, cluster: &Cluster) -> ([usize; 3], usize) {
        self.ledger.stop.store(true, Ordering::Relaxed);
        while let Some(writer) = self.writers.join_next().await {
            writer.unwrap();
        }
        let superuser = cluster.superuser("lectern").await;
        let rows = superuser.query("SELECT title, count(*) FROM course WHERE title LIKE 'write %' GROUP BY title", &[]).await.unwrap();
        let there: BTreeMap<String, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let entries = lock(&self.ledger.entries).clone();
        for (title, count) in &there {
            assert_eq!(*count, 1, "{title} is there more than once");
            assert!(entries.contains_key(title), "{title} was never sent");
        }
        let mut unanswered_but_done = 0;
        for (title, outcome) in &entries {
            match outcome {
                Outcome::Acknowledged => assert!(there.contains_key(title), "{title} was acknowledged and is lost"),
                Outcome::Unanswered if there.contains_key(title) => unanswered_but_done += 1,
                _ => {}
            }
        }
        // And the audit log agrees.
        let audited = "SELECT count(*) FROM audit_entry WHERE operation = 'createCourse' AND outcome = 'CHANGED'";
        assert_eq!(superuser.query_one(audited, &[]).await.unwrap().get::<_, i64>(0), there.len() as i64);
        (self.counts(), unanswered_but_done)
    }
}

async fn write(http: &reqwest::Client, url: &str, token: &str, title: &str) -> Outcome {
    let body = json!({ "query": WRITE, "variables": { "t": title } });
    let sent = http.post(format!("{url}/graphql")).bearer_auth(token).json(&body).send().await;
    let Ok(response) = sent else { return Outcome::Unanswered };
    let Ok(text) = response.text().await else { return Outcome::Unanswered };
    let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"));
    if answer["data"]["createCourse"]["id"].is_string() && answer.get("errors").is_none() {
        return Outcome::Acknowledged;
    }
    let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("neither done nor refused: {answer}"));
    assert!(answer["data"].is_null(), "{answer}");
    for error in errors {
        assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{answer}");
        assert!(SENTENCES.contains(&error["message"].as_str().unwrap()), "{answer}");
    }
    Outcome::Refused
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
