//! Whose a booking is to move, and whose time it may claim.

use serde_json::{Value, json};

use super::*;

/// The busy span of a conflict, and nothing that names anybody.
async fn conflict(client: &Client, mutation: &str, variables: Value) -> (String, String) {
    let answer = client.ask(mutation, variables).await;
    let error = &answer["errors"][0];
    assert_eq!(
        (&error["extensions"]["code"], &error["extensions"]["reason"]),
        (&json!("CONFLICT"), &json!("BOOKING_CONFLICT")),
        "{answer}"
    );
    let text = answer.to_string();
    assert!(!text.contains("of oak") && !text.contains("user_") && !text.contains("_overlap"), "{text}");
    let busy = &error["extensions"]["busy"];
    (busy["startsAt"].as_str().unwrap().to_owned(), busy["endsAt"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn what_can_be_read_but_is_not_yours_is_refused_and_what_can_not_be_read_does_not_exist() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    // Sees all, but may only ask; manages, but sees only what is hers.
    let reader = person_with(&app, &app.oak, "reader", &["BOOKING_READ_ALL", "BOOKING_REQUEST", "BOOKING_COMPLETE"]).await;
    let blind = person_with(&app, &app.oak, "blind", &["BOOKING_MANAGE"]).await;
    let [elm_learner, elm_instructor] = [app.sign_in(&app.elm, Who::Learner).await, app.sign_in(&app.elm, Who::Instructor).await];
    available(&app, &app.oak, &ada, (0, 2880)).await;

    // Assigned to the admin, though Ada was wished for; and one of another school.
    let others = Row { student: &learner, instructor: Some(&admin), wished: Some(&ada), status: "ASSIGNED", span: (600, 660) }
        .put(&app, &app.oak)
        .await;
    let unseen =
        Row { student: &learner, instructor: Some(&admin), wished: None, status: "ASSIGNED", span: (700, 760) }.put(&app, &app.oak).await;
    let foreign = booking_in(&app, &app.elm, "ASSIGNED", &elm_learner, &elm_instructor, (600, 660)).await;
    let before = contents(&app).await;

    let cancel = |id: &Value| json!({ "i": { "id": id } });
    let reschedule = |id: &Value| json!({ "i": { "id": id, "startsAt": hour(20), "endsAt": hour(21) } });
    let assign = |id: &Value| json!({ "i": { "id": id, "instructorId": ada.user_id } });
    assert_eq!(ada.refused(COMPLETE, json!({ "id": others })).await, "FORBIDDEN NOT_YOURS");
    assert_eq!(ada.refused(COMPLETE, json!({ "id": unseen })).await, "NOT_FOUND @id");
    for (mutation, variables) in [(COMPLETE, json!({ "id": others })), (CANCEL, cancel(&others)), (RESCHEDULE, reschedule(&others))] {
        assert_eq!(reader.refused(mutation, variables).await, "FORBIDDEN NOT_YOURS", "{mutation}");
    }
    for (mutation, variables) in [
        (APPROVE, json!({ "id": others })),
        (ASSIGN, assign(&others)),
        (COMPLETE, json!({ "id": others })),
        (CANCEL, cancel(&others)),
        (RESCHEDULE, reschedule(&others)),
    ] {
        assert_eq!(blind.refused(mutation, variables).await, "NOT_FOUND @id", "{mutation}");
    }

    // Another school's is answered like one that never was, to the byte, by everybody whom the guard lets through.
    let look = "query($id: ID!) { booking(id: $id) { id } node(id: $id) { id } }";
    let foreign = foreign.as_str().unwrap();
    for (mutation, variables, callers) in [
        (look, (|id: &str| json!({ "id": id })) as fn(&str) -> Value, vec![&admin, &ada, &learner]),
        (APPROVE, |id| json!({ "id": id }), vec![&admin]),
        (ASSIGN, |id| json!({ "i": { "id": id, "instructorId": nobody("user") } }), vec![&admin]),
        (COMPLETE, |id| json!({ "id": id }), vec![&admin, &ada]),
        (CANCEL, |id| json!({ "i": { "id": id } }), vec![&admin, &learner]),
        (RESCHEDULE, |id| json!({ "i": { "id": id, "startsAt": hour(20), "endsAt": hour(21) } }), vec![&admin, &learner]),
    ] {
        for caller in callers {
            let unknown = nobody("booking");
            let answer = answer_about(caller, mutation, variables(foreign), foreign).await;
            assert_eq!(answer, answer_about(caller, mutation, variables(&unknown), &unknown).await);
            assert!(mutation == look || answer.contains(r#""code":"NOT_FOUND""#), "{answer}");
            assert_eq!(caller.ask(mutation, variables("booking_1")).await["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        }
    }
    assert_eq!(contents(&app).await, before);

    // An instructor of another school can't be assigned, nor somebody who is none.
    let approved = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (800, 860)).await;
    let before = contents(&app).await;
    for (instructor, refusal) in [
        (elm_instructor.user_id.clone(), "NOT_FOUND @instructorId"),
        (nobody("user"), "NOT_FOUND @instructorId"),
        (learner.user_id.clone(), "BAD_USER_INPUT @instructorId"),
        ("user_x".to_owned(), "BAD_USER_INPUT @instructorId"),
    ] {
        assert_eq!(admin.refused(ASSIGN, json!({ "i": { "id": approved, "instructorId": instructor } })).await, refusal);
    }
    app.sql(&format!("UPDATE app_user SET status = 'SUSPENDED' WHERE id = '{}'", uuid_of(&ada))).await;
    assert_eq!(admin.refused(ASSIGN, assign(&approved)).await, "BAD_USER_INPUT @instructorId");
    assert_eq!(contents(&app).await, before);
    for operation in ["approveBooking", "assignBooking", "completeBooking", "cancelBooking", "rescheduleBooking"] {
        assert_eq!(app.changes(operation).await, 0, "{operation}");
    }
}

#[tokio::test]
async fn an_instructor_is_assigned_within_their_availability_and_back_to_back_fits() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let mut approved = Vec::new();
    for span in [(540, 600), (600, 660), (660, 720), (480, 545)] {
        approved.push(booking_in(&app, &app.oak, if span.0 == 480 { "REQUESTED" } else { "APPROVED" }, &learner, &ada, span).await);
    }
    let assign = |id: &Value| json!({ "i": { "id": id, "instructorId": ada.user_id } });
    let outside = "CONFLICT OUTSIDE_AVAILABILITY @instructorId";

    assert_eq!(admin.refused(ASSIGN, assign(&approved[0])).await, outside);
    available(&app, &app.oak, &admin, (0, 1440)).await;
    assert_eq!(admin.refused(ASSIGN, assign(&approved[0])).await, outside);
    available(&app, &app.oak, &ada, (540, 599)).await;
    assert_eq!(admin.refused(ASSIGN, assign(&approved[0])).await, outside);
    // Two pieces with a hole of a minute between them; then what fills the hole, and what adjoins and overlaps.
    available(&app, &app.oak, &ada, (600, 630)).await;
    let before = contents(&app).await;
    assert_eq!(admin.refused(ASSIGN, assign(&approved[0])).await, outside);
    assert_eq!((contents(&app).await, app.changes("assignBooking").await), (before, 0));
    available(&app, &app.oak, &ada, (595, 600)).await;
    admin.ok(ASSIGN, assign(&approved[0])).await;
    available(&app, &app.oak, &ada, (630, 650)).await;
    available(&app, &app.oak, &ada, (640, 720)).await;
    admin.ok(ASSIGN, assign(&approved[1])).await;
    admin.ok(ASSIGN, assign(&approved[2])).await;

    // The learner's time: a request that overlaps what was granted can't be granted.
    let before = contents(&app).await;
    assert_eq!(conflict(&admin, APPROVE, json!({ "id": approved[3] })).await, (hour(9), hour(10)));
    let input = json!({ "i": { "id": approved[3], "startsAt": minute(659), "endsAt": hour(13) } });
    learner.ok(RESCHEDULE, input).await;
    assert_eq!(conflict(&admin, APPROVE, json!({ "id": approved[3] })).await, (hour(10), hour(11)));
    learner.ok(RESCHEDULE, json!({ "i": { "id": approved[3], "startsAt": minute(475), "endsAt": hour(9) } })).await;
    assert_eq!(app.changes("approveBooking").await, 0);
    admin.ok(APPROVE, json!({ "id": approved[3] })).await;
    assert_ne!(contents(&app).await, before);

    // The instructor's: another learner's booking at the same time.
    let bob = person_with(&app, &app.oak, "bob", &["BOOKING_REQUEST"]).await;
    for (span, busy) in
        [((541, 550), Some((hour(9), hour(10)))), ((530, 545), Some((hour(9), hour(10)))), ((715, 725), Some((hour(11), hour(12))))]
    {
        available(&app, &app.oak, &ada, span).await;
        let booking = booking_in(&app, &app.oak, "APPROVED", &bob, &ada, span).await;
        assert_eq!(Some(conflict(&admin, ASSIGN, assign(&booking)).await), busy);
        app.sql(&format!("DELETE FROM booking WHERE id = '{}'", uuid(&booking))).await;
    }
    // What is cancelled or taken back frees the time at once.
    let booking = booking_in(&app, &app.oak, "APPROVED", &bob, &ada, (540, 660)).await;
    admin.ok(CANCEL, json!({ "i": { "id": approved[0], "reason": " Storm " } })).await;
    assert_eq!(conflict(&admin, ASSIGN, assign(&booking)).await, (hour(10), hour(11)));
    assert_eq!(admin.ok(APPROVE, json!({ "id": approved[1] })).await["approveBooking"]["instructor"], Value::Null);
    admin.ok(ASSIGN, assign(&booking)).await;
    assert_eq!(app.text("SELECT cancel_reason FROM booking WHERE status = 'CANCELLED'").await.as_deref(), Some("Storm"));
}

#[tokio::test]
async fn a_booking_moves_to_another_time_and_loses_its_instructor() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let to = |id: &Value, start: i64, end: i64| json!({ "i": { "id": id, "startsAt": minute(start), "endsAt": minute(end) } });
    for (place, (status, becomes)) in
        [("REQUESTED", "REQUESTED"), ("APPROVED", "APPROVED"), ("ASSIGNED", "APPROVED")].into_iter().enumerate()
    {
        for (client, offset) in [(&learner, 0), (&admin, 720)] {
            let start = 100 * i64::try_from(place).unwrap() + offset;
            let id = booking_in(&app, &app.oak, status, &learner, &ada, (start, start + 50)).await;
            let moved = client.ok(RESCHEDULE, to(&id, start + 10, start + 60)).await;
            assert_eq!(
                moved["rescheduleBooking"],
                json!({ "id": id, "status": becomes, "startsAt": minute(start + 10), "endsAt": minute(start + 60), "instructor": null })
            );
        }
    }
    assert_eq!(
        app.count(
            "audit_entry WHERE operation = 'rescheduleBooking' AND before ->> 'status' = 'ASSIGNED' AND after ->> 'status' = 'APPROVED'"
        )
        .await,
        2
    );

    let granted = booking_in(&app, &app.oak, "APPROVED", &learner, &ada, (2000, 2060)).await;
    let taken = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (2100, 2160)).await;
    let completed = booking_in(&app, &app.oak, "COMPLETED", &learner, &ada, (2200, 2260)).await;
    let cancelled = booking_in(&app, &app.oak, "CANCELLED", &learner, &ada, (2300, 2360)).await;
    let (before, changes) = (contents(&app).await, app.changes("rescheduleBooking").await);
    assert_eq!(conflict(&learner, RESCHEDULE, to(&granted, 2090, 2101)).await, (minute(2100), minute(2160)));
    assert_eq!(conflict(&admin, RESCHEDULE, to(&taken, 2259, 2400)).await, (minute(2200), minute(2260)));
    for (id, client) in [(&completed, &learner), (&completed, &admin), (&cancelled, &learner), (&cancelled, &admin)] {
        assert_eq!(client.refused(RESCHEDULE, to(id, 3000, 3060)).await, "CONFLICT INVALID_TRANSITION");
    }
    let past = (now() - SignedDuration::from_secs(5)).to_string();
    for (starts, ends, refusal) in [
        (past, minute(0), "BAD_USER_INPUT @endsAt"),
        (minute(600), minute(600), "BAD_USER_INPUT @endsAt"),
        (minute(600), minute(604), "BAD_USER_INPUT @endsAt"),
        (minute(600), minute(600 + 1441), "BAD_USER_INPUT @endsAt"),
        (
            (now() - SignedDuration::from_secs(5)).to_string(),
            now().checked_add(SignedDuration::from_hours(1)).unwrap().to_string(),
            "BAD_USER_INPUT @startsAt",
        ),
    ] {
        let variables = json!({ "i": { "id": granted, "startsAt": starts, "endsAt": ends } });
        assert_eq!(learner.refused(RESCHEDULE, variables).await, refusal);
    }
    assert_eq!(admin.refused(CANCEL, json!({ "i": { "id": granted, "reason": "x".repeat(10_001) } })).await, "BAD_USER_INPUT @reason");
    assert_eq!((contents(&app).await, app.changes("rescheduleBooking").await), (before, changes));
    // Within its own old time there is nobody in the way.
    learner.ok(RESCHEDULE, to(&granted, 2030, 2090)).await;
}

#[tokio::test]
async fn a_deleted_person_leaves_no_open_booking_and_a_refused_document_changes_nothing() {
    let app = TestApp::start().await;
    let [admin, ada, learner] =
        [app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await];
    let requested = booking_in(&app, &app.oak, "REQUESTED", &learner, &ada, (500, 560)).await;
    let assigned = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (600, 660)).await;
    available(&app, &app.oak, &ada, (0, 1440)).await;
    // Two mutations in one document: the second is refused, and the first is as if it had not been.
    let both = "mutation($a: ID!, $b: ID!) { first: approveBooking(id: $a) { id } second: approveBooking(id: $a) { id } completeBooking(id: $b) { id } }";
    let before = contents(&app).await;
    assert_eq!(admin.refused(both, json!({ "a": requested, "b": assigned })).await, "CONFLICT INVALID_TRANSITION");
    assert_eq!(contents(&app).await, before);

    app.sql(&format!(
        "UPDATE app_user SET deleted_at = now(), name = 'Deleted user', email = NULL, is_instructor = false WHERE id = '{}'",
        uuid_of(&ada)
    ))
    .await;
    let states = "SELECT string_agg(status || ' ' || (instructor_id IS NULL), ', ' ORDER BY starts_at) FROM booking";
    assert_eq!(app.text(states).await.as_deref(), Some("REQUESTED true, APPROVED true"));
    app.sql(&format!("UPDATE app_user SET deleted_at = now(), name = 'Deleted user', email = NULL WHERE id = '{}'", uuid_of(&learner)))
        .await;
    assert_eq!(app.text(states).await.as_deref(), Some("CANCELLED true, CANCELLED true"));
    assert_eq!(app.count("availability").await, 0);
    // History still names them.
    let seen = admin
        .ok(
            "query($id: ID!) { booking(id: $id) { student { name } requestedInstructor { name } allowedTransitions } }",
            json!({ "id": requested }),
        )
        .await;
    assert_eq!(
        seen["booking"],
        json!({ "student": { "name": "Deleted user" }, "requestedInstructor": { "name": "Deleted user" }, "allowedTransitions": [] })
    );
}
