//! Grades: what of somebody's work counts, and what was granted to them. Tables: `lesson_grade`, `enrollment_grade`, `extension`, `accommodation`.
//!
//! Permissions: GRADE_MANAGE (grades, extensions, in the courses that one is staff of; with COURSE_UPDATE_ALL, in every course), GRADE_READ_ALL (sees all
//! grades), ACCOMMODATION_MANAGE (says how much more time a person takes).
//! Invariants, kept by the database: what is held is no grade yet; the two grades of an enrollment are those of its released grades and of the lessons
//! that count, in the transaction that changes either; one extension for each lesson and person.

mod accommodation;
mod extension;
mod extension_mutations;
mod fields;
mod grade;
mod grade_book;
mod sql;

use lectern_kernel::{ids::Kind as _, resolve::registry::Domain};

use crate::domains::identity::User;

pub use self::{
    extension::Extension,
    extension_mutations::EXTENSION_GRANTED,
    grade::{Grade, GradesOf},
    grade_book::GradeBookRow,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Grade::object, GradeBookRow::object, Extension::object],
    operations: &[extension_mutations::ExtensionMutations::OPERATIONS, accommodation::AccommodationMutations::OPERATIONS],
    extensions: &[
        &fields::EnrollmentGrades::EXTENSION,
        &fields::LessonGrades::EXTENSION,
        &grade_book::CourseGrades::EXTENSION,
        &accommodation::UserAccommodation::EXTENSION,
    ],
    parts: &[(User::TYPE, "time_factor", "accommodation")],
    ..Domain::new("grades")
};
