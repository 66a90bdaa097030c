//! What orders do by themselves.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Expires orders that were not paid in time: asked for with each, for when its hold ends; and every minute, for what was missed. Nothing waits for it: whoever needs what an
/// overdue order holds expires it.
pub const EXPIRE: JobKind = JobKind::new("order.expire", JobLane::Default, |job| Box::pin(job.in_batches(sql::EXPIRE)))
    .every(Duration::from_secs(60), Scope::Schools);
