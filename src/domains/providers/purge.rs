//! Sign-ins that were begun and are over are not kept.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Deletes sign-ins that were begun and are over.
pub const PROVIDERS: JobKind = JobKind::new("purge.providers", JobLane::Default, |job| Box::pin(job.in_batches(sql::PURGE)))
    .every(Duration::from_secs(3600), Scope::Schools);
