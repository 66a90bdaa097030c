//! Locks that other sessions hold: a migrate waits for each only briefly, because whoever comes later waits behind it, and
//! tries again.

use std::time::Duration;

use anyhow::Context as _;

/// Shorter than PostgreSQL's `deadlock_timeout`: where a migrate and a request wait for each other, the migrate gives way.
pub(super) const LOCK_TIMEOUT: &str = "SET lock_timeout = '500ms'";
const TRIES: usize = 40;
/// Between two tries, so that those who waited get their turn.
const PAUSE: Duration = Duration::from_millis(250);

/// Runs what is one transaction until no lock is missing.
pub(super) async fn patiently<T>(mut transaction: impl AsyncFnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    for _ in 1..TRIES {
        match transaction().await {
            Err(error) if is_lock_lost(&error) => tokio::time::sleep(PAUSE).await,
            done => return done,
        }
    }
    transaction().await.context("other sessions stand in the way: each try waited in vain for a lock that one of them holds")
}

/// A deadlock, or a lock that did not come in time: both are another session's doing.
pub(super) fn is_lock_lost(error: &anyhow::Error) -> bool {
    matches!(code(error), Some("40P01" | "55P03"))
}

/// What PostgreSQL calls an error.
pub(super) fn code(error: &anyhow::Error) -> Option<&str> {
    Some(database_error(error)?.code())
}

/// What the server said.
pub(super) fn database_error(error: &anyhow::Error) -> Option<&sqlx::postgres::PgDatabaseError> {
    error.chain().find_map(|cause| cause.downcast_ref::<sqlx::Error>()?.as_database_error()?.try_downcast_ref())
}
