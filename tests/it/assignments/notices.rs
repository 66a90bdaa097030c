//! Whom the service tells of work, and of what.

use serde_json::json;

use super::{Class, GRANT, RETURN};
use crate::{
    app::{Client, TestApp},
    classroom::enroll,
    socket::Socket,
};

/// The kinds of what somebody was told, the first first.
async fn told(client: &Client) -> String {
    let found = client.ok("{ notifications(first: 50) { nodes { kind title } } }", json!({})).await["notifications"]["nodes"].take();
    let kinds = found.as_array().unwrap().iter().rev().map(|one| one["kind"].as_str().unwrap().to_owned());
    kinds.filter(|kind| !["ENROLLED", "COURSE_COMPLETED"].contains(&kind.as_str())).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn authors_are_told_of_grades_and_graders_of_work() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "dueAt": "2098-01-01T00:00:00Z" })).await;
    let submission = class.submit("x").await;
    app.work().await;
    assert_eq!((told(&class.ada).await.as_str(), told(&class.lea).await.as_str()), ("SUBMISSION_RECEIVED", ""));
    class.grade(&submission, 1, 50.0).await;
    app.work().await;
    class.ada.ok(RETURN, json!({ "i": { "id": submission, "version": 2, "feedback": "Once more" } })).await;
    app.work().await;
    let grant = json!({ "lessonId": class.lesson, "userId": class.lea.user_id, "dueAt": "2099-01-01T00:00:00Z" });
    class.ada.ok(GRANT, json!({ "i": grant })).await;
    app.work().await;
    assert_eq!(told(&class.lea).await, "ASSIGNMENT_GRADED SUBMISSION_RETURNED EXTENSION_GRANTED");
    assert_eq!(told(&class.ada).await, "SUBMISSION_RECEIVED");
    let titles =
        class.lea.ok("{ notifications { nodes { title subject { __typename } } } }", json!({})).await["notifications"]["nodes"].take();
    assert_eq!(titles[0], json!({ "title": "More time: Essay", "subject": { "__typename": "Lesson" } }));
    assert_eq!(titles[2], json!({ "title": "Graded: Essay", "subject": { "__typename": "Submission" } }));
    // More tries alone have no date, and are told of all the same.
    let grant = json!({ "lessonId": class.lesson, "userId": class.lea.user_id, "extraAttempts": 1 });
    class.ada.ok(GRANT, json!({ "i": grant })).await;
    app.work().await;
    let told = class.lea.ok("{ notifications { nodes { title body } } }", json!({})).await["notifications"]["nodes"][0].take();
    assert_eq!(told, json!({ "title": "More time: Essay", "body": "You have more time or more tries for Essay in Algebra." }));
    assert_eq!(app.count("job WHERE state = 'DEAD'").await, 0);
}

#[tokio::test]
async fn people_are_reminded_a_day_before_by_their_own_date_and_once() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    enroll(&class.ada, &class.course, &bob.user_id).await;
    let remind = async || {
        app.sql(&format!(
            "BEGIN; SELECT set_config('app.tenant_id', '{}', true), set_config('app.user_id', '', true), app.remind_of_deadlines(1000); COMMIT",
            app.oak.tenant
        ))
        .await;
        app.work().await;
        app.sql("UPDATE notification SET hour = hour - interval '2 hours'").await;
    };
    let both = async || (told(&class.lea).await, told(&bob).await);
    let pair = |one: &str, two: &str| (one.to_owned(), two.to_owned());
    super::due(&app, &class.assignment, "now() + interval '25 hours'").await;
    remind().await;
    assert_eq!(both().await, pair("", ""));
    // Bob has a week more.
    app.sql(&format!(
        "INSERT INTO extension (tenant_id, id, lesson_id, course_id, user_id, due_at, granted_by_id)
             SELECT a.tenant_id, gen_random_uuid(), a.lesson_id, a.course_id, '{}', now() + interval '8 days', c.instructor_id FROM assignment a JOIN course c ON c.id = a.course_id",
        crate::classroom::uuid(&bob.user_id)
    ))
    .await;
    super::due(&app, &class.assignment, "now() + interval '23 hours'").await;
    remind().await;
    remind().await;
    assert_eq!(both().await, pair("DEADLINE_SOON", ""));
    app.sql("UPDATE extension SET due_at = now() + interval '23 hours'").await;
    super::due(&app, &class.assignment, "now() - interval '1 hour'").await;
    remind().await;
    remind().await;
    assert_eq!(both().await, pair("DEADLINE_SOON", "DEADLINE_SOON"));
    // A new date is told of anew, but not to who has handed in.
    super::submit(&bob, &class.assignment, "x").await;
    app.sql("UPDATE extension SET due_at = now() + interval '22 hours'").await;
    super::due(&app, &class.assignment, "now() + interval '20 hours'").await;
    remind().await;
    let (lea, bob) = both().await;
    assert_eq!((lea.as_str(), bob.as_str()), ("DEADLINE_SOON DEADLINE_SOON", "DEADLINE_SOON"));
}

#[tokio::test]
async fn work_is_heard_of_by_those_who_see_it_and_a_grade_that_is_held_by_nobody() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "holdGrades": true, "maxAttempts": null })).await;
    let other = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    let (mut author, mut grader, mut stranger) = (Socket::of(&class.lea).await, Socket::of(&class.ada).await, Socket::of(&other).await);
    for socket in [&mut author, &mut grader, &mut stranger] {
        assert!(socket.begin("1", "subscription { submissionChanged { number status points } }").await.is_empty());
    }
    let heard = |message: serde_json::Value| message["payload"]["data"]["submissionChanged"].clone();
    let submission = class.submit("x").await;
    let new = json!({ "number": 1, "status": "SUBMITTED", "points": null });
    assert_eq!(heard(author.hear().await), new);
    assert_eq!(heard(grader.hear().await), new);
    class.grade(&submission, 1, 80.0).await;
    let said = author.until_answered().await;
    assert!(said.iter().all(|message| message["id"] == "last"), "{said:?}");
    class.ada.ok(super::RELEASE, json!({ "id": class.assignment })).await;
    let graded = json!({ "number": 1, "status": "GRADED", "points": 80.0 });
    assert_eq!(heard(author.hear().await), graded);
    assert_eq!(heard(grader.hear().await), graded);
    let said = stranger.until_answered().await;
    assert!(said.iter().all(|message| message["id"] == "last"), "{said:?}");
}
