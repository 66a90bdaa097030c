//! Bookings that are confirmed in one step: who takes them is said, wished for, or chosen.

use serde_json::{Value, json};

use super::*;
use crate::classroom::nothing;

const CONFIRM: &str = "mutation($i: ConfirmBookingInput!) { confirmBooking(input: $i) { id status instructor { id } resources { id } } }";
const RESOURCE: &str = "mutation($i: CreateResourceInput!) { createResource(input: $i) { id } }";

async fn plane(admin: &Client, name: &str) -> Value {
    admin.ok(RESOURCE, json!({ "i": { "name": name, "kind": "AIRCRAFT", "setupMinutes": 10 } })).await["createResource"]["id"].take()
}

fn confirm(booking: &Value) -> Value {
    json!({ "i": { "id": booking } })
}

fn with(booking: &Value, instructor: &Client) -> Value {
    json!({ "i": { "id": booking, "instructorId": instructor.user_id } })
}

/// Whom and what somebody answers.
fn line(answer: &Value) -> (Value, Value) {
    let booking = &answer["confirmBooking"];
    (booking["status"].clone(), booking["instructor"]["id"].clone())
}

/// An administrator, two instructors who are open all day, and a learner between them.
async fn two_instructors() -> (TestApp, [Client; 4]) {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let bob = app.person(&app.oak, "bob@oak.example", &["INSTRUCTOR"]).await;
    for instructor in [&ada, &bob] {
        available(&app, &app.oak, instructor, (0, 1440)).await;
    }
    (app, [admin, ada, learner, bob])
}

