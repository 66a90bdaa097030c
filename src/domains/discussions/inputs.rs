//! Inputs of mutations.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{DateTime, text},
};
use lectern_macros::writes;

use super::{Announcement, Thread};

/// What somebody says: 1 to 10,000 characters.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn words(field: &str, input: &str) -> Result<String> {
    text::long(field, input)?.ok_or_else(|| Error::bad_input(field, "must have 1 to 10000 characters, not only blanks"))
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as checks of fields are called")]
fn as_given<T: Copy>(_field: &str, value: &T) -> Result<T> {
    Ok(*value)
}

/// What the staff of a course has to say.
#[derive(InputObject)]
pub struct CreateAnnouncementInput {
    /// The course.
    pub course_id: ID,
    /// Its heading; 1 to 200 characters.
    pub title: String,
    /// What it says, in Markdown (CommonMark with tables); 1 to 10,000 characters.
    pub body: String,
    /// From when on others than the staff see it; now unless given.
    pub publish_at: Option<DateTime>,
}

/// A change of an announcement. What is left out stays as it is.
#[writes(Announcement)]
pub struct UpdateAnnouncementInput {
    /// The announcement.
    #[by_hand]
    pub id: ID,
    /// A new heading; 1 to 200 characters; not null.
    #[check(text::name)]
    pub title: MaybeUndefined<String>,
    /// What it says from now on; 1 to 10,000 characters; not null.
    #[check(words)]
    pub body: MaybeUndefined<String>,
    /// From when on others than the staff see it; not null. Who was told of it is not told again.
    #[check(as_given)]
    pub publish_at: MaybeUndefined<DateTime>,
}

/// What you ask or tell in a course.
#[derive(InputObject)]
pub struct CreateThreadInput {
    /// The course.
    pub course_id: ID,
    /// One of its lessons; left out: it is about the course as a whole.
    pub lesson_id: Option<ID>,
    /// Its heading; 1 to 200 characters.
    pub title: String,
    /// What it begins with, in Markdown (CommonMark with tables); 1 to 10,000 characters.
    pub body: String,
}

/// A change of a thread. What is left out stays as it is.
#[writes(Thread)]
pub struct UpdateThreadInput {
    /// The thread.
    #[by_hand]
    pub id: ID,
    /// A new heading of your own thread; 1 to 200 characters; not null.
    #[check(text::name)]
    pub title: MaybeUndefined<String>,
    /// What your own thread begins with from now on; 1 to 10,000 characters; not null.
    #[check(words)]
    pub body: MaybeUndefined<String>,
    /// Whether it stands before all others: for moderators; not null.
    #[check(as_given)]
    pub is_pinned: MaybeUndefined<bool>,
    /// Whether nothing is written in it any more: for moderators; not null.
    #[check(as_given)]
    pub is_closed: MaybeUndefined<bool>,
    /// The post that answers it: for its author and the course's staff; null for none.
    #[by_hand]
    pub answer_id: MaybeUndefined<ID>,
}

/// What you write in a thread.
#[derive(InputObject)]
pub struct CreatePostInput {
    /// The thread.
    pub thread_id: ID,
    /// What it says, in Markdown (CommonMark with tables); 1 to 10,000 characters.
    pub body: String,
}

/// What your post says from now on.
#[derive(InputObject)]
pub struct UpdatePostInput {
    /// The post.
    pub id: ID,
    /// What it says; 1 to 10,000 characters.
    pub body: String,
}

/// What you think of a course.
#[derive(InputObject)]
pub struct ReviewCourseInput {
    /// The course.
    pub course_id: ID,
    /// From 1 to 5, the best.
    pub rating: i32,
    /// What you say; at most 10,000 characters.
    pub text: Option<String>,
}
