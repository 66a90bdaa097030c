//! Courses: what a school teaches, and who teaches it. Tables: `course`, `course_instructor`, `section`.
//!
//! Permissions: COURSE_READ, COURSE_CREATE, COURSE_UPDATE (those that one is staff of), COURSE_UPDATE_ALL (any), COURSE_DELETE (the own),
//! COURSE_PURGE (restores and purges what was deleted).
//! The staff of a course: its owner, its co-instructors, and COURSE_UPDATE_ALL.
//! Invariants, kept by the database: a draft is its staff's alone; the owner is no co-instructor; a course never holds more
//! seats than its capacity; one with people in it is archived, not deleted; positions of sections have no gaps or ties.

mod course;
mod inputs;
mod instructor_mutations;
mod instructors;
mod lists;
mod mutations;
mod queries;
mod section;
mod section_mutations;
mod sql;
mod staff;
mod version_mutations;

use lectern_kernel::{
    ids::Kind,
    resolve::registry::{Domain, Event, Heard, HeardKey},
};

pub use self::{
    course::{Course, CourseStatus},
    inputs::{days, https_url, media_seconds},
    lists::{CourseFilter, CourseOrders},
    section::{DripKind, Section},
    staff::{lock_sections, require_author, require_staff},
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Course::object, Section::object],
    operations: &[
        queries::CourseQueries::OPERATIONS,
        mutations::CourseMutations::OPERATIONS,
        section_mutations::SectionMutations::OPERATIONS,
        instructor_mutations::InstructorMutations::OPERATIONS,
        version_mutations::VersionMutations::OPERATIONS,
    ],
    events: &[Event {
        name: "courseChanged",
        description: "A course that you may see is new or has changed: as it is now.",
        of: Heard::Row(Course::object),
        topic: "course",
        key: HeardKey::Named {
            argument: "id",
            description: "The course; every course that you may see, unless given.",
            object: Course::object,
            is_required: false,
        },
        since: None,
        query: "course",
    }],
    references: &[("course_id", Course::PREFIX), ("series_id", Course::PREFIX)],
    parts: &[(Course::TYPE, "user_id", "instructor")],
    emits: &[
        ("course.created", "A course was created, as a draft. `id`, `status`, `instructorId`."),
        ("course.updated", "What a course says of itself has changed. `id`, `status`, `instructorId`."),
        ("course.published", "A course was published. `id`, `status`, `instructorId`."),
        ("course.archived", "A course was archived. `id`, `status`, `instructorId`."),
        ("course.deleted", "A course was deleted. `id`, `status`, `instructorId`."),
    ],
    ..Domain::new("courses")
};
