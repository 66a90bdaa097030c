//! The servers that a URL names. Where it names one, that is the database, whatever it is. Where it names several, they are a primary and its
//! standbys, and which of them is the primary is asked at each connection: a promotion is found without anybody's help.
//!
//! Two servers may both say that they are the primary: one that was lost and came back after another had been promoted. Each promotion begins a
//! timeline of a higher number, so the higher one is right. Connections to a server of a lower timeline than any that was ever seen are not made,
//! and those that there are serve nobody any more.

use std::{
    collections::HashMap,
    ops::Deref,
    str::FromStr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use deadpool_postgres::{ClientWrapper, Manager, ManagerConfig, RecyclingMethod};
use futures_util::future::join_all;
use tokio_postgres::{
    NoTls, SimpleQueryMessage,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{DbError, pool::tls};

/// How long one of several servers may take to say what it is.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long it is believed, while connections are in use, that no other server has been promoted.
const BELIEVED: Duration = Duration::from_secs(3);
/// How long a machine that is gone without a word may leave a message unanswered, where there is another to turn to.
const UNANSWERED: Duration = Duration::from_secs(6);

/// The timeline of a primary, eight hexadecimal digits; null where nothing can be written.
pub(super) const TIMELINE: &str = "SELECT CASE WHEN pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' THEN NULL \
     ELSE left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END";

/// One URL for each server that a URL names (`postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE`).
pub fn each_server(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let (authority, place) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (credentials, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    hosts.split(',').map(|host| format!("{scheme}://{credentials}{host}{place}")).collect()
}

/// A connection, and the timeline of its server; 0 where the URL names no other.
pub struct Connection {
    client: ClientWrapper,
    timeline: u32,
}

impl Deref for Connection {
    type Target = ClientWrapper;
    fn deref(&self) -> &ClientWrapper {
        &self.client
    }
}

/// Makes connections to the primary.
pub(super) struct Servers {
    each: Vec<Server>,
    tls: Option<MakeRustlsConnect>,
    /// Which was the primary when it was last looked for.
    last: AtomicUsize,
    /// The highest timeline of a primary that this process has seen of these servers.
    timeline: Arc<AtomicU32>,
    began: Instant,
    /// When all were last asked, in milliseconds since then.
    looked: AtomicU64,
}

struct Server {
    config: tokio_postgres::Config,
    manager: Manager,
}

impl Servers {
    /// What the URL names; each server's configuration is completed by `complete`.
    pub(super) fn of(url: &str, complete: impl Fn(&mut tokio_postgres::Config)) -> anyhow::Result<Arc<Servers>> {
        let urls = each_server(url);
        let is_alone = urls.len() == 1;
        let mut configs = Vec::with_capacity(urls.len());
        for url in &urls {
            let mut config = tokio_postgres::Config::from_str(url)
                .ok()
                .filter(|config| is_alone || !config.get_hosts().is_empty())
                .context("the database URL can't be read: postgres://USER:PASSWORD@HOST:PORT/DATABASE is expected")?;
            complete(&mut config);
            if !is_alone {
                config.connect_timeout(PATIENCE).tcp_user_timeout(UNANSWERED).keepalives_idle(UNANSWERED / 2);
                config.keepalives_interval(Duration::from_secs(1)).keepalives_retries(3);
            }
            configs.push(config);
        }
        // A Unix socket has no host name that a certificate could be checked against.
        let is_local = |config: &tokio_postgres::Config| config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
        let needs_tls = configs.iter().any(|config| !is_local(config) && config.get_ssl_mode() != SslMode::Disable);
        let tls = needs_tls.then(tls).transpose()?;
        let timeline = if is_alone { Arc::default() } else { seen(&configs) };
        let each = configs.into_iter().map(|config| {
            let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
            let manager = match &tls {
                Some(tls) if !is_local(&config) => Manager::from_config(config.clone(), tls.clone(), recycling),
                _ => Manager::from_config(config.clone(), NoTls, recycling),
            };
            Server { config, manager }
        });
        let each = each.collect();
        Ok(Arc::new(Servers { each, tls, last: AtomicUsize::new(0), timeline, began: Instant::now(), looked: AtomicU64::new(0) }))
    }

    pub(super) fn tls(&self) -> Option<MakeRustlsConnect> {
        self.tls.clone()
    }

    /// Whether there is another server to turn to.
    fn are_several(&self) -> bool {
        self.each.len() > 1
    }

    /// How long connecting may take at most: the last primary is asked, then all at once.
    pub(super) fn patience(&self) -> Duration {
        if self.are_several() { PATIENCE * 2 + Duration::from_secs(2) } else { Duration::from_secs(5) }
    }

    /// How to connect to the primary, and its timeline, for who keeps a connection of their own.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn primary(&self) -> Result<(&tokio_postgres::Config, u32), DbError> {
        if !self.are_several() {
            return Ok((&self.each[0].config, 0));
        }
        let timeline = self.connect().await?.timeline;
        Ok((&self.each[self.last.load(Ordering::Relaxed)].config, timeline))
    }

    /// Whether no server of a higher timeline is known.
    pub(super) fn is_current(&self, timeline: u32) -> bool {
        timeline >= self.timeline.load(Ordering::Acquire)
    }

    async fn connect(&self) -> Result<Connection, DbError> {
        if !self.are_several() {
            let client = managed::Manager::create(&self.each[0].manager).await?;
            return Ok(Connection { client, timeline: 0 });
        }
        let last = self.last.load(Ordering::Relaxed);
        if !self.is_time_to_look()
            && let Ok(connection) = self.ask(last).await
            && self.is_current(connection.timeline)
        {
            return Ok(connection);
        }
        self.look().await
    }

    /// Asks all of them, and connects to the primary of the highest timeline.
    async fn look(&self) -> Result<Connection, DbError> {
        let asked = join_all((0..self.each.len()).map(|at| self.ask(at))).await;
        self.looked.store(self.now(), Ordering::Relaxed);
        let mut found: Option<(usize, Connection)> = None;
        let mut reasons = Vec::new();
        for (at, answered) in asked.into_iter().enumerate() {
            match answered {
                Ok(connection) if found.as_ref().is_none_or(|(_, best)| connection.timeline > best.timeline) => {
                    found = Some((at, connection));
                }
                Ok(_) => {}
                Err(error) => reasons.push(format!("server {}: {}", at + 1, error.for_operator())),
            }
        }
        let Some((at, connection)) = found else {
            return Err(DbError::unreachable(format!("none of the servers is a primary: {}", reasons.join("; "))));
        };
        let before = self.timeline.fetch_max(connection.timeline, Ordering::AcqRel);
        if connection.timeline < before {
            let Connection { timeline, .. } = connection;
            return Err(DbError::unreachable(format!(
                "server {} says that it is the primary, but one was promoted after it (timeline {timeline}, {before} was seen)",
                at + 1
            )));
        }
        let was = self.last.swap(at, Ordering::Relaxed);
        if was != at || connection.timeline > before {
            tracing::info!(server = at + 1, timeline = connection.timeline, "the primary was found");
        }
        Ok(connection)
    }

    /// Connects to one, if it is a primary.
    async fn ask(&self, at: usize) -> Result<Connection, DbError> {
        let manager = &self.each[at].manager;
        let asked = tokio::time::timeout(PATIENCE, async {
            let client = managed::Manager::create(manager).await?;
            let answer = client.simple_query(TIMELINE).await?;
            let timeline = answer.iter().find_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0).map(|digits| u32::from_str_radix(digits, 16)),
                _ => None,
            });
            match timeline {
                Some(Ok(timeline)) => Ok(Connection { client, timeline }),
                _ => Err(DbError::unreachable("it is a standby")),
            }
        });
        asked.await.unwrap_or_else(|_elapsed| Err(DbError::unreachable("it did not answer in time")))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn is_time_to_look(&self) -> bool {
        let looked = self.looked.load(Ordering::Relaxed);
        looked == 0 || self.now().saturating_sub(looked) >= u64::try_from(BELIEVED.as_millis()).unwrap_or(u64::MAX)
    }
}

