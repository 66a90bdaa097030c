//! What happens at once.

use futures_util::future::{join, join_all};
use serde_json::json;

use super::{ANSWER, CHANGE_THREAD, DELETE_THREAD, REVIEW, class, finish, thread};
use crate::{
    app::{TestApp, Who},
    classroom::{enroll, learners},
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
