//! Lessons stand in their sections without gaps and ties.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{CREATE, DELETE, MOVE, REORDER, lesson, section};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{draft, nothing, refused},
};

/// The lessons of a course, section by section: `a b | c`.
async fn order(client: &Client, course: &str) -> String {
    let query = "query($id: ID!) { course(id: $id) { sections { lessons { title position } } } }";
    let sections = client.ok(query, json!({ "id": course })).await["course"]["sections"].take();
    let line = |section: &Value| {
        let lessons = section["lessons"].as_array().unwrap();
        let positions: Vec<_> = lessons.iter().map(|lesson| lesson["position"].as_u64().unwrap()).collect();
        assert_eq!(positions, (1..=lessons.len() as u64).collect::<Vec<_>>(), "{section}");
        lessons.iter().map(|lesson| lesson["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    sections.as_array().unwrap().iter().map(line).collect::<Vec<_>>().join(" | ")
}

#[tokio::test]
async fn lessons_are_moved_ordered_and_deleted() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let algebra = draft(&ada, json!({ "title": "Algebra" })).await;
    let (sets, maps) = (section(&ada, &algebra, "Sets").await, section(&ada, &algebra, "Maps").await);
    let mut ids = Vec::new();
    for title in ["a", "b", "c", "d"] {
        ids.push(lesson(&ada, &sets, title).await);
    }
    let [a, b, c, d] = &ids[..] else { panic!("four") };
    assert_eq!(order(&ada, &algebra).await, "a b c d | ");
    let to = |lesson: &str, section: &str, position: i32| json!({ "i": { "id": lesson, "sectionId": section, "position": position } });
    for (moved, expected) in [
        (to(a, &sets, 3), "b c a d | "),
        (to(a, &sets, 1), "a b c d | "),
        (to(a, &sets, 1), "a b c d | "),
        (to(d, &maps, 1), "a b c | d"),
        (to(a, &maps, 1), "b c | a d"),
        (to(b, &maps, 3), "c | a d b"),
        (to(a, &sets, 2), "c a | d b"),
    ] {
        ada.ok(MOVE, moved).await;
        assert_eq!(order(&ada, &algebra).await, expected);
    }
    for (wrong, line) in [
        (to(a, &sets, 0), "BAD_USER_INPUT @position"),
        (to(a, &sets, 3), "BAD_USER_INPUT @position"),
        (to(a, &maps, 4), "BAD_USER_INPUT @position"),
        (to(a, &nothing("section"), 1), "NOT_FOUND @sectionId"),
        (to(&nothing("lesson"), &sets, 1), "NOT_FOUND @id"),
    ] {
        refused(&app, &ada, MOVE, wrong, line).await;
    }
    let other = draft(&ada, json!({ "title": "Geometry" })).await;
    let points = section(&ada, &other, "Points").await;
    refused(&app, &ada, MOVE, to(a, &points, 1), "NOT_FOUND @sectionId").await;

    let sorted = |section: &str, ids: Value| json!({ "i": { "sectionId": section, "lessonIds": ids } });
    ada.ok(REORDER, sorted(&sets, json!([a, c]))).await;
    assert_eq!(order(&ada, &algebra).await, "a c | d b");
    for (wrong, line) in [
        (json!([a]), "BAD_USER_INPUT @lessonIds"),
        (json!([]), "BAD_USER_INPUT @lessonIds"),
        (json!([a, a]), "BAD_USER_INPUT @lessonIds.1"),
        (json!([a, b]), "NOT_FOUND @lessonIds.1"),
        (json!([a, nothing("lesson")]), "NOT_FOUND @lessonIds.1"),
    ] {
        refused(&app, &ada, REORDER, sorted(&sets, wrong), line).await;
    }
    ada.ok(DELETE, json!({ "id": a })).await;
    ada.ok(DELETE, json!({ "id": b })).await;
    assert_eq!(order(&ada, &algebra).await, "c | d");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lessons_that_come_and_go_at_once_leave_no_gap() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let algebra = draft(&ada, json!({ "title": "Algebra" })).await;
    let (sets, maps) = (section(&ada, &algebra, "Sets").await, section(&ada, &algebra, "Maps").await);
    let mut ids = Vec::new();
    for n in 0..6 {
        ids.push(lesson(&ada, &sets, &format!("old{n}")).await);
    }
    let made = |n: usize| ada.ask(CREATE, json!({ "i": { "sectionId": sets, "kind": "TEXT", "title": format!("new{n}") } }));
    let moved = |id: &str| ada.ask(MOVE, json!({ "i": { "id": id, "sectionId": maps, "position": 1 } }));
    let (made, moved, gone) = tokio::join!(
        join_all((0..8).map(made)),
        join_all(ids[..3].iter().map(|id| moved(id))),
        join_all(ids[3..5].iter().map(|id| ada.ask(DELETE, json!({ "id": id }))))
    );
    for answer in made.iter().chain(&moved).chain(&gone) {
        assert!(answer.get("errors").is_none(), "{answer}");
    }
    let order = order(&ada, &algebra).await;
    let (sets, maps) = order.split_once(" | ").unwrap();
    assert_eq!((sets.split(' ').count(), maps.split(' ').count()), (9, 3), "{order}");
}
