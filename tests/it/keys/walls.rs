//! What a key may do holds in the database as well, and outside a request.

use serde_json::json;
use tokio_postgres::NoTls;

use super::{CREATE, input, key};
use crate::{
    app::{Client, TestApp, Who},
    exports,
};

/// What the service's role can do in a transaction that a key has opened, whatever the service itself would refuse.
async fn crafted(app: &TestApp, bearer: &Client, sql: &str) -> Result<u64, String> {
    let (mut client, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let tx = client.transaction().await.unwrap();
    let tenant = app.oak.tenant;
    tx.batch_execute(&format!("SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL app.user_id = '00000000-0000-0000-0000-000000000000'"))
        .await
        .unwrap();
    let claims = app.engine.services().tokens.verify(bearer.token.as_deref().unwrap()).unwrap();
    let hash = claims.key().unwrap().as_slice();
    let loaded = tx.query("SELECT user_id FROM app.load_actor($1, NULL, NULL, $2)", &[&tenant, &hash]).await.unwrap();
    assert_eq!(loaded.len(), 1);
    tx.execute(sql, &[])
        .await
        .map_err(|error| error.as_db_error().map_or_else(|| error.to_string(), |error| error.code().code().to_owned()))
}

#[tokio::test]
async fn crafted_sql_in_a_keys_transaction_reaches_no_more_than_the_key() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok(r#"mutation { createCourse(input: { title: "Algebra" }) { id } }"#, json!({})).await;
    let schedule = json!({ "dataset": "BOOKINGS", "frequency": "DAILY", "hour": 7 });
    admin.ok(exports::CREATE, json!({ "i": schedule })).await;
    let (bearer, _) = key(&app, &admin, &["USER_READ", "COURSE_READ", "REPORT_READ"]).await;
    assert_eq!(crafted(&app, &bearer, "SELECT FROM app_user").await, Ok(4));
    assert_eq!(crafted(&app, &bearer, "SELECT FROM session").await, Ok(0));
    assert_eq!(crafted(&app, &bearer, "SELECT FROM api_key").await, Ok(1), "itself");
    for nothing in [
        "UPDATE app_user SET name = 'x'",
        "UPDATE app_user SET name = 'x' WHERE id = app.user_id()",
        "UPDATE course SET title = 'x'",
        "UPDATE tenant_settings SET mail_footer = 'x'",
        "UPDATE session SET revoked_at = now()",
        "UPDATE report_schedule SET hour = 8",
    ] {
        assert_eq!(crafted(&app, &bearer, nothing).await, Ok(0), "{nothing}");
    }
    for forbidden in [
        "SELECT secret_hash FROM api_key_secret",
        "UPDATE api_key SET permissions = '{ROLE_MANAGE}'",
        "SELECT app.create_api_key(gen_random_uuid(), 'x', '{COURSE_READ}', true, now() + interval '1 day', sha256('x'), 'abcd')",
        "SELECT app.request_password_change(gen_random_uuid(), 'x', NULL)",
        "SELECT app.sign_out(ARRAY[app.user_id()], false)",
        "INSERT INTO report_schedule (tenant_id, id, owner_id, dataset, frequency, hour, time_zone, next_run_at)
         SELECT app.tenant_id(), gen_random_uuid(), app.user_id(), 'ACTIVITY', 'DAILY', 7, 'UTC', now()",
    ] {
        assert_eq!(crafted(&app, &bearer, forbidden).await, Err("42501".to_owned()), "{forbidden}");
    }
}

#[tokio::test]
async fn a_key_admits_nobody_to_a_role_that_grants_what_is_not_for_keys() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (bearer, _) = key(&app, &admin, &["USER_ADMIT", "USER_READ"]).await;
    let invite = "mutation($i: InviteUsersInput!) { inviteUsers(input: $i) { id } }";
    let to = |role: &str| json!({ "i": { "invitations": [{ "email": format!("{role}@x.example"), "roleKeys": [role] }] } });
    assert_eq!(bearer.refused(invite, to("ADMIN")).await, "FORBIDDEN ROLE_TOO_HIGH @invitations.0.roleKeys.0");
    assert_eq!(bearer.refused(invite, to("INSTRUCTOR")).await, "FORBIDDEN ROLE_TOO_HIGH @invitations.0.roleKeys.0");
    bearer.ok(invite, to("LEARNER")).await;
}

#[tokio::test]
async fn a_job_that_a_key_asked_for_has_its_permissions_and_none_once_it_is_dead() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let made = admin.ok(CREATE, input(&["COURSE_READ", "COURSE_CREATE", "REPORT_READ", "BOOKING_READ_ALL"])).await["createApiKey"].take();
    let bearer = Client { token: made["secret"].as_str().map(str::to_owned), ..app.stranger() };
    bearer.ok("mutation { exportReport(input: { dataset: BOOKINGS }) { id } }", json!({})).await;
    admin.ok("mutation { exportReport(input: { dataset: BOOKINGS }) { id } }", json!({})).await;
    let enter = |whose: &str| {
        format!(
            "WITH entered AS (SELECT set_config('app.tenant_id', '{}', true)), running AS (
                 UPDATE job SET state = 'RUNNING', worker = id, lease = id, leased_until = now() + interval '1 hour'
                 WHERE kind = 'export.run' AND state = 'QUEUED' AND api_key_id IS {whose} RETURNING id)
             SELECT id::text FROM running, entered",
            app.oak.tenant
        )
    };
    let permissions = |id: &str| {
        format!(
            "SELECT coalesce(array_to_string(e.permissions, ','), 'none') FROM (SELECT set_config('app.tenant_id', '{}', false)) AS s, app.enter_job('{id}', '{id}') AS e",
            app.oak.tenant
        )
    };
    let by_key = app.text(&enter("NOT NULL")).await.unwrap();
    let by_person = app.text(&enter("NULL")).await.unwrap();
    let held = app.text(&permissions(&by_key)).await.unwrap();
    let mut held: Vec<&str> = held.split(',').collect();
    held.sort_unstable();
    assert_eq!(held, ["BOOKING_READ_ALL", "COURSE_CREATE", "COURSE_READ", "REPORT_READ"]);
    assert!(app.text(&permissions(&by_person)).await.unwrap().split(',').count() > 30);
    let revoke = "mutation($id: ID!) { revokeApiKey(id: $id) { id } }";
    admin.ok(revoke, json!({ "id": made["apiKey"]["id"] })).await;
    assert_eq!(app.text(&permissions(&by_key)).await.as_deref(), Some("none"));
}
