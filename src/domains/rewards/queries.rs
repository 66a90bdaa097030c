//! Reading what is earned.

use async_graphql::{Context, ID};
use lectern_kernel::{
    db::MAX_PAGE,
    error::{Error, Result},
    ids::Id,
    permission::Permission::GamificationManage,
    resolve::{Connection, Ctx, Forward, Loaded, Rows, cost, filtered, list_of, page},
};
use lectern_macros::queries;

use super::{
    Badge, PointsEntry,
    leaderboard::{self, Leaderboard, LeaderboardPeriod, Of},
    level::{self, Level},
    points::{LATEST, PointsEntryFilter, PointsRule},
    sql,
};

/// Queries of rewards.
pub struct RewardQueries;

/// Entries of a leaderboard unless more or fewer are asked for.
const USUAL: i32 = 20;

#[queries]
impl RewardQueries {
    /// The badges of the school, by name.
    #[cost(20)]
    async fn badges(ctx: &Context<'_>) -> Result<Option<Vec<Loaded<Badge>>>> {
        Ok(Some(ctx.rows::<Badge>(&sql::badges(), &[]).await?))
    }

    /// The levels of the school, from the first on.
    #[cost(20)]
    async fn levels(ctx: &Context<'_>) -> Result<Option<Vec<Level>>> {
        level::levels(ctx).await.map(Some)
    }

    /// What earns points in the school, and how many.
    #[needs(GamificationManage)]
    #[cost(6)]
    async fn points_rules(ctx: &Context<'_>) -> Result<Vec<PointsRule>> {
        let rows = ctx.tx().query(sql::RULES, &[]).await?;
        rows.iter().map(|row| PointsRule::read(row).map_err(Error::from)).collect()
    }

    /// What was earned, the latest first: by you, or, with GAMIFICATION_MANAGE, by everybody.
    async fn points_entries(
        ctx: &Context<'_>,
        paging: Forward,
        /// Which of it.
        filter: Option<PointsEntryFilter>,
    ) -> Result<Option<Connection<PointsEntry>>> {
        let mut list = list_of::<PointsEntry>("pointsEntries", LATEST);
        let actor = ctx.actor()?;
        if !actor.can(GamificationManage) {
            // The policy says so as well, but would be asked of every entry of the school.
            let own = list.bind(actor.user);
            list.filter(format!("pe.user_id = {own}"));
        }
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<PointsEntryFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// Who of the learners of a course, or of the members of a group, has earned most. Null for who has no part in it, and while the school shows none.
    /// Whoever does not want to be shown is left out, and so is the staff. BAD_USER_INPUT unless exactly one of both ids is given.
    #[cost(cost::page)]
    async fn leaderboard(
        ctx: &Context<'_>,
        /// The course.
        course_id: Option<ID>,
        /// Or the group.
        group_id: Option<ID>,
        /// Which points count; ALL_TIME unless given.
        period: Option<LeaderboardPeriod>,
        /// How many entries; 1 to 100, 20 unless given.
        first: Option<i32>,
    ) -> Result<Option<Leaderboard>> {
        let of = Of { course: Id::parse_opt("courseId", course_id.as_ref())?, group: Id::parse_opt("groupId", group_id.as_ref())? };
        if of.course.is_some() == of.group.is_some() {
            return Err(Error::bad_input("courseId", "or `groupId`: exactly one of them is required"));
        }
        let first = first.unwrap_or(USUAL);
        if !(1..=MAX_PAGE).contains(&first) {
            return Err(Error::bad_input("first", format!("must be between 1 and {MAX_PAGE}")));
        }
        leaderboard::leaderboard(ctx, of, period.unwrap_or(LeaderboardPeriod::AllTime), first).await
    }
}
