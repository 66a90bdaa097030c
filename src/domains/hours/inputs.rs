//! What the mutations of hours take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{Date, DateTime, LocalTime, text},
};
use lectern_macros::writes;

use super::{AvailabilityRule, rule::Weekday};
use crate::domains::{bookings::Span, identity::zone};

/// Time that comes every week.
#[writes(AvailabilityRule)]
pub struct CreateAvailabilityRuleInput {
    /// Whose time it is: an instructor of the school. Left out: yours. Anybody else's needs BOOKING_MANAGE.
    #[by_hand]
    pub instructor_id: Option<ID>,
    /// What is open, instead of an instructor; needs SCHEDULE_MANAGE.
    #[by_hand]
    pub resource_id: Option<ID>,
    /// The days on which it begins, each once; 1 to 7.
    #[check(weekdays)]
    pub weekdays: Vec<Weekday>,
    /// When it begins; not 24:00.
    #[by_hand]
    pub from: LocalTime,
    /// When it ends, at another time than `from`; before `from`: on the day after.
    #[by_hand]
    pub until: LocalTime,
    /// The IANA time zone of its clock; the school's own unless given.
    #[by_hand]
    pub time_zone: Option<String>,
    /// The first date on which it may begin; unless given, today in its zone.
    #[by_hand]
    pub valid_from: Option<Date>,
    /// The last date on which it may begin, no earlier than `validFrom`; left out: it goes on.
    #[check(date)]
    pub valid_until: Option<Date>,
}

/// A change of a rule. What is left out stays as it is; an explicit null clears.
#[writes(AvailabilityRule)]
pub struct UpdateAvailabilityRuleInput {
    /// The rule.
    #[by_hand]
    pub id: ID,
    /// The days on which it begins, each once, in place of those before; 1 to 7.
    #[by_hand]
    pub weekdays: MaybeUndefined<Vec<Weekday>>,
    /// When it begins; not 24:00.
    #[by_hand]
    pub from: MaybeUndefined<LocalTime>,
    /// When it ends, at another time than `from`; before `from`: on the day after.
    #[by_hand]
    pub until: MaybeUndefined<LocalTime>,
    /// The IANA time zone of its clock.
    #[check(zone)]
    pub time_zone: MaybeUndefined<String>,
    /// The first date on which it may begin.
    #[check(date)]
    pub valid_from: MaybeUndefined<Date>,
    /// The last date on which it may begin, no earlier than `validFrom`; null: it goes on.
    #[check(date)]
    pub valid_until: MaybeUndefined<Date>,
}

/// Time to be taken off.
#[derive(InputObject)]
pub struct CreateTimeOffInput {
    /// Who is away: an instructor of the school. Left out: you. Anybody else needs BOOKING_MANAGE.
    pub instructor_id: Option<ID>,
    /// What is out of service, instead of an instructor; needs SCHEDULE_MANAGE.
    pub resource_id: Option<ID>,
    /// When it begins.
    pub starts_at: DateTime,
    /// When it ends: 5 minutes to 366 days of the school's time zone later, and not in the past.
    pub ends_at: DateTime,
    /// Why; at most 1,000 characters. Shown to you and to BOOKING_MANAGE alone, unless it is a resource's.
    pub reason: Option<String>,
}

/// Days of the week, in its order.
pub fn weekdays(field: &str, days: &[Weekday]) -> Result<Vec<Weekday>> {
    let mut sorted = days.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.is_empty() || sorted.len() < days.len() {
        return Err(Error::bad_input(field, "must hold 1 to 7 days, each once"));
    }
    Ok(sorted)
}

/// When a rule begins: every day has the time 24:00 in common with the next, which calls it 00:00.
pub fn beginning(time: LocalTime) -> Result<LocalTime> {
    if time == LocalTime::END { Err(Error::bad_input("from", "must be earlier than 24:00; 00:00 begins a day")) } else { Ok(time) }
}

/// A value that a change may not clear.
pub fn kept<T: Clone>(field: &str, value: &MaybeUndefined<T>) -> Result<Option<T>> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Err(Error::bad_input(field, "can't be null: leave it out to keep it")),
        MaybeUndefined::Value(value) => Ok(Some(value.clone())),
    }
}

/// A date in the years that moments have.
pub fn date(field: &str, date: &Date) -> Result<Date> {
    if (1900..=2999).contains(&date.0.year()) { Ok(*date) } else { Err(Error::bad_input(field, "must be between the years 1900 and 2999")) }
}

const SHORTEST: SignedDuration = SignedDuration::from_mins(5);
/// Days that the longest time off has.
const DAYS: i64 = 366;
/// What no time off is longer than; `time_off_span_check` and the lower bounds of index scans say the same.
pub const LONGEST_TIME_OFF: SignedDuration = SignedDuration::from_hours((DAYS + 1) * 24);

/// The span of a time off. It may have begun already, but not be over. Its days are those of the school's zone.
pub fn time_off_span(starts_at: DateTime, ends_at: DateTime, zone: &TimeZone, now: Timestamp) -> Result<Span> {
    let span = Span::new(starts_at.0, ends_at.0).ok_or_else(|| Error::bad_input("endsAt", "must be later than `startsAt`"))?;
    if span.length() < SHORTEST {
        return Err(Error::bad_input("endsAt", "must be at least 5 minutes after `startsAt`"));
    }
    if !span.has_days_at_most(DAYS, zone) {
        return Err(Error::bad_input("endsAt", format!("must be at most {DAYS} days after `startsAt`")));
    }
    if span.end <= now { Err(Error::bad_input("endsAt", "must not be in the past")) } else { Ok(span) }
}

/// Why somebody is away; blank is nothing.
pub fn reason(text: &str) -> Result<Option<String>> {
    let reason = text::long("reason", text)?;
    match &reason {
        Some(text) if text.chars().count() > 1000 => Err(Error::bad_input("reason", "must have at most 1000 characters")),
        _ => Ok(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_kept_in_the_order_of_the_week_each_once() {
        use Weekday::{Friday, Monday, Sunday};
        assert_eq!(weekdays("weekdays", &[Sunday, Monday, Friday]).unwrap(), [Monday, Friday, Sunday]);
        assert!(weekdays("weekdays", &[]).is_err() && weekdays("weekdays", &[Monday, Friday, Monday]).is_err());
        assert_eq!(weekdays("weekdays", Weekday::ALL).unwrap().len(), 7);
    }

    #[test]
    fn a_time_off_lasts_5_minutes_to_366_days_and_is_not_over() {
        let at = |text: &str| DateTime(text.parse().unwrap());
        let fits = |from: &str, to: &str| time_off_span(at(from), at(to), &TimeZone::UTC, at("2026-06-01T00:00:00Z").0).is_ok();
        assert!(fits("2026-05-31T23:00:00Z", "2026-06-01T00:00:01Z") && fits("2026-06-02T00:00:00Z", "2026-06-02T00:05:00Z"));
        assert!(fits("2026-06-02T00:00:00Z", "2027-06-03T00:00:00Z"));
        for (from, to) in [
            ("2026-06-02T00:00:00Z", "2026-06-02T00:04:59Z"),
            ("2026-06-02T00:00:00Z", "2027-06-03T00:00:01Z"),
            ("2026-05-31T00:00:00Z", "2026-06-01T00:00:00Z"),
            ("2026-06-02T00:00:00Z", "2026-06-02T00:00:00Z"),
        ] {
            assert!(!fits(from, to), "{from} {to}");
        }
    }
}
