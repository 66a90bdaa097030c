//! Group sessions: one instructor and the resources for several learners at once.

mod foreign;
mod opening;
mod races;
mod seats;

use serde_json::{Value, json};

use crate::app::{Client, TestApp, Who};

pub const BOOK: &str = "mutation($i: BookSlotInput!) { bookSlot(input: $i) { id status startsAt instructor { id } resources { name } groupSession { id seatsTaken } series { id } } }";
pub const OPEN: &str = "mutation($i: OpenGroupSessionsInput!) { openGroupSessions(input: $i) { id startsAt endsAt seats seatsTaken status instructor { id } resources { name } } }";
pub const CHANGE: &str = "mutation($i: UpdateGroupSessionInput!) { updateGroupSession(input: $i) { id startsAt seats seatsTaken instructor { id } resources { name } } }";
pub const CANCEL: &str = "mutation($i: CancelGroupSessionInput!) { cancelGroupSession(input: $i) { id status cancelReason seatsTaken } }";
pub const CANCEL_SEAT: &str = "mutation($i: CancelBookingInput!) { cancelBooking(input: $i) { id status } }";
pub const SESSION: &str = "query($id: ID!) { groupSession(id: $id) { id status seats seatsTaken startsAt waitlistCount bookingType { name } instructor { id } bookings { nodes { id status } totalCount } } }";
const MAKE: &str = "mutation($i: CreateBookingTypeInput!) { createBookingType(input: $i) { id } }";

/// The people of oak; its instructor is open every day from eight to six in UTC.
pub struct Stage {
    pub app: TestApp,
    pub admin: Client,
    pub ada: Client,
    pub lea: Client,
}

/// Every day from eight to six in UTC.
pub async fn open_daily(instructor: &Client) {
    let days = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
    let rule = json!({ "i": { "weekdays": days, "from": "08:00", "until": "18:00", "timeZone": "UTC", "validFrom": "2020-01-01" } });
    instructor.ok("mutation($i: CreateAvailabilityRuleInput!) { createAvailabilityRule(input: $i) { id } }", rule).await;
}

impl Stage {
    pub async fn start() -> Stage {
        let app = TestApp::start().await;
        let [admin, ada, lea] = [
            app.sign_in(&app.oak, Who::Admin).await,
            app.sign_in(&app.oak, Who::Instructor).await,
            app.sign_in(&app.oak, Who::Learner).await,
        ];
        open_daily(&ada).await;
        Stage { app, admin, ada, lea }
    }

    /// A type of an hour, of the instructor, and what else is said of it.
    pub async fn kind(&self, extra: Value) -> Value {
        let mut input =
            json!({ "name": "Class", "durations": [60], "slotStepMinutes": 60, "instructors": [{ "instructorId": self.ada.user_id }] });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        self.admin.ok(MAKE, json!({ "i": input })).await["createBookingType"]["id"].take()
    }

    /// Another learner of oak.
    pub async fn learner(&self, name: &str) -> Client {
        self.app.person(&self.app.oak, &format!("{name}@oak.example"), &["LEARNER"]).await
    }

    /// Another instructor of oak, open every day.
    pub async fn instructor(&self, name: &str) -> Client {
        let client = self.app.person(&self.app.oak, &format!("{name}@oak.example"), &["INSTRUCTOR"]).await;
        open_daily(&client).await;
        client
    }

    /// A room for so many.
    pub async fn room(&self, name: &str, capacity: i32) -> Value {
        let room = json!({ "i": { "name": name, "kind": "ROOM", "capacity": capacity } });
        self.admin.ok("mutation($i: CreateResourceInput!) { createResource(input: $i) { id } }", room).await["createResource"]["id"].take()
    }

    /// What holds time: kinds, in their order.
    pub async fn claims(&self) -> String {
        self.app.text("SELECT coalesce(string_agg(kind, ' ' ORDER BY kind, party_id, starts_at), '') FROM time_claim").await.unwrap()
    }
}

/// A time in March 2099, whose 2nd is a Monday.
pub fn at(day: u32, hour: u32) -> String {
    format!("2099-03-{day:02}T{hour:02}:00:00Z")
}

/// A booking of a type.
pub fn slot(kind: &Value, starts_at: &str) -> Value {
    json!({ "i": { "bookingTypeId": kind, "startsAt": starts_at } })
}
