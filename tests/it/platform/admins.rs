//! Administrators of the platform.

use futures_util::future::join;
use serde_json::{Value, json};

use super::{CREATE_ADMIN, LOGIN, OLIVE, TENANTS, add, credentials, operator, refused, sign_in};
use crate::app::{PASSWORD, TestApp};

const SUSPEND: &str = "mutation($id: ID!) { suspendAdmin(id: $id) { status } }";
const REACTIVATE: &str = "mutation($id: ID!) { reactivateAdmin(id: $id) { status } }";
const DELETE: &str = "mutation($id: ID!) { deleteAdmin(id: $id) }";

fn new(email: &str, password: &str) -> Value {
    json!({ "i": { "email": email, "name": "Pia", "password": password } })
}

#[tokio::test]
async fn administrators_are_added_kept_out_and_let_in_again() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let pia = olive.ok(CREATE_ADMIN, new("pia@platform.example", PASSWORD)).await["createAdmin"].take();
    assert_eq!((&pia["email"], &pia["status"], &pia["hasSecondFactor"]), (&json!("pia@platform.example"), &json!("ACTIVE"), &json!(false)));
    let id = json!({ "id": pia["id"] });
    for (input, line) in [
        (new("PIA@platform.example", PASSWORD), "CONFLICT EMAIL_TAKEN @email"),
        (new("no address", PASSWORD), "BAD_USER_INPUT @email"),
        (new("q@platform.example", "weak"), "BAD_USER_INPUT @password"),
    ] {
        refused(&app, &olive, CREATE_ADMIN, input, line).await;
    }
    let signed_in = sign_in(&app, "pia@platform.example").await;
    // In the demo nobody needs a second factor, nor whoever is added there.
    signed_in.ok(TENANTS, json!({})).await;
    assert_eq!(olive.ok(SUSPEND, id.clone()).await["suspendAdmin"]["status"], json!("SUSPENDED"));
    assert_eq!(signed_in.ok("{ viewer { id } }", json!({})).await["viewer"], Value::Null, "at once");
    assert_eq!(app.at_desk().refused(LOGIN, credentials("pia@platform.example", PASSWORD)).await, "UNAUTHENTICATED");
    assert_eq!(olive.ok(REACTIVATE, id.clone()).await["reactivateAdmin"]["status"], json!("ACTIVE"));
    assert_eq!(signed_in.ok("{ viewer { id } }", json!({})).await["viewer"], Value::Null, "what ended stays ended");
    sign_in(&app, "pia@platform.example").await;

    let own = json!({ "id": olive.user_id });
    refused(&app, &olive, SUSPEND, own.clone(), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &olive, DELETE, own, "FORBIDDEN NOT_YOURS @id").await;
    let never = json!({ "id": lectern_kernel::ids::encode("operator", uuid::Uuid::now_v7()) });
    for mutation in [SUSPEND, REACTIVATE, DELETE] {
        refused(&app, &olive, mutation, never.clone(), "NOT_FOUND @id").await;
    }
    let wrong = olive.ask(SUSPEND, json!({ "id": "nobody" })).await["errors"][0]["message"].take();
    assert_eq!(wrong, "`id` is not an id; an operator id is `operator_` and 26 characters.");

    olive.ok(DELETE, id.clone()).await;
    refused(&app, &olive, REACTIVATE, id, "NOT_FOUND @id").await;
    assert_eq!(app.at_desk().refused(LOGIN, credentials("pia@platform.example", PASSWORD)).await, "UNAUTHENTICATED");
    let admins = olive.ok("{ admins { email lastSignInAt } }", json!({})).await["admins"].take();
    assert_eq!(admins.as_array().unwrap().iter().map(|admin| &admin["email"]).collect::<Vec<_>>(), [OLIVE]);
    // The address is free again; the log knows who they were.
    olive.ok(CREATE_ADMIN, new("pia@platform.example", PASSWORD)).await;
    let log = olive
        .ok(
            "{ auditLog(filter: { operation: \"deleteAdmin\", outcome: CHANGED }) { nodes { admin { email } tenantId after } } }",
            json!({}),
        )
        .await;
    let entry = &log["auditLog"]["nodes"][0];
    assert_eq!(
        (&entry["admin"]["email"], &entry["after"]["email"], &entry["after"]["isDeleted"]),
        (&json!(OLIVE), &json!("pia@platform.example"), &json!(true))
    );
    let logged = app.text("SELECT string_agg(e::text, ' ') FROM platform_audit_entry e").await.unwrap();
    assert!(!logged.contains("argon2"), "no secret stands in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_suspend_one_another_leave_one() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    for round in 0..10 {
        let email = format!("p{round}@platform.example");
        add(&app, &email, true).await;
        let pia = sign_in(&app, &email).await;
        let mutation = if round % 2 == 0 { SUSPEND } else { DELETE };
        let (one, other) = join(olive.ask(mutation, json!({ "id": pia.user_id })), pia.ask(mutation, json!({ "id": olive.user_id }))).await;
        let won = [&one, &other].into_iter().filter(|answer| answer.get("errors").is_none()).count();
        assert_eq!(app.count("platform_admin WHERE status = 'ACTIVE' AND deleted_at IS NULL").await, 1, "{one} {other}");
        assert_eq!(won, 1, "{one} {other}");
        app.sql(&format!(
            "UPDATE platform_admin SET status = 'ACTIVE', deleted_at = NULL, token_version = 0 WHERE email = '{OLIVE}';
             UPDATE platform_session SET revoked_at = NULL, revoked_reason = NULL;
             UPDATE platform_credential c SET password_hash = (SELECT password_hash FROM credential LIMIT 1);
             UPDATE platform_admin SET status = 'SUSPENDED', deleted_at = now() WHERE email = '{email}' AND deleted_at IS NULL"
        ))
        .await;
        olive.ok(TENANTS, json!({})).await;
    }
}
