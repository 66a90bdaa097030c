//! Calendars elsewhere: one that reads bookings, and one that keeps its owner from them.

use lectern_kernel::ids;
use serde_json::json;
use uuid::Uuid;

use super::{Smoke, text};

const DELETE_FEED: &str = "mutation($id: ID!) { deleteCalendarFeed(id: $id) }";
const DELETE_SOURCE: &str = "mutation($id: ID!) { deleteBusySource(id: $id) }";
const FILE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//lectern//smoke//EN\r\nBEGIN:VEVENT\r\nUID:smoke@example.invalid\r\nDTSTAMP:20260101T000000Z\r\n\
    DTSTART:20010101T000000Z\r\nDTEND:20010101T010000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

impl Smoke {
    pub(super) async fn calendars(&mut self) -> Option<()> {
        let create = "mutation($i: CreateCalendarFeedInput!) { createCalendarFeed(input: $i) { id url hint } }";
        let of = |instructor: &str| json!({ "i": { "name": "Smoke test", "instructorId": instructor } });
        self.client
            .refused(
                "createCalendarFeed, of somebody without saying so",
                create,
                of(&ids::encode("user", Uuid::now_v7())),
                "BAD_USER_INPUT",
            )
            .await;
        let feed = text(&self.client.ask("calendars", create, json!({ "i": { "name": "Smoke test" } })).await?["id"]);
        self.remember(&feed, DELETE_FEED, json!({ "id": feed }));
        self.client.ask("calendars", "mutation($id: ID!) { rotateCalendarFeed(id: $id) { url } }", json!({ "id": feed })).await;

        let create = "mutation($i: CreateBusySourceInput!) { createBusySource(input: $i) { id state blockCount } }";
        let input = |content: &str| json!({ "i": { "name": "Smoke test", "content": content } });
        self.client.refused("createBusySource, of no calendar", create, input("lectern smoke"), "BAD_USER_INPUT NOT_A_CALENDAR").await;
        let source = text(&self.client.ask("calendars", create, input(FILE)).await?["id"]);
        self.remember(&source, DELETE_SOURCE, json!({ "id": source }));
        let read = "{ calendarFeeds { name lastReadAt url } busySources { name state warningCount } bookings(first: 1) { nodes { ics } } }";
        self.client.ask("calendars", read, json!({})).await;
        for left in [feed, source] {
            self.remove(&left, "calendars").await;
        }
        Some(())
    }
}
