//! What the mutations of lessons take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{DateTime, text},
};
use lectern_macros::writes;

use super::{Lesson, LessonKind};

/// A lesson to be added at the end of a section. It is not published, required, no preview and of weight 1 unless it says otherwise.
#[writes(Lesson)]
pub struct CreateLessonInput {
    /// The section.
    #[by_hand]
    pub section_id: ID,
    /// What it is; it never changes.
    pub kind: LessonKind,
    /// Its name; 1 to 200 characters.
    #[check(text::name)]
    pub title: String,
    /// What it says, in Markdown (CommonMark with tables); at most 100,000 characters.
    #[by_hand]
    pub body: Option<String>,
    /// An https address of at most 2,000 characters: of a VIDEO or AUDIO without a file, a LINK, an EMBED; of a LIVE, where to join it.
    #[by_hand]
    pub url: Option<String>,
    /// How long its film or sound takes, 1 to 86,400 seconds.
    #[by_hand]
    pub media_seconds: Option<i32>,
    /// A file of yours, or with FILE_MANAGE any: of a FILE, or of a VIDEO or AUDIO without an address.
    #[by_hand]
    pub file_id: Option<ID>,
    /// Of a LIVE for a group: when it begins. Left out, it is booked one by one.
    #[by_hand]
    pub starts_at: Option<DateTime>,
    /// Of a LIVE for a group: when it ends.
    #[by_hand]
    pub ends_at: Option<DateTime>,
    /// How many minutes it takes, 1 to 1,440.
    #[check(minutes)]
    pub duration_minutes: Option<i32>,
    /// How many seconds after its first opening a learner completes it at the earliest, 0 to 86,400.
    #[check(seconds)]
    pub min_seconds: Option<i32>,
    /// What it weighs among the graded lessons of the course, 0 to 100.
    #[check(weight)]
    pub weight: Option<f64>,
    /// Whether it must be completed to complete the course.
    pub is_required: Option<bool>,
    /// Whether it is open to everybody who sees the course.
    pub is_preview: Option<bool>,
    /// Whether others than the course's staff see it.
    pub is_published: Option<bool>,
}

/// A change of a lesson. What is left out stays as it is; an explicit null clears.
#[writes(Lesson)]
pub struct UpdateLessonInput {
    /// The lesson.
    #[by_hand]
    pub id: ID,
    /// A new name; 1 to 200 characters.
    #[check(text::name)]
    pub title: MaybeUndefined<String>,
    /// What it says, in Markdown (CommonMark with tables); at most 100,000 characters; null for nothing.
    #[by_hand]
    pub body: MaybeUndefined<String>,
    /// An https address of at most 2,000 characters, as `createLesson` takes it.
    #[by_hand]
    pub url: MaybeUndefined<String>,
    /// How long its film or sound takes, 1 to 86,400 seconds.
    #[by_hand]
    pub media_seconds: MaybeUndefined<i32>,
    /// A file, as `createLesson` takes it.
    #[by_hand]
    pub file_id: MaybeUndefined<ID>,
    /// Of a LIVE for a group: when it begins; null, together with `endsAt`: it is booked one by one.
    #[by_hand]
    pub starts_at: MaybeUndefined<DateTime>,
    /// Of a LIVE for a group: when it ends.
    #[by_hand]
    pub ends_at: MaybeUndefined<DateTime>,
    /// How many minutes it takes, 1 to 1,440.
    #[check(minutes)]
    pub duration_minutes: MaybeUndefined<i32>,
    /// How many seconds after its first opening a learner completes it at the earliest, 0 to 86,400.
    #[check(seconds)]
    pub min_seconds: MaybeUndefined<i32>,
    /// What it weighs among the graded lessons of the course, 0 to 100.
    #[check(weight)]
    pub weight: MaybeUndefined<f64>,
    /// Whether it must be completed to complete the course.
    pub is_required: MaybeUndefined<bool>,
    /// Whether it is open to everybody who sees the course.
    pub is_preview: MaybeUndefined<bool>,
    /// Whether others than the course's staff see it.
    pub is_published: MaybeUndefined<bool>,
}

/// Where a lesson is to stand.
#[derive(InputObject)]
pub struct MoveLessonInput {
    /// The lesson.
    pub id: ID,
    /// Its own section, or another of the same course.
    pub section_id: ID,
    /// Its place there: 1 for the first; at most one more than there are others.
    pub position: i32,
}

/// A new order of a section's lessons.
#[derive(InputObject)]
pub struct ReorderLessonsInput {
    /// The section.
    pub section_id: ID,
    /// All of the section's lessons, each once, in their new order.
    pub lesson_ids: Vec<ID>,
}

/// A lesson that you open, or go on in.
#[derive(InputObject)]
pub struct TrackLessonInput {
    /// The lesson.
    pub lesson_id: ID,
    /// Where in its film or sound you are, 0 to 86,400 seconds; left out: as it was.
    pub position_seconds: Option<i32>,
}

/// A lesson that is completed.
#[derive(InputObject)]
pub struct CompleteLessonInput {
    /// The lesson.
    pub lesson_id: ID,
    /// By whom; left out: by you. Your word about somebody, or about yourself, needs ENROLLMENT_MANAGE, and that you are staff of the course.
    pub user_id: Option<ID>,
}

/// A completion that is taken back.
#[derive(InputObject)]
pub struct ReopenLessonInput {
    /// The lesson.
    pub lesson_id: ID,
    /// Whose.
    pub user_id: ID,
}

/// Who was there at a LIVE lesson.
#[derive(InputObject)]
pub struct RecordAttendanceInput {
    /// The lesson.
    pub lesson_id: ID,
    /// At most 500 people of the course, each once.
    pub user_ids: Vec<ID>,
}

/// A booking of a LIVE lesson.
#[derive(InputObject)]
pub struct RequestLessonBookingInput {
    /// The lesson.
    pub lesson_id: ID,
    /// When it begins.
    pub starts_at: DateTime,
    /// When it ends: 5 minutes to 24 hours later.
    pub ends_at: DateTime,
    /// An instructor whom you wish for.
    pub requested_instructor_id: Option<ID>,
    /// What you want to say with it; at most 10,000 characters.
    pub notes: Option<String>,
}

fn minutes(field: &str, minutes: &i32) -> Result<i32> {
    if (1..=1440).contains(minutes) { Ok(*minutes) } else { Err(Error::bad_input(field, "must be between 1 and 1440")) }
}

/// Seconds of a day.
pub fn seconds(field: &str, seconds: &i32) -> Result<i32> {
    if (0..=86_400).contains(seconds) { Ok(*seconds) } else { Err(Error::bad_input(field, "must be between 0 and 86400")) }
}

fn weight(field: &str, weight: &f64) -> Result<f64> {
    if (0.0..=100.0).contains(weight) { Ok(weight + 0.0) } else { Err(Error::bad_input(field, "must be between 0 and 100")) }
}
