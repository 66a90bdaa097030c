//! A roster that is exported reads back as what is there.

use serde_json::{Value, json};

use super::{bundle, people, school, start, summary};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, draft, enroll, learners},
    exports::{bytes, clerk, run},
};

const EXPORT: &str = "mutation($i: ExportRosterInput!) { exportRoster(input: $i) { id state name from to } }";

/// Exports the roster; its run and its bytes.
async fn export(app: &TestApp, client: &Client, format: &str) -> (Value, Vec<u8>) {
    let id = client.ok(EXPORT, json!({ "i": { "format": format } })).await["exportRoster"]["id"].take();
    app.work().await;
    let made = run(client, id.as_str().unwrap()).await;
    assert_eq!(made["state"], "SUCCEEDED", "{made}");
    let bytes = bytes(client, &made).await;
    (made, bytes)
}

/// Only what is unchanged.
fn nothing_but_unchanged(run: &Value) {
    assert_eq!(run["state"], "SUCCEEDED", "{run:#}");
    assert_eq!(run["issueCount"], 0, "{run:#}");
    for count in run["counts"].as_array().unwrap() {
        for other in ["created", "updated", "removed", "rejected"] {
            assert_eq!(count[other], 0, "{run:#}");
        }
    }
}

#[tokio::test]
async fn an_exported_roster_imports_as_unchanged_in_every_format() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let ids = learners(&app, &app.oak, 7).await;
    let algebra = course(&ada, json!({ "title": "=Algebra, \"one\"" })).await;
    let lonely = course(&admin, json!({ "title": "Botany", "instructorId": null })).await;
    draft(&ada, json!({ "title": "Draft" })).await;
    for id in &ids[..3] {
        enroll(&admin, &algebra, id).await;
        enroll(&admin, &lonely, id).await;
    }
    app.sql("UPDATE app_user SET name = 'Cher' WHERE name = 'Person 001'; UPDATE app_user SET name = 'Maria da  Silva' WHERE name = 'Person 002';
             UPDATE app_user SET status = 'SUSPENDED' WHERE name = 'Person 003';
             UPDATE app_user SET name = '- Bullet' WHERE name = 'Person 005'; UPDATE app_user SET name = '-  Two' WHERE name = 'Person 006';
             UPDATE app_user SET name = '-' WHERE name = 'Person 007'; UPDATE app_user SET name = '- - Three words' WHERE name = 'Person 004'; UPDATE enrollment SET status = 'DROPPED' WHERE id = (SELECT max(id::text)::uuid FROM enrollment)").await;
    app.sql("DELETE FROM roster_link").await;
    let links = |text: String| text;
    for format in ["ONEROSTER_1_1", "ONEROSTER_1_2", "USERS_CSV"] {
        let (made, bytes) = export(&app, &admin, format).await;
        assert!(made["rows"].as_i64().unwrap() > 5, "{made}");
        let before = links(school_without_links(&app).await);
        for dry_run in [true, false] {
            let run = if format == "USERS_CSV" {
                people(&app, &admin, std::str::from_utf8(&bytes).unwrap(), json!({ "dryRun": dry_run })).await
            } else {
                bundle(&app, &admin, &bytes, json!({ "dryRun": dry_run, "removeMissing": true, "maxRemovals": 0 })).await
            };
            nothing_but_unchanged(&run);
        }
        assert_eq!(school_without_links(&app).await, before, "{format}");
    }
}

/// What links say is bookkeeping.
async fn school_without_links(app: &TestApp) -> String {
    app.sql("DELETE FROM roster_link").await;
    school(app).await
}

#[tokio::test]
async fn another_school_takes_an_exported_roster_as_new() {
    let app = TestApp::start().await;
    let (admin, elm) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.elm, Who::Admin).await);
    let ids = learners(&app, &app.oak, 3).await;
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    enroll(&admin, &algebra, &ids[0]).await;
    let (_, bytes) = export(&app, &admin, "ONEROSTER_1_2").await;
    let oak = app
        .text(&format!(
            "SELECT md5(string_agg(to_jsonb(u)::text, '' ORDER BY u.id)) FROM app_user u WHERE tenant_id = '{}'",
            app.oak.tenant
        ))
        .await;
    let file = crate::files::file(&elm, "roster.zip", "application/zip", &bytes).await;
    let id = start(&elm, file["id"].as_str().unwrap(), "ONEROSTER_CSV", json!({})).await;
    app.work().await;
    let run = super::read(&elm, &id).await;
    assert_eq!(
        summary(&run),
        "SUCCEEDED ORG 1/0/0/0/0 ACADEMIC_SESSION 1/0/0/0/0 COURSE 1/0/0/0/0 USER 6/0/0/0/0 CLASS 1/0/0/0/0 ENROLLMENT 1/0/1/0/0"
    );
    assert_eq!(
        app.text(&format!(
            "SELECT md5(string_agg(to_jsonb(u)::text, '' ORDER BY u.id)) FROM app_user u WHERE tenant_id = '{}'",
            app.oak.tenant
        ))
        .await,
        oak
    );
}

#[tokio::test]
async fn machines_read_a_roster_as_it_is_and_only_its_asker_gets_it() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 1).await;
    app.sql("UPDATE app_user SET name = '=Formula' WHERE name = 'Person 001'").await;
    let (made, bytes) = export(&app, &admin, "USERS_CSV").await;
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains(&format!("person1@oak.example,=Formula,LEARNER,ACTIVE,{}\r\n", people[0])), "{text}");
    assert_eq!(
        json!([made["file"]["folder"], made["file"]["contentType"], made["from"], made["to"]]),
        json!(["exports", "text/csv", null, null])
    );
    let other = app.person(&app.oak, "second@oak.example", &["ADMIN"]).await;
    assert_eq!(run(&other, made["id"].as_str().unwrap()).await, json!(null));
}

#[tokio::test]
async fn a_roster_holds_nobody_whose_address_its_asker_may_not_see() {
    let app = TestApp::start().await;
    let clerk = clerk(&app, &["ROSTER_MANAGE"]).await;
    let (made, bytes) = export(&app, &clerk, "USERS_CSV").await;
    // Names of instructors are everybody's to see.
    let own = format!("clerk@oak.example,clerk@oak.example,CLERK;LEARNER,ACTIVE,{}\r\n", clerk.user_id);
    assert_eq!(String::from_utf8(bytes).unwrap(), format!("email,name,roles,status,sourcedId\r\n{own}"));
    assert_eq!(made["rows"], 1);
}
