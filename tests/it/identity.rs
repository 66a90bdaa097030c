//! People: who may add, change, suspend and delete whom, and what others see of them.

mod bulk;
mod caps;
mod ladder;
mod lists;
mod profiles;
mod rights;
mod roles;
mod timed;
mod walls;

use serde_json::{Value, json};

use crate::app::{Client, PASSWORD, TestApp, Who};

const CREATE: &str = "mutation($i: CreateUserInput!) { createUser(input: $i) { id name email status roles { key } createdAt } }";
const UPDATE: &str = "mutation($i: UpdateUserInput!) { updateUser(input: $i) { id name email } }";
const SUSPEND: &str = "mutation($id: ID!) { suspendUser(id: $id) { id status } }";
const REACTIVATE: &str = "mutation($id: ID!) { reactivateUser(id: $id) { id status } }";
const DELETE: &str = "mutation($id: ID!) { deleteUser(id: $id) }";
const SET_ROLES: &str = "mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { roles { key } } }";
const CREATE_ROLE: &str = "mutation($i: CreateRoleInput!) { createRole(input: $i) { id key name isSystem permissions } }";
const UPDATE_ROLE: &str = "mutation($i: UpdateRoleInput!) { updateRole(input: $i) { id key name permissions } }";
const DELETE_ROLE: &str = "mutation($id: ID!) { deleteRole(id: $id) }";
const USER: &str = "query($id: ID!) { user(id: $id) { id name email status roles { key } createdAt } }";

/// A new person as an input.
fn new_person(email: &str, role_keys: &[&str]) -> Value {
    json!({ "i": { "email": email, "name": email, "roleKeys": role_keys } })
}

/// Adds a person who can't sign in; answers their id.
async fn add(admin: &Client, email: &str, role_keys: &[&str]) -> String {
    admin.ok(CREATE, new_person(email, role_keys)).await["createUser"]["id"].as_str().unwrap().to_owned()
}

/// Adds a role; answers its id.
pub async fn add_role(admin: &Client, key: &str, permissions: &[&str]) -> String {
    let input = json!({ "i": { "key": key, "name": key, "permissions": permissions } });
    admin.ok(CREATE_ROLE, input).await["createRole"]["id"].as_str().unwrap().to_owned()
}

/// Everything about people and roles, to see whether a refusal has changed anything.
async fn everything(app: &TestApp) -> String {
    let rows = "SELECT md5(string_agg(row::text, '|' ORDER BY row::text)) FROM (
        SELECT to_jsonb(u) - 'updated_at' AS row FROM app_user u UNION ALL SELECT to_jsonb(r) - 'updated_at' FROM role r
        UNION ALL SELECT to_jsonb(ur) FROM user_role ur UNION ALL SELECT to_jsonb(m) FROM role_manages m
        UNION ALL SELECT to_jsonb(p) FROM user_permission p UNION ALL SELECT to_jsonb(a) FROM user_avatar a
        UNION ALL SELECT to_jsonb(n) - 'updated_at' FROM notification_settings n UNION ALL SELECT to_jsonb(c) FROM credential c) AS rows";
    app.text(rows).await.unwrap()
}

