//! Attempts whose time is over are closed, with what was saved.

use std::time::Duration;

use futures_util::future::BoxFuture;
use lectern_kernel::jobs::{Done, Failure, Job, JobKind, JobLane, Scope};
use serde::Deserialize;
use uuid::Uuid;

use super::sql;

/// Closes an attempt: asked for with each end that an attempt is given, for 5 seconds after it. One that comes before an end that was moved does
/// nothing: the new end has asked for another.
pub const CLOSE: JobKind = JobKind::new("quiz.close", JobLane::Default, close);

/// Closes what was missed.
pub const SWEEP: JobKind = JobKind::new("quiz.sweep", JobLane::Default, |job| Box::pin(job.in_batches(sql::CLOSE_OVERDUE)))
    .every(Duration::from_secs(10), Scope::Schools);

#[derive(Deserialize)]
struct Closing {
    attempt_id: Uuid,
}

fn close(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let Closing { attempt_id } = job.payload()?;
        let tx = job.begin().await?;
        tx.query(sql::CLOSE, &[&attempt_id]).await?;
        job.finish(tx).await
    })
}
