//! What a school puts around its mails.

use serde_json::{Value, json};

use super::{
    NEWS, ask, nowhere, send,
    sink::{Mood, Sink},
    start, to,
};
use crate::{app::Who, classroom::refused, files};

const UPDATE: &str =
    "mutation($i: UpdateTenantSettingsInput!) { updateTenantSettings(input: $i) { mailSenderName mailFooter tenant { slug } } }";
const READ: &str = "{ viewer { tenant { settings { mailSenderName mailFooter tenant { slug } } } } }";

#[tokio::test]
async fn everybody_reads_the_settings_of_the_own_school_and_administrators_change_them() {
    let app = start(nowhere(), true).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let settings = json!({ "mailSenderName": "Oak Office", "mailFooter": "1 Oak Lane\nOakham" });
    let changed = admin.ok(UPDATE, json!({ "i": settings })).await["updateTenantSettings"].take();
    assert_eq!(changed, json!({ "mailSenderName": "Oak Office", "mailFooter": "1 Oak Lane\nOakham", "tenant": { "slug": "oak" } }));
    for who in Who::ALL {
        let client = app.sign_in(&app.oak, who).await;
        assert_eq!(client.ok(READ, json!({})).await["viewer"]["tenant"]["settings"], changed, "{who:?}");
        if who != Who::Admin {
            refused(&app, &client, UPDATE, json!({ "i": { "mailFooter": "x" } }), "FORBIDDEN [TENANT_MANAGE]").await;
        }
    }
    let elm = app.sign_in(&app.elm, Who::Learner).await.ok(READ, json!({})).await["viewer"]["tenant"]["settings"].take();
    assert_eq!(elm, json!({ "mailSenderName": null, "mailFooter": null, "tenant": { "slug": "elm" } }));
    // What is left out stays, a null clears.
    let cleared = admin.ok(UPDATE, json!({ "i": { "mailSenderName": null } })).await["updateTenantSettings"].take();
    assert_eq!((&cleared["mailSenderName"], &cleared["mailFooter"]), (&Value::Null, &json!("1 Oak Lane\nOakham")));
    let entries =
        app.count("audit_entry WHERE resource = 'TenantSettings' AND operation = 'updateTenantSettings' AND outcome = 'CHANGED'").await;
    assert_eq!(entries, 2);
    // They outlive a lapse, and are not changed in one.
    app.sql("UPDATE tenant SET suspended_at = now() WHERE slug = 'oak'").await;
    assert_eq!(admin.ok(READ, json!({})).await["viewer"]["tenant"]["settings"]["mailFooter"], "1 Oak Lane\nOakham");
    refused(&app, &admin, UPDATE, json!({ "i": { "mailFooter": "x" } }), "SUBSCRIPTION_EXPIRED").await;
}

#[tokio::test]
async fn what_is_too_long_or_could_make_a_header_is_refused() {
    let app = start(nowhere(), true).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (field, value) in [
        ("mailSenderName", "x".repeat(101)),
        ("mailSenderName", "  ".to_owned()),
        ("mailSenderName", "Oak\r\nBcc: evil@example.org".to_owned()),
        ("mailSenderName", "Oak\u{202e}".to_owned()),
        ("mailFooter", "x".repeat(1001)),
        ("mailFooter", "a\u{0}b".to_owned()),
    ] {
        refused(&app, &admin, UPDATE, json!({ "i": { field: value } }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    admin.ok(UPDATE, json!({ "i": { "mailSenderName": "x".repeat(100), "mailFooter": "ü".repeat(1000) } })).await;
}

#[tokio::test]
async fn mails_go_under_the_schools_name_with_its_footer_as_they_were_when_it_was_asked() {
    let app = start(nowhere(), true).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok(UPDATE, json!({ "i": { "mailSenderName": "Müller & \"Söhne\"", "mailFooter": "<b>1 Oak Lane</b>" } })).await;
    ask(&app, &app.oak, &NEWS, Who::Learner).await;
    admin.ok(UPDATE, json!({ "i": { "mailFooter": "Elsewhere" } })).await;
    let sink = Sink::start(Mood::Takes).await;
    send(&app, to(&sink), "SENT", 1).await;
    let [mail] = &sink.given()[..] else { panic!("one mail") };
    let from = mail.header("From").unwrap();
    assert!(from.is_ascii() && from.ends_with("<post@mail.example>"), "{from}");
    let shown = admin.ok("{ outbox { nodes { text html } } }", json!({})).await["outbox"]["nodes"][0].take();
    assert!(
        shown["text"].as_str().unwrap().contains("-- \nMüller & \"Söhne\"\n<b>1 Oak Lane</b>\n\nNo more mail of this kind: http"),
        "{shown:#}"
    );
    let html = shown["html"].as_str().unwrap();
    assert!(html.contains("&lt;b&gt;1 Oak Lane") && !html.contains("<b>") && !html.contains("Elsewhere"), "{html}");
}

#[tokio::test]
async fn mails_wear_the_schools_colour_and_logo_and_are_answered_where_it_helps() {
    let app = start(nowhere(), true).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let logo = files::file(&admin, "our logo.png", "image/png", b"\x89PNG\r\n\x1A\nlogo").await["id"].take();
    files::show(&admin, logo.as_str().unwrap(), "PUBLIC", json!({})).await;
    let look = json!({ "primaryColor": "#ff8800", "supportEmail": "help@oak.example", "logoFileId": logo });
    admin.ok(UPDATE, json!({ "i": look })).await;
    ask(&app, &app.oak, &NEWS, Who::Learner).await;
    // As it looked when it was asked for.
    admin.ok(UPDATE, json!({ "i": { "primaryColor": null, "supportEmail": null, "logoFileId": null } })).await;
    ask(&app, &app.oak, &NEWS, Who::Learner).await;
    let sink = Sink::start(Mood::Takes).await;
    send(&app, to(&sink), "SENT", 2).await;
    let mut answered: Vec<Option<String>> = sink.given().iter().map(|mail| mail.header("Reply-To")).collect();
    answered.sort();
    assert_eq!(answered, [None, Some("help@oak.example".to_owned())]);
    let shown = admin.ok("{ outbox { nodes { html } } }", json!({})).await["outbox"]["nodes"].take();
    let [plain, worn] = [0, 1].map(|place| shown[place]["html"].as_str().unwrap().to_owned());
    assert!(!plain.contains("<img") && !plain.contains("#ff8800"), "{plain}");
    let url = app.store().public_url(crate::classroom::uuid(logo.as_str().unwrap()), "our logo.png").replace('/', "&#x2f;");
    assert!(worn.contains(&format!("<img src=\"{url}\"")) && worn.contains("solid #ff8800"), "{worn}");
    let preview = "{ mailPreview(kind: ENROLLED) { html } }";
    admin.ok(UPDATE, json!({ "i": { "primaryColor": "#ff8800", "logoFileId": logo } })).await;
    let html = admin.ok(preview, json!({})).await["mailPreview"]["html"].take();
    assert!(html.as_str().unwrap().contains(&url) && html.as_str().unwrap().contains("background:#ff8800;color:#1f2933"), "{html}");
}
