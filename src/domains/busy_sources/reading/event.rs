//! When one event is: its times as they are written, and as moments.

use std::collections::HashSet;

use calcard::{
    common::PartialDateTime,
    icalendar::{ICalendarComponent, ICalendarDuration, ICalendarPeriod, ICalendarProperty as Property, ICalendarValue},
};
use jiff::{SignedDuration, Timestamp, civil, tz::Offset};

use super::{
    Unread,
    recurrence::{Rule, Trouble, occurrences},
    zones::Zones,
};
use crate::domains::bookings::Span;

/// A time as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// What the clock shows.
    pub clock: civil::DateTime,
    /// It is a date, without a time.
    pub is_date: bool,
    /// Whose clock.
    pub zone: Clock,
}

/// Whose clock a time is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clock {
    /// One that is so far from UTC.
    Fixed(Offset),
    /// The one of this name.
    Named(String),
    /// The one of the source.
    Floating,
}

impl When {
    /// A value of a property that says TZID, or does not.
    pub fn of(value: &ICalendarValue, zone: Option<&str>) -> Option<When> {
        match value {
            ICalendarValue::PartialDateTime(written) => When::read(written, zone),
            _ => None,
        }
    }

    /// A time as the parser has it.
    pub fn read(written: &PartialDateTime, zone: Option<&str>) -> Option<When> {
        let number = |part: Option<u8>| i8::try_from(part.unwrap_or(0)).ok();
        // A leap second is the one before it.
        let second = number(written.second)?.min(59);
        let clock = civil::DateTime::new(
            i16::try_from(written.year?).ok()?,
            i8::try_from(written.month?).ok()?,
            i8::try_from(written.day?).ok()?,
            number(written.hour)?,
            number(written.minute)?,
            second,
            0,
        );
        let is_date = !written.has_time();
        let zone = match (is_date, written.has_zone(), zone) {
            (true, ..) | (_, false, None) => Clock::Floating,
            (_, true, _) => Clock::Fixed(offset(written)?),
            (_, false, Some(name)) => Clock::Named(name.to_owned()),
        };
        Some(When { clock: clock.ok()?, is_date, zone })
    }

    /// The same clock at another time.
    pub fn at(&self, clock: civil::DateTime) -> When {
        When { clock, ..self.clone() }
    }
}

/// What the parser has of an offset from UTC.
pub fn offset(written: &PartialDateTime) -> Option<Offset> {
    let seconds = i32::from(written.tz_hour?) * 3600 + i32::from(written.tz_minute.unwrap_or(0)) * 60;
    Offset::from_seconds(if written.tz_minus { -seconds } else { seconds }).ok()
}

/// When something ends that lasts so long: days are those of the clock, hours are hours.
pub fn after(start: &When, duration: &ICalendarDuration, zones: &mut Zones) -> Option<Timestamp> {
    if duration.neg {
        return None;
    }
    let days = i64::from(duration.weeks) * 7 + i64::from(duration.days);
    let seconds = i64::from(duration.hours) * 3600 + i64::from(duration.minutes) * 60 + i64::from(duration.seconds);
    let day = start.at(start.clock.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?);
    zones.moment(&day)?.checked_add(SignedDuration::from_secs(seconds)).ok()
}

/// Occurrences that are none, or that something else was said of.
#[derive(Debug, Default)]
pub struct Except {
    moments: HashSet<Timestamp>,
    dates: HashSet<civil::Date>,
}

impl Except {
    /// And this one. A date is every occurrence of that day.
    pub fn add(&mut self, when: &When, zones: &mut Zones) {
        if when.is_date {
            self.dates.insert(when.clock.date());
        } else if let Some(moment) = zones.moment(when) {
            self.moments.insert(moment);
        }
    }

    fn holds(&self, moment: Timestamp, clock: civil::DateTime) -> bool {
        self.moments.contains(&moment) || self.dates.contains(&clock.date())
    }
}

/// How long each occurrence lasts.
enum Length {
    /// By the clock.
    Clock(SignedDuration),
    /// As long as from the first start to this.
    Until(When),
    /// As it is said.
    Said(ICalendarDuration),
}

/// The times of an event.
pub struct Moments {
    start: When,
    length: Length,
}

impl Moments {
    /// None where it does not say when it begins, or how long it is can't be read.
    pub fn of(component: &ICalendarComponent) -> Option<Moments> {
        let read = |name: &Property| {
            let entry = component.property(name)?;
            Some(entry.values.first().and_then(|value| When::of(value, entry.tz_id())))
        };
        let start = read(&Property::Dtstart)??;
        let duration = component.property(&Property::Duration).and_then(|entry| entry.values.first());
        let length = match (read(&Property::Dtend), duration) {
            (Some(end), _) => {
                let end = end?;
                if end.zone == start.zone { Length::Clock(start.clock.duration_until(end.clock)) } else { Length::Until(end) }
            }
            (None, Some(ICalendarValue::Duration(duration))) => Length::Said(duration.clone()),
            (None, Some(_)) => return None,
            // A day lasts until the next; anything else takes no time.
            (None, None) => Length::Clock(SignedDuration::from_hours(if start.is_date { 24 } else { 0 })),
        };
        Some(Moments { start, length })
    }

