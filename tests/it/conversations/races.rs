//! What happens at once.

use std::collections::BTreeSet;

use futures_util::future::{join, join_all};
use serde_json::json;

use super::{BEGIN, SEND, answer, begin, configured, said};
use crate::{
    agents::agent,
    app::{TestApp, Who, refusal},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_sends_into_one_conversation_one_is_answered() {
    let app = TestApp::start_with(&["--rate-messages=0"], Default::default()).await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let tutor = agent(&admin, json!({})).await;
    let id = begin(&lea, &tutor, json!({})).await;
    for round in 0..50 {
        let (one, two) =
            join(lea.ask(SEND, said(&id, "One", &format!("one-{round}"))), lea.ask(SEND, said(&id, "Two", &format!("two-{round}")))).await;
        let done: Vec<_> = [&one, &two].into_iter().filter(|answer| answer.get("errors").is_none()).collect();
        assert_eq!(done.len(), 1, "{one} {two}");
        let lost = if one.get("errors").is_some() { &one } else { &two };
        assert_eq!(refusal(&lost["errors"][0]), "CONFLICT ANSWER_RUNNING @conversationId");
        answer(&app, done[0]["data"]["sendMessage"]["id"].as_str().unwrap(), "Well.").await;
    }
    assert_eq!(app.count("message WHERE is_active").await, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sends_with_one_client_message_id_are_one_message_and_all_answered_alike() {
    let app = TestApp::start_with(&["--rate-messages=0"], Default::default()).await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let tutor = agent(&admin, json!({})).await;
    let id = begin(&lea, &tutor, json!({})).await;
    for round in 0..50 {
        let answers = join_all((0..5).map(|_| lea.ask(SEND, said(&id, "Hello", &format!("round-{round}"))))).await;
        let ids: BTreeSet<&str> = answers.iter().map(|answer| answer["data"]["sendMessage"]["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 1, "{answers:?}");
        answer(&app, ids.first().unwrap(), "Well.").await;
    }
    assert_eq!(app.count("message").await, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_never_waits_for_more_than_five_answers() {
    let app = TestApp::start_with(&["--rate-messages=0"], Default::default()).await;
    configured(&app).await;
    let (admin, lea) = (app.sign_in(&app.oak, Who::Admin).await, app.sign_in(&app.oak, Who::Learner).await);
    let tutor = agent(&admin, json!({})).await;
    let mut conversations = Vec::new();
    for _ in 0..12 {
        conversations.push(begin(&lea, &tutor, json!({})).await);
    }
    let answers = join_all(conversations.iter().map(|id| lea.ask(SEND, said(id, "Hello", "one")))).await;
    let done = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!(done, 5, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.get("errors").is_some()) {
        assert_eq!(refusal(&answer["errors"][0]), "LIMIT_REACHED TOO_MANY_ANSWERS");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_is_deleted_meanwhile_keeps_a_conversation() {
    let app = TestApp::start().await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    let tutor = agent(&admin, json!({})).await;
    for round in 0..10 {
        let bob = app.person(&app.oak, &format!("bob{round}@oak.example"), &["LEARNER"]).await;
        let begin = bob.ask(BEGIN, json!({ "i": { "agentId": tutor } }));
        let (answer, _) = join(begin, admin.ok("mutation($id: ID!) { deleteUser(id: $id) }", json!({ "id": bob.user_id }))).await;
        if let Some(error) = answer["errors"].get(0) {
            assert_eq!(refusal(error), "UNAUTHENTICATED");
        }
    }
    let left = "conversation c JOIN app_user u ON u.tenant_id = c.tenant_id AND u.id = c.owner_id WHERE u.deleted_at IS NOT NULL AND c.deleted_at IS NULL";
    assert_eq!(app.count(left).await, 0);
}
