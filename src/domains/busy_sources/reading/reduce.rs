//! What of a file is kept: what says when something is, and nothing of what.

use calcard::icalendar::{ICalendar, ICalendarComponentType as Type, ICalendarProperty as Property};

use super::{Unread, calendars};

/// A calendar without what nobody needs to know: titles, places, people, descriptions, alarms. It is read as the whole would be.
///
/// # Errors
/// Where it is no calendar.
pub fn reduced(bytes: &[u8]) -> Result<String, Unread> {
    let text = String::from_utf8_lossy(bytes);
    let mut kept = String::new();
    for calendar in calendars(&text)? {
        // Writing to a string does not fail.
        let _ = without_words(calendar).write_to(&mut kept);
    }
    Ok(kept)
}

fn without_words(mut calendar: ICalendar) -> ICalendar {
    let kinds: Vec<bool> = calendar.components.iter().map(|component| is_kept(&component.component_type)).collect();
    for component in &mut calendar.components {
        component.entries.retain(|entry| says_when(&entry.name));
        component.component_ids.retain(|id| usize::try_from(*id).is_ok_and(|id| kinds.get(id).copied().unwrap_or(false)));
    }
    calendar
}

fn is_kept(kind: &Type) -> bool {
    matches!(kind, Type::VCalendar | Type::VEvent | Type::VFreebusy | Type::VTimezone | Type::Standard | Type::Daylight)
}

fn says_when(name: &Property) -> bool {
    match name {
        Property::Other(other) => other.eq_ignore_ascii_case("X-LIC-LOCATION"),
        name => matches!(
            name,
            Property::Uid
                | Property::Dtstart
                | Property::Dtend
                | Property::Duration
                | Property::Rrule
                | Property::Exrule
                | Property::Rdate
                | Property::Exdate
                | Property::RecurrenceId
                | Property::Status
                | Property::Transp
                | Property::Freebusy
                | Property::Tzid
                | Property::Tzoffsetfrom
                | Property::Tzoffsetto
        ),
    }
}
