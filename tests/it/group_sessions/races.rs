//! Who wants the same seat at once.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::*;
use crate::app::refusal;

fn line(answer: &Value) -> String {
    answer["errors"].as_array().map_or_else(|| "done".to_owned(), |errors| refusal(&errors[0]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_bookings_of_a_slot_make_one_session_and_no_more_are_seated_than_there_are_seats() {
    let stage = Stage::start().await;
    let carl = stage.instructor("carl").await;
    let both = json!([{ "instructorId": stage.ada.user_id }, { "instructorId": carl.user_id }]);
    let kind = &stage.kind(json!({ "seats": 3, "instructors": both })).await;
    let mut people = Vec::new();
    for n in 0..6 {
        people.push(stage.learner(&format!("l{n}")).await);
    }
    for day in 2..12 {
        let answers = join_all(people.iter().map(|learner| learner.ask(BOOK, slot(kind, &at(day, 9))))).await;
        let seated = answers.iter().filter(|answer| line(answer) == "done").count();
        let full = answers.iter().filter(|answer| line(answer) == "CONFLICT SESSION_FULL @startsAt").count();
        assert_eq!((seated, full), (3, 3), "{answers:?}");
    }
    assert_eq!((stage.app.count("group_session").await, stage.app.count("group_session WHERE seats_taken = 3").await), (10, 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_called_off_while_somebody_books_leaves_nobody_in_it() {
    let stage = Stage::start().await;
    let kind = &stage.kind(json!({ "seats": 5 })).await;
    let bob = stage.learner("bob").await;
    for day in 2..12 {
        let session = stage.ada.ok(OPEN, slot(kind, &at(day, 9))).await["openGroupSessions"][0]["id"].take();
        stage.lea.ok(BOOK, slot(kind, &at(day, 9))).await;
        let (booked, cancelled) =
            join(bob.ask(BOOK, slot(kind, &at(day, 9))), stage.ada.ask(CANCEL, json!({ "i": { "id": session } }))).await;
        assert_eq!((line(&booked).as_str(), line(&cancelled).as_str()), ("done", "done"), "{booked} {cancelled}");
    }
    // Whoever came later has a seat in a session of its own.
    let astray = "booking b JOIN group_session s ON s.id = b.group_session_id WHERE b.status = 'ASSIGNED' AND s.status = 'CANCELLED'";
    assert_eq!(stage.app.count(astray).await, 0);
    let claimed = "time_claim c JOIN group_session s ON s.id = c.session_id WHERE s.status = 'CANCELLED'";
    assert_eq!(stage.app.count(claimed).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_first_seats_in_two_sessions_of_an_instructor_one_meets_their_limit() {
    let stage = Stage::start().await;
    let kinds = [stage.kind(json!({ "seats": 2 })).await, stage.kind(json!({ "name": "Talk", "seats": 2 })).await];
    let bob = stage.learner("bob").await;
    for day in 2..7 {
        for (kind, hour) in kinds.iter().zip([9, 11]) {
            stage.ada.ok(OPEN, slot(kind, &at(day, hour))).await;
        }
    }
    let limits = json!({ "i": { "userId": stage.ada.user_id, "maxMinutesPerDay": 60 } });
    stage.admin.ok("mutation($i: SetInstructorLimitsInput!) { setInstructorLimits(input: $i) { id } }", limits).await;
    for day in 2..7 {
        let (one, two) = join(stage.lea.ask(BOOK, slot(&kinds[0], &at(day, 9))), bob.ask(BOOK, slot(&kinds[1], &at(day, 11)))).await;
        let mut lines = [line(&one), line(&two)];
        lines.sort();
        assert_eq!(lines, ["CONFLICT BOOKING_LIMIT @startsAt", "done"], "{one} {two}");
    }
    assert_eq!(stage.app.count("booking").await, 5);
}
