//! The server of this test process and the template that its databases are copied from.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, anyhow};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

use crate::{
    address::Address,
    database::Database,
    house,
    origin::{self, Origin},
};

/// The first half of the advisory locks that test processes take on a server that they share.
const LOCKS: i32 = 0x4c45_4354;
/// The second half of the lock under which templates are made: roles belong to the whole server.
const PREPARING: i32 = 0;
const PREFIX: &str = "lectern_test_";
/// How many copies are made at once; four took half the time of one after the other on two cores, more gained nothing.
const ADMINS: usize = 4;

/// The server of this test process.
pub struct Server {
    address: Address,
    /// The first one's session also holds the lock that says that this process lives.
    admins: Vec<Arc<Client>>,
    /// What the names of this process's databases begin with.
    prefix: String,
    /// The database that all others are copied from, or why there is none: every test then fails with the same words.
    template: OnceCell<Result<String, String>>,
    copies: AtomicUsize,
    _origin: Origin,
}

/// The server of this test process, started at first use.
///
/// # Panics
/// When there is no server to be had; the message says what was tried.
pub async fn server() -> &'static Server {
    static SERVER: OnceCell<Server> = OnceCell::const_new();
    let started = SERVER.get_or_try_init(|| async { house().spawn(Server::start()).await.context("starting the test server")? });
    match started.await {
        Ok(server) => server,
        Err(error) => panic!("{error:#}"),
    }
}

impl Server {
    async fn start() -> Result<Server> {
        let (origin, address) = origin::find().await?;
        let admin = connect(&address.superuser_url("postgres")).await?;
        // Never the number of PREPARING.
        let run = (RandomState::new().hash_one(std::process::id()) as u32) | 1;
        admin.execute("SELECT pg_advisory_lock($1, $2)", &[&LOCKS, &run.cast_signed()]).await?;
        sweep(&admin).await.context("removing the databases of dead test processes")?;
        let mut admins = vec![Arc::new(admin)];
        while admins.len() < ADMINS {
            admins.push(Arc::new(connect(&address.superuser_url("postgres")).await?));
        }
        Ok(Server {
            address,
            admins,
            prefix: format!("{PREFIX}{run:08x}_"),
            template: OnceCell::new(),
            copies: AtomicUsize::new(0),
            _origin: origin,
        })
    }

    /// The URL of `database` for the superuser.
    pub fn superuser_url(&self, database: &str) -> String {
        self.address.superuser_url(database)
    }

    /// The URL of `database` for `role`.
    pub fn url(&self, role: &str, database: &str) -> String {
        self.address.url(role, database)
    }

    /// A database for one test, copied from a template.
    ///
    /// The first call of the process makes the template: an empty database whose superuser's URL is given to `prepare`.
    /// Later calls copy it and drop their `prepare` unused.
    ///
    /// # Panics
    /// When the template cannot be made or copied.
    pub async fn database<F, Fut>(&self, prepare: F) -> Database
    where
        F: FnOnce(String) -> Fut,
        Fut: Future<Output = Result<()>>,
    {
        match self.copy(prepare).await {
            Ok(database) => database,
            Err(error) => panic!("no database for this test: {error:#}"),
        }
    }

    async fn copy<F, Fut>(&self, prepare: F) -> Result<Database>
    where
        F: FnOnce(String) -> Fut,
        Fut: Future<Output = Result<()>>,
    {
        let made = self.template.get_or_init(|| async { self.make_template(prepare).await.map_err(|error| format!("{error:#}")) });
        let template = made.await.as_ref().map_err(|reason| anyhow!("its template failed: {reason}"))?;
        let number = self.copies.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}{number}", self.prefix);
        let admin = &self.admins[number % self.admins.len()];
        let sql = format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY"#);
        admin.batch_execute(&sql).await.context("copying the template")?;
        Ok(Database::new(name, self.address.clone(), Arc::clone(admin)))
    }

    async fn make_template<F, Fut>(&self, prepare: F) -> Result<String>
    where
        F: FnOnce(String) -> Fut,
        Fut: Future<Output = Result<()>>,
    {
        // A session of its own: should this test be cancelled, the lock goes with the session.
        let guard = connect(&self.superuser_url("postgres")).await?;
        guard.execute("SELECT pg_advisory_lock($1, $2)", &[&LOCKS, &PREPARING]).await?;
        let name = format!("{}template", self.prefix);
        let admin = &self.admins[0];
        // What a cancelled first test may have left.
        admin.batch_execute(&format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#)).await?;
        admin.batch_execute(&format!(r#"CREATE DATABASE "{name}" TEMPLATE template0"#)).await?;
        prepare(self.superuser_url(&name)).await?;
        // A copy needs its template to itself: nobody new comes in, and whoever `prepare` left behind is put out.
        admin.batch_execute(&format!(r#"ALTER DATABASE "{name}" ALLOW_CONNECTIONS false"#)).await?;
        let out = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1";
        admin.execute(out, &[&name]).await?;
        Ok(name)
    }
}

/// Connects, with the connection's work done on this crate's own runtime.
async fn connect(url: &str) -> Result<Client> {
    let url = url.to_owned();
    house()
        .spawn(async move {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.context("reaching the test server")?;
            tokio::spawn(connection);
            Ok(client)
        })
        .await?
}

/// Drops the databases of test processes that are gone: a living one holds the lock of its number.
async fn sweep(admin: &Client) -> Result<()> {
    let list = "SELECT datname::text FROM pg_database WHERE datname ~ '^lectern_test_[0-9a-f]{8}_'";
    for row in admin.query(list, &[]).await? {
        let name: &str = row.try_get(0)?;
        let run = u32::from_str_radix(&name[PREFIX.len()..PREFIX.len() + 8], 16)?.cast_signed();
        let dead = admin.query_one("SELECT pg_try_advisory_lock($1, $2)", &[&LOCKS, &run]).await?.try_get(0)?;
        if dead {
            admin.batch_execute(&format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#)).await?;
            admin.execute("SELECT pg_advisory_unlock($1, $2)", &[&LOCKS, &run]).await?;
        }
    }
    Ok(())
}
