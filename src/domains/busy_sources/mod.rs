//! Busy sources: when instructors are busy by calendars that are kept elsewhere. Tables: `busy_source`, `busy_block`.
//!
//! Permissions: AVAILABILITY_MANAGE (the own), BOOKING_MANAGE (sees and deletes everybody's). Invariants, kept by the database: blocks are spans and
//! nothing else; they are taken off of what is open (`app.open_pieces`) and show nobody but their instructor whence they come; a failure keeps them.
//! Kept by the code: an address is sealed and in no answer; what is asked is checked as the addresses of webhooks are, redirects among it
//! (`kernel/src/outbound/`); what is read is bounded in bytes, time, steps and occurrences.

mod blocks;
mod calendars;
mod inputs;
mod jobs;
mod mutations;
mod notices;
mod queries;
mod reading;
mod secret;
mod source;
mod sql;

use lectern_kernel::resolve::registry::Domain;

pub use self::{calendars::Calendars, notices::BUSY_SOURCE_FAILED, secret::sealed_content, source::BusySource};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[BusySource::object],
    operations: &[queries::BusySourceQueries::OPERATIONS, mutations::BusySourceMutations::OPERATIONS],
    jobs: &[jobs::FETCH, jobs::DUE],
    ..Domain::new("busy_sources")
};
