//! What an export holds, and for whom its file is.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{EXPORT, LIST, a_little_life, export, sha256};
use crate::app::{TestApp, Who};

#[tokio::test]
async fn an_export_holds_every_row_and_file_of_the_school_and_no_secret() {
    let app = TestApp::start().await;
    let (admin, _) = a_little_life(&app).await;
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    crate::files::file(&elm, "elm.txt", "text/plain", b"Of another school").await;
    let (done, archive) = export(&app, &admin).await;
    assert_eq!((&done["error"], &done["requestedBy"]["id"]), (&Value::Null, &json!(admin.user_id)), "{done}");

    // Every table of schools is there, as the database's own catalog has them: none is forgotten, and none is a counter's.
    let sql = "SELECT string_agg(DISTINCT c.relname, ' ' ORDER BY c.relname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
          AND c.relname NOT IN ('answer_run', 'message_delta', 'token_counter', 'token_reservation', 'failed_sign_in', 'used_budget', 'known_network') AND c.relname !~ '^(platform_|tenant_erasure)'";
    let mut tables = archive.tables();
    tables.sort_unstable();
    assert_eq!(tables.join(" "), app.text(sql).await.unwrap());

    // The manifest, the answer and the archive say the same.
    let mut rows = 0;
    for (listed, shown) in archive.manifest["tables"].as_array().unwrap().iter().zip(done["tables"].as_array().unwrap()) {
        let bytes = &archive.entries[listed["path"].as_str().unwrap()];
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!((&listed["rows"], listed["sha256"].as_str()), (&json!(lines), Some(sha256(bytes).as_str())), "{listed}");
        assert_eq!((&listed["name"], &listed["rows"], &listed["sha256"]), (&shown["name"], &shown["rows"], &shown["sha256"]));
        rows += lines;
    }
    assert_eq!(done["rows"], rows);
    let files = archive.manifest["files"].as_array().unwrap();
    assert_eq!((files.len(), &done["files"]), (1, &json!(1)), "{files:?}");
    assert_eq!(archive.entries[files[0]["path"].as_str().unwrap()], b"Crosswind");
    assert_eq!(files[0]["sha256"], sha256(b"Crosswind"));
    assert_eq!(archive.manifest["school"]["slug"], "oak");

    // Rows of this school alone, as the table has them, in the order of its key.
    for table in ["course", "app_user", "enrollment", "user_role", "audit_entry"] {
        let written = archive.rows(table);
        // The log and the job went on while it was written.
        if table != "audit_entry" {
            assert_eq!(written.len() as i64, app.count(&format!("{table} WHERE tenant_id = '{}'", app.oak.tenant)).await, "{table}");
        }
        assert!(written.iter().all(|row| row["tenant_id"] == app.oak.tenant.to_string()), "{table}");
        let key = if table == "user_role" { "user_id" } else { "id" };
        let ids: Vec<&str> = written.iter().map(|row| row[key].as_str().unwrap()).collect();
        assert!(ids.is_sorted(), "{table}");
    }
    let [algebra] = &archive.rows("course")[..] else { panic!("one course") };
    assert_eq!((&algebra["title"], &algebra["description"]), (&json!("Algebra \u{1F600} \"quoted\""), &json!("Two\nlines")));

    // No secret, and nothing of another school, in any byte of it.
    let secrets = app.text("SELECT string_agg(s, ' ') FROM (SELECT password_hash AS s FROM credential UNION ALL SELECT encode(token_hash, 'hex') FROM refresh_token
        UNION ALL SELECT enrollment_key FROM course WHERE enrollment_key IS NOT NULL UNION ALL SELECT tenant_id::text FROM tenant WHERE slug = 'elm') AS x").await.unwrap();
    for (name, content) in &archive.entries {
        let text = String::from_utf8_lossy(content);
        for secret in secrets.split(' ') {
            assert!(secret.len() > 4 && !text.contains(secret), "{name} holds {secret}");
        }
        assert!(
            !text.contains("\"password_hash\":") && !text.contains("\"enrollment_key\":") && !text.contains("\"token_hash\":"),
            "{name}"
        );
    }
    let credential = archive.manifest["tables"].as_array().unwrap().iter().find(|table| table["name"] == "credential").unwrap();
    assert_eq!(credential["secretColumns"], json!(["password_hash"]));
}

