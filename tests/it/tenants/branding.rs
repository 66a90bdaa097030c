//! How a school looks, what it is called, which language it speaks: who says so, and who sees it.

use serde_json::{Value, json};

use crate::{
    app::{TestApp, Who, refusal},
    classroom::{nothing, refused},
    files,
};

const SET: &str = "mutation($i: UpdateTenantSettingsInput!) { updateTenantSettings(input: $i) {
    tenant { name timeZone } locale isListed branding { logo { id } primaryColor website supportEmail } } }";
const SETTINGS: &str = "{ viewer { tenant { name timeZone settings { locale isListed branding { logo { id } primaryColor website supportEmail } features { key } } } } }";
const PUBLIC: &str = "{ publicTenant(slug: \"oak\") { name locale logoUrl primaryColor website } }";
const PNG: &[u8] = b"\x89PNG\r\n\x1A\nlogo";

fn set(input: Value) -> Value {
    json!({ "i": input })
}

#[tokio::test]
async fn a_school_says_how_it_looks_and_the_public_sees_it() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let public = app.stranger().ok(PUBLIC, json!({})).await["publicTenant"].take();
    assert_eq!(public, json!({ "name": "Oak School", "locale": "en", "logoUrl": null, "primaryColor": null, "website": null }));
    let logo = files::file(&admin, "logo.png", "image/png", PNG).await["id"].take();
    files::show(&admin, logo.as_str().unwrap(), "PUBLIC", json!({})).await;
    let input = json!({ "name": " Oak & Ash ", "timeZone": "Asia/Kolkata", "locale": "de", "isListed": true, "logoFileId": logo,
                        "primaryColor": "#1A2b3C", "website": "https://Oak.example", "supportEmail": "help@oak.example" });
    let answered = admin.ok(SET, set(input)).await["updateTenantSettings"].take();
    let branding =
        json!({ "logo": { "id": logo }, "primaryColor": "#1a2b3c", "website": "https://oak.example/", "supportEmail": "help@oak.example" });
    assert_eq!(
        answered,
        json!({ "tenant": { "name": "Oak & Ash", "timeZone": "Asia/Kolkata" }, "locale": "de", "isListed": true, "branding": branding })
    );
    let public = app.stranger().ok(PUBLIC, json!({})).await["publicTenant"].take();
    assert_eq!(
        json!([public["name"], public["locale"], public["primaryColor"], public["website"]]),
        json!(["Oak & Ash", "de", "#1a2b3c", "https://oak.example/"])
    );
    let answer = app.stranger().http.get(public["logoUrl"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), PNG);
    // Everybody of the school reads it, after a lapse as well; what is left out stays, null clears.
    for who in Who::ALL {
        let seen = app.sign_in(&app.oak, who).await.ok(SETTINGS, json!({})).await["viewer"]["tenant"].take();
        assert_eq!(seen["settings"]["branding"], branding, "{who:?}");
    }
    admin.ok(SET, set(json!({ "primaryColor": null, "website": null, "supportEmail": null, "isListed": false }))).await;
    assert_eq!(app.stranger().ok(PUBLIC, json!({})).await, json!({ "publicTenant": null }), "not listed any more");
    let entry = |resource: &str| {
        format!("audit_entry WHERE operation = 'updateTenantSettings' AND outcome = 'CHANGED' AND resource = '{resource}'")
    };
    assert_eq!((app.count(&entry("Tenant")).await, app.count(&entry("TenantSettings")).await), (2, 2));
    app.sql(
        "UPDATE tenant SET subscription_start = now() - interval '2 days', subscription_end = now() - interval '1 day' WHERE slug = 'oak'",
    )
    .await;
    let lapsed = app.sign_in(&app.oak, Who::Learner).await.ok("{ viewer { tenant { settings { locale } } features } }", json!({})).await;
    assert_eq!(lapsed["viewer"], json!({ "tenant": { "settings": { "locale": "de" } }, "features": [] }));
}

