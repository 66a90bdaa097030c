//! Grades: what of somebody's work counts, who sees it, and what was granted to whom.

mod accommodations;
mod book;
mod extensions;

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    assignments::{Class, assignment, submit},
    classroom::enroll,
    lessons::{DELETE, UPDATE},
};

/// The two grades of an enrollment, as somebody sees them.
pub async fn totals(client: &Client, enrollment: &str) -> Value {
    let found = client.ok("query($id: ID!) { enrollment(id: $id) { currentGrade finalGrade } }", json!({ "id": enrollment })).await;
    json!([found["enrollment"]["currentGrade"], found["enrollment"]["finalGrade"]])
}

#[tokio::test]
async fn grades_are_weighted_and_what_is_missing_counts_as_nothing_in_the_end() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    assert_eq!(totals(&class.lea, &class.enrollment).await, json!([null, 0.0]));
    let (second, other) = assignment(&class.ada, &class.section, "Second").await;
    let (third, _) = assignment(&class.ada, &class.section, "Third").await;
    class.ada.ok(UPDATE, json!({ "i": { "id": second, "weight": 2 } })).await;
    let submission = class.submit("x").await;
    class.grade(&submission, 1, 80.0).await;
    assert_eq!(totals(&class.lea, &class.enrollment).await, json!([80.0, 20.0]));
    let submission = submit(&class.lea, &other, "y").await;
    class.grade(&submission, 1, 50.0).await;
    assert_eq!(totals(&class.lea, &class.enrollment).await, json!([60.0, 45.0]));
    // What counts in the course is changed, and all grades follow.
    for (change, expected) in [
        (json!({ "id": third, "weight": 0 }), json!([60.0, 60.0])),
        (json!({ "id": third, "weight": 1 }), json!([60.0, 45.0])),
        (json!({ "id": third, "isPublished": false }), json!([60.0, 60.0])),
        (json!({ "id": second, "weight": 0.33 }), json!([72.56, 72.56])),
        (json!({ "id": second, "isPublished": false }), json!([80.0, 80.0])),
        (json!({ "id": class.lesson, "isPublished": false }), json!([null, null])),
        (json!({ "id": class.lesson, "isPublished": true }), json!([80.0, 80.0])),
    ] {
        class.ada.ok(UPDATE, json!({ "i": change })).await;
        assert_eq!(totals(&class.lea, &class.enrollment).await, expected, "{change}");
    }
    class.ada.ok(UPDATE, json!({ "i": { "id": third, "isPublished": true } })).await;
    assert_eq!(totals(&class.lea, &class.enrollment).await, json!([80.0, 40.0]));
    class.ada.ok(DELETE, json!({ "id": third })).await;
    assert_eq!(totals(&class.lea, &class.enrollment).await, json!([80.0, 80.0]));
    // Grades merely follow: the log holds what was given.
    assert_eq!(app.count("audit_entry WHERE operation = 'gradeSubmission' AND resource <> 'Submission'").await, 0);
}

#[tokio::test]
async fn grades_of_others_show_to_graders_and_readers_alone() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let submission = class.submit("x").await;
    class.grade(&submission, 1, 80.0).await;
    let read = "query($id: ID!) { enrollment(id: $id) { currentGrade finalGrade grades { percent } } }";
    let whole = json!({ "currentGrade": 80.0, "finalGrade": 80.0, "grades": [{ "percent": 80.0 }] });
    let nothing = json!({ "currentGrade": null, "finalGrade": null, "grades": [] });
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (key, permissions) in [
        ("REGISTRAR", json!(["COURSE_READ", "ENROLLMENT_READ_ALL"])),
        ("READER", json!(["COURSE_READ", "ENROLLMENT_READ_ALL", "GRADE_READ_ALL"])),
        ("ELSEWHERE", json!(["COURSE_READ", "ENROLLMENT_READ_ALL", "GRADE_MANAGE"])),
    ] {
        let role = json!({ "i": { "key": key, "name": key, "permissions": permissions } });
        admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", role).await;
    }
    let person = async |email: &str, role: &str| app.person(&app.oak, email, &[role]).await;
    for (client, expected) in [
        (&class.lea, &whole),
        (&class.ada, &whole),
        (&admin, &whole),
        (&person("r@oak.example", "READER").await, &whole),
        (&person("g@oak.example", "REGISTRAR").await, &nothing),
        (&person("e@oak.example", "ELSEWHERE").await, &nothing),
    ] {
        assert_eq!(client.ok(read, json!({ "id": class.enrollment })).await["enrollment"], *expected);
    }
}

#[tokio::test]
async fn whoever_comes_later_has_grades_from_the_beginning() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let enrolled = enroll(&class.ada, &class.course, &bob.user_id).await;
    assert_eq!(totals(&bob, &enrolled).await, json!([null, 0.0]));
    let own =
        "query($id: ID!) { lesson(id: $id) { viewerGrade { percent points maxPoints weight isLate isMissing isReleased lesson { id } } } }";
    let shown = bob.ok(own, json!({ "id": class.lesson })).await["lesson"]["viewerGrade"].take();
    let expected = json!({ "percent": null, "points": null, "maxPoints": 100.0, "weight": 1.0, "isLate": false, "isMissing": false, "isReleased": false, "lesson": { "id": class.lesson } });
    assert_eq!(shown, expected);
    app.sql("UPDATE assignment SET due_at = now() - interval '1 second'").await;
    assert_eq!(bob.ok(own, json!({ "id": class.lesson })).await["lesson"]["viewerGrade"]["isMissing"], true);
    submit(&bob, &class.assignment, "x").await;
    let shown = bob.ok(own, json!({ "id": class.lesson })).await["lesson"]["viewerGrade"].take();
    assert_eq!(json!([shown["isMissing"], shown["isLate"]]), json!([false, true]));
    let stranger = app.person(&app.oak, "carl@oak.example", &["LEARNER"]).await;
    assert_eq!(stranger.ok(own, json!({ "id": class.lesson })).await["lesson"]["viewerGrade"], json!(null));
}

#[tokio::test]
async fn of_several_the_best_after_its_penalty_counts() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "latePolicy": "PENALTY", "penaltyPercentPerDay": 50, "maxAttempts": null, "points": 10 })).await;
    let first = class.submit("x").await;
    class.grade(&first, 1, 6.0).await;
    app.sql("UPDATE submission SET submitted_at = now() - interval '1 hour'; UPDATE assignment SET due_at = now() - interval '30 minutes'")
        .await;
    let second = class.submit("y").await;
    class.grade(&second, 1, 10.0).await;
    assert_eq!(totals(&class.lea, &class.enrollment).await, json!([60.0, 60.0]));
    class.ask(json!({ "penaltyPercentPerDay": 10 })).await;
    assert_eq!(totals(&class.lea, &class.enrollment).await, json!([90.0, 90.0]));
}
