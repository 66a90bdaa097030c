//! What is not tried because a budget is spent; and that it is told once in the school's log while it is, so that a flood does not fill the log.

use super::{Subject, guesses::arrays};
use crate::{
    db::{DbError, Tx},
    error::Error,
};

/// Why something is not tried.
#[derive(Debug)]
pub struct Closed {
    /// What is answered.
    pub error: Error,
    /// The budget that is spent; none where the counters can't be reached.
    pub spent: Option<Spent>,
}

/// A budget that is spent.
#[derive(Debug, Clone)]
pub struct Spent {
    subject: Subject,
    span: String,
}

impl Closed {
    /// As this budget is spent, which counts for so long.
    pub(super) fn new(error: Error, subject: Subject, span: &str) -> Self {
        Closed { error, spent: Some(Spent { subject, span: span.to_owned() }) }
    }
}

impl Spent {
    /// Whether nobody was told of it for as long as it counts, of an operation and a school; and whoever asks next was. The transaction is nobody's;
    /// it counts if that commits.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub async fn is_news(&self, operation: &str, school: &[u8], tx: &Tx) -> Result<bool, DbError> {
        let told = Subject::of("told", &[self.subject.bytes(), operation.as_bytes(), school]);
        Ok(spend(tx, &[(told, 1)], &self.span).await? == 0)
    }
}

impl From<Error> for Closed {
    fn from(error: Error) -> Self {
        Closed { error, spent: None }
    }
}

impl From<DbError> for Closed {
    fn from(error: DbError) -> Self {
        Error::from(error).into()
    }
}

/// Takes a turn of each of these, unless one of them has none left: in how many seconds it has one; 0 where they were taken.
pub(super) async fn spend(tx: &Tx, budgets: &[(Subject, u32)], span: &str) -> Result<u32, DbError> {
    let (subjects, allowed) = arrays(budgets);
    let wait: Option<i32> =
        tx.value("SELECT app.spend_turns($2, $3, $4::text::interval) WHERE app.tenant_id() = $1", &[&subjects, &allowed, &span]).await?;
    Ok(wait.map_or(1, i32::unsigned_abs))
}
