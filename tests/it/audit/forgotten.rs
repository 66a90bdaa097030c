//! What the log keeps of a person who is deleted: everything but who they were.

use lectern::ops::sources;
use lectern_kernel::{
    db::migrate::{Options, migrate},
    ids,
};
use serde_json::{Value, json};

use crate::app::{TestApp, Who};

const DELETE: &str = "mutation($id: ID!) { deleteUser(id: $id) }";
const UPDATE: &str = "mutation($i: UpdateUserInput!) { updateUser(input: $i) { id } }";
const LOG: &str =
    "query($id: ID) { auditLog(first: 50, filter: { resourceId: $id }) { nodes { operation outcome actor { name } before after } } }";

/// Whether a word stands anywhere in the log.
async fn is_known(app: &TestApp, word: &str) -> bool {
    app.count(&format!("audit_entry a WHERE a::text ILIKE '%{word}%'")).await > 0
}

/// Everything that the log says, but for what people are called, and on what they signed in.
async fn record(app: &TestApp) -> Option<String> {
    app.text(
        "SELECT string_agg((to_jsonb(a) #- '{before,name}' #- '{before,email}' #- '{after,name}' #- '{after,email}'
             #- '{before,user_agent}' #- '{before,address}' #- '{after,user_agent}' #- '{after,address}')::text, '|' ORDER BY a.id) \
         FROM audit_entry a WHERE operation NOT IN ('deleteUser', 'system:forget')",
    )
    .await
}

#[tokio::test]
async fn the_name_and_the_email_of_a_deleted_person_leave_the_log_and_the_rest_stays() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let zoe = app.person(&app.oak, "zoe@oak.example", &["INSTRUCTOR", "LEARNER"]).await;
    let max = app.person(&app.oak, "max@oak.example", &["LEARNER"]).await;
    // Names that she had, changes that she made, and somebody of the same name elsewhere.
    zoe.ok(UPDATE, json!({ "i": { "id": zoe.user_id, "name": "Zoe Zephyr" } })).await;
    zoe.ok(UPDATE, json!({ "i": { "id": zoe.user_id, "name": "Zoe Quince", "email": "quince@oak.example" } })).await;
    max.ok(UPDATE, json!({ "i": { "id": max.user_id, "name": "Max Quibble" } })).await;
    app.person(&app.elm, "zoe@elm.example", &["LEARNER"]).await;
    admin.ok("mutation($id: ID!) { suspendUser(id: $id) { id } }", json!({ "id": zoe.user_id })).await;
    admin.ok("mutation($id: ID!) { reactivateUser(id: $id) { id } }", json!({ "id": zoe.user_id })).await;
    for word in ["zephyr", "quince", "zoe@oak.example", "quibble", "zoe@elm.example"] {
        assert!(is_known(&app, word).await, "{word}");
    }
    let before = record(&app).await;

    admin.ok(DELETE, json!({ "id": zoe.user_id })).await;
    for word in ["zephyr", "quince", "zoe@oak"] {
        assert!(!is_known(&app, word).await, "{word} is still known");
    }
    assert!(is_known(&app, "quibble").await && is_known(&app, "zoe@elm.example").await, "others are as they were");
    // What was done, by whom and when, stays under her id.
    assert_eq!(record(&app).await, before);
    let log = admin.ok(LOG, json!({ "id": zoe.user_id })).await["auditLog"]["nodes"].take();
    let operations: Vec<&str> = log.as_array().unwrap().iter().map(|entry| entry["operation"].as_str().unwrap()).collect();
    assert_eq!(
        operations,
        [
            "deleteUser",
            "deleteUser",
            "system:forget",
            "deleteUser",
            "reactivateUser",
            "suspendUser",
            "updateUser",
            "updateUser",
            "createUser",
            "createUser",
            "createUser"
        ]
    );
    for entry in log.as_array().unwrap() {
        for side in ["before", "after"] {
            assert!(entry[side]["name"].is_null() && entry[side]["email"].is_null(), "{entry}");
        }
    }
    let forgotten = &log[2];
    assert_eq!((&forgotten["outcome"], &forgotten["actor"]["name"]), (&json!("CHANGED"), &json!("ADMIN of oak")));
    assert_eq!(forgotten["before"], Value::Null);
    assert_eq!(forgotten["after"], json!({ "forgotten": ["email", "name", "username"], "entries": 8 }));
    let suspended = log.as_array().unwrap().iter().find(|entry| entry["operation"] == "suspendUser").unwrap();
    assert_eq!((&suspended["before"]["status"], &suspended["after"]["status"]), (&json!("ACTIVE"), &json!("SUSPENDED")));
    // A deletion that is refused forgets nobody.
    let everything = app.text("SELECT string_agg(a::text, '|' ORDER BY a.id) FROM audit_entry a WHERE outcome = 'CHANGED'").await;
    assert_eq!(max.refused(DELETE, json!({ "id": admin.user_id })).await, "FORBIDDEN [USER_DELETE]");
    assert_eq!(admin.refused(DELETE, json!({ "id": admin.user_id })).await, "CONFLICT LAST_ADMIN");
    assert_eq!(app.text("SELECT string_agg(a::text, '|' ORDER BY a.id) FROM audit_entry a WHERE outcome = 'CHANGED'").await, everything);
}

