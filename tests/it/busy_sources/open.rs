//! What calendars elsewhere take off of open time, and what they leave alone.

use serde_json::json;

use super::*;
use crate::{
    app::{TestApp, Who},
    classroom::refused,
    feeds::booked,
    hours::free_and_busy,
};

const ASSIGN: &str = "mutation($i: AssignBookingInput!) { assignBooking(input: $i) { id status } }";

#[tokio::test]
async fn what_blocks_is_not_open_and_is_busy_and_is_nobody_s_business() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let open = json!({ "i": { "startsAt": hour(20), "endsAt": hour(30) } });
    ada.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", open).await;
    let source = of_file(&ada, &calendar(&[19, 22, 23, 40])).await;
    let short = |from: i64, to: i64| format!("{}/{}", &hour(from).to_string()[5..16], &hour(to).to_string()[5..16]);
    let (from, to) = (hour(20).to_string(), hour(30).to_string());
    for client in [&ada, &learner, &admin] {
        let (free, busy) = free_and_busy(client, &ada.user_id, "Etc/GMT+12", &from, &to).await;
        // Cut at midnight of the zone, wherever that falls: what is left is the same.
        assert_eq!(joined(&free), format!("{} {}", short(20, 22), short(24, 30)));
        assert_eq!(joined(&busy), short(22, 24));
    }
    let booking = booked(&app, &app.oak, &learner, None, "APPROVED", 22).await;
    refused(
        &app,
        &admin,
        ASSIGN,
        json!({ "i": { "id": booking, "instructorId": ada.user_id } }),
        "CONFLICT OUTSIDE_AVAILABILITY @instructorId",
    )
    .await;
    // Reports count what was offered, whatever is done elsewhere.
    let report =
        "query($f: DateTime, $t: DateTime) { reports(from: $f, to: $t) { instructorUtilisation { instructor { id } availableHours } } }";
    let counted = admin.ok(report, json!({ "f": hour(20), "t": hour(30) })).await["reports"]["instructorUtilisation"].take();
    assert!(counted.as_array().unwrap().iter().any(|line| line["availableHours"] == 10.0), "{counted}");
    // Deleted, it is open again.
    ada.ok(DROP, json!({ "id": source })).await;
    assert_eq!(
        admin.ok(ASSIGN, json!({ "i": { "id": booking, "instructorId": ada.user_id } })).await["assignBooking"]["status"],
        "ASSIGNED"
    );
}

/// Spans that touch, as one.
fn joined(spans: &str) -> String {
    let mut joined: Vec<(String, String)> = Vec::new();
    for span in spans.split(' ').filter(|span| !span.is_empty()) {
        let (from, to) = span.split_once('/').unwrap();
        match joined.last_mut() {
            Some(last) if last.1 == from => last.1 = to.to_owned(),
            _ => joined.push((from.to_owned(), to.to_owned())),
        }
    }
    joined.into_iter().map(|(from, to)| format!("{from}/{to}")).collect::<Vec<_>>().join(" ")
}
