//! Reading conversations and messages.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Loaded, OrderBy, Paging, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Conversation, Message,
    lists::{ConversationFilter, ConversationOrders},
};

/// Queries of conversations.
pub struct ConversationQueries;

#[queries]
impl ConversationQueries {
    /// A conversation: your own, or one that was shared with a project of yours; null when there is none, or none that you may see.
    async fn conversation(
        ctx: &Context<'_>,
        /// The conversation's id.
        id: Id<Conversation>,
    ) -> Result<Option<Loaded<Conversation>>> {
        one(ctx, id).await
    }

    /// Your own conversations, the latest message first unless ordered otherwise.
    async fn conversations(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which conversations.
        filter: Option<ConversationFilter>,
        /// In which order.
        order_by: Option<OrderBy<ConversationOrders>>,
    ) -> Result<Option<Connection<Conversation>>> {
        let mut list = list_of::<Conversation>("conversations", OrderBy::or_usual(ctx, order_by));
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<ConversationFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// A message of a conversation; null when there is none, or none that you may see.
    async fn message(
        ctx: &Context<'_>,
        /// The message's id.
        id: Id<Message>,
    ) -> Result<Option<Loaded<Message>>> {
        one(ctx, id).await
    }
}
