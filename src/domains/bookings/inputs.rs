//! What the mutations of availability and bookings take, and the checks of their spans.

use async_graphql::{ID, InputObject};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use lectern_kernel::{
    error::{Error, Result},
    resolve::DateTime,
};

use super::span::Span;

/// A span in which an instructor or a resource can be booked.
#[derive(InputObject)]
pub struct CreateAvailabilityInput {
    /// Whose time it is: an instructor of the school. Left out: yours. Anybody else's needs BOOKING_MANAGE as well.
    pub instructor_id: Option<ID>,
    /// What is open, instead of an instructor; needs SCHEDULE_MANAGE as well.
    pub resource_id: Option<ID>,
    /// When it begins.
    pub starts_at: DateTime,
    /// When it ends: 5 minutes to 31 days of the school's time zone later, and not in the past.
    pub ends_at: DateTime,
}

/// A request for a booking, in your own name.
#[derive(InputObject)]
pub struct RequestBookingInput {
    /// When it is to begin; not in the past.
    pub starts_at: DateTime,
    /// When it is to end: 5 minutes to 24 hours later.
    pub ends_at: DateTime,
    /// The course that it belongs to; not a draft.
    pub course_id: Option<ID>,
    /// The instructor whom you wish for.
    pub requested_instructor_id: Option<ID>,
    /// What the school should know; at most 10,000 characters.
    pub notes: Option<String>,
}

/// Who is to take a booking.
#[derive(InputObject)]
pub struct AssignBookingInput {
    /// The booking.
    pub id: ID,
    /// The instructor: available all the while, busy with nothing else, and not the booking's learner.
    pub instructor_id: ID,
    /// The resources that it takes, each once, at most 5, in place of those that it has: open all the while, and free from their setup before it to
    /// their teardown after it. Left out: those that it has.
    pub resource_ids: Option<Vec<ID>>,
}

/// A booking that is not to take place.
#[derive(InputObject)]
pub struct CancelBookingInput {
    /// The booking.
    pub id: ID,
    /// Why; at most 10,000 characters. Some booking types ask learners for it.
    pub reason: Option<String>,
}

/// Another time for a booking.
#[derive(InputObject)]
pub struct RescheduleBookingInput {
    /// The booking.
    pub id: ID,
    /// When it is to begin; not in the past.
    pub starts_at: DateTime,
    /// When it is to end: 5 minutes to 24 hours later; of a booking of a type, after one of the type's durations.
    pub ends_at: DateTime,
    /// Who is to take it then, for a booking of a type. Left out: who takes it now where they are free, else another of the type.
    pub instructor_id: Option<ID>,
    /// What it is to take then, for a booking of a type. Left out: what it takes now where that is free, else others of the type.
    pub resource_ids: Option<Vec<ID>>,
    /// Why; at most 10,000 characters. Some types ask learners for it.
    pub reason: Option<String>,
    /// A slot of the booking's type that you hold, to move it into.
    pub hold_id: Option<ID>,
}

/// Who and what is to take a booking.
#[derive(InputObject)]
pub struct ConfirmBookingInput {
    /// The booking.
    pub id: ID,
    /// The instructor. Left out: whom the learner wished for, if they are free, else whom the type's strategy takes; without a type, whoever is least
    /// busy that week.
    pub instructor_id: Option<ID>,
    /// The resources that it takes, each once, at most 5. Left out: those that it has, else the first that are free of what the type requires.
    pub resource_ids: Option<Vec<ID>>,
}

/// The shortest span of both.
const SHORTEST: SignedDuration = SignedDuration::from_mins(5);
/// Days that the longest availability has.
const AVAILABILITY_DAYS: i64 = 31;
/// What no availability is longer than: a month in which the clocks go back is longer than its days times 24 hours.
/// `availability_span_check` and the lower bounds of index scans say the same.
pub const LONGEST_AVAILABILITY: SignedDuration = SignedDuration::from_hours((AVAILABILITY_DAYS + 1) * 24);
/// The longest booking; likewise.
pub const LONGEST_BOOKING: SignedDuration = SignedDuration::from_hours(24);

