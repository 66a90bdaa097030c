//! Which database a command works on: the one that the settings name, or the embedded one.

use anyhow::{Context as _, bail};
use lectern_kernel::{
    auth::SigningKey,
    db::{
        migrate::{Options, Report, Standing, migrate, schema_fingerprint, standing},
        operator,
    },
    sealing::Sealer,
};
use sqlx::{AssertSqlSafe, Connection};

use super::sources;
use crate::{
    config::{Secret, Settings},
    embedded::{self, EmbeddedPostgres, RunningPostgres},
};

/// The database's name in the embedded server.
const DATABASE: &str = "lectern";
/// The role that migrates an embedded database: the one that made the server.
const SUPERUSER: &str = "postgres";

/// A database, with the server behind it where that is on this machine.
pub struct Cluster {
    server: Server,
    settings: Settings,
}

/// Who runs the server.
enum Server {
    /// This process, until the cluster is closed.
    Own(Box<EmbeddedPostgres>),
    /// Another Lectern, with the same data folder.
    Neighbour(RunningPostgres),
    /// The server that the settings' URLs name.
    External,
}

impl Cluster {
    /// The database of the settings; starts the embedded server where they name none.
    pub async fn open(settings: &Settings) -> anyhow::Result<Cluster> {
        if is_external(settings) {
            return Ok(Cluster { server: Server::External, settings: settings.clone() });
        }
        let server = EmbeddedPostgres::start(&options(settings)).await?;
        ensure_database(&server.superuser_url("postgres")).await?;
        Ok(Cluster { server: Server::Own(Box::new(server)), settings: settings.clone() })
    }

    /// The same for a command that can use a server that runs already: where another Lectern uses the data folder, its server
    /// is used, and not stopped.
    pub async fn join(settings: &Settings) -> anyhow::Result<Cluster> {
        if !is_external(settings)
            && let Some(server) = RunningPostgres::find(&options(settings)).await?
        {
            ensure_database(&server.url(SUPERUSER, "postgres")).await?;
            return Ok(Cluster { server: Server::Neighbour(server), settings: settings.clone() });
        }
        Cluster::open(settings).await
    }

    /// Whether the server was started by Lectern, by this process or another.
    pub fn is_embedded(&self) -> bool {
        !matches!(self.server, Server::External)
    }

    /// For requests.
    pub fn app_url(&self) -> anyhow::Result<String> {
        self.url("lectern_app", self.settings.database_url.as_ref(), "DATABASE_URL")
    }

    /// For migrations.
    pub fn owner_url(&self) -> anyhow::Result<String> {
        self.url(SUPERUSER, self.settings.owner_url.as_ref(), "LECTERN_OWNER_URL")
    }

    /// For the operator's commands.
    pub fn platform_url(&self) -> anyhow::Result<String> {
        self.url("lectern_platform", self.settings.platform_url.as_ref(), "LECTERN_PLATFORM_URL")
    }

    /// For the platform's endpoint, exports and erasures; none where the settings name none.
    pub fn desk_url(&self) -> Option<String> {
        self.url("lectern_desk", self.settings.desk_url.as_ref(), "LECTERN_DESK_URL").ok()
    }

    fn url(&self, role: &str, external: Option<&Secret>, setting: &str) -> anyhow::Result<String> {
        match &self.server {
            Server::Own(server) => Ok(server.url(role, DATABASE)),
            Server::Neighbour(server) => Ok(server.url(role, DATABASE)),
            Server::External => external.map(|url| url.expose().to_owned()).with_context(|| {
                let role = if role == SUPERUSER { "lectern_owner" } else { role };
                format!("{setting} is needed: the URL of the database as the role {role}")
            }),
        }
    }

    /// Makes sure that the operator's commands find a schema. A server of our own is migrated; one that another Lectern
    /// is serving from only where it has no schema yet, for that one goes on with the schema that it knows.
    pub async fn prepare(&self) -> anyhow::Result<()> {
        if let Server::Neighbour(server) = &self.server {
            let mut connection = operator::connect(&self.owner_url()?, "LECTERN_DATA_DIR").await?;
            let standing = standing(sources::embedded()?, schema_fingerprint(&mut connection).await?.as_deref());
            connection.close().await?;
            if standing == Standing::Behind {
                let process = server.pid().map(|pid| format!(" (process {pid})")).unwrap_or_default();
                bail!("the Lectern that is running{process} is another version: stop it first, or run `lectern migrate`");
            }
        }
        if self.is_embedded() {
            self.migrate(false).await?;
        }
        Ok(())
    }

