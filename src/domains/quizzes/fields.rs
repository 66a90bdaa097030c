//! What quizzes add to lessons and courses.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Loaded, Nested, all},
};
use lectern_macros::extends;

use super::{
    QuestionPool, Quiz,
    lists::{OLDEST_POOL, OLDEST_QUIZ},
};
use crate::domains::{courses::Course, lessons::Lesson};

static QUIZ: Nested = Nested::new("lesson.quiz", OLDEST_QUIZ, "qz.lesson_id");
static POOLS: Nested = Nested::new("course.questionPools", OLDEST_POOL, "qp.course_id");

/// What is added to lessons.
pub struct LessonQuiz;

#[extends(Lesson)]
impl LessonQuiz {
    /// What a QUIZ asks. Null for any other kind, and while it is locked.
    #[cost(5)]
    async fn quiz(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<Loaded<Quiz>>> {
        Ok(all(ctx, &QUIZ, id.0).await?.pop())
    }
}

/// What is added to courses.
pub struct CoursePools;

#[extends(Course)]
impl CoursePools {
    /// The pools from which its quizzes draw questions, the oldest first, for those who write it; empty for anybody else.
    #[cost(10)]
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn question_pools(id: Id<Course>, ctx: &Context<'_>) -> Result<Vec<Loaded<QuestionPool>>> {
        all(ctx, &POOLS, id.0).await
    }
}
