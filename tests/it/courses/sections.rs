//! The parts of a course, in their order.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{draft, nothing, refused, uuid},
};

pub const CREATE: &str = "mutation($i: CreateSectionInput!) { createSection(input: $i) { id title position } }";
pub const UPDATE: &str = "mutation($i: UpdateSectionInput!) { updateSection(input: $i) { title position } }";
pub const REORDER: &str = "mutation($i: ReorderSectionsInput!) { reorderSections(input: $i) { sections { title position } } }";
pub const DELETE: &str = "mutation($id: ID!) { deleteSection(id: $id) }";

/// Title and position of each section.
async fn sections(client: &Client, course: &str) -> Vec<(String, i64)> {
    let data = client.ok("query($id: ID!) { course(id: $id) { sections { title position } } }", json!({ "id": course })).await;
    let read = |section: &Value| (section["title"].as_str().unwrap().to_owned(), section["position"].as_i64().unwrap());
    data["course"]["sections"].as_array().unwrap().iter().map(read).collect()
}

/// Sections of these titles; answers their ids.
async fn written(client: &Client, course: &str, titles: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for title in titles {
        let created = client.ok(CREATE, json!({ "i": { "courseId": course, "title": title } })).await;
        ids.push(created["createSection"]["id"].as_str().unwrap().to_owned());
    }
    ids
}

fn numbered(titles: &[&str]) -> Vec<(String, i64)> {
    titles.iter().zip(1..).map(|(title, position)| ((*title).to_owned(), position)).collect()
}

#[tokio::test]
async fn sections_are_added_renamed_reordered_and_deleted_without_gaps() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let course = draft(&ada, json!({ "title": "Algebra" })).await;
    let ids = written(&ada, &course, &["One", "Two", " Three ", "Four"]).await;
    assert_eq!(sections(&ada, &course).await, numbered(&["One", "Two", "Three", "Four"]));

    let renamed = ada.ok(UPDATE, json!({ "i": { "id": ids[1], "title": "Second" } })).await;
    assert_eq!(renamed["updateSection"], json!({ "title": "Second", "position": 2 }));
    let order = json!({ "i": { "courseId": course, "sectionIds": [ids[3], ids[0], ids[2], ids[1]] } });
    assert_eq!(
        ada.ok(REORDER, order).await["reorderSections"]["sections"],
        json!([{ "title": "Four", "position": 1 }, { "title": "One", "position": 2 }, { "title": "Three", "position": 3 }, { "title": "Second", "position": 4 }])
    );
    assert_eq!(ada.ok(DELETE, json!({ "id": ids[0] })).await["deleteSection"], json!(ids[0]));
    assert_eq!(sections(&ada, &course).await, numbered(&["Four", "Three", "Second"]));
    written(&ada, &course, &["Five"]).await;
    assert_eq!(sections(&ada, &course).await, numbered(&["Four", "Three", "Second", "Five"]));
    // Several in one document see one another.
    let both = "mutation($a: CreateSectionInput!, $b: CreateSectionInput!) { a: createSection(input: $a) { position } b: createSection(input: $b) { position } }";
    let input = |title: &str| json!({ "courseId": course, "title": title });
    assert_eq!(
        ada.ok(both, json!({ "a": input("Six"), "b": input("Seven") })).await,
        json!({ "a": { "position": 5 }, "b": { "position": 6 } })
    );
}

#[tokio::test]
async fn wrong_sections_are_named_and_change_nothing() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let course = draft(&ada, json!({ "title": "Algebra" })).await;
    let other = draft(&ada, json!({ "title": "Geometry" })).await;
    let ids = written(&ada, &course, &["One", "Two"]).await;
    let stranger = written(&ada, &other, &["Else"]).await.remove(0);
    let order = |ids: Vec<&str>| json!({ "i": { "courseId": course, "sectionIds": ids } });
    let (never, too_many) = (nothing("section"), vec![ids[0].as_str(); 1001]);
    for (mutation, variables, line) in [
        (CREATE, json!({ "i": { "courseId": course, "title": " " } }), "BAD_USER_INPUT @title"),
        (CREATE, json!({ "i": { "courseId": "algebra", "title": "Three" } }), "BAD_USER_INPUT @courseId"),
        (CREATE, json!({ "i": { "courseId": nothing("course"), "title": "Three" } }), "NOT_FOUND @courseId"),
        (UPDATE, json!({ "i": { "id": ids[0], "title": "a".repeat(201) } }), "BAD_USER_INPUT @title"),
        (UPDATE, json!({ "i": { "id": course, "title": "Three" } }), "BAD_USER_INPUT @id"),
        (UPDATE, json!({ "i": { "id": never, "title": "Three" } }), "NOT_FOUND @id"),
        (DELETE, json!({ "id": "one" }), "BAD_USER_INPUT @id"),
        (DELETE, json!({ "id": never }), "NOT_FOUND @id"),
        (REORDER, order(vec![]), "BAD_USER_INPUT @sectionIds"),
        (REORDER, order(too_many), "BAD_USER_INPUT @sectionIds"),
        (REORDER, order(vec![&ids[0]]), "BAD_USER_INPUT @sectionIds"),
        (REORDER, order(vec![&ids[0], &ids[0]]), "BAD_USER_INPUT @sectionIds.1"),
        (REORDER, order(vec![&ids[0], "two"]), "BAD_USER_INPUT @sectionIds.1"),
        (REORDER, order(vec![&ids[0], &stranger]), "NOT_FOUND @sectionIds.1"),
        (REORDER, order(vec![&never, &ids[0]]), "NOT_FOUND @sectionIds.0"),
    ] {
        refused(&app, &ada, mutation, variables, line).await;
    }
    // The thousandth fits, the next does not.
    app.sql(&format!(
        "INSERT INTO section (tenant_id, id, course_id, title, position) SELECT '{}', gen_random_uuid(), '{}', 'More', n FROM generate_series(3, 999) AS n",
        app.oak.tenant,
        uuid(&course)
    ))
    .await;
    let more = || json!({ "i": { "courseId": course, "title": "Last" } });
    assert_eq!(ada.ok(CREATE, more()).await["createSection"]["position"], 1000);
    refused(&app, &ada, CREATE, more(), "CONFLICT TOO_MANY_SECTIONS @courseId").await;
}

#[tokio::test]
async fn ten_at_once_stand_one_behind_the_other() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let course = draft(&ada, json!({ "title": "Algebra" })).await;
    let variables: Vec<Value> = (0..10).map(|n| json!({ "i": { "courseId": course, "title": format!("Section {n}") } })).collect();
    let created = join_all(variables.iter().enumerate().map(|(n, i)| [&ada, &admin][n % 2].ok(CREATE, i.clone()))).await;
    let mut positions: Vec<i64> = created.iter().map(|data| data["createSection"]["position"].as_i64().unwrap()).collect();
    positions.sort_unstable();
    assert_eq!(positions, (1..=10).collect::<Vec<i64>>());

    // Deletions and additions at once leave no gap either.
    let ids: Vec<Value> = created.into_iter().map(|mut data| data["createSection"]["id"].take()).collect();
    let deletions = join_all(ids.iter().take(5).map(|id| ada.ok(DELETE, json!({ "id": id }))));
    let additions = join_all(variables.iter().take(3).map(|i| admin.ok(CREATE, i.clone())));
    futures_util::future::join(deletions, additions).await;
    let positions: Vec<i64> = sections(&ada, &course).await.into_iter().map(|(_, position)| position).collect();
    assert_eq!(positions, (1..=8).collect::<Vec<i64>>());
}
