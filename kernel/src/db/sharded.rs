//! How a transaction is opened through PgDog: pinned to the shard of one school before anything else is asked, so that none ever touches two.
//!
//! PgDog looks at each message. It connects to one shard where the key was set before the first statement that needs a server, and to all of them
//! otherwise; a BEGIN with settings in one message it refuses. So there are three: the BEGIN, the key, and the settings as one SELECT, which PgDog
//! passes on as it is. A SET it would keep and repeat with its value as an identifier, which PostgreSQL cuts after 63 bytes.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use super::{Identity, Mode, Opening, shards::Shards};

/// Where a transaction is pinned, and what it is opened with.
pub(super) struct Sharded {
    shards: Arc<Shards>,
    correlation: String,
    /// How long one statement may run, in milliseconds.
    limit: u64,
    now: Mutex<Now>,
}

/// What may change until it is opened, or opened anew.
struct Now {
    /// The school whose shard it is pinned to; the nil UUID for what belongs to no school.
    place: Uuid,
    permissions: String,
    /// The operation that changes belong to.
    operation: String,
}

impl Sharded {
    pub(super) fn new(shards: Arc<Shards>, place: Uuid, opening: &Opening<'_>, permissions: &str, limit: u64) -> Sharded {
        let now = Now { place, permissions: permissions.to_owned(), operation: String::new() };
        Sharded { shards, correlation: opening.correlation_id.to_owned(), limit, now: Mutex::new(now) }
    }

    pub(super) fn shards(&self) -> &Arc<Shards> {
        &self.shards
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The school whose shard it is pinned to.
    pub(super) fn place(&self) -> Uuid {
        self.now().place
    }

    pub(super) fn move_to(&self, school: Uuid) {
        self.now().place = school;
    }

    pub(super) fn forget_permissions(&self) {
        self.now().permissions.clear();
    }

    pub(super) fn enter(&self, operation: &str) {
        operation.clone_into(&mut self.now().operation);
    }

    /// What opens it, one message after the other.
    pub(super) fn opening(&self, mode: Mode, identity: Identity) -> [String; 3] {
        let now = self.now();
        let Identity { tenant, user, .. } = identity;
        let (tenant, user, limit) = (tenant.to_string(), user.to_string(), self.limit.to_string());
        let mut settings = vec![("app.tenant_id", tenant.as_str()), ("app.user_id", &user), ("app.permissions", &now.permissions)];
        // A read leaves no entry that would carry them.
        if mode == Mode::Write {
            settings.push(("app.correlation_id", &self.correlation));
            if !now.operation.is_empty() {
                settings.push(("app.operation", &now.operation));
            }
        }
        settings.extend([("statement_timeout", limit.as_str()), ("idle_in_transaction_session_timeout", &limit)]);
        let mut select = String::from("SELECT ");
        for (at, (name, value)) in settings.into_iter().enumerate() {
            debug_assert!(!value.contains(['\'', '\\']));
            let _ = write!(select, "{}set_config('{name}', '{value}', true)", if at == 0 { "" } else { ", " });
        }
        [mode.begin().to_owned(), format!("SET LOCAL pgdog.sharding_key = '{}'", now.place), select]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{ActorKind, PoolOptions};

    #[test]
    fn a_transaction_is_pinned_before_anything_is_asked_in_it() {
        let addresses = ["postgres://a/lectern", "postgres://b/lectern"].map(str::to_owned);
        let shards = Arc::new(Shards::new("postgres://lectern_app@pgdog/lectern", &addresses, &PoolOptions::default()).unwrap());
        let identity = Identity { tenant: Uuid::from_u128(1), user: Uuid::from_u128(2), session: Uuid::from_u128(3) };
        let opening = Opening { mode: Mode::Write, identity, correlation_id: "abc", actors: &ActorKind::TENANT };
        let sharded = Sharded::new(shards, identity.tenant, &opening, "COURSE_READ@7", 20_000);
        sharded.enter("createCourse");
        assert_eq!(
            sharded.opening(Mode::Write, identity),
            [
                "BEGIN ISOLATION LEVEL READ COMMITTED",
                "SET LOCAL pgdog.sharding_key = '00000000-0000-0000-0000-000000000001'",
                "SELECT set_config('app.tenant_id', '00000000-0000-0000-0000-000000000001', true), \
                 set_config('app.user_id', '00000000-0000-0000-0000-000000000002', true), set_config('app.permissions', 'COURSE_READ@7', true), \
                 set_config('app.correlation_id', 'abc', true), set_config('app.operation', 'createCourse', true), \
                 set_config('statement_timeout', '20000', true), set_config('idle_in_transaction_session_timeout', '20000', true)",
            ]
        );
        sharded.forget_permissions();
        sharded.move_to(Uuid::from_u128(9));
        let [begin, key, settings] = sharded.opening(Mode::Read, Identity::default());
        assert!(begin.ends_with("READ ONLY") && key.ends_with("0009'"));
        assert!(settings.contains("'app.permissions', ''") && !settings.contains("app.correlation_id"));
    }
}
