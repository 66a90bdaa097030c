//! Asking people in.

use std::collections::{HashMap, HashSet};

use async_graphql::Context;
use lectern_kernel::{
    db::{DbError, OnConstraint as _},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::mutations;
use serde_json::{Value, json};

use super::{
    Invitation,
    inputs::{self, InvitationInput, InviteUsersInput},
    sql,
};
use crate::domains::identity::{each_once, role_key};

/// Mutations of invitations.
pub struct InvitationMutations;

/// Invitations at most in one document.
const MOST: usize = 100;
/// Roles at most of one invitation.
const MAX_ROLES: usize = 50;

fn email_field(error: &DbError) -> String {
    error.number("at").map_or_else(|| "id".to_owned(), |at| format!("invitations.{at}.email"))
}

fn taken(error: &DbError) -> Error {
    Error::conflict("EMAIL_TAKEN", "Somebody in this school has this email address.").field(email_field(error))
}

fn pending(field: String) -> Error {
    Error::conflict("INVITATION_PENDING", "An invitation to this email address is pending.").field(field)
}

fn decided(_: &DbError) -> Error {
    Error::conflict("ALREADY_DECIDED", "The invitation was accepted or revoked.").field("id")
}

/// Refuses roles that there are not, or that the actor does not admit to.
async fn check_roles(ctx: &Context<'_>, wanted: &[InvitationInput]) -> Result<()> {
    let keys: Vec<&str> = wanted.iter().flat_map(|person| &person.role_keys).map(String::as_str).collect();
    let rows = ctx.tx().query(sql::ADMITS_TO, &[&keys]).await?;
    let known: HashMap<String, bool> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for (at, person) in wanted.iter().enumerate() {
        for (index, key) in person.role_keys.iter().enumerate() {
            let field = format!("invitations.{at}.roleKeys.{index}");
            match known.get(key) {
                Some(true) => {}
                Some(false) => return Err(Error::forbidden("ROLE_TOO_HIGH", "Your role does not admit to this one.").field(field)),
                None => return Err(Error::bad_input(field, "is not the key of a role of this school")),
            }
        }
    }
    Ok(())
}

/// What an invitation says, checked; each with its id.
fn checked(wanted: &[InvitationInput]) -> Result<Vec<(Id<Invitation>, Value)>> {
    if wanted.is_empty() || wanted.len() > MOST {
        return Err(Error::bad_input("invitations", format!("must hold 1 to {MOST} invitations")));
    }
    let mut seen = HashSet::new();
    let mut checked = Vec::with_capacity(wanted.len());
    for (at, person) in wanted.iter().enumerate() {
        let email = format!("invitations.{at}.email");
        let address = inputs::address(&email, &person.email)?;
        let name = inputs::optional_name(&format!("invitations.{at}.name"), person.name.as_deref())?;
        let roles = format!("invitations.{at}.roleKeys");
        if person.role_keys.is_empty() || person.role_keys.len() > MAX_ROLES {
            return Err(Error::bad_input(roles, format!("must hold 1 to {MAX_ROLES} keys of roles")));
        }
        for (index, key) in person.role_keys.iter().enumerate() {
            role_key(&format!("{roles}.{index}"), key)?;
        }
        each_once(&roles, &person.role_keys)?;
        if !seen.insert(address.key.clone()) {
            return Err(pending(email));
        }
        let id = Id::<Invitation>::generate();
        checked.push((id, json!({ "id": id.0, "email": address.typed, "key": address.key, "name": name, "roles": person.role_keys })));
    }
    Ok(checked)
}

/// Takes an invitation a step on.
async fn go_on(ctx: &Context<'_>, id: Id<Invitation>, is_sent_again: bool) -> Result<Loaded<Invitation>> {
    let moved = ctx.tx().value::<bool>(sql::MOVE_INVITATION, &[&id, &is_sent_again]).await;
    let found = moved
        .on_constraint("admission_transition", decided)
        .on_constraint("invitation_email_taken", taken)
        .on_constraint("invitation_is_pending", |_| pending("id".to_owned()))
        .on_constraint("invitation_pending", |_| pending("id".to_owned()))?;
    let invitation = if found == Some(true) { ctx.whole(id).await? } else { None };
    invitation.ok_or_else(|| Error::not_found("invitation").field("id"))
}

#[mutations("Invitation")]
impl InvitationMutations {
    /// Invites 1 to 100 people, all or none: each is mailed a link. `field` says which was refused: `invitations.3.email`. CONFLICT with EMAIL_TAKEN where
    /// somebody has the address, with INVITATION_PENDING where one to it is pending, also twice in the list; FORBIDDEN with ROLE_TOO_HIGH for a role that
    /// yours does not admit to.
    #[needs(UserAdmit)]
    async fn invite_users(
        ctx: &Context<'_>,
        /// Who.
        input: InviteUsersInput,
    ) -> Result<Vec<Loaded<Invitation>>> {
        let (ids, list): (Vec<Id<Invitation>>, Vec<Value>) = checked(&input.invitations)?.into_iter().unzip();
        check_roles(ctx, &input.invitations).await?;
        let invited = ctx.tx().query(sql::INVITE, &[&Value::Array(list)]).await;
        invited
            .on_constraint("invitation_email_taken", taken)
            .on_constraint("invitation_is_pending", |error| pending(email_field(error)))
            .on_constraint("invitation_pending", |_| pending("invitations".to_owned()))
            .on_row_security(|| Error::forbidden("ROLE_TOO_HIGH", "Your role does not admit to one of these."))?;
        Ok(ctx.rows(sql::INVITATIONS, &[&ids]).await?)
    }

    /// Sends an invitation again, also one that has EXPIRED: for another 7 days, in your name. The link before is dead. CONFLICT with ALREADY_DECIDED for one
    /// that was accepted or revoked, with EMAIL_TAKEN or INVITATION_PENDING as `inviteUsers`.
    #[needs(UserAdmit)]
    async fn resend_invitation(
        ctx: &Context<'_>,
        /// The invitation's id.
        id: Id<Invitation>,
    ) -> Result<Loaded<Invitation>> {
        go_on(ctx, id, true).await
    }

    /// Takes an invitation back: its link is dead. CONFLICT with ALREADY_DECIDED for one that was accepted or revoked.
    #[needs(UserAdmit)]
    async fn revoke_invitation(
        ctx: &Context<'_>,
        /// The invitation's id.
        id: Id<Invitation>,
    ) -> Result<Loaded<Invitation>> {
        go_on(ctx, id, false).await
    }
}
