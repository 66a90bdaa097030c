//! Voting, and flagging people.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;

use super::{
    review::{ApplicationReview, ReviewApplicationInput, SetRedFlagInput},
    sql,
};
use crate::domains::{
    applications::{Application, answered},
    identity::User,
};

/// Mutations of reviews.
pub struct ReviewMutations;

#[mutations("Application")]
impl ReviewMutations {
    /// Votes on an application, in place of your vote before; then the rules of its program decide. With APPLICATION_REVIEW in programs that name you as a reviewer, with
    /// APPLICATION_MANAGE everywhere; else FORBIDDEN with NOT_YOURS, or NOT_FOUND where you don't see it. FORBIDDEN with OWN_APPLICATION for your own; CONFLICT with INVALID_TRANSITION unless
    /// it is IN_REVIEW, with PROGRAM_CLOSED for a vote that accepts it where the program does not run, or is over.
    #[needs(ApplicationReview, ApplicationManage)]
    async fn review_application(
        ctx: &Context<'_>,
        /// The vote.
        input: ReviewApplicationInput,
    ) -> Result<Loaded<Application>> {
        let id = Id::<Application>::parse("applicationId", &input.application_id)?;
        let note = input.note.as_deref().map(|note| text::long("note", note)).transpose()?.flatten();
        let made = Id::<ApplicationReview>::generate();
        let rows = answered(ctx.tx().query(sql::REVIEW, &[&id, &made, &input.decision, &note]).await, "applicationId")?;
        if !rows.first().is_some_and(|row| row.get::<_, bool>(0)) {
            return Err(ctx.untouched(id, "application").await.field("applicationId"));
        }
        ctx.whole(id).await?.ok_or_else(|| Error::not_found("application").field("applicationId"))
    }

    /// Flags a person, or takes the flag away. Whoever is flagged gets no place: what they have in review or on a waiting list is rejected, as is what they hand in. They are not told.
    #[needs(ApplicationManage)]
    #[about("User")]
    async fn set_red_flag(
        ctx: &Context<'_>,
        /// Whom, and why.
        input: SetRedFlagInput,
    ) -> Result<Loaded<User>> {
        let id = Id::<User>::parse("userId", &input.user_id)?;
        let note = input.note.as_deref().map(|note| text::long("note", note)).transpose()?.flatten();
        let person: User = ctx.get(id).await?.ok_or_else(|| Error::not_found("person").field("userId"))?;
        let rows = answered(ctx.tx().query(sql::FLAG, &[&person.id, &input.red_flag, &note]).await, "userId")?;
        if !rows.first().is_some_and(|row| row.get::<_, bool>(0)) {
            return Err(Error::not_found("person").field("userId"));
        }
        ctx.whole(id).await?.ok_or_else(|| Error::not_found("person").field("userId"))
    }
}
