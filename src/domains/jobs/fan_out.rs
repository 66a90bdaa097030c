//! What has happened is told to whoever waits for it.

use futures_util::future::BoxFuture;
use lectern_kernel::jobs::{Done, Failure, Job, JobKind, JobLane};
use serde_json::Value;

use super::sql;

/// Fans an event out: asked for by `app.emit`, in the transaction of the change.
pub const FAN_OUT: JobKind = JobKind::new("event.fan_out", JobLane::Default, fan_out);

fn fan_out(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let (id, subject, payload) = (job.id, job.subject.clone(), job.payload::<Value>()?);
        let tx = job.begin().await?;
        tx.query(sql::FAN_OUT, &[&id, &subject, &payload]).await?;
        job.finish(tx).await
    })
}
