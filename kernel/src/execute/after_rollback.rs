//! What a refused document leaves behind, although its transaction is rolled back: its entry in the audit log.

use async_graphql::{PathSegment, Response, ServerError};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::errors;
use crate::{
    db::{ActorKind, DbError, Identity, Mode, Opening, Pool, Tx},
    error::Code,
    request::Root,
    resolve::{AfterRollback, LateWrite, Request},
};

impl AfterRollback {
    /// What a request leaves behind, in its actor's name unless another was set.
    pub(super) fn of(request: &Request) -> Self {
        let actor = request.actor().map(|actor| Identity { tenant: actor.tenant, user: actor.user, session: actor.session });
        let said = request.after_rollback().clone();
        AfterRollback { identity: said.identity.or(actor), ..said }
    }

    /// Writes it in a transaction of its own: that something was refused, and what the domain adds. It is
    /// done even if the client has gone meanwhile. The refusal itself stands whatever comes of it.
    pub(super) async fn write(self, pool: &Pool, response: &Response, roots: &[Root], actors: &'static ActorKind, correlation_id: &str) {
        // A failed sign-in costs the same round trips whether or not there is such a school.
        let Some(identity) = self.identity else { return };
        let refusals: Vec<Refusal> = response.errors.iter().filter_map(|error| Refusal::of(error, roots)).collect();
        let (pool, correlation_id) = (pool.clone(), correlation_id.to_owned());
        let written = tokio::spawn(async move {
            let written = write(&pool, actors, identity, self.write, &refusals, &correlation_id).await;
            if let Err(error) = written {
                lost(&error, &correlation_id);
            }
        });
        let _ = written.await;
    }
}

/// An error that stands in the audit log.
struct Refusal {
    operation: String,
    about: &'static str,
    subject: Option<Uuid>,
    code: String,
    reason: Option<String>,
}

impl Refusal {
    fn of(error: &ServerError, roots: &[Root]) -> Option<Self> {
        let code = errors::code(error).filter(|code| is_audited(code))?;
        // The path begins with what the root field is called in the answer.
        let root = match error.path.first()? {
            PathSegment::Field(key) => roots.iter().find(|root| root.key == *key)?,
            PathSegment::Index(_) => return None,
        };
        Some(Refusal {
            operation: root.name.clone(),
            about: root.operation.map_or("Mutation", |operation| operation.about),
            subject: root.subject,
            code: code.to_owned(),
            reason: errors::reason(error).map(str::to_owned),
        })
    }

    /// What follows the tenant.
    fn params(&self) -> [&(dyn ToSql + Sync); 5] {
        [&self.operation, &self.about, &self.subject, &self.code, &self.reason]
    }
}

async fn write(
    pool: &Pool,
    actors: &'static ActorKind,
    identity: Identity,
    late: Option<LateWrite>,
    refusals: &[Refusal],
    correlation_id: &str,
) -> Result<(), DbError> {
    let opening = Opening { mode: Mode::Write, identity, correlation_id, actors };
    let (tx, rest) = match (late, refusals) {
        (None, []) => return Ok(()),
        // Mostly there is one entry, and nothing else: it goes along with the BEGIN.
        (None, [first, rest @ ..]) => (Tx::open_asking(pool, &opening, actors.refusal, &first.params()).await?.0, rest),
        (Some(late), rest) => {
            let (tx, _) = Tx::open(pool, &Opening { identity: Identity { user: Uuid::nil(), ..identity }, ..opening }).await?;
            tx.assume(identity).await?;
            tx.enter_operation(late.operation);
            tx.query(late.sql, &[&late.id]).await?;
            (tx, rest)
        }
    };
    for refusal in rest {
        tx.query(actors.refusal, &refusal.params()).await?;
    }
    tx.commit().await
}

/// An entry could not be written.
pub(super) fn lost(error: &DbError, correlation_id: &str) {
    tracing::error!(correlation_id, ?error, "the audit entry of a refusal could not be written");
}

/// Wrong input and faults of ours are no refusals.
fn is_audited(code: &str) -> bool {
    [
        Code::Unauthenticated,
        Code::Forbidden,
        Code::NotFound,
        Code::Conflict,
        Code::LimitReached,
        Code::SubscriptionExpired,
        Code::RateLimited,
    ]
    .iter()
    .any(|audited| audited.as_str() == code)
}
