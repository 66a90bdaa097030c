//! The tree of messages.

use futures_util::future::join;
use serde_json::{Value, json};

use super::{SEND, answer, begin, configured, say, talk, words};
use crate::{
    agents::agent,
    app::{Client, TestApp, Who, refusal},
    classroom::{nothing, refused, uuid},
    transactions::until_one_waits_for_a_lock,
};

const EDIT: &str = "mutation($i: EditMessageInput!) { editMessage(input: $i) { id state parent { id content siblings { content } } } }";
const REGENERATE: &str =
    "mutation($i: RegenerateAnswerInput!) { regenerateAnswer(input: $i) { id state clientMessageId parent { content } siblings { id } } }";
const SELECT: &str =
    "mutation($i: SelectBranchInput!) { selectBranch(input: $i) { messages { nodes { content } } activeLeaf { content } messageCount } }";
const REMOVE: &str = "mutation($id: ID!) { deleteMessage(id: $id) }";
const RATE: &str = "mutation($i: RateMessageInput!) { rateMessage(input: $i) { rating } }";

/// What somebody said, of which this is the answer.
async fn question(client: &Client, answer: &str) -> String {
    let found = client.ok("query($id: ID!) { message(id: $id) { parent { id } } }", json!({ "id": answer })).await;
    found["message"]["parent"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn edits_and_regenerations_are_branches_of_which_one_is_active() {
    let app = TestApp::start().await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let tutor = agent(&admin, json!({})).await;
    let id = begin(&lea, &tutor, json!({})).await;
    let first = talk(&app, &lea, &id, "One", "one").await;
    let second = talk(&app, &lea, &id, "Two", "two").await;
    // Another answer to the first.
    let again = json!({ "i": { "id": first, "clientMessageId": "again" } });
    let other = lea.ok(REGENERATE, again.clone()).await["regenerateAnswer"].take();
    assert_eq!(json!([other["state"], other["clientMessageId"], other["parent"]["content"]]), json!(["PENDING", "again", "One"]));
    assert_eq!(other["siblings"].as_array().unwrap().len(), 2);
    assert_eq!(lea.ok(REGENERATE, again).await["regenerateAnswer"]["id"], other["id"]);
    assert_eq!(words(&lea, &id).await, json!(["One", ""]));
    for (mutation, input) in [
        (REGENERATE, json!({ "i": { "id": second, "clientMessageId": "x" } })),
        (EDIT, json!({ "i": { "id": question(&lea, &first).await, "text": "X", "clientMessageId": "x" } })),
        (REMOVE, json!({ "id": second })),
    ] {
        refused(&app, &lea, mutation, input, "CONFLICT ANSWER_RUNNING @id").await;
    }
    refused(&app, &lea, SELECT, json!({ "i": { "messageId": second } }), "CONFLICT ANSWER_RUNNING @messageId").await;
    answer(&app, other["id"].as_str().unwrap(), "Otherwise").await;
    // Back to the newest leaf through the first answer.
    let back = lea.ok(SELECT, json!({ "i": { "messageId": first } })).await["selectBranch"].take();
    assert_eq!(json!([back["activeLeaf"]["content"], back["messageCount"]]), json!(["You said Two", 4]));
    // Something else in place of the second.
    let edited = json!({ "i": { "id": question(&lea, &second).await, "text": "Two, but better", "clientMessageId": "better" } });
    let edited = lea.ok(EDIT, edited).await["editMessage"].take();
    assert_eq!(edited["parent"]["siblings"], json!([{ "content": "Two" }, { "content": "Two, but better" }]));
    answer(&app, edited["id"].as_str().unwrap(), "Better").await;
    assert_eq!(words(&lea, &id).await, json!(["One", "You said One", "Two, but better", "Better"]));
    // And from an earlier answer on.
    let input = json!({ "i": { "conversationId": id, "text": "Three", "clientMessageId": "three", "parentId": other["id"] } });
    let third = lea.ok(SEND, input).await["sendMessage"]["id"].as_str().unwrap().to_owned();
    answer(&app, &third, "Fine").await;
    assert_eq!(words(&lea, &id).await, json!(["One", "Otherwise", "Three", "Fine"]));
    // What is no answer is not given anew, and what is none of one's own words not edited.
    refused(&app, &lea, EDIT, json!({ "i": { "id": first, "text": "X", "clientMessageId": "x" } }), "BAD_USER_INPUT @id").await;
    let mine = question(&lea, &first).await;
    refused(&app, &lea, REGENERATE, json!({ "i": { "id": mine, "clientMessageId": "x" } }), "BAD_USER_INPUT @id").await;
    refused(&app, &lea, EDIT, json!({ "i": { "id": nothing("message"), "text": "X", "clientMessageId": "x" } }), "NOT_FOUND @id").await;
    // A subtree goes for good; its parent is the leaf.
    let three = question(&lea, &third).await;
    assert_eq!(lea.ok(REMOVE, json!({ "id": three })).await["deleteMessage"], json!(three));
    assert_eq!(words(&lea, &id).await, json!(["One", "Otherwise"]));
    lea.ok(REMOVE, json!({ "id": first })).await;
    assert_eq!(app.count(&format!("message WHERE conversation_id = '{}'", uuid(&id))).await, 2);
    assert_eq!(words(&lea, &id).await, json!(["One", "Otherwise"]), "it lay on another branch");
    lea.ok(REMOVE, json!({ "id": mine })).await;
    assert_eq!(words(&lea, &id).await, json!([]));
    say(&lea, &id, "Anew", "anew").await;
    assert_eq!(words(&lea, &id).await, json!(["Anew", ""]));
}

#[tokio::test]
async fn an_answer_is_rated_by_its_owner_and_nobody_learns_whose_it_was() {
    let app = TestApp::start().await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let tutor = agent(&admin, json!({})).await;
    let id = begin(&lea, &tutor, json!({})).await;
    let said = talk(&app, &lea, &id, "One", "one").await;
    let rate = |id: &str, rating: Value, comment: Value| json!({ "i": { "id": id, "rating": rating, "comment": comment } });
    assert_eq!(lea.ok(RATE, rate(&said, json!("HELPFUL"), json!("Clear"))).await["rateMessage"]["rating"], "HELPFUL");
    let feedback = "query($id: ID!) { agent(id: $id) { helpfulCount unhelpfulCount feedback { nodes { rating comment agentVersion } } bad: feedback(rating: UNHELPFUL) { totalCount } } }";
    assert_eq!(
        admin.ok(feedback, json!({ "id": tutor })).await["agent"],
        json!({ "helpfulCount": 1, "unhelpfulCount": 0, "feedback": { "nodes": [{ "rating": "HELPFUL", "comment": "Clear", "agentVersion": 1 }] }, "bad": { "totalCount": 0 } })
    );
    assert_eq!(lea.ok(RATE, rate(&said, json!("UNHELPFUL"), json!(null))).await["rateMessage"]["rating"], "UNHELPFUL");
    assert_eq!(admin.ok(feedback, json!({ "id": tutor })).await["agent"]["unhelpfulCount"], 1);
    assert_eq!(lea.ok(RATE, rate(&said, json!(null), json!(null))).await["rateMessage"]["rating"], json!(null));
    assert_eq!(admin.ok(feedback, json!({ "id": tutor })).await["agent"]["feedback"]["nodes"], json!([]));
    refused(&app, &lea, RATE, rate(&said, json!(null), json!("But")), "BAD_USER_INPUT @comment").await;
    refused(&app, &lea, RATE, rate(&question(&lea, &said).await, json!("HELPFUL"), json!(null)), "BAD_USER_INPUT @id").await;
    let waits = say(&lea, &id, "Two", "two").await;
    refused(&app, &lea, RATE, rate(&waits, json!("HELPFUL"), json!(null)), "BAD_USER_INPUT @id").await;
    refused(&app, &admin, RATE, rate(&said, json!("HELPFUL"), json!(null)), "NOT_FOUND @id").await;
}

/// Asks something of a message that somebody else removes at the same moment, and who has the conversation first.
async fn asked_while_removed(app: &TestApp, client: &Client, (mutation, input): (&str, Value), conversation: &str, message: &str) -> Value {
    let (mut holder, connection) = tokio_postgres::connect(&app.database.superuser_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let held = holder.transaction().await.unwrap();
    let taken = format!("SET LOCAL app.audit = 'off'; SELECT FROM conversation WHERE id = '{}' FOR NO KEY UPDATE", uuid(conversation));
    held.batch_execute(&taken).await.unwrap();
    let removing = async {
        until_one_waits_for_a_lock(app).await;
        held.batch_execute(&format!("DELETE FROM message WHERE id = '{}'", uuid(message))).await.unwrap();
        held.commit().await.unwrap();
    };
    join(client.ask(mutation, input), removing).await.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_of_a_message_that_is_removed_meanwhile_is_not_found_and_changes_nothing() {
    let app = TestApp::start().await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let tutor = agent(&admin, json!({})).await;
    for (mutation, more, of_question, line) in [
        (RATE, json!({ "rating": "HELPFUL" }), false, "NOT_FOUND @id"),
        (SELECT, json!({}), false, "NOT_FOUND @messageId"),
        (REGENERATE, json!({ "clientMessageId": "again" }), false, "NOT_FOUND @id"),
        (EDIT, json!({ "text": "Other", "clientMessageId": "other" }), true, "NOT_FOUND @id"),
        (REMOVE, json!({}), false, "NOT_FOUND @id"),
    ] {
        let id = begin(&lea, &tutor, json!({})).await;
        let given = talk(&app, &lea, &id, "One", "one").await;
        let target = if of_question { question(&lea, &given).await } else { given };
        let mut input = more;
        input[if mutation == SELECT { "messageId" } else { "id" }] = json!(target);
        let input = if mutation == REMOVE { input } else { json!({ "i": input }) };
        let answered = asked_while_removed(&app, &lea, (mutation, input), &id, &target).await;
        assert_eq!(refusal(&answered["errors"][0]), line, "{mutation}");
        assert_eq!(words(&lea, &id).await, if of_question { json!([]) } else { json!(["One"]) }, "{mutation}");
    }
}
