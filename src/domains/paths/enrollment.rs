//! One person's part in one path.

use lectern_kernel::{ids::Id, resolve::DateTime};
use lectern_macros::object;

use super::LearningPath;
use crate::domains::{enrollments::EnrollmentStatus, identity::User};

/// One person's part in one path; there is at most one for each person and path.
#[object(table = "path_enrollment", alias = "pe", id = "pathenrollment", node)]
#[derive(Clone, Debug)]
pub struct PathEnrollment {
    /// Its id.
    pub id: Id<PathEnrollment>,
    /// How it stands: NOT_STARTED, IN_PROGRESS once one of the path's courses is, COMPLETED once all of them are, or DROPPED.
    pub status: EnrollmentStatus,
    /// How many of the path's courses are completed, in percent: 0 to 100.
    pub progress: f64,
    /// When the person first enrolled.
    pub enrolled_at: DateTime,
    /// When the path was completed; null unless the status is COMPLETED.
    pub completed_at: Option<DateTime>,
    /// The path; null when you may not see it, or when it was deleted.
    #[one]
    pub path_id: Id<LearningPath>,
    /// The person; null when you may not see them.
    #[one]
    pub user_id: Id<User>,
}
