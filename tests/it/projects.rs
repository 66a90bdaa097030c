//! Projects: who is in them, who sees and changes what, who follows an owner that goes.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{learners, nothing, refused, uuid, walk},
};

pub const CREATE: &str = "mutation($i: CreateProjectInput!) { createProject(input: $i) { id name description isArchived viewerRole memberCount owner { id } deletedAt purgesAt } }";
const UPDATE: &str = "mutation($i: UpdateProjectInput!) { updateProject(input: $i) { name description isArchived } }";
pub const ADD: &str = "mutation($i: AddProjectMembersInput!) { addProjectMembers(input: $i) { id memberCount } }";
const ROLE: &str = "mutation($i: UpdateProjectMemberInput!) { updateProjectMember(input: $i) { members { edges { node { id } role } } } }";
const REMOVE: &str = "mutation($i: RemoveProjectMembersInput!) { removeProjectMembers(input: $i) { id memberCount } }";
const TRANSFER: &str = "mutation($i: TransferProjectInput!) { transferProject(input: $i) { owner { id } viewerRole } }";
const DELETE: &str = "mutation($id: ID!) { deleteProject(id: $id) }";
const RESTORE: &str = "mutation($id: ID!) { restoreProject(id: $id) { id deletedAt } }";
const PROJECT: &str =
    "query($id: ID!) { project(id: $id) { name viewerRole memberCount deletedAt members { edges { node { id name } role } } } }";

/// A project of this person; answers its id.
pub async fn project(client: &Client, name: &str) -> String {
    client.ok(CREATE, json!({ "i": { "name": name } })).await["createProject"]["id"].as_str().unwrap().to_owned()
}

/// Makes somebody a member.
pub async fn join_as(owner: &Client, project: &str, person: &str, role: &str) {
    owner.ok(ADD, json!({ "i": { "projectId": project, "userIds": [person], "role": role } })).await;
}

fn of(project: &str, person: &str) -> Value {
    json!({ "i": { "projectId": project, "userId": person } })
}

fn several(project: &str, people: &[&str]) -> Value {
    json!({ "i": { "projectId": project, "userIds": people } })
}

#[tokio::test]
async fn a_project_is_created_changed_archived_deleted_and_restored() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let made = ada.ok(CREATE, json!({ "i": { "name": " Winter ", "description": "Plans" } })).await["createProject"].take();
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(
        made,
        json!({ "id": id, "name": "Winter", "description": "Plans", "isArchived": false, "viewerRole": "MANAGER", "memberCount": 1,
                "owner": { "id": ada.user_id }, "deletedAt": null, "purgesAt": null })
    );
    let change = |input: Value| {
        let mut input = input;
        input["id"] = json!(id);
        json!({ "i": input })
    };
    let changed = ada.ok(UPDATE, change(json!({ "name": "Winter II", "description": null }))).await["updateProject"].take();
    assert_eq!(changed, json!({ "name": "Winter II", "description": null, "isArchived": false }));
    refused(&app, &ada, UPDATE, change(json!({ "name": null })), "BAD_USER_INPUT @name").await;
    refused(&app, &ada, UPDATE, change(json!({ "name": " " })), "BAD_USER_INPUT @name").await;
    let people = learners(&app, &app.oak, 2).await;
    assert_eq!(ada.ok(ADD, several(&id, &[&people[0]])).await["addProjectMembers"]["memberCount"], 2);
    // Nothing inside an archived one changes.
    ada.ok(UPDATE, change(json!({ "isArchived": true }))).await;
    refused(&app, &ada, ADD, several(&id, &[&people[1]]), "CONFLICT PROJECT_ARCHIVED @projectId").await;
    refused(&app, &ada, REMOVE, several(&id, &[&people[0]]), "CONFLICT PROJECT_ARCHIVED @projectId").await;
    refused(&app, &ada, TRANSFER, of(&id, &people[0]), "CONFLICT PROJECT_ARCHIVED @projectId").await;
    // Nor does it itself, but for taking it back.
    for input in [
        json!({ "name": "Spring" }),
        json!({ "name": "Spring", "isArchived": true }),
        json!({ "description": "Plans", "isArchived": true }),
    ] {
        refused(&app, &ada, UPDATE, change(input), "CONFLICT PROJECT_ARCHIVED @id").await;
    }
    assert_eq!(ada.ok(UPDATE, change(json!({ "isArchived": true }))).await["updateProject"]["name"], "Winter II", "again is no error");
    let back = ada.ok(UPDATE, change(json!({ "name": "Winter III", "isArchived": false }))).await["updateProject"].take();
    assert_eq!(back, json!({ "name": "Winter III", "description": null, "isArchived": false }));

    assert_eq!(ada.ok(DELETE, json!({ "id": id })).await["deleteProject"], json!(id));
    refused(&app, &ada, DELETE, json!({ "id": id }), "NOT_FOUND @id").await;
    refused(&app, &ada, UPDATE, change(json!({ "name": "Gone" })), "NOT_FOUND @id").await;
    let lists = "{ here: projects { totalCount } gone: projects(filter: { isDeleted: true }) { nodes { id deletedAt purgesAt } } }";
    let seen = ada.ok(lists, json!({})).await;
    assert_eq!(seen["here"]["totalCount"], 0);
    assert_eq!(seen["gone"]["nodes"][0]["id"], json!(id));
    assert!(seen["gone"]["nodes"][0]["purgesAt"].is_string());
    let back = ada.ok(RESTORE, json!({ "id": id })).await["restoreProject"].take();
    assert_eq!(back, json!({ "id": id, "deletedAt": null }));
    assert_eq!(ada.ok(RESTORE, json!({ "id": id })).await["restoreProject"], back, "again is no error");
    assert_eq!(ada.ok(PROJECT, json!({ "id": id })).await["project"]["memberCount"], 2);
}

