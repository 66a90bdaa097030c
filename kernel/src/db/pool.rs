//! The connections of the service's own role. The pool is handed to the edge alone: it opens one [`super::Tx`] a request.

use std::{str::FromStr, sync::Arc, time::Duration};

use anyhow::Context as _;
use deadpool_postgres::{Manager, ManagerConfig, Object, PoolError, RecyclingMethod, Runtime, Timeouts};
use tokio::sync::Notify;
use tokio_postgres::{
    NoTls,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::DbError;

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
    inner: deadpool_postgres::Pool,
    config: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
    /// Set at the beginning of each transaction; empty where the connections have it.
    time_limits: String,
    /// Rung where a transaction has committed that asked for jobs.
    bell: Arc<Notify>,
}

impl Pool {
    /// A pool that connects when it is first asked.
    pub fn new(url: &str, options: &PoolOptions) -> anyhow::Result<Self> {
        let mut config = tokio_postgres::Config::from_str(url)
            .map_err(|_| anyhow::anyhow!("the database URL can't be read: postgres://USER:PASSWORD@HOST:PORT/DATABASE is expected"))?;
        config.application_name("lectern").connect_timeout(Duration::from_secs(5));
        let timeout = options.statement_timeout.as_millis();
        let time_limits = match options.pooler {
            Pooler::None => {
                // The URL's own options stay.
                let given = config.get_options().unwrap_or_default().to_owned();
                config.options(format!("{given} -c statement_timeout={timeout} -c idle_in_transaction_session_timeout={timeout}"));
                String::new()
            }
            Pooler::Transaction => {
                format!("; SET LOCAL statement_timeout = {timeout}; SET LOCAL idle_in_transaction_session_timeout = {timeout}")
            }
        };
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        // A Unix socket has no host name that a certificate could be checked against.
        let is_local = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
        let tls = if is_local || config.get_ssl_mode() == SslMode::Disable { None } else { Some(tls()?) };
        let manager = match &tls {
            Some(tls) => Manager::from_config(config.clone(), tls.clone(), recycling),
            None => Manager::from_config(config.clone(), NoTls, recycling),
        };
        let inner = deadpool_postgres::Pool::builder(manager)
            .max_size(options.size)
            .timeouts(Timeouts { wait: Some(options.wait), create: Some(Duration::from_secs(5)), recycle: Some(Duration::from_secs(5)) })
            .runtime(Runtime::Tokio1)
            .build()
            .context("the connection pool can't be built")?;
        Ok(Pool { inner, config, tls, time_limits, bell: Arc::default() })
    }

    pub(super) async fn connection(&self) -> Result<Object, DbError> {
        self.inner.get().await.map_err(|error| {
            let reason = match error {
                PoolError::Backend(error) => DbError::from(error).for_operator().to_owned(),
                other => other.to_string(),
            };
            DbError::unreachable(format!("no database connection: {reason}"))
        })
    }

    /// The same, ringing the bell of another: whoever waits for jobs there hears of those that are asked for here.
    #[must_use]
    pub fn ringing(self, other: &Pool) -> Self {
        Pool { bell: other.bell.clone(), ..self }
    }

    pub(crate) fn bell(&self) -> &Arc<Notify> {
        &self.bell
    }

    pub(super) fn tls(&self) -> Option<MakeRustlsConnect> {
        self.tls.clone()
    }

    pub(super) fn config(&self) -> &tokio_postgres::Config {
        &self.config
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

    /// The schema version that the database stands at.
    pub async fn schema_version(&self) -> Result<String, DbError> {
        let row = self.connection().await?.query_one("SELECT app.schema_fingerprint()", &[]).await?;
        Ok(row.try_get(0)?)
    }

    /// Connections in use and in all.
    pub fn usage(&self) -> (usize, usize) {
        let status = self.inner.status();
        (status.size - status.available.min(status.size), status.size)
    }

    /// Closes every idle connection and lets no new one open.
    pub fn close(&self) {
        self.inner.close();
    }
}

/// TLS as the system trusts it; used where the URL asks for it (`sslmode=require`) or the server offers it.
fn tls() -> anyhow::Result<MakeRustlsConnect> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
