//! The connections of the service's own role. The pool is handed to the edge alone: it opens one [`super::Tx`] a request.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use deadpool::managed::{self, PoolError, Timeouts};
use deadpool_postgres::Runtime;
use futures_util::future::join_all;
use metrics::gauge;
use tokio::sync::Notify;
use tokio_postgres_rustls::MakeRustlsConnect;
use uuid::Uuid;

use super::{
    DbError,
    positions::{Position, Positions},
    servers::{Primary, Servers},
    shards::Shards,
};
use crate::seen::{at_each_look, meters};

/// A connection of the pool, until it is dropped.
pub(super) type Held = managed::Object<Primary>;

/// What stands between the service and PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pooler {
    /// Nothing, or something that gives each connection a server connection of its own: time limits are set when it connects.
    #[default]
    None,
    /// A pooler that gives a server connection for one transaction (pgbouncer, PgDog): time limits are set in each.
    Transaction,
}

/// How the pool behaves.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Connections at most.
    pub size: usize,
    /// How long a request waits for one before it is answered `UNAVAILABLE`.
    pub wait: Duration,
    /// How long one statement may run in the database.
    pub statement_timeout: Duration,
    /// What stands in between.
    pub pooler: Pooler,
}

impl Default for PoolOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        PoolOptions {
            size: (cores * 8).clamp(8, 64),
            wait: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(20),
            pooler: Pooler::None,
        }
    }
}

/// Connections of one role to one database.
#[derive(Clone)]
pub struct Pool {
    inner: managed::Pool<Primary>,
    servers: Arc<Servers>,
    /// Set at the beginning of each transaction; empty where the connections have it.
    time_limits: Arc<str>,
    /// The databases that schools are spread over, where PgDog stands in front of several.
    shards: Option<Arc<Shards>>,
    /// On the shard of which school a transaction of no school is opened; the nil UUID for the first shard's own.
    place: Uuid,
    /// How long one statement may run, in milliseconds.
    time_limit: u64,
    /// Rung where a transaction has committed that asked for jobs.
    bell: Arc<Notify>,
    /// Where it is kept how far people have written; where there are standbys that they read from.
    positions: Option<Arc<Positions>>,
    /// How far a standby must have come before it is read from.
    required: Position,
}

impl Pool {
    /// A pool that connects when it is first asked.
    pub fn new(url: &str, options: &PoolOptions) -> anyhow::Result<Self> {
        let timeout = options.statement_timeout.as_millis();
        let time_limits = match options.pooler {
            Pooler::None => String::new(),
            Pooler::Transaction => {
                format!("; SET LOCAL statement_timeout = {timeout}; SET LOCAL idle_in_transaction_session_timeout = {timeout}")
            }
        };
        let servers = Servers::of(url, |config| {
            config.application_name("lectern").connect_timeout(Duration::from_secs(5));
            if options.pooler == Pooler::None {
                // The URL's own options stay.
                let given = config.get_options().unwrap_or_default().to_owned();
                config.options(format!("{given} -c statement_timeout={timeout} -c idle_in_transaction_session_timeout={timeout}"));
            }
        })?;
        let create = Some(servers.patience());
        // The connection that was used last knows the most statements: a quiet service keeps one warm instead of planning everything on each in turn.
        let inner = managed::Pool::builder(Primary(servers.clone()))
            .max_size(options.size)
            .queue_mode(managed::QueueMode::Lifo)
            .timeouts(Timeouts { wait: Some(options.wait), create, recycle: Some(Duration::from_secs(5)) })
            .runtime(Runtime::Tokio1)
            .build()
            .context("the connection pool can't be built")?;
        Ok(Pool {
            inner,
            servers,
            time_limits: time_limits.into(),
            shards: None,
            place: Uuid::nil(),
            time_limit: u64::try_from(timeout).unwrap_or(u64::MAX),
            bell: Arc::default(),
            positions: None,
            required: Position::default(),
        })
    }

    /// The same, through PgDog, to schools that are spread over these databases: every transaction is pinned to the shard of one school.
    #[must_use]
    pub fn sharded(self, shards: Arc<Shards>) -> Self {
        Pool { shards: Some(shards), ..self }
    }

    /// The databases that schools are spread over; none where there is one.
    pub fn shards(&self) -> Option<&Arc<Shards>> {
        self.shards.as_ref()
    }

    /// The same, for transactions of no school that are opened where this school lies.
    #[must_use]
    pub fn at(&self, school: Uuid) -> Self {
        Pool { place: school, ..self.clone() }
    }

    /// The same, where the school lies that somebody has typed the slug of; the first shard where there is none.
    ///
    /// # Errors
    /// When a shard can't be asked that may have it.
    pub async fn at_school_named(&self, typed: &str) -> Result<Self, DbError> {
        match &self.shards {
            None => Ok(self.clone()),
            Some(shards) => Ok(self.at(shards.school_named(typed).await?)),
        }
    }

