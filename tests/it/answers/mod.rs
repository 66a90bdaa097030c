//! Answers: written after the commit, told while they are written, stopped from anywhere; every way in which a provider fails; tools as the person.

mod abandoned;
mod endpoints;
mod failures;
mod injections;
mod listening;
pub mod models;
mod running;
mod shown;
mod tools;
mod usage;

use std::time::Duration;

use lectern::http::HttpOptions;
use serde_json::{Value, json};

pub use self::models::Models;
use crate::{
    app::{Client, TestApp, Who},
    socket::Socket,
};

pub const SEND: &str = "mutation($i: SendMessageInput!) { sendMessage(input: $i) { id state role parent { id } conversation { id } } }";
pub const MESSAGE: &str = "query($id: ID!) { message(id: $id) { id role state content finishReason failureReason model agentVersion promptTokens completionTokens isEstimated \
    omittedMessages externalHosts toolMessages { id role tool arguments outcome content } } }";
pub const CANCEL: &str = "mutation($id: ID!) { cancelAnswer(id: $id) { id state content } }";
pub const POLICY: &str = "mutation($i: UpdateAssistantPolicyInput!) { updateAssistantPolicy(input: $i) { isConfigured } }";

/// A service with a stand-in for a provider, an agent of the school, and a conversation of a learner with it.
pub struct Answering {
    pub app: TestApp,
    pub models: Models,
    pub admin: Client,
    pub learner: Client,
    pub agent: String,
    pub conversation: String,
    count: std::sync::atomic::AtomicUsize,
}

impl Answering {
    pub async fn start() -> Answering {
        Answering::with(&[], json!({})).await
    }

    /// With further settings of the service, and with what the agent is beside usual.
    pub async fn with(arguments: &[&str], agent: Value) -> Answering {
        let models = Models::start().await;
        let url = format!("--assistant-url={}", models.url());
        let mut all = vec!["--assistant-key=sk-deployment", "--rate-messages=0"];
        if !arguments.iter().any(|argument| argument.starts_with("--assistant-url=")) {
            all.push(&url);
        }
        all.extend_from_slice(arguments);
        let app = TestApp::start_with(&all, HttpOptions::default()).await;
        let admin = app.sign_in(&app.oak, Who::Admin).await;
        let learner = app.sign_in(&app.oak, Who::Learner).await;
        let mut input = json!({ "name": "Helper", "kind": "CUSTOM", "systemPrompt": "Be brief.", "tools": [], "maxTokens": 500 });
        input.as_object_mut().unwrap().extend(agent.as_object().unwrap().clone());
        let made = admin.ok("mutation($i: CreateAgentInput!) { createAgent(input: $i) { id } }", json!({ "i": input })).await;
        let agent = made["createAgent"]["id"].as_str().unwrap().to_owned();
        let conversation = conversation(&learner, &agent, json!({})).await;
        Answering { app, models, admin, learner, agent, conversation, count: Default::default() }
    }

    /// A clientMessageId that was not used.
    pub fn key(&self) -> String {
        format!("m{}", self.count.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
    }

    /// Sends a message of the learner's; the answer's id.
    pub async fn send(&self, text: &str) -> String {
        self.send_with(text, json!({})).await
    }

    pub async fn send_with(&self, text: &str, more: Value) -> String {
        let mut input = json!({ "conversationId": self.conversation, "text": text, "clientMessageId": self.key() });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.learner.ok(SEND, json!({ "i": input })).await["sendMessage"]["id"].as_str().unwrap().to_owned()
    }

    /// Sends a message, and waits for the end of its answer.
    pub async fn ask(&self, text: &str) -> Value {
        let id = self.send(text).await;
        self.ended(&id).await
    }

    /// An answer, once it has ended.
    pub async fn ended(&self, id: &str) -> Value {
        for _ in 0..2400 {
            let message = self.message(id).await;
            if !matches!(message["state"].as_str(), Some("PENDING" | "RUNNING")) {
                return message;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("an answer has no end: {}", self.message(id).await);
    }

    /// A message, as its owner sees it.
    pub async fn message(&self, id: &str) -> Value {
        self.learner.ok(MESSAGE, json!({ "id": id })).await["message"].take()
    }

    pub async fn policy(&self, change: Value) {
        self.admin.ok(POLICY, json!({ "i": change })).await;
    }

    /// Waits until the provider has been asked so often.
    pub async fn until_asked(&self, count: usize) {
        for _ in 0..2400 {
            if self.models.asked().len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("asked {} times", self.models.asked().len());
    }

    /// Waits until something of an answer is written down.
    pub async fn until_written(&self, id: &str) {
        for _ in 0..2400 {
            if self.message(id).await["content"] != "" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("nothing was written down");
    }
}

/// A conversation with an agent.
pub async fn conversation(client: &Client, agent: &str, more: Value) -> String {
    let mut input = json!({ "agentId": agent });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = client.ok("mutation($i: CreateConversationInput!) { createConversation(input: $i) { id } }", json!({ "i": input })).await;
    made["createConversation"]["id"].as_str().unwrap().to_owned()
}

/// The subscription to an answer.
pub fn stream(id: &str, after: Option<&str>) -> String {
    let after = after.map(|after| format!(", after: \"{after}\"")).unwrap_or_default();
    format!("subscription {{ messageStream(messageId: \"{id}\"{after}) {{ kind cursor delta message {{ id role state content }} }} }}")
}

/// All that is told of an answer, to its end.
pub async fn told(client: &Client, id: &str, after: Option<&str>) -> Vec<Value> {
    let mut socket = Socket::of(client).await;
    socket.subscribe("s", &stream(id, after)).await;
    until_complete(&mut socket).await
}

/// What is said of an operation until it is over.
pub async fn until_complete(socket: &mut Socket) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let mut message = socket.hear().await;
        match message["type"].as_str() {
            Some("next") => events.push(message["payload"]["data"]["messageStream"].take()),
            Some("complete") => return events,
            _ => panic!("{message:#}"),
        }
    }
}

/// The deltas of what was told, put together.
pub fn deltas(events: &[Value]) -> String {
    events.iter().filter_map(|event| event["delta"].as_str()).collect()
}
