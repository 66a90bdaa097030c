//! What quizzes, assignments and learning paths earn.

use serde_json::json;

use super::{badge, badges_of, balances_agree, ledger};
use crate::{
    app::{TestApp, Who},
    assignments::{Class, RELEASE},
    paths::{finish, path_of_three, take},
    quizzes::{Exam, REGRADE, all_right},
};

#[tokio::test]
async fn a_graded_quiz_that_is_passed_earns_points_once_also_by_a_regrade() {
    let (exam, asked) = Exam::published().await;
    let admin = exam.app.sign_in(&exam.app.oak, Who::Admin).await;
    badge(&admin, json!({ "name": "Perfect", "rule": "PERFECT_QUIZ" })).await;
    let (_, failed) = exam.sit(&exam.lea, json!([])).await;
    assert_eq!(failed["isPassed"], false);
    let passed = json!({ "rule": "QUIZ_PASSED" });
    assert_eq!(ledger(&exam.lea, passed.clone()).await, [""; 0]);
    exam.sit(&exam.lea, all_right(&asked)).await;
    exam.sit(&exam.lea, all_right(&asked)).await;
    assert_eq!(ledger(&exam.lea, passed.clone()).await, ["QUIZ_PASSED 25"]);
    assert_eq!(badges_of(&exam.lea).await, ["Perfect"]);
    // A question that is void makes whoever had failed pass.
    let bob = exam.learner("bob").await;
    let (_, failed) = exam.sit(&bob, json!([{ "questionId": asked[0].id, "optionIds": [asked[0].options[0]] }])).await;
    assert_eq!(failed["isPassed"], false);
    assert_eq!(ledger(&bob, passed.clone()).await, [""; 0]);
    let void = json!({ "i": { "questionId": asked[1].id, "isVoid": true, "reason": "Ambiguous" } });
    exam.ada.ok(REGRADE, void).await;
    assert_eq!(ledger(&bob, passed).await, ["QUIZ_PASSED 25"]);
    assert_eq!(badges_of(&bob).await, [""; 0]);
    balances_agree(&exam.app).await;
}

#[tokio::test]
async fn practice_earns_no_points() {
    let (exam, asked) = Exam::published().await;
    exam.set(json!({ "mode": "PRACTICE" })).await;
    let admin = exam.app.sign_in(&exam.app.oak, Who::Admin).await;
    badge(&admin, json!({ "name": "Perfect", "rule": "PERFECT_QUIZ" })).await;
    exam.sit(&exam.lea, all_right(&asked)).await;
    assert_eq!(ledger(&exam.lea, json!({ "rule": "QUIZ_PASSED" })).await, [""; 0]);
    assert_eq!(badges_of(&exam.lea).await, [""; 0]);
}

#[tokio::test]
async fn an_assignment_is_passed_by_a_released_grade() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "passMark": 50, "holdGrades": true, "maxAttempts": 3 })).await;
    let passed = json!({ "rule": "ASSIGNMENT_PASSED" });
    let work = class.submit("So").await;
    class.grade(&work, 1, 80.0).await;
    assert_eq!(ledger(&class.lea, passed.clone()).await, [""; 0], "a held grade says nothing by its points either");
    class.ada.ok(RELEASE, json!({ "id": class.assignment })).await;
    assert_eq!(ledger(&class.lea, passed.clone()).await, ["ASSIGNMENT_PASSED 25"]);
    let version = crate::assignments::work(&class.ada, &work).await["version"].as_i64().unwrap();
    class.grade(&work, i32::try_from(version).unwrap(), 90.0).await;
    assert_eq!(ledger(&class.lea, passed).await, ["ASSIGNMENT_PASSED 25"]);
    balances_agree(&app).await;
}

#[tokio::test]
async fn a_grade_that_is_rounded_up_to_the_pass_mark_passes_nothing() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    class.ask(json!({ "points": 10_000, "passMark": 50, "maxAttempts": null })).await;
    let passed = json!({ "rule": "ASSIGNMENT_PASSED" });
    let work = class.submit("Nearly").await;
    class.grade(&work, 1, 4999.6).await;
    let shown = crate::assignments::work(&class.lea, &work).await;
    assert_eq!(json!([shown["percent"], shown["isPassed"]]), json!([50.0, false]));
    assert_eq!(ledger(&class.lea, passed.clone()).await, [""; 0]);
    // What is shown stays the same, and passes now.
    class.grade(&work, 2, 5_000.0).await;
    assert_eq!(ledger(&class.lea, passed).await, ["ASSIGNMENT_PASSED 25"]);
    balances_agree(&app).await;
}

#[tokio::test]
async fn a_path_that_is_completed_earns_points_and_its_badge() {
    let app = TestApp::start().await;
    let (lea, admin) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Admin).await);
    let (path, courses) = path_of_three(&app).await;
    badge(&admin, json!({ "name": "Mathematician", "rule": "PATH_COMPLETED", "pathId": path })).await;
    take(&lea, &path).await;
    for course in &courses {
        finish(&lea, course).await;
    }
    assert_eq!(ledger(&lea, json!({ "rule": "PATH_COMPLETED" })).await, ["PATH_COMPLETED 250"]);
    assert_eq!(badges_of(&lea).await, ["Mathematician"]);
    let query = "{ badges { path { title } } pointsEntries(filter: { rule: PATH_COMPLETED }) { nodes { sourceId } } }";
    let found = lea.ok(query, json!({})).await;
    assert_eq!(json!([found["badges"][0]["path"]["title"], found["pointsEntries"]["nodes"][0]["sourceId"]]), json!(["Mathematics", path]));
}
