//! Who says by which providers people sign in, and what can be said.

use std::{io, net::IpAddr, sync::Arc};

use futures_util::future::BoxFuture;
use lectern::{domains::providers::Providers, http::HttpOptions};
use lectern_kernel::outbound::{Addresses, Outbound, Resolver};
use serde_json::{Value, json};

use super::{BACK, CREATE, DELETE, UPDATE, added, change, provider, sign_in, start};
use crate::{
    app::{TestApp, Who, outside},
    classroom::refused,
};

const LIST: &str =
    "{ signInProviders { id key name issuer clientId hasClientSecret redirectUris emailDomains roleKey isEnabled createdAt } }";

#[tokio::test]
async fn who_manages_the_school_sees_and_changes_its_providers_and_never_their_secret() {
    let (app, issuer) = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let made = admin.ok(CREATE, provider(&issuer, json!({ "emailDomains": ["OAK.example"], "roleKey": "LEARNER" }))).await;
    let made = &made["createSignInProvider"];
    assert_eq!(
        (&made["hasClientSecret"], &made["emailDomains"], &made["isEnabled"]),
        (&json!(true), &json!(["oak.example"]), &json!(true))
    );
    let id = made["id"].as_str().unwrap();
    change(&app, id, json!({ "name": "Campus 2", "clientSecret": null, "roleKey": null, "isEnabled": false })).await;
    let listed = admin.ok(LIST, json!({})).await["signInProviders"].take();
    assert_eq!(
        (&listed[0]["name"], &listed[0]["hasClientSecret"], &listed[0]["roleKey"]),
        (&json!("Campus 2"), &json!(false), &Value::Null)
    );
    assert_eq!(listed[0]["issuer"], issuer.url);
    let node = admin.ok("query($id: ID!) { node(id: $id) { ... on SignInProvider { key } } }", json!({ "id": id })).await;
    assert_eq!(node["node"]["key"], "campus");
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        assert_eq!(client.ask(LIST, json!({})).await["data"]["signInProviders"], Value::Null);
        refused(&app, &client, CREATE, provider(&issuer, json!({ "key": "mine" })), "FORBIDDEN [TENANT_MANAGE]").await;
        refused(&app, &client, UPDATE, json!({ "i": { "id": id, "name": "Mine" } }), "FORBIDDEN [TENANT_MANAGE]").await;
        refused(&app, &client, DELETE, json!({ "id": id }), "FORBIDDEN [TENANT_MANAGE]").await;
    }
    let neighbour = app.sign_in(&app.elm, Who::Admin).await;
    assert_eq!(neighbour.ok(LIST, json!({})).await["signInProviders"], json!([]));
    refused(&app, &neighbour, UPDATE, json!({ "i": { "id": id, "name": "Mine" } }), "NOT_FOUND @id").await;
    refused(&app, &neighbour, DELETE, json!({ "id": id }), "NOT_FOUND @id").await;
    assert_eq!(admin.ok(DELETE, json!({ "id": id })).await["deleteSignInProvider"], id);
    assert_eq!(app.count("sign_in_provider").await, 0);
    let told = app.text("SELECT string_agg(coalesce(before::text, '') || coalesce(after::text, ''), ' ') FROM audit_entry").await.unwrap();
    assert!(!told.contains("client_secret\": \"\\\\x"), "the log names no secret");
}

