//! Client events: what people did, written down once, and counted for those who may know.

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{learners, refused},
};

const RECORD: &str = "mutation($i: RecordEventsInput!) { recordEvents(input: $i) }";
const ACTIVITY: &str = "query($from: DateTime, $to: DateTime) { reports(from: $from, to: $to) {
    activity { startsAt events people } activityByName(first: 100) { name events people } } }";

async fn record(client: &Client, events: Value) -> i64 {
    client.ok(RECORD, json!({ "i": { "events": events } })).await["recordEvents"].as_i64().unwrap()
}

fn ago(hours: i64) -> String {
    (lectern_kernel::clock::now() - SignedDuration::from_hours(hours)).to_string()
}

fn sum(list: &Value) -> i64 {
    list.as_array().unwrap().iter().map(|count| count["events"].as_i64().unwrap()).sum()
}

#[tokio::test]
async fn what_people_do_is_written_down_and_counted() {
    let app = TestApp::start().await;
    let (lea, ada) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Instructor).await);
    let opened =
        json!([{ "name": "lesson.opened", "properties": { "lesson": 7 } }, { "name": "lesson.opened", "at": ago(30) }, { "name": "a_1" }]);
    assert_eq!(record(&lea, opened).await, 3);
    assert_eq!(record(&ada, json!([{ "name": "lesson.opened" }])).await, 1);
    assert_eq!(record(&app.sign_in(&app.elm, Who::Admin).await, json!([{ "name": "of.elm" }])).await, 1);
    assert_eq!(app.count("client_event WHERE properties = '{\"lesson\": 7}' AND name = 'lesson.opened'").await, 1);

    // The viewer sees every enrollment, and counts everybody's; the instructor the own.
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    let all = viewer.ok(ACTIVITY, json!({})).await["reports"].take();
    assert_eq!(all["activity"].as_array().unwrap().len(), 30);
    assert_eq!(sum(&all["activity"]), 4);
    assert_eq!(
        all["activityByName"],
        json!([{ "name": "lesson.opened", "events": 3, "people": 2 }, { "name": "a_1", "events": 1, "people": 1 }])
    );
    let own = ada.ok(ACTIVITY, json!({})).await["reports"].take();
    assert_eq!((sum(&own["activity"]), sum(&own["activityByName"])), (1, 1));
    let elm = app.sign_in(&app.elm, Who::Admin).await.ok(ACTIVITY, json!({})).await["reports"].take();
    assert_eq!(elm["activityByName"], json!([{ "name": "of.elm", "events": 1, "people": 1 }]));
    // In a range that is given, the two agree as well.
    let recent = viewer.ok(ACTIVITY, json!({ "from": ago(24), "to": ago(-1) })).await["reports"].take();
    assert_eq!((sum(&recent["activity"]), sum(&recent["activityByName"])), (3, 3));
}

#[tokio::test]
async fn series_are_by_hour_day_and_week() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    record(&lea, json!([{ "name": "now" }])).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let query = "query($i: ActivityInterval, $z: String, $f: DateTime, $t: DateTime) { reports(from: $f, to: $t) { activity(interval: $i, timeZone: $z) { startsAt events people } } }";
    for (interval, from, least) in [("HOUR", ago(5), 5), ("DAY", ago(49), 3), ("WEEK", ago(24 * 15), 3)] {
        let series = admin.ok(query, json!({ "i": interval, "f": from, "z": "Asia/Tokyo" })).await["reports"]["activity"].take();
        let series = series.as_array().unwrap();
        assert!(series.len() >= least, "{interval}: {series:?}");
        assert_eq!(series.iter().map(|count| count["people"].as_i64().unwrap()).sum::<i64>(), 1, "{interval}");
    }
    let year = json!({ "i": "HOUR", "f": "2025-01-01T00:00:00Z", "t": "2026-01-01T00:00:00Z" });
    assert_eq!(admin.refused(query, year).await, "BAD_USER_INPUT @to");
    assert_eq!(admin.refused(query, json!({ "z": "Nowhere" })).await, "BAD_USER_INPUT @timeZone");
    let names = "{ reports { activityByName(first: 0) { name } } }";
    assert_eq!(admin.refused(names, json!({})).await, "BAD_USER_INPUT @first");
}

#[tokio::test]
async fn the_sums_agree_in_whatever_time_zone_the_series_is() {
    let app = TestApp::start().await;
    let (lea, admin) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    // One an hour, around the beginning of the last 30 days.
    let events: Vec<Value> = (0..72).map(|hour| json!({ "name": "a", "key": hour.to_string() })).collect();
    assert_eq!(record(&lea, json!(events)).await, 72);
    app.sql("UPDATE client_event SET at = now() - interval '31 days 12 hours' + key::integer * interval '1 hour'").await;
    let query = "query($z: String) { reports { activity(timeZone: $z) { events } activityByName { events } } }";
    for zone in [json!(null), json!("Pacific/Kiritimati"), json!("Pacific/Pago_Pago")] {
        let counted = admin.ok(query, json!({ "z": zone })).await["reports"].take();
        let events = sum(&counted["activity"]);
        assert_eq!(events, sum(&counted["activityByName"]), "{zone}");
        assert!((1..72).contains(&events), "{zone}: {events}");
    }
}

