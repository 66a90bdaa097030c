//! Learning paths: several courses, each open from the beginning or after another; and what courses ask of whoever enrolls in them. Tables: `course_prerequisite`,
//! `learning_path`, `path_course`, `path_enrollment`, `path_step`.
//!
//! Permissions: COURSE_READ (paths that are published or archived), PATH_MANAGE (makes them, sees drafts, enrolls anybody), ENROLLMENT_SELF (enrolls oneself),
//! ENROLLMENT_READ_ALL (who is in them), COURSE_UPDATE (what the courses that one is staff of ask for), COURSE_UPDATE_ALL (of any).
//! Invariants, kept by the database: neither courses nor the courses of a path wait for each other in a circle; whatever opens a course of a path enrolls in it, in
//! the same transaction; once open, always open; a path that was completed stays so; one with people in it is not deleted.

mod enrollment;
mod enrollment_mutations;
mod fields;
mod inputs;
mod jobs;
mod lists;
mod loaders;
mod path;
mod path_mutations;
mod prerequisite;
mod queries;
mod sql;

use lectern_kernel::{ids::Kind as _, resolve::registry::Domain};

use crate::domains::courses::Course;

pub use self::{enrollment::PathEnrollment, jobs::PATH_COURSE_UNLOCKED, path::LearningPath};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[LearningPath::object, path::PathCourse::object, PathEnrollment::object, prerequisite::CoursePrerequisite::object],
    operations: &[
        queries::PathQueries::OPERATIONS,
        prerequisite::PrerequisiteMutations::OPERATIONS,
        path_mutations::PathMutations::OPERATIONS,
        enrollment_mutations::PathEnrollmentMutations::OPERATIONS,
    ],
    extensions: &[&fields::CoursePaths::EXTENSION],
    jobs: &[jobs::RETRY],
    references: &[("path_id", LearningPath::PREFIX), ("after_course_id", Course::PREFIX), ("requires_id", Course::PREFIX)],
    parts: &[(Course::TYPE, "requires_id", "prerequisite"), (LearningPath::TYPE, "course_id", "course")],
    ..Domain::new("paths")
};
