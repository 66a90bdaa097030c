//! Lists of enrollments: filters and orders.

use async_graphql::{Enum, ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    resolve::OrderDirection,
};

use super::{Enrollment, EnrollmentStatus};
use crate::domains::{courses::Course, identity::User};

/// Which enrollments.
#[derive(InputObject, Default, Clone)]
pub struct EnrollmentFilter {
    /// In this course.
    pub course_id: Option<ID>,
    /// Of this person.
    pub user_id: Option<ID>,
    /// That stand like one of these.
    pub statuses: Option<Vec<EnrollmentStatus>>,
}

/// What enrollments are sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum EnrollmentOrderField {
    /// By when the person first enrolled.
    EnrolledAt,
    /// By how much of the course is done.
    Progress,
}

/// The order of a list of enrollments.
#[derive(InputObject, Clone, Copy)]
pub struct EnrollmentOrder {
    /// What to sort by.
    pub field: EnrollmentOrderField,
    /// Which end comes first.
    pub direction: OrderDirection,
}

/// An enrollment's place in a list, by default: the latest first.
pub fn order(order: Option<EnrollmentOrder>) -> Order {
    let EnrollmentOrder { field, direction } =
        order.unwrap_or(EnrollmentOrder { field: EnrollmentOrderField::EnrolledAt, direction: OrderDirection::Desc });
    let key = match field {
        EnrollmentOrderField::EnrolledAt => SortKey::moment("ENROLLED_AT", "e.enrolled_at"),
        EnrollmentOrderField::Progress => SortKey::number("PROGRESS", "e.progress"),
    };
    Order { key, id: "e.id", descending: direction == OrderDirection::Desc }
}

/// The enrollments that the viewer sees, as `e`.
pub fn enrollment_list(name: &'static str, order: Order) -> List {
    List::new::<Enrollment>(name, "enrollment", "e", order)
}

/// The same for somebody who sees only the own ones and those in the courses that they teach. The policy says so as well,
/// but would be asked of every enrollment of the school, in order, until a page is full. OFFSET keeps the planner from that.
pub fn own_enrollment_list(name: &'static str, order: Order) -> List {
    const OWN: &str = "(SELECT o.* FROM enrollment o WHERE o.tenant_id = $1 AND (o.user_id = app.user_id() OR o.course_id = ANY (ARRAY(\
         SELECT t.id FROM course t WHERE t.tenant_id = $1 AND t.instructor_id = app.user_id()))) OFFSET 0)";
    List::new::<Enrollment>(name, OWN, "e", order)
}

/// A filter whose ids have been read.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Narrowing {
    course: Option<Id<Course>>,
    user: Option<Id<User>>,
    statuses: Option<Vec<EnrollmentStatus>>,
}

impl EnrollmentFilter {
    /// Reads the filter.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong one.
    pub fn check(self) -> Result<Narrowing> {
        Ok(Narrowing {
            course: Id::parse_opt("filter.courseId", self.course_id.as_ref())?,
            user: Id::parse_opt("filter.userId", self.user_id.as_ref())?,
            statuses: self.statuses,
        })
    }
}

impl Narrowing {
    /// Whether it names a course or a person, so that an index finds few rows.
    pub fn is_selective(&self) -> bool {
        self.course.is_some() || self.user.is_some()
    }

    /// Narrows a list of enrollments.
    pub fn narrow(&self, list: &mut List) {
        if let Some(course) = self.course {
            let course = list.bind(course);
            list.filter(format!("e.course_id = {course}"));
        }
        if let Some(user) = self.user {
            let user = list.bind(user);
            list.filter(format!("e.user_id = {user}"));
        }
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.filter(format!("e.status = ANY ({statuses})"));
        }
    }
}
