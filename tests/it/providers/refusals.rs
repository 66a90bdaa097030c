//! What proves nothing keeps everybody out, and what is not there begins nothing.

use std::net::IpAddr;

use lectern_kernel::auth::LinkToken;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{BACK, BEGIN, COMPLETE, DEAD, REFUSED, added, begin, change, issuer::Fault, kept_out, people, returned, sign_in, start};
use crate::app::Who;

#[tokio::test]
async fn a_token_that_is_not_in_order_proves_nothing() {
    let (app, issuer) = start().await;
    added(&app, &issuer, json!({ "roleKey": "LEARNER" })).await;
    for fault in [
        Fault::Issuer,
        Fault::Audience,
        Fault::Nonce,
        Fault::Expired,
        Fault::Unsigned,
        Fault::Symmetric,
        Fault::Key,
        Fault::AccessToken,
        Fault::Unverified,
        Fault::Unsaid,
    ] {
        issuer.misbehave(fault);
        kept_out(&app, REFUSED).await;
    }
    let refused = "audit_entry WHERE outcome = 'REFUSED' AND operation = 'completeProviderSignIn' AND reason = 'PROVIDER_SIGN_IN_REFUSED'";
    assert_eq!(app.count(refused).await, 10, "each stands in the school's log");
    issuer.misbehave(Fault::Nothing);
    sign_in(&app).await;
}

#[tokio::test]
async fn states_and_codes_of_others_complete_nothing() {
    let (app, issuer) = start().await;
    let id = added(&app, &issuer, json!({})).await;
    let (mine, theirs) = (returned(&app).await, returned(&app).await);
    // The code of another sign-in: its verifier and nonce are others.
    let crossed = json!({ "i": { "state": mine["i"]["state"], "code": theirs["i"]["code"] } });
    let before = people(&app).await;
    assert_eq!(app.stranger().refused(COMPLETE, crossed).await, REFUSED);
    for (state, code) in [("", "x"), ("link_x.y", "x"), ("nothing", ""), (mine["i"]["state"].as_str().unwrap(), "x")] {
        assert_eq!(app.stranger().refused(COMPLETE, json!({ "i": { "state": state, "code": code } })).await, DEAD, "{state}");
    }
    let dead = "audit_entry WHERE outcome = 'REFUSED' AND operation = 'completeProviderSignIn' AND reason = 'LINK_INVALID'";
    assert_eq!(app.count(dead).await, 1, "the one that names a school");
    let nobodys = LinkToken::generate(Uuid::now_v7()).unwrap().to_text();
    for (state, told) in [(LinkToken::generate(app.oak.tenant).unwrap().to_text(), 2), (nobodys, 2)] {
        assert_eq!(app.stranger().refused(COMPLETE, json!({ "i": { "state": state, "code": "x" } })).await, DEAD, "{state}");
        assert_eq!(app.count(dead).await, told, "{state}");
    }
    let late = returned(&app).await;
    app.sql("UPDATE provider_sign_in SET expires_at = now()").await;
    assert_eq!(app.stranger().refused(COMPLETE, late).await, DEAD);
    let off = returned(&app).await;
    change(&app, &id, json!({ "isEnabled": false })).await;
    assert_eq!(app.stranger().refused(COMPLETE, off).await, DEAD);
    assert_eq!(people(&app).await, before);
    let kept = "SELECT count(*)::text FROM provider_sign_in WHERE encode(secrets, 'escape') LIKE '%nonce%'";
    assert_eq!(app.text(kept).await.as_deref(), Some("0"), "what is kept is sealed");
}

