//! What certificates do by themselves.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Tells people that certificates of theirs expire within 30 days; of each once.
pub const REMIND: JobKind = JobKind::new("certificate.remind", JobLane::Default, |job| Box::pin(job.in_batches(sql::REMIND)))
    .every(Duration::from_secs(3600), Scope::Schools);
