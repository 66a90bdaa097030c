//! Waitlists: who waits, what is offered, and what becomes of it.

mod offers;
mod races;

use serde_json::{Value, json};

use crate::{app::Client, classroom::nothing};
pub use crate::{
    classroom::refused,
    group_sessions::{BOOK, CANCEL, CANCEL_SEAT, CHANGE, OPEN, Stage, at, slot},
};

pub const JOIN: &str = "mutation($i: JoinWaitlistInput!) { joinWaitlist(input: $i) { id status position from to bookingType { name } groupSession { id } instructor { id } } }";
pub const LEAVE: &str = "mutation($id: ID!) { leaveWaitlist(id: $id) { id status position } }";
pub const ACCEPT: &str = "mutation($id: ID!) { acceptOffer(id: $id) { id status startsAt groupSession { id } } }";
pub const ENTRY: &str = "query($id: ID!) { waitlistEntry(id: $id) { status position offer { startsAt expiresAt } booking { id } } }";

/// A session of one seat, that somebody has; with the booking that has it.
pub async fn full(stage: &Stage, kind: &Value, taker: &Client, day: u32) -> (Value, Value) {
    let mut opening = slot(kind, &at(day, 9));
    opening["i"]["seats"] = json!(1);
    let session = stage.ada.ok(OPEN, opening).await["openGroupSessions"][0]["id"].take();
    let seat = taker.ok(BOOK, slot(kind, &at(day, 9))).await["bookSlot"]["id"].take();
    (session, seat)
}

/// Somebody begins to wait.
pub async fn wait(client: &Client, input: Value) -> Value {
    client.ok(JOIN, json!({ "i": input })).await["joinWaitlist"]["id"].take()
}

/// How an entry stands.
pub async fn status(client: &Client, entry: &Value) -> String {
    client.ok(ENTRY, json!({ "id": entry })).await["waitlistEntry"]["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn one_waits_for_a_full_session_or_within_a_window_in_which_one_can_book_nothing() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 2 })).await;
    let [bob, eve] = [stage.learner("bob").await, stage.learner("eve").await];
    let (session, _) = full(&stage, &kind, &bob, 2).await;
    let entry = stage.lea.ok(JOIN, json!({ "i": { "groupSessionId": session } })).await["joinWaitlist"].take();
    assert_eq!(
        (&entry["status"], &entry["position"], &entry["from"], &entry["to"]),
        (&json!("WAITING"), &json!(1), &json!(at(2, 9)), &json!(at(2, 10)))
    );
    let second = eve.ok(JOIN, json!({ "i": { "groupSessionId": session } })).await["joinWaitlist"].take();
    assert_eq!(second["position"], 2);
    let counted = stage.ada.ok("query($id: ID!) { groupSession(id: $id) { waitlistCount } }", json!({ "id": session })).await;
    assert_eq!(counted["groupSession"]["waitlistCount"], 2);
    // The school is closed at night.
    let window = |from: String, to: String| json!({ "bookingTypeId": kind, "from": from, "to": to });
    let night = stage.lea.ok(JOIN, json!({ "i": window(at(2, 19), at(2, 23)) })).await["joinWaitlist"].take();
    assert_eq!((&night["groupSession"], &night["bookingType"]["name"]), (&Value::Null, &json!("Class")));
    let open = stage.ada.ok(OPEN, slot(&kind, &at(3, 9))).await["openGroupSessions"][0]["id"].take();
    let short = stage.kind(json!({ "name": "Short", "durations": [60, 30], "slotStepMinutes": 30 })).await;
    for (input, line) in [
        (json!({ "groupSessionId": session }), "CONFLICT ALREADY_WAITING @groupSessionId"),
        (window(at(2, 22), at(3, 2)), "CONFLICT ALREADY_WAITING @bookingTypeId"),
        (json!({ "groupSessionId": open }), "CONFLICT SLOT_FREE @groupSessionId"),
        (window(at(4, 9), at(4, 12)), "CONFLICT SLOT_FREE @bookingTypeId"),
        // Of whatever length.
        (json!({ "bookingTypeId": short, "from": at(4, 9), "to": "2099-03-04T09:30:00Z" }), "CONFLICT SLOT_FREE @bookingTypeId"),
        (json!({}), "BAD_USER_INPUT @bookingTypeId"),
        (json!({ "bookingTypeId": kind, "groupSessionId": session }), "BAD_USER_INPUT @groupSessionId"),
        (json!({ "bookingTypeId": kind, "to": at(4, 9) }), "BAD_USER_INPUT @from"),
        (window(at(4, 9), at(4, 9)), "BAD_USER_INPUT @to"),
        (window("2099-01-01T00:00:00Z".into(), "2099-02-01T00:00:01Z".into()), "BAD_USER_INPUT @to"),
        (window("2020-01-01T00:00:00Z".into(), "2020-01-02T00:00:00Z".into()), "BAD_USER_INPUT @to"),
        (json!({ "groupSessionId": nothing("groupsession") }), "NOT_FOUND @groupSessionId"),
        (json!({ "bookingTypeId": nothing("bookingtype"), "from": at(4, 19), "to": at(4, 20) }), "NOT_FOUND @bookingTypeId"),
    ] {
        refused(&stage.app, &stage.lea, JOIN, json!({ "i": input }), line).await;
    }
    refused(&stage.app, &stage.ada, JOIN, json!({ "i": { "groupSessionId": session } }), "FORBIDDEN [BOOKING_REQUEST]").await;
    // One sees one's own; who manages bookings sees all, and may end them.
    let list = "query($f: WaitlistFilter) { waitlistEntries(filter: $f) { totalCount } }";
    for (client, filter, count) in [
        (&stage.lea, json!({}), 2),
        (&eve, json!({}), 1),
        (&stage.admin, json!({}), 3),
        (&stage.admin, json!({ "groupSessionId": session }), 2),
        (&stage.admin, json!({ "learnerId": eve.user_id, "bookingTypeId": kind, "statuses": ["WAITING"] }), 1),
        (&stage.admin, json!({ "statuses": ["OFFERED"] }), 0),
    ] {
        assert_eq!(client.ok(list, json!({ "f": filter })).await["waitlistEntries"]["totalCount"], count, "{filter}");
    }
    assert_eq!(eve.ok(ENTRY, json!({ "id": entry["id"] })).await["waitlistEntry"], Value::Null);
    refused(&stage.app, &eve, LEAVE, json!({ "id": entry["id"] }), "NOT_FOUND @id").await;
    assert_eq!(
        stage.lea.ok(LEAVE, json!({ "id": entry["id"] })).await["leaveWaitlist"],
        json!({ "id": entry["id"], "status": "LEFT", "position": null })
    );
    refused(&stage.app, &stage.lea, LEAVE, json!({ "id": entry["id"] }), "CONFLICT INVALID_TRANSITION @id").await;
    refused(&stage.app, &stage.lea, ACCEPT, json!({ "id": night["id"] }), "CONFLICT INVALID_TRANSITION @id").await;
    assert_eq!(eve.ok(ENTRY, json!({ "id": second["id"] })).await["waitlistEntry"]["position"], 1);
    stage.admin.ok(LEAVE, json!({ "id": second["id"] })).await;
}