    /// When the occurrence that begins by this clock is; none where it takes no time.
    fn span(&self, start: &When, zones: &mut Zones) -> Option<Span> {
        let begins = zones.moment(start)?;
        let ends = match &self.length {
            Length::Clock(length) => zones.moment(&start.at(start.clock.checked_add(*length).ok()?))?,
            Length::Until(end) => begins.checked_add(zones.moment(&self.start)?.duration_until(zones.moment(end)?)).ok()?,
            Length::Said(duration) => after(start, duration, zones)?,
        };
        Span::new(begins, ends)
    }

    /// The first occurrence alone.
    pub fn once(&self, zones: &mut Zones) -> Option<Span> {
        self.span(&self.start, zones)
    }

    /// Every occurrence that touches a window, as rules and single dates say, but for those that are excepted.
    ///
    /// # Errors
    /// Where its rules have too many.
    pub fn all(
        &self,
        component: &ICalendarComponent,
        replaced: &Except,
        window: Span,
        zones: &mut Zones,
        steps: &mut usize,
        warnings: &mut usize,
    ) -> Result<Vec<Span>, Unread> {
        let mut without = Except::default();
        for entry in component.properties(&Property::Exdate) {
            for value in &entry.values {
                match When::of(value, entry.tz_id()) {
                    Some(when) => without.add(&when, zones),
                    None => *warnings += 1,
                }
            }
        }
        // RFC 2445 had rules of what is none; nobody writes them any more.
        *warnings += component.properties(&Property::Exrule).count();
        let mut starts = vec![self.start.clone()];
        for entry in component.properties(&Property::Rrule) {
            for value in &entry.values {
                let rule = self.rule(value, window, zones).ok_or(Trouble::NoRule);
                match rule.and_then(|rule| occurrences(self.start.clock, &rule, steps)) {
                    Ok(clocks) => starts.extend(clocks.into_iter().map(|clock| self.start.at(clock))),
                    Err(Trouble::TooMany) => return Err(Unread::TooBig),
                    Err(Trouble::NoRule) => *warnings += 1,
                }
            }
        }
        let mut spans = Vec::new();
        for entry in component.properties(&Property::Rdate) {
            for value in &entry.values {
                match (value, When::of(value, entry.tz_id())) {
                    (_, Some(when)) => starts.push(when),
                    (ICalendarValue::Period(period), None) => match self.dated(period, entry.tz_id(), zones) {
                        Some((start, span)) if !without.holds(span.start, start) && !replaced.holds(span.start, start) => spans.push(span),
                        Some(_) => {}
                        None => *warnings += 1,
                    },
                    _ => *warnings += 1,
                }
            }
        }
        let mut seen = HashSet::new();
        for start in starts {
            let Some(span) = self.span(&start, zones) else { continue };
            let is_none = without.holds(span.start, start.clock) || replaced.holds(span.start, start.clock);
            if !is_none && span.within(window).is_some() && seen.insert(span.start) {
                spans.push(span);
            }
        }
        Ok(spans)
    }

    /// A rule, with its end and the window's by the clock of the event.
    fn rule(&self, value: &ICalendarValue, window: Span, zones: &mut Zones) -> Option<Rule> {
        let ICalendarValue::RecurrenceRule(rule) = value else { return None };
        // Whatever begins so long before the window is over when it begins.
        let longest = match &self.length {
            Length::Clock(length) => *length,
            Length::Said(duration) => SignedDuration::from_secs(duration.as_seconds()),
            Length::Until(end) => zones.moment(&self.start)?.duration_until(zones.moment(end)?),
        };
        let day = SignedDuration::from_hours(24);
        let mut last = zones.clock(&self.start.zone, window.end.checked_add(day).ok()?);
        if let Some(until) = &rule.until {
            let until = When::read(until, None)?;
            let until = match (until.is_date, &until.zone, &self.start.zone) {
                (true, ..) => until.clock.date().at(23, 59, 59, 0),
                // Of a clock that is UTC's anyway nothing is to be converted.
                (false, Clock::Fixed(_), Clock::Named(_) | Clock::Floating) if !self.start.is_date => {
                    let moment = zones.moment(&until)?;
                    zones.clock(&self.start.zone, moment)
                }
                _ => until.clock,
            };
            last = last.min(until);
        }
        let first = zones.clock(&self.start.zone, window.start.checked_sub(longest.max(SignedDuration::ZERO) + day + day).ok()?);
        Some(Rule { rule: (**rule).clone(), first, last })
    }

    /// A single date that says how long it is.
    fn dated(&self, period: &ICalendarPeriod, zone: Option<&str>, zones: &mut Zones) -> Option<(civil::DateTime, Span)> {
        let (start, end) = match period {
            ICalendarPeriod::Range { start, end } => (When::read(start, zone)?, zones.moment(&When::read(end, zone)?)?),
            ICalendarPeriod::Duration { start, duration } => {
                let start = When::read(start, zone)?;
                let end = after(&start, duration, zones)?;
                (start, end)
            }
        };
        Some((start.clock, Span::new(zones.moment(&start)?, end)?))
    }
}
