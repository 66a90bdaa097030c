//! What stands beside a program: how it reviews, who does, and which groups get in on terms of their own.

use async_graphql::Context;
use lectern_kernel::resolve::Ctx;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Loaded, Rows},
};
use lectern_macros::{extends, object, resolvers};

use super::{
    Program,
    loaders::TermsOfGroup,
    program::{ReviewStrategy, ReviewVeto},
};
use crate::domains::{groups::Group, identity::User};

/// How reviews decide about applications.
#[object]
#[derive(Clone, Debug)]
pub struct ReviewPolicy {
    /// How votes accept; null: managers decide.
    pub strategy: Option<ReviewStrategy>,
    /// Which votes reject, whatever the others say.
    pub veto: ReviewVeto,
    /// For THRESHOLD: how many yeses accept.
    pub approvals_needed: i32,
    /// For WEIGHTED: the sum of votes from which on an application is accepted.
    pub accept_score: i32,
    /// For WEIGHTED: the sum of votes down to which an application is rejected.
    pub reject_score: i32,
}

/// Somebody who reviews the applications of a program.
#[object(resolvers)]
#[derive(Clone, Debug)]
pub struct ProgramReviewer {
    #[hidden]
    pub user_id: Id<User>,
    /// Whether their vote is waited for.
    pub is_required: bool,
}

#[resolvers]
impl ProgramReviewer {
    /// Who; null when you may not see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<Loaded<User>>> {
        ctx.whole(self.user_id).await
    }
}

/// A group that gets into a program on terms of its own.
#[object(resolvers)]
#[derive(Clone, Debug)]
pub struct ProgramGroup {
    #[hidden]
    pub program_id: Id<Program>,
    #[hidden]
    pub group_id: Id<Group>,
    /// What its members get off, in percent; 0 for nothing.
    pub percent_off: f64,
    /// How many attendees its leaders may bring as members, in all its applications together; null: any number.
    pub max_members: Option<i32>,
    /// How many such attendees there are.
    pub member_count: i32,
    /// Whether an application for the group is accepted without a review.
    pub auto_accept: bool,
}

#[resolvers]
impl ProgramGroup {
    /// The program; null when you may not see it.
    async fn program(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Program>>> {
        ctx.whole(self.program_id).await
    }

    /// The group; null when you may not see it.
    async fn group(&self, ctx: &Context<'_>) -> Result<Option<Loaded<Group>>> {
        ctx.whole(self.group_id).await
    }
}

/// What is added to groups.
pub struct GroupPrograms;

#[extends(Group)]
impl GroupPrograms {
    /// The programs that it gets into on terms of its own, of those that you may see: its members see their own group's, PROGRAM_MANAGE and APPLICATION_READ_ALL all.
    #[cost(10)]
    async fn program_groups(id: Id<Group>, ctx: &Context<'_>) -> Result<Vec<ProgramGroup>> {
        Ok(ctx.load(TermsOfGroup(id)).await?.unwrap_or_default())
    }
}
