//! Holds: what is held is nobody else's for some minutes, and becomes a booking once.

use super::*;
use crate::classroom::{self, nothing};

const LIST: &str = "{ slotHolds { startsAt bookingType { name } } }";
const ONE: &str = "query($id: ID!) { slotHold(id: $id) { startsAt } }";

/// As if a hold were over.
async fn expire(app: &TestApp, hold: &Value) {
    app.sql(&format!(
        "UPDATE slot_hold SET expires_at = now() - interval '1 second' WHERE id = '{}'",
        classroom::uuid(hold.as_str().unwrap())
    ))
    .await;
}

async fn starts(client: &Client) -> Vec<String> {
    let holds = client.ok(LIST, json!({})).await["slotHolds"].take();
    holds.as_array().unwrap().iter().map(|hold| hold["startsAt"].as_str().unwrap()[11..16].to_owned()).collect()
}

#[tokio::test]
async fn what_is_held_is_nobody_elses_until_it_is_booked_released_or_over() {
    let cast = Cast::start().await;
    let flight = cast.kind(json!({ "slotStepMinutes": 60, "bufferAfterMinutes": 30 })).await;
    let mary = cast.learner("mary").await;
    let held = hold(&cast.lea, &flight, "10:00", json!({})).await;
    assert_eq!(
        (&held["bookingType"]["name"], &held["instructor"]["id"], &held["learner"]["id"]),
        (&json!("Flight"), &json!(cast.ada.user_id), &json!(cast.lea.user_id))
    );
    let minutes = |hold: &Value| {
        let moment = |name: &str| hold[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        moment("createdAt").duration_until(moment("expiresAt")).as_secs() / 60
    };
    assert_eq!(minutes(&held), 5);
    // With its buffer, for others; the own hold is never in the way.
    assert!(!offered(&mary, &flight).await.contains("10:00") && !offered(&mary, &flight).await.contains("11:00"));
    assert!(offered(&cast.lea, &flight).await.contains("10:00 11:00"));
    let lost = refused(&cast, &mary, &flight, "11:00", "BOOKING_CONFLICT", "startsAt").await;
    assert_eq!(lost["busy"], json!({ "startsAt": at("10:00"), "endsAt": at("11:00") }));
    let calendar = "query { calendar(from: \"2099-03-02T00:00:00Z\", to: \"2099-03-03T00:00:00Z\", timeZone: \"UTC\") { days { busy { startsAt endsAt } } } }";
    let busy = mary.ok(calendar, json!({})).await["calendar"]["days"][0]["busy"].take();
    assert_eq!(busy, json!([{ "startsAt": at("10:00"), "endsAt": at("11:30") }]));
    // A new one of the type takes its place; where that fails, the old one stays.
    let second = hold(&cast.lea, &flight, "12:00", json!({ "minutes": 15 })).await;
    assert_eq!(minutes(&second), 15);
    assert_eq!(starts(&cast.lea).await, ["12:00"]);
    assert_eq!(cast.lea.ok(ONE, json!({ "id": held["id"] })).await["slotHold"], Value::Null);
    classroom::refused(&cast.app, &cast.lea, HOLD, wish(&flight, "20:00", json!({})), "CONFLICT OUTSIDE_AVAILABILITY @startsAt").await;
    assert_eq!(starts(&cast.lea).await, ["12:00"]);
    // Others see none of it, but whoever manages bookings.
    assert_eq!(mary.ok(ONE, json!({ "id": second["id"] })).await["slotHold"], Value::Null);
    assert_eq!(cast.admin.ok(ONE, json!({ "id": second["id"] })).await["slotHold"]["startsAt"], at("12:00"));
    assert!(starts(&mary).await.is_empty() && starts(&cast.admin).await.is_empty());
    classroom::refused(&cast.app, &mary, RELEASE, json!({ "id": second["id"] }), "NOT_FOUND @id").await;
    classroom::refused(&cast.app, &mary, RELEASE, json!({ "id": nothing("hold") }), "NOT_FOUND @id").await;
    assert_eq!(cast.admin.ok(RELEASE, json!({ "id": second["id"] })).await["releaseSlot"], second["id"]);
    classroom::refused(&cast.app, &cast.lea, RELEASE, json!({ "id": second["id"] }), "NOT_FOUND @id").await;
    assert!(offered(&mary, &flight).await.contains("10:00 11:00 12:00"));
    // Over is over: it holds nothing, and its claims go with whoever comes next.
    let third = hold(&cast.lea, &flight, "14:00", json!({})).await;
    expire(&cast.app, &third["id"]).await;
    assert!(starts(&cast.lea).await.is_empty());
    assert_eq!(book(&mary, &flight, "14:00", json!({})).await["status"], "ASSIGNED");
    classroom::refused(
        &cast.app,
        &cast.lea,
        BOOK,
        wish(&flight, "14:00", json!({ "holdId": third["id"] })),
        "CONFLICT HOLD_EXPIRED @holdId",
    )
    .await;
}

#[tokio::test]
async fn a_hold_becomes_one_booking_however_often_it_is_asked_for() {
    let cast = Cast::start().await;
    let tom = cast.instructor("tom").await;
    let both = json!([{ "instructorId": cast.ada.user_id }, { "instructorId": tom.user_id }]);
    let flight = cast.kind(json!({ "instructors": both, "durations": [60, 90], "strategy": "FIXED" })).await;
    let talk = cast.kind(json!({ "name": "Talk" })).await;
    let held = hold(&cast.lea, &flight, "10:00", json!({ "instructorId": tom.user_id })).await;
    let with = |extra: Value| {
        let mut input = json!({ "holdId": held["id"] });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        input
    };
    for (kind, time, extra, line) in [
        (&talk, "10:00", json!({}), "BAD_USER_INPUT @holdId"),
        (&flight, "11:00", json!({}), "BAD_USER_INPUT @holdId"),
        (&flight, "10:00", json!({ "durationMinutes": 90 }), "BAD_USER_INPUT @holdId"),
        (&flight, "10:00", json!({ "holdId": nothing("hold") }), "NOT_FOUND @holdId"),
    ] {
        classroom::refused(&cast.app, &cast.lea, BOOK, wish(kind, time, with(extra)), line).await;
    }
    let mary = cast.learner("mary").await;
    classroom::refused(&cast.app, &mary, BOOK, wish(&flight, "10:00", with(json!({}))), "NOT_FOUND @holdId").await;
    let booking = book(&cast.lea, &flight, "10:00", with(json!({}))).await;
    assert_eq!((&booking["status"], &booking["instructor"]["id"]), (&json!("ASSIGNED"), &json!(tom.user_id)));
    for _ in 0..2 {
        assert_eq!(book(&cast.lea, &flight, "10:00", with(json!({}))).await["id"], booking["id"]);
    }
    assert_eq!(cast.app.count("booking").await, 1);
    assert_eq!(cast.app.count("time_claim WHERE booking_id IS NULL").await, 0);
    // Without it, the own hold of the type is used up.
    hold(&cast.lea, &flight, "14:00", json!({})).await;
    book(&cast.lea, &flight, "15:00", json!({})).await;
    assert!(starts(&cast.lea).await.is_empty());
    assert_eq!(cast.app.count("time_claim WHERE booking_id IS NULL").await, 0);
    // What a manager holds for somebody is booked for them.
    let held = hold(&cast.admin, &flight, "08:00", json!({ "learnerId": mary.user_id })).await;
    assert_eq!(book(&cast.admin, &flight, "08:00", json!({ "holdId": held["id"] })).await["student"]["id"], mary.user_id);
}

#[tokio::test]
async fn nobody_holds_more_than_three_slots() {
    let cast = Cast::start().await;
    let mut kinds = Vec::new();
    for n in 0..4 {
        kinds.push(cast.kind(json!({ "name": format!("Kind {n}") })).await);
    }
    for (kind, time) in kinds.iter().zip(["08:00", "09:00", "10:00"]) {
        hold(&cast.lea, kind, time, json!({})).await;
    }
    let answer = cast.lea.ask(HOLD, wish(&kinds[3], "11:00", json!({}))).await;
    assert_eq!(refusal(&answer["errors"][0]), "LIMIT_REACHED TOO_MANY_HOLDS");
    assert_eq!((&answer["errors"][0]["extensions"]["limit"], &answer["errors"][0]["extensions"]["used"]), (&json!(3), &json!(3)));
    assert_eq!(starts(&cast.lea).await, ["08:00", "09:00", "10:00"]);
    // One of a type that is held is replaced; one that stands in its own holder's way gives way.
    hold(&cast.lea, &kinds[0], "12:00", json!({})).await;
    hold(&cast.lea, &kinds[3], "09:00", json!({})).await;
    assert_eq!(starts(&cast.lea).await, ["10:00", "12:00", "09:00"]);
    for (minutes, line) in [(0, "BAD_USER_INPUT @minutes"), (16, "BAD_USER_INPUT @minutes")] {
        classroom::refused(&cast.app, &cast.lea, HOLD, wish(&kinds[0], "15:00", json!({ "minutes": minutes })), line).await;
    }
    // The core's bookings meet holds as well.
    let request = json!({ "i": { "startsAt": at("12:00"), "endsAt": at("13:00") } });
    let mary = cast.learner("mary").await;
    let asked =
        mary.ok("mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id } }", request).await["requestBooking"]["id"].take();
    cast.admin.ok("mutation($id: ID!) { approveBooking(id: $id) { id } }", json!({ "id": asked })).await;
    let assign = "mutation($i: AssignBookingInput!) { assignBooking(input: $i) { id } }";
    let to = json!({ "i": { "id": asked, "instructorId": cast.ada.user_id } });
    classroom::refused(&cast.app, &cast.admin, assign, to.clone(), "CONFLICT BOOKING_CONFLICT @instructorId").await;
    let holds = cast.app.text("SELECT string_agg(id::text, ',') FROM slot_hold WHERE expires_at > now()").await.unwrap();
    for hold in holds.split(',') {
        expire(&cast.app, &json!(lectern_kernel::ids::encode("hold", hold.parse().unwrap()))).await;
    }
    cast.admin.ok(assign, to).await;
    // A day later there is nothing left of them.
    cast.app.sql("UPDATE slot_hold SET expires_at = now() - interval '2 days', created_at = now() - interval '3 days'").await;
    cast.app.sql(&format!("SET app.tenant_id = '{}'; SELECT app.tidy_holds(100); RESET app.tenant_id", cast.app.oak.tenant)).await;
    assert_eq!(cast.app.count("slot_hold").await, 0);
}
