//! Identity: people, their roles, their sign-ins. Tables: `app_user`, `credential`, `role`, `user_role`, `session`,
//! `refresh_token`.
//!
//! Invariants, kept by the database: a person's email is unique in the school without regard to case; the last active
//! admin stays; nobody grants or manages above themselves; whatever raises a person's token version ends every session.
//! Personal data (everything but id and name) is null to those who are neither the person nor hold USER_READ.

mod queries;
mod role;
mod session;
mod user;
mod viewer;

pub use self::{
    queries::IdentityQueries,
    role::Role,
    session::SessionMutations,
    user::{User, UserStatus},
    viewer::Viewer,
};

use async_graphql::Object;
#[derive(Default)]
pub struct IdentityMutations;
#[Object]
impl IdentityMutations {
    async fn stub(&self) -> bool {
        true
    }
}

/// Refuses unless a person whom the actor may see is an active instructor.
///
/// # Errors
/// `NOT_FOUND` for nobody visible, `BAD_USER_INPUT` for somebody who is no instructor.
pub async fn require_instructor(
    ctx: &async_graphql::Context<'_>,
    field: &str,
    id: crate::ids::Id<User>,
) -> crate::error::Result<crate::ids::Id<User>> {
    use crate::{error::Error, graphql::Ctx};
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
