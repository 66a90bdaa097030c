//! Traces of a real process, taken by a collector.

use serde_json::json;

use super::{Receiver, ask, holds, serve};
use crate::app::{Folder, PASSWORD, TestApp};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PATH: &str = "/v1/traces";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[tokio::test]
async fn a_clients_trace_goes_on_through_the_request_and_its_job_and_holds_no_value() {
    let (app, collector) = (TestApp::start().await, Receiver::start().await);
    let folder = Folder::new("seen");
    let service = serve(&app, &[("LECTERN_OTLP_URL", &collector.url), ("LECTERN_DATA_DIR", folder.0.to_str().unwrap())]);
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let headers = [("traceparent", parent.as_str())];

    let input = json!({ "tenant": "oak", "email": "admin@oak.example", "password": PASSWORD });
    let (answer, _) =
        ask(&service, "mutation SignIn($i: LoginInput!) { login(input: $i) { accessToken } }", json!({ "i": input }), &headers).await;
    assert!(answer["errors"].is_null(), "{answer:#}");
    let token = answer["data"]["login"]["accessToken"].as_str().unwrap();
    let input = json!({ "tenant": "oak", "email": "admin@oak.example" });
    let asked = "mutation Forgot($i: RequestPasswordResetInput!) { requestPasswordReset(input: $i) }";
    let (_, answered) = ask(&service, asked, json!({ "i": input }), &headers).await;
    let correlation = answered["x-correlation-id"].to_str().unwrap().to_owned();
    let (trace, span) = correlation.split_once('-').unwrap();
    assert_eq!(trace, TRACE, "who brings a trace and no correlation id finds one by the other");

    let (trace, span, from) = (bytes(trace), bytes(span), bytes("00f067aa0ba902b7"));
    let spans: [&[u8]; 9] =
        [b"graphql", b"admission", b"parse", b"validate", b"statement", b"answer", b"account.request", b"SignIn", correlation.as_bytes()];
    // Statements, with places for what they are asked with. The request's own span, what is within it, and the job's link name its trace; the
    // span itself, those within it, and the link its span.
    let more: [(&[u8], usize); 5] = [(b"db.query.text", 1), (b"$1", 1), (&trace, 7), (&span, 3), (&from, 1)];
    let sent = collector.until(PATH, &[&spans.map(|span| (span, 1))[..], &more].concat()).await;
    for value in ["admin@oak.example", PASSWORD, &token[..16]] {
        assert!(!holds(&sent, value.as_bytes()), "{value} has left");
    }
}

#[tokio::test]
async fn a_trace_that_a_client_does_not_want_is_not_made() {
    let (app, collector) = (TestApp::start().await, Receiver::start().await);
    let service = serve(&app, &[("LECTERN_OTLP_URL", &collector.url), ("LECTERN_WORKER", "false")]);
    let not_wanted = format!("00-{TRACE}-00f067aa0ba902b7-00");
    ask(&service, "query Unseen { __typename }", json!({}), &[("traceparent", &not_wanted)]).await;
    ask(&service, "query Seen { __typename }", json!({}), &[]).await;
    let sent = collector.until(PATH, &[(b"Seen", 1)]).await;
    assert!(!holds(&sent, b"Unseen"));
}
