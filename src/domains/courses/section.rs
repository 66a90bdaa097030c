//! A part of a course.

use lectern_kernel::ids::Id;
use lectern_macros::object;

/// A part of a course.
#[object(table = "section", alias = "s", id = "section", node(CourseRead))]
#[derive(Clone, Debug)]
pub struct Section {
    /// Its id.
    pub id: Id<Section>,
    /// Its name; 1 to 200 characters.
    pub title: String,
    /// Where it stands in the course: 1 for the first, without gaps.
    pub position: i32,
}
