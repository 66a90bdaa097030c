//! One resource in one booking at a time, with setup and teardown, by every path.

use lectern_kernel::ids;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::*;

const ASSIGN: &str = "mutation($i: AssignBookingInput!) { assignBooking(input: $i) { id status resources { id } } }";
const APPROVE: &str = "mutation($id: ID!) { approveBooking(id: $id) { id status resources { id } } }";
const RESCHEDULE: &str = "mutation($i: RescheduleBookingInput!) { rescheduleBooking(input: $i) { id status resources { id } } }";
const CANCEL: &str = "mutation($i: CancelBookingInput!) { cancelBooking(input: $i) { id } }";

/// A booking of the learner that is approved.
async fn approved(app: &TestApp, from: &str, to: &str) -> Value {
    let id = Uuid::now_v7();
    app.sql(&format!(
        "SET app.audit = 'off'; INSERT INTO booking (tenant_id, id, student_id, status, starts_at, ends_at) \
         SELECT u.tenant_id, '{id}', u.id, 'APPROVED', '{from}', '{to}' FROM app_user u WHERE u.tenant_id = '{}' AND u.name LIKE 'LEARNER%'; RESET app.audit",
        app.oak.tenant
    ))
    .await;
    json!(ids::encode("booking", id))
}

/// A booking of somebody of their own that is approved: nobody else is in its way.
async fn approved_of_new(app: &TestApp, n: usize, from: &str, to: &str) -> Value {
    let (id, student) = (Uuid::now_v7(), Uuid::now_v7());
    app.sql(&format!(
        "SET app.audit = 'off'; INSERT INTO app_user (tenant_id, id, name, email) VALUES ('{0}', '{student}', 'Person {n}', 'person{n}@new.example'); \
         INSERT INTO booking (tenant_id, id, student_id, status, starts_at, ends_at) VALUES ('{0}', '{id}', '{student}', 'APPROVED', '{from}', '{to}'); RESET app.audit",
        app.oak.tenant
    ))
    .await;
    json!(ids::encode("booking", id))
}

/// The learner's booking with the admin, which takes a resource.
pub async fn booked(app: &TestApp, resource: &Value, from: &str, to: &str) -> Value {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let open = json!({ "i": { "startsAt": "2099-03-01T00:00:00Z", "endsAt": "2099-03-20T00:00:00Z" } });
    admin.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", open).await;
    let booking = approved(app, from, to).await;
    admin.ok(ASSIGN, json!({ "i": { "id": booking, "instructorId": admin.user_id, "resourceIds": [resource] } })).await;
    booking
}

fn assign(booking: &Value, to: &Client, resources: &[&Value]) -> Value {
    json!({ "i": { "id": booking, "instructorId": to.user_id, "resourceIds": resources } })
}

async fn claims(app: &TestApp) -> String {
    let sql = "SELECT string_agg(to_char(c.starts_at AT TIME ZONE 'UTC', 'HH24:MI') || '-' || to_char(c.ends_at AT TIME ZONE 'UTC', 'HH24:MI'), ' ' ORDER BY c.starts_at) \
               FROM time_claim c WHERE c.kind = 'RESOURCE'";
    app.text(sql).await.unwrap_or_default()
}

