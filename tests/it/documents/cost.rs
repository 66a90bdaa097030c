//! What a document costs, computed by hand and compared with what the service says.

use serde_json::{Value, json};

use crate::app::{Client, TestApp, Who};

async fn cost(client: &Client, query: &str, variables: Value) -> Value {
    let body = json!({ "query": query, "variables": variables, "extensions": { "cost": true, "somebodyElses": [1] } });
    let answer: Value = client.post("", json!(null)).json(&body).send().await.unwrap().json().await.unwrap();
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["extensions"]["cost"].clone()
}

#[tokio::test]
async fn a_document_says_what_it_cost_where_it_is_asked() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let shown = |cost: i64, depth: i64| json!({ "cost": cost, "limit": 200_000, "depth": depth, "depthLimit": 16 });
    for (document, variables, expected) in [
        ("{ __typename }", json!({}), shown(1, 1)),
        // Each field is one point.
        ("{ viewer { user { id name } activeRole { key } } }", json!({}), shown(6, 3)),
        // A page of 10: nodes, id and title of each.
        ("{ courses(first: 10) { nodes { id title } } }", json!({}), shown(30, 3)),
        ("query($n: Int) { courses(first: $n) { nodes { id title } } }", json!({ "n": 10 }), shown(30, 3)),
        ("query($n: Int = 10) { courses(last: $n) { nodes { id title } } }", json!({}), shown(30, 3)),
        // 10 × (nodes + id + 5 × (nodes + id)), and in a fragment as without one.
        ("{ courses(first: 10) { nodes { id enrollments(first: 5) { nodes { id } } } } }", json!({}), shown(120, 5)),
        (
            "{ courses(first: 10) { nodes { ...F } } } fragment F on Course { id ... { enrollments(first: 5) { nodes { id } } } }",
            json!({}),
            shown(120, 5),
        ),
        // `__typename` is a field like any other.
        ("{ courses(first: 10) { nodes { __typename t: __typename } __typename } __typename }", json!({}), shown(41, 3)),
        // Twice is twice.
        ("{ a: courses(first: 10) { nodes { id title } } b: courses(first: 2) { totalCount } }", json!({}), shown(32, 3)),
    ] {
        assert_eq!(cost(&admin, document, variables.clone()).await, expected, "{document}");
        // Again, when it has been read before.
        assert_eq!(cost(&admin, document, variables).await, expected, "{document}");
    }
    let names: String = (0..100).map(|n| format!("t{n}: __typename ")).collect();
    let squared = format!("{{ courses(first: 100) {{ nodes {{ enrollments(first: 100) {{ nodes {{ {names} }} }} }} }} }}");
    assert_eq!(admin.refused(&squared, json!({})).await, "QUERY_TOO_COMPLEX");
    assert!(admin.ask("{ __typename }", json!({})).await.get("extensions").is_none(), "nobody asked");
    let body = json!({ "query": "{ __typename }", "extensions": { "cost": "much" } });
    let refused: Value = admin.post("", json!(null)).json(&body).send().await.unwrap().json().await.unwrap();
    assert_eq!(crate::app::refusal(&refused["errors"][0]), "BAD_USER_INPUT @extensions");
}

/// The cost of a document is kept for later requests only where it does not depend on their variables.
#[tokio::test]
async fn a_document_that_was_valid_before_is_refused_with_variables_that_are_not() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let moment = "query($at: DateTime) { bookings(filter: { from: $at }) { nodes { id } } }";
    let id = "query($id: ID!) { course(id: $id) { id } }";
    let size = "query($n: Int) { courses(first: 10) { nodes { id enrollments(first: $n) { nodes { id } } } } }";
    let course = "course_01h455vb4pex5vsknk084sn02q";
    for (document, good, bad, refusal) in [
        (moment, json!({ "at": "2026-11-20T09:30:00Z" }), json!({ "at": "2026-11-20" }), "BAD_USER_INPUT"),
        (moment, json!({ "at": null }), json!({ "at": 7 }), "BAD_USER_INPUT"),
        (id, json!({ "id": course }), json!({ "id": ["x"] }), "BAD_USER_INPUT"),
        (id, json!({ "id": course }), json!({ "id": null }), "BAD_USER_INPUT @id"),
        (size, json!({ "n": 1 }), json!({ "n": "1" }), "BAD_USER_INPUT"),
    ] {
        for _ in 0..2 {
            admin.ok(document, good.clone()).await;
            assert!(admin.refused(document, bad.clone()).await.starts_with(refusal), "{document} {bad}");
        }
    }
    // What a calendar costs depends on its range.
    let calendar = "query($to: DateTime!) { calendar(from: \"2026-11-01T00:00:00Z\", to: $to) { days { date } } }";
    let day = cost(&admin, calendar, json!({ "to": "2026-11-02T00:00:00Z" })).await["cost"].as_i64();
    let month = cost(&admin, calendar, json!({ "to": "2026-12-01T00:00:00Z" })).await["cost"].as_i64();
    assert!(month > day.map(|day| day * 5), "{day:?} {month:?}");
    let costs = [cost(&admin, size, json!({ "n": 1 })).await, cost(&admin, size, json!({ "n": 100 })).await];
    assert!(costs[1]["cost"].as_i64() > costs[0]["cost"].as_i64().map(|cost| cost * 20), "{costs:?}");
}
