//! The calendar entry that goes along with mails about bookings.

use calcard::icalendar::{
    ICalendarMethod as Method, ICalendarParameter, ICalendarParticipationRole, ICalendarParticipationStatus, ICalendarProperty as Property,
    ICalendarValue as Value, Uri,
};
use jiff::Timestamp;
use lectern_kernel::ids::Id;
use serde::Deserialize;

use super::{
    entry::Entry,
    feed::FeedDetail,
    ics::{Calendar, Line},
};
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
    fn is_cancelled(&self) -> bool {
        self.status == BookingStatus::Cancelled.as_str()
    }

    fn entry(&self) -> Option<Entry> {
        Some(Entry {
            booking: Id::<Booking>::parse("booking", &self.booking.as_str().into()).ok()?,
            status: BookingStatus::from_text(&self.status)?,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            revision: self.revision.unwrap_or(0),
            changed_at: self.changed_at,
            title: self.title.clone(),
            location: self.location.clone(),
            facts: Vec::new(),
        })
    }

    /// The method of their file: REQUEST, or CANCEL where they were cancelled.
    pub fn method(invites: &[Invite]) -> &'static str {
        if invites.first().is_some_and(Invite::is_cancelled) { "CANCEL" } else { "REQUEST" }
    }

    /// The file of one booking, or of a series, for its reader; none where one of them is no booking, or there is none.
    pub fn write(invites: &[Invite], from: Party<'_>, to: Party<'_>, locale: &str) -> Option<String> {
        let mut calendar = Calendar::new(if invites.first()?.is_cancelled() { Method::Cancel } else { Method::Request });
        for invite in invites {
            calendar.add(&invite.entry()?, FeedDetail::Full, Language::of(locale), parties(from, to));
        }
        Some(calendar.write())
    }
}

/// Who asks, and who is asked.
fn parties(from: Party<'_>, to: Party<'_>) -> Vec<Line> {
    let address = |party: Party<'_>| Value::Uri(Uri::Location(format!("mailto:{}", party.email)));
    // A quote would end the name.
    let called = |party: Party<'_>| party.name.map(|name| ICalendarParameter::cn(name.replace('"', "'")));
    let asked = [
        ICalendarParameter::role(ICalendarParticipationRole::ReqParticipant),
        // It is booked already: nobody has to answer.
        ICalendarParameter::partstat(ICalendarParticipationStatus::Accepted),
        ICalendarParameter::rsvp(false),
    ];
    vec![
        (Property::Organizer, called(from).into_iter().collect(), address(from)),
        (Property::Attendee, called(to).into_iter().chain(asked).collect(), address(to)),
    ]
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
            let invites = [invite(status)];
            let text = Invite::write(&invites, from, to, "en").unwrap().replace("\r\n ", "");
            assert_eq!(Invite::method(&invites), method);
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
        let stranger = Invite { booking: "course_1".to_owned(), ..invite("ASSIGNED") };
        assert!(Invite::write(&[invite("ASSIGNED"), stranger], from, to, "en").is_none());
        assert!(Invite::write(&[], from, to, "en").is_none());
        // A series is one file.
        let series = Invite::write(&[invite("ASSIGNED"), invite("ASSIGNED")], from, to, "en").unwrap();
        assert_eq!((series.matches("METHOD:").count(), series.matches("BEGIN:VEVENT").count()), (1, 2));
    }
}
