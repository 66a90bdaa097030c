//! Bookings of a type that are moved: as if booked anew, with whom and what they have where these are free.

use serde_json::{Value, json};

use super::*;
use crate::classroom::nothing;

const MOVE: &str = "mutation($i: RescheduleBookingInput!) { rescheduleBooking(input: $i) { id status startsAt rescheduleCount instructor { id } resources { id } } }";

fn to(booking: &Value, from: i64) -> Value {
    json!({ "i": { "id": booking, "startsAt": minute(from), "endsAt": minute(from + 60) } })
}

fn because(booking: &Value, from: i64, reason: &str) -> Value {
    json!({ "i": { "id": booking, "startsAt": minute(from), "endsAt": minute(from + 60), "reason": reason } })
}

/// Two instructors who are open all day, a type of theirs with these columns beside, and a booking of it that the first has at nine.
async fn booked(app: &TestApp, columns: &[(&str, &str)]) -> (Value, Value, [Client; 4]) {
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let bob = app.person(&app.oak, "bob@oak.example", &["INSTRUCTOR"]).await;
    for instructor in [&ada, &bob] {
        available(app, &app.oak, instructor, (0, 1440)).await;
    }
    let all: Vec<(&str, &str)> = [("strategy", "'FIXED'")].into_iter().chain(columns.iter().copied()).collect();
    let kind = booking_type(app, &app.oak, &all, &[&bob, &ada]).await;
    let booking = booking_in(app, &app.oak, "APPROVED", &learner, &ada, (540, 600)).await;
    admin.ok(ASSIGN, json!({ "i": { "id": booking, "instructorId": ada.user_id } })).await;
    make_of(app, &booking, &kind).await;
    (booking, kind, [admin, ada, learner, bob])
}

#[tokio::test]
async fn a_booking_of_a_type_stays_assigned_to_whoever_has_it_where_they_are_free() {
    let app = TestApp::start().await;
    let (booking, _, [admin, ada, learner, bob]) = booked(&app, &[]).await;
    let moved = learner.ok(MOVE, to(&booking, 660)).await["rescheduleBooking"].take();
    assert_eq!(
        (&moved["status"], &moved["instructor"]["id"], &moved["rescheduleCount"]),
        (&json!("ASSIGNED"), &json!(ada.user_id), &json!(1))
    );
    // Where she is busy, the next of the type.
    let other = booking_in(&app, &app.oak, "APPROVED", &bob, &ada, (780, 840)).await;
    admin.ok(ASSIGN, json!({ "i": { "id": other, "instructorId": ada.user_id } })).await;
    app.sql(&format!("DELETE FROM time_claim WHERE party_id = '{}'", uuid_of(&bob))).await;
    let moved = admin.ok(MOVE, to(&booking, 780)).await["rescheduleBooking"].take();
    assert_eq!(
        (&moved["status"], &moved["instructor"]["id"], &moved["rescheduleCount"]),
        (&json!("ASSIGNED"), &json!(bob.user_id), &json!(2))
    );
    // Whoever had it is told as well as whoever has it now.
    app.work().await;
    for instructor in [&ada, &bob] {
        let list = instructor.ok("{ notifications(first: 10) { nodes { kind } } }", json!({})).await;
        assert!(list["notifications"]["nodes"].as_array().unwrap().contains(&json!({ "kind": "BOOKING_RESCHEDULED" })), "{list}");
    }
    // To the time that it has, nothing changes.
    let before = contents(&app).await;
    assert_eq!(learner.ok(MOVE, to(&booking, 780)).await["rescheduleBooking"]["rescheduleCount"], 2);
    assert_eq!(contents(&app).await, before);
    // One may say with whom.
    let named = json!({ "i": { "id": booking, "startsAt": minute(900), "endsAt": minute(960), "instructorId": ada.user_id } });
    assert_eq!(learner.ok(MOVE, named).await["rescheduleBooking"]["instructor"]["id"], json!(ada.user_id));
    // It is refused as a booking would be, and then nothing has moved.
    refused(&app, &learner, MOVE, to(&booking, 907), "CONFLICT NOT_ON_GRID @startsAt").await;
    refused(&app, &learner, MOVE, to(&booking, 1500), "CONFLICT OUTSIDE_AVAILABILITY @startsAt").await;
    let longer = json!({ "i": { "id": booking, "startsAt": minute(900), "endsAt": minute(990) } });
    refused(&app, &learner, MOVE, longer, "BAD_USER_INPUT @endsAt").await;
    for (instructor, line) in [(nothing("user"), "NOT_FOUND @instructorId"), (admin.user_id.clone(), "BAD_USER_INPUT @instructorId")] {
        let named = json!({ "i": { "id": booking, "startsAt": minute(600), "endsAt": minute(660), "instructorId": instructor } });
        refused(&app, &admin, MOVE, named, line).await;
    }
}

