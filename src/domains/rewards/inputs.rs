//! Inputs of mutations.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::text,
};
use lectern_macros::writes;

use super::{Badge, badge::BadgeRule, points::PointsRuleKey};

/// Why something is done: 1 to 10,000 characters.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn reason(field: &str, input: &str) -> Result<String> {
    text::long(field, input)?.ok_or_else(|| Error::bad_input(field, "must have 1 to 10000 characters, not only blanks"))
}

/// A change of what something earns from now on. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdatePointsRuleInput {
    /// What it is; not MANUAL.
    pub key: PointsRuleKey,
    /// How many points it earns; 0 to 10,000.
    pub points: Option<i32>,
    /// Whether it earns any.
    pub is_active: Option<bool>,
}

/// The levels of the school.
#[derive(InputObject)]
pub struct SetLevelsInput {
    /// All of them, from the first on: 1 to 20, the first from 0 points on, each from more than the one before.
    pub levels: Vec<LevelInput>,
}

/// A level.
#[derive(InputObject)]
pub struct LevelInput {
    /// Its name; 1 to 200 characters.
    pub name: String,
    /// From how many points on.
    pub min_points: i32,
}

/// Points that are given or taken.
#[derive(InputObject)]
pub struct AdjustPointsInput {
    /// To or from whom.
    pub user_id: ID,
    /// How many: -100,000 to 100,000, not 0; negative ones are taken.
    pub points: i32,
    /// Why; 1 to 10,000 characters.
    pub reason: String,
}

/// A badge.
#[writes(Badge)]
pub struct CreateBadgeInput {
    /// Its name; 1 to 200 characters.
    #[check(text::name)]
    pub name: String,
    /// What it stands for; at most 10,000 characters.
    #[check(text::long)]
    pub description: Option<String>,
    /// Its picture: a file of yours, or with FILE_MANAGE any.
    #[by_hand]
    pub icon_file_id: Option<ID>,
    /// What it is earned by. It never changes.
    #[by_hand]
    pub rule: BadgeRule,
    /// How much of it: for POINTS, STREAK_DAYS and COURSES_COMPLETED, from 1 on.
    #[by_hand]
    pub threshold: Option<i32>,
    /// The course: for COURSE_COMPLETED.
    #[by_hand]
    pub course_id: Option<ID>,
    /// The learning path: for PATH_COMPLETED.
    #[by_hand]
    pub path_id: Option<ID>,
}

/// A change of a badge. What is left out stays as it is; an explicit null clears.
#[writes(Badge)]
pub struct UpdateBadgeInput {
    /// The badge.
    #[by_hand]
    pub id: ID,
    /// A new name; 1 to 200 characters; not null.
    #[check(text::name)]
    pub name: MaybeUndefined<String>,
    /// What it stands for; at most 10,000 characters; null for nothing.
    #[check(text::long)]
    pub description: MaybeUndefined<String>,
    /// Its picture: a file of yours, or with FILE_MANAGE any; null for none.
    #[by_hand]
    pub icon_file_id: MaybeUndefined<ID>,
}

/// A badge that somebody is given.
#[derive(InputObject)]
pub struct AwardBadgeInput {
    /// The badge.
    pub badge_id: ID,
    /// To whom.
    pub user_id: ID,
    /// Why; 1 to 10,000 characters.
    pub reason: String,
}

/// A badge that is taken away.
#[derive(InputObject)]
pub struct RevokeBadgeInput {
    /// The badge.
    pub badge_id: ID,
    /// From whom.
    pub user_id: ID,
    /// Why; 1 to 10,000 characters.
    pub reason: String,
}

/// Whether others see you on leaderboards.
#[derive(InputObject)]
pub struct SetLeaderboardVisibilityInput {
    /// Whether they do.
    pub is_shown: bool,
}
