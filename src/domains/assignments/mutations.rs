//! Saying what is asked, and handing in.

use async_graphql::{Context, ID};
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Patch, Rows, text},
};
use lectern_macros::mutations;

use super::{
    Assignment, Submission,
    inputs::{SetRubricInput, SubmitAssignmentInput, UpdateAssignmentInput, points},
    sql,
};
use crate::domains::{courses::require_author, files::File};

/// Mutations of assignments.
pub struct AssignmentMutations;

/// Criteria of a rubric.
const MOST_CRITERIA: usize = 50;
/// Files that are handed in at once.
const MOST_FILES: usize = 50;
/// Characters of a text that is handed in.
const LONGEST: usize = 50_000;

fn no_assignment(field: &'static str) -> Error {
    Error::not_found("assignment").field(field)
}

/// An assignment that the actor may change, with its turn taken.
async fn own_assignment(ctx: &Context<'_>, field: &'static str, id: Id<Assignment>) -> Result<()> {
    let assignment = ctx.get(id).await?.ok_or_else(|| no_assignment(field))?;
    require_author(ctx, field, assignment.course_id).await?;
    ctx.tx().query(sql::LOCK, &[&id]).await?;
    Ok(())
}

fn is_graded(field: &'static str) -> impl FnOnce(&DbError) -> Error {
    move |_| Error::conflict("IN_USE", "Something is graded already: the points stay as they are.").field(field)
}

/// Files of the actor's own, each once.
async fn own_files(ctx: &Context<'_>, ids: &[ID]) -> Result<Vec<Id<File>>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = Id::<File>::parse_list("fileIds", ids, MOST_FILES)?;
    let rows = ctx.tx().query(sql::OWNED_FILES, &[&wanted]).await?;
    for (index, id) in wanted.iter().enumerate() {
        match rows.iter().find(|row| row.get::<_, Id<File>>(0) == *id).map(|row| row.get::<_, bool>(1)) {
            Some(true) => {}
            Some(false) => return Err(Error::not_yours().field(format!("fileIds.{index}"))),
            None => return Err(Error::not_found("file").field(format!("fileIds.{index}"))),
        }
    }
    Ok(wanted)
}

