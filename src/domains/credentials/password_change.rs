//! Requests for another password.

use async_graphql::{Context, ID, InputObject};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::Result,
    ids::Id,
    resolve::{DateTime, Loaded, Rows as _},
    text_enum,
};
use lectern_macros::object;

use super::sql;
use crate::domains::identity::User;

text_enum! {
    /// Where a request for another password stands.
    pub enum PasswordChangeState {
        /// Somebody above has to decide.
        Pending = "PENDING",
        /// The password was set.
        Approved = "APPROVED",
        /// It was not.
        Rejected = "REJECTED",
        /// The person has taken it back, or has another password by now.
        Withdrawn = "WITHDRAWN",
        /// Nobody decided within 7 days.
        Expired = "EXPIRED",
    }
}

/// Somebody who wants another password, about which somebody above decides.
#[object(table = "password_change_request", alias = "pc", id = "passwordrequest", node)]
#[derive(Clone, Debug)]
pub struct PasswordChangeRequest {
    /// Its id.
    pub id: Id<PasswordChangeRequest>,
    /// Whose password it is.
    #[one]
    pub user_id: Id<User>,
    /// What they said; at most 2,000 characters.
    pub note: Option<String>,
    /// Where it stands.
    #[column("CASE WHEN {}.state = 'PENDING' AND {}.expires_at <= now() THEN 'EXPIRED' ELSE {}.state END")]
    pub state: PasswordChangeState,
    /// Who decided; null unless APPROVED or REJECTED.
    #[one]
    pub decided_by_id: Option<Id<User>>,
    /// Why it was rejected; null where nothing was said.
    pub decision_note: Option<String>,
    /// When it was made.
    pub created_at: DateTime,
    /// Until when it can be decided.
    pub expires_at: DateTime,
    /// When it was decided or withdrawn; null before.
    pub decided_at: Option<DateTime>,
}

/// The newest first.
pub const NEWEST: Order = Order { key: SortKey::moment("CREATED_AT", "pc.created_at"), id: "pc.id", descending: true };

/// Which requests.
#[derive(InputObject, Default, Clone)]
pub struct PasswordChangeRequestFilter {
    /// In one of these states.
    pub states: Option<Vec<PasswordChangeState>>,
    /// Of this person.
    pub user_id: Option<ID>,
}

impl PasswordChangeRequestFilter {
    /// Narrows a list.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(states) = &self.states {
            // What is over is told by the clock.
            let mut kept = states.clone();
            if states.contains(&PasswordChangeState::Expired) && !states.contains(&PasswordChangeState::Pending) {
                kept.push(PasswordChangeState::Pending);
            }
            let (kept, wanted) = (list.bind(kept), list.bind(states.clone()));
            list.filter(format!("pc.state = ANY ({kept})"));
            list.filter(format!(
                "CASE WHEN pc.state = 'PENDING' AND pc.expires_at <= now() THEN 'EXPIRED' ELSE pc.state END = ANY ({wanted})"
            ));
        }
        if let Some(person) = Id::<User>::parse_opt("filter.userId", self.user_id.as_ref())? {
            let person = list.bind(person);
            list.filter(format!("pc.user_id = {person}"));
        }
        Ok(())
    }
}

/// The actor's pending request.
///
/// # Errors
/// When the database can't be reached.
pub async fn pending(ctx: &Context<'_>) -> Result<Option<Loaded<PasswordChangeRequest>>> {
    Ok(ctx.row(sql::PENDING, &[]).await?)
}
