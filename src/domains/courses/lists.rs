//! Lists of courses: filters, orders, and what is read along.

use async_graphql::{Context, Enum, ID, InputObject};
use lectern_kernel::{
    db::{ColumnReader, DbError, List, Order, PageJoin, Record, SortKey, select},
    error::Result,
    ids::Id,
    resolve::{Ctx, OrderDirection, text},
};

use super::{Course, CourseStatus};
use crate::domains::identity::User;

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
        None => (SortKey::text("TITLE", "c.title"), false),
        Some(CourseOrder { field, direction }) => (
            match field {
                CourseOrderField::Title => SortKey::text("TITLE", "c.title"),
                CourseOrderField::CreatedAt => SortKey::moment("CREATED_AT", "c.created_at"),
            },
            direction == OrderDirection::Desc,
        ),
    };
    Order { key, id: "c.id", descending }
}

/// What is read along with courses: that which the document asks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct CourseJoins {
    instructor: bool,
    enrollment_count: bool,
    /// No more than the summary of each.
    summary: bool,
}

const INSTRUCTOR: &str = "LEFT JOIN app_user i ON i.tenant_id = $1 AND i.id = c.instructor_id";

/// Counted at once for a whole page.
const ENROLLMENT_COUNTS: PageJoin = PageJoin {
    join: "LEFT JOIN app.enrollment_counts(ARRAY(SELECT p.id_ FROM page_ p)) AS n ON n.course_id = page_.id_",
    expressions: "n.count",
};

impl CourseJoins {
    /// What is asked for in the nodes of the connection that is being resolved.
    pub fn of_nodes(ctx: &Context<'_>) -> Self {
        CourseJoins {
            instructor: ctx.selects_in_nodes("instructor"),
            enrollment_count: ctx.selects_in_nodes("enrollmentCount"),
            summary: Course::SUMMARY_FIELDS.covers_nodes(ctx),
        }
    }

    /// The same, of courses that are read for many parents at once; they are counted by a loader.
    pub fn of_nested_nodes(ctx: &Context<'_>) -> Self {
        CourseJoins { instructor: ctx.selects_in_nodes("instructor"), ..Self::default() }
    }

    /// What is asked for of the course that is being resolved.
    pub fn of_one(ctx: &Context<'_>) -> Self {
        CourseJoins { instructor: ctx.selects("instructor"), enrollment_count: ctx.selects("enrollmentCount"), summary: false }
    }

    /// Joins them to a list of courses as `c`; its rows are then read by [`CourseJoins::read`].
    pub fn add_to(self, list: &mut List) {
        if self.instructor {
            list.join::<User>(INSTRUCTOR, "i");
        }
        if self.enrollment_count {
            list.page_join(ENROLLMENT_COUNTS);
        }
        list.summary_only(self.summary);
    }

    /// A statement that reads the course whose id is `$2`, and what is joined to it.
    pub fn by_id(self) -> String {
        let (mut columns, mut from) = (select::<Course>("c"), "course c".to_owned());
        if self.instructor {
            columns = format!("{columns}, {}", select::<User>("i"));
            from = format!("{from} {INSTRUCTOR}");
        }
        if self.enrollment_count {
            columns.push_str(", n.count");
            from.push_str(" LEFT JOIN app.enrollment_counts(ARRAY[$2::uuid]) AS n ON n.course_id = c.id");
        }
        format!("SELECT {columns} FROM {from} WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL")
    }

    /// Reads a course and what is joined to it out of one row.
    ///
    /// # Errors
    /// When a column is not of the expected type.
    pub fn read(self, reader: &mut ColumnReader<'_>) -> Result<Course, DbError> {
        let mut course = Course::read(reader)?;
        if self.instructor {
            course.joined_instructor = Some(User::read_joined(reader)?);
        }
        if self.enrollment_count {
            course.joined_enrollment_count = Some(seats(reader.next()?));
        }
        Ok(course)
    }
}

/// A number of seats as the schema has it.
pub fn seats(count: Option<i64>) -> i32 {
    i32::try_from(count.unwrap_or(0)).unwrap_or(i32::MAX)
}

/// The courses that the viewer sees, as `c`.
pub fn course_list(name: &'static str, order: Order) -> List {
    let mut list = List::new::<Course>(name, "course", "c", order);
    list.filter("c.deleted_at IS NULL");
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
            list.filter(format!("c.id IN (SELECT app.search_course({search}))"));
        }
        if let Some(tag) = text::search("filter.tag", self.tag.as_deref())? {
            let tag = list.bind(tag.to_lowercase());
            list.filter(format!("c.id IN (SELECT app.tagged_course({tag}))"));
        }
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.filter(format!("c.status = ANY ({statuses})"));
        }
        if let Some(instructor) = Id::<User>::parse_opt("filter.instructorId", self.instructor_id.as_ref())? {
            let instructor = list.bind(instructor);
            list.filter(format!("c.instructor_id = {instructor}"));
        }
        Ok(())
    }
}
