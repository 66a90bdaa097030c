//! Waitlists: who waits for a seat of a full group session, or for time within a window of a booking type. Tables: `waitlist_entry`, `waitlist_transition`. An offer is
//! a hold in the learner's name (`slot_hold`), so that what is offered can be had.
//!
//! Permissions: BOOKING_REQUEST (in one's own name), BOOKING_MANAGE (sees and ends everybody's), BOOKING_READ_ALL (sees).
//! Invariants, kept by the database: an entry moves by the rows of `waitlist_transition`; nobody waits twice for one session, or in windows of one type that overlap;
//! whatever ceases to hold time asks for offers in the same transaction.

mod entry;
mod finding;
mod inputs;
mod jobs;
mod lists;
mod mutations;
mod notices;
mod offers;
mod queries;
mod sql;

use lectern_kernel::resolve::registry::Domain;

pub use self::{
    entry::WaitlistEntry,
    notices::{WAITLIST_OFFER_EXPIRED, WAITLIST_OFFERED},
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[WaitlistEntry::object],
    extensions: &[&offers::DashboardOffers::EXTENSION],
    operations: &[queries::WaitlistQueries::OPERATIONS, mutations::WaitlistMutations::OPERATIONS],
    jobs: &[jobs::OFFER, jobs::EXPIRE],
    emits: &[(
        "waitlist.offered",
        "What somebody waits for has come free, and is held for them. `id`, `learnerId`, `bookingTypeId`, `groupSessionId`, `startsAt`, `endsAt`, `expiresAt`.",
    )],
    ..Domain::new("waitlists")
};
