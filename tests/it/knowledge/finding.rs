//! Finding: ranks inside what the person reads, and nothing of what they don't.

use serde_json::{Value, json};

use super::{base, document};
use crate::{
    app::{Client, TestApp, Who},
    classroom::refused,
    projects::{join_as, project},
};

pub const SEARCH: &str = "query($q: String!, $n: Int, $f: DocumentSearchFilter) { documentSearch(query: $q, first: $n, filter: $f) { score page heading text document { title } } }";

/// The titles of the documents that are found, the best first.
pub async fn found(client: &Client, words: &str, filter: Value) -> Vec<String> {
    let answer = client.ok(SEARCH, json!({ "q": words, "f": filter })).await;
    answer["documentSearch"].as_array().unwrap().iter().map(|passage| passage["document"]["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn passages_are_found_by_beginnings_of_words_rare_ones_first() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (title, text) in [
        ("Limits", "The crosswind limit of the aeroplane is fifteen knots."),
        ("Fuel", "The aeroplane takes unleaded fuel."),
        ("Both", "Crosswind and fuel of the aeroplane."),
        ("Other", "Nothing of that kind."),
    ] {
        document(&admin, title, text, json!({})).await;
    }
    app.work().await;
    assert_eq!(found(&admin, "crosswind fifteen", json!({})).await, ["Limits", "Both"], "any word matches; the rarer counts more");
    assert_eq!(found(&admin, "CROSSW", json!({})).await.len(), 2);
    assert_eq!(found(&admin, "fuel crosswind", json!({})).await[0], "Both", "more words count more");
    assert!(found(&admin, "is of", json!({})).await.is_empty(), "words of two letters are left out");
    assert!(found(&admin, " ", json!({})).await.is_empty());
    let answer = admin.ok(SEARCH, json!({ "q": "aeroplane", "n": 1 })).await;
    assert_eq!(answer["documentSearch"].as_array().unwrap().len(), 1);
    for (variables, line) in [
        (json!({ "q": "a", "n": 0 }), "BAD_USER_INPUT @first"),
        (json!({ "q": "a", "n": 51 }), "BAD_USER_INPUT @first"),
        (json!({ "q": "a", "f": { "documentIds": [] } }), "BAD_USER_INPUT @filter.documentIds"),
    ] {
        refused(&app, &admin, SEARCH, variables, line).await;
    }
}

#[tokio::test]
async fn nobody_finds_what_they_may_not_read_by_whatever_they_ask() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let (lea, vic) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await);
    let elsewhere = app.sign_in(&app.elm, Who::Admin).await;
    let winter = project(&ada, "Winter").await;
    let school = document(&admin, "School", "A secret crosswind of the school.", json!({})).await;
    let inside = document(&ada, "Inside", "A secret crosswind of the project.", json!({ "projectId": winter })).await;
    let of_winter = base(&ada, json!({ "name": "Winter", "projectId": winter, "documentIds": [school, inside] })).await;
    document(&elsewhere, "Elsewhere", "A secret crosswind of another school.", json!({})).await;
    app.work().await;
    let mut all = found(&ada, "crosswind", json!({})).await;
    all.sort();
    assert_eq!(all, ["Inside", "School"]);
    assert_eq!(found(&lea, "crosswind", json!({})).await, ["School"]);
    assert!(found(&vic, "crosswind", json!({})).await.is_empty());
    assert_eq!(found(&elsewhere, "crosswind", json!({})).await, ["Elsewhere"]);
    // Ids of what one can't read find nothing, as ids that never were.
    for filter in [json!({ "projectId": winter }), json!({ "knowledgeBaseIds": [of_winter] }), json!({ "documentIds": [inside] })] {
        assert!(found(&lea, "crosswind", filter.clone()).await.is_empty(), "{filter}");
        assert!(!found(&ada, "crosswind", filter).await.is_empty());
    }
    // The score of what one reads does not depend on what one does not.
    let score = async |client: &Client| {
        client.ok(SEARCH, json!({ "q": "crosswind", "f": { "documentIds": [school] } })).await["documentSearch"][0]["score"].clone()
    };
    assert_eq!(score(&lea).await, score(&ada).await);
    // Whoever leaves finds it no more; nor does anybody in a project that is deleted.
    join_as(&ada, &winter, &lea.user_id, "VIEWER").await;
    assert_eq!(found(&lea, "crosswind", json!({})).await.len(), 2);
    ada.ok("mutation($id: ID!) { deleteProject(id: $id) }", json!({ "id": winter })).await;
    for person in [&lea, &ada] {
        assert_eq!(found(person, "crosswind", json!({})).await, ["School"]);
    }
}

#[tokio::test]
async fn a_big_school_is_searched_the_same_way() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let tenant = app.oak.tenant;
    app.sql(&format!(
        "SET app.audit = 'off'; SET app.tenant_id = '{tenant}';
         INSERT INTO document (tenant_id, id, title, text, media_type, byte_size, state, passage_count) SELECT '{tenant}', gen_random_uuid(), 'D' || n, 'x', 'text/plain', 1, 'COMPLETED', 20 FROM generate_series(1, 300) AS n;
         INSERT INTO passage (tenant_id, document_id, position, revision, text)
             SELECT d.tenant_id, d.id, n, 1, 'The common words of ' || d.title || CASE WHEN d.title = 'D77' AND n = 3 THEN ' and the crosswind' ELSE '' END FROM document d, generate_series(1, 20) AS n;
         RESET app.audit; RESET app.tenant_id; ANALYZE passage"
    ))
    .await;
    assert_eq!(found(&admin, "crosswind", json!({})).await, ["D77"]);
    assert_eq!(found(&admin, "common crosswind", json!({})).await[0], "D77");
    assert_eq!(found(&admin, "common", json!({})).await.len(), 10, "a word that is everywhere finds something");
}
