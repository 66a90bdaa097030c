//! Groups: who sees and changes them, and what they do to enrollments.

mod auto_enroll;
mod joining;
mod members;
mod races;

use serde_json::{Value, json};

use crate::{
    app::{TestApp, Who},
    classroom::{ADD_COURSES, ADD_MEMBERS, ARCHIVE, DELETE_COURSE, course, draft, group, learners, nothing, refused, walk},
};

const CREATE: &str = "mutation($i: CreateGroupInput!) { createGroup(input: $i) { id name description capacity autoEnroll memberCount } }";
const UPDATE: &str = "mutation($i: UpdateGroupInput!) { updateGroup(input: $i) { name description capacity autoEnroll } }";
const DELETE: &str = "mutation($id: ID!) { deleteGroup(id: $id) }";
const GROUP: &str = "query($id: ID!) { group(id: $id) { name } }";
const REMOVE_MEMBERS: &str = "mutation($i: RemoveGroupMembersInput!) { removeGroupMembers(input: $i) { id memberCount } }";
const REMOVE_COURSES: &str = "mutation($i: RemoveGroupCoursesInput!) { removeGroupCourses(input: $i) { id courses { totalCount } } }";

fn members(group: &str, people: &[String]) -> Value {
    json!({ "i": { "groupId": group, "userIds": people } })
}

fn courses(group: &str, courses: &[&String]) -> Value {
    json!({ "i": { "groupId": group, "courseIds": courses } })
}

#[tokio::test]
async fn a_group_is_founded_changed_and_deleted() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let founded = admin.ok(CREATE, json!({ "i": { "name": " Class 7b " } })).await["createGroup"].take();
    let id = founded["id"].as_str().unwrap().to_owned();
    assert_eq!(
        founded,
        json!({ "id": id, "name": "Class 7b", "description": null, "capacity": null, "autoEnroll": false, "memberCount": 0 })
    );
    let whole = json!({ "name": "Choir", "description": "Sings", "capacity": 5, "autoEnroll": true });
    let second = admin.ok(CREATE, json!({ "i": whole })).await["createGroup"].take();
    assert_eq!(
        second,
        json!({ "id": second["id"], "name": "Choir", "description": "Sings", "capacity": 5, "autoEnroll": true, "memberCount": 0 })
    );

    // What is left out stays, null clears.
    let update = |input: Value| {
        let mut input = input;
        input["id"] = second["id"].clone();
        json!({ "i": input })
    };
    assert_eq!(admin.ok(UPDATE, update(json!({}))).await["updateGroup"], whole);
    assert_eq!(app.changes("updateGroup").await, 0);
    assert_eq!(
        admin.ok(UPDATE, update(json!({ "name": "Choir II", "autoEnroll": false }))).await["updateGroup"],
        json!({ "name": "Choir II", "description": "Sings", "capacity": 5, "autoEnroll": false })
    );
    assert_eq!(
        admin.ok(UPDATE, update(json!({ "description": null, "capacity": null }))).await["updateGroup"],
        json!({ "name": "Choir II", "description": null, "capacity": null, "autoEnroll": false })
    );
    assert_eq!(admin.ok(UPDATE, update(json!({ "description": " ", "capacity": 1 }))).await["updateGroup"]["description"], json!(null));

    let people = learners(&app, &app.oak, 1).await;
    let lesson = course(&admin, json!({ "title": "Algebra" })).await;
    admin.ok(ADD_COURSES, courses(&id, &[&lesson])).await;
    admin.ok(ADD_MEMBERS, members(&id, &people)).await;
    refused(&app, &admin, DELETE, json!({ "id": id }), "CONFLICT IN_USE @id").await;
    admin.ok(REMOVE_MEMBERS, members(&id, &people)).await;
    assert_eq!(admin.ok(DELETE, json!({ "id": id })).await["deleteGroup"], json!(id));

    assert_eq!(app.count("user_group where deleted_at is not null").await, 1, "history keeps the row");
    let gone = "query($id: ID!, $c: ID!) { group(id: $id) { id } node(id: $id) { id } groups { nodes { name } } found: groups(filter: { search: \"class\" }) { totalCount } \
                course(id: $c) { groups { totalCount } } }";
    assert_eq!(
        admin.ok(gone, json!({ "id": id, "c": lesson })).await,
        json!({ "group": null, "node": null, "groups": { "nodes": [{ "name": "Choir II" }] }, "found": { "totalCount": 0 }, "course": { "groups": { "totalCount": 0 } } })
    );
    for (mutation, variables, line) in [
        (DELETE, json!({ "id": id }), "NOT_FOUND @id"),
        (UPDATE, json!({ "i": { "id": id, "name": "Again" } }), "NOT_FOUND @id"),
        (ADD_MEMBERS, members(&id, &people), "NOT_FOUND @groupId"),
        (REMOVE_MEMBERS, members(&id, &people), "NOT_FOUND @groupId"),
        (ADD_COURSES, courses(&id, &[&lesson]), "NOT_FOUND @groupId"),
        (REMOVE_COURSES, courses(&id, &[&lesson]), "NOT_FOUND @groupId"),
    ] {
        refused(&app, &admin, mutation, variables, line).await;
    }
}

