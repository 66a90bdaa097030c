//! Notifications: who is told of what, once; what people choose; what is mailed, at once and in the digest; and how that is ended.

mod choices;
mod digest;
mod leaving;
mod live;
mod mails;
mod reading;
mod speed;
mod telling;
mod unsubscribing;

use lectern_kernel::ids;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Client, School, TestApp, Who};

pub const LIST: &str = "{ notifications(first: 100) { totalCount nodes { id kind title body subjectId subject { id __typename } actor { id } count isRead readAt updatedAt } } }";
const COUNT: &str = "{ unreadNotificationCount }";

/// What somebody has been told, the latest first.
async fn list(client: &Client) -> Vec<Value> {
    client.ok(LIST, json!({})).await["notifications"]["nodes"].as_array().unwrap().clone()
}

/// The same in short: `KIND xCOUNT`, with a star where it is unread.
async fn kinds(client: &Client) -> Vec<String> {
    let short =
        |note: &Value| format!("{} x{}{}", note["kind"].as_str().unwrap(), note["count"], if note["isRead"] == true { "" } else { "*" });
    list(client).await.iter().map(short).collect()
}

async fn unread(client: &Client) -> i64 {
    client.ok(COUNT, json!({})).await["unreadNotificationCount"].as_i64().unwrap()
}

/// Tells a person of the school something; answers the notification's id.
pub async fn told(app: &TestApp, school: &School, who: Who) -> String {
    let id = Uuid::now_v7();
    app.sql(&format!(
        "INSERT INTO notification (tenant_id, id, recipient_id, kind, subject, hour, event_id, facts, in_app, mail)
         SELECT tenant_id, '{id}', id, 'EXPORT_READY', 'exportrun_' || '{id}', now(), '{id}', '{{\"name\": \"Bookings\"}}', true, 'NONE'
         FROM app_user WHERE tenant_id = '{}' AND email = '{}'",
        school.tenant,
        school.email(who)
    ))
    .await;
    ids::encode("notification", id)
}

async fn person_of(app: &TestApp, email: &str) -> Uuid {
    app.text(&format!("SELECT id::text FROM app_user WHERE email = '{email}'")).await.unwrap().parse().unwrap()
}

async fn request(learner: &Client, day: u32, instructor: Option<&str>) -> String {
    let input = json!({ "startsAt": format!("2099-03-{day:02}T09:00:00Z"), "endsAt": format!("2099-03-{day:02}T10:00:00Z"), "requestedInstructorId": instructor });
    let made = learner.ok("mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id } }", json!({ "i": input })).await;
    made["requestBooking"]["id"].as_str().unwrap().to_owned()
}
