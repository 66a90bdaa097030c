//! Reading feeds: what is in them, for whom, how often, and that nobody learns anything from an address that opens nothing.

use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, RETRY_AFTER};
use serde_json::{Value, json};

use super::*;
use crate::app::{TestApp, Who};

#[tokio::test]
async fn a_feed_shows_what_its_owner_sees_and_no_more() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let eve = app.sign_in(&app.elm, Who::Learner).await;
    let assigned = booked(&app, &app.oak, &learner, Some(&ada), "ASSIGNED", 24).await;
    let asked = booked(&app, &app.oak, &learner, None, "REQUESTED", 30).await;
    let other = booked(&app, &app.oak, &bob, Some(&ada), "ASSIGNED", 40).await;
    let past = booked(&app, &app.oak, &learner, Some(&ada), "COMPLETED", -48).await;
    booked(&app, &app.oak, &bob, None, "APPROVED", 24).await;
    booked(&app, &app.elm, &eve, None, "REQUESTED", 24).await;
    for (hours, client) in [(-31 * 24, &learner), (366 * 24, &learner)] {
        booked(&app, &app.oak, client, None, "REQUESTED", hours).await; // too long ago, and too far ahead
    }

    let (_, mine) = feed(&learner, json!({ "name": "Phone" })).await;
    let (status, headers, text) = get(&learner, &mine).await;
    assert_eq!((status, headers[CONTENT_TYPE].to_str().unwrap()), (200, "text/calendar; charset=utf-8"));
    assert_eq!(headers[CACHE_CONTROL], "private, max-age=300");
    assert_eq!(shown(&text), [past.clone(), assigned.clone(), asked.clone()]);
    assert_eq!(values(&text, "STATUS"), ["CONFIRMED", "CONFIRMED", "TENTATIVE"]);
    assert_eq!(values(&text, "X-WR-CALNAME"), ["Phone · Oak School"]);
    assert!(text.contains("Instructor: INSTRUCTOR of oak") && text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    // The instructor's own; what learners wish for stands in it as long as nobody is assigned.
    let (_, own) = feed(&ada, json!({ "name": "I", "scope": "INSTRUCTOR" })).await;
    assert_eq!(shown(&get(&ada, &own).await.2), [past.clone(), assigned.clone(), other.clone()]);
    // That time is taken, and by nobody.
    let (_, busy) = feed(&ada, json!({ "name": "Busy", "detail": "BUSY" })).await;
    let text = get(&ada, &busy).await.2;
    assert_eq!((shown(&text).len(), values(&text, "SUMMARY")), (3, vec!["Busy".to_owned(); 3]));
    for word in ["DESCRIPTION", "LOCATION", "LEARNER", "INSTRUCTOR"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    // A resource's, by who reads all bookings; when they no longer do, their own are left.
    let room = admin
        .ok(
            "mutation($i: CreateResourceInput!) { createResource(input: $i) { id } }",
            json!({ "i": { "name": "Cessna", "kind": "AIRCRAFT", "location": "Hangar 2" } }),
        )
        .await["createResource"]["id"]
        .take();
    app.sql(&format!(
        "INSERT INTO booking_resource (tenant_id, booking_id, resource_id, place, setup_minutes, teardown_minutes) SELECT b.tenant_id, b.id, '{}', 1, 0, 0 FROM booking b WHERE b.id = '{}'",
        crate::classroom::uuid(room.as_str().unwrap()),
        crate::classroom::uuid(assigned.as_str().unwrap())
    ))
    .await;
    let reader = app.person(&app.oak, "reader@oak.example", &["LEARNER", "VIEWER"]).await;
    let (_, of_room) = feed(&reader, json!({ "name": "Cessna", "scope": "RESOURCE", "resourceId": room })).await;
    let text = get(&reader, &of_room).await.2;
    assert_eq!((shown(&text), values(&text, "LOCATION")), (vec![assigned], vec!["Cessna\\, Hangar 2".to_owned()]));
    app.sql(&format!(
        "DELETE FROM user_role ur USING role r WHERE r.tenant_id = ur.tenant_id AND r.id = ur.role_id AND r.key = 'VIEWER' AND ur.user_id = '{}'",
        crate::classroom::uuid(&reader.user_id)
    ))
    .await;
    assert_eq!(shown(&get(&reader, &of_room).await.2), [Value::Null; 0]);
}

#[tokio::test]
async fn a_feed_that_has_not_changed_is_not_sent_again_and_every_change_is_a_newer_one() {
    let app = TestApp::start().await;
    let [admin, learner] = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await];
    let booking = booked(&app, &app.oak, &learner, None, "REQUESTED", 24).await;
    let (_, url) = feed(&learner, json!({ "name": "Phone" })).await;
    let (_, headers, text) = get(&learner, &url).await;
    let etag = headers[ETAG].to_str().unwrap().to_owned();
    assert_eq!(values(&text, "SEQUENCE"), ["0"]);
    assert_eq!(get(&learner, &url).await.2, text);
    assert_eq!(get_again(&learner, &url, &etag).await, 304);
    assert_eq!(get_again(&learner, &url, "\"other\"").await, 200);
    // As files of iCalendar are read.
    let head = learner.http.head(&url).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.headers()[ETAG].to_str().unwrap()), (200, etag.as_str()));
    assert!(head.bytes().await.unwrap().is_empty());

    admin.ok("mutation($id: ID!) { approveBooking(id: $id) { id } }", json!({ "id": booking })).await;
    assert_eq!(get_again(&learner, &url, &etag).await, 200);
    let moved = json!({ "i": { "id": booking, "startsAt": hour(48), "endsAt": hour(49) } });
    learner.ok("mutation($i: RescheduleBookingInput!) { rescheduleBooking(input: $i) { id } }", moved).await;
    let text = get(&learner, &url).await.2;
    assert_eq!((values(&text, "SEQUENCE"), values(&text, "STATUS")), (vec!["2".to_owned()], vec!["TENTATIVE".to_owned()]));
    learner.ok("mutation($i: CancelBookingInput!) { cancelBooking(input: $i) { id } }", json!({ "i": { "id": booking } })).await;
    let text = get(&learner, &url).await.2;
    // It stays, so that calendars drop it.
    assert_eq!((values(&text, "SEQUENCE"), values(&text, "STATUS")), (vec!["3".to_owned()], vec!["CANCELLED".to_owned()]));
    assert_eq!(values(&text, "DTSTART"), [hour(48).strftime("%Y%m%dT%H%M%SZ").to_string()]);

    // The booking itself says the same.
    let ics = "query($id: ID!) { booking(id: $id) { ics } }";
    let file = learner.ok(ics, json!({ "id": booking })).await["booking"]["ics"].take();
    let file = file.as_str().unwrap();
    for name in ["UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "STATUS", "SUMMARY", "DESCRIPTION"] {
        assert_eq!(values(file, name), values(&text, name), "{name}");
    }
    assert_eq!(values(file, "METHOD"), ["PUBLISH"]);
    for _ in 0..4 {
        booked(&app, &app.oak, &learner, None, "REQUESTED", 72).await;
    }
    let all = "{ bookings { nodes { ics } } }";
    let one = app.statements(&learner, "{ bookings(first: 1) { nodes { ics } } }", json!({})).await;
    assert_eq!(app.statements(&learner, all, json!({})).await, one, "five cost as many statements as one");
}

