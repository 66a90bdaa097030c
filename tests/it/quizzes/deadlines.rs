//! The instant before, at and after each deadline: rows are moved, not clocks.

use serde_json::{Value, json};

use super::{Exam, SAVE, SHEET, START, SUBMIT, all_right};
use crate::{
    app::Client,
    classroom::{refused, uuid},
    lessons::state,
};

/// Asks the function behind a mutation inside a transaction in which a row was moved to the very instant of its beginning.
async fn at_the_instant(exam: &Exam, person: &Client, moved: &str, call: &str) -> Result<(), Option<String>> {
    let (tenant, user) = (exam.app.oak.tenant, uuid(&person.user_id));
    exam.app
        .try_sql(&format!(
            "BEGIN; SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL app.user_id = '{user}'; SET LOCAL app.permissions = ',COURSE_READ,ENROLLMENT_SELF,'; {moved}; {call}; ROLLBACK"
        ))
        .await
}

#[tokio::test]
async fn at_the_end_of_an_attempt_is_in_time_and_after_it_is_not() {
    let (exam, asked) = Exam::published().await;
    let attempt = exam.start(&exam.lea).await;
    let id = uuid(&attempt);
    let ends = |offset: &str| format!("UPDATE quiz_attempt SET ends_at = now() {offset} WHERE id = '{id}'");
    for call in [format!("SELECT app.submit_quiz_attempt('{id}')"), format!("SELECT app.save_quiz_answers('{id}', '[]')")] {
        for (offset, expected) in [
            ("+ interval '1 microsecond'", Ok(())),
            ("", Ok(())),
            ("- interval '1 microsecond'", Err(Some("quiz_attempt_over".to_owned()))),
        ] {
            assert_eq!(at_the_instant(&exam, &exam.lea, &ends(offset), &call).await, expected, "{call} {offset}");
            exam.app.try_sql("ROLLBACK").await.ok();
        }
    }
    exam.end_in(&attempt, -1.0).await;
    refused(
        &exam.app,
        &exam.lea,
        SAVE,
        json!({ "i": { "attemptId": attempt, "answers": all_right(&asked) } }),
        "CONFLICT DEADLINE_PASSED @attemptId",
    )
    .await;
    refused(&exam.app, &exam.lea, SUBMIT, json!({ "id": attempt }), "CONFLICT DEADLINE_PASSED @id").await;
}

#[tokio::test]
async fn a_quiz_opens_and_closes_at_its_instants() {
    let (exam, _) = Exam::published().await;
    let quiz = uuid(&exam.quiz);
    let call = format!("SELECT app.start_quiz_attempt('{quiz}')");
    let set = |column: &str, offset: &str| {
        format!(
            "UPDATE quiz SET opens_at = NULL, closes_at = NULL WHERE id = '{quiz}'; UPDATE quiz SET {column} = now() {offset} WHERE id = '{quiz}'"
        )
    };
    let (before, after) = ("+ interval '1 microsecond'", "- interval '1 microsecond'");
    let refusal = |name: &str| Err(Some(name.to_owned()));
    for (column, offset, expected) in [
        ("opens_at", before, refusal("quiz_not_open")),
        ("opens_at", "", Ok(())),
        ("opens_at", after, Ok(())),
        ("closes_at", before, Ok(())),
        ("closes_at", "", Ok(())),
        ("closes_at", after, refusal("quiz_closed")),
    ] {
        assert_eq!(at_the_instant(&exam, &exam.lea, &set(column, offset), &call).await, expected, "{column} {offset}");
        exam.app.try_sql("ROLLBACK").await.ok();
    }
    exam.set(json!({ "opensAt": "2098-01-01T00:00:00Z" })).await;
    refused(&exam.app, &exam.lea, START, json!({ "id": exam.quiz }), "CONFLICT NOT_OPEN_YET @quizId").await;
    exam.set(json!({ "opensAt": null, "closesAt": "2020-01-01T00:00:00Z" })).await;
    refused(&exam.app, &exam.lea, START, json!({ "id": exam.quiz }), "CONFLICT DEADLINE_PASSED @quizId").await;
}

/// How many minutes after its start an attempt ends.
async fn minutes(exam: &Exam, attempt: &str) -> String {
    let sql =
        format!("SELECT round(extract(epoch FROM ends_at - started_at) / 60, 2)::text FROM quiz_attempt WHERE id = '{}'", uuid(attempt));
    exam.app.text(&sql).await.unwrap_or_else(|| "never".to_owned())
}

