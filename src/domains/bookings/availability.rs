//! When an instructor can be booked.

use lectern_kernel::{ids::Id, resolve::DateTime};
use lectern_macros::object;

use crate::domains::identity::User;

/// A span in which an instructor can be assigned to bookings. Spans of one instructor may overlap or adjoin; together they
/// count as one. The whole school sees them.
#[object(table = "availability", alias = "a", id = "availability", node)]
#[derive(Clone, Debug)]
pub struct Availability {
    /// Its id.
    pub id: Id<Availability>,
    /// When it begins.
    pub starts_at: DateTime,
    /// When it ends: 5 minutes to 31 days of the school's time zone later.
    pub ends_at: DateTime,
    /// Whose time it is; null when you may not see them.
    #[one]
    pub instructor_id: Id<User>,
}
