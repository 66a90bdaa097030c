//! Feeds: bookings in calendars elsewhere, and who may read which.

mod invites;
mod making;
mod reading;

use jiff::{SignedDuration, Timestamp};
use lectern_kernel::ids;
use reqwest::header::IF_NONE_MATCH;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{Client, School, TestApp, now},
    classroom::uuid,
};

pub const CREATE: &str = "mutation($i: CreateCalendarFeedInput!) { createCalendarFeed(input: $i) { id name scope detail url hint lastReadAt instructor { id } resource { id } } }";
pub const ROTATE: &str = "mutation($id: ID!) { rotateCalendarFeed(id: $id) { id url hint } }";
pub const DROP: &str = "mutation($id: ID!) { deleteCalendarFeed(id: $id) }";
pub const FEEDS: &str = "{ calendarFeeds { id name url hint lastReadAt } }";

/// A feed; its id and its address.
pub async fn feed(client: &Client, input: Value) -> (Value, String) {
    let made = client.ok(CREATE, json!({ "i": input })).await["createCalendarFeed"].take();
    (made["id"].clone(), made["url"].as_str().unwrap().to_owned())
}

thread_local! {
    /// The hour in which a test asks for the first one: it stays the same however long the test takes. Tasks of other threads
    /// have another.
    static HOUR: i64 = now().as_second() / 3600;
}

/// A whole hour, so many from now.
pub fn hour(hours: i64) -> Timestamp {
    Timestamp::from_second(HOUR.with(|hour| hour * 3600)).unwrap() + SignedDuration::from_hours(hours)
}

/// A booking of an hour that begins so many hours from now, as it is to be. Its id.
pub async fn booked(app: &TestApp, school: &School, student: &Client, instructor: Option<&Client>, status: &str, hours: i64) -> Value {
    let id = Uuid::now_v7();
    let instructor = instructor.map_or_else(|| "NULL".to_owned(), |client| format!("'{}'", uuid(&client.user_id)));
    app.sql(&format!(
        "SET app.audit = 'off'; INSERT INTO booking (tenant_id, id, student_id, instructor_id, status, starts_at, ends_at) \
         VALUES ('{}', '{id}', '{}', {instructor}, '{status}', '{}', '{}'); RESET app.audit",
        school.tenant,
        uuid(&student.user_id),
        hour(hours),
        hour(hours + 1)
    ))
    .await;
    json!(ids::encode("booking", id))
}

/// What is at an address: the status, the headers, the text.
pub async fn get(client: &Client, url: &str) -> (u16, reqwest::header::HeaderMap, String) {
    let answer = client.http.get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone(), answer.text().await.unwrap())
}

/// The same where it is read again by who has a version already.
pub async fn get_again(client: &Client, url: &str, etag: &str) -> u16 {
    client.http.get(url).header(IF_NONE_MATCH, etag).send().await.unwrap().status().as_u16()
}

/// The lines of a calendar, unfolded.
pub fn lines(text: &str) -> Vec<String> {
    text.replace("\r\n ", "").split("\r\n").map(str::to_owned).collect()
}

/// The values of a property, in order.
pub fn values(text: &str, name: &str) -> Vec<String> {
    let prefix = format!("{name}:");
    lines(text).iter().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
}

/// The bookings that a calendar shows, in order.
pub fn shown(text: &str) -> Vec<Value> {
    values(text, "UID").iter().map(|uid| json!(uid.strip_suffix("@lectern").unwrap())).collect()
}
