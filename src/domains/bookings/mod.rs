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

pub use self::{
    availability::Availability,
    booking::{Booking, BookingStatus},
    lists::{BookingFilter, BookingJoins, availability_list, booking_list, booking_order},
    queries::BookingQueries,
    span::{Span, days},
    subscriptions::Subscription,
};

/// Mutations of availability and bookings.
#[derive(MergedObject, Default)]
pub struct BookingMutations(availability_mutations::AvailabilityMutations, mutations::BookingSteps);

/// Whether a mutation counts towards how often one person may change bookings.
pub fn is_rate_limited(mutation: &str) -> bool {
    ["requestBooking", "approveBooking", "assignBooking", "completeBooking", "cancelBooking", "rescheduleBooking"].contains(&mutation)
}
