//! Busy sources: calendars that are kept elsewhere, and what they take off of what is open.

mod fetching;
mod open;
mod server;
mod sources;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp},
    feeds::hour,
};

pub const CREATE: &str = "mutation($i: CreateBusySourceInput!) { createBusySource(input: $i) { id name host timeZone state error blockCount warningCount nextFetchAt instructor { id } } }";
pub const REFRESH: &str = "mutation($id: ID!) { refreshBusySource(id: $id) { id } }";
pub const DROP: &str = "mutation($id: ID!) { deleteBusySource(id: $id) }";
pub const SOURCE: &str = "query($id: ID!) { busySource(id: $id) { state error blockCount warningCount lastFetchedAt } }";

/// A calendar of events of an hour each, so many hours from now.
pub fn calendar(hours: &[i64]) -> String {
    let event = |hours: &i64| {
        let said = |at: Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
        format!(
            "BEGIN:VEVENT\r\nUID:{hours}@elsewhere.example\r\nDTSTAMP:20270101T000000Z\r\nSUMMARY:Secret {hours}\r\nDTSTART:{}\r\nDTEND:{}\r\nEND:VEVENT\r\n",
            said(hour(*hours)),
            said(hour(*hours) + SignedDuration::from_hours(1))
        )
    };
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{}END:VCALENDAR\r\n", hours.iter().map(event).collect::<String>())
}

/// A source of an address; its id.
pub async fn of_url(client: &Client, url: &str) -> Value {
    client.ok(CREATE, json!({ "i": { "name": "Private", "url": url } })).await["createBusySource"]["id"].take()
}

/// A source of a file; its id.
pub async fn of_file(client: &Client, content: &str) -> Value {
    client.ok(CREATE, json!({ "i": { "name": "File", "content": content } })).await["createBusySource"]["id"].take()
}

/// `OK 2`, `FAILED UNREACHABLE 0`.
pub async fn state(client: &Client, id: &Value) -> String {
    let source = client.ok(SOURCE, json!({ "id": id })).await["busySource"].take();
    let words = [source["state"].as_str(), source["error"].as_str()];
    format!("{} {}", words.into_iter().flatten().collect::<Vec<_>>().join(" "), source["blockCount"])
}

/// Lets every source be due, and reads what is.
pub async fn read_again(app: &TestApp) {
    app.sql("UPDATE busy_source SET next_fetch_at = now() - interval '1 second'; DELETE FROM job WHERE kind LIKE 'busy.%' AND state <> 'RUNNING'").await;
    app.sql(
        "SELECT set_config('app.tenant_id', t.tenant_id::text, false), set_config('app.user_id', '00000000-0000-0000-0000-000000000000', false), \
         app.enqueue_busy_fetches(1000) FROM tenant t WHERE t.slug = 'oak'; RESET app.tenant_id; RESET app.user_id",
    )
    .await;
    app.work().await;
}
