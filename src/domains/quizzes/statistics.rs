//! How questions were answered.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Loaded},
};
use lectern_macros::object;

use super::{Question, Quiz, sql};

/// How a question was answered in attempts that were submitted.
#[object]
pub struct QuestionStatistic {
    /// The question.
    pub question: Loaded<Question>,
    /// How often it was answered.
    pub answers: i32,
    /// How often it was left blank.
    pub blanks: i32,
    /// How often each option was chosen, in the author's order; empty where there are none.
    pub choices: Vec<i32>,
    /// The mean of its marks; null in a survey.
    pub average_score: Option<f64>,
    /// How its marks go along with the rest of the attempts: a correlation, -1 to 1. Null under five attempts, and where one of the two never
    /// differs.
    pub discrimination: Option<f64>,
}

impl QuestionStatistic {
    /// The numbers of a question.
    pub fn of(question: Loaded<Question>, numbers: Numbers) -> Self {
        let Numbers { answers, blanks, choices, average_score, discrimination, .. } = numbers;
        QuestionStatistic { question, answers, blanks, choices, average_score, discrimination }
    }
}

/// The same, with the question's id alone.
#[derive(Debug, Clone)]
pub struct Numbers {
    /// Of which question.
    pub question: Id<Question>,
    answers: i32,
    blanks: i32,
    choices: Vec<i32>,
    average_score: Option<f64>,
    discrimination: Option<f64>,
}

/// How the questions of a quiz were answered; absent for who does not grade the course.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct StatisticsOf(pub Id<Quiz>);

impl Loader<StatisticsOf> for Batch {
    type Value = Vec<Numbers>;
    type Error = Error;

    async fn load(&self, keys: &[StatisticsOf]) -> Result<HashMap<StatisticsOf, Vec<Numbers>>> {
        let quizzes: Vec<Id<Quiz>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<StatisticsOf, Vec<Numbers>> = HashMap::new();
        for row in &self.tx.query(sql::STATISTICS, &[&quizzes]).await? {
            let mut reader = ColumnReader::new(row);
            let quiz = StatisticsOf(reader.next()?);
            let (question, answers, blanks, choices) = (reader.next()?, reader.next()?, reader.next()?, reader.next()?);
            let (average_score, discrimination) = (reader.next()?, reader.next()?);
            found.entry(quiz).or_default().push(Numbers { question, answers, blanks, choices, average_score, discrimination });
        }
        Ok(found)
    }
}
