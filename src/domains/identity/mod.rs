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
mod loaders;
mod purge;
mod queries;
mod role;
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
    role::Role,
    session::{Session, begin as begin_session, prove_factor},
    sign_in::{SignIn, SignInMethod},
    user::{ENROLLMENTS as ENROLLMENTS_OF_USER, EmailState, User, UserStatus, require_instructor},
    viewer::Viewer,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[User::object, Role::object, Viewer::object, session::Session::object, SignIn::object],
    operations: &[
        queries::IdentityQueries::OPERATIONS,
        session::SessionMutations::OPERATIONS,
        user_mutations::UserMutations::OPERATIONS,
        role_mutations::RoleMutations::OPERATIONS,
    ],
    jobs: &[purge::SESSIONS, purge::RATE_LIMITS],
    // The audit log calls a sign-in a Session, as it ever did.
    recorded: &[("Session", "session")],
    references: &[("user_id", User::PREFIX), ("role_id", Role::PREFIX), ("active_role_id", Role::PREFIX)],
    parts: &[(User::TYPE, "role_id", "role")],
    emits: &[
        ("user.created", "A person was created. `id`, `status`."),
        ("user.updated", "The name, the email address or the roles of a person have changed. `id`, `status`."),
        ("user.suspended", "A person was suspended. `id`, `status`."),
        ("user.reactivated", "A person is no longer suspended. `id`, `status`."),
        ("user.deleted", "A person was deleted. `id`, `status`."),
    ],
    ..Domain::new("identity")
};
