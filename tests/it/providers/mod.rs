//! Signing in with accounts elsewhere, against a small real provider.

mod accounts;
mod issuer;
mod races;
mod refusals;
mod settings;

use lectern::http::HttpOptions;
use serde_json::{Value, json};

pub use self::issuer::{BACK, CLIENT_ID, CLIENT_SECRET, Issuer};
use crate::app::{TestApp, Who};

pub const CREATE: &str = "mutation($i: CreateSignInProviderInput!) { createSignInProvider(input: $i) {
    id key name issuer clientId hasClientSecret redirectUris emailDomains roleKey isEnabled } }";
pub const UPDATE: &str = "mutation($i: UpdateSignInProviderInput!) { updateSignInProvider(input: $i) {
    id key name issuer clientId hasClientSecret redirectUris emailDomains roleKey isEnabled } }";
pub const DELETE: &str = "mutation($id: ID!) { deleteSignInProvider(id: $id) }";
pub const BEGIN: &str = "mutation($i: BeginProviderSignInInput!) { beginProviderSignIn(input: $i) { authorizationUrl state expiresAt } }";
pub const COMPLETE: &str = "mutation($i: CompleteProviderSignInInput!) { completeProviderSignIn(input: $i) {
    accessToken refreshToken viewer { user { id name email } activeRole { key } } } }";

/// A service whose providers may stand on this machine.
pub async fn start() -> (TestApp, Issuer) {
    let app = TestApp::start_with(&["--webhook-allow=127.0.0.0/8", "--pool-size=20"], HttpOptions::default()).await;
    (app, Issuer::start().await)
}

/// What the school says of the provider, with some of it said otherwise.
pub fn provider(issuer: &Issuer, otherwise: Value) -> Value {
    let mut input = json!({
        "key": "campus", "name": "Campus", "issuer": issuer.url, "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET, "redirectUris": [BACK],
    });
    for (name, value) in otherwise.as_object().unwrap() {
        input[name] = value.clone();
    }
    json!({ "i": input })
}

/// Adds the provider to oak; answers its id.
pub async fn added(app: &TestApp, issuer: &Issuer, otherwise: Value) -> String {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let made = admin.ok(CREATE, provider(issuer, otherwise)).await;
    made["createSignInProvider"]["id"].as_str().unwrap().to_owned()
}

/// Changes the provider.
pub async fn change(app: &TestApp, id: &str, change: Value) {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let mut input = change;
    input["id"] = json!(id);
    admin.ok(UPDATE, json!({ "i": input })).await;
}

pub fn begin() -> Value {
    json!({ "i": { "tenant": "oak", "providerKey": "campus", "redirectUri": BACK } })
}

/// Signs in at the provider with a browser, and answers with what it comes back.
pub async fn come_back(authorization_url: &str) -> Value {
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = browser.get(authorization_url).send().await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap();
    assert!(location.starts_with(BACK), "{location}");
    let back = url::Url::parse(location).unwrap();
    let given = |wanted: &str| back.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
    json!({ "i": { "state": given("state"), "code": given("code") } })
}

/// What completes a sign-in of whoever signs in at the provider now.
pub async fn returned(app: &TestApp) -> Value {
    let begun = app.stranger().ok(BEGIN, begin()).await["beginProviderSignIn"].take();
    let back = come_back(begun["authorizationUrl"].as_str().unwrap()).await;
    assert_eq!(back["i"]["state"], begun["state"], "the browser comes back with what it was sent with");
    back
}

/// Signs in by the provider.
pub async fn sign_in(app: &TestApp) -> Value {
    let back = returned(app).await;
    app.stranger().ok(COMPLETE, back).await["completeProviderSignIn"].take()
}

/// Who there is, and as whom elsewhere.
pub async fn people(app: &TestApp) -> String {
    let tables = ["app_user", "credential", "user_role", "session", "refresh_token", "provider_account"]
        .map(|table| format!("SELECT '{table}' || (to_jsonb(r) - 'updated_at')::text AS line FROM {table} r"))
        .join(" UNION ALL ");
    app.text(&format!("SELECT md5(string_agg(line, '|' ORDER BY line)) FROM ({tables}) AS lines")).await.unwrap()
}

/// Whoever signs in at the provider now is refused here, and nobody is changed.
pub async fn kept_out(app: &TestApp, line: &str) {
    let back = returned(app).await;
    let before = people(app).await;
    assert_eq!(app.stranger().refused(COMPLETE, back.clone()).await, line);
    assert_eq!(people(app).await, before, "{line}: nobody has changed");
    assert_eq!(app.stranger().refused(COMPLETE, back).await, DEAD, "its state is spent all the same");
}

pub const DEAD: &str = "UNAUTHENTICATED LINK_INVALID";
pub const REFUSED: &str = "UNAUTHENTICATED PROVIDER_SIGN_IN_REFUSED";
