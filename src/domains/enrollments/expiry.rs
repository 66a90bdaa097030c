//! Enrollments end.

use lectern_kernel::jobs::{JobKind, JobLane};

use super::sql;

/// Marks those as EXPIRED whose access is over. It is asked for where access is given an end, for a moment soon after that.
pub const EXPIRE: JobKind = JobKind::new("enrollment.expire", JobLane::Default, |job| Box::pin(job.in_batches(sql::EXPIRE)));