#[tokio::test]
async fn who_sees_a_project_and_who_changes_it_follows_from_membership_and_permissions() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let (lea, vic) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await);
    let pat = app.person(&app.oak, "pat@oak.example", &["PARTICIPANT"]).await;
    let id = project(&ada, "Winter").await;
    let other = app.sign_in(&app.elm, Who::Admin).await;
    for stranger in [&lea, &pat, &other] {
        assert_eq!(stranger.ok(PROJECT, json!({ "id": id })).await["project"], json!(null));
        refused(&app, stranger, DELETE, json!({ "id": id }), "NOT_FOUND @id").await;
        refused(&app, stranger, ADD, several(&id, &[&stranger.user_id]), "NOT_FOUND @projectId").await;
    }
    for person in [&lea, &vic, &pat] {
        refused(&app, person, CREATE, json!({ "i": { "name": "Mine" } }), "FORBIDDEN [PROJECT_CREATE]").await;
    }
    // PROJECT_READ sees it and who is in it, and changes nothing.
    assert_eq!(vic.ok(PROJECT, json!({ "id": id })).await["project"]["members"]["edges"].as_array().unwrap().len(), 1);
    refused(&app, &vic, UPDATE, json!({ "i": { "id": id, "name": "Mine" } }), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &vic, DELETE, json!({ "id": id }), "FORBIDDEN NOT_YOURS @id").await;
    // As a member, by role.
    for (role, may) in [("VIEWER", false), ("MEMBER", false), ("MANAGER", true)] {
        join_as(&ada, &id, &lea.user_id, role).await;
        assert_eq!(lea.ok(PROJECT, json!({ "id": id })).await["project"]["viewerRole"], role);
        let known = lea.ok(PROJECT, json!({ "id": id })).await["project"]["members"]["edges"].take();
        assert_eq!(known[0]["node"]["name"], "INSTRUCTOR of oak", "members see one another's names");
        let update = json!({ "i": { "id": id, "name": format!("By {role}") } });
        if may {
            lea.ok(UPDATE, update).await;
        } else {
            refused(&app, &lea, UPDATE, update, "FORBIDDEN NOT_YOURS @id").await;
            refused(&app, &lea, REMOVE, several(&id, &[&ada.user_id]), "FORBIDDEN NOT_YOURS @projectId").await;
        }
        // The owner's alone.
        refused(&app, &lea, DELETE, json!({ "id": id }), "FORBIDDEN NOT_YOURS @id").await;
        refused(&app, &lea, TRANSFER, of(&id, &lea.user_id), "FORBIDDEN NOT_YOURS @projectId").await;
        lea.ok(REMOVE, several(&id, &[&lea.user_id])).await;
        assert_eq!(lea.ok(PROJECT, json!({ "id": id })).await["project"], json!(null));
    }
    // PROJECT_MANAGE acts as manager and as owner.
    admin.ok(UPDATE, json!({ "i": { "id": id, "name": "By the admin" } })).await;
    admin.ok(DELETE, json!({ "id": id })).await;
    assert_eq!(vic.ok(PROJECT, json!({ "id": id })).await["project"], json!(null), "gone for everybody else");
    admin.ok(RESTORE, json!({ "id": id })).await;
}

