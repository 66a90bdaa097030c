//! Time that comes every week.

use lectern_kernel::{
    db::{Order, SortKey},
    ids::Id,
    resolve::{Date, DateTime, LocalTime},
    text_enum,
};
use lectern_macros::{object, resolvers};

use crate::domains::{identity::User, resources::Resource};

text_enum! {
    /// A day of the week.
    pub enum Weekday {
        /// The first.
        Monday = "MONDAY",
        /// The second.
        Tuesday = "TUESDAY",
        /// The third.
        Wednesday = "WEDNESDAY",
        /// The fourth.
        Thursday = "THURSDAY",
        /// The fifth.
        Friday = "FRIDAY",
        /// The sixth.
        Saturday = "SATURDAY",
        /// The seventh.
        Sunday = "SUNDAY",
    }
}

/// Time at which an instructor or a resource is open every week, by the clock of a time zone: where the clocks change, 00:00 to 24:00 has 23 or 25
/// hours, a time that they skip is the moment of the change, and one that they show twice is its first. Rules of one owner add up, and may overlap. The
/// whole school sees them.
#[object(table = "availability_rule", alias = "ar", id = "hours", node, resolvers)]
#[derive(Clone, Debug)]
pub struct AvailabilityRule {
    /// Its id.
    pub id: Id<AvailabilityRule>,
    /// The days on which it begins, in the order of the week.
    pub weekdays: Vec<Weekday>,
    #[hidden]
    pub from_time: LocalTime,
    #[hidden]
    pub until_time: LocalTime,
    /// The IANA time zone of its clock.
    pub time_zone: String,
    /// The first date on which it may begin.
    pub valid_from: Date,
    /// The last date on which it may begin; null: it goes on.
    pub valid_until: Option<Date>,
    /// When it was made.
    pub created_at: DateTime,
    /// Whose time it is; null where it is a resource's, or where you may not see them.
    #[one]
    pub instructor_id: Option<Id<User>>,
    /// What is open; null where it is an instructor's time.
    #[one]
    pub resource_id: Option<Id<Resource>>,
}

/// In the order in which they were made.
pub const BY_CREATION: Order = Order { key: SortKey::moment("CREATED_AT", "ar.created_at"), id: "ar.id", descending: false };

#[resolvers]
impl AvailabilityRule {
    /// When it begins.
    fn from(from_time: LocalTime) -> LocalTime {
        from_time
    }

    /// When it ends; no later than `from`: on the day after.
    fn until(until_time: LocalTime) -> LocalTime {
        until_time
    }
}
