//! What learners share: a session of several seats, and a series that is only looked at.

use serde_json::json;

use super::{PAGE, Smoke, quiet_day, text};

const CLOSE_TYPE: &str = "mutation($i: UpdateBookingTypeInput!) { updateBookingType(input: $i) { isActive } }";
const CANCEL_SESSION: &str = "mutation($i: CancelGroupSessionInput!) { cancelGroupSession(input: $i) { status } }";
const DELETE_RESOURCE: &str = "mutation($id: ID!) { deleteResource(id: $id) }";

impl Smoke {
    /// A class of a resource alone, far ahead: nobody's time is taken. The type stays in the school's history, and takes no bookings.
    pub(super) async fn sessions(&mut self) -> Option<()> {
        let (_, from, _, _) = quiet_day();
        let create = "mutation($i: CreateResourceInput!) { createResource(input: $i) { id } }";
        let resource = text(&self.client.ask("sessions", create, json!({ "i": { "name": "Smoke test", "kind": "OTHER" } })).await?["id"]);
        self.remember(&resource, DELETE_RESOURCE, json!({ "id": resource }));
        let create = "mutation($i: CreateBookingTypeInput!) { createBookingType(input: $i) { id } }";
        let class = json!({ "i": { "name": "Smoke test", "durations": [30], "seats": 2, "needsInstructor": false,
                                   "requirements": [{ "name": "Anything", "resourceIds": [resource] }] } });
        let class = text(&self.client.ask("sessions", create, class).await?["id"]);
        self.remember(&class, CLOSE_TYPE, json!({ "i": { "id": class, "isActive": false } }));
        let preview = "query($t: ID!, $s: DateTime!) { seriesPreview(bookingTypeId: $t, startsAt: $s, recurrence: \"FREQ=WEEKLY;COUNT=2\") { clashCount } }";
        self.client.ask("sessions", preview, json!({ "t": class, "s": from })).await;
        let open = "mutation($i: OpenGroupSessionsInput!) { openGroupSessions(input: $i) { id seats } }";
        let opened = self.client.ask("sessions", open, json!({ "i": { "bookingTypeId": class, "startsAt": from } })).await?;
        let session = text(&opened[0]["id"]);
        self.remember(&session, CANCEL_SESSION, json!({ "i": { "id": session, "reason": "lectern smoke" } }));
        let read = "query($id: ID!) { groupSession(id: $id) { seatsTaken waitlistCount } }";
        self.client
            .answers("sessions", "groupSession", read, json!({ "id": session }), json!({ "seatsTaken": 0, "waitlistCount": 0 }))
            .await;
        let wait = "mutation($i: JoinWaitlistInput!) { joinWaitlist(input: $i) { id } }";
        self.client
            .refused("joinWaitlist, with seats left", wait, json!({ "i": { "groupSessionId": session } }), "CONFLICT SLOT_FREE")
            .await;
        self.client.ask("sessions", &format!("{{ waitlistEntries{PAGE} }}"), json!({})).await;
        for left in [session, class, resource] {
            self.remove(&left, "sessions").await;
        }
        Some(())
    }
}