#[tokio::test]
async fn people_are_added_all_or_none_and_the_owner_stays_a_manager() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let id = project(&ada, "Winter").await;
    let people = learners(&app, &app.oak, 3).await;
    let elm = app.sign_in(&app.elm, Who::Learner).await;
    ada.ok(ADD, several(&id, &[&people[0]])).await;
    refused(&app, &ada, ADD, several(&id, &[&people[1], &people[0]]), "CONFLICT ALREADY_MEMBER @userIds.1").await;
    refused(&app, &ada, ADD, several(&id, &[&people[1], &elm.user_id]), "NOT_FOUND @userIds.1").await;
    refused(&app, &ada, ADD, several(&id, &[&people[1], &nothing("user")]), "NOT_FOUND @userIds.1").await;
    refused(&app, &ada, ADD, several(&id, &[]), "BAD_USER_INPUT @userIds").await;
    let role = |person: &str, role: &str| json!({ "i": { "projectId": id, "userId": person, "role": role } });
    refused(&app, &ada, ROLE, role(&ada.user_id, "MEMBER"), "CONFLICT PROJECT_OWNER @userId").await;
    refused(&app, &ada, ROLE, role(&people[1], "MEMBER"), "NOT_FOUND @userId").await;
    refused(&app, &ada, REMOVE, several(&id, &[&people[0], &ada.user_id]), "CONFLICT PROJECT_OWNER @userIds").await;
    refused(&app, &ada, REMOVE, several(&id, &[&people[1]]), "NOT_FOUND @userIds.0").await;
    refused(&app, &ada, TRANSFER, of(&id, &people[1]), "NOT_FOUND @userId").await;
    let given = ada.ok(TRANSFER, of(&id, &people[0])).await["transferProject"].take();
    assert_eq!(given, json!({ "owner": { "id": people[0] }, "viewerRole": "MANAGER" }));
    ada.ok(ROLE, role(&ada.user_id, "VIEWER")).await;
    // 500 at most.
    app.sql(&format!(
        "INSERT INTO app_user (tenant_id, id, name, email, email_key) SELECT '{0}', gen_random_uuid(), 'Crowd', 'c' || n || '@x.example', 'c' || n || '@x.example' FROM generate_series(1, 498) AS n;
         INSERT INTO project_member (tenant_id, project_id, user_id) SELECT '{0}', '{1}', id FROM app_user WHERE tenant_id = '{0}' AND name = 'Crowd'",
        app.oak.tenant,
        uuid(&id)
    ))
    .await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    refused(&app, &admin, ADD, several(&id, &[&people[1]]), "LIMIT_REACHED @userIds").await;
}

#[tokio::test]
async fn a_deleted_owner_is_followed_by_the_manager_of_longest_standing_or_by_nobody() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let eva = app.person(&app.oak, "eva@oak.example", &["INSTRUCTOR"]).await;
    let (first, second, third) = (project(&eva, "First").await, project(&eva, "Second").await, project(&eva, "Third").await);
    let people = learners(&app, &app.oak, 2).await;
    join_as(&eva, &first, &people[0], "MEMBER").await;
    join_as(&eva, &first, &people[1], "MANAGER").await;
    join_as(&eva, &second, &people[0], "MEMBER").await;
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": eva.user_id })).await;
    let owner = "query($id: ID!) { project(id: $id) { memberCount owner { id } } }";
    for (id, heir, left) in [(&first, json!({ "id": people[1] }), 2), (&second, json!(null), 1), (&third, json!(null), 0)] {
        let found = admin.ok(owner, json!({ "id": id })).await["project"].take();
        assert_eq!(found, json!({ "memberCount": left, "owner": heir }));
    }
    join_as(&admin, &third, &people[0], "MANAGER").await;
    admin.ok(TRANSFER, of(&third, &people[0])).await;
}

