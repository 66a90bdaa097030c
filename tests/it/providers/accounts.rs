//! Whose account elsewhere is whose here.

use serde_json::json;

use super::{BEGIN, COMPLETE, DEAD, REFUSED, added, begin, change, kept_out, returned, sign_in, start};
use crate::app::Who;

#[tokio::test]
async fn a_person_is_found_by_their_address_once_and_by_their_account_ever_after() {
    let (app, issuer) = start().await;
    added(&app, &issuer, json!({})).await;
    let session = sign_in(&app).await;
    let lea = app.stranger().with_session(&session);
    assert_eq!(lea.user_id, app.sign_in(&app.oak, Who::Learner).await.user_id);
    let method = lea.ok("{ viewer { signIn { method } } }", json!({})).await["viewer"]["signIn"]["method"].take();
    assert_eq!(method, "PROVIDER");
    // The address is another one by now, there and here.
    issuer.be("42", "lea@elsewhere.example", "Lea Other");
    assert_eq!(sign_in(&app).await["viewer"]["user"]["id"], lea.user_id);
    // Somebody else has it there: the account is not theirs, and the person has one of this provider already.
    issuer.be("43", "learner@oak.example", "Somebody");
    kept_out(&app, REFUSED).await;
    assert_eq!(app.count("provider_account").await, 1);
    let logged = "audit_entry WHERE resource = 'User' AND after ? 'provider_id' AND NOT after ? 'account'";
    assert_eq!(app.count(logged).await, 1, "the log says by which provider, and not as whom");
}

#[tokio::test]
async fn who_holds_admin_is_not_found_by_their_address() {
    let (app, issuer) = start().await;
    added(&app, &issuer, json!({ "roleKey": "LEARNER" })).await;
    issuer.be("1", "admin@oak.example", "Adam");
    kept_out(&app, REFUSED).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let vera = app.sign_in(&app.oak, Who::Viewer).await.user_id;
    let grant = "mutation($i: GrantRoleInput!) { grantRole(input: $i) { id } }";
    admin.ok(grant, json!({ "i": { "userIds": [vera], "roleKey": "ADMIN", "until": "2999-01-01T00:00:00Z" } })).await;
    issuer.be("2", "viewer@oak.example", "Vera");
    kept_out(&app, REFUSED).await;
}

#[tokio::test]
async fn whoever_is_new_comes_in_where_the_school_wants_it_in_a_role_that_learner_covers() {
    let (app, issuer) = start().await;
    let id = added(&app, &issuer, json!({})).await;
    issuer.be("77", "Nora.New@x.example", "Nora New");
    kept_out(&app, REFUSED).await;
    change(&app, &id, json!({ "roleKey": "INSTRUCTOR" })).await;
    kept_out(&app, REFUSED).await;
    change(&app, &id, json!({ "roleKey": "LEARNER" })).await;
    app.sql("UPDATE tenant SET max_users = 4 WHERE slug = 'oak'").await;
    kept_out(&app, "LIMIT_REACHED").await;
    app.sql("UPDATE tenant SET max_users = NULL, subscription_end = now() - interval '1 second' WHERE slug = 'oak'").await;
    kept_out(&app, REFUSED).await;
    issuer.be("42", "learner@oak.example", "Lea");
    sign_in(&app).await;
    app.sql("UPDATE tenant SET subscription_end = NULL WHERE slug = 'oak'").await;
    issuer.be("77", "Nora.New@x.example", "Nora New");
    let session = sign_in(&app).await;
    assert_eq!(session["viewer"]["user"]["name"], "Nora New");
    assert_eq!(session["viewer"]["activeRole"]["key"], "LEARNER");
    let nora = app.stranger().with_session(&session).user_id;
    let uuid = crate::classroom::uuid(&nora).to_string();
    let entry = format!(
        "SELECT string_agg(DISTINCT actor_id::text, ' ') FROM audit_entry WHERE operation = 'completeProviderSignIn' AND resource = 'User' AND resource_id = '{uuid}'"
    );
    let born = app.text(&entry).await;
    assert_eq!(born, Some(uuid), "in their own name");
}

#[tokio::test]
async fn only_listed_domains_come_in_and_nobody_who_is_suspended() {
    let (app, issuer) = start().await;
    let id = added(&app, &issuer, json!({ "emailDomains": ["Campus.example"], "roleKey": "LEARNER" })).await;
    kept_out(&app, REFUSED).await;
    issuer.be("5", "ed@campus.example.evil.example", "Ed");
    kept_out(&app, REFUSED).await;
    issuer.be("6", "fay@CAMPUS.example", "Fay");
    sign_in(&app).await;
    change(&app, &id, json!({ "emailDomains": ["other.example"] })).await;
    kept_out(&app, REFUSED).await;
    change(&app, &id, json!({ "emailDomains": null })).await;
    sign_in(&app).await;
    app.sql("UPDATE app_user SET status = 'SUSPENDED' WHERE email ILIKE 'fay@%'").await;
    kept_out(&app, REFUSED).await;
}

#[tokio::test]
async fn a_second_factor_that_is_on_is_not_passed_by() {
    let (app, issuer) = start().await;
    added(&app, &issuer, json!({})).await;
    sign_in(&app).await;
    app.sql("UPDATE app_user SET second_factor_at = now() WHERE email = 'learner@oak.example'").await;
    kept_out(&app, "UNAUTHENTICATED SECOND_FACTOR_REQUIRED").await;
}

#[tokio::test]
async fn another_issuer_inherits_neither_accounts_nor_the_secret_and_a_deleted_person_leaves_none() {
    let (app, issuer) = start().await;
    let id = added(&app, &issuer, json!({})).await;
    sign_in(&app).await;
    let begun = returned(&app).await;
    let secret = "SELECT has_client_secret::text FROM sign_in_provider";
    change(&app, &id, json!({ "issuer": "https://login.example", "name": "Other" })).await;
    assert_eq!((app.count("provider_account").await, app.text(secret).await.as_deref()), (0, Some("false")));
    assert_eq!(app.stranger().refused(COMPLETE, begun).await, DEAD);
    change(&app, &id, json!({ "issuer": issuer.url, "clientSecret": super::CLIENT_SECRET })).await;
    assert_eq!(app.text(secret).await.as_deref(), Some("true"));
    sign_in(&app).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let lea = app.sign_in(&app.oak, Who::Learner).await.user_id;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": lea })).await;
    assert_eq!(app.count("provider_account").await, 0);
}

#[tokio::test]
async fn what_the_token_leaves_out_the_provider_is_asked_for_and_new_keys_are_fetched() {
    let (app, issuer) = start().await;
    added(&app, &issuer, json!({})).await;
    issuer.misbehave(super::issuer::Fault::NoAddress);
    sign_in(&app).await;
    assert_eq!((issuer.asked("userinfo"), issuer.asked("discovery")), (1, 1));
    issuer.misbehave(super::issuer::Fault::Nothing);
    issuer.rotate();
    sign_in(&app).await;
    assert_eq!(issuer.asked("discovery"), 2, "once more, for the new key");
    app.stranger().ok(BEGIN, begin()).await;
    assert_eq!(issuer.asked("discovery"), 2, "and kept for an hour");
}
