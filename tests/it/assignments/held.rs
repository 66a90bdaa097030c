//! Grades that are held are seen nowhere, and nothing follows from them.

use serde_json::json;

use super::{Class, GRADE, RELEASE, RETURN, work};
use crate::{
    app::{TestApp, Who},
    lessons::state,
};

/// Everywhere that the grade of a person's own work could show.
const EVERYWHERE: &str = "query($s: ID!, $l: ID!, $e: ID!, $a: ID!, $c: ID!) {
    submission(id: $s) { status points finalPoints percent isPassed feedback rubricScores { points } gradedAt gradedBy { id } releasedAt version history { kind } allowedTransitions }
    node(id: $s) { ... on Submission { status points history { kind } } }
    submissions { nodes { status points } }
    graded: submissions(filter: { statuses: [GRADED] }) { totalCount }
    lesson(id: $l) { viewerGrade { percent points isReleased } viewerProgress { status } }
    enrollment(id: $e) { progress currentGrade finalGrade grades { percent points isReleased } }
    assignment(id: $a) { viewerSubmissions { status percent } }
    course(id: $c) { viewerEnrollment { currentGrade grades { percent } } }
    notifications { nodes { kind } }
}";

#[tokio::test]
async fn what_is_held_is_seen_nowhere_until_it_is_released() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "holdGrades": true, "passMark": 50 })).await;
    let submission = class.submit("x").await;
    let all = json!({ "s": submission, "l": class.lesson, "e": class.enrollment, "a": class.assignment, "c": class.course });
    app.work().await;
    let before = class.lea.ok(EVERYWHERE, all.clone()).await;
    let jobs = app.count("job WHERE kind = 'event.fan_out'").await;
    let graded = class.ada.ok(GRADE, json!({ "i": { "id": submission, "version": 1, "points": 90, "feedback": "Well done" } })).await;
    assert_eq!(graded["gradeSubmission"], json!({ "id": submission, "status": "GRADED", "version": 2, "points": 90.0 }));
    class.grade(&submission, 2, 95.0).await;
    assert_eq!(app.count("job WHERE kind = 'event.fan_out'").await, jobs, "nobody is told");
    app.work().await;
    assert_eq!(class.lea.ok(EVERYWHERE, all.clone()).await, before);
    assert_eq!(state(&class.lea, &class.enrollment).await, "IN_PROGRESS 0 0/1");
    // Those who grade see it, and that it is held.
    let book = "query($c: ID!) { course(id: $c) { gradeBook { nodes { currentGrade finalGrade grades { percent points isReleased } } } } }";
    let row = class.ada.ok(book, json!({ "c": class.course })).await["course"]["gradeBook"]["nodes"][0].take();
    assert_eq!(
        row,
        json!({ "currentGrade": null, "finalGrade": 0.0, "grades": [{ "percent": 95.0, "points": 95.0, "isReleased": false }] })
    );
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    assert_eq!(work(&viewer, &submission).await["points"], 95.0);
    assert_eq!(
        class.ada.ok("{ submissions(filter: { statuses: [SUBMITTED] }) { totalCount } }", json!({})).await["submissions"]["totalCount"],
        0
    );

    class.ada.ok(RELEASE, json!({ "id": class.assignment })).await;
    app.work().await;
    let after = class.lea.ok(EVERYWHERE, all).await;
    assert_eq!(
        json!([
            after["submission"]["status"],
            after["submission"]["points"],
            after["submission"]["isPassed"],
            after["submission"]["feedback"],
            after["graded"]["totalCount"]
        ]),
        json!(["GRADED", 95.0, true, null, 1])
    );
    assert_eq!(
        after["enrollment"],
        json!({ "progress": 100.0, "currentGrade": 95.0, "finalGrade": 95.0, "grades": [{ "percent": 95.0, "points": 95.0, "isReleased": true }] })
    );
    let kinds = json!(after["submission"]["history"].as_array().unwrap().iter().map(|event| event["kind"].clone()).collect::<Vec<_>>());
    assert_eq!(kinds, json!(["SUBMITTED", "GRADED", "GRADED", "RELEASED"]));
    assert!(after["notifications"].to_string().contains("ASSIGNMENT_GRADED"));
    // Later ones at once, and releasing again changes nothing.
    let entries = app.changes("releaseGrades").await;
    class.ada.ok(RELEASE, json!({ "id": class.assignment })).await;
    assert_eq!(app.changes("releaseGrades").await, entries);
    class.grade(&submission, 3, 70.0).await;
    assert_eq!(work(&class.lea, &submission).await["points"], 70.0);
}

#[tokio::test]
async fn what_is_given_back_shows_its_feedback_and_no_points() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "holdGrades": true })).await;
    let submission = class.submit("x").await;
    class.grade(&submission, 1, 20.0).await;
    class.ada.ok(RETURN, json!({ "i": { "id": submission, "version": 2, "feedback": "Once more" } })).await;
    let shown = work(&class.lea, &submission).await;
    assert_eq!(json!([shown["status"], shown["points"], shown["feedback"]]), json!(["RETURNED", null, "Once more"]));
    let kinds = json!(shown["history"].as_array().unwrap().iter().map(|event| json!([event["kind"], event["points"]])).collect::<Vec<_>>());
    assert_eq!(kinds, json!([["SUBMITTED", null], ["RETURNED", null]]));
}

#[tokio::test]
async fn what_was_released_stays_so_when_grades_are_held_again() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "maxAttempts": 2 })).await;
    let first = class.submit("x").await;
    class.grade(&first, 1, 50.0).await;
    class.ask(json!({ "holdGrades": true })).await;
    let second = class.submit("y").await;
    class.grade(&second, 1, 90.0).await;
    class.grade(&first, 2, 60.0).await;
    assert_eq!(json!([work(&class.lea, &first).await["points"], work(&class.lea, &second).await["points"]]), json!([60.0, null]));
    let grade = "query($e: ID!) { enrollment(id: $e) { currentGrade } }";
    assert_eq!(
        class.lea.ok(grade, json!({ "e": class.enrollment })).await["enrollment"]["currentGrade"],
        60.0,
        "the best that is released"
    );
    // To hold no longer releases what comes; what is held waits for its release.
    class.ask(json!({ "holdGrades": false })).await;
    assert_eq!(work(&class.lea, &second).await["points"], json!(null));
    class.ada.ok(RELEASE, json!({ "id": class.assignment })).await;
    assert_eq!(class.lea.ok(grade, json!({ "e": class.enrollment })).await["enrollment"]["currentGrade"], 90.0);
}
