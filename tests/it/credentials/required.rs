use serde_json::json;

use super::{NEW_PASSWORD, REQUEST, STANDING, refused, with_factor};
use crate::{
    admissions::set,
    app::{TestApp, Who},
};

#[tokio::test]
async fn a_role_of_which_a_second_factor_is_wanted_grants_nothing_before() {
    let app = TestApp::start().await;
    let (admin, instructor) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let settings = "mutation($i: UpdateTenantSettingsInput!) { updateTenantSettings(input: $i) { secondFactorRoleKeys } }";
    let wrong = json!({ "i": { "secondFactorRoleKeys": ["INSTRUCTOR", "NOBODY"] } });
    refused(&app, &admin, settings, wrong, "BAD_USER_INPUT @secondFactorRoleKeys.1").await;
    let course = r#"mutation { createCourse(input: { title: "Algebra" }) { id } }"#;
    instructor.ok(course, json!({})).await;
    set(&app, json!({ "secondFactorRoleKeys": ["INSTRUCTOR"] })).await;

    // From the next request on, also by the sign-in that there was.
    refused(&app, &instructor, course, json!({}), "FORBIDDEN [COURSE_CREATE]").await;
    let due = instructor.ok("{ viewer { secondFactorDue permissions activeRole { key } } }", json!({})).await;
    assert_eq!(due["viewer"], json!({ "secondFactorDue": true, "permissions": [], "activeRole": { "key": "INSTRUCTOR" } }));
    // Nor are they asked to decide what they may not.
    app.sign_in(&app.oak, Who::Learner).await.ok(REQUEST, json!({ "i": { "newPassword": NEW_PASSWORD } })).await;
    app.work().await;
    assert_eq!(app.count("notification WHERE kind = 'PASSWORD_CHANGE_REQUESTED'").await, 1, "the admin alone");
    with_factor(&app, &instructor).await;
    assert_eq!(instructor.ok(STANDING, json!({})).await["viewer"]["secondFactorDue"], false);
    instructor.ok(course, json!({})).await;
    // The others go on.
    admin.ok(course, json!({})).await;

    // Such a role is in use.
    let role = json!({ "i": { "key": "TUTOR", "name": "Tutor", "permissions": ["COURSE_READ"] } });
    let role = admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", role).await["createRole"]["id"].take();
    set(&app, json!({ "secondFactorRoleKeys": ["TUTOR"] })).await;
    refused(&app, &admin, "mutation($id: ID!) { deleteRole(id: $id) }", json!({ "id": role }), "CONFLICT IN_USE").await;
}
