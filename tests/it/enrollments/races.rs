//! Seats under contention: there are never more of them than the course has.

use futures_util::{
    StreamExt,
    future::{join, join_all},
    stream,
};
use serde_json::{Value, json};

use super::{STATUS, enroll, into, of};
use crate::{
    app::{Client, PASSWORD, TestApp, Who, refusal},
    classroom::{DELETE_COURSE, ENROLL, UNENROLL, course, insist, learners, uuid},
};

/// How many of these answers are what.
fn tally(answers: &[Value]) -> Vec<(String, usize)> {
    let mut tally = std::collections::BTreeMap::new();
    for answer in answers {
        let line = answer["errors"].get(0).map_or("done".to_owned(), refusal);
        *tally.entry(line).or_insert(0) += 1;
    }
    tally.into_iter().collect()
}

fn lines(expected: &[(&str, usize)]) -> Vec<(String, usize)> {
    expected.iter().map(|(line, count)| ((*line).to_owned(), *count)).collect()
}

const UPDATE: &str = "mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { capacity } }";

async fn all_signed_in(app: &TestApp, count: usize) -> Vec<Client> {
    // A few at a time: passwords are hashed slowly on purpose.
    let signing_in = (1..=count).map(|n| async move { app.sign_in_as(&app.oak, &format!("person{n}@oak.example"), PASSWORD).await });
    stream::iter(signing_in).buffered(4).collect().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_who_want_the_last_seat_one_gets_it() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    learners(&app, &app.oak, 50).await;
    let people = all_signed_in(&app, 50).await;
    let id = course(&admin, json!({ "title": "Algebra", "capacity": 2 })).await;
    enroll(&admin, &id, &admin.user_id).await;
    let answers = join_all(people.iter().map(|person| insist(person, ENROLL, into(&id)))).await;
    assert_eq!(tally(&answers), lines(&[("CONFLICT COURSE_FULL @courseId", 49), ("done", 1)]));
    assert_eq!(app.count(&format!("enrollment where course_id = '{}'", uuid(&id))).await, 2);
    assert_eq!(app.changes("enroll").await, 2);
    assert_eq!(app.count("audit_entry where outcome = 'REFUSED' and operation = 'enroll' and reason = 'COURSE_FULL'").await, 49);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_clicks_are_one_enrollment() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = course(&admin, json!({ "title": "Algebra" })).await;
    let answers = join_all((0..20).map(|_| insist(&learner, ENROLL, into(&id)))).await;
    assert_eq!(tally(&answers), lines(&[("CONFLICT ALREADY_ENROLLED @courseId", 19), ("done", 1)]));
    // And so is coming back.
    let enrollment = answers.iter().find_map(|answer| answer["data"]["enroll"]["id"].as_str()).unwrap();
    learner.ok(UNENROLL, json!({ "id": enrollment })).await;
    let answers = join_all((0..20).map(|_| insist(&learner, ENROLL, into(&id)))).await;
    assert_eq!(tally(&answers), lines(&[("CONFLICT ALREADY_ENROLLED @courseId", 19), ("done", 1)]));
    assert_eq!(app.count("enrollment").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seats_that_are_given_freed_retaken_and_cut_at_once_never_exceed_the_capacity() {
    let app = TestApp::start().await;
    let admin = &app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 24).await;
    let id = &course(admin, json!({ "title": "Algebra", "capacity": 12 })).await;
    let held: Vec<String> = join_all(people[..12].iter().map(|person| enroll(admin, id, person))).await;
    // Twelve leave and come back by a manager's hand, twelve others want in, and the course gets smaller and larger.
    let back = join_all(held.iter().enumerate().map(|(n, enrollment)| async move {
        insist(admin, UNENROLL, json!({ "id": enrollment })).await;
        let status = ["NOT_STARTED", "IN_PROGRESS", "COMPLETED"][n % 3];
        insist(admin, STATUS, json!({ "i": { "id": enrollment, "status": status } })).await
    }));
    let others = join_all(people[12..].iter().map(|person| insist(admin, ENROLL, of(person, id))));
    let sizes = join_all((0..6).map(|n| insist(admin, UPDATE, json!({ "i": { "id": id, "capacity": 10 + n } }))));
    let (back, (others, sizes)) = join(back, join(others, sizes)).await;
    for answer in back.iter().chain(&others).chain(&sizes) {
        let line = answer["errors"].get(0).map_or("done".to_owned(), refusal);
        assert!(line == "done" || line.starts_with("CONFLICT COURSE_FULL"), "{answer}");
    }
    let course = admin.ok("query($id: ID!) { course(id: $id) { capacity enrollmentCount } }", json!({ "id": id })).await["course"].take();
    assert!(course["enrollmentCount"].as_i64() <= course["capacity"].as_i64(), "{course}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_holds_a_seat_in_a_course_that_was_deleted_meanwhile() {
    let app = TestApp::start().await;
    let admin = &app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 10).await;
    for round in 0..5 {
        let id = &course(admin, json!({ "title": format!("Course {round}") })).await;
        let enrolling = join_all(people.iter().map(|person| insist(admin, ENROLL, of(person, id))));
        let (answers, deleted) = join(enrolling, insist(admin, DELETE_COURSE, json!({ "id": id }))).await;
        for answer in answers.iter().chain([&deleted]) {
            let line = answer["errors"].get(0).map_or("done".to_owned(), refusal);
            let expected = ["done", "NOT_FOUND @courseId", "CONFLICT COURSE_NOT_PUBLISHED @courseId", "CONFLICT IN_USE @id"];
            assert!(expected.contains(&line.as_str()), "{answer}");
        }
    }
    let rows =
        "enrollment e JOIN course c USING (tenant_id) WHERE c.id = e.course_id AND c.deleted_at IS NOT NULL AND e.status = 'NOT_STARTED'";
    assert_eq!(app.count(rows).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_was_deleted_meanwhile_holds_a_seat() {
    let app = TestApp::start().await;
    let admin = &app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 12).await;
    let id = &course(admin, json!({ "title": "Algebra" })).await;
    let deleting =
        join_all(people.iter().map(|person| insist(admin, "mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": person }))));
    let enrolling = join_all(people.iter().map(|person| insist(admin, ENROLL, of(person, id))));
    let (deleted, enrolled) = join(deleting, enrolling).await;
    assert_eq!(tally(&deleted), lines(&[("done", 12)]));
    for answer in &enrolled {
        let line = answer["errors"].get(0).map_or("done".to_owned(), refusal);
        assert!(line == "done" || line == "NOT_FOUND @userId", "{answer}");
    }
    assert_eq!(app.count("enrollment where status <> 'DROPPED'").await, 0);
}
