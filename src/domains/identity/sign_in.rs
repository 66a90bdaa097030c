//! Sign-ins: the own ones, live and ended.

use async_graphql::InputObject;
use lectern_kernel::{
    db::{List, Order, SortKey},
    ids::Id,
    resolve::{DateTime, Request},
    text_enum,
};
use lectern_macros::{object, resolvers};

use super::Role;

text_enum! {
    /// How somebody signed in.
    pub enum SignInMethod {
        /// With a password.
        Password = "PASSWORD",
        /// With a mailed code.
        EmailCode = "EMAIL_CODE",
        /// With an account elsewhere.
        Provider = "PROVIDER",
        /// By accepting an invitation.
        Invitation = "INVITATION",
    }
}

text_enum! {
    /// Why a sign-in ended.
    pub enum SignInEnd {
        /// By `logout`.
        Logout = "LOGOUT",
        /// By `logoutEverywhere`.
        LogoutEverywhere = "LOGOUT_EVERYWHERE",
        /// By its person, from another device.
        Ended = "ENDED",
        /// A refresh token was presented twice: one of the two who had it stole it.
        Reuse = "REUSE",
        /// The password was changed, or reset.
        PasswordChanged = "PASSWORD_CHANGED",
        /// A change of the email address was taken back.
        EmailReverted = "EMAIL_REVERTED",
        /// The person was suspended.
        Suspended = "SUSPENDED",
        /// The person was deleted.
        Deleted = "DELETED",
        /// By somebody who may sign the person out.
        SignedOut = "SIGNED_OUT",
        /// It was not used for too long.
        Expired = "EXPIRED",
    }
}

/// One sign-in of yours, on one device. Kept for 90 days after it has ended.
#[object(table = "session", alias = "si", id = "session", node, resolvers)]
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Its id.
    pub id: Id<SignIn>,
    /// How you signed in.
    pub method: SignInMethod,
    /// What the program said it was: at most 300 characters; null where it said nothing.
    pub user_agent: Option<String>,
    /// The address that it came from: an IPv4 address, or a network of 64 bits of IPv6; null where that is not known.
    pub address: Option<String>,
    /// The role that was chosen by `switchRole`; null where it acts in the one that grants most.
    #[one]
    pub active_role_id: Option<Id<Role>>,
    /// When it began.
    pub created_at: DateTime,
    /// When its tokens were exchanged last.
    #[wide]
    #[column("app.sign_in_used({}.id)")]
    pub last_used_at: DateTime,
    /// When it ends by itself, unless its tokens are exchanged before.
    #[wide]
    #[column("app.sign_in_expires({}.id)")]
    pub expires_at: DateTime,
    /// When it ended; null while it lasts.
    #[wide]
    #[column("coalesce({}.revoked_at, CASE WHEN app.sign_in_expires({}.id) <= now() THEN app.sign_in_expires({}.id) END)")]
    pub ended_at: Option<DateTime>,
    /// Why it ended; null while it lasts.
    #[wide]
    #[column(
        "CASE WHEN {}.revoked_at IS NOT NULL THEN coalesce({}.revoked_reason, 'LOGOUT') WHEN app.sign_in_expires({}.id) <= now() THEN 'EXPIRED' END"
    )]
    pub end_reason: Option<SignInEnd>,
}

/// The latest first.
pub const LATEST: Order = Order { key: SortKey::moment("CREATED_AT", "si.created_at"), id: "si.id", descending: true };

/// That last, or ended within 90 days: what `app.purge_sessions` leaves, whether or not it has run. Of what began within them nothing else is read; the
/// order goes along the index all the same.
pub const IS_KEPT: &str =
    "(si.created_at >= now() - interval '90 days' OR coalesce(si.revoked_at, app.sign_in_expires(si.id)) >= now() - interval '90 days')";

#[resolvers]
impl SignIn {
    /// Whether it is the one that asks.
    fn is_current(id: Id<SignIn>, request: &Request) -> bool {
        request.actor().is_some_and(|actor| actor.key.is_none() && actor.session == id.0)
    }
}

/// Which sign-ins.
#[derive(InputObject, Default, Clone)]
pub struct SignInFilter {
    /// That last; or that have ended.
    pub is_live: Option<bool>,
}

impl SignInFilter {
    /// Narrows a list.
    pub fn narrow(&self, list: &mut List) {
        match self.is_live {
            Some(true) => list.filter("si.revoked_at IS NULL AND app.sign_in_expires(si.id) > now()"),
            Some(false) => list.filter("(si.revoked_at IS NOT NULL OR app.sign_in_expires(si.id) <= now())"),
            None => {}
        }
    }
}