#[tokio::test]
async fn wrong_inputs_are_named_and_change_nothing() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = group(&admin, json!({ "name": "Class 7b" })).await;
    let lesson = course(&admin, json!({ "title": "Algebra" })).await;
    for (input, field) in [
        (json!({ "name": " " }), "name"),
        (json!({ "name": "a".repeat(201) }), "name"),
        (json!({ "name": "a\u{0}" }), "name"),
        (json!({ "description": "a".repeat(10_001) }), "description"),
        (json!({ "description": "a\u{7}" }), "description"),
        (json!({ "capacity": 0 }), "capacity"),
        (json!({ "capacity": 1_000_001 }), "capacity"),
    ] {
        let mut founding = json!({ "name": "Choir" });
        let mut changing = json!({ "id": id });
        for base in [&mut founding, &mut changing] {
            base.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        }
        refused(&app, &admin, CREATE, json!({ "i": founding }), &format!("BAD_USER_INPUT @{field}")).await;
        refused(&app, &admin, UPDATE, json!({ "i": changing }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    let (user, never) = (admin.user_id.clone(), nothing("user"));
    let hundred_and_one: Vec<String> = (0..101).map(|_| nothing("user")).collect();
    let with_people = |group: &str, people: Value| json!({ "i": { "groupId": group, "userIds": people } });
    let with_courses = |group: &str, courses: Value| json!({ "i": { "groupId": group, "courseIds": courses } });
    for mutation in [ADD_MEMBERS, REMOVE_MEMBERS] {
        for (variables, line) in [
            (with_people("class", json!([user])), "BAD_USER_INPUT @groupId"),
            (with_people(&user, json!([user])), "BAD_USER_INPUT @groupId"),
            (with_people(&nothing("group"), json!([user])), "NOT_FOUND @groupId"),
            (with_people(&id, json!([])), "BAD_USER_INPUT @userIds"),
            (with_people(&id, json!(hundred_and_one)), "BAD_USER_INPUT @userIds"),
            (with_people(&id, json!([user, "ada"])), "BAD_USER_INPUT @userIds.1"),
            (with_people(&id, json!([user, lesson])), "BAD_USER_INPUT @userIds.1"),
            (with_people(&id, json!([user, never, user])), "BAD_USER_INPUT @userIds.2"),
        ] {
            refused(&app, &admin, mutation, variables, line).await;
        }
    }
    for mutation in [ADD_COURSES, REMOVE_COURSES] {
        for (variables, line) in [
            (with_courses("class", json!([lesson])), "BAD_USER_INPUT @groupId"),
            (with_courses(&nothing("group"), json!([lesson])), "NOT_FOUND @groupId"),
            (with_courses(&id, json!([])), "BAD_USER_INPUT @courseIds"),
            (with_courses(&id, json!([lesson, user])), "BAD_USER_INPUT @courseIds.1"),
            (with_courses(&id, json!([lesson, lesson])), "BAD_USER_INPUT @courseIds.1"),
            (with_courses(&id, json!([nothing("course")])), "NOT_FOUND @courseIds.0"),
        ] {
            refused(&app, &admin, mutation, variables, line).await;
        }
    }
    for input in [json!({ "id": id, "name": null }), json!({ "id": id, "autoEnroll": null })] {
        let field = if input.get("name").is_some() { "name" } else { "autoEnroll" };
        refused(&app, &admin, UPDATE, json!({ "i": input }), &format!("BAD_USER_INPUT @{field}")).await;
    }
    for (mutation, variables) in [(UPDATE, json!({ "i": { "id": lesson, "name": "Choir" } })), (DELETE, json!({ "id": "class" }))] {
        refused(&app, &admin, mutation, variables, "BAD_USER_INPUT @id").await;
    }
}

#[tokio::test]
async fn only_administrators_change_groups_and_members_see_their_own() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    let ours = group(&admin, json!({ "name": "Ours" })).await;
    let theirs = group(&admin, json!({ "name": "Theirs" })).await;
    let lesson = course(&admin, json!({ "title": "Algebra" })).await;
    let secret = draft(&admin, json!({ "title": "Geometry" })).await;
    let people = learners(&app, &app.oak, 2).await;
    admin.ok(ADD_COURSES, courses(&ours, &[&lesson, &secret])).await;
    admin.ok(ADD_MEMBERS, json!({ "i": { "groupId": ours, "userIds": [learner.user_id], "asLeaders": true } })).await;
    admin.ok(ADD_MEMBERS, members(&ours, &people[..1])).await;
    admin.ok(ADD_MEMBERS, members(&theirs, &people[1..])).await;
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = app.sign_in(&app.oak, who).await;
        for (mutation, variables, needs) in [
            (CREATE, json!({ "i": { "name": "Mine" } }), "GROUP_CREATE"),
            (UPDATE, json!({ "i": { "id": ours, "name": "Mine" } }), "GROUP_UPDATE"),
            (DELETE, json!({ "id": theirs }), "GROUP_DELETE"),
            (ADD_MEMBERS, members(&theirs, &people[..1]), "GROUP_UPDATE"),
            (REMOVE_MEMBERS, members(&ours, &people[..1]), "GROUP_UPDATE"),
            (ADD_COURSES, courses(&theirs, &[&lesson]), "GROUP_UPDATE"),
            (REMOVE_COURSES, courses(&ours, &[&lesson]), "GROUP_UPDATE"),
        ] {
            refused(&app, &client, mutation, variables, &format!("FORBIDDEN [{needs}]")).await;
        }
    }
    let all = "{ groups { totalCount nodes { name memberCount members { totalCount edges { isLeader node { name } } } courses { nodes { title } } } } }";
    let leader = json!({ "isLeader": true, "node": { "name": "LEARNER of oak" } });
    let seen = learner.ok(all, json!({})).await;
    assert_eq!(
        seen["groups"],
        json!({ "totalCount": 1, "nodes": [{ "name": "Ours", "memberCount": 2, "courses": { "nodes": [{ "title": "Algebra" }] },
            "members": { "totalCount": 2, "edges": [leader, { "isLeader": false, "node": { "name": "Person 001" } }] } }] })
    );
    assert_eq!(learner.ok(GROUP, json!({ "id": ours })).await["group"]["name"], "Ours");
    assert_eq!(learner.ok(GROUP, json!({ "id": theirs })).await, json!({ "group": null }));
    for (who, titles) in [(Who::Instructor, 1), (Who::Viewer, 1), (Who::Admin, 2)] {
        let seen = app.sign_in(&app.oak, who).await.ok(all, json!({})).await;
        assert_eq!(seen["groups"]["totalCount"], 2, "{who:?}");
        assert_eq!(seen["groups"]["nodes"][0]["courses"]["nodes"].as_array().unwrap().len(), titles, "{who:?}");
    }
    // Of others, one sees the groups that one shares; and one's own from anywhere.
    let of = "query($id: ID!) { user(id: $id) { groups { totalCount nodes { name } } } }";
    for (client, person, names) in [
        (&learner, &people[0], json!([{ "name": "Ours" }])),
        (&learner, &learner.user_id, json!([{ "name": "Ours" }])),
        (&admin, &people[1], json!([{ "name": "Theirs" }])),
    ] {
        assert_eq!(client.ok(of, json!({ "id": person })).await["user"]["groups"]["nodes"], names);
    }
    assert_eq!(learner.ok(of, json!({ "id": people[1] })).await, json!({ "user": null }));
    let with = "query($id: ID!) { course(id: $id) { groups { totalCount nodes { name } } } }";
    assert_eq!(learner.ok(with, json!({ "id": lesson })).await["course"]["groups"]["totalCount"], 1);
    let outsider = app.sign_in_as(&app.oak, "person2@oak.example", crate::app::PASSWORD).await;
    assert_eq!(outsider.ok(with, json!({ "id": lesson })).await["course"]["groups"]["totalCount"], 0);
    for client in [app.sign_in(&app.elm, Who::Admin).await, app.sign_in(&app.elm, Who::Learner).await] {
        assert_eq!(client.ok(GROUP, json!({ "id": ours })).await, json!({ "group": null }));
        assert_eq!(client.ok("{ groups { totalCount } }", json!({})).await["groups"]["totalCount"], 0);
    }
}