#[tokio::test]
async fn an_administrator_adds_people_who_can_sign_in_at_once() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let input = json!({ "i": { "email": " Ada.Lovelace@Oak.example ", "name": "  Ada Lovelace ", "password": "violet staple orbit 7",
                               "roleKeys": ["LEARNER", "VIEWER"] } });
    let created = admin.ok(CREATE, input).await["createUser"].take();
    assert_eq!(
        created,
        json!({ "id": created["id"], "name": "Ada Lovelace", "email": "Ada.Lovelace@Oak.example", "status": "ACTIVE",
                "roles": [{ "key": "LEARNER" }, { "key": "VIEWER" }], "createdAt": created["createdAt"] })
    );
    let ada = app.sign_in_as(&app.oak, "ada.lovelace@oak.example", "violet staple orbit 7").await;
    assert_eq!(ada.user_id, created["id"].as_str().unwrap());
    assert_eq!(ada.ok(USER, json!({ "id": ada.user_id })).await["user"], created);

    // The email is the person's in this school alone, in any case.
    assert_eq!(admin.refused(CREATE, new_person("ADA.lovelace@OAK.example", &["LEARNER"])).await, "CONFLICT EMAIL_TAKEN @email");
    app.sign_in(&app.elm, Who::Admin).await.ok(CREATE, new_person("ada.lovelace@oak.example", &["LEARNER"])).await;

    let audit = "audit_entry where outcome = 'CHANGED' and operation = 'createUser' and resource = 'User' and before is null";
    let ada_rows = format!("{audit} and resource_id = (select id from app_user where name = 'Ada Lovelace')");
    assert_eq!(app.count(&ada_rows).await, 3, "the person and two roles");
    assert_eq!(app.count("audit_entry where concat(before, after) ~ 'password|hash|argon|violet'").await, 0);
}

#[tokio::test]
async fn wrong_inputs_are_refused_with_their_field() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let before = everything(&app).await;
    let good = json!({ "email": "ada@oak.example", "name": "Ada", "password": "violet staple orbit 7", "roleKeys": ["LEARNER"] });
    let fifty_one: Vec<String> = (0..51).map(|number| format!("ROLE_{number}")).collect();
    for (field, value, refused) in [
        ("email", json!("ada"), "email"),
        ("email", json!("ada@oak"), "email"),
        ("email", json!("a da@oak.example"), "email"),
        ("email", json!("ada@oak.example\u{0}"), "email"),
        ("email", json!(format!("ada@{}.example", "x".repeat(250))), "email"),
        ("email", json!("  "), "email"),
        ("name", json!("  "), "name"),
        ("name", json!("x".repeat(201)), "name"),
        ("name", json!("A\u{0}da"), "name"),
        ("name", json!("A\nda"), "name"),
        ("password", json!("short 1 ä"), "password"),
        ("password", json!(""), "password"),
        ("password", json!("1234567890"), "password"),
        ("password", json!("ada@oak.example"), "password"),
        ("password", json!("violet staple ".repeat(10)), "password"),
        ("password", json!("violet \u{0}staple orbit"), "password"),
        ("roleKeys", json!([]), "roleKeys"),
        ("roleKeys", json!(fifty_one), "roleKeys"),
        ("roleKeys", json!(["LEARNER", "NO_SUCH_ROLE"]), "roleKeys.1"),
        ("roleKeys", json!(["LEARNER", "VIEWER", "LEARNER"]), "roleKeys.2"),
        ("roleKeys", json!(["learner"]), "roleKeys.0"),
        ("roleKeys", json!(["LEARNER", "A\u{0}B"]), "roleKeys.1"),
    ] {
        let mut input = good.clone();
        input[field] = value.clone();
        assert_eq!(admin.refused(CREATE, json!({ "i": input })).await, format!("BAD_USER_INPUT @{refused}"), "{field}: {value}");
    }
    let id = admin.user_id.as_str();
    for (input, refused) in [
        (json!({ "id": id, "name": null }), "name"),
        (json!({ "id": id, "email": null }), "email"),
        (json!({ "id": id, "name": "" }), "name"),
        (json!({ "id": id, "email": "nowhere" }), "email"),
        (json!({ "id": "user_1", "name": "Ada" }), "id"),
        (json!({ "id": "role_01h455vb4pex5vsknk084sn02q", "name": "Ada" }), "id"),
    ] {
        assert_eq!(admin.refused(UPDATE, json!({ "i": input })).await, format!("BAD_USER_INPUT @{refused}"), "{input}");
    }
    for (keys, refused) in [(json!([]), "roleKeys"), (json!(["ADMIN", "ADMIN"]), "roleKeys.1"), (json!(["NOBODY"]), "roleKeys.0")] {
        let input = json!({ "i": { "userId": id, "roleKeys": keys } });
        assert_eq!(admin.refused(SET_ROLES, input).await, format!("BAD_USER_INPUT @{refused}"));
    }
    let input = json!({ "i": { "userId": "role_01h455vb4pex5vsknk084sn02q", "roleKeys": ["ADMIN"] } });
    assert_eq!(admin.refused(SET_ROLES, input).await, "BAD_USER_INPUT @userId");
    for mutation in [SUSPEND, REACTIVATE, DELETE, DELETE_ROLE] {
        for id in ["", "user", "course_01h455vb4pex5vsknk084sn02q", "user_01H455VB4PEX5VSKNK084SN02Q"] {
            assert_eq!(admin.refused(mutation, json!({ "id": id })).await, "BAD_USER_INPUT @id", "{mutation}");
        }
    }
    assert_eq!(everything(&app).await, before);
}

