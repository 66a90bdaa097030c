//! Conversations: whose they are, how a message is sent, branches, sharing, what is removed.

mod branches;
mod races;
mod sending;
mod sharing;

use serde_json::{Value, json};

use crate::{
    agents::agent,
    app::{Client, TestApp, Who},
    classroom::{course, nothing, refused, uuid, walk},
    projects::{join_as, project},
};

pub const BEGIN: &str = "mutation($i: CreateConversationInput!) { createConversation(input: $i) { id title agent { id } project { id } course { id } context messageCount \
    promptTokens lastMessageAt createdAt activeLeaf { id } owner { id } } }";
const UPDATE: &str = "mutation($i: UpdateConversationInput!) { updateConversation(input: $i) { title isArchived context agent { id } course { id } messages { nodes { role content } } } }";
pub const DELETE: &str = "mutation($id: ID!) { deleteConversation(id: $id) }";
const RESTORE: &str = "mutation($id: ID!) { restoreConversation(id: $id) { id deletedAt } }";
pub const SEND: &str = "mutation($i: SendMessageInput!) { sendMessage(input: $i) { id role state content parent { id content clientMessageId metadata } clientMessageId } }";
pub const CONVERSATION: &str = "query($id: ID!) { conversation(id: $id) { title context messageCount promptTokens messages { nodes { role content } } runningAnswer { id } activeLeaf { id } deletedAt } }";

/// A school with an endpoint that nobody asks: whatever is sent waits.
pub async fn configured(app: &TestApp) {
    app.sql(&format!(
        "INSERT INTO assistant_provider (tenant_id, base_url) VALUES ('{}', 'https://models.example.invalid/v1')",
        app.oak.tenant
    ))
    .await;
}

/// A conversation with an agent; answers its id.
pub async fn begin(client: &Client, agent: &str, more: Value) -> String {
    let mut input = json!({ "agentId": agent });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.ok(BEGIN, json!({ "i": input })).await["createConversation"]["id"].as_str().unwrap().to_owned()
}

/// Something that is said.
pub fn said(conversation: &str, text: &str, client_id: &str) -> Value {
    json!({ "i": { "conversationId": conversation, "text": text, "clientMessageId": client_id } })
}

/// Says something; answers the id of the answer that waits.
pub async fn say(client: &Client, conversation: &str, text: &str, client_id: &str) -> String {
    client.ok(SEND, said(conversation, text, client_id)).await["sendMessage"]["id"].as_str().unwrap().to_owned()
}

/// Ends an answer as if a model had given it.
pub async fn answer(app: &TestApp, message: &str, text: &str) {
    app.sql(&format!(
        "UPDATE message SET state = 'RUNNING' WHERE id = '{0}'; UPDATE message SET state = 'COMPLETED', content = '{text}', prompt_tokens = 7, completion_tokens = 5 WHERE id = '{0}';
         DELETE FROM answer_run WHERE message_id = '{0}'",
        uuid(message)
    ))
    .await;
}

/// Says something, and has it answered; answers the id of the answer.
pub async fn talk(app: &TestApp, client: &Client, conversation: &str, text: &str, client_id: &str) -> String {
    let id = say(client, conversation, text, client_id).await;
    answer(app, &id, &format!("You said {text}")).await;
    id
}

/// What somebody reads of a conversation: roles and words.
pub async fn words(client: &Client, conversation: &str) -> Value {
    let found = client.ok(CONVERSATION, json!({ "id": conversation })).await["conversation"]["messages"]["nodes"].take();
    json!(found.as_array().unwrap().iter().map(|message| message["content"].clone()).collect::<Vec<_>>())
}

