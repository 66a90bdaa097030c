//! Lists of quizzes, questions and attempts: filters and orders.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
};

use super::{Quiz, attempt::AttemptStatus};
use crate::domains::{courses::Course, groups::Group, identity::User};

/// Attempts, the latest first.
pub const LATEST_ATTEMPT: Order = Order { key: SortKey::moment("STARTED_AT", "qa.started_at"), id: "qa.id", descending: true };

/// Attempts, the first one first.
pub const EARLIEST_ATTEMPT: Order = Order { key: SortKey::moment("STARTED_AT", "qa.started_at"), id: "qa.id", descending: false };

/// Questions as a quiz asks them.
pub const AS_ASKED: Order = Order { key: SortKey::whole("POSITION", "coalesce(qn.position, 0)"), id: "qn.id", descending: false };

/// Questions, the oldest first.
pub const OLDEST_QUESTION: Order = Order { key: SortKey::moment("CREATED_AT", "qn.created_at"), id: "qn.id", descending: false };

/// Pools, the oldest first.
pub const OLDEST_POOL: Order = Order { key: SortKey::moment("CREATED_AT", "qp.created_at"), id: "qp.id", descending: false };

/// Quizzes, the oldest first: a lesson has one.
pub const OLDEST_QUIZ: Order = Order { key: SortKey::moment("CREATED_AT", "qz.created_at"), id: "qz.id", descending: false };

/// Which attempts.
#[derive(InputObject, Default, Clone)]
pub struct QuizAttemptFilter {
    /// At this quiz.
    pub quiz_id: Option<ID>,
    /// In this course.
    pub course_id: Option<ID>,
    /// Of this person.
    pub user_id: Option<ID>,
    /// Of the members of this group that you may see.
    pub group_id: Option<ID>,
    /// That stand like one of these.
    pub statuses: Option<Vec<AttemptStatus>>,
}

/// A filter whose ids have been read.
#[derive(Clone, Debug)]
pub struct Narrowing {
    quiz: Option<Id<Quiz>>,
    course: Option<Id<Course>>,
    user: Option<Id<User>>,
    group: Option<Id<Group>>,
    statuses: Option<Vec<AttemptStatus>>,
}

impl QuizAttemptFilter {
    /// Reads the filter.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong one.
    pub fn check(self) -> Result<Narrowing> {
        Ok(Narrowing {
            quiz: Id::parse_opt("filter.quizId", self.quiz_id.as_ref())?,
            course: Id::parse_opt("filter.courseId", self.course_id.as_ref())?,
            user: Id::parse_opt("filter.userId", self.user_id.as_ref())?,
            group: Id::parse_opt("filter.groupId", self.group_id.as_ref())?,
            statuses: self.statuses,
        })
    }
}

impl Narrowing {
    /// Narrows a list of attempts.
    pub fn narrow(&self, list: &mut List) {
        let ids = [("quiz_id", self.quiz.map(|id| id.0)), ("course_id", self.course.map(|id| id.0)), ("user_id", self.user.map(|id| id.0))];
        for (column, id) in ids {
            if let Some(id) = id {
                let id = list.bind(id);
                list.filter(format!("qa.{column} = {id}"));
            }
        }
        if let Some(group) = self.group {
            let group = list.bind(group);
            list.filter(format!("qa.user_id IN (SELECT m.user_id FROM group_member m WHERE m.tenant_id = $1 AND m.group_id = {group})"));
        }
        if let Some(statuses) = &self.statuses {
            let statuses = list.bind(statuses.clone());
            list.filter(format!("qa.status = ANY ({statuses})"));
        }
    }
}
