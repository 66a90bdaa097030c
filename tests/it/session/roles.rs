//! The role that a sign-in acts in, and what happens to it.

use serde_json::{Value, json};

use super::{another_device, is_alive, refresh};
use crate::app::{Client, TestApp, Who};

const SWITCH: &str = "mutation($i: SwitchRoleInput!) { switchRole(input: $i) { accessToken refreshToken viewer { user { id } activeRole { key } permissions } } }";
const ROLE: &str = "{ viewer { activeRole { key } permissions } }";
const SET_ROLES: &str = "mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { roles { key } } }";

fn to(key: &str) -> Value {
    json!({ "i": { "roleKey": key } })
}

async fn role(client: &Client) -> String {
    client.ok(ROLE, json!({})).await["viewer"]["activeRole"]["key"].as_str().unwrap().to_owned()
}

async fn set_roles(admin: &Client, person: &Client, keys: &[&str]) {
    admin.ok(SET_ROLES, json!({ "i": { "userId": person.user_id, "roleKeys": keys } })).await;
}

#[tokio::test]
async fn a_sign_in_switches_down_and_back_and_stays_in_its_role() {
    let app = TestApp::start().await;
    let desk = app.person(&app.oak, "ada@oak.example", &["LEARNER", "ADMIN"]).await;
    let phone = app.sign_in_as(&app.oak, "ada@oak.example", crate::app::PASSWORD).await;
    assert_eq!(role(&desk).await, "ADMIN", "at first the role that grants most");

    let session = desk.ok(SWITCH, to("LEARNER")).await;
    assert_eq!(session["switchRole"]["viewer"]["activeRole"]["key"], "LEARNER");
    assert_eq!(
        session["switchRole"]["viewer"]["permissions"],
        json!(["COURSE_READ", "ENROLLMENT_SELF", "BOOKING_REQUEST", "APPLICATION_SUBMIT", "FILE_UPLOAD", "AGENT_EXECUTE"])
    );
    let down = app.stranger().with_session(&session["switchRole"]);
    assert_eq!((role(&down).await, role(&desk).await, role(&phone).await), ("LEARNER".into(), "LEARNER".into(), "ADMIN".into()));
    assert_eq!(down.refused("{ users { totalCount } }", json!({})).await, "FORBIDDEN [USER_READ]");
    assert_eq!(app.count("session where user_id = (select id from app_user where email = 'ada@oak.example')").await, 2, "the same sign-in");
    assert_eq!(app.count("audit_entry where operation = 'switchRole' and resource = 'Session' and outcome = 'CHANGED'").await, 1);

    let refreshed = refresh::ok(&app, &down).await;
    assert_eq!(role(&refreshed).await, "LEARNER", "also after a refresh");
    let session = refreshed.ok(SWITCH, to("ADMIN")).await;
    let back = app.stranger().with_session(&session["switchRole"]);
    assert_eq!(role(&back).await, "ADMIN");
    back.ok("{ users { totalCount } }", json!({})).await;

    // Of a family one refresh token is live: the latest.
    assert!(is_alive(&refresh::ok(&app, &back).await).await);
    assert_eq!(refresh::refused(&refreshed).await, "UNAUTHENTICATED REFRESH_TOKEN_REUSED");
    assert!(!is_alive(&back).await && is_alive(&phone).await);
}

#[tokio::test]
async fn nobody_switches_to_a_role_that_they_do_not_hold() {
    let app = TestApp::start().await;
    for who in Who::ALL {
        let client = another_device(&app, &app.oak, who).await;
        let own = role(&client).await;
        for key in ["ADMIN", "INSTRUCTOR", "LEARNER", "VIEWER", "NO_SUCH_ROLE"].into_iter().filter(|key| *key != own) {
            assert_eq!(client.refused(SWITCH, to(key)).await, "FORBIDDEN ROLE_NOT_HELD @roleKey");
        }
        for key in ["", "admin", "A\u{0}B", "ADMIN ", &"A".repeat(41)] {
            assert_eq!(client.refused(SWITCH, to(key)).await, "BAD_USER_INPUT @roleKey");
        }
        assert_eq!(role(&client).await, own);
        assert!(is_alive(&refresh::ok(&app, &client).await).await, "and the refresh token was not spent");
    }
    assert_eq!(app.stranger().refused(SWITCH, to("ADMIN")).await, "UNAUTHENTICATED");
    assert_eq!(app.changes("switchRole").await, 0);
}

#[tokio::test]
async fn changes_of_roles_and_permissions_hold_from_the_next_request() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    const USERS: &str = "{ users { totalCount } }";
    const CREATE_ROLE: &str = "mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }";
    const UPDATE_ROLE: &str = "mutation($i: UpdateRoleInput!) { updateRole(input: $i) { permissions } }";

    // A role is given: the sign-in that acts in none in particular takes the one that grants most.
    set_roles(&admin, &learner, &["LEARNER", "VIEWER"]).await;
    assert_eq!(role(&learner).await, "VIEWER");
    learner.ok(USERS, json!({})).await;
    // The active role is taken away: another takes its place; given back, the sign-in goes on in it.
    let session = learner.ok(SWITCH, to("VIEWER")).await;
    let learner = app.stranger().with_session(&session["switchRole"]);
    set_roles(&admin, &learner, &["LEARNER"]).await;
    assert_eq!(role(&learner).await, "LEARNER");
    assert_eq!(learner.refused(USERS, json!({})).await, "FORBIDDEN [USER_READ]");
    set_roles(&admin, &learner, &["LEARNER", "ADMIN", "VIEWER"]).await;
    assert_eq!(role(&learner).await, "VIEWER");

    // A role's permissions change under those who act in it.
    let role_id =
        admin.ok(CREATE_ROLE, json!({ "i": { "key": "CLERK", "name": "Clerk", "permissions": [] } })).await["createRole"]["id"].clone();
    set_roles(&admin, &learner, &["CLERK"]).await;
    assert_eq!(learner.refused(USERS, json!({})).await, "FORBIDDEN [USER_READ]");
    admin.ok(UPDATE_ROLE, json!({ "i": { "id": role_id, "permissions": ["USER_READ"] } })).await;
    learner.ok(USERS, json!({})).await;
    admin.ok(UPDATE_ROLE, json!({ "i": { "id": role_id, "permissions": [] } })).await;
    assert_eq!(learner.refused(USERS, json!({})).await, "FORBIDDEN [USER_READ]");
    // None of it has ended the sign-in, whose token is the first one.
    assert_eq!(app.count("app_user where token_version > 0").await, 0);

    // A suspension ends it.
    admin.ok("mutation($id: ID!) { suspendUser(id: $id) { status } }", json!({ "id": learner.user_id })).await;
    assert!(!is_alive(&learner).await);
    assert_eq!(learner.refused(USERS, json!({})).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn an_administrator_whose_role_row_is_incomplete_holds_everything_all_the_same() {
    let app = TestApp::start().await;
    app.sql("UPDATE role SET permissions = '{COURSE_READ}' WHERE key = 'ADMIN'").await;
    let ada = app.person(&app.oak, "ada@oak.example", &["LEARNER", "ADMIN", "VIEWER"]).await;
    let viewer = ada.ok(ROLE, json!({})).await;
    assert_eq!(viewer["viewer"]["activeRole"]["key"], "ADMIN");
    assert_eq!(viewer["viewer"]["permissions"].as_array().unwrap().len(), lectern_kernel::permission::Permission::ALL.len());
}
