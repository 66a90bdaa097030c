//! Reading assignments and submissions.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    permission::Permission::{CourseUpdateAll, GradeManage, GradeReadAll},
    resolve::{Connection, Ctx, Loaded, OrderBy, Paging, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Assignment, Submission,
    lists::{SubmissionFilter, SubmissionOrders, own_submissions},
};

/// Queries of assignments.
pub struct AssignmentQueries;

const LIST: &str = "submissions";

#[queries]
impl AssignmentQueries {
    /// An assignment; null when there is none, or none that you may see: it is hidden while its lesson is locked.
    #[needs(CourseRead)]
    async fn assignment(
        ctx: &Context<'_>,
        /// The assignment's id.
        id: Id<Assignment>,
    ) -> Result<Option<Loaded<Assignment>>> {
        one(ctx, id).await
    }

    /// A submission; null when there is none, or none that you may see.
    async fn submission(
        ctx: &Context<'_>,
        /// The submission's id.
        id: Id<Submission>,
    ) -> Result<Option<Loaded<Submission>>> {
        one(ctx, id).await
    }

    /// The submissions that you may see, the latest first unless ordered otherwise: your own, those of the courses whose work you grade, and all of the
    /// school with GRADE_READ_ALL.
    async fn submissions(
        ctx: &Context<'_>,
        paging: Paging,
        /// Which submissions.
        filter: Option<SubmissionFilter>,
        /// In which order.
        order_by: Option<OrderBy<SubmissionOrders>>,
    ) -> Result<Option<Connection<Submission>>> {
        let order = OrderBy::or_usual(ctx, order_by);
        let narrowing = filter.unwrap_or_default().check()?;
        let actor = ctx.actor()?;
        let sees_all = actor.can(GradeReadAll) || (actor.can(GradeManage) && actor.can(CourseUpdateAll));
        let mut list = if sees_all || narrowing.is_selective() { list_of::<Submission>(LIST, order) } else { own_submissions(LIST, order) };
        narrowing.narrow(&mut list);
        page(ctx, filtered::<SubmissionFilter>(ctx, list)?, paging).await.map(Some)
    }
}