impl managed::Manager for Primary {
    type Type = Connection;
    type Error = DbError;

    async fn create(&self) -> Result<Connection, DbError> {
        self.0.connect().await
    }

    async fn recycle(&self, connection: &mut Connection, metrics: &Metrics) -> RecycleResult<DbError> {
        let servers = &self.0;
        if servers.are_several() {
            if !servers.is_current(connection.timeline) {
                return Err(RecycleError::message("another server was promoted"));
            }
            // Who is served over connections that last would not notice that another server was promoted.
            if servers.is_time_to_look() {
                servers.looked.store(servers.now().max(1), Ordering::Relaxed);
                let servers = servers.clone();
                tokio::spawn(async move {
                    if let Err(error) = servers.look().await {
                        tracing::warn!(reason = error.for_operator(), "the primary was looked for");
                    }
                });
            }
        }
        let recycled = managed::Manager::recycle(&servers.each[0].manager, &mut connection.client, metrics).await;
        recycled.map_err(|error| match error {
            RecycleError::Message(text) => RecycleError::Message(text),
            RecycleError::Backend(error) => RecycleError::Backend(error.into()),
        })
    }

    fn detach(&self, connection: &mut Connection) {
        // A cache that another manager knows is simply not found here.
        for server in &self.0.each {
            managed::Manager::detach(&server.manager, &mut connection.client);
        }
    }
}

