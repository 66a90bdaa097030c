//! Grading anew.

use serde_json::{Value, json};

use super::{
    Asked, Exam, REGRADE, SAVE, SHEET, START, SUBMIT, UPDATE_QUESTION, all_right, all_wrong,
    marks::{Dice, Given, Known, answer, mark, question, total},
};
use crate::{
    app::{Client, Who},
    classroom::{nothing, refused},
    lessons::state,
};

async fn regrade(exam: &Exam, asked: &Asked, mut change: Value) -> Value {
    change["questionId"] = json!(asked.id);
    if change.get("reason").is_none() {
        change["reason"] = json!("The key was wrong");
    }
    exam.ada.ok(REGRADE, json!({ "i": change })).await["regradeQuestion"].take()
}

#[tokio::test]
async fn a_wrong_key_is_corrected_and_everybody_gets_what_is_theirs() {
    let (exam, asked) = Exam::published().await;
    let bob = exam.learner("bob").await;
    let (hers, _) = exam.sit(&exam.lea, all_wrong(&asked)).await;
    let (his, _) = exam.sit(&bob, all_right(&asked)).await;
    let done = regrade(&exam, &asked[1], json!({ "correctOptionIds": [asked[1].options[2], asked[1].options[3]] })).await;
    assert_eq!(
        done,
        json!({ "id": done["id"], "attempts": 2, "raised": 1, "lowered": 0, "newlyPassed": 1, "reason": "The key was wrong",
                "question": { "id": asked[1].id }, "by": { "id": exam.ada.user_id } })
    );
    let read = async |client: &Client, id: &str| client.ok(SHEET, json!({ "id": id })).await["quizAttempt"].take();
    let mine = read(&exam.lea, &hers).await;
    assert_eq!(json!([mine["score"], mine["percent"], mine["isPassed"]]), json!([4.0, 50.0, true]));
    assert_eq!(
        mine["scoreHistory"],
        json!([{ "cause": "SUBMISSION", "score": 0.0, "reason": null, "by": { "id": exam.lea.user_id } },
               { "cause": "REGRADE", "score": 4.0, "reason": "The key was wrong", "by": { "id": exam.ada.user_id } }])
    );
    assert_eq!(state(&exam.lea, &exam.enrollment).await, "COMPLETED 100 1/1", "who passes now has completed the lesson");
    assert_eq!(read(&bob, &his).await["score"], json!(8.0), "nobody falls unasked");
    assert_eq!(read(&bob, &his).await["scoreHistory"].as_array().unwrap().len(), 1);
    let grades = exam.app.text("SELECT string_agg(percent::text, ' ' ORDER BY percent) FROM lesson_grade").await;
    assert_eq!(grades.as_deref(), Some("50 100"));
    // Asked for, he does; completions stay.
    let done = regrade(&exam, &asked[1], json!({ "correctOptionIds": [asked[1].options[2], asked[1].options[3]], "mayLower": true })).await;
    assert_eq!((&done["raised"], &done["lowered"]), (&json!(0), &json!(1)));
    assert_eq!(read(&bob, &his).await["score"], json!(4.0));
    let list = exam.ada.ok("query($id: ID!) { quiz(id: $id) { regrades { lowered } } }", json!({ "id": exam.quiz })).await;
    assert_eq!(list["quiz"]["regrades"], json!([{ "lowered": 0 }, { "lowered": 1 }]));
    // He is told, and so is she.
    exam.app.work().await;
    assert_eq!(exam.app.count("notification WHERE kind = 'QUIZ_REGRADED'").await, 2);
}

#[tokio::test]
async fn a_bad_question_gives_everybody_its_points_now_and_later() {
    let (exam, asked) = Exam::published().await;
    let (attempt, _) = exam.sit(&exam.lea, all_wrong(&asked)).await;
    let open = exam.start(&exam.lea).await;
    let done = regrade(&exam, &asked[1], json!({ "isVoid": true, "reason": "Ambiguous" })).await;
    assert_eq!((&done["attempts"], &done["raised"]), (&json!(1), &json!(1)));
    assert_eq!(exam.lea.ok(SHEET, json!({ "id": attempt })).await["quizAttempt"]["score"], json!(4.0));
    assert_eq!(exam.lea.ok(SUBMIT, json!({ "id": open })).await["submitQuizAttempt"]["score"], json!(4.0), "one under way as well");
    let (_, later) = exam.sit(&exam.lea, json!([])).await;
    assert_eq!(later["score"], json!(4.0));
    let back = regrade(&exam, &asked[1], json!({ "isVoid": false, "mayLower": true, "reason": "It was right after all" })).await;
    assert_eq!((&back["attempts"], &back["lowered"]), (&json!(3), &json!(3)));
}

