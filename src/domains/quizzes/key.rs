//! Options and keys of questions, many in one statement. What is right is read by `app.question_keys`, which knows who may.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::{ColumnReader, DbError},
    error::{Error, Result},
    ids::{Id, Kind},
    resolve::Batch,
};
use lectern_macros::object;

use super::{Question, sql};

/// What can be chosen.
#[object]
#[derive(Debug, Clone)]
pub struct QuestionOption {
    /// Its id: random, so that it says nothing about who wrote it when.
    pub id: Id<QuestionOption>,
    /// What it says.
    pub text: String,
}

impl Kind for QuestionOption {
    const PREFIX: &'static str = "option";
    const TYPE: &'static str = "QuestionOption";
}

/// What is right: what the question's kind takes, the rest empty or null.
#[object]
#[derive(Debug, Clone)]
pub struct AnswerKey {
    /// The right options.
    pub option_ids: Vec<Id<QuestionOption>>,
    /// The right number.
    pub number: Option<f64>,
    /// By how much an answer may differ from it.
    pub tolerance: Option<f64>,
    /// The right texts.
    pub texts: Vec<String>,
}

impl AnswerKey {
    /// Out of columns: whether there is a key, its options, number, tolerance, texts.
    ///
    /// # Errors
    /// When a column is of another type.
    pub fn read(reader: &mut ColumnReader<'_>) -> Result<Option<Self>, DbError> {
        let there: bool = reader.next()?;
        let option_ids: Option<Vec<Id<QuestionOption>>> = reader.next()?;
        let (number, tolerance, texts): (_, _, Option<Vec<String>>) = (reader.next()?, reader.next()?, reader.next()?);
        let key = AnswerKey { option_ids: option_ids.unwrap_or_default(), number, tolerance, texts: texts.unwrap_or_default() };
        Ok(there.then_some(key))
    }
}

/// Options out of two columns: their ids, their texts.
///
/// # Errors
/// When a column is of another type.
pub fn options(reader: &mut ColumnReader<'_>) -> Result<Vec<QuestionOption>, DbError> {
    let (ids, texts): (Vec<Id<QuestionOption>>, Vec<String>) = (reader.next()?, reader.next()?);
    Ok(ids.into_iter().zip(texts).map(|(id, text)| QuestionOption { id, text }).collect())
}

/// The options of a question, in the author's order.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OptionsOf(pub Id<Question>);

impl Loader<OptionsOf> for Batch {
    type Value = Vec<QuestionOption>;
    type Error = Error;

    async fn load(&self, keys: &[OptionsOf]) -> Result<HashMap<OptionsOf, Vec<QuestionOption>>> {
        let questions: Vec<Id<Question>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<OptionsOf, Vec<QuestionOption>> = HashMap::new();
        for row in &self.tx.query(sql::OPTIONS, &[&questions]).await? {
            let mut reader = ColumnReader::new(row);
            let question = OptionsOf(reader.next()?);
            found.entry(question).or_default().push(QuestionOption { id: reader.next()?, text: reader.next()? });
        }
        Ok(found)
    }
}

/// What is right at a question, and why; absent for who does not write its course.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyOf(pub Id<Question>);

/// A key, as far as there is one, and its explanation.
#[derive(Debug, Clone)]
pub struct Explained {
    /// None in a survey.
    pub key: Option<AnswerKey>,
    /// None where nobody has said why.
    pub explanation: Option<String>,
}

impl Loader<KeyOf> for Batch {
    type Value = Explained;
    type Error = Error;

    async fn load(&self, keys: &[KeyOf]) -> Result<HashMap<KeyOf, Explained>> {
        let questions: Vec<Id<Question>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::with_capacity(keys.len());
        for row in &self.tx.query(sql::KEYS, &[&questions]).await? {
            let mut reader = ColumnReader::new(row);
            let question = KeyOf(reader.next()?);
            let key = AnswerKey::read(&mut reader)?;
            found.insert(question, Explained { key, explanation: reader.next()? });
        }
        Ok(found)
    }
}