#[tokio::test]
async fn a_move_names_whom_and_what_a_booking_of_the_type_could_name() {
    let app = TestApp::start().await;
    let (booking, kind, [admin, ada, learner, bob]) = booked(&app, &[]).await;
    let named = |booking: &Value, extra: Value| {
        let mut input = json!({ "id": booking, "startsAt": minute(660), "endsAt": minute(720) });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "i": input })
    };
    let mut rooms = Vec::new();
    for name in ["Red", "Blue", "Green"] {
        let room = json!({ "i": { "name": name, "kind": "ROOM" } });
        rooms.push(
            admin.ok("mutation($i: CreateResourceInput!) { createResource(input: $i) { id } }", room).await["createResource"]["id"].take(),
        );
    }
    let [red, blue, green] = [&rooms[0], &rooms[1], &rooms[2]];
    let needs = json!({ "i": { "id": kind, "requirements": [{ "name": "Room", "resourceIds": [red, blue] }] } });
    admin.ok("mutation($i: UpdateBookingTypeInput!) { updateBookingType(input: $i) { id } }", needs).await;
    for wrong in [json!([green]), json!([blue, green]), json!([red, blue])] {
        refused(&app, &learner, MOVE, named(&booking, json!({ "resourceIds": wrong })), "BAD_USER_INPUT @resourceIds").await;
    }
    let moved = learner.ok(MOVE, named(&booking, json!({ "resourceIds": [blue] }))).await["rescheduleBooking"].take();
    assert_eq!(moved["resources"], json!([{ "id": blue }]));
    // Nobody takes their own booking.
    let own = booking_in(&app, &app.oak, "APPROVED", &bob, &ada, (900, 960)).await;
    make_of(&app, &own, &kind).await;
    refused(&app, &admin, MOVE, named(&own, json!({ "instructorId": bob.user_id })), "BAD_USER_INPUT @instructorId").await;
}

#[tokio::test]
async fn a_learners_move_goes_back_to_the_school_where_it_answers() {
    let app = TestApp::start().await;
    let (booking, _, [admin, ada, learner, _]) = booked(&app, &[("needs_approval", "true")]).await;
    let moved = admin.ok(MOVE, to(&booking, 660)).await["rescheduleBooking"].take();
    assert_eq!(
        (&moved["status"], &moved["instructor"]["id"]),
        (&json!("ASSIGNED"), &json!(ada.user_id)),
        "the school answers by moving it"
    );
    let moved = learner.ok(MOVE, to(&booking, 780)).await["rescheduleBooking"].take();
    assert_eq!((&moved["status"], &moved["instructor"]), (&json!("APPROVED"), &Value::Null));
    assert_eq!(app.text("SELECT string_agg(kind, ' ') FROM time_claim").await.as_deref(), Some("LEARNER"));
}

#[tokio::test]
async fn what_is_assigned_of_a_type_is_approved_again_by_whoever_can_bring_that_about() {
    let steps = async |client: &Client, booking: &Value| {
        let look = "query($id: ID!) { booking(id: $id) { allowedTransitions } }";
        client.ok(look, json!({ "id": booking })).await["booking"]["allowedTransitions"].take()
    };
    let app = TestApp::start().await;
    let (booking, kind, [admin, ada, learner, _]) = booked(&app, &[]).await;
    assert_eq!(steps(&learner, &booking).await, json!(["CANCELLED"]), "moved, it stays assigned");
    assert_eq!(steps(&admin, &booking).await, json!(["APPROVED", "CANCELLED"]));
    assert_eq!(steps(&ada, &booking).await, json!([]));
    app.sql(&format!("UPDATE booking_type SET needs_approval = true WHERE id = '{}'", uuid(&kind))).await;
    assert_eq!(steps(&learner, &booking).await, json!(["APPROVED", "CANCELLED"]));
    // Nor does the learner what is too late for them, or was done often enough.
    let terms = async |columns: &str| app.sql(&format!("UPDATE booking_type SET {columns} WHERE id = '{}'", uuid(&kind))).await;
    for (columns, allowed) in [
        ("max_reschedules = 0", json!(["CANCELLED"])),
        ("max_reschedules = NULL, reschedule_notice_minutes = 525600", json!(["CANCELLED"])),
        ("cancel_notice_minutes = 525600", json!([])),
        ("allows_late_cancel = true", json!(["CANCELLED"])),
        ("reschedule_notice_minutes = 0, cancel_notice_minutes = 0", json!(["APPROVED", "CANCELLED"])),
    ] {
        terms(columns).await;
        assert_eq!(steps(&learner, &booking).await, allowed, "{columns}");
        assert_eq!(steps(&admin, &booking).await, json!(["APPROVED", "CANCELLED"]), "{columns}");
    }
    assert_eq!(learner.ok(MOVE, to(&booking, 660)).await["rescheduleBooking"]["status"], "APPROVED");
}

