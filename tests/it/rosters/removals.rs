//! What a source brought and does not bring any more: removed when it is asked for, up to a limit, and counted before the first change.

use serde_json::json;

use super::{
    bundle,
    bundles::{ENROLLMENTS, USERS, roster},
    people, school, summary, told,
};
use crate::app::{TestApp, Who};

#[tokio::test]
async fn what_is_missing_stays_unless_its_removal_is_asked_for_and_is_not_too_much() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let of = |from: i32, to: i32| {
        (from..to).fold("email,name,sourcedId\n".to_owned(), |text, n| text + &format!("p{n}@oak.example,Person {n},s{n}\n"))
    };
    people(&app, &admin, &of(0, 8), json!({})).await;
    // Somebody of another source, and somebody who was added by hand, are not missing.
    people(&app, &admin, "email,name,sourcedId\nq@oak.example,Queen,q1\n", json!({ "source": "other" })).await;
    assert_eq!(summary(&people(&app, &admin, &of(3, 8), json!({})).await), "SUCCEEDED USER 0/0/5/0/0");
    let before = school(&app).await;
    let more = json!({ "removeMissing": true, "maxRemovals": 2 });
    // Three are missing, beside three new ones: nothing at all is changed.
    assert_eq!(summary(&people(&app, &admin, &of(3, 11), more.clone()).await), "FAILED REMOVALS_OVER_LIMIT");
    let rehearsed = people(&app, &admin, &of(3, 11), json!({ "removeMissing": true, "maxRemovals": 2, "dryRun": true })).await;
    assert_eq!(summary(&rehearsed), "FAILED REMOVALS_OVER_LIMIT");
    assert_eq!(school(&app).await, before);
    let rehearsed = people(&app, &admin, &of(3, 11), json!({ "removeMissing": true, "maxRemovals": 3, "dryRun": true })).await;
    assert_eq!(school(&app).await, before);
    let run = people(&app, &admin, &of(3, 11), json!({ "removeMissing": true, "maxRemovals": 3 })).await;
    assert_eq!(summary(&run), "SUCCEEDED USER 3/0/5/3/0");
    assert_eq!(summary(&rehearsed), summary(&run));
    assert_eq!(
        app.text("SELECT string_agg(name, ' ' ORDER BY name) FROM app_user WHERE status = 'SUSPENDED'").await.as_deref(),
        Some("Person 0 Person 1 Person 2")
    );
    assert_eq!(summary(&people(&app, &admin, &of(3, 11), more).await), "SUCCEEDED USER 0/0/8/0/0");
}

#[tokio::test]
async fn missing_enrollments_are_dropped_and_missing_classes_archived() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    bundle(&app, &admin, &roster(&[]), json!({})).await;
    let header = |text: &str| format!("{}\n", text.lines().next().unwrap());
    let nothing = [("classes.csv", header(super::bundles::CLASSES)), ("enrollments.csv", header(ENROLLMENTS))];
    let nothing: Vec<(&str, &str)> = nothing.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let run = bundle(&app, &admin, &roster(&nothing), json!({ "removeMissing": true })).await;
    assert!(summary(&run).ends_with("CLASS 0/0/0/1/0 ENROLLMENT 0/0/0/2/0"), "{}", summary(&run));
    assert_eq!((app.count("course WHERE status = 'ARCHIVED'").await, app.count("enrollment WHERE status = 'DROPPED'").await), (1, 2));
    // What comes back is as it was.
    let run = bundle(&app, &admin, &roster(&[]), json!({ "removeMissing": true })).await;
    assert!(summary(&run).ends_with("CLASS 0/1/0/0/1 ENROLLMENT 0/2/1/0/2"), "{}", summary(&run));
    assert_eq!((app.count("course WHERE status = 'PUBLISHED'").await, app.count("enrollment WHERE status = 'NOT_STARTED'").await), (1, 2));
}

#[tokio::test]
async fn a_dry_run_knows_what_an_id_stands_for_by_then() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let twice = ENROLLMENTS.to_owned() + "e9,,,k1,o1,u2,student,false,,\n";
    bundle(&app, &admin, &roster(&[("enrollments.csv", &twice)]), json!({})).await;
    // One of the two ids of a seat stands for somebody else's from now on, and the other is missing.
    let moved = roster(&[("enrollments.csv", &ENROLLMENTS.replace("e2,,,k1,o1,u2,", "e2,,,k1,o1,u3,"))]);
    let rehearsed = bundle(&app, &admin, &moved, json!({ "removeMissing": true, "dryRun": true })).await;
    let run = bundle(&app, &admin, &moved, json!({ "removeMissing": true })).await;
    assert!(summary(&run).ends_with("ENROLLMENT 0/0/3/1/2"), "{}", summary(&run));
    assert_eq!((summary(&rehearsed), told(&rehearsed)), (summary(&run), told(&run)));
}

#[tokio::test]
async fn whoever_comes_under_another_id_is_not_missing_and_nobody_removes_themselves() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let me = app.oak.email(Who::Admin);
    let name = app.text(&format!("SELECT name FROM app_user WHERE email = '{me}'")).await.unwrap();
    people(&app, &admin, &format!("email,name\nann@oak.example,Ann\n{me},{name}\n"), json!({})).await;
    let run = people(&app, &admin, "email,name,sourcedId\nann@oak.example,Ann,s1\n", json!({ "removeMissing": true })).await;
    assert_eq!(
        (summary(&run), told(&run)),
        ("SUCCEEDED USER 0/0/1/0/1".to_owned(), vec!["users.csv:2 email LINKED_BY_EMAIL".to_owned(), "users.csv:1 OWN_ACCOUNT".to_owned()])
    );
    let run = people(&app, &admin, "email,name,sourcedId\nann@oak.example,Ann,s2\n", json!({ "removeMissing": true })).await;
    assert_eq!(app.count("app_user WHERE status = 'SUSPENDED'").await, 0, "{run}");
    assert!(USERS.len() > 1);
}
