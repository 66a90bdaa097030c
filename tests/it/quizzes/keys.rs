//! Every path to what is right, as a learner, a colleague and a viewer. SECURITY.md lists them with these tests.

use serde_json::{Value, json};

use super::{Asked, CREATE, Exam, REGRADE, SAVE, SHEET, START, SUBMIT, UPDATE_QUESTION, all_right, all_wrong};
use crate::{
    app::{Client, Who},
    classroom::{refused, uuid},
    lessons::lesson_of,
};

/// Words that stand in keys and explanations alone, ids of right options beside them.
fn secrets(asked: &[Asked]) -> Vec<String> {
    let words = ["Because yes", "Azure  Blue", "azure", "\"tolerance\":0.5"].map(str::to_owned);
    words.into_iter().chain(asked.iter().map(|asked| asked.id.clone())).collect()
}

fn tells(answer: &Value, secrets: &[String]) -> Option<String> {
    let text = answer.to_string();
    secrets.iter().find(|secret| text.contains(secret.as_str())).cloned()
}

/// Every document by which somebody might ask for questions or keys.
fn documents(exam: &Exam, asked: &[Asked], pool: &str) -> Vec<(String, Value)> {
    let question = "{ id prompt options { id text } key { optionIds number tolerance texts } explanation }";
    let (quiz, course, lesson) = (&exam.quiz, &exam.course, &exam.lesson);
    let mut documents = vec![
        format!("{{ quiz(id: \"{quiz}\") {{ questions {question} }} }}"),
        format!("{{ quiz(id: \"{quiz}\") {{ draws {{ pool {{ questions {question} }} }} }} }}"),
        format!("{{ quiz(id: \"{quiz}\") {{ statistics {{ question {question} }} }} }}"),
        format!("{{ quiz(id: \"{quiz}\") {{ regrades {{ question {question} }} }} }}"),
        format!("{{ questionPool(id: \"{pool}\") {{ questions {question} }} }}"),
        format!("{{ course(id: \"{course}\") {{ questionPools {{ questions {question} }} }} }}"),
        format!("{{ course(id: \"{course}\") {{ sections {{ lessons {{ quiz {{ questions {question} }} }} }} }} }}"),
        format!("{{ lesson(id: \"{lesson}\") {{ quiz {{ questions {question} statistics {{ question {question} }} }} }} }}"),
        format!("{{ node(id: \"{quiz}\") {{ ... on Quiz {{ questions {question} }} }} }}"),
        format!("{{ node(id: \"{pool}\") {{ ... on QuestionPool {{ questions {question} }} }} }}"),
        format!("{{ a: quiz(id: \"{quiz}\") {{ b: questions {{ c: key {{ d: texts }} e: explanation }} }} }}"),
        "{ auditLog(first: 100) { nodes { operation before after } } }".to_owned(),
    ];
    for asked in asked {
        documents.push(format!("{{ question(id: \"{}\") {question} }}", asked.id));
        documents.push(format!("{{ node(id: \"{}\") {{ ... on Question {question} }} }}", asked.id));
        documents.push(format!("{{ nodes(ids: [\"{0}\", \"{0}\"]) {{ ... on Question {question} }} }}", asked.id));
    }
    documents.into_iter().map(|document| (document, json!({}))).collect()
}

async fn closed(exam: &Exam, client: &Client, asked: &[Asked], pool: &str, who: &str) {
    let secrets = secrets(asked);
    for (document, variables) in documents(exam, asked, pool) {
        let mut answer = client.ask(&document, variables).await;
        // What was asked by its id may be repeated in an error, never in data.
        answer["errors"] = Value::Null;
        assert_eq!(tells(&answer, &secrets), None, "{who}: {document}\n{answer}");
    }
}