#[tokio::test]
async fn learners_move_in_time_so_often_and_say_why() {
    let app = TestApp::start().await;
    let columns = [("reschedule_notice_minutes", "60"), ("max_reschedules", "1"), ("requires_reason", "true")];
    let (booking, _, [admin, _, learner, _]) = booked(&app, &columns).await;
    refused(&app, &learner, MOVE, to(&booking, 660), "BAD_USER_INPUT REASON_REQUIRED @reason").await;
    learner.ok(MOVE, because(&booking, 660, "Ill")).await;
    let answer = learner.ask(MOVE, because(&booking, 720, "Ill")).await;
    let said = &answer["errors"][0]["extensions"];
    assert_eq!((&said["reason"], &said["limit"], &said["used"]), (&json!("RESCHEDULE_LIMIT"), &json!(1), &json!(1)), "{answer}");
    // Why stands in the log, for those who read it.
    let why = app.text("SELECT after ->> 'reschedule_reason' FROM audit_entry WHERE operation = 'rescheduleBooking' AND outcome = 'CHANGED' AND after ? 'reschedule_reason'").await;
    assert_eq!(why.as_deref(), Some("Ill"));
    admin.ok(MOVE, to(&booking, 720)).await;
    app.sql("UPDATE booking_type SET max_reschedules = NULL").await;
    begin_in(&app, &booking, 59).await;
    refused(&app, &learner, MOVE, because(&booking, 780, "Ill"), "CONFLICT NOTICE_PASSED").await;
}

#[tokio::test]
async fn what_is_for_types_is_refused_without_one() {
    let app = TestApp::start().await;
    let [ada, learner] = [app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let booking = booking_in(&app, &app.oak, "REQUESTED", &learner, &ada, (540, 600)).await;
    for (field, value) in [("instructorId", json!(ada.user_id)), ("resourceIds", json!([])), ("holdId", json!(nothing("hold")))] {
        let mut input = to(&booking, 660);
        input["i"][field] = value;
        refused(&app, &learner, MOVE, input, &format!("BAD_USER_INPUT @{field}")).await;
    }
    // A reason is kept with the move.
    assert_eq!(learner.ok(MOVE, because(&booking, 660, "Ill")).await["rescheduleBooking"]["rescheduleCount"], 1);
}

#[tokio::test]
async fn a_slot_that_is_held_can_be_moved_into() {
    let app = TestApp::start().await;
    let (booking, kind, [_, _, learner, bob]) = booked(&app, &[]).await;
    let hold = "mutation($i: HoldSlotInput!) { holdSlot(input: $i) { id } }";
    let held =
        learner.ok(hold, json!({ "i": { "bookingTypeId": kind, "startsAt": minute(900), "instructorId": bob.user_id } })).await["holdSlot"]
            ["id"]
            .take();
    let into = |from: i64| {
        let mut input = to(&booking, from);
        input["i"]["holdId"] = held.clone();
        input
    };
    refused(&app, &learner, MOVE, into(960), "BAD_USER_INPUT @holdId").await;
    let moved = learner.ok(MOVE, into(900)).await["rescheduleBooking"].take();
    assert_eq!((&moved["status"], &moved["instructor"]["id"]), (&json!("ASSIGNED"), &json!(bob.user_id)));
    // A retry moves nothing twice.
    assert_eq!(learner.ok(MOVE, into(900)).await["rescheduleBooking"]["rescheduleCount"], 1);
    assert_eq!(app.count("time_claim WHERE hold_id IS NOT NULL").await, 0);
    // Nor is it a hold of another time now.
    refused(&app, &learner, MOVE, into(1020), "BAD_USER_INPUT @holdId").await;
}

#[tokio::test]
async fn of_two_who_move_to_the_same_time_one_gets_it() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let eve = app.person(&app.oak, "eve@oak.example", &["LEARNER"]).await;
    available(&app, &app.oak, &ada, (0, 14 * 1440)).await;
    let kind = booking_type(&app, &app.oak, &[("buffer_after_minutes", "10")], &[&ada]).await;
    for day in 0..10 {
        let at = |minute: i64| day * 1440 + minute;
        let mut bookings = Vec::new();
        for (student, from) in [(&learner, at(540)), (&eve, at(660))] {
            let booking = booking_in(&app, &app.oak, "APPROVED", student, &ada, (from, from + 60)).await;
            admin.ok(ASSIGN, json!({ "i": { "id": booking, "instructorId": ada.user_id } })).await;
            make_of(&app, &booking, &kind).await;
            bookings.push(booking);
        }
        // The buffer alone keeps them apart.
        let (one, two) = tokio::join!(learner.ask(MOVE, to(&bookings[0], at(840))), eve.ask(MOVE, to(&bookings[1], at(900))));
        let won = [&one, &two].iter().filter(|answer| answer["data"]["rescheduleBooking"]["status"] == "ASSIGNED").count();
        let lost = [&one, &two].iter().filter(|answer| answer["errors"][0]["extensions"]["reason"] == "BOOKING_CONFLICT").count();
        assert_eq!((won, lost), (1, 1), "{one} {two}");
        let moved =
            format!("booking WHERE reschedule_count = 1 AND starts_at >= '{}' AND starts_at < '{}'", minute(at(0)), minute(at(1440)));
        assert_eq!(app.count(&moved).await, 1);
    }
}
