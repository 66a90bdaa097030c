//! Stopping answers, and letting them begin.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows as _},
};
use lectern_macros::mutations;

use super::{running::Answers, sql};
use crate::domains::conversations::Message;

/// Lets an answer begin once this request has committed. Where the process ends before that, the sweep finds it.
pub fn start(ctx: &Context<'_>, answer: Id<Message>) {
    let request = ctx.request();
    let (Some(actor), Some(claims), Some(answers)) = (request.actor(), request.claims, request.services.outside.find::<Answers>()) else {
        return;
    };
    let correlation_id = request.correlation_id.clone();
    request.once_committed(move || answers.start(answer.0, actor.tenant, actor.user, claims, correlation_id));
}

/// Mutations of answers.
pub struct AnswerMutations;

#[mutations("Message")]
impl AnswerMutations {
    /// Stops an answer of yours, in whichever process it is written: it is CANCELLED, and what there is of it stays. What it has taken counts, as it is estimated.
    /// One that has ended is answered unchanged.
    async fn cancel_answer(
        ctx: &Context<'_>,
        /// The answer's id.
        id: Id<Message>,
    ) -> Result<Loaded<Message>> {
        let is_own = ctx.tx().value::<bool>(sql::IS_OWN, &[&id]).await?;
        match is_own {
            None => return Err(Error::not_found("message").field("id")),
            Some(false) => return Err(Error::not_yours()),
            Some(true) => {}
        }
        if ctx.tx().value::<bool>(sql::CANCEL, &[&id]).await? == Some(true)
            && let Some(answers) = ctx.request().services.outside.find::<Answers>()
        {
            ctx.request().once_committed(move || answers.stop(id.0));
        }
        ctx.whole(id).await?.ok_or_else(|| Error::not_found("message").field("id"))
    }
}
