//! An export can be loaded, and is the school.

use serde_json::{Value, json};

use super::{a_little_life, elsewhere, export};
use crate::app::{PASSWORD, TestApp, Who};

const REPORTS: &str = "query($from: DateTime, $to: DateTime) { reports(from: $from, to: $to) {
    overview { users courses publishedCourses groups enrollments completedEnrollments bookings } } }";

/// Loads the tables of a manifest, in its order, with the foreign keys on; what is secret is filled with something.
async fn load(app: &TestApp, archive: &super::Archive) {
    for table in archive.manifest["tables"].as_array().unwrap() {
        let name = table["name"].as_str().unwrap();
        let names =
            |list: &Value| list.as_array().unwrap().iter().map(|name| format!("\"{}\"", name.as_str().unwrap())).collect::<Vec<_>>();
        let (columns, secrets) = (names(&table["columns"]).join(", "), names(&table["secretColumns"]));
        let required = format!(
            "SELECT coalesce(string_agg(format('%I', a.attname), ','), '') FROM pg_attribute a WHERE a.attrelid = 'public.{name}'::regclass AND a.attnotnull \
             AND format('\"%s\"', a.attname) = ANY ('{{{}}}'::text[])",
            secrets.iter().map(|name| name.replace('"', "\\\"")).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(",")
        );
        let required = if secrets.is_empty() { String::new() } else { app.text(&required).await.unwrap() };
        let (mut into, mut values) = (columns.clone(), columns);
        for column in required.split(',').filter(|column| !column.is_empty()) {
            into.push_str(&format!(", {column}"));
            let kind = format!(
                "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'public.{name}'::regclass AND attname = '{column}'"
            );
            let placeholder = if app.text(&kind).await.unwrap() == "bytea" {
                "sha256(gen_random_uuid()::text::bytea)"
            } else {
                "'$argon2id$placeholder'"
            };
            values.push_str(&format!(", {placeholder}"));
        }
        let lines: Vec<Value> = archive.rows(name);
        if lines.is_empty() {
            continue;
        }
        let rows = Value::Array(lines).to_string().replace('\'', "''");
        app.sql(&format!(
            "ALTER TABLE public.{name} DISABLE TRIGGER USER;
             INSERT INTO public.{name} ({into}) SELECT {values} FROM jsonb_populate_recordset(NULL::public.{name}, '{rows}'::jsonb);
             ALTER TABLE public.{name} ENABLE TRIGGER USER"
        ))
        .await;
    }
}

#[tokio::test]
async fn a_restored_school_answers_the_same_reports() {
    let app = TestApp::start().await;
    let (admin, _) = a_little_life(&app).await;
    let span = json!({ "from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z" });
    let before = admin.ok(REPORTS, span.clone()).await;
    let courses =
        "{ courses { nodes { id title description tags enrollmentCount } } users { nodes { id name email status roles { key } } } }";
    let seen = admin.ok(courses, json!({})).await;
    let (_, archive) = export(&app, &admin).await;

    // Another deployment, where there is no such school.
    let other = elsewhere(&app).await;
    load(&other, &archive).await;
    // A password is secret: somebody sets one.
    other
        .sql("UPDATE credential SET password_hash = (SELECT password_hash FROM credential c JOIN app_user u ON u.id = c.user_id WHERE u.email = 'admin@elm.example')")
        .await;
    let restored = other.sign_in_as(&other.oak, "admin@oak.example", PASSWORD).await;
    assert_eq!(restored.ok(REPORTS, span).await, before);
    assert_eq!(restored.ok(courses, json!({})).await, seen);
    assert_eq!(other.sign_in(&other.elm, Who::Admin).await.ok("{ courses { totalCount } }", json!({})).await["courses"]["totalCount"], 0);
}
