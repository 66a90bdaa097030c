//! Holds that are a day over are deleted; a session that a booking made ends with its last seat, also where that was held.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Deletes holds that are a day over: until then a late or repeated `holdId` gets its answer. Ends sessions that bookings made and of which a hold that is over was the last
/// seat: asked for with each hold of such a seat, for when it expires.
pub const TIDY: JobKind =
    JobKind::new("hold.tidy", JobLane::Default, |job| Box::pin(job.in_batches(sql::TIDY))).every(Duration::from_secs(3600), Scope::Schools);
