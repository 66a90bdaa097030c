//! Courses: what a school teaches. Tables: `course`, `section`.
//!
//! Permissions: COURSE_READ, COURSE_CREATE, COURSE_UPDATE (the own), COURSE_UPDATE_ALL (any), COURSE_DELETE.
//! Invariants, kept by the database: a draft is its instructor's and COURSE_UPDATE_ALL's alone; a course never holds more
//! seats than its capacity; one with people in it is archived, not deleted; positions of sections have no gaps or ties.

mod course;
mod inputs;
mod lists;
mod mutations;
mod queries;
mod section;
mod section_mutations;
mod sql;

use lectern_kernel::{
    ids::Kind,
    resolve::registry::{Domain, Event, Heard, HeardKey},
};

pub use self::{
    course::{Course, CourseStatus},
    lists::{CourseFilter, CourseOrders},
    section::Section,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[Course::object, Section::object],
    operations: &[
        queries::CourseQueries::OPERATIONS,
        mutations::CourseMutations::OPERATIONS,
        section_mutations::SectionMutations::OPERATIONS,
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
    references: &[("course_id", Course::PREFIX)],
    emits: &[
        ("course.created", "A course was created, as a draft. `id`, `status`, `instructorId`."),
        ("course.updated", "What a course says of itself has changed. `id`, `status`, `instructorId`."),
        ("course.published", "A course was published. `id`, `status`, `instructorId`."),
        ("course.archived", "A course was archived. `id`, `status`, `instructorId`."),
        ("course.deleted", "A course was deleted. `id`, `status`, `instructorId`."),
    ],
    ..Domain::new("courses")
};
