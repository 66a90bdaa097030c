//! What the mutations of groups take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::text,
};
use lectern_macros::writes;

use super::Group;

/// Ids at most in one call that adds or removes members or courses.
pub const MAX_IDS: usize = 100;

/// A group to be created.
#[writes(Group)]
pub struct CreateGroupInput {
    /// Its name; 1 to 200 characters, not necessarily unique.
    #[check(text::name)]
    pub name: String,
    /// What it is for; at most 10,000 characters.
    #[check(text::long)]
    pub description: Option<String>,
    /// How many members it may have, 1 to 1,000,000; null for any number.
    #[check(capacity)]
    pub capacity: Option<i32>,
    /// Whether its members are enrolled in its published courses, present and future; false unless given.
    #[by_hand]
    pub auto_enroll: Option<bool>,
    /// A key by which whoever knows it joins the group; 4 to 40 characters, unique in the school whatever their case.
    #[check(join_key)]
    pub join_key: Option<String>,
}

/// A change of a group. What is left out stays as it is; an explicit null clears.
#[writes(Group)]
pub struct UpdateGroupInput {
    /// The group.
    #[by_hand]
    pub id: ID,
    /// A new name; 1 to 200 characters.
    #[check(text::name)]
    pub name: MaybeUndefined<String>,
    /// A new description; at most 10,000 characters; null for none.
    #[check(text::long)]
    pub description: MaybeUndefined<String>,
    /// How many members it may have, no fewer than it has; null for any number.
    #[check(capacity)]
    pub capacity: MaybeUndefined<i32>,
    /// Whether its members are enrolled in its published courses. True enrolls the present members at once, but for those
    /// who had dropped out; false unenrolls nobody.
    pub auto_enroll: MaybeUndefined<bool>,
    /// A new key by which whoever knows it joins the group; 4 to 40 characters, unique in the school whatever their case; null for none.
    #[check(join_key)]
    pub join_key: MaybeUndefined<String>,
}

/// The key of a group.
#[derive(InputObject)]
pub struct JoinGroupInput {
    /// The key that somebody told, in any case.
    pub join_key: String,
}

/// People to be added to a group.
#[derive(InputObject)]
pub struct AddGroupMembersInput {
    /// The group.
    pub group_id: ID,
    /// The people, each once; 1 to 100.
    pub user_ids: Vec<ID>,
    /// Whether they lead the group; false unless given.
    pub as_leaders: Option<bool>,
}

/// People to be removed from a group.
#[derive(InputObject)]
pub struct RemoveGroupMembersInput {
    /// The group.
    pub group_id: ID,
    /// The members, each once; 1 to 100.
    pub user_ids: Vec<ID>,
}

/// Courses to be given to a group.
#[derive(InputObject)]
pub struct AddGroupCoursesInput {
    /// The group.
    pub group_id: ID,
    /// The courses, each once; 1 to 100.
    pub course_ids: Vec<ID>,
}

/// Courses to be taken from a group.
#[derive(InputObject)]
pub struct RemoveGroupCoursesInput {
    /// The group.
    pub group_id: ID,
    /// Courses of the group, each once; 1 to 100.
    pub course_ids: Vec<ID>,
}

/// A key by which people join: 4 to 40 characters on one line.
fn join_key(field: &str, key: &str) -> Result<String> {
    let key = text::short(field, key, 40)?;
    if key.chars().count() < 4 { Err(Error::bad_input(field, "must have 4 to 40 characters")) } else { Ok(key) }
}

/// Places: 1 to 1,000,000.
fn capacity(field: &str, places: &i32) -> Result<i32> {
    if (1..=1_000_000).contains(places) {
        Ok(*places)
    } else {
        Err(Error::bad_input(field, "must be between 1 and 1000000, or null for any number"))
    }
}
