//! Booking a slot: at once, for oneself or by a manager for anybody, with what is named.

use super::*;
use crate::{
    classroom::{self, course, draft, nothing},
    hours::resource,
};

#[tokio::test]
async fn a_slot_is_booked_at_once_with_all_that_it_needs() {
    let cast = Cast::start().await;
    let algebra = course(&cast.admin, json!({ "title": "Algebra" })).await;
    let [plane, other, room] = [
        resource(&cast.admin, json!({ "name": "Cessna", "kind": "AIRCRAFT", "setupMinutes": 10, "teardownMinutes": 20 })).await,
        resource(&cast.admin, json!({ "name": "Piper", "kind": "AIRCRAFT" })).await,
        resource(&cast.admin, json!({ "name": "Room", "kind": "ROOM" })).await,
    ];
    let needs = json!([{ "name": "Aircraft", "resourceIds": [plane, other] }, { "name": "Briefing", "resourceIds": [room] }]);
    let flight = cast.kind(json!({ "courseId": algebra, "requirements": needs, "bufferBeforeMinutes": 5, "durations": [60, 120] })).await;
    let booking = book(&cast.lea, &flight, "10:00", json!({ "notes": "First time" })).await;
    assert_eq!(
        booking,
        json!({ "id": booking["id"], "status": "ASSIGNED", "startsAt": at("10:00"), "endsAt": at("11:00"), "bookingType": { "name": "Flight" },
                "student": { "id": cast.lea.user_id }, "instructor": { "id": cast.ada.user_id }, "requestedInstructor": null, "course": { "title": "Algebra" },
                "resources": [{ "name": "Cessna" }, { "name": "Room" }] })
    );
    let claims = "SELECT string_agg(c.kind || ' ' || to_char(c.starts_at AT TIME ZONE 'UTC', 'HH24:MI') || '-' || to_char(c.ends_at AT TIME ZONE 'UTC', 'HH24:MI'), ', ' \
                  ORDER BY c.kind, c.starts_at) FROM time_claim c";
    assert_eq!(
        cast.app.text(claims).await.unwrap(),
        "INSTRUCTOR 09:55-11:00, LEARNER 10:00-11:00, RESOURCE 09:50-11:20, RESOURCE 10:00-11:00"
    );
    // A change of the type changes no booking.
    cast.admin.ok(CHANGE_TYPE, json!({ "i": { "id": flight, "bufferBeforeMinutes": 60, "needsInstructor": true } })).await;
    cast.admin
        .ok(
            "mutation($i: RescheduleBookingInput!) { rescheduleBooking(input: $i) { id } }",
            json!({ "i": { "id": booking["id"], "startsAt": at("10:00"), "endsAt": at("11:00") } }),
        )
        .await;
    assert!(cast.app.text(claims).await.unwrap().starts_with("INSTRUCTOR 09:55-11:00"));
    // What is named is taken, and of what is not the first that is free.
    let tom = cast.instructor("tom").await;
    cast.admin.ok(CHANGE_TYPE, json!({ "i": { "id": flight, "bufferBeforeMinutes": 0, "instructors": [{ "instructorId": cast.ada.user_id }, { "instructorId": tom.user_id }] } })).await;
    let second =
        book(&cast.lea, &flight, "13:00", json!({ "instructorId": tom.user_id, "resourceIds": [other], "durationMinutes": 120 })).await;
    assert_eq!(
        (&second["instructor"]["id"], &second["resources"], &second["endsAt"]),
        (&json!(tom.user_id), &json!([{ "name": "Piper" }, { "name": "Room" }]), &json!(at("15:00")))
    );
    // It can be cancelled, and what it held is free again.
    cast.lea.ok("mutation($i: CancelBookingInput!) { cancelBooking(input: $i) { id } }", json!({ "i": { "id": second["id"] } })).await;
    assert_eq!(book(&cast.learner("mary").await, &flight, "13:00", json!({})).await["resources"][0]["name"], "Cessna");
    assert_eq!(cast.app.count("audit_entry WHERE operation = 'bookSlot' AND outcome = 'CHANGED' AND resource = 'Booking'").await, 9);
}

