//! Agents: who sees and changes them, their versions; and what a school says of assistants.

mod policy;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, Who},
    classroom::{nothing, refused, walk},
    knowledge::base,
    projects::{join_as, project},
};

pub const CREATE: &str = "mutation($i: CreateAgentInput!) { createAgent(input: $i) { id name kind isActive version model temperature maxTokens systemPrompt tools starters project { id } } }";
pub const UPDATE: &str = "mutation($i: UpdateAgentInput!) { updateAgent(input: $i) { name version temperature systemPrompt } }";
const REVERT: &str = "mutation($i: RevertAgentInput!) { revertAgent(input: $i) { version systemPrompt } }";
const ACTIVATE: &str = "mutation($id: ID!) { activateAgent(id: $id) { isActive } }";
pub const DEACTIVATE: &str = "mutation($id: ID!) { deactivateAgent(id: $id) { isActive } }";
pub const DELETE: &str = "mutation($id: ID!) { deleteAgent(id: $id) }";
const AGENT: &str = "query($id: ID!) { agent(id: $id) { name isActive systemPrompt helpfulCount unhelpfulCount versions { nodes { id version systemPrompt createdBy { id } } } feedback { totalCount } } }";

/// An agent; answers its id.
pub async fn agent(client: &Client, input: Value) -> String {
    let mut whole = json!({ "name": "Helper", "kind": "CUSTOM" });
    for (name, value) in input.as_object().unwrap() {
        whole[name] = value.clone();
    }
    client.ok(CREATE, json!({ "i": whole })).await["createAgent"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_agent_begins_with_the_template_of_its_kind() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let tutor = admin.ok(CREATE, json!({ "i": { "name": "Socrates", "kind": "TUTOR" } })).await["createAgent"].take();
    assert_eq!(
        json!([tutor["version"], tutor["temperature"], tutor["maxTokens"], tutor["isActive"], tutor["model"]]),
        json!([1, 0.3, 1000, true, null])
    );
    let told = tutor["systemPrompt"].as_str().unwrap();
    for part in ["hint", "targeted hint", "similar worked example", "Never give the answer to graded work"] {
        assert!(told.contains(part), "{told}");
    }
    let own = json!({ "i": { "name": "Own", "kind": "HR", "temperature": 1, "maxTokens": 8000, "systemPrompt": "Hello", "tools": ["MY_BOOKINGS", "SEARCH_COURSES", "MY_BOOKINGS"],
                             "starters": ["How?"], "isActive": false, "model": "default" } });
    let own = admin.ok(CREATE, own).await["createAgent"].take();
    assert_eq!(
        json!([own["tools"], own["starters"], own["isActive"], own["model"]]),
        json!([["SEARCH_COURSES", "MY_BOOKINGS"], ["How?"], false, "default"])
    );
    for (input, line) in [
        (json!({ "temperature": 1.1 }), "BAD_USER_INPUT @temperature"),
        (json!({ "temperature": -0.1 }), "BAD_USER_INPUT @temperature"),
        (json!({ "maxTokens": 99 }), "BAD_USER_INPUT @maxTokens"),
        (json!({ "maxTokens": 8001 }), "BAD_USER_INPUT @maxTokens"),
        (json!({ "systemPrompt": "a".repeat(20_001) }), "BAD_USER_INPUT @systemPrompt"),
        (json!({ "systemPrompt": " " }), "BAD_USER_INPUT @systemPrompt"),
        (json!({ "starters": ["a", "b", "c", "d", "e", "f", "g"] }), "BAD_USER_INPUT @starters"),
        (json!({ "starters": ["a".repeat(201)] }), "BAD_USER_INPUT @starters.0"),
        (json!({ "model": "gpt-nine" }), "BAD_USER_INPUT MODEL_NOT_ALLOWED @model"),
        (json!({ "knowledgeBaseIds": [nothing("knowledge")] }), "NOT_FOUND @knowledgeBaseIds.0"),
        (json!({ "projectId": nothing("project") }), "NOT_FOUND @projectId"),
    ] {
        let mut whole = json!({ "name": "A", "kind": "CUSTOM" });
        whole.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        refused(&app, &admin, CREATE, json!({ "i": whole }), line).await;
    }
}

#[tokio::test]
async fn a_change_of_what_it_is_told_makes_a_version_and_a_change_of_nothing_none() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = agent(&admin, json!({ "systemPrompt": "One" })).await;
    let change = |input: Value| {
        let mut input = input;
        input["id"] = json!(id);
        json!({ "i": input })
    };
    assert_eq!(admin.ok(UPDATE, change(json!({ "name": "Renamed", "starters": ["Hi"] }))).await["updateAgent"]["version"], 1);
    assert_eq!(admin.ok(UPDATE, change(json!({ "systemPrompt": "One", "temperature": 0.3 }))).await["updateAgent"]["version"], 1);
    let second = admin.ok(UPDATE, change(json!({ "systemPrompt": "Two", "expectedVersion": 1 }))).await["updateAgent"].take();
    assert_eq!(json!([second["version"], second["systemPrompt"], second["name"]]), json!([2, "Two", "Renamed"]));
    refused(&app, &admin, UPDATE, change(json!({ "systemPrompt": "Three", "expectedVersion": 1 })), "CONFLICT STALE @expectedVersion")
        .await;
    refused(&app, &admin, UPDATE, change(json!({ "name": "Stale", "expectedVersion": 3 })), "CONFLICT STALE @expectedVersion").await;
    refused(&app, &admin, UPDATE, change(json!({ "systemPrompt": null })), "BAD_USER_INPUT @systemPrompt").await;
    let revert = |version: i32| json!({ "i": { "id": id, "version": version } });
    assert_eq!(admin.ok(REVERT, revert(1)).await["revertAgent"], json!({ "version": 3, "systemPrompt": "One" }));
    assert_eq!(admin.ok(REVERT, revert(1)).await["revertAgent"]["version"], 3, "it is like that already");
    refused(&app, &admin, REVERT, revert(7), "NOT_FOUND @version").await;
    let found = admin.ok(AGENT, json!({ "id": id })).await["agent"]["versions"]["nodes"].take();
    let told: Vec<_> = found.as_array().unwrap().iter().map(|version| (&version["version"], &version["systemPrompt"])).collect();
    assert_eq!(json!(told), json!([[3, "One"], [2, "Two"], [1, "One"]]));
    assert_eq!(found[0]["createdBy"]["id"], json!(admin.user_id));
    // What it knows is the same in any order.
    let (one, two) = (base(&admin, json!({ "name": "One" })).await, base(&admin, json!({ "name": "Two" })).await);
    for (known, version) in [(vec![&one, &two], 4), (vec![&two, &one], 4), (vec![&one], 5)] {
        let changed = admin.ok(UPDATE, change(json!({ "knowledgeBaseIds": known }))).await;
        assert_eq!(changed["updateAgent"]["version"], version, "{known:?}");
    }
    // A version is a node, for those who may change the agent.
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let node = "query($id: ID!) { node(id: $id) { ... on AgentVersion { systemPrompt } } }";
    assert_eq!(admin.ok(node, json!({ "id": found[1]["id"] })).await["node"]["systemPrompt"], "Two");
    assert_eq!(lea.ok(node, json!({ "id": found[1]["id"] })).await["node"], json!(null));
}

