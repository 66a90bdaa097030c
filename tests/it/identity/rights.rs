//! Grants and denies of single people: in guards, in policies, and wherever a part asks who holds a permission; and that all of it is explained.

use serde_json::{Value, json};

use super::{CREATE_ROLE, add, everything};
use crate::{
    app::{Client, TestApp, Who},
    classroom::uuid,
};

const SET: &str = "mutation($i: SetUserPermissionsInput!) { setUserPermissions(input: $i) { id permissionGrants permissionDenies } }";
const RIGHTS: &str = "query($id: ID!, $key: String) { user(id: $id) { permissionGrants permissionDenies roleAssignments { role { key } }
    effectivePermissions(roleKey: $key) { permission isHeld viaRoles { key } isGranted isDenied } } }";

fn set(person: &str, grants: &[&str], denies: &[&str]) -> Value {
    json!({ "i": { "userId": person, "grants": grants, "denies": denies } })
}

/// Why somebody holds a permission or does not: `true via VIEWER granted`.
async fn why(client: &Client, id: &str, key: Option<&str>, permission: &str) -> String {
    let rights = client.ok(RIGHTS, json!({ "id": id, "key": key })).await["user"]["effectivePermissions"].take();
    let found = rights.as_array().unwrap().iter().find(|right| right["permission"] == permission).unwrap();
    let mut line = found["isHeld"].to_string();
    for role in found["viaRoles"].as_array().unwrap() {
        line.push_str(&format!(" via {}", role["key"].as_str().unwrap()));
    }
    for (name, word) in [("isGranted", " granted"), ("isDenied", " denied")] {
        line.push_str(if found[name] == true { word } else { "" });
    }
    line
}

#[tokio::test]
async fn a_grant_adds_and_a_deny_takes_away_from_the_next_request_on() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let users = "{ users { totalCount } }";
    let courses = "{ courses { totalCount } }";
    assert_eq!(learner.refused(users, json!({})).await, "FORBIDDEN [USER_READ]");
    let answered = admin.ok(SET, set(&learner.user_id, &["USER_READ"], &["COURSE_READ"])).await["setUserPermissions"].take();
    assert_eq!(answered, json!({ "id": learner.user_id, "permissionGrants": ["USER_READ"], "permissionDenies": ["COURSE_READ"] }));
    assert_eq!(learner.ok(users, json!({})).await["users"]["totalCount"], 4);
    assert_eq!(learner.refused(courses, json!({})).await, "FORBIDDEN [COURSE_READ]");
    let permissions = learner.ok("{ viewer { permissions } }", json!({})).await["viewer"]["permissions"].take();
    assert_eq!(
        permissions,
        json!(["USER_READ", "ENROLLMENT_SELF", "BOOKING_REQUEST", "APPLICATION_SUBMIT", "FILE_UPLOAD", "AGENT_EXECUTE"])
    );
    // A deny wins over a grant of the same.
    admin.ok(SET, set(&learner.user_id, &["USER_READ"], &["USER_READ"])).await;
    assert_eq!(learner.refused(users, json!({})).await, "FORBIDDEN [USER_READ]");
    learner.ok(courses, json!({})).await;
    admin.ok(SET, set(&learner.user_id, &[], &[])).await;
    assert_eq!(learner.refused(users, json!({})).await, "FORBIDDEN [USER_READ]");
    assert_eq!(app.count("user_permission").await, 0);
    assert_eq!(app.count("audit_entry WHERE operation = 'setUserPermissions' AND resource = 'User' AND outcome = 'CHANGED'").await, 6);
}

