//! Lists of courses: filters and orders.

use async_graphql::{Enum, ID, InputObject};

use super::{Course, CourseStatus};
use crate::{
    db::{List, Order, SortKey},
    domains::identity::User,
    error::Result,
    graphql::{OrderDirection, text},
    ids::Id,
};

/// Which courses.
#[derive(InputObject, Default, Clone)]
pub struct CourseFilter {
    /// Beginnings of words in title and description: "intro alg" finds "Introduction to Algebra".
    pub search: Option<String>,
    /// In one of these states.
    pub statuses: Option<Vec<CourseStatus>>,
    /// Taught by this person.
    pub instructor_id: Option<ID>,
    /// That carry this tag, in any case.
    pub tag: Option<String>,
}

/// What courses are sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum CourseOrderField {
    /// By title.
    Title,
    /// By when they were created.
    CreatedAt,
}

/// The order of a list of courses.
#[derive(InputObject, Clone, Copy)]
pub struct CourseOrder {
    /// What to sort by.
    pub field: CourseOrderField,
    /// Which end comes first.
    pub direction: OrderDirection,
}

/// A course's place in a list, by default: by title.
pub fn order(order: Option<CourseOrder>) -> Order {
    let (key, descending) = match order {
        None => (SortKey { name: "TITLE", expression: "c.title", cast: "text" }, false),
        Some(CourseOrder { field, direction }) => (
            match field {
                CourseOrderField::Title => SortKey { name: "TITLE", expression: "c.title", cast: "text" },
                CourseOrderField::CreatedAt => SortKey { name: "CREATED_AT", expression: "c.created_at", cast: "timestamptz" },
            },
            direction == OrderDirection::Desc,
        ),
    };
    Order { key, id: "c.id", descending }
}

/// The join that reads a course's instructor along with it, as `i`.
pub const INSTRUCTOR_JOIN: &str = "LEFT JOIN app_user i ON i.tenant_id = $1 AND i.id = c.instructor_id";

/// The courses that the viewer sees, as `c`.
pub fn course_list(name: &'static str, order: Order) -> List {
    let mut list = List::new::<Course>(name, "course", "c", order);
    list.and("c.deleted_at IS NULL");
    list
}

impl CourseFilter {
    /// Narrows a list of courses.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(search) = text::search("filter.search", self.search.as_deref())? {
            let search = list.bind(search);
            list.and(format!("c.id IN (SELECT app.search_course({search}))"));
        }
        if let Some(tag) = text::search("filter.tag", self.tag.as_deref())? {
            let tag = list.bind(tag.to_lowercase());
            list.and(format!("c.id IN (SELECT app.tagged_course({tag}))"));
        }
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.and(format!("c.status = ANY ({statuses})"));
        }
        if let Some(instructor) = Id::<User>::parse_opt("filter.instructorId", self.instructor_id.as_ref())? {
            let instructor = list.bind(instructor);
            list.and(format!("c.instructor_id = {instructor}"));
        }
        Ok(())
    }
}
