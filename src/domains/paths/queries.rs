//! Reading paths.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    resolve::{Connection, Forward, Loaded, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    LearningPath,
    lists::{BY_TITLE, LearningPathFilter},
};

/// Queries of paths.
pub struct PathQueries;

#[queries]
impl PathQueries {
    /// A learning path; null when there is none, or none that you may see.
    #[needs(CourseRead)]
    async fn learning_path(
        ctx: &Context<'_>,
        /// The path's id.
        id: Id<LearningPath>,
    ) -> Result<Option<Loaded<LearningPath>>> {
        one(ctx, id).await
    }

    /// The learning paths that you may see, by title.
    #[needs(CourseRead)]
    async fn learning_paths(
        ctx: &Context<'_>,
        paging: Forward,
        /// Which paths.
        filter: Option<LearningPathFilter>,
    ) -> Result<Connection<LearningPath>> {
        let mut list = list_of::<LearningPath>("learningPaths", BY_TITLE);
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<LearningPathFilter>(ctx, list)?, paging).await
    }
}