#[tokio::test]
async fn what_a_deleted_person_signed_in_on_leaves_the_log_also_where_the_sign_in_was_purged() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let zoe = app.person(&app.oak, "zoe@oak.example", &["LEARNER"]).await;
    let id = ids::decode(&zoe.user_id).unwrap().1;
    zoe.ok("mutation { logout }", json!({})).await;
    app.sql(&format!(
        "SET session_replication_role = replica; \
         UPDATE audit_entry SET after = after || '{{\"user_agent\": \"Zephyr/1.0\"}}' WHERE resource = 'Session' AND after ->> 'user_id' = '{id}'; \
         SET session_replication_role = DEFAULT; \
         UPDATE session SET created_at = now() - interval '100 days', revoked_at = now() - interval '91 days' WHERE user_id = '{id}'"
    ))
    .await;
    assert!(is_known(&app, "zephyr").await);
    let purge =
        format!("SELECT app.purge_sessions(10)::text FROM (SELECT set_config('app.tenant_id', '{}', false)) AS entered", app.oak.tenant);
    app.text(&purge).await;
    assert_eq!(app.count(&format!("session WHERE user_id = '{id}'")).await, 0);
    admin.ok(DELETE, json!({ "id": zoe.user_id })).await;
    assert!(!is_known(&app, "zephyr").await);
}

#[tokio::test]
async fn nobody_but_a_deletion_makes_the_log_forget() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let zoe = app.person(&app.oak, "zoe@oak.example", &["LEARNER"]).await;
    let id = ids::decode(&zoe.user_id).unwrap().1;
    let everything = "SELECT string_agg(a::text, '|' ORDER BY a.id) FROM audit_entry a";
    let before = app.text(everything).await;
    for (role, statement) in [
        ("lectern_app", format!("SELECT app.forget_in_audit('{id}')")),
        ("lectern_platform", format!("SELECT app.forget_in_audit('{id}')")),
        ("lectern_definer", format!("SELECT app.forget_in_audit('{id}')")),
        ("lectern_platform", "UPDATE audit_entry SET after = NULL".to_owned()),
        ("lectern_definer", "UPDATE audit_entry SET operation = 'nothing'".to_owned()),
        ("lectern_definer", "DELETE FROM audit_entry".to_owned()),
    ] {
        let tried =
            app.try_sql(&format!("BEGIN; SET LOCAL ROLE {role}; SET LOCAL app.tenant_id = '{}'; {statement}", app.oak.tenant)).await;
        app.sql("ROLLBACK").await;
        assert_eq!(tried, Err(None), "{role}: {statement}");
    }
    // Functions reach the entries of deleted people alone, and nothing else of the living.
    let reach = format!(
        "SET ROLE lectern_definer; SET app.tenant_id = '{}'; UPDATE audit_entry SET after = NULL WHERE resource = resource; RESET ROLE",
        app.oak.tenant
    );
    app.sql(&reach).await;
    assert_eq!(app.text(everything).await, before);
    admin.ok(DELETE, json!({ "id": zoe.user_id })).await;
    assert!(!is_known(&app, "zoe@oak.example").await);
}

#[tokio::test]
async fn whoever_was_deleted_before_is_forgotten_by_a_migrate() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let gone = app.person(&app.oak, "gone@oak.example", &["LEARNER"]).await;
    app.person(&app.oak, "here@oak.example", &["LEARNER"]).await;
    // As an older version deleted them.
    app.sql("ALTER TABLE app_user DISABLE TRIGGER app_user_forget").await;
    admin.ok(DELETE, json!({ "id": gone.user_id })).await;
    app.sql(&format!(
        "ALTER TABLE app_user ENABLE TRIGGER app_user_forget; DELETE FROM lectern_applied WHERE file = 'sql/data/0002_forget_deleted_people.sql'; \
         ALTER DATABASE \"{}\" OWNER TO lectern_owner",
        app.database.name
    ))
    .await;
    assert!(is_known(&app, "gone@oak.example").await);
    let report = migrate(&app.database.url("lectern_owner"), sources::embedded().unwrap(), Options::default()).await.unwrap();
    assert_eq!(report.rows.iter().find(|(file, _)| file.contains("forget")).unwrap().1, 1);
    assert!(!is_known(&app, "gone@oak.example").await && is_known(&app, "here@oak.example").await);
    assert_eq!(app.count("audit_entry WHERE operation = 'system:forget' AND actor_id IS NULL").await, 1);
}
