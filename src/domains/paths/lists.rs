//! Lists of paths: their filter, and in which order they and their people are listed.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    resolve::text,
};

use crate::domains::courses::{Course, CourseStatus};

/// Which paths.
#[derive(InputObject, Default, Clone)]
pub struct LearningPathFilter {
    /// Beginnings of words in title and description, whatever their case and accents.
    pub search: Option<String>,
    /// In one of these states.
    pub statuses: Option<Vec<CourseStatus>>,
    /// That this course is part of.
    pub course_id: Option<ID>,
}

/// Paths, by title.
pub const BY_TITLE: Order = Order { key: SortKey::name("TITLE", "lp.title"), id: "lp.id", descending: false };

/// People of a path, the latest first.
pub const LATEST_ENROLLED: Order = Order { key: SortKey::moment("ENROLLED_AT", "pe.enrolled_at"), id: "pe.id", descending: true };

/// Enrollments in a course, the latest first.
pub const LATEST_IN_COURSE: Order = Order { key: SortKey::moment("ENROLLED_AT", "e.enrolled_at"), id: "e.id", descending: true };

impl LearningPathFilter {
    /// Narrows a list of paths.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.among("lp.id", &format!("app.search_learning_path({search})"));
        }
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.filter(format!("lp.status = ANY ({statuses})"));
        }
        if let Some(course) = Id::<Course>::parse_opt("filter.courseId", self.course_id.as_ref())? {
            let course = list.bind(course);
            list.filter(format!("lp.id IN (SELECT pc.path_id FROM path_course pc WHERE pc.tenant_id = $1 AND pc.course_id = {course})"));
        }
        Ok(())
    }
}
