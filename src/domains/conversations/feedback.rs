//! What people think of answers.

use lectern_kernel::{ids::Id, resolve::DateTime, text_enum};
use lectern_macros::object;

text_enum! {
    /// What somebody thinks of an answer.
    pub enum MessageRating {
        /// It helped.
        Helpful = "HELPFUL",
        /// It did not.
        Unhelpful = "UNHELPFUL",
    }
}

/// What somebody thinks of an answer of an agent, without their name and without what was said. Seen by those who may change the agent.
#[object(table = "message_feedback", alias = "mf", id = "feedback", node)]
#[derive(Clone, Debug)]
pub struct MessageFeedback {
    /// Its id.
    pub id: Id<MessageFeedback>,
    /// Whether the answer helped.
    pub rating: MessageRating,
    /// What is to be said about it; at most 10,000 characters.
    #[wide]
    pub comment: Option<String>,
    /// The version of the agent that has answered.
    pub agent_version: i32,
    /// When it was rated first.
    pub created_at: DateTime,
}
