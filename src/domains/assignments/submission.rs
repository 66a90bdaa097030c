//! What somebody has handed in, and what has become of it.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, DateTime, Loaded, Rows},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{
    Assignment, RubricCriterion,
    marks::{FilesOf, HistoryOf, Marks, MarksOf, OpenToGrader, ScoresOf},
};
use crate::domains::{courses::Course, files::File, identity::User, lessons::attached_file};

text_enum! {
    /// How something that was handed in stands.
    pub enum SubmissionStatus {
        /// It waits for its grade; or its grade is held, to its author.
        Submitted = "SUBMITTED",
        /// It has a grade.
        Graded = "GRADED",
        /// It was given back, with feedback and without a grade: it may be handed in again.
        Returned = "RETURNED",
    }
}

impl SubmissionStatus {
    /// How a submission `{}` stands to whoever reads it: whether there is a grade, row security decides. (Not EXISTS, which would read all grades at once.)
    pub const SHOWN: &'static str = "(CASE WHEN {}.status = 'SUBMITTED' THEN coalesce((SELECT 'GRADED' FROM submission_grade sg WHERE sg.tenant_id = $1 AND sg.submission_id = {}.id), 'SUBMITTED') ELSE {}.status END)";
}

text_enum! {
    /// What has become of something that was handed in.
    pub enum SubmissionEventKind {
        /// It was handed in.
        Submitted = "SUBMITTED",
        /// It was graded, or graded anew.
        Graded = "GRADED",
        /// It was given back.
        Returned = "RETURNED",
        /// Its grade, which had been held, was released.
        Released = "RELEASED",
    }
}

/// What somebody has handed in for an assignment. It shows to its author, to those who grade the course, and to GRADE_READ_ALL. Its grade shows to its author
/// once it is released.
#[object(table = "submission", alias = "sb", id = "submission", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Submission {
    /// Its id.
    pub id: Id<Submission>,
    /// Which of its author's it is: 1 for the first.
    pub number: i32,
    /// How it stands.
    #[column(
        "(CASE WHEN {}.status = 'SUBMITTED' THEN coalesce((SELECT 'GRADED' FROM submission_grade sg WHERE sg.tenant_id = $1 AND sg.submission_id = {}.id), 'SUBMITTED') ELSE {}.status END)"
    )]
    pub status: SubmissionStatus,
    /// When it was handed in.
    pub submitted_at: DateTime,
    /// What was written.
    #[wide]
    pub text: Option<String>,
    /// What it is for; null while its lesson is locked for you.
    #[one]
    pub assignment_id: Id<Assignment>,
    /// Its author; null when you may not see them.
    #[one]
    pub user_id: Id<User>,
    #[hidden]
    pub course_id: Id<Course>,
}

async fn marks(ctx: &Context<'_>, id: Id<Submission>) -> Result<Marks> {
    Ok(ctx.load(MarksOf(id)).await?.unwrap_or_default())
}

#[resolvers]
impl Submission {
    /// The states that you may take it to now, in the order of the enum; empty when none, and for your own.
    async fn allowed_transitions(id: Id<Submission>, ctx: &Context<'_>) -> Result<Vec<SubmissionStatus>> {
        let is_open = ctx.load(OpenToGrader(id)).await?.is_some();
        Ok(if is_open { vec![SubmissionStatus::Graded, SubmissionStatus::Returned] } else { Vec::new() })
    }

    /// The files, as they were handed in, whoever they themselves are shown to.
    #[cost(10)]
    async fn files(id: Id<Submission>, ctx: &Context<'_>) -> Result<Vec<Loaded<File>>> {
        let ids = ctx.load(FilesOf(id)).await?.unwrap_or_default();
        let files = futures_util::future::try_join_all(ids.into_iter().map(|file| attached_file(ctx, Some(file)))).await?;
        Ok(files.into_iter().flatten().collect())
    }

    /// Whether it was handed in after its author's present due date. What was given back and handed in again is not.
    async fn is_late(id: Id<Submission>, ctx: &Context<'_>) -> Result<bool> {
        Ok(marks(ctx, id).await?.is_late)
    }

