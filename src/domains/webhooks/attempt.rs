//! One attempt to deliver an event. What it sends is read in one transaction and what came of it written in another: none is open while
//! a stranger's server is waited for.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use lectern_kernel::{
    clock,
    error::Error,
    ids,
    jobs::{Done, Failure, Job, JobKind, JobLane},
    outbound::{Answer, NoAnswer, Outbound},
    sealing::Sealer,
    seen::counted,
};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use uuid::Uuid;

use super::{secret, sql};

/// Attempts to deliver. Each is a job of its own: a receiver that fails is no failure of the job.
pub const DELIVER: JobKind = JobKind { limit: Duration::from_secs(60), ..JobKind::new("webhook.deliver", JobLane::Delivery, deliver) };

#[derive(Deserialize)]
struct Payload {
    delivery: Uuid,
}

/// What is to be sent where.
struct Letter {
    url: String,
    headers: HeaderMap,
    body: String,
}

fn deliver(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let Payload { delivery } = job.payload()?;
        let (id, outbound) = (job.id, job.outside::<Outbound>()?);
        let tx = job.begin().await?;
        let rows = tx.query(sql::BEGIN, &[&id, &delivery]).await?;
        let Some(row) = rows.first() else { return job.finish(tx).await };
        let letter = write(&job, row)?;
        job.step(tx).await?;

        let (at, began) = (clock::now(), Instant::now());
        let answer = outbound.post(&letter.url, letter.headers, letter.body.into_bytes()).await;
        let milliseconds = i32::try_from(began.elapsed().as_millis()).unwrap_or(i32::MAX);
        let (status, error) = match answer {
            Ok(Answer { status, .. }) => (Some(i32::from(status)), None),
            Err(reason) => (None, Some(NoAnswer::as_str(reason))),
        };
        counted("lectern_webhook_deliveries_total", "outcome", outcome(&answer));
        let asked_for = answer.ok().filter(|answer| matches!(answer.status, 429 | 503)).and_then(|answer| answer.retry_after);
        let asked_for = asked_for.map(|wait| i32::try_from(wait.as_secs()).unwrap_or(i32::MAX));
        let tx = job.begin().await?;
        tx.query(sql::END, &[&id, &delivery, &at, &milliseconds, &status, &error, &asked_for]).await?;
        job.finish(tx).await
    })
}

/// What came of an attempt, in a word.
fn outcome(answer: &Result<Answer, NoAnswer>) -> &'static str {
    match answer {
        Ok(Answer { status: 200..=299, .. }) => "2xx",
        Ok(Answer { status: 300..=399, .. }) => "3xx",
        Ok(Answer { status: 400..=499, .. }) => "4xx",
        Ok(_) => "5xx",
        Err(reason) => reason.as_str(),
    }
}

fn write(job: &Job, row: &tokio_postgres::Row) -> Result<Letter, Failure> {
    let sealer = job.outside::<Sealer>()?;
    let event = ids::encode("event", row.try_get("event_id")?);
    let (url, body): (String, String) = (row.try_get("url")?, row.try_get("body")?);
    let sealed: [Option<&[u8]>; 2] = [row.try_get("secret")?, row.try_get("previous_secret")?];
    let keys = sealed.into_iter().flatten().map(|sealed| secret::open(&sealer, job.tenant(), sealed));
    let keys = keys.collect::<lectern_kernel::error::Result<Vec<_>>>()?;
    let seconds = clock::now().as_second();
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (HeaderName::from_static("webhook-signature"), secret::sign(&keys, &event, seconds, &body)),
        (HeaderName::from_static("webhook-timestamp"), seconds.to_string()),
        (HeaderName::from_static("webhook-id"), event),
    ];
    let headers = headers.into_iter().map(|(name, value)| Ok((name, HeaderValue::try_from(value)?)));
    let headers: Result<HeaderMap, reqwest::header::InvalidHeaderValue> = headers.collect();
    let headers = headers.map_err(|error| Error::internal(format!("a header of a delivery: {error}")))?;
    Ok(Letter { url, headers, body })
}
