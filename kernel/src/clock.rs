//! The one place that looks at the clock. A request takes its time from it once, and everything in it from the request.

use jiff::Timestamp;

/// This very moment.
#[allow(clippy::disallowed_methods, reason = "everything else takes its time from here")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
