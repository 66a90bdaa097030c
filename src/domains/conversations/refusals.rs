//! What the database refuses of conversations, as clients are told.

use async_graphql::Value;
use lectern_kernel::{db::DbError, error::Error};

use crate::domains::projects;

/// Where and of what something was refused.
#[derive(Clone, Copy)]
pub struct Asked {
    /// The field that names it.
    pub field: &'static str,
    /// What that is.
    pub what: &'static str,
}

/// A conversation, by `id`.
pub const CONVERSATION: Asked = Asked { field: "id", what: "conversation" };
/// A message, by `id`.
pub const MESSAGE: Asked = Asked { field: "id", what: "message" };

/// An answer of the conversation is being written.
pub fn running() -> Error {
    Error::conflict("ANSWER_RUNNING", "An answer is being written in this conversation: wait for it, or cancel it.")
}

/// A cap of tokens is reached.
fn spent(error: &DbError) -> Error {
    let number = |name| error.number(name).unwrap_or_default();
    let refusal = Error::limit_reached("No tokens are left for this.", number("limit"), number("used")).reason("TOKEN_LIMIT");
    match error.number("retryAfter") {
        Some(seconds) => refusal.detail("retryAfter", Value::from(seconds)),
        None => refusal,
    }
}

/// What the database refuses, as clients are told.
pub fn refusal(asked: Asked) -> impl Fn(DbError) -> Error {
    let Asked { field, what } = asked;
    move |error| match error.constraint() {
        Some("answer_not_found") => Error::not_found(what).field(field),
        Some("answer_not_yours") => Error::not_yours().field(field),
        Some("answer_parent") => Error::bad_input("parentId", "must be a finished answer of this conversation"),
        Some("answer_kind") => Error::bad_input(field, "must be a message of the role that this is for, and finished"),
        Some("answer_document") => Error::not_found("document").field(format!("documentIds.{}", error.number("place").unwrap_or_default())),
        Some("answer_client_id") => {
            Error::conflict("CLIENT_ID_REUSED", "Something else was said under this clientMessageId.").field("clientMessageId")
        }
        Some("answer_unconfigured") => {
            Error::not_set_up("ASSISTANT_NOT_CONFIGURED", "There is no endpoint of a model yet that could answer.")
        }
        Some("assistant_policy") => Error::forbidden("NOT_ALLOWED_BY_POLICY", "The school does not let you use assistants."),
        Some("answer_assessment") => {
            Error::forbidden("ASSESSMENT_OPEN", "Assistants are silent while you have a quiz attempt in progress.")
        }
        Some("answer_agent") => {
            Error::conflict("AGENT_UNAVAILABLE", "The agent of this conversation does not answer you any more: choose another.")
        }
        Some("project_archived") => projects::archived(field),
        Some("model_not_allowed") => Error::conflict("MODEL_NOT_ALLOWED", "The school does not allow the agent's model any more."),
        Some("answer_blocked") => Error::forbidden("MESSAGE_BLOCKED", "The school has blocked something in this text.").field("text"),
        Some("answer_too_long") => {
            Error::bad_input("text", "must be shorter: with what the agent is told it is longer than what the model takes")
                .reason("MESSAGE_TOO_LONG")
        }
        Some("message_unfinished_key") => running().field(field),
        Some("answer_too_many") => {
            let (limit, used) = (error.number("limit").unwrap_or(5), error.number("used").unwrap_or(5));
            Error::limit_reached(format!("You wait for {used} answers already."), limit, used).reason("TOO_MANY_ANSWERS")
        }
        Some("token_limit") => spent(&error),
        Some("conversation_project") => {
            Error::conflict("NO_PROJECT", "The conversation belongs to no project that it could be shared with.").field(field)
        }
        _ => error.into(),
    }
}
