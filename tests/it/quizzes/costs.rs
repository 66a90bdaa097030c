//! How many statements and round trips quizzes take.

use serde_json::json;

use super::{Exam, SAVE, START, SUBMIT, all_right};

#[tokio::test]
async fn each_act_is_one_call_of_a_function() {
    let (exam, asked) = Exam::published().await;
    let id = "{ id status }";
    let start = format!("mutation($id: ID!) {{ startQuizAttempt(quizId: $id) {id} }}");
    let (statements, trips) = exam.app.cost(&exam.lea, &start, json!({ "id": exam.quiz })).await;
    assert!(statements <= 3 && trips <= 4, "{statements} statements, {trips} round trips");
    let attempt = exam.start(&exam.lea).await;
    let save = format!("mutation($i: SaveQuizAnswersInput!) {{ saveQuizAnswers(input: $i) {id} }}");
    let (statements, trips) = exam.app.cost(&exam.lea, &save, json!({ "i": { "attemptId": attempt, "answers": all_right(&asked) } })).await;
    assert!(statements <= 3 && trips <= 4, "{statements} statements, {trips} round trips");
    let submit = format!("mutation($id: ID!) {{ submitQuizAttempt(id: $id) {id} }}");
    let (statements, trips) = exam.app.cost(&exam.lea, &submit, json!({ "id": attempt })).await;
    assert!(statements <= 3 && trips <= 4, "{statements} statements, {trips} round trips");
}

#[tokio::test]
async fn many_attempts_and_questions_cost_as_much_as_one() {
    let (exam, asked) = Exam::published().await;
    let query = "query($c: ID!) { quizAttempts(first: 50) { nodes { quiz { id } isReviewable questions { prompt } scoreHistory { score } } }
        course(id: $c) { questionPools { questions { key { texts } } } sections { lessons { quiz { questionCount maxScore viewerAttemptsLeft
            questions { prompt options { text } key { texts } explanation } draws { pool { name } } statistics { question { prompt } } regrades { raised } } } } } }";
    exam.sit(&exam.lea, all_right(&asked)).await;
    let first = exam.app.statements(&exam.ada, query, json!({ "c": exam.course })).await;
    for _ in 0..3 {
        let attempt = exam.lea.ok(START, json!({ "id": exam.quiz })).await["startQuizAttempt"]["id"].take();
        exam.lea.ok(SAVE, json!({ "i": { "attemptId": attempt, "answers": all_right(&asked) } })).await;
        exam.lea.ok(SUBMIT, json!({ "id": attempt })).await;
    }
    exam.ask(json!({ "kind": "NUMERIC", "prompt": "More?", "number": 1 })).await;
    assert_eq!(exam.app.statements(&exam.ada, query, json!({ "c": exam.course })).await, first);
}
