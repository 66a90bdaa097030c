//! Bookings: when instructors are available, who has booked whom, and the calendar of both. Tables: `availability`,
//! `booking`, `booking_transition`, `time_claim`.
//!
//! Permissions: AVAILABILITY_MANAGE (the own), BOOKING_REQUEST (the own as a learner), BOOKING_COMPLETE (those assigned to
//! oneself), BOOKING_MANAGE (all, and others' availability), BOOKING_READ_ALL.
//! Invariants, kept by the database: a booking moves by the rows of `booking_transition` and by the hand that they name; one
//! person is in one place at a time, as learner and as instructor together; nobody is assigned outside their availability.

mod availability;
mod availability_mutations;
mod booking;
mod calendar;
mod inputs;
mod lists;
mod loaders;
mod mutations;
mod queries;
mod span;
mod sql;
mod steps;

use lectern_kernel::{
    rates::Budget,
    resolve::registry::{Domain, Event},
};

pub use self::{
    availability::Availability,
    booking::{Booking, BookingStatus},
    lists::{BookingOrders, booking_list},
    span::{Span, days},
};

/// Changes of bookings that one person may try.
pub static CHANGES: Budget = Budget { name: "bookings", a_minute: 30, refusal: "You change bookings too often." };

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[
        Availability::object,
        Booking::object,
        calendar::Calendar::object,
        calendar::CalendarDay::object,
        calendar::TimeSlot::object,
    ],
    operations: &[
        queries::BookingQueries::OPERATIONS,
        calendar::CalendarQueries::OPERATIONS,
        availability_mutations::AvailabilityMutations::OPERATIONS,
        mutations::BookingMutations::OPERATIONS,
    ],
    events: &[Event {
        name: "bookingChanged",
        description: "A booking that you may see is new or has changed: as it is now. Several changes in quick succession may \
                      arrive as\none. Where events may have been missed, the socket is closed with 1001, 1012 or 1013: connect \
                      again, and read anew\nwhat you show.",
        object: Booking::object,
        channel: "lectern_booking",
        query: "booking",
    }],
    ..Domain::new("bookings")
};
