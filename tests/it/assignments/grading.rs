//! Grading: whose work, by whom, and over what.

use serde_json::json;

use super::{Class, GRADE, RELEASE, RETURN, WORK, work};
use crate::{
    app::{TestApp, Who},
    classroom::{nothing, refused},
};

#[tokio::test]
async fn a_grade_shows_to_its_author_at_once_and_is_changed_by_whoever_has_read_it() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let submission = class.submit("x").await;
    let graded = class.ada.ok(GRADE, json!({ "i": { "id": submission, "version": 1, "points": 87.5, "feedback": "Good" } })).await;
    assert_eq!(graded["gradeSubmission"], json!({ "id": submission, "status": "GRADED", "version": 2, "points": 87.5 }));
    let shown = work(&class.lea, &submission).await;
    assert_eq!(
        json!([
            shown["status"],
            shown["points"],
            shown["finalPoints"],
            shown["percent"],
            shown["feedback"],
            shown["gradedBy"],
            shown["version"],
            shown["rubricScores"]
        ]),
        json!(["GRADED", 87.5, 87.5, 87.5, "Good", { "id": class.ada.user_id }, null, []])
    );
    assert_eq!(shown["gradedAt"], shown["releasedAt"]);
    class.grade(&submission, 2, 90.0).await;
    let history = work(&class.lea, &submission).await["history"].take();
    let kinds = history.as_array().unwrap().iter().map(|event| json!([event["kind"], event["points"]])).collect::<Vec<_>>();
    assert_eq!(json!(kinds), json!([["SUBMITTED", null], ["GRADED", 87.5], ["GRADED", 90.0]]));
    let stale = json!({ "i": { "id": submission, "version": 2, "points": 1 } });
    refused(&app, &class.ada, GRADE, stale, "CONFLICT STALE @version").await;
    for points in [-0.5, 100.5] {
        refused(&app, &class.ada, GRADE, json!({ "i": { "id": submission, "version": 3, "points": points } }), "BAD_USER_INPUT @points")
            .await;
    }
    refused(&app, &class.ada, GRADE, json!({ "i": { "id": submission, "version": 3 } }), "BAD_USER_INPUT @points").await;
    let scores = json!({ "i": { "id": submission, "version": 3, "rubricScores": [{ "criterionId": nothing("criterion"), "points": 1 }] } });
    refused(&app, &class.ada, GRADE, scores, "BAD_USER_INPUT @rubricScores").await;
}

#[tokio::test]
async fn nobody_grades_their_own_work() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let role = json!({ "i": { "key": "ASSISTANT", "name": "Assistant",
        "permissions": ["COURSE_READ", "COURSE_UPDATE", "ENROLLMENT_SELF", "GRADE_MANAGE", "AVAILABILITY_MANAGE"] } });
    app.sign_in(&app.oak, Who::Admin).await.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", role).await;
    let both = app.person(&app.oak, "both@oak.example", &["ASSISTANT"]).await;
    let add = json!({ "i": { "courseId": class.course, "userIds": [both.user_id] } });
    class.ada.ok("mutation($i: AddCourseInstructorsInput!) { addCourseInstructors(input: $i) { id } }", add).await;
    crate::classroom::enroll(&class.ada, &class.course, &both.user_id).await;
    class.ask(json!({ "holdGrades": true })).await;
    let submission = super::submit(&both, &class.assignment, "Mine").await;
    refused(&app, &both, GRADE, json!({ "i": { "id": submission, "version": 1, "points": 100 } }), "FORBIDDEN OWN_WORK @id").await;
    refused(&app, &both, RETURN, json!({ "i": { "id": submission, "version": 1, "feedback": "x" } }), "FORBIDDEN OWN_WORK @id").await;
    class.grade(&submission, 1, 40.0).await;
    // Nor do they see what is held, though they grade the course.
    let shown = work(&both, &submission).await;
    assert_eq!(
        json!([shown["status"], shown["points"], shown["version"], shown["allowedTransitions"]]),
        json!(["SUBMITTED", null, null, []])
    );
}

