//! What earns points, levels, points by hand, and who is shown.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;

use super::{
    PointsEntry,
    inputs::{AdjustPointsInput, SetLeaderboardVisibilityInput, SetLevelsInput, UpdatePointsRuleInput, reason},
    level::{self, Level},
    points::{PointsRule, PointsRuleKey},
    sql,
};
use crate::domains::identity::{User, Viewer};

/// Mutations of points.
pub struct PointsMutations;

/// Levels of a school.
const MOST: usize = 20;

#[mutations("TenantSettings")]
impl PointsMutations {
    /// Says what something earns from now on; what was earned stays as it is. BAD_USER_INPUT for MANUAL.
    #[needs(GamificationManage)]
    async fn update_points_rule(
        ctx: &Context<'_>,
        /// The change.
        input: UpdatePointsRuleInput,
    ) -> Result<PointsRule> {
        if input.key == PointsRuleKey::Manual {
            return Err(Error::bad_input("key", "must be what points are earned by; MANUAL ones are given by `adjustPoints`"));
        }
        if input.points.is_some_and(|points| !(0..=10_000).contains(&points)) {
            return Err(Error::bad_input("points", "must be between 0 and 10000"));
        }
        ctx.tx().query(sql::SET_RULE, &[&input.key, &input.points, &input.is_active]).await?;
        let rows = ctx.tx().query(sql::RULE, &[&input.key]).await?;
        let row = rows.first().ok_or_else(|| Error::internal("a rule that nobody knows"))?;
        Ok(PointsRule::read(row)?)
    }

    /// Sets all levels of the school. BAD_USER_INPUT with the field unless they are 1 to 20, strictly rising from 0.
    #[needs(GamificationManage)]
    async fn set_levels(
        ctx: &Context<'_>,
        /// The levels.
        input: SetLevelsInput,
    ) -> Result<Vec<Level>> {
        if !(1..=MOST).contains(&input.levels.len()) {
            return Err(Error::bad_input("levels", format!("must hold 1 to {MOST} levels")));
        }
        let (mut names, mut points) = (Vec::with_capacity(input.levels.len()), Vec::with_capacity(input.levels.len()));
        for (place, level) in input.levels.iter().enumerate() {
            names.push(text::name(&format!("levels.{place}.name"), &level.name)?);
            let rises = points.last().map_or(level.min_points == 0, |before| level.min_points > *before);
            if !rises {
                let expected = if place == 0 { "must be 0" } else { "must be more than that of the level before" };
                return Err(Error::bad_input(format!("levels.{place}.minPoints"), expected));
            }
            points.push(level.min_points);
        }
        ctx.tx().query(sql::SET_LEVELS, &[&names, &points]).await?;
        level::levels(ctx).await
    }

    /// Gives somebody points, or takes some, for a reason. It stands in the ledger.
    #[about("PointsEntry")]
    #[needs(GamificationManage)]
    async fn adjust_points(
        ctx: &Context<'_>,
        /// Whose, how many and why.
        input: AdjustPointsInput,
    ) -> Result<Loaded<PointsEntry>> {
        let person = Id::<User>::parse("userId", &input.user_id)?;
        if input.points == 0 || !(-100_000..=100_000).contains(&input.points) {
            return Err(Error::bad_input("points", "must be between -100000 and 100000, and not 0"));
        }
        let reason = reason("reason", &input.reason)?;
        let entry = ctx.tx().value::<Option<Id<PointsEntry>>>(sql::ADJUST, &[&person, &input.points, &reason]).await?.flatten();
        let entry = entry.ok_or_else(|| Error::not_found("person").field("userId"))?;
        ctx.whole(entry).await?.ok_or_else(|| Error::internal("an entry that was written is not there"))
    }

    /// Says whether others see you on leaderboards.
    #[about("User")]
    async fn set_leaderboard_visibility(
        ctx: &Context<'_>,
        /// Whether they do.
        input: SetLeaderboardVisibilityInput,
    ) -> Result<Viewer> {
        ctx.tx().query(if input.is_shown { sql::SHOW } else { sql::HIDE }, &[]).await?;
        Ok(Viewer)
    }
}
