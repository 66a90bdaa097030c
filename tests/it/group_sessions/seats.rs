//! Seats of sessions, by booking.

use serde_json::{Value, json};

use super::*;
use crate::{
    classroom::{nothing, refused},
    slots::EXPLAIN,
};

const SLOTS: &str = "query($t: ID!) { slots(bookingTypeId: $t, from: \"2099-03-02T08:00:00Z\", to: \"2099-03-02T11:00:00Z\", timeZone: \"UTC\") { \
    days { slots { startsAt seatsLeft groupSession { id } } } } }";

async fn slots(client: &Client, kind: &Value) -> String {
    let answer = client.ok(SLOTS, json!({ "t": kind })).await;
    let slots = answer["slots"]["days"][0]["slots"].as_array().unwrap().iter();
    let shown = slots.map(|slot| {
        let stands = if slot["groupSession"].is_null() { "" } else { "*" };
        format!("{}:{}{stands}", &slot["startsAt"].as_str().unwrap()[11..13], slot["seatsLeft"])
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn the_first_booking_of_a_slot_makes_a_session_and_others_take_its_seats() {
    let stage = Stage::start().await;
    let room = stage.room("Blue", 2).await;
    let kind = stage.kind(json!({ "seats": 3, "requirements": [{ "name": "Room", "resourceIds": [room] }] })).await;
    assert_eq!(slots(&stage.lea, &kind).await, "08:2 09:2 10:2", "no more than the room takes");
    let first = stage.lea.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"].take();
    assert_eq!((&first["status"], &first["instructor"]["id"]), (&json!("ASSIGNED"), &json!(stage.ada.user_id)));
    assert_eq!((&first["resources"][0]["name"], &first["groupSession"]["seatsTaken"]), (&json!("Blue"), &json!(1)));
    // The session claims its instructor and its room once, the seat its learner.
    assert_eq!(stage.claims().await, "INSTRUCTOR LEARNER RESOURCE");
    assert_eq!(slots(&stage.lea, &kind).await, "08:2 10:2", "nobody has two seats");
    let bob = stage.learner("bob").await;
    assert_eq!(slots(&bob, &kind).await, "08:2 09:1* 10:2");
    refused(&stage.app, &stage.lea, BOOK, slot(&kind, &at(2, 9)), "CONFLICT BOOKING_CONFLICT @startsAt").await;
    let second = bob.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"].take();
    assert_eq!(second["groupSession"], json!({ "id": first["groupSession"]["id"], "seatsTaken": 2 }));
    assert_eq!(stage.claims().await, "INSTRUCTOR LEARNER LEARNER RESOURCE");
    let eve = stage.learner("eve").await;
    refused(&stage.app, &eve, BOOK, slot(&kind, &at(2, 9)), "CONFLICT SESSION_FULL @startsAt").await;
    // Everybody sees the session; of its bookings, their own.
    let session = json!({ "id": first["groupSession"]["id"] });
    let seen = eve.ok(SESSION, session.clone()).await["groupSession"].take();
    assert_eq!(
        (&seen["seatsTaken"], &seen["bookings"]["totalCount"], &seen["bookingType"]["name"]),
        (&json!(2), &json!(0), &json!("Class"))
    );
    assert_eq!(stage.ada.ok(SESSION, session).await["groupSession"]["bookings"]["totalCount"], 2);
    assert_eq!(stage.ada.ok(SESSION, json!({ "id": nothing("groupsession") })).await["groupSession"], Value::Null);
}

#[tokio::test]
async fn a_start_at_which_a_session_stands_is_explained_candidate_by_candidate_also_when_it_is_full() {
    let stage = Stage::start().await;
    let [bob, eve, carl] = [stage.learner("bob").await, stage.learner("eve").await, stage.instructor("carl").await];
    let both = json!([{ "instructorId": stage.ada.user_id }, { "instructorId": carl.user_id }]);
    let needs = json!([{ "name": "Room", "resourceIds": [stage.room("Blue", 9).await] }]);
    let kind = stage.kind(json!({ "seats": 2, "strategy": "FIXED", "instructors": both, "requirements": needs })).await;
    stage.ada.ok(OPEN, slot(&kind, &at(2, 9))).await;
    let off = json!({ "i": { "startsAt": at(2, 9), "endsAt": at(2, 10) } });
    carl.ok("mutation($i: CreateTimeOffInput!) { createTimeOff(input: $i) { id } }", off).await;
    let explained = async || eve.ok(EXPLAIN, json!({ "t": kind, "s": at(2, 9) })).await["explainSlot"].take();
    let with_seats = explained().await;
    assert_eq!((&with_seats["isBookable"], &with_seats["reason"]), (&json!(true), &Value::Null));
    assert_eq!(
        with_seats["candidates"],
        json!([
            { "instructor": { "id": stage.ada.user_id }, "resource": null, "isFree": true, "reason": null },
            { "instructor": { "id": carl.user_id }, "resource": null, "isFree": false, "reason": "OUTSIDE_AVAILABILITY" },
            { "instructor": null, "resource": { "name": "Blue" }, "isFree": true, "reason": null }
        ])
    );
    for learner in [&stage.lea, &bob] {
        learner.ok(BOOK, slot(&kind, &at(2, 9))).await;
    }
    let full = explained().await;
    assert_eq!((&full["isBookable"], &full["reason"]), (&json!(false), &json!("SESSION_FULL")));
    let named = |explanation: &Value| {
        let candidates = explanation["candidates"].as_array().unwrap().iter();
        candidates.map(|one| (one["instructor"].clone(), one["resource"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(named(&full), named(&with_seats));
}

#[tokio::test]
async fn a_session_that_a_booking_made_ends_with_its_last_seat_and_one_that_was_opened_stays() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 2 })).await;
    let made = stage.lea.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"].take();
    let opened = stage.ada.ok(OPEN, slot(&kind, &at(2, 12))).await["openGroupSessions"][0].take();
    let seat = stage.lea.ok(BOOK, slot(&kind, &at(2, 12))).await["bookSlot"].take();
    assert_eq!(seat["groupSession"], json!({ "id": opened["id"], "seatsTaken": 1 }));
    for booking in [&made, &seat] {
        stage.lea.ok(CANCEL_SEAT, json!({ "i": { "id": booking["id"] } })).await;
    }
    let status = async |session: &Value| stage.lea.ok(SESSION, json!({ "id": session })).await["groupSession"]["status"].take();
    assert_eq!((status(&made["groupSession"]["id"]).await, status(&opened["id"]).await), (json!("CANCELLED"), json!("SCHEDULED")));
    assert_eq!(stage.claims().await, "INSTRUCTOR");
}

#[tokio::test]
async fn seats_of_a_session_are_had_as_long_as_whoever_and_whatever_takes_it_can_be_had() {
    let stage = Stage::start().await;
    let room = stage.room("Blue", 9).await;
    let kind = stage.kind(json!({ "seats": 5, "requirements": [{ "name": "Room", "resourceIds": [room] }] })).await;
    stage.lea.ok(BOOK, slot(&kind, &at(2, 9))).await;
    let bob = stage.learner("bob").await;
    let mode = "mutation($i: UpdateResourceInput!) { updateResource(input: $i) { id } }";
    stage.admin.ok(mode, json!({ "i": { "id": room, "mode": "UNBOOKABLE" } })).await;
    assert_eq!(slots(&bob, &kind).await, "");
    for client in [&bob, &stage.admin] {
        refused(&stage.app, client, BOOK, slot(&kind, &at(2, 9)), "CONFLICT RESOURCE_UNBOOKABLE @startsAt").await;
    }
    stage.admin.ok(mode, json!({ "i": { "id": room, "mode": "FREE" } })).await;
    let off = "mutation($i: CreateTimeOffInput!) { createTimeOff(input: $i) { id } }";
    let back = "mutation($id: ID!) { deleteTimeOff(id: $id) }";
    let mut span = json!({ "i": { "startsAt": at(2, 9), "endsAt": at(2, 10) } });
    let of_ada = stage.ada.ok(off, span.clone()).await["createTimeOff"]["id"].take();
    refused(&stage.app, &bob, BOOK, slot(&kind, &at(2, 9)), "CONFLICT OUTSIDE_AVAILABILITY @startsAt").await;
    stage.ada.ok(back, json!({ "id": of_ada })).await;
    span["i"]["resourceId"] = room.clone();
    let of_room = stage.admin.ok(off, span).await["createTimeOff"]["id"].take();
    refused(&stage.app, &bob, BOOK, slot(&kind, &at(2, 9)), "CONFLICT RESOURCE_CLOSED @startsAt").await;
    stage.admin.ok(back, json!({ "id": of_room })).await;
    // Where the school answers for the room, it answers for a seat as well.
    stage.admin.ok(mode, json!({ "i": { "id": room, "mode": "APPROVAL_REQUIRED" } })).await;
    let asked = bob.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"].take();
    assert_eq!((&asked["status"], &asked["groupSession"]), (&json!("REQUESTED"), &Value::Null));
    let confirm = "mutation($i: ConfirmBookingInput!) { confirmBooking(input: $i) { groupSession { seatsTaken } } }";
    let confirmed = stage.admin.ok(confirm, json!({ "i": { "id": asked["id"] } })).await["confirmBooking"].take();
    assert_eq!(confirmed["groupSession"]["seatsTaken"], 2);
}

#[tokio::test]
async fn who_holds_a_slot_and_who_books_it_sit_in_one_session() {
    let stage = Stage::start().await;
    let carl = stage.instructor("carl").await;
    let both = json!([{ "instructorId": stage.ada.user_id }, { "instructorId": carl.user_id }]);
    let kind = stage.kind(json!({ "seats": 3, "instructors": both })).await;
    let [bob, eve] = [stage.learner("bob").await, stage.learner("eve").await];
    let hold = "mutation($i: HoldSlotInput!) { holdSlot(input: $i) { id groupSession { id seatsTaken } } }";
    let first = stage.lea.ok(hold, slot(&kind, &at(2, 9))).await["holdSlot"].take();
    let second = bob.ok(hold, slot(&kind, &at(2, 9))).await["holdSlot"].take();
    assert_eq!((&second["groupSession"]["id"], &second["groupSession"]["seatsTaken"]), (&first["groupSession"]["id"], &json!(2)));
    let booked = eve.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"].take();
    assert_eq!(booked["groupSession"], json!({ "id": first["groupSession"]["id"], "seatsTaken": 3 }));
    for (learner, held) in [(&stage.lea, &first), (&bob, &second)] {
        let mut redeeming = slot(&kind, &at(2, 9));
        redeeming["i"]["holdId"] = held["id"].clone();
        assert_eq!(learner.ok(BOOK, redeeming).await["bookSlot"]["groupSession"], booked["groupSession"]);
    }
    assert_eq!(stage.claims().await, "INSTRUCTOR LEARNER LEARNER LEARNER");
    // A session of holds alone ends with them.
    let third = stage.lea.ok(hold, slot(&kind, &at(3, 9))).await["holdSlot"].take();
    stage.lea.ok("mutation($id: ID!) { releaseSlot(id: $id) }", json!({ "id": third["id"] })).await;
    assert_eq!(stage.lea.ok(SESSION, json!({ "id": third["groupSession"]["id"] })).await["groupSession"]["status"], "CANCELLED");
    // Where the school answers first, the session is made when it does.
    let asked = stage.kind(json!({ "name": "Asked", "seats": 3, "needsApproval": true })).await;
    assert_eq!(stage.lea.ok(hold, slot(&asked, &at(4, 9))).await["holdSlot"]["groupSession"], Value::Null);
}

#[tokio::test]
async fn a_session_that_a_booking_made_ends_with_a_hold_of_its_last_seat_that_expires() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 3 })).await;
    let bob = stage.learner("bob").await;
    let made = stage.lea.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"].take();
    let hold = "mutation($i: HoldSlotInput!) { holdSlot(input: $i) { id } }";
    bob.ok(hold, slot(&kind, &at(2, 9))).await;
    stage.lea.ok(CANCEL_SEAT, json!({ "i": { "id": made["id"] } })).await;
    let session = json!({ "id": made["groupSession"]["id"] });
    let held = stage.lea.ok(SESSION, session.clone()).await["groupSession"].take();
    assert_eq!((&held["status"], &held["seatsTaken"]), (&json!("SCHEDULED"), &json!(1)));
    stage
        .app
        .sql(
            "SET session_replication_role = replica; UPDATE slot_hold SET created_at = now() - interval '1 hour', expires_at = now() - interval '1 second'; \
             UPDATE job SET run_at = now() WHERE kind = 'hold.tidy' AND state = 'QUEUED'; RESET session_replication_role",
        )
        .await;
    stage.app.work().await;
    let ended = stage.lea.ok(SESSION, session).await["groupSession"].take();
    assert_eq!((&ended["status"], &ended["seatsTaken"]), (&json!("CANCELLED"), &json!(0)));
    assert_eq!(stage.claims().await, "");
}

