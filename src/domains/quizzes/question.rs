//! A question, as its authors see it.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Ctx, DateTime},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{
    QuestionPool, Quiz,
    key::{AnswerKey, KeyOf, OptionsOf, QuestionOption},
};
use crate::domains::courses::Course;

text_enum! {
    /// What kind of answer a question takes.
    pub enum QuestionKind {
        /// One of 2 to 20 options, one of which is right.
        Single = "SINGLE",
        /// Any of 2 to 20 options, at least one of which is right.
        Multiple = "MULTIPLE",
        /// A number, which may differ by the tolerance. Numbers are compared as decimals.
        Numeric = "NUMERIC",
        /// A text, compared with 1 to 20 right ones in Unicode's form NFKC, trimmed, one blank for many, without case.
        ShortText = "SHORT_TEXT",
    }
}

/// A question as those who write the course see it. Learners never meet it: they get an AttemptQuestion, in attempts of their own.
#[object(table = "question", alias = "qn", id = "question", node(CourseUpdate, CourseUpdateAll), resolvers)]
#[derive(Clone, Debug)]
pub struct Question {
    /// Its id.
    pub id: Id<Question>,
    /// Where it stands in its quiz: 1 for the first; null in a pool, and for one that is asked no more.
    pub position: Option<i32>,
    /// What kind of answer it takes.
    pub kind: QuestionKind,
    /// What it asks; 1 to 10,000 characters.
    pub prompt: String,
    /// What it is worth. Drawn from a pool, it is worth what the draw says.
    pub points: f64,
    /// Whether everybody has its full points, whatever they answered.
    pub is_void: bool,
    /// The quiz; null in a pool.
    #[one]
    pub quiz_id: Option<Id<Quiz>>,
    /// The pool; null in a quiz.
    #[one]
    pub pool_id: Option<Id<QuestionPool>>,
    #[hidden]
    pub course_id: Id<Course>,
    #[hidden]
    pub created_at: DateTime,
    #[hidden]
    pub retired_at: Option<DateTime>,
}

#[resolvers]
impl Question {
    /// What can be chosen, in the author's order; empty where nothing can.
    #[cost(5)]
    async fn options(id: Id<Question>, ctx: &Context<'_>) -> Result<Vec<QuestionOption>> {
        Ok(ctx.load(OptionsOf(id)).await?.unwrap_or_default())
    }

    /// What is right; null in a survey.
    async fn key(id: Id<Question>, ctx: &Context<'_>) -> Result<Option<AnswerKey>> {
        Ok(ctx.load(KeyOf(id)).await?.and_then(|key| key.key))
    }

    /// Why it is right; null where nobody has said so.
    async fn explanation(id: Id<Question>, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(ctx.load(KeyOf(id)).await?.and_then(|key| key.explanation))
    }
}
