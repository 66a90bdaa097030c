//! What comes again and again: that part of RFC 5545 which series know, read strictly. Dates alone; which moments they are, the database says.

use std::fmt;

use jiff::{Timestamp, ToSpan, civil};
use lectern_kernel::error::{Error, Result};

/// Occurrences of a series at most, before exclusions.
pub const MOST: usize = 52;
/// Days from the first to the last at most.
const LONGEST: i64 = 366;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
}

/// When it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Count(usize),
    /// The last date, inclusive.
    Date(civil::Date),
    /// The last moment, inclusive.
    Moment(Timestamp),
}

/// A rule by which something comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    frequency: Frequency,
    interval: i32,
    /// In the order of the week; none: that of the first occurrence.
    weekdays: Vec<civil::Weekday>,
    end: End,
}

const DAYS: [(&str, civil::Weekday); 7] = [
    ("MO", civil::Weekday::Monday),
    ("TU", civil::Weekday::Tuesday),
    ("WE", civil::Weekday::Wednesday),
    ("TH", civil::Weekday::Thursday),
    ("FR", civil::Weekday::Friday),
    ("SA", civil::Weekday::Saturday),
    ("SU", civil::Weekday::Sunday),
];

/// The refusal of a rule.
pub fn bad(message: impl AsRef<str>) -> Error {
    Error::bad_input("recurrence", message).reason("BAD_RECURRENCE")
}

/// The refusal of a rule that goes on for too long.
pub fn too_many() -> Error {
    let message = format!("must have at most {MOST} occurrences, within {LONGEST} days");
    Error::bad_input("recurrence", message).reason("TOO_MANY_OCCURRENCES")
}

fn digits(text: &str) -> Option<u32> {
    if text.is_empty() || text.len() > 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) { None } else { text.parse().ok() }
}

/// Whether it is a number of more digits than are read: more than any series may have.
fn is_huge(text: &str) -> bool {
    text.len() > 4 && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn weekday(text: &str) -> Option<civil::Weekday> {
    DAYS.iter().find(|(name, _)| *name == text).map(|(_, day)| *day)
}

/// `20270301`, or `20270301T120000Z`.
fn until(text: &str) -> Option<End> {
    let is_written = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time.strip_suffix('Z').filter(|time| is_written(time, 6))?)),
        None => (text, None),
    };
    if !is_written(date, 8) {
        return None;
    }
    let number = |text: &str| text.parse::<i8>().ok();
    let date = civil::Date::new(date[..4].parse().ok()?, number(&date[4..6])?, number(&date[6..])?).ok()?;
    let Some(time) = time else { return Some(End::Date(date)) };
    let time = civil::Time::new(number(&time[..2])?, number(&time[2..4])?, number(&time[4..])?, 0).ok()?;
    let moment = date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(End::Moment(moment.timestamp()))
}

impl Recurrence {
    /// Reads one, strictly: no part twice, none that is unknown.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with BAD_RECURRENCE, field `recurrence`.
    pub fn parse(text: &str) -> Result<Recurrence> {
        if text.len() > 200 {
            return Err(bad("must have at most 200 characters"));
        }
        let (mut frequency, mut interval, mut weekdays, mut end, mut seen) = (None, 1, Vec::new(), None, Vec::new());
        for part in text.split(';') {
            let (name, value) = part.split_once('=').ok_or_else(|| bad("must be parts as NAME=VALUE, with `;` between them"))?;
            if seen.contains(&name) {
                return Err(bad(format!("must have {name} once")));
            }
            seen.push(name);
            match name {
                "FREQ" => {
                    frequency = Some(match value {
                        "DAILY" => Frequency::Daily,
                        "WEEKLY" => Frequency::Weekly,
                        "MONTHLY" => Frequency::Monthly,
                        _ => return Err(bad("must have FREQ=DAILY, WEEKLY or MONTHLY")),
                    });
                }
                "INTERVAL" => {
                    let wanted = digits(value).filter(|wanted| (1..=52).contains(wanted));
                    interval =
                        wanted.and_then(|wanted| i32::try_from(wanted).ok()).ok_or_else(|| bad("must have an INTERVAL of 1 to 52"))?;
                }
                "BYDAY" => {
                    for day in value.split(',') {
                        let day = weekday(day).ok_or_else(|| bad("must have days as MO, TU, WE, TH, FR, SA, SU in BYDAY"))?;
                        if weekdays.contains(&day) {
                            return Err(bad("must have each day of BYDAY once"));
                        }
                        weekdays.push(day);
                    }
                    weekdays.sort_by_key(|day| day.to_monday_zero_offset());
                }
                "COUNT" | "UNTIL" if end.is_some() => return Err(bad("must have either COUNT or UNTIL")),
                "COUNT" => {
                    let wanted = if is_huge(value) { Some(u32::from(u16::MAX)) } else { digits(value).filter(|wanted| *wanted > 0) };
                    end = Some(End::Count(wanted.ok_or_else(|| bad("must have a COUNT from 1"))? as usize));
                }
                "UNTIL" => {
                    end = Some(until(value).ok_or_else(|| bad("must have UNTIL as a date, 20270301, or a moment, 20270301T120000Z"))?);
                }
                _ => return Err(bad("may have FREQ, INTERVAL, BYDAY, COUNT and UNTIL alone")),
            }
        }
        let frequency = frequency.ok_or_else(|| bad("must have FREQ"))?;
        if !weekdays.is_empty() && frequency != Frequency::Weekly {
            return Err(bad("may have BYDAY with FREQ=WEEKLY alone"));
        }
        let end = end.ok_or_else(|| bad("must have COUNT or UNTIL"))?;
        Ok(Recurrence { frequency, interval, weekdays, end })
    }

