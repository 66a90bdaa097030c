//! An attempt at a quiz.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Ctx, DateTime},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{
    Quiz,
    score::{HistoryOf, ScoreChange},
    sheet::{AttemptQuestion, ReviewableOf, SheetOf},
};
use crate::domains::{courses::Course, identity::User};

text_enum! {
    /// Where an attempt stands. It moves from IN_PROGRESS to SUBMITTED or VOID, and from SUBMITTED to VOID.
    pub enum AttemptStatus {
        /// Under way.
        InProgress = "IN_PROGRESS",
        /// Handed in, or closed when its time was over.
        Submitted = "SUBMITTED",
        /// It counts nowhere, and not as an attempt.
        Void = "VOID",
    }
}

/// An attempt at a quiz. You see your own; those who grade the course, and GRADE_READ_ALL, see everybody's.
#[object(table = "quiz_attempt", alias = "qa", id = "attempt", node, resolvers)]
#[derive(Clone, Debug)]
pub struct QuizAttempt {
    /// Its id.
    pub id: Id<QuizAttempt>,
    /// The person's first one is 1.
    pub number: i32,
    /// Where it stands.
    pub status: AttemptStatus,
    /// When it began.
    pub started_at: DateTime,
    /// When its time is over, inclusive; null: never.
    pub ends_at: Option<DateTime>,
    /// When it was handed in, or closed; null while it is under way.
    pub submitted_at: Option<DateTime>,
    /// Whether it was closed when its time was over, with what had been saved.
    pub is_auto_submitted: bool,
    /// What it is worth; null until it is submitted, and in a survey.
    pub score: Option<f64>,
    /// What it could be worth; 0 in a survey.
    pub max_score: f64,
    /// The share of that, 0 to 100, to two places.
    pub percent: Option<f64>,
    /// Whether it passes; null until it is submitted, and where the quiz asks for no mark.
    pub is_passed: Option<bool>,
    /// The quiz; null while its lesson is locked for you.
    #[one]
    pub quiz_id: Id<Quiz>,
    /// Whose it is; null when you may not see them.
    #[one]
    pub user_id: Id<User>,
    /// Why it is VOID; null where nobody has said so.
    #[wide]
    pub void_reason: Option<String>,
    #[hidden]
    pub course_id: Id<Course>,
}

#[resolvers]
impl QuizAttempt {
    /// Whether its owner sees marks, keys and explanations, by the quiz's `review`.
    async fn is_reviewable(id: Id<QuizAttempt>, ctx: &Context<'_>) -> Result<bool> {
        Ok(ctx.load(ReviewableOf(id)).await?.is_some())
    }

    /// What it asks, in its order, for its owner and for those who grade the course; empty for anybody else.
    #[cost(20)]
    async fn questions(id: Id<QuizAttempt>, ctx: &Context<'_>) -> Result<Vec<AttemptQuestion>> {
        Ok(ctx.load(SheetOf(id)).await?.unwrap_or_default())
    }

    /// How its score came about, the first one first.
    #[cost(5)]
    async fn score_history(id: Id<QuizAttempt>, ctx: &Context<'_>) -> Result<Vec<ScoreChange>> {
        Ok(ctx.load(HistoryOf(id)).await?.unwrap_or_default())
    }
}
