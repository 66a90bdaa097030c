//! Handing in: what is taken, by whom, how often, and what it completes.

use serde_json::{Value, json};

use super::{Class, GRADE, RETURN, SUBMIT, submit, work};
use crate::{
    app::{TestApp, Who},
    classroom::{nothing, refused},
    files::text,
    lessons::{REOPEN, TRACK, state},
};

#[tokio::test]
async fn what_is_handed_in_is_numbered_and_completes_its_lesson() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "maxAttempts": 2 })).await;
    assert_eq!(state(&class.lea, &class.enrollment).await, "NOT_STARTED 0 0/1");
    let first = class.submit("  What I know\r\nof sets ").await;
    assert_eq!(state(&class.lea, &class.enrollment).await, "COMPLETED 100 1/1");
    let shown = work(&class.lea, &first).await;
    let expected = json!({ "number": 1, "status": "SUBMITTED", "allowedTransitions": [], "text": "What I know\nof sets", "isLate": false, "penaltyPercent": 0.0,
        "points": null, "finalPoints": null, "percent": null, "isPassed": null, "feedback": null, "rubricScores": null, "gradedAt": null, "gradedBy": null,
        "releasedAt": null, "version": null, "history": [{ "kind": "SUBMITTED", "points": null, "feedback": null, "by": { "id": class.lea.user_id } }] });
    assert_eq!(shown, expected);
    let second = class.submit("More").await;
    assert_eq!(work(&class.ada, &second).await["number"], 2);
    assert_eq!(work(&class.ada, &second).await["version"], 1);
    assert_eq!(work(&class.ada, &second).await["allowedTransitions"], json!(["GRADED", "RETURNED"]));
    let third = json!({ "i": { "assignmentId": class.assignment, "text": "Yet more" } });
    refused(&app, &class.lea, SUBMIT, third.clone(), "CONFLICT MAX_ATTEMPTS @assignmentId").await;
    let told = class.lea.ask(SUBMIT, third).await["errors"][0]["extensions"].take();
    assert_eq!(json!([told["limit"], told["used"]]), json!([2, 2]));
    let own = "query($id: ID!) { assignment(id: $id) { viewerAttemptsLeft viewerSubmissions { id } } }";
    let own = class.lea.ok(own, json!({ "id": class.assignment })).await["assignment"].take();
    assert_eq!(own, json!({ "viewerAttemptsLeft": 0, "viewerSubmissions": [{ "id": first }, { "id": second }] }));
}

#[tokio::test]
async fn with_a_pass_mark_a_released_grade_completes_the_lesson() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "passMark": 60, "maxAttempts": null })).await;
    let first = class.submit("Little").await;
    assert_eq!(state(&class.lea, &class.enrollment).await, "IN_PROGRESS 0 0/1");
    class.grade(&first, 1, 59.99).await;
    assert_eq!(work(&class.lea, &first).await["isPassed"], false);
    assert_eq!(state(&class.lea, &class.enrollment).await, "IN_PROGRESS 0 0/1");
    let second = class.submit("Much").await;
    class.grade(&second, 1, 60.0).await;
    assert_eq!(work(&class.lea, &second).await["isPassed"], true);
    assert_eq!(state(&class.lea, &class.enrollment).await, "COMPLETED 100 1/1");
    // What was completed stays so.
    class.ada.ok(GRADE, json!({ "i": { "id": second, "version": 2, "points": 1 } })).await;
    assert_eq!(state(&class.lea, &class.enrollment).await, "COMPLETED 100 1/1");
}