#[tokio::test]
async fn a_seat_is_held_and_redeemed_without_a_second_seat() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 2 })).await;
    let [bob, eve] = [stage.learner("bob").await, stage.learner("eve").await];
    let session = bob.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"]["groupSession"]["id"].take();
    let hold = "mutation($i: HoldSlotInput!) { holdSlot(input: $i) { id groupSession { seatsTaken } } }";
    let held = stage.lea.ok(hold, slot(&kind, &at(2, 9))).await["holdSlot"].take();
    assert_eq!(held["groupSession"]["seatsTaken"], 2);
    refused(&stage.app, &eve, BOOK, slot(&kind, &at(2, 9)), "CONFLICT SESSION_FULL @startsAt").await;
    let mut redeeming = slot(&kind, &at(2, 9));
    redeeming["i"]["holdId"] = held["id"].clone();
    let booked = stage.lea.ok(BOOK, redeeming.clone()).await["bookSlot"].take();
    assert_eq!(booked["groupSession"], json!({ "id": session, "seatsTaken": 2 }));
    assert_eq!(stage.lea.ok(BOOK, redeeming).await["bookSlot"]["id"], booked["id"]);
    // A hold that is over takes no seat.
    stage.lea.ok(CANCEL_SEAT, json!({ "i": { "id": booked["id"] } })).await;
    stage.lea.ok(hold, slot(&kind, &at(2, 9))).await;
    let expire = "SET session_replication_role = replica; UPDATE slot_hold SET created_at = now() - interval '1 hour', expires_at = now() - interval '30 minutes' \
                  WHERE booking_id IS NULL; RESET session_replication_role";
    stage.app.sql(expire).await;
    let with_seats = "query($h: Boolean) { groupSessions(filter: { hasSeats: $h }) { totalCount } }";
    for (has_seats, count) in [(true, 1), (false, 0)] {
        assert_eq!(eve.ok(with_seats, json!({ "h": has_seats })).await["groupSessions"]["totalCount"], count);
    }
    assert_eq!(eve.ok(SESSION, json!({ "id": session })).await["groupSession"]["seatsTaken"], 1);
    eve.ok(BOOK, slot(&kind, &at(2, 9))).await;
}

