//! When an instructor can be booked, once.

use lectern_kernel::{ids::Id, resolve::DateTime};
use lectern_macros::object;

use crate::domains::{identity::User, resources::Resource};

/// A span in which an instructor or a resource is open for bookings, beside the weekly rules. Spans of one of them may overlap or adjoin; together
/// they count as one. The whole school sees them.
#[object(table = "availability", alias = "a", id = "availability", node)]
#[derive(Clone, Debug)]
pub struct Availability {
    /// Its id.
    pub id: Id<Availability>,
    /// When it begins.
    pub starts_at: DateTime,
    /// When it ends: 5 minutes to 31 days of the school's time zone later.
    pub ends_at: DateTime,
    /// Whose time it is; null where it is a resource's, or when you may not see them.
    #[one]
    pub instructor_id: Option<Id<User>>,
    /// What is open; null where it is an instructor's time.
    #[one]
    pub resource_id: Option<Id<Resource>>,
}
