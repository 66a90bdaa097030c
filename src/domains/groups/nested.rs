//! The groups of a person, and those that a course was given to, for many of them in one statement.

use async_graphql::Context;
use lectern_kernel::{
    db::{ColumnReader, DbError, List, Page, PageArgs, Record},
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, Nested, Total},
};
use uuid::Uuid;

use super::{Group, group_list, lists::order};
use crate::domains::{courses::Course, identity::User};

const OF_USER: &str = "user.groups";
const WITH_COURSE: &str = "course.groups";

/// A page of a person's groups.
#[derive(Clone, PartialEq, Eq, Hash)]
struct OfUser {
    user: Id<User>,
    page: Page,
}

impl Nested for OfUser {
    type Row = Group;
    type Arguments = ();

    fn parent(&self) -> Uuid {
        self.user.0
    }
    fn page(&self) -> &Page {
        &self.page
    }
    fn arguments(&self) {}
    fn list((): &()) -> List {
        let mut list = group_list(OF_USER, order(None));
        list.inner_join("JOIN group_member m ON m.tenant_id = g.tenant_id AND m.group_id = g.id");
        list
    }
    fn parent_expression() -> &'static str {
        "m.user_id"
    }
    fn read((): &(), reader: &mut ColumnReader<'_>) -> Result<Group, DbError> {
        Group::read(reader)
    }
}

/// A page of the groups that a course was given to.
#[derive(Clone, PartialEq, Eq, Hash)]
struct WithCourse {
    course: Id<Course>,
    page: Page,
}

impl Nested for WithCourse {
    type Row = Group;
    type Arguments = ();

    fn parent(&self) -> Uuid {
        self.course.0
    }
    fn page(&self) -> &Page {
        &self.page
    }
    fn arguments(&self) {}
    fn list((): &()) -> List {
        let mut list = group_list(WITH_COURSE, order(None));
        list.inner_join("JOIN group_course gc ON gc.tenant_id = g.tenant_id AND gc.group_id = g.id");
        list
    }
    fn parent_expression() -> &'static str {
        "gc.course_id"
    }
    fn read((): &(), reader: &mut ColumnReader<'_>) -> Result<Group, DbError> {
        Group::read(reader)
    }
}

/// A page of a person's groups that the viewer sees, by name.
///
/// # Errors
/// `BAD_USER_INPUT` for wrong arguments.
pub async fn groups_of_user(ctx: &Context<'_>, user: Id<User>, args: PageArgs) -> Result<Connection<Group>> {
    let order = order(None);
    let page = args.check(&ctx.cursors(), OF_USER, &order)?;
    let key = OfUser { user, page };
    let fetched = ctx.load(key.clone()).await?.unwrap_or_default();
    Ok(Connection::new(fetched, ctx.cursors(), OF_USER, &order, Total::of_nested(key)))
}

/// A page of the groups that a course was given to and that the viewer sees, by name.
///
/// # Errors
/// `BAD_USER_INPUT` for wrong arguments.
pub async fn groups_with_course(ctx: &Context<'_>, course: Id<Course>, args: PageArgs) -> Result<Connection<Group>> {
    let order = order(None);
    let page = args.check(&ctx.cursors(), WITH_COURSE, &order)?;
    let key = WithCourse { course, page };
    let fetched = ctx.load(key.clone()).await?.unwrap_or_default();
    Ok(Connection::new(fetched, ctx.cursors(), WITH_COURSE, &order, Total::of_nested(key)))
}
