//! What has to have come first: a beginning before an end, an account in order before a lesson.

use serde_json::{Value, json};

use super::*;

const SUSPEND: &str = "mutation($id: ID!) { suspendUser(id: $id) { status } }";
const REACTIVATE: &str = "mutation($id: ID!) { reactivateUser(id: $id) { status } }";
const DELETE: &str = "mutation($id: ID!) { deleteUser(id: $id) }";

async fn steps(client: &Client, id: &Value) -> Value {
    client.ok("query($id: ID!) { booking(id: $id) { allowedTransitions } }", json!({ "id": id })).await["booking"]["allowedTransitions"]
        .take()
}

#[tokio::test]
async fn nothing_is_completed_before_it_begins() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let id = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (480, 540)).await;
    for client in [&ada, &admin] {
        refused(&app, client, COMPLETE, json!({ "id": id }), "CONFLICT NOT_STARTED").await;
        assert!(!steps(client, &id).await.as_array().unwrap().contains(&json!("COMPLETED")));
    }
    assert_eq!(app.count("audit_entry WHERE operation = 'completeBooking' AND outcome = 'REFUSED' AND reason = 'NOT_STARTED'").await, 2);
    // Whose it is comes first, and where it stands.
    let others = booking_in(&app, &app.oak, "ASSIGNED", &learner, &admin, (600, 660)).await;
    app.sql(&format!("UPDATE booking SET requested_instructor_id = '{}' WHERE id = '{}'", uuid_of(&ada), uuid(&others))).await;
    refused(&app, &ada, COMPLETE, json!({ "id": others }), "FORBIDDEN NOT_YOURS").await;
    let granted = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (700, 760)).await;
    refused(&app, &admin, COMPLETE, json!({ "id": granted }), "CONFLICT INVALID_TRANSITION").await;

    begin(&app, &id).await;
    assert_eq!(steps(&ada, &id).await, json!(["COMPLETED"]));
    assert_eq!(ada.ok(COMPLETE, json!({ "id": id })).await["completeBooking"]["status"], "COMPLETED");
}

#[tokio::test]
async fn the_request_of_somebody_who_is_suspended_is_not_granted() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    available(&app, &app.oak, &ada, (0, 1440)).await;
    let blind = person_with(&app, &app.oak, "blind", &["BOOKING_MANAGE", "BOOKING_READ_ALL"]).await;
    let requested = booking_in(&app, &app.oak, "REQUESTED", &learner, &ada, (480, 540)).await;
    let other = booking_in(&app, &app.oak, "REQUESTED", &learner, &ada, (900, 960)).await;
    let granted = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (600, 660)).await;
    let assigned = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (700, 760)).await;
    admin.ok(SUSPEND, json!({ "id": learner.user_id })).await;
    for client in [&admin, &blind] {
        refused(&app, client, APPROVE, json!({ "id": requested }), "CONFLICT USER_SUSPENDED").await;
        assert_eq!(steps(client, &requested).await, json!(["CANCELLED"]));
    }
    // What was granted before goes its way; and the request can be called off.
    admin.ok(ASSIGN, json!({ "i": { "id": granted, "instructorId": ada.user_id } })).await;
    admin.ok(APPROVE, json!({ "id": assigned })).await;
    admin.ok(CANCEL, json!({ "i": { "id": other } })).await;
    admin.ok(REACTIVATE, json!({ "id": learner.user_id })).await;
    admin.ok(APPROVE, json!({ "id": requested })).await;
}

#[tokio::test]
async fn deleting_a_person_calls_their_bookings_off() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let mut ids = Vec::new();
    for (place, status) in STATES.into_iter().enumerate() {
        let from = 60 * i64::try_from(place).unwrap();
        ids.push(booking_in(&app, &app.oak, status, &learner, &ada, (from, from + 50)).await);
    }
    let others = booking_in(&app, &app.oak, "REQUESTED", &admin, &ada, (0, 50)).await;
    admin.ok(SUSPEND, json!({ "id": learner.user_id })).await;
    admin.ok(DELETE, json!({ "id": learner.user_id })).await;
    let mut states = Vec::new();
    for id in ids.iter().chain([&others]) {
        states.push(admin.ok("query($id: ID!) { booking(id: $id) { status } }", json!({ "id": id })).await["booking"]["status"].take());
    }
    assert_eq!(states, ["CANCELLED", "CANCELLED", "CANCELLED", "COMPLETED", "CANCELLED", "REQUESTED"]);
    refused(&app, &admin, APPROVE, json!({ "id": ids[0] }), "CONFLICT INVALID_TRANSITION").await;
}

#[tokio::test]
async fn an_availability_is_as_long_as_october_in_the_schools_zone() {
    let app = TestApp::start().await;
    let [ada, viewer] = [app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Viewer).await];
    let year = now().to_zoned(jiff::tz::TimeZone::UTC).year() + 1;
    let october = |seconds: &str| json!({ "i": { "startsAt": format!("{year}-09-30T22:00:00Z"), "endsAt": format!("{year}-10-31T23:00:{seconds}Z") } });
    refused(&app, &ada, AVAILABLE, october("01"), "BAD_USER_INPUT @endsAt").await;
    ada.ok(AVAILABLE, october("00")).await;
    // It can be booked and is free until its last hour.
    let last = format!(
        "query {{ calendar(from: \"{year}-10-31T22:30:00Z\", to: \"{year}-11-01T01:00:00Z\", timeZone: \"UTC\") {{ days {{ free {{ endsAt }} }} }} }}"
    );
    assert_eq!(viewer.ok(&last, json!({})).await["calendar"]["days"][0]["free"], json!([{ "endsAt": format!("{year}-10-31T23:00:00Z") }]));
    let covered = format!("SELECT app.is_available('{}', '{year}-10-31T22:00Z', '{year}-10-31T23:00Z')::text", uuid_of(&ada));
    app.sql(&format!("SET app.tenant_id = '{}'", app.oak.tenant)).await;
    assert_eq!(app.text(&covered).await.as_deref(), Some("true"));
    // In a zone without summer time it has an hour too many.
    app.sql(&format!("UPDATE tenant SET time_zone = 'UTC' WHERE tenant_id = '{}'", app.oak.tenant)).await;
    refused(&app, &ada, AVAILABLE, october("00"), "BAD_USER_INPUT @endsAt").await;
    // The calendar's 62 days are days of its zone as well.
    let calendar = "query($f: DateTime!, $t: DateTime!, $z: String) { calendar(from: $f, to: $t, timeZone: $z) { days { date } } }";
    let two_months =
        |zone: &str, end: &str| json!({ "f": format!("{year}-09-30T22:00:00Z"), "t": format!("{year}-12-01T{end}Z"), "z": zone });
    assert_eq!(viewer.ok(calendar, two_months("Europe/Berlin", "23:00:00")).await["calendar"]["days"].as_array().unwrap().len(), 62);
    assert_eq!(viewer.refused(calendar, two_months("Europe/Berlin", "23:00:01")).await, "BAD_USER_INPUT @to");
    assert_eq!(viewer.refused(calendar, two_months("UTC", "23:00:00")).await, "BAD_USER_INPUT @to");
}
