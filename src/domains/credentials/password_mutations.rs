//! Asking for another password, and deciding about it.

use async_graphql::Context;
use lectern_kernel::{
    auth::Passwords,
    db::{DbError, OnConstraint as _},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows as _},
};
use lectern_macros::mutations;

use super::{
    PasswordChangeRequest,
    inputs::{RejectPasswordChangeInput, RequestPasswordChangeInput},
    sql,
};
use crate::domains::{
    admissions::words,
    identity::{User, password_hints},
};

/// Mutations of requests for another password.
pub struct PasswordMutations;

fn decided(_: &DbError) -> Error {
    Error::conflict("ALREADY_DECIDED", "The request was decided or withdrawn already, or is over.").field("id")
}

/// The request, where there is one.
async fn answered(ctx: &Context<'_>, id: Id<PasswordChangeRequest>, is_found: Option<bool>) -> Result<Loaded<PasswordChangeRequest>> {
    let request = if is_found == Some(true) { ctx.whole(id).await? } else { None };
    request.ok_or_else(|| Error::not_found("request").field("id"))
}

async fn decide(
    ctx: &Context<'_>,
    id: Id<PasswordChangeRequest>,
    is_approved: bool,
    note: Option<String>,
) -> Result<Loaded<PasswordChangeRequest>> {
    let found = ctx.tx().value::<bool>(sql::DECIDE_PASSWORD, &[&id, &is_approved, &note]).await;
    let own = |_: &DbError| Error::forbidden("NOT_YOURS", "Somebody else decides about your own password.").field("id");
    let found = found.on_constraint("password_change_own", own).on_constraint("admission_transition", decided)?;
    answered(ctx, id, found).await
}

#[mutations("PasswordChangeRequest")]
impl PasswordMutations {
    /// Asks somebody above for another password, for 7 days. It is set once they approve; until then the one before is good. BAD_USER_INPUT for a weak
    /// one (`newPassword`), CONFLICT with REQUEST_PENDING where one is pending.
    #[session]
    #[hashes_password]
    async fn request_password_change(
        ctx: &Context<'_>,
        /// The password, and a note.
        input: RequestPasswordChangeInput,
    ) -> Result<Loaded<PasswordChangeRequest>> {
        let note = words("note", input.note.as_deref())?;
        let own = ctx.get(Id::<User>::from_uuid(ctx.actor()?.user)).await?.ok_or_else(Error::unauthenticated)?;
        let hints = password_hints(own.email.as_deref().unwrap_or_default(), &own.name);
        Passwords::check(&input.new_password, &hints).map_err(|error| Error::bad_input("newPassword", error.0))?;
        let hash = ctx.request().services.passwords.hash(input.new_password).await?;
        let id = Id::<PasswordChangeRequest>::generate();
        let pending = |_: &DbError| Error::conflict("REQUEST_PENDING", "You have asked for another password already: withdraw that first.");
        let made = ctx.tx().query(sql::REQUEST_PASSWORD, &[&id, &hash, &note]).await;
        made.on_constraint("password_change_request_pending", pending)?;
        answered(ctx, id, Some(true)).await
    }

    /// Takes your request back. CONFLICT with ALREADY_DECIDED for one that is not pending.
    #[in_person]
    async fn withdraw_password_change(
        ctx: &Context<'_>,
        /// The request's id.
        id: Id<PasswordChangeRequest>,
    ) -> Result<Loaded<PasswordChangeRequest>> {
        let found = ctx.tx().value::<bool>(sql::WITHDRAW_PASSWORD, &[&id]).await.on_constraint("admission_transition", decided)?;
        answered(ctx, id, found).await
    }

    /// Sets the password that somebody below has asked for: every sign-in of theirs ends. CONFLICT with ALREADY_DECIDED for a request that is not
    /// pending, FORBIDDEN with NOT_YOURS for your own.
    #[needs(PasswordApprove)]
    #[in_person]
    async fn approve_password_change(
        ctx: &Context<'_>,
        /// The request's id.
        id: Id<PasswordChangeRequest>,
    ) -> Result<Loaded<PasswordChangeRequest>> {
        decide(ctx, id, true, None).await
    }

    /// Leaves somebody's password as it is. CONFLICT with ALREADY_DECIDED for a request that is not pending, FORBIDDEN with NOT_YOURS for your own.
    #[needs(PasswordApprove)]
    #[in_person]
    async fn reject_password_change(
        ctx: &Context<'_>,
        /// The request, and why.
        input: RejectPasswordChangeInput,
    ) -> Result<Loaded<PasswordChangeRequest>> {
        let id = Id::<PasswordChangeRequest>::parse("id", &input.id)?;
        let note = words("note", input.note.as_deref())?;
        decide(ctx, id, false, note).await
    }
}
