//! Announcements that wait for their moment.

use lectern_kernel::jobs::{JobKind, JobLane};

use super::sql;

/// Tells people of announcements whose moment has come. It is asked for where one is given a moment that lies ahead.
pub const PUBLISH: JobKind = JobKind::new("announcement.publish", JobLane::Default, |job| Box::pin(job.in_batches(sql::PUBLISH)));
