//! Another school's people and roles are absent, and the database itself says so.

use serde_json::{Value, json};
use tokio_postgres::NoTls;

use super::{DELETE, DELETE_ROLE, REACTIVATE, SET_ROLES, SUSPEND, UPDATE, UPDATE_ROLE, USER, add_role, everything};
use crate::app::{Client, School, TestApp, Who};

const NODE: &str = "query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }";

/// The answer to the byte.
async fn bytes(client: &Client, query: &str, variables: Value) -> String {
    client.post(query, variables).header("x-correlation-id", "the-same").send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a_person_or_role_of_another_school_is_like_one_that_never_was() {
    let app = TestApp::start().await;
    let elm_admin = app.sign_in(&app.elm, Who::Admin).await;
    let their_role = add_role(&elm_admin, "THEIRS", &["COURSE_READ"]).await;
    let their_learner = app.sign_in(&app.elm, Who::Learner).await.user_id;
    let (no_role, no_person) = ("role_01h455vb4pex5vsknk084sn02q", "user_01h455vb4pex5vsknk084sn02q");
    let before = everything(&app).await;
    let set = |id: &str| json!({ "i": { "userId": id, "roleKeys": ["LEARNER"] } });
    let rename = |id: &str| json!({ "i": { "id": id, "name": "Mine" } });
    let by_id = |id: &str| json!({ "id": id });
    type Variables<'a> = &'a dyn Fn(&str) -> Value;
    let attempts: [(&str, Variables, &str, &str); 11] = [
        (USER, &by_id, &their_learner, no_person),
        (USER, &by_id, &elm_admin.user_id, no_person),
        (NODE, &by_id, &their_learner, no_person),
        (NODE, &by_id, &their_role, no_role),
        (UPDATE, &rename, &their_learner, no_person),
        (SUSPEND, &by_id, &their_learner, no_person),
        (REACTIVATE, &by_id, &elm_admin.user_id, no_person),
        (DELETE, &by_id, &their_learner, no_person),
        (SET_ROLES, &set, &their_learner, no_person),
        (UPDATE_ROLE, &rename, &their_role, no_role),
        (DELETE_ROLE, &by_id, &their_role, no_role),
    ];
    for who in Who::ALL {
        let client = app.sign_in(&app.oak, who).await;
        for (query, variables, theirs, never) in &attempts {
            let answer = bytes(&client, query, variables(theirs)).await;
            assert_eq!(answer, bytes(&client, query, variables(never)).await, "{who:?}: {query}");
            if who == Who::Admin && query.starts_with("mutation") {
                assert!(answer.contains(r#""code":"NOT_FOUND""#), "{query}: {answer}");
            }
        }
    }
    assert_eq!(everything(&app).await, before);
    // Nor does a key of theirs name a role here, or their filter find anybody.
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let input = json!({ "i": { "email": "new@oak.example", "name": "New", "roleKeys": ["THEIRS"] } });
    assert_eq!(admin.refused(super::CREATE, input).await, "BAD_USER_INPUT @roleKeys.0");
    let found = admin.ok(r#"{ users(filter: { search: "elm" }) { totalCount } }"#, json!({})).await;
    assert_eq!(found["users"]["totalCount"], 0);
}

/// Statements of the service's role, in the name of somebody with some permissions.
struct Raw(tokio_postgres::Client);

impl Raw {
    async fn begin(app: &TestApp, school: &School, email: &str, permissions: &str) -> Raw {
        let (client, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
        tokio::spawn(connection);
        let id = app.text(&format!("SELECT id::text FROM app_user WHERE email = '{email}'")).await.unwrap();
        let settings = format!(
            "BEGIN; SET LOCAL app.tenant_id = '{}'; SET LOCAL app.user_id = '{id}'; SET LOCAL app.permissions = ',{permissions},'; \
             SET LOCAL app.operation = 'raw'; SET LOCAL app.correlation_id = 'raw'",
            school.tenant
        );
        client.batch_execute(&settings).await.unwrap();
        Raw(client)
    }

    /// How many rows a statement touched, or the SQLSTATE that refused it; whatever it did is taken back.
    async fn run(&self, sql: &str) -> String {
        self.0.batch_execute("SAVEPOINT one").await.unwrap();
        let outcome = match self.0.execute(sql, &[]).await {
            Ok(rows) => rows.to_string(),
            Err(error) => error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned()),
        };
        self.0.batch_execute("ROLLBACK TO SAVEPOINT one").await.unwrap();
        outcome
    }
}

#[tokio::test]
async fn crafted_sql_of_the_services_role_escalates_nothing() {
    let app = TestApp::start().await;
    let role = |key: &str| format!("(SELECT id FROM role WHERE key = '{key}')");
    let person = |email: &str| format!("(SELECT id FROM app_user WHERE email = '{email}@oak.example')");
    let give = |email: &str, key: &str| {
        format!("INSERT INTO user_role (tenant_id, user_id, role_id) SELECT app.tenant_id(), {}, {}", person(email), role(key))
    };

    let learner = Raw::begin(&app, &app.oak, "learner@oak.example", "COURSE_READ,ENROLLMENT_SELF,BOOKING_REQUEST").await;
    for (sql, outcome) in [
        // The own name and sessions, but not the own state, version backward, or flag.
        ("UPDATE app_user SET name = 'Me'".into(), "1"),
        ("UPDATE app_user SET token_version = token_version + 1".into(), "1"),
        ("UPDATE app_user SET status = 'SUSPENDED'".into(), "42501"),
        ("UPDATE app_user SET deleted_at = now()".into(), "42501"),
        ("UPDATE app_user SET is_instructor = true".into(), "42501"),
        ("UPDATE app_user SET created_at = now()".into(), "42501"),
        ("DELETE FROM app_user".into(), "42501"),
        (format!("UPDATE app_user SET tenant_id = '{}'", app.elm.tenant), "42501"),
        (give("learner", "LEARNER"), "42501"),
        (
            "INSERT INTO role (tenant_id, id, key, name, permissions) VALUES (app.tenant_id(), gen_random_uuid(), 'XX', 'X', '{}')".into(),
            "42501",
        ),
        ("UPDATE role SET permissions = app.all_permissions()".into(), "0"),
        ("DELETE FROM role".into(), "0"),
        ("DELETE FROM user_role".into(), "0"),
        // Credentials and tokens are out of sight altogether.
        ("SELECT FROM credential".into(), "42501"),
        ("SELECT FROM refresh_token".into(), "42501"),
        ("INSERT INTO session (tenant_id, id, user_id) SELECT app.tenant_id(), gen_random_uuid(), app.user_id()".into(), "42501"),
        ("SELECT app.begin_session(gen_random_uuid(), 7, NULL, decode(repeat('00', 32), 'hex'), now()) WHERE false".into(), "0"),
        (format!("SELECT app.set_first_password({}, 'x')", person("learner")), "42501"),
        ("SELECT app.issue_refresh_token(gen_random_uuid(), decode(repeat('00', 32), 'hex'), now())".into(), "42501"),
        ("SELECT FROM app_user WHERE is_instructor".into(), "2"),
        ("SELECT FROM app_user".into(), "3"),
        ("SELECT FROM user_role".into(), "1"),
        ("SELECT FROM role".into(), "1"),
        ("SELECT FROM session".into(), "0"),
    ] {
        assert_eq!(learner.run(&sql).await, outcome, "{sql}");
    }
    app.sign_in(&app.oak, Who::Learner).await.ok("mutation { logout }", json!({})).await;
    assert_eq!(learner.run("UPDATE session SET revoked_at = NULL").await, "0", "what has ended stays ended");

    let creator = Raw::begin(
        &app,
        &app.oak,
        "viewer@oak.example",
        "USER_CREATE,USER_READ,COURSE_READ,ENROLLMENT_SELF,BOOKING_REQUEST,APPLICATION_SUBMIT,FILE_UPLOAD,AGENT_EXECUTE",
    )
    .await;
    app.sql("DELETE FROM user_role WHERE user_id = (SELECT id FROM app_user WHERE email = 'learner@oak.example')").await;
    for (sql, outcome) in [
        // Roles go to people whom this very transaction creates, and to nobody else.
        (give("learner", "LEARNER"), "42501"),
        (give("viewer", "LEARNER"), "42501"),
        (format!("SELECT app.set_first_password({}, 'x')", person("learner")), "42501"),
        ("UPDATE app_user SET name = 'Me' WHERE id <> app.user_id()".into(), "0"),
        ("DELETE FROM user_role".into(), "0"),
    ] {
        assert_eq!(creator.run(&sql).await, outcome, "{sql}");
    }
    creator
        .0
        .batch_execute(
            "INSERT INTO app_user (tenant_id, id, name, email) VALUES (app.tenant_id(), gen_random_uuid(), 'New', 'new@oak.example')",
        )
        .await
        .unwrap();
    assert_eq!(creator.run(&give("new", "LEARNER")).await, "1");
    assert_eq!(creator.run(&give("new", "ADMIN")).await, "42501");
    assert_eq!(creator.run(&give("learner", "LEARNER")).await, "42501");

    let manager = Raw::begin(&app, &app.oak, "viewer@oak.example", "ROLE_MANAGE,USER_READ,USER_UPDATE,USER_DELETE,COURSE_READ").await;
    for (sql, outcome) in [
        (give("learner", "ADMIN"), "42501"),
        (format!("DELETE FROM user_role WHERE user_id = {}", person("admin")), "0"),
        (format!("UPDATE app_user SET status = 'SUSPENDED' WHERE id = {}", person("admin")), "0"),
        ("UPDATE role SET name = 'Mine'".into(), "0"),
        ("INSERT INTO role (tenant_id, id, key, name, permissions, is_system) VALUES (app.tenant_id(), gen_random_uuid(), 'XX', 'X', '{}', true)".into(), "42501"),
        ("INSERT INTO role (tenant_id, id, key, name, permissions) VALUES (app.tenant_id(), gen_random_uuid(), 'XX', 'X', '{AUDIT_READ}')".into(), "42501"),
        ("INSERT INTO role (tenant_id, id, key, name, permissions) VALUES (app.tenant_id(), gen_random_uuid(), 'XX', 'X', '{COURSE_READ}')".into(), "1"),
        (format!("INSERT INTO role (tenant_id, id, key, name, permissions) VALUES ('{}', gen_random_uuid(), 'XX', 'X', '{{}}')", app.elm.tenant), "42501"),
        (format!("SELECT FROM app_user WHERE tenant_id = '{}'", app.elm.tenant), "0"),
    ] {
        assert_eq!(manager.run(&sql).await, outcome, "{sql}");
    }
}

#[tokio::test]
async fn searches_and_sign_ins_use_their_index_under_row_security() {
    let app = TestApp::start().await;
    app.sql(&format!(
        "SET app.audit = 'off';
         INSERT INTO app_user (tenant_id, id, name, email) SELECT '{}', gen_random_uuid(), 'Person ' || i, 'p' || i || '@oak.example' FROM generate_series(1, 20000) i;
         ANALYZE app_user",
        app.oak.tenant
    ))
    .await;
    let (client, connection) = tokio_postgres::connect(&app.database.superuser_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(&format!("SET ROLE lectern_definer; SET app.tenant_id = '{}'", app.oak.tenant)).await.unwrap();
    // Which way is cheaper is the planner's choice; that it has one is the point.
    client.batch_execute("SET enable_seqscan = off").await.unwrap();
    for condition in ["(search @@ '''oak'':* & ''p777'':*'::tsquery)", "(lower(email) = 'p777@oak.example'::text)"] {
        let explain =
            format!("EXPLAIN SELECT u.id FROM app_user u WHERE u.tenant_id = app.tenant_id() AND {condition} AND u.deleted_at IS NULL");
        let plan: Vec<String> = client.query(&explain, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        let by_index = plan.iter().any(|line| line.contains("Index Cond:") && line.contains(condition));
        assert!(by_index, "{}", plan.join("\n"));
    }
}
