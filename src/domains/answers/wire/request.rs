//! What a model is asked.

use serde_json::{Value, json};

use super::Call;

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    System,
    User,
    Assistant,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    Said(Role, String),
    /// The model wants tools to be called; what it said beside that.
    Wants(String, Vec<Call>),
    /// What came of a call.
    Came {
        id: String,
        content: String,
    },
}

/// A call.
#[derive(Debug, Clone)]
pub struct Chat<'a> {
    pub model: &'a str,
    pub temperature: f64,
    pub max_tokens: i32,
    pub turns: &'a [Turn],
    /// None: left out.
    pub tools: Vec<Value>,
}

/// How many tokens a text takes, about: four characters each, rounded up.
pub fn estimate(text: &str) -> i64 {
    i64::try_from(text.chars().count().div_ceil(4)).unwrap_or(i64::MAX)
}

impl Turn {
    fn json(&self) -> Value {
        match self {
            Turn::Said(role, text) => {
                let role = match role {
                    Role::System => "system",
                    Role::User => "user",
                    Role::Assistant => "assistant",
                };
                json!({ "role": role, "content": text })
            }
            Turn::Wants(text, calls) => {
                let calls: Vec<Value> = calls
                    .iter()
                    .map(
                        |call| json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": call.arguments } }),
                    )
                    .collect();
                let text = if text.is_empty() { Value::Null } else { json!(text) };
                json!({ "role": "assistant", "content": text, "tool_calls": calls })
            }
            Turn::Came { id, content } => json!({ "role": "tool", "tool_call_id": id, "content": content }),
        }
    }

    /// How many tokens it takes, about.
    pub fn tokens(&self) -> i64 {
        match self {
            Turn::Said(_, text) => estimate(text),
            Turn::Wants(text, calls) => {
                estimate(text) + calls.iter().map(|call| estimate(&call.name) + estimate(&call.arguments)).sum::<i64>()
            }
            Turn::Came { content, .. } => estimate(content),
        }
    }
}

impl Chat<'_> {
    /// How many tokens the prompt takes, about.
    pub fn tokens(&self) -> i64 {
        self.turns.iter().map(Turn::tokens).sum::<i64>() + self.tools.iter().map(|tool| estimate(&tool.to_string())).sum::<i64>()
    }

    /// As it is posted.
    pub fn body(&self) -> Vec<u8> {
        let messages: Vec<Value> = self.turns.iter().map(Turn::json).collect();
        let mut body = json!({
            "model": self.model,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "messages": messages,
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        if !self.tools.is_empty() {
            body["tools"] = json!(self.tools);
        }
        body.to_string().into_bytes()
    }
}
