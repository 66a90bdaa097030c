//! Taking a quiz, from the first question to the last attempt.

use serde_json::{Value, json};

use super::{Exam, SAVE, SHEET, START, SUBMIT, UPDATE_QUESTION, VOID, all_right, all_wrong};
use crate::{
    app::{TestApp, Who},
    classroom::{nothing, refused, uuid},
    lessons::state,
};

const QUIZ: &str = "query($id: ID!) { quiz(id: $id) { questionCount maxScore viewerClosesAt viewerTimeLimitMinutes viewerAttemptsLeft viewerAttempts { number status } lesson { id } } }";

#[tokio::test]
async fn an_attempt_is_started_answered_and_handed_in() {
    let (exam, asked) = Exam::published().await;
    assert_eq!(
        exam.lea.ok(QUIZ, json!({ "id": exam.quiz })).await["quiz"],
        json!({ "questionCount": 4, "maxScore": 8.0, "viewerClosesAt": null, "viewerTimeLimitMinutes": null, "viewerAttemptsLeft": null, "viewerAttempts": [],
                "lesson": { "id": exam.lesson } })
    );
    let started = exam.lea.ok(START, json!({ "id": exam.quiz })).await["startQuizAttempt"].take();
    let ids: Vec<&str> = started["questions"].as_array().unwrap().iter().map(|question| question["questionId"].as_str().unwrap()).collect();
    assert_eq!(ids, asked.iter().map(|asked| asked.id.as_str()).collect::<Vec<_>>(), "in the author's order");
    assert_eq!((&started["number"], &started["status"], &started["endsAt"]), (&json!(1), &json!("IN_PROGRESS"), &Value::Null));
    let attempt = started["id"].as_str().unwrap();
    assert_eq!(exam.start(&exam.lea).await, attempt, "the open one is answered again");
    let saved = exam.lea.ok(SAVE, json!({ "i": { "attemptId": attempt, "answers": all_wrong(&asked) } })).await["saveQuizAnswers"].take();
    assert_eq!(saved["questions"][2]["answer"], json!({ "optionIds": [], "number": 4.51, "text": null }));
    let saved = exam.lea.ok(SAVE, json!({ "i": { "attemptId": attempt, "answers": all_right(&asked)} })).await["saveQuizAnswers"].take();
    assert_eq!(saved["questions"][3]["answer"], json!({ "optionIds": [], "number": null, "text": "AZURE\tblue" }));
    let done = exam.lea.ok(SUBMIT, json!({ "id": attempt })).await["submitQuizAttempt"].take();
    assert_eq!(
        done,
        json!({ "id": attempt, "status": "SUBMITTED", "score": 8.0, "maxScore": 8.0, "percent": 100.0, "isPassed": true, "isAutoSubmitted": false })
    );
    assert_eq!(state(&exam.lea, &exam.enrollment).await, "COMPLETED 100 1/1", "the quiz was all that the course asks");
    let grade = format!("lesson_grade WHERE percent = 100 AND user_id = '{}'", uuid(&exam.lea.user_id));
    assert_eq!(exam.app.count(&grade).await, 1);
}

#[tokio::test]
async fn an_option_that_was_taken_away_meanwhile_is_no_answer() {
    let (exam, asked) = Exam::published().await;
    let attempt = exam.start(&exam.lea).await;
    let options = &asked[0].options;
    let less = json!({ "id": asked[0].id, "options": [{ "id": options[1], "text": "no" }, { "id": options[0], "text": "yes" }] });
    exam.ada.ok(UPDATE_QUESTION, json!({ "i": less })).await;
    let choose = |option: &str| json!({ "i": { "attemptId": attempt, "answers": [{ "questionId": asked[0].id, "optionIds": [option] }] } });
    refused(&exam.app, &exam.lea, SAVE, choose(&options[2]), "BAD_USER_INPUT @answers.0.optionIds.0").await;
    exam.lea.ok(SAVE, choose(&options[0])).await;
    let shown = exam.lea.ok(START, json!({ "id": exam.quiz })).await["startQuizAttempt"]["questions"][0]["options"].take();
    assert_eq!(shown, json!([{ "id": options[0], "text": "yes" }, { "id": options[1], "text": "no" }]), "in the order that was drawn");
}

