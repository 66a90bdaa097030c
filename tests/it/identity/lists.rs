//! The list of people: filters, orders, pages.

use serde_json::{Value, json};

use super::{SUSPEND, add, add_role};
use crate::app::{Client, TestApp, Who};

const USERS: &str = "query($f: UserFilter, $o: UserOrder, $first: Int, $after: String, $last: Int, $before: String) {
    users(filter: $f, orderBy: $o, first: $first, after: $after, last: $last, before: $before) {
        nodes { name } edges { cursor node { name email } } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// Who are found, in the order of bytes.
async fn names(client: &Client, filter: Value) -> Vec<String> {
    let users = client.ok(USERS, json!({ "f": filter })).await["users"].take();
    let mut names: Vec<String> = users["nodes"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(users["totalCount"], names.len());
    names.sort();
    names
}

/// Twenty-three people of the school `oak`, some of them namesakes, some created at the same moment.
async fn populate(app: &TestApp) {
    app.sql(&format!(
        "INSERT INTO app_user (tenant_id, id, name, email, created_at)
         SELECT '{}', gen_random_uuid(), 'Person ' || chr(65 + i % 7), 'p' || i || '@oak.example', timestamptz '2026-01-01' + (i / 3) * interval '1 hour'
         FROM generate_series(0, 22) AS i",
        app.oak.tenant
    ))
    .await;
}

#[tokio::test]
async fn people_are_found_by_beginnings_of_words_roles_and_states() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (name, email, roles) in [
        ("Ada Lovelace", "countess@lovelace.example", json!(["LEARNER"])),
        ("Adam O'Neil-Smith", "adam.smith@oak.example", json!(["LEARNER", "VIEWER"])),
        ("Émile Zola", "emile@paris.example", json!(["VIEWER"])),
    ] {
        let input = json!({ "i": { "name": name, "email": email, "roleKeys": roles } });
        admin.ok(super::CREATE, input).await;
    }
    app.sign_in(&app.elm, Who::Admin).await.ok(super::CREATE, super::new_person("ada@elm.example", &["LEARNER"])).await;

    let (ada, adam, zola) = ("Ada Lovelace", "Adam O'Neil-Smith", "Émile Zola");
    for (search, found) in [
        ("ada", vec![ada, adam]),
        ("ADA LOV", vec![ada]),
        ("lov ada", vec![ada]),
        ("countess@love", vec![ada]),
        ("oneil", vec![]),
        ("o'neil", vec![adam]),
        ("smith", vec![adam]),
        ("neil-sm", vec![adam]),
        ("adam.smith@oak.example", vec![adam]),
        ("émi", vec![zola]),
        ("paris", vec![zola]),
        ("velace", vec![]),
        ("% _ ' \\ :* & | ! ( <->", vec![]),
        ("nobody at all", vec![]),
    ] {
        assert_eq!(names(&admin, json!({ "search": search })).await, found, "{search}");
    }
    assert_eq!(names(&admin, json!({ "search": "  " })).await.len(), 7, "a blank search is none");

    assert_eq!(names(&admin, json!({ "roleKeys": ["VIEWER"] })).await, [adam, "VIEWER of oak", zola]);
    assert_eq!(names(&admin, json!({ "roleKeys": ["VIEWER", "LEARNER"], "search": "ada" })).await, [ada, adam], "each person once");
    assert_eq!(names(&admin, json!({ "roleKeys": ["NO_SUCH_ROLE"] })).await, [""; 0]);
    assert_eq!(names(&admin, json!({ "roleKeys": [] })).await, [""; 0]);
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    admin.ok(SUSPEND, json!({ "id": learner.user_id })).await;
    assert_eq!(names(&admin, json!({ "statuses": ["SUSPENDED"] })).await, ["LEARNER of oak"]);
    assert_eq!(names(&admin, json!({ "statuses": ["ACTIVE"], "roleKeys": ["LEARNER"] })).await, [ada, adam]);
    assert_eq!(names(&admin, json!({ "statuses": ["ACTIVE", "SUSPENDED"] })).await.len(), 7);

    for (filter, field) in [
        (json!({ "search": "a\u{0}" }), "filter.search"),
        (json!({ "search": "x".repeat(201) }), "filter.search"),
        (json!({ "roleKeys": ["LEARNER", ""] }), "filter.roleKeys.1"),
        (json!({ "roleKeys": ["A\u{0}"] }), "filter.roleKeys.0"),
    ] {
        assert_eq!(admin.refused(USERS, json!({ "f": filter })).await, format!("BAD_USER_INPUT @{field}"));
    }
    assert!(admin.refused(USERS, json!({ "f": { "statuses": ["DELETED"] } })).await.starts_with("BAD_USER_INPUT"));
}

#[tokio::test]
async fn pages_go_forward_and_backward_in_every_order_without_gaps_or_repeats() {
    let app = TestApp::start().await;
    populate(&app).await;
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    for (field, column) in [("NAME", "name"), ("CREATED_AT", "created_at")] {
        for direction in ["ASC", "DESC"] {
            let order = json!({ "field": field, "direction": direction });
            for filter in [json!(null), json!({ "search": "person" })] {
                let wanted = app
                    .text(&format!(
                        "SELECT string_agg(email, ' ' ORDER BY {column} {direction}, id {direction}) FROM app_user WHERE tenant_id = '{}' {}",
                        app.oak.tenant,
                        if filter.is_null() { "" } else { "AND name LIKE 'Person%'" }
                    ))
                    .await
                    .unwrap();
                let wanted: Vec<&str> = wanted.split(' ').collect();
                let forward = walk(&viewer, &order, &filter, false, wanted.len()).await;
                assert_eq!(forward, wanted, "{order} {filter}");
                let mut backward = walk(&viewer, &order, &filter, true, wanted.len()).await;
                backward.reverse();
                assert_eq!(backward, wanted, "{order} {filter} backward");
            }
        }
    }
}

/// Everybody's email, page by page, in the order of visit.
async fn walk(client: &Client, order: &Value, filter: &Value, backward: bool, total: usize) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let mut variables = json!({ "o": order, "f": filter });
        let (size, at) = if backward { ("last", "before") } else { ("first", "after") };
        variables[size] = json!(7);
        variables[at] = cursor.clone();
        let users = client.ok(USERS, variables).await["users"].take();
        assert_eq!(users["totalCount"], total);
        let mut edges = users["edges"].as_array().unwrap().clone();
        assert_eq!(users["pageInfo"]["startCursor"], edges[0]["cursor"]);
        assert_eq!(users["pageInfo"]["endCursor"], edges[edges.len() - 1]["cursor"]);
        if backward {
            edges.reverse();
        }
        seen.extend(edges.iter().map(|edge| edge["node"]["email"].as_str().unwrap().to_owned()));
        let (more, less) = if backward { ("hasPreviousPage", "hasNextPage") } else { ("hasNextPage", "hasPreviousPage") };
        assert_eq!(users["pageInfo"][less], !cursor.is_null());
        if users["pageInfo"][more] == false {
            return seen;
        }
        assert!(seen.len() <= total, "the pages never end");
        cursor = edges[edges.len() - 1]["cursor"].clone();
    }
}

