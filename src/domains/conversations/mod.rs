//! Conversations: what people and agents say to each other, as a tree of messages. Tables: `conversation`, `message`, `message_transition`, `message_feedback`.
//!
//! Permissions: AGENT_EXECUTE (begins conversations, sends). No permission opens another's: they are their owner's alone, but for what was shared with a project.
//! Invariants, kept by the database: one unfinished answer a conversation; an answer moves by the rows of `message_transition`; a clientMessageId is one message; what is
//! shared is what stood on the active branch at that moment.

mod conversation;
mod conversation_mutations;
mod feedback;
mod fields;
mod inputs;
mod lists;
mod message;
mod message_mutations;
mod notice;
mod purge;
mod queries;
mod refusals;
mod sending;
mod sql;

use lectern_kernel::{ids::Kind, rates::Budget, resolve::registry::Domain};

pub use self::{
    conversation::Conversation,
    inputs::AbandonedAnswer,
    message::{FinishReason, Message, MessageRole, MessageState, ToolOutcome},
    notice::CONVERSATION_SHARED,
};

/// Messages that one person may send; edits and regenerations among them.
pub static SENDS: Budget = Budget { name: "messages", a_minute: 60, refusal: "You send messages too often.", is_of_address: false };

/// How often one person may ask for it, what is repeated and what is refused among it: ten times as often.
pub static ATTEMPTS: Budget =
    Budget { name: "message_attempts", a_minute: 600, refusal: "You send messages too often.", is_of_address: false };

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Conversation::object, Message::object, feedback::MessageFeedback::object],
    extensions: &[&fields::ProjectConversations::EXTENSION, &fields::AgentFeedback::EXTENSION, &fields::DashboardConversations::EXTENSION],
    operations: &[
        queries::ConversationQueries::OPERATIONS,
        conversation_mutations::ConversationMutations::OPERATIONS,
        sending::SendingMutations::OPERATIONS,
        message_mutations::MessageMutations::OPERATIONS,
    ],
    jobs: &[purge::ASSISTANTS],
    references: &[("conversation_id", Conversation::PREFIX), ("message_id", Message::PREFIX)],
    ..Domain::new("conversations")
};
