//! Client events are not kept for ever.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Deletes what is older than 90 days.
pub const CLIENT_EVENTS: JobKind = JobKind::new("purge.client_events", JobLane::Default, |job| Box::pin(job.in_batches(sql::PURGE)))
    .every(Duration::from_secs(24 * 3600), Scope::Schools);
