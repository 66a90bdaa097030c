//! Leaderboards: who of a course or a group has earned most.

use async_graphql::Context;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{sql, standing::int};
use crate::domains::{courses::Course, groups::Group, identity::User};

text_enum! {
    /// Which points a leaderboard counts, by the school's clock.
    pub enum LeaderboardPeriod {
        /// All that were ever earned.
        AllTime = "ALL_TIME",
        /// Those of the month that it is.
        ThisMonth = "THIS_MONTH",
        /// Those of the week that it is, from Monday on.
        ThisWeek = "THIS_WEEK",
    }
}

/// Who of the learners of a course, or of the members of a group, has earned most. Of a course the points count that were earned in it, of a group all.
#[object]
#[derive(Clone)]
pub struct Leaderboard {
    /// Those with most points first; with equal points by name.
    pub entries: Vec<LeaderboardEntry>,
    /// You, wherever you stand; null where you don't take part.
    pub viewer_entry: Option<LeaderboardEntry>,
    /// How many people are on it, without those who don't want to be shown.
    pub participants: i32,
}

/// Somebody on a leaderboard.
#[object(resolvers)]
#[derive(Clone, Debug)]
pub struct LeaderboardEntry {
    #[hidden]
    pub user_id: Id<User>,
    /// Where they stand: 1 for most points; equal points, equal rank.
    pub rank: i32,
    /// Their name, whether or not you see them otherwise.
    pub name: String,
    /// How many points.
    pub points: i32,
    /// Whether it is you.
    pub is_viewer: bool,
}

#[resolvers]
impl LeaderboardEntry {
    /// The person; null when you may not see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<Loaded<User>>> {
        ctx.whole(self.user_id).await
    }
}

/// Of what a leaderboard is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Of {
    /// A course.
    pub course: Option<Id<Course>>,
    /// Or a group.
    pub group: Option<Id<Group>>,
}

/// A leaderboard; none where the viewer may not see it.
///
/// # Errors
/// When the database can't be asked.
pub async fn leaderboard(ctx: &Context<'_>, of: Of, period: LeaderboardPeriod, most: i32) -> Result<Option<Leaderboard>> {
    if !ctx.tx().value::<bool>(sql::SEES_LEADERBOARD, &[&of.course, &of.group]).await?.unwrap_or(false) {
        return Ok(None);
    }
    let rows = ctx.tx().query(sql::LEADERBOARD, &[&of.course, &of.group, &period, &most]).await?;
    let mut board = Leaderboard { entries: Vec::with_capacity(rows.len()), viewer_entry: None, participants: 0 };
    for row in &rows {
        let mut reader = ColumnReader::new(row);
        let entry = LeaderboardEntry {
            rank: int(reader.next()?),
            user_id: reader.next()?,
            name: reader.next()?,
            points: int(reader.next()?),
            is_viewer: reader.next()?,
        };
        board.participants = int(reader.next()?);
        if entry.is_viewer {
            board.viewer_entry = Some(entry.clone());
        }
        // The viewer comes along wherever they stand.
        if board.entries.len() < usize::try_from(most).map_err(|_| Error::internal("a negative number of entries"))? {
            board.entries.push(entry);
        }
    }
    Ok(Some(board))
}
