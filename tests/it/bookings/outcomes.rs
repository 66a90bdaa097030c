//! What became of bookings.

use serde_json::{Value, json};

use super::*;
use crate::classroom::nothing;

const RECORD: &str = "mutation($i: RecordBookingOutcomeInput!) { recordBookingOutcome(input: $i) { id status outcome minutesLate } }";

fn record(booking: &Value, outcome: &str, minutes: Value) -> Value {
    json!({ "i": { "id": booking, "outcome": outcome, "minutesLate": minutes } })
}

#[tokio::test]
async fn an_outcome_is_recorded_once_a_booking_has_begun_and_can_be_corrected() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let booking = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (480, 540)).await;
    refused(&app, &ada, RECORD, record(&booking, "NO_SHOW", Value::Null), "CONFLICT NOT_STARTED").await;
    refused(&app, &learner, RECORD, record(&booking, "ATTENDED", Value::Null), "FORBIDDEN [BOOKING_COMPLETE BOOKING_MANAGE]").await;
    begin(&app, &booking).await;
    let recorded = ada.ok(RECORD, record(&booking, "NO_SHOW", Value::Null)).await["recordBookingOutcome"].take();
    assert_eq!(recorded, json!({ "id": booking, "status": "COMPLETED", "outcome": "NO_SHOW", "minutesLate": null }));
    let corrected = ada.ok(RECORD, record(&booking, "LATE", json!(12))).await["recordBookingOutcome"].take();
    assert_eq!(corrected, json!({ "id": booking, "status": "COMPLETED", "outcome": "LATE", "minutesLate": 12 }));
    let corrected = admin.ok(RECORD, record(&booking, "INSTRUCTOR_NO_SHOW", Value::Null)).await["recordBookingOutcome"].take();
    assert_eq!((&corrected["outcome"], &corrected["minutesLate"]), (&json!("INSTRUCTOR_NO_SHOW"), &Value::Null));
    assert_eq!(app.changes("recordBookingOutcome").await, 3);
    // The same again is no change.
    admin.ok(RECORD, record(&booking, "INSTRUCTOR_NO_SHOW", Value::Null)).await;
    assert_eq!(app.changes("recordBookingOutcome").await, 3);

    // Everybody who sees the booking sees what became of it.
    let look = "query($id: ID!) { booking(id: $id) { outcome minutesLate } }";
    assert_eq!(learner.ok(look, json!({ "id": booking })).await["booking"]["outcome"], "INSTRUCTOR_NO_SHOW");
    let filtered = "query($o: [BookingOutcome!]) { bookings(filter: { outcomes: $o }) { totalCount } }";
    for (outcomes, count) in [(json!(["NO_SHOW", "LATE"]), 0), (json!(["INSTRUCTOR_NO_SHOW"]), 1), (Value::Null, 1)] {
        assert_eq!(admin.ok(filtered, json!({ "o": outcomes })).await["bookings"]["totalCount"], count);
    }
}

#[tokio::test]
async fn whoever_completes_says_that_it_was_attended() {
    let app = TestApp::start().await;
    let [ada, learner] = [app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let booking = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (480, 540)).await;
    begin(&app, &booking).await;
    let complete = "mutation($id: ID!) { completeBooking(id: $id) { status outcome } }";
    assert_eq!(
        ada.ok(complete, json!({ "id": booking })).await["completeBooking"],
        json!({ "status": "COMPLETED", "outcome": "ATTENDED" })
    );
}

#[tokio::test]
async fn an_outcome_is_its_instructors_to_say_of_what_takes_place() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let foreign = app.sign_in(&app.elm, Who::Admin).await;
    // Wished for, but not assigned.
    let others = Row { student: &learner, instructor: Some(&admin), wished: Some(&ada), status: "ASSIGNED", span: (600, 660) }
        .put(&app, &app.oak)
        .await;
    begin(&app, &others).await;
    refused(&app, &ada, RECORD, record(&others, "ATTENDED", Value::Null), "FORBIDDEN NOT_YOURS").await;
    refused(&app, &foreign, RECORD, record(&others, "ATTENDED", Value::Null), "NOT_FOUND @id").await;
    refused(&app, &admin, RECORD, record(&json!(nothing("booking")), "ATTENDED", Value::Null), "NOT_FOUND @id").await;
    for status in ["REQUESTED", "APPROVED", "CANCELLED"] {
        let booking = booking_in(&app, &app.oak, status, &learner, &ada, (-1440, -1380)).await;
        refused(&app, &admin, RECORD, record(&booking, "ATTENDED", Value::Null), "CONFLICT INVALID_TRANSITION").await;
        app.sql(&format!("DELETE FROM booking WHERE id = '{}'", uuid(&booking))).await;
    }
    for (outcome, minutes) in
        [("LATE", Value::Null), ("LATE", json!(0)), ("LATE", json!(1441)), ("ATTENDED", json!(1)), ("NO_SHOW", json!(5))]
    {
        refused(&app, &admin, RECORD, record(&others, outcome, minutes), "BAD_USER_INPUT @minutesLate").await;
    }
}

#[tokio::test]
async fn two_who_record_at_once_leave_one_word() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    for round in 0..10 {
        let booking = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (480 + 100 * round, 540 + 100 * round)).await;
        app.sql(&format!(
            "SET session_replication_role = replica; UPDATE booking SET starts_at = now() - interval '{round} hours', ends_at = now() - interval '{round} hours' + interval '30 minutes' \
             WHERE id = '{}'; RESET session_replication_role",
            uuid(&booking)
        ))
        .await;
        let (one, two) = tokio::join!(
            ada.ok(RECORD, record(&booking, "NO_SHOW", Value::Null)),
            admin.ok(RECORD, record(&booking, "ATTENDED", Value::Null))
        );
        assert_eq!(
            (&one["recordBookingOutcome"]["status"], &two["recordBookingOutcome"]["status"]),
            (&json!("COMPLETED"), &json!("COMPLETED"))
        );
        assert_eq!(app.count(&format!("audit_entry WHERE resource_id = '{}' AND outcome = 'CHANGED'", uuid(&booking))).await, 2);
    }
}