#[tokio::test]
async fn a_seat_goes_with_its_session_and_is_moved_to_another() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 2 })).await;
    let seat = stage.lea.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"].take();
    let id = &seat["id"];
    let approve = "mutation($i: ID!) { approveBooking(id: $i) { id } }";
    refused(&stage.app, &stage.admin, approve, json!({ "i": id }), "CONFLICT GROUP_SEAT").await;
    let assign = "mutation($i: AssignBookingInput!) { assignBooking(input: $i) { id } }";
    refused(&stage.app, &stage.admin, assign, json!({ "i": { "id": id, "instructorId": stage.ada.user_id } }), "CONFLICT GROUP_SEAT").await;
    let confirm = "mutation($i: ConfirmBookingInput!) { confirmBooking(input: $i) { id } }";
    refused(&stage.app, &stage.admin, confirm, json!({ "i": { "id": id } }), "CONFLICT GROUP_SEAT").await;
    for client in [&stage.lea, &stage.admin] {
        let steps = client.ok("query($id: ID!) { booking(id: $id) { allowedTransitions } }", json!({ "id": id })).await;
        assert_eq!(steps["booking"]["allowedTransitions"], json!(["CANCELLED"]));
    }
    let opened = stage.ada.ok(OPEN, slot(&kind, &at(3, 9))).await["openGroupSessions"][0]["id"].take();
    let reschedule = "mutation($i: RescheduleBookingInput!) { rescheduleBooking(input: $i) { id status groupSession { id seatsTaken } } }";
    let to = |day: u32, hour: u32| json!({ "i": { "id": id, "startsAt": at(day, hour), "endsAt": at(day, hour + 1) } });
    let moved = stage.lea.ok(reschedule, to(3, 9)).await["rescheduleBooking"].take();
    assert_eq!((&moved["status"], &moved["groupSession"]), (&json!("ASSIGNED"), &json!({ "id": opened, "seatsTaken": 1 })));
    assert_eq!(stage.lea.ok(SESSION, json!({ "id": seat["groupSession"]["id"] })).await["groupSession"]["status"], "CANCELLED");
    // To a slot at which there is none yet: one is made.
    let moved = stage.lea.ok(reschedule, to(4, 9)).await["rescheduleBooking"].take();
    assert_eq!(moved["groupSession"]["seatsTaken"], 1);
    assert_eq!(stage.lea.ok(SESSION, json!({ "id": opened })).await["groupSession"]["seatsTaken"], 0);
}

