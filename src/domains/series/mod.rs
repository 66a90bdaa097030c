//! Series: bookings of one learner that come again and again by the clock of a time zone. Table: `booking_series`; each occurrence is a booking of its own.
//!
//! Permissions: BOOKING_REQUEST (in one's own name), BOOKING_MANAGE (for anybody).
//! Invariants: each occurrence is judged by the rules of one booking, as if those before it were booked; all are written, moved and cancelled at once or not at all; what was
//! moved by itself goes its own way.

mod asked;
mod booking_series;
mod inputs;
mod judging;
mod lists;
mod members;
mod mutations;
mod occurrences;
mod queries;
mod recurrence;
mod sql;

use lectern_kernel::resolve::registry::{Domain, FilterExtension};

pub use self::{
    asked::{coming, plan, repeated},
    booking_series::{BookingSeries, OnClash, SeriesClash},
    judging::{ATTEMPTS, Judged, Occurrence, Plan, Start, check, is_lost, written},
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[BookingSeries::object, SeriesClash::object, queries::SeriesPreview::object, queries::SeriesOccurrence::object],
    extensions: &[&booking_series::BookingOfSeries::EXTENSION],
    operations: &[queries::SeriesQueries::OPERATIONS, mutations::SeriesMutations::OPERATIONS],
    filters: &[FilterExtension::of::<lists::SeriesFilter>("BookingFilter")],
    ..Domain::new("series")
};
