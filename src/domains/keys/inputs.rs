//! What the mutations of keys take, and its checks.

use async_graphql::InputObject;
use jiff::{SignedDuration, Timestamp};
use lectern_kernel::{
    auth::Actor,
    error::{Error, Result},
    permission::Permission,
    resolve::DateTime,
};

use crate::domains::identity::each_once;

/// A key to be made.
#[derive(InputObject)]
pub struct CreateApiKeyInput {
    /// What it is for; 1 to 200 characters.
    pub name: String,
    /// What it is granted: 1 or more, each once, of what you hold now; none of ROLE_MANAGE, PASSWORD_APPROVE, USER_VIEW_AS, API_KEY_CREATE,
    /// API_KEY_MANAGE, TENANT_MANAGE, TENANT_EXPORT, OUTBOX_READ.
    pub permissions: Vec<Permission>,
    /// Until when it can be used: 90 days at most, or 365 where it only reads (permissions whose names end in `_READ` or `_READ_ALL`). In 30 days unless
    /// given.
    pub expires_at: Option<DateTime>,
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Refuses permissions that no key may hold, or that the actor does not.
pub fn check_permissions(actor: &Actor, wanted: &[Permission]) -> Result<()> {
    if wanted.is_empty() {
        return Err(Error::bad_input("permissions", "must hold at least one permission"));
    }
    each_once("permissions", wanted)?;
    if let Some(index) = wanted.iter().position(|permission| !permission.is_for_keys()) {
        let field = format!("permissions.{index}");
        return Err(Error::bad_input(field, "is not for API keys").reason("PERMISSION_NOT_FOR_KEYS"));
    }
    let missing: Vec<Permission> = wanted.iter().copied().filter(|permission| !actor.can(*permission)).collect();
    match wanted.iter().position(|permission| missing.contains(permission)) {
        Some(index) => Err(Error::missing_permission(&missing).reason("ROLE_TOO_HIGH").field(format!("permissions.{index}"))),
        None => Ok(()),
    }
}

/// Until when a key is to be good.
pub fn end(wanted: Option<DateTime>, is_read_only: bool, now: Timestamp) -> Result<Timestamp> {
    let days = if is_read_only { 365 } else { 90 };
    let end = wanted.map_or(now + DAY * 30, |wanted| wanted.0);
    if end <= now || end > now + DAY * days {
        return Err(Error::bad_input("expiresAt", format!("must be later than now, and at most {days} days from now")));
    }
    Ok(end)
}