#[tokio::test]
async fn each_wrong_booking_is_refused_with_its_field_and_changes_nothing() {
    let cast = Cast::start().await;
    let (app, lea, admin) = (&cast.app, &cast.lea, &cast.admin);
    let [algebra, botany] = [course(admin, json!({ "title": "Algebra" })).await, course(admin, json!({ "title": "Botany" })).await];
    let secret = draft(admin, json!({ "title": "Draft" })).await;
    let [plane, other, room] = [
        resource(admin, json!({ "name": "Cessna", "kind": "AIRCRAFT" })).await,
        resource(admin, json!({ "name": "Piper", "kind": "AIRCRAFT" })).await,
        resource(admin, json!({ "name": "Room", "kind": "ROOM" })).await,
    ];
    let flight = cast.kind(json!({ "courseId": algebra, "requirements": [{ "name": "Aircraft", "resourceIds": [plane, other] }] })).await;
    let talk = cast.kind(json!({ "name": "Talk", "learnerChoosesInstructor": false })).await;
    let tom = cast.instructor("tom").await;
    let mary = cast.learner("mary").await;
    let elm = app.sign_in(&app.elm, Who::Learner).await;
    for (client, kind, extra, line) in [
        (lea, &flight, json!({ "learnerId": mary.user_id }), "FORBIDDEN [BOOKING_MANAGE] @learnerId"),
        (lea, &flight, json!({ "override": ["NOTICE"] }), "FORBIDDEN [BOOKING_MANAGE] @override"),
        (admin, &flight, json!({ "learnerId": elm.user_id }), "NOT_FOUND @learnerId"),
        (admin, &flight, json!({ "learnerId": nothing("user") }), "NOT_FOUND @learnerId"),
        (lea, &flight, json!({ "bookingTypeId": nothing("bookingtype") }), "NOT_FOUND @bookingTypeId"),
        (lea, &flight, json!({ "durationMinutes": 61 }), "BAD_USER_INPUT @durationMinutes"),
        (lea, &flight, json!({ "instructorId": tom.user_id }), "BAD_USER_INPUT @instructorId"),
        (lea, &flight, json!({ "instructorId": nothing("user") }), "NOT_FOUND @instructorId"),
        (lea, &talk, json!({ "instructorId": cast.ada.user_id }), "BAD_USER_INPUT @instructorId"),
        (admin, &flight, json!({ "learnerId": cast.ada.user_id, "instructorId": cast.ada.user_id }), "BAD_USER_INPUT @instructorId"),
        (lea, &flight, json!({ "resourceIds": [room] }), "BAD_USER_INPUT @resourceIds"),
        (lea, &flight, json!({ "resourceIds": [plane, other] }), "BAD_USER_INPUT @resourceIds"),
        (lea, &flight, json!({ "resourceIds": [nothing("resource")] }), "NOT_FOUND @resourceIds"),
        (lea, &flight, json!({ "startsAt": "2020-01-01T00:00:00Z" }), "BAD_USER_INPUT @startsAt"),
        (lea, &flight, json!({ "courseId": botany }), "BAD_USER_INPUT @courseId"),
        (lea, &flight, json!({ "courseId": nothing("course") }), "NOT_FOUND @courseId"),
        (lea, &talk, json!({ "courseId": nothing("course") }), "NOT_FOUND @courseId"),
        (admin, &talk, json!({ "courseId": secret }), "CONFLICT COURSE_NOT_PUBLISHED @courseId"),
        (&cast.ada, &flight, json!({}), "FORBIDDEN [BOOKING_REQUEST BOOKING_MANAGE]"),
    ] {
        classroom::refused(app, client, BOOK, wish(kind, "10:00", extra), line).await;
    }
    assert_eq!(elm.refused(BOOK, wish(&flight, "10:00", json!({}))).await, "NOT_FOUND @bookingTypeId");
    assert_eq!(book(lea, &talk, "10:00", json!({ "courseId": botany })).await["course"]["title"], "Botany");
    app.sql("SET app.audit = 'off'; UPDATE app_user SET status = 'SUSPENDED' WHERE email LIKE 'mary@%'; RESET app.audit").await;
    classroom::refused(app, admin, BOOK, wish(&talk, "12:00", json!({ "learnerId": mary.user_id })), "CONFLICT USER_SUSPENDED @learnerId")
        .await;
    // Nor is anything offered to her.
    let range = json!({ "t": talk, "f": at("08:00"), "to": at("18:00"), "l": mary.user_id });
    let start = json!({ "t": talk, "s": at("12:00"), "l": mary.user_id });
    for (query, asked) in [(SLOTS, range), (EXPLAIN, start)] {
        assert_eq!(admin.refused(query, asked).await, "CONFLICT USER_SUSPENDED @learnerId");
    }
}