#[tokio::test]
async fn where_the_school_answers_a_session_is_made_with_the_first_seat_that_is_confirmed() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 2, "needsApproval": true })).await;
    let asked = stage.lea.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"].take();
    assert_eq!((&asked["status"], &asked["groupSession"], stage.claims().await.as_str()), (&json!("REQUESTED"), &Value::Null, ""));
    let confirm =
        "mutation($i: ConfirmBookingInput!) { confirmBooking(input: $i) { status instructor { id } groupSession { seatsTaken } } }";
    let confirmed = stage.admin.ok(confirm, json!({ "i": { "id": asked["id"] } })).await["confirmBooking"].take();
    assert_eq!(confirmed, json!({ "status": "ASSIGNED", "instructor": { "id": stage.ada.user_id }, "groupSession": { "seatsTaken": 1 } }));
    let bob = stage.learner("bob").await;
    let asked = bob.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"].take();
    let confirmed = stage.admin.ok(confirm, json!({ "i": { "id": asked["id"] } })).await["confirmBooking"].take();
    assert_eq!(confirmed["groupSession"]["seatsTaken"], 2);
    assert_eq!(stage.claims().await, "INSTRUCTOR LEARNER LEARNER");
}

#[tokio::test]
async fn a_request_that_was_approved_by_itself_is_assigned_to_a_seat_and_never_beside_its_session() {
    let stage = Stage::start().await;
    let carl = stage.instructor("carl").await;
    let both = json!([{ "instructorId": stage.ada.user_id }, { "instructorId": carl.user_id }]);
    let [red, blue] = [stage.room("Red", 9).await, stage.room("Blue", 9).await];
    let rooms = json!([{ "name": "Room", "resourceIds": [red, blue] }]);
    let kind = stage.kind(json!({ "seats": 2, "needsApproval": true, "instructors": both, "requirements": rooms })).await;
    let approve = "mutation($i: ID!) { approveBooking(id: $i) { status } }";
    let assign = "mutation($i: AssignBookingInput!) { assignBooking(input: $i) { status instructor { id } resources { name } groupSession { seatsTaken } } }";
    let to = |booking: &Value, instructor: &Client| json!({ "i": { "id": booking, "instructorId": instructor.user_id } });
    let mut asked = Vec::new();
    for name in ["bob", "eve", "tom", "mary"] {
        let learner = stage.learner(name).await;
        // All of them wish for the same room: who is approved keeps no other away from it.
        let mut wish = slot(&kind, &at(2, 9));
        wish["i"]["resourceIds"] = json!([red]);
        let booking = learner.ok(BOOK, wish).await["bookSlot"]["id"].take();
        assert_eq!(stage.admin.ok(approve, json!({ "i": booking })).await["approveBooking"]["status"], "APPROVED");
        asked.push(booking);
    }
    assert_eq!(stage.claims().await, "LEARNER LEARNER LEARNER LEARNER");
    for (n, booking) in asked[..2].iter().enumerate() {
        let seat = stage.admin.ok(assign, to(booking, &stage.ada)).await["assignBooking"].take();
        assert_eq!((&seat["status"], &seat["groupSession"]["seatsTaken"]), (&json!("ASSIGNED"), &json!(n + 1)));
        assert_eq!((&seat["instructor"]["id"], &seat["resources"]), (&json!(stage.ada.user_id), &json!([{ "name": "Red" }])));
    }
    refused(&stage.app, &stage.admin, assign, to(&asked[2], &stage.ada), "CONFLICT SESSION_FULL @startsAt").await;
    refused(&stage.app, &stage.admin, assign, to(&asked[0], &carl), "CONFLICT GROUP_SEAT").await;
    let late = stage.app.person(&stage.app.oak, "late@oak.example", &["INSTRUCTOR"]).await;
    refused(&stage.app, &stage.admin, assign, to(&asked[2], &late), "CONFLICT OUTSIDE_AVAILABILITY @instructorId").await;
    // Somebody else has a session of their own, whether it is assigned or confirmed.
    let third = stage.admin.ok(assign, to(&asked[2], &carl)).await["assignBooking"].take();
    assert_eq!((&third["groupSession"]["seatsTaken"], &third["resources"]), (&json!(1), &json!([{ "name": "Blue" }])));
    let confirm = "mutation($i: ConfirmBookingInput!) { confirmBooking(input: $i) { instructor { id } groupSession { seatsTaken } } }";
    let fourth = stage.admin.ok(confirm, to(&asked[3], &carl)).await["confirmBooking"].take();
    assert_eq!(fourth, json!({ "instructor": { "id": carl.user_id }, "groupSession": { "seatsTaken": 2 } }));
    assert_eq!(stage.app.count("booking WHERE status = 'ASSIGNED' AND group_session_id IS NULL").await, 0);
}

