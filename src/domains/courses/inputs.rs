//! What the mutations of courses take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::text,
};
use lectern_macros::writes;

use super::Course;

/// A course to be created, as a draft.
#[writes(Course)]
pub struct CreateCourseInput {
    /// The name shown in the catalogue; 1 to 200 characters, not necessarily unique.
    #[check(text::name)]
    pub title: String,
    /// What it is about; at most 10,000 characters.
    #[check(text::long)]
    pub description: Option<String>,
    /// Who teaches it. Left out: you. Anybody else, an instructor of the school, or explicitly nobody needs COURSE_UPDATE_ALL.
    #[by_hand]
    pub instructor_id: MaybeUndefined<ID>,
    /// How many seats it has, 1 to 1,000,000; null for any number.
    #[check(capacity)]
    pub capacity: Option<i32>,
    /// A secret that people need to enroll themselves; 1 to 200 characters. It can't be read back.
    #[check(text::name)]
    pub enrollment_key: Option<String>,
    /// Words to find it by; at most 20, each 1 to 40 characters, kept in lower case.
    #[check(text::tags)]
    pub tags: Option<Vec<String>>,
}

/// A change of a course. What is left out stays as it is; an explicit null clears.
#[writes(Course)]
pub struct UpdateCourseInput {
    /// The course.
    #[by_hand]
    pub id: ID,
    /// A new title; 1 to 200 characters.
    #[check(text::name)]
    pub title: MaybeUndefined<String>,
    /// A new description; at most 10,000 characters; null for none.
    #[check(text::long)]
    pub description: MaybeUndefined<String>,
    /// Who teaches it from now on; null for nobody. Needs COURSE_UPDATE_ALL unless it is you.
    #[by_hand]
    pub instructor_id: MaybeUndefined<ID>,
    /// How many seats it has, no fewer than are taken; null for any number.
    #[check(capacity)]
    pub capacity: MaybeUndefined<i32>,
    /// A new secret for enrolling oneself; null for none.
    #[check(text::name)]
    pub enrollment_key: MaybeUndefined<String>,
    /// New tags in place of the old; null for none.
    #[check(text::tags)]
    pub tags: MaybeUndefined<Vec<String>>,
}

/// A section to be added at the end of a course.
#[derive(InputObject)]
pub struct CreateSectionInput {
    /// The course.
    pub course_id: ID,
    /// Its name; 1 to 200 characters.
    pub title: String,
}

/// A change of a section.
#[derive(InputObject)]
pub struct UpdateSectionInput {
    /// The section.
    pub id: ID,
    /// Its new name; 1 to 200 characters.
    pub title: String,
}

/// A new order of a course's sections.
#[derive(InputObject)]
pub struct ReorderSectionsInput {
    /// The course.
    pub course_id: ID,
    /// All of the course's sections, each once, in their new order.
    pub section_ids: Vec<ID>,
}

/// Seats: 1 to 1,000,000.
fn capacity(field: &str, seats: &i32) -> Result<i32> {
    if (1..=1_000_000).contains(seats) {
        Ok(*seats)
    } else {
        Err(Error::bad_input(field, "must be between 1 and 1000000, or null for any number"))
    }
}
