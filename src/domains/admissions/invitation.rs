//! Invitations: people whom the school has asked in.

use async_graphql::{Context, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{DateTime, Loaded, Nested, all, text},
    text::email_key,
    text_enum,
};
use lectern_macros::{object, resolvers};

use crate::domains::identity::{Role, User};

text_enum! {
    /// Where an invitation stands.
    pub enum InvitationState {
        /// Its link can be used.
        Pending = "PENDING",
        /// They are in.
        Accepted = "ACCEPTED",
        /// It was taken back.
        Revoked = "REVOKED",
        /// Its time is over; it can be sent again.
        Expired = "EXPIRED",
    }
}

/// Somebody whom the school has asked in. No person of the school before they accept.
#[object(table = "invitation", alias = "i", id = "invitation", node(UserAdmit), resolvers)]
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its id.
    pub id: Id<Invitation>,
    /// Where it was mailed to.
    pub email: String,
    /// Their name; null where they are to give it themselves.
    pub name: Option<String>,
    /// Where it stands.
    #[column("CASE WHEN {}.state = 'PENDING' AND {}.expires_at <= now() THEN 'EXPIRED' ELSE {}.state END")]
    pub state: InvitationState,
    /// Who sent it last.
    #[one]
    pub invited_by_id: Option<Id<User>>,
    /// The person that it made; null unless ACCEPTED.
    #[one]
    pub user_id: Option<Id<User>>,
    /// When it was sent first.
    pub created_at: DateTime,
    /// When it was sent last.
    pub sent_at: DateTime,
    /// Until when its link can be used.
    pub expires_at: DateTime,
    /// When it was accepted; null unless it was.
    pub accepted_at: Option<DateTime>,
    #[hidden]
    #[wide]
    pub role_keys: Vec<String>,
}

/// The newest first.
pub const NEWEST: Order = Order { key: SortKey::moment("CREATED_AT", "i.created_at"), id: "i.id", descending: true };

const BY_KEY: Order = Order { key: SortKey::text("KEY", "r.key"), id: "r.id", descending: false };
static ROLES: Nested =
    Nested::new("invitation.roles", BY_KEY, "i.id").by("JOIN invitation i ON i.tenant_id = r.tenant_id AND r.key = ANY (i.role_keys)");

#[resolvers]
impl Invitation {
    /// The roles that they are asked to.
    #[cost(5)]
    async fn roles(id: Id<Invitation>, ctx: &Context<'_>) -> Result<Vec<Loaded<Role>>> {
        all(ctx, &ROLES, id.0).await
    }
}

/// Which invitations.
#[derive(InputObject, Default, Clone)]
pub struct InvitationFilter {
    /// In one of these states.
    pub states: Option<Vec<InvitationState>>,
    /// To this email address, in any case.
    pub email: Option<String>,
}

impl InvitationFilter {
    /// Narrows a list.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(states) = &self.states {
            // What is over is told by the clock.
            let mut kept = states.clone();
            if states.contains(&InvitationState::Expired) && !states.contains(&InvitationState::Pending) {
                kept.push(InvitationState::Pending);
            }
            let (kept, wanted) = (list.bind(kept), list.bind(states.clone()));
            list.filter(format!("i.state = ANY ({kept})"));
            list.filter(format!(
                "CASE WHEN i.state = 'PENDING' AND i.expires_at <= now() THEN 'EXPIRED' ELSE i.state END = ANY ({wanted})"
            ));
        }
        if let Some(email) = &self.email {
            let email = text::short("filter.email", email, 254)?;
            let key = list.bind(email_key(&email).unwrap_or(email));
            list.filter(format!("i.email_key = {key}"));
        }
        Ok(())
    }
}
