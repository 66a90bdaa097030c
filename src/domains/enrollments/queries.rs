//! ParsedDocument enrollments.

use async_graphql::{Context, ID, Object};
use lectern_kernel::{
    db::{ColumnReader, PageArgs, page_size},
    error::Result,
    ids::Id,
    permission::Permission::{CourseUpdateAll, EnrollmentManage, EnrollmentReadAll},
    resolve::{Connection, Ctx, SignedIn, Total},
};

use super::{
    Enrollment, Joins, enrollment_list,
    lists::{EnrollmentFilter, EnrollmentOrder, order, own_enrollment_list},
};

/// Queries of enrollments.
#[derive(Default)]
pub struct EnrollmentQueries;

const LIST: &str = "enrollments";

#[Object]
impl EnrollmentQueries {
    /// An enrollment; null when there is none, or none that you may see.
    #[graphql(guard = "SignedIn")]
    async fn enrollment(&self, ctx: &Context<'_>, #[graphql(desc = "The enrollment's id.")] id: ID) -> Result<Option<Enrollment>> {
        let id = Id::<Enrollment>::parse("id", &id)?;
        let joins = Joins::of_object(ctx);
        if joins == Joins::default() {
            return ctx.load(id).await;
        }
        let rows = ctx.tx().query(&format!("{} AND e.id = $2", joins.select()), &[&id]).await?;
        Ok(rows.first().map(|row| joins.read(&mut ColumnReader::new(row))).transpose()?)
    }

    /// The enrollments that you may see, the latest first unless ordered otherwise: your own, those in the courses that you
    /// teach, and all of the school with ENROLLMENT_READ_ALL.
    #[graphql(guard = "SignedIn", complexity = "page_size(first, last) * child_complexity")]
    #[allow(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn enrollments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
        #[graphql(desc = "The last so many; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: go back before it.")] before: Option<String>,
        #[graphql(desc = "Which enrollments.")] filter: Option<EnrollmentFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<EnrollmentOrder>,
    ) -> Result<Option<Connection<Enrollment>>> {
        let order = order(order_by);
        let page = PageArgs { first, after, last, before }.check(&ctx.cursors(), LIST, &order)?;
        let narrowing = filter.unwrap_or_default().check()?;
        let actor = ctx.actor()?;
        let sees_all = actor.can(EnrollmentReadAll) || (actor.can(EnrollmentManage) && actor.can(CourseUpdateAll));
        let (mut list, joins) = if sees_all || narrowing.is_selective() {
            (enrollment_list(LIST, order), Joins::of_nodes(ctx))
        } else {
            // Few rows, all of which are read before the first is known: children only for those on the page.
            (own_enrollment_list(LIST, order), Joins::default())
        };
        narrowing.narrow(&mut list);
        joins.extend(&mut list);
        let fetched = list.fetch(ctx.tx(), &page, |reader| joins.read(reader)).await?;
        Ok(Some(Connection::new(fetched, ctx.cursors(), LIST, &order, Total::of_list(list))))
    }
}
