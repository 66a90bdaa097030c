//! Projects: people who work with assistants together, and what is theirs alone. Tables: `project`, `project_member`.
//!
//! Permissions: PROJECT_CREATE, PROJECT_READ (every project and who is in it), PROJECT_MANAGE (as MANAGER and owner of all). What is in a project is seen by its members and
//! by PROJECT_MANAGE; a MANAGER changes it.
//! Invariants, kept by the database: the owner is a member, as MANAGER; at most 500 members; nothing changes inside one that is archived.

mod inputs;
mod lists;
mod member_mutations;
mod mutations;
mod notice;
mod project;
mod queries;
mod sql;
mod standing;

use lectern_kernel::{ids::Kind, resolve::registry::Domain};

pub use self::{
    notice::PROJECT_MEMBER_ADDED,
    project::{Project, ProjectRole},
    standing::{Standing, archived, require, standing},
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Project::object],
    operations: &[
        queries::ProjectQueries::OPERATIONS,
        mutations::ProjectMutations::OPERATIONS,
        member_mutations::MemberMutations::OPERATIONS,
        mutations::EndingMutations::OPERATIONS,
    ],
    references: &[("project_id", Project::PREFIX), ("owner_id", crate::domains::identity::User::PREFIX)],
    parts: &[(Project::TYPE, "user_id", "member")],
    ..Domain::new("projects")
};