#[tokio::test]
async fn a_booking_holds_its_resources_with_setup_and_teardown_as_long_as_it_stands() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let plane = resource(&admin, json!({ "name": "Cessna", "kind": "AIRCRAFT", "setupMinutes": 10, "teardownMinutes": 15 })).await;
    let room = resource(&admin, json!({ "name": "Room", "kind": "ROOM" })).await;
    let first = booked(&app, &plane, "2099-03-02T10:00Z", "2099-03-02T11:00Z").await;
    assert_eq!(claims(&app).await, "09:50-11:15");
    // As it was booked: a change of the resource changes no booking.
    admin.ok(CHANGE, json!({ "i": { "id": plane, "setupMinutes": 60, "mode": "UNBOOKABLE" } })).await;
    assert_eq!(claims(&app).await, "09:50-11:15");
    admin.ok(CHANGE, json!({ "i": { "id": plane, "setupMinutes": 10, "mode": "FREE" } })).await;
    refused(&app, &admin, DROP, json!({ "id": plane }), "CONFLICT IN_USE @id").await;
    refused(&app, &learner, ASSIGN, assign(&first, &ada, &[&plane]), "FORBIDDEN [BOOKING_MANAGE]").await;

    // The claims of two are not shared: 15 after the first and 10 before the second are 25 between them.
    let open = json!({ "i": { "startsAt": "2099-03-01T00:00:00Z", "endsAt": "2099-03-20T00:00:00Z" } });
    ada.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", open).await;
    let second = approved_of_new(&app, 1, "2099-03-02T11:24Z", "2099-03-02T12:00Z").await;
    let clash = admin.ask(ASSIGN, assign(&second, &ada, &[&room, &plane])).await;
    let extensions = &clash["errors"][0]["extensions"];
    assert_eq!(crate::app::refusal(&clash["errors"][0]), "CONFLICT BOOKING_CONFLICT @resourceIds");
    assert_eq!(
        extensions["busy"],
        json!({ "startsAt": "2099-03-02T10:00:00Z", "endsAt": "2099-03-02T11:00:00Z" }),
        "without what is claimed around it"
    );
    assert_eq!(claims(&app).await, "09:50-11:15");
    let next = approved_of_new(&app, 2, "2099-03-02T11:25Z", "2099-03-02T12:00Z").await;
    let assigned = admin.ok(ASSIGN, assign(&next, &ada, &[&room, &plane])).await["assignBooking"].take();
    assert_eq!(assigned["resources"], json!([{ "id": room }, { "id": plane }]));
    assert_eq!(claims(&app).await, "09:50-11:15 11:15-12:15 11:25-12:00");

    // Back to APPROVED it keeps them; other ones take their place; left out, they stay; none at all.
    assert_eq!(admin.ok(APPROVE, json!({ "id": next })).await["approveBooking"]["resources"], json!([{ "id": room }, { "id": plane }]));
    assert_eq!(claims(&app).await, "09:50-11:15 11:15-12:15 11:25-12:00");
    let kept = json!({ "i": { "id": next, "instructorId": ada.user_id } });
    assert_eq!(admin.ok(ASSIGN, kept).await["assignBooking"]["resources"], json!([{ "id": room }, { "id": plane }]));
    admin.ok(APPROVE, json!({ "id": next })).await;
    assert_eq!(admin.ok(ASSIGN, assign(&next, &ada, &[&room])).await["assignBooking"]["resources"], json!([{ "id": room }]));
    assert_eq!(claims(&app).await, "09:50-11:15 11:25-12:00");

    // Moved, its claims move; where the resource is taken then, it stays where it is.
    let moved = |from: &str, to: &str| json!({ "i": { "id": first, "startsAt": format!("2099-03-02T{from}:00Z"), "endsAt": format!("2099-03-02T{to}:00Z") } });
    learner.ok(RESCHEDULE, moved("13:00", "14:00")).await;
    assert_eq!(claims(&app).await, "11:25-12:00 12:50-14:15");
    admin.ok(APPROVE, json!({ "id": next })).await;
    admin.ok(ASSIGN, assign(&next, &ada, &[&plane])).await;
    refused(&app, &learner, RESCHEDULE, moved("12:24", "12:50"), "CONFLICT BOOKING_CONFLICT @startsAt").await;
    assert_eq!(claims(&app).await, "11:15-12:15 12:50-14:15");

    // Cancelled, it gives them back, and another may have them; history still names them.
    learner.ok(CANCEL, json!({ "i": { "id": first } })).await;
    assert_eq!(claims(&app).await, "11:15-12:15");
    let named = "query($f: BookingFilter) { bookings(filter: $f) { nodes { id resources { name } } } }";
    let of_plane = admin.ok(named, json!({ "f": { "resourceId": plane } })).await["bookings"]["nodes"].take();
    assert_eq!(of_plane.as_array().unwrap().len(), 2, "{of_plane}");
    // Nested, they cost one statement for all bookings.
    let one = app.statements(&admin, "{ bookings(first: 1) { nodes { resources { name } } } }", json!({})).await;
    assert_eq!(app.statements(&admin, "{ bookings { nodes { resources { name } } } }", json!({})).await, one);

    // What nobody has any more is deleted: what had it still says so, and nothing else does.
    admin.ok(CANCEL, json!({ "i": { "id": next } })).await;
    admin.ok(DROP, json!({ "id": plane })).await;
    let own = learner.ok("query($id: ID!) { booking(id: $id) { resources { id name } } }", json!({ "id": first })).await["booking"].take();
    assert_eq!(own, json!({ "resources": [{ "id": plane, "name": "Cessna" }] }));
    for client in [&admin, &learner] {
        let gone = "query($id: ID!) { resource(id: $id) { id } node(id: $id) { id } resources { nodes { name } } }";
        let seen = client.ok(gone, json!({ "id": plane })).await;
        assert_eq!(seen, json!({ "resource": null, "node": null, "resources": { "nodes": [{ "name": "Room" }] } }));
    }
    refused(&app, &admin, DROP, json!({ "id": plane }), "NOT_FOUND @id").await;
    refused(&app, &admin, CHANGE, json!({ "i": { "id": plane, "name": "Piper" } }), "NOT_FOUND @id").await;
    let third = approved_of_new(&app, 3, "2099-03-03T11:25Z", "2099-03-03T12:00Z").await;
    refused(&app, &admin, ASSIGN, assign(&third, &ada, &[&plane]), "NOT_FOUND @resourceIds.0").await;
}