#[tokio::test]
async fn projects_are_listed_searched_and_filtered() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    for name in ["Delta", "alpha", "Charlie", "bravo"] {
        project(&ada, name).await;
    }
    let echo = project(&admin, "Echo").await;
    join_as(&admin, &echo, &lea.user_id, "VIEWER").await;
    assert_eq!(walk(&ada, "projects", "", "/name").await, ["alpha", "bravo", "Charlie", "Delta"]);
    assert_eq!(
        walk(&admin, "projects", ", orderBy: { field: NAME, direction: DESC }", "/name").await,
        ["Echo", "Delta", "Charlie", "bravo", "alpha"]
    );
    assert_eq!(
        walk(&ada, "projects", ", orderBy: { field: CREATED_AT, direction: ASC }", "/name").await,
        ["Delta", "alpha", "Charlie", "bravo"]
    );
    assert_eq!(walk(&admin, "projects", ", filter: { search: \"cha\" }", "/name").await, ["Charlie"]);
    assert_eq!(walk(&admin, "projects", &format!(", filter: {{ memberId: \"{}\" }}", lea.user_id), "/name").await, ["Echo"]);
    assert_eq!(walk(&lea, "projects", ", filter: { viewerRoles: [VIEWER] }", "/name").await, ["Echo"]);
    assert_eq!(walk(&admin, "projects", ", filter: { viewerRoles: [MANAGER] }", "/name").await, ["Echo"]);
    assert_eq!(walk(&admin, "projects", ", filter: { isArchived: true }", "/name").await, [""; 0]);
    // However many they are, each list costs one statement.
    let nested = "{ projects { nodes { viewerRole memberCount owner { name } members { nodes { name } } agents { totalCount } sharedConversations { nodes { title } } } } }";
    let few = app.statements(&lea, nested, json!({})).await;
    let many = app.statements(&admin, nested, json!({})).await;
    assert_eq!(few, many, "{few} {many}");
}

#[tokio::test]
async fn whoever_is_added_is_told() {
    let app = TestApp::start().await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let id = project(&ada, "Winter").await;
    join_as(&ada, &id, &lea.user_id, "MEMBER").await;
    app.work().await;
    let told = "{ notifications { nodes { kind subjectId title } } }";
    let told_lea = lea.ok(told, json!({})).await["notifications"]["nodes"].take();
    assert_eq!(told_lea, json!([{ "kind": "PROJECT_MEMBER_ADDED", "subjectId": id, "title": "Added to the project Winter" }]));
    assert_eq!(ada.ok(told, json!({})).await["notifications"]["nodes"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_transfer_and_a_removal_at_once_the_owner_is_always_a_member() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let heir = &learners(&app, &app.oak, 1).await[0];
    for round in 0..50 {
        let id = project(&ada, &format!("Round {round}")).await;
        join_as(&ada, &id, heir, "MEMBER").await;
        let (given, removed) = join(ada.ask(TRANSFER, of(&id, heir)), ada.ask(REMOVE, several(&id, &[heir]))).await;
        let done = [&given, &removed].into_iter().filter(|answer| answer.get("errors").is_none()).count();
        assert_eq!(done, 1, "{given} {removed}");
    }
    assert_eq!(app.count("project p WHERE NOT EXISTS (SELECT FROM project_member m WHERE m.project_id = p.id AND m.user_id = p.owner_id AND m.role = 'MANAGER')").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_changes_inside_once_a_project_is_archived() {
    let app = TestApp::start().await;
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let people = learners(&app, &app.oak, 4).await;
    for round in 0..5 {
        let id = project(&ada, &format!("Round {round}")).await;
        let adding = join_all(people.iter().map(|person| ada.ask(ADD, several(&id, &[person]))));
        let archive = ada.ask(UPDATE, json!({ "i": { "id": id, "isArchived": true } }));
        let (added, archived) = join(adding, archive).await;
        assert!(archived.get("errors").is_none(), "{archived}");
        let count = added.iter().filter(|answer| answer.get("errors").is_none()).count();
        for answer in added.iter().filter(|answer| answer.get("errors").is_some()) {
            assert_eq!(crate::app::refusal(&answer["errors"][0]), "CONFLICT PROJECT_ARCHIVED @projectId");
        }
        assert_eq!(ada.ok(PROJECT, json!({ "id": id })).await["project"]["memberCount"], 1 + count);
    }
}
