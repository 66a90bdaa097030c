//! What comes by itself.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Ends answers whose process is silent, in schools where some are.
pub const SWEEP: JobKind = JobKind::new("assistant.sweep", JobLane::Default, |job| Box::pin(job.in_batches(sql::SWEEP)))
    .every(Duration::from_secs(15), Scope::Schools);
