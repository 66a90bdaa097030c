//! What happens at once.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{Exam, REGRADE, SAVE, SHEET, START, SUBMIT, VOID, all_right, all_wrong};
use crate::{app::Client, classroom::uuid};

fn reasons(answers: &[Value]) -> Vec<String> {
    let reason = |answer: &Value| answer["errors"][0]["extensions"]["reason"].as_str().unwrap_or("done").to_owned();
    let mut reasons: Vec<String> = answers.iter().map(reason).collect();
    reasons.sort();
    reasons
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_tabs_start_one_attempt() {
    let (exam, _) = Exam::published().await;
    let answers = join_all((0..5).map(|_| exam.lea.ask(START, json!({ "id": exam.quiz })))).await;
    let ids: std::collections::BTreeSet<&str> =
        answers.iter().map(|answer| answer["data"]["startQuizAttempt"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 1, "{answers:?}");
    assert_eq!(exam.app.count("quiz_attempt").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_submissions_one_wins() {
    let (exam, asked) = Exam::published().await;
    let attempt = exam.start(&exam.lea).await;
    exam.lea.ok(SAVE, json!({ "i": { "attemptId": attempt, "answers": all_right(&asked) } })).await;
    let answers = join_all((0..5).map(|_| exam.lea.ask(SUBMIT, json!({ "id": attempt })))).await;
    assert_eq!(reasons(&answers), ["ALREADY_SUBMITTED", "ALREADY_SUBMITTED", "ALREADY_SUBMITTED", "ALREADY_SUBMITTED", "done"]);
    assert_eq!(exam.app.count("score_change").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_attempt_is_started_once() {
    let (exam, asked) = Exam::published().await;
    exam.set(json!({ "maxAttempts": 2 })).await;
    exam.sit(&exam.lea, all_wrong(&asked)).await;
    let both = "mutation($q: ID!) { startQuizAttempt(quizId: $q) { id number } }";
    let answers = join_all((0..4).map(|_| exam.lea.ask(both, json!({ "q": exam.quiz })))).await;
    assert!(answers.iter().all(|answer| answer["data"]["startQuizAttempt"]["number"] == json!(2)), "{answers:?}");
    assert_eq!(exam.app.count("quiz_attempt").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_regrade_and_submissions_make_every_mark_by_one_key() {
    let (exam, asked) = Exam::published().await;
    let mut people: Vec<(Client, String)> = Vec::new();
    for n in 0..8 {
        let client = exam.learner(&format!("person{n}")).await;
        let attempt = exam.start(&client).await;
        client.ok(SAVE, json!({ "i": { "attemptId": attempt, "answers": all_wrong(&asked) } })).await;
        people.push((client, attempt));
    }
    let change = json!({ "i": { "questionId": asked[1].id, "correctOptionIds": [asked[1].options[2], asked[1].options[3]], "reason": "Wrong key" } });
    let submissions = join_all(people.iter().map(|(client, attempt)| client.ask(SUBMIT, json!({ "id": attempt }))));
    let (submitted, regraded) = join(submissions, exam.ada.ask(REGRADE, change)).await;
    assert!(submitted.iter().chain([&regraded]).all(|answer| answer.get("errors").is_none()), "{submitted:?} {regraded}");
    // Whoever was first: by the new key all have four points, and whoever was marked by the old one was graded anew.
    assert_eq!(exam.app.count("quiz_attempt WHERE score = 4 AND percent = 50 AND is_passed").await, 8);
    assert_eq!(exam.app.count("lesson_grade WHERE percent = 50").await, 8);
    let raised = regraded["data"]["regradeQuestion"]["raised"].as_i64().unwrap();
    assert_eq!(exam.app.count("score_change WHERE cause = 'REGRADE'").await, raised);
    assert_eq!(exam.app.count("enrollment WHERE status = 'COMPLETED'").await, 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_is_closed_or_handed_in_once() {
    let (exam, asked) = Exam::published().await;
    for _ in 0..4 {
        let attempt = exam.start(&exam.lea).await;
        exam.lea.ok(SAVE, json!({ "i": { "attemptId": attempt, "answers": all_right(&asked) } })).await;
        exam.end_in(&attempt, 0.02).await;
        let (database, connection) = tokio_postgres::connect(&exam.app.database.url("lectern_app"), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let close = format!("SET app.tenant_id = '{}'; SELECT app.close_quiz_attempt('{}')", exam.app.oak.tenant, uuid(&attempt));
        let by_job = async {
            for _ in 0..40 {
                database.batch_execute(&close).await.unwrap();
            }
        };
        let (_, answer) = join(by_job, exam.lea.ask(SUBMIT, json!({ "id": attempt }))).await;
        let reason = answer["errors"][0]["extensions"]["reason"].as_str().unwrap_or("done");
        assert!(["done", "DEADLINE_PASSED"].contains(&reason), "{answer}");
        exam.end_in(&attempt, -1.0).await;
        database.batch_execute(&close).await.unwrap();
        let sheet = exam.lea.ok(SHEET, json!({ "id": attempt })).await["quizAttempt"].take();
        assert_eq!(
            json!([sheet["status"], sheet["score"], sheet["isAutoSubmitted"]]),
            json!(["SUBMITTED", 8.0, reason != "done"]),
            "{sheet}"
        );
        assert_eq!(sheet["scoreHistory"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn voiding_and_handing_in_end_in_one_state() {
    let (exam, asked) = Exam::published().await;
    for _ in 0..4 {
        let attempt = exam.start(&exam.lea).await;
        exam.lea.ok(SAVE, json!({ "i": { "attemptId": attempt, "answers": all_right(&asked) } })).await;
        let void = exam.ada.ask(VOID, json!({ "i": { "id": attempt, "reason": "Copied" } }));
        let (voided, submitted) = join(void, exam.lea.ask(SUBMIT, json!({ "id": attempt }))).await;
        assert!(voided.get("errors").is_none(), "{voided}");
        let reason = submitted["errors"][0]["extensions"]["reason"].as_str().unwrap_or("done");
        assert!(["done", "INVALID_TRANSITION"].contains(&reason), "{submitted}");
        assert_eq!(exam.app.count("quiz_attempt WHERE status <> 'VOID'").await, 0);
        assert_eq!(exam.app.count("lesson_grade").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_against_the_closing_is_decided_by_the_row() {
    let (exam, _) = Exam::published().await;
    exam.set(json!({ "timeLimitMinutes": 10 })).await;
    let attempt = exam.start(&exam.lea).await;
    exam.app
        .sql(&format!(
            "UPDATE quiz_attempt SET started_at = now() - interval '11 minutes', ends_at = now() - interval '1 minute' WHERE id = '{}'",
            uuid(&attempt)
        ))
        .await;
    let (database, connection) = tokio_postgres::connect(&exam.app.database.url("lectern_app"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let close = format!("SET app.tenant_id = '{}'; SELECT app.close_quiz_attempt('{}')", exam.app.oak.tenant, uuid(&attempt));
    let extend = format!(
        "INSERT INTO extension (tenant_id, id, lesson_id, course_id, user_id, extra_minutes, granted_by_id)
             SELECT q.tenant_id, gen_random_uuid(), q.lesson_id, q.course_id, '{}', 30, '{}' FROM quiz q WHERE q.id = '{}'",
        uuid(&exam.lea.user_id),
        uuid(&exam.ada.user_id),
        uuid(&exam.quiz)
    );
    let (closed, _) = join(database.batch_execute(&close), exam.app.sql(&extend)).await;
    closed.unwrap();
    let open = exam.app.count("quiz_attempt WHERE status = 'IN_PROGRESS' AND ends_at > now()").await;
    let over = exam.app.count("quiz_attempt WHERE status = 'SUBMITTED' AND submitted_at = ends_at AND is_auto_submitted").await;
    assert_eq!(open + over, 1);
}
