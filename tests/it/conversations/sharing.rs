//! What is shared with a project, and what is not.

use serde_json::{Value, json};

use super::{CONVERSATION, begin, configured, talk, words};
use crate::{
    agents::agent,
    app::{TestApp, Who},
    classroom::{refused, uuid},
    projects::{join_as, project},
};

const SHARE: &str = "mutation($id: ID!) { shareConversation(id: $id) { id sharedAt } }";
const UNSHARE: &str = "mutation($id: ID!) { unshareConversation(id: $id) { id sharedAt } }";
const SHARED: &str = "query($id: ID!) { project(id: $id) { sharedConversations { totalCount nodes { title } } } }";

#[tokio::test]
async fn what_stood_on_the_active_branch_is_read_by_the_members_and_nothing_else() {
    let app = TestApp::start().await;
    configured(&app).await;
    let (ada, lea) = (app.sign_in(&app.oak, Who::Instructor).await, app.sign_in(&app.oak, Who::Learner).await);
    let vic = app.sign_in(&app.oak, Who::Viewer).await;
    let winter = project(&ada, "Winter").await;
    join_as(&ada, &winter, &lea.user_id, "VIEWER").await;
    let own = agent(&ada, json!({ "projectId": winter })).await;
    let id = begin(&ada, &own, json!({ "title": "Plans", "context": { "secret": true } })).await;
    let first = talk(&app, &ada, &id, "One", "one").await;
    // A branch that is left, and what a tool said.
    talk(&app, &ada, &id, "Two", "two").await;
    let input = json!({ "i": { "conversationId": id, "text": "Other", "clientMessageId": "other", "parentId": first } });
    let other = ada.ok(super::SEND, input).await["sendMessage"]["id"].as_str().unwrap().to_owned();
    super::answer(&app, &other, "Otherwise").await;
    app.sql(&format!(
        "INSERT INTO message (tenant_id, id, conversation_id, owner_id, parent_id, depth, role, state, is_active, content, tool, outcome)
         SELECT tenant_id, gen_random_uuid(), conversation_id, owner_id, id, depth + 1, 'TOOL', 'COMPLETED', false, 'Looked up', 'MY_PROGRESS', 'ANSWERED' FROM message WHERE id = '{}'",
        uuid(&other)
    ))
    .await;
    assert_eq!(lea.ok(CONVERSATION, json!({ "id": id })).await["conversation"], json!(null));
    assert!(ada.ok(SHARE, json!({ "id": id })).await["shareConversation"]["sharedAt"].is_string());
    let branch = json!(["One", "You said One", "Other", "Otherwise"]);
    assert_eq!(words(&lea, &id).await, branch);
    let seen = lea.ok(CONVERSATION, json!({ "id": id })).await["conversation"].take();
    assert_eq!(json!([seen["title"], seen["context"], seen["messageCount"], seen["promptTokens"]]), json!(["Plans", null, 4, null]));
    let messages = "query($id: ID!) { conversation(id: $id) { messages { nodes { promptTokens clientMessageId metadata siblings { content } toolMessages { content } } } } }";
    let nodes = lea.ok(messages, json!({ "id": id })).await["conversation"]["messages"]["nodes"].take();
    for node in nodes.as_array().unwrap() {
        assert_eq!(json!([node["promptTokens"], node["clientMessageId"], node["toolMessages"]]), json!([null, null, []]));
        assert_eq!(node["siblings"].as_array().unwrap().len(), 1, "no other branch");
    }
    // What comes later is not among it, until it is shared again; another branch changes nothing of it.
    talk(&app, &ada, &id, "Three", "three").await;
    assert_eq!(words(&lea, &id).await, branch);
    ada.ok(SHARE, json!({ "id": id })).await;
    assert_eq!(words(&lea, &id).await.as_array().unwrap().len(), 6);
    ada.ok("mutation($i: SelectBranchInput!) { selectBranch(input: $i) { id } }", json!({ "i": { "messageId": first } })).await;
    assert_eq!(words(&lea, &id).await.as_array().unwrap().len(), 6);
    // What its owner thinks of an answer is told to nobody beside its name: not to an administrator either, who may change the agent.
    let rate = "mutation($i: RateMessageInput!) { rateMessage(input: $i) { rating } }";
    ada.ok(rate, json!({ "i": { "id": first, "rating": "UNHELPFUL" } })).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    for (person, rating) in [(&ada, json!("UNHELPFUL")), (&lea, json!(null)), (&admin, json!(null))] {
        let seen = person.ok("query($id: ID!) { message(id: $id) { content rating } }", json!({ "id": first })).await;
        assert_eq!(seen["message"], json!({ "content": "You said One", "rating": rating }));
    }
    // Who reads it: who is in the project. It is nobody else's to change.
    assert_eq!(lea.ok(SHARED, json!({ "id": winter })).await["project"]["sharedConversations"]["nodes"], json!([{ "title": "Plans" }]));
    assert_eq!(vic.ok(SHARED, json!({ "id": winter })).await["project"]["sharedConversations"]["totalCount"], 0);
    assert_eq!(vic.ok(CONVERSATION, json!({ "id": id })).await["conversation"], json!(null));
    for mutation in [SHARE, UNSHARE, super::DELETE, "mutation($id: ID!) { restoreConversation(id: $id) { id } }"] {
        refused(&app, &lea, mutation, json!({ "id": id }), "FORBIDDEN NOT_YOURS @id").await;
    }
    refused(&app, &lea, super::SEND, super::said(&id, "Mine", "x"), "FORBIDDEN NOT_YOURS @conversationId").await;
    refused(&app, &lea, "mutation($id: ID!) { deleteMessage(id: $id) }", json!({ "id": first }), "FORBIDDEN NOT_YOURS @id").await;
    // It ends at once.
    assert_eq!(ada.ok(UNSHARE, json!({ "id": id })).await["unshareConversation"]["sharedAt"], json!(null));
    assert_eq!(lea.ok(CONVERSATION, json!({ "id": id })).await["conversation"], json!(null));
    assert_eq!(lea.ok("query($id: ID!) { message(id: $id) { content } }", json!({ "id": first })).await["message"], json!(null));
}

