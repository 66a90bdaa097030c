//! More time, or more tries, for one person.

use async_graphql::{ID, InputObject};
use lectern_kernel::{ids::Id, resolve::DateTime};
use lectern_macros::object;

use crate::domains::{identity::User, lessons::Lesson};

/// More time, or more tries, for a person in a quiz or an assignment; one for each lesson and person. It shows to them, to those who grade the course, and
/// to GRADE_READ_ALL.
#[object(table = "extension", alias = "xt", id = "extension", node)]
#[derive(Clone, Debug)]
pub struct Extension {
    /// Its id.
    pub id: Id<Extension>,
    /// When their work is due, in place of everybody's date; null for the same.
    pub due_at: Option<DateTime>,
    /// When no more work of theirs is taken, in place of everybody's date; null for the same.
    pub closes_at: Option<DateTime>,
    /// How many more tries they have, 0 to 100.
    pub extra_attempts: i32,
    /// How many more minutes an attempt of theirs has, 0 to 1,440.
    pub extra_minutes: i32,
    /// Why.
    #[wide]
    pub reason: Option<String>,
    /// When it was granted first.
    pub created_at: DateTime,
    /// The lesson; null when you may not see it.
    #[one]
    pub lesson_id: Id<Lesson>,
    /// The person; null when you may not see them.
    #[one]
    pub user_id: Id<User>,
    /// Who granted it last; null when you may not see them.
    #[one]
    pub granted_by_id: Id<User>,
}

/// What a person is to be granted; again: in place of what they had.
#[derive(InputObject)]
pub struct GrantExtensionInput {
    /// A quiz or an assignment.
    pub lesson_id: ID,
    /// Somebody who is enrolled in its course.
    pub user_id: ID,
    /// When their work is due: later than everybody's. An assignment's alone.
    pub due_at: Option<DateTime>,
    /// When no more work of theirs is taken: later than everybody's, and not before it is due.
    pub closes_at: Option<DateTime>,
    /// How many more tries, 0 to 100; none unless given.
    pub extra_attempts: Option<i32>,
    /// How many more minutes an attempt has, 0 to 1,440; none unless given.
    pub extra_minutes: Option<i32>,
    /// Why; at most 10,000 characters.
    pub reason: Option<String>,
}
