//! Naming calendars: which addresses and files may be, whose they are, and who sees them.

use serde_json::{Value, json};

use super::*;
use crate::{
    app::{TestApp, Who},
    classroom::{nothing, refused},
};

#[tokio::test]
async fn each_wrong_source_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let [ada, learner, viewer] =
        [app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await];
    let of = |extra: Value| {
        let mut input = json!({ "name": "Private" });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "i": input })
    };
    let hourly = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20260101T000000Z\nDTEND:20260101T000500Z\nRRULE:FREQ=HOURLY\nEND:VEVENT\nEND:VCALENDAR\n";
    for (input, line) in [
        (json!({}), "BAD_USER_INPUT @url"),
        (json!({ "url": "https://calendar.example/a.ics", "content": calendar(&[]) }), "BAD_USER_INPUT @content"),
        (json!({ "url": "http://calendar.example/a.ics" }), "BAD_USER_INPUT @url"),
        (json!({ "url": "https://ada:secret@calendar.example/a.ics" }), "BAD_USER_INPUT @url"),
        (json!({ "url": "calendar.example" }), "BAD_USER_INPUT @url"),
        (json!({ "url": "https://127.0.0.1/a.ics" }), "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        (json!({ "url": "webcal://2130706433/a.ics" }), "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        (json!({ "url": "https://localhost/a.ics" }), "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        (json!({ "url": "https://[::ffff:169.254.169.254]/" }), "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        (json!({ "url": "https://calendar.example/a\r\nHost: b" }), "BAD_USER_INPUT URL_NOT_ALLOWED @url"),
        (json!({ "content": "BEGIN:VCALENDAR" }), "BAD_USER_INPUT NOT_A_CALENDAR @content"),
        (json!({ "content": "" }), "BAD_USER_INPUT NOT_A_CALENDAR @content"),
        (json!({ "content": hourly }), "BAD_USER_INPUT @content"),
        (json!({ "content": "x".repeat((512 << 10) + 1) }), "BAD_USER_INPUT @content"),
        (json!({ "content": calendar(&[]), "timeZone": "Mars/Olympus" }), "BAD_USER_INPUT @timeZone"),
        (json!({ "content": calendar(&[]), "name": "" }), "BAD_USER_INPUT @name"),
    ] {
        refused(&app, &ada, CREATE, of(input), line).await;
    }
    for client in [&learner, &viewer] {
        refused(&app, client, CREATE, of(json!({ "content": calendar(&[]) })), "FORBIDDEN [AVAILABILITY_MANAGE]").await;
    }
    for number in 0..10 {
        ada.ok(CREATE, json!({ "i": { "name": format!("{number}"), "url": "WebCal://calendar.example/a.ics" } })).await;
    }
    refused(&app, &ada, CREATE, of(json!({ "content": calendar(&[]) })), "LIMIT_REACHED TOO_MANY_SOURCES").await;
    assert_eq!(app.count("job WHERE kind = 'busy.fetch'").await, 10);
}

#[tokio::test]
async fn a_source_is_its_instructor_s_and_managers_see_it_and_delete_it() {
    let app = TestApp::start().await;
    let [admin, ada, learner, viewer] = [
        app.sign_in(&app.oak, Who::Admin).await,
        app.sign_in(&app.oak, Who::Instructor).await,
        app.sign_in(&app.oak, Who::Learner).await,
        app.sign_in(&app.oak, Who::Viewer).await,
    ];
    let bert = app.person(&app.oak, "bert@oak.example", &["INSTRUCTOR"]).await;
    let source = of_file(&ada, &calendar(&[24])).await;
    let made = ada
        .ok(
            "query($id: ID!) { busySource(id: $id) { name host timeZone state instructor { id } } node(id: $id) { id } }",
            json!({ "id": source }),
        )
        .await;
    assert_eq!(
        made,
        json!({ "busySource": { "name": "File", "host": null, "timeZone": "Europe/Berlin", "state": "OK", "instructor": { "id": ada.user_id } }, "node": { "id": source } })
    );
    let list = "query($i: ID) { busySources(instructorId: $i) { id } }";
    let blocks = json!({ "id": source, "f": hour(0), "t": hour(48) });
    let read = "query($id: ID!, $f: DateTime!, $t: DateTime!) { busySource(id: $id) { blocks(from: $f, to: $t) { startsAt endsAt instructor { id } resource { id } } } }";
    let block = json!([{ "startsAt": hour(24), "endsAt": hour(25), "instructor": { "id": ada.user_id }, "resource": null }]);
    for client in [&ada, &admin] {
        assert_eq!(client.ok(list, json!({ "i": ada.user_id })).await["busySources"], json!([{ "id": source }]));
        assert_eq!(client.ok(read, blocks.clone()).await["busySource"]["blocks"], block);
    }
    assert_eq!(admin.ok(list, json!({ "i": bert.user_id })).await["busySources"], json!([]));
    for (from, to, field) in [(hour(1), hour(1), "to"), (hour(0), hour(403 * 24), "to")] {
        assert_eq!(ada.refused(read, json!({ "id": source, "f": from, "t": to })).await, format!("BAD_USER_INPUT @{field}"));
    }
    for client in [&bert, &learner, &viewer, &app.sign_in(&app.elm, Who::Admin).await] {
        assert_eq!(client.ok(SOURCE, json!({ "id": source })).await["busySource"], Value::Null);
        assert_eq!(client.ok(list, json!({ "i": ada.user_id })).await["busySources"], json!([]));
    }
    refused(&app, &bert, DROP, json!({ "id": source }), "NOT_FOUND @id").await;
    refused(&app, &bert, REFRESH, json!({ "id": source }), "NOT_FOUND @id").await;
    refused(&app, &ada, REFRESH, json!({ "id": source }), "CONFLICT INVALID_TRANSITION @id").await;
    refused(&app, &ada, REFRESH, json!({ "id": nothing("busysource") }), "NOT_FOUND @id").await;
    refused(&app, &learner, DROP, json!({ "id": source }), "FORBIDDEN [AVAILABILITY_MANAGE BOOKING_MANAGE]").await;
    // Whoever looks in their place sees neither sources nor feeds.
    crate::feeds::feed(&ada, json!({ "name": "Phone" })).await;
    let looking = admin
        .ok(
            "mutation($i: StartViewAsInput!) { startViewAs(input: $i) { accessToken } }",
            json!({ "i": { "userId": ada.user_id, "reason": "Support" } }),
        )
        .await;
    let looking = crate::app::Client { token: looking["startViewAs"]["accessToken"].as_str().map(str::to_owned), ..admin.clone() };
    assert_eq!(
        looking.ok("{ busySources { id } calendarFeeds { id } }", json!({})).await,
        json!({ "busySources": [], "calendarFeeds": [] })
    );
    // What is kept of a file is when, and is rolled on each day.
    assert_eq!(app.count("busy_source s WHERE s::text LIKE '%Secret%'").await, 0);
    app.sql("DELETE FROM busy_block").await;
    read_again(&app).await;
    assert_eq!((state(&ada, &source).await.as_str(), app.count("busy_block").await), ("OK 1", 1));
    assert_eq!(admin.ok(DROP, json!({ "id": source })).await["deleteBusySource"], source);
    assert_eq!(app.count("busy_block").await, 0);
    let audited = app
        .text("SELECT after::text FROM audit_entry WHERE operation = 'createBusySource' AND resource = 'BusySource' LIMIT 1")
        .await
        .unwrap();
    assert!(audited.contains("\"has_content\": true") && !audited.contains("\"content\""), "{audited}");
}
