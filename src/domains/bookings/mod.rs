//! Bookings: when instructors are available, who has booked whom, and the calendar of both. Tables: `availability`,
//! `booking`, `booking_resource`, `booking_reminder`, `booking_transition`, `time_claim`.
//!
//! Permissions: AVAILABILITY_MANAGE (the own), BOOKING_REQUEST (the own as a learner), BOOKING_COMPLETE (those assigned to
//! oneself), BOOKING_MANAGE (all, and others' availability), BOOKING_READ_ALL.
//! Invariants, kept by the database: a booking moves by the rows of `booking_transition` and by the hand that they name; one
//! person is in one place at a time, as learner and as instructor together, and one resource in one booking; nobody is assigned, and no resource taken,
//! outside the time at which they are open (`app.is_available`, `app.is_open`).

mod availability;
mod availability_mutations;
mod booking;
mod calendar;
mod confirm;
mod inputs;
mod limits;
mod lists;
mod loaders;
mod moving;
mod mutations;
mod notices;
mod open;
mod outcome;
mod queries;
mod span;
mod sql;
mod standing;
mod steps;

use lectern_kernel::{
    ids::Kind,
    rates::Budget,
    resolve::registry::{Domain, Event, Heard, HeardKey},
};

pub use self::{
    availability::Availability,
    booking::{Booking, BookingStatus},
    calendar::{BusyBlock, days_cost},
    inputs::LONGEST_BOOKING,
    lists::{BY_PLACE, BookingOrders, booking_list, overlap},
    mutations::BookingRequest,
    notices::BOOKING_REMINDER,
    outcome::BookingOutcome,
    span::{Span, days, difference, shares, union},
    steps::terms as booking_terms,
};

/// Changes of bookings that one person may try.
pub static CHANGES: Budget = Budget { name: "bookings", a_minute: 30, refusal: "You change bookings too often.", is_of_address: false };

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[
        Availability::object,
        Booking::object,
        calendar::Calendar::object,
        calendar::CalendarDay::object,
        calendar::TimeSlot::object,
        calendar::BusyBlock::object,
        limits::InstructorLimits::object,
    ],
    extensions: &[&limits::UserLimits::EXTENSION],
    operations: &[
        queries::BookingQueries::OPERATIONS,
        calendar::CalendarQueries::OPERATIONS,
        availability_mutations::AvailabilityMutations::OPERATIONS,
        mutations::BookingMutations::OPERATIONS,
        outcome::OutcomeMutations::OPERATIONS,
        limits::LimitMutations::OPERATIONS,
    ],
    references: &[("booking_id", Booking::PREFIX)],
    parts: &[(Booking::TYPE, "resource_id", "resource")],
    jobs: &[notices::ESCALATE, notices::REMIND],
    events: &[Event {
        name: "bookingChanged",
        description: "A booking that you may see is new or has changed: as it is now. Several changes in quick succession may \
                      arrive as\none. Where events may have been missed, the socket is closed with 1001, 1012 or 1013: connect \
                      again, and read anew\nwhat you show.",
        of: Heard::Row(Booking::object),
        topic: "booking",
        key: HeardKey::Any,
        since: None,
        query: "booking",
    }],
    emits: &[
        (
            "booking.requested",
            "A learner asks for a booking. `id`, `status`, `studentId`, `instructorId`, `courseId`, `startsAt`, `endsAt`.",
        ),
        (
            "booking.approved",
            "A booking was approved, or its assignment taken back. `id`, `status`, `studentId`, `instructorId`, `courseId`, `startsAt`, `endsAt`.",
        ),
        (
            "booking.assigned",
            "A booking was given to an instructor, or a slot was booked. `id`, `status`, `studentId`, `instructorId`, `courseId`, `startsAt`, `endsAt`.",
        ),
        (
            "booking.rescheduled",
            "A booking was moved to another time; one that was assigned is approved again. `id`, `status`, `studentId`, `instructorId`, `courseId`, `startsAt`, `endsAt`.",
        ),
        ("booking.completed", "A booking has taken place. `id`, `status`, `studentId`, `instructorId`, `courseId`, `startsAt`, `endsAt`."),
        ("booking.cancelled", "A booking was cancelled. `id`, `status`, `studentId`, `instructorId`, `courseId`, `startsAt`, `endsAt`."),
        (
            "booking.escalated",
            "A request has waited too long for its answer. `id`, `status`, `studentId`, `instructorId`, `courseId`, `startsAt`, `endsAt`.",
        ),
        (
            "booking.outcome_recorded",
            "Somebody has said what became of a booking, or corrected it. `id`, `status`, `outcome`, `minutesLate`, `studentId`, `instructorId`, `courseId`, `startsAt`, `endsAt`.",
        ),
    ],
    ..Domain::new("bookings")
};
