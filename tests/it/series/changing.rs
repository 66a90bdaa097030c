//! Moving and cancelling bookings of a series.

use serde_json::{Value, json};

use super::*;
use crate::classroom::{nothing, refused};

const MOVE: &str = "mutation($i: RescheduleSeriesInput!) { rescheduleSeries(input: $i) { id recurrence skipped { startsAt reason } \
    bookings(first: 60) { nodes { id status startsAt instructor { id } } } } }";
const END: &str =
    "mutation($i: CancelSeriesInput!) { cancelSeries(input: $i) { id bookings(first: 60) { nodes { id status startsAt } } } }";
const READ: &str = "query($id: ID!) { bookingSeries(id: $id) { id recurrence bookings(first: 60) { nodes { id status startsAt } } } }";

/// A booked series of four weeks, and its bookings' ids.
async fn weekly(stage: &Stage, extra: Value) -> (Value, Value, Vec<Value>) {
    let kind = stage.kind(extra).await;
    let booked =
        stage.lea.ok(SERIES, series(&kind, &at(2, 9), "FREQ=WEEKLY;BYDAY=MO;COUNT=4", json!({ "timeZone": "UTC" }))).await["bookSeries"]
            .take();
    let ids = booked["bookings"]["nodes"].as_array().unwrap().iter().map(|booking| booking["id"].clone()).collect();
    (kind, booked["id"].clone(), ids)
}

fn to(booking: &Value, scope: &str, starts_at: &str) -> Value {
    json!({ "i": { "bookingId": booking, "scope": scope, "startsAt": starts_at } })
}

#[tokio::test]
async fn all_of_a_series_moves_by_the_days_and_the_clock_of_the_one_that_is_named() {
    let stage = Stage::start().await;
    let (_, id, ids) = weekly(&stage, json!({})).await;
    let moved = stage.lea.ok(MOVE, to(&ids[1], "ALL", &at(10, 11))).await["rescheduleSeries"].take();
    assert_eq!((&moved["id"], &moved["recurrence"]), (&id, &json!("FREQ=WEEKLY;BYDAY=TU;COUNT=4")));
    assert_eq!(starts(&moved), "03-03T11 03-10T11 03-17T11 03-24T11");
    // By a week, each to where the next was: nobody stands in their own way.
    assert_eq!(
        starts(&stage.lea.ok(MOVE, to(&ids[0], "ALL", &at(10, 11))).await["rescheduleSeries"]),
        "03-10T11 03-17T11 03-24T11 03-31T11"
    );
    assert_eq!(
        starts(&stage.lea.ok(MOVE, to(&ids[0], "ALL", &at(3, 11))).await["rescheduleSeries"]),
        "03-03T11 03-10T11 03-17T11 03-24T11"
    );
    assert_eq!(stage.app.count("time_claim").await, 8);
}

#[tokio::test]
async fn what_was_moved_by_itself_goes_its_own_way_and_the_following_become_a_series_of_their_own() {
    let stage = Stage::start().await;
    let (_, id, ids) = weekly(&stage, json!({})).await;
    let alone = stage.lea.ok(MOVE, to(&ids[2], "THIS", &at(16, 14))).await["rescheduleSeries"].take();
    assert_eq!((&alone["id"], starts(&alone).as_str()), (&id, "03-02T09 03-09T09 03-16T14 03-23T09"));
    let moved = stage.lea.ok(MOVE, to(&ids[1], "FOLLOWING", &at(9, 12))).await["rescheduleSeries"].take();
    assert_ne!(moved["id"], id);
    assert_eq!((&moved["recurrence"], starts(&moved).as_str()), (&json!("FREQ=WEEKLY;BYDAY=MO;COUNT=2"), "03-09T12 03-23T12"));
    assert_eq!(starts(&stage.lea.ok(READ, json!({ "id": id })).await["bookingSeries"]), "03-02T09 03-16T14");
    let ended = stage.lea.ok(END, json!({ "i": { "bookingId": ids[0], "scope": "ALL" } })).await["cancelSeries"].take();
    assert_eq!(starts(&ended), "03-02T09:CANCELLED 03-16T14");
    let ended = stage.lea.ok(END, json!({ "i": { "bookingId": ids[2], "scope": "THIS", "reason": "Ill" } })).await["cancelSeries"].take();
    assert_eq!(starts(&ended), "03-02T09:CANCELLED 03-16T14:CANCELLED");
    refused(&stage.app, &stage.lea, END, json!({ "i": { "bookingId": ids[0], "scope": "ALL" } }), "CONFLICT INVALID_TRANSITION").await;
}

#[tokio::test]
async fn a_move_is_made_whole_or_leaves_what_clashes_where_it_is() {
    let stage = Stage::start().await;
    let (kind, _, ids) = weekly(&stage, json!({})).await;
    stage.learner("bob").await.ok(BOOK, slot(&kind, &at(16, 11))).await;
    let clash = to(&ids[0], "ALL", &at(2, 11));
    refused(&stage.app, &stage.lea, MOVE, clash.clone(), "CONFLICT SERIES_CLASH @startsAt").await;
    let mut skipping = clash;
    skipping["i"]["onClash"] = json!("SKIP");
    let moved = stage.lea.ok(MOVE, skipping).await["rescheduleSeries"].take();
    assert_eq!(starts(&moved), "03-02T11 03-09T11 03-16T09 03-23T11");
    assert_eq!(moved["skipped"], json!([{ "startsAt": at(16, 11), "reason": "BOOKING_CONFLICT" }]));
}

