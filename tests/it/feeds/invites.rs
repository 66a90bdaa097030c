//! Invitations: mails about bookings carry them as calendar entries.

use serde_json::json;

use super::*;
use crate::{
    app::{TestApp, Who},
    series::{SERIES, Stage, at, series},
};

const ASSIGN: &str = "mutation($i: AssignBookingInput!) { assignBooking(input: $i) { id } }";
const CANCEL: &str = "mutation($i: CancelBookingInput!) { cancelBooking(input: $i) { id } }";

/// The mail of a kind to somebody, as it lies in the outbox of the tests.
async fn mail(app: &TestApp, template: &str, to: &Client) -> String {
    let find = format!(
        "SELECT app.type_id('mail', id) FROM mail WHERE template = '{template}' AND user_id = '{}' AND state = 'SENT'",
        uuid(&to.user_id)
    );
    let name = app.text(&find).await.unwrap_or_else(|| panic!("no {template} to {}", to.user_id));
    let file = std::env::temp_dir().join("lectern-test-outbox").join(format!("{name}.eml"));
    let mail = std::fs::read_to_string(file).unwrap();
    // As quoted-printable is read, where it was needed.
    mail.replace("=\r\n", "").replace("=3D", "=").replace("\r\n ", "")
}

#[tokio::test]
async fn mails_about_what_takes_place_is_moved_or_cancelled_carry_it_as_a_calendar_entry() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let open = json!({ "i": { "startsAt": hour(20), "endsAt": hour(60) } });
    ada.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", open).await;
    let booking = booked(&app, &app.oak, &learner, None, "APPROVED", 24).await;
    admin.ok(ASSIGN, json!({ "i": { "id": booking, "instructorId": ada.user_id } })).await;
    app.work().await;
    for (client, address) in [(&learner, "learner@oak.example"), (&ada, "instructor@oak.example")] {
        let mail = mail(&app, "booking_assigned", client).await;
        for part in [
            "invite.ics",
            "method=REQUEST",
            "METHOD:REQUEST",
            &format!("UID:{}@lectern", booking.as_str().unwrap()),
            "STATUS:CONFIRMED",
            "SEQUENCE:1",
            &format!("RSVP=FALSE:mailto:{address}"),
            &format!("DTSTART:{}", hour(24).strftime("%Y%m%dT%H%M%SZ")),
        ] {
            assert!(mail.contains(part), "{part} in {mail}");
        }
    }
    // Nobody is named in what is kept of it.
    assert_eq!(app.count("mail WHERE attachments::text LIKE '%INSTRUCTOR%' OR attachments::text LIKE '%@%example%'").await, 0);

    admin.ok(CANCEL, json!({ "i": { "id": booking } })).await;
    app.work().await;
    let mail = mail(&app, "booking_cancelled", &learner).await;
    for part in ["method=CANCEL", "METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:2"] {
        assert!(mail.contains(part), "{part} in {mail}");
    }
    // What asks for nothing brings nothing along.
    assert_eq!(
        app.count("mail WHERE attachments <> '[]' AND template NOT IN ('booking_assigned', 'booking_cancelled', 'booking_rescheduled')")
            .await,
        0
    );
}

#[tokio::test]
async fn the_one_mail_of_a_series_carries_all_of_it() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({})).await;
    let booked =
        stage.lea.ok(SERIES, series(&kind, &at(2, 9), "FREQ=WEEKLY;COUNT=3", json!({ "timeZone": "UTC" }))).await["bookSeries"].take();
    let ids: Vec<&str> = booked["bookings"]["nodes"].as_array().unwrap().iter().map(|booking| booking["id"].as_str().unwrap()).collect();
    stage.app.work().await;
    let whole = |mail: &str, method: &str, among: &[&str]| {
        assert_eq!(mail.matches(&format!("METHOD:{method}")).count(), 1, "{mail}");
        assert_eq!(mail.matches("BEGIN:VEVENT").count(), among.len(), "{mail}");
        for id in among {
            assert!(mail.contains(&format!("UID:{id}@lectern")), "{id} in {mail}");
        }
    };
    for client in [&stage.lea, &stage.ada] {
        let mail = mail(&stage.app, "booking_assigned", client).await;
        whole(&mail, "REQUEST", &ids);
        assert!(mail.contains("DTSTART:20990302T090000Z") && mail.contains("DTSTART:20990316T090000Z"), "{mail}");
    }
    let later = json!({ "i": { "bookingId": ids[1], "scope": "FOLLOWING", "startsAt": at(9, 11) } });
    stage.lea.ok("mutation($i: RescheduleSeriesInput!) { rescheduleSeries(input: $i) { id } }", later).await;
    stage.app.work().await;
    let moved = mail(&stage.app, "booking_rescheduled", &stage.ada).await;
    whole(&moved, "REQUEST", &ids[1..]);
    assert!(moved.contains("DTSTART:20990309T110000Z"), "{moved}");
    let end = json!({ "i": { "bookingId": ids[1], "scope": "ALL" } });
    stage.lea.ok("mutation($i: CancelSeriesInput!) { cancelSeries(input: $i) { id } }", end).await;
    stage.app.work().await;
    whole(&mail(&stage.app, "booking_cancelled", &stage.ada).await, "CANCEL", &ids[1..]);
}
