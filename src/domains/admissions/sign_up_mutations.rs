//! Deciding who comes in.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows},
};
use lectern_macros::mutations;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    SIGN_UP_REJECTED, SignUpRequest,
    inputs::{self, ApproveSignUpInput, RejectSignUpInput},
    link_mutations::admitted,
    sql,
};
use crate::domains::{identity::role_key, mail::Letter};

/// Mutations of sign-ups.
pub struct SignUpMutations;

/// Decides a sign-up. An applicant who is in is told by a notification, one who is not by a mail.
async fn decide(
    ctx: &Context<'_>,
    id: Id<SignUpRequest>,
    is_approved: bool,
    role: Option<&str>,
    note: Option<String>,
) -> Result<Loaded<SignUpRequest>> {
    let person = Uuid::now_v7();
    let decided = ctx.tx().value::<bool>(sql::DECIDE, &[&id, &is_approved, &role, &note, &person]).await;
    let decided = match decided {
        Err(error) if error.constraint() == Some("admission_transition") => {
            Err(Error::conflict("ALREADY_DECIDED", "The sign-up was decided already.").field("id"))
        }
        Err(error) if error.constraint() == Some("sign_up_role") => {
            let message = "You may give a role below your own that grants no more than that which was wished for.";
            Err(Error::forbidden("ROLE_TOO_HIGH", message).field("roleKey"))
        }
        decided => admitted(decided),
    }?;
    let request = if decided == Some(true) { ctx.whole(id).await? } else { None };
    let request = request.ok_or_else(|| Error::not_found("sign-up").field("id"))?;
    if !is_approved {
        let address: String = request.get(SignUpRequest::COLUMNS.email)?;
        let parameters = Map::from_iter([("note".to_owned(), Value::from(note.unwrap_or_default()))]);
        let letter = Letter { address: Some(address), parameters, ..Letter::of(&SIGN_UP_REJECTED) };
        letter.send(ctx.tx(), &ctx.request().services.sealer).await?;
    }
    Ok(request)
}

#[mutations("SignUpRequest")]
impl SignUpMutations {
    /// Lets an applicant in: makes the person, who signs in with the password that they chose, and mails it. CONFLICT with ALREADY_DECIDED, with EMAIL_TAKEN
    /// where somebody has the address by now; FORBIDDEN with ROLE_TOO_HIGH (`roleKey`) for a role that grants more than that which was wished for, or that
    /// yours does not admit to; LIMIT_REACHED as `createUser`.
    #[needs(UserAdmit)]
    async fn approve_sign_up(
        ctx: &Context<'_>,
        /// The request, and the role.
        input: ApproveSignUpInput,
    ) -> Result<Loaded<SignUpRequest>> {
        let id = Id::<SignUpRequest>::parse("id", &input.id)?;
        let role = input.role_key.as_deref().map(|key| role_key("roleKey", key)).transpose()?;
        decide(ctx, id, true, role, None).await
    }

    /// Does not let an applicant in, and mails it, with the note. They may apply again. CONFLICT with ALREADY_DECIDED.
    #[needs(UserAdmit)]
    async fn reject_sign_up(
        ctx: &Context<'_>,
        /// The request, and why.
        input: RejectSignUpInput,
    ) -> Result<Loaded<SignUpRequest>> {
        let id = Id::<SignUpRequest>::parse("id", &input.id)?;
        let note = inputs::words("note", input.note.as_deref())?;
        decide(ctx, id, false, None, note).await
    }
}
