//! What holding and booking take.

use async_graphql::{Enum, ID, InputObject};
use lectern_kernel::{
    error::{Error, Result},
    resolve::DateTime,
};

use super::rules::Skipped;

/// A rule that a manager may skip.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum BookingRule {
    /// How long before its start it is booked at the latest.
    Notice,
    /// How far ahead it is booked at the most.
    Horizon,
    /// How many bookings of the type there may be; not how many minutes an instructor may be booked for in all.
    Limits,
    /// What is asked of the learner.
    Eligibility,
}

impl BookingRule {
    /// As the database keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            BookingRule::Notice => "NOTICE",
            BookingRule::Horizon => "HORIZON",
            BookingRule::Limits => "LIMITS",
            BookingRule::Eligibility => "ELIGIBILITY",
        }
    }
}

impl Skipped {
    /// The rules that an input names.
    pub fn of(rules: &[BookingRule]) -> Skipped {
        Skipped {
            notice: rules.contains(&BookingRule::Notice),
            horizon: rules.contains(&BookingRule::Horizon),
            limits: rules.contains(&BookingRule::Limits),
            eligibility: rules.contains(&BookingRule::Eligibility),
        }
    }
}

/// A slot to be held.
#[derive(InputObject)]
pub struct HoldSlotInput {
    /// The booking type.
    pub booking_type_id: ID,
    /// When the booking would begin; not in the past.
    pub starts_at: DateTime,
    /// How long it would be; the type's usual length unless given.
    pub duration_minutes: Option<i32>,
    /// With this instructor of the type; whoever the strategy takes unless given.
    pub instructor_id: Option<ID>,
    /// With these resources of the type, at most one for each requirement; of others, the first that is free.
    pub resource_ids: Option<Vec<ID>>,
    /// Who would learn; you unless given, and somebody else needs BOOKING_MANAGE.
    pub learner_id: Option<ID>,
    /// For how many minutes, 1 to 15; as the school says unless given.
    pub minutes: Option<i32>,
}

/// A slot to be booked.
#[derive(InputObject)]
pub struct BookSlotInput {
    /// The booking type.
    pub booking_type_id: ID,
    /// When the booking begins; not in the past.
    pub starts_at: DateTime,
    /// How long it is; the type's usual length unless given.
    pub duration_minutes: Option<i32>,
    /// With this instructor of the type; whoever the strategy takes unless given.
    pub instructor_id: Option<ID>,
    /// With these resources of the type, at most one for each requirement; of others, the first that is free.
    pub resource_ids: Option<Vec<ID>>,
    /// Who learns; you unless given, and somebody else needs BOOKING_MANAGE.
    pub learner_id: Option<ID>,
    /// The course that it belongs to, where the type has none of its own; not a draft.
    pub course_id: Option<ID>,
    /// What the school should know; at most 10,000 characters.
    pub notes: Option<String>,
    /// The hold that it makes a booking of, with the hold's instructor and resources. The same again answers the same booking.
    pub hold_id: Option<ID>,
    /// Rules that are skipped; needs BOOKING_MANAGE. Nothing skips taken time, open time, or a type that takes no bookings.
    #[graphql(name = "override")]
    pub overridden: Option<Vec<BookingRule>>,
}

/// For how long a slot is held.
pub fn hold_minutes(minutes: Option<i32>) -> Result<Option<i32>> {
    match minutes {
        Some(minutes) if !(1..=15).contains(&minutes) => Err(Error::bad_input("minutes", "must be between 1 and 15")),
        minutes => Ok(minutes),
    }
}
