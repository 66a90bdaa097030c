//! Finding courses.

use serde_json::json;

use super::{COURSE, PUBLISH};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{ARCHIVE, course, draft, nothing, walk},
};

/// The titles of a filtered list, in its order.
async fn titles(client: &Client, arguments: &str) -> Vec<String> {
    walk(client, "courses", arguments, "/title").await
}

async fn catalogue(app: &TestApp) {
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    // Created in this order.
    course(&admin, json!({ "title": "Calculus", "description": "Limits, then derivatives", "tags": ["maths", "advanced"] })).await;
    course(&ada, json!({ "title": "Algebra", "description": "Introduction to numbers", "tags": ["Maths"] })).await;
    draft(&ada, json!({ "title": "Botany", "description": "Introduction to plants" })).await;
    draft(&admin, json!({ "title": "Secrets of Algebra", "tags": ["maths"] })).await;
    let archived = course(&ada, json!({ "title": "Astronomy" })).await;
    ada.ok(ARCHIVE, json!({ "id": archived })).await;
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    course(&elm, json!({ "title": "Algebra of elm", "description": "Introduction", "tags": ["maths"] })).await;
}

#[tokio::test]
async fn lists_are_paged_both_ways_in_both_orders() {
    let app = TestApp::start().await;
    catalogue(&app).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let by_title = ["Algebra", "Astronomy", "Botany", "Calculus", "Secrets of Algebra"];
    let by_age = ["Calculus", "Algebra", "Botany", "Secrets of Algebra", "Astronomy"];
    for (field, ascending) in [("TITLE", by_title), ("CREATED_AT", by_age)] {
        let mut descending = ascending;
        descending.reverse();
        assert_eq!(titles(&admin, &format!(", orderBy: {{ field: {field}, direction: ASC }}")).await, ascending);
        assert_eq!(titles(&admin, &format!(", orderBy: {{ field: {field}, direction: DESC }}")).await, descending);
    }
    assert_eq!(titles(&admin, "").await, by_title);
    // Equal titles have an order, too.
    for _ in 0..3 {
        course(&admin, json!({ "title": "Algebra" })).await;
    }
    assert_eq!(titles(&admin, "").await[..4], ["Algebra"; 4]);
}

#[tokio::test]
async fn drafts_are_listed_for_those_who_may_see_them() {
    let app = TestApp::start().await;
    catalogue(&app).await;
    for (who, listed) in [
        (Who::Admin, vec!["Algebra", "Astronomy", "Botany", "Calculus", "Secrets of Algebra"]),
        (Who::Instructor, vec!["Algebra", "Astronomy", "Botany", "Calculus"]),
        (Who::Learner, vec!["Algebra", "Astronomy", "Calculus"]),
        (Who::Viewer, vec!["Algebra", "Astronomy", "Calculus"]),
    ] {
        assert_eq!(titles(&app.sign_in(&app.oak, who).await, "").await, listed, "{who:?}");
    }
    assert_eq!(titles(&app.sign_in(&app.elm, Who::Learner).await, "").await, ["Algebra of elm"]);
}

#[tokio::test]
async fn a_search_finds_the_beginnings_of_words_in_title_and_description() {
    let app = TestApp::start().await;
    catalogue(&app).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let everything = titles(&admin, "").await;
    for (search, found) in [
        ("alg", vec!["Algebra", "Secrets of Algebra"]),
        ("ALGEBRA", vec!["Algebra", "Secrets of Algebra"]),
        ("intro numb", vec!["Algebra"]),
        ("numb intro", vec!["Algebra"]),
        ("intro", vec!["Algebra", "Botany"]),
        ("der, lim.", vec!["Calculus"]),
        ("gebra", vec![]),
        ("alg & ! bot:*", vec![]),
        ("' | a", vec!["Algebra", "Astronomy", "Secrets of Algebra"]),
    ] {
        assert_eq!(titles(&admin, &format!(", filter: {{ search: {} }}", json!(search))).await, found, "{search}");
    }
    // Blank is no search; punctuation alone finds nothing that has no word in it.
    assert_eq!(titles(&admin, ", filter: { search: \"  \" }").await, everything);
    // What is found is still only what may be seen.
    assert_eq!(titles(&learner, ", filter: { search: \"alg\" }").await, ["Algebra"]);
    for (tag, found) in [("maths", vec!["Algebra", "Calculus"]), (" MATHS ", vec!["Algebra", "Calculus"]), ("math", vec![])] {
        assert_eq!(titles(&learner, &format!(", filter: {{ tag: {} }}", json!(tag))).await, found, "{tag}");
    }
}

