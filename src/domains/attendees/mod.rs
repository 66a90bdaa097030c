//! Attendees: who comes with an application, and whose an address turns out to be. Table: `attendee`.
//!
//! Permissions: APPLICATION_SUBMIT (of the own applications), APPLICATION_MANAGE (of all), APPLICATION_READ_ALL (sees all), ATTENDEE_CHECK_IN (sees who holds a paid ticket, without
//! addresses).
//! Invariants, kept by the database: an application has one MAIN attendee, at most one SPOUSE and ten children; an address is there once in it; places and the members of groups are counted
//! with each attendee; an attendee is linked to a person by an address that was proven, and is no more once they have another.

mod attendee;
mod fields;
mod inputs;
mod lists;
mod mutations;
mod queries;
mod sql;

use lectern_kernel::{ids::Kind as _, resolve::registry::Domain};

pub use self::attendee::{Attendee, AttendeeKind, BY_NAME};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Attendee::object],
    operations: &[queries::AttendeeQueries::OPERATIONS, mutations::AttendeeMutations::OPERATIONS],
    extensions: &[&fields::ApplicationAttendees::EXTENSION],
    references: &[("attendee_id", Attendee::PREFIX)],
    ..Domain::new("attendees")
};