    /// So many days, one after the other.
    pub fn daily(count: usize) -> Recurrence {
        Recurrence { frequency: Frequency::Daily, interval: 1, weekdays: Vec::new(), end: End::Count(count) }
    }

    /// Its dates from the first one on. One more than a series may have where it has more; and where it ends with a moment, some that may come after that
    /// ([`Recurrence::last_moment`]).
    ///
    /// # Errors
    /// `BAD_USER_INPUT` where `first` is none of them, or where they go on for too long.
    pub fn dates(&self, first: civil::Date) -> Result<Vec<civil::Date>> {
        let beyond = first.checked_add(LONGEST.days()).map_err(|_| too_many())?;
        let (most, last) = match self.end {
            End::Count(count) => (count.min(MOST + 1), None),
            End::Date(date) => (MOST + 1, Some(date)),
            // The zones' dates of a moment are that of UTC, the one before or the one after.
            End::Moment(moment) => (MOST + 3, moment.to_zoned(jiff::tz::TimeZone::UTC).date().tomorrow().ok()),
        };
        let mut dates = Vec::new();
        for step in 0.. {
            let period = self.period(first, step)?;
            for date in period.into_iter().flatten().filter(|date| *date >= first) {
                if dates.len() == most || last.is_some_and(|last| date > last) {
                    return is_first(first, dates);
                }
                if date > beyond {
                    return if matches!(self.end, End::Moment(_)) { is_first(first, dates) } else { Err(too_many()) };
                }
                dates.push(date);
            }
            if last.is_some_and(|last| self.begins(first, step) > Some(last)) {
                return is_first(first, dates);
            }
            if self.begins(first, step) > Some(beyond) {
                return Err(too_many());
            }
        }
        is_first(first, dates)
    }

    /// The first date of the `step`th period.
    fn begins(&self, first: civil::Date, step: i32) -> Option<civil::Date> {
        let steps = i64::from(step) * i64::from(self.interval);
        match self.frequency {
            Frequency::Daily => first.checked_add(steps.days()).ok(),
            Frequency::Weekly => {
                let monday = first.checked_sub(i64::from(first.weekday().to_monday_zero_offset()).days()).ok()?;
                monday.checked_add(steps.weeks()).ok()
            }
            Frequency::Monthly => first.first_of_month().checked_add(steps.months()).ok(),
        }
    }

    /// The dates of the `step`th period; none where the month has no such day.
    fn period(&self, first: civil::Date, step: i32) -> Result<Vec<Option<civil::Date>>> {
        let begins = self.begins(first, step).ok_or_else(too_many)?;
        Ok(match self.frequency {
            Frequency::Daily => vec![Some(begins)],
            Frequency::Weekly if self.weekdays.is_empty() => {
                vec![begins.checked_add(i64::from(first.weekday().to_monday_zero_offset()).days()).ok()]
            }
            Frequency::Weekly => {
                let days = self.weekdays.iter();
                days.map(|day| begins.checked_add(i64::from(day.to_monday_zero_offset()).days()).ok()).collect()
            }
            Frequency::Monthly => vec![civil::Date::new(begins.year(), begins.month(), first.day()).ok()],
        })
    }

