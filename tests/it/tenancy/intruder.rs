//! SQL as the service's own role: what a hole in the service, an injection even, could still not do.

use tokio_postgres::{Client, error::SqlState};
use uuid::Uuid;

use super::{lines, session};
use crate::{
    app::{PASSWORD, TestApp, Who},
    isolation::world::{World, of_no_school, tables},
};

/// What the service's role may not read at all. By hand: of the grants themselves, which are on trial, nothing could be derived.
const SECRET: [&str; 36] = [
    "application_file",
    "red_flag",
    "attendee_grant",
    "account_request",
    "answer_run",
    "generation_call",
    "api_key_secret",
    "course_points",
    "attempt_question",
    "booking_reminder",
    "credential",
    "deadline_reminder",
    "failed_sign_in",
    "known_network",
    "mailed_token",
    "password_change_credential",
    "program_form_key",
    "program_group_places",
    "program_places",
    "provider_account",
    "provider_sign_in",
    "recovery_code",
    "refresh_token",
    "second_factor",
    "sign_in_code",
    "sign_up_credential",
    "time_claim",
    "token_counter",
    "token_reservation",
    "used_budget",
    "order_key",
    "program_code",
    "ticket_key",
    "refund_ticket",
    "line_reversal",
    "invoice_counter",
];

/// Two schools with rows in every table.
async fn two_schools(app: &TestApp) {
    World::build(app).await;
    app.sql(
        "SET app.audit = 'off';
         INSERT INTO booking (tenant_id, id, student_id, instructor_id, starts_at, ends_at, status)
             SELECT s.tenant_id, gen_random_uuid(), s.id, i.id, '2099-03-05T14:00Z', '2099-03-05T15:00Z', 'ASSIGNED'
             FROM app_user s JOIN app_user i USING (tenant_id) WHERE s.name LIKE 'LEARNER%' AND i.name LIKE 'INSTRUCTOR%';
         RESET app.audit",
    )
    .await;
    // What is of no school, nobody of a school reaches.
    for table in tables(app).await.into_iter().filter(|table| !of_no_school(table)) {
        assert_eq!(app.count(&format!("(SELECT DISTINCT tenant_id FROM {table}) t")).await, 2, "{table} has no rows of both schools");
    }
}

/// The id of a signed-in administrator, and of the sign-in.
async fn signed_in(app: &TestApp, who: Who) -> (Uuid, Uuid) {
    let client = app.sign_in_as(&app.oak, &app.oak.email(who), PASSWORD).await;
    let claims = app.engine.services().tokens.verify(client.token.as_ref().unwrap()).unwrap();
    let identity = claims.identity();
    (identity.user, identity.session)
}

/// Opens a transaction as the service does.
async fn begin(client: &Client, tenant: Uuid, (user, sign_in): (Uuid, Uuid)) {
    client
        .batch_execute(&format!(
            "BEGIN; SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL app.user_id = '{user}'; SET LOCAL app.correlation_id = 'x'"
        ))
        .await
        .unwrap();
    let actor = client.query("SELECT role_key FROM app.load_actor($1, $2, $3)", &[&tenant, &user, &sign_in]).await.unwrap();
    assert_eq!(actor.len(), 1);
}

/// Runs a statement that must fail, and goes back to where it was.
async fn state_of(client: &Client, sql: &str) -> String {
    client.batch_execute("SAVEPOINT before").await.unwrap();
    let error = client.batch_execute(sql).await.expect_err(sql);
    client.batch_execute("ROLLBACK TO SAVEPOINT before").await.unwrap();
    let error = error.as_db_error().unwrap();
    format!("{} {}", error.code().code(), error.message())
}

async fn rows(client: &Client, sql: &str) -> Result<i64, SqlState> {
    match client.query_one(sql, &[]).await {
        Ok(row) => Ok(row.get(0)),
        Err(error) => Err(error.code().unwrap().clone()),
    }
}

#[tokio::test]
async fn without_a_school_there_are_no_rows() {
    let app = TestApp::start().await;
    two_schools(&app).await;
    let client = session(&app, "lectern_app").await;
    let insert = "INSERT INTO user_group (tenant_id, id, name) SELECT t, gen_random_uuid(), 'x' FROM (SELECT 'OAK'::uuid AS t) AS given"
        .replace("OAK", &app.oak.tenant.to_string());
    // On a fresh connection the setting is missing; after a transaction that set it, it is the empty text.
    for round in ["fresh", "used"] {
        for table in tables(&app).await {
            let found = rows(&client, &format!("SELECT count(tenant_id) FROM {table}")).await;
            let expected = match (SECRET.contains(&table.as_str()) || of_no_school(&table), round) {
                (true, _) => Err(SqlState::INSUFFICIENT_PRIVILEGE),
                (false, "fresh") => Ok(0),
                (false, _) => Err(SqlState::INVALID_TEXT_REPRESENTATION),
            };
            assert_eq!(found, expected, "{table}, {round}");
        }
        assert!(client.batch_execute(&insert).await.is_err());
        client.batch_execute(&format!("BEGIN; SET LOCAL app.tenant_id = '{}'; COMMIT", app.oak.tenant)).await.unwrap();
    }
    // The school of nobody.
    client.batch_execute(&format!("BEGIN; SET LOCAL app.tenant_id = '{}'; SET LOCAL app.user_id = '{0}'", Uuid::nil())).await.unwrap();
    for table in tables(&app).await.iter().filter(|table| !SECRET.contains(&table.as_str()) && !of_no_school(table)) {
        assert_eq!(rows(&client, &format!("SELECT count(tenant_id) FROM {table}")).await, Ok(0), "{table}");
    }
    assert!(state_of(&client, &insert).await.starts_with("42501 new row violates row-level security policy"));
}

