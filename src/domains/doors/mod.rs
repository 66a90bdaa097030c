//! Doors: who is let in with which ticket. Table: `check_in`, a row for every scan, also for refused ones.
//!
//! Permissions: ATTENDEE_CHECK_IN (scans, reads rosters), APPLICATION_READ_ALL (reads scans).
//! Invariants, kept by the database: a scan is written once for its program and device's name; of a ticket (of one that admits daily: and day) one scan is
//! ADMITTED; scans are never changed.

mod check_in;
mod fields;
mod inputs;
mod lists;
mod mutations;
mod queries;
mod roster;
mod sql;

use lectern_kernel::resolve::registry::Domain;

pub use self::check_in::{CheckIn, CheckInOutcome};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[CheckIn::object, roster::CheckInRosterEntry::object],
    operations: &[queries::DoorQueries::OPERATIONS, mutations::DoorMutations::OPERATIONS],
    extensions: &[&fields::AttendeeDoors::EXTENSION, &fields::TicketDoors::EXTENSION],
    emits: &[(
        "attendee.checked_in",
        "Somebody was let in with a ticket, the first time that it admits. `id`, `programId`, `ticketId`, `checkInId`, `scannedAt`.",
    )],
    ..Domain::new("doors")
};
