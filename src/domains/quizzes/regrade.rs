//! Grading anew: the one way to change what counts at a question.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, DateTime, Loaded, Rows},
};
use lectern_macros::{mutations, object};

use super::{
    Question, QuestionOption, Quiz,
    inputs::{RegradeQuestionInput, not_taken, points, right_texts, tolerance, words},
    question::QuestionKind,
    question_mutations::decimal,
    sql,
};
use crate::domains::identity::User;

/// A question that was graded anew, and what followed. Seen by those who grade the course.
#[object(table = "regrade", alias = "rg", id = "regrade", node(GradeManage))]
#[derive(Clone, Debug)]
pub struct Regrade {
    /// Its id.
    pub id: Id<Regrade>,
    /// Why.
    pub reason: String,
    /// How many submitted attempts hold the question.
    pub attempts: i32,
    /// How many of them have a higher score by it.
    pub raised: i32,
    /// How many have a lower one.
    pub lowered: i32,
    /// How many pass by it that did not.
    pub newly_passed: i32,
    /// When.
    #[column("graded_at")]
    pub at: DateTime,
    #[hidden]
    pub quiz_id: Option<Id<Quiz>>,
    /// The question; null when you may not see it.
    #[one]
    pub question_id: Id<Question>,
    /// Who did it; null when you may not see them.
    #[one]
    pub by_id: Option<Id<User>>,
}

/// What was graded anew in a quiz; nothing for who does not grade the course.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RegradesOf(pub Id<Quiz>);

impl Loader<RegradesOf> for Batch {
    type Value = Vec<Id<Regrade>>;
    type Error = Error;

    async fn load(&self, keys: &[RegradesOf]) -> Result<HashMap<RegradesOf, Vec<Id<Regrade>>>> {
        let quizzes: Vec<Id<Quiz>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<RegradesOf, Vec<Id<Regrade>>> = HashMap::new();
        for row in &self.tx.query(sql::REGRADES, &[&quizzes]).await? {
            let mut reader = ColumnReader::new(row);
            found.entry(RegradesOf(reader.next()?)).or_default().push(reader.next()?);
        }
        Ok(found)
    }
}

/// Mutations of marks.
pub struct RegradeMutations;

/// The right options, as an input names them.
fn right_options(input: &RegradeQuestionInput, kind: QuestionKind) -> Result<Option<Vec<Id<QuestionOption>>>> {
    const FIELD: &str = "correctOptionIds";
    let Some(given) = &input.correct_option_ids else { return Ok(None) };
    not_taken(FIELD, !matches!(kind, QuestionKind::Single | QuestionKind::Multiple))?;
    let given = Id::<QuestionOption>::parse_list(FIELD, given, 20)?;
    if kind == QuestionKind::Single && given.len() != 1 {
        return Err(Error::bad_input(FIELD, "must name exactly one option"));
    }
    Ok(Some(given))
}

#[mutations("Question")]
impl RegradeMutations {
    /// Sets what is right at a question, what it is worth, or that everybody has its points, and marks anew every attempt that was submitted and holds
    /// it; scores, passes, completions and grades follow, but no completion is taken back. Nobody falls at the question unless `mayLower`. May be
    /// rehearsed, to see who would gain.
    #[needs(GradeManage)]
    async fn regrade_question(
        ctx: &Context<'_>,
        /// What is to count.
        input: RegradeQuestionInput,
    ) -> Result<Loaded<Regrade>> {
        let id = Id::<Question>::parse("questionId", &input.question_id)?;
        let reason = words("reason", &input.reason, 10_000)?;
        let worth = input.points.map(|worth| points("points", &worth)).transpose()?;
        let no_question = || Error::not_found("question").field("questionId");
        let rows = ctx.tx().query(sql::TO_GRADE, &[&id]).await?;
        let mut reader = ColumnReader::new(rows.first().ok_or_else(no_question)?);
        let (kind, is_of_pool, is_of_survey): (QuestionKind, bool, bool) = (reader.next()?, reader.next()?, reader.next()?);
        if is_of_survey {
            return Err(Error::bad_input("questionId", "must not be of a survey: nothing in it is right or wrong"));
        }
        let options = right_options(&input, kind)?;
        not_taken("number", input.number.is_some() && kind != QuestionKind::Numeric)?;
        not_taken("tolerance", input.tolerance.is_some() && kind != QuestionKind::Numeric)?;
        let differs = input.tolerance.map(|by| tolerance("tolerance", by)).transpose()?;
        not_taken("texts", input.texts.is_some() && kind != QuestionKind::ShortText)?;
        let texts = input.texts.as_deref().map(|texts| right_texts("texts", texts)).transpose()?;
        if worth.is_some() && is_of_pool {
            return Err(Error::bad_input("points", "must be left out: what a question of a pool is worth is the draw's"));
        }
        let changes =
            [options.is_some(), input.number.is_some(), differs.is_some(), texts.is_some(), worth.is_some(), input.is_void.is_some()];
        if !changes.contains(&true) {
            return Err(Error::bad_input("questionId", "is all that is given: say what is to count"));
        }
        let regrade = Id::<Regrade>::generate();
        let missing = |place: i64| Error::not_found("option of this question").field(format!("correctOptionIds.{place}"));
        let (number, differs, may_lower) = (decimal(input.number), decimal(differs), input.may_lower.unwrap_or(false));
        let done: Option<bool> = ctx
            .tx()
            .value(sql::REGRADE, &[&id, &regrade, &options, &number, &differs, &texts, &worth, &input.is_void, &may_lower, &reason])
            .await
            .on_constraint("question_option_missing", |error| missing(error.number("place").unwrap_or(0)))?;
        if done != Some(true) {
            return Err(no_question());
        }
        ctx.whole(regrade).await?.ok_or_else(no_question)
    }
}
