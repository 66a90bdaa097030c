//! What reviews add to applications, people, and what a person has before them.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Ctx, Loaded, Nested, all, all_where},
};
use lectern_macros::extends;

use super::{
    ApplicationReview,
    review::EARLIEST,
    sql,
    summary::{FlagOf, ReviewSummary, SummaryOf},
};
use crate::domains::{applications::Application, identity::User, reports::Dashboard};

static REVIEWS: Nested = Nested::new("application.reviews", EARLIEST, "rv.application_id");
static OF_VIEWER: Nested = Nested::new("application.viewerReview", EARLIEST, "rv.application_id");

/// What is added to applications.
pub struct ApplicationReviews;

#[extends(Application)]
impl ApplicationReviews {
    /// Your own vote; null where you have not voted.
    #[cost(5)]
    async fn viewer_review(id: Id<Application>, ctx: &Context<'_>) -> Result<Option<Loaded<ApplicationReview>>> {
        let viewer = ctx.actor()?.user;
        let own = all_where(ctx, &OF_VIEWER, id.0, move |list| {
            let viewer = list.bind(viewer);
            list.filter(format!("rv.reviewer_id = {viewer}"));
        });
        Ok(own.await?.pop())
    }

    /// The votes, the first first; none on your own application.
    #[needs(ApplicationReview, ApplicationReadAll, ApplicationManage)]
    #[cost(20)]
    async fn reviews(id: Id<Application>, ctx: &Context<'_>) -> Result<Vec<Loaded<ApplicationReview>>> {
        all(ctx, &REVIEWS, id.0).await
    }

    /// How the votes stand; null on your own application.
    #[needs(ApplicationReview, ApplicationReadAll, ApplicationManage)]
    #[cost(5)]
    async fn review_summary(id: Id<Application>, ctx: &Context<'_>) -> Result<Option<ReviewSummary>> {
        ctx.load(SummaryOf(id)).await
    }
}

/// What is added to people.
pub struct UserFlag;

#[extends(User)]
impl UserFlag {
    /// Whether they are to get no place in any program.
    #[needs(ApplicationManage)]
    async fn red_flag(id: Id<User>, ctx: &Context<'_>) -> Result<bool> {
        Ok(ctx.load(FlagOf(id)).await?.is_some())
    }
}

/// What is added to the dashboard.
pub struct DashboardReviews;

#[extends(Dashboard)]
impl DashboardReviews {
    /// How many applications wait for your vote, in programs that name you as a reviewer.
    async fn pending_reviews(ctx: &Context<'_>) -> Result<i32> {
        let waiting: Option<i64> = ctx.tx().value(sql::PENDING, &[]).await?;
        Ok(i32::try_from(waiting.unwrap_or(0)).unwrap_or(i32::MAX))
    }
}
