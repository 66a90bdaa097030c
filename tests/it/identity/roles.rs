//! Roles: nobody grants or manages above themselves.

use lectern_kernel::permission::{Permission, SystemRole};
use serde_json::{Value, json};

use super::{
    CREATE, CREATE_ROLE, DELETE, DELETE_ROLE, REACTIVATE, SET_ROLES, SUSPEND, UPDATE, UPDATE_ROLE, USER, add, add_role, everything,
    new_person,
};
use crate::app::{Client, TestApp, Who};

/// What LEARNER grants, and so what somebody needs who manages learners.
const LEARNER: [&str; 6] = ["COURSE_READ", "ENROLLMENT_SELF", "BOOKING_REQUEST", "APPLICATION_SUBMIT", "FILE_UPLOAD", "AGENT_EXECUTE"];

/// Somebody in a role of the school's own that grants this and what LEARNER does.
async fn in_role(app: &TestApp, key: &str, permissions: &[&str]) -> Client {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    add_role(&admin, key, &[permissions, &LEARNER].concat()).await;
    app.person(&app.oak, &format!("{}@oak.example", key.to_lowercase()), &[key]).await
}

fn roles(user: &str, keys: &[&str]) -> Value {
    json!({ "i": { "userId": user, "roleKeys": keys } })
}

#[tokio::test]
async fn a_school_makes_changes_and_deletes_roles_of_its_own() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let create = |key: &str, permissions: Value| json!({ "i": { "key": key, "name": " Front desk ", "permissions": permissions } });
    let created = admin.ok(CREATE_ROLE, create("FRONT_DESK_2", json!(["USER_CREATE", "USER_READ"]))).await["createRole"].take();
    let id = created["id"].as_str().unwrap();
    assert_eq!(
        created,
        json!({ "id": id, "key": "FRONT_DESK_2", "name": "Front desk", "isSystem": false, "permissions": ["USER_READ", "USER_CREATE"] })
    );
    assert_eq!(admin.refused(CREATE_ROLE, create("FRONT_DESK_2", json!([]))).await, "CONFLICT ROLE_KEY_TAKEN @key");
    assert_eq!(admin.refused(CREATE_ROLE, create("LEARNER", json!([]))).await, "CONFLICT ROLE_KEY_TAKEN @key");
    app.sign_in(&app.elm, Who::Admin).await.ok(CREATE_ROLE, create("FRONT_DESK_2", json!([]))).await;

    let update = async |input: Value| admin.ok(UPDATE_ROLE, json!({ "i": input })).await["updateRole"].take();
    let renamed = update(json!({ "id": id, "name": "Desk" })).await;
    assert_eq!((&renamed["name"], &renamed["permissions"]), (&json!("Desk"), &created["permissions"]));
    let changed = update(json!({ "id": id, "permissions": ["REPORT_READ"] })).await;
    assert_eq!((&changed["name"], &changed["permissions"]), (&json!("Desk"), &json!(["REPORT_READ"])));
    let emptied = update(json!({ "id": id, "permissions": [] })).await;
    assert_eq!(emptied["permissions"], json!([]));
    assert_eq!(update(json!({ "id": id })).await["name"], "Desk");
    assert_eq!((app.changes("createRole").await, app.changes("updateRole").await), (2, 3));

    let holder = add(&admin, "holder@oak.example", &["FRONT_DESK_2", "LEARNER"]).await;
    assert_eq!(admin.refused(DELETE_ROLE, json!({ "id": id })).await, "CONFLICT IN_USE");
    admin.ok(SET_ROLES, roles(&holder, &["LEARNER"])).await;
    assert_eq!(admin.ok(DELETE_ROLE, json!({ "id": id })).await, json!({ "deleteRole": id }));
    assert_eq!(admin.refused(DELETE_ROLE, json!({ "id": id })).await, "NOT_FOUND @id");
    assert_eq!(admin.refused(UPDATE_ROLE, json!({ "i": { "id": id, "name": "Desk" } })).await, "NOT_FOUND @id");
    assert_eq!(
        app.count("audit_entry where operation = 'deleteRole' and resource = 'Role' and outcome = 'CHANGED' and after is null").await,
        1
    );
}

