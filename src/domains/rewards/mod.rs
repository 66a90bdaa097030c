//! Rewards: what people earn by learning. Tables: `points_rule`, `level`, `points_entry`, `reward_standing`, `course_points`, `leaderboard_absence`, `badge`,
//! `badge_award`.
//!
//! Permission: GAMIFICATION_MANAGE (says what earns what, gives by hand). Earning takes none: triggers on what is learned do it.
//! Invariants, kept by the database: the ledger only grows, and holds each thing once for each person; balances are its sums; a badge is had once;
//! levels rise strictly from 0; who does not want to be shown is on no leaderboard but their own.

mod award;
mod badge;
mod badge_mutations;
mod fields;
mod inputs;
mod jobs;
mod kinds;
mod leaderboard;
mod level;
mod points;
mod points_mutations;
mod queries;
mod sql;
mod standing;

use lectern_kernel::{ids::Kind as _, resolve::registry::Domain};

use crate::domains::identity::User;

pub use self::{
    badge::Badge,
    kinds::{BADGE_AWARDED, COURSE_COMPLETED},
    points::PointsEntry,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[
        points::PointsRule::object,
        PointsEntry::object,
        level::Level::object,
        standing::Streak::object,
        Badge::object,
        award::AwardedBadge::object,
        leaderboard::Leaderboard::object,
        leaderboard::LeaderboardEntry::object,
    ],
    operations: &[
        queries::RewardQueries::OPERATIONS,
        points_mutations::PointsMutations::OPERATIONS,
        badge_mutations::BadgeMutations::OPERATIONS,
    ],
    extensions: &[&fields::UserRewards::EXTENSION, &fields::ViewerRewards::EXTENSION],
    jobs: &[jobs::AWARD, jobs::SWEEP],
    references: &[("badge_id", Badge::PREFIX)],
    parts: &[
        ("TenantSettings", "points", "pointsRule"),
        ("TenantSettings", "min_points", "level"),
        (User::TYPE, "hidden_at", "leaderboardAbsence"),
        (Badge::TYPE, "user_id", "award"),
    ],
    ..Domain::new("rewards")
};
