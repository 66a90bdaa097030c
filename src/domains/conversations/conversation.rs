//! What somebody and an agent say to each other.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Connection, Ctx, DateTime, Json, Loaded, Nested, Paging, all_where, many_where},
};
use lectern_macros::{object, resolvers};
use serde_json::Value;

use super::{Message, lists::BY_DEPTH, sql};
use crate::domains::{agents::Agent, courses::Course, identity::User, projects::Project};

/// What somebody and an agent say to each other. It is its owner's alone: no permission opens it. What the owner shares with a project is read by its members.
#[object(table = "conversation", alias = "cv", id = "conversation", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Its id.
    pub id: Id<Conversation>,
    /// Its title; null until the first message, unless one was given; then that message's first 60 characters.
    pub title: Option<String>,
    /// Whose it is; null when you may not see them.
    #[one]
    pub owner_id: Id<User>,
    /// Who answers; null when it is gone, or when you may not see it.
    #[one]
    pub agent_id: Option<Id<Agent>>,
    /// The project that it belongs to; null for none.
    #[one]
    pub project_id: Option<Id<Project>>,
    /// The course that it is about: its outline is read anew, as its owner, for each answer; null for none.
    #[one]
    pub course_id: Option<Id<Course>>,
    /// Whether its owner has put it away.
    pub is_archived: bool,
    /// Since when it is shared with its project; null where it is not. What came later is not among it.
    pub shared_at: Option<DateTime>,
    /// The end of the active branch; null before the first message, and to others where it is not shared.
    #[one]
    pub active_leaf_id: Option<Id<Message>>,
    /// When the last message came; null before the first.
    #[column("CASE WHEN {}.active_leaf_id IS NOT NULL THEN {}.last_message_at END")]
    pub last_message_at: Option<DateTime>,
    /// When it will be removed for good, as the school's `retentionDays` and its deletion have it; null for never.
    #[column("least({}.deleted_at + interval '30 days', {}.last_message_at + make_interval(days => (SELECT app.retention_days())))")]
    #[wide]
    pub expires_at: Option<DateTime>,
    /// When it was begun.
    pub created_at: DateTime,
    /// When it was deleted; its owner can restore it for 30 days.
    pub deleted_at: Option<DateTime>,
    #[hidden]
    #[wide]
    #[column("CASE WHEN {}.owner_id = app.user_id() THEN {}.context END")]
    pub context: Option<Value>,
}

static MESSAGES: Nested = Nested::new("conversation.messages", BY_DEPTH, "ms.conversation_id");
static SHARED_MESSAGES: Nested = Nested::new("conversation.sharedMessages", BY_DEPTH, "ms.conversation_id");
static RUNNING: Nested = Nested::new("conversation.runningAnswer", BY_DEPTH, "ms.conversation_id");

#[resolvers]
impl Conversation {
    /// What is given to the agent as data with each message, a JSON object; null for nothing, and to others than the owner.
    fn context(context: Option<Value>) -> Option<Json> {
        context.map(Json)
    }

    /// The messages of the active branch, the oldest first, without those of tools; to others than the owner, what is shared.
    async fn messages(id: Id<Conversation>, owner_id: Id<User>, ctx: &Context<'_>, page: Paging) -> Result<Connection<Message>> {
        let is_own = ctx.actor()?.is(owner_id.0);
        let nested = if is_own { &MESSAGES } else { &SHARED_MESSAGES };
        many_where(ctx, nested, id.0, page, move |list| {
            list.filter(if is_own { "ms.is_active" } else { "ms.is_shared" });
            list.filter("ms.role <> 'TOOL'");
        })
        .await
    }

    /// The answer that is being written; null for none, and to others than the owner.
    #[cost(5)]
    async fn running_answer(id: Id<Conversation>, ctx: &Context<'_>) -> Result<Option<Loaded<Message>>> {
        let running = all_where(ctx, &RUNNING, id.0, |list| list.filter("ms.state IN ('PENDING', 'RUNNING')"));
        Ok(running.await?.pop())
    }

    /// How many messages are on the active branch, without those of tools; to others than the owner, how many are shared.
    #[count(function = "app.message_counts", key = "conversation_id")]
    fn message_count() -> i32;

    /// How many tokens its answers have taken from the models' side of asking, those of all branches; null to others than the owner.
    async fn prompt_tokens(id: Id<Conversation>, owner_id: Id<User>, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(tokens(ctx, id, owner_id).await?.map(|(prompt, _)| prompt))
    }

    /// How many tokens its answers have, those of all branches; null to others than the owner.
    async fn completion_tokens(id: Id<Conversation>, owner_id: Id<User>, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(tokens(ctx, id, owner_id).await?.map(|(_, completion)| completion))
    }
}

/// What the answers of a conversation took; none to others than its owner.
async fn tokens(ctx: &Context<'_>, id: Id<Conversation>, owner: Id<User>) -> Result<Option<(i32, i32)>> {
    if !ctx.actor()?.is(owner.0) {
        return Ok(None);
    }
    Ok(Some(ctx.load(TokensOf(id)).await?.unwrap_or_default()))
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct TokensOf(Id<Conversation>);

impl Loader<TokensOf> for Batch {
    type Value = (i32, i32);
    type Error = Error;

    async fn load(&self, keys: &[TokensOf]) -> Result<HashMap<TokensOf, (i32, i32)>> {
        let ids: Vec<Id<Conversation>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::TOKENS, &[&ids]).await?;
        let int = |sum: i64| i32::try_from(sum).unwrap_or(i32::MAX);
        let read = |row| {
            let mut reader = ColumnReader::new(row);
            Ok((TokensOf(reader.next()?), (int(reader.next()?), int(reader.next()?))))
        };
        rows.iter().map(read).collect()
    }
}
