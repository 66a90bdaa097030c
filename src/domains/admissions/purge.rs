//! Links and codes that are over are not kept, nor what an applicant has said who never confirmed it.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Deletes links and codes that are over, links a day after they were spent, and requests that nobody took for a day.
pub const ADMISSIONS: JobKind = JobKind::new("purge.admissions", JobLane::Default, |job| Box::pin(job.in_batches(sql::PURGE)))
    .every(Duration::from_secs(3600), Scope::Everywhere);
