//! Schools: the public finds them by name, unless they opt out; a signed-in person sees the own one, and no other.

mod branding;
mod features;

use serde_json::{Value, json};

use crate::app::{Client, TestApp, Who};

const PUBLIC: &str = "query($search: String, $first: Int, $after: String) { publicTenants(search: $search, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { slug name } } }";

async fn slugs(client: &Client, search: Value) -> Vec<String> {
    let found = client.ok(PUBLIC, json!({ "search": search })).await["publicTenants"].take();
    let nodes = found["nodes"].as_array().unwrap();
    assert_eq!(found["totalCount"], nodes.len());
    nodes.iter().map(|school| school["slug"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_public_finds_schools_by_name_unless_they_opt_out() {
    let app = TestApp::start().await;
    app.sql(
        "SET app.audit = 'off';
         INSERT INTO tenant (tenant_id, slug, name, time_zone, is_listed, suspended_at) VALUES
             ('00000000-0000-7000-8000-000000000001', 'ash-grove', 'The Grove of Ash', 'Asia/Kolkata', true, NULL),
             ('00000000-0000-7000-8000-000000000002', 'yew', 'Yew, unlisted', 'UTC', false, NULL),
             ('00000000-0000-7000-8000-000000000003', 'fir', 'Fir, suspended', 'UTC', true, now());
         RESET app.audit",
    )
    .await;
    let stranger = app.stranger();
    assert_eq!(slugs(&stranger, Value::Null).await, ["elm", "oak", "ash-grove"]);
    assert_eq!(slugs(&stranger, json!("  ")).await.len(), 3);
    for (search, found) in [
        ("ASH", vec!["ash-grove"]),   // the beginning of the slug
        ("grove", vec!["ash-grove"]), // a part of the name
        ("school", vec!["elm", "oak"]),
        ("yew", vec![]),
        ("fir", vec![]),
        ("no such", vec![]),
    ] {
        assert_eq!(slugs(&stranger, json!(search)).await, found, "{search}");
    }
    // Signed in, it is the same list.
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    assert_eq!(slugs(&admin, Value::Null).await.len(), 3);

    let first = stranger.ok(PUBLIC, json!({ "first": 2 })).await["publicTenants"].take();
    assert_eq!((&first["totalCount"], &first["pageInfo"]["hasNextPage"]), (&json!(3), &json!(true)));
    let second = stranger.ok(PUBLIC, json!({ "first": 2, "after": first["pageInfo"]["endCursor"] })).await["publicTenants"].take();
    assert_eq!(second["nodes"], json!([{ "slug": "ash-grove", "name": "The Grove of Ash" }]));
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
    for (variables, refusal) in [
        (json!({ "first": 0 }), "BAD_USER_INPUT @first"),
        (json!({ "after": "x" }), "BAD_USER_INPUT @after"),
        (json!({ "search": "x".repeat(201) }), "BAD_USER_INPUT @search"),
        (json!({ "search": "a\u{0}" }), "BAD_USER_INPUT @search"),
    ] {
        assert_eq!(stranger.refused(PUBLIC, variables).await, refusal);
    }
}

#[tokio::test]
async fn a_person_sees_the_own_school_and_no_other() {
    let app = TestApp::start().await;
    let own = "{ viewer { tenant { id slug name timeZone subscriptionEnd } } }";
    let node = "query($id: ID!) { node(id: $id) { ... on Tenant { slug } } }";
    let foreign = lectern_kernel::ids::encode("tenant", app.elm.tenant);
    for who in Who::ALL {
        let client = app.sign_in(&app.oak, who).await;
        let id = lectern_kernel::ids::encode("tenant", app.oak.tenant);
        assert_eq!(
            client.ok(own, json!({})).await["viewer"]["tenant"],
            json!({ "id": id, "slug": "oak", "name": "Oak School", "timeZone": "Europe/Berlin", "subscriptionEnd": null })
        );
        assert_eq!(client.ok(node, json!({ "id": id })).await, json!({ "node": { "slug": "oak" } }));
        assert_eq!(client.ok(node, json!({ "id": foreign })).await, json!({ "node": null }));
    }
    app.sql("UPDATE tenant SET subscription_end = '2999-01-01T00:00:00Z' WHERE slug = 'oak'").await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(learner.ok(own, json!({})).await["viewer"]["tenant"]["subscriptionEnd"], "2999-01-01T00:00:00Z");
}
