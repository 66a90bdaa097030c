//! Groups (cohorts): people who learn together, and the courses given to them. Tables: `user_group`, `group_member`,
//! `group_course`.
//!
//! Permissions: GROUP_READ (all; members see their own groups without it), GROUP_CREATE, GROUP_UPDATE (also members and
//! courses, and what `autoEnroll` does to enrollments; shows the key by which people join), GROUP_DELETE, ENROLLMENT_SELF (joins by a key).
//! Invariants, kept by the database: a group never has more members than its capacity; one with members is not deleted;
//! with `autoEnroll`, every member gets a seat in every published course of the group, or the change is refused as a whole.

mod course_mutations;
mod group;
mod inputs;
mod joining;
mod lists;
mod member_mutations;
mod mutations;
mod queries;
mod sql;

use lectern_kernel::{ids::Kind, resolve::registry::Domain};

pub use self::{group::Group, lists::GroupOrders};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Group::object],
    operations: &[
        queries::GroupQueries::OPERATIONS,
        mutations::FoundingMutations::OPERATIONS,
        member_mutations::MemberMutations::OPERATIONS,
        course_mutations::GroupCourseMutations::OPERATIONS,
        joining::JoiningMutations::OPERATIONS,
    ],
    references: &[("group_id", Group::PREFIX)],
    parts: &[(Group::TYPE, "user_id", "member"), (Group::TYPE, "course_id", "course")],
    emits: &[
        ("group.members_added", "People became members of a group. `id`, `userIds`."),
        ("group.members_removed", "People are no longer members of a group. `id`, `userIds`."),
    ],
    ..Domain::new("groups")
};
