//! One at a time, and what becomes of one that can't be written.

use serde_json::json;

use super::{EXPORT, LIST, a_little_life, export};
use crate::{app::TestApp, classroom::insist};

#[tokio::test]
async fn of_twenty_who_ask_at_once_one_is_heard() {
    let app = TestApp::start().await;
    let (admin, _) = a_little_life(&app).await;
    let asked = futures_util::future::join_all((0..20).map(|_| insist(&admin, EXPORT, json!({})))).await;
    let begun = asked.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert!(
        asked.iter().all(|answer| answer.get("errors").is_none() || crate::app::refusal(&answer["errors"][0]) == "CONFLICT EXPORT_RUNNING"),
        "{asked:?}"
    );
    assert_eq!((begun, app.count("tenant_export").await, app.count("job WHERE kind = 'tenant.export'").await), (1, 1, 1));
    app.work().await;
    export(&app, &admin).await;
}

#[tokio::test]
async fn a_table_that_cannot_be_read_and_emptied_fails_exports_and_erasures_by_its_name() {
    let app = TestApp::start().await;
    let (admin, _) = super::a_little_life(&app).await;
    let planted = "CREATE TABLE planted (tenant_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (tenant_id, id)); ALTER TABLE planted OWNER TO lectern_owner;
         INSERT INTO planted SELECT tenant_id, gen_random_uuid() FROM tenant;";
    app.sql(planted).await;
    let fails = async |gap: &str| {
        admin.ok(EXPORT, json!({})).await;
        app.work().await;
        let last = admin.ok(LIST, json!({})).await["tenantExports"]["nodes"][0].take();
        assert_eq!((&last["state"], &last["error"]), (&json!("FAILED"), &json!("TABLE_OUT_OF_REACH: planted")), "{gap}");
        app.sql("SET app.audit = 'off'; UPDATE tenant SET suspended_at = now() WHERE slug = 'oak'; RESET app.audit").await;
        super::erasures::ask(&app, &app.oak).await;
        assert_eq!(super::erasures::state(&app).await, "FAILED 0 TABLE_OUT_OF_REACH: planted", "{gap}");
        app.sql("SET app.audit = 'off'; UPDATE tenant SET suspended_at = NULL WHERE slug = 'oak'; RESET app.audit").await;
        assert_eq!(admin.ok("{ courses { totalCount } }", json!({})).await["courses"]["totalCount"], 1, "{gap}: nothing is gone");
    };
    fails("its wall was never raised").await;
    app.sql("CALL app.raise_wall('planted'); REVOKE DELETE ON planted FROM lectern_desk").await;
    fails("no right to empty it").await;
    app.sql("CALL app.raise_wall('planted'); REVOKE SELECT ON planted FROM lectern_desk").await;
    fails("no right to read it").await;
    app.sql("CALL app.raise_wall('planted'); DROP POLICY desk_read ON planted").await;
    fails("no row of it is seen").await;
    // With its wall it goes along; what is marked as the platform's is none of a school's.
    app.sql("CALL app.raise_wall('planted')").await;
    assert_eq!(super::export(&app, &admin).await.1.rows("planted").len(), 1);
    app.sql("CALL app.keep_for_desk('planted')").await;
    assert!(!super::export(&app, &admin).await.1.tables().contains(&"planted"));
}

#[tokio::test]
async fn an_export_ends_with_the_right_of_whoever_asked_and_with_its_job() {
    let app = TestApp::start().await;
    let (admin, _) = a_little_life(&app).await;
    let role = json!({ "i": { "key": "LEAVER", "name": "Leaver", "permissions": ["TENANT_EXPORT"] } });
    let role = admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", role).await["createRole"]["id"].take();
    let leaver = app.person(&app.oak, "leaver@oak.example", &["LEAVER"]).await;
    leaver.ok(EXPORT, json!({})).await;
    let less = json!({ "i": { "id": role, "permissions": ["COURSE_READ"] } });
    admin.ok("mutation($i: UpdateRoleInput!) { updateRole(input: $i) { id } }", less).await;
    app.work().await;
    let listed = admin.ok(LIST, json!({})).await["tenantExports"]["nodes"][0].take();
    assert_eq!(
        (&listed["state"], &listed["error"], &listed["file"]),
        (&json!("FAILED"), &json!("PERMISSION_LOST"), &json!(null)),
        "{listed}"
    );
    assert_eq!(app.count("file WHERE is_export").await, 0);

    let asked = admin.ok(EXPORT, json!({})).await["exportTenant"]["id"].take();
    let job = app.text("SELECT app.type_id('job', id) FROM job WHERE kind = 'tenant.export' AND state = 'QUEUED'").await.unwrap();
    admin.ok("mutation($id: ID!) { cancelJob(id: $id) { id } }", json!({ "id": job })).await;
    let listed = admin.ok(LIST, json!({})).await["tenantExports"]["nodes"][0].take();
    assert_eq!((&listed["id"], &listed["state"], &listed["error"]), (&asked, &json!("FAILED"), &json!("CANCELLED")), "{listed}");
    export(&app, &admin).await;
}