#[tokio::test]
async fn a_manager_books_for_anybody_and_skips_rules_that_stand_in_the_log() {
    let cast = Cast::start().await;
    let flight = cast.kind(json!({ "minNoticeMinutes": 60, "maxHorizonDays": 30, "limits": { "perLearner": 1 }, "eligibility": [{ "kind": "MAX_NO_SHOWS", "maxCount": 0 }] })).await;
    let strict = |rules: Value| json!({ "learnerId": cast.lea.user_id, "override": rules });
    let admin = &cast.admin;
    let line = |rules: Value| {
        let input = wish(&flight, "10:00", strict(rules));
        async move { refusal(&admin.ask(BOOK, input).await["errors"][0]) }
    };
    assert_eq!(line(json!([])).await, "CONFLICT TOO_FAR @startsAt");
    let first = book(&cast.admin, &flight, "10:00", strict(json!(["HORIZON", "HORIZON"]))).await;
    assert_eq!((&first["status"], &first["student"]["id"]), (&json!("ASSIGNED"), &json!(cast.lea.user_id)));
    assert_eq!(line(json!(["HORIZON"])).await, "CONFLICT BOOKING_LIMIT @startsAt");
    // Nothing skips time that is taken.
    assert_eq!(line(json!(["HORIZON", "LIMITS", "NOTICE", "ELIGIBILITY"])).await, "CONFLICT BOOKING_CONFLICT @startsAt");
    book(&cast.admin, &flight, "12:00", strict(json!(["LIMITS", "HORIZON"]))).await;
    let kept = cast.app.text("SELECT string_agg(array_to_string(override, '+'), ' ' ORDER BY starts_at) FROM booking").await;
    assert_eq!(kept.unwrap(), "HORIZON HORIZON+LIMITS");
    let logged = "SELECT string_agg(after ->> 'override', ' ' ORDER BY at) FROM audit_entry WHERE operation = 'bookSlot' AND resource = 'Booking' AND after ? 'override'";
    assert_eq!(cast.app.text(logged).await.unwrap(), r#"["HORIZON"] ["HORIZON", "LIMITS"]"#);
    // Of a booking without a type the log says as much as ever.
    let request = json!({ "i": { "startsAt": at("15:00"), "endsAt": at("16:00") } });
    cast.lea.ok("mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id } }", request).await;
    let columns =
        "SELECT string_agg(k, ' ' ORDER BY k) FROM audit_entry a, jsonb_object_keys(a.after) AS k WHERE a.operation = 'requestBooking'";
    assert_eq!(
        cast.app.text(columns).await.unwrap(),
        "cancel_reason course_id created_at ends_at escalated_at id instructor_id lesson_id notes requested_instructor_id starts_at status student_id"
    );
}

#[tokio::test]
async fn people_are_told_of_what_was_booked_as_of_what_was_assigned() {
    let cast = Cast::start().await;
    let flight = cast.kind(json!({})).await;
    book(&cast.lea, &flight, "10:00", json!({})).await;
    cast.app.work().await;
    // The learner as well: it is their confirmation.
    for client in [&cast.ada, &cast.lea] {
        let told = client.ok("{ notifications { nodes { kind } } }", json!({})).await["notifications"]["nodes"].take();
        assert_eq!(told, json!([{ "kind": "BOOKING_ASSIGNED" }]));
    }
}
