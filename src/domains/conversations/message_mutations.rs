//! Choosing a branch, removing messages, rating answers.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;

use super::{
    Conversation, Message,
    inputs::{RateMessageInput, SelectBranchInput},
    refusals::{Asked, MESSAGE, refusal},
    sql,
};

/// Mutations of messages that are there.
pub struct MessageMutations;

#[mutations("Message")]
impl MessageMutations {
    /// Makes another branch of a conversation of your own the active one: that through a message, to its newest leaf. CONFLICT with ANSWER_RUNNING.
    #[about("Conversation")]
    async fn select_branch(
        ctx: &Context<'_>,
        /// Which.
        input: SelectBranchInput,
    ) -> Result<Loaded<Conversation>> {
        let message = Id::<Message>::parse("messageId", &input.message_id)?;
        let asked = Asked { field: "messageId", ..MESSAGE };
        let selected: Option<Id<Conversation>> = ctx.tx().value(sql::SELECT_BRANCH, &[&message]).await.map_err(refusal(asked))?;
        let conversation = selected.ok_or_else(|| Error::not_found("message").field("messageId"))?;
        ctx.row(sql::THIS, &[&conversation]).await?.ok_or_else(|| Error::internal("a conversation can't be read by its owner"))
    }

    /// Removes a message of a conversation of your own, and all that follows from it, for good; where it lay on the active branch, that ends with its parent. CONFLICT with
    /// ANSWER_RUNNING. Answers its id.
    async fn delete_message(
        ctx: &Context<'_>,
        /// The message's id.
        id: Id<Message>,
    ) -> Result<Id<Message>> {
        ctx.tx().query(sql::DELETE_MESSAGE, &[&id]).await.map_err(refusal(MESSAGE))?;
        Ok(id)
    }

    /// Says what you think of a finished answer of a conversation of your own, or takes it back. Whoever may change the agent sees the rating and the comment, and neither your
    /// name nor what was said. BAD_USER_INPUT for what is no finished answer.
    async fn rate_message(
        ctx: &Context<'_>,
        /// What you think, of which.
        input: RateMessageInput,
    ) -> Result<Loaded<Message>> {
        let id = Id::<Message>::parse("id", &input.id)?;
        let comment = input.comment.as_deref().map(|comment| text::long("comment", comment)).transpose()?.flatten();
        if input.rating.is_none() && comment.is_some() {
            return Err(Error::bad_input("comment", "goes with a rating"));
        }
        ctx.tx().query(sql::RATE, &[&id, &input.rating, &comment]).await.map_err(refusal(MESSAGE))?;
        ctx.row(sql::THIS_MESSAGE, &[&id]).await?.ok_or_else(|| Error::not_found("message").field("id"))
    }
}