#[tokio::test]
async fn a_request_is_approved_and_assigned_in_one_step_and_told_as_that() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    available(&app, &app.oak, &ada, (0, 1440)).await;
    let cessna = plane(&admin, "Cessna").await;
    let request = json!({ "i": { "startsAt": hour(9), "endsAt": hour(10), "requestedInstructorId": ada.user_id } });
    app.sql("RESET app.audit").await;
    let booking = learner.ok(REQUEST, request).await["requestBooking"]["id"].take();
    app.work().await;
    let answer = admin.ok(CONFIRM, json!({ "i": { "id": booking, "resourceIds": [cessna] } })).await;
    assert_eq!(line(&answer), (json!("ASSIGNED"), json!(ada.user_id)), "whom the learner wished for");
    assert_eq!(answer["confirmBooking"]["resources"], json!([{ "id": cessna }]));
    let steps = app
        .text(&format!(
            "SELECT string_agg(after ->> 'status', ' ' ORDER BY at, id) FROM audit_entry WHERE operation = 'confirmBooking' AND resource_id = '{}' AND after ? 'status'",
            uuid(&booking)
        ))
        .await;
    assert_eq!(steps.as_deref(), Some("APPROVED ASSIGNED"));
    app.work().await;
    let told = async |client: &Client| {
        let list = client.ok("{ notifications(first: 100) { nodes { kind } } }", json!({})).await;
        list["notifications"]["nodes"].as_array().unwrap().iter().map(|note| note["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(&learner).await, ["BOOKING_ASSIGNED"]);
    assert_eq!(told(&ada).await, ["BOOKING_ASSIGNED", "BOOKING_REQUESTED"]);
    assert_eq!(
        app.text("SELECT string_agg(kind || ' ' || to_char(starts_at AT TIME ZONE 'UTC', 'HH24:MI'), ' ' ORDER BY kind) FROM time_claim")
            .await
            .as_deref(),
        Some("INSTRUCTOR 09:00 LEARNER 09:00 RESOURCE 08:50")
    );
}

#[tokio::test]
async fn what_is_assigned_goes_to_others() {
    let (app, [admin, ada, learner, bob]) = two_instructors().await;
    let (cessna, piper) = (plane(&admin, "Cessna").await, plane(&admin, "Piper").await);
    let booking = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (540, 600)).await;
    admin.ok(CONFIRM, json!({ "i": { "id": booking, "instructorId": ada.user_id, "resourceIds": [cessna] } })).await;
    let answer = admin.ok(CONFIRM, with(&booking, &bob)).await;
    assert_eq!(line(&answer), (json!("ASSIGNED"), json!(bob.user_id)));
    assert_eq!(answer["confirmBooking"]["resources"], json!([{ "id": cessna }]), "those that it has");
    let answer = admin.ok(CONFIRM, json!({ "i": { "id": booking, "instructorId": bob.user_id, "resourceIds": [piper] } })).await;
    assert_eq!(answer["confirmBooking"]["resources"], json!([{ "id": piper }]));
    assert_eq!(app.count("time_claim").await, 3);
    admin.ok(CONFIRM, json!({ "i": { "id": booking, "instructorId": bob.user_id, "resourceIds": [] } })).await;
    assert_eq!(app.count("time_claim").await, 2);
}

#[tokio::test]
async fn without_type_and_wish_whoever_is_least_busy_takes_it() {
    let (app, [admin, ada, learner, bob]) = two_instructors().await;
    let earlier = Row { student: &learner, instructor: None, wished: None, status: "APPROVED", span: (480, 540) }.put(&app, &app.oak).await;
    admin.ok(CONFIRM, with(&earlier, &ada)).await;
    let booking =
        Row { student: &learner, instructor: None, wished: None, status: "REQUESTED", span: (600, 660) }.put(&app, &app.oak).await;
    assert_eq!(line(&admin.ok(CONFIRM, confirm(&booking)).await), (json!("ASSIGNED"), json!(bob.user_id)));
    let chosen = "query($id: ID!) { booking(id: $id) { assignment { strategy reason candidates { instructor { id } isChosen } } } }";
    assert_eq!(admin.ok(chosen, json!({ "id": booking })).await["booking"]["assignment"]["strategy"], "LEAST_BUSY");
    assert_eq!(admin.ok(chosen, json!({ "id": earlier })).await["booking"]["assignment"], Value::Null, "a person said so");
    // Nobody is open at night.
    let night =
        Row { student: &learner, instructor: None, wished: None, status: "REQUESTED", span: (1500, 1560) }.put(&app, &app.oak).await;
    let answer = admin.ask(CONFIRM, confirm(&night)).await;
    assert_eq!(answer["errors"][0]["extensions"]["reason"], "OUTSIDE_AVAILABILITY", "{answer}");
    // Whoever learns does not teach themselves.
    let own = Row { student: &bob, instructor: None, wished: Some(&bob), status: "REQUESTED", span: (700, 760) }.put(&app, &app.oak).await;
    assert_eq!(line(&admin.ok(CONFIRM, confirm(&own)).await).1, json!(ada.user_id));
}

#[tokio::test]
async fn a_booking_of_a_type_is_given_to_whom_and_what_the_type_takes() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let bob = app.person(&app.oak, "bob@oak.example", &["INSTRUCTOR"]).await;
    let carl = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    for instructor in [&ada, &bob, &carl] {
        available(&app, &app.oak, instructor, (0, 1440)).await;
    }
    let (cessna, piper) = (plane(&admin, "Cessna").await, plane(&admin, "Piper").await);
    let kind = booking_type(&app, &app.oak, &[("strategy", "'FIXED'"), ("is_active", "false")], &[&bob, &ada]).await;
    app.sql(&format!(
        "INSERT INTO booking_type_requirement (tenant_id, type_id, place, name) VALUES ('{t}', '{k}', 1, 'Aircraft'); \
         INSERT INTO booking_type_resource (tenant_id, type_id, resource_id, requirement, place) VALUES ('{t}', '{k}', '{}', 1, 1), ('{t}', '{k}', '{}', 1, 2)",
        uuid(&cessna),
        uuid(&piper),
        t = app.oak.tenant,
        k = uuid(&kind)
    ))
    .await;
    let requested = async |wished: Option<&Client>, from: i64| {
        let booking =
            Row { student: &learner, instructor: None, wished, status: "REQUESTED", span: (from, from + 60) }.put(&app, &app.oak).await;
        make_of(&app, &booking, &kind).await;
        booking
    };
    let (first, second) = (requested(None, 540).await, requested(Some(&ada), 640).await);
    let answer = admin.ok(CONFIRM, confirm(&first)).await;
    assert_eq!((line(&answer).1, &answer["confirmBooking"]["resources"]), (json!(bob.user_id), &json!([{ "id": cessna }])));
    let answer = admin.ok(CONFIRM, confirm(&second)).await;
    assert_eq!((line(&answer).1, &answer["confirmBooking"]["resources"]), (json!(ada.user_id), &json!([{ "id": cessna }])));
    // The wished one is busy, and so is the first resource: others of the type.
    let eve = app.person(&app.oak, "eve@oak.example", &["LEARNER"]).await;
    let other = Row { student: &eve, instructor: None, wished: None, status: "APPROVED", span: (740, 800) }.put(&app, &app.oak).await;
    admin.ok(CONFIRM, json!({ "i": { "id": other, "instructorId": ada.user_id, "resourceIds": [cessna] } })).await;
    let third = requested(Some(&ada), 740).await;
    let answer = admin.ok(CONFIRM, confirm(&third)).await;
    assert_eq!((line(&answer).1, &answer["confirmBooking"]["resources"]), (json!(bob.user_id), &json!([{ "id": piper }])));
    // Anybody whom a manager names.
    let answer = admin.ok(CONFIRM, with(&third, &carl)).await;
    assert_eq!((line(&answer).1, &answer["confirmBooking"]["resources"]), (json!(carl.user_id), &json!([{ "id": piper }])));
}