#[tokio::test]
async fn it_is_explained_why_somebody_holds_a_permission() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = add(&admin, "both@oak.example", &["LEARNER", "VIEWER"]).await;
    admin.ok(SET, set(&id, &["AUDIT_READ", "COURSE_READ"], &["REPORT_READ"])).await;
    for (key, permission, line) in [
        (None, "COURSE_READ", "true via LEARNER via VIEWER granted"),
        (None, "AUDIT_READ", "true granted"),
        (None, "REPORT_READ", "false via VIEWER denied"),
        (None, "USER_CREATE", "false"),
        (Some("LEARNER"), "USER_READ", "false"),
        (Some("VIEWER"), "USER_READ", "true via VIEWER"),
        (Some("LEARNER"), "AUDIT_READ", "true granted"),
    ] {
        assert_eq!(why(&admin, &id, key, permission).await, line, "{key:?} {permission}");
    }
    let rights = admin.ok(RIGHTS, json!({ "id": id, "key": "ADMIN" })).await;
    assert_eq!(rights["user"]["effectivePermissions"], Value::Null, "a role that they don't hold");
    assert_eq!(why(&admin, &admin.user_id, None, "REPORT_READ").await, "true via ADMIN");

    // A role in which a second factor is due grants nothing; through which one it would be is said all the same.
    app.sql("UPDATE tenant_settings SET second_factor_role_keys = '{VIEWER,INSTRUCTOR}' WHERE tenant_id = (SELECT tenant_id FROM tenant WHERE slug = 'oak')").await;
    for (key, permission, line) in [
        (None, "USER_READ", "false via VIEWER"),
        (None, "COURSE_READ", "true via LEARNER via VIEWER granted"),
        (Some("VIEWER"), "COURSE_READ", "false via VIEWER granted"),
        (Some("VIEWER"), "AUDIT_READ", "false granted"),
        (None, "AUDIT_READ", "true granted"),
    ] {
        assert_eq!(why(&admin, &id, key, permission).await, line, "{key:?} {permission}");
    }
    app.sql(&format!("UPDATE app_user SET second_factor_at = now() WHERE id = '{}'", uuid(&id))).await;
    assert_eq!(why(&admin, &id, None, "USER_READ").await, "true via VIEWER");
    app.sql("UPDATE tenant_settings SET second_factor_role_keys = '{}'").await;

    // Oneself sees it; others with USER_READ and ROLE_READ.
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(why(&learner, &learner.user_id, None, "COURSE_READ").await, "true via LEARNER");
    let (instructor, viewer) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Viewer).await);
    let hidden = instructor.ok(RIGHTS, json!({ "id": id })).await["user"].take();
    let nothing = json!({ "permissionGrants": null, "permissionDenies": null, "roleAssignments": null, "effectivePermissions": null });
    assert_eq!(hidden, nothing, "USER_READ without ROLE_READ");
    assert_eq!(why(&viewer, &id, None, "AUDIT_READ").await, "true granted");
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(elm.ok(RIGHTS, json!({ "id": id })).await, json!({ "user": null }));
}

#[tokio::test]
async fn access_is_explained_by_grants_and_denies_as_well() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let explain = "query($field: String!) { explainAccess(field: $field) { allowed decidedBy heldPermissions message } }";
    admin.ok(SET, set(&learner.user_id, &["USER_READ"], &["COURSE_READ"])).await;
    for (field, explained) in [
        (
            "users",
            json!([
                true,
                "GRANT",
                ["USER_READ"],
                "You were granted USER_READ beside your role LEARNER; which rows it reaches is decided row by row."
            ]),
        ),
        ("courses", json!([false, "DENY", [], "COURSE_READ is denied to you, in your role LEARNER as well."])),
        ("createCourse", json!([false, "PERMISSION", [], "Your role LEARNER lacks COURSE_CREATE."])),
    ] {
        let answer = learner.ok(explain, json!({ "field": field })).await["explainAccess"].take();
        assert_eq!(json!([answer["allowed"], answer["decidedBy"], answer["heldPermissions"], answer["message"]]), explained);
    }
}

#[tokio::test]
async fn in_admin_nothing_is_denied() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let other = add(&admin, "other@oak.example", &["ADMIN", "LEARNER"]).await;
    let before = everything(&app).await;
    for id in [&admin.user_id, &other] {
        assert_eq!(admin.refused(SET, set(id, &[], &["AUDIT_READ"])).await, "CONFLICT ADMIN_HOLDS_ALL @denies");
    }
    assert_eq!(everything(&app).await, before);
    // Nor is what was denied before they came to hold it.
    let late = app.person(&app.oak, "late@oak.example", &["LEARNER"]).await;
    admin.ok(SET, set(&late.user_id, &[], &["COURSE_READ"])).await;
    let grant = json!({ "i": { "userIds": [late.user_id], "roleKey": "ADMIN" } });
    admin.ok("mutation($i: GrantRoleInput!) { grantRole(input: $i) { id } }", grant).await;
    late.ok("{ courses { totalCount } }", json!({})).await;
    assert_eq!(why(&admin, &late.user_id, None, "COURSE_READ").await, "true via ADMIN via LEARNER denied");
    assert_eq!(why(&admin, &late.user_id, Some("LEARNER"), "COURSE_READ").await, "false via LEARNER denied");
}

