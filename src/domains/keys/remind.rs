//! Whoever's key ends soon is told.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Tells owners of keys that end within a week, of each once.
pub const REMINDERS: JobKind = JobKind::new("keys.remind", JobLane::Default, |job| Box::pin(job.in_batches(sql::REMIND)))
    .every(Duration::from_secs(3600), Scope::Schools);