#[tokio::test]
async fn it_is_refused_as_its_steps_are() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let foreign = app.sign_in(&app.elm, Who::Admin).await;
    available(&app, &app.oak, &ada, (0, 1440)).await;
    let cessna = plane(&admin, "Cessna").await;
    let booking = booking_in(&app, &app.oak, "REQUESTED", &learner, &ada, (540, 600)).await;
    let named = |instructor: &str| json!({ "i": { "id": booking, "instructorId": instructor } });
    refused(&app, &learner, CONFIRM, confirm(&booking), "FORBIDDEN [BOOKING_MANAGE]").await;
    refused(&app, &foreign, CONFIRM, confirm(&booking), "NOT_FOUND @id").await;
    refused(&app, &admin, CONFIRM, json!({ "i": { "id": nothing("booking") } }), "NOT_FOUND @id").await;
    refused(&app, &admin, CONFIRM, named(&nothing("user")), "NOT_FOUND @instructorId").await;
    refused(&app, &admin, CONFIRM, named(&foreign.user_id), "NOT_FOUND @instructorId").await;
    refused(&app, &admin, CONFIRM, named(&learner.user_id), "BAD_USER_INPUT @instructorId").await;
    let resources = |ids: Value| json!({ "i": { "id": booking, "instructorId": ada.user_id, "resourceIds": ids } });
    refused(&app, &admin, CONFIRM, resources(json!([nothing("resource")])), "NOT_FOUND @resourceIds.0").await;
    refused(&app, &admin, CONFIRM, resources(json!([cessna, cessna])), "BAD_USER_INPUT @resourceIds.1").await;
    app.sql("UPDATE resource SET mode = 'UNBOOKABLE'").await;
    refused(&app, &admin, CONFIRM, resources(json!([cessna])), "CONFLICT RESOURCE_UNBOOKABLE @resourceIds").await;
    app.sql("UPDATE resource SET mode = 'FREE'").await;
    for status in ["COMPLETED", "CANCELLED"] {
        let over = booking_in(&app, &app.oak, status, &learner, &ada, (-600, -540)).await;
        refused(&app, &admin, CONFIRM, with(&over, &ada), "CONFLICT INVALID_TRANSITION").await;
    }
    let night = booking_in(&app, &app.oak, "REQUESTED", &learner, &ada, (1500, 1560)).await;
    refused(&app, &admin, CONFIRM, with(&night, &ada), "CONFLICT OUTSIDE_AVAILABILITY @instructorId").await;
    // Where the time is taken, the span says so, of the learner, of the instructor, of a resource.
    let other = app.person(&app.oak, "eve@oak.example", &["LEARNER"]).await;
    let taken = booking_in(&app, &app.oak, "APPROVED", &other, &ada, (550, 610)).await;
    admin.ok(CONFIRM, json!({ "i": { "id": taken, "instructorId": ada.user_id, "resourceIds": [cessna] } })).await;
    let answer = admin.ask(CONFIRM, with(&booking, &ada)).await;
    let said = &answer["errors"][0]["extensions"];
    assert_eq!((&said["reason"], &said["field"]), (&json!("BOOKING_CONFLICT"), &json!("instructorId")), "{answer}");
    assert_eq!(said["busy"]["startsAt"].as_str().unwrap().parse::<Timestamp>().unwrap(), moment(550));
    app.sql(&format!("UPDATE app_user SET status = 'SUSPENDED' WHERE id = '{}'", uuid_of(&learner))).await;
    refused(&app, &admin, CONFIRM, with(&booking, &ada), "CONFLICT USER_SUSPENDED").await;
}