#[tokio::test]
async fn each_mutation_is_refused_to_the_roles_that_lack_its_permission() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let role = add_role(&admin, "CLERK", &["COURSE_READ"]).await;
    let target = add(&admin, "target@oak.example", &["LEARNER"]).await;
    let before = everything(&app).await;
    let audited = app.count("audit_entry where outcome = 'CHANGED'").await;
    let mutations = [
        (CREATE, new_person("new@oak.example", &["LEARNER"]), "USER_CREATE"),
        (SUSPEND, json!({ "id": target }), "USER_UPDATE"),
        (REACTIVATE, json!({ "id": target }), "USER_UPDATE"),
        (DELETE, json!({ "id": target }), "USER_DELETE"),
        (SET_ROLES, json!({ "i": { "userId": target, "roleKeys": ["VIEWER"] } }), "ROLE_MANAGE"),
        (CREATE_ROLE, json!({ "i": { "key": "NEW", "name": "New", "permissions": [] } }), "ROLE_MANAGE"),
        (UPDATE_ROLE, json!({ "i": { "id": role, "name": "New" } }), "ROLE_MANAGE"),
        (DELETE_ROLE, json!({ "id": role }), "ROLE_MANAGE"),
    ];
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        for (mutation, variables, permission) in &mutations {
            assert_eq!(client.refused(mutation, variables.clone()).await, format!("FORBIDDEN [{permission}]"), "{who:?}: {mutation}");
        }
    }
    for (mutation, variables, _) in &mutations {
        assert_eq!(app.stranger().refused(mutation, variables.clone()).await, "UNAUTHENTICATED", "{mutation}");
    }
    assert_eq!(everything(&app).await, before);
    // The sign-ins of the three are the only changes since.
    assert_eq!(app.count("audit_entry where outcome = 'CHANGED' and operation <> 'login'").await, audited - 1);
    let refused = "audit_entry where outcome = 'REFUSED' and code = 'FORBIDDEN' and before is null and after is null";
    assert_eq!(app.count(refused).await, 24);
    let on_target =
        format!("{refused} and resource = 'User' and resource_id = (select id from app_user where email = 'target@oak.example')");
    assert_eq!(app.count(&on_target).await, 12, "suspendUser, reactivateUser, deleteUser, setUserRoles");

    for (query, permission, allowed) in [
        ("{ users { totalCount } }", "USER_READ", [true, true, false, true]),
        ("{ roles { key } }", "ROLE_READ", [true, false, false, true]),
    ] {
        for (who, allowed) in Who::ALL.into_iter().zip(allowed) {
            let client = app.sign_in(&app.oak, who).await;
            if allowed {
                client.ok(query, json!({})).await;
            } else {
                assert_eq!(client.refused(query, json!({})).await, format!("FORBIDDEN [{permission}]"), "{who:?}");
            }
        }
        assert_eq!(app.stranger().refused(query, json!({})).await, "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn everybody_changes_the_own_name_and_email_and_nobody_anothers_without_permission() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for who in Who::ALL {
        let client = app.sign_in(&app.oak, who).await;
        let (name, email) = (format!("New {who:?}"), format!("New.{who:?}@oak.example"));
        let id = client.user_id.as_str();
        let renamed = client.ok(UPDATE, json!({ "i": { "id": id, "name": name } })).await;
        assert_eq!(renamed["updateUser"], json!({ "id": id, "name": name, "email": app.oak.email(who) }), "the email is kept");
        let moved = client.ok(UPDATE, json!({ "i": { "id": id, "email": email } })).await;
        assert_eq!(moved["updateUser"], json!({ "id": id, "name": name, "email": email }));
        assert_eq!(app.sign_in_as(&app.oak, &email.to_lowercase(), PASSWORD).await.user_id, id);
        client.ok(UPDATE, json!({ "i": { "id": id } })).await;
        client.ok(UPDATE, json!({ "i": { "id": id, "email": email.to_uppercase() } })).await;
    }
    let changes = app.changes("updateUser").await;
    assert_eq!(changes, 3 * 4, "what changes nothing is no change");
    let before = everything(&app).await;

    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let (instructor, viewer) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Viewer).await);
    let rename = |id: &str| json!({ "i": { "id": id, "name": "Mine" } });
    // Visible: forbidden. Invisible: not there.
    assert_eq!(learner.refused(UPDATE, rename(&instructor.user_id)).await, "FORBIDDEN [USER_UPDATE]");
    assert_eq!(learner.refused(UPDATE, rename(&viewer.user_id)).await, "NOT_FOUND @id");
    assert_eq!(viewer.refused(UPDATE, rename(&learner.user_id)).await, "FORBIDDEN [USER_UPDATE]");
    assert_eq!(instructor.refused(UPDATE, rename(&learner.user_id)).await, "FORBIDDEN [USER_UPDATE]");
    assert_eq!(app.stranger().refused(UPDATE, rename(&learner.user_id)).await, "UNAUTHENTICATED");
    let taken = json!({ "i": { "id": learner.user_id, "email": "new.ADMIN@oak.example" } });
    assert_eq!(learner.refused(UPDATE, taken).await, "CONFLICT EMAIL_TAKEN @email");
    assert_eq!(everything(&app).await, before);
    assert_eq!(app.changes("updateUser").await, changes);

    assert_eq!(admin.ok(UPDATE, rename(&learner.user_id)).await["updateUser"]["name"], "Mine");
}