#[tokio::test]
async fn points_reach_attempts_under_way_and_what_was_submitted() {
    let (exam, asked) = Exam::published().await;
    let (attempt, _) = exam.sit(&exam.lea, all_right(&asked)).await;
    let open = exam.start(&exam.lea).await;
    regrade(&exam, &asked[2], json!({ "points": 3.5, "reason": "It was hard" })).await;
    let sheet =
        exam.lea.ok("query($id: ID!) { quizAttempt(id: $id) { score maxScore percent } }", json!({ "id": attempt })).await["quizAttempt"]
            .take();
    assert_eq!(sheet, json!({ "score": 10.5, "maxScore": 10.5, "percent": 100.0 }));
    exam.lea.ok(SAVE, json!({ "i": { "attemptId": open, "answers": all_right(&asked) } })).await;
    assert_eq!(exam.lea.ok(SUBMIT, json!({ "id": open })).await["submitQuizAttempt"]["maxScore"], json!(10.5));
    // Fewer points take nothing away unasked, and no share is above all of it.
    regrade(&exam, &asked[2], json!({ "points": 0.5, "reason": "Too much" })).await;
    let sheet =
        exam.lea.ok("query($id: ID!) { quizAttempt(id: $id) { score maxScore percent } }", json!({ "id": attempt })).await["quizAttempt"]
            .take();
    assert_eq!(sheet, json!({ "score": 10.5, "maxScore": 7.5, "percent": 100.0 }));
}

