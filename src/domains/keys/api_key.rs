//! A key by which a program acts in somebody's place.

use async_graphql::{ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    permission::Permission,
    resolve::DateTime,
};
use lectern_macros::object;

use crate::domains::identity::{Role, User};

/// A key by which a program acts in its owner's place: with the permissions that it was granted, as far as its owner holds them now in the role in which
/// it was made. Sent as `Authorization: Bearer …`, in place of an access token.
#[object(table = "api_key", alias = "ak", id = "apikey", node)]
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Its id.
    pub id: Id<ApiKey>,
    /// What it is for.
    pub name: String,
    /// In whose place it acts.
    #[one]
    pub owner_id: Id<User>,
    /// The role in which it acts; null once there is no such role, or where you may not see it.
    #[one]
    pub role_id: Option<Id<Role>>,
    /// What it was granted.
    pub permissions: Vec<Permission>,
    /// Whether it changes nothing.
    pub is_read_only: bool,
    /// The last four characters of its secret.
    pub hint: String,
    /// Whether it can be used: not revoked, not over, its owner active, and its role still theirs.
    #[wide]
    #[column("app.key_is_live({}.id)")]
    pub is_live: bool,
    /// When it was made.
    pub created_at: DateTime,
    /// Until when it can be used.
    pub expires_at: DateTime,
    /// When it was used last, to the minute; null before.
    pub last_used_at: Option<DateTime>,
    /// When it was revoked; null unless it was.
    pub revoked_at: Option<DateTime>,
}

/// The newest first.
pub const NEWEST: Order = Order { key: SortKey::moment("CREATED_AT", "ak.created_at"), id: "ak.id", descending: true };

/// Which keys.
#[derive(InputObject, Default, Clone)]
pub struct ApiKeyFilter {
    /// Of this person.
    pub owner_id: Option<ID>,
    /// That can be used; or that can't.
    pub is_live: Option<bool>,
}

impl ApiKeyFilter {
    /// Narrows a list.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(owner) = Id::<User>::parse_opt("filter.ownerId", self.owner_id.as_ref())? {
            let owner = list.bind(owner);
            list.filter(format!("ak.owner_id = {owner}"));
        }
        match self.is_live {
            Some(true) => list.filter("ak.revoked_at IS NULL AND ak.expires_at > now() AND app.key_is_live(ak.id)"),
            Some(false) => list.filter("NOT app.key_is_live(ak.id)"),
            None => {}
        }
        Ok(())
    }
}
