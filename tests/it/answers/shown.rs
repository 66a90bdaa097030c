//! What a school does not want written, and what a model is given of what was said before.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Notify;

use super::{
    Answering, CANCEL, deltas,
    models::{Say, Step, end, line, piece, text},
    told,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_phrase_ends_the_answer_before_it() {
    let answering = Answering::start().await;
    answering.policy(json!({ "blockedPhrases": ["Secret Plan"] })).await;
    answering.models.say([Say::Stream([vec![piece("Here is the sec"), piece("ret pl"), piece("an and more")], end("stop")].concat())]);
    let id = answering.send("Tell me").await;
    let message = answering.ended(&id).await;
    assert_eq!(
        (&message["state"], &message["failureReason"], &message["finishReason"], &message["content"]),
        (&json!("FAILED"), &json!("ANSWER_BLOCKED"), &json!("FILTERED"), &json!("Here is the "))
    );
    assert!(!deltas(&told(&answering.learner, &id, None).await).to_lowercase().contains("secret"));
    answering.models.say([text(&["A secret planet"])]);
    assert_eq!(answering.ask("Tell me").await["content"], "A secret planet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_provider_s_own_moderation_is_asked_first() {
    let answering = Answering::start().await;
    answering.policy(json!({ "usesProviderModeration": true })).await;
    let flagged = |is_flagged: bool| Say::Status(200, "", json!({ "results": [{ "flagged": is_flagged }] }).to_string());
    answering.models.say([flagged(true)]);
    let message = answering.ask("Bad words").await;
    assert_eq!((&message["state"], &message["failureReason"]), (&json!("FAILED"), &json!("ANSWER_BLOCKED")));
    assert_eq!(answering.models.asked().len(), 1);
    answering.models.say([flagged(false), text(&["Fine"])]);
    assert_eq!(answering.ask("Good words").await["content"], "Fine");
    let paths: Vec<String> = answering.models.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/v1/moderations", "/v1/moderations", "/v1/chat/completions"]);
    assert_eq!(answering.app.count("assistant_usage WHERE purpose = 'MODERATION'").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_turns_of_the_branch_are_given_and_what_did_not_fit_is_said() {
    let answering = Answering::with(&["--assistant-context=1024"], json!({ "maxTokens": 100 })).await;
    let long = "many words ".repeat(300);
    answering.models.say([text(&[&long]), text(&["Second"]), Say::Nothing, text(&["Third"])]);
    answering.ask("First question").await;
    answering.ask("Second question").await;
    assert_eq!(answering.ask("Lost question").await["state"], "FAILED");
    let message = answering.ask("Third question").await;
    let given = answering.models.last();
    let turns: Vec<(&str, &str)> = given["messages"]
        .as_array()
        .unwrap()
        .iter()
        .skip(1)
        .map(|turn| (turn["role"].as_str().unwrap(), turn["content"].as_str().unwrap()))
        .collect();
    assert_eq!(turns, [("user", "Second question"), ("assistant", "Second"), ("user", "Lost question"), ("user", "Third question")]);
    assert_eq!(message["omittedMessages"], 2);
    assert_eq!((&given["model"], &given["max_tokens"], &given["stream"]), (&json!("default"), &json!(100), &json!(true)));
    assert_eq!(given["stream_options"], json!({ "include_usage": true }));
    assert_eq!(answering.models.asked().last().unwrap().authorization.as_deref(), Some("Bearer sk-deployment"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_does_not_come_to_its_end_tells_what_it_holds_as_any_other() {
    let answering = Answering::with(&["--assistant-context=2048"], json!({ "maxTokens": 100, "tools": ["MY_PROGRESS"] })).await;
    let (app, learner) = (&answering.app, &answering.learner);
    let winds = crate::knowledge::document(&answering.admin, "Winds", "The crosswind limit is 15 knots.", json!({})).await;
    app.work().await;
    let query =
        "query($id: ID!) { message(id: $id) { state failureReason content externalHosts omittedMessages citations { marker isCited } } }";
    let long = "many words ".repeat(700);
    answering.models.say([text(&[&long])]);
    answering.ask("First question").await;
    let said = "As [1] and [the manual](https://manuals.example/wind) say, ";
    for (state, reason) in [("CANCELLED", json!(null)), ("FAILED", json!("INTERRUPTED"))] {
        answering.models.say([Say::Stream(vec![piece(said), Step::Hang])]);
        let id = answering.send_with("What is the crosswind limit?", json!({ "documentIds": [winds] })).await;
        answering.until_written(&id).await;
        if state == "CANCELLED" {
            learner.ok(CANCEL, json!({ "id": id })).await;
        } else {
            // As if its process had been killed.
            app.sql(&format!(
                "SELECT set_config('app.tenant_id', '{}', false); UPDATE answer_run SET beat_at = now() - interval '31 seconds'; SELECT app.sweep_answers(10)",
                app.oak.tenant
            ))
            .await;
        }
        assert_eq!(
            learner.ok(query, json!({ "id": id })).await["message"],
            json!({ "state": state, "failureReason": reason, "content": said, "externalHosts": ["manuals.example"], "omittedMessages": 2,
                    "citations": [{ "marker": 1, "isCited": true }] })
        );
    }
    // Between two calls: what was held back until more would come is part of the text as well.
    let (gate, before) = (Arc::new(Notify::new()), answering.models.asked().len());
    let call =
        json!({ "choices": [{ "delta": { "tool_calls": [{ "id": "1", "function": { "name": "my_progress", "arguments": "{}" } }] } }] });
    let said = "Look [there](https://manuals.example/progress)!";
    answering.models.say([Say::Stream([vec![Step::Gate(gate.clone()), piece(said), line(call)], end("tool_calls")].concat())]);
    let id = answering.send("How am I doing?").await;
    answering.until_asked(before + 1).await;
    answering.policy(json!({ "dailyTokenLimitPerUser": 1 })).await;
    gate.notify_one();
    answering.ended(&id).await;
    assert_eq!(
        learner.ok(query, json!({ "id": id })).await["message"],
        json!({ "state": "FAILED", "failureReason": "TOKEN_LIMIT", "content": said, "externalHosts": ["manuals.example"], "omittedMessages": 2,
                "citations": [] })
    );
}