#[tokio::test]
async fn nobody_grants_what_they_do_not_hold_or_to_whom_they_do_not_outrank() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await.user_id;
    let viewer = app.sign_in(&app.oak, Who::Viewer).await.user_id;
    let rights = [
        "ROLE_MANAGE",
        "USER_READ",
        "COURSE_READ",
        "ENROLLMENT_SELF",
        "BOOKING_REQUEST",
        "APPLICATION_SUBMIT",
        "FILE_UPLOAD",
        "AGENT_EXECUTE",
    ];
    admin.ok(CREATE_ROLE, json!({ "i": { "key": "CLERK", "name": "Clerk", "permissions": rights } })).await;
    let clerk = app.person(&app.oak, "clerk@oak.example", &["CLERK"]).await;
    let elm = app.sign_in(&app.elm, Who::Learner).await.user_id;
    let before = everything(&app).await;
    for (variables, line) in [
        (set(&learner, &["COURSE_READ", "AUDIT_READ"], &[]), "FORBIDDEN ROLE_TOO_HIGH @grants.1"),
        (set(&viewer, &[], &["COURSE_READ"]), "FORBIDDEN ROLE_TOO_HIGH @userId"),
        (set(&admin.user_id, &[], &[]), "FORBIDDEN ROLE_TOO_HIGH @userId"),
        (set(&learner, &["COURSE_READ", "COURSE_READ"], &[]), "BAD_USER_INPUT @grants.1"),
        (set(&learner, &[], &["COURSE_READ", "COURSE_READ"]), "BAD_USER_INPUT @denies.1"),
        (set(&elm, &[], &[]), "NOT_FOUND @userId"),
        (set(&crate::classroom::nothing("user"), &[], &[]), "NOT_FOUND @userId"),
    ] {
        assert_eq!(clerk.refused(SET, variables.clone()).await, line, "{variables}");
    }
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        assert_eq!(app.sign_in(&app.oak, who).await.refused(SET, set(&learner, &[], &[])).await, "FORBIDDEN [ROLE_MANAGE]");
    }
    assert_eq!(everything(&app).await, before);
    assert_eq!(app.changes("setUserPermissions").await, 0);
    // Whom something is denied lifts it not from themselves: they stand below their own role.
    admin.ok(SET, set(&clerk.user_id, &[], &["COURSE_READ"])).await;
    assert_eq!(clerk.refused(SET, set(&clerk.user_id, &[], &[])).await, "FORBIDDEN ROLE_TOO_HIGH @userId");
    assert_eq!(app.count("user_permission").await, 1);
}

