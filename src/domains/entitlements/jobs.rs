//! Giving what could not be given at once.

use std::time::Duration;

use futures_util::future::BoxFuture;
use lectern_kernel::jobs::{Done, Failure, Job, JobKind, JobLane, Scope};
use serde::Deserialize;
use uuid::Uuid;

use super::sql;

/// Tries again what courses and groups have refused to attendees.
pub const RETRY: JobKind = JobKind::new("grant.retry", JobLane::Default, |job| Box::pin(job.in_batches(sql::RETRY)))
    .every(Duration::from_secs(300), Scope::Schools);

/// Gives attendees what was linked to their program after they had earned it, beyond the first twenty applications: asked for where something is linked.
pub const SETTLE: JobKind = JobKind::new("grant.settle", JobLane::Default, settle);

/// Applications that are settled in one transaction.
const BATCH: i32 = 50;

/// The program.
#[derive(Deserialize)]
struct Linked {
    program: Uuid,
}

fn settle(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let Linked { program } = job.payload()?;
        loop {
            let tx = job.begin().await?;
            let settled: i32 = tx.value(sql::SETTLE, &[&program, &BATCH]).await?.unwrap_or(0);
            if settled < BATCH {
                return job.finish(tx).await;
            }
            job.step(tx).await?;
        }
    })
}
