//! What is removed for good.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Removes conversations that were deleted 30 days ago, that the school keeps no longer, or that were a deleted person's; and projects that were deleted 30 days ago. Asked
/// for, besides, where a person is deleted.
pub const ASSISTANTS: JobKind = JobKind::new("assistant.purge", JobLane::Default, |job| Box::pin(job.in_batches(sql::PURGE)))
    .every(Duration::from_secs(24 * 3600), Scope::Schools);
