//! Signing in and out.

use serde_json::json;

use crate::app::{TestApp, Who};

const VIEWER: &str = "{ viewer { user { name } tenant { slug } activeRole { key } permissions } }";

#[tokio::test]
async fn signing_in_names_the_person_the_school_and_the_role() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(
        learner.ok(VIEWER, json!({})).await,
        json!({ "viewer": { "user": { "name": "LEARNER of oak" }, "tenant": { "slug": "oak" }, "activeRole": { "key": "LEARNER" },
                            "permissions": ["COURSE_READ", "ENROLLMENT_SELF", "BOOKING_REQUEST"] } })
    );
    assert_eq!(app.stranger().ok(VIEWER, json!({})).await, json!({ "viewer": null }));
}
