//! Whose clock a time is read from: a zone that is known by its name, or one that the calendar describes itself.

use std::collections::HashMap;

use calcard::{
    common::timezone::Tz,
    icalendar::{ICalendar, ICalendarComponent, ICalendarComponentType as Type, ICalendarProperty as Property, ICalendarValue},
};
use jiff::{
    SignedDuration, Timestamp, civil,
    tz::{Offset, TimeZone},
};

use super::{
    event::{Clock, When, offset},
    recurrence::{Rule, occurrences},
};

/// Steps that the rules of all described zones together may take.
const STEPS: usize = 50_000;

/// A zone.
#[derive(Debug, Clone)]
enum Zone {
    /// One that everybody knows.
    Known(TimeZone),
    /// One that the calendar describes: its changes, in order.
    Described(Vec<Change>),
}

/// That a clock is set otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    /// What it shows then.
    clock: civil::DateTime,
    from: Offset,
    to: Offset,
}

/// The zones of a calendar.
pub struct Zones {
    found: HashMap<String, Zone>,
    /// Of floating times and whole days.
    own: TimeZone,
    unknown: usize,
}

impl Zones {
    /// Those that calendars describe, beside those that are known; until a moment after which nobody asks.
    pub fn of(calendars: &[ICalendar], own: &TimeZone, until: Timestamp) -> Self {
        let (mut found, mut steps) = (HashMap::new(), STEPS);
        for calendar in calendars {
            for component in calendar.timezones() {
                let Some(name) = text(component, &Property::Tzid) else { continue };
                let zone = known(name).map(Zone::Known).or_else(|| described(calendar, component, until, &mut steps));
                found.extend(zone.map(|zone| (name.to_owned(), zone)));
            }
        }
        Zones { found, own: own.clone(), unknown: 0 }
    }

    /// How many names nobody knows.
    pub fn unknown(&self) -> usize {
        self.unknown
    }

    fn named(&mut self, name: &str) -> Zone {
        if let Some(zone) = self.found.get(name) {
            return zone.clone();
        }
        let zone = known(name).unwrap_or_else(|| {
            self.unknown += 1;
            self.own.clone()
        });
        self.found.insert(name.to_owned(), Zone::Known(zone.clone()));
        Zone::Known(zone)
    }

    /// The moment at which a clock shows a time. One that it skips is read as if it had not been set yet (RFC 5545), one that it shows twice is the first.
    pub fn moment(&mut self, when: &When) -> Option<Timestamp> {
        let zone = match &when.zone {
            Clock::Fixed(offset) => return offset.to_timestamp(when.clock).ok(),
            Clock::Floating => Zone::Known(self.own.clone()),
            Clock::Named(name) => self.named(name),
        };
        match zone {
            Zone::Known(zone) => zone.to_ambiguous_timestamp(when.clock).compatible().ok(),
            Zone::Described(changes) => changes_at(&changes, when.clock).to_timestamp(when.clock).ok(),
        }
    }

    /// What a clock shows at a moment.
    pub fn clock(&mut self, clock: &Clock, moment: Timestamp) -> civil::DateTime {
        let zone = match clock {
            Clock::Fixed(offset) => return offset.to_datetime(moment),
            Clock::Floating => Zone::Known(self.own.clone()),
            Clock::Named(name) => self.named(name),
        };
        match zone {
            Zone::Known(zone) => zone.to_datetime(moment),
            Zone::Described(changes) => {
                let before = |change: &Change| change.from.to_timestamp(change.clock).is_ok_and(|at| at <= moment);
                let offset = match changes.partition_point(before) {
                    0 => changes[0].from,
                    place => changes[place - 1].to,
                };
                offset.to_datetime(moment)
            }
        }
    }
}

/// How far from UTC a clock is that shows a time. There is a change at least.
fn changes_at(changes: &[Change], clock: civil::DateTime) -> Offset {
    match changes.partition_point(|change| change.clock <= clock) {
        0 => changes[0].from,
        place => {
            let Change { clock: at, from, to } = changes[place - 1];
            let skipped = SignedDuration::from_secs(i64::from(to.seconds() - from.seconds()));
            if at.duration_until(clock) < skipped { from } else { to }
        }
    }
}

/// The zone of a name that IANA or Windows has given, or that ends with one of IANA's.
fn known(name: &str) -> Option<TimeZone> {
    let of = |name: &str| TimeZone::get(name).ok();
    let name = name.trim();
    if let Some(zone) = of(name) {
        return Some(zone);
    }
    // The parser's list has the names of Windows, and what programs make of them.
    if let Ok(Tz::Tz(zone)) = name.parse::<Tz>()
        && let Some(zone) = of(zone.name())
    {
        return Some(zone);
    }
    // As `/example.org/20240101_1/Europe/Berlin`.
    let parts: Vec<&str> = name.split('/').collect();
    (1..parts.len().saturating_sub(1)).find_map(|from| of(&parts[from..].join("/")))
}

fn text<'c>(component: &'c ICalendarComponent, name: &Property) -> Option<&'c str> {
    component.property(name)?.values.first()?.as_text()
}

/// A zone as a calendar describes it: by the place that it says it is of, or by its changes.
fn described(calendar: &ICalendar, component: &ICalendarComponent, until: Timestamp, steps: &mut usize) -> Option<Zone> {
    if let Some(zone) = text(component, &Property::Other("X-LIC-LOCATION".to_owned())).and_then(known) {
        return Some(Zone::Known(zone));
    }
    let last = TimeZone::UTC.to_datetime(until).checked_add(SignedDuration::from_hours(48)).ok()?;
    let mut changes = Vec::new();
    for part in component.component_ids.iter().filter_map(|id| calendar.component_by_id(*id)) {
        if matches!(part.component_type, Type::Standard | Type::Daylight) {
            changes.extend(observed(part, last, steps));
        }
    }
    changes.sort_by_key(|change| change.clock);
    changes.dedup();
    (!changes.is_empty()).then_some(Zone::Described(changes))
}

/// The changes to standard time, or to summer time.
fn observed(part: &ICalendarComponent, last: civil::DateTime, steps: &mut usize) -> Vec<Change> {
    let of = |name: &Property| match part.property(name)?.values.first()? {
        ICalendarValue::PartialDateTime(written) => offset(written),
        _ => None,
    };
    let value = |value: &ICalendarValue| When::of(value, None).map(|when| when.clock);
    let start = part.property(&Property::Dtstart).and_then(|entry| entry.values.first()).and_then(value);
    let (Some(from), Some(to), Some(start)) = (of(&Property::Tzoffsetfrom), of(&Property::Tzoffsetto), start) else { return Vec::new() };
    let mut clocks = vec![start];
    for entry in part.properties(&Property::Rrule) {
        for written in &entry.values {
            let ICalendarValue::RecurrenceRule(rule) = written else { continue };
            // The end of a rule of a zone is in UTC: a change more or less than a day from it is none.
            let until = rule.until.as_ref().and_then(|until| When::read(until, None));
            let day = SignedDuration::from_hours(12);
            let until = until.and_then(|until| until.clock.checked_add(day).ok()).map_or(last, |until| until.min(last));
            let rule = Rule { rule: (**rule).clone(), first: start, last: until };
            clocks.extend(occurrences(start, &rule, steps).unwrap_or_default());
        }
    }
    for entry in part.properties(&Property::Rdate) {
        clocks.extend(entry.values.iter().filter_map(value));
    }
    clocks.sort_unstable();
    clocks.dedup();
    clocks.into_iter().map(|clock| Change { clock, from, to }).collect()
}
