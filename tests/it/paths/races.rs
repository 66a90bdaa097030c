//! Paths, where several people change something at once.

use futures_util::future::{join, join_all};
use serde_json::json;

use super::{TAKE, enrollment, path, path_of_three, set, stands, take};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{ENROLL, course, learners, uuid},
};

const RECORD: &str = "mutation($id: ID!) { recordProgress(input: { id: $id, progress: 100 }) { status } }";

async fn person(app: &TestApp, number: usize) -> Client {
    app.sign_in_as(&app.oak, &format!("person{number}@oak.example"), crate::app::PASSWORD).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_seat_goes_to_one_by_path_or_by_enrolling() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    learners(&app, &app.oak, 8).await;
    let only = course(&admin, json!({ "title": "One seat", "capacity": 1 })).await;
    let id = path(&admin, "Narrow").await;
    set(&admin, &id, json!([{ "courseId": only, "unlock": "NONE" }])).await;
    admin.ok(super::PUBLISH, json!({ "id": id })).await;
    let people = join_all((1..=8).map(|number| person(&app, number))).await;
    let answers = join_all(people.iter().enumerate().map(|(n, client)| {
        let (query, input) = if n % 2 == 0 { (TAKE, json!({ "pathId": id })) } else { (ENROLL, json!({ "courseId": only })) };
        client.ask(query, json!({ "i": input }))
    }))
    .await;
    // Who takes the path is in it, seat or not; who enrolls is told.
    let taken = answers.iter().step_by(2).filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!(taken, 4, "{answers:?}");
    assert_eq!(app.count(&format!("enrollment WHERE course_id = '{}'", uuid(&only))).await, 1);
    let by_path = app.count("path_step WHERE obstacle IS NULL").await;
    let by_enrolling = answers.iter().skip(1).step_by(2).filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!(by_path + i64::try_from(by_enrolling).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_that_is_taken_from_five_places_is_taken_once() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let (id, _) = path_of_three(&app).await;
    let answers = join_all((0..5).map(|_| lea.ask(TAKE, json!({ "i": { "pathId": id } })))).await;
    let taken = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!((taken, app.count("path_enrollment").await, app.count("enrollment").await), (1, 1, 1), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_completed_while_a_path_is_taken_opens_what_waits_for_it() {
    let app = TestApp::start().await;
    learners(&app, &app.oak, 6).await;
    let (id, [algebra, ..]) = path_of_three(&app).await;
    for number in 1..=6 {
        let client = person(&app, number).await;
        client.ok(ENROLL, json!({ "i": { "courseId": algebra } })).await;
        let own = enrollment(&client, &algebra).await;
        let (done, taken) = join(client.ask(RECORD, json!({ "id": own })), client.ask(TAKE, json!({ "i": { "pathId": id } }))).await;
        assert!(done.get("errors").is_none() && taken.get("errors").is_none(), "{done} {taken}");
        assert_eq!(stands(&client, &id).await, ["open COMPLETED", "open NOT_STARTED", "locked"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_courses_that_are_completed_at_once_complete_the_path() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    learners(&app, &app.oak, 5).await;
    let (a, b) = (course(&admin, json!({ "title": "A" })).await, course(&admin, json!({ "title": "B" })).await);
    let id = path(&admin, "Two").await;
    set(&admin, &id, json!([{ "courseId": a, "unlock": "NONE" }, { "courseId": b, "unlock": "NONE" }])).await;
    admin.ok(super::PUBLISH, json!({ "id": id })).await;
    admin
        .ok("mutation($id: ID!) { updateCertificateSettings(input: { pathId: $id, isEnabled: true }) { isEnabled } }", json!({ "id": id }))
        .await;
    for number in 1..=5 {
        let client = person(&app, number).await;
        take(&client, &id).await;
        let own = [enrollment(&client, &a).await, enrollment(&client, &b).await];
        let answers = join_all(own.iter().map(|own| client.ask(RECORD, json!({ "id": own })))).await;
        assert!(answers.iter().all(|answer| answer.get("errors").is_none()), "{answers:?}");
        assert_eq!(super::progress(&client, &id).await, "COMPLETED 100");
    }
    assert_eq!(app.count("certificate").await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_courses_that_would_ask_for_each_other_one_does() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let set = "mutation($a: ID!, $b: ID!) { setCoursePrerequisites(input: { courseId: $a, prerequisites: [{ courseId: $b }] }) { id } }";
    for _ in 0..5 {
        let (a, b) = (course(&admin, json!({ "title": "A" })).await, course(&admin, json!({ "title": "B" })).await);
        let (one, other) = join(admin.ask(set, json!({ "a": a, "b": b })), admin.ask(set, json!({ "a": b, "b": a }))).await;
        let done = [&one, &other].iter().filter(|answer| answer.get("errors").is_none()).count();
        assert_eq!(done, 1, "{one} {other}");
    }
}
