//! The connections of the role lectern_desk: the platform's endpoint, exports and erasures. It stands behind the same wall as the service's role;
//! a transaction sees the one school that it was opened for, and none where it was opened for none.

use std::sync::Arc;

use uuid::Uuid;

use super::{ActorKind, DbError, Identity, Mode, Opening, Pool, PoolOptions, Shards, Tx};

/// The role that they connect as.
pub const DESK_ROLE: &str = "lectern_desk";

/// A pool of that role. Jobs find it among what the product hands them.
#[derive(Clone)]
pub struct Desk {
    pool: Pool,
}

impl Desk {
    /// A pool that connects when it is first asked, by LECTERN_DESK_URL.
    ///
    /// # Errors
    /// When the URL can't be read.
    pub fn new(url: &str, options: &PoolOptions) -> anyhow::Result<Desk> {
        Ok(Desk { pool: Pool::new(url, options)? })
    }

    /// The same, through PgDog, to schools that are spread over these databases.
    #[must_use]
    pub fn sharded(self, shards: Arc<Shards>) -> Desk {
        Desk { pool: self.pool.sharded(shards) }
    }

    /// The same, waking the workers that wait for jobs of another pool.
    #[must_use]
    pub fn ringing(self, other: &Pool) -> Desk {
        Desk { pool: self.pool.ringing(other) }
    }

    /// The pool itself, for who opens the transactions of requests.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// A transaction of one school, in nobody's name; of none where it is the nil UUID. A `Read` is one snapshot.
    ///
    /// # Errors
    /// When there is no connection to be had.
    pub async fn open(&self, school: Uuid, mode: Mode, correlation_id: &str) -> Result<Arc<Tx>, DbError> {
        let identity = Identity { tenant: school, ..Identity::default() };
        let opening = Opening { mode, identity, correlation_id, actors: &ActorKind::TENANT };
        Ok(Tx::open(&self.pool, &opening).await?.0)
    }
}