#[tokio::test]
async fn wrong_roles_are_refused_with_their_field_and_system_roles_stay() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let own = add_role(&admin, "OWN", &["COURSE_READ"]).await;
    let before = everything(&app).await;
    for (field, value, refused) in [
        ("key", json!(""), "key"),
        ("key", json!("A"), "key"),
        ("key", json!("desk"), "key"),
        ("key", json!("2DESK"), "key"),
        ("key", json!("FRONT DESK"), "key"),
        ("key", json!("DESK\u{0}"), "key"),
        ("key", json!("D".repeat(41)), "key"),
        ("name", json!(" "), "name"),
        ("name", json!("x".repeat(201)), "name"),
        ("permissions", json!(["COURSE_READ", "USER_READ", "COURSE_READ"]), "permissions.2"),
    ] {
        let mut input = json!({ "key": "DESK", "name": "Desk", "permissions": [] });
        input[field] = value.clone();
        assert_eq!(admin.refused(CREATE_ROLE, json!({ "i": input })).await, format!("BAD_USER_INPUT @{refused}"), "{value}");
    }
    let unknown = json!({ "i": { "key": "DESK", "name": "Desk", "permissions": ["EVERYTHING"] } });
    assert!(admin.refused(CREATE_ROLE, unknown).await.starts_with("BAD_USER_INPUT"));
    for (input, refused) in [
        (json!({ "id": own, "name": null }), "name"),
        (json!({ "id": own, "permissions": null }), "permissions"),
        (json!({ "id": own, "name": "" }), "name"),
        (json!({ "id": own, "permissions": ["COURSE_READ", "COURSE_READ"] }), "permissions.1"),
        (json!({ "id": admin.user_id, "name": "Desk" }), "id"),
    ] {
        assert_eq!(admin.refused(UPDATE_ROLE, json!({ "i": input })).await, format!("BAD_USER_INPUT @{refused}"), "{input}");
    }

    let listed = admin.ok("{ roles { id isSystem } }", json!({})).await;
    for role in listed["roles"].as_array().unwrap().iter().filter(|role| role["isSystem"] == true) {
        for input in
            [json!({ "id": role["id"], "name": "Mine" }), json!({ "id": role["id"], "permissions": [] }), json!({ "id": role["id"] })]
        {
            assert_eq!(admin.refused(UPDATE_ROLE, json!({ "i": input })).await, "FORBIDDEN SYSTEM_ROLE");
        }
        assert_eq!(admin.refused(DELETE_ROLE, json!({ "id": role["id"] })).await, "FORBIDDEN SYSTEM_ROLE");
    }
    assert_eq!(everything(&app).await, before);
}

#[tokio::test]
async fn nobody_gives_or_makes_a_role_that_grants_more_than_they_hold() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let manager = in_role(&app, "MANAGER", &["ROLE_MANAGE", "USER_CREATE", "USER_READ"]).await;
    let more = add_role(&admin, "MORE", &["COURSE_READ", "AUDIT_READ"]).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await.user_id;
    let before = everything(&app).await;

    let create = |permissions: Value| json!({ "i": { "key": "NEW", "name": "New", "permissions": permissions } });
    assert_eq!(manager.refused(CREATE_ROLE, create(json!(["COURSE_READ", "AUDIT_READ"]))).await, "FORBIDDEN ROLE_TOO_HIGH @permissions.1");
    let update = |permissions: Value| json!({ "i": { "id": more, "permissions": permissions } });
    assert_eq!(manager.refused(UPDATE_ROLE, update(json!(["COURSE_READ"]))).await, "FORBIDDEN ROLE_TOO_HIGH", "it grants more already");
    assert_eq!(manager.refused(UPDATE_ROLE, json!({ "i": { "id": more, "name": "Less" } })).await, "FORBIDDEN ROLE_TOO_HIGH");
    assert_eq!(manager.refused(UPDATE_ROLE, update(json!(["REPORT_READ"]))).await, "FORBIDDEN ROLE_TOO_HIGH @permissions.0");
    assert_eq!(manager.refused(DELETE_ROLE, json!({ "id": more })).await, "FORBIDDEN ROLE_TOO_HIGH");
    for key in ["ADMIN", "INSTRUCTOR", "VIEWER", "MORE"] {
        assert_eq!(manager.refused(CREATE, new_person("new@oak.example", &["LEARNER", key])).await, "FORBIDDEN ROLE_TOO_HIGH @roleKeys.1");
        assert_eq!(manager.refused(SET_ROLES, roles(&learner, &[key])).await, "FORBIDDEN ROLE_TOO_HIGH @roleKeys.0");
        assert_eq!(manager.refused(SET_ROLES, roles(&manager.user_id, &["MANAGER", key])).await, "FORBIDDEN ROLE_TOO_HIGH @roleKeys.1");
    }
    assert_eq!(everything(&app).await, before);

    // What they hold, they give.
    let made = manager.ok(CREATE_ROLE, create(json!(["COURSE_READ", "USER_READ"]))).await["createRole"]["id"].clone();
    assert_eq!(
        manager.refused(UPDATE_ROLE, json!({ "i": { "id": made, "permissions": ["AUDIT_READ"] } })).await,
        "FORBIDDEN ROLE_TOO_HIGH @permissions.0"
    );
    let set = manager.ok(SET_ROLES, roles(&learner, &["NEW", "LEARNER"])).await;
    assert_eq!(set["setUserRoles"]["roles"], json!([{ "key": "LEARNER" }, { "key": "NEW" }]));
    assert_eq!(manager.ok(CREATE, new_person("new@oak.example", &["MANAGER"])).await["createUser"]["roles"], json!([{ "key": "MANAGER" }]));
    manager.ok(SET_ROLES, roles(&learner, &["LEARNER"])).await;
    manager.ok(DELETE_ROLE, json!({ "id": made })).await;
}