#[tokio::test]
async fn a_conversation_is_begun_with_an_agent_that_one_sees() {
    let app = TestApp::start().await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let (lea, vic) = (app.sign_in(&app.oak, Who::Learner).await, app.sign_in(&app.oak, Who::Viewer).await);
    let tutor = agent(&admin, json!({ "name": "Tutor" })).await;
    let algebra = course(&ada, json!({ "title": "Algebra" })).await;
    let begun =
        lea.ok(BEGIN, json!({ "i": { "agentId": tutor, "courseId": algebra, "context": { "page": 7 } } })).await["createConversation"]
            .take();
    assert_eq!(
        json!([
            begun["title"],
            begun["agent"]["id"],
            begun["project"],
            begun["course"]["id"],
            begun["context"],
            begun["messageCount"],
            begun["promptTokens"],
            begun["activeLeaf"]
        ]),
        json!([null, tutor, null, algebra, { "page": 7 }, 0, 0, null])
    );
    assert_eq!(begun["lastMessageAt"], json!(null));
    refused(&app, &vic, BEGIN, json!({ "i": { "agentId": tutor } }), "FORBIDDEN [AGENT_EXECUTE]").await;
    // Of a project: its members converse, its viewers read.
    let winter = project(&ada, "Winter").await;
    let own = agent(&ada, json!({ "projectId": winter })).await;
    refused(&app, &lea, BEGIN, json!({ "i": { "agentId": own } }), "NOT_FOUND @agentId").await;
    refused(&app, &lea, BEGIN, json!({ "i": { "agentId": tutor, "projectId": winter } }), "NOT_FOUND @projectId").await;
    join_as(&ada, &winter, &lea.user_id, "VIEWER").await;
    refused(&app, &lea, BEGIN, json!({ "i": { "agentId": own } }), "FORBIDDEN NOT_YOURS @agentId").await;
    refused(&app, &lea, BEGIN, json!({ "i": { "agentId": tutor, "projectId": winter } }), "FORBIDDEN NOT_YOURS @projectId").await;
    let begun = ada.ok(BEGIN, json!({ "i": { "agentId": own } })).await["createConversation"].take();
    assert_eq!(begun["project"]["id"], json!(winter), "a project's agent brings its project");
    let other = project(&ada, "Other").await;
    for (input, line) in [
        (json!({ "agentId": nothing("agent") }), "NOT_FOUND @agentId"),
        (json!({ "agentId": own, "projectId": other }), "BAD_USER_INPUT @projectId"),
        (json!({ "agentId": tutor, "courseId": nothing("course") }), "NOT_FOUND @courseId"),
        (json!({ "agentId": tutor, "title": " " }), "BAD_USER_INPUT @title"),
        (json!({ "agentId": tutor, "context": [1] }), "BAD_USER_INPUT @context"),
        (json!({ "agentId": tutor, "context": { "a": "x".repeat(8200) } }), "BAD_USER_INPUT @context"),
    ] {
        refused(&app, &ada, BEGIN, json!({ "i": input }), line).await;
    }
}

