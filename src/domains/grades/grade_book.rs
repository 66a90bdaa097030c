//! A course's grade book: a row for each person in it.

use async_graphql::{Context, ID, InputObject};
use lectern_kernel::{
    db::{List, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Connection, Ctx, Forward, Loaded, Nested, OrderBy, Orders, Rows, many_with_edges_where, registry::OrderValue},
};
use lectern_macros::{extends, object, resolvers};

use super::{Grade, GradesOf};
use crate::domains::{
    courses::Course,
    enrollments::{Enrollment, EnrollmentStatus},
    groups::Group,
    identity::User,
};

/// A row of a course's grade book.
#[object(table = "app.grade_book()", alias = "gb", id = "gradebook", key = "enrollment_id", resolvers)]
#[derive(Clone, Debug)]
pub struct GradeBookRow {
    /// The weighted mean of the person's released grades, in percent to two places; null where there is none.
    pub current_grade: Option<f64>,
    /// The same with what is missing as 0; null where nothing in the course is graded.
    pub final_grade: Option<f64>,
    #[hidden]
    pub enrollment_id: Id<Enrollment>,
}

#[resolvers]
impl GradeBookRow {
    /// Whose row it is.
    async fn enrollment(enrollment_id: Id<Enrollment>, ctx: &Context<'_>) -> Result<Loaded<Enrollment>> {
        ctx.whole(enrollment_id).await?.ok_or_else(|| Error::not_found("enrollment"))
    }

    /// What the person's work is worth, for each published, graded lesson of the course in their order.
    #[cost(20)]
    async fn grades(enrollment_id: Id<Enrollment>, ctx: &Context<'_>) -> Result<Vec<Grade>> {
        Ok(ctx.load(GradesOf(enrollment_id)).await?.unwrap_or_default())
    }
}

/// What the connection is called after: it says nothing beside its rows.
#[object(edge, name = "GradeBook")]
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "never made")]
pub struct GradeBook {
    #[hidden]
    #[column("gb.enrollment_id")]
    pub enrollment_id: Id<Enrollment>,
}

/// Which rows.
#[derive(InputObject, Default, Clone)]
pub struct GradeBookFilter {
    /// Of the members of this group that you may see.
    pub group_id: Option<ID>,
    /// Of this person.
    pub user_id: Option<ID>,
    /// Whose enrollment stands like one of these.
    pub statuses: Option<Vec<EnrollmentStatus>>,
}

/// What rows are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct GradeBookOrders;

impl Orders for GradeBookOrders {
    const OF: &'static str = "GradeBook";
    const WHAT: &'static str = "rows of a grade book";
    const KEYS: &'static [OrderValue] =
        &[("NAME", "By the person's name.", BY_NAME), ("FINAL_GRADE", "By the final grade; who has none stands below 0.", BY_GRADE)];
    const ID: &'static str = "gb.enrollment_id";
    const DEFAULT: (usize, bool) = (0, false);
}

const BY_NAME: SortKey = SortKey::name("NAME", "gb.name");
const BY_GRADE: SortKey = SortKey::number("FINAL_GRADE", "coalesce(gb.final_grade, -1)");

const fn book(key: SortKey, descending: bool) -> Nested {
    Nested::new("course.gradeBook", lectern_kernel::db::Order { key, id: GradeBookOrders::ID, descending }, "gb.course_id")
}

static BOOKS: [Nested; 4] = [book(BY_NAME, false), book(BY_NAME, true), book(BY_GRADE, false), book(BY_GRADE, true)];

/// What is added to courses.
pub struct CourseGrades;

#[extends(Course)]
impl CourseGrades {
    /// Everybody in it with their grades, by name unless ordered otherwise: for those who grade the course, and for GRADE_READ_ALL. Empty for anybody else.
    #[needs(GradeManage, GradeReadAll)]
    async fn grade_book(
        id: Id<Course>,
        ctx: &Context<'_>,
        page: Forward,
        /// Which rows.
        filter: Option<GradeBookFilter>,
        /// In which order.
        order_by: Option<OrderBy<GradeBookOrders>>,
    ) -> Result<Connection<GradeBookRow, GradeBook>> {
        let filter = filter.unwrap_or_default();
        let person = Id::<User>::parse_opt("filter.userId", filter.user_id.as_ref())?;
        let group = Id::<Group>::parse_opt("filter.groupId", filter.group_id.as_ref())?;
        let order = OrderBy::or_usual(ctx, order_by);
        let book = BOOKS.iter().find(|book| book.order == order).ok_or_else(|| Error::internal("an order that no grade book has"))?;
        let narrow = move |list: &mut List| {
            if let Some(person) = person {
                let person = list.bind(person);
                list.filter(format!("gb.user_id = {person}"));
            }
            if let Some(group) = group {
                let group = list.bind(group);
                list.filter(format!(
                    "gb.user_id IN (SELECT m.user_id FROM group_member m WHERE m.tenant_id = $1 AND m.group_id = {group})"
                ));
            }
            if let Some(statuses) = &filter.statuses {
                let statuses = list.bind(statuses.clone());
                list.filter(format!("gb.status = ANY ({statuses})"));
            }
        };
        many_with_edges_where::<GradeBookRow, GradeBook>(ctx, book, id.0, page, narrow).await
    }
}
