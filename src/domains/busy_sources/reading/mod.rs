//! What a calendar that is kept elsewhere says of when somebody is busy: spans, and nothing of what.
//!
//! The crate `calcard` reads the format and knows the names that programs give to zones; which occurrences a rule has is asked of it, too. What is
//! decided here is which of them count, and when they are.

mod event;
mod recurrence;
mod reduce;
mod zones;

#[cfg(test)]
mod samples;

use std::collections::BTreeMap;

use calcard::{
    Entry, Parser,
    icalendar::{
        ICalendar, ICalendarComponent, ICalendarComponentType as Type, ICalendarFreeBusyType, ICalendarParameterName,
        ICalendarParameterValue, ICalendarPeriod, ICalendarProperty as Property, ICalendarStatus, ICalendarTransparency, ICalendarValue,
    },
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use lectern_kernel::ids::{self, Kind as _};
use uuid::Uuid;

use self::{
    event::{Except, Moments, When},
    zones::Zones,
};
use crate::domains::bookings::{Booking, Span, union};

pub use self::reduce::reduced;

/// Occurrences that a source has at most within its window.
const OCCURRENCES: usize = 5_000;
/// Steps that all rules of a source together may take.
const STEPS: usize = 200_000;
/// What follows a booking's id in the UIDs of our own calendars.
pub const OUR_DOMAIN: &str = "@lectern";

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// When somebody is busy, in order, merged.
    pub spans: Vec<Span>,
    /// The same of events whose UID is that of a booking: for whoever knows whether there is such a booking.
    pub own: Vec<(Uuid, Span)>,
    /// How many things could not be read as they were meant.
    pub warnings: usize,
}

/// Why nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is no calendar, or not to its end.
    NotACalendar,
    /// It has too many occurrences.
    TooBig,
}

impl Read {
    /// When somebody is busy, without the bookings that are known.
    pub fn beside(self, known: &[Uuid]) -> Vec<Span> {
        let others = self.own.into_iter().filter(|(booking, _)| !known.contains(booking)).map(|(_, span)| span);
        union(self.spans.into_iter().chain(others).collect())
    }

    /// The bookings that its UIDs speak of.
    pub fn bookings(&self) -> Vec<Uuid> {
        let mut bookings: Vec<Uuid> = self.own.iter().map(|(booking, _)| *booking).collect();
        bookings.sort_unstable();
        bookings.dedup();
        bookings
    }
}

/// From yesterday to 400 days ahead.
pub fn window(now: Timestamp) -> Span {
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    Span { start: now - days(1), end: now + days(400) }
}

/// Reads a calendar; floating times and whole days are those of `zone`.
///
/// # Errors
/// Why it is not read.
pub fn read(bytes: &[u8], zone: &TimeZone, window: Span) -> Result<Read, Unread> {
    let text = String::from_utf8_lossy(bytes);
    let calendars = calendars(&text)?;
    let mut reader = Reader { window, zones: Zones::of(&calendars, zone, window.end), steps: STEPS, found: 0, read: Read::default() };
    reader.events(&calendars)?;
    reader.free_busy(&calendars)?;
    let mut read = reader.read;
    read.warnings += reader.zones.unknown();
    read.spans = union(read.spans);
    Ok(read)
}

/// The calendars of a text.
fn calendars(text: &str) -> Result<Vec<ICalendar>, Unread> {
    /// What stands between calendars, at most.
    const BETWEEN: usize = 1_000;
    // One that is cut off would say that whatever comes after is free.
    let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
    if !last.is_some_and(|line| line.eq_ignore_ascii_case("END:VCALENDAR")) {
        return Err(Unread::NotACalendar);
    }
    let (mut parser, mut calendars) = (Parser::new(text), Vec::new());
    for _ in 0..BETWEEN {
        match parser.entry() {
            Entry::ICalendar(calendar) if calendar.components.first().is_some_and(|first| first.component_type == Type::VCalendar) => {
                calendars.push(calendar);
            }
            Entry::Eof => break,
            _ => {}
        }
    }
    if calendars.is_empty() { Err(Unread::NotACalendar) } else { Ok(calendars) }
}

struct Reader {
    window: Span,
    zones: Zones,
    steps: usize,
    found: usize,
    read: Read,
}

