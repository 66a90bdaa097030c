//! Reading lessons.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Loaded, one},
};
use lectern_macros::queries;

use super::Lesson;

/// Queries of lessons.
pub struct LessonQueries;

#[queries]
impl LessonQueries {
    /// A lesson; null when there is none, or none that you may see. One that is locked shows its outline.
    #[needs(CourseRead)]
    async fn lesson(
        ctx: &Context<'_>,
        /// The lesson's id.
        id: Id<Lesson>,
    ) -> Result<Option<Loaded<Lesson>>> {
        one(ctx, id).await
    }
}
