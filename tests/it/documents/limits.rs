//! Each limit of a document: its setting, and what a refusal says of it.

use serde_json::{Value, json};

use crate::app::{TestApp, Who, refusal};

/// Code, limit and number of the only error.
fn limit_of(answer: &Value) -> (String, i64, i64) {
    let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("not refused: {answer}"));
    assert_eq!(errors.len(), 1, "{answer}");
    assert!(answer.get("data").is_none(), "{answer}");
    let extensions = &errors[0]["extensions"];
    let number = |name: &str| extensions[name].as_i64().unwrap_or_else(|| panic!("no {name}: {answer}"));
    (refusal(&errors[0]), number("limit"), number("used"))
}

#[tokio::test]
async fn every_limit_is_a_setting_and_a_refusal_names_limit_and_number() {
    let settings = [
        "--max-document-bytes=400",
        "--max-tokens=120",
        "--max-nesting=12",
        "--max-fields=30",
        "--max-levels=8",
        "--max-aliases=5",
        "--max-directives=6",
        "--max-directives-in-place=2",
        "--max-fragments=3",
        "--max-mutations=2",
        "--max-variable-bytes=1024",
        "--max-depth=6",
        "--max-complexity=100",
    ];
    let app = TestApp::start_with(&settings, Default::default()).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let fragments: String = (0..4).map(|n| format!("fragment F{n} on Query {{ __typename }} ")).collect();
    let spreads: String = (0..4).map(|n| format!("...F{n} ")).collect();
    let aliased = "a: __typename ".repeat(2);
    for (document, limit, used) in [
        (format!("{{ __typename }} #{}", "x".repeat(400)), 400, 416),
        (format!("{{ __typename(a: [{}]) }}", "1 ".repeat(115)), 120, 124),
        (format!("{{ a(b: {}1{}) }}", "[".repeat(11), "]".repeat(11)), 12, 13),
        (format!("{{ {} }}", "__typename ".repeat(31)), 30, 31),
        (format!("{{ {}a{} }}", "...{".repeat(8), "}".repeat(8)), 8, 9),
        (format!("{{ ...F ...F ...F }} fragment F on Query {{ {aliased} }}"), 5, 6),
        ("{ ...F @b ...F @b ...F } fragment F on Query @b { __typename @b }".to_owned(), 6, 8),
        ("{ __typename @include(if: true) @skip(if: false) @include(if: true) }".to_owned(), 2, 3),
        (format!("{{ {spreads} }} {fragments}"), 3, 4),
        ("mutation { a: publishCourse(id: 1) { id } b: publishCourse(id: 2) { id } c: publishCourse(id: 3) { id } }".to_owned(), 2, 3),
        ("{ __type(name: \"User\") { ofType { ofType { ofType { ofType { ofType { name } } } } } } }".to_owned(), 6, 7),
        ("{ courses(first: 50) { nodes { id title status } } }".to_owned(), 100, 200),
    ] {
        assert_eq!(limit_of(&admin.ask(&document, json!({})).await), ("QUERY_TOO_COMPLEX".into(), limit, used), "{document}");
    }
    let twice = "query($s: String) { a: courses(first: 1, filter: { search: $s }) { totalCount } b: courses(first: 1, filter: { search: $s }) { totalCount } }";
    let (code, limit, used) = limit_of(&admin.ask(twice, json!({ "s": "x".repeat(500) })).await);
    assert_eq!((code.as_str(), limit), ("QUERY_TOO_COMPLEX", 1024));
    assert!(used > 1024);
    admin.ok(twice, json!({ "s": "x" })).await;
}

#[tokio::test]
async fn four_mutations_share_a_document_and_five_do_not() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let create = |count: usize| {
        let fields: String = (0..count).map(|n| format!("c{n}: createCourse(input: {{ title: \"C{n}\" }}) {{ id }} ")).collect();
        format!("mutation {{ {fields} }}")
    };
    assert_eq!(limit_of(&admin.ask(&create(5), json!({})).await), ("QUERY_TOO_COMPLEX".into(), 4, 5));
    assert_eq!(app.count("course").await, 0);
    admin.ok(&create(4), json!({})).await;
    assert_eq!(app.count("course").await, 4);
}

#[test]
fn a_document_as_deep_as_any_setting_allows_runs_on_the_stack_of_a_worker() {
    // The harness spawns the service, which so runs on workers.
    lectern::ops::runtime().unwrap().block_on(run_deep());
}

async fn run_deep() {
    let settings = ["--max-nesting=100", "--max-levels=60", "--max-depth=40", "--max-complexity=1000000000"];
    let app = TestApp::start_with(&settings, Default::default()).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let created = admin.ok("mutation { createCourse(input: { title: \"Deep\" }) { id } }", json!({})).await;
    let id = created["createCourse"]["id"].as_str().unwrap();
    admin.ok("mutation($id: ID!) { publishCourse(id: $id) { id } }", json!({ "id": id })).await;
    let enroll = "mutation($i: EnrollInput!) { enroll(input: $i) { id } }";
    admin.ok(enroll, json!({ "i": { "courseId": id, "userId": admin.user_id } })).await;
    // Three levels a round, between the course and its title.
    let deep = |rounds: usize| {
        let (open, close) = ("enrollments(first: 1) { nodes { course { ".repeat(rounds), "} } } ".repeat(rounds));
        format!("query($id: ID!) {{ course(id: $id) {{ {open} title {close} }} }}")
    };
    let mut at = &admin.ok(&deep(12), json!({ "id": id })).await["course"];
    for _ in 0..12 {
        at = &at["enrollments"]["nodes"][0]["course"];
    }
    assert_eq!(at["title"], "Deep");
    assert_eq!(limit_of(&admin.ask(&deep(13), json!({ "id": id })).await), ("QUERY_TOO_COMPLEX".into(), 40, 41));
}
