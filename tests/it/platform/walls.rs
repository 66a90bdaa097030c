//! What the platform's role could still not do if everything in front of it failed; and that the schools' endpoint gains nothing by it.

use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use super::{OLIVE, add};
use crate::{
    app::TestApp,
    isolation::world::{of_no_school, tables},
};

async fn session(app: &TestApp, role: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(&app.database.url(role), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn begin(client: &Client, tenant: Uuid) {
    let nil = Uuid::nil();
    client
        .batch_execute(&format!(
            "BEGIN; SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL app.user_id = '{nil}'; SET LOCAL app.correlation_id = 'x'"
        ))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_desk_sees_the_school_that_it_names_and_no_secret_of_it() {
    let app = TestApp::start().await;
    add(&app, OLIVE, true).await;
    let desk = session(&app, "lectern_desk").await;
    for (tenant, people) in [(app.oak.tenant, 4i64), (Uuid::nil(), 0)] {
        begin(&desk, tenant).await;
        let seen: i64 = desk.query_one("SELECT count(*) FROM app_user", &[]).await.unwrap().get(0);
        let own: i64 = desk.query_one("SELECT count(*) FROM platform_admin", &[]).await.unwrap().get(0);
        assert_eq!((seen, own), (people, i64::from(tenant.is_nil())));
        for secret in [
            "SELECT password_hash FROM credential",
            "SELECT token_hash FROM refresh_token",
            "SELECT enrollment_key FROM course",
            "SELECT secret FROM webhook_endpoint",
            "SELECT password_hash FROM platform_credential",
            "SELECT secret FROM platform_factor",
            "UPDATE tenant SET name = 'x'",
            "UPDATE platform_admin SET status = 'ACTIVE'",
            "INSERT INTO platform_audit_entry (tenant_id) VALUES (NULL)",
            "DELETE FROM platform_audit_entry",
            "DELETE FROM tenant_erasure",
            "SELECT app.begin_session(NULL, 0, NULL, NULL, NULL)",
            "SELECT app.set_first_password(NULL, NULL)",
        ] {
            desk.batch_execute("SAVEPOINT s").await.unwrap();
            let error = desk.batch_execute(secret).await.expect_err(secret);
            assert_eq!(error.code().unwrap().code(), "42501", "{secret}: {error}");
            desk.batch_execute("ROLLBACK TO SAVEPOINT s").await.unwrap();
        }
        // Nothing is erased that nobody has asked to erase.
        assert_eq!(desk.execute("DELETE FROM enrollment", &[]).await.unwrap(), 0);
        assert_eq!(desk.execute("DELETE FROM audit_entry", &[]).await.unwrap(), 0);
        desk.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn the_service_of_schools_holds_no_right_on_anything_of_the_platform() {
    let app = TestApp::start().await;
    for table in tables(&app).await.into_iter().filter(|table| of_no_school(table)) {
        let held = app.text(&format!("SELECT string_agg(privilege_type, ',') FROM information_schema.column_privileges WHERE grantee = 'lectern_app' AND table_name = '{table}'")).await;
        assert_eq!(held, None, "{table}");
        let policies = app.text(&format!(
            "SELECT string_agg(p.polname, ',') FROM pg_policy p WHERE p.polrelid = '{table}'::regclass AND p.polpermissive AND 'lectern_app'::regrole = ANY (p.polroles)"
        ))
        .await;
        assert_eq!(policies, None, "{table}");
    }
    // What both may call counts sign-ins and budgets, and says what the log may hold.
    let shared = "SELECT string_agg(p.proname, ' ' ORDER BY p.proname) FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'app'::regnamespace \
        AND has_function_privilege('lectern_app', p.oid, 'EXECUTE') AND has_function_privilege('lectern_desk', p.oid, 'EXECUTE')";
    assert_eq!(
        app.text(shared).await.unwrap(),
        "audits_words count_failed_sign_ins failed_sign_ins merge_budgets remember_network sign_in_standing"
    );
    assert!(!lectern::schema::sdl().contains("PlatformAdmin"));
}
