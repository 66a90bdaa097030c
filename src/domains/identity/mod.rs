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
use lectern_kernel::{
    ids::Kind,
    permission::Permission,
    registry::{Domain, KindInfo, Operation},
};

pub use self::{
    lists::{UserFilter, user_list},
    queries::IdentityQueries,
    role::Role,
    session::SessionMutations,
    user::{User, UserStatus, require_instructor},
    viewer::Viewer,
};

/// What the kernel has to know of it.
pub const DOMAIN: Domain = Domain {
    operations: &[
        Operation::mutation("login", "Session").session().hashes_password().signs_in(),
        Operation::mutation("refreshSession", "Session").session(),
        Operation::mutation("logout", "Session").session().outlives_subscription(),
        Operation::mutation("logoutEverywhere", "Session").session().outlives_subscription(),
        Operation::mutation("changePassword", "Session").session().hashes_password(),
        Operation::mutation("switchRole", "Session").session(),
        Operation::mutation("createUser", "User").hashes_password(),
        Operation::mutation("updateUser", "User"),
        Operation::mutation("suspendUser", "User"),
        Operation::mutation("reactivateUser", "User"),
        Operation::mutation("deleteUser", "User"),
        Operation::mutation("setUserRoles", "User"),
        Operation::mutation("createRole", "Role"),
        Operation::mutation("updateRole", "Role"),
        Operation::mutation("deleteRole", "Role"),
        // Says so, where it has lapsed.
        Operation::query("explainAccess").outlives_subscription(),
    ],
    kinds: &[
        KindInfo::of::<User>(),
        KindInfo::of::<Role>().needs(&[Permission::RoleRead]),
        // A sign-in is no type of the schema that has an id.
        KindInfo::recorded("Session", "session"),
    ],
    references: &[("user_id", User::PREFIX), ("role_id", Role::PREFIX), ("active_role_id", Role::PREFIX)],
    parts: &[(User::TYPE, "role_id", "role")],
    ..Domain::new("identity")
};

/// Mutations of people and roles.
#[derive(MergedObject, Default)]
pub struct IdentityMutations(user_mutations::UserMutations, role_mutations::RoleMutations);
