//! Who sees a file.

use serde_json::{Value, json};

use super::{DOWNLOAD, FILE, PNG, file, refused, show, text};
use crate::{
    app::{Client, TestApp, Who},
    classroom::{ADD_MEMBERS, course, enroll, group, nothing},
};

async fn sees(client: &Client, id: &str) -> bool {
    let one = !client.ok(FILE, json!({ "id": id })).await["file"].is_null();
    let node = !client.ok("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await["node"].is_null();
    let listed = client.ok("{ files(first: 100) { nodes { id } totalCount } }", json!({})).await["files"].take();
    let among = listed["nodes"].as_array().unwrap().iter().any(|file| file["id"] == id);
    assert_eq!((one, one), (node, among), "{id}: one, node and list differ");
    assert_eq!(listed["nodes"].as_array().unwrap().len() as u64, listed["totalCount"].as_u64().unwrap());
    one
}

#[tokio::test]
async fn a_private_file_is_its_owners_and_of_those_who_manage_files() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = text(&learner, "a.txt").await;
    assert!(sees(&learner, &id).await && sees(&app.sign_in(&app.oak, Who::Admin).await, &id).await);
    for who in [Who::Instructor, Who::Viewer] {
        assert!(!sees(&app.sign_in(&app.oak, who).await, &id).await, "{who:?}");
    }
    for who in Who::ALL {
        assert!(!sees(&app.sign_in(&app.elm, who).await, &id).await, "{who:?} of another school");
    }
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    for (query, variables) in [
        (super::DELETE, json!({ "id": id })),
        (super::UPDATE, json!({ "i": { "id": id, "name": "x" } })),
        (super::SHOW, json!({ "i": { "id": id, "visibility": "TENANT" } })),
    ] {
        refused(&app, &elm, query, variables, "NOT_FOUND @id").await;
    }
}

#[tokio::test]
async fn a_shared_file_is_seen_by_people_groups_and_courses_and_by_nobody_else() {
    let app = TestApp::start().await;
    let (admin, instructor) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let named = app.person(&app.oak, "named@oak.example", &["LEARNER"]).await;
    let member = app.person(&app.oak, "member@oak.example", &["LEARNER"]).await;
    let enrolled = app.person(&app.oak, "enrolled@oak.example", &["LEARNER"]).await;
    let dropped = app.person(&app.oak, "dropped@oak.example", &["LEARNER"]).await;
    let teacher = app.person(&app.oak, "teacher@oak.example", &["INSTRUCTOR"]).await;
    let class = group(&admin, json!({ "name": "7b" })).await;
    admin.ok(ADD_MEMBERS, json!({ "i": { "groupId": class, "userIds": [member.user_id] } })).await;
    let algebra = course(&admin, json!({ "title": "Algebra", "instructorId": teacher.user_id })).await;
    enroll(&admin, &algebra, &enrolled.user_id).await;
    let gone = enroll(&admin, &algebra, &dropped.user_id).await;
    dropped.ok(crate::classroom::UNENROLL, json!({ "id": gone })).await;

    let id = text(&instructor, "a.txt").await;
    let everybody = [("named", &named), ("member", &member), ("enrolled", &enrolled), ("dropped", &dropped), ("teacher", &teacher)];
    let seen = async || {
        let mut seen = Vec::new();
        for (name, person) in everybody {
            if sees(person, &id).await {
                seen.push(name);
            }
        }
        seen
    };
    assert_eq!(seen().await, [""; 0]);
    for (audience, whom) in [
        (json!({ "userIds": [named.user_id] }), vec!["named"]),
        (json!({ "groupIds": [class] }), vec!["member"]),
        (json!({ "courseIds": [algebra] }), vec!["enrolled", "teacher"]),
        (
            json!({ "userIds": [named.user_id], "groupIds": [class], "courseIds": [algebra] }),
            vec!["named", "member", "enrolled", "teacher"],
        ),
    ] {
        show(&admin, &id, "SHARED", audience).await;
        assert_eq!(seen().await, whom);
    }
    // The audience is the owner's to know, and a manager's.
    const AUDIENCE: &str = "query($id: ID!) { file(id: $id) { audience { users { id } groups { id } courses { id } } } }";
    for (client, is_open) in [(&admin, true), (&instructor, true), (&named, false), (&teacher, false)] {
        let audience = client.ok(AUDIENCE, json!({ "id": id })).await["file"]["audience"].take();
        let whole = json!({ "users": [{ "id": named.user_id }], "groups": [{ "id": class }], "courses": [{ "id": algebra }] });
        assert_eq!(audience, if is_open { whole } else { Value::Null });
    }
    // Whoever leaves, or is let go of, sees it no longer.
    let remove = "mutation($i: RemoveGroupMembersInput!) { removeGroupMembers(input: $i) { id } }";
    admin.ok(remove, json!({ "i": { "groupId": class, "userIds": [member.user_id] } })).await;
    assert_eq!(seen().await, ["named", "enrolled", "teacher"]);
    show(&instructor, &id, "PRIVATE", json!({})).await;
    assert_eq!(seen().await, [""; 0]);
    assert_eq!(app.count("file_audience").await, 0);

    // One who sees it can't change it; one who doesn't can't know of it.
    show(&admin, &id, "SHARED", json!({ "userIds": [named.user_id] })).await;
    for (query, variables) in [
        (super::DELETE, json!({ "id": id })),
        (super::UPDATE, json!({ "i": { "id": id, "name": "x" } })),
        (super::SHOW, json!({ "i": { "id": id, "visibility": "PRIVATE" } })),
    ] {
        refused(&app, &named, query, variables.clone(), "FORBIDDEN NOT_YOURS @id").await;
        refused(&app, &member, query, variables, "NOT_FOUND @id").await;
    }
}

#[tokio::test]
async fn what_is_shown_to_the_school_is_seen_by_all_of_it() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let (whole, public) = (text(&admin, "a.txt").await, file(&admin, "a.png", "image/png", PNG).await["id"].as_str().unwrap().to_owned());
    show(&admin, &whole, "TENANT", json!({})).await;
    show(&admin, &public, "PUBLIC", json!({})).await;
    for who in Who::ALL {
        let (oak, elm) = (app.sign_in(&app.oak, who).await, app.sign_in(&app.elm, who).await);
        for id in [&whole, &public] {
            assert!(sees(&oak, id).await && !sees(&elm, id).await, "{who:?} {id}");
        }
    }
}

#[tokio::test]
async fn a_file_whose_time_is_over_is_nobodys_even_before_it_is_swept() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let id = text(&learner, "a.txt").await;
    let url = super::address(&learner, &id, false).await;
    app.sql("UPDATE file SET expires_at = now() + interval '1 hour'").await;
    assert!(sees(&learner, &id).await);
    app.sql("UPDATE file SET expires_at = now()").await;
    assert!(!sees(&learner, &id).await && !sees(&app.sign_in(&app.oak, Who::Admin).await, &id).await);
    assert_eq!(super::line(app.stranger().http.get(url).send().await.unwrap()).await, "404 NOT_FOUND");
}

#[tokio::test]
async fn a_file_that_is_not_there_has_no_address() {
    let app = TestApp::start().await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(learner.ok(DOWNLOAD, json!({ "id": nothing("file") })).await["file"], json!(null));
}
