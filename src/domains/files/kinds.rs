//! The jobs of the store: what a committed row has let go of is deleted, and what no row names.

use std::time::Duration;

use lectern_kernel::{
    error::Error,
    jobs::{Done, Failure, Job, JobKind, JobLane, Scope},
    store::Store,
};
use serde::Deserialize;

use super::{sql, sweep};

/// Deletes the bytes of what was deleted, also after a lapse.
pub const DELETE: JobKind = JobKind { is_spared: true, ..JobKind::new("file.delete", JobLane::Default, |job| Box::pin(delete(job))) };

/// Deletes files whose time is over, and bytes that no row names.
pub const SWEEP: JobKind = JobKind {
    limit: Duration::from_secs(3600),
    ..JobKind::new("file.sweep", JobLane::Bulk, |job| Box::pin(sweep(job))).every(Duration::from_secs(12 * 3600), Scope::Schools)
};

/// Rows that go at once.
const ROWS: i32 = 500;

/// What is to be deleted.
#[derive(Deserialize)]
struct Gone {
    object: String,
}

async fn delete(mut job: Job) -> Result<Done, Failure> {
    let Gone { object } = job.payload()?;
    let (store, tenant) = (job.outside::<Store>()?, job.tenant());
    if !["schools", "uploads"].iter().any(|folder| object.starts_with(&format!("{folder}/{tenant}/"))) {
        return Err(Failure::Dead(Error::internal("an object of another school is not deleted")));
    }
    job.begin().await?.end_read();
    store.objects().delete(&object).await?;
    let tx = job.begin().await?;
    job.finish(tx).await
}

async fn sweep(mut job: Job) -> Result<Done, Failure> {
    let (store, tenant) = (job.outside::<Store>()?, job.tenant());
    // Before the rows go, for what their jobs have just deleted is not lost either.
    let found = sweep::look(&mut job, &store, tenant, lectern_kernel::clock::now()).await?;
    if !found.is_over_limit() {
        sweep::remove(&store, tenant, &found).await?;
    }
    loop {
        let tx = job.begin().await?;
        let gone = tx.value::<i32>(sql::SWEEP_ROWS, &[&ROWS]).await?.unwrap_or(0);
        job.step(tx).await?;
        if gone < ROWS {
            break;
        }
    }
    if found.is_over_limit() {
        let message = format!(
            "{} of {} objects have no row, and nothing was deleted: `lectern files sweep` shows them, and deletes them where that is right.",
            found.unnamed.len(),
            found.objects
        );
        return Err(Failure::Dead(Error::conflict("SWEEP_OVER_LIMIT", message)));
    }
    let tx = job.begin().await?;
    job.finish(tx).await
}
