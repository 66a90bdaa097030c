//! An upgrade under load: the schema first, then one process after the other. Nobody is refused.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use lectern::ops::sources;
use lectern_kernel::db::migrate::{Options, Part, Script, Source, migrate};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Cluster, NEVER, key, serve_at, sign_in, until_readiness_is};
use crate::serve::Served;

/// The program of the version before; where it is not set, this one stands in for it.
const PREVIOUS: &str = "LECTERN_TEST_PREVIOUS";

/// Who asks, by way of whatever a balancer would send to.
struct Crowd {
    rotation: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    /// By each asker.
    answered: Arc<[AtomicUsize; 6]>,
    tasks: JoinSet<()>,
}

const WRITE: &str = "mutation($t: String!) { createCourse(input: { title: $t }) { id title } }";
const READ: &str = "{ viewer { user { name } permissions } courses(first: 5) { totalCount nodes { title instructor { name } } } }";

impl Crowd {
    fn start(urls: &[&str], token: &str) -> Crowd {
        let rotation = Arc::new(Mutex::new(urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>()));
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::<[AtomicUsize; 6]>::default());
        let mut tasks = JoinSet::new();
        for asker in 0..answered.len() {
            let (rotation, stop, answered, token) = (rotation.clone(), stop.clone(), answered.clone(), token.to_owned());
            tasks.spawn(async move {
                let http = reqwest::Client::builder().pool_max_idle_per_host(0).timeout(NEVER).build().unwrap();
                for round in asker.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let url = {
                        let rotation = rotation.lock().unwrap_or_else(PoisonError::into_inner);
                        rotation[round % rotation.len()].clone()
                    };
                    let body = match asker % 2 {
                        0 => json!({ "query": WRITE, "variables": { "t": format!("{asker} {round}") } }),
                        _ => json!({ "query": READ }),
                    };
                    let answer: Value =
                        http.post(format!("{url}/graphql")).bearer_auth(&token).json(&body).send().await.unwrap().json().await.unwrap();
                    assert!(answer.get("errors").is_none(), "{answer:#}");
                    answered[asker].fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        Crowd { rotation, stop, answered, tasks }
    }

    /// What a balancer does when a process comes, or is about to go: whoever was sent elsewhere before has been answered by the end of this.
    async fn send_to(&self, services: &[&Served]) {
        *self.rotation.lock().unwrap_or_else(PoisonError::into_inner) = services.iter().map(|service| service.url.clone()).collect();
        let before = self.answered();
        self.until(|answered| answered.iter().zip(&before).all(|(now, before)| now > before)).await;
    }

    fn answered(&self) -> Vec<usize> {
        self.answered.iter().map(|answered| answered.load(Ordering::Relaxed)).collect()
    }

    async fn until(&self, is_enough: impl Fn(&[usize]) -> bool) {
        let wait = async {
            while !is_enough(&self.answered()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(NEVER, wait).await.expect("nobody is answered any more");
    }

    /// Until so many more were answered.
    async fn wait(&self, count: usize) {
        let before: usize = self.answered().iter().sum();
        self.until(|answered| answered.iter().sum::<usize>() >= before + count).await;
    }

    async fn end(mut self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("a request failed");
        }
        self.answered().iter().sum()
    }
}

/// The schema of the next version: a table, a column, a constraint, a function that is another, and a policy.
fn next() -> Source {
    let mut source = sources::embedded().unwrap().clone();
    let expand = "ALTER TABLE course ADD COLUMN room text; \
         ALTER TABLE course ADD CONSTRAINT course_room_check CHECK (length(room) BETWEEN 1 AND 9) NOT VALID";
    source.migrations.push((9001, "expand courses".to_owned(), expand.to_owned()));
    source.migrations.push((9002, "validate rooms".to_owned(), "ALTER TABLE course VALIDATE CONSTRAINT course_room_check".to_owned()));
    let policies = source.scripts.iter().position(|script| script.part == Part::Policies).unwrap();
    let function = "CREATE OR REPLACE FUNCTION app.rooms() RETURNS bigint LANGUAGE sql STABLE RETURN 1; GRANT EXECUTE ON FUNCTION app.rooms() TO lectern_app";
    source.scripts.insert(policies, Script::new(Part::Functions, "sql/functions/rooms.sql", function));
    let courses = source.scripts.iter_mut().find(|script| script.file == "sql/functions/courses.sql").unwrap();
    courses.sql.push_str("\n-- All about courses.\n");
    source
}

/// A process of the version before.
fn previous(url: &str, key: &str) -> Served {
    let Some(program) = std::env::var_os(PREVIOUS) else { return serve_at(url, key, &["--pool-size", "4"]) };
    let mut command = std::process::Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "off", "--pool-size", "4"]);
    command.env("DATABASE_URL", url).env("LECTERN_SIGNING_KEY", key);
    command.env("LECTERN_SECRET_KEYS", "c2VhbHMgd2hhdCB0aGUgdGVzdHMga2VlcCBzZWNyZXQ=");
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    Served::start(command)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_under_load_fails_no_request() {
    let cluster = Cluster::start().await;
    let (url, key) = (cluster.url("lectern_app"), key());
    let old = [previous(&url, &key), previous(&url, &key)];
    let crowd = Crowd::start(&[&old[0].url, &old[1].url], &sign_in(&old[0]).await);
    crowd.wait(60).await;

    // The schema of the next version, while the one before serves; and what restarts meanwhile is the one before.
    let report = migrate(&cluster.url("postgres"), &next(), Options::default()).await.unwrap();
    assert_eq!(report.applied, 2);
    crowd.wait(60).await;

    // One process after the other.
    let mut running: Vec<Served> = Vec::from(old);
    for _ in 0..2 {
        let new = serve_at(&url, &key, &["--pool-size", "4"]);
        until_readiness_is(&new, 200).await;
        let gone = running.remove(0);
        running.push(new);
        crowd.send_to(&running.iter().collect::<Vec<_>>()).await;
        let (code, said) = tokio::task::spawn_blocking(move || gone.stop(Signal::SIGTERM)).await.unwrap();
        assert_eq!(code, Some(0), "{said}");
        crowd.wait(60).await;
    }
    let answered = crowd.end().await;
    assert!(answered >= 240, "{answered}");
    for service in running {
        assert_eq!(service.stop(Signal::SIGTERM).0, Some(0));
    }
}
