//! Courses: a draft is its instructor's alone, a published one the school's, and never another school's.

use serde_json::json;

use crate::app::{TestApp, Who};

const CREATE: &str =
    "mutation($i: CreateCourseInput!) { createCourse(input: $i) { id title status instructor { name } capacity tags enrollmentCount } }";
const COURSE: &str = "query($id: ID!) { course(id: $id) { title instructor { name } } }";
const PUBLISH: &str = "mutation($id: ID!) { publishCourse(id: $id) { status } }";

#[tokio::test]
async fn a_draft_is_invisible_to_learners_and_to_other_schools() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let created = ada.ok(CREATE, json!({ "i": { "title": " Algebra ", "tags": ["Maths"] } })).await;
    let id = created["createCourse"]["id"].clone();
    assert_eq!(
        created["createCourse"],
        json!({ "id": id, "title": "Algebra", "status": "DRAFT", "instructor": { "name": "INSTRUCTOR of oak" }, "capacity": null,
                "tags": ["maths"], "enrollmentCount": 0 })
    );

    for stranger in
        [app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await, app.sign_in(&app.elm, Who::Admin).await]
    {
        assert_eq!(stranger.ok(COURSE, json!({ "id": id })).await, json!({ "course": null }));
    }
    ada.ok(PUBLISH, json!({ "id": id })).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(learner.ok(COURSE, json!({ "id": id })).await["course"]["title"], "Algebra");
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(elm.ok(COURSE, json!({ "id": id })).await, json!({ "course": null }));
}

#[tokio::test]
async fn a_refused_creation_leaves_nothing_behind_but_the_refusal() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(learner.refused(CREATE, json!({ "i": { "title": "Algebra" } })).await, "FORBIDDEN [COURSE_CREATE]");
    assert_eq!(app.count("course").await + app.changes("createCourse").await, 0);
    assert_eq!(
        app.count("audit_entry where outcome = 'REFUSED' and operation = 'createCourse' and resource = 'Course' and code = 'FORBIDDEN'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_refused_root_field_is_null_alone() {
    let app = TestApp::start().await;
    let nobody = app.stranger();
    let answer = nobody.ask("{ viewer { user { id } } courses { totalCount } publicTenants { totalCount } }", json!({})).await;
    assert_eq!(answer["data"], json!({ "viewer": null, "courses": null, "publicTenants": { "totalCount": 2 } }));
    assert_eq!(answer["errors"][0]["path"], json!(["courses"]));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}
