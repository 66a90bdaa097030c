//! Deadlines: the instant before, at and after each, and what lateness costs.

use serde_json::{Value, json};

use super::{Class, GRANT, REVOKE, SUBMIT, due, work};
use crate::{
    app::{Client, TestApp},
    classroom::{refused, uuid},
};

async fn late(client: &Client, submission: &str) -> Value {
    let shown = work(client, submission).await;
    json!([shown["isLate"], shown["penaltyPercent"], shown["finalPoints"], shown["percent"]])
}

/// Whether something is taken of Lea at the very moment that is `now()`, with the assignment set as given.
async fn taken(app: &TestApp, class: &Class, set: &str) -> bool {
    let sql = format!(
        "BEGIN; SELECT set_config('app.tenant_id', '{}', true), set_config('app.user_id', '{}', true), set_config('app.permissions', ',COURSE_READ,ENROLLMENT_SELF,', true);
         UPDATE assignment SET {set}; DO $$ BEGIN PERFORM app.hand_in('{}', 'x', '{{}}'); EXCEPTION WHEN check_violation THEN NULL; END $$; COMMIT",
        app.oak.tenant,
        uuid(&class.lea.user_id),
        uuid(&class.assignment)
    );
    let before = app.count("submission").await;
    app.sql(&sql).await;
    app.count("submission").await > before
}

#[tokio::test]
async fn at_the_very_instant_it_is_in_time() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "maxAttempts": null })).await;
    for (set, is_taken) in [
        ("late_policy = 'REFUSE', due_at = now() + interval '1 microsecond'", true),
        ("late_policy = 'REFUSE', due_at = now()", true),
        ("late_policy = 'REFUSE', due_at = now() - interval '1 microsecond'", false),
        ("late_policy = 'ACCEPT', due_at = now() - interval '1 day'", true),
        ("due_at = NULL, closes_at = now() + interval '1 microsecond'", true),
        ("due_at = NULL, closes_at = now()", true),
        ("due_at = NULL, closes_at = now() - interval '1 microsecond'", false),
    ] {
        assert_eq!(taken(&app, &class, set).await, is_taken, "{set}");
    }
    let more = json!({ "i": { "assignmentId": class.assignment, "text": "x" } });
    refused(&app, &class.lea, SUBMIT, more, "CONFLICT DEADLINE_PASSED @assignmentId").await;
}

#[tokio::test]
async fn lateness_costs_by_the_day_begun_and_follows_the_due_date() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "latePolicy": "PENALTY", "penaltyPercentPerDay": 10, "maxPenaltyPercent": 35 })).await;
    let submission = class.submit("x").await;
    class.grade(&submission, 1, 80.0).await;
    let at = |distance: &str| format!("(SELECT submitted_at FROM submission) - interval '{distance}'");
    for (distance, expected) in [
        ("-1 microsecond", json!([false, 0.0, 80.0, 80.0])),
        ("0", json!([false, 0.0, 80.0, 80.0])),
        ("1 microsecond", json!([true, 10.0, 72.0, 72.0])),
        ("24 hours", json!([true, 10.0, 72.0, 72.0])),
        ("24 hours 1 microsecond", json!([true, 20.0, 64.0, 64.0])),
        ("72 hours 1 second", json!([true, 35.0, 52.0, 52.0])),
        ("900 days", json!([true, 35.0, 52.0, 52.0])),
    ] {
        due(&app, &class.assignment, &at(distance)).await;
        assert_eq!(late(&class.lea, &submission).await, expected, "{distance}");
        let grade =
            class.lea.ok("query($id: ID!) { enrollment(id: $id) { currentGrade finalGrade } }", json!({ "id": class.enrollment })).await;
        assert_eq!(grade["enrollment"], json!({ "currentGrade": expected[3], "finalGrade": expected[3] }), "{distance}");
        assert_eq!(work(&class.ada, &submission).await["points"], 80.0, "as they were given");
    }
    // Another policy takes nothing, and it is late all the same.
    class.ask(json!({ "latePolicy": "ACCEPT" })).await;
    assert_eq!(late(&class.lea, &submission).await, json!([true, 0.0, 80.0, 80.0]));
    let list = "query($l: Boolean!) { submissions(filter: { isLate: $l }) { totalCount } }";
    for (is_late, count) in [(true, 1), (false, 0)] {
        assert_eq!(class.ada.ok(list, json!({ "l": is_late })).await["submissions"]["totalCount"], count);
    }
}

#[tokio::test]
async fn an_extension_repairs_what_was_late_and_its_end_takes_that_back() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "latePolicy": "PENALTY", "penaltyPercentPerDay": 50, "passMark": 60, "maxAttempts": 1 })).await;
    due(&app, &class.assignment, "now() - interval '1 hour'").await;
    let submission = class.submit("x").await;
    class.grade(&submission, 1, 90.0).await;
    assert_eq!(late(&class.lea, &submission).await, json!([true, 50.0, 45.0, 45.0]));
    assert_eq!(crate::lessons::state(&class.lea, &class.enrollment).await, "IN_PROGRESS 0 0/1");
    let grant = json!({ "lessonId": class.lesson, "userId": class.lea.user_id, "dueAt": "2099-01-01T00:00:00Z", "extraAttempts": 1, "reason": "Ill" });
    let extension = class.ada.ok(GRANT, json!({ "i": grant })).await["grantExtension"].take();
    assert_eq!(
        extension,
        json!({ "id": extension["id"], "dueAt": "2099-01-01T00:00:00Z", "closesAt": null, "extraAttempts": 1, "extraMinutes": 0, "reason": "Ill",
                "user": { "id": class.lea.user_id }, "grantedBy": { "id": class.ada.user_id } })
    );
    assert_eq!(late(&class.lea, &submission).await, json!([false, 0.0, 90.0, 90.0]));
    assert_eq!(crate::lessons::state(&class.lea, &class.enrollment).await, "COMPLETED 100 1/1");
    let own = "query($id: ID!) { assignment(id: $id) { dueAt viewerDueAt viewerAttemptsLeft } }";
    let own = class.lea.ok(own, json!({ "id": class.assignment })).await["assignment"].take();
    assert_eq!(json!([own["viewerDueAt"], own["viewerAttemptsLeft"]]), json!(["2099-01-01T00:00:00Z", 1]));
    class.submit("y").await;
    class.ada.ok(REVOKE, json!({ "id": extension["id"] })).await;
    assert_eq!(late(&class.lea, &submission).await, json!([true, 50.0, 45.0, 45.0]));
    assert_eq!(crate::lessons::state(&class.lea, &class.enrollment).await, "COMPLETED 100 1/1", "completions stay");
}

#[tokio::test]
async fn a_closing_time_is_moved_for_one_person_alone() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    crate::classroom::enroll(&class.ada, &class.course, &bob.user_id).await;
    app.sql("UPDATE assignment SET closes_at = now() - interval '1 second'").await;
    let grant = json!({ "lessonId": class.lesson, "userId": class.lea.user_id, "closesAt": "2099-01-01T00:00:00Z" });
    class.ada.ok(GRANT, json!({ "i": grant })).await;
    class.submit("x").await;
    let other = json!({ "i": { "assignmentId": class.assignment, "text": "x" } });
    refused(&app, &bob, SUBMIT, other, "CONFLICT DEADLINE_PASSED @assignmentId").await;
}
