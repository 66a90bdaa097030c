//! Lists of submissions: filters and orders.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{Nested, Orders, registry::OrderValue},
};

use super::{Assignment, submission::SubmissionStatus};
use crate::domains::{courses::Course, groups::Group, identity::User};

/// Which submissions.
#[derive(InputObject, Default, Clone)]
pub struct SubmissionFilter {
    /// For this assignment.
    pub assignment_id: Option<ID>,
    /// In this course.
    pub course_id: Option<ID>,
    /// Of this person.
    pub user_id: Option<ID>,
    /// Of the members of this group that you may see.
    pub group_id: Option<ID>,
    /// That stand like one of these.
    pub statuses: Option<Vec<SubmissionStatus>>,
    /// That were handed in late; or that were not.
    pub is_late: Option<bool>,
}

/// What submissions are sorted by.
#[derive(Debug, Clone, Copy)]
pub struct SubmissionOrders;

impl Orders for SubmissionOrders {
    const OF: &'static str = "Submission";
    const WHAT: &'static str = "submissions";
    const KEYS: &'static [OrderValue] = &[("SUBMITTED_AT", "By when they were handed in.", BY_TIME)];
    const ID: &'static str = "sb.id";
    const DEFAULT: (usize, bool) = (0, true);
}

const BY_TIME: SortKey = SortKey::moment("SUBMITTED_AT", "sb.submitted_at");

const fn of_assignment(name: &'static str, descending: bool) -> Nested {
    Nested::new(name, Order { key: BY_TIME, id: SubmissionOrders::ID, descending }, "sb.assignment_id")
}

/// Those of an assignment, the latest first.
pub static LATEST_LIST: Nested = of_assignment("assignment.submissions", true);
/// Those of an assignment, the first first.
pub static FIRST_LIST: Nested = of_assignment("assignment.submissions", false);
/// The own ones of an assignment.
pub static OWN_LIST: Nested = of_assignment("assignment.viewerSubmissions", false);

/// The submissions, as `sb`, of somebody who sees only the own ones and those of the courses whose work they grade. The policy says so as well, but would be
/// asked of every submission of the school, in order, until a page is full. OFFSET keeps the planner from that.
pub fn own_submissions(name: &'static str, order: Order) -> List {
    const OWN: &str = "(SELECT o.tenant_id, o.id, o.assignment_id, o.course_id, o.user_id, o.number, o.status, o.text, o.submitted_at \
         FROM submission o WHERE o.tenant_id = $1 AND (o.user_id = app.user_id() OR o.course_id = ANY (ARRAY(SELECT app.taught_courses()))) OFFSET 0) sb";
    List::new(name, OWN, "sb", order).materialized()
}

/// A filter whose ids have been read.
#[derive(Clone, Debug)]
pub struct Narrowing {
    assignment: Option<Id<Assignment>>,
    course: Option<Id<Course>>,
    user: Option<Id<User>>,
    group: Option<Id<Group>>,
    statuses: Option<Vec<SubmissionStatus>>,
    is_late: Option<bool>,
}

impl SubmissionFilter {
    /// Reads the filter.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong one.
    pub fn check(self) -> Result<Narrowing> {
        Ok(Narrowing {
            assignment: Id::parse_opt("filter.assignmentId", self.assignment_id.as_ref())?,
            course: Id::parse_opt("filter.courseId", self.course_id.as_ref())?,
            user: Id::parse_opt("filter.userId", self.user_id.as_ref())?,
            group: Id::parse_opt("filter.groupId", self.group_id.as_ref())?,
            statuses: self.statuses,
            is_late: self.is_late,
        })
    }
}

impl Narrowing {
    /// Whether it names an assignment, a course, a person or a group, so that an index finds few rows.
    pub fn is_selective(&self) -> bool {
        self.assignment.is_some() || self.course.is_some() || self.user.is_some() || self.group.is_some()
    }

    /// Narrows a list of submissions.
    pub fn narrow(&self, list: &mut List) {
        if let Some(assignment) = self.assignment {
            let assignment = list.bind(assignment);
            list.filter(format!("sb.assignment_id = {assignment}"));
        }
        if let Some(course) = self.course {
            let course = list.bind(course);
            list.filter(format!("sb.course_id = {course}"));
        }
        if let Some(user) = self.user {
            let user = list.bind(user);
            list.filter(format!("sb.user_id = {user}"));
        }
        if let Some(group) = self.group {
            let group = list.bind(group);
            list.filter(format!("sb.user_id IN (SELECT m.user_id FROM group_member m WHERE m.tenant_id = $1 AND m.group_id = {group})"));
        }
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.filter(format!("{} = ANY ({statuses})", SubmissionStatus::SHOWN.replace("{}", "sb")));
        }
        if let Some(is_late) = self.is_late {
            let is_late = list.bind(is_late);
            list.filter(format!("app.is_late(sb.id) = {is_late}"));
        }
    }
}

/// Assignments by their lesson, which has one.
pub const BY_LESSON: Order = Order { key: SortKey::number("POINTS", "ag.points"), id: "ag.id", descending: false };