#[tokio::test]
async fn nobody_manages_a_person_who_holds_more() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let clerk = in_role(&app, "CLERK", &["USER_READ", "USER_UPDATE", "USER_DELETE", "ROLE_MANAGE"]).await;
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    let both = add(&admin, "both@oak.example", &["LEARNER", "VIEWER"]).await;
    let before = everything(&app).await;
    for above in [&admin.user_id, &viewer.user_id, &both] {
        for mutation in [SUSPEND, REACTIVATE, DELETE] {
            assert_eq!(clerk.refused(mutation, json!({ "id": above })).await, "FORBIDDEN ROLE_TOO_HIGH", "{mutation}");
        }
        assert_eq!(clerk.refused(UPDATE, json!({ "i": { "id": above, "name": "Mine" } })).await, "FORBIDDEN ROLE_TOO_HIGH");
        assert_eq!(clerk.refused(SET_ROLES, roles(above, &["LEARNER"])).await, "FORBIDDEN ROLE_TOO_HIGH @userId");
    }
    assert_eq!(everything(&app).await, before);
    assert_eq!(app.changes("suspendUser").await + app.changes("deleteUser").await + app.changes("setUserRoles").await, 0);

    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = learner.user_id.as_str();
    assert_eq!(clerk.ok(UPDATE, json!({ "i": { "id": id, "name": "Renamed" } })).await["updateUser"]["name"], "Renamed");
    assert_eq!(clerk.ok(SUSPEND, json!({ "id": id })).await["suspendUser"]["status"], "SUSPENDED");
    assert_eq!(clerk.ok(SUSPEND, json!({ "id": id })).await["suspendUser"]["status"], "SUSPENDED", "again is no error");
    assert_eq!(clerk.ok(REACTIVATE, json!({ "id": id })).await["reactivateUser"]["status"], "ACTIVE");
    clerk.ok(SET_ROLES, roles(id, &["CLERK"])).await;
    clerk.ok(DELETE, json!({ "id": id })).await;

    // Whoever acts in a lower role of theirs can't end themselves as what they are above it.
    let switched = app.person(&app.oak, "two@oak.example", &["ADMIN", "CLERK"]).await;
    switched.ok(r#"mutation { switchRole(input: { roleKey: "CLERK" }) { accessToken } }"#, json!({})).await;
    for mutation in [SUSPEND, DELETE] {
        assert_eq!(switched.refused(mutation, json!({ "id": switched.user_id })).await, "FORBIDDEN ROLE_TOO_HIGH");
    }
    assert_eq!(switched.refused(SET_ROLES, roles(&switched.user_id, &["CLERK"])).await, "FORBIDDEN ROLE_TOO_HIGH @userId");
    switched.ok(UPDATE, json!({ "i": { "id": switched.user_id, "name": "Still me" } })).await;
}

