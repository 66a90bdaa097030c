//! Reading enrollments.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    permission::Permission::{CourseUpdateAll, EnrollmentReadAll},
    resolve::{Connection, Ctx, Loaded, OrderBy, Paging, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Enrollment,
    lists::{EnrollmentFilter, EnrollmentOrders, own_enrollments},
};

/// Queries of enrollments.
pub struct EnrollmentQueries;

const LIST: &str = "enrollments";

#[queries]
impl EnrollmentQueries {
    /// An enrollment; null when there is none, or none that you may see.
    async fn enrollment(
        ctx: &Context<'_>,
        /// The enrollment's id.
        id: Id<Enrollment>,
    ) -> Result<Option<Loaded<Enrollment>>> {
        one(ctx, id).await
    }

    /// The enrollments that you may see, the latest first unless ordered otherwise: your own, those in the courses that you
    /// are staff of, and all of the school with ENROLLMENT_READ_ALL.
    async fn enrollments(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which enrollments.
        filter: Option<EnrollmentFilter>,
        /// In which order.
        order_by: Option<OrderBy<EnrollmentOrders>>,
    ) -> Result<Option<Connection<Enrollment>>> {
        let order = OrderBy::or_usual(ctx, order_by);
        let narrowing = filter.unwrap_or_default().check()?;
        let actor = ctx.actor()?;
        let sees_all = actor.can(EnrollmentReadAll) || actor.can(CourseUpdateAll);
        let mut list = if sees_all || narrowing.is_selective() { list_of::<Enrollment>(LIST, order) } else { own_enrollments(LIST, order) };
        narrowing.narrow(&mut list);
        page(ctx, filtered::<EnrollmentFilter>(ctx, list)?, paging).await.map(Some)
    }
}
