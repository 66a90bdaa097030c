//! What operators see of models: how often they are asked, what that takes, how answers end. Neither a school nor a model is named: models are words of schools.

use std::time::Duration;

use lectern_kernel::seen::{counted, meters};
use metrics::{counter, histogram};

use super::asking::Failure;

/// What came of a call that was answered.
const OK: &str = "OK";

/// What a model was asked for, as `assistant_usage` names it.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    Answer,
    Generation,
    Embedding,
    Moderation,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Purpose::Answer => "ANSWER",
            Purpose::Generation => "GENERATION",
            Purpose::Embedding => "EMBEDDING",
            Purpose::Moderation => "MODERATION",
        }
    }
}

/// What came of a call: an answer, or why there is none.
pub fn called<T>(purpose: Purpose, answer: &Result<T, Failure>) {
    count(purpose, answer.as_ref().map_or_else(|failure| failure.reason(), |_| OK), 1);
}

/// A call was of no use any more: its answer had ended.
pub fn stopped(purpose: Purpose) {
    count(purpose, "STOPPED", 1);
}

fn count(purpose: Purpose, outcome: &'static str, times: u64) {
    if meters().is_some() {
        counter!("lectern_assistant_calls_total", "purpose" => purpose.as_str(), "outcome" => outcome).increment(times);
    }
}

/// Lets the ways in which answers may fail be there before they do: a series that begins with its first one is no increase to Prometheus.
pub fn begin() {
    count(Purpose::Answer, OK, 0);
    for failure in Failure::OF_PROVIDERS {
        count(Purpose::Answer, failure.reason(), 0);
    }
}

/// How long it took until a provider began to answer.
pub fn waited(time: Duration) {
    if meters().is_some() {
        histogram!("lectern_assistant_wait_seconds").record(time.as_secs_f64());
    }
}

/// Tokens that a model has read and written.
pub fn used(purpose: Purpose, prompt: i64, completion: i64) {
    if meters().is_some() {
        for (direction, tokens) in [("prompt", prompt), ("completion", completion)] {
            counter!("lectern_assistant_tokens_total", "purpose" => purpose.as_str(), "direction" => direction)
                .increment(u64::try_from(tokens).unwrap_or(0));
        }
    }
}

/// How an answer has ended: its state, or why it failed.
pub fn ended(outcome: &'static str) {
    counted("lectern_answers_total", "outcome", outcome);
}