#[tokio::test]
async fn whoever_has_a_booking_keeps_it_where_they_are_free_and_else_somebody_of_the_type_takes_it() {
    let stage = Stage::start().await;
    let carl = stage.instructor("carl").await;
    let both = json!([{ "instructorId": stage.ada.user_id }, { "instructorId": carl.user_id }]);
    let (kind, _, ids) = weekly(&stage, json!({ "strategy": "FIXED", "instructors": both })).await;
    stage.learner("bob").await.ok(BOOK, slot(&kind, &at(9, 11))).await;
    let moved = stage.lea.ok(MOVE, to(&ids[0], "ALL", &at(2, 11))).await["rescheduleSeries"].take();
    let who: Vec<&Value> = moved["bookings"]["nodes"].as_array().unwrap().iter().map(|booking| &booking["instructor"]["id"]).collect();
    assert_eq!(json!(who), json!([stage.ada.user_id, carl.user_id, stage.ada.user_id, stage.ada.user_id]));
}

#[tokio::test]
async fn one_past_its_notice_refuses_the_whole_and_reasons_are_asked_for() {
    let stage = Stage::start().await;
    let terms = json!({ "cancelNoticeMinutes": 60, "rescheduleNoticeMinutes": 60, "requiresReason": true });
    let (_, _, ids) = weekly(&stage, terms).await;
    let end = |reason: Option<&str>| json!({ "i": { "bookingId": ids[0], "scope": "ALL", "reason": reason } });
    refused(&stage.app, &stage.lea, END, end(None), "BAD_USER_INPUT REASON_REQUIRED @reason").await;
    refused(&stage.app, &stage.lea, MOVE, to(&ids[0], "ALL", &at(2, 11)), "BAD_USER_INPUT REASON_REQUIRED @reason").await;
    // The first begins within the hour.
    stage
        .app
        .sql(
            "SET app.audit = 'off'; UPDATE booking SET starts_at = now() + interval '30 minutes', ends_at = now() + interval '90 minutes', \
                   series_starts_at = now() + interval '30 minutes' WHERE starts_at < '2099-03-03'; RESET app.audit",
        )
        .await;
    refused(&stage.app, &stage.lea, END, end(Some("Ill")), "CONFLICT NOTICE_PASSED").await;
    let mut late = to(&ids[1], "ALL", &at(9, 11));
    late["i"]["reason"] = json!("Ill");
    refused(&stage.app, &stage.lea, MOVE, late, "CONFLICT NOTICE_PASSED").await;
    // Nobody else's are theirs; a manager is not bound.
    refused(&stage.app, &stage.learner("bob").await, END, end(Some("x")), "NOT_FOUND @bookingId").await;
    refused(&stage.app, &stage.lea, END, json!({ "i": { "bookingId": nothing("booking"), "scope": "ALL" } }), "NOT_FOUND @bookingId").await;
    let ended = stage.admin.ok(END, end(None)).await["cancelSeries"].take();
    assert_eq!(ended["bookings"]["nodes"].as_array().unwrap().iter().filter(|booking| booking["status"] == "CANCELLED").count(), 4);
}

#[tokio::test]
async fn requests_of_a_series_keep_what_they_wish_for_wherever_they_are_moved() {
    let stage = Stage::start().await;
    let (carl, bob) = (stage.instructor("carl").await, stage.learner("bob").await);
    let (red, blue) = (stage.room("Red", 9).await, stage.room("Blue", 9).await);
    let both = json!([{ "instructorId": stage.ada.user_id }, { "instructorId": carl.user_id }]);
    let rooms = json!([{ "name": "Room", "resourceIds": [red, blue] }]);
    let kind = stage.kind(json!({ "needsApproval": true, "strategy": "FIXED", "instructors": both, "requirements": rooms })).await;
    // At one of the new times both are taken: others of the type could be had.
    let taking = json!({ "name": "Lesson", "instructors": [{ "instructorId": carl.user_id }], "requirements": [{ "name": "Room", "resourceIds": [blue] }] });
    let lesson = stage.kind(taking).await;
    bob.ok(BOOK, slot(&lesson, &at(9, 11))).await;
    let look =
        "query($id: ID!) { bookingSeries(id: $id) { bookings(first: 9) { nodes { requestedInstructor { id } resources { name } } } } }";
    let wishes = [
        (
            2,
            json!({ "instructorId": carl.user_id, "resourceIds": [blue] }),
            json!({ "requestedInstructor": { "id": carl.user_id }, "resources": [{ "name": "Blue" }] }),
        ),
        (3, json!({}), json!({ "requestedInstructor": null, "resources": [] })),
    ];
    for (day, named, kept) in wishes {
        let booked = stage.lea.ok(SERIES, series(&kind, &at(day, 9), "FREQ=DAILY;INTERVAL=7;COUNT=2", named)).await["bookSeries"].take();
        let moved = stage.lea.ok(MOVE, to(&booked["bookings"]["nodes"][0]["id"], "ALL", &at(day, 11))).await["rescheduleSeries"].take();
        assert_eq!(starts(&moved), format!("03-0{day}T11:REQUESTED 03-{:02}T11:REQUESTED", day + 7));
        let nodes = stage.lea.ok(look, json!({ "id": moved["id"] })).await["bookingSeries"]["bookings"]["nodes"].take();
        assert_eq!(nodes, json!([kept, kept]));
    }
}