#[tokio::test]
async fn a_lower_pass_mark_completes_the_lesson_and_no_later_due_date_the_course() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "passMark": 60, "dueAt": "2098-01-01T00:00:00Z" })).await;
    let submission = class.submit("Little").await;
    let stands = async || state(&class.lea, &class.enrollment).await;
    for (change, expected) in [
        (json!({ "passMark": 55 }), "IN_PROGRESS 0 0/1"),
        (json!({ "passMark": null }), "IN_PROGRESS 100 1/1"), // handed in is enough
    ] {
        class.ask(change.clone()).await;
        assert_eq!(stands().await, expected, "{change}");
    }
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    let enrolled = crate::classroom::enroll(&class.ada, &class.course, &bob.user_id).await;
    class.ask(json!({ "passMark": 60 })).await;
    let his = submit(&bob, &class.assignment, "More").await;
    class.grade(&submission, 1, 10.0).await;
    class.grade(&his, 1, 50.0).await;
    assert_eq!(state(&bob, &enrolled).await, "IN_PROGRESS 0 0/1");
    class.ask(json!({ "passMark": 50 })).await;
    class.ask(json!({ "dueAt": "2099-01-01T00:00:00Z" })).await;
    assert_eq!(state(&bob, &enrolled).await, "IN_PROGRESS 100 1/1");
    bob.ok(TRACK, json!({ "i": { "lessonId": class.lesson } })).await;
    assert_eq!(state(&bob, &enrolled).await, "COMPLETED 100 1/1");
    // What a manager has reopened stays open, until it is graded anew.
    class.ada.ok(REOPEN, json!({ "i": { "lessonId": class.lesson, "userId": bob.user_id } })).await;
    let open = state(&bob, &enrolled).await;
    class.ask(json!({ "dueAt": "2099-02-01T00:00:00Z" })).await;
    assert_eq!((state(&bob, &enrolled).await, open.ends_with("0/1")), (open, true));
    class.grade(&his, 2, 51.0).await;
    assert!(state(&bob, &enrolled).await.ends_with("100 1/1"));
}

#[tokio::test]
async fn what_is_not_accepted_is_named() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let file = text(&class.lea, "essay.txt").await;
    let foreign = text(&class.ada, "ada.txt").await;
    let give = |input: Value| {
        let mut input = input;
        input["assignmentId"] = json!(class.assignment);
        json!({ "i": input })
    };
    for (input, line) in [
        (json!({}), "BAD_USER_INPUT @text"),
        (json!({ "text": " \n " }), "BAD_USER_INPUT @text"),
        (json!({ "text": "a".repeat(50_001) }), "BAD_USER_INPUT @text"),
        (json!({ "fileIds": [] }), "BAD_USER_INPUT @text"),
        (json!({ "fileIds": [file, file] }), "BAD_USER_INPUT @fileIds.1"),
        (json!({ "fileIds": [foreign] }), "NOT_FOUND @fileIds.0"),
        (json!({ "fileIds": [file, nothing("file")] }), "NOT_FOUND @fileIds.1"),
    ] {
        refused(&app, &class.lea, SUBMIT, give(input), line).await;
    }
    class.ask(json!({ "accepts": ["TEXT"] })).await;
    refused(&app, &class.lea, SUBMIT, give(json!({ "text": "x", "fileIds": [file] })), "BAD_USER_INPUT @fileIds").await;
    class.ask(json!({ "accepts": ["FILE"], "maxFiles": 1 })).await;
    refused(&app, &class.lea, SUBMIT, give(json!({ "text": "x", "fileIds": [file] })), "BAD_USER_INPUT @text").await;
    let more = text(&class.lea, "more.txt").await;
    refused(&app, &class.lea, SUBMIT, give(json!({ "fileIds": [file, more] })), "BAD_USER_INPUT @fileIds").await;
    refused(&app, &class.ada, SUBMIT, give(json!({ "text": "x" })), "FORBIDDEN [ENROLLMENT_SELF]").await;
    class.lea.ok(SUBMIT, give(json!({ "fileIds": [file] }))).await;
}

