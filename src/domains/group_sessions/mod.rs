//! Group sessions: one instructor and the resources for several learners at once. Tables: `group_session`, `group_session_resource`. Their seats are bookings, and
//! are booked, held and offered as any slot is (`slots`).
//!
//! Permissions: AVAILABILITY_MANAGE (with oneself as instructor), BOOKING_MANAGE (any).
//! Invariants, kept by the database: a session claims its instructor and resources once, and its seats their learners alone; no more seats are taken than there are,
//! holds and offers counted; a seat names what its session names; one that a booking made ends with its last seat.

mod change;
mod inputs;
mod lists;
mod mutations;
mod notice;
mod queries;
mod session;
mod sql;

use lectern_kernel::{
    ids::Kind,
    resolve::registry::{Domain, FilterExtension},
};

pub use self::{notice::GROUP_SESSION_CANCELLED, session::GroupSession};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[GroupSession::object],
    extensions: &[&session::BookingSession::EXTENSION, &session::HoldSession::EXTENSION],
    operations: &[queries::GroupSessionQueries::OPERATIONS, mutations::GroupSessionMutations::OPERATIONS],
    filters: &[FilterExtension::of::<lists::SeatFilter>("BookingFilter")],
    references: &[("group_session_id", GroupSession::PREFIX)],
    parts: &[(GroupSession::TYPE, "resource_id", "resource")],
    emits: &[
        (
            "group_session.opened",
            "A group session was opened, or made by its first booking or hold. `id`, `bookingTypeId`, `instructorId`, `startsAt`, `endsAt`, `seats`, `status`.",
        ),
        (
            "group_session.changed",
            "The time, the instructor, the resources or the seats of a group session have changed. `id`, `bookingTypeId`, `instructorId`, `startsAt`, `endsAt`, `seats`, `status`.",
        ),
        (
            "group_session.cancelled",
            "A group session was cancelled, or has ended with its last seat. `id`, `bookingTypeId`, `instructorId`, `startsAt`, `endsAt`, `seats`, `status`.",
        ),
    ],
    ..Domain::new("group_sessions")
};
