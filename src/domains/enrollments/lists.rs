//! Lists of enrollments: filters and orders.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    resolve::registry::OrderValue,
    resolve::{DateTime, Orders},
};

use super::EnrollmentStatus;
use crate::domains::{courses::Course, groups::Group, identity::User};

/// Which enrollments.
#[derive(InputObject, Default, Clone)]
pub struct EnrollmentFilter {
    /// In this course.
    pub course_id: Option<ID>,
    /// Of this person.
    pub user_id: Option<ID>,
    /// That stand like one of these.
    pub statuses: Option<Vec<EnrollmentStatus>>,
    /// Of the members of this group that you may see.
    pub group_id: Option<ID>,
    /// That end to give access before this moment.
    pub expires_before: Option<DateTime>,
}

/// What enrollments are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct EnrollmentOrders;

impl Orders for EnrollmentOrders {
    const OF: &'static str = "Enrollment";
    const WHAT: &'static str = "enrollments";
    const KEYS: &'static [OrderValue] = &[
        ("ENROLLED_AT", "By when the person first enrolled.", SortKey::moment("ENROLLED_AT", "e.enrolled_at")),
        ("PROGRESS", "By how much of the course is done.", SortKey::number("PROGRESS", "e.progress")),
    ];
    const ID: &'static str = "e.id";
    const DEFAULT: (usize, bool) = (0, true);
}

/// The enrollments, as `e`, of somebody who sees only the own ones and those in the courses that they are staff of. The policy says
/// so as well, but would be asked of every enrollment of the school, in order, until a page is full. OFFSET keeps the planner
/// from that. They are few, and all of them are read before the first is known.
pub fn own_enrollments(name: &'static str, order: Order) -> List {
    const OWN: &str = "(SELECT o.* FROM enrollment o WHERE o.tenant_id = $1 AND (o.user_id = app.user_id() OR o.course_id = ANY (ARRAY(\
         SELECT app.taught_courses()))) OFFSET 0) e";
    List::new(name, OWN, "e", order).materialized()
}

/// A filter whose ids have been read.
#[derive(Clone, Debug)]
pub struct Narrowing {
    course: Option<Id<Course>>,
    user: Option<Id<User>>,
    statuses: Option<Vec<EnrollmentStatus>>,
    group: Option<Id<Group>>,
    expires_before: Option<DateTime>,
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
            group: Id::parse_opt("filter.groupId", self.group_id.as_ref())?,
            expires_before: self.expires_before,
        })
    }
}

impl Narrowing {
    /// Whether it names a course, a person or a group, so that an index finds few rows.
    pub fn is_selective(&self) -> bool {
        self.course.is_some() || self.user.is_some() || self.group.is_some()
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
        if let Some(group) = self.group {
            let group = list.bind(group);
            // As an array, so that the index by person is read: few people, and few enrollments of each.
            let members = format!("SELECT m.user_id FROM group_member m WHERE m.tenant_id = $1 AND m.group_id = {group}");
            list.filter(format!("e.user_id = ANY (ARRAY({members}))"));
        }
        if let Some(moment) = self.expires_before {
            let moment = list.bind(moment);
            list.filter(format!("e.expires_at < {moment}"));
        }
    }
}
