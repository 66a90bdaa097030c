//! What answers take: reserved before, settled after, and never more than there is.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    Answering, SEND, conversation,
    models::{Say, Step, piece, raw, text},
};
use crate::app::refusal;

const ALLOWANCE: &str = "{ viewer { assistantAllowance { usedToday dailyLimit resetsAt usedThisMonth monthlyLimit } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_settled_by_what_the_provider_says_at_the_price_of_the_moment() {
    let answering = Answering::start().await;
    let model = json!({ "name": "default", "contextTokens": 32768, "inputPrice": 250.0, "outputPrice": 1000.0, "currency": "EUR" });
    answering.policy(json!({ "models": [model], "dailyTokenLimitPerUser": 10000, "monthlyTokenLimit": 100000 })).await;
    answering.ask("Hi").await;
    let row = answering
        .app
        .text("SELECT concat_ws(' ', purpose, model, prompt_tokens, completion_tokens, is_estimated, input_price::integer, output_price::integer, currency, has_failed) FROM assistant_usage")
        .await;
    assert_eq!(row.as_deref(), Some("ANSWER default 100 7 f 250 1000 EUR f"));
    let mine = answering.learner.ok(ALLOWANCE, json!({})).await["viewer"]["assistantAllowance"].take();
    assert_eq!(
        (&mine["usedToday"], &mine["dailyLimit"], &mine["usedThisMonth"], &mine["monthlyLimit"]),
        (&json!(107), &json!(10000), &Value::Null, &Value::Null)
    );
    let all = answering.admin.ok(ALLOWANCE, json!({})).await["viewer"]["assistantAllowance"].take();
    assert_eq!((&all["usedToday"], &all["usedThisMonth"], &all["monthlyLimit"]), (&json!(0), &json!(107.0), &json!(100000)));
    // While it is written, what it may take counts.
    answering.models.say([Say::Stream(vec![piece("So "), Step::Hang])]);
    let id = answering.send("Long").await;
    answering.until_written(&id).await;
    let used = answering.learner.ok(ALLOWANCE, json!({})).await["viewer"]["assistantAllowance"]["usedToday"].as_i64().unwrap();
    assert!(used > 107 + 500, "{used}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_beside_the_conversation_are_counted_whether_they_fail_or_not_and_take_from_what_is_reserved() {
    let answering = Answering::with(&["--assistant-embedding-model=embed"], json!({})).await;
    answering.policy(json!({ "usesProviderModeration": true })).await;
    let manual = crate::knowledge::document(&answering.admin, "Manual", "Wind.", json!({})).await;
    let refuses = || Say::Status(401, "", "{}".to_owned());
    let passes = || Say::Status(200, "", json!({ "results": [{ "flagged": false }] }).to_string());
    let vector = Say::Status(200, "", json!({ "data": [{ "index": 0, "embedding": [0.5, 0.5] }] }).to_string());
    answering.models.say([refuses(), passes(), refuses(), text(&["Hello"]), passes(), vector, text(&["Hello"])]);
    for state in ["FAILED", "COMPLETED", "COMPLETED"] {
        let id = answering.send_with("Is it windy?", json!({ "documentIds": [manual] })).await;
        assert_eq!(answering.ended(&id).await["state"], state);
    }
    let usage = "{ reports { assistantUsage(groupBy: [PURPOSE]) { purpose calls failedCalls promptTokens } } }";
    assert_eq!(
        answering.admin.ok(usage, json!({})).await["reports"]["assistantUsage"],
        json!([
            { "purpose": "ANSWER", "calls": 2, "failedCalls": 0, "promptTokens": 200.0 },
            { "purpose": "EMBEDDING", "calls": 2, "failedCalls": 1, "promptTokens": 3.0 },
            { "purpose": "MODERATION", "calls": 3, "failedCalls": 1, "promptTokens": 0.0 },
        ])
    );
    let mine = answering.learner.ok(ALLOWANCE, json!({})).await["viewer"]["assistantAllowance"].take();
    assert_eq!(mine["usedToday"], 2 * 107 + 3, "and nothing stays reserved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_want_the_last_tokens_one_is_answered() {
    let answering = Answering::start().await;
    for round in 0..10 {
        answering.app.sql("DELETE FROM token_reservation; DELETE FROM token_counter").await;
        // Enough for one: 500 of the answer, and the prompt.
        answering.policy(json!({ "monthlyTokenLimit": 1300 })).await;
        let mut sends = Vec::new();
        for _ in 0..2 {
            answering.models.say([Say::Stream(vec![
                piece("Hello"),
                Step::Wait(std::time::Duration::from_millis(300)),
                raw("data: [DONE]\n\n"),
            ])]);
            let id = conversation(&answering.learner, &answering.agent, json!({})).await;
            sends.push(json!({ "i": { "conversationId": id, "text": "Hi", "clientMessageId": "one" } }));
        }
        let answers = join_all(sends.into_iter().map(|variables| answering.learner.ask(SEND, variables))).await;
        let mut states = Vec::new();
        for answer in &answers {
            match answer["errors"].get(0) {
                Some(error) => {
                    assert_eq!(refusal(error), "LIMIT_REACHED TOKEN_LIMIT", "{error}");
                    assert!(error["extensions"]["retryAfter"].as_i64().unwrap() > 0);
                    states.push("refused".to_owned());
                }
                None => {
                    let id = answer["data"]["sendMessage"]["id"].as_str().unwrap();
                    let message = answering.ended(id).await;
                    states.push(message["failureReason"].as_str().unwrap_or("done").to_owned());
                }
            }
        }
        assert!(states.iter().filter(|state| *state == "done").count() <= 1, "{round}: {states:?}");
        assert_eq!(answering.app.count("token_counter WHERE reserved <> 0").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_that_is_used_up_refuses_and_four_fifths_of_it_are_told_once() {
    let answering = Answering::start().await;
    answering.policy(json!({ "monthlyTokenLimit": 4000 })).await;
    answering.models.say([Say::Stream(vec![
        piece("Hello"),
        super::models::line(
            json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }], "usage": { "prompt_tokens": 3000, "completion_tokens": 300 } }),
        ),
        raw("data: [DONE]\n\n"),
    ])]);
    answering.ask("Hi").await;
    answering.app.work().await;
    let told = "notification WHERE kind = 'ASSISTANT_LIMIT_NEAR'";
    assert_eq!(answering.app.count(told).await, 1);
    let variables = json!({ "i": { "conversationId": answering.conversation, "text": "More", "clientMessageId": "more" } });
    assert_eq!(answering.learner.refused(SEND, variables).await, "LIMIT_REACHED TOKEN_LIMIT");
    // The operator's cap rules where it is lower.
    answering.policy(json!({ "monthlyTokenLimit": null })).await;
    answering.app.sql("UPDATE tenant SET assistant_token_quota = 3500").await;
    let variables = json!({ "i": { "conversationId": answering.conversation, "text": "More", "clientMessageId": "again" } });
    assert_eq!(answering.learner.refused(SEND, variables).await, "LIMIT_REACHED TOKEN_LIMIT");
    answering.app.sql("UPDATE tenant SET assistant_token_quota = NULL").await;
    answering.models.say([text(&["Hello"])]);
    assert_eq!(answering.ask("More").await["state"], "COMPLETED");
    answering.app.work().await;
    assert_eq!(answering.app.count(told).await, 1);
}