#[tokio::test]
async fn a_role_with_one_permission_can_do_that_one_thing() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let instructor = app.sign_in(&app.oak, Who::Instructor).await.user_id;
    let hidden = add(&admin, "hidden@oak.example", &["LEARNER"]).await;

    // Who may create people but not read them adds them, and sees no more of them than a name.
    let creator = in_role(&app, "CREATOR", &["USER_CREATE"]).await;
    let created = creator.ok(CREATE, new_person("new@oak.example", &["LEARNER"])).await["createUser"].take();
    assert_eq!((&created["name"], &created["email"], &created["roles"]), (&json!("new@oak.example"), &Value::Null, &Value::Null));
    assert_eq!(creator.ok(USER, json!({ "id": created["id"] })).await, json!({ "user": null }));
    assert_eq!(creator.refused(SET_ROLES, roles(&instructor, &["LEARNER"])).await, "FORBIDDEN [ROLE_MANAGE]");
    assert_eq!(creator.refused(SUSPEND, json!({ "id": instructor })).await, "FORBIDDEN [USER_UPDATE]");

    // Who may change but not read people reaches those whom everybody sees.
    let permissions: Vec<&str> =
        ["USER_UPDATE", "ROLE_MANAGE", "USER_READ", "COURSE_CREATE", "COURSE_UPDATE", "ENROLLMENT_MANAGE", "GROUP_READ"]
            .into_iter()
            .chain(["BOOKING_COMPLETE", "AVAILABILITY_MANAGE", "REPORT_READ", "USER_ADMIT", "PASSWORD_APPROVE", "API_KEY_CREATE"])
            .chain(["GRADE_MANAGE", "DISCUSSION_MODERATE", "APPLICATION_REVIEW", "ATTENDEE_CHECK_IN"])
            .chain(["PROJECT_CREATE", "AGENT_CREATE", "DOCUMENT_UPLOAD"])
            .filter(|permission| *permission != "USER_READ")
            .collect();
    let changer = in_role(&app, "CHANGER", &permissions).await;
    assert_eq!(changer.refused(SUSPEND, json!({ "id": hidden })).await, "NOT_FOUND @id");
    assert_eq!(changer.refused(SET_ROLES, roles(&hidden, &["LEARNER"])).await, "NOT_FOUND @userId");
    assert_eq!(changer.refused(SUSPEND, json!({ "id": instructor })).await, "FORBIDDEN ROLE_TOO_HIGH", "they hold USER_READ");
    app.sql("UPDATE role SET permissions = array_remove(permissions, 'USER_READ') WHERE key = 'INSTRUCTOR'").await;
    let suspended = changer.ok(SUSPEND, json!({ "id": instructor })).await;
    assert_eq!(suspended["suspendUser"], json!({ "id": instructor, "status": null }));
    assert_eq!(
        changer.refused(REACTIVATE, json!({ "id": instructor })).await,
        "NOT_FOUND @id",
        "a suspended instructor is none to be seen"
    );
    assert_eq!(changer.refused(DELETE, json!({ "id": hidden })).await, "FORBIDDEN [USER_DELETE]");

    // One statement a set of roles, and the audit log says who got what.
    admin.ok(SET_ROLES, roles(&hidden, &["LEARNER", "VIEWER", "CREATOR", "CHANGER"])).await;
    let audit = "audit_entry where operation = 'setUserRoles' and resource = 'User' and outcome = 'CHANGED'";
    assert_eq!(app.count(&format!("{audit} and before is null")).await, 3, "the role that they held already is no change");
    let set = "mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }";
    let few = app.statements(&admin, set, roles(&hidden, &["LEARNER"])).await;
    assert_eq!(few, app.statements(&admin, set, roles(&hidden, &["ADMIN", "INSTRUCTOR", "VIEWER", "CREATOR", "CHANGER"])).await);
}

#[tokio::test]
async fn the_database_knows_the_declared_permissions_and_no_others() {
    let app = TestApp::start().await;
    let names = |permissions: &mut dyn Iterator<Item = Permission>| permissions.map(Permission::as_str).collect::<Vec<_>>().join(",");
    let known = app.text("SELECT array_to_string(app.all_permissions(), ',')").await.unwrap();
    assert_eq!(known, names(&mut Permission::ALL.iter().copied()));
    for role in SystemRole::ALL {
        let of = |source: &str| {
            format!("SELECT concat_ws(' ', name, array_to_string(permissions, ',')) FROM {source} WHERE key = '{}'", role.key())
        };
        let declared = format!("{} {}", role.name(), names(&mut role.permissions().iter()));
        assert_eq!(app.text(&of("app.system_roles()")).await.unwrap(), declared);
        assert_eq!(app.text(&format!("{} AND tenant_id = '{}'", of("role"), app.oak.tenant)).await.unwrap(), declared);
    }
    for unknown in ["{EVERYTHING}", "{COURSE_READ,course_read}", "{NULL}"] {
        let refused = app.try_sql(&format!("UPDATE role SET permissions = '{unknown}' WHERE key = 'VIEWER'")).await;
        assert_eq!(refused, Err(Some("role_permissions_check".to_owned())), "{unknown}");
        let insert = "INSERT INTO role (tenant_id, id, key, name, permissions) SELECT tenant_id, gen_random_uuid(), 'XX', 'X'";
        let refused = app.try_sql(&format!("{insert}, '{unknown}' FROM tenant")).await;
        assert_eq!(refused, Err(Some("role_permissions_check".to_owned())), "{unknown}");
    }
}
