//! The security headers of every answer.

use reqwest::Method;
use serde_json::json;

use super::{Got, JSON, TYPENAME, ask, post};
use crate::app::TestApp;

#[tokio::test]
async fn no_answer_may_be_framed_guessed_at_run_or_kept() {
    let app = TestApp::start().await;
    let client = app.stranger();
    let url = |path: &str| format!("{}{path}", app.url);
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for request in [
        post(&client, JSON, ask(TYPENAME)),
        post(&client, JSON, "{"),
        post(&client, "text/html", ask(TYPENAME)),
        http.get(url("/graphql")).query(&[("query", TYPENAME)]),
        http.get(url("/graphql")).header("accept", "text/html"),
        http.put(url("/graphql")),
        http.post(url("/graphql")).json(&json!([])),
        http.request(Method::OPTIONS, url("/graphql")),
        http.get(url("/")),
        http.get(url("/graphiql")),
        http.get(url("/graphiql/")),
        http.get(url("/graphiql/none.js")),
        http.get(url("/nowhere")),
        http.get(url("/healthz")),
        http.get(url("/readyz")),
        http.get(url("/.well-known/jwks.json")),
    ] {
        let got = Got::of(request).await;
        let policy = got.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; ") && policy.ends_with("frame-ancestors 'none'"), "{policy} {:?}", got.headers);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(got.header(name), value, "{name} {:?}", got.headers);
            assert_eq!(got.headers.get_all(name).iter().count(), 1, "{name}");
        }
        // Only what is the same for everybody may be kept, and is asked for again where it can change.
        let caching = got.header("cache-control");
        assert!(["no-store", "no-cache", "public, max-age=300"].contains(&caching), "{caching} {:?}", got.headers);
        assert!(caching == "no-store" || got.media() != JSON, "{:?}", got.headers);
    }
}
