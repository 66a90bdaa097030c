//! Who is in a group.

use serde_json::{Value, json};

use super::{REMOVE_MEMBERS, UPDATE, courses, members};
use crate::{
    app::{TestApp, Who},
    classroom::{ADD_COURSES, ADD_MEMBERS, course, group, learners, nothing, refused, uuid},
};

const MEMBERS: &str = "query($id: ID!, $first: Int, $after: String) { group(id: $id) { memberCount members(first: $first, after: $after) { totalCount \
                       edges { cursor isLeader joinedAt node { name } } nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor } } } }";

#[tokio::test]
async fn members_join_lead_and_leave() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 5).await;
    let id = group(&admin, json!({ "name": "Class 7b" })).await;
    let added = admin.ok(ADD_MEMBERS, json!({ "i": { "groupId": id, "userIds": [people[4]], "asLeaders": true } })).await;
    assert_eq!(added["addGroupMembers"], json!({ "id": id, "memberCount": 1 }));
    admin.ok(ADD_MEMBERS, json!({ "i": { "groupId": id, "userIds": people[..2], "asLeaders": false } })).await;
    let added = admin.ok(ADD_MEMBERS, members(&id, &people[2..4])).await;
    assert_eq!(added["addGroupMembers"]["memberCount"], 5);

    let whole = admin.ok(MEMBERS, json!({ "id": id })).await["group"].take();
    assert_eq!((&whole["memberCount"], &whole["members"]["totalCount"]), (&json!(5), &json!(5)));
    let edges = whole["members"]["edges"].as_array().unwrap();
    assert_eq!((&edges[0]["isLeader"], &edges[0]["node"]["name"]), (&json!(true), &json!("Person 005")), "who joined first stands first");
    assert!(edges[1..].iter().all(|edge| edge["isLeader"] == json!(false) && edge["joinedAt"].is_string()));
    // Page by page it is the same.
    let (mut after, mut paged) = (json!(null), Vec::new());
    loop {
        let page = admin.ok(MEMBERS, json!({ "id": id, "first": 2, "after": after })).await["group"]["members"].take();
        paged.extend(page["nodes"].as_array().unwrap().clone());
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(json!(paged), whole["members"]["nodes"]);
    assert_eq!(admin.refused(MEMBERS, json!({ "id": id, "first": 101 })).await, "BAD_USER_INPUT @first");
    assert_eq!(admin.refused(MEMBERS, json!({ "id": id, "after": "nonsense" })).await, "BAD_USER_INPUT @after");

    let mixed = [people[0].clone(), admin.user_id.clone()];
    refused(&app, &admin, REMOVE_MEMBERS, members(&id, &mixed), "NOT_FOUND @userIds.1").await;
    let left = admin.ok(REMOVE_MEMBERS, members(&id, &people[..2])).await;
    assert_eq!(left["removeGroupMembers"], json!({ "id": id, "memberCount": 3 }));
    refused(&app, &admin, REMOVE_MEMBERS, members(&id, &people[..1]), "NOT_FOUND @userIds.0").await;
    admin.ok(ADD_MEMBERS, members(&id, &people[..1])).await;
}