#[tokio::test]
async fn what_a_person_may_not_see_of_another_is_null() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let (instructor, viewer) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Viewer).await);
    let fellow = add(&admin, "fellow@oak.example", &["LEARNER"]).await;
    let tenant = app.oak.tenant;
    app.sql(&format!(
        "INSERT INTO user_group (tenant_id, id, name) VALUES ('{tenant}', gen_random_uuid(), 'A');
         INSERT INTO group_member (tenant_id, group_id, user_id) SELECT '{tenant}', g.id, u.id FROM user_group g, app_user u
             WHERE u.email IN ('learner@oak.example', 'fellow@oak.example')"
    ))
    .await;
    let only_name =
        |id: &str, name: &str| json!({ "id": id, "name": name, "email": null, "status": null, "roles": null, "createdAt": null });

    let see = async |client: &Client, id: &str| client.ok(USER, json!({ "id": id })).await["user"].take();
    let own = see(&learner, &learner.user_id).await;
    assert_eq!(
        (&own["email"], &own["status"], &own["roles"]),
        (&json!("learner@oak.example"), &json!("ACTIVE"), &json!([{ "key": "LEARNER" }]))
    );
    assert_eq!(see(&learner, &instructor.user_id).await, only_name(&instructor.user_id, "INSTRUCTOR of oak"));
    assert_eq!(see(&learner, &admin.user_id).await, only_name(&admin.user_id, "ADMIN of oak"), "who holds AVAILABILITY_MANAGE instructs");
    assert_eq!(see(&learner, &fellow).await, only_name(&fellow, "fellow@oak.example"));
    assert_eq!(see(&learner, &viewer.user_id).await, Value::Null);

    for client in [&admin, &instructor, &viewer] {
        let seen = see(client, &fellow).await;
        assert_eq!((&seen["email"], &seen["status"]), (&json!("fellow@oak.example"), &json!("ACTIVE")));
        assert_eq!(seen["roles"], json!([{ "key": "LEARNER" }]));
        assert!(seen["createdAt"].is_string());
    }
    // `node` says the same.
    const NODE: &str = "query($id: ID!) { node(id: $id) { id ... on User { name email } } }";
    assert_eq!(learner.ok(NODE, json!({ "id": viewer.user_id })).await, json!({ "node": null }));
    let node = learner.ok(NODE, json!({ "id": fellow })).await;
    assert_eq!(node["node"], json!({ "id": fellow, "name": "fellow@oak.example", "email": null }));

    // A suspended instructor is nobody's instructor.
    admin.ok(SUSPEND, json!({ "id": instructor.user_id })).await;
    assert_eq!(see(&learner, &instructor.user_id).await, Value::Null);
}