#[tokio::test]
async fn who_founds_groups_must_be_able_to_see_them() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (key, permissions) in [
        ("FOUNDER", vec!["GROUP_CREATE", "GROUP_UPDATE", "GROUP_DELETE"]),
        ("KEEPER", vec!["GROUP_READ", "GROUP_CREATE", "GROUP_UPDATE", "GROUP_DELETE"]),
    ] {
        let input = json!({ "i": { "key": key, "name": key, "permissions": permissions } });
        admin.ok("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", input).await;
    }
    let blind = app.person(&app.oak, "founder@oak.example", &["FOUNDER"]).await;
    let keeper = app.person(&app.oak, "keeper@oak.example", &["KEEPER"]).await;
    refused(&app, &blind, CREATE, json!({ "i": { "name": "Choir" } }), "FORBIDDEN [GROUP_READ]").await;
    let id = group(&keeper, json!({ "name": "Choir" })).await;
    for (mutation, variables, line) in [
        (UPDATE, json!({ "i": { "id": id, "name": "Mine" } }), "NOT_FOUND @id"),
        (DELETE, json!({ "id": id }), "NOT_FOUND @id"),
        (ADD_MEMBERS, members(&id, std::slice::from_ref(&blind.user_id)), "NOT_FOUND @groupId"),
    ] {
        refused(&app, &blind, mutation, variables, line).await;
    }
    // Who sees nobody adds nobody but those known to them; as a member one sees the group.
    refused(&app, &keeper, ADD_MEMBERS, members(&id, std::slice::from_ref(&blind.user_id)), "NOT_FOUND @userIds.0").await;
    keeper.ok(ADD_MEMBERS, members(&id, std::slice::from_ref(&keeper.user_id))).await;
    admin.ok(ADD_MEMBERS, members(&id, std::slice::from_ref(&blind.user_id))).await;
    blind.ok(UPDATE, json!({ "i": { "id": id, "name": "Ours" } })).await;
    keeper.ok(REMOVE_MEMBERS, members(&id, &[blind.user_id.clone(), keeper.user_id.clone()])).await;
    keeper.ok(DELETE, json!({ "id": id })).await;
}

