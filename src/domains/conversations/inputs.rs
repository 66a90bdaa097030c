//! What the mutations of conversations take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{Json, text},
    text_enum,
};
use lectern_macros::writes;
use serde_json::Value;

use super::{Conversation, feedback::MessageRating};

/// Characters of what a person says at most.
const TEXT: usize = 32_000;
/// Bytes of a context at most.
const CONTEXT: usize = 8 * 1024;
/// Bytes of what is kept of a client at most.
const METADATA: usize = 4 * 1024;
/// Documents of one message at most.
pub const MOST_DOCUMENTS: usize = 10;

text_enum! {
    /// What becomes of an answer that nobody listens to any more.
    pub enum AbandonedAnswer {
        /// It is written to its end.
        Continue = "CONTINUE",
        /// It is cancelled 10 seconds after the last listener has left, or 30 seconds after its start when none came.
        Cancel = "CANCEL",
    }
}

/// A conversation to be begun.
#[derive(InputObject)]
pub struct CreateConversationInput {
    /// Who answers.
    pub agent_id: ID,
    /// The project that it belongs to: one of yours, with an agent of the school. An agent of a project brings that.
    pub project_id: Option<ID>,
    /// The course that it is about.
    pub course_id: Option<ID>,
    /// Its title, 1 to 200 characters; the first message's first 60 characters unless given.
    pub title: Option<String>,
    /// What is given to the agent as data with each message: a JSON object of at most 8 KiB.
    pub context: Option<Json>,
}

/// A change of a conversation. What is left out stays as it is; an explicit null clears where it may.
#[writes(Conversation)]
pub struct UpdateConversationInput {
    /// The conversation.
    #[by_hand]
    pub id: ID,
    /// A new title; 1 to 200 characters; null for none.
    #[check(text::name)]
    pub title: MaybeUndefined<String>,
    /// Who answers from now on: an agent of the school, or of the conversation's project.
    #[by_hand]
    pub agent_id: MaybeUndefined<ID>,
    /// The course that it is about; null for none.
    #[by_hand]
    pub course_id: MaybeUndefined<ID>,
    /// What is given to the agent as data with each message: a JSON object of at most 8 KiB; null for nothing.
    #[by_hand]
    pub context: MaybeUndefined<Json>,
    /// Whether you put it away.
    pub is_archived: MaybeUndefined<bool>,
}

/// Something to be said.
#[derive(InputObject)]
pub struct SendMessageInput {
    /// Where.
    pub conversation_id: ID,
    /// What: 1 to 32,000 characters, kept as they are typed.
    pub text: String,
    /// What you call it: 1 to 64 letters, digits, hyphens and underscores, once in a conversation. Repeated with the same content, the same answer comes back and nothing is
    /// begun.
    pub client_message_id: String,
    /// The finished answer that it goes on from; the end of the active branch unless given.
    pub parent_id: Option<ID>,
    /// Documents that the answer is to rely on; at most 10.
    pub document_ids: Option<Vec<ID>>,
    /// Anything that is to be kept and given back with it: at most 4 KiB of JSON.
    pub metadata: Option<Json>,
    /// What becomes of the answer when nobody listens to it any more; CONTINUE unless given.
    pub when_abandoned: Option<AbandonedAnswer>,
}

/// What a person should have said instead.
#[derive(InputObject)]
pub struct EditMessageInput {
    /// What you said.
    pub id: ID,
    /// What you say instead: 1 to 32,000 characters, kept as they are typed.
    pub text: String,
    /// What you call it, as in `sendMessage`.
    pub client_message_id: String,
    /// What becomes of the answer when nobody listens to it any more; CONTINUE unless given.
    pub when_abandoned: Option<AbandonedAnswer>,
}

/// An answer that is to be given anew.
#[derive(InputObject)]
pub struct RegenerateAnswerInput {
    /// The answer.
    pub id: ID,
    /// What you call the new one, as in `sendMessage`.
    pub client_message_id: String,
    /// What becomes of it when nobody listens to it any more; CONTINUE unless given.
    pub when_abandoned: Option<AbandonedAnswer>,
}

/// Which branch is to be the active one.
#[derive(InputObject)]
pub struct SelectBranchInput {
    /// A message on it; of several branches through it, the one with the newest messages.
    pub message_id: ID,
}

/// What you think of an answer.
#[derive(InputObject)]
pub struct RateMessageInput {
    /// The answer.
    pub id: ID,
    /// Whether it helped; null takes back what you said.
    pub rating: Option<MessageRating>,
    /// What is to be said about it; at most 10,000 characters. Whoever may change the agent reads it, without your name.
    pub comment: Option<String>,
}

/// What a person says: kept as it is typed.
pub fn said(field: &str, text: &str) -> Result<String> {
    let characters = text.chars().count();
    if text.trim().is_empty() || characters > TEXT {
        return Err(Error::bad_input(field, format!("must have 1 to {TEXT} characters, not only blanks")));
    }
    if let Some(control) = text.chars().find(|&one| one.is_control() && one != '\n' && one != '\t') {
        return Err(Error::bad_input(
            field,
            format!("must not contain control characters but newline and tab: U+{:04X} stands in it", u32::from(control)),
        ));
    }
    Ok(text.to_owned())
}

/// What a client calls a message.
pub fn client_id(id: &str) -> Result<&str> {
    let fits = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if fits { Ok(id) } else { Err(Error::bad_input("clientMessageId", "must be 1 to 64 letters, digits, hyphens and underscores")) }
}

/// JSON of so many bytes at most, which the database can keep as text.
fn small(field: &str, given: &Value, most: usize) -> Result<Value> {
    text::json(field, given, most)?;
    Ok(given.clone())
}

/// What is given to an agent as data.
pub fn context(given: &Json) -> Result<Value> {
    if given.0.is_object() { small("context", &given.0, CONTEXT) } else { Err(Error::bad_input("context", "must be a JSON object")) }
}

/// What a client has kept with a message.
pub fn metadata(given: &Json) -> Result<Value> {
    small("metadata", &given.0, METADATA)
}