#[tokio::test]
async fn nobody_but_those_who_write_the_course_reads_questions_and_keys() {
    let (exam, asked) = Exam::published().await;
    let make = "mutation($i: CreateQuestionPoolInput!) { createQuestionPool(input: $i) { id } }";
    let pool = exam.ada.ok(make, json!({ "i": { "courseId": exam.course, "name": "Pool" } })).await["createQuestionPool"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    exam.ask(json!({ "poolId": pool, "kind": "SHORT_TEXT", "prompt": "Secretly?", "texts": ["azure"] })).await;
    let (app, oak) = (&exam.app, &exam.app.oak);
    let colleague = app.person(oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    let viewer = app.sign_in(oak, Who::Viewer).await;
    let stranger = app.person(oak, "sue@oak.example", &["LEARNER"]).await;
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    let people =
        [(&exam.lea, "learner"), (&colleague, "colleague"), (&viewer, "viewer"), (&stranger, "stranger"), (&elm, "another school")];
    for (client, who) in people {
        closed(&exam, client, &asked, &pool, who).await;
    }
    // Not while an attempt is under way, nor after it as long as it may not be reviewed.
    let attempt = exam.start(&exam.lea).await;
    exam.lea.ok(SAVE, json!({ "i": { "attemptId": attempt, "answers": all_wrong(&asked) } })).await;
    for (client, who) in people {
        closed(&exam, client, &asked, &pool, who).await;
    }
    exam.lea.ok(SUBMIT, json!({ "id": attempt })).await;
    for (client, who) in people {
        closed(&exam, client, &asked, &pool, who).await;
    }
    // Who writes the course reads all of it.
    let key = "query($id: ID!) { question(id: $id) { key { optionIds number tolerance texts } explanation } }";
    let read = exam.ada.ok(key, json!({ "id": asked[0].id })).await["question"].take();
    assert_eq!(
        read,
        json!({ "key": { "optionIds": [asked[0].options[0]], "number": null, "tolerance": null, "texts": [] }, "explanation": "Because yes." })
    );
    let read = exam.ada.ok(key, json!({ "id": asked[2].id })).await["question"]["key"].take();
    assert_eq!(read, json!({ "optionIds": [], "number": 4.0, "tolerance": 0.5, "texts": [] }));
}

#[tokio::test]
async fn an_attempt_shows_questions_and_nothing_of_what_is_right_until_it_may_be_reviewed() {
    let (exam, asked) = Exam::published().await;
    exam.set(json!({ "maxAttempts": 2 })).await;
    let hidden = |sheet: &Value| {
        sheet["questions"]
            .as_array()
            .unwrap()
            .iter()
            .all(|question| ["score", "isCorrect", "key", "explanation"].iter().all(|field| question[field].is_null()))
    };
    let read = async |client: &Client, id: &str| client.ok(SHEET, json!({ "id": id })).await["quizAttempt"].take();
    let first = exam.start(&exam.lea).await;
    exam.lea.ok(SAVE, json!({ "i": { "attemptId": first, "answers": all_wrong(&asked) } })).await;
    let sheet = read(&exam.lea, &first).await;
    assert!(hidden(&sheet) && sheet["isReviewable"] == json!(false) && sheet["score"].is_null(), "{sheet}");
    let sheet = read(&exam.ada, &first).await;
    assert!(hidden(&sheet), "not to graders either, before it is submitted: {sheet}");
    exam.lea.ok(SUBMIT, json!({ "id": first })).await;
    let sheet = read(&exam.lea, &first).await;
    assert!(hidden(&sheet) && sheet["score"] == json!(0.0), "the score shows at once, nothing else: {sheet}");
    let sheet = read(&exam.ada, &first).await;
    assert_eq!(sheet["questions"][3]["key"]["texts"], json!(["blue", "Azure  Blue"]), "{sheet}");
    // The viewer sees the score alone, and the history of it.
    let viewer = exam.app.sign_in(&exam.app.oak, Who::Viewer).await;
    let sheet = read(&viewer, &first).await;
    assert_eq!(json!([sheet["score"], sheet["questions"], sheet["scoreHistory"][0]["score"]]), json!([0.0, [], 0.0]), "{sheet}");
    // As long as the last one is under way, the first does not help it.
    let second = exam.start(&exam.lea).await;
    let sheet = read(&exam.lea, &first).await;
    assert!(hidden(&sheet), "{sheet}");
    exam.lea.ok(SUBMIT, json!({ "id": second })).await;
    for id in [&first, &second] {
        let sheet = read(&exam.lea, id).await;
        assert_eq!(sheet["isReviewable"], json!(true));
        assert_eq!(sheet["questions"][0]["explanation"], json!("Because yes."), "{sheet}");
        assert_eq!(sheet["questions"][0]["key"]["optionIds"], json!([asked[0].options[0]]), "{sheet}");
    }
    // Another learner's never.
    let bob = exam.learner("bob").await;
    assert_eq!(read(&bob, &first).await, Value::Null);
}

#[tokio::test]
async fn each_rule_of_review_shows_what_is_right_when_it_says_so() {
    let (exam, asked) = Exam::published().await;
    let shows = async |id: &str| {
        let sheet = exam.lea.ok(SHEET, json!({ "id": id })).await["quizAttempt"].take();
        assert_eq!(sheet["isReviewable"], json!(!sheet["questions"][0]["key"].is_null()), "{sheet}");
        sheet["isReviewable"] == json!(true)
    };
    // More to do: whoever completed the course can't leave it.
    lesson_of(&exam.ada, &exam.section, json!({ "kind": "TEXT", "title": "Reading", "isPublished": true })).await;
    let (attempt, _) = exam.sit(&exam.lea, all_right(&asked)).await;
    for (review, expected) in [("NEVER", false), ("AFTER_SUBMISSION", true), ("AFTER_LAST_ATTEMPT", false), ("AFTER_CLOSE", false)] {
        exam.set(json!({ "review": review })).await;
        assert_eq!(shows(&attempt).await, expected, "{review}");
    }
    // Leaving the course is no way to see them: whoever left may come back and try again.
    exam.set(json!({ "review": "AFTER_LAST_ATTEMPT" })).await;
    exam.lea.ok("mutation($id: ID!) { unenroll(id: $id) { status } }", json!({ "id": exam.enrollment })).await;
    assert!(!shows(&attempt).await);
    exam.lea.ok("mutation($i: EnrollInput!) { enroll(input: $i) { status } }", json!({ "i": { "courseId": exam.course } })).await;
    // Closed for the learner; for everybody not as long as somebody has an extension, or is at it.
    exam.set(json!({ "closesAt": "2020-01-01T00:00:00Z" })).await;
    assert!(shows(&attempt).await);
    exam.set(json!({ "review": "AFTER_CLOSE" })).await;
    assert!(shows(&attempt).await);
    let bob = exam.learner("bob").await;
    exam.app
        .sql(&format!(
            "INSERT INTO extension (tenant_id, id, lesson_id, course_id, user_id, closes_at, granted_by_id)
                 SELECT q.tenant_id, gen_random_uuid(), q.lesson_id, q.course_id, '{}', now() + interval '1 day', '{}' FROM quiz q",
            uuid(&bob.user_id),
            uuid(&exam.ada.user_id)
        ))
        .await;
    assert!(!shows(&attempt).await, "somebody has longer");
    exam.start(&bob).await;
    exam.app.sql("UPDATE extension SET closes_at = now() - interval '1 hour'; UPDATE quiz_attempt SET ends_at = NULL WHERE status = 'IN_PROGRESS'").await;
    assert!(!shows(&attempt).await, "somebody is at it");
    exam.app.sql("UPDATE quiz_attempt SET status = 'VOID' WHERE status = 'IN_PROGRESS'").await;
    assert!(shows(&attempt).await);
    // What is void is reviewed by nobody whose it is.
    exam.set(json!({ "review": "AFTER_SUBMISSION" })).await;
    exam.ada.ok(super::VOID, json!({ "i": { "id": attempt, "reason": "Copied" } })).await;
    assert!(!shows(&attempt).await);
}

#[tokio::test]
async fn refusals_and_the_audit_log_say_nothing_of_keys() {
    let (exam, asked) = Exam::published().await;
    let admin = exam.app.sign_in(&exam.app.oak, Who::Admin).await;
    let option = asked[1].options[3].clone();
    let change = json!({ "i": { "questionId": asked[1].id, "correctOptionIds": [option], "reason": "Wrong key" } });
    exam.ada.ok(REGRADE, change).await;
    exam.ada.ok(UPDATE_QUESTION, json!({ "i": { "id": asked[0].id, "explanation": "Because of cerulean." } })).await;
    let log = "query { auditLog(first: 100) { nodes { operation resource before after } } }";
    let entries = admin.ok(log, json!({})).await;
    let text = entries.to_string();
    for secret in ["Because yes", "cerulean", "Azure", "azure", ":0.5", "[0.5", ",0.5", "\"0.5"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let keys = "audit_entry WHERE resource = 'Question' AND after::text LIKE '%has_option_ids%'";
    assert!(exam.app.count(keys).await >= 5, "that a key was set or has changed is there");
    let ids = exam.app.text("SELECT string_agg(o::text, ' ') FROM question_key k, unnest(k.option_ids) AS o").await.unwrap();
    for id in ids.split(' ') {
        let inside =
            format!("audit_entry WHERE resource <> 'QuestionOption' AND (before::text LIKE '%{id}%' OR after::text LIKE '%{id}%')");
        assert_eq!(exam.app.count(&inside).await, 0);
    }
    // What a key can't be is refused without it: a constraint's error names no row.
    let refused_row = "INSERT INTO question_key (tenant_id, question_id, number, tolerance, explanation) SELECT tenant_id, question_id, 1, -1, 'hidden' FROM question_key LIMIT 1";
    assert!(exam.app.try_sql(refused_row).await.is_err());
    for (i, line) in [
        (json!({ "kind": "NUMERIC", "prompt": "?", "number": 1, "tolerance": -0.5 }), "BAD_USER_INPUT @tolerance"),
        (json!({ "kind": "SHORT_TEXT", "prompt": "?", "texts": ["hidden", ""] }), "BAD_USER_INPUT @texts.1"),
    ] {
        let mut input = i;
        input["quizId"] = json!(exam.quiz);
        refused(&exam.app, &exam.ada, CREATE, json!({ "i": input }), line).await;
    }
}

#[tokio::test]
async fn events_and_notifications_carry_ids_and_scores_alone() {
    let (exam, asked) = Exam::published().await;
    exam.app
        .sql(&format!(
            "INSERT INTO webhook_endpoint (tenant_id, id, url, secret) SELECT '{}', gen_random_uuid(), 'https://hooks.example.invalid/', '\\x00'",
            exam.app.oak.tenant
        ))
        .await;
    exam.sit(&exam.lea, all_wrong(&asked)).await;
    exam.ada.ok(REGRADE, json!({ "i": { "questionId": asked[3].id, "texts": ["red"], "reason": "Both will do" } })).await;
    let told = "SELECT string_agg(payload::text, ' ') FROM job WHERE payload::text LIKE '%quiz%'";
    let told = exam.app.text(told).await.unwrap();
    assert!(told.contains("quiz_attempt.submitted") && told.contains("notify.quiz_regraded"), "{told}");
    for secret in ["\"red\"", "blue", "Azure", "Because", "answer", "option_"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}

#[tokio::test]
async fn questions_are_seen_after_the_clock_runs_and_not_before() {
    let (exam, asked) = Exam::published().await;
    let before = exam
        .lea
        .ok(
            "query($id: ID!) { quiz(id: $id) { questionCount maxScore viewerAttempts { questions { prompt } } } }",
            json!({ "id": exam.quiz }),
        )
        .await;
    assert_eq!(before["quiz"], json!({ "questionCount": 4, "maxScore": 8.0, "viewerAttempts": [] }));
    let started = exam.lea.ok(START, json!({ "id": exam.quiz })).await["startQuizAttempt"].take();
    assert_eq!(started["questions"][0]["questionId"], json!(asked[0].id));
    assert_eq!(exam.app.count("quiz_attempt WHERE started_at <= now()").await, 1);
    // Ids of options say nothing about who was written first.
    assert_eq!(exam.app.count("question_option WHERE substring(id::text FROM 15 FOR 1) <> '4'").await, 0);
}
