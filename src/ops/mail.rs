//! `lectern mail`: whether mail arrives.

use std::time::Duration;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use lectern_kernel::{
    clock,
    db::{Pool, PoolOptions},
    resolve::text,
};
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Cluster, platform,
    serve::{check, pool_options},
    store, tenant,
    worker::{outside, worker},
};
use crate::{
    config::{MailCommand, MailTest, Settings},
    domains::mail::TEST,
};

/// How long it is waited for beside what the server may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often it is looked what has become of it.
const LOOK: Duration = Duration::from_millis(100);

/// Runs one of the commands.
///
/// # Errors
/// Where the mail was not sent, and why.
#[allow(clippy::print_stdout, reason = "what was asked for")]
pub async fn mail(settings: &Settings, cluster: &Cluster, command: &MailCommand) -> anyhow::Result<()> {
    let MailCommand::Test(test) = command;
    println!("{}", send_test(settings, cluster, test).await?);
    Ok(())
}

/// Asks for a mail as everybody does, and runs jobs until it was tried, for there may be nobody else who does.
async fn send_test(settings: &Settings, cluster: &Cluster, test: &MailTest) -> anyhow::Result<String> {
    let address = text::email("ADDRESS", &test.address).map_err(|error| anyhow::anyhow!("{}", error.message().trim_end_matches('.')))?;
    let mut connection = platform::connect(&cluster.platform_url()?).await?;
    let school = match &test.tenant {
        Some(slug) => tenant::find(&mut connection, slug).await?.0,
        None => Uuid::nil(),
    };
    let url = cluster.app_url()?;
    let pool = Pool::new(&url, &PoolOptions { size: 1, ..pool_options(settings) })?;
    check(&pool, cluster).await?;
    pool.close();
    let jobs = worker(settings, &url, outside(settings, cluster, &store(settings, &cluster.sealer()?, settings.listen)?)?, None)?;
    let id = ask(&mut connection, school, &address, &test.locale, clock::now()).await?;
    let stop = CancellationToken::new();
    let working = tokio::spawn(jobs.run(stop.clone()));
    let became = wait(&mut connection, school, id, Instant::now() + Duration::from_secs(settings.smtp_timeout) + PATIENCE).await;
    stop.cancel();
    let _ended = working.await;
    connection.close().await?;
    let (state, error) = became?;
    let error = error.unwrap_or_default();
    match state.as_str() {
        "SENT" if settings.smtp_url.is_some() => Ok(format!("The server of mail has taken the mail to {address}.")),
        "SENT" => Ok(format!("The mail to {address} lies in {}.", settings.data_dir.join("outbox").display())),
        "QUEUED" if error.is_empty() => bail!("the mail to {address} still waits: `lectern jobs list --kind mail.send` says more"),
        "QUEUED" => bail!("the mail to {address} was not taken, and will be tried again: {error}"),
        _ => bail!("the mail to {address} was not sent ({state}): {error}"),
    }
}

async fn ask(connection: &mut PgConnection, school: Uuid, address: &str, locale: &str, at: Timestamp) -> anyhow::Result<Uuid> {
    let mut tx = tenant::begin(connection, "system:mail-test", school).await?;
    let id: Option<Uuid> = sqlx::query_scalar("SELECT app.send_mail($1, NULL, $2, $3, $4::jsonb)")
        .bind(TEST.name)
        .bind(address)
        .bind(locale)
        .bind(json!({ "at": at.to_string() }).to_string())
        .fetch_one(&mut *tx)
        .await?;
    tx.commit().await?;
    id.context("the mail was asked for already")
}

/// What became of the mail: its state, and why it was not sent.
async fn wait(connection: &mut PgConnection, school: Uuid, id: Uuid, until: Instant) -> anyhow::Result<(String, Option<String>)> {
    loop {
        let (state, error): (String, Option<String>) =
            sqlx::query_as("SELECT m.state, m.error FROM mail m WHERE m.tenant_id = $1 AND m.id = $2")
                .bind(school)
                .bind(id)
                .fetch_one(&mut *connection)
                .await?;
        if state != "QUEUED" || error.is_some() || Instant::now() > until {
            return Ok((state, error));
        }
        sleep(LOOK).await;
    }
}