#[tokio::test]
async fn what_is_closed_unbookable_unknown_or_too_many_is_refused_and_nothing_is_claimed() {
    let app = TestApp::start().await;
    let [admin, ada] = [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await];
    let foreign = app.sign_in(&app.elm, Who::Admin).await;
    let open = json!({ "i": { "startsAt": "2099-03-01T00:00:00Z", "endsAt": "2099-03-20T00:00:00Z" } });
    ada.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", open).await;
    let room = resource(&admin, json!({ "name": "Room", "kind": "ROOM" })).await;
    let grounded = resource(&admin, json!({ "name": "Cessna", "kind": "AIRCRAFT", "mode": "UNBOOKABLE" })).await;
    let of_elm = resource(&foreign, json!({ "name": "Room", "kind": "ROOM" })).await;
    admin.ok(OFF, json!({ "i": { "resourceId": room, "startsAt": "2099-03-02T10:30:00Z", "endsAt": "2099-03-02T10:35:00Z" } })).await;
    let booking = approved(&app, "2099-03-02T10:00Z", "2099-03-02T11:00Z").await;
    let six: Vec<Value> = (0..6).map(|_| json!(nothing("resource"))).collect();
    for (resources, line) in [
        (vec![&room], "CONFLICT RESOURCE_CLOSED @resourceIds"),
        (vec![&grounded], "CONFLICT RESOURCE_UNBOOKABLE @resourceIds"),
        (vec![&room, &room], "BAD_USER_INPUT @resourceIds.1"),
        (vec![&grounded, &of_elm], "NOT_FOUND @resourceIds.1"),
        (vec![&six[0]], "NOT_FOUND @resourceIds.0"),
        (six.iter().collect(), "BAD_USER_INPUT @resourceIds"),
        (vec![&booking], "BAD_USER_INPUT @resourceIds.0"),
    ] {
        refused(&app, &admin, ASSIGN, assign(&booking, &ada, &resources), line).await;
        assert_eq!(claims(&app).await, "", "{line}");
    }
    // From another state there is no such step, whatever the resources are.
    app.sql("SET app.audit = 'off'; UPDATE booking SET status = 'CANCELLED'; RESET app.audit").await;
    refused(&app, &admin, ASSIGN, assign(&booking, &ada, &[&room]), "CONFLICT INVALID_TRANSITION").await;
}

#[tokio::test]
async fn of_many_who_take_one_resource_at_once_exactly_one_wins_and_nobody_is_a_deadlock() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (one, two) = (
        resource(&admin, json!({ "name": "One", "kind": "ROOM", "setupMinutes": 5 })).await,
        resource(&admin, json!({ "name": "Two", "kind": "ROOM", "teardownMinutes": 5 })).await,
    );
    // Twelve bookings of as many learners with as many instructors, by one resource, or by both in either order.
    let mut tries = Vec::new();
    for n in 0..12 {
        let minute = n % 4;
        let booking = approved_of_new(&app, n, &format!("2099-03-02T10:{minute:02}Z"), "2099-03-02T11:00Z").await;
        let teacher = app.person(&app.oak, &format!("teacher{n}@oak.example"), &["INSTRUCTOR"]).await;
        app.sql(&format!(
            "SET app.audit = 'off'; INSERT INTO availability (tenant_id, id, instructor_id, starts_at, ends_at) \
             VALUES ('{}', app.uuid_v7(), '{}', '2099-03-02T00:00Z', '2099-03-03T00:00Z'); RESET app.audit",
            app.oak.tenant,
            ids::decode(&teacher.user_id).unwrap().1
        ))
        .await;
        let resources = if n % 2 == 0 { vec![&one, &two] } else { vec![&two, &one] };
        tries.push(assign(&booking, &teacher, &resources));
    }
    let mut requests = JoinSet::new();
    for variables in tries {
        let admin = admin.clone();
        requests.spawn(async move { admin.ask(ASSIGN, variables).await });
    }
    let answers = requests.join_all().await;
    let winners = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!(winners, 1, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.get("errors").is_some()) {
        assert_eq!(crate::app::refusal(&answer["errors"][0]), "CONFLICT BOOKING_CONFLICT @resourceIds", "{answer}");
    }
    assert_eq!(app.count("time_claim WHERE kind = 'RESOURCE'").await, 2);
    assert_eq!(app.count("booking WHERE status = 'ASSIGNED'").await, 1);
}
