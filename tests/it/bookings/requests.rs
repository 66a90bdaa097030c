//! A booking's way from request to completion, and what each person may do on it.

use serde_json::{Value, json};

use super::*;

const LOOK: &str = "query($id: ID!) { booking(id: $id) { id status student { name } requestedInstructor { name } instructor { name } \
    course { title } startsAt endsAt notes cancelReason escalatedAt allowedTransitions } }";

#[tokio::test]
async fn a_request_is_approved_assigned_and_completed_and_each_sees_what_they_may_do() {
    let app = TestApp::start().await;
    let [admin, ada, learner, viewer] = [
        app.sign_in(&app.oak, Who::Admin).await,
        app.sign_in(&app.oak, Who::Instructor).await,
        app.sign_in(&app.oak, Who::Learner).await,
        app.sign_in(&app.oak, Who::Viewer).await,
    ];
    let course = ada.ok("mutation { createCourse(input: { title: \"Gliding\" }) { id } }", json!({})).await["createCourse"]["id"].clone();
    ada.ok("mutation($id: ID!) { publishCourse(id: $id) { id } }", json!({ "id": course })).await;
    ada.ok(AVAILABLE, json!({ "i": { "startsAt": hour(8), "endsAt": hour(12) } })).await;

    let input = json!({ "startsAt": hour(9), "endsAt": hour(10), "courseId": course, "requestedInstructorId": ada.user_id, "notes": " First flight\r\n" });
    let id = learner.ok(REQUEST, json!({ "i": input })).await["requestBooking"]["id"].clone();
    let seen = learner.ok(LOOK, json!({ "id": id })).await;
    assert_eq!(
        seen["booking"],
        json!({ "id": id, "status": "REQUESTED", "student": { "name": "LEARNER of oak" }, "requestedInstructor": { "name": "INSTRUCTOR of oak" },
                "instructor": null, "course": { "title": "Gliding" }, "startsAt": hour(9), "endsAt": hour(10), "notes": "First flight",
                "cancelReason": null, "escalatedAt": null, "allowedTransitions": ["CANCELLED"] })
    );

    // What the others see, they see alike, but for what they may do.
    let steps = async || {
        let mut steps = Vec::new();
        for client in [&admin, &ada, &learner, &viewer] {
            let mut theirs = client.ok(LOOK, json!({ "id": id })).await["booking"].take();
            steps.push(theirs["allowedTransitions"].take());
            let mut ours = learner.ok(LOOK, json!({ "id": id })).await["booking"].take();
            ours["allowedTransitions"].take();
            assert_eq!(theirs, ours);
        }
        Value::Array(steps)
    };
    assert_eq!(steps().await, json!([["APPROVED", "CANCELLED"], [], ["CANCELLED"], []]));
    admin.ok(APPROVE, json!({ "id": id })).await;
    assert_eq!(steps().await, json!([["ASSIGNED", "CANCELLED"], [], ["CANCELLED"], []]));
    let assigned = admin.ok(ASSIGN, json!({ "i": { "id": id, "instructorId": ada.user_id } })).await;
    assert_eq!(assigned["assignBooking"], json!({ "id": id, "status": "ASSIGNED", "instructor": { "id": ada.user_id } }));
    // Nothing is completed before it begins.
    assert_eq!(steps().await, json!([["APPROVED", "CANCELLED"], [], ["APPROVED", "CANCELLED"], []]));
    begin(&app, &id).await;
    assert_eq!(steps().await, json!([["APPROVED", "COMPLETED", "CANCELLED"], ["COMPLETED"], ["APPROVED", "CANCELLED"], []]));
    ada.ok(COMPLETE, json!({ "id": id })).await;
    assert_eq!(steps().await, json!([[], [], [], []]));

    // The audit log tells the whole story: who did what, from which state to which.
    let story = app
        .text(&format!(
            "SELECT string_agg(concat_ws(' ', operation, u.name, before ->> 'status', after ->> 'status'), '; ' ORDER BY at) \
             FROM audit_entry a JOIN app_user u ON u.tenant_id = a.tenant_id AND u.id = a.actor_id WHERE resource_id = '{}'",
            uuid(&id)
        ))
        .await;
    assert_eq!(
        story.as_deref(),
        Some(
            "requestBooking LEARNER of oak REQUESTED; approveBooking ADMIN of oak REQUESTED APPROVED; \
             assignBooking ADMIN of oak APPROVED ASSIGNED; completeBooking INSTRUCTOR of oak ASSIGNED COMPLETED"
        )
    );
    assert_eq!(
        app.count(&format!(
            "audit_entry WHERE operation = 'assignBooking' AND before ->> 'instructor_id' IS NULL AND after ->> 'instructor_id' = '{}'",
            uuid_of(&ada)
        ))
        .await,
        1
    );
}

