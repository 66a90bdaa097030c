//! How far somebody has come, and what is decided about it.

use serde_json::{Value, json};

use super::{STATUS, enroll};
use crate::{
    app::{TestApp, Who},
    classroom::{UNENROLL, course, everything, learners, refused},
};

const PROGRESS: &str = "mutation($i: RecordProgressInput!) { recordProgress(input: $i) { status progress completedAt } }";

fn at(id: &str, progress: impl Into<Value>) -> Value {
    json!({ "i": { "id": id, "progress": progress.into() } })
}

fn set(id: &str, status: &str) -> Value {
    json!({ "i": { "id": id, "status": status } })
}

#[tokio::test]
async fn a_learners_progress_only_grows() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = course(&admin, json!({ "title": "Algebra" })).await;
    let enrollment = enroll(&admin, &id, &learner.user_id).await;
    for (recorded, status, progress) in [
        (0.0, "NOT_STARTED", 0.0),
        (12.5, "IN_PROGRESS", 12.5),
        (60.0, "IN_PROGRESS", 60.0),
        (30.0, "IN_PROGRESS", 60.0),
        (0.0, "IN_PROGRESS", 60.0),
    ] {
        let answer = learner.ok(PROGRESS, at(&enrollment, recorded)).await;
        assert_eq!(answer["recordProgress"], json!({ "status": status, "progress": progress, "completedAt": null }), "{recorded}");
    }
    // Nothing new is no change.
    assert_eq!(app.changes("recordProgress").await, 2);
    let done = learner.ok(PROGRESS, at(&enrollment, 100)).await["recordProgress"].take();
    assert_eq!((&done["status"], &done["progress"]), (&json!("COMPLETED"), &json!(100.0)));
    assert!(done["completedAt"].is_string());
    // Once done, it is done, and since then.
    assert_eq!(learner.ok(PROGRESS, at(&enrollment, 100)).await["recordProgress"], done);
    assert_eq!(learner.ok(PROGRESS, at(&enrollment, 10)).await["recordProgress"], done);
    assert_eq!(app.changes("recordProgress").await, 3);
}

#[tokio::test]
async fn a_managers_word_is_taken_as_it_is() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = course(&ada, json!({ "title": "Algebra" })).await;
    let enrollment = enroll(&ada, &id, &learner.user_id).await;
    for (recorded, status) in
        [(100.0, "COMPLETED"), (50.0, "IN_PROGRESS"), (20.0, "IN_PROGRESS"), (0.0, "NOT_STARTED"), (0.1, "IN_PROGRESS")]
    {
        let answer = ada.ok(PROGRESS, at(&enrollment, recorded)).await["recordProgress"].take();
        assert_eq!((&answer["status"], &answer["progress"]), (&json!(status), &json!(recorded)));
        assert_eq!(answer["completedAt"].is_string(), status == "COMPLETED");
    }
    // What a manager decided without progress, a learner's progress does not undo.
    ada.ok(STATUS, set(&enrollment, "COMPLETED")).await;
    let answer = learner.ok(PROGRESS, at(&enrollment, 30)).await["recordProgress"].take();
    assert_eq!((&answer["status"], &answer["progress"]), (&json!("COMPLETED"), &json!(30.0)));
}

#[tokio::test]
async fn what_a_manager_decided_stands_until_more_is_recorded_than_before() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = course(&ada, json!({ "title": "Algebra" })).await;
    let enrollment = enroll(&ada, &id, &learner.user_id).await;
    learner.ok(PROGRESS, at(&enrollment, 100)).await;
    ada.ok(STATUS, set(&enrollment, "IN_PROGRESS")).await;
    let before = everything(&app).await;
    let row = "SELECT to_jsonb(e)::text FROM enrollment e";
    let row_before = app.text(row).await;
    for recorded in [json!(1), json!(0), json!(99.9), json!(100)] {
        let answer = learner.ok(PROGRESS, at(&enrollment, recorded)).await;
        assert_eq!(answer["recordProgress"], json!({ "status": "IN_PROGRESS", "progress": 100.0, "completedAt": null }));
    }
    assert_eq!((everything(&app).await, app.text(row).await), (before, row_before), "not even when it was changed last");

    // Whatever was decided: what is no more than before says nothing about it, what is more does.
    for (decided, progress, recorded, status) in [
        ("NOT_STARTED", 40, json!(40), "NOT_STARTED"),
        ("NOT_STARTED", 40, json!(39), "NOT_STARTED"),
        ("NOT_STARTED", 40, json!(41), "IN_PROGRESS"),
        ("COMPLETED", 40, json!(40), "COMPLETED"),
        ("COMPLETED", 40, json!(60), "COMPLETED"),
        ("IN_PROGRESS", 99, json!(100), "COMPLETED"),
    ] {
        ada.ok(PROGRESS, at(&enrollment, progress)).await;
        ada.ok(STATUS, set(&enrollment, decided)).await;
        let answer = learner.ok(PROGRESS, at(&enrollment, recorded.clone())).await["recordProgress"].take();
        assert_eq!(answer["status"], status, "{decided} at {progress}, then {recorded}");
        assert_eq!(answer["progress"].as_f64(), recorded.as_f64().map(|recorded| recorded.max(f64::from(progress))));
        assert_eq!(answer["completedAt"].is_string(), status == "COMPLETED");
    }
}

#[tokio::test]
async fn progress_is_between_0_and_100() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = course(&admin, json!({ "title": "Algebra" })).await;
    let enrollment = enroll(&admin, &id, &learner.user_id).await;
    for client in [&learner, &admin] {
        for wrong in [json!(-1), json!(-0.0001), json!(100.0001), json!(1e300), json!("12"), json!(null)] {
            refused(&app, client, PROGRESS, at(&enrollment, wrong), "BAD_USER_INPUT @progress").await;
        }
    }
    assert_eq!(learner.ok(PROGRESS, at(&enrollment, -0.0)).await["recordProgress"]["progress"], json!(0.0));
}

