//! The occurrences of a rule, by the clock.

use calcard::{
    common::{PartialDateTime, timezone::Tz},
    icalendar::{
        ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarFrequency as Frequency, ICalendarProperty, ICalendarRecurrenceRule,
    },
};
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

/// A rule, of which what lies between two times of the clock is wanted.
pub struct Rule {
    /// As it is written.
    pub rule: ICalendarRecurrenceRule,
    /// What begins before is not wanted.
    pub first: civil::DateTime,
    /// What begins later is none, or is not wanted.
    pub last: civil::DateTime,
}

/// Why there are no occurrences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There are more than there are steps left.
    TooMany,
    /// It is no rule.
    NoRule,
}

/// The occurrences of a rule that begins then. Each costs a step.
///
/// # Errors
/// Why there are none.
pub fn occurrences(start: civil::DateTime, Rule { rule, first, last }: &Rule, steps: &mut usize) -> Result<Vec<civil::DateTime>, Trouble> {
    let mut rule = rule.clone();
    let mut begin = start;
    if rule.count.is_none() {
        begin = ahead(start, &rule, *first);
        if begin > *last {
            return Ok(Vec::new());
        }
        rule.until = Some(partial(*last).ok_or(Trouble::NoRule)?);
    } else {
        rule.until = None;
    }
    let limit = rule.count.map_or(*steps, |count| usize::try_from(count).unwrap_or(usize::MAX)).min(*steps);
    if limit == 0 {
        return Err(Trouble::TooMany);
    }
    let is_cut = rule.count.is_none_or(|count| usize::try_from(count).unwrap_or(usize::MAX) > limit);

    let mut calendar = ICalendarComponent::new(ICalendarComponentType::VCalendar);
    calendar.component_ids.push(1);
    let mut event = ICalendarComponent::new(ICalendarComponentType::VEvent);
    event.add_property(ICalendarProperty::Dtstart, partial(begin).ok_or(Trouble::NoRule)?);
    event.add_property(ICalendarProperty::Rrule, rule);
    // The clock is taken for UTC's: it skips nothing, and shows nothing twice.
    let expanded = ICalendar { components: vec![calendar, event] }.expand_dates(Tz::UTC, limit);
    if !expanded.errors.is_empty() {
        return Err(Trouble::NoRule);
    }
    *steps -= expanded.events.len().min(*steps);
    if is_cut && expanded.events.len() >= limit {
        return Err(Trouble::TooMany);
    }
    let clocks = expanded.events.iter().filter_map(|event| {
        let moment = Timestamp::from_second(event.start.timestamp()).ok()?;
        Some(moment.to_zoned(TimeZone::UTC).datetime())
    });
    Ok(clocks.filter(|clock| clock <= last && clock >= first).collect())
}

/// The same rule from a later time of its own on, so that what was long ago costs nothing. It moves by whole periods: what is counted within one
/// stays as it is.
fn ahead(start: civil::DateTime, rule: &ICalendarRecurrenceRule, first: civil::DateTime) -> civil::DateTime {
    let seconds: i64 = match rule.freq {
        Frequency::Weekly => 7 * 24 * 3600,
        Frequency::Daily => 24 * 3600,
        Frequency::Hourly => 3600,
        Frequency::Minutely => 60,
        Frequency::Secondly => 1,
        // Few, and of unequal length.
        Frequency::Monthly | Frequency::Yearly => return start,
    };
    let step = seconds * i64::from(rule.interval.unwrap_or(1).max(1));
    let periods = start.duration_until(first).as_secs() / step;
    if periods <= 0 {
        return start;
    }
    start.checked_add(SignedDuration::from_secs(periods * step)).unwrap_or(start)
}

/// A time as the parser has it, without a zone.
fn partial(clock: civil::DateTime) -> Option<PartialDateTime> {
    let part = |part: i8| u8::try_from(part).ok();
    Some(PartialDateTime {
        year: Some(u16::try_from(clock.year()).ok()?),
        month: part(clock.month()),
        day: part(clock.day()),
        hour: part(clock.hour()),
        minute: part(clock.minute()),
        second: part(clock.second()),
        ..PartialDateTime::default()
    })
}
