//! The members of a group, for many groups in one statement.

use async_graphql::{Context, SimpleObject};
use lectern_kernel::{
    db::{ColumnReader, DbError, List, Order, Page, PageArgs, Record, SortKey},
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, DateTime, EdgeFields, Nested, Total},
};
use uuid::Uuid;

use super::Group;
use crate::domains::identity::User;

/// What a person is to a group.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct Membership {
    /// Whether the person leads the group.
    pub is_leader: bool,
    /// When the person joined it.
    pub joined_at: DateTime,
}

impl EdgeFields for Membership {
    const NAME: Option<&'static str> = Some("GroupMember");
}

const LIST: &str = "group.members";
const BY_JOINING: Order = Order { key: SortKey::moment("JOINED_AT", "m.joined_at"), id: "m.user_id", descending: false };

/// A page of a group's members.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Members {
    group: Id<Group>,
    page: Page,
}

impl Nested for Members {
    type Row = (User, Membership);
    type Arguments = ();

    fn parent(&self) -> Uuid {
        self.group.0
    }
    fn page(&self) -> &Page {
        &self.page
    }
    fn arguments(&self) {}
    fn list((): &()) -> List {
        let mut list = List::new::<User>(LIST, "app_user", "u", BY_JOINING);
        list.inner_join("JOIN group_member m ON m.tenant_id = u.tenant_id AND m.user_id = u.id");
        list.select("m.is_leader, m.joined_at");
        list
    }
    fn parent_expression() -> &'static str {
        "m.group_id"
    }
    fn read((): &(), reader: &mut ColumnReader<'_>) -> Result<(User, Membership), DbError> {
        Ok((User::read(reader)?, Membership { is_leader: reader.next()?, joined_at: reader.next()? }))
    }
}

/// A page of a group's members that the viewer sees, in the order in which they joined.
///
/// # Errors
/// `BAD_USER_INPUT` for wrong arguments.
pub async fn members_of_group(ctx: &Context<'_>, group: Id<Group>, args: PageArgs) -> Result<Connection<User, Membership>> {
    let page = args.check(&ctx.cursors(), LIST, &BY_JOINING)?;
    let key = Members { group, page };
    let fetched = ctx.load(key.clone()).await?.unwrap_or_default();
    Ok(Connection::with_edges(fetched, ctx.cursors(), LIST, &BY_JOINING, Total::of_nested(key), |row| row))
}
