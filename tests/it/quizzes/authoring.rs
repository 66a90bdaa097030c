//! Making quizzes and questions.

use serde_json::{Value, json};

use super::{CREATE, DELETE, Exam, START, UPDATE_QUIZ, all_right, quiz_of};
use crate::{
    app::Who,
    classroom::{nothing, refused, uuid},
    lessons::{CREATE as CREATE_LESSON, DELETE as DELETE_LESSON, UPDATE, lesson_of},
};

#[tokio::test]
async fn a_quiz_comes_with_its_lesson_and_its_defaults() {
    let exam = Exam::draft().await;
    let read = "query($id: ID!) { quiz(id: $id) { mode passMark maxAttempts timeLimitMinutes opensAt closesAt shuffleQuestions shuffleOptions marking wrongPenalty
        attemptGrading review questionCount maxScore questions { id } draws { count } regrades { id } statistics { answers } lesson { id kind } } }";
    assert_eq!(
        exam.ada.ok(read, json!({ "id": exam.quiz })).await["quiz"],
        json!({ "mode": "GRADED", "passMark": 50.0, "maxAttempts": null, "timeLimitMinutes": null, "opensAt": null, "closesAt": null, "shuffleQuestions": false,
                "shuffleOptions": false, "marking": "PARTIAL", "wrongPenalty": 1.0, "attemptGrading": "HIGHEST", "review": "AFTER_LAST_ATTEMPT", "questionCount": 0,
                "maxScore": 0.0, "questions": [], "draws": [], "regrades": [], "statistics": [], "lesson": { "id": exam.lesson, "kind": "QUIZ" } })
    );
    let text = lesson_of(&exam.ada, &exam.section, json!({ "kind": "TEXT", "title": "Read" })).await;
    let none = exam.ada.ok("query($id: ID!) { lesson(id: $id) { quiz { id } } }", json!({ "id": text })).await;
    assert_eq!(none["lesson"]["quiz"], Value::Null);
}

#[tokio::test]
async fn a_quiz_that_asks_nothing_is_not_published() {
    let exam = Exam::draft().await;
    let publish = json!({ "i": { "id": exam.lesson, "isPublished": true } });
    refused(&exam.app, &exam.ada, UPDATE, publish.clone(), "CONFLICT EMPTY_QUIZ @isPublished").await;
    let at_once = json!({ "i": { "sectionId": exam.section, "kind": "QUIZ", "title": "Quiz", "isPublished": true } });
    refused(&exam.app, &exam.ada, CREATE_LESSON, at_once, "CONFLICT EMPTY_QUIZ @isPublished").await;
    let asked = exam.ask(json!({ "kind": "NUMERIC", "prompt": "?", "number": 1 })).await;
    exam.ada.ok(UPDATE, publish).await;
    refused(&exam.app, &exam.ada, DELETE, json!({ "id": asked.id }), "CONFLICT IN_USE @id").await;
}

