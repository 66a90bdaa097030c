//! What attempts ask, and what was answered: many in one statement, by `app.attempt_sheets`, which knows who may see what is right.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::Batch,
};
use lectern_macros::object;

use super::{
    Question, QuestionOption, QuizAttempt,
    key::{AnswerKey, options},
    question::QuestionKind,
    sql,
};

/// A question of an attempt.
#[object]
#[derive(Debug, Clone)]
pub struct AttemptQuestion {
    /// The question's id, by which it is answered.
    pub question_id: Id<Question>,
    /// What kind of answer it takes.
    pub kind: QuestionKind,
    /// What it asks.
    pub prompt: String,
    /// What it is worth.
    pub points: f64,
    /// What can be chosen, in the order of this attempt.
    pub options: Vec<QuestionOption>,
    /// What was answered last; null for a blank.
    pub answer: Option<GivenAnswer>,
    /// What the answer is worth; null until the attempt is reviewable, for those who grade it until it is submitted.
    pub score: Option<f64>,
    /// Whether the answer is right; null likewise, and where everybody has the points.
    pub is_correct: Option<bool>,
    /// What is right; null likewise, and in a survey.
    pub key: Option<AnswerKey>,
    /// Why it is right; null likewise.
    pub explanation: Option<String>,
}

/// An answer: what the question's kind takes, the rest empty or null.
#[object]
#[derive(Debug, Clone)]
pub struct GivenAnswer {
    /// The chosen options.
    pub option_ids: Vec<Id<QuestionOption>>,
    /// The number.
    pub number: Option<f64>,
    /// The text.
    pub text: Option<String>,
}

/// The questions of an attempt; absent for who may not see them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SheetOf(pub Id<QuizAttempt>);

impl Loader<SheetOf> for Batch {
    type Value = Vec<AttemptQuestion>;
    type Error = Error;

    async fn load(&self, keys: &[SheetOf]) -> Result<HashMap<SheetOf, Vec<AttemptQuestion>>> {
        let attempts: Vec<Id<QuizAttempt>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<SheetOf, Vec<AttemptQuestion>> = HashMap::new();
        for row in &self.tx.query(sql::SHEETS, &[&attempts]).await? {
            let mut reader = ColumnReader::new(row);
            let attempt = SheetOf(reader.next()?);
            let (question_id, kind, prompt, points) = (reader.next()?, reader.next()?, reader.next()?, reader.next()?);
            let options = options(&mut reader)?;
            let (chosen, number, text): (Option<Vec<Id<QuestionOption>>>, Option<f64>, Option<String>) =
                (reader.next()?, reader.next()?, reader.next()?);
            let is_given = chosen.is_some() || number.is_some() || text.is_some();
            let answer = is_given.then(|| GivenAnswer { option_ids: chosen.unwrap_or_default(), number, text });
            let (score, is_correct) = (reader.next()?, reader.next()?);
            let key = AnswerKey::read(&mut reader)?;
            let explanation = reader.next()?;
            let question = AttemptQuestion { question_id, kind, prompt, points, options, answer, score, is_correct, key, explanation };
            found.entry(attempt).or_default().push(question);
        }
        Ok(found)
    }
}

/// Whether an attempt may be reviewed by its owner; absent where it may not.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ReviewableOf(pub Id<QuizAttempt>);

impl Loader<ReviewableOf> for Batch {
    type Value = ();
    type Error = Error;

    async fn load(&self, keys: &[ReviewableOf]) -> Result<HashMap<ReviewableOf, ()>> {
        let attempts: Vec<Id<QuizAttempt>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::REVIEWABLE, &[&attempts]).await?;
        rows.iter().map(|row| Ok((ReviewableOf(ColumnReader::new(row).next()?), ()))).collect()
    }
}
