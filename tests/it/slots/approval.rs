//! What waits for the school's answer.

use super::*;
use crate::hours::resource;

const APPROVE: &str = "mutation($id: ID!) { approveBooking(id: $id) { id status } }";
const ASSIGN: &str = "mutation($i: AssignBookingInput!) { assignBooking(input: $i) { id status instructor { id } resources { name } } }";

async fn claims(app: &TestApp) -> String {
    app.text("SELECT string_agg(kind, ' ' ORDER BY kind) FROM time_claim").await.unwrap_or_default()
}

#[tokio::test]
async fn what_needs_approval_is_a_request_that_keeps_what_was_named() {
    let cast = Cast::start().await;
    let plane = resource(&cast.admin, json!({ "name": "Cessna", "kind": "AIRCRAFT" })).await;
    let needs = json!([{ "name": "Aircraft", "resourceIds": [plane] }]);
    let flight = cast.kind(json!({ "needsApproval": true, "requirements": needs })).await;
    let offers =
        cast.lea.ok(SLOTS, json!({ "t": flight, "f": at("10:00"), "to": at("10:01") })).await["slots"]["days"][0]["slots"][0].take();
    assert_eq!(offers["needsApproval"], true);
    let plain = book(&cast.lea, &flight, "10:00", json!({})).await;
    assert_eq!(
        (&plain["status"], &plain["instructor"], &plain["requestedInstructor"], &plain["resources"]),
        (&json!("REQUESTED"), &Value::Null, &Value::Null, &json!([]))
    );
    // It holds nobody's time; somebody else may ask for the same.
    assert_eq!(claims(&cast.app).await, "");
    let mary = cast.learner("mary").await;
    let named = book(&mary, &flight, "10:00", json!({ "instructorId": cast.ada.user_id, "resourceIds": [plane] })).await;
    assert_eq!((&named["requestedInstructor"]["id"], &named["resources"]), (&json!(cast.ada.user_id), &json!([{ "name": "Cessna" }])));
    cast.admin.ok(APPROVE, json!({ "id": named["id"] })).await;
    assert_eq!(claims(&cast.app).await, "LEARNER RESOURCE");
    cast.admin.ok(ASSIGN, json!({ "i": { "id": named["id"], "instructorId": cast.ada.user_id } })).await;
    assert_eq!(claims(&cast.app).await, "INSTRUCTOR LEARNER RESOURCE");
    refused(&cast, &cast.learner("tom").await, &flight, "10:00", "BOOKING_CONFLICT", "startsAt").await;
    // Who manages bookings answers at once.
    assert_eq!(book(&cast.admin, &flight, "13:00", json!({ "learnerId": mary.user_id })).await["status"], "ASSIGNED");
}

#[tokio::test]
async fn a_request_that_holds_its_time_is_chosen_for_at_once() {
    let cast = Cast::start().await;
    let plane = resource(&cast.admin, json!({ "name": "Cessna", "kind": "AIRCRAFT" })).await;
    let needs = json!([{ "name": "Aircraft", "resourceIds": [plane] }]);
    let flight = cast.kind(json!({ "needsApproval": true, "holdsWhileRequested": true, "requirements": needs })).await;
    let asked = book(&cast.lea, &flight, "10:00", json!({})).await;
    assert_eq!(
        (&asked["status"], &asked["instructor"], &asked["requestedInstructor"]["id"], &asked["resources"]),
        (&json!("REQUESTED"), &Value::Null, &json!(cast.ada.user_id), &json!([{ "name": "Cessna" }]))
    );
    assert_eq!(claims(&cast.app).await, "INSTRUCTOR LEARNER RESOURCE");
    let mary = cast.learner("mary").await;
    refused(&cast, &mary, &flight, "10:00", "BOOKING_CONFLICT", "startsAt").await;
    cast.admin.ok(APPROVE, json!({ "id": asked["id"] })).await;
    assert_eq!(claims(&cast.app).await, "INSTRUCTOR LEARNER RESOURCE");
    cast.admin.ok(ASSIGN, json!({ "i": { "id": asked["id"], "instructorId": cast.ada.user_id } })).await;
    assert_eq!(claims(&cast.app).await, "INSTRUCTOR LEARNER RESOURCE");
    let why = "query($id: ID!) { booking(id: $id) { assignment { strategy candidates { isChosen instructor { id } } } } }";
    let why = cast.admin.ok(why, json!({ "id": asked["id"] })).await["booking"]["assignment"].take();
    assert_eq!(why, json!({ "strategy": "ROUND_ROBIN", "candidates": [{ "isChosen": true, "instructor": { "id": cast.ada.user_id } }] }));
    // Called off while it waits, it holds nothing.
    let other = book(&mary, &flight, "12:00", json!({})).await;
    cast.admin.ok("mutation($i: CancelBookingInput!) { cancelBooking(input: $i) { id } }", json!({ "i": { "id": other["id"] } })).await;
    assert_eq!(claims(&cast.app).await, "INSTRUCTOR LEARNER RESOURCE");
}

