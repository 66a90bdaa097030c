//! What is known of quizzes beside their rows, many in one statement: their size, the viewer's own terms, what they draw.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use jiff::Timestamp;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, DateTime},
};

use super::{QuestionPool, Quiz, sql};

/// How large an attempt is that starts now.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SizeOf(pub Id<Quiz>);

/// Its questions, and what they are worth.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// How many.
    pub questions: i32,
    /// Together.
    pub max_score: f64,
}

impl Loader<SizeOf> for Batch {
    type Value = Size;
    type Error = Error;

    async fn load(&self, keys: &[SizeOf]) -> Result<HashMap<SizeOf, Size>> {
        let quizzes: Vec<Id<Quiz>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::with_capacity(keys.len());
        for row in &self.tx.query(sql::SIZES, &[&quizzes]).await? {
            let mut reader = ColumnReader::new(row);
            let (quiz, questions): (_, i64) = (reader.next()?, reader.next()?);
            let questions = i32::try_from(questions).unwrap_or(i32::MAX);
            found.insert(SizeOf(quiz), Size { questions, max_score: reader.next()? });
        }
        Ok(found)
    }
}

/// The viewer's own terms in a quiz.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TermsOf(pub Id<Quiz>);

/// When it closes for them, how long they have, how often they may still try.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// None: never.
    pub closes_at: Option<DateTime>,
    /// None: any number.
    pub minutes: Option<f64>,
    /// None: any number.
    pub attempts_left: Option<i32>,
}

impl Loader<TermsOf> for Batch {
    type Value = Terms;
    type Error = Error;

    async fn load(&self, keys: &[TermsOf]) -> Result<HashMap<TermsOf, Terms>> {
        let quizzes: Vec<Id<Quiz>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::with_capacity(keys.len());
        for row in &self.tx.query(sql::TERMS, &[&quizzes]).await? {
            let mut reader = ColumnReader::new(row);
            let (quiz, closes_at): (_, Option<Timestamp>) = (reader.next()?, reader.next()?);
            let terms = Terms { closes_at: closes_at.map(DateTime), minutes: reader.next()?, attempts_left: reader.next()? };
            found.insert(TermsOf(quiz), terms);
        }
        Ok(found)
    }
}

/// What a quiz draws from pools, in its order.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DrawsOf(pub Id<Quiz>);

/// So many questions of a pool.
#[derive(Debug, Clone, Copy)]
pub struct Draw {
    /// Which pool.
    pub pool: Id<QuestionPool>,
    /// How many.
    pub count: i32,
    /// What each is worth.
    pub points: f64,
}

impl Loader<DrawsOf> for Batch {
    type Value = Vec<Draw>;
    type Error = Error;

    async fn load(&self, keys: &[DrawsOf]) -> Result<HashMap<DrawsOf, Vec<Draw>>> {
        let quizzes: Vec<Id<Quiz>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<DrawsOf, Vec<Draw>> = HashMap::new();
        for row in &self.tx.query(sql::DRAWS, &[&quizzes]).await? {
            let mut reader = ColumnReader::new(row);
            let quiz = DrawsOf(reader.next()?);
            let draw = Draw { pool: reader.next()?, count: reader.next()?, points: reader.next()? };
            found.entry(quiz).or_default().push(draw);
        }
        Ok(found)
    }
}
