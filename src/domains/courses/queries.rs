//! ParsedDocument courses.

use async_graphql::{Context, ID, Object};
use lectern_kernel::{
    db::{ColumnReader, PageArgs, page_size},
    error::Result,
    ids::Id,
    permission::Permission::CourseRead,
    resolve::{Connection, Ctx, Eager, Require, Total, requires_permission},
};

use super::{
    Course, course_list,
    lists::{CourseFilter, CourseJoins, CourseOrder, order},
};

/// Queries of courses.
#[derive(Default)]
pub struct CourseQueries;

#[Object]
impl CourseQueries {
    /// A course; null when there is none, or none that you may see. Needs COURSE_READ.
    #[graphql(guard = "Require([CourseRead])", directive = requires_permission::apply(vec![CourseRead]))]
    async fn course(&self, ctx: &Context<'_>, #[graphql(desc = "The course's id.")] id: ID) -> Result<Option<Eager<Course>>> {
        let id = Id::<Course>::parse("id", &id)?;
        let joins = CourseJoins::of_one(ctx);
        if joins == CourseJoins::default() {
            return Ok(ctx.load(id).await?.map(Eager));
        }
        let rows = ctx.tx().query(&joins.by_id(), &[&id]).await?;
        let course = rows.first().map(|row| joins.read(&mut ColumnReader::new(row))).transpose()?;
        Ok(course.map(Eager))
    }

    /// The courses that you may see, by title unless ordered otherwise. Needs COURSE_READ.
    #[graphql(
        guard = "Require([CourseRead])",
        directive = requires_permission::apply(vec![CourseRead]),
        complexity = "page_size(first, last) * child_complexity"
    )]
    #[allow(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn courses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
        #[graphql(desc = "The last so many; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor: go back before it.")] before: Option<String>,
        #[graphql(desc = "Which courses.")] filter: Option<CourseFilter>,
        #[graphql(desc = "In which order.")] order_by: Option<CourseOrder>,
    ) -> Result<Option<Connection<Course>>> {
        let order = order(order_by);
        let page = PageArgs { first, after, last, before }.check(&ctx.cursors(), "courses", &order)?;
        let mut list = course_list("courses", order);
        filter.unwrap_or_default().narrow(&mut list)?;
        let joins = CourseJoins::of_nodes(ctx);
        joins.add_to(&mut list);
        let fetched = list.fetch(ctx.tx(), &page, |reader| joins.read(reader)).await?;
        Ok(Some(Connection::new(fetched, ctx.cursors(), "courses", &order, Total::of_list(list))))
    }
}
