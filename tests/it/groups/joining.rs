//! Joining a group by its key.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{ADD_COURSES, course, group, learners, refused, uuid},
    rates::wait_of,
};

const JOIN: &str = "mutation($i: JoinGroupInput!) { joinGroup(input: $i) { id name memberCount } }";
const CREATE: &str = "mutation($i: CreateGroupInput!) { createGroup(input: $i) { id joinKey } }";
const UPDATE: &str = "mutation($i: UpdateGroupInput!) { updateGroup(input: $i) { joinKey } }";

fn key(key: &str) -> Value {
    json!({ "i": { "joinKey": key } })
}

async fn person(app: &TestApp, number: usize) -> Client {
    app.sign_in_as(&app.oak, &format!("person{number}@oak.example"), crate::app::PASSWORD).await
}

#[tokio::test]
async fn whoever_knows_the_key_joins_and_is_enrolled() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let made = admin.ok(CREATE, json!({ "i": { "name": "Owls", "joinKey": " Minerva-Ä7 ", "autoEnroll": true, "capacity": 2 } })).await["createGroup"].take();
    assert_eq!(made["joinKey"], "Minerva-Ä7");
    let id = made["id"].as_str().unwrap();
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    admin.ok(ADD_COURSES, json!({ "i": { "groupId": id, "courseIds": [algebra] } })).await;
    refused(&app, &lea, JOIN, key("Minerva-Ä8"), "FORBIDDEN BAD_JOIN_KEY @joinKey").await;
    refused(&app, &lea, JOIN, key(" "), "FORBIDDEN BAD_JOIN_KEY @joinKey").await;
    let joined = lea.ok(JOIN, key("mInerva-ä7 ")).await["joinGroup"].take();
    assert_eq!(joined, json!({ "id": id, "name": "Owls", "memberCount": 1 }));
    assert_eq!(app.count(&format!("enrollment WHERE user_id = '{}'", uuid(&lea.user_id))).await, 1);
    refused(&app, &lea, JOIN, key("minerva-ä7"), "CONFLICT ALREADY_MEMBER @joinKey").await;
    // In another school it is no key.
    let elm = app.sign_in(&app.elm, Who::Learner).await;
    refused(&app, &elm, JOIN, key("Minerva-Ä7"), "FORBIDDEN BAD_JOIN_KEY @joinKey").await;
    // What addGroupMembers refuses, this does.
    admin.ok("mutation($i: UpdateCourseInput!) { updateCourse(input: $i) { id } }", json!({ "i": { "id": algebra, "capacity": 1 } })).await;
    let bob = app.person(&app.oak, "bob@oak.example", &["LEARNER"]).await;
    refused(&app, &bob, JOIN, key("Minerva-Ä7"), "CONFLICT COURSE_FULL @joinKey").await;
    admin.ok("mutation($i: UpdateGroupInput!) { updateGroup(input: $i) { id } }", json!({ "i": { "id": id, "capacity": 1 } })).await;
    refused(&app, &bob, JOIN, key("Minerva-Ä7"), "CONFLICT GROUP_FULL @joinKey").await;
    refused(&app, &app.sign_in(&app.oak, Who::Viewer).await, JOIN, key("Minerva-Ä7"), "FORBIDDEN [ENROLLMENT_SELF]").await;
}

