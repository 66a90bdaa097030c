//! Jobs are not kept for ever.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Deletes what has been done or called off for 7 days, or dead for 30.
pub const JOBS: JobKind = JobKind::new("purge.jobs", JobLane::Default, |job| Box::pin(job.in_batches(sql::PURGE)))
    .every(Duration::from_secs(24 * 3600), Scope::Everywhere);
