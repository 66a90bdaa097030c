//! The range of time that a report is about.

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use lectern_kernel::{
    error::{Error, Result},
    resolve::DateTime,
};

use crate::domains::bookings::Span;

/// Days of a series unless the range is given.
const DEFAULT_DAYS: i32 = 30;

/// As the client gave it: open at either end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Range {
    pub from: Option<DateTime>,
    pub to: Option<DateTime>,
}

impl Range {
    /// Checks the arguments.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a range that holds no time.
    pub fn check(from: Option<DateTime>, to: Option<DateTime>) -> Result<Range> {
        match (from, to) {
            (Some(from), Some(to)) if to <= from => Err(Error::bad_input("to", "must be later than `from`")),
            _ => Ok(Range { from, to }),
        }
    }

    /// Closed at both ends, for a series: what is not given is chosen so that it covers whole days of the zone, up to and
    /// with the day of `now`, 30 of them.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when it begins after today and nobody said where it ends.
    pub fn series(self, now: Timestamp, zone: &TimeZone) -> Result<Span> {
        let beyond = |error: jiff::Error| Error::internal(format!("no such day: {error}"));
        let end = match self.to {
            Some(to) => to.0,
            None => now.to_zoned(zone.clone()).tomorrow().and_then(|day| day.start_of_day()).map_err(beyond)?.timestamp(),
        };
        let start = match self.from {
            Some(from) => from.0,
            None => {
                // The day of the last moment is the last of the 30.
                let last = (end - 1.nanosecond()).to_zoned(zone.clone());
                last.checked_sub((DEFAULT_DAYS - 1).days()).and_then(|day| day.start_of_day()).map_err(beyond)?.timestamp()
            }
        };
        Span::new(start, end).ok_or_else(|| Error::bad_input("to", "must be given when `from` lies beyond today"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        DateTime(text.parse().unwrap())
    }

    fn series(from: Option<&str>, to: Option<&str>, zone: &str) -> Option<(String, String)> {
        let now = at("2026-11-20T09:30:00Z").0;
        let range = Range { from: from.map(at), to: to.map(at) };
        let span = range.series(now, &TimeZone::get(zone).unwrap()).ok()?;
        Some((span.start.to_string(), span.end.to_string()))
    }

    #[test]
    fn a_series_covers_30_whole_days_up_to_and_with_today_unless_told_otherwise() {
        let span = |start: &str, end: &str| Some((start.to_owned(), end.to_owned()));
        assert_eq!(series(None, None, "UTC"), span("2026-10-22T00:00:00Z", "2026-11-21T00:00:00Z"));
        // The clocks went back on the 25th of October.
        assert_eq!(series(None, None, "Europe/Berlin"), span("2026-10-21T22:00:00Z", "2026-11-20T23:00:00Z"));
        assert_eq!(series(None, Some("2026-11-01T00:00:00Z"), "UTC"), span("2026-10-02T00:00:00Z", "2026-11-01T00:00:00Z"));
        assert_eq!(series(None, Some("2026-11-01T12:00:00Z"), "UTC"), span("2026-10-03T00:00:00Z", "2026-11-01T12:00:00Z"));
        assert_eq!(series(Some("2026-11-20T12:00:00Z"), None, "UTC"), span("2026-11-20T12:00:00Z", "2026-11-21T00:00:00Z"));
        assert_eq!(series(Some("2026-11-21T00:00:00Z"), None, "UTC"), None);
        assert_eq!(
            series(Some("2026-01-01T00:00:00Z"), Some("2026-01-02T00:00:00Z"), "UTC"),
            span("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
        );
    }

    #[test]
    fn a_range_without_time_is_refused() {
        let (one, two) = (Some(at("2026-11-20T09:00:00Z")), Some(at("2026-11-20T10:00:00Z")));
        assert!(Range::check(one, two).is_ok() && Range::check(None, two).is_ok() && Range::check(two, None).is_ok());
        assert!(Range::check(two, one).is_err() && Range::check(one, one).is_err());
    }
}
