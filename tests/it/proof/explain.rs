//! `explainAccess`: what decides, and never whether a hidden row exists.

use lectern_kernel::ids;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{Client, TestApp, Who},
    isolation::world::World,
};

const EXPLAIN: &str = "query($id: ID, $field: String!) { explainAccess(id: $id, field: $field) {
    allowed decidedBy requiredPermissions heldPermissions activeRole tenantActive message } }";

/// `false PERMISSION [COURSE_CREATE] []`.
async fn explained(client: &Client, field: &str, id: Option<&str>) -> String {
    let data = client.ok(EXPLAIN, json!({ "field": field, "id": id })).await;
    let explanation = &data["explainAccess"];
    assert!(!explanation["message"].as_str().unwrap().is_empty());
    let list = |name: &str| {
        let words: Vec<&str> = explanation[name].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        words.join(" ")
    };
    let decided = explanation["decidedBy"].as_str().unwrap();
    format!("{} {decided} [{}] [{}]", explanation["allowed"], list("requiredPermissions"), list("heldPermissions"))
}

#[tokio::test]
async fn it_says_what_decides_and_agrees_with_what_happens() {
    let app = TestApp::start().await;
    let world = World::build(&app).await;
    let (admin, learner) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    for (field, id, expected) in [
        ("login", None, "true PUBLIC [] []"),
        ("Query.viewer", None, "true PUBLIC [] []"),
        ("dashboard", None, "true SIGNED_IN [] []"),
        ("bookingChanged", None, "true SIGNED_IN [] []"),
        ("Subscription.bookingChanged", None, "true SIGNED_IN [] []"),
        ("Course.title", None, "true SIGNED_IN [] []"),
        ("Query.courses", None, "true PERMISSION [COURSE_READ] [COURSE_READ]"),
        ("createCourse", None, "false PERMISSION [COURSE_CREATE] []"),
        ("enroll", None, "true PERMISSION [ENROLLMENT_SELF ENROLLMENT_MANAGE] [ENROLLMENT_SELF]"),
        ("course", Some(&world.foreign["course"]), "true ROW [COURSE_READ] [COURSE_READ]"),
        ("node", Some(&world.foreign["role"]), "false ROW [] []"), // there it is, but not for a learner
        ("updateCourse", Some(&world.foreign["course"]), "false PERMISSION [COURSE_UPDATE COURSE_UPDATE_ALL] []"),
    ] {
        assert_eq!(explained(&learner, field, id.map(String::as_str)).await, expected, "{field}");
    }
    assert_eq!(explained(&admin, "createCourse", None).await, "true PERMISSION [COURSE_CREATE] [COURSE_CREATE]");
    let data = learner.ok(EXPLAIN, json!({ "field": "createCourse" })).await;
    assert_eq!(data["explainAccess"]["message"], "Your role LEARNER lacks COURSE_CREATE.");
    assert_eq!((&data["explainAccess"]["activeRole"], &data["explainAccess"]["tenantActive"]), (&json!("LEARNER"), &json!(true)));
    let input = json!({ "i": { "title": "Not mine to make" } });
    assert_eq!(
        learner.refused("mutation($i: CreateCourseInput!) { createCourse(input: $i) { id } }", input).await,
        "FORBIDDEN [COURSE_CREATE]"
    );

    for field in ["", "nothing", "Query.nothing", "Nothing.title", "title", "Query.", "CreateCourseInput.title"] {
        assert_eq!(admin.refused(EXPLAIN, json!({ "field": field })).await, "BAD_USER_INPUT @field", "{field}");
    }
    for id in ["", "course", "plane_00000000000000000000000000"] {
        assert_eq!(admin.refused(EXPLAIN, json!({ "field": "login", "id": id })).await, "BAD_USER_INPUT @id", "{id}");
    }
    assert_eq!(app.stranger().refused(EXPLAIN, json!({ "field": "login" })).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_hidden_row_is_exactly_like_one_that_never_existed() {
    let app = TestApp::start().await;
    let world = World::build(&app).await;
    for who in Who::ALL {
        let stranger = app.sign_in(&app.elm, who).await;
        for (kind, foreign) in world.foreign.iter().filter(|(kind, _)| app.registry.kind_with_prefix(kind).is_some_and(|kind| kind.is_node))
        {
            let never = ids::encode(kind, Uuid::now_v7());
            let mut answers = Vec::new();
            for id in [foreign, &never] {
                let request = stranger.post(EXPLAIN, json!({ "field": "node", "id": id })).header("x-correlation-id", "same");
                answers.push(request.send().await.unwrap().text().await.unwrap());
            }
            assert_eq!(answers[0], answers[1], "{kind}");
            assert!(answers[0].contains(r#""allowed":false,"decidedBy":"ROW""#), "{}", answers[0]);
        }
    }
}

#[tokio::test]
async fn after_a_lapse_it_is_the_subscription_that_decides() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    app.sql(
        "UPDATE tenant SET subscription_start = now() - interval '2 days', subscription_end = now() - interval '1 day' WHERE slug = 'oak'",
    )
    .await;
    for (field, expected) in [
        ("courses", "false SUBSCRIPTION [COURSE_READ] [COURSE_READ]"),
        ("node", "false SUBSCRIPTION [] []"),
        ("bookingChanged", "false SUBSCRIPTION [] []"),
        ("logout", "true SIGNED_IN [] []"),
        ("logoutEverywhere", "true SIGNED_IN [] []"),
        ("viewer", "true PUBLIC [] []"),
    ] {
        assert_eq!(explained(&admin, field, None).await, expected, "{field}");
    }
    assert_eq!(admin.refused("{ courses { totalCount } }", json!({})).await, "SUBSCRIPTION_EXPIRED");
    admin.ok("mutation { logout }", json!({})).await;
}
