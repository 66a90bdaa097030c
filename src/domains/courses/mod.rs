//! Courses: what a school teaches. Tables: `course`, `section`.
//!
//! Permissions: COURSE_READ, COURSE_CREATE, COURSE_UPDATE (the own), COURSE_UPDATE_ALL (any), COURSE_DELETE.
//! Invariants, kept by the database: a draft is its instructor's and COURSE_UPDATE_ALL's alone; a course never holds more
//! seats than its capacity; one with people in it is archived, not deleted; positions of sections have no gaps or ties.

mod course;
mod inputs;
mod lists;
mod loaders;
mod mutations;
mod nested;
mod queries;
mod section;
mod section_mutations;
mod sql;

use async_graphql::MergedObject;
use lectern_kernel::{
    ids::Kind,
    permission::Permission,
    registry::{Domain, KindInfo, Operation},
};

pub use self::{
    course::{Course, CourseStatus},
    lists::{CourseFilter, course_list},
    loaders::EnrollmentCountOf,
    nested::courses_of_group,
    queries::CourseQueries,
    section::Section,
};

/// What the kernel has to know of it.
pub const DOMAIN: Domain = Domain {
    operations: &[
        Operation::mutation("createCourse", "Course"),
        Operation::mutation("updateCourse", "Course"),
        Operation::mutation("publishCourse", "Course"),
        Operation::mutation("archiveCourse", "Course"),
        Operation::mutation("deleteCourse", "Course"),
        Operation::mutation("createSection", "Section"),
        Operation::mutation("updateSection", "Section"),
        Operation::mutation("reorderSections", "Course"),
        Operation::mutation("deleteSection", "Section"),
    ],
    kinds: &[KindInfo::of::<Course>().needs(&[Permission::CourseRead]), KindInfo::of::<Section>().needs(&[Permission::CourseRead])],
    references: &[("course_id", Course::PREFIX)],
    ..Domain::new("courses")
};

/// Mutations of courses and their sections.
#[derive(MergedObject, Default)]
pub struct CourseMutations(mutations::CatalogueMutations, section_mutations::SectionMutations);