#[tokio::test]
async fn who_sees_an_agent_and_who_changes_it() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let (lea, vic) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await);
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    let wide = agent(&admin, json!({ "name": "Of the school" })).await;
    let winter = project(&ada, "Winter").await;
    let own = agent(&ada, json!({ "name": "Of the project", "projectId": winter })).await;
    // School-wide: seen by whoever converses, changed with AGENT_MANAGE.
    for person in [&lea, &ada] {
        let seen = person.ok(AGENT, json!({ "id": wide })).await["agent"].take();
        let hidden = json!({ "name": "Of the school", "isActive": true, "systemPrompt": null, "helpfulCount": null, "unhelpfulCount": null, "versions": null, "feedback": null });
        assert_eq!(seen, hidden);
    }
    assert_eq!(vic.ok(AGENT, json!({ "id": wide })).await["agent"], json!(null), "who holds none of these permissions");
    let rename = |id: &str| json!({ "i": { "id": id, "name": "Mine" } });
    refused(&app, &ada, UPDATE, rename(&wide), "FORBIDDEN [AGENT_MANAGE]").await;
    refused(&app, &ada, DEACTIVATE, json!({ "id": wide }), "FORBIDDEN [AGENT_MANAGE]").await;
    refused(&app, &ada, CREATE, json!({ "i": { "name": "Mine", "kind": "CUSTOM" } }), "FORBIDDEN [AGENT_MANAGE]").await;
    refused(&app, &lea, UPDATE, rename(&wide), "FORBIDDEN [AGENT_CREATE AGENT_MANAGE]").await;
    // Of a project: seen by who is in it, changed by those who manage it.
    for person in [&lea, &vic, &elm] {
        assert_eq!(person.ok(AGENT, json!({ "id": own })).await["agent"], json!(null));
    }
    refused(&app, &elm, UPDATE, rename(&own), "NOT_FOUND @id").await;
    let eva = app.person(&app.oak, "eva@oak.example", &["INSTRUCTOR"]).await;
    refused(&app, &eva, DELETE, json!({ "id": own }), "NOT_FOUND @id").await;
    join_as(&ada, &winter, &eva.user_id, "MEMBER").await;
    refused(&app, &eva, UPDATE, rename(&own), "FORBIDDEN NOT_YOURS @id").await;
    refused(&app, &eva, CREATE, json!({ "i": { "name": "A", "kind": "CUSTOM", "projectId": winter } }), "FORBIDDEN NOT_YOURS @projectId")
        .await;
    assert_eq!(eva.ok(AGENT, json!({ "id": own })).await["agent"]["systemPrompt"], json!(null));
    assert!(ada.ok(AGENT, json!({ "id": own })).await["agent"]["systemPrompt"].is_string());
    admin.ok(UPDATE, rename(&own)).await;
    // An inactive one is seen by those alone who may change it.
    assert_eq!(ada.ok(DEACTIVATE, json!({ "id": own })).await["deactivateAgent"]["isActive"], false);
    assert_eq!(ada.ok(DEACTIVATE, json!({ "id": own })).await["deactivateAgent"]["isActive"], false, "again is no error");
    assert_eq!(eva.ok(AGENT, json!({ "id": own })).await["agent"], json!(null));
    assert_eq!(ada.ok(ACTIVATE, json!({ "id": own })).await["activateAgent"]["isActive"], true);
    // Archived, deleted, and gone with its project.
    let archive = "mutation($i: UpdateProjectInput!) { updateProject(input: $i) { id } }";
    ada.ok(archive, json!({ "i": { "id": winter, "isArchived": true } })).await;
    refused(&app, &ada, UPDATE, rename(&own), "CONFLICT PROJECT_ARCHIVED @id").await;
    refused(&app, &ada, DELETE, json!({ "id": own }), "CONFLICT PROJECT_ARCHIVED @id").await;
    ada.ok(archive, json!({ "i": { "id": winter, "isArchived": false } })).await;
    ada.ok("mutation($id: ID!) { deleteProject(id: $id) }", json!({ "id": winter })).await;
    assert_eq!(ada.ok(AGENT, json!({ "id": own })).await["agent"], json!(null));
    ada.ok("mutation($id: ID!) { restoreProject(id: $id) { id } }", json!({ "id": winter })).await;
    assert_eq!(ada.ok(DELETE, json!({ "id": own })).await["deleteAgent"], json!(own));
    refused(&app, &ada, DELETE, json!({ "id": own }), "NOT_FOUND @id").await;
}

