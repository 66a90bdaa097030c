//! Writing bookings as iCalendar (RFC 5545). Folding and escaping is the crate's.

use calcard::{
    common::PartialDateTime,
    icalendar::{
        ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarDuration, ICalendarMethod as Method, ICalendarParameter,
        ICalendarProperty as Property, ICalendarStatus, ICalendarTransparency, ICalendarValue as Value, ICalendarValueType,
    },
};
use jiff::Timestamp;

use super::{entry::Entry, feed::FeedDetail};
use crate::domains::{bookings::BookingStatus, mail::Language};

/// Who writes.
const PRODUCT: &str = "-//Lectern//Bookings//EN";
/// How often a calendar is to ask again, in hours.
const REFRESH: u32 = 1;

/// A property beside those of every entry, with its parameters.
pub type Line = (Property, Vec<ICalendarParameter>, Value);

/// A calendar that is being written.
pub struct Calendar {
    head: ICalendarComponent,
    entries: Vec<ICalendarComponent>,
}

impl Calendar {
    /// An empty one.
    pub fn new(method: Method) -> Self {
        let mut head = ICalendarComponent::new(ICalendarComponentType::VCalendar);
        head.add_property(Property::Version, "2.0");
        head.add_property(Property::Prodid, PRODUCT);
        head.add_property(Property::Method, method);
        Calendar { head, entries: Vec::new() }
    }

    /// With a name, and how often it is to be read: for those who subscribe to it.
    pub fn named(mut self, name: &str) -> Self {
        self.head.add_property(Property::Name, name);
        self.head.add_property(Property::Other("X-WR-CALNAME".to_owned()), name);
        let each = ICalendarDuration { hours: REFRESH, ..ICalendarDuration::default() };
        self.head.add_property_with_params(Property::RefreshInterval, [ICalendarParameter::value(ICalendarValueType::Duration)], each);
        self.head.add_property(Property::Other("X-PUBLISHED-TTL".to_owned()), format!("PT{REFRESH}H").as_str());
        self
    }

    /// With an entry.
    pub fn add(&mut self, entry: &Entry, detail: FeedDetail, language: Language, further: Vec<Line>) {
        self.entries.push(event(entry, detail, language, further));
    }

    /// As text.
    pub fn write(self) -> String {
        let Calendar { mut head, entries } = self;
        head.component_ids = (1..).take(entries.len()).collect();
        let calendar = ICalendar { components: [head].into_iter().chain(entries).collect() };
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = calendar.write_to(&mut text);
        text
    }
}

/// The UID of a booking.
pub fn uid(entry: &Entry) -> String {
    format!("{}@lectern", entry.booking)
}

fn moment(at: Timestamp) -> PartialDateTime {
    PartialDateTime::from_utc_timestamp(at.as_second())
}

fn event(entry: &Entry, detail: FeedDetail, language: Language, further: Vec<Line>) -> ICalendarComponent {
    let mut event = ICalendarComponent::new(ICalendarComponentType::VEvent);
    event.add_uid(&uid(entry));
    event.add_dtstamp(moment(entry.changed_at));
    event.add_sequence(i64::from(entry.revision));
    event.add_property(Property::Dtstart, moment(entry.starts_at));
    event.add_property(Property::Dtend, moment(entry.ends_at));
    event.add_property(
        Property::Status,
        match entry.status {
            BookingStatus::Requested | BookingStatus::Approved => ICalendarStatus::Tentative,
            BookingStatus::Assigned | BookingStatus::Completed => ICalendarStatus::Confirmed,
            BookingStatus::Cancelled => ICalendarStatus::Cancelled,
        },
    );
    if entry.status == BookingStatus::Cancelled {
        event.add_property(Property::Transp, ICalendarTransparency::Transparent);
    }
    match detail {
        FeedDetail::Busy => event.add_property(Property::Summary, "Busy"),
        FeedDetail::Full => {
            let nothing = if language == Language::German { "Buchung" } else { "Booking" };
            event.add_property(Property::Summary, entry.title.as_deref().unwrap_or(nothing));
            if let Some(location) = &entry.location {
                event.add_property(Property::Location, location.as_str());
            }
            let lines: Vec<String> = entry.facts.iter().map(|(fact, text)| format!("{}: {text}", fact.word(language))).collect();
            if !lines.is_empty() {
                event.add_property(Property::Description, lines.join("\n").as_str());
            }
        }
    }
    for (name, parameters, value) in further {
        event.add_property_with_params(name, parameters, value);
    }
    event
}