#[mutations("Assignment")]
impl AssignmentMutations {
    /// Changes what a lesson asks people to hand in. Lateness, penalties and grades follow a new due date, also of work that is there. CONFLICT with IN_USE for
    /// other points once something is graded; BAD_USER_INPUT for other points than its rubric's.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn update_assignment(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateAssignmentInput,
    ) -> Result<Loaded<Assignment>> {
        let id = Id::<Assignment>::parse("id", &input.id)?;
        let change = Patch::of(id).input(ctx, &input)?;
        own_assignment(ctx, "id", id).await?;
        let changed = change
            .run(ctx)
            .await
            .on_constraint("assignment_span_check", |_| Error::bad_input("closesAt", "must not be before `dueAt`"))
            .on_constraint("assignment_graded", is_graded("points"))
            .on_constraint("assignment_rubric_total", |_| {
                Error::bad_input("points", "must be left out: the rubric's criteria add up to them")
            })?;
        changed.ok_or_else(|| no_assignment("id"))
    }

    /// Says what work is graded by: the criteria add up to the assignment's points. CONFLICT with IN_USE once something is graded.
    #[needs(CourseUpdate, CourseUpdateAll)]
    async fn set_rubric(
        ctx: &Context<'_>,
        /// The criteria, in place of those before.
        input: SetRubricInput,
    ) -> Result<Loaded<Assignment>> {
        let id = Id::<Assignment>::parse("assignmentId", &input.assignment_id)?;
        if input.criteria.len() > MOST_CRITERIA {
            return Err(Error::bad_input("criteria", format!("must hold at most {MOST_CRITERIA}")));
        }
        let (mut titles, mut descriptions, mut totals) = (Vec::new(), Vec::new(), Vec::new());
        for (index, criterion) in input.criteria.iter().enumerate() {
            titles.push(text::name(&format!("criteria.{index}.title"), &criterion.title)?);
            let description = criterion.description.as_deref();
            let described = description.map(|text| text::long(&format!("criteria.{index}.description"), text)).transpose()?;
            descriptions.push(described.flatten());
            totals.push(points(&format!("criteria.{index}.points"), &criterion.points)?);
        }
        if totals.iter().sum::<f64>() > 10_000.0 {
            return Err(Error::bad_input("criteria", "must add up to at most 10000 points"));
        }
        own_assignment(ctx, "assignmentId", id).await?;
        let set: Option<bool> = ctx
            .tx()
            .value(sql::SET_RUBRIC, &[&id, &titles, &descriptions, &totals])
            .await
            .on_constraint("assignment_graded", is_graded("criteria"))
            .on_row_security(|| Error::not_yours().field("assignmentId"))?;
        if set != Some(true) {
            return Err(no_assignment("assignmentId"));
        }
        ctx.row(sql::ASSIGNMENT, &[&id]).await?.ok_or_else(|| no_assignment("assignmentId"))
    }

    /// Hands something in; where the assignment has no pass mark, that completes its lesson. FORBIDDEN with NOT_ENROLLED; CONFLICT with LESSON_LOCKED, with
    /// DEADLINE_PASSED once it closes (and, by REFUSE, once it was due), with MAX_ATTEMPTS (`limit`, `used`). What was given back may be handed in again: until
    /// the date given with it or without end, never late. BAD_USER_INPUT for nothing, and for what is not accepted.
    #[about("Submission")]
    #[needs(EnrollmentSelf)]
    async fn submit_assignment(
        ctx: &Context<'_>,
        /// What, and for which.
        input: SubmitAssignmentInput,
    ) -> Result<Loaded<Submission>> {
        let assignment = Id::<Assignment>::parse("assignmentId", &input.assignment_id)?;
        let words = input.text.as_deref().map(|words| text::longer("text", words, LONGEST)).transpose()?.flatten();
        let files = own_files(ctx, input.file_ids.as_deref().unwrap_or_default()).await?;
        let made: Option<Option<Id<Submission>>> = ctx
            .tx()
            .value(sql::HAND_IN, &[&assignment, &words, &files])
            .await
            .on_constraint("lesson_not_enrolled", |_| {
                Error::forbidden("NOT_ENROLLED", "This takes an enrollment in the course that gives access.").field("assignmentId")
            })
            .on_constraint("lesson_locked", |_| {
                Error::conflict("LESSON_LOCKED", "The lesson is not open to you yet; `lockReason` says why.").field("assignmentId")
            })
            .on_constraint("submission_empty", |_| Error::bad_input("text", "or `fileIds`: something is required"))
            .on_constraint("submission_text", |_| Error::bad_input("text", "must be left out: the assignment takes files alone"))
            .on_constraint("submission_files", |error| match error.number("limit") {
                Some(limit @ 1..) => Error::bad_input("fileIds", format!("must hold at most {limit}")),
                _ => Error::bad_input("fileIds", "must be left out: the assignment takes a text alone"),
            })
            .on_constraint("submission_closed", |_| Error::conflict("DEADLINE_PASSED", "The time for it is over.").field("assignmentId"))
            .on_constraint("submission_limit", too_many)
            .on_constraint("submission_file_file_fkey", |_| Error::not_found("file").field("fileIds"))?;
        let id = made.flatten().ok_or_else(|| no_assignment("assignmentId"))?;
        ctx.whole(id).await?.ok_or_else(|| Error::internal("what was handed in is not there"))
    }
}

fn too_many(error: &DbError) -> Error {
    let number = |name| error.number(name).and_then(|number| usize::try_from(number).ok()).unwrap_or(0);
    let refusal = Error::conflict("MAX_ATTEMPTS", "You have handed in as often as you may.").field("assignmentId");
    refusal.limit(number("limit"), number("used"))
}
