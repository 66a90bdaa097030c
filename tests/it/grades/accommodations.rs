//! How much more time a person takes: theirs to know, and the school's to say.

use serde_json::json;

use crate::{
    app::{Client, TestApp, Who},
    classroom::{nothing, refused},
    quizzes::Exam,
};

const SET: &str = "mutation($i: SetTimeFactorInput!) { setTimeFactor(input: $i) { id timeFactor } }";
const READ: &str = "query($id: ID!) { user(id: $id) { timeFactor } }";

#[tokio::test]
async fn a_time_factor_shows_to_its_person_and_to_who_sets_it() {
    let app = TestApp::start().await;
    let (admin, lea, ada) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Instructor).await);
    let own = "{ viewer { user { timeFactor } } }";
    assert_eq!(lea.ok(own, json!({})).await["viewer"]["user"]["timeFactor"], 1.0);
    let set = |factor: f64| json!({ "i": { "userId": lea.user_id, "factor": factor } });
    assert_eq!(admin.ok(SET, set(1.5)).await["setTimeFactor"], json!({ "id": lea.user_id, "timeFactor": 1.5 }));
    assert_eq!(lea.ok(own, json!({})).await["viewer"]["user"]["timeFactor"], 1.5);
    assert_eq!(admin.ok(READ, json!({ "id": lea.user_id })).await["user"]["timeFactor"], 1.5);
    assert_eq!(ada.ok(READ, json!({ "id": lea.user_id })).await["user"]["timeFactor"], json!(null));
    for factor in [0.99, 4.01, -1.0] {
        refused(&app, &admin, SET, set(factor), "BAD_USER_INPUT @factor").await;
    }
    refused(&app, &ada, SET, set(2.0), "FORBIDDEN [ACCOMMODATION_MANAGE]").await;
    refused(&app, &admin, SET, json!({ "i": { "userId": nothing("user"), "factor": 2 } }), "NOT_FOUND @userId").await;
    refused(&app, &app.sign_in(&app.elm, Who::Admin).await, SET, set(2.0), "NOT_FOUND @userId").await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": lea.user_id })).await;
    assert_eq!(app.count("accommodation").await, 0, "it goes with the person");
    refused(&app, &admin, SET, set(2.0), "NOT_FOUND @userId").await;
}

#[tokio::test]
async fn a_quiz_is_neither_overdue_nor_missing_as_long_as_a_time_factor_keeps_it_open() {
    let (exam, _) = Exam::published().await;
    let bob = exam.learner("bob").await;
    exam.set(json!({ "timeLimitMinutes": 60 })).await;
    let admin = exam.app.sign_in(&exam.app.oak, Who::Admin).await;
    admin.ok(SET, json!({ "i": { "userId": exam.lea.user_id, "factor": 2 } })).await;
    let is_late = async |client: &Client| {
        let query = "query($q: ID!, $l: ID!) { quiz(id: $q) { viewerClosesAt } lesson(id: $l) { viewerGrade { isMissing } }
            dashboard { deadlines { dueAt isOverdue } } }";
        let found = client.ok(query, json!({ "q": exam.quiz, "l": exam.lesson })).await;
        let due = &found["dashboard"]["deadlines"][0];
        assert_eq!(due["dueAt"], found["quiz"]["viewerClosesAt"], "{found}");
        json!([due["isOverdue"], found["lesson"]["viewerGrade"]["isMissing"]])
    };
    let at_risk = async || {
        let query = "query($id: ID!) { reports { learnersAtRisk(courseId: $id) { reasons overdue enrollment { user { id } } } } }";
        let found = exam.ada.ok(query, json!({ "id": exam.course })).await["reports"]["learnersAtRisk"].take();
        let mut people = Vec::new();
        for risk in found.as_array().unwrap() {
            assert_eq!((&risk["reasons"], &risk["overdue"]), (&json!(["OVERDUE"]), &json!(1)));
            people.push(risk["enrollment"]["user"]["id"].as_str().unwrap().to_owned());
        }
        people.sort();
        people
    };
    let (mut both, his) = (vec![exam.lea.user_id.clone(), bob.user_id.clone()], vec![bob.user_id.clone()]);
    both.sort();
    for (closed, hers, people) in [("10 minutes", false, his), ("61 minutes", true, both)] {
        exam.app.sql(&format!("UPDATE quiz SET closes_at = now() - interval '{closed}'")).await;
        assert_eq!((is_late(&exam.lea).await, is_late(&bob).await), (json!([hers, hers]), json!([true, true])), "{closed}");
        assert_eq!(at_risk().await, people, "{closed}");
    }
}