#[tokio::test]
async fn wrong_requests_name_their_field_and_leave_nothing_behind() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let foreign_instructor = app.sign_in(&app.elm, Who::Instructor).await;
    let foreign_course =
        foreign_instructor.ok("mutation { createCourse(input: { title: \"Elm\" }) { id } }", json!({})).await["createCourse"]["id"].clone();
    foreign_instructor.ok("mutation($id: ID!) { publishCourse(id: $id) { id } }", json!({ "id": foreign_course })).await;
    let draft = ada.ok("mutation { createCourse(input: { title: \"Draft\" }) { id } }", json!({})).await["createCourse"]["id"].clone();
    let before = contents(&app).await;

    let request = |extra: Value| {
        let mut input = json!({ "startsAt": hour(9), "endsAt": hour(10) });
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "i": input })
    };
    let past = (now() - SignedDuration::from_secs(2)).to_string();
    for (extra, refusal) in [
        (json!({ "endsAt": hour(9) }), "BAD_USER_INPUT @endsAt"),
        (json!({ "endsAt": hour(8) }), "BAD_USER_INPUT @endsAt"),
        (json!({ "endsAt": minute(9 * 60 + 4) }), "BAD_USER_INPUT @endsAt"),
        (json!({ "endsAt": minute(33 * 60 + 1) }), "BAD_USER_INPUT @endsAt"),
        (
            json!({ "startsAt": past, "endsAt": (past.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(30)).to_string() }),
            "BAD_USER_INPUT @startsAt",
        ),
        (json!({ "startsAt": "1850-01-01T00:00:00Z" }), "BAD_USER_INPUT @startsAt"),
        (json!({ "startsAt": "tomorrow" }), "BAD_USER_INPUT @startsAt"),
        (json!({ "endsAt": null }), "BAD_USER_INPUT @endsAt"),
        (json!({ "notes": "x".repeat(10_001) }), "BAD_USER_INPUT @notes"),
        (json!({ "notes": "nul\u{0}" }), "BAD_USER_INPUT @notes"),
        (json!({ "courseId": "course_1" }), "BAD_USER_INPUT @courseId"),
        (json!({ "courseId": ada.user_id }), "BAD_USER_INPUT @courseId"),
        (json!({ "courseId": nobody("course") }), "NOT_FOUND @courseId"),
        (json!({ "courseId": foreign_course }), "NOT_FOUND @courseId"),
        (json!({ "courseId": draft }), "NOT_FOUND @courseId"),
        (json!({ "requestedInstructorId": nobody("user") }), "NOT_FOUND @requestedInstructorId"),
        (json!({ "requestedInstructorId": foreign_instructor.user_id }), "NOT_FOUND @requestedInstructorId"),
        (json!({ "requestedInstructorId": learner.user_id }), "BAD_USER_INPUT @requestedInstructorId"),
    ] {
        assert_eq!(learner.refused(REQUEST, request(extra.clone())).await, refusal, "{extra}");
    }
    // Whoever sees the draft is told why.
    assert_eq!(admin.refused(REQUEST, request(json!({ "courseId": draft }))).await, "CONFLICT COURSE_NOT_PUBLISHED @courseId");
    for (field, foreign, prefix) in
        [("courseId", &foreign_course, "course"), ("requestedInstructorId", &json!(foreign_instructor.user_id), "user")]
    {
        let (foreign, unknown) = (foreign.as_str().unwrap(), nobody(prefix));
        assert_eq!(
            answer_about(&learner, REQUEST, request(json!({ field: foreign })), foreign).await,
            answer_about(&learner, REQUEST, request(json!({ field: unknown })), &unknown).await
        );
    }
    assert_eq!(contents(&app).await, before);
    assert_eq!(app.changes("requestBooking").await, 0);
}

#[tokio::test]
async fn every_mutation_asks_for_its_permission() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let requested = booking_in(&app, &app.oak, "REQUESTED", &learner, &ada, (540, 600)).await;
    let assigned = booking_in(&app, &app.oak, "ASSIGNED", &learner, &ada, (600, 660)).await;
    let free = available(&app, &app.oak, &ada, (0, 1440)).await;
    let before = contents(&app).await;
    let mutations = [
        (REQUEST, json!({ "i": { "startsAt": hour(9), "endsAt": hour(10) } }), "BOOKING_REQUEST", &[Who::Instructor, Who::Viewer][..]),
        (APPROVE, json!({ "id": requested }), "BOOKING_MANAGE", &[Who::Instructor, Who::Learner, Who::Viewer]),
        (
            ASSIGN,
            json!({ "i": { "id": requested, "instructorId": ada.user_id } }),
            "BOOKING_MANAGE",
            &[Who::Instructor, Who::Learner, Who::Viewer],
        ),
        (COMPLETE, json!({ "id": assigned }), "BOOKING_COMPLETE BOOKING_MANAGE", &[Who::Learner, Who::Viewer]),
        (CANCEL, json!({ "i": { "id": assigned } }), "BOOKING_REQUEST BOOKING_MANAGE", &[Who::Instructor, Who::Viewer]),
        (
            RESCHEDULE,
            json!({ "i": { "id": assigned, "startsAt": hour(12), "endsAt": hour(13) } }),
            "BOOKING_REQUEST BOOKING_MANAGE",
            &[Who::Instructor, Who::Viewer],
        ),
        (AVAILABLE, json!({ "i": { "startsAt": hour(9), "endsAt": hour(10) } }), "AVAILABILITY_MANAGE", &[Who::Learner, Who::Viewer]),
        (UNAVAILABLE, json!({ "id": free }), "AVAILABILITY_MANAGE", &[Who::Learner, Who::Viewer]),
    ];
    for (mutation, variables, missing, refused) in &mutations {
        for who in *refused {
            let client = app.sign_in(&app.oak, *who).await;
            assert_eq!(client.refused(mutation, variables.clone()).await, format!("FORBIDDEN [{missing}]"), "{mutation} as {who:?}");
        }
        assert_eq!(app.stranger().refused(mutation, variables.clone()).await, "UNAUTHENTICATED", "{mutation}");
    }
    assert_eq!(contents(&app).await, before);
    for query in [
        "{ bookings { totalCount } }",
        "{ availabilities { totalCount } }",
        "{ calendar(from: \"2026-01-01T00:00:00Z\", to: \"2026-01-02T00:00:00Z\") { days { date } } }",
    ] {
        assert_eq!(app.stranger().refused(query, json!({})).await, "UNAUTHENTICATED");
    }
}