#[tokio::test]
async fn filters_narrow_together() {
    let app = TestApp::start().await;
    catalogue(&app).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let elm = app.sign_in(&app.elm, Who::Instructor).await;
    for (filter, found) in [
        ("statuses: [DRAFT]".to_owned(), vec!["Botany", "Secrets of Algebra"]),
        ("statuses: [ARCHIVED, DRAFT]".to_owned(), vec!["Astronomy", "Botany", "Secrets of Algebra"]),
        ("statuses: []".to_owned(), vec![]),
        (format!("instructorId: \"{}\"", ada.user_id), vec!["Algebra", "Astronomy", "Botany"]),
        (format!("instructorId: \"{}\", statuses: [PUBLISHED]", ada.user_id), vec!["Algebra"]),
        (format!("instructorId: \"{}\", search: \"intro\", statuses: [DRAFT]", ada.user_id), vec!["Botany"]),
        ("tag: \"maths\", search: \"alg\"".to_owned(), vec!["Algebra", "Secrets of Algebra"]),
        (format!("instructorId: \"{}\"", elm.user_id), vec![]),
        (format!("instructorId: \"{}\"", nothing("user")), vec![]),
    ] {
        assert_eq!(titles(&admin, &format!(", filter: {{ {filter} }}")).await, found, "{filter}");
    }
}

#[tokio::test]
async fn wrong_pages_and_filters_are_named() {
    let app = TestApp::start().await;
    catalogue(&app).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let cursor = admin.ok("{ courses { pageInfo { endCursor } } }", json!({})).await["courses"]["pageInfo"]["endCursor"].take();
    for (arguments, field) in [
        ("first: 0".to_owned(), "first"),
        ("first: 101".to_owned(), "first"),
        ("last: -1".to_owned(), "last"),
        ("first: 1, last: 1".to_owned(), "last"),
        ("after: \"nonsense\"".to_owned(), "after"),
        (format!("after: {cursor}, orderBy: {{ field: CREATED_AT, direction: ASC }}"), "after"),
        (format!("before: {cursor}, orderBy: {{ field: TITLE, direction: DESC }}"), "before"),
        ("filter: { search: \"a\\u0000\" }".to_owned(), "filter.search"),
        (format!("filter: {{ search: \"{}\" }}", "a".repeat(201)), "filter.search"),
        (format!("filter: {{ tag: \"{}\" }}", "a".repeat(201)), "filter.tag"),
        ("filter: { instructorId: \"ada\" }".to_owned(), "filter.instructorId"),
    ] {
        let query = format!("{{ courses({arguments}) {{ totalCount }} }}");
        assert_eq!(admin.refused(&query, json!({})).await, format!("BAD_USER_INPUT @{field}"), "{query}");
    }
    // The cursor of one list is no cursor of another.
    let query = format!("{{ groups(after: {cursor}) {{ totalCount }} }}");
    assert_eq!(admin.refused(&query, json!({})).await, "BAD_USER_INPUT @after");
}

#[tokio::test]
async fn one_course_is_read_with_or_without_its_instructor() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = draft(&ada, json!({ "title": "Algebra" })).await;
    ada.ok(PUBLISH, json!({ "id": id })).await;
    assert_eq!(learner.ok(COURSE, json!({ "id": id })).await["course"]["instructor"]["name"], "INSTRUCTOR of oak");
    assert_eq!(app.statements(&learner, COURSE, json!({ "id": id })).await, 2);
    assert_eq!(app.statements(&learner, "query($id: ID!) { course(id: $id) { title } }", json!({ "id": id })).await, 2);
    assert_eq!(learner.refused("{ course(id: \"algebra\") { id } }", json!({})).await, "BAD_USER_INPUT @id");
    assert_eq!(learner.ok(COURSE, json!({ "id": nothing("course") })).await, json!({ "course": null }));
}
