//! GraphQL over HTTP as its specification's draft says, and what stands around it: limits, health, CORS, correlation.

use std::time::{Duration, Instant};

use lectern::http::HttpOptions;
use reqwest::{Method, RequestBuilder, Response, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who, refusal},
    raw,
};

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

#[tokio::test]
async fn every_answer_carries_a_correlation_id_and_a_sane_one_is_taken_from_the_client() {
    let options = HttpOptions { body_limit: 2000, cors_origins: vec!["https://school.example".into()], ..HttpOptions::default() };
    let app = TestApp::start_with(&[], options).await;
    let client = app.stranger();
    let long = "a".repeat(65);
    for (sent, taken) in [
        ("abc-123", true),
        ("Z", true),
        ("a b", false),
        ("a'; DROP TABLE course", false),
        ("", false),
        (long.as_str(), false),
        ("../..", false),
    ] {
        let got = Got::of(post(&client, JSON, ask("{ nope }")).header("x-correlation-id", sent)).await;
        let id = got.header("x-correlation-id");
        assert_eq!(id == sent, taken, "{sent} {id}");
        assert_eq!(id.len() == 36, !taken, "{id}");
        assert_eq!(got.json()["errors"][0]["extensions"]["correlationId"], id);
    }
    let url = |path: &str| format!("{}{path}", app.url);
    let http = &client.http;
    for (request, status) in [
        (http.get(url("/nowhere")), 404),
        (http.put(url("/graphql")), 405),
        (http.post(url("/healthz")), 405),
        (post(&client, JSON, "x".repeat(3000)), 413),
        (http.post(url("/graphql")).body("x"), 415),
        (post(&client, "text/html", ask(TYPENAME)), 406),
        (post(&client, JSON, "{"), 400),
    ] {
        let got = Got::of(request.header("x-correlation-id", "abc-9")).await;
        assert_eq!((got.status.as_u16(), got.header("x-correlation-id")), (status, "abc-9"));
        assert!(got.refusal().starts_with(&status.to_string()));
    }
    for path in ["/healthz", "/readyz", "/.well-known/jwks.json", "/graphiql", "/"] {
        assert!(!Got::of(http.get(url(path))).await.header("x-correlation-id").is_empty(), "{path}");
    }
    let preflight = http
        .request(Method::OPTIONS, url("/graphql"))
        .header("origin", "https://school.example")
        .header("access-control-request-method", "POST");
    assert!(!Got::of(preflight).await.header("x-correlation-id").is_empty());
    assert_eq!(Got::of(http.get(url("/nowhere"))).await.refusal(), "404 NOT_FOUND");

    // The audit log knows the request by the same name.
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let request = learner.post(CREATE, json!({ "i": { "title": "x" } })).header("x-correlation-id", "audited-7");
    assert_eq!(Got::of(request).await.json()["errors"][0]["extensions"]["correlationId"], "audited-7");
    assert_eq!(app.count("audit_entry where correlation_id = 'audited-7' and outcome = 'REFUSED'").await, 1);
}

#[tokio::test]
async fn bodies_are_bounded_in_size_and_in_time() {
    let options = HttpOptions { body_limit: 10_000, body_timeout: Duration::from_millis(150), ..HttpOptions::default() };
    let app = TestApp::start_with(&[], options).await;
    let client = app.stranger();
    let padded = |size: usize| format!("{}{}", ask(TYPENAME), " ".repeat(size - ask(TYPENAME).len()));
    assert_eq!(Got::of(post(&client, JSON, padded(10_000))).await.status, StatusCode::OK);
    for accept in [JSON, RESPONSE] {
        assert_eq!(Got::of(post(&client, accept, padded(10_001))).await.refusal(), "413 BAD_USER_INPUT");
    }
    // Its size is not known beforehand when it comes in chunks.
    let chunked = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
    let answer = raw::exchange(&app.url, &format!("{chunked}{}", chunk.repeat(3)), Duration::from_secs(5)).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("\"code\":\"BAD_USER_INPUT\""), "{answer}");

    let slow = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"query\":";
    let started = Instant::now();
    let answer = raw::exchange(&app.url, slow, Duration::from_secs(5)).await;
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"code\":\"BAD_USER_INPUT\"") && answer.contains("x-correlation-id"),
        "{answer}"
    );
    assert!(started.elapsed() < Duration::from_secs(4));
    assert_eq!(Got::of(post(&client, JSON, ask(TYPENAME))).await.status, StatusCode::OK);
}

