//! Levels: what so many points make of somebody.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, DbError},
    error::{Error, Result},
    resolve::{Batch, Ctx},
};
use lectern_macros::object;

use super::sql;

/// What so many points make of somebody.
#[object]
#[derive(Clone, Debug)]
pub struct Level {
    /// Its number: 1 for the first.
    pub number: i32,
    /// Its name; 1 to 200 characters.
    pub name: String,
    /// From how many points on; 0 for the first.
    pub min_points: i32,
}

/// The levels of the school.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Levels;

impl Loader<Levels> for Batch {
    type Value = Vec<Level>;
    type Error = Error;

    async fn load(&self, _: &[Levels]) -> Result<HashMap<Levels, Vec<Level>>> {
        let rows = self.tx.query(sql::LEVELS, &[]).await?;
        let levels = rows.iter().map(|row| {
            let mut reader = ColumnReader::new(row);
            Ok(Level { number: reader.next()?, name: reader.next()?, min_points: reader.next()? })
        });
        let levels: Vec<Level> = levels.collect::<Result<_, DbError>>()?;
        Ok(HashMap::from([(Levels, levels)]))
    }
}

/// The levels of the school, from the first on.
///
/// # Errors
/// When the database can't be asked.
pub async fn levels(ctx: &Context<'_>) -> Result<Vec<Level>> {
    ctx.load(Levels).await?.filter(|levels| !levels.is_empty()).ok_or_else(|| Error::internal("a school without levels"))
}

/// How many of the levels so many points reach: at least one.
pub fn reached(levels: &[Level], points: i64) -> usize {
    levels.iter().filter(|level| i64::from(level.min_points) <= points).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_reached_with_its_points_and_the_first_by_everybody() {
        let level = |number: i32| Level { number, name: number.to_string(), min_points: 50 * number * (number - 1) };
        let levels: Vec<Level> = (1..=20).map(level).collect();
        for (points, number) in [(-5, 1), (0, 1), (99, 1), (100, 2), (299, 2), (300, 3), (18_999, 19), (19_000, 20), (1_000_000, 20)] {
            assert_eq!(reached(&levels, points), number, "{points}");
        }
    }
}