#[tokio::test]
async fn a_logo_is_a_public_picture_and_stays_one() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let logo = files::file(&admin, "logo.png", "image/png", PNG).await["id"].take();
    let hidden = files::file(&app.sign_in(&app.oak, Who::Learner).await, "mine.png", "image/png", PNG).await["id"].take();
    for (id, line) in [
        (json!(logo), "BAD_USER_INPUT @logoFileId"),
        (json!(hidden), "BAD_USER_INPUT @logoFileId"),
        (json!(nothing("file")), "NOT_FOUND @logoFileId"),
        (json!("logo"), "BAD_USER_INPUT @logoFileId"),
    ] {
        refused(&app, &admin, SET, set(json!({ "name": "Other", "logoFileId": id })), line).await;
    }
    files::show(&admin, logo.as_str().unwrap(), "PUBLIC", json!({})).await;
    admin.ok(SET, set(json!({ "logoFileId": logo }))).await;
    refused(&app, &admin, "mutation($id: ID!) { deleteFile(id: $id) }", json!({ "id": logo }), "CONFLICT IN_USE @id").await;
    let show = |visibility: &str| json!({ "i": { "id": logo, "visibility": visibility } });
    for visibility in ["TENANT", "PRIVATE"] {
        refused(&app, &admin, files::SHOW, show(visibility), "CONFLICT IN_USE @id").await;
    }
    assert_ne!(app.stranger().ok(PUBLIC, json!({})).await["publicTenant"]["logoUrl"], Value::Null);
    admin.ok(SET, set(json!({ "logoFileId": null }))).await;

    // Whoever names it and whoever hides it at once: one of the two is refused.
    for _ in 0..10 {
        let naming = set(json!({ "logoFileId": logo }));
        let (named, hidden) = futures_util::future::join(admin.ask(SET, naming), admin.ask(files::SHOW, show("TENANT"))).await;
        let lines: Vec<String> =
            [&named, &hidden].iter().filter_map(|answer| answer.get("errors")).map(|errors| refusal(&errors[0])).collect();
        assert_eq!(lines.len(), 1, "{named} {hidden}");
        assert!(["BAD_USER_INPUT @logoFileId", "CONFLICT IN_USE @id"].contains(&lines[0].as_str()), "{lines:?}");
        admin.ok(SET, set(json!({ "logoFileId": null }))).await;
        files::show(&admin, logo.as_str().unwrap(), "PUBLIC", json!({})).await;
    }
    files::show(&admin, logo.as_str().unwrap(), "TENANT", json!({})).await;
    admin.ok("mutation($id: ID!) { deleteFile(id: $id) }", json!({ "id": logo })).await;
}

#[tokio::test]
async fn what_is_out_of_bounds_is_refused_with_its_field_and_only_who_may_changes_it() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (field, value) in [
        ("name", json!(null)),
        ("name", json!("  ")),
        ("name", json!("x".repeat(201))),
        ("timeZone", json!(null)),
        ("timeZone", json!("Oak/Town")),
        ("isListed", json!(null)),
        ("locale", json!(null)),
        ("locale", json!("english!")),
        ("primaryColor", json!("red")),
        ("primaryColor", json!("#12345")),
        ("primaryColor", json!("#12345g")),
        ("website", json!("http://oak.example")),
        ("website", json!("https://user:secret@oak.example")),
        ("website", json!("javascript:alert(1)")),
        ("website", json!(format!("https://oak.example/{}", "x".repeat(500)))),
        ("supportEmail", json!("nowhere")),
    ] {
        // Nor is what stands beside it changed.
        let mut input = json!({ "mailFooter": "Not this" });
        input[field] = value.clone();
        refused(&app, &admin, SET, set(input), &format!("BAD_USER_INPUT @{field}")).await;
    }
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        refused(&app, &client, SET, set(json!({ "name": "Mine" })), "FORBIDDEN [TENANT_MANAGE]").await;
    }
    assert_eq!(app.text("SELECT name FROM tenant WHERE slug = 'oak'").await.as_deref(), Some("Oak School"));
}

#[tokio::test]
async fn whoever_has_chosen_no_language_is_written_to_in_the_schools() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    admin.ok(SET, set(json!({ "locale": "de" }))).await;
    let grant = json!({ "i": { "userIds": [learner.user_id], "roleKey": "VIEWER" } });
    admin.ok("mutation($i: GrantRoleInput!) { grantRole(input: $i) { id } }", grant).await;
    app.work().await;
    assert_eq!(app.count("mail WHERE template = 'role_changed' AND locale = 'de'").await, 1);
    // A new time zone holds from the next request.
    admin.ok(SET, set(json!({ "timeZone": "Pacific/Auckland" }))).await;
    let seen = learner.ok("{ viewer { tenant { timeZone } } }", json!({})).await;
    assert_eq!(seen["viewer"]["tenant"]["timeZone"], "Pacific/Auckland");
}
