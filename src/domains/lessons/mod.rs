//! Lessons: what a course is made of, when it opens and for whom, and how far people are in it. Tables: `lesson`, `lesson_content`,
//! `course_material`, `unlock_override`, `lesson_progress`.
//!
//! Permissions: COURSE_READ (the outline), COURSE_UPDATE (writes lessons of courses that one is staff of), COURSE_UPDATE_ALL (of any), ENROLLMENT_SELF
//! (learns), ENROLLMENT_MANAGE (says when something opens for whom, and what somebody has completed).
//! Invariants, kept by the database: what is locked is hidden by row security; positions of lessons have no gaps or ties; sections never wait for each
//! other in a circle; where a course has published, required lessons, the progress of those under way is their completed share; nothing but an act of
//! the learner's or a word of a manager's completes a course; of two lessons completed at once both count.

mod content;
mod fields;
mod files;
mod inputs;
mod lesson;
mod lesson_mutations;
mod lists;
mod locks;
mod markdown;
mod material;
mod progress;
mod progress_mutations;
mod queries;
mod sql;
mod unlock;

use lectern_kernel::{ids::Kind as _, resolve::registry::Domain};

use crate::domains::enrollments::Enrollment;

pub use self::{
    files::attached_file,
    lesson::{Lesson, LessonKind},
    markdown::to_html,
    material::CourseMaterial,
    progress::LessonProgress,
    unlock::UnlockOverride,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Lesson::object, LessonProgress::object, CourseMaterial::object, UnlockOverride::object],
    operations: &[
        queries::LessonQueries::OPERATIONS,
        lesson_mutations::LessonMutations::OPERATIONS,
        material::MaterialMutations::OPERATIONS,
        unlock::UnlockMutations::OPERATIONS,
        progress_mutations::ProgressMutations::OPERATIONS,
    ],
    extensions: &[
        &fields::CourseLessons::EXTENSION,
        &fields::SectionLessons::EXTENSION,
        &fields::EnrollmentLessons::EXTENSION,
        &fields::BookingLessons::EXTENSION,
    ],
    references: &[("lesson_id", Lesson::PREFIX), ("enrollment_id", Enrollment::PREFIX)],
    parts: &[(Lesson::TYPE, "course_id", "content"), (Enrollment::TYPE, "lesson_id", "lesson")],
    ..Domain::new("lessons")
};
