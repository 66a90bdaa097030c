//! What an operation does before its document has a transaction: waiting for somebody else's server, for one. No connection is held meanwhile, and it
//! is done once, however often the document runs.

use std::{any::Any, sync::Arc};

use async_graphql::{Name, Value};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::Services;
use crate::{
    db::{ActorKind, DbError, Identity, Mode, Opening, Pool, Tx},
    error::Result,
};

/// What came of it, for the resolver (`Request::prepared`): also that it is to be refused.
pub type Prepared = Arc<dyn Any + Send + Sync>;

/// What an operation does ahead. An error is a failure of ours; a refusal is the resolver's to answer.
pub type GoAhead = fn(Ahead) -> BoxFuture<'static, Result<Prepared>>;

/// What can be reached ahead.
pub struct Ahead {
    pool: Pool,
    actors: &'static ActorKind,
    services: Arc<Services>,
    correlation_id: String,
    given: Vec<(Name, Value)>,
}

impl Ahead {
    /// Of an operation with these arguments, and those of its input.
    pub(crate) fn new(
        pool: Pool,
        actors: &'static ActorKind,
        services: Arc<Services>,
        correlation_id: String,
        given: Vec<(Name, Value)>,
    ) -> Self {
        Ahead { pool, actors, services, correlation_id, given }
    }

    /// An argument that is text.
    pub fn text(&self, argument: &str) -> Option<&str> {
        self.given.iter().find_map(|(name, value)| match value {
            Value::String(text) if name == argument => Some(text.as_str()),
            _ => None,
        })
    }

    /// What the service shares.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Opens a transaction of a school, of nobody in it: to be ended before anything else is waited for.
    ///
    /// # Errors
    /// When there is none to be had.
    pub async fn begin(&self, tenant: Uuid) -> Result<Arc<Tx>, DbError> {
        let identity = Identity { tenant, ..Identity::default() };
        let opening = Opening { mode: Mode::Write, identity, correlation_id: &self.correlation_id, actors: self.actors };
        Ok(Tx::open(&self.pool, &opening).await?.0)
    }
}
