//! What people have earned so far: points and streaks.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, Date},
};
use lectern_macros::object;

use super::sql;
use crate::domains::identity::User;

/// Days in a row, by the school's clock, on which you have opened or completed a lesson, taken a quiz or handed something in.
#[object]
#[derive(Clone, Debug)]
pub struct Streak {
    /// How many up to today, or up to yesterday as long as today may still be added; 0 where there is none.
    pub current: i32,
    /// How many the longest was.
    pub longest: i32,
    /// The latest such day; null for none.
    pub last_active_on: Option<Date>,
}

/// What the viewer has earned.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Their points.
    pub points: i64,
    /// Their streak.
    pub streak: Streak,
    /// Whether others see them on leaderboards.
    pub is_shown: bool,
}

/// Points as the schema has them.
pub fn int(points: i64) -> i32 {
    i32::try_from(points).unwrap_or(if points < 0 { i32::MIN } else { i32::MAX })
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct OwnStanding;

impl Loader<OwnStanding> for Batch {
    type Value = Standing;
    type Error = Error;

    async fn load(&self, _: &[OwnStanding]) -> Result<HashMap<OwnStanding, Standing>> {
        let rows = self.tx.query(sql::STANDING, &[]).await?;
        let mut found = HashMap::with_capacity(1);
        if let Some(row) = rows.first() {
            let mut reader = ColumnReader::new(row);
            let points = reader.next()?;
            let streak = Streak { current: reader.next()?, longest: reader.next()?, last_active_on: reader.next()? };
            found.insert(OwnStanding, Standing { points, streak, is_shown: reader.next()? });
        }
        Ok(found)
    }
}

/// What the viewer has earned.
///
/// # Errors
/// `SUBSCRIPTION_EXPIRED`; when the database can't be asked.
pub async fn standing(ctx: &Context<'_>) -> Result<Standing> {
    ctx.actor()?.require_subscription()?;
    ctx.load(OwnStanding).await?.ok_or_else(|| Error::internal("a question without an answer"))
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct PointsOf(Id<User>);

impl Loader<PointsOf> for Batch {
    type Value = i64;
    type Error = Error;

    async fn load(&self, keys: &[PointsOf]) -> Result<HashMap<PointsOf, i64>> {
        let people: Vec<Id<User>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::with_capacity(keys.len());
        for row in &self.tx.query(sql::POINTS, &[&people]).await? {
            let mut reader = ColumnReader::new(row);
            found.insert(PointsOf(reader.next()?), reader.next()?);
        }
        Ok(found)
    }
}

/// The points of a person whom the viewer sees.
///
/// # Errors
/// When the database can't be asked.
pub async fn points_of(ctx: &Context<'_>, person: Id<User>) -> Result<i64> {
    Ok(ctx.load(PointsOf(person)).await?.unwrap_or(0))
}