    /// The moment with which it ends, where it ends with one.
    pub fn last_moment(&self) -> Option<Timestamp> {
        if let End::Moment(moment) = self.end { Some(moment) } else { None }
    }

    /// The same so many days later, by its own words.
    pub fn shifted(mut self, days: i64) -> Recurrence {
        for day in &mut self.weekdays {
            *day = day.wrapping_add(days);
        }
        self.weekdays.sort_by_key(|day| day.to_monday_zero_offset());
        self.end = match self.end {
            End::Date(date) => End::Date(date.saturating_add(days.days())),
            End::Moment(moment) => End::Moment(moment + jiff::SignedDuration::from_hours(24 * days)),
            End::Count(count) => End::Count(count),
        };
        self
    }

    /// The same with so many occurrences.
    pub fn with_count(mut self, count: usize) -> Recurrence {
        self.end = End::Count(count);
        self
    }
}

/// A rule's first date must be the first occurrence.
fn is_first(first: civil::Date, dates: Vec<civil::Date>) -> Result<Vec<civil::Date>> {
    if dates.first() == Some(&first) { Ok(dates) } else { Err(bad("must have `startsAt` as its first occurrence")) }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frequency = match self.frequency {
            Frequency::Daily => "DAILY",
            Frequency::Weekly => "WEEKLY",
            Frequency::Monthly => "MONTHLY",
        };
        write!(f, "FREQ={frequency}")?;
        if self.interval != 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        for (place, day) in self.weekdays.iter().enumerate() {
            let name = DAYS.iter().find(|(_, known)| known == day).map_or("", |(name, _)| name);
            write!(f, "{}{name}", if place == 0 { ";BYDAY=" } else { "," })?;
        }
        match self.end {
            End::Count(count) => write!(f, ";COUNT={count}"),
            End::Date(date) => write!(f, ";UNTIL={}", date.strftime("%Y%m%d")),
            End::Moment(moment) => write!(f, ";UNTIL={}", moment.strftime("%Y%m%dT%H%M%SZ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> civil::Date {
        text.parse().unwrap()
    }

    fn dates(rule: &str, first: &str) -> Vec<String> {
        Recurrence::parse(rule).unwrap().dates(date(first)).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn days_weeks_and_months_come_again() {
        assert_eq!(dates("FREQ=DAILY;COUNT=3", "2027-02-27"), ["2027-02-27", "2027-02-28", "2027-03-01"]);
        assert_eq!(dates("FREQ=DAILY;INTERVAL=10;UNTIL=20270321", "2027-03-01"), ["2027-03-01", "2027-03-11", "2027-03-21"]);
        assert_eq!(dates("FREQ=WEEKLY;COUNT=2", "2027-03-03"), ["2027-03-03", "2027-03-10"]);
        assert_eq!(dates("FREQ=WEEKLY;BYDAY=TH,TU;COUNT=4", "2027-03-04"), ["2027-03-04", "2027-03-09", "2027-03-11", "2027-03-16"]);
        // Every second week from Monday: the Sunday of the first week belongs to it.
        assert_eq!(
            dates("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;COUNT=4", "2027-03-01"),
            ["2027-03-01", "2027-03-07", "2027-03-15", "2027-03-21"]
        );
        assert_eq!(dates("FREQ=MONTHLY;COUNT=3", "2027-01-31"), ["2027-01-31", "2027-03-31", "2027-05-31"]);
        assert_eq!(dates("FREQ=WEEKLY;UNTIL=20270309", "2027-03-03"), ["2027-03-03"]);
        assert_eq!(dates("FREQ=DAILY;COUNT=52", "2027-03-03").len(), 52);
        // Where it ends with a moment its dates reach a day beyond it, for the zones' sake.
        assert_eq!(dates("FREQ=DAILY;UNTIL=20270302T120000Z", "2027-03-01"), ["2027-03-01", "2027-03-02", "2027-03-03"]);
    }

    #[test]
    fn what_goes_on_for_too_long_is_refused_and_so_is_what_does_not_begin_with_its_start() {
        let reason = |rule: &str, first: &str| Recurrence::parse(rule).unwrap().dates(date(first)).map(|dates| dates.len());
        assert_eq!(reason("FREQ=DAILY;COUNT=53", "2027-03-01").unwrap(), 53); // one too many is answered, and seen
        assert!(reason("FREQ=DAILY;COUNT=4000000000000000000000", "2027-03-01").unwrap() > 52);
        for rule in ["FREQ=MONTHLY;COUNT=14", "FREQ=MONTHLY;INTERVAL=13;COUNT=2", "FREQ=WEEKLY;INTERVAL=10;UNTIL=20280601"] {
            assert_eq!(reason(rule, "2027-03-30").unwrap_err().why(), Some("TOO_MANY_OCCURRENCES"), "{rule}");
        }
        assert_eq!(reason("FREQ=MONTHLY;INTERVAL=12;COUNT=2", "2028-02-29").unwrap_err().why(), Some("TOO_MANY_OCCURRENCES"));
        for (rule, first) in [("FREQ=WEEKLY;BYDAY=TU;COUNT=2", "2027-03-01"), ("FREQ=DAILY;UNTIL=20270228", "2027-03-01")] {
            assert_eq!(reason(rule, first).unwrap_err().why(), Some("BAD_RECURRENCE"), "{rule}");
        }
    }

    #[test]
    fn it_is_read_strictly() {
        for rule in [
            "",
            "FREQ=WEEKLY",
            "COUNT=3",
            "FREQ=YEARLY;COUNT=3",
            "FREQ=weekly;COUNT=3",
            "RRULE:FREQ=WEEKLY;COUNT=3",
            "FREQ=WEEKLY;COUNT=0",
            "FREQ=WEEKLY;COUNT=+3",
            "FREQ=WEEKLY;COUNT=3;",
            "FREQ=WEEKLY;COUNT=3;COUNT=3",
            "FREQ=WEEKLY;COUNT=3;UNTIL=20270301",
            "FREQ=WEEKLY;INTERVAL=0;COUNT=3",
            "FREQ=WEEKLY;INTERVAL=53;COUNT=3",
            "FREQ=DAILY;BYDAY=MO;COUNT=3",
            "FREQ=MONTHLY;BYDAY=1MO;COUNT=3",
            "FREQ=WEEKLY;BYDAY=1MO;COUNT=3",
            "FREQ=WEEKLY;BYDAY=MO,MO;COUNT=3",
            "FREQ=WEEKLY;BYDAY=;COUNT=3",
            "FREQ=WEEKLY;WKST=SU;COUNT=3",
            "FREQ=MONTHLY;BYMONTHDAY=3;COUNT=3",
            "FREQ=DAILY;UNTIL=2027-03-01",
            "FREQ=DAILY;UNTIL=20270229",
            "FREQ=DAILY;UNTIL=20270301T120000",
            "FREQ=DAILY;UNTIL=20270301T250000Z",
            "FREQ = DAILY;COUNT=3",
            "FREQ=DAILY;COUNT=3\n",
            "FREQ=DAILY;COUNT=00003",
        ] {
            assert_eq!(Recurrence::parse(rule).unwrap_err().why(), Some("BAD_RECURRENCE"), "{rule:?}");
        }
        let rule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;UNTIL=20270301T120000Z";
        assert_eq!(Recurrence::parse(rule).unwrap().to_string(), rule);
        assert_eq!(
            Recurrence::parse("BYDAY=FR,MO;COUNT=007;INTERVAL=1;FREQ=WEEKLY").unwrap().to_string(),
            "FREQ=WEEKLY;BYDAY=MO,FR;COUNT=7"
        );
    }

    #[test]
    fn what_is_moved_says_so_in_its_own_words() {
        let moved = |rule: &str, days| Recurrence::parse(rule).unwrap().shifted(days).to_string();
        assert_eq!(moved("FREQ=WEEKLY;BYDAY=TU,SU;COUNT=4", 1), "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4");
        assert_eq!(moved("FREQ=DAILY;UNTIL=20270301", -1), "FREQ=DAILY;UNTIL=20270228");
        assert_eq!(Recurrence::parse("FREQ=DAILY;UNTIL=20270301").unwrap().with_count(3).to_string(), "FREQ=DAILY;COUNT=3");
    }
}