#[tokio::test]
async fn sharing_takes_a_project_that_is_open_and_tells_its_members_once() {
    let app = TestApp::start().await;
    configured(&app).await;
    let (admin, ada) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Instructor).await);
    let lea = app.sign_in(&app.oak, Who::Learner).await;
    let tutor = agent(&admin, json!({})).await;
    let alone = begin(&ada, &tutor, json!({})).await;
    refused(&app, &ada, SHARE, json!({ "id": alone }), "CONFLICT NO_PROJECT @id").await;
    let winter = project(&ada, "Winter").await;
    join_as(&ada, &winter, &lea.user_id, "MEMBER").await;
    let id = begin(&ada, &tutor, json!({ "projectId": winter })).await;
    let archive = "mutation($i: UpdateProjectInput!) { updateProject(input: $i) { id } }";
    ada.ok(archive, json!({ "i": { "id": winter, "isArchived": true } })).await;
    refused(&app, &ada, SHARE, json!({ "id": id }), "CONFLICT PROJECT_ARCHIVED @id").await;
    ada.ok(archive, json!({ "i": { "id": winter, "isArchived": false } })).await;
    ada.ok(SHARE, json!({ "id": id })).await;
    ada.ok(SHARE, json!({ "id": id })).await;
    app.work().await;
    let told = "{ notifications(filter: { kinds: [CONVERSATION_SHARED] }) { nodes { subjectId title } } }";
    let told_lea: Value = lea.ok(told, json!({})).await["notifications"]["nodes"].take();
    assert_eq!(told_lea, json!([{ "subjectId": id, "title": "A conversation in Winter" }]));
    assert_eq!(ada.ok(told, json!({})).await["notifications"]["nodes"], json!([]));
}
