//! Sign-ups: people who want to come in, and whose mailbox is proven.

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
    /// Where a sign-up stands.
    pub enum SignUpState {
        /// Somebody has to decide.
        Pending = "PENDING",
        /// They are in.
        Approved = "APPROVED",
        /// They are not; they may apply again.
        Rejected = "REJECTED",
    }
}

/// Somebody who wants to come in, and whose mailbox is proven. No person of the school before it is approved.
#[object(table = "sign_up_request", alias = "s", id = "signup", node(UserAdmit), resolvers)]
#[derive(Clone, Debug)]
pub struct SignUpRequest {
    /// Its id.
    pub id: Id<SignUpRequest>,
    /// The applicant's email address.
    pub email: String,
    /// The applicant's name.
    pub name: String,
    /// What they said; at most 2,000 characters.
    pub message: Option<String>,
    /// Where it stands.
    pub state: SignUpState,
    /// The person that it made; null unless APPROVED.
    #[one]
    pub user_id: Option<Id<User>>,
    /// Who decided; null before, and where the school is open.
    #[one]
    pub decided_by_id: Option<Id<User>>,
    /// Why it was rejected; null where nothing was said.
    pub note: Option<String>,
    /// When the mailbox was proven.
    pub created_at: DateTime,
    /// When it was decided; null before.
    pub decided_at: Option<DateTime>,
    #[hidden]
    #[wide]
    pub role_key: String,
}

/// What confirming a sign-up led to.
#[object]
#[derive(Clone, Debug)]
pub struct SignUpReceipt {
    /// APPROVED: sign in; PENDING: wait for a mail.
    pub state: SignUpState,
    /// The slug of the school, to sign in with.
    pub tenant: String,
}

/// The newest first.
pub const NEWEST: Order = Order { key: SortKey::moment("CREATED_AT", "s.created_at"), id: "s.id", descending: true };

const BY_KEY: Order = Order { key: SortKey::text("KEY", "r.key"), id: "r.id", descending: false };
static ROLE: Nested =
    Nested::new("signUpRequest.role", BY_KEY, "s.id").by("JOIN sign_up_request s ON s.tenant_id = r.tenant_id AND s.role_key = r.key");

#[resolvers]
impl SignUpRequest {
    /// The role that they wish for; null when there is none of that key any more.
    async fn role(id: Id<SignUpRequest>, ctx: &Context<'_>) -> Result<Option<Loaded<Role>>> {
        Ok(all(ctx, &ROLE, id.0).await?.into_iter().next())
    }
}

/// Which sign-ups.
#[derive(InputObject, Default, Clone)]
pub struct SignUpRequestFilter {
    /// In one of these states.
    pub states: Option<Vec<SignUpState>>,
    /// Who wish for this role.
    pub role_key: Option<String>,
    /// Of this email address, in any case.
    pub email: Option<String>,
}

impl SignUpRequestFilter {
    /// Narrows a list.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(states) = &self.states {
            let states = list.bind(states.clone());
            list.filter(format!("s.state = ANY ({states})"));
        }
        if let Some(key) = &self.role_key {
            let key = list.bind(text::short("filter.roleKey", key, 40)?);
            list.filter(format!("s.role_key = {key}"));
        }
        if let Some(email) = &self.email {
            let email = text::short("filter.email", email, 254)?;
            let key = list.bind(email_key(&email).unwrap_or(email));
            list.filter(format!("s.email_key = {key}"));
        }
        Ok(())
    }
}
