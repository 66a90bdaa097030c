//! The calendar entry that goes along with mails about bookings.

use calcard::icalendar::{
    ICalendarMethod as Method, ICalendarParameter, ICalendarParticipationRole, ICalendarParticipationStatus, ICalendarProperty as Property,
    ICalendarValue as Value, Uri,
};
use jiff::Timestamp;
use lectern_kernel::ids::Id;
use serde::Deserialize;

use super::{entry::Entry, feed::FeedDetail, ics::Calendar};
use crate::domains::{
    bookings::{Booking, BookingStatus},
    mail::Language,
};

/// A booking as it was when a mail about it was asked for; `app.invite_of` makes it. Nobody is named in it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invite {
    booking: String,
    status: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    revision: Option<i32>,
    changed_at: Timestamp,
    title: Option<String>,
    location: Option<String>,
}

/// Whom a calendar knows by an address.
#[derive(Debug, Clone, Copy)]
pub struct Party<'a> {
    /// How they are called; nothing where that is nobody's business.
    pub name: Option<&'a str>,
    /// Where mail reaches them.
    pub email: &'a str,
}

impl Invite {
    /// The method of its file: REQUEST, or CANCEL where it was cancelled.
    pub fn method(&self) -> &'static str {
        if self.status == BookingStatus::Cancelled.as_str() { "CANCEL" } else { "REQUEST" }
    }

    /// The file, for its reader; none where it is no booking.
    pub fn write(&self, from: Party<'_>, to: Party<'_>, locale: &str) -> Option<String> {
        let entry = Entry {
            booking: Id::<Booking>::parse("booking", &self.booking.as_str().into()).ok()?,
            status: BookingStatus::from_text(&self.status)?,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            revision: self.revision.unwrap_or(0),
            changed_at: self.changed_at,
            title: self.title.clone(),
            location: self.location.clone(),
            facts: Vec::new(),
        };
        let method = if entry.status == BookingStatus::Cancelled { Method::Cancel } else { Method::Request };
        let address = |party: Party<'_>| Value::Uri(Uri::Location(format!("mailto:{}", party.email)));
        // A quote would end the name.
        let called = |party: Party<'_>| party.name.map(|name| ICalendarParameter::cn(name.replace('"', "'")));
        let asked = [
            ICalendarParameter::role(ICalendarParticipationRole::ReqParticipant),
            // It is booked already: nobody has to answer.
            ICalendarParameter::partstat(ICalendarParticipationStatus::Accepted),
            ICalendarParameter::rsvp(false),
        ];
        let further = vec![
            (Property::Organizer, called(from).into_iter().collect(), address(from)),
            (Property::Attendee, called(to).into_iter().chain(asked).collect(), address(to)),
        ];
        let mut calendar = Calendar::new(method);
        calendar.add(&entry, FeedDetail::Full, Language::of(locale), further);
        Some(calendar.write())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn invite(status: &str) -> Invite {
        serde_json::from_value(json!({
            "booking": "booking_01j00000000w8004000000002g", "status": status, "startsAt": "2027-03-01T09:30:00Z", "endsAt": "2027-03-01T11:00:00Z",
            "revision": null, "changedAt": "2027-02-01T08:00:00Z", "title": "Circuits", "location": null
        }))
        .unwrap()
    }

    #[test]
    fn an_invitation_says_who_asks_whom_and_that_nobody_has_to_answer() {
        let (from, to) =
            (Party { name: Some("Oak \"School\", Ltd"), email: "post@oak.example" }, Party { name: None, email: "lea@oak.example" });
        for (status, method) in [("ASSIGNED", "REQUEST"), ("APPROVED", "REQUEST"), ("CANCELLED", "CANCEL")] {
            let invite = invite(status);
            let text = invite.write(from, to, "en").unwrap().replace("\r\n ", "");
            assert_eq!(invite.method(), method);
            for line in [
                format!("METHOD:{method}"),
                "ORGANIZER;CN=\"Oak 'School', Ltd\":mailto:post@oak.example".to_owned(),
                "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:lea@oak.example".to_owned(),
                "SUMMARY:Circuits".to_owned(),
                "SEQUENCE:0".to_owned(),
            ] {
                assert!(text.split("\r\n").any(|found| found == line), "{line} in {text}");
            }
        }
        assert!(Invite { booking: "course_1".to_owned(), ..invite("ASSIGNED") }.write(from, to, "en").is_none());
    }
}
