//! The enrollments of a person and in a course, for many of them in one statement.

use async_graphql::Context;
use lectern_kernel::{
    db::{ColumnReader, DbError, List, Page, PageArgs},
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, Nested, Total},
};
use uuid::Uuid;

use super::{
    Enrollment, EnrollmentFilter, Joins, enrollment_list,
    lists::{Narrowing, order},
};
use crate::domains::{courses::Course, identity::User};

const OF_USER: &str = "user.enrollments";
const IN_COURSE: &str = "course.enrollments";

/// A page of a person's enrollments.
#[derive(Clone, PartialEq, Eq, Hash)]
struct OfUser {
    user: Id<User>,
    page: Page,
    joins: Joins,
}

impl Nested for OfUser {
    type Row = Enrollment;
    type Arguments = Joins;

    fn parent(&self) -> Uuid {
        self.user.0
    }
    fn page(&self) -> &Page {
        &self.page
    }
    fn arguments(&self) -> Joins {
        self.joins
    }
    fn list(joins: &Joins) -> List {
        let mut list = enrollment_list(OF_USER, order(None));
        joins.extend(&mut list);
        list
    }
    fn parent_expression() -> &'static str {
        "e.user_id"
    }
    fn read(joins: &Joins, reader: &mut ColumnReader<'_>) -> Result<Enrollment, DbError> {
        joins.read(reader)
    }
}

/// A page of the enrollments in a course.
#[derive(Clone, PartialEq, Eq, Hash)]
struct InCourse {
    course: Id<Course>,
    page: Page,
    joins: Joins,
    narrowing: Narrowing,
}

impl Nested for InCourse {
    type Row = Enrollment;
    type Arguments = (Joins, Narrowing);

    fn parent(&self) -> Uuid {
        self.course.0
    }
    fn page(&self) -> &Page {
        &self.page
    }
    fn arguments(&self) -> (Joins, Narrowing) {
        (self.joins, self.narrowing.clone())
    }
    fn list((joins, narrowing): &(Joins, Narrowing)) -> List {
        let mut list = enrollment_list(IN_COURSE, order(None));
        joins.extend(&mut list);
        narrowing.narrow(&mut list);
        list
    }
    fn parent_expression() -> &'static str {
        "e.course_id"
    }
    fn read((joins, _): &(Joins, Narrowing), reader: &mut ColumnReader<'_>) -> Result<Enrollment, DbError> {
        joins.read(reader)
    }
}

/// A page of a person's enrollments, the latest first; empty where the viewer may not see them.
///
/// # Errors
/// `BAD_USER_INPUT` for wrong arguments.
pub async fn enrollments_of_user(ctx: &Context<'_>, user: Id<User>, args: PageArgs) -> Result<Connection<Enrollment>> {
    let order = order(None);
    let page = args.check(&ctx.cursors(), OF_USER, &order)?;
    let key = OfUser { user, page, joins: Joins::of_nodes(ctx) };
    let fetched = ctx.load(key.clone()).await?.unwrap_or_default();
    Ok(Connection::new(fetched, ctx.cursors(), OF_USER, &order, Total::of_nested(key)))
}

/// A page of the enrollments in a course that the viewer sees, the latest first.
///
/// # Errors
/// `BAD_USER_INPUT` for wrong arguments.
pub async fn enrollments_in_course(
    ctx: &Context<'_>,
    course: Id<Course>,
    args: PageArgs,
    filter: Option<EnrollmentFilter>,
) -> Result<Connection<Enrollment>> {
    let order = order(None);
    let page = args.check(&ctx.cursors(), IN_COURSE, &order)?;
    let key = InCourse { course, page, joins: Joins::of_nodes(ctx), narrowing: filter.unwrap_or_default().check()? };
    let fetched = ctx.load(key.clone()).await?.unwrap_or_default();
    Ok(Connection::new(fetched, ctx.cursors(), IN_COURSE, &order, Total::of_nested(key)))
}