#[tokio::test]
async fn agents_are_listed_searched_and_filtered() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let winter = project(&ada, "Winter").await;
    for (name, kind) in [("Delta", "HR"), ("alpha", "TUTOR"), ("Charlie", "TUTOR")] {
        agent(&admin, json!({ "name": name, "kind": kind })).await;
    }
    let bravo = agent(&ada, json!({ "name": "bravo", "projectId": winter })).await;
    assert_eq!(walk(&ada, "agents", "", "/name").await, ["alpha", "bravo", "Charlie", "Delta"]);
    assert_eq!(
        walk(&ada, "agents", ", orderBy: { field: CREATED_AT, direction: DESC }", "/name").await,
        ["bravo", "Charlie", "alpha", "Delta"]
    );
    assert_eq!(walk(&ada, "agents", ", filter: { kinds: [TUTOR] }", "/name").await, ["alpha", "Charlie"]);
    assert_eq!(walk(&ada, "agents", ", filter: { isSchoolWide: false }", "/name").await, ["bravo"]);
    assert_eq!(walk(&ada, "agents", &format!(", filter: {{ projectId: \"{winter}\" }}"), "/name").await, ["bravo"]);
    assert_eq!(walk(&ada, "agents", ", filter: { search: \"cha\" }", "/name").await, ["Charlie"]);
    ada.ok(DEACTIVATE, json!({ "id": bravo })).await;
    assert_eq!(walk(&ada, "agents", ", filter: { isActive: false }", "/name").await, ["bravo"]);
    let nested = "query($f: Int) { agents(first: $f) { nodes { name systemPrompt project { name } helpfulCount versions { totalCount nodes { version createdBy { name } } } feedback { nodes { rating } } } } }";
    assert_eq!(app.statements(&admin, nested, json!({ "f": 1 })).await, app.statements(&admin, nested, json!({ "f": 10 })).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_changes_that_expect_one_version_one_is_made() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let id = agent(&admin, json!({})).await;
    for round in 1..=50 {
        let change = |n: usize| json!({ "i": { "id": id, "expectedVersion": round, "systemPrompt": format!("Round {round}, {n}") } });
        let answers = join_all((0..4).map(|n| admin.ask(UPDATE, change(n)))).await;
        let done = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
        assert_eq!(done, 1, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.get("errors").is_some()) {
            assert_eq!(crate::app::refusal(&answer["errors"][0]), "CONFLICT STALE @expectedVersion");
        }
    }
    assert_eq!(app.count("agent_version").await, 51);
}
