//! Identity: people, their roles, their sign-ins. Tables: `app_user`, `user_avatar`, `credential`, `role`, `role_manages`, `user_role`,
//! `user_permission`, `session`, `refresh_token`.
//!
//! Permissions: USER_READ, USER_CREATE, USER_UPDATE, USER_DELETE, ROLE_READ, ROLE_MANAGE.
//! Invariants, kept by the database: a person's email and username are unique in the school without regard to case; the last active
//! admin stays, one until a date not counted; nobody grants or manages above themselves (`app.outranks`: who covers or manages each role); a role
//! ends at its moment; a deny wins over roles and grants, but in ADMIN; whatever raises a person's token version ends every session;
//! a session has one live refresh token; a deleted person is a nameless tombstone; the plan's caps hold.
//! Personal data (everything but id and name) is null to those who are neither the person nor hold USER_READ.

mod bulk_mutations;
mod inputs;
mod lists;
mod loaders;
mod permission_mutations;
mod profile;
mod purge;
mod queries;
mod rights;
mod role;
mod role_ends;
mod role_mutations;
mod session;
mod sign_in;
mod sql;
mod user;
mod user_mutations;
mod viewer;

use lectern_kernel::{ids::Kind, resolve::registry::Domain};

pub use self::{
    inputs::{each_once, password_hints, role_key},
    profile::zone,
    rights::standing_of_actor,
    role::Role,
    role_ends::ROLE_EXPIRING,
    session::{Session, begin as begin_session, prove_factor},
    sign_in::{SignIn, SignInMethod},
    user::{ENROLLMENTS as ENROLLMENTS_OF_USER, EmailState, User, UserStatus, require_instructor},
    viewer::Viewer,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[
        User::object,
        Role::object,
        Viewer::object,
        session::Session::object,
        SignIn::object,
        rights::RoleAssignment::object,
        rights::EffectivePermission::object,
    ],
    operations: &[
        queries::IdentityQueries::OPERATIONS,
        session::SessionMutations::OPERATIONS,
        user_mutations::UserMutations::OPERATIONS,
        role_mutations::RoleMutations::OPERATIONS,
        bulk_mutations::BulkMutations::OPERATIONS,
        permission_mutations::PermissionMutations::OPERATIONS,
    ],
    extensions: &[&profile::UserProfile::EXTENSION, &rights::UserRights::EXTENSION],
    jobs: &[purge::SESSIONS, purge::RATE_LIMITS, role_ends::EXPIRE, role_ends::REMIND],
    // The audit log calls a sign-in a Session, as it ever did.
    recorded: &[("Session", "session")],
    references: &[
        ("user_id", User::PREFIX),
        ("role_id", Role::PREFIX),
        ("active_role_id", Role::PREFIX),
        ("granted_by_id", User::PREFIX),
        ("managed_role_id", Role::PREFIX),
    ],
    parts: &[
        (User::TYPE, "role_id", "role"),
        (User::TYPE, "permission", "permission"),
        (User::TYPE, "file_id", "avatar"),
        (Role::TYPE, "managed_role_id", "manages"),
    ],
    emits: &[
        ("user.created", "A person was created. `id`, `status`."),
        ("user.updated", "The name, the email address or the roles of a person have changed. `id`, `status`."),
        ("user.suspended", "A person was suspended. `id`, `status`."),
        ("user.reactivated", "A person is no longer suspended. `id`, `status`."),
        ("user.deleted", "A person was deleted. `id`, `status`."),
    ],
    ..Domain::new("identity")
};