#[tokio::test]
async fn a_deleted_person_is_a_nameless_tombstone() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let ada = app.person(&app.oak, "ada@oak.example", &["INSTRUCTOR"]).await;
    let id = ada.user_id.as_str();
    assert_eq!(admin.ok(DELETE, json!({ "id": id })).await, json!({ "deleteUser": id }));

    let tombstone = json!({ "id": id, "name": "Deleted user", "email": null, "status": null, "roles": null, "createdAt": null });
    for client in [&admin, &learner] {
        assert_eq!(client.ok(USER, json!({ "id": id })).await["user"], tombstone);
    }
    assert_eq!(ada.ok("{ viewer { user { id } } }", json!({})).await, json!({ "viewer": null }));
    let listed = admin.ok("{ users(filter: { search: \"ada\" }) { totalCount } all: users { nodes { id } } }", json!({})).await;
    assert_eq!(listed["users"]["totalCount"], 0);
    assert!(!listed["all"]["nodes"].as_array().unwrap().iter().any(|user| user["id"] == id));
    let row = "app_user where deleted_at is not null and name = 'Deleted user' and email is null and not is_instructor";
    assert_eq!(app.count(row).await, 1);
    assert_eq!(app.count("user_role ur join app_user u using (tenant_id) where u.id = ur.user_id and u.deleted_at is not null").await, 0);
    assert_eq!(app.count("credential c join app_user u on u.id = c.user_id where u.deleted_at is not null").await, 0);

    let before = everything(&app).await;
    for (mutation, variables, refused) in [
        (DELETE, json!({ "id": id }), "NOT_FOUND @id"),
        (SUSPEND, json!({ "id": id }), "NOT_FOUND @id"),
        (REACTIVATE, json!({ "id": id }), "NOT_FOUND @id"),
        (UPDATE, json!({ "i": { "id": id, "name": "Ada" } }), "NOT_FOUND @id"),
        (SET_ROLES, json!({ "i": { "userId": id, "roleKeys": ["LEARNER"] } }), "NOT_FOUND @userId"),
    ] {
        assert_eq!(admin.refused(mutation, variables).await, refused, "{mutation}");
    }
    assert_eq!(learner.refused(UPDATE, json!({ "i": { "id": id, "name": "Ada" } })).await, "NOT_FOUND @id");
    assert_eq!(everything(&app).await, before);

    // The email is free again, for somebody else.
    let again = app.person(&app.oak, "ADA@oak.example", &["LEARNER"]).await;
    assert_ne!(again.user_id, id);
}