#[tokio::test]
async fn nobody_joins_twice_and_all_join_or_none() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 4).await;
    let id = group(&admin, json!({ "name": "Class 7b", "capacity": 3 })).await;
    admin.ok(ADD_MEMBERS, members(&id, &people[1..2])).await;
    let (one, two, three, four) = (&people[0], &people[1], &people[2], &people[3]);
    let elm = app.sign_in(&app.elm, Who::Learner).await;
    let gone = app.person(&app.oak, "gone@oak.example", &["LEARNER"]).await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": gone.user_id })).await;
    for (list, line) in [
        (vec![two], "CONFLICT ALREADY_MEMBER @userIds.0"),
        (vec![one, two], "CONFLICT ALREADY_MEMBER @userIds.1"),
        (vec![one, &elm.user_id, two], "NOT_FOUND @userIds.1"),
        (vec![one, &gone.user_id], "NOT_FOUND @userIds.1"),
        (vec![&nothing("user")], "NOT_FOUND @userIds.0"),
        (vec![one, three, four], "CONFLICT GROUP_FULL @userIds"),
    ] {
        refused(&app, &admin, ADD_MEMBERS, json!({ "i": { "groupId": id, "userIds": list } }), line).await;
    }
    admin.ok(ADD_MEMBERS, json!({ "i": { "groupId": id, "userIds": [one, three] } })).await;
    refused(&app, &admin, ADD_MEMBERS, members(&id, &people[3..]), "CONFLICT GROUP_FULL @userIds").await;

    let places = |capacity: Value| json!({ "i": { "id": id, "capacity": capacity } });
    refused(&app, &admin, UPDATE, places(json!(2)), "CONFLICT GROUP_FULL @capacity").await;
    admin.ok(UPDATE, places(json!(3))).await;
    admin.ok(UPDATE, places(json!(null))).await;
    admin.ok(ADD_MEMBERS, members(&id, &people[3..])).await;
    // Who is deleted is a member no more.
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": four })).await;
    assert_eq!(admin.ok(MEMBERS, json!({ "id": id })).await["group"]["memberCount"], 3);
    refused(&app, &admin, REMOVE_MEMBERS, members(&id, &people[3..]), "NOT_FOUND @userIds.0").await;
}

#[tokio::test]
async fn a_hundred_join_in_as_many_statements_as_one() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let people = learners(&app, &app.oak, 101).await;
    let lesson = course(&admin, json!({ "title": "Algebra" })).await;
    let id = group(&admin, json!({ "name": "Class 7b", "autoEnroll": true })).await;
    admin.ok(ADD_COURSES, courses(&id, &[&lesson])).await;
    // The actor, the members, the enrollments, the count.
    assert_eq!(app.statements(&admin, ADD_MEMBERS, members(&id, &people[..1])).await, 4);
    assert_eq!(app.statements(&admin, ADD_MEMBERS, members(&id, &people[1..])).await, 4);
    assert_eq!(app.count(&format!("enrollment where course_id = '{}'", uuid(&lesson))).await, 101);
    assert_eq!(app.statements(&admin, REMOVE_MEMBERS, members(&id, &people[1..])).await, 3);
    assert_eq!(app.count("group_member").await, 1);
}

#[tokio::test]
async fn thirty_groups_cost_as_many_statements_as_three() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    learners(&app, &app.oak, 12).await;
    let tenant = app.oak.tenant;
    app.sql(&format!(
        "INSERT INTO course (tenant_id, id, title, status, instructor_id) SELECT '{tenant}', gen_random_uuid(), 'Course ' || n, 'PUBLISHED', '{}' FROM generate_series(1, 5) AS n;
         INSERT INTO user_group (tenant_id, id, name) SELECT '{tenant}', gen_random_uuid(), 'Group ' || n FROM generate_series(1, 30) AS n;
         INSERT INTO group_member (tenant_id, group_id, user_id) SELECT g.tenant_id, g.id, u.id FROM user_group g JOIN app_user u
             ON u.tenant_id = g.tenant_id AND (u.name LIKE 'Person %' OR u.name LIKE 'LEARNER%');
         INSERT INTO group_course (tenant_id, group_id, course_id) SELECT g.tenant_id, g.id, c.id FROM user_group g JOIN course c USING (tenant_id)",
        uuid(&admin.user_id)
    ))
    .await;
    let query = "query($n: Int) { groups(first: $n) { totalCount nodes { name memberCount members(first: 10) { totalCount edges { isLeader node { name } } } \
                 courses(first: 5) { totalCount nodes { title instructor { name } enrollmentCount } } } } }";
    for client in [&admin, &learner] {
        for n in [3, 30] {
            assert_eq!(app.statements(client, query, json!({ "n": n })).await, 8, "{n}");
        }
    }
}