#[tokio::test]
async fn the_key_is_shown_to_those_who_change_groups_and_leaks_nowhere() {
    let app = TestApp::start().await;
    let (admin, ada, lea) =
        (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let id =
        admin.ok(CREATE, json!({ "i": { "name": "Owls", "joinKey": "minerva" } })).await["createGroup"]["id"].as_str().unwrap().to_owned();
    lea.ok(JOIN, key("minerva")).await;
    let read = "query($id: ID!) { group(id: $id) { name joinKey } }";
    assert_eq!(admin.ok(read, json!({ "id": id })).await["group"]["joinKey"], "minerva");
    for client in [&ada, &lea] {
        let answer = client.ask(read, json!({ "id": id })).await;
        assert_eq!((&answer["data"]["group"]["name"], &answer["data"]["group"]["joinKey"]), (&json!("Owls"), &json!(null)));
        assert_eq!(crate::app::refusal(&answer["errors"][0]), "FORBIDDEN [GROUP_UPDATE]");
    }
    // Nobody finds the group by it, and the log holds that it was set or changed.
    assert_eq!(admin.ok("{ groups(filter: { search: \"minerva\" }) { totalCount } }", json!({})).await["groups"]["totalCount"], 0);
    admin.ok(UPDATE, json!({ "i": { "id": id, "joinKey": "athena" } })).await;
    let logged = app.text("SELECT string_agg(concat(before, after), '') FROM audit_entry").await.unwrap();
    assert!(logged.contains("\"has_join_key\": true") && logged.contains("\"join_key_changed\": true"), "{logged}");
    assert!(!logged.contains("minerva") && !logged.contains("athena"));
    // Unique whatever its case, null for none; that of a deleted group is free again.
    let taken = "CONFLICT CODE_TAKEN @joinKey";
    refused(&app, &admin, CREATE, json!({ "i": { "name": "Cats", "joinKey": "ATHENA" } }), taken).await;
    let cats = group(&admin, json!({ "name": "Cats", "joinKey": "minerva" })).await;
    refused(&app, &admin, UPDATE, json!({ "i": { "id": cats, "joinKey": "Athena" } }), taken).await;
    for bad in ["abc", " abc ", &"a".repeat(41), "ab\ncd"] {
        refused(&app, &admin, UPDATE, json!({ "i": { "id": cats, "joinKey": bad } }), "BAD_USER_INPUT @joinKey").await;
    }
    admin.ok("mutation($id: ID!) { deleteGroup(id: $id) }", json!({ "id": cats })).await;
    refused(&app, &lea, JOIN, key("minerva"), "FORBIDDEN BAD_JOIN_KEY @joinKey").await;
    group(&admin, json!({ "name": "Dogs", "joinKey": "Minerva" })).await;
    assert_eq!(admin.ok(UPDATE, json!({ "i": { "id": id, "joinKey": null } })).await["updateGroup"]["joinKey"], json!(null));
    refused(&app, &ada_learns(&app).await, JOIN, key("athena"), "FORBIDDEN BAD_JOIN_KEY @joinKey").await;
}

/// Somebody else who learns.
async fn ada_learns(app: &TestApp) -> Client {
    app.person(&app.oak, "carl@oak.example", &["LEARNER"]).await
}

#[tokio::test]
async fn so_many_wrong_keys_and_then_none_is_tried_for_a_while() {
    let app = TestApp::start().await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    group(&admin, json!({ "name": "Owls", "joinKey": "minerva" })).await;
    for n in 0..10 {
        let (_, line, _) = wait_of(&lea, JOIN, key(&format!("guess {n}"))).await;
        assert_eq!(line, "FORBIDDEN BAD_JOIN_KEY @joinKey");
    }
    for guess in ["guess 11", "minerva"] {
        let (status, line, wait) = wait_of(&lea, JOIN, key(guess)).await;
        assert_eq!((status, line.as_str(), wait > 0), (429, "RATE_LIMITED", true));
    }
    assert_eq!(app.count("group_member").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_who_want_the_last_places_as_many_join_as_there_are() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    learners(&app, &app.oak, 8).await;
    group(&admin, json!({ "name": "Owls", "joinKey": "minerva", "capacity": 3 })).await;
    let people = join_all((1..=8).map(|number| person(&app, number))).await;
    let answers = join_all(people.iter().map(|client| client.ask(JOIN, key("minerva")))).await;
    let joined = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!((joined, app.count("group_member").await), (3, 3), "{answers:?}");
}
