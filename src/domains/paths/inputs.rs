//! What the mutations of paths take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::text,
};
use lectern_macros::writes;

use super::{LearningPath, path::PathUnlock};

/// A path to be made, as a draft without courses.
#[writes(LearningPath)]
pub struct CreateLearningPathInput {
    /// Its name; 1 to 200 characters, not necessarily unique.
    #[check(text::name)]
    pub title: String,
    /// What it is about; at most 10,000 characters.
    #[check(text::long)]
    pub description: Option<String>,
}

/// A change of a path. What is left out stays as it is; an explicit null clears.
#[writes(LearningPath)]
pub struct UpdateLearningPathInput {
    /// The path.
    #[by_hand]
    pub id: ID,
    /// A new name; 1 to 200 characters.
    #[check(text::name)]
    pub title: MaybeUndefined<String>,
    /// A new description; at most 10,000 characters; null for none.
    #[check(text::long)]
    pub description: MaybeUndefined<String>,
}

/// The courses of a path, in place of those before.
#[derive(InputObject)]
pub struct SetPathCoursesInput {
    /// The path.
    pub path_id: ID,
    /// Its courses in their order: 1 to 25, each once.
    pub courses: Vec<PathCourseInput>,
}

/// A course of a path, with exactly what its unlock takes.
#[derive(InputObject)]
pub struct PathCourseInput {
    /// The course.
    pub course_id: ID,
    /// When it opens.
    pub unlock: PathUnlock,
    /// For AFTER_COURSE and AFTER_SCORE: another course of the list.
    pub after_course_id: Option<ID>,
    /// For AFTER_SCORE: the final grade in it from which on this one opens, 0 to 100.
    pub min_score: Option<f64>,
}

/// Somebody who is to take a path.
#[derive(InputObject)]
pub struct EnrollInPathInput {
    /// The path.
    pub path_id: ID,
    /// The person; left out: you. Anybody else needs PATH_MANAGE.
    pub user_id: Option<ID>,
}

/// A percentage: 0 to 100.
pub fn percent(field: &str, given: f64) -> Result<f64> {
    if (0.0..=100.0).contains(&given) { Ok(given) } else { Err(Error::bad_input(field, "must be between 0 and 100")) }
}

/// Refuses what an unlock does not take, and misses what it does.
pub fn exactly(field: &str, is_given: bool, is_wanted: bool) -> Result<()> {
    match (is_given, is_wanted) {
        (true, false) => Err(Error::bad_input(field, "must be left out: this unlock takes none")),
        (false, true) => Err(Error::bad_input(field, "is required of this unlock")),
        _ => Ok(()),
    }
}
