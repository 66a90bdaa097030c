//! Rubrics: what work is graded by.

use serde_json::{Value, json};

use super::{Class, GRADE, RUBRIC, UPDATE, work};
use crate::{
    app::TestApp,
    classroom::{nothing, refused},
};

async fn rubric(class: &Class, criteria: Value) -> Value {
    let input = json!({ "i": { "assignmentId": class.assignment, "criteria": criteria } });
    class.ada.ok(RUBRIC, input).await["setRubric"].take()
}

#[tokio::test]
async fn the_criteria_add_up_to_the_total_and_each_counts_once() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    let set =
        rubric(&class, json!([{ "title": "Style", "description": "Clear", "points": 10 }, { "title": "Facts", "points": 30.5 }])).await;
    assert_eq!(set["points"], 40.5);
    let (style, facts) = (&set["rubric"][0]["id"], &set["rubric"][1]["id"]);
    let submission = class.submit("x").await;
    let grade = |scores: Value| json!({ "i": { "id": submission, "version": 1, "rubricScores": scores } });
    for scores in [
        json!([]),
        json!([{ "criterionId": style, "points": 5 }]),
        json!([{ "criterionId": style, "points": 5 }, { "criterionId": style, "points": 5 }]),
        json!([{ "criterionId": style, "points": 5 }, { "criterionId": nothing("criterion"), "points": 5 }]),
        json!([{ "criterionId": style, "points": 10.5 }, { "criterionId": facts, "points": 5 }]),
        json!([{ "criterionId": style, "points": -1 }, { "criterionId": facts, "points": 5 }]),
        json!([{ "criterionId": style, "points": 1 }, { "criterionId": facts, "points": 5 }, { "criterionId": facts, "points": 5 }]),
    ] {
        refused(&app, &class.ada, GRADE, grade(scores), "BAD_USER_INPUT @rubricScores").await;
    }
    let mut both = grade(json!([{ "criterionId": style, "points": 5 }, { "criterionId": facts, "points": 20 }]));
    both["i"]["points"] = json!(25);
    refused(&app, &class.ada, GRADE, both, "BAD_USER_INPUT @points").await;
    let points = json!({ "i": { "id": submission, "version": 1, "points": 25 } });
    refused(&app, &class.ada, GRADE, points, "BAD_USER_INPUT @points").await;

    class
        .ada
        .ok(
            GRADE,
            grade(json!([{ "criterionId": facts, "points": 20, "comment": "Two are wrong" }, { "criterionId": style, "points": 10 }])),
        )
        .await;
    let shown = work(&class.lea, &submission).await;
    assert_eq!(json!([shown["points"], shown["percent"]]), json!([30.0, 74.07]));
    assert_eq!(
        shown["rubricScores"],
        json!([{ "points": 10.0, "comment": null, "criterion": { "title": "Style" } }, { "points": 20.0, "comment": "Two are wrong", "criterion": { "title": "Facts" } }])
    );
    let other = json!({ "i": { "assignmentId": class.assignment, "criteria": [{ "title": "Style", "points": 10 }] } });
    refused(&app, &class.ada, RUBRIC, other, "CONFLICT IN_USE @criteria").await;
}

#[tokio::test]
async fn wrong_rubrics_are_named_and_change_nothing() {
    let app = TestApp::start().await;
    let class = Class::of(&app).await;
    rubric(&class, json!([{ "title": "Style", "points": 10 }])).await;
    let many = json!(vec![json!({ "title": "Style", "points": 1 }); 51]);
    for (criteria, field) in [
        (json!([{ "title": " ", "points": 1 }]), "criteria.0.title"),
        (json!([{ "title": "a", "points": 1 }, { "title": "b", "points": 0 }]), "criteria.1.points"),
        (json!([{ "title": "a", "points": 1, "description": "a".repeat(10_001) }]), "criteria.0.description"),
        (json!([{ "title": "a", "points": 10_000 }, { "title": "b", "points": 1 }]), "criteria"),
        (many, "criteria"),
    ] {
        let input = json!({ "i": { "assignmentId": class.assignment, "criteria": criteria } });
        refused(&app, &class.ada, RUBRIC, input, &format!("BAD_USER_INPUT @{field}")).await;
    }
    refused(&app, &class.ada, UPDATE, json!({ "i": { "id": class.assignment, "points": 20 } }), "BAD_USER_INPUT @points").await;
    let nobody = json!({ "i": { "assignmentId": nothing("assignment"), "criteria": [] } });
    refused(&app, &class.ada, RUBRIC, nobody, "NOT_FOUND @assignmentId").await;
    let stranger = app.person(&app.oak, "carl@oak.example", &["INSTRUCTOR"]).await;
    let input = json!({ "i": { "assignmentId": class.assignment, "criteria": [] } });
    refused(&app, &stranger, RUBRIC, input, "NOT_FOUND @assignmentId").await;
    // Without criteria points alone are given, as many as before.
    assert_eq!(rubric(&class, json!([])).await, json!({ "points": 10.0, "rubric": [] }));
    class.ask(json!({ "points": 20 })).await;
}
