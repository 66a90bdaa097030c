//! Raw SQL as the service's own role: closed columns, closed tables, closed functions.

use serde_json::json;
use tokio_postgres::{NoTls, error::SqlState};

use super::{Exam, SAVE, all_right};
use crate::{
    app::{Client, Who},
    classroom::uuid,
};

async fn at_the_database(exam: &Exam, client: &Client, permissions: &str) -> tokio_postgres::Client {
    let (database, connection) = tokio_postgres::connect(&exam.app.database.url("lectern_app"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let (tenant, user) = (exam.app.oak.tenant, uuid(&client.user_id));
    let open = format!(
        "SET app.tenant_id = '{tenant}'; SET app.user_id = '{user}'; SET app.permissions = '{permissions}'; SET app.correlation_id = 'by-hand'"
    );
    database.batch_execute(&open).await.unwrap();
    database
}

const LEARNER: &str = ",COURSE_READ,ENROLLMENT_SELF,";
const TEACHER: &str = ",COURSE_READ,COURSE_UPDATE,COURSE_CREATE,ENROLLMENT_MANAGE,GRADE_MANAGE,";
const VIEWER: &str = ",COURSE_READ,ENROLLMENT_READ_ALL,GRADE_READ_ALL,";

#[tokio::test]
async fn no_column_of_a_key_is_read_and_no_mark_written() {
    let (exam, asked) = Exam::published().await;
    let attempt = exam.start(&exam.lea).await;
    exam.lea.ok(SAVE, json!({ "i": { "attemptId": attempt, "answers": all_right(&asked) } })).await;
    let carl = exam.app.person(&exam.app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    let viewer = exam.app.sign_in(&exam.app.oak, Who::Viewer).await;
    let people = [
        at_the_database(&exam, &exam.lea, LEARNER).await,
        at_the_database(&exam, &exam.ada, TEACHER).await,
        at_the_database(&exam, &carl, TEACHER).await,
        at_the_database(&exam, &viewer, VIEWER).await,
    ];
    let id = uuid(&attempt);
    let denied = [
        "SELECT option_ids FROM question_key".to_owned(),
        "SELECT * FROM question_key".to_owned(),
        "SELECT k FROM question_key k".to_owned(),
        "SELECT to_jsonb(k) FROM question_key k".to_owned(),
        "SELECT count(*) FROM question_key WHERE number = 4".to_owned(),
        "SELECT 1 FROM question_key ORDER BY texts".to_owned(),
        "UPDATE question_key SET explanation = 'x' WHERE number = 4".to_owned(),
        "UPDATE question_key SET explanation = explanation || '!'".to_owned(),
        "UPDATE question_key SET explanation = 'x' RETURNING texts".to_owned(),
        "UPDATE question_key SET number = 1".to_owned(),
        "DELETE FROM question_key".to_owned(),
        "INSERT INTO question_key (tenant_id, question_id) SELECT tenant_id, question_id FROM question_key ON CONFLICT (tenant_id, question_id) DO UPDATE SET explanation = question_key.explanation".to_owned(),
        "COPY question_key TO STDOUT".to_owned(),
        "SELECT * FROM attempt_question".to_owned(),
        "SELECT score FROM attempt_question".to_owned(),
        "UPDATE attempt_question SET score = 100".to_owned(),
        "UPDATE quiz_attempt SET score = 100".to_owned(),
        "UPDATE quiz_attempt SET ends_at = NULL".to_owned(),
        "INSERT INTO quiz_attempt (tenant_id, id) VALUES (app.tenant_id(), gen_random_uuid())".to_owned(),
        "DELETE FROM quiz_attempt".to_owned(),
        "INSERT INTO score_change (tenant_id, id) VALUES (app.tenant_id(), gen_random_uuid())".to_owned(),
        "UPDATE score_change SET score = 1".to_owned(),
        "DELETE FROM score_change".to_owned(),
        "UPDATE question SET points = 1000".to_owned(),
        "UPDATE question SET is_void = true".to_owned(),
        "UPDATE question_option SET text = 'x'".to_owned(),
        format!("SELECT app.mark_answers(ARRAY['{id}'::uuid], NULL)"),
        format!("SELECT app.sum_marks(ARRAY['{id}'::uuid])"),
        format!("SELECT app.finish_attempt('{id}', now(), false)"),
        format!("SELECT app.is_reviewable('{id}')"),
        format!("SELECT app.hold_attempt('{id}')"),
        format!("SELECT app.refit_attempts('{id}')"),
        format!("SELECT app.grade_people('{id}', ARRAY['{id}'::uuid])"),
        format!("SELECT app.purge_quizzes('{id}')"),
        format!("SELECT app.terms_of('{id}', '{id}')"),
    ];
    for database in &people {
        for statement in &denied {
            let error = database.batch_execute(statement).await.expect_err(statement);
            assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {error}");
        }
    }
    // What may be asked answers to whom it may.
    let numbers = async |sql: &str| {
        let mut counts = Vec::new();
        for database in &people {
            counts.push(database.query_one(sql, &[]).await.unwrap().get::<_, i64>(0));
        }
        counts
    };
    assert_eq!(numbers("SELECT count(*) FROM question").await, [0, 4, 0, 0]);
    assert_eq!(numbers("SELECT count(*) FROM question_option").await, [0, 7, 0, 0]);
    assert_eq!(numbers("SELECT count(question_id) FROM question_key").await, [0, 4, 0, 0]);
    let keys = "SELECT count(*) FROM app.question_keys(ARRAY(SELECT h.id FROM unnest($ids$::uuid[]) AS h(id)))";
    let ids = format!("'{{{}}}'", asked.iter().map(|asked| uuid(&asked.id).to_string()).collect::<Vec<_>>().join(","));
    assert_eq!(numbers(&keys.replace("$ids$", &ids)).await, [0, 4, 0, 0]);
    assert_eq!(numbers("SELECT count(*) FROM quiz_attempt").await, [1, 1, 0, 1]);
    assert_eq!(numbers(&format!("SELECT count(*) FROM app.attempt_sheets(ARRAY['{id}'::uuid])")).await, [4, 4, 0, 0]);
    let shown = format!(
        "SELECT count(coalesce(score::text, is_correct::text, key_texts::text, key_options::text, key_number::text, explanation)) FROM app.attempt_sheets(ARRAY['{id}'::uuid])"
    );
    assert_eq!(numbers(&shown).await, [0, 0, 0, 0]);
    assert_eq!(numbers(&format!("SELECT count(*) FROM app.quiz_statistics(ARRAY['{}'::uuid])", uuid(&exam.quiz))).await, [0, 0, 0, 0]);
    // Writing by hand what is not one's own reaches nothing.
    let [learner, _, colleague, _] = &people;
    for database in [learner, colleague] {
        for statement in [
            "UPDATE quiz SET review = 'AFTER_SUBMISSION'",
            "UPDATE question SET prompt = 'mine'",
            "UPDATE question_key SET explanation = 'mine'",
            "DELETE FROM quiz_draw",
            "UPDATE question_pool SET name = 'mine'",
        ] {
            assert_eq!(database.execute(statement, &[]).await.unwrap(), 0, "{statement}");
        }
        let question = uuid(&asked[0].id);
        for call in [
            format!("SELECT app.remove_question('{question}')"),
            format!("SELECT app.set_question_options('{question}', '{{}}', '{{}}')"),
            format!("SELECT app.regrade_question('{question}', gen_random_uuid(), NULL, NULL, NULL, NULL, NULL, true, true, 'mine')"),
        ] {
            assert!(!database.query_one(&call, &[]).await.unwrap().get::<_, bool>(0), "{call}");
        }
        let copied = format!("SELECT app.copy_quizzes('{0}', '{0}', '{{}}', interval '0')", uuid(&exam.course));
        database.batch_execute(&copied).await.unwrap();
    }
    assert_eq!(exam.app.count("question").await, 4);
    let by_another = format!("SELECT app.submit_quiz_attempt('{id}')");
    assert_eq!(colleague.query_one(&by_another, &[]).await.unwrap().get::<_, Option<uuid::Uuid>>(0), None);
}

#[tokio::test]
async fn a_constraint_of_keys_answers_without_its_row() {
    let (exam, asked) = Exam::published().await;
    let teacher = at_the_database(&exam, &exam.ada, TEACHER).await;
    let question = uuid(&asked[3].id);
    exam.app.sql(&format!("DELETE FROM question_key WHERE question_id = '{question}'")).await;
    let wrong = format!(
        "INSERT INTO question_key (tenant_id, question_id, number, tolerance, explanation) VALUES (app.tenant_id(), '{question}', 41, -1, 'telltale')"
    );
    let error = teacher.batch_execute(&wrong).await.unwrap_err();
    let text = format!("{error:?}");
    assert!(text.contains("question_key_size_check"), "{text}");
    assert!(!text.contains("telltale") && !text.contains("41"), "{text}");
}