#[tokio::test]
async fn groups_are_searched_ordered_and_paged() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (name, description) in [
        ("Sopranos", "High voices"),
        ("Altos", "Lower voices of the choir"),
        ("Class 7b", ""),
        ("Class 7a", ""),
        ("Zoologists", "Voiceless"),
    ] {
        group(&admin, json!({ "name": name, "description": description })).await;
    }
    group(&app.sign_in(&app.elm, Who::Admin).await, json!({ "name": "Class of elm" })).await;
    let by_name = ["Altos", "Class 7a", "Class 7b", "Sopranos", "Zoologists"];
    let by_age = ["Sopranos", "Altos", "Class 7b", "Class 7a", "Zoologists"];
    for (field, ascending) in [("NAME", by_name), ("CREATED_AT", by_age)] {
        let mut descending = ascending;
        descending.reverse();
        assert_eq!(walk(&admin, "groups", &format!(", orderBy: {{ field: {field}, direction: ASC }}"), "/name").await, ascending);
        assert_eq!(walk(&admin, "groups", &format!(", orderBy: {{ field: {field}, direction: DESC }}"), "/name").await, descending);
    }
    for (search, found) in [
        ("class", vec!["Class 7a", "Class 7b"]),
        ("7B cla", vec!["Class 7b"]),
        ("voice", vec!["Altos", "Sopranos", "Zoologists"]),
        ("voices choir", vec!["Altos"]),
        ("oices", vec![]),
        (" ", by_name.to_vec()),
    ] {
        assert_eq!(walk(&admin, "groups", &format!(", filter: {{ search: {} }}", json!(search)), "/name").await, found, "{search}");
    }
    let learner = app.sign_in(&app.oak, Who::Learner).await;
    assert_eq!(walk(&learner, "groups", ", filter: { search: \"class\" }", "/name").await, [""; 0]);
    let cursor = admin.ok("{ groups(first: 1) { pageInfo { endCursor } } }", json!({})).await["groups"]["pageInfo"]["endCursor"].take();
    for (arguments, field) in [
        ("first: 0".to_owned(), "first"),
        ("last: 101".to_owned(), "last"),
        (format!("after: {cursor}, orderBy: {{ field: CREATED_AT, direction: ASC }}"), "after"),
        (format!("filter: {{ search: \"{}\" }}", "a".repeat(201)), "filter.search"),
    ] {
        let query = format!("{{ groups({arguments}) {{ totalCount }} }}");
        assert_eq!(admin.refused(&query, json!({})).await, format!("BAD_USER_INPUT @{field}"), "{query}");
    }
    assert_eq!(admin.refused("{ group(id: \"choir\") { id } }", json!({})).await, "BAD_USER_INPUT @id");
    assert_eq!(admin.ok(GROUP, json!({ "id": nothing("group") })).await, json!({ "group": null }));
}

