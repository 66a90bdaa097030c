//! Lists of courses: filters and orders.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Orders, registry::OrderValue, text},
};

use super::CourseStatus;
use crate::domains::identity::User;

/// Which courses.
#[derive(InputObject, Default, Clone)]
pub struct CourseFilter {
    /// Beginnings of words in title and description, whatever their case and accents: "intro alg" finds "Introduction to Algebra".
    pub search: Option<String>,
    /// In one of these states.
    pub statuses: Option<Vec<CourseStatus>>,
    /// Taught by this person, as owner or together with others.
    pub instructor_id: Option<ID>,
    /// That carry this tag, in any case.
    pub tag: Option<String>,
    /// Whether an enrollment of yours gives you access, or none does.
    pub is_enrolled: Option<bool>,
    /// Whether there is a seat left, or none is.
    pub has_seats: Option<bool>,
}

/// What courses are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct CourseOrders;

impl Orders for CourseOrders {
    const OF: &'static str = "Course";
    const WHAT: &'static str = "courses";
    const KEYS: &'static [OrderValue] = &[
        ("TITLE", "By title.", SortKey::name("TITLE", "c.title")),
        ("CREATED_AT", "By when they were created.", SortKey::moment("CREATED_AT", "c.created_at")),
    ];
    const ID: &'static str = "c.id";
    const DEFAULT: (usize, bool) = (0, false);
}

/// Courses that were deleted, the latest first.
pub const LATEST_DELETED: Order = Order { key: SortKey::moment("DELETED_AT", "c.deleted_at"), id: "c.id", descending: true };

/// Sections as they stand in their course.
pub const BY_POSITION: Order = Order { key: SortKey::whole("POSITION", "s.position"), id: "s.id", descending: false };

impl CourseFilter {
    /// Narrows a list of courses.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.among("c.id", &format!("app.search_course({search})"));
        }
        if let Some(tag) = text::search("filter.tag", self.tag.as_deref())? {
            let tag = list.bind(tag.to_lowercase());
            list.among("c.id", &format!("app.tagged_course({tag})"));
        }
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.filter(format!("c.status = ANY ({statuses})"));
        }
        if let Some(instructor) = Id::<User>::parse_opt("filter.instructorId", self.instructor_id.as_ref())? {
            let instructor = list.bind(instructor);
            list.filter(format!(
                "(c.instructor_id = {instructor} OR c.id IN (SELECT i.course_id FROM course_instructor i WHERE i.tenant_id = $1 AND i.user_id = {instructor}))"
            ));
        }
        match self.is_enrolled {
            Some(true) => list.among("c.id", "app.live_courses()"),
            Some(false) => list.filter("c.id NOT IN (SELECT app.live_courses())"),
            None => {}
        }
        if let Some(seats) = self.has_seats {
            list.filter(if seats { "app.has_seats(c.id, c.capacity)" } else { "NOT app.has_seats(c.id, c.capacity)" });
        }
        Ok(())
    }
}
