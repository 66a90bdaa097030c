//! GraphQL over HTTP, as its specification's draft says.

mod connections;
mod documents;
mod edge;
mod health;
mod security;

use reqwest::{Method, RequestBuilder, Response, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

use crate::app::{Client, TestApp, Who, refusal};

const JSON: &str = "application/json";
const RESPONSE: &str = "application/graphql-response+json";
const TYPENAME: &str = "{ __typename }";
const CREATE: &str = "mutation($i: CreateCourseInput!) { createCourse(input: $i) { id } }";

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Got {
    async fn of(request: RequestBuilder) -> Got {
        Got::read(request.send().await.unwrap()).await
    }

    async fn read(response: Response) -> Got {
        let (status, headers) = (response.status(), response.headers().clone());
        Got { status, headers, body: response.text().await.unwrap() }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn media(&self) -> &str {
        self.header("content-type").split(';').next().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.body))
    }

    /// Status and refusal in one line; asserts what every refusal has: JSON, no data, the correlation id twice.
    fn refusal(&self) -> String {
        let body = self.json();
        assert!(body.get("data").is_none(), "nothing ran: {body}");
        let errors = body["errors"].as_array().unwrap();
        assert!(!errors.is_empty(), "{body}");
        let id = self.header("x-correlation-id");
        assert!(!id.is_empty() && errors.iter().all(|error| error["extensions"]["correlationId"] == id), "{body} {id}");
        format!("{} {}", self.status.as_u16(), refusal(&errors[0]))
    }
}

fn post(client: &Client, accept: &str, body: impl Into<String>) -> RequestBuilder {
    let request = client.http.post(format!("{}/graphql", client.url)).header("content-type", JSON).body(body.into());
    if accept.is_empty() { request } else { request.header("accept", accept) }
}

fn get(client: &Client, accept: &str, query: &[(&str, &str)]) -> RequestBuilder {
    let request = client.http.get(format!("{}/graphql", client.url)).header("accept", accept).query(query);
    match &client.token {
        Some(token) => request.bearer_auth(token),
        None => request,
    }
}

fn ask(document: &str) -> String {
    json!({ "query": document }).to_string()
}