#[tokio::test]
async fn a_session_counts_once_for_its_instructor_and_loses_one_who_is_deleted() {
    let stage = Stage::start().await;
    let carl = stage.instructor("carl").await;
    let both = json!([{ "instructorId": stage.ada.user_id }, { "instructorId": carl.user_id }]);
    let kind = stage.kind(json!({ "seats": 3, "strategy": "FIXED", "instructors": both, "limits": { "perInstructorPerDay": 1 } })).await;
    let [bob, eve] = [stage.learner("bob").await, stage.learner("eve").await];
    for learner in [&stage.lea, &bob] {
        assert_eq!(learner.ok(BOOK, slot(&kind, &at(2, 9))).await["bookSlot"]["instructor"]["id"], json!(stage.ada.user_id));
    }
    assert_eq!(eve.ok(BOOK, slot(&kind, &at(2, 10))).await["bookSlot"]["instructor"]["id"], json!(carl.user_id), "she has one on that day");
    assert_eq!(
        stage.app.text("SELECT string_agg(assigned_count::text, ' ' ORDER BY place) FROM booking_type_instructor").await.as_deref(),
        Some("1 1")
    );
    stage.admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": carl.user_id })).await;
    let list = "{ groupSessions(filter: { statuses: [SCHEDULED] }) { nodes { startsAt instructor { id } bookings { nodes { status instructor { id } } } } } }";
    let sessions = stage.admin.ok(list, json!({})).await["groupSessions"]["nodes"].take();
    assert_eq!(sessions[1]["instructor"], Value::Null);
    assert_eq!(sessions[1]["bookings"]["nodes"][0], json!({ "status": "APPROVED", "instructor": null }));
    // Somebody else takes it, and its seats are theirs.
    let id = stage.app.text("SELECT id::text FROM group_session WHERE instructor_id IS NULL").await.unwrap();
    let id = lectern_kernel::ids::encode("groupsession", id.parse().unwrap());
    stage.app.sql("UPDATE booking_type SET per_instructor_per_day = NULL").await;
    stage.admin.ok(CHANGE, json!({ "i": { "id": id, "instructorId": stage.ada.user_id } })).await;
    let sessions = stage.admin.ok(list, json!({})).await["groupSessions"]["nodes"].take();
    assert_eq!(sessions[1]["bookings"]["nodes"][0], json!({ "status": "ASSIGNED", "instructor": { "id": stage.ada.user_id } }));
}

