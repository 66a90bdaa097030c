//! Reading quizzes, questions and attempts.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    permission::Permission::{GradeManage, GradeReadAll},
    resolve::{Connection, Ctx, Forward, Loaded, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Question, QuestionPool, Quiz, QuizAttempt,
    lists::{LATEST_ATTEMPT, QuizAttemptFilter},
};

/// Queries of quizzes.
pub struct QuizQueries;

#[queries]
impl QuizQueries {
    /// A quiz; null when there is none, or none that you may see: while its lesson is locked there is none.
    #[needs(CourseRead)]
    async fn quiz(
        ctx: &Context<'_>,
        /// The quiz's id.
        id: Id<Quiz>,
    ) -> Result<Option<Loaded<Quiz>>> {
        one(ctx, id).await
    }

    /// A question, for those who write its course; null for anybody else.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn question(
        ctx: &Context<'_>,
        /// The question's id.
        id: Id<Question>,
    ) -> Result<Option<Loaded<Question>>> {
        one(ctx, id).await
    }

    /// A pool of questions, for those who write its course; null for anybody else.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn question_pool(
        ctx: &Context<'_>,
        /// The pool's id.
        id: Id<QuestionPool>,
    ) -> Result<Option<Loaded<QuestionPool>>> {
        one(ctx, id).await
    }

    /// An attempt at a quiz; null when there is none, or none that you may see.
    async fn quiz_attempt(
        ctx: &Context<'_>,
        /// The attempt's id.
        id: Id<QuizAttempt>,
    ) -> Result<Option<Loaded<QuizAttempt>>> {
        one(ctx, id).await
    }

    /// The attempts that you may see, the latest first: your own, with GRADE_MANAGE those in the courses that you are staff of, with
    /// GRADE_READ_ALL all of the school.
    async fn quiz_attempts(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.")] paging: Forward,
        /// Which attempts.
        filter: Option<QuizAttemptFilter>,
    ) -> Result<Option<Connection<QuizAttempt>>> {
        let mut list = list_of::<QuizAttempt>("quizAttempts", LATEST_ATTEMPT);
        filter.unwrap_or_default().check()?.narrow(&mut list);
        let actor = ctx.actor()?;
        if !actor.can(GradeManage) && !actor.can(GradeReadAll) {
            // As the policy says, which would be asked of every attempt.
            let me = list.bind(actor.user);
            list.filter(format!("qa.user_id = {me}"));
        }
        page(ctx, filtered::<QuizAttemptFilter>(ctx, list)?, paging).await.map(Some)
    }
}
