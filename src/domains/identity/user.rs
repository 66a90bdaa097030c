//! A person of a school.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    permission::Permission,
    resolve::{Connection, Ctx, DateTime, Forward, Loaded, Nested, Orders, Request, all, many},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{Role, loaders::LastSignInOf, role::BY_KEY};
use crate::domains::{
    enrollments::{Enrollment, EnrollmentOrders},
    groups::{Group, GroupOrders},
};

text_enum! {
    /// Whether a person may sign in.
    pub enum UserStatus {
        /// May sign in.
        Active = "ACTIVE",
        /// May not sign in until reactivated; every token of theirs is dead.
        Suspended = "SUSPENDED",
    }
}

text_enum! {
    /// Whether a person's email address takes mail.
    pub enum EmailState {
        /// As far as is known.
        Ok = "OK",
        /// A mail to it came back: it is sent none but what is essential.
        Bounced = "BOUNCED",
        /// Its reader complained about a mail: it is sent none but what is essential.
        Complained = "COMPLAINED",
    }
}

/// A person of the school. What you may not see of another person is null: everything but id and name needs USER_READ,
/// unless it is you; of a deleted person nothing else is left.
#[object(table = "app_user", alias = "u", id = "user", node, resolvers)]
#[derive(Clone, Debug)]
pub struct User {
    /// Their id.
    pub id: Id<User>,
    /// Their name; "Deleted user" for one who was deleted.
    pub name: String,
    // Personal data: shown by the resolvers alone, to whom it is open.
    #[hidden]
    #[wide]
    pub email: Option<String>,
    /// As addresses are compared.
    #[secret]
    pub email_key: Option<String>,
    #[hidden]
    #[wide]
    pub username: Option<String>,
    #[hidden]
    #[wide]
    pub time_zone: Option<String>,
    #[hidden]
    #[wide]
    pub email_state: EmailState,
    #[hidden]
    #[wide]
    pub status: UserStatus,
    #[hidden]
    #[wide]
    #[column("{}.deleted_at IS NOT NULL")]
    pub is_deleted: bool,
    #[hidden]
    #[wide]
    pub created_at: DateTime,
    #[hidden]
    #[wide]
    #[column("{}.second_factor_at IS NOT NULL")]
    pub has_factor: bool,
}

/// The enrollments of a person, the latest first.
pub static ENROLLMENTS: Nested = Nested::new("user.enrollments", EnrollmentOrders::USUAL, "e.user_id");
static GROUPS: Nested = Nested::new("user.groups", GroupOrders::USUAL, "m.user_id")
    .by("JOIN group_member m ON m.tenant_id = g.tenant_id AND m.group_id = g.id");
static ROLES: Nested =
    Nested::new("user.roles", BY_KEY, "ur.user_id").by("JOIN user_role ur ON ur.tenant_id = r.tenant_id AND ur.role_id = r.id");

/// Whether the viewer may see more of a person than id and name. Of a deleted one there is no more.
fn is_open(request: &Request, id: Id<User>, is_deleted: bool) -> Result<bool> {
    let actor = request.actor().ok_or_else(Error::unauthenticated)?;
    Ok(!is_deleted && (actor.is(id.0) || actor.can(Permission::UserRead)))
}

#[resolvers]
impl User {
    /// Their email address as it was typed, unique in the school without regard to case. Null when you may not see it.
    fn email(id: Id<User>, is_deleted: bool, email: Option<String>, request: &Request) -> Result<Option<String>> {
        Ok(if is_open(request, id, is_deleted)? { email } else { None })
    }

    /// Whether their email address takes mail. A new address, or `clearEmailState`, makes it OK. Null when you may not see it.
    fn email_state(id: Id<User>, is_deleted: bool, email_state: EmailState, request: &Request) -> Result<Option<EmailState>> {
        Ok(is_open(request, id, is_deleted)?.then_some(email_state))
    }

    /// Whether they may sign in. Null when you may not see it, or when they were deleted.
    fn status(id: Id<User>, is_deleted: bool, status: UserStatus, request: &Request) -> Result<Option<UserStatus>> {
        Ok(is_open(request, id, is_deleted)?.then_some(status))
    }

    /// The roles they hold. Null when you may not see them.
    #[cost(5)]
    async fn roles(id: Id<User>, is_deleted: bool, ctx: &Context<'_>) -> Result<Option<Vec<Loaded<Role>>>> {
        if !is_open(ctx.request(), id, is_deleted)? {
            return Ok(None);
        }
        Ok(Some(all(ctx, &ROLES, id.0).await?))
    }

    /// When they were added to the school. Null when you may not see it.
    fn created_at(id: Id<User>, is_deleted: bool, created_at: DateTime, request: &Request) -> Result<Option<DateTime>> {
        Ok(is_open(request, id, is_deleted)?.then_some(created_at))
    }

    /// When they signed in last, as far as that is kept: 90 days after a sign-in has ended. Null when they have not, or when you may not see it.
    async fn last_sign_in_at(id: Id<User>, is_deleted: bool, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        if is_open(ctx.request(), id, is_deleted)? { ctx.load(LastSignInOf(id)).await } else { Ok(None) }
    }

    /// Whether a second factor is asked of them. Null when you may not see it.
    fn has_second_factor(id: Id<User>, is_deleted: bool, has_factor: bool, request: &Request) -> Result<Option<bool>> {
        Ok(is_open(request, id, is_deleted)?.then_some(has_factor))
    }

    /// Their enrollments that you may see, the latest first: all of your own, and of others those in courses that you teach
    /// or, with ENROLLMENT_READ_ALL, all.
    #[signed_in]
    async fn enrollments(id: Id<User>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Enrollment>> {
        many(ctx, &ENROLLMENTS, id.0, page).await
    }

    /// Their groups that you may see, by name: all of your own, and of others those that you share or, with GROUP_READ, all.
    #[signed_in]
    async fn groups(id: Id<User>, ctx: &Context<'_>, page: Forward) -> Result<Connection<Group>> {
        many(ctx, &GROUPS, id.0, page).await
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