#[tokio::test]
async fn crafted_sql_of_the_services_role_grants_nobody_more() {
    let app = TestApp::start().await;
    let (learner, viewer) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await);
    let (client, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let (me, other) = (uuid(&learner.user_id), uuid(&viewer.user_id));
    let give = |person: uuid::Uuid, effect: &str, permission: &str| {
        format!(
            "INSERT INTO user_permission (tenant_id, user_id, effect, permission) VALUES (app.tenant_id(), '{person}', '{effect}', '{permission}')"
        )
    };
    for (permissions, statement, allowed) in [
        ("COURSE_READ", give(me, "GRANT", "COURSE_READ"), false),
        ("COURSE_READ,ROLE_MANAGE", give(me, "GRANT", "AUDIT_READ"), false),
        ("COURSE_READ,ROLE_MANAGE", give(other, "DENY", "COURSE_READ"), false),
        ("COURSE_READ,ENROLLMENT_SELF,BOOKING_REQUEST,APPLICATION_SUBMIT,FILE_UPLOAD,AGENT_EXECUTE,ROLE_MANAGE", give(me, "GRANT", "COURSE_READ"), true),
        ("COURSE_READ,ENROLLMENT_SELF,BOOKING_REQUEST,APPLICATION_SUBMIT,FILE_UPLOAD,AGENT_EXECUTE,ROLE_MANAGE", give(me, "GRANT", "NOTHING"), false),
        ("COURSE_READ,ENROLLMENT_SELF,BOOKING_REQUEST,APPLICATION_SUBMIT,FILE_UPLOAD,AGENT_EXECUTE,ROLE_MANAGE", "UPDATE user_permission SET effect = 'GRANT'".to_owned(), false),
        (
            "COURSE_READ,ROLE_MANAGE",
            format!(
                "DO $$ BEGIN UPDATE user_role SET ends_at = now() + interval '1 day' WHERE user_id = '{other}'; IF FOUND THEN RAISE 'reached'; END IF; END $$"
            ),
            true, // it reaches no row
        ),
        (
            "ROLE_MANAGE,COURSE_READ",
            "INSERT INTO role_manages (tenant_id, role_id, managed_role_id) SELECT r.tenant_id, r.id, a.id FROM role r JOIN role a ON a.key = 'ADMIN' AND r.key = 'LEARNER'"
                .to_owned(),
            false,
        ),
        (
            "ROLE_MANAGE,COURSE_READ",
            format!("INSERT INTO user_permission (tenant_id, user_id, effect, permission) VALUES ('{}', '{me}', 'DENY', 'COURSE_READ')", app.elm.tenant),
            false,
        ),
        (
            "ROLE_MANAGE,USER_CREATE,COURSE_READ",
            format!("INSERT INTO user_role (tenant_id, user_id, role_id) SELECT '{}', '{me}', gen_random_uuid()", app.elm.tenant),
            false,
        ),
    ] {
        let begin = format!(
            "BEGIN; SET LOCAL app.tenant_id = '{}'; SET LOCAL app.user_id = '{me}'; SET LOCAL app.permissions = ',{permissions},=LEARNER,'; \
             SET LOCAL app.operation = 'raw'; SET LOCAL app.correlation_id = 'raw'",
            app.oak.tenant
        );
        client.batch_execute(&begin).await.unwrap();
        let outcome = client.batch_execute(&statement).await;
        client.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(outcome.is_ok(), allowed, "{permissions}: {statement}: {outcome:?}");
    }
    assert_eq!(app.count("user_permission").await, 0);
}

#[tokio::test]
async fn a_granted_or_denied_availability_makes_or_unmakes_an_instructor_under_the_cap() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await.user_id;
    let teaches = async |id: &str| app.count(&format!("app_user WHERE id = '{}' AND is_instructor", uuid(id))).await == 1;
    app.sql("UPDATE tenant SET max_instructors = 2").await;
    let before = everything(&app).await;
    assert_eq!(admin.refused(SET, set(&learner.user_id, &["AVAILABILITY_MANAGE"], &[])).await, "LIMIT_REACHED");
    assert_eq!(everything(&app).await, before);
    admin.ok(SET, set(&ada, &[], &["AVAILABILITY_MANAGE"])).await;
    assert!(!teaches(&ada).await);
    admin.ok(SET, set(&learner.user_id, &["AVAILABILITY_MANAGE"], &[])).await;
    assert!(teaches(&learner.user_id).await);
    let span = json!({ "i": { "startsAt": "2099-03-02T08:00:00Z", "endsAt": "2099-03-02T11:00:00Z" } });
    learner.ok("mutation($i: CreateAvailabilityInput!) { createAvailability(input: $i) { id } }", span).await;
    assert_eq!(admin.refused(SET, set(&ada, &[], &[])).await, "LIMIT_REACHED");
    admin.ok(SET, set(&learner.user_id, &["AVAILABILITY_MANAGE"], &["AVAILABILITY_MANAGE"])).await;
    assert!(!teaches(&learner.user_id).await);
    admin.ok(SET, set(&ada, &[], &[])).await;
    assert!(teaches(&ada).await);
    // A role that comes to grant it makes nobody an instructor to whom it is denied.
    admin.ok(SET, set(&learner.user_id, &[], &["AVAILABILITY_MANAGE"])).await;
    app.sql("UPDATE tenant SET max_instructors = NULL; UPDATE role SET permissions = permissions || '{AVAILABILITY_MANAGE}' WHERE key = 'LEARNER'").await;
    assert!(!teaches(&learner.user_id).await);
}

