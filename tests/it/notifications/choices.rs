//! What people choose.

use serde_json::{Value, json};

use super::kinds;
use crate::{
    app::{Client, TestApp, Who},
    classroom::{course, enroll, refused},
};

const SETTINGS: &str = "{ notificationSettings { locale digestHour preferences { kind inApp email isEssential isDefault } } }";
const UPDATE: &str = "mutation($i: UpdateNotificationSettingsInput!) { updateNotificationSettings(input: $i) { locale digestHour preferences { kind inApp email isEssential isDefault } } }";

async fn preference(client: &Client, kind: &str) -> Value {
    let settings = client.ok(SETTINGS, json!({})).await;
    settings["notificationSettings"]["preferences"].as_array().unwrap().iter().find(|found| found["kind"] == kind).unwrap().clone()
}

#[tokio::test]
async fn rows_are_kept_of_what_differs_alone_and_what_is_off_stays_off() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let usual = lea.ok(SETTINGS, json!({})).await["notificationSettings"].take();
    assert_eq!(
        (&usual["locale"], &usual["digestHour"], usual["preferences"].as_array().unwrap().len()),
        (&json!(null), &json!(18), lectern::domains::notifications::KINDS.len())
    );
    assert_eq!(
        preference(&lea, "ENROLLED").await,
        json!({ "kind": "ENROLLED", "inApp": true, "email": "IMMEDIATE", "isEssential": false, "isDefault": true })
    );
    let choose = |choices: Value| json!({ "i": { "preferences": choices } });
    lea.ok(UPDATE, choose(json!([{ "kind": "ENROLLED", "email": "IMMEDIATE", "inApp": true }]))).await;
    assert_eq!(app.count("notification_preference").await, 0, "that is usual");
    lea.ok(UPDATE, choose(json!([{ "kind": "ENROLLED", "email": "DIGEST" }, { "kind": "IMPORT_FINISHED", "email": "OFF" }]))).await;
    assert_eq!(app.count("notification_preference").await, 2, "what is off is kept, also where that is usual");
    lea.ok(UPDATE, choose(json!([{ "kind": "IMPORT_FINISHED", "email": null }]))).await;
    assert_eq!(app.count("notification_preference").await, 1, "null is as it is for whoever has chosen nothing");
    lea.ok(UPDATE, choose(json!([{ "kind": "IMPORT_FINISHED", "email": "OFF" }]))).await;
    assert_eq!(
        preference(&lea, "ENROLLED").await,
        json!({ "kind": "ENROLLED", "inApp": true, "email": "DIGEST", "isEssential": false, "isDefault": false })
    );
    lea.ok(UPDATE, choose(json!([{ "kind": "ENROLLED", "inApp": false }]))).await;
    assert_eq!(
        (preference(&lea, "ENROLLED").await["email"].clone(), preference(&lea, "ENROLLED").await["inApp"].clone()),
        ("DIGEST".into(), false.into())
    );
    lea.ok(UPDATE, choose(json!([{ "kind": "ENROLLED", "inApp": true, "email": "IMMEDIATE" }]))).await;
    assert_eq!(app.count("notification_preference").await, 1);
    let changed = lea.ok(UPDATE, json!({ "i": { "locale": "de-AT", "digestHour": 0 } })).await;
    assert_eq!(
        (&changed["updateNotificationSettings"]["locale"], &changed["updateNotificationSettings"]["digestHour"]),
        (&json!("de-AT"), &json!(0))
    );
    let changed = lea.ok(UPDATE, json!({ "i": { "digestHour": null } })).await;
    assert_eq!(
        (&changed["updateNotificationSettings"]["locale"], &changed["updateNotificationSettings"]["digestHour"]),
        (&json!("de-AT"), &json!(18))
    );
}