#[tokio::test]
async fn a_session_is_one_hour_of_its_instructor_and_its_room_however_many_seats_are_taken() {
    let stage = Stage::start().await;
    let room = stage.room("Blue", 3).await;
    let kind = stage.kind(json!({ "seats": 3, "requirements": [{ "name": "Room", "resourceIds": [room] }] })).await;
    for learner in [&stage.lea, &stage.learner("bob").await, &stage.learner("eve").await] {
        learner.ok(BOOK, slot(&kind, &at(2, 9))).await;
    }
    let lesson = stage.kind(json!({ "name": "Lesson" })).await;
    stage.lea.ok(BOOK, slot(&lesson, &at(2, 13))).await;
    // What needs nobody is nobody's hour.
    let needs = json!([{ "name": "Room", "resourceIds": [stage.room("Red", 1).await] }]);
    let practice = stage.kind(json!({ "name": "Practice", "needsInstructor": false, "instructors": [], "requirements": needs })).await;
    stage.lea.ok(BOOK, slot(&practice, &at(2, 15))).await;
    let asked = "{ reports(from: \"2099-03-02T00:00:00Z\", to: \"2099-03-03T00:00:00Z\") { overview { bookings } \
        instructorUtilisation(first: 10) { instructor { id } availableHours bookedHours } resourceUtilisation(first: 10) { bookedHours } } }";
    assert_eq!(
        stage.admin.ok(asked, json!({})).await["reports"],
        json!({
            "overview": { "bookings": 5 },
            "instructorUtilisation": [
                { "instructor": { "id": stage.ada.user_id }, "availableHours": 10.0, "bookedHours": 2.0 },
                { "instructor": { "id": stage.admin.user_id }, "availableHours": 0.0, "bookedHours": 0.0 }
            ],
            "resourceUtilisation": [{ "bookedHours": 1.0 }, { "bookedHours": 1.0 }]
        })
    );
}

