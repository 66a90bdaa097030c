//! Pools, and what is drawn from them.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{DELETE, Exam, REGRADE, START, SUBMIT, UPDATE_QUIZ};
use crate::{
    app::{Who, refusal},
    classroom::{nothing, refused},
    lessons::UPDATE,
};

const POOL: &str = "mutation($i: CreateQuestionPoolInput!) { createQuestionPool(input: $i) { id name course { id } questions { id } } }";
const RENAME: &str = "mutation($i: UpdateQuestionPoolInput!) { updateQuestionPool(input: $i) { name } }";
const REMOVE: &str = "mutation($id: ID!) { deleteQuestionPool(id: $id) }";

async fn pool(exam: &Exam, questions: usize) -> (String, Vec<String>) {
    let made = exam.ada.ok(POOL, json!({ "i": { "courseId": exam.course, "name": "Pool" } })).await["createQuestionPool"].take();
    let id = made["id"].as_str().unwrap().to_owned();
    let mut ids = Vec::new();
    for n in 0..questions {
        ids.push(exam.ask(json!({ "poolId": id, "kind": "NUMERIC", "prompt": format!("{n}?"), "number": n })).await.id);
    }
    (id, ids)
}

fn draws(exam: &Exam, pool: &str, count: usize) -> Value {
    json!({ "i": { "id": exam.quiz, "draws": [{ "poolId": pool, "count": count, "points": 2.5 }] } })
}

