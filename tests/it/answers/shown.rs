//! What a school does not want written, and what a model is given of what was said before.

use serde_json::json;

use super::{
    Answering, deltas,
    models::{Say, end, piece, text},
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
