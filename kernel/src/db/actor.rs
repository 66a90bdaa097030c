//! The actor cache. What was loaded of a person serves their later requests, because each of these checks the school's access
//! version in its own transaction, together with its first statement.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard},
};

use jiff::Timestamp;
use lru::LruCache;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{DbError, Identity};
use crate::permission::PermissionSet;

/// A kind of actor: how one is loaded, and which version tells that a cached one is still current. A process may serve several
/// kinds, each with a schema of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActorKind {
    /// Loads the actor and makes the permissions known to the policies. `$2` is the user, `$3` the session.
    pub load: &'static str,
    /// The version that a cached actor must still have.
    pub current_version: &'static str,
}

impl ActorKind {
    /// The people of a school.
    pub const TENANT: ActorKind = ActorKind {
        load: "SELECT token_version, role_id, role_key, permissions, subscribed, time_zone, version, holds_until FROM app.load_actor($1, $2, $3)",
        current_version: "SELECT v.version FROM access_version v WHERE v.tenant_id = $1",
    };
}

/// What the database says of the actor, inside the transaction itself.
#[derive(Debug, Clone)]
pub struct ActorRow {
    /// Must equal the token's.
    pub token_version: i32,
    /// The active role.
    pub role_id: Uuid,
    /// Its key.
    pub role_key: String,
    /// What it grants.
    pub permissions: PermissionSet,
    /// False once the subscription has lapsed or the school was suspended.
    pub subscribed: bool,
    /// The school's time zone, by its IANA name.
    pub time_zone: String,
    /// The school's access version at that time; none where the school has none.
    pub version: Option<i64>,
    /// When it expires in any case.
    pub holds_until: Option<Timestamp>,
    /// Who looks in this person's place, where somebody does.
    pub viewed_by: Option<Uuid>,
}

impl ActorRow {
    /// Reads what a statement of [`ActorKind::load`] answers.
    ///
    /// # Errors
    /// When a column is missing, or of another type.
    pub(crate) fn read(row: &Row) -> Result<Self, DbError> {
        let permissions: Vec<&str> = row.try_get("permissions")?;
        Ok(ActorRow {
            token_version: row.try_get("token_version")?,
            role_id: row.try_get("role_id")?,
            role_key: row.try_get("role_key")?,
            permissions: PermissionSet::from_texts(&permissions),
            subscribed: row.try_get("subscribed")?,
            time_zone: row.try_get("time_zone")?,
            version: row.try_get("version")?,
            holds_until: row.try_get("holds_until")?,
            // It stands among the permissions: what the policies must know travels in one setting.
            viewed_by: permissions.iter().find_map(|text| text.strip_prefix('@')?.parse().ok()),
        })
    }
}

/// An actor that was loaded before.
#[derive(Debug)]
pub struct CachedActor {
    /// Who it is.
    pub identity: Identity,
    /// What was loaded.
    pub row: ActorRow,
    /// The version of the school at that time.
    pub(super) version: i64,
    /// The permissions, who looks in their place, and the role, as `app.load_actor` makes them known: `,A,B,@UUID,=ROLE,`.
    pub(super) permissions: String,
}

/// The actors of the latest requests.
pub struct ActorCache {
    kept: Mutex<LruCache<Uuid, Arc<CachedActor>>>,
}

impl ActorCache {
    /// Keeps at most so many actors.
    pub fn new(capacity: std::num::NonZeroUsize) -> Self {
        // Not created with that capacity, which would allocate the memory at once.
        let mut kept = LruCache::unbounded();
        kept.resize(capacity);
        ActorCache { kept: Mutex::new(kept) }
    }

    /// The cached actor of a sign-in, unless it has expired at `now`.
    pub fn find(&self, identity: Identity, now: Timestamp) -> Option<Arc<CachedActor>> {
        let found = self.kept().get(&identity.session).cloned()?;
        (found.identity == identity && found.row.holds_until.is_none_or(|end| now < end)).then_some(found)
    }

    /// Keeps what a transaction was opened with; not what it has changed since.
    pub fn keep(&self, identity: Identity, row: &ActorRow) {
        let Some(version) = row.version else { return };
        let mut permissions = String::from(",");
        for permission in row.permissions.iter() {
            let _ = write!(permissions, "{},", permission.as_str());
        }
        if let Some(viewer) = row.viewed_by {
            let _ = write!(permissions, "@{viewer},");
        }
        let _ = write!(permissions, "={},", row.role_key);
        let cached = CachedActor { identity, row: row.clone(), version, permissions };
        self.kept().put(identity.session, Arc::new(cached));
    }

    /// Forgets an actor that has changed.
    pub fn forget(&self, identity: Identity) {
        self.kept().pop(&identity.session);
    }

    fn kept(&self) -> MutexGuard<'_, LruCache<Uuid, Arc<CachedActor>>> {
        self.kept.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_known_is_known_under_the_same_name_alone_and_no_longer_than_it_holds() {
        let identity = Identity { tenant: Uuid::from_u128(1), user: Uuid::from_u128(2), session: Uuid::from_u128(3) };
        let now = Timestamp::UNIX_EPOCH;
        let row = ActorRow {
            token_version: 1,
            role_id: Uuid::nil(),
            role_key: "LEARNER".to_owned(),
            permissions: PermissionSet::from_texts(&["COURSE_READ", "AUDIT_READ"]),
            subscribed: true,
            time_zone: "UTC".to_owned(),
            version: Some(7),
            holds_until: Some(now + jiff::SignedDuration::from_secs(60)),
            viewed_by: None,
        };
        let actors = ActorCache::new(std::num::NonZeroUsize::MIN);
        actors.keep(identity, &ActorRow { version: None, ..row.clone() });
        assert!(actors.find(identity, now).is_none(), "nothing verifies them");
        actors.keep(identity, &row);
        assert_eq!(actors.find(identity, now).unwrap().permissions, ",COURSE_READ,AUDIT_READ,=LEARNER,");
        actors.keep(identity, &ActorRow { viewed_by: Some(Uuid::from_u128(9)), ..row.clone() });
        assert_eq!(
            actors.find(identity, now).unwrap().permissions,
            ",COURSE_READ,AUDIT_READ,@00000000-0000-0000-0000-000000000009,=LEARNER,"
        );
        assert!(actors.find(identity, now + jiff::SignedDuration::from_secs(60)).is_none());
        for other in [Identity { tenant: Uuid::nil(), ..identity }, Identity { user: Uuid::nil(), ..identity }] {
            assert!(actors.find(other, now).is_none());
        }
        actors.keep(Identity { session: Uuid::from_u128(4), ..identity }, &row);
        assert!(actors.find(identity, now).is_none(), "one place, one person");
    }
}
