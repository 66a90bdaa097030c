//! Badges that were earned before there were any.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Awards a badge that is new to whoever has earned it before. It is asked for where one is made.
pub const AWARD: JobKind = JobKind::new("badge.award", JobLane::Default, |job| Box::pin(job.in_batches(sql::AWARD_LATE)));

/// The same of all badges, for what was missed on the way.
pub const SWEEP: JobKind = JobKind::new("badge.sweep", JobLane::Default, |job| Box::pin(job.in_batches(sql::AWARD_LATE)))
    .every(Duration::from_secs(3600), Scope::Schools);