#[tokio::test]
async fn who_does_not_pass_has_not_completed_the_lesson_and_may_try_again() {
    let (exam, asked) = Exam::published().await;
    let (_, first) = exam.sit(&exam.lea, all_wrong(&asked)).await;
    assert_eq!((&first["score"], &first["isPassed"]), (&json!(0.0), &json!(false)));
    assert_eq!(state(&exam.lea, &exam.enrollment).await, "IN_PROGRESS 0 0/1");
    let complete = "mutation($i: CompleteLessonInput!) { completeLesson(input: $i) { status } }";
    refused(&exam.app, &exam.lea, complete, json!({ "i": { "lessonId": exam.lesson } }), "CONFLICT COMPLETED_BY_WORK @lessonId").await;
    let (second, result) = exam.sit(&exam.lea, all_right(&asked)).await;
    assert_eq!(result["isPassed"], json!(true));
    // What it completed stays so, when the attempt counts no more; the grade does not.
    let grade = || exam.app.text("SELECT percent::text FROM lesson_grade");
    assert_eq!(grade().await.as_deref(), Some("100"));
    let voided = exam.ada.ok(VOID, json!({ "i": { "id": second, "reason": "Copied" } })).await["voidQuizAttempt"].take();
    assert_eq!(voided, json!({ "id": second, "status": "VOID", "voidReason": "Copied" }));
    assert_eq!(grade().await.as_deref(), Some("0"));
    assert_eq!(state(&exam.lea, &exam.enrollment).await, "COMPLETED 100 1/1");
    refused(&exam.app, &exam.ada, VOID, json!({ "i": { "id": second, "reason": "Again" } }), "CONFLICT INVALID_TRANSITION @id").await;
    refused(&exam.app, &exam.lea, SUBMIT, json!({ "id": second }), "CONFLICT INVALID_TRANSITION @id").await;
}

#[tokio::test]
async fn attempts_are_limited_and_void_ones_do_not_count() {
    let (exam, asked) = Exam::published().await;
    exam.set(json!({ "maxAttempts": 2 })).await;
    let (first, _) = exam.sit(&exam.lea, all_wrong(&asked)).await;
    let (second, _) = exam.sit(&exam.lea, all_wrong(&asked)).await;
    let answer = exam.lea.ask(START, json!({ "id": exam.quiz })).await;
    let extensions = &answer["errors"][0]["extensions"];
    assert_eq!(json!([extensions["reason"], extensions["limit"], extensions["used"]]), json!(["MAX_ATTEMPTS", 2, 2]), "{answer}");
    refused(&exam.app, &exam.lea, START, json!({ "id": exam.quiz }), "CONFLICT MAX_ATTEMPTS @quizId").await;
    exam.ada.ok(VOID, json!({ "i": { "id": first, "reason": "Fire alarm" } })).await;
    assert_eq!(exam.lea.ok(QUIZ, json!({ "id": exam.quiz })).await["quiz"]["viewerAttemptsLeft"], json!(1));
    let third = exam.lea.ok(START, json!({ "id": exam.quiz })).await["startQuizAttempt"].take();
    assert_eq!(third["number"], json!(3));
    for again in [&second, &first] {
        let code = if again == &first { "CONFLICT INVALID_TRANSITION @attemptId" } else { "CONFLICT ALREADY_SUBMITTED @attemptId" };
        refused(&exam.app, &exam.lea, SAVE, json!({ "i": { "attemptId": again, "answers": [] } }), code).await;
    }
}

#[tokio::test]
async fn answers_that_are_none_are_named_and_change_nothing() {
    let (exam, asked) = Exam::published().await;
    let attempt = exam.start(&exam.lea).await;
    let good = json!({ "questionId": asked[2].id, "number": 1 });
    let wrong = [
        (json!({ "questionId": nothing("question") }), "NOT_FOUND @answers.1.questionId"),
        (json!({ "questionId": asked[2].id, "number": 2 }), "BAD_USER_INPUT @answers.1.questionId"),
        (json!({ "questionId": asked[0].id, "optionIds": [asked[1].options[0]] }), "BAD_USER_INPUT @answers.1.optionIds.0"),
        (
            json!({ "questionId": asked[0].id, "optionIds": [asked[0].options[0], nothing("option")] }),
            "BAD_USER_INPUT @answers.1.optionIds.1",
        ),
        (
            json!({ "questionId": asked[0].id, "optionIds": [asked[0].options[0], asked[0].options[1]] }),
            "BAD_USER_INPUT @answers.1.optionIds",
        ),
        (json!({ "questionId": asked[0].id, "number": 1 }), "BAD_USER_INPUT @answers.1.number"),
        (json!({ "questionId": asked[1].id, "text": "a" }), "BAD_USER_INPUT @answers.1.text"),
        (json!({ "questionId": asked[3].id, "number": 1 }), "BAD_USER_INPUT @answers.1.number"),
        (json!({ "questionId": asked[3].id, "optionIds": [asked[0].options[0]] }), "BAD_USER_INPUT @answers.1.optionIds"),
        (json!({ "questionId": asked[3].id, "text": "a".repeat(1001) }), "BAD_USER_INPUT @answers.1.text"),
    ];
    for (answer, line) in wrong {
        refused(&exam.app, &exam.lea, SAVE, json!({ "i": { "attemptId": attempt, "answers": [good, answer] } }), line).await;
    }
    refused(&exam.app, &exam.lea, SAVE, json!({ "i": { "attemptId": nothing("attempt"), "answers": [] } }), "NOT_FOUND @attemptId").await;
    // Nothing but the question: blank again.
    exam.lea.ok(SAVE, json!({ "i": { "attemptId": attempt, "answers": all_right(&asked) } })).await;
    let blank: Vec<Value> = asked.iter().map(|asked| json!({ "questionId": asked.id })).collect();
    let saved = exam.lea.ok(SAVE, json!({ "i": { "attemptId": attempt, "answers": blank } })).await["saveQuizAnswers"].take();
    assert!(saved["questions"].as_array().unwrap().iter().all(|question| question["answer"].is_null()), "{saved}");
}

