//! What the mutations of assignments take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::DateTime,
};
use lectern_macros::writes;

use super::assignment::{Assignment, LatePolicy, SubmissionKind};

/// A change of what a lesson asks people to hand in. What is left out stays as it is; an explicit null clears.
#[writes(Assignment)]
pub struct UpdateAssignmentInput {
    /// The assignment.
    #[by_hand]
    pub id: ID,
    /// What can be handed in: one or both.
    #[check(kinds)]
    pub accepts: MaybeUndefined<Vec<SubmissionKind>>,
    /// How many points there are, 0.01 to 10,000; while nothing is graded, and where no rubric says so.
    #[check(points)]
    pub points: MaybeUndefined<f64>,
    /// From how many percent on it is passed, 0 to 100; null: handing in is enough.
    #[check(percent)]
    pub pass_mark: MaybeUndefined<f64>,
    /// When it is due; null for never.
    pub due_at: MaybeUndefined<DateTime>,
    /// When nothing more is taken, not before it is due; null for never.
    pub closes_at: MaybeUndefined<DateTime>,
    /// What becomes of work that is handed in later than it is due.
    pub late_policy: MaybeUndefined<LatePolicy>,
    /// What PENALTY takes for each day begun, 0 to 100 percent.
    #[check(percent)]
    pub penalty_percent_per_day: MaybeUndefined<f64>,
    /// What PENALTY takes at most, 0 to 100 percent.
    #[check(percent)]
    pub max_penalty_percent: MaybeUndefined<f64>,
    /// How often it can be handed in, 1 to 100; null for as often as one likes.
    #[check(attempts)]
    pub max_attempts: MaybeUndefined<i32>,
    /// How many files at once, 1 to 50.
    #[check(max_files)]
    pub max_files: MaybeUndefined<i32>,
    /// Whether grades are held until `releaseGrades`. Those that are held stay so until then.
    pub hold_grades: MaybeUndefined<bool>,
}

/// What work is to be graded by.
#[derive(InputObject)]
pub struct SetRubricInput {
    /// The assignment.
    pub assignment_id: ID,
    /// Its criteria in their order, at most 50; none: it is graded by points alone.
    pub criteria: Vec<RubricCriterionInput>,
}

/// What is looked at.
#[derive(InputObject)]
pub struct RubricCriterionInput {
    /// Its name; 1 to 200 characters.
    pub title: String,
    /// What gives its points; at most 10,000 characters.
    pub description: Option<String>,
    /// How many points it gives at most, 0.01 to 10,000.
    pub points: f64,
}

/// What you hand in: a text, files, or both, as the assignment accepts it.
#[derive(InputObject)]
pub struct SubmitAssignmentInput {
    /// The assignment.
    pub assignment_id: ID,
    /// A text; at most 50,000 characters.
    pub text: Option<String>,
    /// Files of yours, each once.
    pub file_ids: Option<Vec<ID>>,
}

/// A grade: points, or with a rubric what each of its criteria gives.
#[derive(InputObject)]
pub struct GradeSubmissionInput {
    /// The submission.
    pub id: ID,
    /// The `version` that you have read.
    pub version: i32,
    /// The points, from 0 to those of the assignment; left out where there is a rubric.
    pub points: Option<f64>,
    /// What the rubric gives: each of its criteria once.
    pub rubric_scores: Option<Vec<RubricScoreInput>>,
    /// What is said with it; at most 10,000 characters.
    pub feedback: Option<String>,
}

/// What a criterion gives.
#[derive(InputObject)]
pub struct RubricScoreInput {
    /// The criterion.
    pub criterion_id: ID,
    /// The points, from 0 to those of the criterion.
    pub points: f64,
    /// What is said about it; at most 10,000 characters.
    pub comment: Option<String>,
}

/// What is to be given back.
#[derive(InputObject)]
pub struct ReturnSubmissionInput {
    /// The submission.
    pub id: ID,
    /// The `version` that you have read.
    pub version: i32,
    /// What is to be done otherwise; 1 to 10,000 characters.
    pub feedback: String,
    /// Until when it may be handed in again, in the future; left out: without end.
    pub due_at: Option<DateTime>,
}

fn kinds(field: &str, kinds: &[SubmissionKind]) -> Result<Vec<SubmissionKind>> {
    let mut kinds = kinds.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() { Err(Error::bad_input(field, "must hold TEXT, FILE or both")) } else { Ok(kinds) }
}

/// Points of an assignment or a criterion.
pub fn points(field: &str, points: &f64) -> Result<f64> {
    if (0.01..=10_000.0).contains(points) { Ok(*points) } else { Err(Error::bad_input(field, "must be between 0.01 and 10000")) }
}

fn percent(field: &str, percent: &f64) -> Result<f64> {
    if (0.0..=100.0).contains(percent) { Ok(percent + 0.0) } else { Err(Error::bad_input(field, "must be between 0 and 100")) }
}

fn attempts(field: &str, attempts: &i32) -> Result<i32> {
    if (1..=100).contains(attempts) { Ok(*attempts) } else { Err(Error::bad_input(field, "must be between 1 and 100")) }
}

fn max_files(field: &str, files: &i32) -> Result<i32> {
    if (1..=50).contains(files) { Ok(*files) } else { Err(Error::bad_input(field, "must be between 1 and 50")) }
}
