//! Series: bookings that come again and again.

mod booking;
mod changing;

use serde_json::{Value, json};

pub use crate::group_sessions::{BOOK, OPEN, Stage, at, slot};

pub const SERIES: &str = "mutation($i: BookSeriesInput!) { bookSeries(input: $i) { id recurrence timeZone excludedDates learner { id } bookingType { name } \
    skipped { startsAt endsAt reason } bookings(first: 60) { totalCount nodes { id status startsAt endsAt instructor { id } resources { name } series { id } groupSession { id } } } } }";
pub const PREVIEW: &str = "query($t: ID!, $s: DateTime!, $r: String!, $x: [Date!], $z: String, $i: ID) { \
    seriesPreview(bookingTypeId: $t, startsAt: $s, recurrence: $r, excludedDates: $x, timeZone: $z, instructorId: $i) { \
    clashCount instructor { id } occurrences { startsAt isBookable reason } } }";

/// A series of a type.
pub fn series(kind: &Value, starts_at: &str, recurrence: &str, extra: Value) -> Value {
    let mut input = json!({ "bookingTypeId": kind, "startsAt": starts_at, "recurrence": recurrence });
    input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({ "i": input })
}

/// When its bookings begin, as `03-02T09`, in their order; with a state that is not ASSIGNED.
pub fn starts(series: &Value) -> String {
    let nodes = series["bookings"]["nodes"].as_array().unwrap().iter();
    let shown = nodes.map(|booking| {
        let state = if booking["status"] == "ASSIGNED" { String::new() } else { format!(":{}", booking["status"].as_str().unwrap()) };
        format!("{}{state}", &booking["startsAt"].as_str().unwrap()[5..13])
    });
    shown.collect::<Vec<_>>().join(" ")
}
