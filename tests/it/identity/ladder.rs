//! Who stands above whom: covering or managing, and never more than that.

use serde_json::{Value, json};

use super::{CREATE, CREATE_ROLE, DELETE_ROLE, SET_ROLES, SUSPEND, UPDATE_ROLE, add, everything, new_person};
use crate::{
    admissions::INVITE,
    app::{Client, TestApp, Who},
};

const ROLES: &str = "{ roles { key manages { key } } }";

fn role(key: &str, permissions: &[&str], manages: &[&str]) -> Value {
    json!({ "i": { "key": key, "name": key, "permissions": permissions, "managesRoleKeys": manages } })
}

fn invite(keys: &[&str]) -> Value {
    json!({ "i": { "invitations": [{ "email": "new@x.example", "name": "New", "roleKeys": keys }] } })
}

async fn managed(client: &Client, key: &str) -> Vec<String> {
    let roles = client.ok(ROLES, json!({})).await["roles"].take();
    let found = roles.as_array().unwrap().iter().find(|role| role["key"] == key).unwrap();
    found["manages"].as_array().unwrap().iter().map(|role| role["key"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn administrators_manage_every_role_instructors_learners_and_participants_and_others_none() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (key, below) in [
        ("ADMIN", vec!["ADMIN", "INSTRUCTOR", "LEARNER", "PARTICIPANT", "VIEWER"]),
        ("INSTRUCTOR", vec!["LEARNER", "PARTICIPANT"]),
        ("LEARNER", vec![]),
        ("PARTICIPANT", vec![]),
        ("VIEWER", vec![]),
    ] {
        assert_eq!(managed(&admin, key).await, below, "{key}");
    }
    let one = app.statements(&admin, "{ roles { key } }", json!({})).await;
    assert_eq!(app.statements(&admin, ROLES, json!({})).await, one + 1, "one statement, however many roles");
    // A new school has the same.
    app.sql(
        "SET app.audit = 'off'; INSERT INTO tenant (tenant_id, slug, name, time_zone) VALUES ('00000000-0000-7000-8000-000000000001', 'ash', 'Ash', 'UTC');
         SELECT app.create_system_roles('00000000-0000-7000-8000-000000000001'); RESET app.audit",
    )
    .await;
    assert_eq!(app.count("role_manages WHERE tenant_id = '00000000-0000-7000-8000-000000000001'").await, 2);
}

#[tokio::test]
async fn a_role_of_the_schools_own_manages_what_its_giver_manages() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let created =
        admin.ok(CREATE_ROLE, role("DESK", &["USER_ADMIT", "ROLE_MANAGE", "USER_READ", "ROLE_READ"], &["LEARNER", "VIEWER"])).await;
    let desk = created["createRole"]["id"].clone();
    assert_eq!(managed(&admin, "DESK").await, ["LEARNER", "VIEWER"]);
    let clerk = app.person(&app.oak, "clerk@oak.example", &["DESK"]).await;
    let before = everything(&app).await;
    for (variables, line) in [
        (role("SUB", &[], &["LEARNER", "INSTRUCTOR"]), "FORBIDDEN ROLE_TOO_HIGH @managesRoleKeys.1"),
        (role("SUB", &[], &["NOBODY"]), "BAD_USER_INPUT @managesRoleKeys.0"),
        (role("SUB", &[], &["LEARNER", "LEARNER"]), "BAD_USER_INPUT @managesRoleKeys.1"),
        (role("SUB", &[], &["learner"]), "BAD_USER_INPUT @managesRoleKeys.0"),
    ] {
        assert_eq!(clerk.refused(CREATE_ROLE, variables).await, line);
    }
    let update = |keys: Value| json!({ "i": { "id": desk, "managesRoleKeys": keys } });
    assert_eq!(clerk.refused(UPDATE_ROLE, update(json!(["LEARNER", "ADMIN"]))).await, "FORBIDDEN ROLE_TOO_HIGH @managesRoleKeys.1");
    assert_eq!(admin.refused(UPDATE_ROLE, update(json!(null))).await, "BAD_USER_INPUT @managesRoleKeys");
    assert_eq!(everything(&app).await, before);

    clerk.ok(CREATE_ROLE, role("SUB", &["USER_ADMIT"], &["LEARNER"])).await;
    assert_eq!(managed(&admin, "SUB").await, ["LEARNER"]);
    admin.ok(UPDATE_ROLE, update(json!(["PARTICIPANT", "VIEWER"]))).await;
    assert_eq!(managed(&admin, "DESK").await, ["PARTICIPANT", "VIEWER"]);
    assert_eq!(clerk.refused(INVITE, invite(&["LEARNER"])).await, "FORBIDDEN ROLE_TOO_HIGH @invitations.0.roleKeys.0");
    clerk.ok(INVITE, invite(&["VIEWER"])).await;
    admin.ok(UPDATE_ROLE, update(json!([]))).await;
    assert_eq!(managed(&admin, "DESK").await, Vec::<String>::new());
    assert_eq!(admin.ok(UPDATE_ROLE, json!({ "i": { "id": desk, "name": "Desk" } })).await["updateRole"]["name"], "Desk");

    // With a role goes whom it manages, and that it is managed.
    let sub = admin.ok("{ roles { id key } }", json!({})).await["roles"].take();
    let sub = sub.as_array().unwrap().iter().find(|role| role["key"] == "SUB").unwrap()["id"].clone();
    admin.ok(DELETE_ROLE, json!({ "id": sub })).await;
    assert_eq!(app.count("role_manages m JOIN role r ON r.tenant_id = m.tenant_id AND r.id = m.role_id WHERE NOT r.is_system").await, 0);
}

#[tokio::test]
async fn a_role_that_manages_the_school_is_managed_by_administrators_alone_whatever_the_rows_say() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let clerk = admin.ok(CREATE_ROLE, role("CLERK", &["COURSE_READ"], &[])).await["createRole"]["id"].clone();
    let made = admin.ok(CREATE_ROLE, role("DESK", &["USER_ADMIT", "USER_READ"], &["CLERK"])).await["createRole"]["id"].clone();
    // It is said where one is named.
    let before = everything(&app).await;
    admin.ok(CREATE_ROLE, role("KEEPER", &["TENANT_MANAGE"], &[])).await;
    let with_keeper = everything(&app).await;
    let update = json!({ "i": { "id": made, "managesRoleKeys": ["CLERK", "ADMIN"] } });
    for (mutation, variables) in [
        (CREATE_ROLE, role("SUB", &[], &["LEARNER", "ADMIN"])),
        (CREATE_ROLE, role("SUB", &[], &["CLERK", "KEEPER"])),
        (UPDATE_ROLE, update),
    ] {
        assert_eq!(admin.refused(mutation, variables).await, "BAD_USER_INPUT @managesRoleKeys.1");
    }
    assert!(everything(&app).await == with_keeper && with_keeper != before);
    // As the version before took them.
    app.sql("INSERT INTO role_manages (tenant_id, role_id, managed_role_id) SELECT o.tenant_id, o.id, b.id FROM role o JOIN role b ON b.tenant_id = o.tenant_id
             WHERE o.key = 'DESK' AND b.key IN ('ADMIN', 'KEEPER')").await;
    let desk = app.person(&app.oak, "desk@oak.example", &["DESK"]).await;
    assert_eq!(managed(&admin, "DESK").await, ["CLERK"]);
    desk.ok(INVITE, invite(&["CLERK"])).await;
    app.sql("UPDATE invitation SET state = 'REVOKED'").await;
    for permission in ["ROLE_MANAGE", "TENANT_MANAGE"] {
        admin.ok(UPDATE_ROLE, json!({ "i": { "id": clerk, "permissions": ["COURSE_READ", permission] } })).await;
        assert_eq!(managed(&admin, "DESK").await, Vec::<String>::new());
        assert_eq!(desk.refused(INVITE, invite(&["CLERK"])).await, "FORBIDDEN ROLE_TOO_HIGH @invitations.0.roleKeys.0");
    }
    assert_eq!(desk.refused(INVITE, invite(&["ADMIN"])).await, "FORBIDDEN ROLE_TOO_HIGH @invitations.0.roleKeys.0");
    assert_eq!(app.count("invitation WHERE state = 'PENDING'").await, 0);
}

#[tokio::test]
async fn whoever_manages_somebodys_roles_stands_above_them_without_holding_what_they_grant() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let rights = ["USER_READ", "USER_CREATE", "USER_UPDATE", "ROLE_MANAGE"];
    admin.ok(CREATE_ROLE, role("DESK", &rights, &["LEARNER"])).await;
    let desk = app.person(&app.oak, "desk@oak.example", &["DESK"]).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await.user_id;
    let both = add(&admin, "both@oak.example", &["LEARNER", "VIEWER"]).await;
    desk.ok(SUSPEND, json!({ "id": learner })).await;
    assert_eq!(desk.refused(SUSPEND, json!({ "id": both })).await, "FORBIDDEN ROLE_TOO_HIGH", "each role counts");
    let made = desk.ok(CREATE, new_person("new@oak.example", &["LEARNER"])).await["createUser"]["id"].clone();
    let set = |id: &Value, keys: &[&str]| json!({ "i": { "userId": id, "roleKeys": keys } });
    desk.ok(SET_ROLES, set(&made, &["LEARNER", "DESK"])).await;
    assert_eq!(desk.refused(SET_ROLES, set(&made, &["VIEWER"])).await, "FORBIDDEN ROLE_TOO_HIGH @roleKeys.0");
    // Nobody manages themselves: what they only manage they don't give themselves.
    let me = json!(desk.user_id);
    let before = everything(&app).await;
    assert_eq!(desk.refused(SET_ROLES, set(&me, &["DESK", "LEARNER"])).await, "FORBIDDEN ROLE_TOO_HIGH @roleKeys.1");
    let grant = "mutation($i: GrantRoleInput!) { grantRole(input: $i) { id } }";
    let own = json!({ "i": { "userIds": [me], "roleKey": "LEARNER" } });
    assert_eq!(desk.refused(grant, own).await, "FORBIDDEN ROLE_TOO_HIGH @roleKey");
    // What somebody was granted beside their roles counts as well.
    app.sql(&format!(
        "INSERT INTO user_permission (tenant_id, user_id, effect, permission) SELECT tenant_id, id, 'GRANT', 'AUDIT_READ' FROM app_user WHERE id = '{}'",
        crate::classroom::uuid(made.as_str().unwrap())
    ))
    .await;
    assert_eq!(desk.refused(SUSPEND, json!({ "id": made })).await, "FORBIDDEN ROLE_TOO_HIGH");
    app.sql("DELETE FROM user_permission").await;
    assert_eq!(everything(&app).await, before);
}