#[tokio::test]
async fn of_all_that_a_booking_needs_the_strictest_decides() {
    let cast = Cast::start().await;
    let [free, asks, grounded] = [
        resource(&cast.admin, json!({ "name": "Cessna", "kind": "AIRCRAFT" })).await,
        resource(&cast.admin, json!({ "name": "Jet", "kind": "AIRCRAFT", "mode": "APPROVAL_REQUIRED" })).await,
        resource(&cast.admin, json!({ "name": "Wreck", "kind": "AIRCRAFT", "mode": "UNBOOKABLE" })).await,
    ];
    let flight = cast.kind(json!({ "requirements": [{ "name": "Aircraft", "resourceIds": [grounded, free, asks] }] })).await;
    assert_eq!(book(&cast.lea, &flight, "08:00", json!({})).await["resources"][0]["name"], "Cessna");
    let wished = book(&cast.lea, &flight, "10:00", json!({ "resourceIds": [asks] })).await;
    assert_eq!((&wished["status"], &wished["resources"][0]["name"]), (&json!("REQUESTED"), &json!("Jet")));
    let answer = cast.lea.ask(BOOK, wish(&flight, "12:00", json!({ "resourceIds": [grounded] }))).await;
    assert_eq!(refusal(&answer["errors"][0]), "CONFLICT RESOURCE_UNBOOKABLE @resourceIds");
    assert_eq!(
        book(&cast.admin, &flight, "14:00", json!({ "learnerId": cast.lea.user_id, "resourceIds": [asks] })).await["status"],
        "ASSIGNED"
    );
}

#[tokio::test]
async fn a_learners_move_waits_for_the_school_by_what_the_booking_keeps_whatever_else_is_free() {
    let cast = Cast::start().await;
    let [cessna, jet] = [
        resource(&cast.admin, json!({ "name": "Cessna", "kind": "AIRCRAFT" })).await,
        resource(&cast.admin, json!({ "name": "Jet", "kind": "AIRCRAFT", "mode": "APPROVAL_REQUIRED" })).await,
    ];
    let confirm = "mutation($i: ConfirmBookingInput!) { confirmBooking(input: $i) { status resources { name } } }";
    let reschedule = "mutation($i: RescheduleBookingInput!) { rescheduleBooking(input: $i) { status resources { name } } }";
    let both = [
        ([&cessna, &jet], &jet, "Jet", ["08:00", "10:00", "11:00"], "REQUESTED", "APPROVED"),
        ([&jet, &cessna], &cessna, "Cessna", ["12:00", "14:00", "15:00"], "ASSIGNED", "ASSIGNED"),
    ];
    for (order, kept, name, [from, to, until], booked, moved) in both {
        let flight = cast.kind(json!({ "requirements": [{ "name": "Aircraft", "resourceIds": order }] })).await;
        let booking = book(&cast.lea, &flight, from, json!({ "resourceIds": [kept] })).await;
        assert_eq!((&booking["status"], &booking["resources"]), (&json!(booked), &json!([{ "name": name }])));
        if booked == "REQUESTED" {
            let confirmed = cast.admin.ok(confirm, json!({ "i": { "id": booking["id"] } })).await["confirmBooking"].take();
            assert_eq!(confirmed, json!({ "status": "ASSIGNED", "resources": [{ "name": name }] }));
        }
        let later = json!({ "i": { "id": booking["id"], "startsAt": at(to), "endsAt": at(until) } });
        let answer = cast.lea.ok(reschedule, later).await["rescheduleBooking"].take();
        assert_eq!(answer, json!({ "status": moved, "resources": [{ "name": name }] }));
    }
}

