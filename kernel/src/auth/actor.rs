//! The person behind a request, as the database knows them inside the request's own transaction.

use uuid::Uuid;

use crate::{
    db::{ActorRow, Identity, KeyInHand},
    error::{Error, Result},
    permission::{Permission, PermissionSet},
};

/// In place of the key of a role: a second factor is to be set up first. No role of a school is written like this.
const FACTOR_DUE: &str = "second-factor-due";

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
    /// The API key that acts in the person's place, where one does.
    pub key: Option<KeyInHand>,
    /// The active role grants nothing, because the person has no second factor.
    pub is_factor_due: bool,
    /// Who looks in their place, where somebody does: nothing is changed then.
    pub viewed_by: Option<Uuid>,
}

impl Actor {
    /// The actor of a transaction.
    pub fn new(identity: Identity, row: ActorRow) -> Self {
        let ActorRow { role_id, role_key, permissions, subscribed, time_zone, key, is_factor_due, viewed_by, .. } = row;
        Actor {
            tenant: identity.tenant,
            user: identity.user,
            session: identity.session,
            role_id,
            role_key,
            permissions,
            subscribed,
            time_zone,
            key,
            is_factor_due,
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

    /// Refuses whoever may do nothing before they have a second factor: administrators of the platform.
    ///
    /// # Errors
    /// `FORBIDDEN` with `SECOND_FACTOR_REQUIRED`.
    pub fn require_second_factor(&self) -> Result<()> {
        if self.role_key != FACTOR_DUE {
            return Ok(());
        }
        let message = "Set up a second factor first: `beginSecondFactor`, then `confirmSecondFactor`.";
        Err(Error::forbidden("SECOND_FACTOR_REQUIRED", message))
    }

    /// Refuses what an API key may not do, whatever it grants: to change anything, where it only reads; and what a person does in person.
    ///
    /// # Errors
    /// `FORBIDDEN` with API_KEY_READ_ONLY or API_KEY_NOT_ALLOWED.
    pub fn require_in_person(&self, changes: bool, is_in_person: bool) -> Result<()> {
        match self.key {
            Some(key) if changes && key.is_read_only => {
                Err(Error::forbidden("API_KEY_READ_ONLY", "This API key reads, and changes nothing."))
            }
            Some(_) if is_in_person => Err(Error::api_key_not_allowed()),
            _ => Ok(()),
        }
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
