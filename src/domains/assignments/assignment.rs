//! What a lesson asks people to hand in.

use async_graphql::Context;
use lectern_kernel::{
    db::{Order, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Connection, Ctx, DateTime, Forward, Loaded, Nested, OrderBy, all, all_where, many_where},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{
    Submission,
    lists::{FIRST_LIST, LATEST_LIST, OWN_LIST, SubmissionFilter, SubmissionOrders},
    marks::OwnAssignmentOf,
};
use crate::domains::{courses::Course, lessons::Lesson};

text_enum! {
    /// What can be handed in.
    pub enum SubmissionKind {
        /// A text of 1 to 50,000 characters.
        Text = "TEXT",
        /// Files of one's own.
        File = "FILE",
    }
}

text_enum! {
    /// What becomes of work that is handed in after it was due. Due at the very instant is in time.
    pub enum LatePolicy {
        /// It is not taken.
        Refuse = "REFUSE",
        /// It is taken, and marked as late.
        Accept = "ACCEPT",
        /// It is taken, and loses `penaltyPercentPerDay` for each day begun, at most `maxPenaltyPercent`.
        Penalty = "PENALTY",
    }
}

/// What a lesson asks people to hand in, and how that is graded. Hidden while its lesson is locked; shown to the course's staff, and to GRADE_READ_ALL.
#[object(table = "assignment", alias = "ag", id = "assignment", node(CourseRead), resolvers, dear)]
#[derive(Clone, Debug)]
pub struct Assignment {
    /// Its id.
    pub id: Id<Assignment>,
    /// What can be handed in.
    pub accepts: Vec<SubmissionKind>,
    /// How many points there are: of a rubric the sum of its criteria.
    pub points: f64,
    /// From how many percent on it is passed, and its lesson completed; null where handing in is enough.
    pub pass_mark: Option<f64>,
    /// When it is due; null for never. `viewerDueAt` is yours.
    pub due_at: Option<DateTime>,
    /// When nothing more is taken; null for never.
    pub closes_at: Option<DateTime>,
    /// What becomes of work that is handed in later.
    pub late_policy: LatePolicy,
    /// What PENALTY takes for each day begun, in percent of the points.
    pub penalty_percent_per_day: f64,
    /// What PENALTY takes at most, in percent of the points.
    pub max_penalty_percent: f64,
    /// How often it can be handed in, not counting what was given back; null for as often as one likes.
    pub max_attempts: Option<i32>,
    /// How many files at once, 1 to 50.
    pub max_files: i32,
    /// Whether grades are held until `releaseGrades`.
    pub hold_grades: bool,
    /// Since when they are not held any more.
    pub released_at: Option<DateTime>,
    /// The lesson.
    #[one]
    pub lesson_id: Id<Lesson>,
    #[hidden]
    pub course_id: Id<Course>,
}

/// What is looked at where work is graded.
#[object(table = "rubric_criterion", alias = "rc", id = "criterion")]
#[derive(Clone, Debug)]
pub struct RubricCriterion {
    /// Its id.
    pub id: Id<RubricCriterion>,
    /// Its name; 1 to 200 characters.
    pub title: String,
    /// What gives its points; at most 10,000 characters.
    pub description: Option<String>,
    /// How many points it gives at most.
    pub points: f64,
    #[hidden]
    pub assignment_id: Id<Assignment>,
    #[hidden]
    pub position: i32,
}

/// Criteria as they stand in their rubric.
const BY_POSITION: Order = Order { key: SortKey::whole("POSITION", "rc.position"), id: "rc.id", descending: false };

static RUBRIC: Nested = Nested::new("assignment.rubric", BY_POSITION, "rc.assignment_id");

#[resolvers]
impl Assignment {
    /// What it is graded by, in order; empty where points alone are given.
    #[cost(10)]
    async fn rubric(id: Id<Assignment>, ctx: &Context<'_>) -> Result<Vec<Loaded<RubricCriterion>>> {
        all(ctx, &RUBRIC, id.0).await
    }

    /// When your work is due, an extension of yours counted; null for never.
    async fn viewer_due_at(id: Id<Assignment>, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(ctx.load(OwnAssignmentOf(id)).await?.and_then(|own| own.due_at))
    }

    /// How often you may still hand in, an extension of yours counted; null for as often as you like.
    async fn viewer_attempts_left(id: Id<Assignment>, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(ctx.load(OwnAssignmentOf(id)).await?.and_then(|own| own.attempts_left))
    }

    /// What you have handed in, the first first.
    #[cost(10)]
    async fn viewer_submissions(id: Id<Assignment>, ctx: &Context<'_>) -> Result<Vec<Loaded<Submission>>> {
        let viewer = ctx.actor()?.user;
        let own = move |list: &mut lectern_kernel::db::List| {
            let viewer = list.bind(viewer);
            list.filter(format!("sb.user_id = {viewer}"));
        };
        all_where(ctx, &OWN_LIST, id.0, own).await
    }

    /// What people have handed in, the latest first unless ordered otherwise: for those who grade the course, and for GRADE_READ_ALL.
    #[needs(GradeManage, GradeReadAll)]
    async fn submissions(
        id: Id<Assignment>,
        ctx: &Context<'_>,
        page: Forward,
        /// Which submissions.
        filter: Option<SubmissionFilter>,
        /// In which order.
        order_by: Option<OrderBy<SubmissionOrders>>,
    ) -> Result<Connection<Submission>> {
        let narrowing = filter.unwrap_or_default().check()?;
        let order = OrderBy::or_usual(ctx, order_by);
        let list = [&LATEST_LIST, &FIRST_LIST].into_iter().find(|list| list.order == order);
        let list = list.ok_or_else(|| Error::internal("an order that no list of submissions has"))?;
        many_where(ctx, list, id.0, page, move |list| narrowing.narrow(list)).await
    }
}
