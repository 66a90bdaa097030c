//! LIVE lessons: who was there, and what is booked.

use serde_json::{Value, json};

use super::{ATTEND, BOOK, COMPLETE, DELETE, DRIP, classroom, lesson, lesson_of, state};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{enroll, nothing, refused, uuid},
};

const NINE: &str = "2099-03-02T09:00:00Z";
const TEN: &str = "2099-03-02T10:00:00Z";
const RECORD: &str = "mutation($id: ID!, $o: BookingOutcome!) { recordBookingOutcome(input: { id: $id, outcome: $o }) { status } }";
const OWN: &str = "query($id: ID!) { lesson(id: $id) { viewerBooking { id } } }";

fn booking(lesson: &str) -> Value {
    json!({ "i": { "lessonId": lesson, "startsAt": NINE, "endsAt": TEN } })
}

/// Lea books a lesson, and the booking, which is Ada's, has begun: its id.
async fn begun(app: &TestApp, ada: &Client, lea: &Client, lesson: &str) -> Value {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let booked = lea.ok(BOOK, booking(lesson)).await["requestLessonBooking"]["id"].take();
    let span = json!({ "i": { "startsAt": NINE, "endsAt": TEN } });
    ada.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", span).await;
    admin.ok("mutation($id: ID!) { approveBooking(id: $id) { id } }", json!({ "id": booked })).await;
    let assign = json!({ "i": { "id": booked, "instructorId": ada.user_id } });
    admin.ok("mutation($i: AssignBookingInput!) { assignBooking(input: $i) { id } }", assign).await;
    app.sql(&format!(
        "UPDATE booking SET starts_at = now() - interval '1 hour', ends_at = now() WHERE id = '{}'",
        uuid(booked.as_str().unwrap())
    ))
    .await;
    booked
}

#[tokio::test]
async fn a_meeting_is_completed_by_being_there() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, sets, enrolled) = classroom(&app, &ada, &lea).await;
    let (bob, eve) =
        (app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await, app.person(&app.oak, "eve@oak.example", &["LEARNER"]).await);
    enroll(&ada, &algebra, &bob.user_id).await;
    let meeting = json!({ "kind": "LIVE", "title": "Meeting", "startsAt": NINE, "endsAt": TEN, "isPublished": true });
    let id = lesson_of(&ada, &sets, meeting).await;
    let text = lesson(&ada, &sets, "Text").await;
    refused(&app, &lea, COMPLETE, json!({ "i": { "lessonId": id } }), "CONFLICT COMPLETED_BY_WORK @lessonId").await;
    let there = |people: &[&str]| json!({ "i": { "lessonId": id, "userIds": people } });
    for (client, people, line) in [
        (&ada, vec![lea.user_id.as_str(), eve.user_id.as_str()], "NOT_FOUND @userIds.1"),
        (&ada, vec![nothing("user").leak()], "NOT_FOUND @userIds.0"),
        (&ada, vec![], "BAD_USER_INPUT @userIds"),
        (&ada, vec![lea.user_id.as_str(), lea.user_id.as_str()], "BAD_USER_INPUT @userIds.1"),
        (&lea, vec![lea.user_id.as_str()], "FORBIDDEN [ENROLLMENT_MANAGE]"),
    ] {
        refused(&app, client, ATTEND, there(&people), line).await;
    }
    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    refused(&app, &stranger, ATTEND, there(&[&lea.user_id]), "FORBIDDEN NOT_YOURS @lessonId").await;
    let of_text = json!({ "i": { "lessonId": text, "userIds": [lea.user_id] } });
    refused(&app, &ada, ATTEND, of_text, "BAD_USER_INPUT @lessonId").await;

    ada.ok(ATTEND, there(&[&lea.user_id, &bob.user_id])).await;
    assert_eq!(state(&lea, &enrolled).await, "IN_PROGRESS 50 1/2");
    assert_eq!(app.count("lesson_progress WHERE completed_at IS NOT NULL").await, 2);
    ada.ok(ATTEND, there(&[&lea.user_id])).await;
    assert_eq!(app.changes("recordAttendance").await, 4, "again changes nothing");
    // Who has left was not there.
    ada.ok("mutation($id: ID!) { unenroll(id: $id) { status } }", json!({ "id": enrolled })).await;
    refused(&app, &ada, ATTEND, there(&[&lea.user_id]), "NOT_FOUND @userIds.0").await;
}

