//! Pools of questions.

use async_graphql::{Context, ID};
use lectern_kernel::{
    db::OnConstraint,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, DateTime, Insert, Loaded, Nested, Patch, all_where, text},
};
use lectern_macros::{mutations, object, resolvers, writes};

use super::{Question, lists::OLDEST_QUESTION, sql};
use crate::domains::courses::{Course, require_author};

/// Questions of a course from which quizzes draw. Seen by those who write the course.
#[object(table = "question_pool", alias = "qp", id = "pool", node(CourseUpdate, CourseUpdateAll), resolvers)]
#[derive(Clone, Debug)]
pub struct QuestionPool {
    /// Its id.
    pub id: Id<QuestionPool>,
    /// Its name; 1 to 200 characters.
    pub name: String,
    /// The course.
    #[one]
    pub course_id: Id<Course>,
    #[hidden]
    pub created_at: DateTime,
}

static QUESTIONS: Nested = Nested::new("pool.questions", OLDEST_QUESTION, "qn.pool_id");

#[resolvers]
impl QuestionPool {
    /// Its questions, the oldest first, without those that are asked no more.
    #[cost(20)]
    async fn questions(id: Id<QuestionPool>, ctx: &Context<'_>) -> Result<Vec<Loaded<Question>>> {
        all_where(ctx, &QUESTIONS, id.0, |list| list.filter("qn.retired_at IS NULL")).await
    }
}

/// A pool to be made.
#[writes(QuestionPool)]
pub struct CreateQuestionPoolInput {
    /// The course.
    #[by_hand]
    pub course_id: ID,
    /// Its name; 1 to 200 characters.
    #[check(text::name)]
    pub name: String,
}

/// A change of a pool.
#[writes(QuestionPool)]
pub struct UpdateQuestionPoolInput {
    /// The pool.
    #[by_hand]
    pub id: ID,
    /// Its new name; 1 to 200 characters.
    #[check(text::name)]
    pub name: String,
}

/// Mutations of pools.
pub struct PoolMutations;

#[mutations("QuestionPool")]
impl PoolMutations {
    /// Makes a pool of questions; at most 100 a course.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn create_question_pool(
        ctx: &Context<'_>,
        /// The pool.
        input: CreateQuestionPoolInput,
    ) -> Result<Loaded<QuestionPool>> {
        let course = Id::<Course>::parse("courseId", &input.course_id)?;
        let pool = Insert::<QuestionPool>::new().input(ctx, &input)?;
        require_author(ctx, "courseId", course).await?;
        Ok(pool
            .set(QuestionPool::COLUMNS.course_id, course)
            .run(ctx)
            .await
            .on_constraint("question_pool_count", |_| Error::bad_input("courseId", "has 100 pools already"))?)
    }

    /// Renames a pool.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn update_question_pool(
        ctx: &Context<'_>,
        /// The change.
        input: UpdateQuestionPoolInput,
    ) -> Result<Loaded<QuestionPool>> {
        let id = Id::<QuestionPool>::parse("id", &input.id)?;
        let pool = Patch::of(id).input(ctx, &input)?.run(ctx).await?;
        pool.ok_or_else(|| Error::not_found("pool").field("id"))
    }

    /// Deletes a pool with its questions. CONFLICT with IN_USE where a quiz draws upon it, and where attempts hold questions of it. Answers its id.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn delete_question_pool(
        ctx: &Context<'_>,
        /// The pool's id.
        id: Id<QuestionPool>,
    ) -> Result<Id<QuestionPool>> {
        let removed: Option<bool> = ctx.tx().value(sql::REMOVE_POOL, &[&id]).await.on_constraint("question_in_use", |_| {
            Error::conflict("IN_USE", "A quiz draws upon the pool, or attempts hold questions of it.").field("id")
        })?;
        if removed == Some(true) { Ok(id) } else { Err(Error::not_found("pool").field("id")) }
    }
}
