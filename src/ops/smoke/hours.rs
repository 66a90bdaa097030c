//! What can be booked beside people, and when it is open.

use serde_json::json;

use super::{Smoke, text};

const DELETE_RESOURCE: &str = "mutation($id: ID!) { deleteResource(id: $id) }";
const DELETE_RULE: &str = "mutation($id: ID!) { deleteAvailabilityRule(id: $id) }";
const DELETE_TIME_OFF: &str = "mutation($id: ID!) { deleteTimeOff(id: $id) }";

impl Smoke {
    pub(super) async fn hours(&mut self) -> Option<()> {
        let create = "mutation($i: CreateResourceInput!) { createResource(input: $i) { id mode timeZone } }";
        let input = json!({ "i": { "name": "Smoke test", "kind": "OTHER", "setupMinutes": 5 } });
        let resource = text(&self.client.ask("hours", create, input).await?["id"]);
        self.remember(&resource, DELETE_RESOURCE, json!({ "id": resource }));

        // The second of March 2099 is a Monday.
        let create = "mutation($i: CreateAvailabilityRuleInput!) { createAvailabilityRule(input: $i) { id validFrom } }";
        let rule = |until: &str| json!({ "i": { "resourceId": resource, "weekdays": ["MONDAY"], "from": "08:00", "until": until, "timeZone": "UTC", "validFrom": "2099-03-02" } });
        self.client.refused("createAvailabilityRule, of no length", create, rule("08:00"), "BAD_USER_INPUT").await;
        let rule = text(&self.client.ask("hours", create, rule("18:00")).await?["id"]);
        self.remember(&rule, DELETE_RULE, json!({ "id": rule }));
        let change = "mutation($i: UpdateAvailabilityRuleInput!) { updateAvailabilityRule(input: $i) { until } }";
        self.client.ask("hours", change, json!({ "i": { "id": rule, "until": "17:00" } })).await;

        let create = "mutation($i: CreateTimeOffInput!) { createTimeOff(input: $i) { id bookings(first: 1) { totalCount } } }";
        let span = json!({ "i": { "resourceId": resource, "startsAt": "2099-03-02T12:00:00Z", "endsAt": "2099-03-02T13:00:00Z", "reason": "lectern smoke" } });
        let off = text(&self.client.ask("hours", create, span).await?["id"]);
        self.remember(&off, DELETE_TIME_OFF, json!({ "id": off }));

        let calendar = "query($id: ID!) { resourceCalendar(resourceId: $id, from: \"2099-03-02T00:00:00Z\", to: \"2099-03-03T00:00:00Z\", timeZone: \"UTC\") \
            { days { free { startsAt endsAt } busy { startsAt endsAt } } } }";
        let open = json!({ "days": [{ "busy": [], "free": [
            { "startsAt": "2099-03-02T08:00:00Z", "endsAt": "2099-03-02T12:00:00Z" },
            { "startsAt": "2099-03-02T13:00:00Z", "endsAt": "2099-03-02T17:00:00Z" }] }] });
        self.client.answers("hours", "resourceCalendar, less time off", calendar, json!({ "id": resource }), open).await;
        let free =
            "query($f: ResourceFilter) { resources(first: 3, filter: $f) { totalCount nodes { name rules { weekdays from until } } } }";
        let hour = json!({ "search": "smoke", "freeFrom": "2099-03-02T09:00:00Z", "freeTo": "2099-03-02T10:00:00Z" });
        self.client.ask("hours", free, json!({ "f": hour })).await;
        for left in [off, rule, resource] {
            self.remove(&left, "hours").await;
        }
        Some(())
    }
}
