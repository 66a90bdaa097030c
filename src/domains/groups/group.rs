//! People who learn together.

use async_graphql::{ComplexObject, Context, SimpleObject};
use lectern_kernel::{
    db::{ColumnReader, DbError, PageArgs, Record, page_size},
    error::Result,
    ids::{Id, Kind},
    resolve::{Connection, Ctx, DateTime},
};

use super::{
    loaders::MemberCountOf,
    member::{Membership, members_of_group},
};
use crate::domains::{
    courses::{Course, courses_of_group},
    identity::User,
};

/// People who learn together, and the courses given to them. Members see their groups, GROUP_READ sees all.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
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
}

impl Kind for Group {
    const PREFIX: &'static str = "group";
    const TYPE: &'static str = "Group";
}

impl Record for Group {
    const COLUMNS: &'static [&'static str] = &["id", "name", "description", "capacity", "auto_enroll", "created_at", "updated_at"];

    fn read(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        Ok(Group {
            id: reader.next()?,
            name: reader.next()?,
            description: reader.next()?,
            capacity: reader.next()?,
            auto_enroll: reader.next()?,
            created_at: reader.next()?,
            updated_at: reader.next()?,
        })
    }
}

#[ComplexObject]
impl Group {
    /// How many members it has, whether or not you may see them.
    async fn member_count(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(ctx.load(MemberCountOf(self.id)).await?.unwrap_or(0))
    }

    /// Its members, in the order in which they joined.
    #[graphql(complexity = "page_size(first, None) * child_complexity")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
    ) -> Result<Connection<User, Membership>> {
        members_of_group(ctx, self.id, PageArgs { first, after, ..PageArgs::default() }).await
    }

    /// The courses given to it that you may see, by title.
    #[graphql(complexity = "page_size(first, None) * child_complexity")]
    async fn courses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
    ) -> Result<Connection<Course>> {
        courses_of_group(ctx, self.id, PageArgs { first, after, ..PageArgs::default() }).await
    }
}

lectern_kernel::eager! {
    Group {
        "id": id, "name": name, "description": description, "capacity": capacity, "autoEnroll": auto_enroll, "createdAt": created_at,
        "updatedAt": updated_at,
    }
}