#[tokio::test]
async fn what_is_no_provider_is_refused_with_its_field() {
    let (app, issuer) = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let many: Vec<String> = (0..21).map(|n| format!("https://app.example/{n}")).collect();
    for (otherwise, line) in [
        (json!({ "key": "Campus" }), "BAD_USER_INPUT @key"),
        (json!({ "key": "c" }), "BAD_USER_INPUT @key"),
        (json!({ "name": " " }), "BAD_USER_INPUT @name"),
        (json!({ "issuer": "http://login.example" }), "BAD_USER_INPUT URL_NOT_ALLOWED @issuer"),
        (json!({ "issuer": "https://10.0.0.1" }), "BAD_USER_INPUT URL_NOT_ALLOWED @issuer"),
        (json!({ "issuer": "https://[::ffff:10.0.0.1]" }), "BAD_USER_INPUT URL_NOT_ALLOWED @issuer"),
        (json!({ "issuer": "https://169.254.169.254/latest" }), "BAD_USER_INPUT URL_NOT_ALLOWED @issuer"),
        (json!({ "issuer": "https://login.example/?a=b" }), "BAD_USER_INPUT URL_NOT_ALLOWED @issuer"),
        (json!({ "issuer": "file:///etc/passwd" }), "BAD_USER_INPUT URL_NOT_ALLOWED @issuer"),
        (json!({ "clientId": "" }), "BAD_USER_INPUT @clientId"),
        (json!({ "clientSecret": "" }), "BAD_USER_INPUT @clientSecret"),
        (json!({ "redirectUris": [] }), "BAD_USER_INPUT @redirectUris"),
        (json!({ "redirectUris": many }), "BAD_USER_INPUT @redirectUris"),
        (json!({ "redirectUris": [BACK, "http://app.example/"] }), "BAD_USER_INPUT @redirectUris.1"),
        (json!({ "redirectUris": [BACK, BACK] }), "BAD_USER_INPUT @redirectUris.1"),
        (json!({ "emailDomains": ["nothing at all"] }), "BAD_USER_INPUT @emailDomains.0"),
        (json!({ "roleKey": "NOBODY" }), "BAD_USER_INPUT @roleKey"),
    ] {
        refused(&app, &admin, CREATE, provider(&issuer, otherwise), line).await;
    }
    let id = added(&app, &issuer, json!({})).await;
    refused(&app, &admin, CREATE, provider(&issuer, json!({})), "CONFLICT PROVIDER_KEY_TAKEN @key").await;
    for field in ["name", "issuer", "clientId", "redirectUris", "isEnabled"] {
        refused(&app, &admin, UPDATE, json!({ "i": { "id": id, (field): null } }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    refused(&app, &admin, UPDATE, json!({ "i": { "id": id, "issuer": "https://127.1.2.3?x" } }), "BAD_USER_INPUT URL_NOT_ALLOWED @issuer")
        .await;
    for n in 1..20 {
        added(&app, &issuer, json!({ "key": format!("campus-{n}") })).await;
    }
    refused(&app, &admin, CREATE, provider(&issuer, json!({ "key": "one-more" })), "LIMIT_REACHED").await;
}

#[tokio::test]
async fn the_page_for_signing_in_shows_those_that_are_enabled() {
    let (app, issuer) = start().await;
    added(&app, &issuer, json!({ "key": "staff", "name": "Zebra" })).await;
    added(&app, &issuer, json!({ "key": "pupils", "name": "Apple" })).await;
    let off = added(&app, &issuer, json!({ "key": "off" })).await;
    change(&app, &off, json!({ "isEnabled": false })).await;
    let shown = "{ publicTenant(slug: \"oak\") { providers { key name } } }";
    let providers = app.stranger().ok(shown, json!({})).await["publicTenant"]["providers"].take();
    assert_eq!(providers, json!([{ "key": "pupils", "name": "Apple" }, { "key": "staff", "name": "Zebra" }]));
}

#[tokio::test]
async fn a_role_that_a_provider_names_is_in_use() {
    let (app, issuer) = start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let make = "mutation { createRole(input: { key: \"GUEST\", name: \"Guest\", permissions: [COURSE_READ] }) { id } }";
    let role = admin.ok(make, json!({})).await["createRole"]["id"].take();
    let id = added(&app, &issuer, json!({ "roleKey": "GUEST" })).await;
    let delete = "mutation($id: ID!) { deleteRole(id: $id) }";
    let line = admin.refused(delete, json!({ "id": role })).await;
    assert!(line.starts_with("CONFLICT IN_USE"), "{line}");
    issuer.be("9", "gus@x.example", "Gus");
    assert_eq!(sign_in(&app).await["viewer"]["activeRole"]["key"], "GUEST");
    change(&app, &id, json!({ "roleKey": null })).await;
}

#[tokio::test]
async fn an_issuer_whose_name_leads_where_it_may_not_is_no_provider() {
    struct Names;
    impl Resolver for Names {
        fn resolve(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            let found: &[&str] = match name.as_str() {
                "inside.example" => &["10.0.0.1"],
                "both.example" => &["1.1.1.1", "169.254.169.254"],
                "login.example" => &["1.1.1.1", "2606:4700::1111"],
                _ => &[],
            };
            let found: Vec<IpAddr> = found.iter().map(|address| address.parse().unwrap()).collect();
            Box::pin(async move { if found.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) } })
        }
    }
    let providers = Providers::new(Outbound::resolving(Addresses::default(), Arc::new(Names)).unwrap());
    let app = TestApp::start_beside(HttpOptions::default(), outside().with(providers)).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let named =
        |issuer: &str| json!({ "i": { "key": "campus", "name": "Campus", "issuer": issuer, "clientId": "oak", "redirectUris": [BACK] } });
    const LINE: &str = "BAD_USER_INPUT URL_NOT_ALLOWED @issuer";
    for issuer in ["https://inside.example/realms/oak", " https://BOTH.example:8443 "] {
        refused(&app, &admin, CREATE, named(issuer), LINE).await;
    }
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    refused(&app, &learner, CREATE, named("https://inside.example"), "FORBIDDEN [TENANT_MANAGE]").await;
    // One that leads nowhere now may do so later.
    let made = admin.ok(CREATE, named("https://nowhere.example")).await["createSignInProvider"]["id"].take();
    let moved = |issuer: &str| json!({ "i": { "id": made, "issuer": issuer } });
    refused(&app, &admin, UPDATE, moved("https://both.example"), LINE).await;
    admin.ok(UPDATE, moved("https://login.example")).await;
    admin.ok(UPDATE, json!({ "i": { "id": made, "name": "Other" } })).await;
    // Also where it is not the first that a document names.
    let two = "mutation($a: UpdateSignInProviderInput!, $b: UpdateSignInProviderInput!) {
        a: updateSignInProvider(input: $a) { id } b: updateSignInProvider(input: $b) { id } }";
    let both = json!({ "a": moved("https://nowhere.example")["i"], "b": moved("https://inside.example")["i"] });
    refused(&app, &admin, two, both, LINE).await;
    assert_eq!(app.text("SELECT issuer FROM sign_in_provider").await.as_deref(), Some("https://login.example"));
}