impl Reader {
    fn events(&mut self, calendars: &[ICalendar]) -> Result<(), Unread> {
        let mut by_uid: BTreeMap<&str, Vec<&ICalendarComponent>> = BTreeMap::new();
        let mut nameless = Vec::new();
        for component in calendars.iter().flat_map(|calendar| &calendar.components) {
            if component.component_type == Type::VEvent {
                match component.uid() {
                    Some(uid) if !uid.is_empty() => by_uid.entry(uid).or_default().push(component),
                    _ => nameless.push(component),
                }
            }
        }
        for (uid, components) in by_uid {
            self.event(booking_of(uid), &components)?;
        }
        nameless.into_iter().try_for_each(|component| self.event(None, &[component]))
    }

    /// An event, and what was said anew of single occurrences.
    fn event(&mut self, booking: Option<Uuid>, components: &[&ICalendarComponent]) -> Result<(), Unread> {
        let mut replaced = Except::default();
        for component in components {
            if let Some(entry) = component.property(&Property::RecurrenceId) {
                // Of those from one on, the first alone is known: what comes after is busy when it was before.
                self.read.warnings += usize::from(entry.has_parameter(&ICalendarParameterName::Range));
                match entry.values.first().and_then(|value| When::of(value, entry.tz_id())) {
                    Some(when) => replaced.add(&when, &mut self.zones),
                    None => self.read.warnings += 1,
                }
            }
        }
        for component in components.iter().filter(|component| is_busy(component)) {
            let is_replacement = component.property(&Property::RecurrenceId).is_some();
            let Some(moments) = Moments::of(component) else {
                self.read.warnings += 1;
                continue;
            };
            let (mut warnings, mut steps) = (0, self.steps);
            let spans = if is_replacement {
                moments.once(&mut self.zones).into_iter().collect()
            } else {
                moments.all(component, &replaced, self.window, &mut self.zones, &mut steps, &mut warnings)?
            };
            (self.steps, self.read.warnings) = (steps, self.read.warnings + warnings);
            for span in spans {
                self.add(booking, span)?;
            }
        }
        Ok(())
    }

    fn free_busy(&mut self, calendars: &[ICalendar]) -> Result<(), Unread> {
        let components = calendars.iter().flat_map(|calendar| &calendar.components);
        for component in components.filter(|component| component.component_type == Type::VFreebusy) {
            for entry in component.properties(&Property::Freebusy) {
                let is_free = matches!(
                    entry.parameter(&ICalendarParameterName::Fbtype),
                    Some(ICalendarParameterValue::Fbtype(ICalendarFreeBusyType::Free))
                );
                for value in entry.values.iter().filter(|_| !is_free) {
                    match self.period(value, entry.tz_id()) {
                        Some(span) => self.add(None, span)?,
                        None => self.read.warnings += 1,
                    }
                }
            }
        }
        Ok(())
    }

    fn period(&mut self, value: &ICalendarValue, zone: Option<&str>) -> Option<Span> {
        let ICalendarValue::Period(period) = value else { return None };
        let (start, end) = match period {
            ICalendarPeriod::Range { start, end } => {
                (self.zones.moment(&When::read(start, zone)?)?, self.zones.moment(&When::read(end, zone)?)?)
            }
            ICalendarPeriod::Duration { start, duration } => {
                let start = When::read(start, zone)?;
                (self.zones.moment(&start)?, event::after(&start, duration, &mut self.zones)?)
            }
        };
        Span::new(start, end)
    }

    fn add(&mut self, booking: Option<Uuid>, span: Span) -> Result<(), Unread> {
        let Some(span) = span.within(self.window) else { return Ok(()) };
        self.found += 1;
        if self.found > OCCURRENCES {
            return Err(Unread::TooBig);
        }
        match booking {
            Some(booking) => self.read.own.push((booking, span)),
            None => self.read.spans.push(span),
        }
        Ok(())
    }
}

/// Whether an event takes its time.
fn is_busy(component: &ICalendarComponent) -> bool {
    component.status() != Some(&ICalendarStatus::Cancelled) && component.transparency() != Some(&ICalendarTransparency::Transparent)
}

/// The booking that a UID of ours names.
fn booking_of(uid: &str) -> Option<Uuid> {
    let (prefix, booking) = ids::decode(uid.trim().strip_suffix(OUR_DOMAIN)?)?;
    (prefix == Booking::PREFIX).then_some(booking)
}
