//! What is earned at once.

use futures_util::future::{join_all, join3};
use serde_json::json;

use super::{ADJUST, AWARD, OWN, badge, balances_agree, ledger};
use crate::{
    app::{TestApp, Who},
    classroom::{course, enroll},
    lessons::{COMPLETE, lesson, section},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn points_that_are_earned_and_given_at_once_all_count_and_each_thing_once() {
    let app = TestApp::start().await;
    let (ada, lea, admin) =
        (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    let sets = section(&ada, &algebra, "Sets").await;
    enroll(&ada, &algebra, &lea.user_id).await;
    let mut lessons = Vec::new();
    for n in 0..3 {
        lessons.push(lesson(&ada, &sets, &format!("Lesson {n}")).await);
    }
    let friend = badge(&admin, json!({ "name": "Friend", "rule": "MANUAL" })).await;
    let done = lessons.iter().chain(&lessons).map(|id| lea.ask(COMPLETE, json!({ "i": { "lessonId": id } })));
    let given = (0..4).map(|_| admin.ask(ADJUST, json!({ "i": { "userId": lea.user_id, "points": 3, "reason": "At once" } })));
    let awarded = (0..3).map(|_| admin.ask(AWARD, json!({ "i": { "badgeId": friend, "userId": lea.user_id, "reason": "At once" } })));
    let (done, given, awarded) = join3(join_all(done), join_all(given), join_all(awarded)).await;
    let answers: Vec<_> = done.into_iter().chain(given).chain(awarded).collect();
    assert!(answers.iter().all(|answer| answer.get("errors").is_none()), "{answers:?}");
    let mut found = ledger(&lea, json!(null)).await;
    found.sort();
    let expected = [
        "COURSE_COMPLETED 100",
        "LESSON_COMPLETED 10",
        "LESSON_COMPLETED 10",
        "LESSON_COMPLETED 10",
        "MANUAL 3",
        "MANUAL 3",
        "MANUAL 3",
        "MANUAL 3",
        "SIGN_IN 10",
    ];
    assert_eq!(found, expected);
    let own = lea.ok(OWN, json!({})).await["viewer"].take();
    assert_eq!((&own["points"], own["badges"].as_array().unwrap().len()), (&json!(152), 1));
    balances_agree(&app).await;
}
