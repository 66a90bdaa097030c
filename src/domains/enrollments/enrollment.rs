//! One person's part in one course.

use lectern_kernel::{ids::Id, resolve::DateTime, text_enum};
use lectern_macros::object;

use crate::domains::{courses::Course, identity::User};

text_enum! {
    /// How a person's part in a course stands. NOT_STARTED, IN_PROGRESS and COMPLETED hold a seat; the others free it.
    pub enum EnrollmentStatus {
        /// Enrolled, with nothing done yet.
        NotStarted = "NOT_STARTED",
        /// Under way.
        InProgress = "IN_PROGRESS",
        /// Done; `completedAt` says when.
        Completed = "COMPLETED",
        /// Ended without success.
        Failed = "FAILED",
        /// Ended because time was up.
        Expired = "EXPIRED",
        /// Left. Enrolling again goes on from the progress that was made.
        Dropped = "DROPPED",
    }
}

/// One person's part in one course; there is at most one for each person and course.
#[object(table = "enrollment", alias = "e", id = "enrollment", node)]
#[derive(Clone, Debug)]
pub struct Enrollment {
    /// Its id.
    pub id: Id<Enrollment>,
    /// How it stands.
    pub status: EnrollmentStatus,
    /// How much of the course is done, in percent: 0 to 100.
    pub progress: f64,
    /// When the person first enrolled.
    pub enrolled_at: DateTime,
    /// When the course was completed; null unless the status is COMPLETED.
    pub completed_at: Option<DateTime>,
    /// When the person began: opened the first lesson, or recorded the first progress.
    #[wide]
    pub started_at: Option<DateTime>,
    /// When the person last opened or completed a lesson, or recorded progress.
    #[wide]
    pub last_active_at: Option<DateTime>,
    /// When it ends to give access; null for never. Who has completed the course keeps access.
    #[wide]
    pub expires_at: Option<DateTime>,
    /// How many of the course's published, required lessons the person has completed.
    #[wide]
    pub lessons_completed: i32,
    /// How many published, required lessons the course has. With some, `progress` follows from them.
    #[wide]
    pub lessons_total: i32,
    /// The course; null when you may not see it, or when it was deleted.
    #[one]
    pub course_id: Id<Course>,
    /// The person; null when you may not see them.
    #[one]
    pub user_id: Id<User>,
}