    pub(super) fn place(&self) -> Uuid {
        self.place
    }

    pub(super) fn time_limit(&self) -> u64 {
        self.time_limit
    }

    pub(super) async fn connection(&self) -> Result<Held, DbError> {
        let began = meters().map(|meters| (meters, Instant::now()));
        let held = self.inner.get().await;
        if let Some((meters, began)) = began {
            meters.connected(began.elapsed(), held.is_ok());
        }
        held.map_err(|error| {
            let reason = match error {
                PoolError::Backend(error) => error.for_operator().to_owned(),
                PoolError::Timeout(what) => format!("it took too long ({what:?})"),
                PoolError::Closed => "the pool is closed".to_owned(),
                PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => "the pool can't make one".to_owned(),
            };
            DbError::unreachable(format!("no database connection: {reason}"))
        })
    }

    /// The same, ringing the bell of another: whoever waits for jobs there hears of those that are asked for here.
    #[must_use]
    pub fn ringing(self, other: &Pool) -> Self {
        Pool { bell: other.bell.clone(), ..self }
    }

    /// Rings the bells of these as well, for as long as anybody holds this one's connections.
    pub fn echo(&self, others: Vec<Pool>) {
        let bell = self.bell.clone();
        tokio::spawn(async move {
            while Arc::strong_count(&bell) > 1 {
                bell.notified().await;
                others.iter().for_each(|other| other.bell.notify_one());
            }
        });
    }

    pub(crate) fn bell(&self) -> &Arc<Notify> {
        &self.bell
    }

    pub(super) fn tls(&self) -> Option<MakeRustlsConnect> {
        self.servers.tls()
    }

    /// Where it connects to.
    pub(super) fn servers(&self) -> &Servers {
        &self.servers
    }

    /// The same, keeping in mind how far people have written.
    #[must_use]
    pub(super) fn noting(self, positions: Arc<Positions>) -> Self {
        Pool { positions: Some(positions), ..self }
    }

    /// A connection of its own to the same servers, for what may not wait for those of requests.
    #[must_use]
    pub(super) fn apart(&self) -> Self {
        let one = managed::Pool::builder(Primary(self.servers.clone())).max_size(1).runtime(Runtime::Tokio1).build();
        Pool { inner: one.unwrap_or_else(|_without_runtime| self.inner.clone()), ..self.clone() }
    }

    pub(super) fn positions(&self) -> Option<&Arc<Positions>> {
        self.positions.as_ref()
    }

    /// The same connections to a standby, for transactions that are opened only where it has come so far.
    #[must_use]
    pub(super) fn requiring(&self, required: Position) -> Self {
        Pool { required, ..self.clone() }
    }

    pub(super) fn required(&self) -> Position {
        self.required
    }

    /// Connections at most.
    pub fn max_size(&self) -> usize {
        self.inner.status().max_size
    }

    pub(super) fn time_limits(&self) -> &str {
        &self.time_limits
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.connection().await?.batch_execute("").await.map_err(DbError::from)
    }

    /// The schema version that the database stands at. Where schools are spread over several, that of one which answers: another that does not
    /// keeps its own schools waiting alone.
    pub async fn schema_version(&self) -> Result<String, DbError> {
        let Some(shards) = &self.shards else { return self.own_schema_version().await };
        drop(self.connection().await?); // PgDog is there
        let mut failure = DbError::unreachable("there is no shard");
        for answered in join_all(shards.pools().iter().map(Pool::own_schema_version)).await {
            match answered {
                Ok(version) => return Ok(version),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    async fn own_schema_version(&self) -> Result<String, DbError> {
        let row = self.connection().await?.query_one("SELECT app.schema_fingerprint()", &[]).await?;
        Ok(row.try_get(0)?)
    }

    /// Connections in use and in all.
    pub fn usage(&self) -> (usize, usize) {
        let status = self.inner.status();
        (status.size - status.available.min(status.size), status.size)
    }

    /// Shows, at each look from now on, how many connections there are, and how many wait for one.
    pub fn show(&self, name: &'static str) {
        let inner = self.inner.clone();
        at_each_look(move || {
            let status = inner.status();
            let idle = status.available.min(status.size);
            gauge!("lectern_pool_connections_limit", "pool" => name).set(status.max_size as f64);
            gauge!("lectern_pool_connections", "pool" => name, "state" => "used").set((status.size - idle) as f64);
            gauge!("lectern_pool_connections", "pool" => name, "state" => "idle").set(idle as f64);
            gauge!("lectern_pool_waiting", "pool" => name).set(status.waiting as f64);
        });
    }

    /// Closes every idle connection and lets no new one open.
    pub fn close(&self) {
        self.inner.close();
    }
}

/// TLS as the system trusts it; used where the URL asks for it (`sslmode=require`) or the server offers it.
pub(super) fn tls() -> anyhow::Result<MakeRustlsConnect> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
