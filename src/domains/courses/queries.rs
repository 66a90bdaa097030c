//! Reading courses.

use async_graphql::Context;
use lectern_kernel::{
    db::List,
    error::Result,
    ids::Id,
    resolve::{Connection, Forward, Loaded, OrderBy, Paging, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Course,
    lists::{CourseFilter, CourseOrders, LATEST_DELETED},
    sql,
};

/// Queries of courses.
pub struct CourseQueries;

#[queries]
impl CourseQueries {
    /// A course; null when there is none, or none that you may see.
    #[needs(CourseRead)]
    async fn course(
        ctx: &Context<'_>,
        /// The course's id.
        id: Id<Course>,
    ) -> Result<Option<Loaded<Course>>> {
        one(ctx, id).await
    }

    /// The courses that you may see, by title unless ordered otherwise.
    #[needs(CourseRead)]
    async fn courses(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which courses.
        filter: Option<CourseFilter>,
        /// In which order.
        order_by: Option<OrderBy<CourseOrders>>,
    ) -> Result<Connection<Course>> {
        let mut list = list_of::<Course>("courses", OrderBy::or_usual(ctx, order_by));
        filter.unwrap_or_default().narrow(&mut list)?;
        page(ctx, filtered::<CourseFilter>(ctx, list)?, paging).await
    }

    /// The courses that were deleted and can be restored or purged, the latest deletion first.
    #[needs(CoursePurge)]
    async fn deleted_courses(ctx: &Context<'_>, paging: Forward) -> Result<Connection<Course>> {
        page(ctx, List::new("deletedCourses", sql::DELETED, "c", LATEST_DELETED), paging).await
    }
}
