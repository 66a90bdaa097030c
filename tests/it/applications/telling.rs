//! Who is told of applications: people, endpoints, and whoever listens.

use serde_json::json;

use super::*;
use crate::socket::Socket;

/// The kinds of what somebody was told, the latest first.
async fn told(client: &Client) -> Vec<String> {
    let list = client.ok("{ notifications(first: 20) { nodes { kind subjectId } } }", json!({})).await;
    list["notifications"]["nodes"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn required_reviewers_hear_of_submissions_and_applicants_of_what_was_decided_and_offered() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "capacity": 1 })).await;
    reviewers(&stage.admin, &program, &[(&stage.ada, true)]).await;
    let [ann, bob] = [stage.learner("ann").await, stage.learner("bob").await];
    let (first, _) = apply(&ann, &program).await;
    let (second, _) = apply(&bob, &program).await;
    decide(&stage.admin, &first, "ACCEPTED").await;
    decide(&stage.admin, &second, "WAITLISTED").await;
    withdraw(&ann, &first).await;
    stage.app.work().await;
    assert_eq!(told(&stage.ada).await.iter().filter(|kind| *kind == "APPLICATION_SUBMITTED").count(), 2);
    assert!(!told(&stage.admin).await.contains(&"APPLICATION_SUBMITTED".to_owned()), "there is a required reviewer");
    assert_eq!(told(&ann).await, ["APPLICATION_DECIDED"]);
    let mut of_bob = told(&bob).await;
    of_bob.sort();
    assert_eq!(of_bob, ["APPLICATION_DECIDED", "PLACE_OFFERED"]);
    let mails = "mail WHERE template IN ('application_decided', 'place_offered')";
    assert_eq!(stage.app.count(mails).await, 3);
}

#[tokio::test]
async fn applicants_are_told_what_was_decided_and_not_by_whom() {
    let stage = Stage::start().await;
    let program = stage.program(json!({ "reviewStrategy": "ANY_REVIEWER" })).await;
    reviewers(&stage.admin, &program, &[(&stage.ada, true)]).await;
    let ann = stage.learner("ann").await;
    let (id, _) = apply(&ann, &program).await;
    assert_eq!(vote(&stage.ada, &id, "YES").await, "ACCEPTED");
    stage.app.work().await;
    let seen = "query($id: ID!) { node(id: $id) { id } notifications(first: 20) { nodes { kind actor { id } } } }";
    let seen = ann.ok(seen, json!({ "id": stage.ada.user_id })).await;
    assert_eq!(seen["node"]["id"], json!(stage.ada.user_id), "whom she may see");
    assert_eq!(seen["notifications"]["nodes"], json!([{ "kind": "APPLICATION_DECIDED", "actor": null }]));
}

#[tokio::test]
async fn where_nobody_is_required_who_manages_applications_hears_of_submissions() {
    let stage = Stage::start().await;
    let program = stage.program(json!({})).await;
    reviewers(&stage.admin, &program, &[(&stage.ada, false)]).await;
    apply(&stage.learner("ann").await, &program).await;
    stage.app.work().await;
    assert!(told(&stage.admin).await.contains(&"APPLICATION_SUBMITTED".to_owned()));
    assert!(!told(&stage.ada).await.contains(&"APPLICATION_SUBMITTED".to_owned()));
}

#[tokio::test]
async fn endpoints_are_told_of_each_step_without_a_word_of_who_it_is() {
    let stage = Stage::start().await;
    let hook = json!({ "i": { "url": "https://hooks.example.org/x", "eventTypes": ["application.submitted", "application.accepted", "application.withdrawn"] } });
    stage.admin.ok("mutation($i: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $i) { id } }", hook).await;
    let program = stage.program(json!({ "reviewStrategy": "AUTO_ACCEPT" })).await;
    let ann = stage.learner("ann").await;
    let (id, _) = apply(&ann, &program).await;
    withdraw(&ann, &id).await;
    let events = "SELECT string_agg(payload ->> 'type', ' ' ORDER BY payload ->> 'at') FROM job WHERE kind = 'event.fan_out' AND payload -> 'data' IS NOT NULL AND payload ->> 'type' LIKE 'application.%'";
    assert_eq!(stage.app.text(events).await.unwrap(), "application.submitted application.accepted application.withdrawn");
    let data =
        "SELECT string_agg(payload ->> 'data', ' ') FROM job WHERE kind = 'event.fan_out' AND payload ->> 'type' LIKE 'application.%'";
    let data = stage.app.text(data).await.unwrap();
    assert!(data.contains(&id) && !data.contains("ann@"), "{data}");
}

#[tokio::test]
async fn whoever_sees_an_application_hears_of_it_and_nobody_else() {
    let stage = Stage::start().await;
    let (program, other) = (stage.program(json!({})).await, stage.program(json!({ "name": "Other" })).await);
    reviewers(&stage.admin, &program, &[(&stage.ada, true)]).await;
    let [ann, bob] = [stage.learner("ann").await, stage.learner("bob").await];
    let (mut of_ada, mut of_bob) = (Socket::of(&stage.ada).await, Socket::of(&bob).await);
    let listen = |program: &str| format!("subscription {{ applicationChanged(programId: \"{program}\") {{ id status }} }}");
    of_ada.begin("1", &listen(&program)).await;
    of_bob.begin("1", "subscription { applicationChanged { id status } }").await;
    apply(&stage.learner("eve").await, &other).await;
    let (id, _) = apply(&ann, &program).await;
    // A draft is not hers to see, and another program not asked for.
    let heard = of_ada.hear().await["payload"]["data"]["applicationChanged"].take();
    assert_eq!(heard, json!({ "id": id, "status": "IN_REVIEW" }));
    vote(&stage.ada, &id, "YES").await;
    let heard = of_ada.hear().await["payload"]["data"]["applicationChanged"].take();
    assert_eq!(heard["id"], json!(id), "votes are heard of, too");
    let said = of_bob.until_answered().await;
    assert!(said.iter().all(|message| message["id"] == "last"), "{said:?}");
}
