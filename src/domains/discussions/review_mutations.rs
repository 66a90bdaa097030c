//! Reviewing courses.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;

use super::{CourseReview, inputs::ReviewCourseInput, sql};
use crate::domains::courses::Course;

/// Mutations of reviews.
pub struct ReviewMutations;

#[mutations("CourseReview")]
impl ReviewMutations {
    /// Says what you think of a course that you have completed at some time: FORBIDDEN with NOT_COMPLETED otherwise. Again replaces what you have said.
    #[needs(EnrollmentSelf)]
    async fn review_course(
        ctx: &Context<'_>,
        /// The review.
        input: ReviewCourseInput,
    ) -> Result<Loaded<CourseReview>> {
        let course = Id::<Course>::parse("courseId", &input.course_id)?;
        if !(1..=5).contains(&input.rating) {
            return Err(Error::bad_input("rating", "must be between 1 and 5"));
        }
        let words = input.text.map(|words| text::long("text", &words)).transpose()?.flatten();
        ctx.whole(course).await?.ok_or_else(|| Error::not_found("course").field("courseId"))?;
        let id = Id::<CourseReview>::generate();
        let review = ctx.row::<CourseReview>(sql::REVIEW, &[&id, &course, &input.rating, &words]).await?;
        review.ok_or_else(|| Error::forbidden("NOT_COMPLETED", "Only who has completed a course reviews it.").field("courseId"))
    }

    /// Deletes a review: your own, or, with COURSE_UPDATE_ALL, any. Answers its id.
    #[needs(EnrollmentSelf, CourseUpdateAll)]
    async fn delete_course_review(
        ctx: &Context<'_>,
        /// The review's id.
        id: Id<CourseReview>,
    ) -> Result<Id<CourseReview>> {
        let deleted = ctx.tx().query(sql::DELETE_REVIEW, &[&id]).await?;
        if deleted.is_empty() { Err(ctx.untouched(id, "review").await) } else { Ok(id) }
    }
}
