//! Hours: when instructors and resources are open, by the wall's clock. Tables: `availability_rule`, `time_off`. Single openings
//! (`availability`) and the calendar are the bookings'.
//!
//! Permissions: AVAILABILITY_MANAGE (the own), BOOKING_MANAGE (every instructor's), SCHEDULE_MANAGE (resources').
//! Invariants, kept by the database: open is what rules and single openings give, less time off (`app.hour_pieces`, the one place where the
//! wall's clock becomes moments); a rule is one owner's, and no owner has more than a hundred; why somebody is away stands in no log.

mod inputs;
mod lists;
mod owner;
mod queries;
mod rule;
mod rule_mutations;
mod sql;
mod time_off;
mod time_off_mutations;

use lectern_kernel::resolve::registry::Domain;

pub use self::{
    owner::Owner,
    rule::{AvailabilityRule, BY_CREATION, Weekday},
    time_off::TimeOff,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[AvailabilityRule::object, TimeOff::object],
    operations: &[
        queries::HourQueries::OPERATIONS,
        rule_mutations::RuleMutations::OPERATIONS,
        time_off_mutations::TimeOffMutations::OPERATIONS,
    ],
    ..Domain::new("hours")
};
