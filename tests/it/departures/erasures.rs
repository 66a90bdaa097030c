//! An erased school leaves no row, in any table that the catalog knows, and no file.

use std::path::Path;

use serde_json::json;

use super::a_little_life;
use crate::{
    app::{PASSWORD, School, TestApp, Who},
    isolation::world::World,
    platform::{id_of, operator},
};

/// Asks for an erasure, as the platform does.
pub async fn ask(app: &TestApp, school: &School) {
    app.sql(&format!(
        "BEGIN; SET LOCAL app.tenant_id = '00000000-0000-0000-0000-000000000000';
         WITH made AS (INSERT INTO tenant_erasure (tenant_id, id, school_id, slug) VALUES (app.tenant_id(), gen_random_uuid(), '{}', '{}') RETURNING id)
             SELECT app.enqueue('tenant.erase', id::text, jsonb_build_object('erasure', id)) FROM made;
         COMMIT",
        school.tenant, school.slug
    ))
    .await;
    app.work().await;
}

pub async fn state(app: &TestApp) -> String {
    app.text("SELECT concat_ws(' ', state, remaining, error) FROM tenant_erasure ORDER BY created_at DESC, id DESC LIMIT 1").await.unwrap()
}

/// Every table that holds a row with this id in `tenant_id`, but the platform's own.
async fn left(app: &TestApp, school: &School) -> Vec<String> {
    let sql = format!(
        "SELECT string_agg(format('SELECT %L FROM %s WHERE tenant_id = ''{}'' HAVING count(*) > 0', c.oid::regclass, c.oid::regclass), ' UNION ALL ')
         FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
           AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)",
        school.tenant
    );
    let sql = app.text(&sql).await.unwrap();
    let found = app.text(&format!("SELECT string_agg(x::text, ',') FROM ({sql}) AS x")).await.unwrap_or_default();
    found.split(',').filter(|table| !table.is_empty()).map(str::to_owned).collect()
}

fn files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.map(|entry| entry.unwrap()).map(|entry| if entry.file_type().unwrap().is_dir() { files(&entry.path()) } else { 1 }).sum()
}

#[tokio::test]
async fn an_erased_school_leaves_nothing_and_another_loses_nothing() {
    let app = TestApp::start().await;
    // A row in every table, of both schools; this fails where a table has none.
    World::build(&app).await;
    a_little_life(&app).await;
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    crate::files::file(&elm, "elm.txt", "text/plain", b"Of another school").await;
    app.sql(&format!(
        "CREATE TABLE planted (tenant_id uuid NOT NULL, id uuid NOT NULL, user_id uuid NOT NULL, PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, user_id) REFERENCES app_user);
         ALTER TABLE planted OWNER TO lectern_owner; CALL app.raise_wall('planted');
         INSERT INTO planted SELECT tenant_id, gen_random_uuid(), id FROM app_user; SET app.audit = 'off'; UPDATE tenant SET suspended_at = now() WHERE tenant_id = '{}'",
        app.oak.tenant
    ))
    .await;
    let before = left(&app, &app.elm).await;
    assert!(left(&app, &app.oak).await.contains(&"(planted)".to_owned()) && before.len() > 20, "{before:?}");
    let kept = app.count(&format!("app_user WHERE tenant_id = '{}'", app.elm.tenant)).await;

    ask(&app, &app.oak).await;
    assert_eq!(state(&app).await, "DONE 0");
    assert_eq!(left(&app, &app.oak).await, [""; 0], "a table that an erasure does not reach: raise its wall");
    let told = "tenant_erasure WHERE slug = 'oak' AND rows > 50 AND tables > 30 AND files > 0 AND finished_at IS NOT NULL";
    assert_eq!(app.count(told).await, 1);
    let of = |school: &School| files(&app.files().join("schools").join(school.tenant.to_string()));
    assert_eq!((of(&app.oak), of(&app.elm)), (0, 1));
    assert_eq!(left(&app, &app.elm).await, before);
    assert_eq!(app.count(&format!("app_user WHERE tenant_id = '{}'", app.elm.tenant)).await, kept);

    // As if there had never been such a school.
    let login = "mutation($i: LoginInput!) { login(input: $i) { accessToken } }";
    let of = |tenant: &str| json!({ "i": { "tenant": tenant, "email": "admin@oak.example", "password": PASSWORD } });
    let (gone, never) = (app.stranger().ask(login, of("oak")).await, app.stranger().ask(login, of("never")).await);
    assert_eq!((&gone["errors"][0]["message"], &gone["data"]), (&never["errors"][0]["message"], &never["data"]));
    let old = app.sign_in(&app.oak, Who::Admin).await;
    assert!(old.ok("{ viewer { user { id } } }", json!({})).await["viewer"].is_null(), "a token of it is none");
    assert_eq!(app.count("tenant WHERE slug = 'oak'").await, 0, "and the slug is free");
    // Once more is nothing to do.
    ask(&app, &app.oak).await;
    assert_eq!(state(&app).await, "DONE 0");
}

