//! What happens at once.

use futures_util::future::{join, join_all};
use serde_json::json;

use super::{COMPLETE, CREATE, DELETE, TRACK, UPDATE, classroom, lesson, lesson_of, state};
use crate::{
    app::{TestApp, Who},
    classroom::{enroll, learners, uuid},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_lessons_that_are_completed_at_once_are_two() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    for _ in 0..4 {
        let other = app.person(&app.oak, &format!("{}@oak.example", uuid::Uuid::now_v7().simple()), &["LEARNER"]).await;
        let (_, sets, enrolled) = classroom(&app, &ada, &other).await;
        let mut lessons = Vec::new();
        for n in 0..4 {
            lessons.push(lesson(&ada, &sets, &format!("Lesson {n}")).await);
        }
        let answers = join_all(lessons.iter().map(|id| other.ask(COMPLETE, json!({ "i": { "lessonId": id } })))).await;
        assert!(answers.iter().all(|answer| answer.get("errors").is_none()), "{answers:?}");
        assert_eq!(state(&other, &enrolled).await, "COMPLETED 100 4/4");
    }
    assert_eq!(app.count("lesson_progress").await, 16);
    drop(lea);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_while_somebody_completes_counts_for_them() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, sets, enrolled) = classroom(&app, &ada, &lea).await;
    for person in learners(&app, &app.oak, 3).await {
        enroll(&ada, &algebra, &person).await;
    }
    for round in 1..=6 {
        let (one, two) = (lesson(&ada, &sets, "one").await, lesson_of(&ada, &sets, json!({ "kind": "TEXT", "title": "two" })).await);
        let publish = ada.ask(UPDATE, json!({ "i": { "id": two, "isPublished": true } }));
        let ((done, tracked), published) = join(
            join(lea.ask(COMPLETE, json!({ "i": { "lessonId": one } })), lea.ask(TRACK, json!({ "i": { "lessonId": one } }))),
            publish,
        )
        .await;
        for answer in [&done, &tracked, &published] {
            assert!(answer.get("errors").is_none(), "{answer}");
        }
        let now = state(&lea, &enrolled).await;
        assert!(now.ends_with(&format!(" {round}/{}", 2 * round)), "{now}");
    }
    // Every enrollment says what its lessons say.
    assert_eq!(app.count(DRIFTED).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_completes_a_lesson_while_it_is_deleted_has_done_so_or_finds_it_gone() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (_, sets, _) = classroom(&app, &ada, &lea).await;
    for _ in 0..6 {
        let id = lesson(&ada, &sets, "Brief").await;
        let learning = join(lea.ask(COMPLETE, json!({ "i": { "lessonId": id } })), lea.ask(TRACK, json!({ "i": { "lessonId": id } })));
        let ((completed, tracked), deleted) = join(learning, ada.ask(DELETE, json!({ "id": id }))).await;
        assert!(deleted.get("errors").is_none(), "{deleted}");
        for answer in [&completed, &tracked].into_iter().filter(|answer| answer.get("errors").is_some()) {
            assert_eq!(crate::app::refusal(&answer["errors"][0]), "NOT_FOUND @lessonId");
        }
        assert_eq!((app.count("lesson_progress").await, app.count(DRIFTED).await), (0, 0));
    }
}

/// Enrollments whose counts or progress are not those of their lessons.
pub const DRIFTED: &str = "enrollment e
    CROSS JOIN LATERAL (SELECT count(*) AS total, count(p.completed_at) AS done FROM lesson l
        LEFT JOIN lesson_progress p ON p.tenant_id = l.tenant_id AND p.enrollment_id = e.id AND p.lesson_id = l.id
        WHERE l.tenant_id = e.tenant_id AND l.course_id = e.course_id AND l.is_published AND l.is_required) AS n
    WHERE ((e.lessons_total, e.lessons_completed) IS DISTINCT FROM (n.total, n.done)
       OR (n.total > 0 AND e.status IN ('NOT_STARTED', 'IN_PROGRESS') AND e.progress <> greatest(e.recorded_progress, CASE WHEN n.done = n.total THEN 100 ELSE n.done * 100.0::float8 / n.total END)))";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_enrolls_while_a_lesson_is_published_gets_it_counted() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let (algebra, sets, _) = classroom(&app, &ada, &lea).await;
    let people = learners(&app, &app.oak, 12).await;
    for pair in people.chunks(2) {
        let made = ada.ask(CREATE, json!({ "i": { "sectionId": sets, "kind": "TEXT", "title": "More", "isPublished": true } }));
        let enrolls = join_all(
            pair.iter().map(|person| ada.ask(crate::classroom::ENROLL, json!({ "i": { "courseId": algebra, "userId": person } }))),
        );
        let (made, enrolled) = join(made, enrolls).await;
        for answer in enrolled.iter().chain([&made]) {
            assert!(answer.get("errors").is_none(), "{answer}");
        }
    }
    assert_eq!(app.count(&format!("enrollment WHERE course_id = '{}' AND lessons_total = 6", uuid(&algebra))).await, 13);
    assert_eq!(app.count(DRIFTED).await, 0);
}
