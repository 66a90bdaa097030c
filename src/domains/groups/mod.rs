//! Groups (cohorts): people who learn together, and the courses given to them. Tables: `user_group`, `group_member`,
//! `group_course`.
//!
//! Permissions: GROUP_READ (all; members see their own groups without it), GROUP_CREATE, GROUP_UPDATE (also members and
//! courses, and what `autoEnroll` does to enrollments), GROUP_DELETE.
//! Invariants, kept by the database: a group never has more members than its capacity; one with members is not deleted;
//! with `autoEnroll`, every member gets a seat in every published course of the group, or the change is refused as a whole.

mod course_mutations;
mod group;
mod inputs;
mod lists;
mod loaders;
mod member;
mod member_mutations;
mod mutations;
mod nested;
mod queries;
mod sql;

use async_graphql::MergedObject;
use lectern_kernel::{
    ids::Kind,
    registry::{Domain, KindInfo, Operation},
};

pub use self::{
    group::Group,
    lists::{GroupFilter, GroupOrder, GroupOrderField, group_list, order},
    nested::{groups_of_user, groups_with_course},
    queries::GroupQueries,
};

/// What the kernel has to know of it.
pub const DOMAIN: Domain = Domain {
    operations: &[
        Operation::mutation("createGroup", "Group"),
        Operation::mutation("updateGroup", "Group"),
        Operation::mutation("deleteGroup", "Group"),
        Operation::mutation("addGroupMembers", "Group"),
        Operation::mutation("removeGroupMembers", "Group"),
        Operation::mutation("addGroupCourses", "Group"),
        Operation::mutation("removeGroupCourses", "Group"),
    ],
    kinds: &[KindInfo::of::<Group>()],
    references: &[("group_id", Group::PREFIX)],
    parts: &[(Group::TYPE, "user_id", "member"), (Group::TYPE, "course_id", "course")],
    ..Domain::new("groups")
};

/// Mutations of groups, their members and their courses.
#[derive(MergedObject, Default)]
pub struct GroupMutations(mutations::FoundingMutations, member_mutations::MemberMutations, course_mutations::GroupCourseMutations);
