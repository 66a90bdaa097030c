//! The walls between schools, looked at from inside the database: what the catalog says stands, and what SQL as the
//! service's own role, past every line of Rust, can and cannot do.

mod catalog;
mod intruder;
mod preflight;

use tokio_postgres::NoTls;

use crate::app::TestApp;

/// A session of one of the service's roles, as if somebody had got hold of its password.
async fn session(app: &TestApp, role: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&app.database.url(role), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// What a query answers, one line a row.
async fn lines(app: &TestApp, sql: &str) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(&app.database.superuser_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client.query(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).iter().map(|row| row.get(0)).collect()
}
