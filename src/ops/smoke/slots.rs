//! What learners book without being asked: a type, its slots, and a hold that is given back. Nothing is booked: what was booked stays for good.

use serde_json::json;

use super::{Smoke, text};

const DELETE_RESOURCE: &str = "mutation($id: ID!) { deleteResource(id: $id) }";
const DELETE_TYPE: &str = "mutation($id: ID!) { deleteBookingType(id: $id) }";
const RELEASE: &str = "mutation($id: ID!) { releaseSlot(id: $id) }";

impl Smoke {
    pub(super) async fn slots(&mut self) -> Option<()> {
        let create = "mutation($i: CreateResourceInput!) { createResource(input: $i) { id } }";
        let input = json!({ "i": { "name": "Smoke test", "kind": "OTHER", "timeZone": "UTC" } });
        let resource = text(&self.client.ask("slots", create, input).await?["id"]);
        self.remember(&resource, DELETE_RESOURCE, json!({ "id": resource }));

        let create = "mutation($i: CreateBookingTypeInput!) { createBookingType(input: $i) { id durations reminderMinutes } }";
        let of = |needs: bool| {
            json!({ "i": { "name": "Smoke test", "durations": [120], "slotStepMinutes": 720, "needsInstructor": needs,
                           "requirements": [{ "name": "Thing", "resourceIds": [resource] }] } })
        };
        self.client.refused("createBookingType, with nobody", create, of(true), "BAD_USER_INPUT").await;
        let kind = text(&self.client.ask("slots", create, of(false)).await?["id"]);
        self.remember(&kind, DELETE_TYPE, json!({ "id": kind }));
        let change = "mutation($i: UpdateBookingTypeInput!) { updateBookingType(input: $i) { durations } }";
        self.client.ask("slots", change, json!({ "i": { "id": kind, "durations": [60] } })).await;
        self.client
            .ask(
                "slots",
                "{ bookingTypes(first: 3, filter: { search: \"smoke\" }) { totalCount nodes { name requirements { name } } } }",
                json!({}),
            )
            .await;

        let slots = "query($id: ID!) { slots(bookingTypeId: $id, from: \"2099-03-02T00:00:00Z\", to: \"2099-03-03T00:00:00Z\", timeZone: \"UTC\") \
            { days { emptyBecause slots { startsAt } } } }";
        let day = json!({ "days": [{ "emptyBecause": null, "slots": [{ "startsAt": "2099-03-02T00:00:00Z" }, { "startsAt": "2099-03-02T12:00:00Z" }] }] });
        self.client.answers("slots", "slots, of a day", slots, json!({ "id": kind }), day).await;
        let explain = "query($id: ID!) { explainSlot(bookingTypeId: $id, startsAt: \"2099-03-02T12:00:00Z\") { isBookable reason } }";
        let fine = json!({ "isBookable": true, "reason": null });
        self.client.answers("slots", "explainSlot", explain, json!({ "id": kind }), fine).await;

        let hold = "mutation($i: HoldSlotInput!) { holdSlot(input: $i) { id expiresAt resources { name } } }";
        let noon = json!({ "i": { "bookingTypeId": kind, "startsAt": "2099-03-02T12:00:00Z", "minutes": 1 } });
        let held = text(&self.client.ask("slots", hold, noon).await?["id"]);
        self.remember(&held, RELEASE, json!({ "id": held }));
        self.client.ask("slots", "{ slotHolds { startsAt bookingType { name } } }", json!({})).await;
        for left in [held, kind, resource] {
            self.remove(&left, "slots").await;
        }
        Some(())
    }
}
