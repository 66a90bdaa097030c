//! The person behind a request, as the database knows them inside the request's own transaction.

use uuid::Uuid;

use crate::{
    db::{ActorRow, Identity},
    error::{Error, Result},
    permission::{Permission, PermissionSet},
};

/// A signed-in person, acting in one role.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The school.
    pub tenant: Uuid,
    /// The person.
    pub user: Uuid,
    /// The sign-in.
    pub session: Uuid,
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
    /// Who looks in their place, where somebody does: nothing is changed then.
    pub viewed_by: Option<Uuid>,
}

impl Actor {
    /// The actor of a transaction.
    pub fn new(identity: Identity, row: ActorRow) -> Self {
        let ActorRow { role_id, role_key, permissions, subscribed, time_zone, viewed_by, .. } = row;
        Actor {
            tenant: identity.tenant,
            user: identity.user,
            session: identity.session,
            role_id,
            role_key,
            permissions,
            subscribed,
            time_zone,
            viewed_by,
        }
    }

    /// Whether the active role holds a permission.
    pub fn can(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }

    /// Whether this is that person.
    pub fn is(&self, user: Uuid) -> bool {
        self.user == user
    }

    /// Refuses unless the school's subscription runs.
    ///
    /// # Errors
    /// `SUBSCRIPTION_EXPIRED`.
    pub fn require_subscription(&self) -> Result<()> {
        if self.subscribed { Ok(()) } else { Err(Error::subscription_expired()) }
    }

    /// Refuses unless the active role holds one of the permissions.
    ///
    /// # Errors
    /// `SUBSCRIPTION_EXPIRED`, or `FORBIDDEN` with the permissions that would do.
    pub fn require(&self, any_of: &[Permission]) -> Result<()> {
        if !any_of.iter().all(|permission| permission.outlives_subscription()) {
            self.require_subscription()?;
        }
        if any_of.iter().any(|permission| self.can(*permission)) { Ok(()) } else { Err(Error::missing_permission(any_of)) }
    }
}