#[tokio::test]
async fn an_attempt_takes_a_live_enrollment_and_an_open_lesson() {
    let (exam, _) = Exam::published().await;
    let stranger = exam.app.person(&exam.app.oak, "carl@oak.example", &["LEARNER"]).await;
    refused(&exam.app, &stranger, START, json!({ "id": exam.quiz }), "FORBIDDEN NOT_ENROLLED @quizId").await;
    refused(&exam.app, &exam.lea, START, json!({ "id": nothing("quiz") }), "NOT_FOUND @quizId").await;
    let drip = "mutation($i: SetSectionDripInput!) { setSectionDrip(input: $i) { id } }";
    exam.ada.ok(drip, json!({ "i": { "sectionId": exam.section, "kind": "ON_DATE", "at": "2099-01-01T00:00:00Z" } })).await;
    refused(&exam.app, &exam.lea, START, json!({ "id": exam.quiz }), "CONFLICT LESSON_LOCKED @quizId").await;
    assert_eq!(exam.lea.ok(QUIZ, json!({ "id": exam.quiz })).await["quiz"], Value::Null, "locked with its lesson");
    exam.ada.ok(drip, json!({ "i": { "sectionId": exam.section, "kind": "NONE" } })).await;
    let attempt = exam.start(&exam.lea).await;
    exam.lea.ok("mutation($id: ID!) { unenroll(id: $id) { status } }", json!({ "id": exam.enrollment })).await;
    refused(&exam.app, &exam.lea, SUBMIT, json!({ "id": attempt }), "FORBIDDEN NOT_ENROLLED @id").await;
    // The own work stays readable.
    assert_eq!(exam.lea.ok(SHEET, json!({ "id": attempt })).await["quizAttempt"]["status"], json!("IN_PROGRESS"));
    let unpublish = json!({ "i": { "id": exam.lesson, "isPublished": false } });
    exam.ada.ok(crate::lessons::UPDATE, unpublish).await;
    refused(&exam.app, &exam.lea, START, json!({ "id": exam.quiz }), "NOT_FOUND @quizId").await;
}

#[tokio::test]
async fn a_survey_has_neither_keys_nor_a_score_and_completes_its_lesson() {
    let exam = Exam::draft().await;
    exam.set(json!({ "mode": "SURVEY" })).await;
    let asked = exam.ask(json!({ "kind": "SINGLE", "prompt": "Did you like it?", "options": ["yes", "no"] })).await;
    exam.publish().await;
    let (attempt, result) = exam.sit(&exam.lea, json!([{ "questionId": asked.id, "optionIds": [asked.options[1]] }])).await;
    assert_eq!(
        result,
        json!({ "id": attempt, "status": "SUBMITTED", "score": null, "maxScore": 0.0, "percent": null, "isPassed": null, "isAutoSubmitted": false })
    );
    assert_eq!(state(&exam.lea, &exam.enrollment).await, "COMPLETED 100 1/1");
    assert_eq!(exam.app.count("lesson_grade").await, 0);
    let key = "query($id: ID!) { question(id: $id) { key { optionIds } } }";
    assert_eq!(exam.ada.ok(key, json!({ "id": asked.id })).await["question"]["key"], Value::Null);
}