#[tokio::test]
async fn the_media_type_and_the_status_follow_what_the_client_accepts() {
    let app = TestApp::start().await;
    let client = app.stranger();
    for (accept, media) in [
        ("", JSON),
        ("*/*", JSON),
        (JSON, JSON),
        (RESPONSE, RESPONSE),
        ("application/json;q=0.5, application/graphql-response+json", RESPONSE),
    ] {
        let got = Got::of(post(&client, accept, ask(TYPENAME))).await;
        assert_eq!((got.status, got.media()), (StatusCode::OK, media), "{accept}");
        assert_eq!(got.json(), json!({ "data": { "__typename": "Query" } }));
        assert_eq!((got.header("cache-control"), got.header("x-content-type-options")), ("no-store", "nosniff"));
        assert!(got.header("vary").contains("accept"), "{accept}");
    }
    for accept in ["text/html", "application/xml, image/*", "application/json;q=0"] {
        assert_eq!(Got::of(post(&client, accept, ask(TYPENAME))).await.refusal(), "406 BAD_USER_INPUT", "{accept}");
    }

    // A request that is well-formed, with a document that is not, that is invalid, or whose variables are wrong.
    for (body, refused) in [
        (ask("{ viewer"), "BAD_USER_INPUT"),
        (ask(""), "BAD_USER_INPUT"),
        (ask("{ nope }"), "BAD_USER_INPUT"),
        (ask("query($b: Boolean!) { viewer @skip(if: $b) { __typename } }"), "BAD_USER_INPUT @b"),
        (ask("query A { __typename } query B { __typename }"), "BAD_USER_INPUT @operationName"),
        (json!({ "query": TYPENAME, "operationName": "A" }).to_string(), "BAD_USER_INPUT @operationName"),
        (ask("subscription { nope }"), "BAD_USER_INPUT"),
        (ask("fragment A on Query { __typename }"), "BAD_USER_INPUT"),
    ] {
        assert_eq!(Got::of(post(&client, JSON, body.clone())).await.refusal(), format!("200 {refused}"), "{body}");
        assert_eq!(Got::of(post(&client, RESPONSE, body.clone())).await.refusal(), format!("400 {refused}"), "{body}");
    }
    // What ran and failed answers data, and so 200, whoever asks.
    for accept in [JSON, RESPONSE] {
        let got = Got::of(post(&client, accept, ask("{ viewer { __typename } user(id: \"x\") { id } }"))).await;
        assert_eq!((got.status, &got.json()["data"]), (StatusCode::OK, &json!({ "viewer": null, "user": null })));
        assert_eq!(refusal(&got.json()["errors"][0]), "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn a_request_that_is_not_well_formed_is_refused_under_every_media_type() {
    let app = TestApp::start().await;
    let client = app.stranger();
    let deep = format!(r#"{{"query":"{TYPENAME}","variables":{{"a":{}{}}}}}"#, "[".repeat(1500), "]".repeat(1500));
    for (body, refused) in [
        ("{".to_owned(), "BAD_USER_INPUT"),
        (String::new(), "BAD_USER_INPUT"),
        ("null".to_owned(), "BAD_USER_INPUT"),
        ("\"{ __typename }\"".to_owned(), "BAD_USER_INPUT"),
        ("{}".to_owned(), "BAD_USER_INPUT @query"),
        (format!("[{}]", ask(TYPENAME)), "BAD_USER_INPUT"),
        ("[]".to_owned(), "BAD_USER_INPUT"),
        (json!({ "query": null }).to_string(), "BAD_USER_INPUT @query"),
        (json!({ "query": 7 }).to_string(), "BAD_USER_INPUT @query"),
        (json!({ "query": { "a": 1 } }).to_string(), "BAD_USER_INPUT @query"),
        (json!({ "query": TYPENAME, "operationName": 7 }).to_string(), "BAD_USER_INPUT @operationName"),
        (json!({ "query": TYPENAME, "operationName": {} }).to_string(), "BAD_USER_INPUT @operationName"),
        (json!({ "query": TYPENAME, "variables": "{}" }).to_string(), "BAD_USER_INPUT @variables"),
        (json!({ "query": TYPENAME, "variables": [1] }).to_string(), "BAD_USER_INPUT @variables"),
        (json!({ "query": TYPENAME, "extensions": 7 }).to_string(), "BAD_USER_INPUT @extensions"),
        (deep, "BAD_USER_INPUT"),
    ] {
        for accept in [JSON, RESPONSE] {
            let got = Got::of(post(&client, accept, body.clone())).await;
            assert_eq!(got.refusal(), format!("400 {refused}"), "{}", &body[..body.len().min(80)]);
            assert_eq!(got.media(), accept);
        }
    }
    // Null stands for left out, and an empty name for none.
    let body = json!({ "query": TYPENAME, "operationName": null, "variables": null, "extensions": null });
    assert_eq!(Got::of(post(&client, JSON, body.to_string())).await.json(), json!({ "data": { "__typename": "Query" } }));
    let body = json!({ "query": TYPENAME, "operationName": "", "variables": { "unknown": 1 }, "extensions": {} });
    assert_eq!(Got::of(post(&client, JSON, body.to_string())).await.json(), json!({ "data": { "__typename": "Query" } }));

    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=iso-8859-1",
        "",
    ] {
        let request = client.http.post(format!("{}/graphql", client.url)).body(ask(TYPENAME));
        let request = if content_type.is_empty() { request } else { request.header("content-type", content_type) };
        assert_eq!(Got::of(request).await.refusal(), "415 BAD_USER_INPUT", "{content_type}");
    }
    for content_type in ["application/json;charset=utf-8", "Application/JSON; charset=\"UTF-8\""] {
        let request = client.http.post(format!("{}/graphql", client.url)).header("content-type", content_type).body(ask(TYPENAME));
        assert_eq!(Got::of(request).await.status, StatusCode::OK, "{content_type}");
    }
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let got = Got::of(client.http.request(method.clone(), format!("{}/graphql", client.url)).json(&json!({ "query": TYPENAME }))).await;
        assert_eq!((got.refusal().as_str(), got.header("allow")), ("405 BAD_USER_INPUT", "GET, POST"), "{method}");
    }
}

#[tokio::test]
async fn get_is_for_queries() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let document = "query A($n: Int) { courses(first: $n) { totalCount } } query B { viewer { activeRole { key } } } mutation C { createCourse(input: { title: \"x\" }) { id } }";
    let got = Got::of(get(&admin, JSON, &[("query", document), ("operationName", "A"), ("variables", r#"{"n":1}"#)])).await;
    assert_eq!((got.status, got.json()), (StatusCode::OK, json!({ "data": { "courses": { "totalCount": 0 } } })));
    let got = Got::of(get(&admin, RESPONSE, &[("query", document), ("operationName", "B"), ("variables", "")])).await;
    assert_eq!(got.json(), json!({ "data": { "viewer": { "activeRole": { "key": "ADMIN" } } } }));
    assert_eq!(got.media(), RESPONSE);

    for accept in [JSON, RESPONSE] {
        let got = Got::of(get(&admin, accept, &[("query", document), ("operationName", "C")])).await;
        assert_eq!((got.refusal().as_str(), got.header("allow")), ("405 BAD_USER_INPUT", "POST"));
        let hidden = "mutation { ...A } fragment A on Mutation { createCourse(input: { title: \"x\" }) { id } }";
        assert_eq!(Got::of(get(&admin, accept, &[("query", hidden)])).await.refusal(), "405 BAD_USER_INPUT");
    }
    assert_eq!(app.count("course").await + app.count("audit_entry where operation = 'createCourse'").await, 0);

    for (query, refused) in [
        (vec![("operationName", "A")], "400 BAD_USER_INPUT @query"),
        (vec![("query", TYPENAME), ("variables", "{")], "400 BAD_USER_INPUT"),
        (vec![("query", TYPENAME), ("variables", "[1]")], "400 BAD_USER_INPUT @variables"),
        (vec![("query", TYPENAME), ("extensions", "7")], "400 BAD_USER_INPUT @extensions"),
    ] {
        assert_eq!(Got::of(get(&admin, JSON, &query)).await.refusal(), refused, "{query:?}");
    }
    // A browser that looks at the address gets a page; a client never does.
    let page = Got::of(get(&admin, "text/html,application/xhtml+xml,*/*;q=0.8", &[])).await;
    assert_eq!((page.status, page.media()), (StatusCode::OK, "text/html"));
    assert!(page.header("content-security-policy").contains("default-src 'none'") && !page.header("x-correlation-id").is_empty());
    assert_eq!(Got::of(get(&admin, "text/html,*/*;q=0.8", &[("query", TYPENAME)])).await.media(), JSON);
    assert_eq!(Got::of(get(&admin, "*/*", &[])).await.refusal(), "400 BAD_USER_INPUT @query");
}
