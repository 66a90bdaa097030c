//! Holds that are a day over are deleted.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Deletes holds that are a day over: until then a late or repeated `holdId` gets its answer.
pub const TIDY: JobKind =
    JobKind::new("hold.tidy", JobLane::Default, |job| Box::pin(job.in_batches(sql::TIDY))).every(Duration::from_secs(3600), Scope::Schools);
