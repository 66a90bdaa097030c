//! Looking in another person's place: nothing is changed, and each document leaves an entry in the audit log before its answer goes out.

use super::engine::{Answer, Engine, unexecuted};
use crate::{
    auth::Claims,
    db::{DbError, Identity, Mode, Opening, Tx},
    error::{Error, Result},
    request::{Document, OperationKind},
};

/// Writes the entry of a document. `$2` is the viewing, `$3` the root fields, `$4` whether it was refused.
const RECORD: &str = "SELECT app.record_viewing($2, $3, $4) WHERE app.tenant_id() = $1";

/// The refusal of whatever is more than reading.
pub(super) fn read_only() -> Error {
    Error::forbidden("VIEW_AS_READ_ONLY", "You see what this person sees, and change nothing. `logout` ends that.")
}

impl Engine {
    /// Refuses a mutation of whoever looks in another person's place, before any guard. A viewing that is over counts as signed out, as any
    /// token that is not valid.
    ///
    /// # Errors
    /// `FORBIDDEN`, `VIEW_AS_READ_ONLY`.
    pub(super) async fn let_view(&self, document: &Document, claims: Option<Claims>, correlation_id: &str) -> Result<Option<Claims>> {
        let Some(viewing) = claims.filter(|claims| claims.is_viewing()) else { return Ok(claims) };
        if document.kind != OperationKind::Mutation || document.is_for_viewing() {
            return Ok(claims);
        }
        if self.bearer(&viewing, correlation_id).await.is_none() {
            return Ok(None);
        }
        self.record(document, &viewing, true, correlation_id).await?;
        Err(read_only())
    }

    /// Lets an answer go out once it stands in the log that somebody has looked in another person's place; no entry, no answer.
    pub(super) async fn witness(&self, answer: Answer, document: &Document, looker: Option<Claims>, correlation_id: &str) -> Answer {
        let Some(viewing) = looker else { return answer };
        match self.record(document, &viewing, false, correlation_id).await {
            Ok(()) => answer,
            Err(error) => unexecuted(error.into()),
        }
    }

    async fn record(&self, document: &Document, viewing: &Claims, is_refused: bool, correlation_id: &str) -> Result<(), DbError> {
        let Identity { tenant, session, .. } = viewing.identity();
        let identity = Identity { tenant, ..Identity::default() };
        let opening = Opening { mode: Mode::Write, identity, correlation_id, actors: self.actor_kind };
        let (tx, _) = Tx::open(&self.pool, &opening).await?;
        tx.query(RECORD, &[&session, &document.root_names(), &is_refused]).await?;
        tx.commit().await
    }
}
