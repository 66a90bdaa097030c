//! Enrollments: who takes part in which course, and how far they came. Table: `enrollment`.
//!
//! Permissions: ENROLLMENT_SELF (one's own), ENROLLMENT_MANAGE (in the courses that one teaches; in every course together
//! with COURSE_UPDATE_ALL), ENROLLMENT_READ_ALL.
//! Invariants, kept by the database: one enrollment for each person and course; no more people hold a seat (NOT_STARTED,
//! IN_PROGRESS, COMPLETED) than the course has; only a published course takes people in; COMPLETED has a `completedAt`,
//! and nothing else has.

mod enrollment;
mod inputs;
mod lists;
mod mutations;
mod nested;
mod queries;
mod sql;

use lectern_kernel::registry::{Domain, KindInfo, Operation};

pub use self::{
    enrollment::{Enrollment, EnrollmentStatus, Joins},
    lists::{EnrollmentFilter, EnrollmentOrder, EnrollmentOrderField, enrollment_list, order},
    mutations::EnrollmentMutations,
    nested::{enrollments_in_course, enrollments_of_user},
    queries::EnrollmentQueries,
};

/// What the kernel has to know of it.
pub const DOMAIN: Domain = Domain {
    operations: &[
        Operation::mutation("enroll", "Enrollment"),
        Operation::mutation("recordProgress", "Enrollment"),
        Operation::mutation("updateEnrollmentStatus", "Enrollment"),
        Operation::mutation("unenroll", "Enrollment"),
    ],
    kinds: &[KindInfo::of::<Enrollment>()],
    ..Domain::new("enrollments")
};