#[tokio::test]
async fn sizes_out_of_bounds_and_foreign_cursors_are_refused() {
    let app = TestApp::start().await;
    populate(&app).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    for (variables, field) in [
        (json!({ "first": 0 }), "first"),
        (json!({ "first": 101 }), "first"),
        (json!({ "first": -1 }), "first"),
        (json!({ "last": 0 }), "last"),
        (json!({ "last": 1000 }), "last"),
        (json!({ "first": 5, "last": 5 }), "last"),
    ] {
        assert_eq!(admin.refused(USERS, variables.clone()).await, format!("BAD_USER_INPUT @{field}"), "{variables}");
    }
    let cursor = admin.ok(USERS, json!({ "first": 3 })).await["users"]["pageInfo"]["endCursor"].clone();
    admin.ok(USERS, json!({ "first": 3, "after": cursor })).await;
    let other_order = json!({ "first": 3, "after": cursor, "o": { "field": "CREATED_AT", "direction": "ASC" } });
    let other_direction = json!({ "first": 3, "after": cursor, "o": { "field": "NAME", "direction": "DESC" } });
    for variables in [other_order, other_direction, json!({ "after": "garbage" }), json!({ "after": "" })] {
        assert_eq!(admin.refused(USERS, variables.clone()).await, "BAD_USER_INPUT @after", "{variables}");
    }
    assert_eq!(elm.refused(USERS, json!({ "after": cursor })).await, "BAD_USER_INPUT @after", "a cursor of another school");
    assert_eq!(admin.refused(USERS, json!({ "last": 3, "before": "x" })).await, "BAD_USER_INPUT @before");
    let courses = "query($a: String) { courses(first: 1, after: $a) { totalCount } }";
    assert_eq!(admin.refused(courses, json!({ "a": cursor })).await, "BAD_USER_INPUT @after", "a cursor of another list");
}

