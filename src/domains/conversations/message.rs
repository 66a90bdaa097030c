//! What was said, by whom.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{DateTime, Json, Loaded, Nested, all, all_where},
    text_enum,
};
use lectern_macros::{object, resolvers};
use serde_json::Value;

use super::{Conversation, feedback::MessageRating, lists::OLDEST};
use crate::domains::{agents::AgentTool, identity::User};

text_enum! {
    /// Who said something.
    pub enum MessageRole {
        /// A person.
        User = "USER",
        /// An agent.
        Assistant = "ASSISTANT",
        /// The service: a note, which no model is given.
        System = "SYSTEM",
        /// A tool that an agent has used.
        Tool = "TOOL",
    }
}

text_enum! {
    /// Where a message stands; all but answers are COMPLETED from the beginning.
    pub enum MessageState {
        /// Nobody has begun to answer.
        Pending = "PENDING",
        /// It is being written.
        Running = "RUNNING",
        /// It is whole.
        Completed = "COMPLETED",
        /// It was not to be had: `failureReason` says why. What there is of it stays.
        Failed = "FAILED",
        /// Somebody has stopped it. What there is of it stays.
        Cancelled = "CANCELLED",
    }
}

text_enum! {
    /// Why a model said no more.
    pub enum FinishReason {
        /// It was done.
        Stop = "STOP",
        /// It had said as much as it may.
        Length = "LENGTH",
        /// Somebody lets it say no such thing.
        Filtered = "FILTERED",
        /// Anything else.
        Other = "OTHER",
    }
}

text_enum! {
    /// What came of the use of a tool.
    pub enum ToolOutcome {
        /// It was answered.
        Answered = "ANSWERED",
        /// It was not used: the agent does not have it, or the person lacks a permission.
        Refused = "REFUSED",
        /// Its arguments did not fit.
        Invalid = "INVALID",
        /// It could not be answered.
        Failed = "FAILED",
    }
}

/// What a person, an agent, a tool or the service said. Messages are a tree: whoever edits or asks anew begins another branch.
#[object(table = "message", alias = "ms", id = "message", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id.
    pub id: Id<Message>,
    /// Where it was said.
    #[one]
    pub conversation_id: Id<Conversation>,
    /// Who said it.
    pub role: MessageRole,
    /// Where it stands.
    pub state: MessageState,
    /// What was said. Of an answer that is being written, what is known so far. An answer holds no image of a host that the school does not allow.
    #[column(
        "CASE WHEN {}.state IN ('PENDING', 'RUNNING') THEN coalesce((SELECT string_agg(d.text, '' ORDER BY d.position) FROM message_delta d \
         WHERE d.tenant_id = {}.tenant_id AND d.message_id = {}.id), '') ELSE {}.content END"
    )]
    #[wide]
    pub content: String,
    /// What it follows; of an answer, what the person said; of a tool's, the answer. Null where it begins the conversation.
    #[one]
    pub parent_id: Option<Id<Message>>,
    /// Of TOOL messages: which tool; null where there is no such one.
    pub tool: Option<AgentTool>,
    /// Of TOOL messages: what came of it.
    pub outcome: Option<ToolOutcome>,
    /// Of answers: the model that was asked.
    pub model: Option<String>,
    /// Of answers: the version of the agent.
    pub agent_version: Option<i32>,
    /// Of answers: how many tokens the model was asked; null before, and to others than the owner.
    #[column("CASE WHEN {}.owner_id = app.user_id() THEN {}.prompt_tokens END")]
    pub prompt_tokens: Option<i32>,
    /// Of answers: how many tokens the model has answered; null before, and to others than the owner.
    #[column("CASE WHEN {}.owner_id = app.user_id() THEN {}.completion_tokens END")]
    pub completion_tokens: Option<i32>,
    /// Of answers: whether these numbers are estimated, because the provider did not say; null before, and to others than the owner.
    #[column("CASE WHEN {}.owner_id = app.user_id() THEN {}.is_estimated END")]
    pub is_estimated: Option<bool>,
    /// Of answers: why the model said no more.
    pub finish_reason: Option<FinishReason>,
    /// Of answers that FAILED: why, in a word.
    pub failure_reason: Option<String>,
    /// Of answers: how many earlier messages did not fit what the model was given.
    pub omitted_messages: Option<i32>,
    /// Of answers: the hosts that its links lead to.
    #[wide]
    pub external_hosts: Vec<String>,
    /// What its owner thinks of it; null for nothing, and to others, who may change the agent or not: ratings have no names.
    #[column(
        "CASE WHEN {}.owner_id = app.user_id() THEN (SELECT f.rating FROM message_feedback f WHERE f.tenant_id = {}.tenant_id AND f.message_id = {}.id) END"
    )]
    #[wide]
    pub rating: Option<MessageRating>,
    /// What the client called it; null to others than the owner.
    #[column("CASE WHEN {}.owner_id = app.user_id() THEN {}.client_message_id END")]
    #[wide]
    pub client_message_id: Option<String>,
    /// Of USER messages: who said it; null when you may not see them.
    #[one]
    pub author_id: Option<Id<User>>,
    /// When it came.
    pub created_at: DateTime,
    /// Of answers: when it ended; null before.
    pub finished_at: Option<DateTime>,
    #[hidden]
    #[wide]
    pub arguments: Option<Value>,
    #[hidden]
    #[wide]
    #[column("CASE WHEN {}.owner_id = app.user_id() THEN {}.metadata END")]
    pub metadata: Option<Value>,
}

static SIBLINGS: Nested = Nested::new("message.siblings", OLDEST, "me.id")
    .by("JOIN message me ON me.tenant_id = ms.tenant_id AND me.branches_at = ms.branches_at AND (me.role = 'TOOL') = (ms.role = 'TOOL')");
static OF_TOOLS: Nested = Nested::new("message.toolMessages", OLDEST, "ms.parent_id");

#[resolvers]
impl Message {
    /// All that follows what it follows, itself among them, the oldest first.
    #[cost(5)]
    async fn siblings(id: Id<Message>, ctx: &Context<'_>) -> Result<Vec<Loaded<Message>>> {
        all(ctx, &SIBLINGS, id.0).await
    }

    /// Of answers: what the tools said that were used for it, the oldest first. Nobody but the owner sees them.
    #[cost(5)]
    async fn tool_messages(id: Id<Message>, ctx: &Context<'_>) -> Result<Vec<Loaded<Message>>> {
        all_where(ctx, &OF_TOOLS, id.0, |list| list.filter("ms.role = 'TOOL'")).await
    }

    /// Of TOOL messages: what the tool was asked.
    fn arguments(arguments: Option<Value>) -> Option<Json> {
        arguments.map(Json)
    }

    /// What the client has sent with it; null for nothing, and to others than the owner.
    fn metadata(metadata: Option<Value>) -> Option<Json> {
        metadata.map(Json)
    }
}
