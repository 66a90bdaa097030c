//! What the mutations of series take.

use async_graphql::{ID, InputObject};
use lectern_kernel::resolve::{Date, DateTime};

use super::booking_series::{OnClash, SeriesScope};
use crate::domains::slots::BookingRule;

/// Bookings that come again and again.
#[derive(InputObject)]
pub struct BookSeriesInput {
    /// The booking type.
    pub booking_type_id: ID,
    /// When the first begins; not in the past.
    pub starts_at: DateTime,
    /// How they come again: FREQ=DAILY, WEEKLY or MONTHLY, INTERVAL (1 to 52), with WEEKLY BYDAY (weeks begin on Monday), and either COUNT or UNTIL (a date, inclusive, or a
    /// moment in UTC), as in `FREQ=WEEKLY;BYDAY=TU,TH;COUNT=10`. `startsAt` must be the first of them. At most 52, within 366 days; a month without that day is skipped.
    pub recurrence: String,
    /// Dates of these on which there is none, at most 52; they count towards COUNT.
    pub excluded_dates: Option<Vec<Date>>,
    /// The IANA time zone by whose clock they come again; the school's unless given.
    pub time_zone: Option<String>,
    /// Minutes: one of the type's `durations`; its first unless given.
    pub duration_minutes: Option<i32>,
    /// Who takes them, if the type lets learners choose. Left out: one instructor of the type, who is free for all of them, or else for most.
    pub instructor_id: Option<ID>,
    /// What they take, of the requirements that these belong to; of others, the first that is free, for each.
    pub resource_ids: Option<Vec<ID>>,
    /// For whom; you unless given. Anybody else needs BOOKING_MANAGE.
    pub learner_id: Option<ID>,
    /// What the school should know; at most 10,000 characters.
    pub notes: Option<String>,
    /// What becomes of them where some can't be had; REFUSE unless given.
    pub on_clash: Option<OnClash>,
    /// Rules that are skipped; needs BOOKING_MANAGE.
    #[graphql(name = "override")]
    pub overridden: Option<Vec<BookingRule>>,
}

/// Another time for bookings of a series.
#[derive(InputObject)]
pub struct RescheduleSeriesInput {
    /// One of its bookings.
    pub booking_id: ID,
    /// Which of them move.
    pub scope: SeriesScope,
    /// When that one is to begin; not in the past. The others are moved by as many days, and to that time of the series' clock.
    pub starts_at: DateTime,
    /// Minutes that each of them has from then on: one of the type's `durations`. Left out: as long as they are.
    pub duration_minutes: Option<i32>,
    /// What becomes of them where some can't be had at their new time; REFUSE unless given. With SKIP those stay where they are.
    pub on_clash: Option<OnClash>,
    /// Why; at most 10,000 characters. Learners say so where the type asks for it.
    pub reason: Option<String>,
}

/// Bookings of a series that are not to take place.
#[derive(InputObject)]
pub struct CancelSeriesInput {
    /// One of its bookings.
    pub booking_id: ID,
    /// Which of them are cancelled.
    pub scope: SeriesScope,
    /// Why; at most 10,000 characters. Learners say so where the type asks for it.
    pub reason: Option<String>,
}