/// What a pool makes its connections with.
pub(super) struct Primary(pub(super) Arc<Servers>);

/// The highest timeline that this process has seen of these servers, whichever role it connects as.
fn seen(configs: &[tokio_postgres::Config]) -> Arc<AtomicU32> {
    static SEEN: Mutex<Option<HashMap<String, Arc<AtomicU32>>>> = Mutex::new(None);
    let mut names: Vec<String> = configs.iter().map(|config| format!("{:?} {:?}", config.get_hosts(), config.get_ports())).collect();
    names.sort();
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.get_or_insert_default().entry(names.join(", ")).or_default().clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_one_server_or_several() {
        let one = "postgres://lectern_app:secret@db.example:5432/lectern?sslmode=require";
        assert_eq!(each_server(one), [one]);
        assert_eq!(
            each_server("postgres://lectern_app:s%2Cecret@a.example:5432,b.example:5433,[::1]/lectern?sslmode=require"),
            [
                "postgres://lectern_app:s%2Cecret@a.example:5432/lectern?sslmode=require",
                "postgres://lectern_app:s%2Cecret@b.example:5433/lectern?sslmode=require",
                "postgres://lectern_app:s%2Cecret@[::1]/lectern?sslmode=require",
            ]
        );
        assert_eq!(each_server("postgres://me@%2Frun%2Fa,%2Frun%2Fb"), ["postgres://me@%2Frun%2Fa", "postgres://me@%2Frun%2Fb"]);
        assert_eq!(each_server("host=a,b user=me"), ["host=a,b user=me"]);
    }

    #[test]
    fn a_timeline_that_was_seen_as_one_role_is_known_as_another() {
        let servers = |role: &str| Servers::of(&format!("postgres://{role}@%2Fone,%2Ftwo/lectern"), |_| {}).unwrap();
        let (app, desk) = (servers("lectern_app"), servers("lectern_desk"));
        app.timeline.fetch_max(3, Ordering::AcqRel);
        assert!(!desk.is_current(2) && desk.is_current(3));
        assert!(Servers::of("postgres://lectern_app@%2Fone,%2Fthree/lectern", |_| {}).unwrap().is_current(1));
    }
}
