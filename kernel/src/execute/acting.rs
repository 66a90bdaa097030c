//! What goes on in somebody's name after the document that asked for it was answered. Nothing of it is trusted longer than one transaction: each proves
//! the person anew, as a request of theirs does.

use std::sync::Arc;

use async_graphql::Variables;
use uuid::Uuid;

use super::engine::{Answer, Engine, invalid};
use crate::{
    auth::{Actor, Claims},
    clock,
    db::{DbError, Identity, Mode, Opening, Tx},
    request::Document,
};

/// Why nothing goes on.
#[derive(Debug, Clone)]
pub enum NotActing {
    /// They have signed out, were suspended or deleted, or are without a role.
    SignedOut,
    /// The database could not be asked, or said no.
    Failed(DbError),
}

impl From<DbError> for NotActing {
    fn from(error: DbError) -> Self {
        NotActing::Failed(error)
    }
}

impl From<tokio_postgres::Error> for NotActing {
    fn from(error: tokio_postgres::Error) -> Self {
        NotActing::Failed(error.into())
    }
}

impl Engine {
    /// Opens a transaction of a person who is proven to be signed in. It is to be ended before anything but the database is waited for.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn begin_as(&self, claims: &Claims, mode: Mode, correlation_id: &str) -> Result<(Arc<Tx>, Actor), NotActing> {
        let (identity, key) = (claims.identity(), claims.key());
        let opening = Opening { mode, identity, correlation_id, actors: self.actor_kind };
        let mut dead = 0;
        while let Some(cached) = self.actors.find(identity, key, clock::now()).filter(|cached| claims.is_current(&cached.row)) {
            let opening = Opening { identity: cached.identity, ..opening.clone() };
            let tx = Tx::open_cached(&self.pool, &opening, &cached).await?;
            match tx.ensure_verified().await {
                Ok(()) => return Ok((tx.clone(), Actor::new(tx.identity(), cached.row.clone()))),
                Err(error) if error.is_outdated() => self.actors.forget(identity),
                Err(error) if error.is_connection_lost() && !tx.is_open() && dead < self.pool.max_size() => dead += 1,
                Err(error) => {
                    let _ = tx.rollback().await;
                    return Err(error.into());
                }
            }
            let _ = tx.rollback().await;
        }
        let (tx, row) = Tx::open_for(&self.pool, &opening, key).await?;
        match row.filter(|row| claims.is_current(row)) {
            Some(row) => {
                self.actors.keep(identity, key, &row);
                Ok((tx.clone(), Actor::new(tx.identity(), row)))
            }
            None => {
                let _ = tx.rollback().await;
                Err(NotActing::SignedOut)
            }
        }
    }

    /// Opens a transaction of a school, and of nobody in it: what the service does of its own, it does by functions that say what they reveal.
    ///
    /// # Errors
    /// When there is none to be had.
    pub async fn begin_in(&self, tenant: Uuid, correlation_id: &str) -> Result<Arc<Tx>, DbError> {
        let identity = Identity { tenant, ..Identity::default() };
        let opening = Opening { mode: Mode::Write, identity, correlation_id, actors: self.actor_kind };
        Ok(Tx::open(&self.pool, &opening).await?.0)
    }

    /// Asks a query of the service's own in somebody's name: under their guards, their policies, their subscription and their budgets. A closed list of
    /// documents (`LECTERN_TRUSTED_DOCUMENTS`) does not close these.
    pub async fn ask_as(&self, text: &str, variables: &Variables, claims: &Claims, correlation_id: &str) -> Answer {
        let mut document = match Document::read(text, None, variables, &self.limits, self.registry) {
            Ok(document) => document,
            Err(error) => return self.refuse(error, correlation_id),
        };
        match self.check(&mut document).await {
            Ok(cost) => match self.spend(&document, Some(claims), cost) {
                Ok(()) => self.read_event(document, claims, correlation_id).await,
                Err(error) => self.refuse(error, correlation_id),
            },
            // The text is ours: it is a value that does not fit.
            Err(errors) => {
                let mut answer = invalid(errors);
                super::errors::finish(&mut answer.response, correlation_id);
                answer
            }
        }
    }
}