#[tokio::test]
async fn wrong_choices_are_refused_and_change_nothing() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    for (input, line) in [
        (
            json!({ "preferences": [{ "kind": "ENROLLED", "email": "OFF" }, { "kind": "ROLE_CHANGED", "email": "OFF" }] }),
            "BAD_USER_INPUT ESSENTIAL_KIND @preferences.1.email",
        ),
        (
            json!({ "preferences": [{ "kind": "ROLE_CHANGED", "inApp": false, "email": "DIGEST" }] }),
            "BAD_USER_INPUT ESSENTIAL_KIND @preferences.0.email",
        ),
        (
            json!({ "preferences": [{ "kind": "ENROLLED", "email": "OFF" }, { "kind": "ENROLLED", "inApp": true }] }),
            "BAD_USER_INPUT @preferences.1.kind",
        ),
        (json!({ "digestHour": 24 }), "BAD_USER_INPUT @digestHour"),
        (json!({ "digestHour": -1 }), "BAD_USER_INPUT @digestHour"),
        (json!({ "locale": "de_DE; drop" }), "BAD_USER_INPUT @locale"),
        (json!({ "locale": "" }), "BAD_USER_INPUT @locale"),
    ] {
        refused(&app, &lea, UPDATE, json!({ "i": input }), line).await;
    }
}

#[tokio::test]
async fn a_choice_leaves_one_entry_in_the_audit_log_also_where_it_is_as_usual_again() {
    let app = TestApp::start().await;
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let mut left = 0;
    for (choice, entries) in [
        (json!({ "kind": "ENROLLED", "email": "OFF" }), 1),
        (json!({ "kind": "ENROLLED", "email": "OFF" }), 0),
        (json!({ "kind": "ENROLLED", "inApp": false }), 1),
        (json!({ "kind": "ENROLLED", "inApp": true }), 1),
        (json!({ "kind": "ENROLLED", "email": null }), 1),
        (json!({ "kind": "ENROLLED", "email": "IMMEDIATE", "inApp": true }), 0),
    ] {
        lea.ok(UPDATE, json!({ "i": { "preferences": [choice] } })).await;
        let now = app.changes("updateNotificationSettings").await;
        assert_eq!(now - left, entries, "{choice}");
        left = now;
    }
    assert_eq!(app.count("notification_preference").await, 0);
}

#[tokio::test]
async fn what_is_essential_is_mailed_at_once_whatever_was_chosen_before_it_was() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    app.sql("INSERT INTO notification_preference (tenant_id, user_id, kind, email) SELECT tenant_id, id, 'ROLE_CHANGED', 'DIGEST' FROM app_user WHERE email = 'learner@oak.example'").await;
    assert_eq!(preference(&lea, "ROLE_CHANGED").await["email"], "IMMEDIATE");
    let roles = json!({ "i": { "userId": lea.user_id, "roleKeys": ["LEARNER", "VIEWER"] } });
    admin.ok("mutation($i: SetUserRolesInput!) { setUserRoles(input: $i) { id } }", roles).await;
    app.work().await;
    assert_eq!(app.count("mail WHERE template = 'role_changed' AND state = 'SENT'").await, 1);
}

#[tokio::test]
async fn whoever_wants_neither_is_told_nothing_and_each_is_told_in_their_language() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    lea.ok(UPDATE, json!({ "i": { "preferences": [{ "kind": "ENROLLED", "inApp": false, "email": "OFF" }] } })).await;
    bob.ok(UPDATE, json!({ "i": { "locale": "de-AT", "preferences": [{ "kind": "ENROLLED", "email": "OFF" }] } })).await;
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    for person in [&lea, &bob] {
        enroll(&admin, &algebra, &person.user_id).await;
    }
    app.work().await;
    assert!(kinds(&lea).await.is_empty());
    assert_eq!(super::list(&bob).await[0]["title"], "Eingeschrieben: Algebra");
    assert_eq!(super::list(&bob).await[0]["body"], "Sie wurden in Algebra eingeschrieben.");
    assert_eq!(app.count("mail WHERE template = 'enrolled'").await, 0);
}

#[tokio::test]
async fn a_kind_has_all_that_makes_one() {
    use lectern::domains::{mail::TEMPLATES, notifications::KINDS};
    let schema = lectern::schema::sdl();
    let values = schema.split("enum NotificationKind {").nth(1).unwrap().split('}').next().unwrap();
    for kind in KINDS {
        assert!(TEMPLATES.iter().any(|template| template.name == kind.mail.name), "{}: no template", kind.name);
        assert_eq!(kind.mail.name, kind.name.to_ascii_lowercase());
        assert!(!kind.description.is_empty() && !kind.recipients.is_empty() && !kind.events.is_empty(), "{}", kind.name);
        assert!(!kind.is_essential() || kind.email != lectern::domains::notifications::EmailMode::Off, "{} is always mailed", kind.name);
        assert!(values.lines().any(|line| line.trim() == kind.name), "{} is no value of the schema", kind.name);
    }
}