#[tokio::test]
async fn no_permission_opens_another_persons_conversation() {
    let app = TestApp::start().await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let tutor = agent(&admin, json!({})).await;
    let id = begin(&lea, &tutor, json!({ "title": "Mine", "context": { "a": 1 } })).await;
    let said = talk(&app, &lea, &id, "Hello", "one").await;
    for stranger in [&admin, &app.sign_in(&app.oak, Who::Instructor).await, &app.sign_in(&app.elm, Who::Admin).await] {
        let look = "query($c: ID!, $m: ID!) { conversation(id: $c) { id } message(id: $m) { id } c: node(id: $c) { id } m: node(id: $m) { id } conversations { totalCount }
            found: conversations(filter: { search: \"hello\" }) { totalCount } }";
        let seen = stranger.ok(look, json!({ "c": id, "m": said })).await;
        assert_eq!(
            seen,
            json!({ "conversation": null, "message": null, "c": null, "m": null, "conversations": { "totalCount": 0 }, "found": { "totalCount": 0 } })
        );
        refused(&app, stranger, UPDATE, json!({ "i": { "id": id, "title": "Mine now" } }), "NOT_FOUND @id").await;
        refused(&app, stranger, DELETE, json!({ "id": id }), "NOT_FOUND @id").await;
        refused(&app, stranger, RESTORE, json!({ "id": id }), "NOT_FOUND @id").await;
        refused(&app, stranger, "mutation($id: ID!) { deleteMessage(id: $id) }", json!({ "id": said }), "NOT_FOUND @id").await;
        refused(
            &app,
            stranger,
            "mutation($i: RateMessageInput!) { rateMessage(input: $i) { id } }",
            json!({ "i": { "id": said, "rating": "HELPFUL" } }),
            "NOT_FOUND @id",
        )
        .await;
    }
    // Nor does looking in the person's place.
    let view = "mutation($i: StartViewAsInput!) { startViewAs(input: $i) { accessToken } }";
    let token =
        admin.ok(view, json!({ "i": { "userId": lea.user_id, "reason": "Help with a course" } })).await["startViewAs"]["accessToken"]
            .take();
    let looking = Client { token: Some(token.as_str().unwrap().to_owned()), ..lea.clone() };
    assert_eq!(looking.ok(CONVERSATION, json!({ "id": id })).await["conversation"], json!(null));
    // Losing AGENT_EXECUTE takes the sending away, not the reading.
    app.sql(&format!(
        "INSERT INTO user_permission (tenant_id, user_id, effect, permission) VALUES ('{}', '{}', 'DENY', 'AGENT_EXECUTE')",
        app.oak.tenant,
        uuid(&lea.user_id)
    ))
    .await;
    let again = app.sign_in_as(&app.oak, "learner@oak.example", crate::app::PASSWORD).await;
    assert_eq!(words(&again, &id).await, json!(["Hello", "You said Hello"]));
    refused(&app, &again, SEND, crate::conversations::said(&id, "More", "two"), "FORBIDDEN [AGENT_EXECUTE]").await;
}

#[tokio::test]
async fn a_conversation_is_changed_deleted_and_restored_by_its_owner() {
    let app = TestApp::start().await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let (tutor, other) = (agent(&admin, json!({})).await, agent(&admin, json!({ "name": "Other" })).await);
    let id = begin(&lea, &tutor, json!({})).await;
    let long = "A first message whose title is cut after its sixty first characters";
    talk(&app, &lea, &id, long, "one").await;
    let seen = lea.ok(CONVERSATION, json!({ "id": id })).await["conversation"].take();
    assert_eq!(seen["title"], json!(long.chars().take(60).collect::<String>()));
    assert_eq!(json!([seen["messageCount"], seen["promptTokens"]]), json!([2, 7]));
    let change = |input: Value| {
        let mut input = input;
        input["id"] = json!(id);
        json!({ "i": input })
    };
    let changed =
        lea.ok(UPDATE, change(json!({ "title": "Lift", "isArchived": true, "context": { "a": 1 } }))).await["updateConversation"].take();
    assert_eq!(json!([changed["title"], changed["isArchived"], changed["context"]]), json!(["Lift", true, { "a": 1 }]));
    let changed = lea.ok(UPDATE, change(json!({ "agentId": other, "context": null }))).await["updateConversation"].take();
    assert_eq!(json!([changed["title"], changed["agent"]["id"], changed["context"]]), json!(["Lift", other, null]));
    assert_eq!(changed["messages"]["nodes"][2], json!({ "role": "SYSTEM", "content": "The agent was changed." }));
    refused(&app, &lea, UPDATE, change(json!({ "agentId": null })), "BAD_USER_INPUT @agentId").await;
    refused(&app, &lea, UPDATE, change(json!({ "agentId": nothing("agent") })), "NOT_FOUND @agentId").await;
    assert_eq!(lea.ok(DELETE, json!({ "id": id })).await["deleteConversation"], json!(id));
    refused(&app, &lea, DELETE, json!({ "id": id }), "NOT_FOUND @id").await;
    refused(&app, &lea, UPDATE, change(json!({ "title": "Gone" })), "NOT_FOUND @id").await;
    refused(&app, &lea, SEND, said(&id, "More", "two"), "NOT_FOUND @conversationId").await;
    let leaf = lea.ok("query($id: ID!) { conversation(id: $id) { activeLeaf { id } } }", json!({ "id": id })).await;
    let leaf = &leaf["conversation"]["activeLeaf"]["id"];
    for (mutation, line) in [
        ("mutation($id: ID!) { deleteMessage(id: $id) }", "NOT_FOUND @id"),
        ("mutation($id: ID!) { selectBranch(input: { messageId: $id }) { id } }", "NOT_FOUND @messageId"),
        ("mutation($id: ID!) { rateMessage(input: { id: $id, rating: HELPFUL }) { id } }", "NOT_FOUND @id"),
    ] {
        refused(&app, &lea, mutation, json!({ "id": leaf }), line).await;
    }
    let lists = "{ here: conversations { totalCount } gone: conversations(filter: { isDeleted: true }) { nodes { id deletedAt expiresAt } } dashboard { recentConversations { totalCount } } }";
    let seen = lea.ok(lists, json!({})).await;
    assert_eq!(
        json!([seen["here"]["totalCount"], seen["gone"]["nodes"][0]["id"], seen["dashboard"]["recentConversations"]["totalCount"]]),
        json!([0, id, 0])
    );
    assert!(seen["gone"]["nodes"][0]["expiresAt"].is_string());
    assert!(lea.ok(CONVERSATION, json!({ "id": id })).await["conversation"]["deletedAt"].is_string(), "its owner reads it");
    assert_eq!(lea.ok(RESTORE, json!({ "id": id })).await["restoreConversation"], json!({ "id": id, "deletedAt": null }));
}

#[tokio::test]
async fn conversations_are_listed_searched_and_filtered() {
    let app = TestApp::start().await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let (tutor, other) = (agent(&admin, json!({})).await, agent(&admin, json!({ "name": "Other" })).await);
    for (title, with) in [("Delta", &tutor), ("alpha", &tutor), ("Charlie", &other)] {
        begin(&lea, with, json!({ "title": title })).await;
    }
    let untitled = begin(&lea, &other, json!({})).await;
    let answered = talk(&app, &lea, &untitled, "Crosswind landings", "one").await;
    app.sql(&format!("UPDATE message SET content = 'Über Seitenwind' WHERE id = '{}'", uuid(&answered))).await;
    assert_eq!(walk(&lea, "conversations", "", "/title").await, ["Crosswind landings", "Charlie", "alpha", "Delta"]);
    assert_eq!(
        walk(&lea, "conversations", ", orderBy: { field: TITLE, direction: ASC }", "/title").await,
        ["alpha", "Charlie", "Crosswind landings", "Delta"]
    );
    assert_eq!(
        walk(&lea, "conversations", ", orderBy: { field: CREATED_AT, direction: ASC }", "/title").await,
        ["Delta", "alpha", "Charlie", "Crosswind landings"]
    );
    for (search, found) in
        [("uber seit", vec!["Crosswind landings"]), ("cros", vec!["Crosswind landings"]), ("cha", vec!["Charlie"]), ("zulu", vec![])]
    {
        assert_eq!(walk(&lea, "conversations", &format!(", filter: {{ search: \"{search}\" }}"), "/title").await, found, "{search}");
    }
    assert_eq!(walk(&lea, "conversations", &format!(", filter: {{ agentId: \"{tutor}\" }}"), "/title").await, ["alpha", "Delta"]);
    let nested = "query($f: Int) { conversations(first: $f) { nodes { title agent { name } messageCount promptTokens runningAnswer { id } activeLeaf { content } \
        messages { nodes { content rating siblings { id } toolMessages { tool } parent { id } author { name } } } } } }";
    assert_eq!(app.statements(&lea, nested, json!({ "f": 1 })).await, app.statements(&lea, nested, json!({ "f": 10 })).await);
}

#[tokio::test]
async fn what_is_old_deleted_or_a_deleted_persons_is_removed_for_good() {
    let app = TestApp::start().await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let eve = app.person(&app.oak, "eve@oak.example", &["LEARNER"]).await;
    let tutor = agent(&admin, json!({})).await;
    let (kept, old, gone) =
        (begin(&lea, &tutor, json!({})).await, begin(&lea, &tutor, json!({})).await, begin(&lea, &tutor, json!({})).await);
    let hers = begin(&eve, &tutor, json!({})).await;
    talk(&app, &eve, &hers, "Private", "one").await;
    lea.ok(DELETE, json!({ "id": gone })).await;
    let purge = || async {
        let again = format!("SET app.tenant_id = '{}'; SELECT app.enqueue('assistant.purge', NULL); RESET app.tenant_id", app.oak.tenant);
        app.sql(&again).await;
        app.work().await;
    };
    admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": eve.user_id })).await;
    app.work().await;
    assert_eq!(app.count(&format!("conversation WHERE id = '{}'", uuid(&hers))).await, 0, "at once");
    assert_eq!(app.count("message").await, 0);
    purge().await;
    assert_eq!(app.count("conversation").await, 3);
    app.sql(&format!("UPDATE conversation SET deleted_at = now() - interval '31 days' WHERE id = '{}'", uuid(&gone))).await;
    purge().await;
    assert_eq!(app.count("conversation").await, 2);
    let policy = "mutation($i: UpdateAssistantPolicyInput!) { updateAssistantPolicy(input: $i) { retentionDays } }";
    admin.ok(policy, json!({ "i": { "retentionDays": 10 } })).await;
    app.sql(&format!("UPDATE conversation SET last_message_at = now() - interval '11 days' WHERE id = '{}'", uuid(&old))).await;
    purge().await;
    assert_eq!(app.text("SELECT string_agg(id::text, ',') FROM conversation").await.unwrap(), uuid(&kept).to_string());
    // A project goes with all that is in it, once nobody can bring it back.
    let ada = app.sign_in(&app.oak, Who::Instructor).await;
    let winter = project(&ada, "Winter").await;
    let own = agent(&ada, json!({ "projectId": winter })).await;
    let talked = begin(&ada, &own, json!({})).await;
    ada.ok("mutation($id: ID!) { deleteProject(id: $id) }", json!({ "id": winter })).await;
    purge().await;
    assert_eq!(app.count("project").await, 1);
    app.sql("UPDATE project SET deleted_at = now() - interval '31 days'").await;
    purge().await;
    assert_eq!((app.count("project").await, app.count(&format!("agent WHERE id = '{}'", uuid(&own))).await), (0, 0));
    let left = "query($id: ID!) { conversation(id: $id) { agent { id } project { id } } }";
    assert_eq!(
        ada.ok(left, json!({ "id": talked })).await["conversation"],
        json!({ "agent": null, "project": null }),
        "what was said stays its owner's"
    );
}
