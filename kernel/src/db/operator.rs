//! Connections of the operator's commands (sqlx): one at a time, quiet, and as slow as the work is.

use sqlx::{ConnectOptions as _, PgConnection, postgres::PgConnectOptions};

/// Connects by the URL of `setting`. Unlike the service's statements these have no time limit and are not logged.
pub async fn connect(url: &str, setting: &str) -> anyhow::Result<PgConnection> {
    let options: PgConnectOptions =
        url.parse().map_err(|_| anyhow::anyhow!("{setting} can't be read: postgres://USER:PASSWORD@HOST:PORT/DATABASE is expected"))?;
    let mut connection =
        options.application_name("lectern-operator").disable_statement_logging().connect().await.map_err(|error| {
            anyhow::anyhow!("the database can't be reached: {}; check {setting} and that the server runs", said(&error))
        })?;
    // Notices such as "extension already exists" are left out as well. A timeout that is set for the role or the database is
    // meant for the service.
    sqlx::raw_sql("SET client_min_messages = warning; SET statement_timeout = 0").execute(&mut connection).await?;
    Ok(connection)
}

/// What the server said, without the driver's own words around it.
fn said(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        sqlx::Error::Io(cause) => cause.to_string(),
        other => other.to_string(),
    }
}