#[tokio::test]
async fn what_is_not_there_or_switched_off_begins_nothing() {
    let (app, issuer) = start().await;
    let id = added(&app, &issuer, json!({})).await;
    let with = |name: &str, value: &str| {
        let mut input = begin();
        input["i"][name] = json!(value);
        input
    };
    let stranger = app.stranger();
    let mut answers = Vec::new();
    for input in [with("tenant", "nowhere"), with("tenant", "elm"), with("providerKey", "other"), with("providerKey", "CAMPUS\u{0}")] {
        let answer = stranger.ask(BEGIN, input).await;
        answers.push((answer["errors"][0]["message"].clone(), answer["errors"][0]["extensions"]["code"].clone()));
    }
    change(&app, &id, json!({ "isEnabled": false })).await;
    let answer = stranger.ask(BEGIN, begin()).await;
    answers.push((answer["errors"][0]["message"].clone(), answer["errors"][0]["extensions"]["code"].clone()));
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.1 == "NOT_FOUND"), "{answers:?}");
    assert_eq!(issuer.asked("discovery"), 0, "nobody is asked for that");
    let logged = "SELECT string_agg(t.slug || ' ' || a.code || ' ' || a.resource, ', ' ORDER BY t.slug) FROM audit_entry a
        JOIN tenant t ON t.tenant_id = a.tenant_id WHERE a.outcome = 'REFUSED' AND a.operation = 'beginProviderSignIn'";
    let each = "elm NOT_FOUND Session, oak NOT_FOUND Session, oak NOT_FOUND Session, oak NOT_FOUND Session";
    assert_eq!(app.text(logged).await.as_deref(), Some(each), "where there is such a school, its log says so");
    change(&app, &id, json!({ "isEnabled": true })).await;
    for page in ["https://app.oak.example/signed-in", &format!("{BACK}&x=1"), "https://evil.example/", ""] {
        assert_eq!(stranger.refused(BEGIN, with("redirectUri", page)).await, "BAD_USER_INPUT @redirectUri", "{page}");
    }
    assert_eq!(app.count("provider_sign_in").await, 0);
}

#[tokio::test]
async fn a_provider_that_is_out_of_order_is_said_to_be_and_is_not_asked_at_each_click() {
    for fault in [Fault::Down, Fault::Discovery, Fault::Endpoint] {
        let (app, issuer) = start().await;
        added(&app, &issuer, json!({})).await;
        issuer.misbehave(fault);
        for _ in 0..3 {
            assert_eq!(app.stranger().refused(BEGIN, begin()).await, "UNAVAILABLE PROVIDER_UNAVAILABLE", "{fault:?}");
        }
        let answer = app.stranger().ask(BEGIN, begin()).await;
        assert_eq!(answer["errors"][0]["message"], "The provider does not answer as it should. Try again later.", "{fault:?}");
        assert_eq!((issuer.asked("discovery"), app.count("provider_sign_in").await), (1, 0), "{fault:?}");
    }
    let (app, issuer) = start().await;
    added(&app, &issuer, json!({})).await;
    issuer.misbehave(Fault::TokensDown);
    // It answered, and what it said is no token.
    kept_out(&app, REFUSED).await;
}

#[tokio::test]
async fn an_issuer_that_resolves_to_this_machine_is_not_asked() {
    use std::{io, sync::Arc};

    use futures_util::future::BoxFuture;
    use lectern::domains::providers::Providers;
    use lectern_kernel::outbound::{Addresses, Outbound, Resolver};

    struct Here;
    impl Resolver for Here {
        fn resolve(&self, _name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            Box::pin(async { Ok(vec!["127.0.0.1".parse().unwrap()]) })
        }
    }
    let (_app, issuer) = start().await;
    let port = issuer.url.split(':').nth(2).unwrap().split('/').next().unwrap();
    let providers = Providers::new(Outbound::resolving(Addresses::allowing(Vec::new()), Arc::new(Here)).unwrap());
    let error = providers.metadata(&format!("https://login.example:{port}/realms/oak"), None).await.unwrap_err();
    assert!(error.for_operator().contains("URL_NOT_ALLOWED"), "{}", error.for_operator());
    assert_eq!(issuer.asked("discovery"), 0);
}

#[tokio::test]
async fn sign_ins_stand_alone_and_are_not_for_api_keys() {
    let (app, issuer) = start().await;
    added(&app, &issuer, json!({})).await;
    let input = r#"input: { tenant: "oak", providerKey: "campus", redirectUri: "x" }"#;
    let two = format!("mutation {{ a: beginProviderSignIn({input}) {{ state }} b: beginProviderSignIn({input}) {{ state }} }}");
    assert_eq!(app.stranger().ask(&two, json!({})).await["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let make = "mutation { createApiKey(input: { name: \"key\", permissions: [COURSE_UPDATE] }) { secret } }";
    let secret = admin.ok(make, json!({})).await["createApiKey"]["secret"].take();
    let key = app.stranger().with_session(&json!({ "accessToken": secret, "viewer": Value::Null }));
    let back = returned(&app).await;
    assert_eq!(key.refused(COMPLETE, back.clone()).await, "FORBIDDEN API_KEY_NOT_ALLOWED");
    assert_eq!(issuer.asked("token"), 0, "nothing was done ahead");
    app.stranger().ok(COMPLETE, back).await;
}
