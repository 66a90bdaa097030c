//! When schedules run, and over what: whole days, weeks and months of a time zone, however long they are where the clocks change.

use jiff::{Timestamp, ToSpan, civil::Date, civil::Weekday, tz::TimeZone};
use lectern_kernel::error::{Error, Result};

use super::columns::ReportFrequency;
use crate::domains::bookings::Span;

/// The clock of a schedule.
#[derive(Debug, Clone)]
pub struct Clock {
    pub frequency: ReportFrequency,
    pub hour: i8,
    pub zone: TimeZone,
}

fn beyond(error: jiff::Error) -> Error {
    Error::internal(format!("no such day: {error}"))
}

impl Clock {
    /// The latest day up to this one on which a period begins.
    fn begins(&self, date: Date) -> Result<Date> {
        match self.frequency {
            ReportFrequency::Daily => Ok(date),
            ReportFrequency::Weekly => date.checked_sub(i32::from(date.weekday().since(Weekday::Monday)).days()).map_err(beyond),
            ReportFrequency::Monthly => Ok(date.first_of_month()),
        }
    }

    fn step(&self) -> jiff::Span {
        match self.frequency {
            ReportFrequency::Daily => 1.day(),
            ReportFrequency::Weekly => 7.days(),
            ReportFrequency::Monthly => 1.month(),
        }
    }

    fn before(&self, begin: Date) -> Result<Date> {
        begin.checked_sub(self.step()).map_err(beyond)
    }

    fn after(&self, begin: Date) -> Result<Date> {
        begin.checked_add(self.step()).map_err(beyond)
    }

    fn date(&self, now: Timestamp) -> Date {
        now.to_zoned(self.zone.clone()).date()
    }

    /// The first moment of a day.
    fn start(&self, date: Date) -> Result<Timestamp> {
        Ok(date.to_zoned(self.zone.clone()).map_err(beyond)?.timestamp())
    }

    /// When it runs on a day; where the clocks skip that hour, an hour later.
    fn runs_at(&self, date: Date) -> Result<Timestamp> {
        Ok(date.at(self.hour, 0, 0, 0).to_zoned(self.zone.clone()).map_err(beyond)?.timestamp())
    }

    /// The period that ends when this day begins.
    fn period_before(&self, begin: Date) -> Result<Span> {
        let (start, end) = (self.start(self.before(begin)?)?, self.start(begin)?);
        Span::new(start, end).ok_or_else(|| Error::internal("a period without time"))
    }

    /// The last period that is over.
    ///
    /// # Errors
    /// Where the calendar ends.
    pub fn last_whole(&self, now: Timestamp) -> Result<Span> {
        self.period_before(self.begins(self.date(now))?)
    }

    /// The latest period whose run is due, and when the schedule runs next. What else was missed is not made up for.
    ///
    /// # Errors
    /// Where the calendar ends.
    pub fn due(&self, now: Timestamp) -> Result<(Span, Timestamp)> {
        let mut begin = self.begins(self.date(now))?;
        if self.runs_at(begin)? > now {
            begin = self.before(begin)?;
        }
        Ok((self.period_before(begin)?, self.runs_at(self.after(begin)?)?))
    }

    /// When the schedule runs next.
    ///
    /// # Errors
    /// Where the calendar ends.
    pub fn next(&self, now: Timestamp) -> Result<Timestamp> {
        let mut begin = self.begins(self.date(now))?;
        while self.runs_at(begin)? <= now {
            begin = self.after(begin)?;
        }
        self.runs_at(begin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(frequency: ReportFrequency, hour: i8, zone: &str) -> Clock {
        Clock { frequency, hour, zone: TimeZone::get(zone).unwrap() }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn due(clock: &Clock, now: &str) -> [String; 3] {
        let (Span { start, end }, next) = clock.due(at(now)).unwrap();
        [start, end, next].map(|at| at.to_string())
    }

    #[test]
    fn a_day_is_as_long_as_the_clocks_make_it() {
        let berlin = clock(ReportFrequency::Daily, 2, "Europe/Berlin");
        // On the 29th of March there is no 2 o'clock: it runs at 3, over a day of 24 hours; the day after over one of 23.
        assert_eq!(due(&berlin, "2026-03-29T01:00:00Z"), ["2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-30T00:00:00Z"]);
        assert_eq!(due(&berlin, "2026-03-30T00:00:00Z"), ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-31T00:00:00Z"]);
        // On the 25th of October it is 2 o'clock twice: it runs at the first, and once.
        assert_eq!(due(&berlin, "2026-10-25T00:00:00Z")[2], "2026-10-26T01:00:00Z");
        assert_eq!(due(&berlin, "2026-10-25T01:30:00Z")[2], "2026-10-26T01:00:00Z");
        assert_eq!(due(&berlin, "2026-10-26T01:00:00Z")[..2], ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"]);
    }

    #[test]
    fn weeks_begin_on_mondays_and_months_on_the_first() {
        let weekly = clock(ReportFrequency::Weekly, 7, "UTC");
        assert_eq!(due(&weekly, "2026-11-23T07:00:00Z"), ["2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-30T07:00:00Z"]);
        assert_eq!(due(&weekly, "2026-11-23T06:59:59Z"), ["2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z", "2026-11-23T07:00:00Z"]);
        let monthly = clock(ReportFrequency::Monthly, 0, "America/New_York");
        assert_eq!(due(&monthly, "2026-03-20T00:00:00Z"), ["2026-02-01T05:00:00Z", "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z"]);
        assert_eq!(monthly.next(at("2026-04-01T04:00:00Z")).unwrap(), at("2026-05-01T04:00:00Z"));
        assert_eq!(weekly.last_whole(at("2026-11-23T00:00:00Z")).unwrap().end, at("2026-11-23T00:00:00Z"));
    }
}
