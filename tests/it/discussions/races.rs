//! What happens at once.

use futures_util::future::{join, join_all};
use serde_json::json;

use super::{ANNOUNCE, ANSWER, ASK, CHANGE_THREAD, DELETE_THREAD, REVIEW, class, finish, thread};
use crate::{
    app::{TestApp, Who, refusal},
    classroom::{draft, enroll, learners, uuid},
    transactions::asked_meanwhile,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_reviews_at_once_every_one_counts_and_one_person_has_one() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, enrolled) = class(&ada, &lea).await;
    finish(&lea, &enrolled).await;
    let mut people = vec![lea];
    learners(&app, &app.oak, 5).await;
    for n in 1..=5 {
        let person = app.sign_in_as(&app.oak, &format!("person{n}@oak.example"), crate::app::PASSWORD).await;
        let enrolled = enroll(&ada, &algebra, &person.user_id).await;
        finish(&person, &enrolled).await;
        people.push(person);
    }
    let review = |rating: usize| json!({ "i": { "courseId": algebra, "rating": rating } });
    // Everybody twice.
    let asked = people
        .iter()
        .enumerate()
        .flat_map(|(place, person)| [person.ask(REVIEW, review(place % 5 + 1)), person.ask(REVIEW, review(place % 5 + 1))]);
    let answers = join_all(asked).await;
    assert!(answers.iter().all(|answer| answer.get("errors").is_none()), "{answers:?}");
    let found = ada.ok("query($id: ID!) { course(id: $id) { rating reviewCount } }", json!({ "id": algebra })).await["course"].take();
    assert_eq!(found, json!({ "rating": 2.7, "reviewCount": 6 }), "of 1, 2, 3, 4, 5 and 1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_in_a_thread_once_it_is_closed_and_every_post_counts() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, _) = class(&ada, &lea).await;
    for round in 0..4 {
        let id = thread(&lea, &algebra, &format!("Round {round}")).await;
        let answers = join_all((0..4).map(|n| lea.ask(ANSWER, json!({ "i": { "threadId": id, "body": format!("Post {n}") } }))));
        let (answers, closed) = join(answers, ada.ask(CHANGE_THREAD, json!({ "i": { "id": id, "isClosed": true } }))).await;
        assert!(closed.get("errors").is_none(), "{closed}");
        let written = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
        for answer in answers.iter().filter(|answer| answer.get("errors").is_some()) {
            assert_eq!(crate::app::refusal(&answer["errors"][0]), "CONFLICT THREAD_CLOSED @threadId");
        }
        let read = "query($id: ID!) { thread(id: $id) { postCount posts { totalCount } } }";
        assert_eq!(ada.ok(read, json!({ "id": id })).await["thread"], json!({ "postCount": written, "posts": { "totalCount": written } }));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_in_a_thread_while_it_is_deleted_goes_with_it_or_finds_it_gone() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, _) = class(&ada, &lea).await;
    for round in 0..6 {
        let id = thread(&lea, &algebra, &format!("Round {round}")).await;
        let answers = join_all((0..4).map(|n| lea.ask(ANSWER, json!({ "i": { "threadId": id, "body": format!("Post {n}") } }))));
        let (answers, deleted) = join(answers, ada.ask(DELETE_THREAD, json!({ "id": id }))).await;
        assert!(deleted.get("errors").is_none(), "{deleted}");
        for answer in answers.iter().filter(|answer| answer.get("errors").is_some()) {
            assert_eq!(crate::app::refusal(&answer["errors"][0]), "NOT_FOUND @threadId");
        }
        assert_eq!(app.count("post").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_in_a_course_that_is_deleted_meanwhile_finds_it_gone() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let cleo = app.person(&app.oak, "cleo@oak.example", &["INSTRUCTOR"]).await;
    let deleted = |course: &str| {
        format!("SET LOCAL session_replication_role = replica; UPDATE course SET deleted_at = now() WHERE id = '{}'", uuid(course))
    };
    // After every look, before the write.
    for (mutation, table) in [(ASK, "thread"), (ANNOUNCE, "announcement")] {
        let algebra = draft(&ada, json!({ "title": "Algebra" })).await;
        let asking = ada.ask(mutation, json!({ "i": { "courseId": algebra, "title": "Sets", "body": "What is one?" } }));
        let answered = asked_meanwhile(&app, asking, &format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"), &deleted(&algebra)).await;
        assert_eq!(refusal(&answered["errors"][0]), "NOT_FOUND @courseId", "{table}");
        assert_eq!(app.count(table).await, 0);
    }
    let (algebra, enrolled) = class(&ada, &lea).await;
    finish(&lea, &enrolled).await;
    let asking = lea.ask(REVIEW, json!({ "i": { "courseId": algebra, "rating": 5 } }));
    let answered = asked_meanwhile(&app, asking, "LOCK TABLE course_review IN SHARE ROW EXCLUSIVE MODE", &deleted(&algebra)).await;
    assert_eq!(refusal(&answered["errors"][0]), "NOT_FOUND @courseId");
    // Between one look and the next: whether somebody teaches it is read while it is still there.
    let algebra = draft(&ada, json!({ "title": "Algebra" })).await;
    let add = "mutation($i: AddCourseInstructorsInput!) { addCourseInstructors(input: $i) { id } }";
    ada.ok(add, json!({ "i": { "courseId": algebra, "userIds": [cleo.user_id] } })).await;
    let asking = cleo.ask(ASK, json!({ "i": { "courseId": algebra, "title": "Sets", "body": "What is one?" } }));
    let answered = asked_meanwhile(&app, asking, "LOCK TABLE course_instructor IN ACCESS EXCLUSIVE MODE", &deleted(&algebra)).await;
    assert_eq!(refusal(&answered["errors"][0]), "NOT_FOUND @courseId");
    assert_eq!(app.count("thread").await, 0);
}
