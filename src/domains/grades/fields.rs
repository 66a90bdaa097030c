//! What grades add to enrollments and lessons.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Ctx, Loaded, Nested, all},
};
use lectern_macros::extends;

use super::{
    Extension, Grade, GradesOf,
    grade::{OwnGradeOf, TotalsOf},
};
use crate::domains::{enrollments::Enrollment, lessons::Lesson};

/// Extensions, the oldest first.
const OLDEST: Order = Order { key: SortKey::moment("CREATED_AT", "xt.created_at"), id: "xt.id", descending: false };

static EXTENSIONS: Nested = Nested::new("lesson.extensions", OLDEST, "xt.lesson_id");

/// What is added to enrollments.
pub struct EnrollmentGrades;

#[extends(Enrollment)]
impl EnrollmentGrades {
    /// The weighted mean of the person's released grades, in percent to two places. Null where there is none, and for who may not see it: it shows to the
    /// person, to those who grade the course, and to GRADE_READ_ALL.
    async fn current_grade(id: Id<Enrollment>, ctx: &Context<'_>) -> Result<Option<f64>> {
        Ok(ctx.load(TotalsOf(id)).await?.and_then(|totals| totals.current))
    }

    /// The same with what is missing as 0. Null where nothing in the course is graded, and for who may not see it.
    async fn final_grade(id: Id<Enrollment>, ctx: &Context<'_>) -> Result<Option<f64>> {
        Ok(ctx.load(TotalsOf(id)).await?.and_then(|totals| totals.final_grade))
    }

    /// What the person's work is worth, for each published, graded lesson of the course in their order. Empty for who may not see it.
    #[cost(20)]
    async fn grades(id: Id<Enrollment>, ctx: &Context<'_>) -> Result<Vec<Grade>> {
        Ok(ctx.load(GradesOf(id)).await?.unwrap_or_default())
    }
}

/// What is added to lessons.
pub struct LessonGrades;

#[extends(Lesson)]
impl LessonGrades {
    /// What your own work in it is worth; null where you are not enrolled, and where it is not graded. It stays when your enrollment ends.
    async fn viewer_grade(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Option<Grade>> {
        ctx.load(OwnGradeOf(id)).await
    }

    /// Who has more time or more tries in it, the oldest first. Empty for who does not grade the course.
    #[cost(20)]
    #[needs(GradeManage)]
    async fn extensions(id: Id<Lesson>, ctx: &Context<'_>) -> Result<Vec<Loaded<Extension>>> {
        all(ctx, &EXTENSIONS, id.0).await
    }
}
