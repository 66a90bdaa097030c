//! Whom a school lets in: what it says of that, and what it may not say.

use serde_json::json;

use super::refused;
use crate::{
    app::{TestApp, Who},
    identity::add_role,
};

const SET: &str =
    "mutation($i: UpdateTenantSettingsInput!) { updateTenantSettings(input: $i) { signUp signUpRoleKeys signUpDomains codeSignIn } }";
const PUBLIC: &str =
    "{ publicTenant(slug: \"oak\") { slug name signUp signUpRoles { key name } codeSignIn } publicTenants { nodes { slug signUp } } }";

#[tokio::test]
async fn a_new_school_lets_in_nobody_by_itself_and_says_publicly_whom_it_does() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let public = app.stranger().ok(PUBLIC, json!({})).await;
    assert_eq!(
        public["publicTenant"],
        json!({ "slug": "oak", "name": "Oak School", "signUp": "CLOSED", "signUpRoles": [], "codeSignIn": "OFF" })
    );
    let input = json!({ "signUp": "APPROVAL", "signUpRoleKeys": ["LEARNER", "INSTRUCTOR"], "signUpDomains": ["OAK.example", "bücher.example"], "codeSignIn": "PARTICIPANTS" });
    let set = admin.ok(SET, json!({ "i": input })).await["updateTenantSettings"].take();
    assert_eq!(set["signUpDomains"], json!(["oak.example", "xn--bcher-kva.example"]));
    let public = app.stranger().ok(PUBLIC, json!({})).await;
    assert_eq!(
        public["publicTenant"]["signUpRoles"],
        json!([{ "key": "INSTRUCTOR", "name": "Instructor" }, { "key": "LEARNER", "name": "Learner" }])
    );
    assert_eq!(public["publicTenants"]["nodes"], json!([{ "slug": "elm", "signUp": "CLOSED" }, { "slug": "oak", "signUp": "APPROVAL" }]));
    admin.ok(SET, json!({ "i": { "signUpRoleKeys": null, "signUp": "CLOSED" } })).await;
    assert_eq!(app.stranger().ok(PUBLIC, json!({})).await["publicTenant"]["signUpRoles"], json!([]));
}

#[tokio::test]
async fn strangers_are_never_offered_a_role_that_manages_the_school() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let tutor = add_role(&admin, "TUTOR", &["COURSE_READ"]).await;
    add_role(&admin, "CLERK", &["ROLE_MANAGE"]).await;
    for (keys, field) in [
        (json!(["LEARNER", "ADMIN"]), "signUpRoleKeys.1"),
        (json!(["CLERK"]), "signUpRoleKeys.0"),
        (json!(["NOBODY"]), "signUpRoleKeys.0"),
        (json!(["LEARNER", "LEARNER"]), "signUpRoleKeys.1"),
        (json!(["learner"]), "signUpRoleKeys.0"),
    ] {
        refused(&app, &admin, SET, json!({ "i": { "signUpRoleKeys": keys } }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    for (input, field) in [
        (json!({ "signUp": null }), "signUp"),
        (json!({ "codeSignIn": null }), "codeSignIn"),
        (json!({ "signUpDomains": ["x.example", "no domain"] }), "signUpDomains.1"),
        (json!({ "signUpDomains": ["x.example", "X.example"] }), "signUpDomains.1"),
    ] {
        refused(&app, &admin, SET, json!({ "i": input }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    admin.ok(SET, json!({ "i": { "signUpRoleKeys": ["TUTOR"] } })).await;
    let update = "mutation($i: UpdateRoleInput!) { updateRole(input: $i) { id } }";
    let higher = json!({ "i": { "id": tutor, "permissions": ["COURSE_READ", "TENANT_MANAGE"] } });
    refused(&app, &admin, update, higher, "CONFLICT IN_USE @permissions").await;
    refused(&app, &admin, "mutation($id: ID!) { deleteRole(id: $id) }", json!({ "id": tutor }), "CONFLICT IN_USE").await;
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        refused(&app, &client, SET, json!({ "i": { "signUp": "OPEN" } }), "FORBIDDEN [TENANT_MANAGE]").await;
    }
}

#[tokio::test]
async fn participants_are_a_role_of_every_school_and_see_courses() {
    let app = TestApp::start().await;
    let participant = app.person(&app.oak, "part@oak.example", &["PARTICIPANT"]).await;
    let answer = participant.ask("{ users { totalCount } }", json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["missingPermissions"], json!(["USER_READ"]));
    assert_eq!(participant.ok("{ courses { totalCount } }", json!({})).await["courses"]["totalCount"], 0);
}
