//! Offers and places whose time is over.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Withdraws applications whose offer was not taken in time, and accepted ones for which nothing was paid in time; their places are offered to who waits next in the same transaction. Asked
/// for with each offer, for when it expires; and every minute, for what was missed.
pub const ADVANCE: JobKind = JobKind::new("place.advance", JobLane::Default, |job| Box::pin(job.in_batches(sql::LAPSE)))
    .every(Duration::from_secs(60), Scope::Schools);
