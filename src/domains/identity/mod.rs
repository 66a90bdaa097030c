//! Identity: people, their roles, their sign-ins. Tables: `app_user`, `credential`, `role`, `user_role`, `session`,
//! `refresh_token`.
//!
//! Permissions: USER_READ, USER_CREATE, USER_UPDATE, USER_DELETE, ROLE_READ, ROLE_MANAGE.
//! Invariants, kept by the database: a person's email is unique in the school without regard to case; the last active
//! admin stays; nobody grants or manages above themselves; whatever raises a person's token version ends every session;
//! a session has one live refresh token; a deleted person is a nameless tombstone; the plan's caps hold.
//! Personal data (everything but id and name) is null to those who are neither the person nor hold USER_READ.

mod inputs;
mod lists;
mod queries;
mod role;
mod role_mutations;
mod session;
mod sql;
mod user;
mod user_mutations;
mod viewer;

use async_graphql::MergedObject;

pub use self::{
    lists::{UserFilter, user_list},
    queries::IdentityQueries,
    role::Role,
    session::SessionMutations,
    user::{User, UserStatus, require_instructor},
    viewer::Viewer,
};

/// Mutations of people and roles.
#[derive(MergedObject, Default)]
pub struct IdentityMutations(user_mutations::UserMutations, role_mutations::RoleMutations);