/// One booking as a file.
pub fn file(entry: &Entry, language: Language) -> String {
    let mut calendar = Calendar::new(Method::Publish);
    calendar.add(entry, FeedDetail::Full, language, Vec::new());
    calendar.write()
}

#[cfg(test)]
mod tests {
    use lectern_kernel::ids::Id;
    use uuid::Uuid;

    use super::*;
    use crate::domains::feeds::entry::Fact;

    fn entry(status: BookingStatus) -> Entry {
        Entry {
            booking: Id::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00a1)),
            status,
            starts_at: "2027-03-01T09:30:00Z".parse().unwrap(),
            ends_at: "2027-03-01T11:00:00Z".parse().unwrap(),
            revision: 3,
            changed_at: "2027-02-01T08:00:00.5Z".parse().unwrap(),
            title: Some("Pattern work; touch, go\\land".to_owned()),
            location: Some("Hangar 2, Flugplatz Süd: Tor ".repeat(6)),
            facts: vec![(Fact::Learner, "Lea Ünal".to_owned()), (Fact::Instructor, "Ada".to_owned())],
        }
    }

    #[test]
    fn a_booking_is_written_as_a_calendar_entry() {
        let text = file(&entry(BookingStatus::Assigned), Language::English);
        assert!(
            text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Lectern//Bookings//EN\r\nMETHOD:PUBLISH\r\nBEGIN:VEVENT\r\n"),
            "{text}"
        );
        for line in [
            &format!("UID:{}", uid(&entry(BookingStatus::Assigned))),
            "DTSTAMP:20270201T080000Z",
            "SEQUENCE:3",
            "DTSTART:20270301T093000Z",
            "DTEND:20270301T110000Z",
            "STATUS:CONFIRMED",
            "SUMMARY:Pattern work\\; touch\\, go\\\\land",
            "DESCRIPTION:Learner: Lea Ünal\\nInstructor: Ada",
        ] {
            assert!(text.replace("\r\n ", "").split("\r\n").any(|found| found == line), "{line} in {text}");
        }
        assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{text}");
        assert!(text.ends_with("END:VEVENT\r\nEND:VCALENDAR\r\n"), "{text}");
    }

    #[test]
    fn states_are_said_as_calendars_know_them() {
        for (status, said) in [
            (BookingStatus::Requested, "TENTATIVE"),
            (BookingStatus::Approved, "TENTATIVE"),
            (BookingStatus::Assigned, "CONFIRMED"),
            (BookingStatus::Completed, "CONFIRMED"),
            (BookingStatus::Cancelled, "CANCELLED"),
        ] {
            let text = file(&entry(status), Language::German);
            assert!(text.contains(&format!("STATUS:{said}\r\n")), "{text}");
            assert_eq!(text.contains("TRANSP:TRANSPARENT"), status == BookingStatus::Cancelled, "{text}");
        }
    }

    #[test]
    fn what_is_busy_says_nothing_else() {
        let mut calendar = Calendar::new(Method::Publish).named("Flights");
        calendar.add(&entry(BookingStatus::Assigned), FeedDetail::Busy, Language::English, Vec::new());
        let text = calendar.write();
        assert!(text.contains("SUMMARY:Busy\r\n") && text.contains("X-WR-CALNAME:Flights\r\n"), "{text}");
        assert!(text.contains("REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n") && text.contains("X-PUBLISHED-TTL:PT1H\r\n"), "{text}");
        for word in ["Pattern", "Hangar", "Lea", "Ada", "DESCRIPTION", "LOCATION"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
        assert_eq!(Calendar::new(Method::Publish).write().matches("BEGIN:").count(), 1, "an empty calendar is one");
    }
}