#[tokio::test]
async fn two_exports_of_a_school_that_did_not_change_are_alike() {
    let app = TestApp::start().await;
    let (admin, _) = a_little_life(&app).await;
    let hashes = |export: &Value| -> BTreeMap<String, String> {
        let tables = export["tables"].as_array().unwrap().iter();
        tables.map(|table| (table["name"].as_str().unwrap().to_owned(), table["sha256"].as_str().unwrap().to_owned())).collect()
    };
    let (first, _) = export(&app, &admin).await;
    let (second, archive) = export(&app, &admin).await;
    let (first, second) = (hashes(&first), hashes(&second));
    let differ: Vec<&String> = first.keys().filter(|table| first[*table] != second[*table]).collect();
    // What exporting itself writes, and what tells of it.
    let own = ["audit_entry", "file", "job", "mail", "notification", "tenant_export"];
    assert!(differ.iter().all(|table| own.contains(&table.as_str())), "{differ:?}");
    assert_eq!(archive.manifest["files"].as_array().unwrap().len(), 1, "an export holds no export");
}

#[tokio::test]
async fn a_table_that_is_added_is_exported() {
    let app = TestApp::start().await;
    let (admin, _) = a_little_life(&app).await;
    app.sql(&format!(
        "CREATE TABLE planted (tenant_id uuid NOT NULL, number integer NOT NULL, word text, hidden text, twice integer GENERATED ALWAYS AS (number * 2) STORED,
             PRIMARY KEY (tenant_id, number));
         COMMENT ON COLUMN planted.hidden IS 'secret: of a test';
         ALTER TABLE planted OWNER TO lectern_owner;
         CALL app.raise_wall('planted');
         INSERT INTO planted (tenant_id, number, word, hidden) SELECT '{}', n, 'word ' || n, 'hide me' FROM generate_series(1, 4500) AS n;
         INSERT INTO planted (tenant_id, number, word, hidden) VALUES ('{}', 1, 'elm', 'hide me')",
        app.oak.tenant, app.elm.tenant
    ))
    .await;
    let (_, archive) = export(&app, &admin).await;
    let rows = archive.rows("planted");
    // More than a page, in the order of the key as numbers.
    assert_eq!(rows.len(), 4500);
    for (place, row) in rows.iter().enumerate() {
        let number = place + 1;
        assert_eq!(*row, json!({ "tenant_id": app.oak.tenant, "number": number, "word": format!("word {number}") }));
    }
}

#[tokio::test]
async fn an_export_goes_on_after_the_subscription_has_lapsed() {
    let app = TestApp::start().await;
    let (admin, _) = a_little_life(&app).await;
    for lapse in ["subscription_end = now()", "suspended_at = now()"] {
        app.sql(&format!("UPDATE tenant SET {lapse} WHERE slug = 'oak'")).await;
        assert_eq!(admin.refused("{ courses { totalCount } }", json!({})).await, "SUBSCRIPTION_EXPIRED");
        let (_, archive) = export(&app, &admin).await;
        assert_eq!(archive.rows("course").len(), 1, "{lapse}");
    }
}