#[tokio::test]
async fn a_lesson_that_is_booked_is_completed_by_the_booking() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (algebra, sets, enrolled) = classroom(&app, &ada, &lea).await;
    let id = lesson_of(&ada, &sets, json!({ "kind": "LIVE", "title": "Flight", "isPublished": true })).await;
    let group = lesson_of(
        &ada,
        &sets,
        json!({ "kind": "LIVE", "title": "Meeting", "startsAt": NINE, "endsAt": TEN, "isPublished": true, "isRequired": false }),
    )
    .await;
    let text = lesson_of(&ada, &sets, json!({ "kind": "TEXT", "title": "Text", "isPublished": true, "isRequired": false })).await;
    let stranger = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    refused(&app, &stranger, BOOK, booking(&id), "FORBIDDEN NOT_ENROLLED @lessonId").await;
    refused(&app, &lea, BOOK, booking(&nothing("lesson")), "NOT_FOUND @lessonId").await;
    refused(&app, &lea, BOOK, booking(&group), "BAD_USER_INPUT @lessonId").await;
    refused(&app, &lea, BOOK, booking(&text), "BAD_USER_INPUT @lessonId").await;
    refused(&app, &ada, BOOK, booking(&id), "FORBIDDEN [BOOKING_REQUEST]").await;
    let past = json!({ "i": { "lessonId": id, "startsAt": "2020-01-01T09:00:00Z", "endsAt": "2020-01-01T10:00:00Z" } });
    refused(&app, &lea, BOOK, past, "BAD_USER_INPUT @startsAt").await;
    let wish = json!({ "i": { "lessonId": id, "startsAt": NINE, "endsAt": TEN, "requestedInstructorId": lea.user_id } });
    refused(&app, &lea, BOOK, wish, "BAD_USER_INPUT @requestedInstructorId").await;
    ada.ok(DRIP, json!({ "i": { "sectionId": sets, "kind": "ON_DATE", "at": NINE } })).await;
    refused(&app, &lea, BOOK, booking(&id), "CONFLICT LESSON_LOCKED @lessonId").await;
    ada.ok(DRIP, json!({ "i": { "sectionId": sets, "kind": "NONE" } })).await;

    let booked = lea.ok(BOOK, booking(&id)).await["requestLessonBooking"].take();
    assert_eq!(booked, json!({ "id": booked["id"], "status": "REQUESTED", "course": { "id": algebra }, "lesson": { "id": id } }));
    assert_eq!(lea.ok(OWN, json!({ "id": id })).await["lesson"]["viewerBooking"]["id"], booked["id"]);
    assert_eq!(admin.ok(OWN, json!({ "id": id })).await["lesson"]["viewerBooking"], json!(null));
    refused(&app, &lea, BOOK, booking(&id), "CONFLICT ALREADY_BOOKED @lessonId").await;
    lea.ok("mutation($id: ID!) { cancelBooking(input: { id: $id }) { status } }", json!({ "id": booked["id"] })).await;
    assert_eq!(lea.ok(OWN, json!({ "id": id })).await["lesson"]["viewerBooking"], json!(null));

    let again = begun(&app, &ada, &lea, &id).await;
    assert_eq!(state(&lea, &enrolled).await, "NOT_STARTED 0 0/1");
    ada.ok("mutation($id: ID!) { completeBooking(id: $id) { status } }", json!({ "id": again })).await;
    assert_eq!(state(&lea, &enrolled).await, "COMPLETED 100 1/1");
    // The booking outlives the lesson.
    ada.ok(DELETE, json!({ "id": id })).await;
    let of = "query($id: ID!) { booking(id: $id) { status lesson { id } course { id } } }";
    assert_eq!(
        lea.ok(of, json!({ "id": again })).await["booking"],
        json!({ "status": "COMPLETED", "lesson": null, "course": { "id": algebra } })
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_bookings_of_one_lesson_at_once_one_is_there() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (_, sets, _) = classroom(&app, &ada, &lea).await;
    let id = lesson_of(&ada, &sets, json!({ "kind": "LIVE", "title": "Flight", "isPublished": true })).await;
    let answers = futures_util::future::join_all((0..6).map(|_| lea.ask(BOOK, booking(&id)))).await;
    let told: Vec<_> = answers.iter().filter_map(|answer| answer["errors"].get(0).map(crate::app::refusal)).collect();
    assert_eq!(told, ["CONFLICT ALREADY_BOOKED @lessonId"; 5]);
    assert_eq!(app.count("booking").await, 1);
}

#[tokio::test]
async fn a_lesson_to_which_nobody_came_is_not_completed_until_it_turns_out_that_they_did() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (_, sets, enrolled) = classroom(&app, &ada, &lea).await;
    let id = lesson_of(&ada, &sets, json!({ "kind": "LIVE", "title": "Flight", "isPublished": true })).await;
    let booked = begun(&app, &ada, &lea, &id).await;
    for outcome in ["NO_SHOW", "INSTRUCTOR_NO_SHOW"] {
        ada.ok(RECORD, json!({ "id": booked, "o": outcome })).await;
        assert_eq!(state(&lea, &enrolled).await, "NOT_STARTED 0 0/1", "{outcome}");
    }
    ada.ok(RECORD, json!({ "id": booked, "o": "ATTENDED" })).await;
    assert_eq!(state(&lea, &enrolled).await, "COMPLETED 100 1/1");
}

#[tokio::test]
async fn whoever_missed_a_lesson_books_it_again_once() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (_, sets, _) = classroom(&app, &ada, &lea).await;
    let id = lesson_of(&ada, &sets, json!({ "kind": "LIVE", "title": "Flight", "isPublished": true })).await;
    let missed = begun(&app, &ada, &lea, &id).await;
    refused(&app, &lea, BOOK, booking(&id), "CONFLICT ALREADY_BOOKED @lessonId").await;
    ada.ok(RECORD, json!({ "id": missed, "o": "NO_SHOW" })).await;
    let own = async || lea.ok(OWN, json!({ "id": id })).await["lesson"]["viewerBooking"]["id"].take();
    assert_eq!(own().await, missed);
    let again = lea.ok(BOOK, booking(&id)).await["requestLessonBooking"]["id"].take();
    assert_eq!(own().await, again);
    refused(&app, &lea, BOOK, booking(&id), "CONFLICT ALREADY_BOOKED @lessonId").await;
    lea.ok("mutation($id: ID!) { cancelBooking(input: { id: $id }) { status } }", json!({ "id": again })).await;
    assert_eq!(own().await, missed);
}
