//! Grading, giving back, releasing.

use async_graphql::Context;
use lectern_kernel::{
    db::{DbError, OnConstraint, Outcome},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows, text},
};
use lectern_macros::mutations;

use super::{
    Assignment, RubricCriterion, Submission,
    inputs::{GradeSubmissionInput, ReturnSubmissionInput},
    sql,
};

/// Mutations of grades.
pub struct GradingMutations;

fn no_submission() -> Error {
    Error::not_found("submission").field("id")
}

/// Maps what is refused to graders alike.
fn grader(answer: Result<Option<bool>, DbError>) -> Result<Option<bool>, Outcome> {
    answer
        .on_constraint("submission_own", |_| Error::forbidden("OWN_WORK", "Nobody grades their own work.").field("id"))
        .on_constraint("submission_stale", |_| {
            Error::conflict("STALE", "Somebody has changed it since you read it: read it again.").field("version")
        })
        .on_constraint("submission_transition", |_| {
            Error::conflict("INVALID_TRANSITION", "What was given back takes no grade; it may be handed in again.").field("id")
        })
        .on_row_security(|| Error::not_yours().field("id"))
}

/// The submission that was changed.
async fn changed(ctx: &Context<'_>, id: Id<Submission>, is_there: Option<bool>) -> Result<Loaded<Submission>> {
    if is_there != Some(true) {
        return Err(no_submission());
    }
    ctx.row(sql::SUBMISSION, &[&id]).await?.ok_or_else(no_submission)
}

#[mutations("Submission")]
impl GradingMutations {
    /// Grades a submission, or grades it anew: for those who grade the course. While grades are held, its author sees nothing of it and nothing follows from it.
    /// FORBIDDEN with OWN_WORK; CONFLICT with STALE where somebody else has changed it since, with INVALID_TRANSITION for what was given back. BAD_USER_INPUT for
    /// points beyond the assignment's; with a rubric, where not each of its criteria stands in it once.
    #[needs(GradeManage)]
    async fn grade_submission(
        ctx: &Context<'_>,
        /// Which, and what it is worth.
        input: GradeSubmissionInput,
    ) -> Result<Loaded<Submission>> {
        let id = Id::<Submission>::parse("id", &input.id)?;
        let feedback = input.feedback.as_deref().map(|words| text::long("feedback", words)).transpose()?.flatten();
        let (mut criteria, mut scores, mut comments) = (Vec::new(), Vec::new(), Vec::new());
        for (index, score) in input.rubric_scores.iter().flatten().enumerate() {
            criteria.push(Id::<RubricCriterion>::parse(&format!("rubricScores.{index}.criterionId"), &score.criterion_id)?);
            if !score.points.is_finite() {
                return Err(Error::bad_input(format!("rubricScores.{index}.points"), "must be a number"));
            }
            scores.push(score.points);
            let comment = score.comment.as_deref().map(|words| text::long(&format!("rubricScores.{index}.comment"), words));
            comments.push(comment.transpose()?.flatten());
        }
        let answer = ctx.tx().value(sql::GRADE, &[&id, &input.version, &input.points, &criteria, &scores, &comments, &feedback]).await;
        let is_there = grader(answer)
            .on_constraint("submission_rubric", |_| {
                Error::bad_input("rubricScores", "must hold each criterion of the rubric once, with no more points than it gives")
            })
            .on_constraint("submission_points", |error| match error.number("rubric") {
                Some(_) => Error::bad_input("points", "must be left out: the rubric gives them"),
                None => Error::bad_input("points", "must be between 0 and the points of the assignment"),
            })?;
        changed(ctx, id, is_there).await
    }

    /// Gives a submission back: its author may hand in again, and it loses its grade. The feedback shows at once, also where grades are held. For those who grade
    /// the course. FORBIDDEN with OWN_WORK; CONFLICT with STALE, INVALID_TRANSITION.
    #[needs(GradeManage)]
    async fn return_submission(
        ctx: &Context<'_>,
        /// Which, and why.
        input: ReturnSubmissionInput,
    ) -> Result<Loaded<Submission>> {
        let id = Id::<Submission>::parse("id", &input.id)?;
        let feedback = text::long("feedback", &input.feedback)?;
        let feedback = feedback.ok_or_else(|| Error::bad_input("feedback", "must have 1 to 10000 characters, not only blanks"))?;
        if input.due_at.is_some_and(|due| due.0 <= ctx.now()) {
            return Err(Error::bad_input("dueAt", "must be in the future"));
        }
        let answer = ctx.tx().value(sql::RETURN, &[&id, &input.version, &feedback, &input.due_at]).await;
        let is_there = grader(answer)?;
        changed(ctx, id, is_there).await
    }

    /// Releases the grades of an assignment that are held, all at once, and those to come as they are given. Again changes nothing. For those who grade the
    /// course.
    #[about("Assignment")]
    #[needs(GradeManage)]
    async fn release_grades(
        ctx: &Context<'_>,
        /// The assignment's id.
        assignment_id: Id<Assignment>,
    ) -> Result<Loaded<Assignment>> {
        let absent = || Error::not_found("assignment").field("assignmentId");
        if ctx.get(assignment_id).await?.is_none() {
            return Err(absent());
        }
        let released: Option<bool> =
            ctx.tx().value(sql::RELEASE, &[&assignment_id]).await.on_row_security(|| Error::not_yours().field("assignmentId"))?;
        if released != Some(true) {
            return Err(absent());
        }
        // As it is now.
        ctx.row(sql::ASSIGNMENT, &[&assignment_id]).await?.ok_or_else(absent)
    }
}