#[tokio::test]
async fn a_key_counts_once_for_its_person_also_within_a_batch_and_at_the_same_moment() {
    let app = TestApp::start().await;
    let (lea, ada) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Instructor).await);
    let event = json!({ "name": "lesson.opened", "key": "k" });
    assert_eq!(record(&lea, json!([event, event, { "name": "lesson.closed", "key": "l" }])).await, 2);
    assert_eq!(record(&lea, json!([event, { "name": "lesson.left" }])).await, 1);
    assert_eq!(record(&ada, json!([event])).await, 1, "another person's key");
    let racing = json!([{ "name": "raced", "key": "once" }]);
    let new = join_all((0..8).map(|_| record(&lea, racing.clone()))).await;
    assert_eq!(new.iter().sum::<i64>(), 1, "{new:?}");
    assert_eq!(app.count("client_event").await, 5);
}

#[tokio::test]
async fn one_wrong_event_refuses_the_batch() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let many: Vec<Value> = (0..101).map(|_| json!({ "name": "a" })).collect();
    let with = |field: &str, value: Value| json!([{ "name": "fine" }, { "name": "lesson.opened", field: value }]);
    for (events, line) in [
        (json!([]), "BAD_USER_INPUT TOO_MANY_EVENTS @events"),
        (json!(many), "BAD_USER_INPUT TOO_MANY_EVENTS @events"),
        (with("name", json!("")), "BAD_USER_INPUT @events.1.name"),
        (with("name", json!("Upper")), "BAD_USER_INPUT @events.1.name"),
        (with("name", json!("1st")), "BAD_USER_INPUT @events.1.name"),
        (with("name", json!("a".repeat(65))), "BAD_USER_INPUT @events.1.name"),
        (with("name", json!("a-b")), "BAD_USER_INPUT @events.1.name"),
        (with("at", json!(ago(7 * 24 + 1))), "BAD_USER_INPUT @events.1.at"),
        (with("at", json!(ago(-1))), "BAD_USER_INPUT @events.1.at"),
        (with("key", json!("")), "BAD_USER_INPUT @events.1.key"),
        (with("key", json!("k".repeat(101))), "BAD_USER_INPUT @events.1.key"),
        (with("properties", json!([1])), "BAD_USER_INPUT @events.1.properties"),
        (with("properties", json!("text")), "BAD_USER_INPUT @events.1.properties"),
        (with("properties", json!({ "a": "x".repeat(2100) })), "BAD_USER_INPUT @events.1.properties"),
        (with("properties", json!({ "a": "\u{0}" })), "BAD_USER_INPUT @events.1.properties"),
    ] {
        refused(&app, &lea, RECORD, json!({ "i": { "events": events } }), line).await;
    }
    assert_eq!(record(&lea, json!([{ "name": "a".repeat(64), "key": "k".repeat(100), "at": ago(7 * 24 - 1) }])).await, 1);
    // What is only written like a character that the database keeps nowhere is text as any other.
    assert_eq!(record(&lea, json!([{ "name": "path.opened", "properties": { "path": "C:\\u0000" } }])).await, 1);
    let path = app.text("SELECT properties ->> 'path' FROM client_event WHERE name = 'path.opened'").await;
    assert_eq!(path.as_deref(), Some("C:\\u0000"));
    assert_eq!(app.stranger().refused(RECORD, json!({ "i": { "events": [{ "name": "a" }] } })).await, "UNAUTHENTICATED");
    app.sql("UPDATE tenant SET subscription_end = now() WHERE slug = 'oak'").await;
    refused(&app, &lea, RECORD, json!({ "i": { "events": [{ "name": "a" }] } }), "SUBSCRIPTION_EXPIRED").await;
}

#[tokio::test]
async fn thirty_batches_a_minute_are_enough_for_anybody() {
    let app = TestApp::start_with(&["--rate-client-events=3"], Default::default()).await;
    let (lea, ada) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Instructor).await);
    for _ in 0..3 {
        record(&lea, json!([{ "name": "a" }])).await;
    }
    assert_eq!(lea.refused(RECORD, json!({ "i": { "events": [{ "name": "a" }] } })).await, "RATE_LIMITED");
    assert_eq!(record(&ada, json!([{ "name": "a" }])).await, 1, "somebody else's");
    assert_eq!(app.count("client_event").await, 4);
}

#[tokio::test]
async fn events_are_kept_for_90_days_and_without_what_they_said_once_their_person_is_gone() {
    let app = TestApp::start().await;
    let person = learners(&app, &app.oak, 1).await.remove(0);
    let one = app.sign_in_as(&app.oak, "person1@oak.example", crate::app::PASSWORD).await;
    record(&one, json!([{ "name": "kept", "properties": { "phone": "0170" } }, { "name": "old" }])).await;
    app.sql("UPDATE client_event SET at = now() - interval '91 days' WHERE name = 'old'").await;
    let open = format!("SELECT set_config('app.tenant_id', '{}', true)", app.oak.tenant);
    app.sql(&format!("BEGIN; {open}; SELECT app.purge_client_events(1000); COMMIT")).await;
    assert_eq!(app.text("SELECT string_agg(name, ',') FROM client_event").await.as_deref(), Some("kept"));
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": person })).await;
    assert_eq!(app.text("SELECT properties::text FROM client_event").await.as_deref(), Some("{}"));
    assert_eq!(sum(&admin.ok(ACTIVITY, json!({})).await["reports"]["activity"]), 1, "it goes on being counted");
}

#[tokio::test]
async fn a_batch_is_one_statement() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let events = |count: usize| json!({ "i": { "events": vec![json!({ "name": "a" }); count] } });
    assert_eq!(app.statements(&lea, RECORD, events(1)).await, app.statements(&lea, RECORD, events(100)).await);
}
