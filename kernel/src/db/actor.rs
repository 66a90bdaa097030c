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
use crate::{permission::PermissionSet, seen::meters};

/// A kind of actor: how one is loaded, and which version tells that a cached one is still current. A process may serve several
/// kinds, each with a schema of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActorKind {
    /// Loads the actor and makes the permissions known to the policies. `$2` is the user, `$3` the session, `$4` the hash of an API key in place of both.
    pub load: &'static str,
    /// The version that a cached actor must still have.
    pub current_version: &'static str,
    /// Records a refusal. `$2` the operation, `$3` the type that it is about, `$4` the thing, `$5` the code, `$6` the reason.
    pub refusal: &'static str,
}

impl ActorKind {
    /// The people of a school.
    pub const TENANT: ActorKind = ActorKind {
        load: "SELECT token_version, role_id, role_key, permissions, subscribed, time_zone, version, holds_until, user_id, key_id, is_read_only, is_factor_due \
               FROM app.load_actor($1, $2, $3, $4)",
        current_version: "SELECT v.version FROM access_version v WHERE v.tenant_id = $1",
        refusal: "SELECT app.audit_refusal($2, $3, $4, $5, $6) WHERE app.tenant_id() = $1",
    };
}

/// An API key that acts in its owner's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyInHand {
    /// Its id.
    pub id: Uuid,
    /// It changes nothing.
    pub is_read_only: bool,
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
    /// The person.
    pub user: Uuid,
    /// The API key that acts in their place, where one does.
    pub key: Option<KeyInHand>,
    /// The role grants nothing, because the person has no second factor.
    pub is_factor_due: bool,
    /// Who looks in this person's place, where somebody does.
    pub viewed_by: Option<Uuid>,
}

impl ActorRow {
    /// Reads what a statement of [`ActorKind::load`] answers.
    ///
    /// # Errors
    /// When a column is missing, or of another type.
    pub(crate) fn read(row: &Row) -> Result<Self, DbError> {
        let key: Option<Uuid> = row.try_get("key_id")?;
        let key = match key {
            Some(id) => Some(KeyInHand { id, is_read_only: row.try_get("is_read_only")? }),
            None => None,
        };
        Ok(ActorRow { user: row.try_get("user_id")?, key, is_factor_due: row.try_get("is_factor_due")?, ..Self::read_of_job(row)? })
    }

    /// Reads what a job's transaction was told of its person.
    ///
    /// # Errors
    /// When a column is missing, or of another type.
    pub(crate) fn read_of_job(row: &Row) -> Result<Self, DbError> {
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
            user: Uuid::nil(),
            key: None,
            is_factor_due: false,
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
    /// The permissions, who looks in their place, the role, and the API key, as `app.load_actor` makes them known: `,A,B,@UUID,=ROLE,#ID,`.
    pub(super) permissions: String,
    /// The hash of the secret of that key.
    hash: Option<[u8; 32]>,
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

    /// How many are kept.
    pub fn count(&self) -> usize {
        self.kept().len()
    }

    /// The cached actor of a sign-in, or of the API key of this hash, unless it has expired at `now`.
    pub fn find(&self, identity: Identity, key: Option<&[u8; 32]>, now: Timestamp) -> Option<Arc<CachedActor>> {
        let found = self.look_up(identity, key, now);
        if let Some(meters) = meters().filter(|_| !identity.session.is_nil()) {
            meters.actor(found.is_some());
        }
        found
    }

    fn look_up(&self, identity: Identity, key: Option<&[u8; 32]>, now: Timestamp) -> Option<Arc<CachedActor>> {
        let found = self.kept().get(&identity.session).cloned()?;
        let is_same = match key {
            None => found.identity == identity,
            Some(_) => found.identity.tenant == identity.tenant,
        };
        (is_same && found.hash.as_ref() == key && found.row.holds_until.is_none_or(|end| now < end)).then_some(found)
    }

    /// Keeps what a transaction was opened with; not what it has changed since.
    pub fn keep(&self, identity: Identity, key: Option<&[u8; 32]>, row: &ActorRow) {
        let Some(version) = row.version else { return };
        let mut permissions = String::from(",");
        for permission in row.permissions.iter() {
            let _ = write!(permissions, "{},", permission.as_str());
        }
        if let Some(viewer) = row.viewed_by {
            let _ = write!(permissions, "@{viewer},");
        }
        let _ = write!(permissions, "={},", row.role_key);
        if let Some(key) = row.key {
            let _ = write!(permissions, "#{},", key.id);
        }
        let identity = Identity { user: row.user, ..identity };
        let cached = CachedActor { identity, row: row.clone(), version, permissions, hash: key.copied() };
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
            user: identity.user,
            key: None,
            is_factor_due: false,
            viewed_by: None,
        };
        let actors = ActorCache::new(std::num::NonZeroUsize::MIN);
        actors.keep(identity, None, &ActorRow { version: None, ..row.clone() });
        assert!(actors.find(identity, None, now).is_none(), "nothing verifies them");
        actors.keep(identity, None, &row);
        assert_eq!(actors.find(identity, None, now).unwrap().permissions, ",COURSE_READ,AUDIT_READ,=LEARNER,");
        actors.keep(identity, None, &ActorRow { viewed_by: Some(Uuid::from_u128(9)), ..row.clone() });
        assert_eq!(
            actors.find(identity, None, now).unwrap().permissions,
            ",COURSE_READ,AUDIT_READ,@00000000-0000-0000-0000-000000000009,=LEARNER,"
        );
        assert!(actors.find(identity, None, now + jiff::SignedDuration::from_secs(60)).is_none());
        for other in [Identity { tenant: Uuid::nil(), ..identity }, Identity { user: Uuid::nil(), ..identity }] {
            assert!(actors.find(other, None, now).is_none());
        }
        // A key is known by its hash, and then by whose it is.
        let (hash, asked) = ([7; 32], Identity { user: Uuid::nil(), ..identity });
        assert!(actors.find(asked, Some(&hash), now).is_none(), "a sign-in is no key");
        let key = KeyInHand { id: Uuid::from_u128(9), is_read_only: true };
        actors.keep(asked, Some(&hash), &ActorRow { key: Some(key), ..row.clone() });
        let found = actors.find(asked, Some(&hash), now).unwrap();
        assert_eq!((found.identity, found.permissions.ends_with(&format!(",=LEARNER,#{},", key.id))), (identity, true));
        assert!(actors.find(asked, Some(&[8; 32]), now).is_none() && actors.find(identity, None, now).is_none());
        actors.keep(Identity { session: Uuid::from_u128(4), ..identity }, None, &row);
        assert!(actors.find(asked, Some(&hash), now).is_none(), "one place, one person");
    }
}