#[tokio::test]
async fn one_school_can_not_be_seen_nor_written_from_the_other() {
    let app = TestApp::start().await;
    two_schools(&app).await;
    let admin = signed_in(&app, Who::Admin).await;
    let client = session(&app, "lectern_app").await;
    let (oak, elm) = (app.oak.tenant, app.elm.tenant);
    for table in tables(&app).await.iter().filter(|table| !SECRET.contains(&table.as_str()) && !of_no_school(table)) {
        begin(&client, oak, admin).await;
        let found = rows(&client, &format!("SELECT count(tenant_id) FROM {table} WHERE tenant_id = '{oak}'")).await;
        assert!(found.clone().is_ok_and(|found| found > 0), "{table}: {found:?}");
        for condition in [
            format!("tenant_id = '{elm}'"),
            format!("tenant_id <> '{oak}'"),
            format!("tenant_id IS DISTINCT FROM '{oak}' OR true AND tenant_id::text LIKE '%b2'"),
        ] {
            assert_eq!(
                rows(&client, &format!("SELECT count(tenant_id) FROM {table} WHERE {condition}")).await,
                Ok(0),
                "{table} {condition}"
            );
        }
        // A row like the own ones, in the other school; and an own row moved there.
        let columns = format!(
            "SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = '{table}'::regclass AND a.attnum > 0 AND NOT a.attisdropped \
             AND a.attname <> 'tenant_id' AND has_column_privilege('lectern_app', a.attrelid, a.attnum, 'INSERT') AND has_column_privilege('lectern_app', a.attrelid, a.attnum, 'SELECT')"
        );
        if let Some(columns) = lines_of(&app, &columns).await {
            let values =
                columns.split(", ").map(|column| if column == "id" { "gen_random_uuid()" } else { column }).collect::<Vec<_>>().join(", ");
            let insert = format!("INSERT INTO {table} (tenant_id, {columns}) SELECT '{elm}', {values} FROM {table} LIMIT 1");
            let refused = state_of(&client, &insert).await;
            assert!(refused.starts_with("42501 "), "{table}: {refused}");
        }
        let moved = state_of(&client, &format!("UPDATE {table} SET tenant_id = '{elm}'")).await;
        assert!(moved.starts_with("42501 permission denied"), "{table}: {moved}");
        // To lie about the school does not help either, once it is known: the actor's session is not in the other.
        client.batch_execute(&format!("SET LOCAL app.tenant_id = '{elm}'")).await.unwrap();
        let actor = client.query("SELECT 1 FROM app.load_actor($1, $2, $3)", &[&elm, &admin.0, &admin.1]).await.unwrap();
        assert!(actor.is_empty());
        client.batch_execute("ROLLBACK").await.unwrap();
    }
    assert_eq!(app.count("audit_entry WHERE outcome = 'CHANGED' AND operation = 'system:sql'").await, 0);
}

async fn lines_of(app: &TestApp, sql: &str) -> Option<String> {
    app.text(sql).await
}

#[tokio::test]
async fn no_reference_crosses_the_wall_whoever_writes_it() {
    let app = TestApp::start().await;
    two_schools(&app).await;
    let references = "SELECT concat_ws(' ', k.conrelid::regclass, a.attname, k.confrelid::regclass, f.attname, k.conname) FROM pg_constraint k \
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[2] JOIN pg_attribute f ON f.attrelid = k.confrelid AND f.attnum = k.confkey[2] \
        WHERE k.contype = 'f' AND cardinality(k.conkey) = 2 AND k.conrelid::regclass::text !~ '^(platform_|tenant_erasure$)' ORDER BY 1";
    let references = lines(&app, references).await;
    assert!(references.len() >= 19, "{references:?}");
    // The superuser obeys no policy; keys are what is left.
    let superuser = session(&app, "postgres").await;
    // The ledger is only added to; that is looked away from here.
    let rewritable =
        "ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_keep; ALTER TABLE ledger_posting DISABLE TRIGGER ledger_posting_keep";
    superuser.batch_execute(&format!("BEGIN; {rewritable}; SET LOCAL app.audit = 'off'; SET CONSTRAINTS ALL IMMEDIATE")).await.unwrap();
    for reference in references {
        let [table, column, target, key, name] = reference.split(' ').collect::<Vec<_>>()[..] else { panic!("{reference}") };
        let foreign = format!("SELECT f.{key} FROM {target} f WHERE f.tenant_id = '{}' LIMIT 1", app.elm.tenant);
        let crossing = format!(
            "UPDATE {table} SET {column} = ({foreign}) WHERE ctid = (SELECT ctid FROM {table} WHERE tenant_id = '{}' ORDER BY {column} IS NULL, ctid DESC LIMIT 1)",
            app.oak.tenant
        );
        let refused = state_of(&superuser, &crossing).await;
        // Where rows point at the column as well, their key may speak first.
        let held = refused.contains(name) || refused.contains("23503 update or delete on table");
        assert!(refused.starts_with("23503 ") && held, "{reference}: {refused}");
    }
}

