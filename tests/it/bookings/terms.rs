//! What learners are held to when they cancel or move what they have booked.

use serde_json::{Value, json};

use super::*;

const CALL_OFF: &str =
    "mutation($i: CancelBookingInput!) { cancelBooking(input: $i) { status isLateCancel cancelledAt cancelledBy { id } } }";
const TERMS: &str = "query($id: ID!) { booking(id: $id) { startsAt cancelUntil rescheduleUntil rescheduleCount isLateCancel cancelledAt cancelledBy { id } } }";

fn off(booking: &Value) -> Value {
    json!({ "i": { "id": booking } })
}

/// So many minutes before it begins.
async fn before(client: &Client, booking: &Value, field: &str) -> Option<i64> {
    let seen = client.ok(TERMS, json!({ "id": booking })).await["booking"].take();
    let moment = |text: &Value| text.as_str().map(|text| text.parse::<Timestamp>().unwrap());
    moment(&seen[field]).map(|until| until.duration_until(moment(&seen["startsAt"]).unwrap()).as_mins())
}

#[tokio::test]
async fn a_booking_without_a_type_is_cancelled_by_the_schools_notice() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let booking = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (480, 540)).await;
    begin_in(&app, &booking, 30).await;
    assert_eq!(before(&learner, &booking, "cancelUntil").await, None, "until it begins");
    let settings = "mutation($i: UpdateTenantSettingsInput!) { updateTenantSettings(input: $i) { bookingCancelNoticeMinutes } }";
    admin.ok(settings, json!({ "i": { "bookingCancelNoticeMinutes": 60 } })).await;
    assert_eq!(before(&learner, &booking, "cancelUntil").await, Some(60));
    assert_eq!(before(&learner, &booking, "rescheduleUntil").await, None);
    refused(&app, &learner, CALL_OFF, off(&booking), "CONFLICT NOTICE_PASSED").await;
    begin_in(&app, &booking, 90).await;
    let cancelled = learner.ok(CALL_OFF, off(&booking)).await["cancelBooking"].take();
    assert_eq!(
        (&cancelled["status"], &cancelled["isLateCancel"], &cancelled["cancelledBy"]["id"]),
        (&json!("CANCELLED"), &json!(false), &json!(learner.user_id))
    );
    assert!(cancelled["cancelledAt"].is_string());
    // Managers are bound by none of it.
    let other = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (480, 540)).await;
    begin_in(&app, &other, 30).await;
    let cancelled = admin.ok(CALL_OFF, off(&other)).await["cancelBooking"].take();
    assert_eq!((&cancelled["isLateCancel"], &cancelled["cancelledBy"]["id"]), (&json!(false), &json!(admin.user_id)));
    // A learner sees that somebody did, and not whom they can't see.
    let seen = learner.ok(TERMS, json!({ "id": other })).await["booking"].take();
    assert!(
        seen["cancelledAt"].is_string() && (seen["cancelledBy"].is_null() || seen["cancelledBy"]["id"] == json!(admin.user_id)),
        "{seen}"
    );
}

#[tokio::test]
async fn a_type_says_until_when_and_whether_late_and_why() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let kind = booking_type(&app, &app.oak, &[("cancel_notice_minutes", "120"), ("reschedule_notice_minutes", "180")], &[&ada]).await;
    let booking = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (480, 540)).await;
    make_of(&app, &booking, &kind).await;
    assert_eq!(
        (before(&learner, &booking, "cancelUntil").await, before(&learner, &booking, "rescheduleUntil").await),
        (Some(120), Some(180))
    );
    begin_in(&app, &booking, 100).await;
    refused(&app, &learner, CALL_OFF, off(&booking), "CONFLICT NOTICE_PASSED").await;
    // Read when they are asked: the type has changed since.
    app.sql("UPDATE booking_type SET allows_late_cancel = true, requires_reason = true").await;
    refused(&app, &learner, CALL_OFF, off(&booking), "BAD_USER_INPUT REASON_REQUIRED @reason").await;
    refused(&app, &learner, CALL_OFF, json!({ "i": { "id": booking, "reason": "  " } }), "BAD_USER_INPUT REASON_REQUIRED @reason").await;
    let cancelled = learner.ok(CALL_OFF, json!({ "i": { "id": booking, "reason": "Ill" } })).await["cancelBooking"].take();
    assert_eq!((&cancelled["status"], &cancelled["isLateCancel"]), (&json!("CANCELLED"), &json!(true)));
    // Who manages needs no reason, and is never late.
    let other = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (480, 540)).await;
    make_of(&app, &other, &kind).await;
    begin_in(&app, &other, 10).await;
    assert_eq!(admin.ok(CALL_OFF, off(&other)).await["cancelBooking"]["isLateCancel"], false);
    // In time is not late.
    let third = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (480, 540)).await;
    make_of(&app, &third, &kind).await;
    let cancelled = learner.ok(CALL_OFF, json!({ "i": { "id": third, "reason": "Ill" } })).await["cancelBooking"].take();
    assert_eq!(cancelled["isLateCancel"], false);
}

#[tokio::test]
async fn without_a_notice_a_booking_of_a_type_is_its_learners_until_it_begins() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let kind = booking_type(&app, &app.oak, &[("needs_approval", "true")], &[&ada]).await;
    let booking = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (480, 540)).await;
    make_of(&app, &booking, &kind).await;
    let steps = async || {
        let look = "query($id: ID!) { booking(id: $id) { allowedTransitions } }";
        learner.ok(look, json!({ "id": booking })).await["booking"]["allowedTransitions"].take()
    };
    for (minutes, allowed) in [(5, json!(["APPROVED", "CANCELLED"])), (-1, json!([]))] {
        begin_in(&app, &booking, minutes).await;
        assert_eq!(steps().await, allowed);
        for field in ["cancelUntil", "rescheduleUntil"] {
            assert_eq!(before(&learner, &booking, field).await, None, "until it begins");
        }
    }
    refused(&app, &learner, CALL_OFF, off(&booking), "CONFLICT NOTICE_PASSED").await;
    let to = json!({ "i": { "id": booking, "startsAt": hour(9), "endsAt": hour(10) } });
    refused(&app, &learner, RESCHEDULE, to, "CONFLICT NOTICE_PASSED").await;
    assert_eq!(admin.ok(CALL_OFF, off(&booking)).await["cancelBooking"]["isLateCancel"], false);
}

#[tokio::test]
async fn where_it_stands_and_whose_it_is_come_before_the_notice() {
    let app = TestApp::start().await;
    let [ada, learner] = [app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let kind = booking_type(&app, &app.oak, &[("cancel_notice_minutes", "525600"), ("requires_reason", "true")], &[&ada]).await;
    let completed = booking_in(&app, &app.oak, "COMPLETED", &learner, &ada, (-480, -420)).await;
    make_of(&app, &completed, &kind).await;
    refused(&app, &learner, CALL_OFF, off(&completed), "CONFLICT INVALID_TRANSITION").await;
    let reader = person_with(&app, &app.oak, "reader", &["BOOKING_READ_ALL", "BOOKING_REQUEST"]).await;
    let assigned = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (480, 540)).await;
    make_of(&app, &assigned, &kind).await;
    refused(&app, &reader, CALL_OFF, off(&assigned), "FORBIDDEN NOT_YOURS").await;
}