    /// How much of the points its lateness costs, in percent.
    async fn penalty_percent(id: Id<Submission>, ctx: &Context<'_>) -> Result<f64> {
        Ok(marks(ctx, id).await?.penalty_percent)
    }

    /// The points, as they were given. Null without a grade, and to its author until it is released; so are all that follow from it.
    async fn points(id: Id<Submission>, ctx: &Context<'_>) -> Result<Option<f64>> {
        Ok(marks(ctx, id).await?.points)
    }

    /// The points less the penalty, to two places.
    async fn final_points(id: Id<Submission>, ctx: &Context<'_>) -> Result<Option<f64>> {
        Ok(marks(ctx, id).await?.final_points)
    }

    /// The same in percent of the assignment's points, to two places.
    async fn percent(id: Id<Submission>, ctx: &Context<'_>) -> Result<Option<f64>> {
        Ok(marks(ctx, id).await?.percent)
    }

    /// Whether it reaches the pass mark, compared before anything is rounded; null also where there is none.
    async fn is_passed(id: Id<Submission>, ctx: &Context<'_>) -> Result<Option<bool>> {
        Ok(marks(ctx, id).await?.is_passed)
    }

    /// What was said with the grade, or when it was given back.
    async fn feedback(id: Id<Submission>, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(marks(ctx, id).await?.feedback)
    }

    /// What each criterion of the rubric gave, in their order; null without a grade, empty where there is no rubric.
    #[cost(10)]
    async fn rubric_scores(id: Id<Submission>, ctx: &Context<'_>) -> Result<Option<Vec<RubricScore>>> {
        if marks(ctx, id).await?.graded_at.is_none() {
            return Ok(None);
        }
        Ok(Some(ctx.load(ScoresOf(id)).await?.unwrap_or_default()))
    }

    /// When it was graded last.
    async fn graded_at(id: Id<Submission>, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(marks(ctx, id).await?.graded_at)
    }

    /// Who graded it last; null also when you may not see them.
    async fn graded_by(id: Id<Submission>, ctx: &Context<'_>) -> Result<Option<Loaded<User>>> {
        match marks(ctx, id).await?.graded_by {
            Some(person) => ctx.whole(person).await,
            None => Ok(None),
        }
    }

    /// When its grade was released; null while it is held.
    async fn released_at(id: Id<Submission>, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(marks(ctx, id).await?.released_at)
    }

    /// What a grader says that they have read, so that nobody grades over another unknowingly; null to its author.
    async fn version(id: Id<Submission>, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(marks(ctx, id).await?.version)
    }

    /// What has become of it, the oldest first; to its author without what is held.
    #[cost(10)]
    async fn history(id: Id<Submission>, ctx: &Context<'_>) -> Result<Vec<SubmissionEvent>> {
        Ok(ctx.load(HistoryOf(id)).await?.unwrap_or_default())
    }
}

/// What a criterion of the rubric gave.
#[object(resolvers)]
#[derive(Debug, Clone)]
pub struct RubricScore {
    #[hidden]
    pub criterion_id: Id<RubricCriterion>,
    /// The points.
    pub points: f64,
    /// What was said about it.
    pub comment: Option<String>,
}

#[resolvers]
impl RubricScore {
    /// The criterion.
    async fn criterion(&self, ctx: &Context<'_>) -> Result<Loaded<RubricCriterion>> {
        ctx.whole(self.criterion_id).await?.ok_or_else(|| Error::not_found("criterion"))
    }
}

/// Something that has become of a submission.
#[object(resolvers)]
#[derive(Debug, Clone)]
pub struct SubmissionEvent {
    /// When.
    pub at: DateTime,
    /// What.
    pub kind: SubmissionEventKind,
    /// The points that were given; null for what gives none.
    pub points: Option<f64>,
    /// What was said.
    pub feedback: Option<String>,
    #[hidden]
    pub by_id: Id<User>,
}

#[resolvers]
impl SubmissionEvent {
    /// Who did it; null when you may not see them.
    async fn by(&self, ctx: &Context<'_>) -> Result<Option<Loaded<User>>> {
        ctx.whole(self.by_id).await
    }
}
