//! What assignments add to lessons.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    permission::Permission::{CourseUpdateAll, GradeReadAll},
    resolve::{Ctx, Loaded, Nested, all_where},
};
use lectern_macros::extends;

use super::{Assignment, lists::BY_LESSON};
use crate::domains::lessons::Lesson;

static OF_LESSON: Nested = Nested::new("lesson.assignment", BY_LESSON, "ag.lesson_id");

/// What is added to lessons.
pub struct LessonAssignment;

#[extends(Lesson)]
impl LessonAssignment {
    /// What it asks people to hand in. Null where it is no ASSIGNMENT, and while it is locked.
    #[cost(2)]
    async fn assignment(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<Loaded<Assignment>>> {
        let actor = ctx.actor()?;
        // Whoever reads all grades reads every assignment, but the lesson is locked for them all the same.
        let looks_past = actor.can(GradeReadAll) && !actor.can(CourseUpdateAll);
        let found = all_where(ctx, &OF_LESSON, id.0, move |list| {
            if looks_past {
                list.filter("NOT EXISTS (SELECT FROM app.lesson_locks(ARRAY[ag.lesson_id]) AS k)");
            }
        });
        Ok(found.await?.pop())
    }
}
