//! Every way in which a provider fails. The text so far stays; nothing of what the provider says reaches anybody.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{
    Answering,
    models::{Say, Step, end, line, piece, raw, text},
};

fn status(status: u16) -> Say {
    Say::Status(status, "", json!({ "error": { "message": "sk-leaked is wrong" } }).to_string())
}

async fn outcome(answering: &Answering, says: Vec<Say>) -> (String, String, String) {
    answering.models.say(says);
    let message = answering.ask("Hi").await;
    assert!(!message.to_string().contains("leaked"));
    let word = |field: &str| message[field].as_str().unwrap_or_default().to_owned();
    (word("state"), if message["state"] == "FAILED" { word("failureReason") } else { word("finishReason") }, word("content"))
}

fn expected(state: &str, reason: &str, content: &str) -> (String, String, String) {
    (state.to_owned(), reason.to_owned(), content.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_failure_has_its_reason_and_keeps_the_text_so_far() {
    let answering = Answering::start().await;
    answering.policy(json!({ "responseTimeoutSeconds": 5 })).await;
    let stream = |steps: Vec<Step>| vec![Say::Stream(steps)];
    let drip: Vec<Step> = (0..40).flat_map(|_| [raw(": still here\n"), Step::Wait(Duration::from_millis(200))]).collect();
    for (says, reason, content) in [
        (vec![status(401)], "PROVIDER_REFUSED", ""),
        (vec![status(404)], "PROVIDER_REFUSED", ""),
        (vec![Say::Status(302, "Location: http://127.0.0.1:1/\r\n", String::new())], "PROVIDER_INVALID", ""),
        (vec![status(501)], "PROVIDER_ERROR", ""),
        (vec![Say::Nothing], "PROVIDER_CUT_OFF", ""),
        (stream(vec![piece("Half "), Step::Close]), "PROVIDER_CUT_OFF", "Half "),
        (stream(vec![piece("Half ")]), "PROVIDER_CUT_OFF", "Half "),
        (stream(vec![piece("Half "), raw("data: {\"choices\":[{\"delta\":\n\n")]), "PROVIDER_INVALID", "Half "),
        (stream(vec![piece("Half "), raw("<html>leaked</html>\n")]), "PROVIDER_INVALID", "Half "),
        (vec![Say::Status(200, "", "not json: leaked".to_owned())], "PROVIDER_INVALID", ""),
        (vec![Say::Status(200, "", "{\"detail\":\"leaked\"}".to_owned())], "PROVIDER_INVALID", ""),
        (stream(vec![piece("Half "), line(json!({ "error": { "message": "leaked" } }))]), "PROVIDER_ERROR", "Half "),
        (stream(vec![piece("Half "), Step::Hang]), "PROVIDER_TIMEOUT", "Half "),
        (stream(drip), "PROVIDER_TIMEOUT", ""),
        (stream(vec![Step::Hang]), "PROVIDER_TIMEOUT", ""),
    ] {
        let what = format!("{says:?}");
        assert_eq!(outcome(&answering, says).await, expected("FAILED", reason, content), "{what}");
    }
    let app = &answering.app;
    assert_eq!(app.count("answer_run").await + app.count("message_delta").await + app.count("token_reservation").await, 0);
    assert_eq!(app.count("token_counter WHERE reserved <> 0").await, 0);
    assert_eq!(app.count("audit_entry WHERE before::text ~ 'leaked' OR after::text ~ 'leaked'").await, 0);
    let provider = answering.admin.ok("{ assistantProvider { baseUrl isOwn hasKey lastFailureReason } }", json!({})).await;
    assert_eq!(provider["assistantProvider"]["baseUrl"], Value::Null);
    assert!(provider["assistantProvider"]["lastFailureReason"].as_str().unwrap().starts_with("PROVIDER_"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_pass_is_tried_again_twice_and_only_before_a_first_piece() {
    let answering = Answering::start().await;
    for code in [408, 429, 500, 502, 503, 504] {
        let before = answering.models.asked().len();
        assert_eq!(outcome(&answering, vec![status(code), text(&["Hello"])]).await, expected("COMPLETED", "STOP", "Hello"), "{code}");
        assert_eq!(answering.models.asked().len(), before + 2);
    }
    let before = answering.models.asked().len();
    let begun = Instant::now();
    assert_eq!(outcome(&answering, vec![status(429), status(429), status(429)]).await, expected("FAILED", "PROVIDER_BUSY", ""));
    assert!(begun.elapsed() >= Duration::from_millis(2500) && answering.models.asked().len() == before + 3);
    assert_eq!(outcome(&answering, vec![status(500), status(503), status(500)]).await, expected("FAILED", "PROVIDER_ERROR", ""));
    // As long as it asks to be left alone, if that is not too long.
    let begun = Instant::now();
    let wait = |seconds: &'static str| Say::Status(429, seconds, String::new());
    assert_eq!(outcome(&answering, vec![wait("Retry-After: 3\r\n"), text(&["Hello"])]).await, expected("COMPLETED", "STOP", "Hello"));
    assert!(begun.elapsed() >= Duration::from_secs(3));
    let (begun, before) = (Instant::now(), answering.models.asked().len());
    assert_eq!(outcome(&answering, vec![wait("Retry-After: 60\r\n")]).await, expected("FAILED", "PROVIDER_BUSY", ""));
    assert!(begun.elapsed() < Duration::from_secs(30) && answering.models.asked().len() == before + 1);
    let before = answering.models.asked().len();
    outcome(&answering, vec![Say::Stream(vec![piece("Half "), Step::Close])]).await;
    assert_eq!(answering.models.asked().len(), before + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_is_not_there_is_unreachable() {
    // No test listens there, as one may at a port that another has just left.
    let answering = Answering::with(&["--assistant-url=http://127.0.0.1:1/v1"], json!({})).await;
    let message = answering.ask("Hi").await;
    assert_eq!((&message["state"], &message["failureReason"]), (&json!("FAILED"), &json!("PROVIDER_UNREACHABLE")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_only_unusual_is_read() {
    let answering = Answering::start().await;
    let whole = json!({ "choices": [{ "message": { "role": "assistant", "content": "Hello" }, "finish_reason": "stop" }], "usage": {} });
    let stream = |text: &str| Say::Stream(text.bytes().map(|byte| Step::Raw(vec![byte])).collect());
    for say in [
        Say::Status(200, "", whole.to_string()),
        stream(
            "\u{feff}: hi\r\n\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"Hel\"},\"finish_reason\":\"\"}],\"usage\":null}\r\n\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"lo\"}}]}\r\n\r\ndata:[DONE]\r\n\r\n",
        ),
        stream(
            "event: x\nid: 1\nretry: 5\ndata: {\"x\":1}\n\ndata: {\"choices\":[]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}\n\n",
        ),
    ] {
        assert_eq!(outcome(&answering, vec![say]).await, expected("COMPLETED", "STOP", "Hello"));
    }
    // Whoever does not say what it took is estimated.
    let message = answering.ended(&answering.send("Hi").await).await;
    assert_eq!((&message["promptTokens"], &message["isEstimated"]), (&json!(100), &json!(false)));
    answering.models.say([Say::Stream(vec![piece("Hello, you"), raw("data: [DONE]\n\n")])]);
    let message = answering.ask("Hi").await;
    assert_eq!((&message["completionTokens"], &message["isEstimated"]), (&json!(3), &json!(true)));
    for (said, shown) in [("length", "LENGTH"), ("content_filter", "FILTERED"), ("something", "OTHER")] {
        answering.models.say([Say::Stream([vec![piece("Hello")], end(said)].concat())]);
        assert_eq!(answering.ask("Hi").await["finishReason"], shown);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_long_is_cut() {
    let answering = Answering::start().await;
    let long = "x".repeat(30_000);
    answering.models.say([Say::Stream([vec![piece(&long); 4], vec![Step::Hang]].concat())]);
    let message = answering.ask("Much").await;
    assert_eq!((&message["state"], &message["finishReason"]), (&json!("COMPLETED"), &json!("LENGTH")));
    assert_eq!(message["content"].as_str().unwrap().len(), 100_000);
    // What is escaped is longer than it was, and is cut all the same.
    answering.models.say([Say::Stream([vec![piece(&"<img ".repeat(19_000))], end("stop")].concat())]);
    let message = answering.ask("Much").await;
    assert_eq!((&message["state"], &message["finishReason"]), (&json!("COMPLETED"), &json!("LENGTH")));
    assert_eq!(message["content"].as_str().unwrap().len(), 100_000);
    // More than two megabytes of nothing are no answer.
    let nothing = format!("data: {{\"x\":\"{}\"}}\n\n", "y".repeat(100_000));
    answering.models.say([Say::Stream(vec![raw(&nothing); 25])]);
    assert_eq!(answering.ask("Much").await["failureReason"], "PROVIDER_INVALID");
}
