//! A service that does not say what its schema is.

use reqwest::StatusCode;
use serde_json::json;

use crate::app::{TestApp, Who};

#[tokio::test]
async fn introspection_and_suggestions_can_be_switched_off() {
    let app = TestApp::start_with(&["--introspection=false"], Default::default()).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for document in [
        "{ __schema { types { name } } }",
        "{ __type(name: \"User\") { name } }",
        "{ a: __schema { queryType { name } } __typename }",
        "{ ...F } fragment F on Query { ... { __type(name: \"User\") { name } } }",
        "query A { __typename } fragment F on Query { __schema { types { name } } }",
        include_str!("../introspection.graphql"),
    ] {
        assert_eq!(admin.refused(document, json!({})).await, "FORBIDDEN INTROSPECTION_OFF", "{document}");
    }
    for document in [
        "{ viewr { permissions } }",
        "{ courses(frst: 1) { totalCount } }",
        "{ viewer @skip(iff: true, if: true) { __typename } }",
        "{ cours(id: 1) { titel } }",
    ] {
        let answer = admin.ask(document, json!({})).await.to_string();
        assert!(answer.contains("BAD_USER_INPUT") && !answer.contains("Did you mean"), "{answer}");
    }
    assert_eq!(admin.ok("{ __typename viewer { __typename } }", json!({})).await["viewer"]["__typename"], "Viewer");
    for path in ["/graphiql", "/graphql", "/graphiql/assets/none.js"] {
        let response = admin.http.get(format!("{}{path}", app.url)).header("accept", "text/html").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(response.headers()["content-type"], "application/json", "{path}");
    }
}

#[tokio::test]
async fn suggestions_are_made_where_the_schema_is_no_secret() {
    let app = TestApp::start().await;
    assert!(app.stranger().ask("{ viewr { permissions } }", json!({})).await.to_string().contains("Did you mean"));
}
