//! Sign-ins that have ended, and what was counted for rate limits, are not kept for ever.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Deletes expired refresh tokens, and sign-ins that ended 90 days ago.
pub const SESSIONS: JobKind = JobKind::new("purge.sessions", JobLane::Default, |job| Box::pin(job.in_batches(sql::PURGE_SESSIONS)))
    .every(Duration::from_secs(24 * 3600), Scope::Schools);

/// Deletes what no longer counts for any rate limit. It is of no school.
pub const RATE_LIMITS: JobKind =
    JobKind::new("purge.rate_limits", JobLane::Default, |job| Box::pin(job.in_batches(sql::PURGE_RATE_LIMITS)))
        .every(Duration::from_secs(3600), Scope::Deployment);