#[tokio::test]
async fn only_a_school_that_is_suspended_is_erased_and_only_while_it_is_asked_for() {
    let app = TestApp::start().await;
    let (admin, _) = a_little_life(&app).await;
    ask(&app, &app.oak).await;
    assert_eq!(state(&app).await, "FAILED 0 NOT_SUSPENDED");
    assert_eq!(admin.ok("{ courses { totalCount } }", json!({})).await["courses"]["totalCount"], 1);

    // The role by itself deletes nothing: not of this school, nor of a suspended one, nor of all.
    app.sql("SET app.audit = 'off'; UPDATE tenant SET suspended_at = now() WHERE slug = 'oak'").await;
    let (desk, connection) = tokio_postgres::connect(&app.database.url("lectern_desk"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let before = app.count("course").await;
    for school in [app.oak.tenant, app.elm.tenant, uuid::Uuid::nil()] {
        desk.batch_execute(&format!("SET app.tenant_id = '{school}'; SET app.audit = 'off'")).await.unwrap();
        for table in ["course", "audit_entry", "enrollment", "tenant"] {
            assert_eq!(desk.execute(&format!("DELETE FROM {table}"), &[]).await.unwrap_or(0), 0, "{table}");
        }
    }
    assert_eq!(app.count("course").await, before);
    // While oak is being erased, elm is as safe as ever.
    app.sql(&format!(
        "INSERT INTO tenant_erasure (tenant_id, id, school_id, slug, state)
         VALUES ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), '{}', 'oak', 'RUNNING')",
        app.oak.tenant
    ))
    .await;
    desk.batch_execute(&format!("SET app.tenant_id = '{}'", app.elm.tenant)).await.unwrap();
    assert_eq!(desk.execute("DELETE FROM user_group", &[]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn an_erasure_that_the_store_made_fail_is_finished_by_its_job_and_the_platforms_log_says_how_each_ended() {
    let app = TestApp::start().await;
    a_little_life(&app).await;
    let olive = operator(&app).await;
    app.sql("SET app.audit = 'off'; UPDATE tenant SET suspended_at = now() WHERE slug = 'oak'").await;
    // Nobody comes to the end of a folder that leads back to itself.
    let folder = app.files().join("schools").join(app.oak.tenant.to_string());
    let back = folder.join("back");
    std::os::unix::fs::symlink(&folder, &back).unwrap();
    ask(&app, &app.oak).await;
    app.sql("UPDATE job SET max_attempts = attempts + 1, run_at = now() WHERE kind = 'tenant.erase' AND state = 'QUEUED'").await;
    app.work().await;
    assert_eq!(state(&app).await, "FAILED 0 UNAVAILABLE");
    assert_eq!(app.count("tenant WHERE slug = 'oak'").await, 1, "the school goes after its files");

    std::fs::remove_file(&back).unwrap();
    // As `lectern jobs retry` does.
    app.sql(
        "BEGIN; SET LOCAL app.tenant_id = '00000000-0000-0000-0000-000000000000';
         SELECT app.retry_job(id) FROM job WHERE kind = 'tenant.erase'; COMMIT",
    )
    .await;
    assert_eq!(state(&app).await, "QUEUED 0");
    app.work().await;
    assert_eq!(state(&app).await, "DONE 0");
    assert_eq!((left(&app, &app.oak).await, files(&folder)), (vec![], 0));

    let log = "query($id: ID!) { auditLog(filter: { tenantId: $id }) { nodes { operation after } } }";
    let log = olive.ok(log, json!({ "id": id_of(&app.oak) })).await["auditLog"]["nodes"].take();
    let ends: Vec<_> = log.as_array().unwrap().iter().map(|entry| (&entry["operation"], &entry["after"]["state"])).collect();
    let operation = &json!("system:tenant.erase");
    assert_eq!(ends, [(operation, &json!("DONE")), (operation, &json!("FAILED"))], "{log}");
    let done = &log[0]["after"];
    assert_eq!((&done["slug"], &done["remaining"]), (&json!("oak"), &json!(0)));
    assert!(done["rows"].as_i64() > Some(0) && done["tables"].as_i64() > Some(30), "{done}");
}
