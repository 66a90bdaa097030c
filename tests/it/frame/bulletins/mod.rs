//! News of a school and of its courses: the domain that a newcomer would build first. Table: `bulletin`.
//!
//! Permissions: GROUP_READ (see them), GROUP_UPDATE (write them, read their bodies).

mod bulletin;
mod operations;

use lectern_kernel::resolve::registry::Domain;

pub use bulletin::Bulletin;

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Bulletin::object],
    extensions: &[&bulletin::CourseBulletins::EXTENSION],
    operations: &[operations::Queries::OPERATIONS, operations::Mutations::OPERATIONS],
    ..Domain::new("bulletins")
};
