//! Row security, asked as the service's own role: what is locked, held or another's does not exist, whatever is asked.

use serde_json::json;
use tokio_postgres::NoTls;

use super::{Class, RELEASE};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{enroll, uuid},
    lessons::DRIP,
};

/// A person at the database itself, with the permissions of their role.
async fn at_the_database(app: &TestApp, client: &Client, permissions: &str) -> tokio_postgres::Client {
    let (database, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let (tenant, user) = (app.oak.tenant, uuid(&client.user_id));
    let open = format!(
        "SET app.tenant_id = '{tenant}'; SET app.user_id = '{user}'; SET app.permissions = '{permissions}'; SET app.correlation_id = 'by-hand'"
    );
    database.batch_execute(&open).await.unwrap();
    database
}

/// How many rows somebody sees of each table.
async fn seen(database: &tokio_postgres::Client) -> String {
    let mut counts = Vec::new();
    for table in [
        "assignment",
        "rubric_criterion",
        "submission",
        "submission_file",
        "submission_grade",
        "rubric_score",
        "submission_event",
        "lesson_grade",
        "enrollment_grade",
        "extension",
    ] {
        let count: i64 = database.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0);
        counts.push(count.to_string());
    }
    counts.join(" ")
}

#[tokio::test]
async fn what_is_held_locked_or_anothers_is_hidden_by_row_security() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    enroll(&class.ada, &class.course, &bob.user_id).await;
    class.ask(json!({ "holdGrades": true, "dueAt": "2098-01-01T00:00:00Z" })).await;
    let rubric = json!({ "i": { "assignmentId": class.assignment, "criteria": [{ "title": "Style", "points": 10 }] } });
    let criterion = class.ada.ok(super::RUBRIC, rubric).await["setRubric"]["rubric"][0]["id"].take();
    let file = crate::files::text(&class.lea, "essay.txt").await;
    let input = json!({ "i": { "assignmentId": class.assignment, "fileIds": [file] } });
    let submission = class.lea.ok(super::SUBMIT, input).await["submitAssignment"]["id"].take();
    let grade = json!({ "i": { "id": submission, "version": 1, "rubricScores": [{ "criterionId": criterion, "points": 8 }] } });
    class.ada.ok(super::GRADE, grade).await;
    let grant = json!({ "lessonId": class.lesson, "userId": class.lea.user_id, "dueAt": "2099-01-01T00:00:00Z" });
    class.ada.ok(super::GRANT, json!({ "i": grant })).await;

    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    let learner = at_the_database(&app, &class.lea, ",COURSE_READ,ENROLLMENT_SELF,").await;
    let fellow = at_the_database(&app, &bob, ",COURSE_READ,ENROLLMENT_SELF,").await;
    let teacher = at_the_database(&app, &class.ada, ",COURSE_READ,COURSE_UPDATE,ENROLLMENT_MANAGE,GRADE_MANAGE,").await;
    let manager = at_the_database(&app, &class.ada, ",COURSE_READ,COURSE_UPDATE,ENROLLMENT_MANAGE,").await;
    let other = at_the_database(&app, &stranger, ",COURSE_READ,COURSE_UPDATE,ENROLLMENT_MANAGE,GRADE_MANAGE,").await;
    let reader = at_the_database(&app, &viewer, ",COURSE_READ,ENROLLMENT_READ_ALL,GRADE_READ_ALL,").await;
    let registrar = at_the_database(&app, &viewer, ",COURSE_READ,ENROLLMENT_READ_ALL,").await;
    assert_eq!(seen(&learner).await, "1 1 1 1 0 0 1 0 1 1");
    assert_eq!(seen(&fellow).await, "1 1 0 0 0 0 0 0 1 0");
    assert_eq!(seen(&teacher).await, "1 1 1 1 1 1 2 0 2 1");
    assert_eq!(seen(&manager).await, "1 1 0 0 0 0 0 0 0 0", "who manages people sees no grades by that");
    assert_eq!(seen(&other).await, "0 0 0 0 0 0 0 0 0 0");
    assert_eq!(seen(&reader).await, "1 1 1 1 1 1 2 0 2 1");
    assert_eq!(seen(&registrar).await, "0 0 0 0 0 0 0 0 0 0");

    class.ada.ok(RELEASE, json!({ "id": class.assignment })).await;
    assert_eq!(seen(&learner).await, "1 1 1 1 1 1 3 1 1 1");
    assert_eq!(seen(&fellow).await, "1 1 0 0 0 0 0 0 1 0");
    // A lock hides what is asked, and none of the own work.
    class.ada.ok(DRIP, json!({ "i": { "sectionId": class.section, "kind": "ON_DATE", "at": "2099-01-01T00:00:00Z" } })).await;
    assert_eq!(seen(&fellow).await, "0 0 0 0 0 0 0 0 1 0");

    // None of it is written but by the functions, and these by those who may.
    for statement in [
        "UPDATE submission SET status = 'GRADED'",
        "UPDATE submission_grade SET points = 10",
        "INSERT INTO submission_grade (tenant_id, submission_id, user_id, course_id, version, points, graded_by_id) SELECT tenant_id, id, user_id, course_id, 2, 10, user_id FROM submission",
        "UPDATE lesson_grade SET percent = 100",
        "UPDATE enrollment_grade SET final_grade = 100",
        "INSERT INTO extension (tenant_id, id, lesson_id, course_id, user_id, granted_by_id) SELECT tenant_id, gen_random_uuid(), lesson_id, course_id, user_id, user_id FROM submission",
        "UPDATE assignment SET released_at = now()",
        "DELETE FROM submission",
        "SELECT count(*) FROM deadline_reminder",
        "SELECT return_note FROM submission",
        "SELECT app.set_lesson_grade(app.tenant_id(), (SELECT lesson_id FROM submission), app.user_id(), 100)",
        "SELECT app.follow_assignment(app.tenant_id(), (SELECT lesson_id FROM submission), NULL)",
    ] {
        let error = learner.batch_execute(statement).await.expect_err(statement);
        assert_eq!(error.code(), Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {error}");
    }
    let own = format!("SELECT app.grade_submission('{}', 2, 10, '{{}}', '{{}}', '{{}}', NULL)", uuid(submission.as_str().unwrap()));
    assert!(learner.batch_execute(&own).await.is_err());
    let hidden = other.query_one(&own, &[]).await.unwrap();
    assert!(!hidden.get::<_, bool>(0), "absent");
    let grades = format!("SELECT count(*) FROM app.grades_of(ARRAY['{}'::uuid])", uuid(&class.enrollment));
    for (database, count) in [(&learner, 1_i64), (&fellow, 0), (&teacher, 1), (&manager, 0), (&other, 0), (&reader, 1), (&registrar, 0)] {
        assert_eq!(database.query_one(&grades, &[]).await.unwrap().get::<_, i64>(0), count);
    }
}
