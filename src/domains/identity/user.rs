//! A person of a school.

use async_graphql::{ComplexObject, Context, SimpleObject};
use lectern_kernel::{
    db::{ColumnReader, DbError, PageArgs, Record, page_size, select},
    error::{Error, Result},
    ids::{Id, Kind},
    permission::Permission,
    resolve::{ById, Connection, Ctx, DateTime, SignedIn, SummaryColumns},
    text_enum,
};

use crate::domains::{
    enrollments::{Enrollment, enrollments_of_user},
    groups::{Group, groups_of_user},
};

use super::Role;

text_enum! {
    /// Whether a person may sign in.
    pub enum UserStatus {
        /// May sign in.
        Active = "ACTIVE",
        /// May not sign in until reactivated; every token of theirs is dead.
        Suspended = "SUSPENDED",
    }
}

/// A person of the school. What you may not see of another person is null: everything but id and name needs USER_READ,
/// unless it is you; of a deleted person nothing else is left.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub struct User {
    /// Their id.
    pub id: Id<User>,
    /// Their name; "Deleted user" for one who was deleted.
    pub name: String,
    #[graphql(skip)]
    pub(super) private_email: Option<String>,
    #[graphql(skip)]
    pub(super) private_status: UserStatus,
    #[graphql(skip)]
    pub(super) is_deleted: bool,
    #[graphql(skip)]
    pub(super) private_created_at: DateTime,
}

impl Kind for User {
    const PREFIX: &'static str = "user";
    const TYPE: &'static str = "User";
}

impl Record for User {
    const COLUMNS: &'static [&'static str] = &["id", "name", "email", "status", "{}.deleted_at IS NOT NULL", "created_at"];

    const SUMMARY: &'static [&'static str] = &["id", "name"];

    fn read(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        Ok(User {
            id: reader.next()?,
            name: reader.next()?,
            private_email: reader.next()?,
            private_status: reader.next()?,
            is_deleted: reader.next()?,
            private_created_at: reader.next()?,
        })
    }
}

impl User {
    /// What takes no more than the summary.
    pub const SUMMARY_FIELDS: SummaryColumns = SummaryColumns { fields: &["id", "name", "enrollments", "groups"], children: &[] };

    /// Whether the viewer may see more of this person than id and name. Of a deleted one there is no more.
    fn is_open_to(&self, ctx: &Context<'_>) -> Result<bool> {
        let actor = ctx.actor()?;
        Ok(!self.is_deleted && (actor.is(self.id.0) || actor.can(Permission::UserRead)))
    }
}

#[ComplexObject]
impl User {
    /// Their email address, unique in the school without regard to case. Null when you may not see it.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(if self.is_open_to(ctx)? { self.private_email.as_deref() } else { None })
    }

    /// Whether they may sign in. Null when you may not see it, or when they were deleted.
    async fn status(&self, ctx: &Context<'_>) -> Result<Option<UserStatus>> {
        Ok(self.is_open_to(ctx)?.then_some(self.private_status))
    }

    /// The roles they hold. Null when you may not see them.
    #[graphql(complexity = "5 * child_complexity")]
    async fn roles(&self, ctx: &Context<'_>) -> Result<Option<Vec<Role>>> {
        if !self.is_open_to(ctx)? {
            return Ok(None);
        }
        Ok(Some(ctx.load(super::role::RolesOf(self.id)).await?.unwrap_or_default()))
    }

    /// When they were added to the school. Null when you may not see it.
    async fn created_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(self.is_open_to(ctx)?.then_some(self.private_created_at))
    }

    /// Their enrollments that you may see, the latest first: all of your own, and of others those in courses that you teach
    /// or, with ENROLLMENT_READ_ALL, all.
    #[graphql(guard = "SignedIn", complexity = "page_size(first, None) * child_complexity")]
    async fn enrollments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
    ) -> Result<Connection<Enrollment>> {
        enrollments_of_user(ctx, self.id, PageArgs { first, after, ..PageArgs::default() }).await
    }

    /// Their groups that you may see, by name: all of your own, and of others those that you share or, with GROUP_READ, all.
    #[graphql(guard = "SignedIn", complexity = "page_size(first, None) * child_complexity")]
    async fn groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many; 1 to 100, 20 unless given.")] first: Option<i32>,
        #[graphql(desc = "A cursor: go on after it.")] after: Option<String>,
    ) -> Result<Connection<Group>> {
        groups_of_user(ctx, self.id, PageArgs { first, after, ..PageArgs::default() }).await
    }
}

impl ById for User {
    fn by_ids() -> String {
        format!("SELECT {} FROM app_user u WHERE u.tenant_id = $1 AND u.id = ANY ($2)", select::<User>("u"))
    }

    fn id(&self) -> Id<User> {
        self.id
    }
}

/// Refuses unless a person whom the actor may see is an active instructor.
///
/// # Errors
/// `NOT_FOUND` for nobody visible, `BAD_USER_INPUT` for somebody who is no instructor.
pub async fn require_instructor(ctx: &Context<'_>, field: &str, id: Id<User>) -> Result<Id<User>> {
    let teaches: Option<bool> = ctx
        .tx()
        .value("SELECT u.is_instructor FROM app_user u WHERE u.tenant_id = $1 AND u.id = $2 AND u.deleted_at IS NULL", &[&id])
        .await?;
    match teaches {
        Some(true) => Ok(id),
        Some(false) => Err(Error::bad_input(field, "must be an instructor: an active person who holds AVAILABILITY_MANAGE")),
        None => Err(Error::not_found("person").field(field)),
    }
}

lectern_kernel::eager! { User { "id": id, "name": name } }
