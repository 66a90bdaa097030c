//! A school whose subscription has lapsed keeps its data, and its people can do nothing but sign in and out.

use serde_json::json;
use tokio_postgres::NoTls;

use super::{CHANGE_PASSWORD, VIEWER, another_device, is_alive, refresh};
use crate::{
    app::{PASSWORD, TestApp, Who, refusal},
    introspection::Schema,
    permissions::probe,
};

/// What goes on; the list only shrinks.
const GOES_ON: [&str; 24] = [
    // These concern another school than the bearer's, or a link that there is not: what they do in a lapsed school is tested with admissions.
    "acceptInvitation",
    "beginProviderSignIn",
    "completeProviderSignIn",
    "confirmSignUp",
    "explainAccess",
    // A school can always leave.
    "exportTenant",
    "linkPreview",
    "login",
    "logout",
    "logoutEverywhere",
    // Of another school than the bearer's; of a lapsed one they answer nothing.
    "publicProgram",
    "publicPrograms",
    "publicTenant",
    "publicTenants",
    "refreshSession",
    "requestPasswordReset",
    "requestSignInCode",
    "requestSignUp",
    "resetPassword",
    "revertEmailChange",
    "signInWithCode",
    "tenantExports",
    // Whoever has a certificate of the school can still show that it holds.
    "verifyCertificate",
    "viewer",
];

#[tokio::test]
async fn after_a_lapse_only_signing_in_and_out_goes_on() {
    let app = TestApp::start().await;
    let admin = another_device(&app, &app.oak, Who::Admin).await;
    admin.ok(r#"mutation { createCourse(input: { title: "Algebra" }) { id } }"#, json!({})).await;
    let neighbour = app.sign_in(&app.elm, Who::Admin).await;
    let schema = Schema::read(&app.stranger()).await;
    let in_oak = format!("WHERE tenant_id = '{}'", app.oak.tenant);

    for lapse in [
        "subscription_start = now() - interval '2 days', subscription_end = now() - interval '1 second'",
        "suspended_at = now()",
        "subscription_start = now() + interval '1 day'",
    ] {
        let other = another_device(&app, &app.oak, Who::Learner).await;
        let changes = app.count("audit_entry where outcome = 'CHANGED' and operation <> 'system:sql'").await;
        app.sql(&format!("UPDATE tenant SET {lapse} {in_oak}")).await;
        for (root, operation) in [("Query", "query"), ("Mutation", "mutation")] {
            for field in schema.fields(root).iter().filter(|field| !GOES_ON.contains(&field.name.as_str())) {
                let answer = probe(&schema, &admin, operation, field).await;
                assert_eq!(refusal(&answer["errors"][0]), "SUBSCRIPTION_EXPIRED", "{lapse}: {} {answer}", field.name);
            }
        }
        let change = json!({ "i": { "currentPassword": PASSWORD, "newPassword": "violet staple orbit 7" } });
        assert_eq!(admin.refused(CHANGE_PASSWORD, change).await, "SUBSCRIPTION_EXPIRED");
        assert_eq!(app.count("audit_entry where outcome = 'CHANGED' and operation <> 'system:sql'").await, changes);

        for nested in ["enrollments { totalCount }", "groups { nodes { name } }"] {
            let document = format!("{{ viewer {{ user {{ {nested} }} }} }}");
            let answer = admin.ask(&document, json!({})).await;
            assert_eq!((refusal(&answer["errors"][0]).as_str(), &answer["data"]), ("SUBSCRIPTION_EXPIRED", &json!({ "viewer": null })));
        }
        let data = admin.ok(VIEWER, json!({})).await;
        assert_eq!((&data["viewer"]["tenant"]["slug"], &data["viewer"]["activeRole"]["key"]), (&json!("oak"), &json!("ADMIN")));
        let learner = another_device(&app, &app.oak, Who::Learner).await;
        let learner = refresh::ok(&app, &learner).await;
        learner.ok("mutation { logout }", json!({})).await;
        assert!(!is_alive(&learner).await);
        other.ok("mutation { logoutEverywhere }", json!({})).await;
        assert!(!is_alive(&other).await);
        assert_eq!(raw_courses(&app).await, 0, "{lapse}: nor does SQL of the service's role see a course");
        neighbour.ok("{ users { totalCount } }", json!({})).await;

        app.sql(&format!(
            "UPDATE tenant SET subscription_start = now() - interval '1 day', subscription_end = NULL, suspended_at = NULL {in_oak}"
        ))
        .await;
        assert_eq!(admin.ok("{ courses { totalCount } }", json!({})).await["courses"]["totalCount"], 1);
        assert_eq!(raw_courses(&app).await, 1);
    }
}

/// What the service's role sees in an administrator's transaction, whatever the service itself would refuse.
async fn raw_courses(app: &TestApp) -> i64 {
    let (client, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let admin = app.text("SELECT id::text FROM app_user WHERE email = 'admin@oak.example'").await.unwrap();
    let settings = format!(
        "BEGIN; SET LOCAL app.tenant_id = '{}'; SET LOCAL app.user_id = '{admin}'; SET LOCAL app.permissions = ',COURSE_READ,COURSE_UPDATE_ALL,'",
        app.oak.tenant
    );
    client.batch_execute(&settings).await.unwrap();
    client.query_one("SELECT count(*) FROM course", &[]).await.unwrap().get(0)
}
