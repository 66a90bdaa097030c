//! The PostgreSQL that Lectern brings up by itself when nobody names another one.
//!
//! `lectern serve` without `DATABASE_URL` is one command on a bare machine: this module finds PostgreSQL's programs
//! ([`find`]), makes a data folder ([`folder`], [`cluster`]), runs the server as a child that dies with its parent
//! ([`process`]) and hands out URLs that lead to its Unix socket. Nothing listens on the network. While it runs, other
//! processes find it by the folder ([`running`]).
//!
//! Why it is built this way stands in `docs/adr/0003-embedded-server.md`.

mod account;
mod cluster;
mod error;
mod fetch;
mod find;
mod folder;
mod leftover;
mod options;
mod process;
mod running;
mod socket;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_postgres::NoTls;

pub use error::StartError;
pub use options::{Durability, Options};
pub use running::RunningPostgres;

use folder::Folder;
use process::Process;
use socket::Socket;

/// How long a server may take to accept connections; generous, because a crash recovery may come first.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// How long the memory of a killed server may linger before that is an error.
const LINGER_PATIENCE: Duration = Duration::from_secs(10);
/// How often a starting server is asked whether it is ready.
const POLL: Duration = Duration::from_millis(10);

/// A running PostgreSQL that belongs to this process.
///
/// Dropping it asks the server to stop and does not wait; [`EmbeddedPostgres::stop`] waits.
pub struct EmbeddedPostgres {
    process: Process,
    socket: Socket,
    version_num: u32,
    /// Holds the lock on the data folder.
    _folder: Arc<Folder>,
}

impl EmbeddedPostgres {
    /// Starts the server of `options.data_dir` and returns once it accepts connections.
    ///
    /// The first start makes the database cluster; a leftover of a killed run is cleared away first.
    pub async fn start(options: &Options) -> Result<EmbeddedPostgres, StartError> {
        let wanted = options.clone();
        let ready = tokio::task::spawn_blocking(move || cluster::prepare(&wanted))
            .await
            .map_err(|crash| StartError::Crashed(crash.to_string()))??;

        let began = Instant::now();
        loop {
            let log = ready.folder.open_log()?;
            let process = Process::spawn(cluster::server_command(&ready, options, &log)?, Arc::clone(&ready.folder))
                .map_err(|cause| StartError::spawn("postgres", ready.account.as_ref(), cause))?;

            match wait_until_ready(&process, &ready.socket, log).await {
                Ok(version_num) => {
                    return Ok(EmbeddedPostgres { process, socket: ready.socket, version_num, _folder: ready.folder });
                }
                // The backends of a killed server end a moment after it.
                Err(StartError::Exited { lines, .. })
                    if lines.contains("pre-existing shared memory block") && began.elapsed() < LINGER_PATIENCE =>
                {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The URL of `database` for the superuser `postgres`; tokio-postgres, sqlx and psql all read it.
    pub fn superuser_url(&self, database: &str) -> String {
        self.url("postgres", database)
    }

    /// The URL of `database` for `role`. No password: only the owner of the data folder reaches the socket.
    pub fn url(&self, role: &str, database: &str) -> String {
        self.socket.url(role, database)
    }

    /// The server's version as PostgreSQL counts it: 150020 is 15.20.
    pub fn version_num(&self) -> u32 {
        self.version_num
    }

    /// Resolves when the server has ended without being asked to, and says how.
    pub async fn exited(&self) -> String {
        self.process.ended().await
    }

    /// Stops the server in order: sessions are cut, data is written out. Waits until it is gone.
    pub async fn stop(self) -> std::io::Result<()> {
        self.process.stop().await
    }
}

/// Asks the socket until a connection stands; returns the server's version.
async fn wait_until_ready(process: &Process, socket: &Socket, log: folder::Log) -> Result<u32, StartError> {
    let deadline = tokio::time::Instant::now() + START_PATIENCE;
    loop {
        tokio::select! {
            biased;
            status = process.ended() => {
                return Err(StartError::Exited { status, lines: log.reason(), log: log.path });
            }
            answer = tokio::time::timeout_at(deadline, ask_version(socket)) => match answer {
                Ok(Ok(version)) => return Ok(version),
                Ok(Err(_not_yet)) => tokio::time::sleep(POLL).await,
                Err(_late) => return Err(StartError::NotReady { seconds: START_PATIENCE.as_secs(), log: log.path }),
            }
        }
        if tokio::time::Instant::now() > deadline {
            return Err(StartError::NotReady { seconds: START_PATIENCE.as_secs(), log: log.path });
        }
    }
}

async fn ask_version(socket: &Socket) -> Result<u32, tokio_postgres::Error> {
    let (client, connection) = socket.config().connect(NoTls).await?;
    let talk = async move {
        let row = client.query_one("SELECT current_setting('server_version_num')", &[]).await?;
        row.try_get::<_, &str>(0).map(|text| text.parse().unwrap_or_default())
    };
    // The client ends inside `talk`, and with it the connection.
    let (version, _closed) = tokio::join!(talk, connection);
    version
}