#[tokio::test]
async fn wrong_questions_are_named_and_change_nothing() {
    let exam = Exam::draft().await;
    let single = |more: Value| {
        let mut input = json!({ "kind": "SINGLE", "prompt": "?", "options": ["a", "b"], "correctOptions": [0] });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
    let wrong = [
        (single(json!({ "prompt": " " })), "prompt"),
        (single(json!({ "prompt": "a".repeat(10_001) })), "prompt"),
        (single(json!({ "points": 0 })), "points"),
        (single(json!({ "points": 1000.01 })), "points"),
        (single(json!({ "points": 1.001 })), "points"),
        (single(json!({ "options": ["a"] })), "options"),
        (single(json!({ "options": many })), "options"),
        (single(json!({ "options": ["a", " "] })), "options.1"),
        (single(json!({ "options": null })), "options"),
        (single(json!({ "correctOptions": null })), "correctOptions"),
        (single(json!({ "correctOptions": [] })), "correctOptions"),
        (single(json!({ "correctOptions": [0, 1] })), "correctOptions"),
        (single(json!({ "correctOptions": [2] })), "correctOptions.0"),
        (single(json!({ "correctOptions": [-1] })), "correctOptions.0"),
        (single(json!({ "kind": "MULTIPLE", "correctOptions": [0, 0] })), "correctOptions.1"),
        (single(json!({ "kind": "MULTIPLE", "correctOptions": [] })), "correctOptions"),
        (single(json!({ "number": 1 })), "number"),
        (single(json!({ "texts": ["a"] })), "texts"),
        (json!({ "kind": "NUMERIC", "prompt": "?" }), "number"),
        (json!({ "kind": "NUMERIC", "prompt": "?", "number": 1, "tolerance": -1 }), "tolerance"),
        (json!({ "kind": "NUMERIC", "prompt": "?", "number": 1, "options": ["a", "b"] }), "options"),
        (json!({ "kind": "SHORT_TEXT", "prompt": "?" }), "texts"),
        (json!({ "kind": "SHORT_TEXT", "prompt": "?", "texts": many }), "texts"),
        (json!({ "kind": "SHORT_TEXT", "prompt": "?", "texts": [""] }), "texts.0"),
    ];
    for (mut input, field) in wrong {
        input["quizId"] = json!(exam.quiz);
        refused(&exam.app, &exam.ada, CREATE, json!({ "i": input }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    refused(&exam.app, &exam.ada, CREATE, json!({ "i": single(json!({})) }), "BAD_USER_INPUT @quizId").await;
    refused(&exam.app, &exam.ada, CREATE, json!({ "i": single(json!({ "quizId": nothing("quiz") })) }), "NOT_FOUND @quizId").await;
    refused(&exam.app, &exam.ada, CREATE, json!({ "i": single(json!({ "poolId": nothing("pool") })) }), "NOT_FOUND @poolId").await;
    let carl = exam.app.person(&exam.app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    refused(&exam.app, &carl, CREATE, json!({ "i": single(json!({ "quizId": exam.quiz })) }), "NOT_FOUND @quizId").await;
    exam.set(json!({ "mode": "SURVEY" })).await;
    refused(&exam.app, &exam.ada, CREATE, json!({ "i": single(json!({ "quizId": exam.quiz })) }), "BAD_USER_INPUT @correctOptions").await;
}

#[tokio::test]
async fn wrong_settings_are_named_and_change_nothing() {
    let exam = Exam::draft().await;
    let wrong = [
        (json!({ "passMark": 100.5 }), "passMark"),
        (json!({ "maxAttempts": 0 }), "maxAttempts"),
        (json!({ "maxAttempts": 101 }), "maxAttempts"),
        (json!({ "timeLimitMinutes": 1441 }), "timeLimitMinutes"),
        (json!({ "wrongPenalty": -1 }), "wrongPenalty"),
        (json!({ "wrongPenalty": 0.005 }), "wrongPenalty"),
        (json!({ "opensAt": "2099-01-02T00:00:00Z", "closesAt": "2099-01-02T00:00:00Z" }), "closesAt"),
        (json!({ "mode": null }), "mode"),
        (json!({ "draws": null }), "draws"),
        (json!({ "draws": [{ "poolId": nothing("pool"), "count": 0, "points": 1 }] }), "draws.0.count"),
        (json!({ "draws": [{ "poolId": nothing("pool"), "count": 1, "points": 0 }] }), "draws.0.points"),
    ];
    for (mut change, field) in wrong {
        change["id"] = json!(exam.quiz);
        refused(&exam.app, &exam.ada, UPDATE_QUIZ, json!({ "i": change }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    let foreign = json!({ "id": exam.quiz, "draws": [{ "poolId": nothing("pool"), "count": 1, "points": 1 }] });
    refused(&exam.app, &exam.ada, UPDATE_QUIZ, json!({ "i": foreign }), "NOT_FOUND @draws.0.poolId").await;
    refused(&exam.app, &exam.ada, UPDATE_QUIZ, json!({ "i": { "id": nothing("quiz") } }), "NOT_FOUND @id").await;
}

#[tokio::test]
async fn the_mode_is_fixed_once_somebody_has_begun() {
    let (exam, asked) = Exam::published().await;
    exam.set(json!({ "mode": "PRACTICE" })).await;
    refused(&exam.app, &exam.ada, UPDATE_QUIZ, json!({ "i": { "id": exam.quiz, "mode": "SURVEY" } }), "CONFLICT IN_USE @mode").await;
    exam.sit(&exam.lea, all_right(&asked)).await;
    assert_eq!(exam.app.count("lesson_grade").await, 0, "practice counts nowhere");
    refused(&exam.app, &exam.ada, UPDATE_QUIZ, json!({ "i": { "id": exam.quiz, "mode": "GRADED" } }), "CONFLICT IN_USE @mode").await;
    refused(&exam.app, &exam.ada, DELETE_LESSON, json!({ "id": exam.lesson }), "CONFLICT IN_USE @id").await;
}

#[tokio::test]
async fn a_question_that_was_answered_is_asked_no_more_and_stays() {
    let (exam, asked) = Exam::published().await;
    let (attempt, _) = exam.sit(&exam.lea, all_right(&asked)).await;
    exam.ada.ok(DELETE, json!({ "id": asked[1].id })).await;
    let list = exam
        .ada
        .ok("query($id: ID!) { quiz(id: $id) { questionCount questions { id position } } }", json!({ "id": exam.quiz }))
        .await["quiz"]
        .take();
    let left = json!([{ "id": asked[0].id, "position": 1 }, { "id": asked[2].id, "position": 2 }, { "id": asked[3].id, "position": 3 }]);
    assert_eq!(list, json!({ "questionCount": 3, "questions": left }));
    let sheet = exam.lea.ok("query($id: ID!) { quizAttempt(id: $id) { score questions { questionId } } }", json!({ "id": attempt })).await
        ["quizAttempt"]
        .take();
    assert_eq!(json!([sheet["score"], sheet["questions"].as_array().unwrap().len()]), json!([8.0, 4]));
    let next = exam.lea.ok(START, json!({ "id": exam.quiz })).await["startQuizAttempt"].take();
    assert_eq!(next["questions"].as_array().unwrap().len(), 3);
    refused(&exam.app, &exam.ada, DELETE, json!({ "id": asked[1].id }), "NOT_FOUND @id").await;
    // One that nobody met is gone with all that belongs to it.
    let spare = exam.ask(json!({ "kind": "NUMERIC", "prompt": "?", "number": 1 })).await;
    exam.ada.ok(DELETE, json!({ "id": spare.id })).await;
    assert_eq!(exam.app.count(&format!("question_key WHERE question_id = '{}'", uuid(&spare.id))).await, 0);
}

#[tokio::test]
async fn questions_are_put_into_another_order_all_at_once() {
    let (exam, asked) = Exam::published().await;
    let reorder = "mutation($i: ReorderQuestionsInput!) { reorderQuestions(input: $i) { questions { id position } } }";
    let ids: Vec<&String> = [3, 0, 2, 1].iter().map(|n| &asked[*n].id).collect();
    let order =
        exam.ada.ok(reorder, json!({ "i": { "quizId": exam.quiz, "questionIds": ids } })).await["reorderQuestions"]["questions"].take();
    assert_eq!(order[0], json!({ "id": asked[3].id, "position": 1 }));
    assert_eq!(order[3], json!({ "id": asked[1].id, "position": 4 }));
    let of = |ids: Value| json!({ "i": { "quizId": exam.quiz, "questionIds": ids } });
    refused(&exam.app, &exam.ada, reorder, of(json!([asked[0].id])), "BAD_USER_INPUT @questionIds").await;
    refused(&exam.app, &exam.ada, reorder, of(json!([asked[0].id, nothing("question")])), "NOT_FOUND @questionIds.1").await;
}

#[tokio::test]
async fn a_copy_of_the_course_has_its_quizzes_with_their_keys_and_nobodys_attempts() {
    let (exam, asked) = Exam::published().await;
    let make = "mutation($i: CreateQuestionPoolInput!) { createQuestionPool(input: $i) { id } }";
    let pool = exam.ada.ok(make, json!({ "i": { "courseId": exam.course, "name": "Pool" } })).await["createQuestionPool"]["id"].take();
    exam.ask(json!({ "poolId": pool, "kind": "NUMERIC", "prompt": "Drawn?", "number": 7 })).await;
    exam.set(json!({ "draws": [{ "poolId": pool, "count": 1, "points": 2 }], "marking": "NEGATIVE", "closesAt": "2099-01-01T00:00:00Z" }))
        .await;
    let mut answers = all_right(&asked);
    answers.as_array_mut().unwrap().truncate(4);
    exam.sit(&exam.lea, answers).await;
    let copy = "mutation($i: DuplicateCourseInput!) { duplicateCourse(input: $i) { id sections { lessons { id } } questionPools { questions { prompt key { number } } } } }";
    let made = exam.ada.ok(copy, json!({ "i": { "id": exam.course, "shiftDays": 7 } })).await["duplicateCourse"].take();
    assert_eq!(made["questionPools"], json!([{ "questions": [{ "prompt": "Drawn?", "key": { "number": 7.0 } }] }]));
    let quiz = quiz_of(&exam.ada, made["sections"][0]["lessons"][0]["id"].as_str().unwrap()).await;
    let read = "query($id: ID!) { quiz(id: $id) { marking closesAt questionCount draws { count } attempts { totalCount } questions { id options { id } key { optionIds texts } explanation } } }";
    let copied = exam.ada.ok(read, json!({ "id": quiz })).await["quiz"].take();
    assert_eq!(
        json!([copied["marking"], copied["closesAt"], copied["questionCount"], copied["draws"], copied["attempts"]["totalCount"]]),
        json!(["NEGATIVE", "2099-01-08T00:00:00Z", 5, [{ "count": 1 }], 0])
    );
    assert_eq!(copied["questions"][0]["key"]["optionIds"], json!([copied["questions"][0]["options"][0]["id"]]));
    assert_ne!(copied["questions"][0]["options"][0]["id"], json!(asked[0].options[0]));
    assert_eq!(copied["questions"][0]["explanation"], json!("Because yes."));
    assert_eq!(copied["questions"][3]["key"]["texts"], json!(["blue", "Azure  Blue"]));
}

#[tokio::test]
async fn statistics_say_how_questions_were_answered_to_those_who_grade() {
    let (exam, asked) = Exam::published().await;
    let query = "query($id: ID!) { quiz(id: $id) { statistics { question { id } answers blanks choices averageScore discrimination } } }";
    for n in 0..6 {
        let mut answers = vec![json!({ "questionId": asked[0].id, "optionIds": [asked[0].options[usize::from(n % 2 == 1)]] })];
        if n % 2 == 0 {
            answers.push(json!({ "questionId": asked[2].id, "number": 4 }));
        }
        exam.sit(&exam.lea, json!(answers)).await;
        let numbers = exam.ada.ok(query, json!({ "id": exam.quiz })).await["quiz"]["statistics"].take();
        assert_eq!(numbers[0]["discrimination"].is_null(), n < 4, "{numbers}");
    }
    let numbers = exam.ada.ok(query, json!({ "id": exam.quiz })).await["quiz"]["statistics"].take();
    let first = json!({ "question": { "id": asked[0].id }, "answers": 6, "blanks": 0, "choices": [3, 3, 0], "averageScore": 1.0, "discrimination": 1.0 });
    assert_eq!(numbers[0], first, "{numbers}");
    assert_eq!(
        json!([numbers[2]["answers"], numbers[2]["blanks"], numbers[2]["choices"], numbers[2]["averageScore"]]),
        json!([3, 3, [], 0.5])
    );
    assert_eq!(numbers[3]["discrimination"], Value::Null, "always the same");
    let viewer = exam.app.sign_in(&exam.app.oak, Who::Viewer).await;
    let refused = viewer.ask(query, json!({ "id": exam.quiz })).await;
    assert!(!refused.to_string().contains(&asked[0].id), "{refused}");
}

#[tokio::test]
async fn a_purged_course_takes_its_quizzes_along() {
    let (exam, asked) = Exam::published().await;
    exam.sit(&exam.lea, all_right(&asked)).await;
    let admin = exam.app.sign_in(&exam.app.oak, Who::Admin).await;
    exam.app.sql("UPDATE enrollment SET status = 'DROPPED', completed_at = NULL").await;
    admin.ok("mutation($id: ID!) { deleteCourse(id: $id) }", json!({ "id": exam.course })).await;
    admin.ok("mutation($id: ID!) { purgeCourse(id: $id) }", json!({ "id": exam.course })).await;
    for table in ["quiz", "question", "question_option", "question_key", "quiz_attempt", "attempt_question", "score_change"] {
        assert_eq!(exam.app.count(table).await, 0, "{table}");
    }
}
