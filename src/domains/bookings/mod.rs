//! Bookings: when instructors are available, who has booked whom, and the calendar of both. Tables: `availability`,
//! `booking`, `booking_transition`.
//!
//! Permissions: AVAILABILITY_MANAGE (the own), BOOKING_REQUEST (the own as a learner), BOOKING_COMPLETE (those assigned to
//! oneself), BOOKING_MANAGE (all, and others' availability), BOOKING_READ_ALL.
//! Invariants, kept by the database: a booking moves by the rows of `booking_transition` and by the hand that they name; no
//! person is booked twice at a time; nobody is assigned outside their availability.

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
mod subscriptions;

use async_graphql::MergedObject;
use lectern_kernel::{
    ids::Kind,
    rates::BudgetKind,
    registry::{Domain, Event, KindInfo, Operation},
};

use crate::domains::identity::User;

pub use self::{
    availability::Availability,
    booking::{Booking, BookingStatus},
    lists::{BookingFilter, BookingJoins, availability_list, booking_list, booking_order},
    queries::BookingQueries,
    span::{Span, days},
    subscriptions::Subscription,
};

/// What the kernel has to know of it.
pub const DOMAIN: Domain = Domain {
    operations: &[
        Operation::mutation("createAvailability", "Availability"),
        Operation::mutation("deleteAvailability", "Availability"),
        Operation::mutation("requestBooking", "Booking").budget(BudgetKind::Bookings),
        Operation::mutation("approveBooking", "Booking").budget(BudgetKind::Bookings),
        Operation::mutation("assignBooking", "Booking").budget(BudgetKind::Bookings),
        Operation::mutation("completeBooking", "Booking").budget(BudgetKind::Bookings),
        Operation::mutation("cancelBooking", "Booking").budget(BudgetKind::Bookings),
        Operation::mutation("rescheduleBooking", "Booking").budget(BudgetKind::Bookings),
    ],
    kinds: &[KindInfo::of::<Availability>(), KindInfo::of::<Booking>()],
    events: &[Event { name: "bookingChanged", channel: "lectern_booking", prefix: Booking::PREFIX, query: "booking" }],
    references: &[("instructor_id", User::PREFIX), ("requested_instructor_id", User::PREFIX), ("student_id", User::PREFIX)],
    ..Domain::new("bookings")
};

/// Mutations of availability and bookings.
#[derive(MergedObject, Default)]
pub struct BookingMutations(availability_mutations::AvailabilityMutations, mutations::BookingSteps);