#[tokio::test]
async fn the_work_of_a_course_is_its_graders_alone() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let submission = class.submit("x").await;
    let other = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    crate::classroom::enroll(&class.ada, &class.course, &bob.user_id).await;
    let (viewer, elm) = (app.sign_in(&app.oak, Who::Viewer).await, app.sign_in(&app.elm, Who::Admin).await);
    let grade = json!({ "i": { "id": submission, "version": 1, "points": 5 } });
    let back = json!({ "i": { "id": submission, "version": 1, "feedback": "x" } });
    let release = json!({ "id": class.assignment });
    for client in [&other, &elm] {
        assert_eq!(client.ok(WORK, json!({ "id": submission })).await["submission"], json!(null));
        assert_eq!(client.ok("{ submissions { totalCount } }", json!({})).await["submissions"]["totalCount"], 0);
        refused(&app, client, GRADE, grade.clone(), "NOT_FOUND @id").await;
        refused(&app, client, RETURN, back.clone(), "NOT_FOUND @id").await;
        refused(&app, client, RELEASE, release.clone(), "NOT_FOUND @assignmentId").await;
    }
    assert_eq!(bob.ok(WORK, json!({ "id": submission })).await["submission"], json!(null));
    for (document, input) in [(GRADE, &grade), (RETURN, &back), (RELEASE, &release)] {
        refused(&app, &class.lea, document, input.clone(), "FORBIDDEN [GRADE_MANAGE]").await;
        refused(&app, &viewer, document, input.clone(), "FORBIDDEN [GRADE_MANAGE]").await;
    }
    // Who reads all grades, and grades elsewhere, sees it and leaves it.
    let role = json!({ "i": { "key": "EXAMINER", "name": "Examiner", "permissions": ["COURSE_READ", "GRADE_MANAGE", "GRADE_READ_ALL"] } });
    app.sign_in(&app.oak, Who::Admin).await.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", role).await;
    let examiner = app.person(&app.oak, "eve@oak.example", &["EXAMINER"]).await;
    assert_eq!(work(&examiner, &submission).await["allowedTransitions"], json!([]));
    refused(&app, &examiner, GRADE, grade.clone(), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &examiner, RETURN, back, "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &examiner, RELEASE, release, "FORBIDDEN NOT_YOURS @assignmentId").await;
    refused(&app, &class.ada, GRADE, json!({ "i": { "id": nothing("submission"), "version": 1, "points": 5 } }), "NOT_FOUND @id").await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok(GRADE, grade).await;
}

#[tokio::test]
async fn lists_of_work_are_filtered_and_walked() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "maxAttempts": null })).await;
    let mut texts = Vec::new();
    for n in 1..=5 {
        let text = format!("Work {n}");
        let submission = class.submit(&text).await;
        if n < 3 {
            class.grade(&submission, 1, 50.0).await;
        }
        if n == 5 {
            class.ada.ok(RETURN, json!({ "i": { "id": submission, "version": 1, "feedback": "x" } })).await;
        }
        texts.insert(0, text);
    }
    for client in [&class.ada, &class.lea, &app.sign_in(&app.oak, Who::Viewer).await] {
        assert_eq!(crate::classroom::walk(client, "submissions", "", "/text").await, texts);
        for (filter, expected) in [
            ("statuses: [GRADED]", vec!["Work 2", "Work 1"]),
            ("statuses: [SUBMITTED]", vec!["Work 4", "Work 3"]),
            ("statuses: [RETURNED]", vec!["Work 5"]),
        ] {
            assert_eq!(
                crate::classroom::walk(client, "submissions", &format!(", filter: {{ {filter} }}"), "/text").await,
                expected,
                "{filter}"
            );
        }
        let of_course = format!(
            ", filter: {{ courseId: \"{}\", userId: \"{}\", assignmentId: \"{}\" }}",
            class.course, class.lea.user_id, class.assignment
        );
        assert_eq!(crate::classroom::walk(client, "submissions", &of_course, "/text").await, texts);
    }
    let oldest = "query($id: ID!) { assignment(id: $id) { submissions(first: 2, orderBy: { field: SUBMITTED_AT, direction: ASC }) { nodes { text } totalCount } } }";
    let oldest = class.ada.ok(oldest, json!({ "id": class.assignment })).await["assignment"]["submissions"].take();
    assert_eq!(oldest, json!({ "nodes": [{ "text": "Work 1" }, { "text": "Work 2" }], "totalCount": 5 }));
}
