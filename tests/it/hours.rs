//! Hours: weekly rules by the wall's clock, and what is taken off of them.

mod clocks;
mod rules;
mod times_off;

use serde_json::{Value, json};

use crate::app::Client;

pub const RULE: &str = "mutation($i: CreateAvailabilityRuleInput!) { createAvailabilityRule(input: $i) { id weekdays from until timeZone validFrom validUntil \
    instructor { id } resource { id } } }";
pub const CHANGE_RULE: &str = "mutation($i: UpdateAvailabilityRuleInput!) { updateAvailabilityRule(input: $i) { id weekdays from until timeZone validFrom validUntil } }";
pub const DROP_RULE: &str = "mutation($id: ID!) { deleteAvailabilityRule(id: $id) }";
pub const OFF: &str =
    "mutation($i: CreateTimeOffInput!) { createTimeOff(input: $i) { id startsAt endsAt reason instructor { id } resource { id } } }";
pub const DROP_OFF: &str = "mutation($id: ID!) { deleteTimeOff(id: $id) }";
pub const RESOURCE: &str = "mutation($i: CreateResourceInput!) { createResource(input: $i) { id } }";
const FREE: &str = "query($f: DateTime!, $t: DateTime!, $i: ID, $z: String) { calendar(from: $f, to: $t, instructorId: $i, timeZone: $z) { \
    days { date free { startsAt endsAt } busy { startsAt endsAt } } } }";

/// A resource of this name.
pub async fn resource(admin: &Client, input: Value) -> Value {
    admin.ok(RESOURCE, json!({ "i": input })).await["createResource"]["id"].take()
}

/// `03-01T08:00/03-01T09:30`, in UTC.
pub fn short(span: &Value) -> String {
    let moment = |name: &str| span[name].as_str().unwrap()[5..16].to_owned();
    format!("{}/{}", moment("startsAt"), moment("endsAt"))
}

/// What is free of an instructor within a range, day by day of a zone, in UTC; then what is busy.
pub async fn free_and_busy(client: &Client, instructor: &str, zone: &str, from: &str, to: &str) -> (String, String) {
    let answer = client.ok(FREE, json!({ "f": from, "t": to, "i": instructor, "z": zone })).await;
    let of = |name: &str| {
        let days = answer["calendar"]["days"].as_array().unwrap();
        days.iter().flat_map(|day| day[name].as_array().unwrap()).map(short).collect::<Vec<_>>().join(" ")
    };
    (of("free"), of("busy"))
}

/// What is free.
pub async fn free(client: &Client, instructor: &str, zone: &str, from: &str, to: &str) -> String {
    free_and_busy(client, instructor, zone, from, to).await.0
}
