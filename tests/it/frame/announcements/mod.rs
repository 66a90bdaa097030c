//! News of a school and of its courses: the domain that a newcomer would build first. Table: `announcement`.
//!
//! Permissions: GROUP_READ (see them), GROUP_UPDATE (write them, read their bodies).

mod announcement;
mod operations;

use lectern_kernel::resolve::registry::Domain;

pub use announcement::Announcement;

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Announcement::object],
    extensions: &[&announcement::CourseAnnouncements::EXTENSION],
    operations: &[operations::Queries::OPERATIONS, operations::Mutations::OPERATIONS],
    ..Domain::new("announcements")
};