#[tokio::test]
async fn what_a_deleted_person_was_at_is_void() {
    let (exam, asked) = Exam::published().await;
    let bob = exam.learner("bob").await;
    exam.sit(&bob, all_right(&asked)).await;
    exam.start(&bob).await;
    let admin = exam.app.sign_in(&exam.app.oak, Who::Admin).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": bob.user_id })).await;
    let of = |status: &str| format!("quiz_attempt WHERE status = '{status}'");
    assert_eq!((exam.app.count(&of("VOID")).await, exam.app.count(&of("SUBMITTED")).await), (1, 1));
}

#[tokio::test]
async fn starting_and_handing_in_are_not_rehearsed() {
    let (exam, asked) = Exam::published().await;
    let dry = async |query: &str, variables: Value| {
        let body = json!({ "query": query, "variables": variables, "extensions": { "dryRun": true } });
        let request = exam.lea.http.post(format!("{}/graphql", exam.lea.url)).bearer_auth(exam.lea.token.as_deref().unwrap()).json(&body);
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let answer = dry(START, json!({ "id": exam.quiz })).await;
    assert_eq!(answer["errors"][0]["extensions"]["reason"], json!("DRY_RUN_NOT_POSSIBLE"), "{answer}");
    assert!(!answer.to_string().contains("perhaps"), "{answer}");
    let attempt = exam.start(&exam.lea).await;
    let answer = dry(SUBMIT, json!({ "id": attempt })).await;
    assert_eq!(answer["errors"][0]["extensions"]["reason"], json!("DRY_RUN_NOT_POSSIBLE"), "{answer}");
    let both = "mutation($i: SaveQuizAnswersInput!, $id: ID!) { saveQuizAnswers(input: $i) { id } submitQuizAttempt(id: $id) { score questions { isCorrect } } }";
    let answer = dry(both, json!({ "i": { "attemptId": attempt, "answers": all_right(&asked) }, "id": attempt })).await;
    assert_eq!(answer["errors"][0]["extensions"]["reason"], json!("DRY_RUN_NOT_POSSIBLE"), "{answer}");
    // In earnest both go in one document.
    let done = exam.lea.ok(both, json!({ "i": { "attemptId": attempt, "answers": all_right(&asked) }, "id": attempt })).await;
    assert_eq!(done["submitQuizAttempt"]["score"], json!(8.0));
}

#[tokio::test]
async fn attempts_are_listed_to_those_who_may_see_them() {
    let (exam, asked) = Exam::published().await;
    let bob = exam.learner("bob").await;
    let (first, _) = exam.sit(&exam.lea, all_wrong(&asked)).await;
    let (second, _) = exam.sit(&bob, all_right(&asked)).await;
    let third = exam.start(&exam.lea).await;
    let list = "query($f: QuizAttemptFilter) { quizAttempts(filter: $f) { totalCount nodes { id user { id } } } }";
    let ids = async |client: &crate::app::Client, filter: Value| {
        let page = client.ok(list, json!({ "f": filter })).await["quizAttempts"].take();
        page["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let app: &TestApp = &exam.app;
    let (viewer, carl) = (app.sign_in(&app.oak, Who::Viewer).await, app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await);
    let all = [third.clone(), second.clone(), first.clone()];
    assert_eq!(ids(&exam.ada, json!({})).await, all, "the latest first");
    assert_eq!(ids(&viewer, json!({})).await, all);
    assert_eq!(ids(&exam.lea, json!({})).await, [third.clone(), first.clone()]);
    assert_eq!(ids(&carl, json!({})).await, [""; 0]);
    assert_eq!(ids(&exam.ada, json!({ "userId": bob.user_id })).await, [second.as_str()]);
    assert_eq!(
        ids(&exam.ada, json!({ "statuses": ["SUBMITTED"], "quizId": exam.quiz, "courseId": exam.course })).await,
        [second.clone(), first.clone()]
    );
    let of_quiz = "query($id: ID!) { quiz(id: $id) { attempts(first: 2) { totalCount nodes { id } } } }";
    assert_eq!(exam.ada.ok(of_quiz, json!({ "id": exam.quiz })).await["quiz"]["attempts"]["totalCount"], json!(3));
    for stranger in [&carl, &bob] {
        assert_eq!(stranger.ok(SHEET, json!({ "id": first })).await["quizAttempt"], Value::Null);
        let node = "query($id: ID!) { node(id: $id) { id } }";
        assert_eq!(stranger.ok(node, json!({ "id": first })).await["node"], Value::Null);
    }
    refused(app, &carl, VOID, json!({ "i": { "id": first, "reason": "Mine?" } }), "NOT_FOUND @id").await;
}