#[tokio::test]
async fn what_opens_nothing_says_nothing() {
    let app = TestApp::start().await;
    let [learner, ada] = [app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Instructor).await];
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let (deleted, gone) = feed(&learner, json!({ "name": "Gone" })).await;
    learner.ok(DROP, json!({ "id": deleted })).await;
    let (_, suspended) = feed(&bob, json!({ "name": "Bob's" })).await;
    app.sql(&format!("UPDATE app_user SET status = 'SUSPENDED' WHERE id = '{}'", crate::classroom::uuid(&bob.user_id))).await;
    let (_, kept) = feed(&ada, json!({ "name": "Ada's" })).await;
    let never = format!("{}/calendar/{}.ics", app.url, "A".repeat(43));
    let without_id = |text: &str| {
        let mut answer: Value = serde_json::from_str(text).unwrap();
        answer["errors"][0]["extensions"]["correlationId"] = Value::Null;
        answer
    };
    let expected = without_id(&get(&learner, &never).await.2);
    for url in [
        &gone,
        &suspended,
        &format!("{}/calendar/x.ics", app.url),
        &kept.replace(".ics", ""),
        &kept.replace(".ics", ".ICS"),
        &kept.replace(".ics", "=.ics"),
    ] {
        let (status, _, text) = get(&learner, url).await;
        assert_eq!((status, without_id(&text)), (404, expected.clone()), "{url}");
    }
    // Read more often than once a minute on average, it waits.
    assert_eq!(get(&ada, &kept).await.0, 200);
    app.sql("UPDATE calendar_feed SET hour_reads = 60, hour_began_at = now() - interval '59 minutes'").await;
    let (status, headers, _) = get(&ada, &kept).await;
    let wait: u64 = headers[RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!(status == 429 && (1..=60).contains(&wait), "{status} {wait}");
    app.sql("UPDATE calendar_feed SET hour_began_at = now() - interval '61 minutes'").await;
    assert_eq!(get(&ada, &kept).await.0, 200);
    // A school whose subscription does not run shows nothing.
    app.sql(&format!(
        "UPDATE tenant SET subscription_end = now() - interval '1 day', subscription_start = now() - interval '9 days' WHERE tenant_id = '{}'",
        app.oak.tenant
    ))
    .await;
    let (status, _, text) = get(&ada, &kept).await;
    assert!(status == 403 && text.contains("SUBSCRIPTION_EXPIRED"), "{status} {text}");
    app.sql("UPDATE tenant SET subscription_end = NULL").await;
    // Whoever is deleted takes their feeds along.
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": bob.user_id })).await;
    assert_eq!(app.count("calendar_feed WHERE name = 'Bob''s'").await, 0);
}
