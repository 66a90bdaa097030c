//! Making, rotating and deleting feeds: whose they may be, and that a secret is shown once.

use serde_json::{Value, json};

use super::*;
use crate::{
    app::{TestApp, Who},
    classroom::{nothing, refused},
};

#[tokio::test]
async fn an_address_is_shown_once_and_stands_nowhere_else() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let made = learner.ok(CREATE, json!({ "i": { "name": "Phone" } })).await["createCalendarFeed"].take();
    let (id, url) = (made["id"].clone(), made["url"].as_str().unwrap().to_owned());
    let secret = url.strip_prefix(&format!("{}/calendar/", app.url)).unwrap().strip_suffix(".ics").unwrap().to_owned();
    assert_eq!(secret.len(), 43);
    let hint = &secret[39..];
    let expected = json!({ "id": id, "name": "Phone", "scope": "MINE", "detail": "FULL", "url": url, "hint": hint, "lastReadAt": null, "instructor": null, "resource": null });
    assert_eq!(made, expected);
    // Not in lists, nor by its id, nor in the log, nor in the database.
    let listed = json!([{ "id": id, "name": "Phone", "url": null, "hint": hint, "lastReadAt": null }]);
    assert_eq!(learner.ok(FEEDS, json!({})).await["calendarFeeds"], listed);
    assert_eq!(
        learner.ok("query($id: ID!) { calendarFeed(id: $id) { url } }", json!({ "id": id })).await["calendarFeed"],
        json!({ "url": null })
    );
    assert_eq!(
        app.count(&format!("audit_entry WHERE (before::text || after::text) LIKE '%{secret}%' OR after::text LIKE '%{secret}%'")).await,
        0
    );
    assert_eq!(app.count(&format!("calendar_feed f WHERE f::text LIKE '%{secret}%'")).await, 0);
    assert_eq!(app.count("calendar_feed WHERE length(secret_hash) = 32").await, 1);
    // Another one in its place: the one before is dead at once, and what was read by it does not count.
    app.sql("UPDATE calendar_feed SET hour_reads = 60, hour_began_at = now()").await;
    assert_eq!(get(&learner, &url).await.0, 429);
    let rotated = learner.ok(ROTATE, json!({ "id": id })).await["rotateCalendarFeed"].take();
    let other = rotated["url"].as_str().unwrap();
    assert_ne!(other, url);
    assert_eq!((get(&learner, &url).await.0, get(&learner, other).await.0), (404, 200));
    assert_ne!(learner.ok(FEEDS, json!({})).await["calendarFeeds"][0]["lastReadAt"], Value::Null);
    assert_eq!(learner.ok(DROP, json!({ "id": id })).await["deleteCalendarFeed"], id);
    assert_eq!(get(&learner, other).await.0, 404);
    for (operation, count) in [("createCalendarFeed", 1), ("rotateCalendarFeed", 1), ("deleteCalendarFeed", 1)] {
        assert_eq!(app.changes(operation).await, count, "{operation}: and reading leaves nothing");
    }
}

#[tokio::test]
async fn a_feed_is_its_owner_s_and_its_subject_what_they_may_read() {
    let app = TestApp::start().await;
    let [admin, ada, learner, viewer] = [
        app.sign_in(&app.oak, Who::Admin).await,
        app.sign_in(&app.oak, Who::Instructor).await,
        app.sign_in(&app.oak, Who::Learner).await,
        app.sign_in(&app.oak, Who::Viewer).await,
    ];
    let room = admin
        .ok("mutation($i: CreateResourceInput!) { createResource(input: $i) { id } }", json!({ "i": { "name": "Room", "kind": "ROOM" } }))
        .await["createResource"]["id"]
        .take();
    let foreign = app.sign_in(&app.elm, Who::Instructor).await.user_id.clone();
    let of = |extra: Value| {
        let mut input = json!({ "name": "Phone" });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "i": input })
    };
    for (who, input, line) in [
        (&learner, json!({ "name": " " }), "BAD_USER_INPUT @name"),
        (&learner, json!({ "instructorId": ada.user_id }), "BAD_USER_INPUT @instructorId"),
        (&learner, json!({ "resourceId": room }), "BAD_USER_INPUT @resourceId"),
        (&learner, json!({ "scope": "INSTRUCTOR", "instructorId": ada.user_id }), "FORBIDDEN [BOOKING_READ_ALL] @instructorId"),
        (&ada, json!({ "scope": "INSTRUCTOR", "instructorId": admin.user_id }), "FORBIDDEN [BOOKING_READ_ALL] @instructorId"),
        (&ada, json!({ "scope": "RESOURCE", "resourceId": room }), "FORBIDDEN [BOOKING_READ_ALL] @scope"),
        (&learner, json!({ "scope": "INSTRUCTOR" }), "BAD_USER_INPUT @instructorId"),
        (&viewer, json!({ "scope": "INSTRUCTOR", "instructorId": learner.user_id }), "BAD_USER_INPUT @instructorId"),
        (&viewer, json!({ "scope": "INSTRUCTOR", "instructorId": foreign }), "NOT_FOUND @instructorId"),
        (&viewer, json!({ "scope": "RESOURCE" }), "BAD_USER_INPUT @resourceId"),
        (&viewer, json!({ "scope": "RESOURCE", "resourceId": nothing("resource") }), "NOT_FOUND @resourceId"),
    ] {
        refused(&app, who, CREATE, of(input), line).await;
    }
    feed(&viewer, json!({ "name": "Ada", "scope": "INSTRUCTOR", "instructorId": ada.user_id })).await;
    feed(&viewer, json!({ "name": "Room", "scope": "RESOURCE", "resourceId": room, "detail": "BUSY" })).await;
    let (own, _) = feed(&ada, json!({ "name": "I", "scope": "INSTRUCTOR" })).await;
    // Nobody else sees it, be they who they may.
    for client in [&admin, &viewer, &learner, &app.sign_in(&app.elm, Who::Admin).await] {
        assert_eq!(
            client.ok("query($id: ID!) { calendarFeed(id: $id) { id } node(id: $id) { id } }", json!({ "id": own })).await,
            json!({ "calendarFeed": null, "node": null })
        );
        refused(&app, client, ROTATE, json!({ "id": own }), "NOT_FOUND @id").await;
        refused(&app, client, DROP, json!({ "id": own }), "NOT_FOUND @id").await;
    }
    for number in 1..20 {
        feed(&ada, json!({ "name": format!("{number}") })).await;
    }
    refused(&app, &ada, CREATE, json!({ "i": { "name": "21" } }), "LIMIT_REACHED TOO_MANY_FEEDS").await;
    assert_eq!(ada.ok(FEEDS, json!({})).await["calendarFeeds"].as_array().unwrap().len(), 20);
}