#[tokio::test]
async fn a_session_counts_for_its_instructors_limits_once_and_from_its_first_seat_on() {
    let stage = Stage::start().await;
    let [bob, eve] = [stage.learner("bob").await, stage.learner("eve").await];
    // Of the type.
    let daily = stage.kind(json!({ "seats": 2, "limits": { "perInstructorPerDay": 1 } })).await;
    for hour in [9, 10] {
        stage.ada.ok(OPEN, slot(&daily, &at(3, hour))).await;
    }
    for learner in [&stage.lea, &bob] {
        learner.ok(BOOK, slot(&daily, &at(3, 9))).await;
    }
    refused(&stage.app, &eve, BOOK, slot(&daily, &at(3, 10)), "CONFLICT BOOKING_LIMIT @startsAt").await;
    // Over all types.
    let kind = stage.kind(json!({ "seats": 2 })).await;
    let asking = stage.kind(json!({ "name": "Asking", "seats": 2, "needsApproval": true })).await;
    for (kind, hour) in [(&kind, 9), (&kind, 10), (&asking, 13)] {
        stage.ada.ok(OPEN, slot(kind, &at(2, hour))).await;
    }
    let asked = eve.ok(BOOK, slot(&asking, &at(2, 13))).await["bookSlot"]["id"].take();
    let limits = json!({ "i": { "userId": stage.ada.user_id, "maxMinutesPerDay": 60 } });
    stage.admin.ok("mutation($i: SetInstructorLimitsInput!) { setInstructorLimits(input: $i) { id } }", limits).await;
    assert_eq!(slots(&bob, &kind).await, "08:2 09:2* 10:2*");
    stage.lea.ok(BOOK, slot(&kind, &at(2, 9))).await;
    assert_eq!(slots(&bob, &kind).await, "09:1*");
    refused(&stage.app, &bob, BOOK, slot(&kind, &at(2, 10)), "CONFLICT BOOKING_LIMIT @startsAt").await;
    bob.ok(BOOK, slot(&kind, &at(2, 9))).await;
    // Also where a manager assigns, by whose choice ever.
    let confirm = "mutation($i: ConfirmBookingInput!) { confirmBooking(input: $i) { id } }";
    let named = json!({ "id": asked, "instructorId": stage.ada.user_id, "resourceIds": [] });
    for (input, field) in [(json!({ "id": asked }), "startsAt"), (named, "instructorId")] {
        refused(&stage.app, &stage.admin, confirm, json!({ "i": input }), &format!("CONFLICT BOOKING_LIMIT @{field}")).await;
    }
}

