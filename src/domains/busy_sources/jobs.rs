//! Reading calendars that are kept elsewhere, again and again.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{Timestamp, tz::TimeZone};
use lectern_kernel::{
    clock,
    error::Error,
    jobs::{Done, Failure, Job, JobKind, JobLane, Scope},
    sealing::Sealer,
};
use serde::Deserialize;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    calendars::{Calendars, Fetched, Validators, read_apart, word},
    mutations::{halves, known_bookings},
    secret, sql,
};

/// Reads one source. A calendar that can't be read is no failure of the job.
pub const FETCH: JobKind = JobKind { limit: Duration::from_secs(60), ..JobKind::new("busy.fetch", JobLane::Delivery, fetch) };

/// Asks for those that are due, in schools where some are.
pub const DUE: JobKind =
    JobKind::new("busy.due", JobLane::Default, |job| Box::pin(job.in_batches(sql::ENQUEUE))).every(Duration::from_secs(60), Scope::Schools);

#[derive(Deserialize)]
struct Payload {
    source: Uuid,
}

/// What is to be read.
enum Asked {
    Address(String, Validators),
    File(Vec<u8>),
}

fn asked(job: &Job, row: &Row) -> Result<(Asked, TimeZone), Failure> {
    let sealer = job.outside::<Sealer>()?;
    let zone: String = row.try_get("time_zone")?;
    let zone = TimeZone::get(&zone).map_err(|error| Error::internal(format!("the time zone of a busy source: {error}")))?;
    let asked = match (row.try_get::<_, Option<&[u8]>>("url")?, row.try_get::<_, Option<&[u8]>>("content")?) {
        (Some(url), _) => {
            let validators = serde_json::from_value(row.try_get("validators")?).unwrap_or_default();
            Asked::Address(secret::open_url(&sealer, job.tenant(), url)?.to_string(), validators)
        }
        (None, Some(content)) => Asked::File(secret::open_content(&sealer, job.tenant(), content)?.to_vec()),
        (None, None) => return Err(Failure::Dead(Error::internal("a busy source has neither address nor file"))),
    };
    Ok((asked, zone))
}

fn fetch(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let Payload { source } = job.payload()?;
        let calendars = job.outside::<Calendars>()?;
        let tx = job.begin().await?;
        let rows = tx.query(sql::BEGIN, &[&source]).await?;
        let Some(row) = rows.first() else { return job.finish(tx).await };
        let (asked, zone) = asked(&job, row)?;
        // Nothing stays open while a stranger's server is waited for.
        job.step(tx).await?;

        let now = clock::now();
        let fetched = match asked {
            Asked::Address(url, known) => calendars.fetch(&url, &known, zone, now).await,
            Asked::File(file) => match read_apart(file, zone, now).await {
                Ok(read) => Fetched::Read(read, Validators::default()),
                Err(unread) => Fetched::Failed(word(unread)),
            },
        };
        let tx = job.begin().await?;
        let (outcome, spans, warnings, said) = match fetched {
            Fetched::Read(read, validators) => {
                let warnings = i32::try_from(read.warnings).unwrap_or(i32::MAX);
                let known = known_bookings(&tx, &read.bookings()).await?;
                ("READ", read.beside(&known), warnings, serde_json::to_value(validators).unwrap_or_default())
            }
            Fetched::Same => ("SAME", Vec::new(), 0, Value::Null),
            Fetched::Failed(word) => (word, Vec::new(), 0, Value::Null),
        };
        let (starts, ends): (Vec<Timestamp>, Vec<Timestamp>) = halves(&spans);
        tx.query(sql::END, &[&source, &outcome, &starts, &ends, &warnings, &said]).await?;
        job.finish(tx).await
    })
}
