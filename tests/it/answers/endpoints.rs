//! A school's own endpoint and key: sealed, in no answer, sent nowhere but where they belong.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use lectern::domains::answers::{Deployment, DeploymentOptions};
use lectern_kernel::outbound::{Addresses, Resolver};
use serde_json::{Value, json};

use super::{Answering, Models, models::text};
use crate::app::{Who, outside};

const SET: &str = "mutation($i: SetAssistantProviderInput!) { setAssistantProvider(input: $i) { baseUrl isOwn hasKey keySetAt } }";
const GET: &str = "{ assistantProvider { baseUrl isOwn hasKey keySetAt lastAnsweredAt lastFailedAt lastFailureReason } }";
const REMOVE: &str = "mutation { removeAssistantProvider { baseUrl isOwn hasKey } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_school_s_key_goes_to_its_endpoint_alone_and_shows_nowhere() {
    let answering = Answering::with(&["--assistant-hosts=127.0.0.1"], json!({})).await;
    let own = Models::start().await;
    // A key alone is for the deployment's endpoint, whose address is not shown.
    let set = answering.admin.ok(SET, json!({ "i": { "apiKey": "sk-of-oak" } })).await["setAssistantProvider"].take();
    assert_eq!((&set["baseUrl"], &set["isOwn"], &set["hasKey"]), (&Value::Null, &json!(true), &json!(true)));
    answering.ask("Hi").await;
    assert_eq!(answering.models.asked().last().unwrap().authorization.as_deref(), Some("Bearer sk-of-oak"));
    // Another address drops it; the deployment's key does not follow.
    let set = answering.admin.ok(SET, json!({ "i": { "baseUrl": own.url() } })).await["setAssistantProvider"].take();
    assert_eq!((&set["baseUrl"], &set["hasKey"], &set["keySetAt"]), (&json!(own.url()), &json!(false), &Value::Null));
    own.say([text(&["From oak's own"])]);
    assert_eq!(answering.ask("Hi").await["content"], "From oak's own");
    assert_eq!(own.asked().last().unwrap().authorization, None);
    answering.admin.ok(SET, json!({ "i": { "baseUrl": own.url(), "apiKey": "sk-second" } })).await;
    answering.ask("Hi").await;
    assert_eq!(own.asked().last().unwrap().authorization.as_deref(), Some("Bearer sk-second"));
    // The same address keeps it.
    assert_eq!(answering.admin.ok(SET, json!({ "i": { "baseUrl": own.url() } })).await["setAssistantProvider"]["hasKey"], true);
    let shown = answering.admin.ok(GET, json!({})).await;
    assert!(shown["assistantProvider"]["lastAnsweredAt"].is_string() && !shown.to_string().contains("sk-"));
    let secrets = "before::text ~ 'sk-' OR after::text ~ 'sk-'";
    assert_eq!(answering.app.count(&format!("audit_entry WHERE {secrets}")).await, 0);
    assert_eq!(answering.app.count("assistant_provider WHERE encode(key, 'escape') ~ 'sk-'").await, 0);
    assert_eq!(answering.app.count("audit_entry WHERE resource = 'AssistantProvider' AND after ->> 'has_key' = 'true'").await, 2);

    // Moved to another school's row it opens nothing.
    let app = &answering.app;
    app.sql("INSERT INTO assistant_provider (tenant_id, base_url, key, key_set_at) SELECT t.tenant_id, p.base_url, p.key, now() FROM tenant t, assistant_provider p WHERE t.slug = 'elm'").await;
    let elm = app.sign_in(&app.elm, Who::Admin).await;
    let made = elm
        .ok("mutation($i: CreateAgentInput!) { createAgent(input: $i) { id } }", json!({ "i": { "name": "Helper", "kind": "CUSTOM" } }))
        .await;
    let conversation = super::conversation(&elm, made["createAgent"]["id"].as_str().unwrap(), json!({})).await;
    let before = own.asked().len();
    let sent = elm.ok(super::SEND, json!({ "i": { "conversationId": conversation, "text": "Hi", "clientMessageId": "1" } })).await;
    let id = sent["sendMessage"]["id"].as_str().unwrap().to_owned();
    let mut state = Value::Null;
    for _ in 0..1200 {
        state = elm.ok(super::MESSAGE, json!({ "id": id })).await["message"]["state"].take();
        if state == "FAILED" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!((state, own.asked().len()), (json!("FAILED"), before));

    answering.admin.ok(REMOVE, json!({})).await;
    answering.ask("Hi").await;
    assert_eq!(answering.models.asked().last().unwrap().authorization.as_deref(), Some("Bearer sk-deployment"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_not_public_can_not_be_named_nor_reached() {
    let answering = Answering::start().await;
    for url in [
        "https://127.0.0.1/v1",
        "https://10.0.0.1/v1",
        "https://169.254.169.254/v1",
        "https://localhost/v1",
        "https://[::1]/v1",
        "https://0x7f.1/v1",
    ] {
        assert_eq!(
            answering.admin.refused(SET, json!({ "i": { "baseUrl": url } })).await,
            "BAD_USER_INPUT URL_NOT_ALLOWED @baseUrl",
            "{url}"
        );
    }
    for url in [
        "http://models.example/v1",
        "https://a:b@models.example/v1",
        "https://models.example/v1?x=1",
        "https://models.example/v1#x",
        "models",
        "",
    ] {
        assert_eq!(answering.admin.refused(SET, json!({ "i": { "baseUrl": url } })).await, "BAD_USER_INPUT @baseUrl", "{url}");
    }
    for key in ["", " ", "a b", "ü"] {
        assert_eq!(answering.admin.refused(SET, json!({ "i": { "apiKey": key } })).await, "BAD_USER_INPUT @apiKey", "{key}");
    }
    assert_eq!(answering.app.count("assistant_provider").await, 0);
}

/// A name that has turned private since it was named.
struct Turned;

impl Resolver for Turned {
    fn resolve(&self, _name: String) -> BoxFuture<'static, std::io::Result<Vec<std::net::IpAddr>>> {
        Box::pin(async { Ok(vec!["127.0.0.1".parse().unwrap()]) })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_turns_private_is_not_connected_to() {
    let models = Models::start().await;
    let options = || DeploymentOptions { url: Some(models.url()), ..DeploymentOptions::default() };
    let deployment = Deployment::resolving(options(), Addresses::default(), Arc::new(Turned)).unwrap();
    let app = crate::app::TestApp::start_beside(lectern::http::HttpOptions::default(), outside().with(deployment)).await;
    let admin = app.sign_in(&app.oak, Who::Admin).await;
    admin.ok(SET, json!({ "i": { "baseUrl": format!("https://models.example:{}/v1", models.port), "apiKey": "sk-1" } })).await;
    let made = admin
        .ok("mutation($i: CreateAgentInput!) { createAgent(input: $i) { id } }", json!({ "i": { "name": "Helper", "kind": "CUSTOM" } }))
        .await;
    let conversation = super::conversation(&admin, made["createAgent"]["id"].as_str().unwrap(), json!({})).await;
    let sent = admin.ok(super::SEND, json!({ "i": { "conversationId": conversation, "text": "Hi", "clientMessageId": "1" } })).await;
    let id = sent["sendMessage"]["id"].as_str().unwrap().to_owned();
    let mut message = Value::Null;
    for _ in 0..1200 {
        message = admin.ok(super::MESSAGE, json!({ "id": id })).await["message"].take();
        if message["state"] == "FAILED" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(message["failureReason"], "PROVIDER_UNREACHABLE");
    assert_eq!(models.asked().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_whoever_manages_assistants_and_no_api_key_sets_it() {
    let answering = Answering::start().await;
    for who in [Who::Instructor, Who::Learner, Who::Viewer] {
        let client = answering.app.sign_in(&answering.app.oak, who).await;
        assert_eq!(client.refused(SET, json!({ "i": { "apiKey": "sk-1" } })).await, "FORBIDDEN [ASSISTANT_MANAGE]");
        assert_eq!(client.refused(REMOVE, json!({})).await, "FORBIDDEN [ASSISTANT_MANAGE]");
        let shown = client.ask(GET, json!({})).await;
        assert!(shown["data"]["assistantProvider"].is_null() && shown["errors"][0]["extensions"]["code"] == "FORBIDDEN");
    }
}
