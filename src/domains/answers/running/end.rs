//! How an answer ends: in one transaction with what it took. Where its person is not signed in any more, the service ends it in the school's name.

use std::time::Duration;

use lectern_kernel::db::{DbError, Mode, Tx};
use tokio::time::sleep;

use super::{NotActing, run::Writing};
use crate::domains::answers::sql;

/// Waits between tries to write down how an answer ended; after them it is silent, and is swept.
const PAUSES: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];

/// Tokens that a call took, and whether that is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Took {
    pub(super) prompt: i64,
    pub(super) completion: i64,
    pub(super) is_estimated: bool,
}

/// How an answer ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) state: &'static str,
    /// Why the model stopped.
    pub(super) finish: Option<&'static str>,
    pub(super) failure: Option<&'static str>,
    /// What the last call took, where one is not settled.
    pub(super) took: Option<Took>,
    /// How the endpoint behaved: why it failed, or none; nothing where it was not asked.
    pub(super) provider: Option<Option<&'static str>>,
}

impl End {
    /// It failed before any call.
    pub(super) fn failed(reason: &'static str) -> Self {
        End { state: "FAILED", finish: None, failure: Some(reason), took: None, provider: None }
    }

    /// Nobody wants it.
    pub(super) fn cancelled() -> Self {
        End { state: "CANCELLED", finish: None, failure: None, took: None, provider: None }
    }
}

impl Writing {
    /// Writes down how it ended, as its person; or that they are not signed in any more.
    pub(super) async fn end(&self, end: &End) {
        let mut end = end.clone();
        let mut pauses = PAUSES.iter();
        loop {
            let ended = async {
                let tx = match self.acts.begin(&self.claims, Mode::Write, &self.correlation_id).await {
                    Ok((tx, _)) if end.failure != Some("NOT_SIGNED_IN") => tx,
                    Ok(_) | Err(NotActing::SignedOut) => {
                        end = End { state: "FAILED", failure: Some("NOT_SIGNED_IN"), finish: None, ..end.clone() };
                        self.acts.begin_in(self.run.tenant, &self.correlation_id).await?
                    }
                    Err(NotActing::Failed(error)) => return Err(error),
                };
                self.write_end(&tx, &end).await?;
                tx.commit().await
            };
            match (ended.await, pauses.next()) {
                (Ok(()), _) => return,
                (Err(error), Some(pause)) => {
                    tracing::warn!(
                        correlation_id = self.correlation_id,
                        reason = error.for_operator(),
                        "the end of an answer could not be written down yet"
                    );
                    sleep(*pause).await;
                }
                (Err(error), None) => {
                    tracing::error!(
                        correlation_id = self.correlation_id,
                        reason = error.for_operator(),
                        "the end of an answer could not be written down"
                    );
                    return;
                }
            }
        }
    }

    async fn write_end(&self, tx: &Tx, end: &End) -> Result<(), DbError> {
        let (text, hosts) = self.run.whole();
        let (prompt, completion) = (end.took.map(|took| took.prompt), end.took.map(|took| took.completion));
        let is_estimated = end.took.map(|took| took.is_estimated);
        let process = self.process();
        // Only a process that has claimed it has one; the text of an answer that nobody has claimed is empty.
        let by = self.has_claimed().then_some(process);
        let ended = tx
            .value::<bool>(
                sql::END,
                &[&self.run.id, &by, &end.state, &text, &end.finish, &end.failure, &prompt, &completion, &is_estimated, &hosts],
            )
            .await?;
        if ended == Some(true)
            && let Some(failure) = end.provider
        {
            tx.query(sql::NOTE_PROVIDER, &[&failure]).await?;
        }
        Ok(())
    }
}
