//! Signing in to the platform: tokens of its own, counted apart.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{CREATE_ADMIN, LOGIN, OLIVE, REFRESH, TENANTS, add, credentials, operator, refused, sign_in};
use crate::app::{PASSWORD, TestApp, Who, refusal};

#[tokio::test]
async fn a_token_of_one_endpoint_is_worth_nothing_at_the_other() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let oak = app.sign_in(&app.oak, Who::Admin).await;
    let here = olive.ok("{ viewer { email hasSecondFactor status } }", json!({})).await["viewer"].take();
    assert_eq!(here, json!({ "email": OLIVE, "hasSecondFactor": false, "status": "ACTIVE" }));

    let there = crate::app::Client { url: app.url.clone(), ..olive.clone() };
    assert_eq!(there.ok("{ viewer { user { id } } }", json!({})).await["viewer"], Value::Null);
    assert_eq!(there.ask("{ courses { totalCount } }", json!({})).await["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    let stranger = crate::app::Client { url: format!("{}/platform", app.url), ..oak.clone() };
    assert_eq!(stranger.ok("{ viewer { email } }", json!({})).await["viewer"], Value::Null);
    assert_eq!(stranger.ask(TENANTS, json!({})).await["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");

    // Nor is what they are exchanged for.
    let of = |client: &crate::app::Client| json!({ "i": { "refreshToken": client.refresh_token } });
    let refresh = "mutation($i: RefreshSessionInput!) { refreshSession(input: $i) { accessToken } }";
    refused(&app, &app.stranger(), refresh, of(&olive), "UNAUTHENTICATED REFRESH_TOKEN_INVALID").await;
    refused(&app, &app.at_desk(), refresh, of(&oak), "UNAUTHENTICATED REFRESH_TOKEN_INVALID").await;
    olive.ok(refresh, of(&olive)).await;
}

#[tokio::test]
async fn whatever_is_wrong_with_a_sign_in_is_answered_alike() {
    let app = TestApp::start().await;
    operator(&app).await;
    add(&app, "gone@platform.example", true).await;
    app.sql("UPDATE platform_admin SET status = 'SUSPENDED' WHERE email = 'gone@platform.example'").await;
    let mut answers = Vec::new();
    for (email, password) in [
        (OLIVE, "wrong"),
        ("nobody@platform.example", PASSWORD),
        ("gone@platform.example", PASSWORD),
        ("admin@oak.example", PASSWORD),
        ("", ""),
        ("a\0b", PASSWORD),
    ] {
        let mut answer = app.at_desk().ask(LOGIN, credentials(email, password)).await;
        assert_eq!(refusal(&answer["errors"][0]), "UNAUTHENTICATED");
        answer["errors"][0]["extensions"]["correlationId"] = Value::Null;
        answers.push(answer);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert_eq!(answers[0]["errors"][0]["message"], "Email or password is wrong.", "there is no school here");
    assert_eq!(app.count("platform_audit_entry WHERE outcome = 'REFUSED' AND operation = 'login' AND code = 'UNAUTHENTICATED'").await, 5);
    assert_eq!(app.count("platform_audit_entry e JOIN platform_admin a ON a.id = e.admin_id WHERE outcome = 'REFUSED'").await, 2);
    // The address is compared without regard to case.
    sign_in(&app, &OLIVE.to_uppercase()).await;
}

#[tokio::test]
async fn wrong_passwords_are_counted_apart_from_those_of_schools() {
    let app = TestApp::start().await;
    operator(&app).await;
    for _ in 0..10 {
        assert_eq!(app.at_desk().refused(LOGIN, credentials(OLIVE, "wrong")).await, "UNAUTHENTICATED");
    }
    assert_eq!(app.at_desk().refused(LOGIN, credentials(OLIVE, PASSWORD)).await, "RATE_LIMITED");
    // The same address, with whatever school: nothing of that counts there.
    let school = "mutation($i: LoginInput!) { login(input: $i) { accessToken } }";
    for slug in ["", "platform"] {
        let answer = app.stranger().refused(school, json!({ "i": { "tenant": slug, "email": OLIVE, "password": PASSWORD } })).await;
        assert_eq!(answer, "UNAUTHENTICATED");
    }
    app.sign_in_as(&app.oak, &app.oak.email(Who::Admin), PASSWORD).await;
    // And the other way round.
    add(&app, "admin@oak.example", true).await;
    for _ in 0..10 {
        let wrong = json!({ "i": { "tenant": "oak", "email": "admin@oak.example", "password": "wrong" } });
        assert_eq!(app.stranger().refused(school, wrong).await, "UNAUTHENTICATED");
    }
    sign_in(&app, "admin@oak.example").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_works_once_and_a_sign_in_ends_after_twelve_hours() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let spend = |token: &Option<String>| json!({ "i": { "refreshToken": token } });
    let before = app.text("SELECT expires_at::text FROM platform_session").await;
    let next = app.at_desk().ok(REFRESH, spend(&olive.refresh_token)).await["refreshSession"].take();
    assert_eq!(app.text("SELECT expires_at::text FROM platform_session").await, before, "it does not grow longer");
    assert_eq!(app.at_desk().refused(REFRESH, spend(&olive.refresh_token)).await, "UNAUTHENTICATED REFRESH_TOKEN_REUSED");
    // One of the two stole it: nobody goes on.
    let next = app.at_desk().with_session(&next);
    assert_eq!(next.ok("{ viewer { id } }", json!({})).await["viewer"], Value::Null);
    assert_eq!(app.at_desk().refused(REFRESH, spend(&next.refresh_token)).await, "UNAUTHENTICATED REFRESH_TOKEN_INVALID");
    assert_eq!(app.count("platform_session WHERE revoked_reason = 'REUSE'").await, 1);

    // Of twenty at once one wins.
    let again = sign_in(&app, OLIVE).await;
    let answers = join_all((0..20).map(|_| async { app.at_desk().ask(REFRESH, spend(&again.refresh_token)).await })).await;
    assert_eq!(answers.iter().filter(|answer| answer.get("errors").is_none()).count(), 1, "{answers:#?}");

    let late = sign_in(&app, OLIVE).await;
    app.sql("UPDATE platform_session SET expires_at = now() - interval '1 second' WHERE revoked_at IS NULL").await;
    assert_eq!(late.ok("{ viewer { id } }", json!({})).await["viewer"], Value::Null);
    assert_eq!(app.at_desk().refused(REFRESH, spend(&late.refresh_token)).await, "UNAUTHENTICATED REFRESH_TOKEN_INVALID");
}

#[tokio::test]
async fn a_changed_password_ends_every_other_sign_in() {
    let app = TestApp::start().await;
    let (olive, other) = (operator(&app).await, sign_in(&app, OLIVE).await);
    let change = "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { accessToken refreshToken viewer { id } } }";
    let with = |current: &str, new: &str| json!({ "i": { "currentPassword": current, "newPassword": new } });
    for (input, line) in [
        (with("wrong", "violet umbrella kingdom"), "BAD_USER_INPUT @currentPassword"),
        (with(PASSWORD, PASSWORD), "BAD_USER_INPUT @newPassword"),
        (with(PASSWORD, "olive12345"), "BAD_USER_INPUT @newPassword"),
    ] {
        refused(&app, &olive, change, input, line).await;
    }
    let session = olive.ok(change, with(PASSWORD, "violet umbrella kingdom")).await["changePassword"].take();
    assert_eq!(other.ok("{ viewer { id } }", json!({})).await["viewer"], Value::Null);
    app.at_desk().with_session(&session).ok(TENANTS, json!({})).await;
    assert_eq!(app.at_desk().refused(LOGIN, credentials(OLIVE, PASSWORD)).await, "UNAUTHENTICATED");
    // What takes a password stands alone.
    let double = "mutation($i: CreateAdminInput!) { a: createAdmin(input: $i) { id } b: createAdmin(input: $i) { id } }";
    let input = json!({ "i": { "email": "x@platform.example", "name": "X", "password": "violet umbrella kingdom" } });
    assert_eq!(app.at_desk().with_session(&session).refused(double, input.clone()).await, "BAD_USER_INPUT");
    app.at_desk().with_session(&session).ok(CREATE_ADMIN, input).await;
}

/// Whatever takes a password: else aliases would multiply what hashing costs.
#[tokio::test]
async fn founding_a_school_stands_alone_in_its_document() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let input = |slug: &str| json!({ "slug": slug, "name": "Ash", "firstAdmin": { "email": "a@ash.example", "name": "A", "password": "violet umbrella kingdom" } });
    let double =
        "mutation($a: CreateTenantInput!, $b: CreateTenantInput!) { a: createTenant(input: $a) { id } b: createTenant(input: $b) { id } }";
    refused(&app, &olive, double, json!({ "a": input("ash"), "b": input("fir") }), "BAD_USER_INPUT").await;
    let beside = "mutation($a: CreateTenantInput!, $id: ID!) { createTenant(input: $a) { id } reactivateTenant(id: $id) { id } }";
    refused(&app, &olive, beside, json!({ "a": input("ash"), "id": super::id_of(&app.oak) }), "BAD_USER_INPUT").await;
    let answer = crate::rehearsals::rehearse(&olive, super::CREATE, json!({ "i": input("ash") })).await;
    assert_eq!(refusal(&answer["errors"][0]), "BAD_USER_INPUT DRY_RUN_NOT_POSSIBLE", "what stands alone is not rehearsed");
    assert_eq!(app.count("tenant WHERE slug IN ('ash', 'fir')").await, 0);
    olive.ok(super::CREATE, json!({ "i": input("ash") })).await;
}

#[tokio::test]
async fn whoever_signs_out_is_signed_out() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    assert_eq!(olive.ok("mutation { logout }", json!({})).await, json!({ "logout": true }));
    assert_eq!(olive.ok("{ viewer { id } }", json!({})).await["viewer"], Value::Null);
    assert_eq!(olive.refused("mutation { logout }", json!({})).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn every_sign_in_and_how_it_ended_stands_in_the_log() {
    let app = TestApp::start().await;
    let olive = operator(&app).await;
    let spent = json!({ "i": { "refreshToken": olive.refresh_token } });
    let other = sign_in(&app, OLIVE).await;
    other.ok("mutation { logout }", json!({})).await;
    app.at_desk().ok(REFRESH, spent.clone()).await;
    assert_eq!(app.at_desk().refused(REFRESH, spent).await, "UNAUTHENTICATED REFRESH_TOKEN_REUSED");
    let last = sign_in(&app, OLIVE).await;
    let log = "{ auditLog(filter: { outcome: CHANGED }) { nodes { operation admin { email } tenantId before after } } }";
    let log = last.ok(log, json!({})).await["auditLog"]["nodes"].take();
    // The newest first; before them stands that the administrator was added.
    let entries: Vec<&Value> = log.as_array().unwrap().iter().rev().filter(|entry| entry["operation"] != "system:sql").collect();
    let operations: Vec<&str> = entries.iter().map(|entry| entry["operation"].as_str().unwrap()).collect();
    assert_eq!(operations, ["login", "login", "logout", "refreshSession", "login"], "{log:#}");
    assert!(entries.iter().all(|entry| entry["admin"]["email"] == OLIVE && entry["tenantId"].is_null()), "{log:#}");
    for begun in [entries[0], entries[1], entries[4]] {
        assert!(begun["before"].is_null() && begun["after"]["session"].as_str().unwrap().starts_with("session_"), "{begun}");
        assert_eq!(begun["after"]["address"], "127.0.0.1");
    }
    for (begun, ended, why) in [(entries[1], entries[2], "LOGOUT"), (entries[0], entries[3], "REUSE")] {
        let session = &begun["after"]["session"];
        assert_eq!(ended["before"], json!({ "session": session }));
        assert_eq!(ended["after"], json!({ "session": session, "revokedReason": why }));
    }
    // A password that is wrong begins nothing.
    app.at_desk().refused(LOGIN, credentials(OLIVE, "wrong")).await;
    assert_eq!(app.count("platform_audit_entry WHERE operation = 'login' AND outcome = 'CHANGED'").await, 3);
}

/// Signed-out people may ask for what signing in needs, and for nothing else.
#[tokio::test]
async fn everything_else_needs_a_sign_in() {
    let app = TestApp::start().await;
    let is_public =
        |operation: &&lectern_kernel::resolve::registry::Operation| operation.field.access == Some(lectern_kernel::resolve::Access::Public);
    let operations = lectern::domains::platform_registry().operations();
    let public: Vec<&str> = operations.filter(is_public).map(|operation| operation.field.name).collect();
    assert_eq!(public, ["viewer", "login", "refreshSession"]);
    for query in
        [TENANTS, "{ statistics { tenants } }", "{ admins { id } }", "{ auditLog { totalCount } }", "{ tenantErasures { totalCount } }"]
    {
        let answer = app.at_desk().ask(query, json!({})).await;
        assert_eq!(refusal(&answer["errors"][0]), "UNAUTHENTICATED", "{query}");
    }
}
