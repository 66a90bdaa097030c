//! Changing quizzes, and the order of their questions.

use std::collections::HashSet;

use async_graphql::Context;
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Patch, Rows},
};
use lectern_macros::mutations;

use super::{
    Question, QuestionPool, Quiz, QuizMode,
    inputs::{QuizDrawInput, ReorderQuestionsInput, UpdateQuizInput, points},
    sql,
};
use crate::domains::courses::{Course, require_author};

/// Mutations of quizzes.
pub struct QuizMutations;

/// Questions of a quiz.
pub const MOST: usize = 500;

/// A quiz that the actor may change, while nobody else writes, starts or hands in anything of its course.
pub async fn own_quiz(ctx: &Context<'_>, field: &str, id: Id<Quiz>) -> Result<Quiz> {
    let quiz = ctx.get(id).await?.ok_or_else(|| Error::not_found("quiz").field(field))?;
    require_author(ctx, field, quiz.course_id).await?;
    lock_keys(ctx, quiz.course_id).await?;
    Ok(quiz)
}

/// Waits for the turn of a course's keys.
pub async fn lock_keys(ctx: &Context<'_>, course: Id<Course>) -> Result<()> {
    ctx.tx().query(sql::LOCK_KEYS, &[&course]).await?;
    Ok(())
}

/// Nothing would be asked.
pub fn empty(field: &str) -> Error {
    Error::conflict("EMPTY_QUIZ", "A published quiz asks at least one question.").field(field)
}

/// What is to be drawn: pools, how many of each, what one is worth.
#[derive(Default)]
struct Draws {
    pools: Vec<Id<QuestionPool>>,
    counts: Vec<i32>,
    worth: Vec<f64>,
}

fn draws_of(draws: &[QuizDrawInput]) -> Result<Draws> {
    let mut drawn = Draws::default();
    if draws.len() > 100 {
        return Err(Error::bad_input("draws", "must hold at most 100 draws"));
    }
    for (index, draw) in draws.iter().enumerate() {
        let pool = Id::<QuestionPool>::parse(&format!("draws.{index}.poolId"), &draw.pool_id)?;
        if drawn.pools.contains(&pool) {
            return Err(Error::bad_input(format!("draws.{index}.poolId"), "stands in the list twice"));
        }
        if !(1..=500).contains(&draw.count) {
            return Err(Error::bad_input(format!("draws.{index}.count"), "must be between 1 and 500"));
        }
        drawn.worth.push(points(&format!("draws.{index}.points"), &draw.points)?);
        drawn.pools.push(pool);
        drawn.counts.push(draw.count);
    }
    Ok(drawn)
}

/// Sets what a quiz draws.
async fn draw(ctx: &Context<'_>, quiz: &Quiz, mode: QuizMode, draws: &[QuizDrawInput]) -> Result<()> {
    let Draws { pools, counts, worth } = draws_of(draws)?;
    if mode == QuizMode::Survey && !pools.is_empty() {
        return Err(Error::bad_input("draws", "must be empty: a survey asks its own questions"));
    }
    ctx.tx().query(sql::CLEAR_DRAWS, &[&quiz.id]).await?;
    if !pools.is_empty() {
        let there = ctx.tx().query(sql::ADD_DRAWS, &[&quiz.id, &quiz.course_id, &pools, &counts, &worth]).await?;
        let there: HashSet<Id<QuestionPool>> = there.iter().map(|row| row.get(0)).collect();
        if let Some(index) = pools.iter().position(|pool| !there.contains(pool)) {
            return Err(Error::not_found("pool of this course").field(format!("draws.{index}.poolId")));
        }
    }
    let small = |place: i64| {
        let field = format!("draws.{place}.count");
        Error::conflict("POOL_TOO_SMALL", "The pool has fewer questions than are to be drawn.").field(field)
    };
    ctx.tx()
        .query(sql::CHECK_DRAWS, &[&quiz.id])
        .await
        .on_constraint("quiz_pool_small", |error| small(error.number("place").unwrap_or(0)))
        .on_constraint("quiz_draw_count", |_| Error::bad_input("draws", "make attempts of more than 500 questions"))
        .on_constraint("quiz_empty", |_| empty("draws"))?;
    Ok(())
}

#[mutations("Quiz")]
impl QuizMutations {
    /// Changes a quiz. What is left out stays as it is. CONFLICT with IN_USE for another mode once somebody has begun, and between a survey and
    /// anything else as long as something is asked; with POOL_TOO_SMALL where more is drawn from a pool than it has; with EMPTY_QUIZ where a published
    /// quiz would ask nothing.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn update_quiz(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateQuizInput,
    ) -> Result<Loaded<Quiz>> {
        let id = Id::<Quiz>::parse("id", &input.id)?;
        let change = Patch::of(id).input(ctx, &input)?;
        if input.draws.is_null() {
            return Err(Error::bad_input("draws", "can't be null: leave it out to keep it"));
        }
        let quiz = own_quiz(ctx, "id", id).await?;
        let changed = change
            .run(ctx)
            .await
            .on_constraint("quiz_mode_fixed", |_| {
                Error::conflict("IN_USE", "Somebody has begun the quiz, or its questions are of another sort.").field("mode")
            })
            .on_constraint("quiz_span_check", |_| Error::bad_input("closesAt", "must be later than `opensAt`"))?;
        let changed = changed.ok_or_else(|| Error::not_found("quiz").field("id"))?;
        if let Some(draws) = input.draws.value() {
            draw(ctx, &quiz, changed.get(Quiz::COLUMNS.mode)?, draws).await?;
        }
        Ok(changed)
    }

    /// Puts the questions of a quiz into a new order, all at once.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn reorder_questions(
        ctx: &Context<'_>,
        /// The new order.
        input: ReorderQuestionsInput,
    ) -> Result<Loaded<Quiz>> {
        let id = Id::<Quiz>::parse("quizId", &input.quiz_id)?;
        let wanted = Id::<Question>::parse_list("questionIds", &input.question_ids, MOST)?;
        own_quiz(ctx, "quizId", id).await?;
        let present = ctx.tx().query(sql::QUESTION_IDS, &[&id]).await?;
        let present: HashSet<Id<Question>> = present.iter().map(|row| row.get(0)).collect();
        if let Some(index) = wanted.iter().position(|id| !present.contains(id)) {
            return Err(Error::not_found("question of this quiz").field(format!("questionIds.{index}")));
        }
        if wanted.len() != present.len() {
            return Err(Error::bad_input("questionIds", format!("must name all {} questions of the quiz, each once", present.len())));
        }
        ctx.tx().query(sql::REORDER, &[&id, &wanted]).await?;
        ctx.whole(id).await?.ok_or_else(|| Error::not_found("quiz").field("quizId"))
    }
}