#[tokio::test]
async fn a_group_is_given_courses_and_they_are_taken_again() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = group(&admin, json!({ "name": "Class 7b" })).await;
    let algebra = course(&admin, json!({ "title": "Algebra" })).await;
    let botany = draft(&admin, json!({ "title": "Botany" })).await;
    let chemistry = course(&admin, json!({ "title": "Chemistry" })).await;
    admin.ok(ARCHIVE, json!({ "id": chemistry })).await;
    let given = admin.ok(ADD_COURSES, courses(&id, &[&chemistry, &algebra])).await;
    assert_eq!(given["addGroupCourses"]["courses"]["totalCount"], 2);
    for list in [[&algebra, &botany], [&botany, &algebra]] {
        let at = list.iter().position(|course| *course == &algebra).unwrap();
        refused(&app, &admin, ADD_COURSES, courses(&id, &list), &format!("CONFLICT ALREADY_ASSIGNED_COURSE @courseIds.{at}")).await;
    }
    admin.ok(ADD_COURSES, courses(&id, &[&botany])).await;
    let titles = "query($id: ID!, $after: String) { group(id: $id) { courses(first: 2, after: $after) { nodes { title instructor { name } } pageInfo { hasNextPage endCursor } } } }";
    let page = admin.ok(titles, json!({ "id": id })).await["group"]["courses"].take();
    assert_eq!(page["nodes"][1], json!({ "title": "Botany", "instructor": { "name": "ADMIN of oak" } }));
    let rest = admin.ok(titles, json!({ "id": id, "after": page["pageInfo"]["endCursor"] })).await["group"]["courses"].take();
    assert_eq!((&rest["nodes"][0]["title"], &rest["pageInfo"]["hasNextPage"]), (&json!("Chemistry"), &json!(false)));

    refused(&app, &admin, REMOVE_COURSES, courses(&id, &[&algebra, &nothing("course")]), "NOT_FOUND @courseIds.1").await;
    let left = admin.ok(REMOVE_COURSES, courses(&id, &[&algebra, &chemistry])).await;
    assert_eq!(left["removeGroupCourses"]["courses"]["totalCount"], 1);
    refused(&app, &admin, REMOVE_COURSES, courses(&id, &[&algebra]), "NOT_FOUND @courseIds.0").await;
    // A course that is deleted leaves its groups.
    admin.ok(DELETE_COURSE, json!({ "id": botany })).await;
    assert_eq!(app.count("group_course").await, 0);
    refused(&app, &admin, ADD_COURSES, courses(&id, &[&botany]), "NOT_FOUND @courseIds.0").await;
    refused(&app, &admin, REMOVE_COURSES, courses(&id, &[&botany]), "NOT_FOUND @courseIds.0").await;
}
