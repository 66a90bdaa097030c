//! Slots: booking types, what can be booked of them and why the rest can't, holds, and booking.

mod approval;
mod booking;
mod choosing;
mod eligibility;
mod holds;
mod learning;
mod limits;
mod offers;
mod pairs;
mod property;
mod races;
mod types;

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who, refusal},
    hours::short,
};

pub const TYPE: &str = "mutation($i: CreateBookingTypeInput!) { createBookingType(input: $i) { id } }";
pub const CHANGE_TYPE: &str = "mutation($i: UpdateBookingTypeInput!) { updateBookingType(input: $i) { id name isActive durations seats } }";
pub const DROP_TYPE: &str = "mutation($id: ID!) { deleteBookingType(id: $id) }";
pub const HOLD: &str = "mutation($i: HoldSlotInput!) { holdSlot(input: $i) { id startsAt endsAt expiresAt createdAt bookingType { name } \
    learner { id } instructor { id } resources { name } } }";
pub const RELEASE: &str = "mutation($id: ID!) { releaseSlot(id: $id) }";
pub const BOOK: &str = "mutation($i: BookSlotInput!) { bookSlot(input: $i) { id status startsAt endsAt bookingType { name } student { id } instructor { id } \
    requestedInstructor { id } course { title } resources { name } } }";
pub const SLOTS: &str = "query($t: ID!, $f: DateTime!, $to: DateTime!, $z: String, $d: Int, $i: ID, $r: [ID!], $l: ID, $b: ID) { \
    slots(bookingTypeId: $t, from: $f, to: $to, timeZone: $z, durationMinutes: $d, instructorId: $i, resourceIds: $r, learnerId: $l, reschedulingId: $b) { \
    timeZone durationMinutes eligibility { isMet } \
    days { date emptyBecause slots { startsAt endsAt instructorCount seatsLeft needsApproval instructors { id } resources { name } } } } }";
pub const EXPLAIN: &str = "query($t: ID!, $s: DateTime!, $d: Int, $i: ID, $r: [ID!], $l: ID, $b: ID) { \
    explainSlot(bookingTypeId: $t, startsAt: $s, durationMinutes: $d, instructorId: $i, resourceIds: $r, learnerId: $l, reschedulingId: $b) { \
    isBookable reason checks { reason isMet } candidates { instructor { id } resource { name } isFree reason } eligibility { isMet message } } }";

/// The people of oak, and when its instructor is open: the 2nd of March 2099, from eight to six in UTC.
pub struct Cast {
    pub app: TestApp,
    pub admin: Client,
    pub ada: Client,
    pub lea: Client,
}

impl Cast {
    pub async fn start() -> Cast {
        let app = TestApp::start().await;
        let [admin, ada, lea] = [
            app.sign_in(&app.oak, Who::Admin).await,
            app.sign_in(&app.oak, Who::Instructor).await,
            app.sign_in(&app.oak, Who::Learner).await,
        ];
        open(&ada, "08:00", "18:00").await;
        Cast { app, admin, ada, lea }
    }

    /// A type of an hour with the instructor, and what else is said of it.
    pub async fn kind(&self, extra: Value) -> Value {
        let mut input = json!({ "name": "Flight", "durations": [60], "instructors": [{ "instructorId": self.ada.user_id }] });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        kind(&self.admin, input).await
    }

    /// Another instructor of oak, open on that day.
    pub async fn instructor(&self, name: &str) -> Client {
        let client = self.app.person(&self.app.oak, &format!("{name}@oak.example"), &["INSTRUCTOR"]).await;
        open(&client, "08:00", "18:00").await;
        client
    }

    /// Another learner of oak.
    pub async fn learner(&self, name: &str) -> Client {
        self.app.person(&self.app.oak, &format!("{name}@oak.example"), &["LEARNER"]).await
    }
}

/// A booking type.
pub async fn kind(admin: &Client, input: Value) -> Value {
    admin.ok(TYPE, json!({ "i": input })).await["createBookingType"]["id"].take()
}

/// That day is open to somebody from then to then, in UTC.
pub async fn open(client: &Client, from: &str, to: &str) {
    let span = json!({ "i": { "startsAt": at(from), "endsAt": at(to) } });
    client.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", span).await;
}

/// A time on that day.
pub fn at(time: &str) -> String {
    format!("2099-03-02T{time}:00Z")
}

/// What is asked for at a time of that day, with more.
pub fn wish(kind: &Value, time: &str, extra: Value) -> Value {
    let mut input = json!({ "bookingTypeId": kind, "startsAt": at(time) });
    input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({ "i": input })
}

/// Books; answers the booking.
pub async fn book(client: &Client, kind: &Value, time: &str, extra: Value) -> Value {
    client.ok(BOOK, wish(kind, time, extra)).await["bookSlot"].take()
}

/// Holds; answers the hold.
pub async fn hold(client: &Client, kind: &Value, time: &str, extra: Value) -> Value {
    client.ok(HOLD, wish(kind, time, extra)).await["holdSlot"].take()
}

/// That day's slots of a type, as somebody sees them: `08:00 09:00`, or why there are none.
pub async fn offered(client: &Client, kind: &Value) -> String {
    offered_with(client, kind, json!({})).await
}

/// The same with more arguments.
pub async fn offered_with(client: &Client, kind: &Value, extra: Value) -> String {
    let days = days(client, kind, "2099-03-02T00:00:00Z", "2099-03-03T00:00:00Z", extra).await;
    let [day] = &days[..] else { panic!("one day: {days:?}") };
    day.1.clone()
}

/// Each date with its starts in UTC, or why there are none.
pub async fn days(client: &Client, kind: &Value, from: &str, to: &str, extra: Value) -> Vec<(String, String)> {
    let mut variables = json!({ "t": kind, "f": from, "to": to, "z": "UTC" });
    variables.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let answer = client.ok(SLOTS, variables).await;
    let shown = |day: &Value| {
        let slots = day["slots"].as_array().unwrap();
        assert_eq!(slots.is_empty(), day["emptyBecause"].is_string(), "{day}");
        let starts: Vec<String> = slots.iter().map(|slot| short(slot)[6..11].to_owned()).collect();
        let text = if starts.is_empty() { day["emptyBecause"].as_str().unwrap().to_owned() } else { starts.join(" ") };
        (day["date"].as_str().unwrap().to_owned(), text)
    };
    answer["slots"]["days"].as_array().unwrap().iter().map(shown).collect()
}

/// Why a time of that day can't be booked, as `explainSlot` says; it is refused by that very word, and nothing changes.
pub async fn refused(cast: &Cast, client: &Client, kind: &Value, time: &str, reason: &str, field: &str) -> Value {
    let explained = client.ok(EXPLAIN, json!({ "t": kind, "s": at(time) })).await["explainSlot"].take();
    assert_eq!((&explained["isBookable"], &explained["reason"]), (&json!(false), &json!(reason)), "{explained}");
    let before = crate::classroom::everything(&cast.app).await;
    let mut answer = client.ask(BOOK, wish(kind, time, json!({}))).await;
    assert_eq!(refusal(&answer["errors"][0]), format!("CONFLICT {reason} @{field}"), "{answer}");
    let held = client.ask(HOLD, wish(kind, time, json!({}))).await;
    assert_eq!(refusal(&held["errors"][0]), format!("CONFLICT {reason} @{field}"), "{held}");
    assert_eq!(crate::classroom::everything(&cast.app).await, before);
    answer["errors"][0]["extensions"].take()
}