#[tokio::test]
async fn a_session_of_somebody_who_is_suspended_or_teaches_no_more_is_not_offered() {
    let stage = Stage::start().await;
    let kind = stage.kind(json!({ "seats": 3 })).await;
    let needs = json!([{ "name": "Room", "resourceIds": [stage.room("Red", 9).await] }]);
    let practice = json!({ "name": "Practice", "seats": 3, "needsInstructor": false, "instructors": [], "requirements": needs });
    let practice = stage.kind(practice).await;
    let bob = stage.learner("bob").await;
    for (kind, hour) in [(&kind, 9), (&practice, 15)] {
        stage.lea.ok(BOOK, slot(kind, &at(2, hour))).await;
    }
    let role = |key: &str| json!({ "i": { "userId": stage.ada.user_id, "roleKeys": [key] } });
    let id = json!({ "id": stage.ada.user_id });
    let roles = "mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }";
    let steps = [
        ("mutation($id: ID!) { suspendUser(id: $id) { id } }", id.clone(), "mutation($id: ID!) { reactivateUser(id: $id) { id } }", id),
        (roles, role("VIEWER"), roles, role("INSTRUCTOR")),
    ];
    for (stop, stopping, back, coming) in steps {
        assert_eq!(slots(&bob, &kind).await, "08:3 09:2* 10:3");
        stage.admin.ok(stop, stopping).await;
        assert_eq!(slots(&bob, &kind).await, "");
        refused(&stage.app, &bob, BOOK, slot(&kind, &at(2, 9)), "CONFLICT OUTSIDE_AVAILABILITY @startsAt").await;
        stage.admin.ok(back, coming).await;
    }
    // What needs nobody is had all the same.
    assert_eq!(bob.ok(BOOK, slot(&practice, &at(2, 15))).await["bookSlot"]["groupSession"]["seatsTaken"], 2);
}