#[tokio::test]
async fn its_file_is_for_who_may_export_and_for_nobody_else() {
    let app = TestApp::start().await;
    let (admin, lea) = a_little_life(&app).await;
    // Who may manage every file, and who may export.
    for (key, permission) in [("KEEPER", "FILE_MANAGE"), ("LEAVER", "TENANT_EXPORT")] {
        let role = json!({ "i": { "key": key, "name": key, "permissions": ["FILE_UPLOAD", permission] } });
        admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", role).await;
    }
    let keeper = app.person(&app.oak, "keeper@oak.example", &["KEEPER"]).await;
    let leaver = app.person(&app.oak, "leaver@oak.example", &["LEAVER"]).await;
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    let (done, _) = export(&app, &admin).await;
    let file = &done["file"]["id"];
    let read = "query($id: ID!) { file(id: $id) { id download { url } } }";
    for (client, sees) in [(&admin, true), (&leaver, true), (&keeper, false), (&lea, false), (&elm, false)] {
        assert_eq!(client.ok(read, json!({ "id": file })).await["file"].is_object(), sees);
    }
    assert!(leaver.ok(LIST, json!({})).await["tenantExports"]["nodes"][0]["file"]["download"]["url"].is_string());
    for client in [&keeper, &lea] {
        assert_eq!(client.refused(LIST, json!({})).await, "FORBIDDEN [TENANT_EXPORT]");
        assert_eq!(client.refused(EXPORT, json!({})).await, "FORBIDDEN [TENANT_EXPORT]");
        let document = "mutation($i: UpdateFileInput!) { updateFile(input: $i) { id } }";
        assert_eq!(client.refused(document, json!({ "i": { "id": file, "name": "mine.tar.gz" } })).await, "NOT_FOUND @id");
    }
    // Nor does whoever may do everything show it to others.
    let show = "mutation($i: UpdateFileVisibilityInput!) { updateFileVisibility(input: $i) { id } }";
    let shared = json!({ "i": { "id": file, "visibility": "SHARED", "userIds": [lea.user_id] } });
    assert_eq!(admin.refused(show, shared).await, "FORBIDDEN NOT_YOURS @id");
    assert!(lea.ok(read, json!({ "id": file })).await["file"].is_null());
    // It is told to whoever asked.
    app.work().await;
    let told = admin.ok(crate::notifications::LIST, json!({})).await["notifications"]["nodes"].take();
    assert!(
        told.as_array().unwrap().iter().any(|note| note["kind"] == "TENANT_EXPORT_FINISHED" && note["subjectId"] == done["id"]),
        "{told}"
    );

    // After its time it is EXPIRED, and the file is gone.
    app.sql("UPDATE tenant_export SET expires_at = now(); UPDATE file SET expires_at = now() WHERE is_export").await;
    let listed = admin.ok(LIST, json!({})).await["tenantExports"]["nodes"][0].take();
    assert_eq!((&listed["state"], &listed["file"]), (&json!("EXPIRED"), &Value::Null), "{listed}");
    assert!(admin.http.get(done["file"]["download"]["url"].as_str().unwrap()).send().await.unwrap().status().is_client_error());
}

#[tokio::test]
async fn the_archive_of_a_school_that_has_lapsed_is_deleted_after_its_week() {
    let app = TestApp::start().await;
    let (admin, _) = a_little_life(&app).await;
    app.sql("UPDATE tenant SET subscription_end = now() WHERE slug = 'oak'").await;
    export(&app, &admin).await;
    let kept = async || (app.count("file WHERE is_export").await, crate::files::objects(&app, "schools").len());
    assert_eq!(kept().await, (1, 2), "not before");
    app.sql(
        "UPDATE tenant_export SET expires_at = now(); UPDATE file SET expires_at = now() WHERE is_export;
         UPDATE job SET run_at = now() WHERE kind = 'tenant.export_over'",
    )
    .await;
    app.work().await;
    assert_eq!(kept().await, (0, 1), "neither its row nor its bytes, and nothing else");
    let listed = admin.ok(LIST, json!({})).await["tenantExports"]["nodes"][0].take();
    assert_eq!((&listed["state"], &listed["file"]), (&json!("EXPIRED"), &Value::Null), "{listed}");
    assert_eq!(app.count("audit_entry WHERE operation = 'system:tenant.export_over' AND actor_id IS NOT NULL").await, 0);
}