#[tokio::test]
async fn an_attempt_ends_by_its_limit_or_with_the_quiz_and_a_factor_moves_both() {
    let (exam, _) = Exam::published().await;
    let bob = exam.learner("bob").await;
    exam.app
        .sql(&format!(
            "INSERT INTO accommodation (tenant_id, user_id, time_factor) VALUES ('{}', '{}', 1.5)",
            exam.app.oak.tenant,
            uuid(&bob.user_id)
        ))
        .await;
    exam.set(json!({ "timeLimitMinutes": 40 })).await;
    let (plain, longer) = (exam.start(&exam.lea).await, exam.start(&bob).await);
    assert_eq!((minutes(&exam, &plain).await.as_str(), minutes(&exam, &longer).await.as_str()), ("40.00", "60.00"));
    let terms = "query($id: ID!) { quiz(id: $id) { viewerTimeLimitMinutes viewerClosesAt } }";
    assert_eq!(bob.ok(terms, json!({ "id": exam.quiz })).await["quiz"]["viewerTimeLimitMinutes"], json!(60.0));
    // The quiz closes in 10 minutes: for who has the factor, 20 minutes later.
    exam.app
        .sql(&format!(
            "UPDATE quiz SET closes_at = (SELECT min(started_at) FROM quiz_attempt) + interval '10 minutes' WHERE id = '{}'",
            uuid(&exam.quiz)
        ))
        .await;
    let rounded = |text: String| text.parse::<f64>().unwrap().round();
    assert_eq!((rounded(minutes(&exam, &plain).await), rounded(minutes(&exam, &longer).await)), (10.0, 30.0), "attempts under way follow");
    // An extension reaches an attempt under way, and its end takes it back.
    exam.app
        .sql(&format!(
            "INSERT INTO extension (tenant_id, id, lesson_id, course_id, user_id, closes_at, extra_minutes, granted_by_id)
                 SELECT q.tenant_id, gen_random_uuid(), q.lesson_id, q.course_id, '{}', q.closes_at + interval '1 day', 5, '{}' FROM quiz q WHERE q.id = '{}'",
            uuid(&exam.lea.user_id),
            uuid(&exam.ada.user_id),
            uuid(&exam.quiz)
        ))
        .await;
    assert_eq!(rounded(minutes(&exam, &plain).await), 45.0);
    exam.app.sql("DELETE FROM extension").await;
    assert_eq!(rounded(minutes(&exam, &plain).await), 10.0);
}

#[tokio::test]
async fn what_is_over_is_closed_with_what_was_saved_soon_after_its_end() {
    let (exam, asked) = Exam::published().await;
    exam.set(json!({ "timeLimitMinutes": 10 })).await;
    let attempt = exam.start(&exam.lea).await;
    exam.lea.ok(SAVE, json!({ "i": { "attemptId": attempt, "answers": all_right(&asked) } })).await;
    let due = "SELECT extract(epoch FROM j.run_at - a.ends_at)::integer::text FROM job j JOIN quiz_attempt a ON j.payload ->> 'attempt_id' = a.id::text
        WHERE j.kind = 'quiz.close' AND a.status = 'IN_PROGRESS'";
    assert_eq!(exam.app.text(due).await.as_deref(), Some("5"), "a job is asked for, 5 seconds after the end");
    // One that comes too early does nothing; one in time closes.
    let close =
        format!("SET app.tenant_id = '{}'; SELECT app.close_quiz_attempt('{}'); RESET app.tenant_id", exam.app.oak.tenant, uuid(&attempt));
    exam.app.sql(&close).await;
    assert_eq!(exam.lea.ok(SHEET, json!({ "id": attempt })).await["quizAttempt"]["status"], json!("IN_PROGRESS"));
    exam.end_in(&attempt, -6.0).await;
    let sweep = format!("SET app.tenant_id = '{}'; SELECT app.close_overdue_attempts(10); RESET app.tenant_id", exam.app.oak.tenant);
    exam.app.sql(&sweep).await;
    let closed = exam.lea.ok(SHEET, json!({ "id": attempt })).await["quizAttempt"].take();
    assert_eq!(
        json!([closed["status"], closed["isAutoSubmitted"], closed["score"], closed["isPassed"]]),
        json!(["SUBMITTED", true, 8.0, true]),
        "{closed}"
    );
    assert_eq!(closed["submittedAt"], closed["endsAt"]);
    assert_eq!(state(&exam.lea, &exam.enrollment).await, "COMPLETED 100 1/1");
    refused(&exam.app, &exam.lea, SUBMIT, json!({ "id": attempt }), "CONFLICT DEADLINE_PASSED @id").await;
}

#[tokio::test]
async fn the_sweep_leaves_what_is_just_over_to_its_job() {
    let (exam, _) = Exam::published().await;
    let attempt = exam.start(&exam.lea).await;
    // At the very instant of the sweep.
    let left = async |ended: &str| {
        exam.app
            .sql(&format!(
                "BEGIN; UPDATE quiz_attempt SET started_at = now() - interval '1 day', ends_at = now() - interval '{ended}' WHERE id = '{}';
                 SET LOCAL app.tenant_id = '{}'; SELECT app.close_overdue_attempts(10); COMMIT",
                uuid(&attempt),
                exam.app.oak.tenant
            ))
            .await;
        exam.app.count("quiz_attempt WHERE status = 'IN_PROGRESS'").await
    };
    assert_eq!(left("5 seconds").await, 1);
    assert_eq!(left("5.001 seconds").await, 0);
}

#[tokio::test]
async fn an_overdue_attempt_is_closed_before_the_next_begins() {
    let (exam, asked) = Exam::published().await;
    let first = exam.start(&exam.lea).await;
    exam.lea.ok(SAVE, json!({ "i": { "attemptId": first, "answers": all_right(&asked) } })).await;
    exam.end_in(&first, -1.0).await;
    let second = exam.start(&exam.lea).await;
    assert_ne!(first, second);
    let closed = exam.lea.ok(SHEET, json!({ "id": first })).await["quizAttempt"].take();
    assert_eq!(json!([closed["isAutoSubmitted"], closed["score"]]), json!([true, 8.0]), "{closed}");
    let open: Value = exam.lea.ok(SHEET, json!({ "id": second })).await["quizAttempt"].take();
    assert_eq!(open["status"], json!("IN_PROGRESS"));
}