#[tokio::test]
async fn work_keeps_its_files_and_whoever_reads_it_reads_them() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let (one, two) = (text(&class.lea, "one.txt").await, text(&class.lea, "two.txt").await);
    let input = json!({ "i": { "assignmentId": class.assignment, "fileIds": [two, one] } });
    let submission = class.lea.ok(SUBMIT, input).await["submitAssignment"]["id"].take();
    let read = "query($id: ID!) { submission(id: $id) { files { name download { url } } } }";
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    for client in [&class.lea, &class.ada, &viewer] {
        let files = client.ok(read, json!({ "id": submission })).await["submission"]["files"].take();
        assert_eq!(json!([files[0]["name"], files[1]["name"]]), json!(["two.txt", "one.txt"]));
        let answer = app.stranger().http.get(files[0]["download"]["url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "two.txt");
    }
    refused(&app, &class.lea, "mutation($id: ID!) { deleteFile(id: $id) }", json!({ "id": one }), "CONFLICT IN_USE @id").await;
    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    assert_eq!(stranger.ok(read, json!({ "id": submission })).await["submission"], json!(null));
    assert_eq!(stranger.ok("query($id: ID!) { file(id: $id) { id } }", json!({ "id": one })).await["file"], json!(null));
}

#[tokio::test]
async fn what_was_given_back_may_be_handed_in_again_and_is_never_late() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let first = class.submit("First").await;
    class.grade(&first, 1, 80.0).await;
    let back = json!({ "i": { "id": first, "version": 2, "feedback": "Once more" } });
    let returned = class.ada.ok(RETURN, back).await["returnSubmission"].take();
    assert_eq!(returned, json!({ "id": first, "status": "RETURNED", "version": 3, "feedback": "Once more", "points": null }));
    let shown = work(&class.lea, &first).await;
    assert_eq!(
        json!([shown["status"], shown["feedback"], shown["points"], shown["gradedAt"]]),
        json!(["RETURNED", "Once more", null, null])
    );
    let kinds: Vec<&str> = shown["history"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["SUBMITTED", "GRADED", "RETURNED"]);
    // It takes its grade back.
    let grades = "query($id: ID!) { enrollment(id: $id) { currentGrade finalGrade } }";
    let after = class.lea.ok(grades, json!({ "id": class.enrollment })).await["enrollment"].take();
    assert_eq!(after, json!({ "currentGrade": null, "finalGrade": 0.0 }));
    // Long after it was due and closed.
    app.sql("UPDATE assignment SET due_at = now() - interval '3 days', closes_at = now() - interval '2 days', late_policy = 'REFUSE'")
        .await;
    let second = class.submit("Second").await;
    assert_eq!(work(&class.ada, &second).await["isLate"], false);
    let third = json!({ "i": { "assignmentId": class.assignment, "text": "Third" } });
    refused(&app, &class.lea, SUBMIT, third.clone(), "CONFLICT DEADLINE_PASSED @assignmentId").await;
    for (version, line) in [(3, "CONFLICT INVALID_TRANSITION @id"), (2, "CONFLICT STALE @version")] {
        let grade = json!({ "i": { "id": first, "version": version, "points": 5 } });
        refused(&app, &class.ada, GRADE, grade, line).await;
        let back = json!({ "i": { "id": first, "version": version, "feedback": "Again" } });
        refused(&app, &class.ada, RETURN, back, line).await;
    }
    // Until a date, and not after it.
    let soon = json!({ "i": { "id": second, "version": 1, "feedback": "Hurry", "dueAt": "2099-01-01T00:00:00Z" } });
    class.ada.ok(RETURN, soon).await;
    app.sql("UPDATE submission SET again_until_at = now() - interval '1 second' WHERE again_until_at IS NOT NULL").await;
    refused(&app, &class.lea, SUBMIT, third, "CONFLICT DEADLINE_PASSED @assignmentId").await;
    for (change, field) in
        [(json!({ "feedback": " " }), "feedback"), (json!({ "feedback": "x", "dueAt": "2020-01-01T00:00:00Z" }), "dueAt")]
    {
        let mut input = change;
        (input["id"], input["version"]) = (json!(second), json!(2));
        refused(&app, &class.ada, RETURN, json!({ "i": input }), &format!("BAD_USER_INPUT @{field}")).await;
    }
}

#[tokio::test]
async fn whoever_has_left_keeps_their_work_and_hands_in_nothing_more() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "maxAttempts": null, "passMark": 10 })).await;
    let submission = class.submit("x").await;
    class.lea.ok("mutation($id: ID!) { unenroll(id: $id) { id } }", json!({ "id": class.enrollment })).await;
    let again = json!({ "i": { "assignmentId": class.assignment, "text": "y" } });
    refused(&app, &class.lea, SUBMIT, again, "FORBIDDEN NOT_ENROLLED @assignmentId").await;
    class.grade(&submission, 1, 70.0).await;
    assert_eq!(work(&class.lea, &submission).await["percent"], 70.0);
    let own =
        "query($l: ID!, $e: ID!) { lesson(id: $l) { viewerGrade { percent isReleased } } enrollment(id: $e) { status currentGrade } }";
    let own = class.lea.ok(own, json!({ "l": class.lesson, "e": class.enrollment })).await;
    assert_eq!(
        own,
        json!({ "lesson": { "viewerGrade": { "percent": 70.0, "isReleased": true } }, "enrollment": { "status": "DROPPED", "currentGrade": 70.0 } })
    );
    let _ = submit;
}
