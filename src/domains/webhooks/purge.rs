//! Deliveries are not kept for ever.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Deletes deliveries and events that are older than 30 days.
pub const WEBHOOKS: JobKind = JobKind::new("purge.webhooks", JobLane::Default, |job| Box::pin(job.in_batches(sql::PURGE)))
    .every(Duration::from_secs(24 * 3600), Scope::Schools);