#[tokio::test]
async fn secrets_are_not_the_service_s_to_read() {
    let app = TestApp::start().await;
    two_schools(&app).await;
    let admin = signed_in(&app, Who::Admin).await;
    let client = session(&app, "lectern_app").await;
    begin(&client, app.oak.tenant, admin).await;
    for sql in [
        "SELECT password_hash FROM credential",
        "SELECT count(*) FROM credential",
        "SELECT user_id FROM credential WHERE password_hash LIKE '$argon2id$%'",
        "UPDATE credential SET password_hash = 'x'",
        "DELETE FROM credential",
        "SELECT token_hash FROM refresh_token",
        "UPDATE refresh_token SET used_at = NULL",
        "SELECT enrollment_key FROM course",
        "SELECT id FROM course WHERE enrollment_key = 'x'",
        "UPDATE course SET title = title WHERE enrollment_key LIKE 'c%'",
        "SELECT * FROM course",
        "SELECT c FROM course c",
        "UPDATE course SET title = 'x' RETURNING enrollment_key",
        "INSERT INTO audit_entry (tenant_id, id, operation, outcome, resource, correlation_id) SELECT tenant_id, gen_random_uuid(), 'x', 'CHANGED', 'x', 'x' FROM tenant",
        "UPDATE audit_entry SET operation = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "UPDATE tenant SET subscription_end = NULL",
        "UPDATE app_user SET is_instructor = true",
        "UPDATE role SET is_system = false",
        "INSERT INTO booking_transition VALUES ('CANCELLED', 'APPROVED', 'BOOKING_REQUEST', 'STUDENT')",
        "SELECT * FROM _sqlx_migrations",
        "SELECT * FROM lectern_applied",
        "SET LOCAL ROLE lectern_upkeep",
        "SELECT rolpassword FROM pg_authid",
        "SELECT app.create_system_roles(gen_random_uuid())",
        "SELECT app.check_course_seats(gen_random_uuid(), gen_random_uuid())",
        "CALL app.raise_wall('course')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "CREATE TABLE public.mine ()",
        "CREATE TABLE app.mine ()",
        "CREATE FUNCTION app.tenant_id() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
        "ALTER TABLE course DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant_wall ON course",
        "CREATE POLICY mine ON course USING (true)",
        "SET LOCAL ROLE lectern_owner",
        "SET LOCAL ROLE lectern_definer",
        "SET LOCAL ROLE lectern_platform",
        "SET LOCAL session_replication_role = replica",
    ] {
        let refused = state_of(&client, sql).await;
        assert!(refused.starts_with("42501 "), "{sql}: {refused}");
    }
    // Without the policies a query does not run at all.
    client.batch_execute("SET LOCAL row_security = off").await.unwrap();
    assert!(state_of(&client, "SELECT id FROM course").await.starts_with("42501 query would be affected by row-level security policy"));
    client.batch_execute("SET LOCAL row_security = on; SET LOCAL app.audit = 'off'").await.unwrap();
    // The audit can't be turned off from here.
    let before = app.count("audit_entry").await;
    client.batch_execute("SET LOCAL app.operation = 'createGroup'; INSERT INTO user_group (tenant_id, id, name) SELECT tenant_id, gen_random_uuid(), 'x' FROM tenant; COMMIT").await.unwrap();
    assert_eq!(app.count("audit_entry").await, before + 1);
    // And nobody else of the service changes what is written in it.
    for role in ["lectern_platform", "lectern_owner"] {
        let client = session(&app, role).await;
        client.batch_execute("BEGIN").await.unwrap();
        for sql in ["UPDATE audit_entry SET operation = 'x'", "DELETE FROM audit_entry"] {
            match role {
                "lectern_platform" => assert!(state_of(&client, sql).await.starts_with("42501 "), "{sql}"),
                // The owner may, but forced row security shows it no row to change.
                _ => assert_eq!(client.execute(sql, &[]).await.unwrap(), 0),
            }
        }
    }
}
