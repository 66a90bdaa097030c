//! How scores came about.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use jiff::Timestamp;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, DateTime, Loaded, Rows},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::{QuizAttempt, sql};
use crate::domains::identity::User;

text_enum! {
    /// What gave an attempt its score.
    pub enum ScoreCause {
        /// It was handed in, or closed.
        Submission = "SUBMISSION",
        /// A question was graded anew.
        Regrade = "REGRADE",
    }
}

/// A score that an attempt was given.
#[object(resolvers)]
#[derive(Debug, Clone)]
pub struct ScoreChange {
    /// When.
    pub at: DateTime,
    /// By what.
    pub cause: ScoreCause,
    /// The score from then on.
    pub score: f64,
    /// Why; null where it was just handed in.
    pub reason: Option<String>,
    #[hidden]
    pub by_id: Option<Id<User>>,
}

#[resolvers]
impl ScoreChange {
    /// Who did it; null where nobody did, or when you may not see them.
    async fn by(&self, ctx: &Context<'_>) -> Result<Option<Loaded<User>>> {
        match self.by_id {
            Some(person) => ctx.whole(person).await,
            None => Ok(None),
        }
    }
}

/// The scores of an attempt, the first one first.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HistoryOf(pub Id<QuizAttempt>);

impl Loader<HistoryOf> for Batch {
    type Value = Vec<ScoreChange>;
    type Error = Error;

    async fn load(&self, keys: &[HistoryOf]) -> Result<HashMap<HistoryOf, Vec<ScoreChange>>> {
        let attempts: Vec<Id<QuizAttempt>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<HistoryOf, Vec<ScoreChange>> = HashMap::new();
        for row in &self.tx.query(sql::HISTORY, &[&attempts]).await? {
            let mut reader = ColumnReader::new(row);
            let attempt = HistoryOf(reader.next()?);
            let at: Timestamp = reader.next()?;
            let (cause, score, reason, by_id) = (reader.next()?, reader.next()?, reader.next()?, reader.next()?);
            found.entry(attempt).or_default().push(ScoreChange { at: DateTime(at), cause, score, reason, by_id });
        }
        Ok(found)
    }
}
