//! Documents: how big they may be, which of their operations runs, and how what is wrong in them is named.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{CREATE, Got, JSON, ask, post};
use crate::app::{TestApp, Who, refusal};

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
    let mutations: String = (0..5).map(|n| format!("m{n}: publishCourse(id: \"x\") {{ id }} ")).collect();
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
        assert!(took < Duration::from_secs(20), "{head} took {took:?}");
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

    let whole = admin.ok(include_str!("../introspection.graphql"), json!({})).await;
    assert!(whole["__schema"]["types"].as_array().unwrap().len() > 50);
    assert_eq!(admin.ok(&levels(16), json!({})).await["__type"]["name"], "User");
}

#[tokio::test]
async fn a_document_that_is_wrong_everywhere_is_answered_briefly() {
    let app = TestApp::start().await;
    let client = app.stranger();
    for part in ["nope ", "viewer ", "course(id: $x) { id } ", "viewer { nope nope } ", "viewer @nope { __typename } "] {
        let times = if part.contains('@') { 500 } else { 1500 };
        let answer = Got::of(post(&client, JSON, ask(&format!("{{ {} }}", part.repeat(times))))).await;
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