    /// Brings the database to the schema of this binary. With `always`, functions and policies are applied even where they are current.
    pub async fn migrate(&self, always: bool) -> anyhow::Result<Report> {
        // On a server of our own the superuser can take every role.
        let platform_url = if self.is_embedded() { None } else { self.settings.platform_url.as_ref().map(Secret::expose) };
        migrate(&self.owner_url()?, sources::embedded()?, Options { always, platform_url }).await
    }

    /// The key that signs tokens: the setting's, or one that is generated beside the embedded database.
    ///
    /// # Errors
    /// When there is none for an external database, or it can't be kept.
    pub fn signing_key(&self) -> anyhow::Result<SigningKey> {
        if let Some(key) = &self.settings.signing_key {
            return SigningKey::from_text(key.expose());
        }
        if !self.is_embedded() {
            bail!("LECTERN_SIGNING_KEY is needed with an external database: make one with `lectern key` and keep it secret");
        }
        let file = self.settings.data_dir.join("signing-key");
        let text = kept(&file, || Ok(SigningKey::generate()?.to_text()))?;
        SigningKey::from_text(&text).with_context(|| format!("{} is damaged: delete it (everybody signs in again)", file.display()))
    }

    /// What seals secrets in the database: by the setting's keys, or one that is generated beside the embedded database.
    ///
    /// # Errors
    /// When there is none for an external database, or it can't be kept.
    pub fn sealer(&self) -> anyhow::Result<Sealer> {
        if let Some(keys) = &self.settings.secret_keys {
            return Sealer::from_text(keys.expose());
        }
        if !self.is_embedded() {
            bail!("LECTERN_SECRET_KEYS is needed with an external database: make one with `lectern key --secret` and keep it secret");
        }
        let file = self.settings.data_dir.join("secret-keys");
        Sealer::from_text(&kept(&file, Sealer::generate)?).with_context(|| {
            format!("{} is damaged: restore it (without it, what is sealed in the database can't be read)", file.display())
        })
    }

    /// Ends when the embedded server does, with what its log says; never for another's.
    pub async fn server_exited(&self) -> String {
        match &self.server {
            Server::Own(server) => server.exited().await,
            Server::Neighbour(_) | Server::External => std::future::pending().await,
        }
    }

    /// Stops the embedded server, in order; one of another process goes on.
    pub async fn close(self) -> anyhow::Result<()> {
        match self.server {
            Server::Own(server) => server.stop().await.context("the embedded PostgreSQL did not stop in order"),
            Server::Neighbour(_) | Server::External => Ok(()),
        }
    }
}

/// Whether the settings name a database.
fn is_external(settings: &Settings) -> bool {
    settings.database_url.is_some() || settings.owner_url.is_some() || settings.platform_url.is_some()
}

fn options(settings: &Settings) -> embedded::Options {
    let mut options = embedded::Options::new(settings.data_dir.join("postgres"));
    options.bin_dir.clone_from(&settings.pg_bin);
    options.fetch = !settings.offline;
    options.progress = tell;
    options
}

/// Shows the steps of a first start, whatever the log level is.
#[allow(clippy::print_stderr, reason = "for the person who started it")]
fn tell(line: &str) {
    eprintln!("lectern: {line}");
}

/// Makes the database in an embedded server that has none yet.
async fn ensure_database(superuser_url: &str) -> anyhow::Result<()> {
    let mut connection = operator::connect(superuser_url, "LECTERN_DATA_DIR").await?;
    let known: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)").bind(DATABASE).fetch_one(&mut connection).await?;
    if !known {
        match sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {DATABASE}"))).execute(&mut connection).await {
            // The Lectern that has just started the server makes it at this moment.
            Err(error) if error.as_database_error().is_some_and(|error| matches!(error.code().as_deref(), Some("42P04" | "23505"))) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
    }
    connection.close().await?;
    Ok(())
}

/// What a file holds; made, where there is none yet.
fn kept(file: &std::path::Path, make: impl FnOnce() -> anyhow::Result<String>) -> anyhow::Result<String> {
    if let Ok(text) = std::fs::read_to_string(file) {
        return Ok(text);
    }
    let text = make()?;
    match write_private(file, &text) {
        Ok(()) => Ok(text),
        // A neighbour has made it at this moment.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(std::fs::read_to_string(file)?),
        Err(error) => Err(error).with_context(|| format!("{} can't be written", file.display())),
    }
}

fn write_private(file: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    out.write_all(text.as_bytes())
}