#[tokio::test]
async fn what_can_not_count_is_refused_and_changes_nothing() {
    let (exam, asked) = Exam::published().await;
    exam.sit(&exam.lea, all_wrong(&asked)).await;
    let carl = exam.app.person(&exam.app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    let reason = "Because";
    let wrong = [
        (json!({ "questionId": asked[0].id, "reason": reason }), "BAD_USER_INPUT @questionId"),
        (json!({ "questionId": asked[0].id, "isVoid": true, "reason": " " }), "BAD_USER_INPUT @reason"),
        (json!({ "questionId": asked[0].id, "number": 4, "reason": reason }), "BAD_USER_INPUT @number"),
        (json!({ "questionId": asked[0].id, "texts": ["a"], "reason": reason }), "BAD_USER_INPUT @texts"),
        (json!({ "questionId": asked[0].id, "correctOptionIds": [], "reason": reason }), "BAD_USER_INPUT @correctOptionIds"),
        (
            json!({ "questionId": asked[0].id, "correctOptionIds": [asked[0].options[0], asked[0].options[1]], "reason": reason }),
            "BAD_USER_INPUT @correctOptionIds",
        ),
        (
            json!({ "questionId": asked[1].id, "correctOptionIds": [asked[1].options[0], asked[0].options[0]], "reason": reason }),
            "NOT_FOUND @correctOptionIds.1",
        ),
        (
            json!({ "questionId": asked[2].id, "correctOptionIds": [asked[0].options[0]], "reason": reason }),
            "BAD_USER_INPUT @correctOptionIds",
        ),
        (json!({ "questionId": asked[2].id, "tolerance": -1, "reason": reason }), "BAD_USER_INPUT @tolerance"),
        (json!({ "questionId": asked[2].id, "points": 0, "reason": reason }), "BAD_USER_INPUT @points"),
        (json!({ "questionId": asked[2].id, "points": 1.005, "reason": reason }), "BAD_USER_INPUT @points"),
        (json!({ "questionId": nothing("question"), "isVoid": true, "reason": reason }), "NOT_FOUND @questionId"),
    ];
    for (input, line) in wrong {
        refused(&exam.app, &exam.ada, REGRADE, json!({ "i": input }), line).await;
    }
    let void = json!({ "i": { "questionId": asked[0].id, "isVoid": true, "reason": reason } });
    refused(&exam.app, &carl, REGRADE, void.clone(), "NOT_FOUND @questionId").await;
    refused(&exam.app, &exam.lea, REGRADE, void, "FORBIDDEN [GRADE_MANAGE]").await;
}

#[tokio::test]
async fn a_rehearsal_says_who_would_gain() {
    let (exam, asked) = Exam::published().await;
    let (attempt, _) = exam.sit(&exam.lea, all_wrong(&asked)).await;
    let body = json!({ "query": REGRADE, "variables": { "i": { "questionId": asked[1].id, "isVoid": true, "reason": "?" } }, "extensions": { "dryRun": true } });
    let request = exam.ada.http.post(format!("{}/graphql", exam.ada.url)).bearer_auth(exam.ada.token.as_deref().unwrap()).json(&body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["data"]["regradeQuestion"]["newlyPassed"], json!(1), "{answer}");
    assert_eq!(exam.lea.ok(SHEET, json!({ "id": attempt })).await["quizAttempt"]["score"], json!(0.0));
}

#[tokio::test]
async fn regrades_agree_with_a_second_implementation() {
    let mut dice = Dice(11);
    let exam = Exam::draft().await;
    let (mut known, mut asked): (Vec<Known>, Vec<Asked>) = Default::default();
    for _ in 0..6 {
        let (one, input) = question(&mut dice);
        asked.push(exam.ask(input).await);
        known.push(one);
    }
    exam.publish().await;
    exam.set(json!({ "review": "AFTER_SUBMISSION", "marking": "NEGATIVE", "wrongPenalty": 0.5 })).await;
    let people = [exam.learner("bob").await, exam.learner("cat").await, exam.learner("dan").await];
    // Each person's attempts: the answers, and the hundredths that they have.
    let mut attempts: Vec<(&Client, String, Vec<Given>, Vec<i64>)> = Vec::new();
    for client in people.iter().chain([&exam.lea, &exam.lea]) {
        let given: Vec<(Given, Value)> = known.iter().zip(&asked).map(|(known, asked)| answer(&mut dice, known, asked)).collect();
        let answers: Vec<&Value> = given.iter().map(|(_, value)| value).collect();
        let (attempt, _) = exam.sit(client, json!(answers)).await;
        let marks = known.iter().zip(&given).map(|(known, (given, _))| mark(known, given, "NEGATIVE", 50).0).collect();
        attempts.push((client, attempt, given.into_iter().map(|(given, _)| given).collect(), marks));
    }
    for _ in 0..16 {
        let n = dice.roll(known.len());
        let may_lower = dice.roll(2) == 0;
        let (mut change, mut right_first) = (json!({ "mayLower": may_lower }), known[n].right);
        match dice.roll(3) {
            0 => {
                known[n].is_void = !known[n].is_void;
                change["isVoid"] = json!(known[n].is_void);
            }
            1 if matches!(known[n].kind, "MULTIPLE") => {
                right_first = 1 + dice.roll(known[n].options);
                change["correctOptionIds"] = json!(asked[n].options[..right_first]);
            }
            _ => {
                known[n].cents = i64::try_from(1 + dice.roll(500)).unwrap();
                change["points"] = json!(known[n].cents as f64 / 100.0);
            }
        }
        known[n].right = right_first;
        let most: i64 = known.iter().map(|known| known.cents).sum();
        let (mut raised, mut lowered) = (0, 0);
        for (_, _, given, marks) in &mut attempts {
            let before = total(marks, most, 50).0;
            let (cents, _) = mark(&known[n], &given[n], "NEGATIVE", 50);
            marks[n] = if may_lower { cents } else { cents.max(marks[n]) };
            let after = total(marks, most, 50).0;
            raised += i32::from(after > before);
            lowered += i32::from(after < before);
        }
        let done = regrade(&exam, &asked[n], change.clone()).await;
        assert_eq!(json!([done["attempts"], done["raised"], done["lowered"]]), json!([attempts.len(), raised, lowered]), "{change}");
        for (client, attempt, _, marks) in &attempts {
            let (score, _, percent, is_passed) = total(marks, most, 50);
            let shown = client.ok(SHEET, json!({ "id": attempt })).await["quizAttempt"].take();
            assert_eq!(
                json!([shown["score"], shown["percent"], shown["isPassed"]]),
                json!([score as f64 / 100.0, percent as f64 / 100.0, is_passed]),
                "{change}"
            );
        }
    }
}

#[tokio::test]
async fn words_change_without_what_counts() {
    let (exam, asked) = Exam::published().await;
    exam.sit(&exam.lea, all_wrong(&asked)).await;
    let options = &asked[0].options;
    let change = json!({ "id": asked[0].id, "prompt": "One, really?", "options": [{ "id": options[1], "text": "nope" }, { "id": options[0], "text": "yes" }, { "text": "who knows" }] });
    let changed = exam.ada.ok(UPDATE_QUESTION, json!({ "i": change })).await["updateQuestion"].take();
    assert_eq!(changed["prompt"], json!("One, really?"));
    let words: Vec<&str> = changed["options"].as_array().unwrap().iter().map(|option| option["text"].as_str().unwrap()).collect();
    assert_eq!(words, ["nope", "yes", "who knows"]);
    // The third option stood in no answer; the first two stand in the key and in one.
    for kept in [&options[0], &options[1]] {
        let less = json!({ "id": asked[0].id, "options": [{ "id": kept, "text": "a" }, { "text": "b" }] });
        refused(&exam.app, &exam.ada, UPDATE_QUESTION, json!({ "i": less }), "CONFLICT IN_USE @options").await;
    }
    let foreign = json!({ "id": asked[0].id, "options": [{ "id": options[0], "text": "a" }, { "id": asked[1].options[0], "text": "b" }] });
    refused(&exam.app, &exam.ada, UPDATE_QUESTION, json!({ "i": foreign }), "NOT_FOUND @options.1.id").await;
    let viewer = exam.app.sign_in(&exam.app.oak, Who::Viewer).await;
    refused(
        &exam.app,
        &viewer,
        UPDATE_QUESTION,
        json!({ "i": { "id": asked[0].id, "prompt": "mine" } }),
        "FORBIDDEN [COURSE_UPDATE COURSE_UPDATE_ALL]",
    )
    .await;
    exam.lea.ok(START, json!({ "id": exam.quiz })).await;
}
