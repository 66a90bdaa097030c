//! Which database a command works on: the one that the settings name, or the embedded one.

use anyhow::{Context as _, bail};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{
    auth::SigningKey,
    config::Settings,
    db::migrate::{Report, migrate},
    embedded::{self, EmbeddedPostgres},
};

/// The database's name in the embedded server.
const DATABASE: &str = "lectern";

/// A database, with the server behind it where that is ours.
pub struct Cluster {
    embedded: Option<EmbeddedPostgres>,
    settings: Settings,
}

impl Cluster {
    /// The database of the settings; starts the embedded server where they name none.
    ///
    /// # Errors
    /// What stands in the way, in one sentence.
    pub async fn open(settings: &Settings) -> anyhow::Result<Cluster> {
        if settings.database_url.is_some() || settings.owner_url.is_some() || settings.platform_url.is_some() {
            return Ok(Cluster { embedded: None, settings: settings.clone() });
        }
        let mut options = embedded::Options::new(settings.data_dir.join("postgres"));
        options.bin_dir.clone_from(&settings.pg_bin);
        options.fetch = !settings.offline;
        let server = EmbeddedPostgres::start(&options).await?;
        let mut connection = PgConnection::connect(&server.superuser_url("postgres")).await?;
        let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(DATABASE)
            .fetch_one(&mut connection)
            .await?;
        if !known {
            sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {DATABASE}"))).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(Cluster { embedded: Some(server), settings: settings.clone() })
    }

    /// Whether the server is ours.
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// For requests.
    ///
    /// # Errors
    /// When the settings name none.
    pub fn app_url(&self) -> anyhow::Result<String> {
        match &self.embedded {
            Some(server) => Ok(server.url("lectern_app", DATABASE)),
            None => self
                .settings
                .database_url
                .as_ref()
                .map(|url| url.expose().to_owned())
                .context("DATABASE_URL is needed: the database as the role lectern_app"),
        }
    }

    /// For migrations.
    ///
    /// # Errors
    /// When the settings name none.
    pub fn owner_url(&self) -> anyhow::Result<String> {
        match &self.embedded {
            Some(server) => Ok(server.superuser_url(DATABASE)),
            None => self
                .settings
                .owner_url
                .as_ref()
                .map(|url| url.expose().to_owned())
                .context("LECTERN_OWNER_URL is needed: the database as the role lectern_owner"),
        }
    }

    /// For the operator's commands.
    ///
    /// # Errors
    /// When the settings name none.
    pub fn platform_url(&self) -> anyhow::Result<String> {
        match &self.embedded {
            Some(server) => Ok(server.url("lectern_platform", DATABASE)),
            None => self
                .settings
                .platform_url
                .as_ref()
                .map(|url| url.expose().to_owned())
                .context("LECTERN_PLATFORM_URL is needed: the database as the role lectern_platform"),
        }
    }

    /// Brings the database to the schema of this binary. With `always`, functions and policies are applied in any case.
    ///
    /// # Errors
    /// What stands in the way, in one sentence.
    pub async fn migrate(&self, always: bool) -> anyhow::Result<Report> {
        migrate(&self.owner_url()?, always).await
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
        if let Ok(text) = std::fs::read_to_string(&file) {
            return SigningKey::from_text(&text)
                .with_context(|| format!("{} is damaged: delete it (everybody signs in again)", file.display()));
        }
        let key = SigningKey::generate()?;
        write_private(&file, &key.to_text()).with_context(|| format!("{} can't be written", file.display()))?;
        Ok(key)
    }

    /// Ends when the embedded server does, with what its log says; never for an external one.
    pub async fn server_exited(&self) -> String {
        match &self.embedded {
            Some(server) => server.exited().await,
            None => std::future::pending().await,
        }
    }

    /// Stops the embedded server, in order.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn close(self) -> anyhow::Result<()> {
        match self.embedded {
            Some(server) => server.stop().await.context("the embedded PostgreSQL did not stop in order"),
            None => Ok(()),
        }
    }
}

fn write_private(file: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    out.write_all(text.as_bytes())
}
