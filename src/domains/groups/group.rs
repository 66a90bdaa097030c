//! People who learn together.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Connection, Ctx, DateTime, Forward, Nested, Orders, many, many_with_edges},
};
use lectern_macros::{object, resolvers};

use super::joining::JoinKeyOf;
use crate::domains::{
    courses::{Course, CourseOrders},
    identity::User,
};

/// People who learn together, and the courses given to them. Members see their groups, GROUP_READ sees all.
#[object(table = "user_group", alias = "g", id = "group", live = "{}.deleted_at IS NULL", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Group {
    /// Its id.
    pub id: Id<Group>,
    /// Its name; 1 to 200 characters, not necessarily unique.
    pub name: String,
    /// What it is for; at most 10,000 characters.
    pub description: Option<String>,
    /// How many members it may have; null for any number.
    pub capacity: Option<i32>,
    /// Whether its members, present and future, are enrolled in its published courses, present and future.
    pub auto_enroll: bool,
    /// When it was created.
    pub created_at: DateTime,
    /// When it was last changed, not counting its members and courses.
    pub updated_at: DateTime,
    #[secret]
    pub join_key: Option<String>,
}

/// What a person is to a group.
#[object(edge, name = "GroupMember")]
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "never made: its columns are read beside those of the person")]
pub struct Membership {
    /// Whether the person leads the group.
    #[column("m.is_leader")]
    pub is_leader: bool,
    /// When the person joined it.
    #[column("m.joined_at")]
    pub joined_at: DateTime,
}

const BY_JOINING: Order = Order { key: SortKey::moment("JOINED_AT", "m.joined_at"), id: "m.user_id", descending: false };

static MEMBERS: Nested =
    Nested::new("group.members", BY_JOINING, "m.group_id").by("JOIN group_member m ON m.tenant_id = u.tenant_id AND m.user_id = u.id");
static COURSES: Nested = Nested::new("group.courses", CourseOrders::USUAL, "gc.group_id")
    .by("JOIN group_course gc ON gc.tenant_id = c.tenant_id AND gc.course_id = c.id");

#[resolvers]
impl Group {
    /// How many members it has, whether or not you may see them.
    #[count(function = "app.member_counts", key = "group_id")]
    fn member_count() -> i32;

    /// The key by which whoever knows it joins the group (`joinGroup`); null for none.
    #[needs(GroupUpdate)]
    async fn join_key(id: Id<Group>, ctx: &Context<'_>) -> Result<Option<String>> {
        ctx.load(JoinKeyOf(id)).await
    }

    /// Its members, in the order in which they joined.
    async fn members(id: Id<Group>, ctx: &Context<'_>, page: Forward) -> Result<Connection<User, Membership>> {
        many_with_edges::<User, Membership>(ctx, &MEMBERS, id.0, page).await
    }

    /// The courses given to it that you may see, by title.
    async fn courses(id: Id<Group>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Course>> {
        many(ctx, &COURSES, id.0, page).await
    }
}
