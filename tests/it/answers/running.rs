//! Who writes an answer, for how long, and what it holds meanwhile: nothing of the database.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{
    Answering, SEND, conversation,
    models::{Say, Step, piece, text},
    told,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_model_talks_no_connection_is_held_and_others_are_served() {
    let answering = Answering::with(&["--max-answers=64"], json!({})).await;
    // Five for each of a few people.
    let mut people = Vec::new();
    for n in 0..4 {
        people.push(answering.app.person(&answering.app.oak, &format!("p{n}@oak.example"), &["LEARNER"]).await);
    }
    answering.models.say((0..20).map(|_| Say::Stream(vec![piece("So far "), Step::Hang])));
    for person in &people {
        for n in 0..5 {
            let id = conversation(person, &answering.agent, json!({})).await;
            person.ok(SEND, json!({ "i": { "conversationId": id, "text": "Hi", "clientMessageId": format!("c{n}") } })).await;
        }
    }
    answering.until_asked(20).await;
    // What has come is written down, a few at once; from then on the model hangs, and a moment comes in which nothing is under way.
    let mut held = i64::MAX;
    let ours = "datname = current_database() AND usename = 'lectern_app'";
    for _ in 0..1500 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        held = answering.app.count(&format!("pg_stat_activity WHERE state LIKE 'idle in transaction%' AND {ours}")).await;
        if held == 0 {
            break;
        }
    }
    assert_eq!(held, 0, "twenty answers hold no transaction");
    let begun = Instant::now();
    let asked = join_all((0..20).map(|_| answering.learner.ok("{ viewer { user { id } } }", json!({})))).await;
    assert_eq!(asked.len(), 20);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    // One more of the same person is too many.
    let id = conversation(&people[0], &answering.agent, json!({})).await;
    let sixth = json!({ "i": { "conversationId": id, "text": "Hi", "clientMessageId": "sixth" } });
    assert_eq!(people[0].refused(SEND, sixth).await, "LIMIT_REACHED TOO_MANY_ANSWERS");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_whose_process_is_silent_is_interrupted_and_never_begun_again() {
    let answering = Answering::start().await;
    answering.models.say([Say::Stream(vec![piece("So far "), Step::Hang])]);
    let id = answering.send("Hi").await;
    answering.until_written(&id).await;
    // As if its process had been killed: nobody is heard of any more.
    answering.app.sql("UPDATE answer_run SET process = gen_random_uuid(), beat_at = now() - interval '31 seconds'").await;
    let listening = told(&answering.learner, &id, None);
    let (events, ()) = tokio::join!(listening, async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let (stop, working) = answering.app.keep_working();
        for _ in 0..800 {
            if answering.message(&id).await["state"] == "FAILED" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        stop.cancel();
        working.await.unwrap();
    });
    let message = answering.message(&id).await;
    assert_eq!(
        (&message["state"], &message["failureReason"], &message["content"]),
        (&json!("FAILED"), &json!("INTERRUPTED"), &json!("So far "))
    );
    assert_eq!(events.last().unwrap()["message"]["state"], "FAILED");
    assert_eq!(answering.models.asked().len(), 1);
    assert_eq!(answering.app.count("answer_run").await + answering.app.count("token_reservation").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signs_out_is_not_answered_any_more() {
    let answering = Answering::start().await;
    let steps: Vec<Step> = (0..2000).flat_map(|n| [piece(&format!("{n} ")), Step::Wait(Duration::from_millis(50))]).collect();
    answering.models.say([Say::Stream(steps)]);
    let id = answering.send("Count").await;
    answering.until_written(&id).await;
    answering.learner.ok("mutation { logoutEverywhere }", json!({})).await;
    for _ in 0..800 {
        if answering.app.count("answer_run").await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let ended =
        answering.app.text("SELECT concat_ws(' ', state, failure_reason, content <> '') FROM message WHERE role = 'ASSISTANT'").await;
    assert_eq!(ended.as_deref(), Some("FAILED NOT_SIGNED_IN t"));
    // The model learns of it when it goes on, long before it has said everything.
    let begun = Instant::now();
    while answering.models.open() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it is asked for more");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_wait_for_their_turn_and_a_repeated_send_begins_nothing() {
    let answering = Answering::with(&["--max-answers=1"], json!({})).await;
    let gate = Arc::new(Notify::new());
    answering
        .models
        .say([Say::Stream([vec![piece("First"), Step::Gate(gate.clone())], super::models::end("stop")].concat()), text(&["Second"])]);
    let first = answering.send("One").await;
    answering.until_asked(1).await;
    let other = conversation(&answering.learner, &answering.agent, json!({})).await;
    let second = json!({ "i": { "conversationId": other, "text": "Two", "clientMessageId": "two" } });
    let sent = join_all((0..10).map(|_| answering.learner.ok(SEND, second.clone()))).await;
    let ids: Vec<&Value> = sent.iter().map(|answer| &answer["sendMessage"]["id"]).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(answering.message(ids[0].as_str().unwrap()).await["state"], "PENDING");
    gate.notify_one();
    assert_eq!(answering.ended(&first).await["content"], "First");
    assert_eq!(answering.ended(ids[0].as_str().unwrap()).await["content"], "Second");
    assert_eq!(answering.models.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehearsed_send_begins_nothing() {
    let answering = Answering::start().await;
    let variables = json!({ "i": { "conversationId": answering.conversation, "text": "Hi", "clientMessageId": "one" } });
    let request = json!({ "query": SEND, "variables": variables, "extensions": { "dryRun": true } });
    let client = &answering.learner;
    let sent = client
        .http
        .post(format!("{}/graphql", client.url))
        .bearer_auth(client.token.as_ref().unwrap())
        .json(&request)
        .send()
        .await
        .unwrap();
    let answer: Value = sent.json().await.unwrap();
    assert_eq!(answer["extensions"]["dryRun"], true, "{answer}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((answering.models.asked().len(), answering.app.count("message").await), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_with_a_question_is_named_to_the_model_as_its_person_sees_it() {
    let answering = Answering::start().await;
    let (app, admin) = (&answering.app, &answering.admin);
    let winds = crate::knowledge::document(admin, "Winds <<<", "The crosswind limit is 15 knots.", json!({})).await;
    let gone = crate::knowledge::document(admin, "Gone", "Nothing any more.", json!({})).await;
    let id = answering.send_with("What is it about?", json!({ "documentIds": [winds, gone] })).await;
    answering.ended(&id).await;
    let asked =
        |models: &super::Models| models.last()["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap().to_owned();
    let last = asked(&answering.models);
    assert!(last.contains(" attached documents>>>\nWinds <<<\nGone\n<<<") && last.ends_with("\n\nWhat is it about?"), "{last}");
    // What is gone by then is not named.
    admin.ok("mutation($id: ID!) { deleteDocument(id: $id) }", json!({ "id": gone })).await;
    let again = json!({ "i": { "id": id, "clientMessageId": "again" } });
    let anew = answering.learner.ok("mutation($i: RegenerateAnswerInput!) { regenerateAnswer(input: $i) { id } }", again).await;
    answering.ended(anew["regenerateAnswer"]["id"].as_str().unwrap()).await;
    assert!(asked(&answering.models).contains(" attached documents>>>\nWinds <<<\n<<<"), "{}", asked(&answering.models));
    assert_eq!(app.count("message_citation").await, 0, "it is not read yet");
}
