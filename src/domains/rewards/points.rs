//! Points: what earns them, and the ledger of all that were earned.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{ColumnReader, DbError, List, Order, SortKey},
    error::Result,
    ids::{self, Id, Kind as _},
    resolve::DateTime,
    text_enum,
};
use lectern_macros::{object, resolvers};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::domains::{courses::Course, identity::User, lessons::Lesson, paths::LearningPath};

text_enum! {
    /// What points are earned by.
    pub enum PointsRuleKey {
        /// The first sign-in of a day of the school, by whoever may learn.
        SignIn = "SIGN_IN",
        /// A lesson that is completed.
        LessonCompleted = "LESSON_COMPLETED",
        /// A graded quiz that is passed.
        QuizPassed = "QUIZ_PASSED",
        /// An assignment that is passed, by a released grade.
        AssignmentPassed = "ASSIGNMENT_PASSED",
        /// A course that is completed.
        CourseCompleted = "COURSE_COMPLETED",
        /// A learning path that is completed.
        PathCompleted = "PATH_COMPLETED",
        /// Given or taken by somebody, for a reason.
        Manual = "MANUAL",
    }
}

/// What something earns from now on. What was earned stays as it is.
#[object]
#[derive(Clone, Debug)]
pub struct PointsRule {
    /// What it is.
    pub key: PointsRuleKey,
    /// How many points it earns, once for each lesson, course, path or day; 0 to 10,000.
    pub points: i32,
    /// Whether it earns any.
    pub is_active: bool,
}

impl PointsRule {
    /// Out of a row: key, points, whether it is active.
    ///
    /// # Errors
    /// When a column is of another type.
    pub fn read(row: &Row) -> Result<Self, DbError> {
        let mut reader = ColumnReader::new(row);
        Ok(PointsRule { key: reader.next()?, points: reader.next()?, is_active: reader.next()? })
    }
}

/// Points that somebody has earned or was given. Entries are never changed or deleted.
#[object(table = "points_entry", alias = "pe", id = "points", node, resolvers)]
#[derive(Clone, Debug)]
pub struct PointsEntry {
    /// Its id.
    pub id: Id<PointsEntry>,
    /// What they were earned by.
    pub rule: PointsRuleKey,
    /// How many; negative where somebody has taken them.
    pub points: i32,
    /// Why, for MANUAL; null for all else.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime,
    /// Whose they are; null when you may not see them.
    #[one]
    pub user_id: Id<User>,
    /// The course that they were earned in; null for none, and when you may not see it.
    #[one]
    pub course_id: Option<Id<Course>>,
    #[hidden]
    pub source: String,
}

#[resolvers]
impl PointsEntry {
    /// The id of what they were earned by: a lesson, a course, a learning path. Null for SIGN_IN and MANUAL.
    fn source_id(rule: PointsRuleKey, source: String) -> Option<ID> {
        let prefix = match rule {
            PointsRuleKey::LessonCompleted | PointsRuleKey::QuizPassed | PointsRuleKey::AssignmentPassed => Lesson::PREFIX,
            PointsRuleKey::CourseCompleted => Course::PREFIX,
            PointsRuleKey::PathCompleted => LearningPath::PREFIX,
            PointsRuleKey::SignIn | PointsRuleKey::Manual => return None,
        };
        source.parse::<Uuid>().ok().map(|source| ID(ids::encode(prefix, source)))
    }
}

/// The latest first.
pub const LATEST: Order = Order { key: SortKey::moment("AT", "pe.at"), id: "pe.id", descending: true };

/// Which entries.
#[derive(InputObject, Default, Clone)]
pub struct PointsEntryFilter {
    /// Of this person.
    pub user_id: Option<ID>,
    /// Earned in this course.
    pub course_id: Option<ID>,
    /// Earned by this.
    pub rule: Option<PointsRuleKey>,
}

impl PointsEntryFilter {
    /// Narrows a list of entries.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(user) = Id::<User>::parse_opt("filter.userId", self.user_id.as_ref())? {
            let user = list.bind(user);
            list.filter(format!("pe.user_id = {user}"));
        }
        if let Some(course) = Id::<Course>::parse_opt("filter.courseId", self.course_id.as_ref())? {
            let course = list.bind(course);
            list.filter(format!("pe.course_id = {course}"));
        }
        if let Some(rule) = self.rule {
            let rule = list.bind(rule);
            list.filter(format!("pe.rule = {rule}"));
        }
        Ok(())
    }
}
