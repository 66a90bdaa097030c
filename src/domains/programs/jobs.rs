//! What programs do by themselves.

use std::time::Duration;

use lectern_kernel::jobs::{JobKind, JobLane, Scope};

use super::sql;

/// Ends programs that are over. Nothing waits for it: whatever sells or admits looks at `endsAt` itself.
pub const END: JobKind =
    JobKind::new("program.end", JobLane::Default, |job| Box::pin(job.in_batches(sql::END))).every(Duration::from_secs(300), Scope::Schools);