#[tokio::test]
async fn browsers_of_the_origins_that_are_named_may_call_and_no_others() {
    let allow = "access-control-allow-origin";
    let preflight = |app: &TestApp, origin: &str| {
        let request = app.stranger().http.request(Method::OPTIONS, format!("{}/graphql", app.url));
        let request = request.header("origin", origin).header("access-control-request-method", "POST");
        request.header("access-control-request-headers", "authorization,content-type,x-correlation-id")
    };
    let origins = vec!["https://school.example".to_owned(), " https://other.example".to_owned()];
    let app = TestApp::start_with(&[], HttpOptions { cors_origins: origins, ..HttpOptions::default() }).await;
    for (origin, allowed) in
        [("https://school.example", true), ("https://other.example", true), ("https://evil.example", false), ("null", false)]
    {
        let expected = if allowed { origin } else { "" };
        let got = Got::of(preflight(&app, origin)).await;
        assert_eq!((got.status, got.header(allow)), (StatusCode::OK, expected), "{origin}");
        let headers = got.header("access-control-allow-headers").to_lowercase();
        assert!(["authorization", "content-type", "x-correlation-id"].iter().all(|name| headers.contains(name)), "{headers}");
        let got = Got::of(post(&app.stranger(), JSON, ask(TYPENAME)).header("origin", origin)).await;
        assert_eq!(got.header(allow), expected);
        assert!(got.header("access-control-expose-headers").contains("x-correlation-id"));
        let vary: Vec<&str> = got.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
        assert!(vary.join(",").contains("origin") && vary.join(",").contains("accept"), "{vary:?}");
        assert_eq!(got.header("access-control-allow-credentials"), "");
    }
    let app = TestApp::start_with(&[], HttpOptions { cors_origins: vec!["*".into()], ..HttpOptions::default() }).await;
    assert_eq!(Got::of(preflight(&app, "https://evil.example")).await.header(allow), "*");
    let app = TestApp::start().await;
    assert_eq!(Got::of(preflight(&app, "https://school.example")).await.header(allow), "");
}

#[tokio::test]
async fn big_answers_are_packed_for_those_who_can_unpack_them() {
    let app = TestApp::start().await;
    let client = app.stranger();
    let introspection = ask(include_str!("introspection.graphql"));
    let plain = reqwest::Client::builder().no_gzip().build().unwrap();
    let ask = |encoding: &'static str, body: String| {
        let request = plain.post(format!("{}/graphql", app.url)).header("content-type", JSON).body(body);
        if encoding.is_empty() { request } else { request.header("accept-encoding", encoding) }
    };
    let big = ask("", introspection.clone()).send().await.unwrap();
    assert!(big.headers().get("content-encoding").is_none());
    let size = big.bytes().await.unwrap().len();
    for encoding in ["gzip", "br"] {
        let packed = ask(encoding, introspection.clone()).send().await.unwrap();
        assert_eq!(packed.headers()["content-encoding"], encoding);
        assert!(packed.headers().get_all("vary").iter().any(|vary| vary.to_str().unwrap().contains("accept-encoding")));
        assert!(packed.bytes().await.unwrap().len() * 4 < size);
    }
    let small = ask("gzip", json!({ "query": TYPENAME }).to_string()).send().await.unwrap();
    assert!(small.headers().get("content-encoding").is_none());
    // And a client that unpacks sees the same.
    assert_eq!(Got::of(post(&client, JSON, introspection)).await.body.len(), size);
}

