//! What is added to people and to the viewer.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    permission::Permission,
    resolve::{Ctx, Request},
};
use lectern_macros::extends;

use super::{
    award::{AwardedBadge, awards_of},
    level::{Level, levels, reached},
    standing::{Streak, int, points_of, standing},
};
use crate::domains::identity::{User, Viewer};

/// Whether the viewer may see what a person has earned. A deleted person has nothing that is shown.
fn is_open(request: &Request, id: Id<User>, is_deleted: bool) -> Result<bool> {
    let actor = request.actor().ok_or_else(Error::unauthenticated)?;
    actor.require_subscription()?;
    Ok(!is_deleted && (actor.is(id.0) || actor.can(Permission::UserRead)))
}

/// What is added to people.
pub struct UserRewards;

#[extends(User)]
impl UserRewards {
    /// How many points they have. Null when you may not see it: it needs USER_READ, unless it is you.
    async fn points(id: Id<User>, is_deleted: bool, ctx: &Context<'_>) -> Result<Option<i32>> {
        if !is_open(ctx.request(), id, is_deleted)? {
            return Ok(None);
        }
        Ok(Some(int(points_of(ctx, id).await?)))
    }

    /// The number of the level that these points reach. Null when you may not see it: it needs USER_READ, unless it is you.
    async fn level(id: Id<User>, is_deleted: bool, ctx: &Context<'_>) -> Result<Option<i32>> {
        if !is_open(ctx.request(), id, is_deleted)? {
            return Ok(None);
        }
        let (levels, points) = (levels(ctx).await?, points_of(ctx, id).await?);
        Ok(levels.get(reached(&levels, points) - 1).map(|level| level.number))
    }

    /// The badges that they have, the latest first. Null when you may not see them: it needs USER_READ, unless it is you.
    #[cost(10)]
    async fn badges(id: Id<User>, is_deleted: bool, ctx: &Context<'_>) -> Result<Option<Vec<AwardedBadge>>> {
        if !is_open(ctx.request(), id, is_deleted)? {
            return Ok(None);
        }
        awards_of(ctx, id).await.map(Some)
    }
}

/// What is added to the viewer.
pub struct ViewerRewards;

#[extends(Viewer)]
impl ViewerRewards {
    /// How many points you have.
    async fn points(ctx: &Context<'_>) -> Result<i32> {
        Ok(int(standing(ctx).await?.points))
    }

    /// The level that they reach.
    async fn level(ctx: &Context<'_>) -> Result<Level> {
        let (mut levels, standing) = (levels(ctx).await?, standing(ctx).await?);
        let place = reached(&levels, standing.points) - 1;
        Ok(levels.swap_remove(place))
    }

    /// The next level; null where there is none.
    async fn next_level(ctx: &Context<'_>) -> Result<Option<Level>> {
        let (levels, standing) = (levels(ctx).await?, standing(ctx).await?);
        let place = reached(&levels, standing.points);
        Ok(levels.into_iter().nth(place))
    }

    /// The days in a row on which you have learned.
    async fn streak(ctx: &Context<'_>) -> Result<Streak> {
        Ok(standing(ctx).await?.streak)
    }

    /// The badges that you have, the latest first.
    #[cost(10)]
    async fn badges(ctx: &Context<'_>) -> Result<Vec<AwardedBadge>> {
        ctx.actor()?.require_subscription()?;
        awards_of(ctx, Id::from_uuid(ctx.actor()?.user)).await
    }

    /// Whether others see you on leaderboards. You always do.
    async fn is_on_leaderboards(ctx: &Context<'_>) -> Result<bool> {
        Ok(standing(ctx).await?.is_shown)
    }
}