#[tokio::test]
async fn of_two_requests_that_are_confirmed_at_once_one_gets_the_instructor() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let eve = app.person(&app.oak, "eve@oak.example", &["LEARNER"]).await;
    available(&app, &app.oak, &ada, (0, 30 * 1440)).await;
    for day in 0..10 {
        let span = (day * 1440 + 540, day * 1440 + 600);
        let one = booking_in(&app, &app.oak, "REQUESTED", &learner, &ada, span).await;
        let two = booking_in(&app, &app.oak, "REQUESTED", &eve, &ada, span).await;
        let (first, second) = tokio::join!(admin.ask(CONFIRM, with(&one, &ada)), admin.ask(CONFIRM, with(&two, &ada)));
        let won = [&first, &second].iter().filter(|answer| answer["data"]["confirmBooking"]["status"] == "ASSIGNED").count();
        assert_eq!(won, 1, "{first} {second}");
        let states =
            app.text(&format!("SELECT string_agg(status, ' ' ORDER BY status) FROM booking WHERE starts_at = '{}'", minute(span.0))).await;
        assert_eq!(states.as_deref(), Some("ASSIGNED REQUESTED"), "all or nothing");
    }
}

#[tokio::test]
async fn what_needs_nobody_is_confirmed_without_anybody() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    available(&app, &app.oak, &ada, (0, 1440)).await;
    let room = plane(&admin, "Simulator").await;
    let kind = booking_type(&app, &app.oak, &[("needs_instructor", "false")], &[]).await;
    let booking = Row { student: &learner, instructor: None, wished: None, status: "APPROVED", span: (540, 600) }.put(&app, &app.oak).await;
    make_of(&app, &booking, &kind).await;
    app.sql(&format!("SET session_replication_role = replica; UPDATE booking SET needs_no_instructor = true WHERE id = '{}'; RESET session_replication_role", uuid(&booking)))
        .await;
    refused(&app, &admin, ASSIGN, json!({ "i": { "id": booking, "instructorId": ada.user_id } }), "BAD_USER_INPUT @instructorId").await;
    refused(&app, &admin, CONFIRM, with(&booking, &ada), "BAD_USER_INPUT @instructorId").await;
    let answer = admin.ok(CONFIRM, json!({ "i": { "id": booking, "resourceIds": [room] } })).await;
    assert_eq!((line(&answer), &answer["confirmBooking"]["resources"]), ((json!("ASSIGNED"), Value::Null), &json!([{ "id": room }])));
    assert_eq!(app.text("SELECT string_agg(kind, ' ' ORDER BY kind) FROM time_claim").await.as_deref(), Some("LEARNER RESOURCE"));
}

#[tokio::test]
async fn who_and_what_is_named_and_taken_is_refused_with_the_span_whatever_the_type_chooses_beside() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let bob = app.person(&app.oak, "bob@oak.example", &["INSTRUCTOR"]).await;
    let eve = app.person(&app.oak, "eve@oak.example", &["LEARNER"]).await;
    for instructor in [&ada, &bob] {
        available(&app, &app.oak, instructor, (0, 1440)).await;
    }
    let cessna = plane(&admin, "Cessna").await;
    let kind = booking_type(&app, &app.oak, &[("strategy", "'FIXED'")], &[&ada, &bob]).await;
    let other = booking_in(&app, &app.oak, "APPROVED", &eve, &ada, (550, 610)).await;
    admin.ok(CONFIRM, json!({ "i": { "id": other, "instructorId": ada.user_id, "resourceIds": [cessna] } })).await;
    for status in ["REQUESTED", "APPROVED", "ASSIGNED"] {
        let booking = booking_in(&app, &app.oak, if status == "REQUESTED" { status } else { "APPROVED" }, &learner, &bob, (540, 600)).await;
        make_of(&app, &booking, &kind).await;
        if status == "ASSIGNED" {
            admin.ok(CONFIRM, with(&booking, &bob)).await;
        }
        let resources = json!({ "i": { "id": booking, "resourceIds": [cessna] } });
        for (input, field) in [(with(&booking, &ada), "instructorId"), (resources, "resourceIds")] {
            let before = contents(&app).await;
            let answer = admin.ask(CONFIRM, input).await;
            let said = &answer["errors"][0]["extensions"];
            let known = (&said["code"], &said["reason"], &said["field"]);
            assert_eq!(known, (&json!("CONFLICT"), &json!("BOOKING_CONFLICT"), &json!(field)), "{status}: {answer}");
            assert_eq!(said["busy"]["startsAt"].as_str().unwrap().parse::<Timestamp>().unwrap(), moment(550), "{status}: {answer}");
            assert_eq!(contents(&app).await, before);
        }
        app.sql(&format!(
            "SET app.audit = 'off'; UPDATE booking SET status = 'CANCELLED' WHERE id = '{}'; RESET app.audit",
            uuid(&booking)
        ))
        .await;
    }
}