#[tokio::test]
async fn questions_are_drawn_at_random_and_worth_what_the_draw_says() {
    let exam = Exam::draft().await;
    let (id, ids) = pool(&exam, 6).await;
    exam.ada.ok(UPDATE_QUIZ, draws(&exam, &id, 3)).await;
    exam.publish().await;
    let read = exam.lea.ok("query($id: ID!) { quiz(id: $id) { questionCount maxScore } }", json!({ "id": exam.quiz })).await;
    assert_eq!(read["quiz"], json!({ "questionCount": 3, "maxScore": 7.5 }));
    let mut seen = BTreeSet::new();
    for _ in 0..12 {
        let attempt = exam.lea.ok(START, json!({ "id": exam.quiz })).await["startQuizAttempt"].take();
        let drawn: Vec<String> =
            attempt["questions"].as_array().unwrap().iter().map(|question| question["questionId"].as_str().unwrap().to_owned()).collect();
        assert!(drawn.len() == 3 && drawn.iter().all(|id| ids.contains(id)), "{attempt}");
        assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), 3, "each once");
        assert_eq!(exam.start(&exam.lea).await, attempt["id"].as_str().unwrap());
        seen.extend(drawn);
        assert_eq!(exam.lea.ok(SUBMIT, json!({ "id": attempt["id"] })).await["submitQuizAttempt"]["maxScore"], json!(7.5));
    }
    assert!(seen.len() > 3, "not always the same");
    refused(
        &exam.app,
        &exam.ada,
        REGRADE,
        json!({ "i": { "questionId": ids[0], "points": 3, "reason": "More" } }),
        "BAD_USER_INPUT @points",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_who_remove_a_pool_at_once_one_has_done_so() {
    let exam = Exam::draft().await;
    for _ in 0..3 {
        let (id, _) = pool(&exam, 1).await;
        let answers = join_all((0..3).map(|_| exam.ada.ask(REMOVE, json!({ "id": id })))).await;
        let mut lines: Vec<String> = answers.iter().map(|answer| answer["errors"].get(0).map_or_else(String::new, refusal)).collect();
        lines.sort();
        assert_eq!(lines, ["", "NOT_FOUND @id", "NOT_FOUND @id"]);
    }
}

#[tokio::test]
async fn no_more_is_drawn_than_there_is() {
    let exam = Exam::draft().await;
    let (id, ids) = pool(&exam, 2).await;
    refused(&exam.app, &exam.ada, UPDATE_QUIZ, draws(&exam, &id, 3), "CONFLICT POOL_TOO_SMALL @draws.0.count").await;
    exam.ada.ok(UPDATE_QUIZ, draws(&exam, &id, 2)).await;
    refused(&exam.app, &exam.ada, DELETE, json!({ "id": ids[0] }), "CONFLICT IN_USE @id").await;
    refused(&exam.app, &exam.ada, REMOVE, json!({ "id": id }), "CONFLICT IN_USE @id").await;
    // Should it have happened all the same, it is not published.
    exam.app.sql("UPDATE question SET retired_at = now() WHERE prompt = '1?'").await;
    refused(
        &exam.app,
        &exam.ada,
        UPDATE,
        json!({ "i": { "id": exam.lesson, "isPublished": true } }),
        "CONFLICT POOL_TOO_SMALL @isPublished",
    )
    .await;
    exam.app.sql("UPDATE question SET retired_at = NULL").await;
    exam.publish().await;
    refused(&exam.app, &exam.ada, UPDATE_QUIZ, json!({ "i": { "id": exam.quiz, "draws": [] } }), "CONFLICT EMPTY_QUIZ @draws").await;
    let twice = json!({ "i": { "id": exam.quiz, "draws": [{ "poolId": id, "count": 1, "points": 1 }, { "poolId": id, "count": 1, "points": 1 }] } });
    refused(&exam.app, &exam.ada, UPDATE_QUIZ, twice, "BAD_USER_INPUT @draws.1.poolId").await;
}

#[tokio::test]
async fn pools_are_made_renamed_and_removed_by_those_who_write_the_course() {
    let exam = Exam::draft().await;
    let (id, _) = pool(&exam, 1).await;
    assert_eq!(exam.ada.ok(RENAME, json!({ "i": { "id": id, "name": "Warm-up" } })).await["updateQuestionPool"]["name"], json!("Warm-up"));
    let carl = exam.app.person(&exam.app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    for (query, variables, line) in [
        (RENAME, json!({ "i": { "id": id, "name": "Mine" } }), "NOT_FOUND @id"),
        (REMOVE, json!({ "id": id }), "NOT_FOUND @id"),
        (POOL, json!({ "i": { "courseId": exam.course, "name": "Mine" } }), "FORBIDDEN NOT_YOURS @courseId"),
        (POOL, json!({ "i": { "courseId": nothing("course"), "name": "Mine" } }), "NOT_FOUND @courseId"),
    ] {
        refused(&exam.app, &carl, query, variables, line).await;
    }
    let viewer = exam.app.sign_in(&exam.app.oak, Who::Viewer).await;
    refused(&exam.app, &viewer, REMOVE, json!({ "id": id }), "FORBIDDEN [COURSE_UPDATE COURSE_UPDATE_ALL]").await;
    exam.ada.ok(REMOVE, json!({ "id": id })).await;
    assert_eq!(exam.app.count("question").await, 0);
}

#[tokio::test]
async fn what_is_drawn_is_graded_anew_in_each_quiz_that_drew_it() {
    let exam = Exam::draft().await;
    let (id, ids) = pool(&exam, 1).await;
    exam.ada.ok(UPDATE_QUIZ, draws(&exam, &id, 1)).await;
    exam.publish().await;
    let attempt = exam.start(&exam.lea).await;
    exam.lea.ok(SUBMIT, json!({ "id": attempt })).await;
    let void = json!({ "i": { "questionId": ids[0], "isVoid": true, "reason": "Ambiguous" } });
    let done = exam.ada.ok(REGRADE, void).await["regradeQuestion"].take();
    assert_eq!(json!([done["attempts"], done["raised"]]), json!([1, 1]));
    let read = exam.ada.ok("query($id: ID!) { quiz(id: $id) { regrades { id raised } } }", json!({ "id": exam.quiz })).await;
    assert_eq!(read["quiz"]["regrades"], json!([{ "id": done["id"], "raised": 1 }]));
}