#[tokio::test]
async fn what_has_ended_takes_no_progress() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = course(&admin, json!({ "title": "Algebra" })).await;
    let enrollment = enroll(&admin, &id, &learner.user_id).await;
    for status in ["FAILED", "EXPIRED", "DROPPED"] {
        admin.ok(STATUS, set(&enrollment, status)).await;
        for client in [&learner, &admin] {
            refused(&app, client, PROGRESS, at(&enrollment, 50), "CONFLICT INVALID_TRANSITION @id").await;
        }
    }
}

#[tokio::test]
async fn a_manager_sets_any_status_and_only_completion_has_a_time() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = course(&ada, json!({ "title": "Algebra" })).await;
    let enrollment = enroll(&ada, &id, &learner.user_id).await;
    ada.ok(PROGRESS, at(&enrollment, 40)).await;
    let all = ["NOT_STARTED", "IN_PROGRESS", "COMPLETED", "FAILED", "EXPIRED", "DROPPED"];
    for from in all {
        for to in all {
            ada.ok(STATUS, set(&enrollment, from)).await;
            let answer = ada.ok(STATUS, set(&enrollment, to)).await["updateEnrollmentStatus"].take();
            assert_eq!((&answer["status"], &answer["progress"]), (&json!(to), &json!(40.0)), "{from} to {to}");
            assert_eq!(answer["completedAt"].is_string(), to == "COMPLETED", "{from} to {to}");
        }
    }
    // The same status is no change, and a completion keeps its time.
    let completed = ada.ok(STATUS, set(&enrollment, "COMPLETED")).await;
    let changes = app.changes("updateEnrollmentStatus").await;
    assert_eq!(ada.ok(STATUS, set(&enrollment, "COMPLETED")).await, completed);
    assert_eq!(app.changes("updateEnrollmentStatus").await, changes);
    let unknown = "mutation($id: ID!) { updateEnrollmentStatus(input: { id: $id, status: GONE }) { id } }";
    assert!(ada.refused(unknown, json!({ "id": enrollment })).await.starts_with("BAD_USER_INPUT"));
}

#[tokio::test]
async fn an_enrollment_is_changed_by_its_person_and_by_those_who_manage_the_course() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    let people = learners(&app, &app.oak, 1).await;
    let of_admin = course(&admin, json!({ "title": "Geometry" })).await;
    let of_ada = course(&ada, json!({ "title": "Algebra" })).await;
    let others = enroll(&admin, &of_admin, &people[0]).await;
    let of_the_learner = enroll(&admin, &of_admin, &learner.user_id).await;
    let adas_own = enroll(&admin, &of_admin, &ada.user_id).await;
    let hers = enroll(&ada, &of_ada, &people[0]).await;

    // Who sees nothing of it finds nothing.
    for client in [&learner, &ada] {
        refused(&app, client, PROGRESS, at(&others, 50), "NOT_FOUND @id").await;
        refused(&app, client, UNENROLL, json!({ "id": others }), "NOT_FOUND @id").await;
    }
    refused(&app, &ada, STATUS, set(&others, "FAILED"), "NOT_FOUND @id").await;
    // One's own is seen, but an instructor is no learner, and nobody decides about their own.
    refused(&app, &ada, PROGRESS, at(&adas_own, 50), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &ada, UNENROLL, json!({ "id": adas_own }), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &ada, STATUS, set(&adas_own, "COMPLETED"), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &learner, STATUS, set(&of_the_learner, "COMPLETED"), "FORBIDDEN [ENROLLMENT_MANAGE]").await;
    for mutation in [PROGRESS, STATUS] {
        let variables = if mutation == PROGRESS { at(&others, 50) } else { set(&others, "FAILED") };
        let needs = if mutation == PROGRESS { "FORBIDDEN [ENROLLMENT_SELF ENROLLMENT_MANAGE]" } else { "FORBIDDEN [ENROLLMENT_MANAGE]" };
        refused(&app, &viewer, mutation, variables, needs).await;
    }
    refused(&app, &viewer, UNENROLL, json!({ "id": others }), "FORBIDDEN [ENROLLMENT_SELF ENROLLMENT_MANAGE]").await;
    // With both permissions one still decides nothing about oneself in somebody else's course.
    let tutor = super::person_who(&app, "TUTOR", &["COURSE_READ", "ENROLLMENT_SELF", "ENROLLMENT_MANAGE"]).await;
    let of_tutor = enroll(&admin, &of_admin, &tutor.user_id).await;
    refused(&app, &tutor, STATUS, set(&of_tutor, "COMPLETED"), "FORBIDDEN NOT_YOURS @id").await;
    tutor.ok(PROGRESS, at(&of_tutor, 50)).await;
    assert_eq!(tutor.ok(PROGRESS, at(&of_tutor, 20)).await["recordProgress"]["progress"], json!(50.0));

    learner.ok(PROGRESS, at(&of_the_learner, 50)).await;
    learner.ok(UNENROLL, json!({ "id": of_the_learner })).await;
    for client in [&ada, &admin] {
        client.ok(PROGRESS, at(&hers, 50)).await;
        client.ok(STATUS, set(&hers, "FAILED")).await;
        client.ok(STATUS, set(&hers, "IN_PROGRESS")).await;
        client.ok(UNENROLL, json!({ "id": hers })).await;
        client.ok(STATUS, set(&hers, "IN_PROGRESS")).await;
    }
}