#[tokio::test]
async fn the_service_says_whether_it_lives_and_whether_it_can_answer() {
    let app = TestApp::start().await;
    let http = app.stranger().http;
    let probe = async |path: &str| {
        let got = Got::of(http.get(format!("{}{path}", app.url))).await;
        (got.status.as_u16(), got.body.trim().to_owned())
    };
    assert_eq!(probe("/healthz").await, (200, "ok".to_owned()));
    assert_eq!(probe("/readyz").await, (200, "ready".to_owned()));
    let keys: Value = serde_json::from_str(&probe("/.well-known/jwks.json").await.1).unwrap();
    let key = &keys["keys"][0];
    assert_eq!((&key["kty"], &key["crv"], &key["alg"], &key["use"]), (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"), &json!("sig")));
    assert!(key["kid"].is_string() && key["x"].is_string() && key.get("d").is_none());
    assert_eq!(Got::of(http.get(format!("{}/", app.url))).await.media(), "text/html");

    // A newer binary has migrated: this one is about to be replaced, and serves on until then.
    let fingerprint = app.text("SELECT app.schema_fingerprint()").await.unwrap();
    let replace = |version: String| {
        format!("CREATE OR REPLACE FUNCTION app.schema_fingerprint() RETURNS text LANGUAGE sql IMMUTABLE RETURN '{version}'")
    };
    app.sql(&replace("99:0123456789abcdef".into())).await;
    assert_eq!(probe("/readyz").await.0, 200);
    // An older schema.
    app.sql(&replace("1:0123456789abcdef".into())).await;
    assert_eq!(probe("/readyz").await, (503, "the database is not at the schema of this binary".to_owned()));
    app.sql(&replace(fingerprint)).await;
    assert_eq!(probe("/readyz").await.0, 200);
    // No schema at all.
    app.sql("ALTER SCHEMA app RENAME TO gone").await;
    assert_eq!(probe("/readyz").await, (503, "the database is not migrated".to_owned()));
    app.sql("ALTER SCHEMA gone RENAME TO app").await;
    assert_eq!(probe("/readyz").await.0, 200);
    // No database. It lives on all the same, and comes back with the database.
    let name = &app.database.name;
    let server = lectern_testcontainers::server().await;
    let (admin, connection) = tokio_postgres::connect(&server.superuser_url("postgres"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let put_out = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    admin.batch_execute(&format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS false")).await.unwrap();
    admin.batch_execute(&put_out).await.unwrap();
    assert_eq!(probe("/readyz").await, (503, "the database can't be reached".to_owned()));
    assert_eq!(probe("/healthz").await.0, 200);
    let got = Got::of(post(&app.stranger(), RESPONSE, ask("{ viewer { __typename } }"))).await;
    assert_eq!(got.refusal(), "503 UNAVAILABLE");
    assert!(!got.body.contains(name.as_str()) && !got.body.contains("connection"), "{}", got.body);
    assert_eq!(Got::of(post(&app.stranger(), JSON, ask("{ viewer { __typename } }"))).await.refusal(), "200 UNAVAILABLE");
    admin.batch_execute(&format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS true")).await.unwrap();
    assert_eq!(probe("/readyz").await.0, 200);
    assert_eq!(app.stranger().ok("{ viewer { __typename } }", json!({})).await, json!({ "viewer": null }));
}

#[tokio::test]
async fn documents_beyond_the_limits_are_refused_before_they_cost_anything() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let nested = |open: &str, close: &str, levels: usize| format!("{}{}", open.repeat(levels), close.repeat(levels));
    let doubling: String = (0..30).map(|n| format!("fragment F{n} on Query {{ ...F{} ...F{} }} ", n + 1, n + 1)).collect();
    let chain: String = (0..3000).map(|n| format!("fragment F{n} on Q{{...F{}}}", n + 1)).collect();
    let hidden = format!(
        "{}login(input: {{ tenant: \"oak\", email: \"a\", password: \"b\" }}) {{ __typename }}{}",
        "... {".repeat(20),
        "}".repeat(20)
    );
    let levels =
        |depth: usize| format!("{{ __type(name: \"User\") {{ name {} name {} }} }}", "ofType {".repeat(depth - 2), "}".repeat(depth - 2));
    let mutations: String = (0..21).map(|n| format!("m{n}: publishCourse(id: \"x\") {{ id }} ")).collect();
    for (document, refused) in [
        (format!("{{ a(x: {}) }}", nested("[", "]", 1500)), "QUERY_TOO_COMPLEX"),
        (format!("{{ a(x: {}1{}) }}", "{a:".repeat(1500), "}".repeat(1500)), "QUERY_TOO_COMPLEX"),
        (format!("{{ a(x: [\"\"\"s\" {}]) }}", nested("[", "]", 1500)), "QUERY_TOO_COMPLEX"),
        (format!("query($a: {}) {{ __typename }}", nested("[", "]", 1500)), "QUERY_TOO_COMPLEX"),
        (format!("{}a{}", "{ a ".repeat(1500), "}".repeat(1500)), "QUERY_TOO_COMPLEX"),
        (nested("(", "", 40_000), "QUERY_TOO_COMPLEX"),
        (format!("{{ __typename #{} }}", " ".repeat(100_000)), "QUERY_TOO_COMPLEX"),
        (format!("{{ {} }}", "__typename ".repeat(5001)), "QUERY_TOO_COMPLEX"),
        (format!("{{ ...F0 }} {doubling} fragment F30 on Query {{ __typename }}"), "QUERY_TOO_COMPLEX"),
        (format!("{{ __typename }} {doubling} fragment F30 on Query {{ __typename }}"), "BAD_USER_INPUT"),
        (format!("{{ __typename }} {chain}"), "QUERY_TOO_COMPLEX"),
        ("{ ...A } fragment A on Query { ...B ...B } fragment B on Query { ...A ...A }".to_owned(), "BAD_USER_INPUT"),
        (levels(17), "QUERY_TOO_COMPLEX"),
        (format!("mutation {{ {mutations} }}"), "QUERY_TOO_COMPLEX"),
        (format!("mutation {{ {hidden} logout }}"), "BAD_USER_INPUT"),
        ("mutation { logout __typename }".to_owned(), ""),
    ] {
        let started = Instant::now();
        let answer = admin.ask(&document, json!({})).await;
        let took = started.elapsed();
        let head = &document[..document.len().min(60)];
        let got = answer["errors"].as_array().map_or(String::new(), |errors| refusal(&errors[0]));
        assert_eq!(got, refused, "{head} {answer}");
        assert!(took < Duration::from_secs(3), "{head} took {took:?}");
    }
    // The signed-out session above ended; the rest needs another.
    let admin = app.sign_in_as(&app.oak, &app.oak.email(Who::Admin), crate::app::PASSWORD).await;
    let roles: String = (0..200).map(|n| format!("a{n}: roles {{ id key name permissions }} ")).collect();
    let wide = format!("{{ courses(first: 100) {{ nodes {{ id instructor {{ {roles} }} }} }} }}");
    assert_eq!(admin.refused(&wide, json!({})).await, "QUERY_TOO_COMPLEX");
    let ids: Vec<String> = (0..5000).map(|n| n.to_string()).collect();
    assert_eq!(admin.refused("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": ids })).await, "BAD_USER_INPUT @ids");
    let uses: String = (0..400).map(|n| format!("a{n}: courses(filter: $f) {{ totalCount }} ")).collect();
    let filter = json!({ "search": "x".repeat(100_000) });
    assert_eq!(admin.refused(&format!("query($f: CourseFilter) {{ {uses} }}"), json!({ "f": filter })).await, "QUERY_TOO_COMPLEX");

    let whole = admin.ok(include_str!("introspection.graphql"), json!({})).await;
    assert!(whole["__schema"]["types"].as_array().unwrap().len() > 50);
    assert_eq!(admin.ok(&levels(16), json!({})).await["__type"]["name"], "User");
}

#[tokio::test]
async fn a_document_that_is_wrong_everywhere_is_answered_briefly() {
    let app = TestApp::start().await;
    let client = app.stranger();
    for part in ["nope ", "viewer ", "course(id: $x) { id } ", "viewer { nope nope } ", "viewer @nope { __typename } "] {
        let answer = Got::of(post(&client, JSON, ask(&format!("{{ {} }}", part.repeat(1500))))).await;
        assert!(answer.refusal().starts_with("200 BAD_USER_INPUT"), "{}", answer.body);
        assert!(answer.json()["errors"].as_array().unwrap().len() <= 20 && answer.body.len() < 10_000, "{} {}", answer.body.len(), part);
    }
}

#[tokio::test]
async fn a_wrong_input_names_its_field_and_nothing_of_the_inside() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let courses = "query($f: CourseFilter, $n: Int) { courses(first: $n, filter: $f) { nodes { id } } }";
    let role = "mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }";
    let audit = "query($f: AuditFilter) { auditLog(filter: $f) { totalCount } }";
    for (document, variables, refused) in [
        ("{ nope }", json!({}), "BAD_USER_INPUT"),
        ("{ course { id } }", json!({}), "BAD_USER_INPUT @id"),
        ("{ course(id: null) { id } }", json!({}), "BAD_USER_INPUT @id"),
        ("query($id: ID!) { course(id: $id) { id } }", json!({}), "BAD_USER_INPUT @id"),
        ("query($id: ID!) { course(id: $id) { id } }", json!({ "id": null }), "BAD_USER_INPUT @id"),
        ("query($id: ID!) { course(id: $id) { id } }", json!({ "id": {} }), "BAD_USER_INPUT @id"),
        ("query($id: ID!) { course(id: $id) { id } }", json!({ "id": "'; --" }), "BAD_USER_INPUT @id"),
        ("{ courses(first: \"x\") { nodes { id } } }", json!({}), "BAD_USER_INPUT @first"),
        ("{ courses(first: 3000000000) { nodes { id } } }", json!({}), "BAD_USER_INPUT @first"),
        (courses, json!({ "n": 3_000_000_000u64 }), "BAD_USER_INPUT @first"),
        (courses, json!({ "n": -3_000_000_000i64 }), "BAD_USER_INPUT @first"),
        (courses, json!({ "n": 1.5 }), "BAD_USER_INPUT @first"),
        (courses, json!({ "n": "1" }), "BAD_USER_INPUT @first"),
        (courses, json!({ "n": true }), "BAD_USER_INPUT @first"),
        (courses, json!({ "n": 0 }), "BAD_USER_INPUT @first"),
        (courses, json!({ "f": { "statuses": ["NOPE"] } }), "BAD_USER_INPUT @filter.statuses.0"),
        (courses, json!({ "f": { "statuses": ["DRAFT", null] } }), "BAD_USER_INPUT @filter.statuses.1"),
        (courses, json!({ "f": { "nope": 1 } }), "BAD_USER_INPUT @filter.nope"),
        (courses, json!({ "f": { "search": "a\u{0}b" } }), "BAD_USER_INPUT @filter.search"),
        (CREATE, json!({}), "BAD_USER_INPUT @i"),
        (CREATE, json!({ "i": {} }), "BAD_USER_INPUT @title"),
        (CREATE, json!({ "i": "x" }), "BAD_USER_INPUT"),
        (CREATE, json!({ "i": { "title": null } }), "BAD_USER_INPUT @title"),
        (CREATE, json!({ "i": { "title": 5 } }), "BAD_USER_INPUT @title"),
        (CREATE, json!({ "i": { "title": "a", "capacity": 3_000_000_000u64 } }), "BAD_USER_INPUT @capacity"),
        (CREATE, json!({ "i": { "title": "a", "capacity": u64::MAX } }), "BAD_USER_INPUT @capacity"),
        (CREATE, json!({ "i": { "title": "a", "capacity": 1e300 } }), "BAD_USER_INPUT @capacity"),
        (CREATE, json!({ "i": { "title": "a", "tags": ["x", 5] } }), "BAD_USER_INPUT @tags.1"),
        (CREATE, json!({ "i": { "title": "a", "nope": 1 } }), "BAD_USER_INPUT @nope"),
        (CREATE, json!({ "i": { "title": "a\u{0}" } }), "BAD_USER_INPUT @title"),
        (role, json!({ "i": { "key": "CLERK", "name": "Clerk", "permissions": ["COURSE_READ", "FLY"] } }), "BAD_USER_INPUT @permissions.1"),
        (audit, json!({ "f": { "from": "tomorrow" } }), "BAD_USER_INPUT @filter.from"),
        (audit, json!({ "f": { "from": "2030-01-01" } }), "BAD_USER_INPUT @filter.from"),
        (audit, json!({ "f": { "from": "2030-01-01T00:00:00" } }), "BAD_USER_INPUT @filter.from"),
        (audit, json!({ "f": { "from": 5 } }), "BAD_USER_INPUT @filter.from"),
        (audit, json!({ "f": { "to": "9999-01-01T00:00:00Z" } }), "BAD_USER_INPUT @filter.to"),
        (audit, json!({ "f": { "to": "2030-02-30T00:00:00Z" } }), "BAD_USER_INPUT @filter.to"),
    ] {
        let answer = admin.ask(document, variables.clone()).await;
        let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("{document} {variables} {answer}"));
        assert_eq!(errors.len(), 1, "{answer:#}");
        assert_eq!(refusal(&errors[0]), refused, "{document} {variables} {answer}");
        let text = answer.to_string().to_lowercase();
        for inside in ["select ", "insert ", "tenant_id", "app.", "sqlstate", "postgres", " relation ", "panicked", ".rs"] {
            assert!(!text.contains(inside), "{inside}: {text}");
        }
    }
    assert_eq!(app.count("course").await, 0);
}

#[tokio::test]
async fn a_variable_without_a_value_is_an_argument_left_out() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let document = "query($n: Int, $after: String, $search: String, $statuses: [CourseStatus!], $skip: Boolean = true) {
        courses(first: $n, after: $after, filter: { search: $search, statuses: $statuses, tag: null }) { ...Page }
        left: courses @skip(if: $skip) { totalCount }
    } fragment Page on CourseConnection { nodes { id } totalCount }";
    assert_eq!(admin.ok(document, json!({})).await, json!({ "courses": { "nodes": [], "totalCount": 0 } }));
    assert_eq!(admin.ok(document, json!({ "n": null, "skip": false })).await["left"]["totalCount"], 0);
    assert_eq!(admin.refused(document, json!({ "n": 0 })).await, "BAD_USER_INPUT @first");
    // Left out is not the same as null, as an update shows.
    let id =
        admin.ok("mutation { createCourse(input: { title: \"x\", capacity: 5 }) { id } }", json!({})).await["createCourse"]["id"].clone();
    let update = "mutation($id: ID!, $title: String, $capacity: Int) { updateCourse(input: { id: $id, title: $title, capacity: $capacity }) { title capacity } }";
    assert_eq!(admin.ok(update, json!({ "id": id })).await["updateCourse"], json!({ "title": "x", "capacity": 5 }));
    assert_eq!(admin.ok(update, json!({ "id": id, "capacity": null })).await["updateCourse"], json!({ "title": "x", "capacity": null }));
    assert_eq!(admin.refused(update, json!({ "id": id, "title": null })).await, "BAD_USER_INPUT @title");
    // What is needed is still asked for, and what is not defined is still wrong.
    assert_eq!(admin.refused("query($id: ID) { course(id: $id) { id } }", json!({})).await, "BAD_USER_INPUT @id");
    assert_eq!(admin.refused("{ course(id: $id) { id } }", json!({})).await, "BAD_USER_INPUT");
    assert_eq!(admin.refused("query($if: Boolean) { viewer @skip(if: $if) { __typename } }", json!({})).await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn of_several_operations_the_one_that_is_named_runs_and_nothing_of_the_others() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let document = "query A($n: Int!) { courses(first: $n) { ...Page } } query B($key: String) { viewer { ...Role } publicTenants(search: $key) { totalCount } }
        fragment Page on CourseConnection { totalCount } fragment Role on Viewer { activeRole { key } }";
    let ask = async |name: &str, variables: Value| {
        let body = json!({ "query": document, "operationName": name, "variables": variables });
        Got::of(post(&admin, JSON, body.to_string()).bearer_auth(admin.token.as_ref().unwrap())).await.json()["data"].take()
    };
    assert_eq!(ask("A", json!({ "n": 5 })).await, json!({ "courses": { "totalCount": 0 } }));
    assert_eq!(ask("B", json!({})).await, json!({ "viewer": { "activeRole": { "key": "ADMIN" } }, "publicTenants": { "totalCount": 2 } }));
    assert_eq!(admin.refused(document, json!({})).await, "BAD_USER_INPUT @operationName");
    assert_eq!(admin.refused("query A { __typename } fragment F on Query { __typename }", json!({})).await, "BAD_USER_INPUT");
}
