//! What assistants do, as a real process tells of it.

use serde_json::{Value, json};

use super::{Receiver, SOON, address, ask, holds, metrics::Look, serve};
use crate::{
    agents::CREATE,
    answers::{
        MESSAGE, Models, SEND,
        models::{Say, text},
    },
    app::{PASSWORD, TestApp},
};

const LOGIN: &str = "mutation($i: LoginInput!) { login(input: $i) { accessToken } }";
const CONVERSE: &str = "mutation($i: CreateConversationInput!) { createConversation(input: $i) { id } }";
const PATH: &str = "/v1/traces";

#[tokio::test]
async fn answers_are_counted_and_traced_on_to_the_model_and_no_word_of_them_leaves() {
    let (app, models, collector, at) = (TestApp::start().await, Models::start().await, Receiver::start().await, address());
    let url = models.url();
    let settings = [
        ("LECTERN_METRICS_LISTEN", at.as_str()),
        ("LECTERN_OTLP_URL", collector.url.as_str()),
        ("LECTERN_ASSISTANT_URL", url.as_str()),
        ("LECTERN_ASSISTANT_MODEL", "models-of-ours"),
        ("LECTERN_MAX_ANSWERS", "3"),
        ("LECTERN_WORKER", "false"),
    ];
    let service = serve(&app, &settings);
    let asked = async |token: &str, query: &str, variables: Value| -> Value {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let (mut answer, _) = ask(&service, query, variables, if token.is_empty() { &[] } else { &headers }).await;
        assert!(answer["errors"].is_null(), "{answer:#}");
        answer["data"].take()
    };
    let sign_in = async |who: &str| -> String {
        let input = json!({ "tenant": "oak", "email": format!("{who}@oak.example"), "password": PASSWORD });
        asked("", LOGIN, json!({ "i": input })).await["login"]["accessToken"].as_str().unwrap().to_owned()
    };
    let (admin, learner) = (sign_in("admin").await, sign_in("learner").await);
    let agent = json!({ "i": { "name": "Helper", "kind": "CUSTOM", "systemPrompt": "Be brief.", "tools": [], "maxTokens": 500 } });
    let agent = asked(&admin, CREATE, agent).await["createAgent"]["id"].take();
    let conversation = asked(&learner, CONVERSE, json!({ "i": { "agentId": agent } })).await["createConversation"]["id"].take();

    models.say([text(&["A wind ", "from the side."]), Say::Status(401, "", "{}".to_owned())]);
    for (key, ended) in [("m1", "COMPLETED"), ("m2", "FAILED")] {
        let input = json!({ "conversationId": conversation, "text": "What is a crosswind?", "clientMessageId": key });
        let id = asked(&learner, SEND, json!({ "i": input })).await["sendMessage"]["id"].take();
        let began = std::time::Instant::now();
        loop {
            let message = asked(&learner, MESSAGE, json!({ "id": id })).await["message"].take();
            if message["state"] == ended {
                break;
            }
            assert!(began.elapsed() < SOON && matches!(message["state"].as_str(), Some("PENDING" | "RUNNING")), "{message:#}");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    // What they are counted by is written when they have ended.
    let figures = [
        ("lectern_answers_total", &[("outcome", "COMPLETED")][..], 1.0),
        ("lectern_answers_total", &[("outcome", "PROVIDER_REFUSED")], 1.0),
        ("lectern_assistant_calls_total", &[("purpose", "ANSWER"), ("outcome", "OK")], 1.0),
        ("lectern_assistant_calls_total", &[("purpose", "ANSWER"), ("outcome", "PROVIDER_REFUSED")], 1.0),
        ("lectern_assistant_tokens_total", &[("purpose", "ANSWER"), ("direction", "prompt")], 100.0),
        ("lectern_assistant_tokens_total", &[("purpose", "ANSWER"), ("direction", "completion")], 7.0),
        ("lectern_assistant_wait_seconds_count", &[], 1.0),
        ("lectern_answers", &[("state", "running")], 0.0),
        ("lectern_answers_limit", &[], 3.0),
    ];
    let began = std::time::Instant::now();
    loop {
        let look = Look::at(&at).await;
        let found = figures.iter().map(|(name, labels, wanted)| (name, labels, look.sum(name, labels), *wanted));
        let wrong: Vec<_> = found.filter(|(.., found, wanted)| found != wanted).collect();
        if wrong.is_empty() {
            break;
        }
        assert!(began.elapsed() < SOON, "{wrong:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let page = reqwest::get(format!("http://{at}/metrics")).await.unwrap().text().await.unwrap();
    assert!(!page.contains("models-of-ours"), "a model is a word of schools");

    let parent = models.asked()[0].traceparent.clone().expect("a trace goes on");
    let trace = data_encoding::HEXLOWER.decode(parent.split('-').nth(1).unwrap().as_bytes()).unwrap();
    let sent = collector.until(PATH, &[(b"assistant", 1), (&trace, 1)]).await;
    for word in ["crosswind", "from the side", "Be brief"] {
        assert!(!holds(&sent, word.as_bytes()), "{word} has left");
    }
}
