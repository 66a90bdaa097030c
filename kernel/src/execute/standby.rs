//! Which documents are read from a standby, and when one turns to the primary instead.

use std::sync::{Arc, atomic::Ordering};

use super::engine::{Answer, Engine};
use crate::{
    auth::Claims,
    db::{Pool, Standbys, Tx},
    error::Result,
    request::{Document, OperationKind},
    resolve::Request,
};

impl Engine {
    /// With standbys that queries are read from.
    #[must_use]
    pub fn with_standbys(mut self, standbys: Arc<Standbys>) -> Self {
        self.pool = standbys.noting(self.pool);
        self.standbys = Some(standbys);
        self
    }

    /// The standbys that queries are read from, where there are any.
    pub fn standbys(&self) -> Option<&Arc<Standbys>> {
        self.standbys.as_ref()
    }

    /// Where a document is read: queries of people who are known to be signed in. Not what an event of a subscription shows, which may be so new
    /// that no standby has it; not what somebody sees in another's place, which is on record as of now; and nothing of strangers, of whom it is not
    /// known what they have written.
    pub(super) fn standby(&self, document: &Document, claims: Option<&Claims>) -> Option<Pool> {
        let standbys = self.standbys.as_ref()?;
        let claims = claims.filter(|claims| !claims.is_viewing())?;
        if document.kind != OperationKind::Query || document.unspent.load(Ordering::Relaxed) > 0 {
            return None;
        }
        standbys.choose(&self.pool, self.known(claims)?, document.after?)
    }
}

/// A document that was run, in the transaction that is still open.
type Attempted = (Answer, Arc<Tx>, Arc<Request>);

/// What came of asking a standby; nothing where that does not count: it could not be asked, it is behind, or it failed (as it does where what it reads is cleaned up
/// beneath it); or it does not know who asks, who may have signed in a moment ago. The primary is asked then. Nothing is left open of it.
pub(super) async fn unless_for_primary(attempted: Option<Result<Attempted>>) -> Option<Attempted> {
    let (answer, tx, request) = attempted?.ok()?;
    let has_failed = tx.failure().is_some_and(|failure| !failure.is_outdated() && !failure.is_misprediction());
    if has_failed || request.actor().is_none() {
        let _ = tx.rollback().await;
        return None;
    }
    Some((answer, tx, request))
}