#[tokio::test]
async fn a_list_costs_the_same_statements_whatever_its_length() {
    let app = TestApp::start().await;
    populate(&app).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    app.sql(
        "INSERT INTO user_role (tenant_id, user_id, role_id) SELECT u.tenant_id, u.id, r.id FROM app_user u JOIN role r USING (tenant_id) \
             WHERE u.name LIKE 'Person%' AND r.key IN ('LEARNER', 'VIEWER')",
    )
    .await;
    let query = "query($n: Int!) { users(first: $n) { totalCount nodes { name email status roles { key permissions } } } roles { key } }";
    let few = app.statements(&admin, query, json!({ "n": 3 })).await;
    assert_eq!(few, app.statements(&admin, query, json!({ "n": 25 })).await);
    assert_eq!(few, 5, "the actor, the page, its total, its roles, the school's roles");
}

#[tokio::test]
async fn the_roles_of_the_school_are_listed_system_roles_first() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    add_role(&admin, "ASSISTANT", &["COURSE_READ", "USER_READ"]).await;
    add(&admin, "a@oak.example", &["ASSISTANT"]).await;
    let elm = app.sign_in(&app.elm, Who::Viewer).await.ok("{ roles { key } }", json!({})).await;
    assert_eq!(elm["roles"].as_array().unwrap().len(), 5, "another school's roles are its own");
    let viewer = app.sign_in(&app.oak, Who::Viewer).await;
    let roles = viewer.ok("{ roles { id key name isSystem permissions } }", json!({})).await["roles"].take();
    let keys: Vec<&str> = roles.as_array().unwrap().iter().map(|role| role["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["ADMIN", "INSTRUCTOR", "LEARNER", "PARTICIPANT", "VIEWER", "ASSISTANT"]);
    assert_eq!((&roles[4]["isSystem"], &roles[5]["isSystem"]), (&json!(true), &json!(false)));
    assert_eq!(roles[5]["permissions"], json!(["USER_READ", "COURSE_READ"]), "in the order of the schema");
    assert_eq!(roles[0]["permissions"].as_array().unwrap().len(), lectern_kernel::permission::Permission::ALL.len());

    const NODE: &str = "query($id: ID!) { node(id: $id) { ... on Role { key } } }";
    assert_eq!(viewer.ok(NODE, json!({ "id": roles[5]["id"] })).await["node"]["key"], "ASSISTANT");
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(learner.refused(NODE, json!({ "id": roles[5]["id"] })).await, "FORBIDDEN [ROLE_READ]");
}
