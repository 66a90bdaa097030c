//! What learners share: sessions of several seats, series, waiting lists. Nothing is opened: what was stays in a school's history for good.

use serde_json::json;

use super::{PAGE, Smoke, quiet_day, text};

const DELETE_TYPE: &str = "mutation($id: ID!) { deleteBookingType(id: $id) }";
const DELETE_RESOURCE: &str = "mutation($id: ID!) { deleteResource(id: $id) }";

impl Smoke {
    /// A class of a resource alone, far ahead: nobody's time is taken, and nothing is left.
    pub(super) async fn sessions(&mut self) -> Option<()> {
        let (_, from, _, _) = quiet_day();
        let create = "mutation($i: CreateResourceInput!) { createResource(input: $i) { id } }";
        let resource = text(&self.client.ask("sessions", create, json!({ "i": { "name": "Smoke test", "kind": "OTHER" } })).await?["id"]);
        self.remember(&resource, DELETE_RESOURCE, json!({ "id": resource }));
        let create = "mutation($i: CreateBookingTypeInput!) { createBookingType(input: $i) { id } }";
        let class = json!({ "i": { "name": "Smoke test", "durations": [30], "seats": 2, "needsInstructor": false,
                                   "requirements": [{ "name": "Anything", "resourceIds": [resource] }] } });
        let class = text(&self.client.ask("sessions", create, class).await?["id"]);
        self.remember(&class, DELETE_TYPE, json!({ "id": class }));
        let preview = "query($t: ID!, $s: DateTime!) { seriesPreview(bookingTypeId: $t, startsAt: $s, recurrence: \"FREQ=WEEKLY;COUNT=2\") { clashCount } }";
        self.client.ask("sessions", preview, json!({ "t": class, "s": from })).await;
        let open = "mutation($i: OpenGroupSessionsInput!) { openGroupSessions(input: $i) { id } }";
        let longer = json!({ "i": { "bookingTypeId": class, "startsAt": from, "durationMinutes": 45 } });
        self.client.refused("openGroupSessions, of another length", open, longer, "BAD_USER_INPUT").await;
        self.client.ask("sessions", &format!("{{ groupSessions{PAGE} }}"), json!({})).await;
        let wait = "mutation($i: JoinWaitlistInput!) { joinWaitlist(input: $i) { id } }";
        self.client.refused("joinWaitlist, of no window", wait, json!({ "i": { "bookingTypeId": class } }), "BAD_USER_INPUT").await;
        self.client.ask("sessions", &format!("{{ waitlistEntries{PAGE} }}"), json!({})).await;
        for left in [class, resource] {
            self.remove(&left, "sessions").await;
        }
        Some(())
    }
}
