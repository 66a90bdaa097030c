//! When API keys were used last: written aside, at most once a minute.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::db::{ActorKind, DbError, Identity, Mode, Opening, Pool, Tx};

/// How often a key's use is written at most.
const EVERY: Duration = Duration::from_secs(60);
/// Beyond so many, those that are over are forgotten.
const MANY: usize = 10_000;

/// What this process has written lately, by key.
#[derive(Default)]
pub(super) struct KeyUses(Mutex<HashMap<Uuid, Instant>>);

impl KeyUses {
    /// Says that a key was used. Nobody waits for it.
    pub(super) fn note(&self, pool: &Pool, actors: &'static ActorKind, owner: Identity, key: Uuid, correlation_id: &str) {
        {
            let mut noted = self.0.lock().unwrap_or_else(|broken| broken.into_inner());
            if noted.get(&key).is_some_and(|at| at.elapsed() < EVERY) {
                return;
            }
            if noted.len() >= MANY {
                noted.retain(|_, at| at.elapsed() < EVERY);
            }
            noted.insert(key, Instant::now());
        }
        let (pool, correlation_id) = (pool.clone(), correlation_id.to_owned());
        tokio::spawn(async move {
            if let Err(error) = write(&pool, actors, owner, key, &correlation_id).await {
                tracing::warn!(correlation_id, reason = error.for_operator(), "the use of an API key could not be written");
            }
        });
    }
}

/// Other replicas write as well: the database takes one a minute.
async fn write(pool: &Pool, actors: &'static ActorKind, owner: Identity, key: Uuid, correlation_id: &str) -> Result<(), DbError> {
    let identity = Identity { tenant: owner.tenant, ..Identity::default() };
    let (tx, _) = Tx::open(pool, &Opening { mode: Mode::Write, identity, correlation_id, actors }).await?;
    tx.query("SELECT app.use_api_key($2) WHERE app.tenant_id() = $1", &[&key]).await?;
    tx.commit().await
}