#[tokio::test]
async fn wherever_it_is_asked_who_holds_a_permission_grants_and_denies_count() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await.user_id;
    let ada = app.sign_in(&app.oak, Who::Instructor).await.user_id;
    let holders = async |permission: &str| {
        let sql = format!(
            "SELECT set_config('app.tenant_id', '{}', false); SELECT string_agg(u.name, ' ' ORDER BY u.name) FROM app.holders_of('{permission}') AS h(id) JOIN app_user u ON u.id = h.id",
            app.oak.tenant
        );
        let (set, ask) = sql.split_once("; ").unwrap();
        app.sql(set).await;
        app.text(ask).await.unwrap_or_default()
    };
    assert_eq!(holders("REPORT_READ").await, "ADMIN of oak INSTRUCTOR of oak VIEWER of oak");
    admin.ok(SET, set(&learner, &["REPORT_READ"], &[])).await;
    admin.ok(SET, set(&ada, &[], &["REPORT_READ"])).await;
    assert_eq!(holders("REPORT_READ").await, "ADMIN of oak LEARNER of oak VIEWER of oak");
    admin.ok(SET, set(&learner, &["REPORT_READ"], &["REPORT_READ"])).await;
    assert_eq!(holders("REPORT_READ").await, "ADMIN of oak VIEWER of oak");
}

#[tokio::test]
async fn what_many_people_may_do_costs_a_constant_number_of_statements() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let few = app.statements(&admin, "{ users(first: 100) { nodes { id } } }", json!({})).await;
    for people in [0, 60] {
        if people > 0 {
            crate::classroom::learners(&app, &app.oak, people).await;
        }
        for (fields, more) in [
            ("roleAssignments { role { key } until }", 1),
            ("effectivePermissions { permission isHeld viaRoles { key } }", 1),
            ("permissionGrants permissionDenies", 1),
            ("avatar { name }", 1),
            ("locale", 1),
            ("username timeZone", 0),
        ] {
            let query = format!("{{ users(first: 100) {{ nodes {{ id {fields} }} }} }}");
            assert_eq!(app.statements(&admin, &query, json!({})).await, few + more, "{fields}");
        }
    }
}

#[tokio::test]
async fn a_deleted_person_takes_along_what_they_were_granted_and_denied() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = add(&admin, "gone@oak.example", &["LEARNER"]).await;
    admin.ok(SET, set(&id, &["AUDIT_READ"], &["COURSE_READ"])).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": id })).await;
    assert_eq!(app.count("user_permission").await, 0);
    let rights = admin.ok(RIGHTS, json!({ "id": id })).await["user"].take();
    assert_eq!(rights["permissionGrants"], Value::Null);
}

#[tokio::test]
async fn a_deny_holds_in_crafted_sql_of_the_services_role() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    let (client, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let (tenant, person) = (app.oak.tenant, uuid(&viewer.user_id));
    let session = app.text(&format!("SELECT id::text FROM session WHERE user_id = '{person}'")).await.unwrap();
    let people = async || -> i64 {
        let load = format!(
            "BEGIN; SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL app.user_id = '{person}'; SET LOCAL app.correlation_id = 'raw';
             SELECT FROM app.load_actor('{tenant}', '{person}', '{session}')"
        );
        client.batch_execute(&load).await.unwrap();
        let seen = client.query_one("SELECT count(*) FROM app_user", &[]).await.unwrap().get(0);
        client.batch_execute("ROLLBACK").await.unwrap();
        seen
    };
    assert_eq!(people().await, 4);
    admin.ok(SET, set(&viewer.user_id, &[], &["USER_READ"])).await;
    assert_eq!(people().await, 3, "oneself and who teaches");
}