#[tokio::test]
async fn a_request_that_holds_its_time_goes_on_without_whom_it_wished_for_where_somebody_else_has_them() {
    let cast = Cast::start().await;
    let [tom, carl, mary] = [cast.instructor("tom").await, cast.instructor("carl").await, cast.learner("mary").await];
    let both = json!([{ "instructorId": cast.ada.user_id }, { "instructorId": tom.user_id }]);
    let lesson = cast.kind(json!({ "name": "Lesson" })).await;
    let holding = json!({ "needsApproval": true, "holdsWhileRequested": true, "strategy": "FIXED", "instructors": both });
    let flight = cast.kind(holding).await;
    let look = "query($id: ID!) { booking(id: $id) { status instructor { id } requestedInstructor { id } } }";
    let stands = async |booking: &Value| {
        let booking = cast.admin.ok(look, json!({ "id": booking })).await["booking"].take();
        [booking["status"].clone(), booking["instructor"]["id"].clone(), booking["requestedInstructor"]["id"].clone()]
    };
    let confirm = "mutation($i: ConfirmBookingInput!) { confirmBooking(input: $i) { id } }";
    let to = |booking: &Value, who: &Client| json!({ "i": { "id": booking, "instructorId": who.user_id } });
    // It is moved to where another of the type is free, and holds them there.
    let first = book(&cast.lea, &flight, "08:00", json!({})).await;
    assert_eq!(first["requestedInstructor"]["id"], cast.ada.user_id);
    let first = first["id"].clone();
    cast.admin.ok(APPROVE, json!({ "id": first })).await;
    book(&mary, &lesson, "09:00", json!({})).await;
    assert!(offered_with(&cast.lea, &flight, json!({ "b": first })).await.contains("09:00"));
    let later = json!({ "i": { "id": first, "startsAt": at("09:00"), "endsAt": at("10:00") } });
    cast.lea.ok("mutation($i: RescheduleBookingInput!) { rescheduleBooking(input: $i) { id } }", later).await;
    assert_eq!(stands(&first).await, [json!("APPROVED"), Value::Null, json!(tom.user_id)]);
    // It goes from hand to hand, and back to being approved: then it holds whoever had it.
    let second = book(&cast.lea, &flight, "11:00", json!({})).await["id"].take();
    cast.admin.ok(confirm, to(&second, &tom)).await;
    book(&mary, &lesson, "11:00", json!({})).await;
    cast.admin.ok(confirm, to(&second, &carl)).await;
    assert_eq!(stands(&second).await, [json!("ASSIGNED"), json!(carl.user_id), json!(cast.ada.user_id)]);
    cast.admin.ok(APPROVE, json!({ "id": second })).await;
    assert_eq!(stands(&second).await, [json!("APPROVED"), Value::Null, json!(carl.user_id)]);
    // With whoever has it deleted, it holds nobody.
    let third = book(&cast.lea, &flight, "13:00", json!({})).await["id"].take();
    cast.admin.ok(confirm, to(&third, &tom)).await;
    book(&mary, &lesson, "13:00", json!({})).await;
    cast.admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": tom.user_id })).await;
    assert_eq!(stands(&third).await, [json!("APPROVED"), Value::Null, Value::Null]);
}
