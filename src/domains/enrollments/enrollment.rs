//! One person's part in one course.

use async_graphql::{ComplexObject, Context, SimpleObject};
use lectern_kernel::{
    db::{ColumnReader, DbError, List, Record, select},
    error::Result,
    ids::{Id, Kind},
    resolve::{ById, Ctx, DateTime, SummaryColumns},
    text_enum,
};

use super::sql;
use crate::domains::{courses::Course, identity::User};

text_enum! {
    /// How a person's part in a course stands. NOT_STARTED, IN_PROGRESS and COMPLETED hold a seat; the others free it.
    pub enum EnrollmentStatus {
        /// Enrolled, with nothing done yet.
        NotStarted = "NOT_STARTED",
        /// Under way.
        InProgress = "IN_PROGRESS",
        /// Done; `completedAt` says when.
        Completed = "COMPLETED",
        /// Ended without success.
        Failed = "FAILED",
        /// Ended because time was up.
        Expired = "EXPIRED",
        /// Left. Enrolling again goes on from the progress that was made.
        Dropped = "DROPPED",
    }
}

/// One person's part in one course; there is at most one for each person and course.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub struct Enrollment {
    /// Its id.
    pub id: Id<Enrollment>,
    /// How it stands.
    pub status: EnrollmentStatus,
    /// How much of the course is done, in percent: 0 to 100.
    pub progress: f64,
    /// When the person first enrolled.
    pub enrolled_at: DateTime,
    /// When the course was completed; null unless the status is COMPLETED.
    pub completed_at: Option<DateTime>,
    #[graphql(skip)]
    course_id: Id<Course>,
    #[graphql(skip)]
    user_id: Id<User>,
    /// Read by the same statement, where the document asks for them.
    #[graphql(skip)]
    joined_course: Option<Option<Course>>,
    #[graphql(skip)]
    joined_user: Option<Option<User>>,
}

impl Kind for Enrollment {
    const PREFIX: &'static str = "enrollment";
    const TYPE: &'static str = "Enrollment";
}

impl Record for Enrollment {
    const COLUMNS: &'static [&'static str] = &["id", "status", "progress", "enrolled_at", "completed_at", "course_id", "user_id"];

    fn read(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        Ok(Enrollment {
            id: reader.next()?,
            status: reader.next()?,
            progress: reader.next()?,
            enrolled_at: reader.next()?,
            completed_at: reader.next()?,
            course_id: reader.next()?,
            user_id: reader.next()?,
            joined_course: None,
            joined_user: None,
        })
    }
}

#[ComplexObject]
impl Enrollment {
    /// The course; null when you may not see it, or when it was deleted.
    async fn course(&self, ctx: &Context<'_>) -> Result<Option<Course>> {
        match &self.joined_course {
            Some(course) => Ok(course.clone()),
            None => ctx.load(self.course_id).await,
        }
    }

    /// The person; null when you may not see them.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match &self.joined_user {
            Some(user) => Ok(user.clone()),
            None => ctx.load(self.user_id).await,
        }
    }
}

/// Which of an enrollment's to-one children a statement reads along with it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Joins {
    course: bool,
    user: bool,
    /// No more than the summary of each.
    summary: bool,
}

const SUMMARY_FIELDS: SummaryColumns = SummaryColumns {
    fields: &["id", "status", "progress", "enrolledAt", "completedAt"],
    children: &[("course", &Course::SUMMARY_FIELDS), ("user", &User::SUMMARY_FIELDS)],
};

const COURSE_JOIN: &str = "LEFT JOIN course c ON c.tenant_id = $1 AND c.id = e.course_id AND c.deleted_at IS NULL";
const USER_JOIN: &str = "LEFT JOIN app_user u ON u.tenant_id = $1 AND u.id = e.user_id";

impl Joins {
    /// Those that the document asks for in the nodes of the connection that is being resolved.
    pub fn of_nodes(ctx: &Context<'_>) -> Self {
        Joins { course: ctx.selects_in_nodes("course"), user: ctx.selects_in_nodes("user"), summary: SUMMARY_FIELDS.covers_nodes(ctx) }
    }

    /// Those that the document asks for of the enrollment that is being resolved.
    pub fn of_object(ctx: &Context<'_>) -> Self {
        Joins { course: ctx.selects("course"), user: ctx.selects("user"), summary: false }
    }

    /// Adds them to a list of enrollments, as `c` and `u`.
    pub fn extend(self, list: &mut List) {
        if self.course {
            list.join::<Course>(COURSE_JOIN, "c");
        }
        if self.user {
            list.join::<User>(USER_JOIN, "u");
        }
        list.summary_only(self.summary);
    }

    /// The statement of enrollments as `e`, to be ended by a condition.
    pub(super) fn select(self) -> String {
        let (mut columns, mut joins) = (select::<Enrollment>("e"), String::new());
        for (wanted, child, join) in [(self.course, select::<Course>("c"), COURSE_JOIN), (self.user, select::<User>("u"), USER_JOIN)] {
            if wanted {
                columns = format!("{columns}, {child}");
                joins = format!("{joins} {join}");
            }
        }
        format!("SELECT {columns} FROM enrollment e{joins} WHERE e.tenant_id = $1")
    }

    /// Reads an enrollment and these children out of one row.
    ///
    /// # Errors
    /// When a column is not of the expected type.
    pub fn read(self, reader: &mut ColumnReader<'_>) -> Result<Enrollment, DbError> {
        let mut enrollment = Enrollment::read(reader)?;
        if self.course {
            enrollment.joined_course = Some(Course::read_joined(reader)?);
        }
        if self.user {
            enrollment.joined_user = Some(User::read_joined(reader)?);
        }
        Ok(enrollment)
    }
}

impl ById for Enrollment {
    fn by_ids() -> String {
        sql::by_ids()
    }

    fn id(&self) -> Id<Enrollment> {
        self.id
    }
}

lectern_kernel::eager! {
    Enrollment { "id": id, "status": status, "progress": progress, "enrolledAt": enrolled_at, "completedAt": completed_at }
    with { "course": joined_course, "user": joined_user }
}
