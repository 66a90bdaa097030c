//! The courses that were given to a group, for many groups in one statement.

use async_graphql::Context;
use lectern_kernel::{
    db::{ColumnReader, DbError, List, Page, PageArgs},
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, Nested, Total},
};
use uuid::Uuid;

use super::{
    Course, course_list,
    lists::{CourseJoins, order},
};
use crate::domains::groups::Group;

const OF_GROUP: &str = "group.courses";

/// A page of a group's courses.
#[derive(Clone, PartialEq, Eq, Hash)]
struct OfGroup {
    group: Id<Group>,
    page: Page,
    joins: CourseJoins,
}

impl Nested for OfGroup {
    type Row = Course;
    type Arguments = CourseJoins;

    fn parent(&self) -> Uuid {
        self.group.0
    }
    fn page(&self) -> &Page {
        &self.page
    }
    fn arguments(&self) -> CourseJoins {
        self.joins
    }
    fn list(joins: &CourseJoins) -> List {
        let mut list = course_list(OF_GROUP, order(None));
        list.inner_join("JOIN group_course gc ON gc.tenant_id = c.tenant_id AND gc.course_id = c.id");
        joins.add_to(&mut list);
        list
    }
    fn parent_expression() -> &'static str {
        "gc.group_id"
    }
    fn read(joins: &CourseJoins, reader: &mut ColumnReader<'_>) -> Result<Course, DbError> {
        joins.read(reader)
    }
}

/// A page of the courses given to a group that the viewer sees, by title.
///
/// # Errors
/// `BAD_USER_INPUT` for wrong arguments.
pub async fn courses_of_group(ctx: &Context<'_>, group: Id<Group>, args: PageArgs) -> Result<Connection<Course>> {
    let order = order(None);
    let page = args.check(&ctx.cursors(), OF_GROUP, &order)?;
    let key = OfGroup { group, page, joins: CourseJoins::of_nested_nodes(ctx) };
    let fetched = ctx.load(key.clone()).await?.unwrap_or_default();
    Ok(Connection::new(fetched, ctx.cursors(), OF_GROUP, &order, Total::of_nested(key)))
}
