//! Connections of the operator's commands (sqlx): one at a time, quiet, and as slow as the work is.

use std::time::Duration;

use sqlx::{ConnectOptions as _, PgConnection, postgres::PgConnectOptions};

use super::servers::{TIMELINE, each_server};

/// Connects by the URL of `setting`; to the primary, where it names several servers. Unlike the service's statements these have no time limit and
/// are not logged.
pub async fn connect(url: &str, setting: &str) -> anyhow::Result<PgConnection> {
    let urls = each_server(url);
    if let [url] = urls.as_slice() {
        return connect_to(url, setting).await;
    }
    let mut found: Option<(String, PgConnection)> = None;
    let mut reasons = Vec::new();
    for url in &urls {
        let asked = async {
            let mut connection = connect_to(url, setting).await?;
            let timeline: Option<String> = sqlx::query_scalar(TIMELINE).fetch_one(&mut connection).await?;
            anyhow::Ok((timeline, connection))
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            // Eight hexadecimal digits each: the order of the text is that of the numbers.
            Ok(Ok((Some(timeline), connection))) if found.as_ref().is_none_or(|(best, _)| timeline > *best) => {
                found = Some((timeline, connection));
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => reasons.push(error.to_string()),
            Err(_elapsed) => reasons.push("a server did not answer in time".to_owned()),
        }
    }
    found.map(|(_, connection)| connection).ok_or_else(|| {
        let reasons = if reasons.is_empty() { "all of them are standbys".to_owned() } else { reasons.join("; ") };
        anyhow::anyhow!("none of the servers of {setting} is a primary: {reasons}")
    })
}

/// How long one of several servers may take to say what it is.
const PATIENCE: Duration = Duration::from_secs(5);

async fn connect_to(url: &str, setting: &str) -> anyhow::Result<PgConnection> {
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
