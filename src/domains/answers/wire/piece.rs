//! A piece of an answer.

use serde_json::Value;

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    Stop,
    Length,
    Filtered,
    /// It wants tools to be called.
    Calls,
    Other,
}

/// A part of a call that a model wants done; its arguments may come in many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallPart {
    pub index: usize,
    pub id: Option<String>,
    pub name: Option<String>,
    pub arguments: String,
}

/// A call that a model wants done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Call {
    pub id: String,
    pub name: String,
    /// As it was written: JSON, where the model kept to what was agreed.
    pub arguments: String,
}

/// What comes with one line, or all at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub calls: Vec<CallPart>,
    pub finish: Option<Finish>,
    /// Tokens of the prompt and of the answer.
    pub usage: Option<(i64, i64)>,
    /// The provider says in the middle of it that it has failed.
    pub is_error: bool,
}

/// Calls in one answer at most; more are not looked at.
const CALLS: usize = 32;
/// Characters of a name or an id.
const WORD: usize = 200;

impl Piece {
    /// Of a line of a stream.
    pub fn of_stream(line: &Value) -> Piece {
        Piece::of(line, "delta")
    }

    /// Of an answer that came all at once.
    pub fn of_whole(whole: &Value) -> Piece {
        Piece::of(whole, "message")
    }

    fn of(value: &Value, place: &str) -> Piece {
        let choice = value.get("choices").and_then(|choices| choices.get(0));
        // Some send a whole message within a stream, or the other way round.
        let said = choice.and_then(|choice| {
            choice.get(place).filter(|said| said.is_object()).or_else(|| choice.get("message")).or_else(|| choice.get("delta"))
        });
        let text = match said.and_then(|said| said.get("content")) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(parts)) => parts.iter().filter_map(|part| part.get("text")?.as_str()).collect(),
            _ => String::new(),
        };
        let calls = said.and_then(|said| said.get("tool_calls")?.as_array()).map(Vec::as_slice).unwrap_or_default();
        let finish = choice.and_then(|choice| choice.get("finish_reason")?.as_str()).filter(|reason| !reason.is_empty());
        Piece {
            text,
            calls: calls.iter().enumerate().take(CALLS).filter_map(|(at, call)| part(at, call)).collect(),
            finish: finish.map(|reason| match reason {
                "stop" => Finish::Stop,
                "length" => Finish::Length,
                "content_filter" => Finish::Filtered,
                "tool_calls" | "function_call" => Finish::Calls,
                _ => Finish::Other,
            }),
            usage: value.get("usage").and_then(usage),
            is_error: value.get("error").is_some_and(|error| !error.is_null()),
        }
    }
}

fn part(at: usize, call: &Value) -> Option<CallPart> {
    let function = call.get("function")?;
    let word = |value: Option<&Value>| {
        value.and_then(Value::as_str).map(|text| text.chars().take(WORD).collect::<String>()).filter(|text| !text.is_empty())
    };
    let index = call.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok()).unwrap_or(at);
    (index < CALLS).then(|| CallPart {
        index,
        id: word(call.get("id")),
        name: word(function.get("name")),
        arguments: match function.get("arguments") {
            Some(Value::String(text)) => text.clone(),
            Some(object @ Value::Object(_)) => object.to_string(),
            _ => String::new(),
        },
    })
}

fn usage(usage: &Value) -> Option<(i64, i64)> {
    let count = |name: &str| usage.get(name).and_then(Value::as_i64).filter(|count| (0..=1_000_000_000).contains(count));
    Some((count("prompt_tokens")?, count("completion_tokens").unwrap_or(0)))
}

/// Puts the parts of calls together.
pub fn gather(calls: &mut Vec<Call>, parts: Vec<CallPart>) {
    for part in parts {
        while calls.len() <= part.index {
            calls.push(Call::default());
        }
        let call = &mut calls[part.index];
        if let Some(id) = part.id {
            call.id = id;
        }
        if let Some(name) = part.name {
            call.name = name;
        }
        // What is longer is no argument of ours.
        if call.arguments.len() + part.arguments.len() <= 64 << 10 {
            call.arguments.push_str(&part.arguments);
        }
    }
}
