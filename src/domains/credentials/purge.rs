//! What nobody confirmed or decided in time is over.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Deletes second factors that nobody confirmed, and ends requests that nobody decided within a week.
pub const CREDENTIALS: JobKind = JobKind::new("purge.credentials", JobLane::Default, |job| Box::pin(job.in_batches(sql::PURGE)))
    .every(Duration::from_secs(3600), Scope::Schools);
