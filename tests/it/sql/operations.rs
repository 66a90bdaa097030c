//! What the operations of the benchmark cost in statements and in waits for the database: the structure that their speed
//! rests on (`bench/README.md`).

use serde_json::json;

use crate::{
    app::{TestApp, Who},
    classroom::{course, enroll},
    lessons,
};

const COURSES: &str = "courses(first: 20)";

#[tokio::test]
async fn no_operation_of_the_benchmark_waits_more_often_than_it_must() {
    let app = TestApp::start().await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let course = course(&app.sign_in(&app.oak, Who::Instructor).await, json!({ "title": "Algebra" })).await;
    let enrollment = enroll(&learner, &course, &learner.user_id).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let (flying, sets, _) = lessons::classroom(&app, &ada, &learner).await;
    let lesson = lessons::lesson(&ada, &sets, "What a set is").await;
    let courses = |fields: &str| format!("{{ {COURSES} {{ nodes {{ id title {fields} }} }} }}");
    let span = json!({ "startsAt": "2099-03-02T08:00:00Z", "endsAt": "2099-03-02T09:00:00Z", "courseId": course, "notes": "?" });
    let cursor =
        admin.ok("{ enrollments(first: 1) { pageInfo { endCursor } } }", json!({})).await["enrollments"]["pageInfo"]["endCursor"].take();

    for (name, client, document, variables, cost) in [
        ("one course", &admin, "query($id: ID!) { course(id: $id) { id title description instructor { id name } } }".to_owned(), json!({ "id": course }), (2, 1)),
        ("courses and a count", &admin, courses("instructor { id name } enrollmentCount"), json!({}), (2, 1)),
        ("courses and enrollments", &admin, courses("enrollments(first: 10) { nodes { id status user { id name } } }"), json!({}), (3, 2)),
        ("bookings", &admin, "{ bookings(first: 100) { nodes { id student { name } instructor { name } course { title } } } }".to_owned(), json!({}), (2, 1)),
        (
            "reports",
            &admin,
            "{ reports { overview { users courses groups enrollments bookings } enrollmentsByStatus { count }
                courseProgress(first: 10) { course { title } } bookingsPerDay { count } } }"
                .to_owned(),
            json!({}),
            (4, 1),
        ),
        ("search", &admin, "query($w: String!) { courses(filter: { search: $w }) { nodes { id } } }".to_owned(), json!({ "w": "alg" }), (2, 1)),
        (
            "a page of enrollments",
            &admin,
            "query($after: String!) { enrollments(after: $after) { nodes { id user { name } course { title } } pageInfo { hasNextPage } } }".to_owned(),
            json!({ "after": cursor }),
            (2, 1),
        ),
        // The second wait is for the COMMIT.
        (
            "a request of a booking",
            &learner,
            "mutation($i: RequestBookingInput!) { requestBooking(input: $i) { id notes student { id name } course { id title } } }".to_owned(),
            json!({ "i": span }),
            (2, 2),
        ),
        (
            "progress",
            &learner,
            "mutation($i: RecordProgressInput!) { recordProgress(input: $i) { id progress } }".to_owned(),
            json!({ "i": { "id": enrollment, "progress": 10 } }),
            (2, 2),
        ),
        // Course and count, sections, lessons, locks of both, and what the learner has done.
        (
            "a course with its lessons",
            &learner,
            "query($id: ID!) { course(id: $id) { id title lessonCount sections { id title isLocked lockReason
                lessons { id title kind isLocked lockReason unlocksAt viewerProgress { status positionSeconds } } } } }"
                .to_owned(),
            json!({ "id": flying }),
            (7, 4),
        ),
        // One function does it; its lesson and enrollment are read after it.
        (
            "a completed lesson",
            &learner,
            "mutation($i: CompleteLessonInput!) { completeLesson(input: $i) { status lesson { id } enrollment { id status progress } } }".to_owned(),
            json!({ "i": { "lessonId": lesson } }),
            (4, 4),
        ),
    ] {
        app.statements(client, "{ viewer { permissions } }", json!({})).await; // cached from here on
        assert_eq!(app.cost(client, &document, variables).await, cost, "{name}");
    }
}
