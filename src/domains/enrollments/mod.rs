//! Enrollments: who takes part in which course, and how far they came. Table: `enrollment`.
//!
//! Permissions: ENROLLMENT_SELF (one's own), ENROLLMENT_MANAGE (in the courses that one is staff of; in every course together
//! with COURSE_UPDATE_ALL), ENROLLMENT_READ_ALL.
//! Invariants, kept by the database: one enrollment for each person and course; no more people hold a seat (NOT_STARTED,
//! IN_PROGRESS, COMPLETED) than the course has; only a published course takes people in; COMPLETED has a `completedAt`,
//! and nothing else has; where the course has lessons, progress follows from them.

mod enrollment;
mod expiry;
mod inputs;
mod lists;
mod mutations;
mod queries;
mod sql;

use lectern_kernel::resolve::registry::{Domain, Event, Heard, HeardKey};

use crate::domains::courses::Course;

pub use self::{
    enrollment::{Enrollment, EnrollmentStatus},
    expiry::{ENROLLMENT_EXPIRED, ENROLLMENT_EXPIRES_SOON},
    lists::{EnrollmentFilter, EnrollmentOrders},
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Enrollment::object],
    operations: &[queries::EnrollmentQueries::OPERATIONS, mutations::EnrollmentMutations::OPERATIONS],
    jobs: &[expiry::EXPIRE, expiry::REMIND],
    emits: &[
        ("enrollment.created", "Somebody was enrolled in a course. `id`, `status`, `courseId`, `userId`."),
        (
            "enrollment.updated",
            "The progress or the state of an enrollment has changed, but for the two below. `id`, `status`, `courseId`, `userId`.",
        ),
        ("enrollment.completed", "Somebody has completed a course. `id`, `status`, `courseId`, `userId`."),
        ("enrollment.dropped", "Somebody has left a course. `id`, `status`, `courseId`, `userId`."),
    ],
    events: &[Event {
        name: "enrollmentChanged",
        description: "An enrollment that you may see is new or has changed: as it is now.",
        of: Heard::Row(Enrollment::object),
        topic: "enrollment",
        key: HeardKey::Named {
            argument: "courseId",
            description: "Those in this course; every enrollment that you may see, unless given.",
            object: Course::object,
            is_required: false,
        },
        since: None,
        query: "enrollment",
    }],
    ..Domain::new("enrollments")
};