fn span(starts_at: DateTime, ends_at: DateTime, is_short_enough: impl Fn(Span) -> bool, longest: &str) -> Result<Span> {
    let span = Span::new(starts_at.0, ends_at.0).ok_or_else(|| Error::bad_input("endsAt", "must be later than `startsAt`"))?;
    if span.length() < SHORTEST {
        return Err(Error::bad_input("endsAt", "must be at least 5 minutes after `startsAt`"));
    }
    if !is_short_enough(span) {
        return Err(Error::bad_input("endsAt", format!("must be at most {longest} after `startsAt`")));
    }
    Ok(span)
}

/// The span of an availability. It may have begun already, but not be over. Its days are those of the school's zone.
pub fn availability_span(starts_at: DateTime, ends_at: DateTime, zone: &TimeZone, now: Timestamp) -> Result<Span> {
    let span = span(starts_at, ends_at, |span| span.has_days_at_most(AVAILABILITY_DAYS, zone), "31 days")?;
    if span.end <= now { Err(Error::bad_input("endsAt", "must not be in the past")) } else { Ok(span) }
}

/// The span of a booking.
pub fn booking_span(starts_at: DateTime, ends_at: DateTime, now: Timestamp) -> Result<Span> {
    let span = span(starts_at, ends_at, |span| span.length() <= LONGEST_BOOKING, "24 hours")?;
    if span.start < now { Err(Error::bad_input("startsAt", "must not be in the past")) } else { Ok(span) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(minutes: i64) -> DateTime {
        DateTime(Timestamp::from_second(minutes * 60).unwrap())
    }

    #[test]
    fn spans_have_their_bounds() {
        let (now, day) = (Timestamp::UNIX_EPOCH, 24 * 60);
        let availability_span = |from, to, now| availability_span(from, to, &TimeZone::UTC, now);
        assert!(booking_span(minutes(0), minutes(5), now).is_ok());
        assert!(booking_span(minutes(0), minutes(day), now).is_ok());
        assert!(availability_span(minutes(-5), minutes(1), now).is_ok());
        assert!(availability_span(minutes(0), minutes(31 * day), now).is_ok());
        for (from, to) in [(0, 0), (5, 0), (0, 4), (0, day + 1), (-1, 10)] {
            assert!(booking_span(minutes(from), minutes(to), now).is_err(), "{from} {to}");
        }
        for (from, to) in [(0, 0), (5, 0), (0, 4), (0, 31 * day + 1), (-10, 0)] {
            assert!(availability_span(minutes(from), minutes(to), now).is_err(), "{from} {to}");
        }
    }

    #[test]
    fn october_is_a_month_also_where_the_clocks_go_back() {
        let at = |text: &str| DateTime(text.parse().unwrap());
        let fits = |from: &str, to: &str, zone: &str| {
            availability_span(at(from), at(to), &TimeZone::get(zone).unwrap(), Timestamp::UNIX_EPOCH).is_ok()
        };
        assert!(fits("2027-09-30T22:00:00Z", "2027-10-31T23:00:00Z", "Europe/Berlin"));
        assert!(!fits("2027-09-30T22:00:00Z", "2027-10-31T23:00:01Z", "Europe/Berlin"));
        assert!(!fits("2027-09-30T22:00:00Z", "2027-10-31T23:00:00Z", "UTC"));
        // Where they go forward, 31 times 24 hours are as good as 31 days.
        assert!(fits("2027-02-28T23:00:00Z", "2027-03-31T23:00:00Z", "Europe/Berlin"));
        assert!(!fits("2027-02-28T23:00:00Z", "2027-03-31T23:00:01Z", "Europe/Berlin"));
    }
}
