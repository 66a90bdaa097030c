//! Client events: what people did in a client of the school's, written down by it. Table: `client_event`.
//!
//! No permission: everybody records their own. `Reports.activity` and `Reports.activityByName` count them: the own ones, and all of the
//! school's with ENROLLMENT_READ_ALL. Invariants, kept by the database: an event with a key is there once for its person.

mod mutations;
mod purge;
mod sql;

use lectern_kernel::{rates::Budget, resolve::registry::Domain};

/// Batches of client events that one person may record.
pub static BATCHES: Budget = Budget { name: "client-events", a_minute: 30, refusal: "You record events too often.", is_of_address: false };

/// What it is made of.
pub const DOMAIN: Domain =
    Domain { operations: &[mutations::ClientEventMutations::OPERATIONS], jobs: &[purge::CLIENT_EVENTS], ..Domain::new("client_events") };
